/* The approving client against a controller that lies: what must it never sign? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "baton/statement.h"
#include "common/crypto/keyfile.h"
#include "common/crypto/letter.h"
#include "common/verify/object_rows.h"
#include "controller/adapters/api.h"
#include "controller/adapters/api_views.h"
#include "controller/cli/client.h"
#include "controller/cli/settings.h"

#include <arpa/inet.h>
#include <cmocka.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PAGES = 16, BODY_BYTES = 8192 };

struct page {
    const char *path; /* the end of it */
    char *bytes;
    size_t len;
};

struct liar {
    char home[64], pem[4096], key_pem[4096], url[64];
    char fingerprint[API_FINGERPRINT_BYTES];
    struct MHD_Daemon *daemon;
    struct page page[PAGES];
    size_t pages;
    char posted[BODY_BYTES];
    size_t posted_len;
    unsigned approvals, verbs;

    struct crypto_signer root, anna, old_key, new_key, stranger;
    struct trust_doc trust;
    struct plan plan;
    struct verification verification;
    struct statement said[2];
    struct epoch epoch;
    /* what is a lie */
    const struct crypto_signer *trust_by;
    bool plan_renamed, verification_renamed, recovering, reconcile;
    bool unheard[2], alarm[2], silent[2], attested[2];
    int64_t behind_ms; /* the controller's clock, of this one */
    uint64_t timeout_ms;
    enum output_format output;
    const struct crypto_signer *evidence_by;
    const char *policy; /* NULL: none is handed out */
    const struct crypto_signer *rows_by;
    struct letter_about rows_about; /* of the letter; a zero member: the true one */
    struct baton_hash rows_inside;  /* likewise: the findings that the document names */
    struct baton_id rows_to;
    const struct crypto_signer *statement_by;
    char statement_path[2][96];
};

/* ---- the server ------------------------------------------------------------------------------- */

static const struct page *
find(const struct liar *l, const char *url)
{
    for (size_t i = 0; i < l->pages; i++) {
        size_t n = strlen(l->page[i].path), m = strlen(url);
        if (m >= n && strcmp(url + m - n, l->page[i].path) == 0)
            return &l->page[i];
    }
    return NULL;
}

static enum MHD_Result
answer(struct MHD_Connection *conn, unsigned status, const char *bytes, size_t len)
{
    struct MHD_Response *r =
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)bytes, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result rc = MHD_queue_response(conn, status, r);
    MHD_destroy_response(r);
    return rc;
}

static enum MHD_Result
serve(void *cls, struct MHD_Connection *conn, const char *url, const char *method,
      const char *version, const char *data, size_t *size, void **con_cls)
{
    struct liar *l = cls;
    static int seen;
    bool approval = strstr(url, "/approvals") != NULL;
    (void)version;
    if (*con_cls == NULL) {
        *con_cls = &seen;
        if (approval && strcmp(method, "POST") == 0)
            l->posted_len = 0; /* a verb that follows leaves it as it is */
        return MHD_YES;
    }
    if (*size > 0) {
        size_t n = *size < BODY_BYTES - 1 - l->posted_len ? *size : BODY_BYTES - 1 - l->posted_len;
        if (approval) {
            memcpy(l->posted + l->posted_len, data, n);
            l->posted_len += n;
        }
        *size = 0;
        return MHD_YES;
    }
    if (strcmp(method, "POST") == 0) {
        l->posted[l->posted_len] = '\0';
        if (strstr(url, "/rows") != NULL)
            return answer(conn, 200, find(l, url)->bytes, find(l, url)->len);
        l->approvals += approval;
        l->verbs += !approval;
        return answer(conn, 201, "{}", 2);
    }
    const struct page *p = find(l, url);
    return p != NULL ? answer(conn, 200, p->bytes, p->len) : answer(conn, 404, "{}", 2);
}

static void
page_put(struct liar *l, const char *path, const void *bytes, size_t len)
{
    struct page *p = &l->page[l->pages++];
    assert_true(l->pages <= PAGES);
    *p = (struct page){.path = path, .bytes = malloc(len), .len = len};
    memcpy(p->bytes, bytes, len);
}

static void
page_json(struct liar *l, const char *path, json_t *o)
{
    char *text = json_dumps(o, JSON_COMPACT);
    page_put(l, path, text, strlen(text));
    free(text);
    json_decref(o);
}

static void
put_hex(json_t *o, const char *name, const void *bytes, size_t len)
{
    char *hex = malloc(2 * len + 1);
    baton_hex(bytes, len, hex);
    json_object_set_new(o, name, json_string(hex));
    free(hex);
}

static void
signature(const struct crypto_signer *by, const char *domain, const void *bytes, size_t len,
          struct baton_sig *ret_sig)
{
    assert_int_equal(crypto_sign_domain(by->secret, domain, bytes, len, ret_sig), BATON_OK);
}

/* ---- the documents ---------------------------------------------------------------------------- */

#define ID "0123456789abcdef0123456789abcdef"

static void
serve_trust(struct liar *l)
{
    static uint8_t bytes[TRUST_BYTES_MAX];
    size_t len;
    struct baton_sig sig;
    json_t *o = json_object();
    assert_int_equal(trust_encode(&l->trust, bytes, sizeof bytes, &len), BATON_OK);
    signature(l->trust_by, DOMAIN_TRUST, bytes, len, &sig);
    put_hex(o, "bytes", bytes, len);
    put_hex(o, "signature", sig.b, sizeof sig.b);
    page_json(l, "/trust", o);
}

static void
serve_evidence(struct liar *l)
{
    json_t *o = json_pack("{s:s, s:b, s:i, s:[]}", "phase", "asked", "complete",
                          !l->silent[0] && !l->silent[1], "serial", 1, "members");
    json_object_set_new(o, "epoch", view_epoch(&l->epoch));
    for (int i = 0; i < 2; i++) {
        static uint8_t bytes[STATEMENT_BYTES_MAX];
        size_t len;
        struct baton_sig sig;
        json_t *m = json_pack("{s:s}", "host", l->plan.member[i].host);
        const struct crypto_signer *by = l->evidence_by;
        if (by == NULL)
            by = i == 0 ? &l->old_key : &l->new_key;
        assert_int_equal(statement_encode(&l->said[i], bytes, sizeof bytes, &len), BATON_OK);
        signature(by, DOMAIN_STATEMENT, bytes, len, &sig);
        put_hex(m, "bytes", bytes, len);
        put_hex(m, "signature", sig.b, sizeof sig.b);
        put_hex(m, "member", l->plan.member[i].key.b, 32);
        if (l->silent[i])
            json_decref(m);
        else
            json_array_append_new(json_object_get(o, "members"), m);
    }
    page_json(l, "/evidence", o);
}

static const struct baton_hash true_findings = {{7, 7, 7}};

static void
serve_rows(struct liar *l)
{
    const struct crypto_signer *by = l->rows_by != NULL ? l->rows_by : &l->new_key;
    struct letter_about about = l->rows_about;
    struct letter_address to = {l->trust.operator[0].id, l->anna.key};
    uint8_t *packed, *letter;
    size_t packed_len, len;
    about.tenant = baton_id_is_zero(&about.tenant) ? l->plan.tenant : about.tenant;
    about.plan = baton_id_is_zero(&about.plan) ? l->plan.id : about.plan;
    about.findings = baton_hash_is_zero(&about.findings) ? true_findings : about.findings;
    about.sender = by->key;
    struct object_rows rows = {.tenant = about.tenant,
                               .plan = about.plan,
                               .agent = about.sender,
                               .findings = about.findings};
    if (!baton_hash_is_zero(&l->rows_inside))
        rows.findings = l->rows_inside;
    if (!baton_id_is_zero(&l->rows_to))
        to.operator= l->rows_to;
    assert_int_equal(object_rows_write(&rows, &packed, &packed_len, NULL), BATON_OK);
    assert_int_equal(
        letter_seal(&about, &to, 1, packed, packed_len, by->secret, &letter, &len, NULL), BATON_OK);
    page_put(l, "/rows", letter, len);
    json_t *o = json_pack("{s:[]}", "items");
    put_hex(o, "findings", true_findings.b, sizeof true_findings.b);
    page_json(l, "/findings", o);
    free(packed);
    free(letter);
}

static void
serve_agents(struct liar *l)
{
    static uint8_t bytes[STATEMENT_BYTES_MAX];
    char guid[37], hex[65];
    json_t *agents = json_pack("{s:[]}", "items");
    baton_guid_format(&l->plan.tenant, guid);
    page_json(l, "/api/v1/tenants",
              json_pack("{s:[{s:s, s:s}]}", "items", "name", "contoso", "id", guid));
    page_json(l, "/api/v1/cutovers",
              json_pack("{s:[{s:s, s:s}]}", "items", "tenant_name", "contoso", "id", ID));
    for (int i = 0; i < 2; i++) {
        const struct plan_member *m = &l->plan.member[i];
        const struct crypto_signer *by = l->statement_by;
        json_t *agent = json_pack("{s:s}", "host", m->host), *said = json_object();
        struct baton_sig sig;
        size_t len;
        put_hex(agent, "key", m->key.b, 32);
        put_hex(agent, "box_key", m->box_key.b, 32);
        if (l->unheard[i])
            json_object_set_new(agent, "do", json_sprintf("%s: not heard since Monday", m->host));
        put_hex(agent, "confirmed_by", m->confirmed_by.b, sizeof m->confirmed_by.b);
        put_hex(agent, "confirmation", m->confirmation.b, sizeof m->confirmation.b);
        json_array_append_new(json_object_get(agents, "items"), agent);
        if (by == NULL)
            by = i == 0 ? &l->old_key : &l->new_key;
        assert_int_equal(statement_encode(&l->said[i], bytes, sizeof bytes, &len), BATON_OK);
        signature(by, DOMAIN_STATEMENT, bytes, len, &sig);
        put_hex(said, "bytes", bytes, len);
        put_hex(said, "signature", sig.b, sizeof sig.b);
        baton_hex(m->key.b, 32, hex);
        snprintf(l->statement_path[i], sizeof l->statement_path[i], "/agents/%s/statement", hex);
        page_json(l, l->statement_path[i], said);
    }
    page_json(l, "/agents", agents);
}

/* The record, as far as somebody who signs reads it. */
static json_t *
record_view(const struct liar *l)
{
    json_t *o =
        json_pack("{s:b, s:b, s:I, s:[]}", "recovering", l->recovering, "reconcile", l->reconcile,
                  "controller_started_unix_ms", (json_int_t)1764000000000, "members");
    json_object_set_new(o, "epoch", view_epoch(&l->epoch));
    for (int i = 0; i < 2; i++) {
        json_t *m = json_pack("{s:s, s:b, s:b, s:b}", "host", l->plan.member[i].host, "awaited",
                              l->unheard[i], "tamper", l->alarm[i], "attested", l->attested[i]);
        put_hex(m, "key", l->plan.member[i].key.b, 32);
        json_array_append_new(json_object_get(o, "members"), m);
    }
    return o;
}

static void
serve_clock(struct liar *l)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    int64_t now_ms = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
    page_json(l, "/api/v1/controller",
              json_pack("{s:I}", "unix_ms", (json_int_t)(now_ms - l->behind_ms)));
}

static void
serve_documents(struct liar *l)
{
    uint8_t plan[PLAN_BYTES_MAX], verification[VERIFICATION_BYTES_MAX];
    size_t plan_len, len = verification_encode(&l->verification, verification);
    struct baton_hash plan_hash, hash;
    json_t *o = json_pack("{s:s, s:{s:s}}", "id", ID, "state", "code", "C3");
    assert_int_equal(plan_encode(&l->plan, plan, sizeof plan, &plan_len), BATON_OK);
    crypto_sha256(plan, plan_len, &plan_hash);
    crypto_sha256(verification, len, &hash);
    for (int i = 0; i < 2; i++)
        if (baton_hash_is_zero(&l->said[i].plan))
            l->said[i].plan = plan_hash;
    plan_hash.b[0] ^= l->plan_renamed;
    hash.b[0] ^= l->verification_renamed;
    put_hex(o, "plan", plan_hash.b, 32);
    put_hex(o, "verification_hash", hash.b, 32);
    json_object_set_new(o, "authority", record_view(l));
    page_json(l, "/cutovers/" ID, o);
    page_put(l, "/plan", plan, plan_len);
    page_put(l, "/verification", verification, len);
    if (l->policy != NULL)
        page_put(l, "/verification-policy", l->policy, strlen(l->policy));
    serve_clock(l);
    serve_trust(l);
    serve_evidence(l);
    serve_rows(l);
    serve_agents(l);
}

static void
confirm(struct liar *l, uint8_t member, const struct crypto_signer *by)
{
    struct plan_member *m = &l->plan.member[member];
    uint8_t bytes[CONFIRM_BYTES];
    confirm_bytes(&l->plan.tenant, m->host, &m->key, &m->box_key, bytes);
    signature(by, DOMAIN_CONFIRM, bytes, sizeof bytes, &m->confirmation);
}

static void
true_documents(struct liar *l)
{
    struct trust_operator *anna = &l->trust.operator[0];
    l->trust_by = &l->root;
    l->trust.version = 1;
    l->trust.controller_count = 1;
    l->trust.controller[0].b[0] = 9;
    l->trust.operator_count = 1;
    *anna = (struct trust_operator){
        .name = "anna", .key = l->anna.key, .roles = ROLE_VIEW | ROLE_OPERATE | ROLE_APPROVE};
    anna->id.b[0] = 1;
    l->epoch.counter = 2;
    l->plan = (struct plan){.tenant_name = "contoso",
                            .profile = PROFILE_PARALLEL,
                            .trust_version = 1,
                            .member_count = 2,
                            .holder = 0,
                            .recipient = 1};
    l->plan.id.b[0] = 4;
    l->plan.tenant.b[0] = 5;
    policy_preset(PRESET_PRODUCTION, &l->plan.policy);
    l->plan.member[0] = (struct plan_member){.key = l->old_key.key,
                                             .product = PRODUCT_DIRSYNC,
                                             .kind = KIND_STOPPED,
                                             .host = "OLD",
                                             .confirmed_by = anna->id};
    l->plan.member[1] = (struct plan_member){.key = l->new_key.key,
                                             .product = PRODUCT_CONNECT,
                                             .kind = KIND_STAGED,
                                             .host = "NEW",
                                             .confirmed_by = anna->id};
    for (uint8_t i = 0; i < 2; i++) {
        struct statement *s = &l->said[i];
        l->plan.member[i].box_key.b[0] = (uint8_t)(i + 1);
        confirm(l, i, &l->anna);
        s->type = SAY_EVIDENCE;
        s->tenant = l->plan.tenant;
        s->member = l->plan.member[i].key;
        s->epoch = l->epoch;
        s->recipient = l->new_key.key;
        s->counter = 7;
        s->kind = l->plan.member[i].kind;
        snprintf(s->agent_version, sizeof s->agent_version, "0.1.0");
        facts_init(&s->facts);
    }
}

/* ---- the operator's machine ------------------------------------------------------------------- */

static void
file_put(const struct liar *l, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", l->home, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, 0600), 0);
}

static void
file_get(const struct liar *l, const char *name, char *out, size_t cap)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", l->home, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    out[fread(out, 1, cap - 1, f)] = '\0';
    fclose(f);
}

static void
settings_put(struct liar *l)
{
    char text[1024], root[65], path[128];
    struct baton_err err;
    baton_hex(l->root.key.b, 32, root);
    file_put(l, "token", "baton-0000000000000000000000000000000000000000000000000000000000000000");
    file_put(l, "pass", "words");
    snprintf(path, sizeof path, "%s/key", l->home);
    assert_int_equal(keyfile_seal(path, &l->anna, "words", keyfile_cost_least(), &err), BATON_OK);
    snprintf(text, sizeof text,
             "[controller]\nurl = %s\nfingerprint = %s\ntoken-file = %s/token\nroot = %s\n"
             "[operator]\nkey-file = %s/key\npassphrase-file = %s/pass\n",
             l->url, l->fingerprint, l->home, root, l->home, l->home);
    file_put(l, "baton.ini", text);
    snprintf(path, sizeof path, "%s/baton.ini", l->home);
    setenv("BATON_CONFIG", path, 1);
}

static void
server_start(struct liar *l)
{
    char cert[128], key[128];
    struct baton_err err;
    struct sockaddr_in to = {.sin_family = AF_INET};
    socklen_t len = sizeof to;
    assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &to.sin_addr), 1);
    snprintf(cert, sizeof cert, "%s/cert.pem", l->home);
    snprintf(key, sizeof key, "%s/key.pem", l->home);
    assert_int_equal(api_tls_ensure(cert, key, "localhost", l->fingerprint, &err), BATON_OK);
    file_get(l, "cert.pem", l->pem, sizeof l->pem);
    file_get(l, "key.pem", l->key_pem, sizeof l->key_pem);
    l->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL,
                                 serve, l, MHD_OPTION_SOCK_ADDR, &to, MHD_OPTION_HTTPS_MEM_KEY,
                                 l->key_pem, MHD_OPTION_HTTPS_MEM_CERT, l->pem, MHD_OPTION_END);
    assert_non_null(l->daemon);
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_LISTEN_FD);
    assert_int_equal(getsockname(info->listen_fd, (struct sockaddr *)&to, &len), 0);
    snprintf(l->url, sizeof l->url, "https://127.0.0.1:%u", (unsigned)ntohs(to.sin_port));
}

static int
setup(void **state)
{
    struct liar *l = calloc(1, sizeof *l);
    struct baton_err err;
    struct crypto_signer *signers[] = {&l->root, &l->anna, &l->old_key, &l->new_key, &l->stranger};
    snprintf(l->home, sizeof l->home, "/tmp/baton-sign-XXXXXX");
    assert_non_null(mkdtemp(l->home));
    for (size_t i = 0; i < ARRAY_LEN(signers); i++)
        assert_int_equal(crypto_signer_new(signers[i], &err), BATON_OK);
    l->output = OUTPUT_JSON;
    l->timeout_ms = 5000;
    true_documents(l);
    server_start(l);
    settings_put(l);
    *state = l;
    return 0;
}

static int
teardown(void **state)
{
    struct liar *l = *state;
    char command[128];
    MHD_stop_daemon(l->daemon);
    struct crypto_signer *signers[] = {&l->root, &l->anna, &l->old_key, &l->new_key, &l->stranger};
    for (size_t i = 0; i < ARRAY_LEN(signers); i++)
        crypto_signer_done(signers[i]);
    for (size_t i = 0; i < l->pages; i++)
        free(l->page[i].bytes);
    snprintf(command, sizeof command, "rm -r '%s'", l->home);
    free(l);
    return system(command);
}

/* Runs one command as the program would, with --yes. An option of `approve` is its --for, one of
 * `retire` its --account-gone. */
static enum baton_status
run_words(struct liar *l, int argc, char **argv, char *ret_text)
{
    struct cli c = {.output = l->output, .yes = true, .timeout_ms = l->timeout_ms};
    serve_documents(l);
    enum baton_status rc = command_parse(argc, argv, &c.args, &c.command, &c.err);
    if (rc == BATON_OK)
        rc = settings_open(&c);
    if (rc == BATON_OK)
        rc = c.command->run(&c);
    if (ret_text != NULL)
        snprintf(ret_text, BATON_ERR_BYTES, "%s", c.err.text);
    http_close(&c.http);
    json_decref(c.problem);
    config_close(&c.config);
    return rc;
}

static enum baton_status
run(struct liar *l, const char *verb, const char *option, char *ret_text)
{
    char copy[128] = "";
    snprintf(copy, sizeof copy, "%s", verb);
    if (strcmp(verb, "readmit") == 0 || strcmp(verb, "disarm") == 0) {
        char *words[] = {"baton", "agent", copy, "contoso", "NEW", "--yes", NULL};
        return run_words(l, 6, words, ret_text);
    }
    char *argv[8] = {"baton", "cutover", copy, ID, "--yes"};
    int argc = 5;
    if (option != NULL) {
        argv[argc++] = strcmp(verb, "retire") == 0 ? "--account-gone" : "--for";
        argv[argc++] = (char *)(uintptr_t)option;
    }
    return run_words(l, argc, argv, ret_text);
}

static void
refuses(struct liar *l, const char *verb, const char *option, enum baton_status expected,
        const char *says)
{
    char text[BATON_ERR_BYTES];
    enum baton_status rc = run(l, verb, option, text);
    if (rc != expected || strstr(text, says) == NULL)
        fail_msg("%s instead of %s: %s", baton_status_name(rc), baton_status_name(expected), text);
    assert_int_equal(l->approvals, 0); /* nothing was signed away */
}

static void
posted(const struct liar *l, struct signed_approval *ret_approval)
{
    uint8_t bytes[APPROVAL_BYTES];
    json_t *o = json_loads(l->posted, 0, NULL);
    assert_non_null(o);
    assert_true(baton_unhex(json_string_value(json_object_get(o, "bytes")), bytes, sizeof bytes));
    assert_true(baton_unhex(json_string_value(json_object_get(o, "signature")), ret_approval->sig.b,
                            BATON_SIG_BYTES));
    assert_int_equal(approval_decode(bytes, sizeof bytes, &ret_approval->a), BATON_OK);
    assert_true(crypto_verify_domain(&l->anna.key, DOMAIN_APPROVAL, bytes, sizeof bytes,
                                     &ret_approval->sig));
    json_decref(o);
}

/* ---- what is signed --------------------------------------------------------------------------- */

static void
what_is_true_is_signed_word_for_word(void **state)
{
    struct liar *l = *state;
    struct signed_approval sa;
    char text[BATON_ERR_BYTES];
    if (run(l, "approve", "cutover", text) != BATON_OK)
        fail_msg("%s", text);
    assert_int_equal(l->approvals, 1);
    posted(l, &sa);
    assert_int_equal(sa.a.verb, VERB_CUTOVER);
    assert_true(baton_hash_eq(&sa.a.plan, &l->said[0].plan));
    assert_true(baton_key_eq(&sa.a.recipient, &l->new_key.key));
    assert_true(baton_key_eq(&sa.a.member[0], &l->old_key.key));
    assert_true(epoch_eq(&sa.a.base, &l->epoch));
    assert_true(epoch_is_zero(&sa.a.epoch));
    assert_false(baton_hash_is_zero(&sa.a.verification));
}

static void
a_plan_approval_names_the_holder(void **state)
{
    struct liar *l = *state;
    struct signed_approval sa;
    assert_int_equal(run(l, "approve", "plan", NULL), BATON_OK);
    posted(l, &sa);
    assert_true(baton_key_eq(&sa.a.recipient, &l->old_key.key));
    assert_true(baton_hash_is_zero(&sa.a.verification));
}

static void
a_retirement_says_nothing_of_an_account_by_itself(void **state)
{
    struct liar *l = *state;
    struct signed_approval sa;
    (void)run(l, "retire", NULL, NULL); /* this controller never comes to the end of it */
    posted(l, &sa);
    assert_int_equal(sa.a.verb, VERB_RETIRE);
    assert_true(baton_hash_is_zero(&sa.a.seen));
}

static void
who_says_that_an_account_is_gone_signs_what_shows_it(void **state)
{
    struct liar *l = *state;
    struct signed_approval sa;
    struct baton_hash seen;
    char path[128];
    snprintf(path, sizeof path, "%s/users.html", l->home);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs("no such user", f) >= 0 && fclose(f) == 0);
    crypto_sha256("no such user", 12, &seen);
    (void)run(l, "retire", path, NULL);
    posted(l, &sa);
    assert_true(baton_hash_eq(&sa.a.seen, &seen));
}

static enum baton_status
run_attest(struct liar *l, char *ret_text)
{
    char seen[128];
    snprintf(seen, sizeof seen, "%s/token", l->home);
    char *words[] = {"baton", "cutover", "attest", ID,      "--host",
                     "OLD",   "--seen",  seen,     "--yes", NULL};
    l->trust.operator[0].roles |= ROLE_BREAK_GLASS;
    return run_words(l, 9, words, ret_text);
}

/* Whatever the plan's policy says, and with room for a clock that goes ahead of the agent's. */
static void
an_attestation_is_signed_for_less_than_the_two_hours_that_agents_take(void **state)
{
    enum { MINUTE_MS = 60000 };
    struct liar *l = *state;
    struct signed_approval sa;
    char text[BATON_ERR_BYTES];
    uint64_t now_ms = (uint64_t)time(NULL) * 1000;
    l->plan.policy.v[POLICY_ATTEST_MS] = 6 * 60 * MINUTE_MS;
    l->behind_ms = 14 * MINUTE_MS;
    if (run_attest(l, text) != BATON_OK)
        fail_msg("%s", text);
    posted(l, &sa);
    assert_int_equal(sa.a.verb, VERB_ATTEST);
    assert_true(baton_key_eq(&sa.a.subject, &l->old_key.key));
    assert_false(baton_hash_is_zero(&sa.a.seen));
    assert_true(sa.a.not_after_ms >= now_ms + 104 * MINUTE_MS);
    assert_true(sa.a.not_after_ms <= now_ms + 106 * MINUTE_MS);
}

static void
by_a_clock_that_goes_ahead_no_attestation_is_signed(void **state)
{
    struct liar *l = *state;
    char text[BATON_ERR_BYTES];
    l->behind_ms = 16 * 60000;
    assert_int_equal(run_attest(l, text), BATON_REFUSED);
    assert_string_equal(
        text, "by the controller's clock it would live longer than the 2h00m that agents "
              "take: set this clock, then baton cutover attest " ID " --host OLD --seen FILE");
    assert_int_equal(l->approvals, 0);
}

static void
without_the_file_that_shows_it_nothing_is_signed(void **state)
{
    refuses(*state, "retire", "/nowhere/users.html", BATON_NOT_FOUND, "users.html");
}

static void
go_signs_exactly_the_evidence_that_was_read(void **state)
{
    struct liar *l = *state;
    struct signed_approval sa;
    struct baton_hash want;
    uint8_t bytes[STATEMENT_BYTES_MAX];
    size_t len;
    char text[BATON_ERR_BYTES];
    if (run(l, "go", NULL, text) != BATON_OK)
        fail_msg("%s", text);
    assert_int_equal(l->verbs, 1); /* everybody was challenged first */
    assert_int_equal(l->approvals, 1);
    posted(l, &sa);
    assert_int_equal(sa.a.verb, VERB_GO);
    assert_int_equal(sa.a.serial, 1);
    assert_true(epoch_eq(&sa.a.epoch, &l->epoch));
    assert_int_equal(statement_encode(&l->said[0], bytes, sizeof bytes, &len), BATON_OK);
    crypto_sha256(bytes, len, &want);
    assert_true(baton_hash_eq(&sa.a.evidence[0], &want));
    assert_true(baton_hash_is_zero(&sa.a.evidence[1])); /* the recipient's own is not carried */
}

/* ---- what is not ------------------------------------------------------------------------------ */

static void
who_signs_go_is_told_which_server_did_not_answer(void **state)
{
    struct liar *l = *state;
    l->timeout_ms = 1;
    l->silent[0] = l->silent[1] = true;
    refuses(l, "go", NULL, BATON_TIMEOUT, "the challenge was not answered by OLD, NEW;");
}

static void
a_server_for_which_people_stand_is_not_among_those_that_did_not_answer(void **state)
{
    struct liar *l = *state;
    l->timeout_ms = 1;
    l->silent[0] = l->silent[1] = true;
    l->attested[0] = true;
    refuses(l, "go", NULL, BATON_TIMEOUT, "the challenge was not answered by NEW;");
}

static void
a_document_of_another_root_is_not_believed(void **state)
{
    struct liar *l = *state;
    l->trust_by = &l->stranger;
    refuses(l, "approve", "cutover", BATON_DENIED, "not signed by the root");
}

static void
a_server_that_nobody_confirmed_is_not_signed_for(void **state)
{
    struct liar *l = *state;
    confirm(l, 1, &l->stranger);
    refuses(l, "approve", "plan", BATON_REFUSED, "confirmed the key of NEW");
}

static void
a_confirmation_by_one_without_the_role_does_not_count(void **state)
{
    struct liar *l = *state;
    l->trust.operator[0].roles = ROLE_VIEW | ROLE_APPROVE;
    refuses(l, "approve", "plan", BATON_REFUSED, "confirmed the key of OLD");
}

static void
another_key_under_a_confirmed_name_is_noticed(void **state)
{
    struct liar *l = *state;
    l->plan.member[1].key = l->stranger.key;
    refuses(l, "approve", "plan", BATON_REFUSED, "confirmed the key of NEW");
}

static void
a_plan_that_is_not_the_one_named_is_not_signed(void **state)
{
    struct liar *l = *state;
    l->plan_renamed = true;
    refuses(l, "approve", "plan", BATON_CONFLICT, "not the one that the cutover names");
}

static void
a_verification_that_is_not_the_one_accepted_is_not_signed(void **state)
{
    struct liar *l = *state;
    l->verification_renamed = true;
    refuses(l, "approve", "cutover", BATON_CONFLICT, "not the one that was accepted");
}

/* ---- the verification policy ------------------------------------------------------------------- */

static const char policy_yaml[] = "rules:\n  - rule: EX-DELETES\n    count: 7\n";

static void
under_policy(struct liar *l, const char *text)
{
    crypto_sha256(text, strlen(text), &l->plan.limits);
    l->verification.limits = l->plan.limits;
    l->policy = text;
}

struct caught { /* what is written to one of the two outputs meanwhile */
    FILE *stream, *file;
    int kept;
};

static struct caught
catch_begin(FILE *stream)
{
    struct caught c = {stream, tmpfile(), dup(fileno(stream))};
    assert_true(c.file != NULL && c.kept >= 0);
    fflush(stream);
    dup2(fileno(c.file), fileno(stream));
    return c;
}

/* malloc'd */
static char *
catch_end(struct caught *c)
{
    char *text = calloc(1, BODY_BYTES);
    assert_non_null(text);
    fflush(c->stream);
    dup2(c->kept, fileno(c->stream));
    close(c->kept);
    rewind(c->file);
    text[fread(text, 1, BODY_BYTES - 1, c->file)] = '\0';
    fclose(c->file);
    return text;
}

/* What a person is shown while the command runs; malloc'd. */
static char *
shown_by(struct liar *l, const char *verb, const char *option)
{
    struct caught c = catch_begin(stderr);
    enum baton_status rc = run(l, verb, option, NULL);
    char *text = catch_end(&c);
    assert_int_equal(rc, BATON_OK);
    return text;
}

static void
quarantine_new(struct liar *l)
{
    l->said[1].quarantine = QUARANTINE_MACHINE;
    l->said[1].machine.guid.b[0] = 6;
    l->said[1].epoch = (struct epoch){0}; /* its memory of it is gone */
}

static void
a_readmission_is_signed_after_the_machine_and_every_promise_were_shown(void **state)
{
    struct liar *l = *state;
    struct signed_approval sa;
    struct baton_hash machine;
    quarantine_new(l);
    char *text = shown_by(l, "readmit", NULL);
    posted(l, &sa);
    machine_digest(&l->said[1].machine, crypto_digest_port(), &machine);
    assert_int_equal(sa.a.verb, VERB_READMIT);
    assert_true(baton_key_eq(&sa.a.subject, &l->new_key.key));
    assert_true(baton_hash_eq(&sa.a.seen, &machine));
    assert_true(epoch_eq(&sa.a.base, &l->epoch));
    assert_non_null(strstr(text, "nothing above epoch 2 was ever promised"));
    assert_non_null(strstr(text, "OLD            signed that it promised epoch 2"));
    assert_null(strstr(text, "not every server was heard"));
    free(text);
}

static void
a_controller_that_has_not_heard_everybody_says_so_to_who_readmits(void **state)
{
    struct liar *l = *state;
    quarantine_new(l);
    l->recovering = l->unheard[0] = true;
    char *text = shown_by(l, "readmit", NULL);
    assert_non_null(strstr(text, "not every server was heard since this controller started "
                                 "(2025-11-24 16:00:00Z)"));
    assert_non_null(strstr(text, "OLD            was not heard: bring it up before you sign"));
    assert_null(strstr(text, "NEW            was not heard"));
    free(text);
}

static void
a_list_of_agents_says_which_was_not_heard(void **state)
{
    struct liar *l = *state;
    char *words[] = {"baton", "agent", "list", NULL};
    l->output = OUTPUT_TABLE;
    l->unheard[0] = true;
    struct caught c = catch_begin(stdout);
    enum baton_status rc = run_words(l, 3, words, NULL);
    char *text = catch_end(&c);
    assert_int_equal(rc, BATON_OK);
    assert_non_null(strstr(text, "OLD: not heard since Monday\n"));
    assert_null(strstr(text, "NEW: not heard"));
    free(text);
}

static void
a_readmission_is_not_signed_while_a_server_knows_more_than_the_record(void **state)
{
    struct liar *l = *state;
    quarantine_new(l);
    l->reconcile = true; /* by its receipt: no promise shows it */
    refuses(l, "readmit", NULL, BATON_CONFLICT, "confirm-foreign comes first");
}

static void
a_disarm_is_not_signed_while_that_server_has_an_alarm_open(void **state)
{
    struct liar *l = *state;
    l->alarm[1] = true;
    refuses(l, "disarm", NULL, BATON_CONFLICT, "an alarm is open on NEW");
}

static void
an_alarm_of_another_server_keeps_nobody_from_a_disarm(void **state)
{
    struct liar *l = *state;
    l->alarm[0] = true;
    assert_int_equal(run(l, "disarm", NULL, NULL), BATON_OK);
    assert_int_equal(l->approvals, 1);
}

static void
a_readmission_over_a_record_older_than_a_promise_is_not_signed(void **state)
{
    struct liar *l = *state;
    quarantine_new(l);
    l->said[0].epoch.counter = 3;
    refuses(l, "readmit", NULL, BATON_CONFLICT, "OLD has promised epoch 3, the record says 2");
}

static void
a_promise_by_another_key_is_not_compared_with(void **state)
{
    struct liar *l = *state;
    quarantine_new(l);
    l->statement_by = &l->stranger;
    refuses(l, "readmit", NULL, BATON_REFUSED, "not signed by that server's key");
}

static void
a_plan_is_signed_after_what_its_policy_changes_was_shown(void **state)
{
    struct liar *l = *state;
    under_policy(l, policy_yaml);
    char *text = shown_by(l, "approve", "plan"), hex[65];
    baton_hex(l->plan.limits.b, 32, hex);
    assert_non_null(strstr(text, hex));
    assert_non_null(
        strstr(text, "preset parallel-upgrade")); /* the path's: the policy names none */
    assert_non_null(strstr(text, "EX-DELETES           7; block; 2 people  (preset: 0; block;"));
    assert_null(strstr(text, "EX-ADDS"));
    assert_int_equal(l->approvals, 1);
    free(text);
}

static void
a_plan_without_a_policy_says_so(void **state)
{
    struct liar *l = *state;
    char *text = shown_by(l, "approve", "plan");
    assert_non_null(strstr(text, "policy     none of the tenant's; preset parallel-upgrade"));
    free(text);
}

static void
a_plan_is_not_signed_with_another_policy_than_it_names(void **state)
{
    struct liar *l = *state;
    under_policy(l, policy_yaml);
    l->policy = "rules:\n  - rule: EX-DELETES\n    count: 0\n";
    refuses(l, "approve", "plan", BATON_CONFLICT, "not the one that the plan names");
}

static void
a_cutover_is_not_signed_without_the_policy_that_its_plan_names(void **state)
{
    struct liar *l = *state;
    under_policy(l, policy_yaml);
    l->policy = NULL;
    refuses(l, "approve", "cutover", BATON_NOT_FOUND, "");
}

static void
a_plan_is_not_signed_with_a_policy_that_this_program_cannot_read(void **state)
{
    struct liar *l = *state;
    under_policy(l, "rules:\n  - rule: EX-TOMORROW\n");
    refuses(l, "approve", "plan", BATON_MALFORMED, "near line 2: no rule EX-TOMORROW");
}

static void
a_verification_under_another_policy_than_the_plans_is_not_signed(void **state)
{
    struct liar *l = *state;
    under_policy(l, policy_yaml);
    l->verification.limits.b[0] ^= 1;
    refuses(l, "approve", "cutover", BATON_REFUSED, "judged by another policy");
}

static void
a_lab_plan_needs_a_lab_document(void **state)
{
    struct liar *l = *state;
    l->plan.lab = true;
    refuses(l, "approve", "plan", BATON_REFUSED, "says lab");
}

static void
a_person_without_the_role_cannot_sign(void **state)
{
    struct liar *l = *state;
    l->trust.operator[0].roles = ROLE_VIEW | ROLE_OPERATE;
    refuses(l, "approve", "cutover", BATON_DENIED, "does not let anna sign");
}

static void
another_tenants_plan_is_not_for_a_limited_person(void **state)
{
    struct liar *l = *state;
    l->trust.operator[0].tenant_count = 1;
    l->trust.operator[0].tenant[0].b[0] = 77;
    refuses(l, "approve", "cutover", BATON_DENIED, "does not let anna sign");
}

static void
evidence_by_another_key_is_not_signed(void **state)
{
    struct liar *l = *state;
    l->evidence_by = &l->stranger;
    refuses(l, "go", NULL, BATON_REFUSED, "not signed by its key");
}

static void
evidence_about_something_else_is_not_signed(void **state)
{
    struct liar *l = *state;
    l->said[0].epoch.counter = 1;
    refuses(l, "go", NULL, BATON_REFUSED, "speaks of something else");
}

static void
evidence_for_another_plan_is_not_signed(void **state)
{
    struct liar *l = *state;
    l->said[0].plan.b[0] = 1;
    refuses(l, "go", NULL, BATON_REFUSED, "speaks of something else");
}

static void
a_server_that_still_holds_stops_go(void **state)
{
    struct liar *l = *state;
    l->said[0].holding = true;
    l->said[0].holding_epoch = l->epoch;
    refuses(l, "go", NULL, BATON_REFUSED, "still holds");
}

/* ---- rows, opened here ------------------------------------------------------------------------ */

static void
rows_are_opened_with_the_persons_own_key(void **state)
{
    struct liar *l = *state;
    char text[BATON_ERR_BYTES];
    assert_int_equal(run(l, "rows", NULL, text), BATON_OK);
}

static void
rows_by_a_key_that_nobody_confirmed_are_not_shown(void **state)
{
    struct liar *l = *state;
    l->rows_by = &l->stranger;
    refuses(l, "rows", NULL, BATON_REFUSED, "not signed by the agent on NEW");
}

static void
rows_of_the_old_server_are_not_shown(void **state)
{
    struct liar *l = *state;
    l->rows_by = &l->old_key;
    refuses(l, "rows", NULL, BATON_REFUSED, "not signed by the agent on NEW");
}

static void
rows_of_another_plan_are_not_shown(void **state)
{
    struct liar *l = *state;
    l->rows_about.plan.b[0] = 1;
    refuses(l, "rows", NULL, BATON_REFUSED, "for this plan");
}

static void
rows_of_another_tenant_are_not_shown(void **state)
{
    struct liar *l = *state;
    l->rows_about.tenant.b[0] = 1;
    refuses(l, "rows", NULL, BATON_REFUSED, "for this plan");
}

static void
rows_of_older_findings_are_not_shown(void **state)
{
    struct liar *l = *state;
    l->rows_about.findings.b[0] = 1;
    refuses(l, "rows", NULL, BATON_CONFLICT, "older than the findings");
}

static void
a_document_about_something_else_in_a_good_letter_is_not_shown(void **state)
{
    struct liar *l = *state;
    l->rows_inside.b[0] = 1;
    refuses(l, "rows", NULL, BATON_REFUSED, "belong to something else");
}

static void
rows_for_others_say_whom_they_are_for(void **state)
{
    struct liar *l = *state;
    struct trust_operator *bert = &l->trust.operator[1];
    l->trust.operator_count = 2;
    *bert = (struct trust_operator){.name = "bert", .key = l->stranger.key, .roles = ROLE_APPROVE};
    bert->id.b[0] = 2;
    l->rows_to = bert->id;
    refuses(l, "rows", NULL, BATON_DENIED, "not sealed to anna, but to bert");
}

static void
a_wrong_passphrase_signs_nothing_and_challenges_nobody(void **state)
{
    struct liar *l = *state;
    file_put(l, "pass", "other words");
    refuses(l, "go", NULL, BATON_DENIED, "");
    assert_int_equal(l->verbs, 0);
}

#define WITH_LIAR(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LIAR(what_is_true_is_signed_word_for_word),
        WITH_LIAR(a_plan_approval_names_the_holder),
        WITH_LIAR(a_retirement_says_nothing_of_an_account_by_itself),
        WITH_LIAR(who_says_that_an_account_is_gone_signs_what_shows_it),
        WITH_LIAR(an_attestation_is_signed_for_less_than_the_two_hours_that_agents_take),
        WITH_LIAR(by_a_clock_that_goes_ahead_no_attestation_is_signed),
        WITH_LIAR(without_the_file_that_shows_it_nothing_is_signed),
        WITH_LIAR(go_signs_exactly_the_evidence_that_was_read),
        WITH_LIAR(who_signs_go_is_told_which_server_did_not_answer),
        WITH_LIAR(a_server_for_which_people_stand_is_not_among_those_that_did_not_answer),
        WITH_LIAR(a_document_of_another_root_is_not_believed),
        WITH_LIAR(a_server_that_nobody_confirmed_is_not_signed_for),
        WITH_LIAR(a_confirmation_by_one_without_the_role_does_not_count),
        WITH_LIAR(another_key_under_a_confirmed_name_is_noticed),
        WITH_LIAR(a_plan_that_is_not_the_one_named_is_not_signed),
        WITH_LIAR(a_verification_that_is_not_the_one_accepted_is_not_signed),
        WITH_LIAR(a_readmission_is_signed_after_the_machine_and_every_promise_were_shown),
        WITH_LIAR(a_controller_that_has_not_heard_everybody_says_so_to_who_readmits),
        WITH_LIAR(a_list_of_agents_says_which_was_not_heard),
        WITH_LIAR(a_readmission_is_not_signed_while_a_server_knows_more_than_the_record),
        WITH_LIAR(a_disarm_is_not_signed_while_that_server_has_an_alarm_open),
        WITH_LIAR(an_alarm_of_another_server_keeps_nobody_from_a_disarm),
        WITH_LIAR(a_readmission_over_a_record_older_than_a_promise_is_not_signed),
        WITH_LIAR(a_promise_by_another_key_is_not_compared_with),
        WITH_LIAR(a_plan_is_signed_after_what_its_policy_changes_was_shown),
        WITH_LIAR(a_plan_without_a_policy_says_so),
        WITH_LIAR(a_plan_is_not_signed_with_another_policy_than_it_names),
        WITH_LIAR(a_cutover_is_not_signed_without_the_policy_that_its_plan_names),
        WITH_LIAR(a_plan_is_not_signed_with_a_policy_that_this_program_cannot_read),
        WITH_LIAR(a_verification_under_another_policy_than_the_plans_is_not_signed),
        WITH_LIAR(a_lab_plan_needs_a_lab_document),
        WITH_LIAR(a_person_without_the_role_cannot_sign),
        WITH_LIAR(another_tenants_plan_is_not_for_a_limited_person),
        WITH_LIAR(evidence_by_another_key_is_not_signed),
        WITH_LIAR(evidence_about_something_else_is_not_signed),
        WITH_LIAR(evidence_for_another_plan_is_not_signed),
        WITH_LIAR(a_server_that_still_holds_stops_go),
        WITH_LIAR(rows_are_opened_with_the_persons_own_key),
        WITH_LIAR(rows_by_a_key_that_nobody_confirmed_are_not_shown),
        WITH_LIAR(rows_of_the_old_server_are_not_shown),
        WITH_LIAR(rows_of_another_plan_are_not_shown),
        WITH_LIAR(rows_of_another_tenant_are_not_shown),
        WITH_LIAR(rows_of_older_findings_are_not_shown),
        WITH_LIAR(a_document_about_something_else_in_a_good_letter_is_not_shown),
        WITH_LIAR(rows_for_others_say_whom_they_are_for),
        WITH_LIAR(a_wrong_passphrase_signs_nothing_and_challenges_nobody),
    };
    struct baton_err err;
    if (crypto_init(&err) != BATON_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
