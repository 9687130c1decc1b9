/* Requests to the controller's HTTP API, as its handler gets them from the HTTP library: over the real engine and
 * store, in a site with two agents and an open cutover. Each request is text: who asks, then what.
 *
 *     A POST /api/v1/cutovers/$C/hold        A admin, V viewer, O operator, U auditor, L limited to the
 *     Idempotency-Key: x                     other tenant, B limited and nothing but a viewer; else nobody
 *
 *     {"reason":"wait"}
 *
 * $ and a letter stand for what no corpus can know, see expand(). RS (0x1e) ends a request. After each: an answer
 * that can be read, never a failure of ours; nothing changed by whoever only looks; nothing told to strangers. */
#include "fuzz_folder.h"

#include "common/log.h"
#include "controller/adapters/api_private.h"
#include "controller/adapters/store_sqlite.h"
#include "engine_world.h"
#include "http_fake.h"
#include "toy.h"

#include <strings.h>

enum { REQUESTS_MAX = 6, TEXT_MAX = 80000, PEOPLE = 6, DRAFT_BYTES = 16384, RS = 0x1e };

static const char letters[PEOPLE + 1] = "AVOULB";

static struct site {
    struct world w;
    struct world_agent agent[2];
    struct api *api;
    struct baton_id other, cutover;
    char token[PEOPLE][LOGIN_TOKEN_BYTES], tenant_guid[37], other_guid[37], secret[17];
    struct tenant tenant;
    struct trust_doc trust;
    struct baton_hash trust_hash;
    uint8_t *image;
    size_t image_len;
} site;

/* ---- the site ---------------------------------------------------------------------------------------- */

static void
login_make(int who, uint16_t roles, const struct baton_id *tenant)
{
    struct engine_call *c = world_call_new(&site.w, CALL_LOGIN_ADD);
    c->roles = roles;
    (void)snprintf(c->name, sizeof c->name, "person%d", who);
    c->subject = site.w.operator_id[who % WORLD_OPERATORS];
    c->tenant = tenant != NULL ? *tenant : (struct baton_id){{0}};
    FUZZ_CHECK(engine_call(site.w.engine, c) == BATON_OK);
    memcpy(site.token[who], c->bytes, c->len);
    free(c);
}

static void
logins_make(void)
{
    login_make(0, ROLE_VIEW | ROLE_OPERATE | ROLE_ADMIN, NULL);
    login_make(1, ROLE_VIEW, NULL);
    login_make(2, ROLE_VIEW | ROLE_OPERATE | ROLE_APPROVE, NULL);
    login_make(3, ROLE_AUDIT, NULL);
    login_make(4, ROLE_VIEW | ROLE_OPERATE | ROLE_APPROVE | ROLE_ADMIN, &site.other);
    login_make(5, ROLE_VIEW, &site.other);
}

/* The first tenant's name is a word that nobody else may ever read. */
static void
tenants_make(void)
{
    struct engine_call *c = world_call_new(&site.w, CALL_TENANT_CREATE);
    memset(site.other.b, 0x5a, sizeof site.other.b);
    baton_guid_format(&site.other, site.other_guid);
    baton_guid_format(&site.w.tenant, site.tenant_guid);
    baton_hex(site.w.tenant.b, 8, site.secret);
    c->tenant = site.other;
    c->lab = true;
    (void)snprintf(c->name, sizeof c->name, "other");
    FUZZ_CHECK(engine_call(site.w.engine, c) == BATON_OK);
    free(c);
}

static void
agents_make(void)
{
    for (int i = 0; i < 2; i++) {
        struct world_agent *a = &site.agent[i];
        agent_init(a, &site.w, i == 0 ? "OLD" : "NEW");
        agent_join(a, i == 0 ? 'o' : 'n');
        a->facts = toy_facts(i == 0 ? TOY_OLD : TOY_NEW);
        facts_set(&a->facts, FACT_OBJECTS, 1200);
        facts_set(&a->facts, FACT_GOOD_CYCLES, 40);
        facts_set(&a->facts, FACT_LAST_EXPORT_OK, 1);
        facts_set(&a->facts, FACT_LAST_EXPORT_END, (int64_t)world_unix_ms(&site.w) - 1000);
        facts_set(&a->facts, FACT_PREREQ_FAILED, 0);
        agent_report(a);
        struct statement s = agent_statement(a, SAY_STATUS);
        agent_say(a, &s);
    }
    world_settle(&site.w);
}

static void
cutover_make(void)
{
    struct engine_call *c = world_call_new(&site.w, CALL_CUTOVER_CREATE);
    c->old_key = site.agent[0].id.sign_key;
    c->new_key = site.agent[1].id.sign_key;
    c->profile = PROFILE_PARALLEL;
    (void)snprintf(c->text, sizeof c->text, "a test");
    FUZZ_CHECK(engine_call(site.w.engine, c) == BATON_OK);
    site.cutover = c->cutover = c->id;
    c->kind = CALL_CUTOVER_VERB;
    c->verb = HEV_PLAN;
    FUZZ_CHECK(engine_call(site.w.engine, c) == BATON_OK);
    free(c);
    world_tenant(&site.w, &site.tenant);
}

static void
api_make(void)
{
    static const struct api_asset page = {"/", "text/html", NULL, (const uint8_t *)"<p>", 3};
    struct api_config config = {.host = "127.0.0.1",
                                .store_path = site.w.path,
                                .asset = &page,
                                .asset_count = 1,
                                .controller_key = site.w.controller.sign_key};
    struct baton_err err = {0};
    char cert[128], key[128];
    (void)snprintf(cert, sizeof cert, "%s/tls.pem", site.w.dir);
    (void)snprintf(key, sizeof key, "%s/tls-key.pem", site.w.dir);
    char fingerprint[API_FINGERPRINT_BYTES];
    FUZZ_CHECK(api_tls_ensure(cert, key, "localhost", fingerprint, &err) == BATON_OK);
    config.cert_path = cert;
    config.key_path = key;
    FUZZ_CHECK(api_open(&config, site.w.engine, crypto_digest_port(), &site.api, &err) == BATON_OK);
    (void)unlink(cert);
    (void)unlink(key);
}

static void
site_done(void)
{
    api_close(&site.api);
    for (int i = 0; i < 2; i++)
        agent_done(&site.agent[i]);
    world_done(&site.w);
    free(site.image);
}

/* The database as it was: what an input changed, the next one does not find. */
static void
site_again(void)
{
    world_stop(&site.w);
    FILE *f = fopen(site.w.path, "wb");
    FUZZ_CHECK(f != NULL && fwrite(site.image, 1, site.image_len, f) == site.image_len);
    FUZZ_CHECK(fclose(f) == 0);
    world_start(&site.w);
    world_settle(&site.w);
    site.api->engine = site.w.engine;
}

static void
trust_take(void)
{
    struct store_port store;
    uint8_t *bytes = NULL;
    size_t len;
    struct baton_sig sig;
    FUZZ_CHECK(store_sqlite_open(site.w.path, STORE_READ_ONLY, crypto_digest_port(), &store,
                                 NULL) == BATON_OK);
    FUZZ_CHECK(trust_load(&store, &site.trust, &bytes, &len, &sig, NULL) == BATON_OK);
    crypto_sha256(bytes, len, &site.trust_hash);
    free(bytes);
    store.close(store.ctx);
}

static void
image_take(void)
{
    trust_take();
    world_stop(&site.w);
    FILE *f = fopen(site.w.path, "rb");
    struct stat st;
    FUZZ_CHECK(f != NULL && fstat(fileno(f), &st) == 0);
    site.image_len = (size_t)st.st_size;
    site.image = malloc(site.image_len);
    FUZZ_CHECK(site.image != NULL && fread(site.image, 1, site.image_len, f) == site.image_len &&
               fclose(f) == 0);
    world_start(&site.w);
    world_settle(&site.w);
}

static void
begin(void)
{
    if (site.api != NULL)
        return;
    log_level_set(LEVEL_ERROR);
    fuzz_folder_open();
    FUZZ_CHECK(setenv("TMPDIR", fuzz_folder, 0) == 0);
    world_init(&site.w);
    world_start(&site.w);
    world_setup(&site.w);
    tenants_make();
    logins_make();
    agents_make();
    cutover_make();
    image_take();
    api_make();
    FUZZ_CHECK(atexit(site_done) == 0);
}

/* ---- what stands for what no corpus can know ------------------------------------------------------------ */

static struct text {
    char at[TEXT_MAX + 1];
    size_t len;
} text;

static void
text_add(const char *bytes, size_t len)
{
    if (len > TEXT_MAX - text.len)
        len = TEXT_MAX - text.len;
    memcpy(text.at + text.len, bytes, len);
    text.len += len;
    text.at[text.len] = '\0';
}

static void
text_hex(const void *bytes, size_t len)
{
    static char hex[2 * DRAFT_BYTES + 1];
    FUZZ_CHECK(len <= DRAFT_BYTES);
    baton_hex(bytes, len, hex);
    text_add(hex, 2 * len);
}

static struct {
    uint8_t bytes[DRAFT_BYTES];
    size_t len;
    const char *domain;
} draft; /* the newest document of a request, which $S signs */

static void
draft_approval(enum approval_verb verb)
{
    const struct plan *p = &site.tenant.plan;
    struct approval a = {.verb = (uint8_t)verb,
                         .operator= site.w.operator_id[2],
                         .tenant = site.w.tenant,
                         .trust_version = 1,
                         .not_after_ms = UINT64_MAX / 2,
                         .plan = site.tenant.cutover.plan,
                         .base = site.tenant.authority.epoch};
    memset(a.id.b, 0x11, sizeof a.id.b);
    for (size_t i = 0; i < p->member_count; i++)
        a.member[i] = p->member[i].key;
    a.recipient = p->member[verb == VERB_PLAN ? p->holder : p->recipient].key;
    approval_encode(&a, draft.bytes);
    draft.len = APPROVAL_BYTES;
    draft.domain = DOMAIN_APPROVAL;
}

static void
draft_disposition(void)
{
    struct disposition d = {.tenant = site.w.tenant,
                            .operator= site.w.operator_id[2],
                            .made_unix_ms = 1,
                            .reason = "a test",
                            .kind = DISPOSED_ACCEPTED};
    draft.len = disposition_encode(&d, draft.bytes);
    draft.domain = DOMAIN_DISPOSITION;
}

static void
draft_trust(void)
{
    static struct trust_doc d;
    d = site.trust;
    d.version++;
    d.previous = site.trust_hash;
    FUZZ_CHECK(trust_encode(&d, draft.bytes, sizeof draft.bytes, &draft.len) == BATON_OK);
    draft.domain = DOMAIN_TRUST;
}

static uint8_t
nibbles(const char *at)
{
    char digits[3] = {at[0], '\0', '\0'};
    uint8_t byte = 0;
    if (at[0] != '\0')
        digits[1] = at[1];
    return baton_unhex(digits, &byte, 1) ? byte : 0;
}

/* Behind a document, "@aabb" puts bb at its byte aa; how much was taken. */
static size_t
draft_edit(const char *at, size_t len)
{
    size_t used = 0;
    for (; used + 5 <= len && at[used] == '@'; used += 5) {
        size_t where = nibbles(at + used + 1);
        if (where < draft.len)
            draft.bytes[where] = nibbles(at + used + 3);
    }
    return used;
}

static void
draft_sign(void)
{
    struct baton_sig sig = {{0}};
    const struct crypto_signer *by = draft.domain != NULL && strcmp(draft.domain, DOMAIN_TRUST) == 0
                                         ? &site.w.root
                                         : &site.w.operator[2];
    if (draft.domain != NULL)
        FUZZ_CHECK(crypto_sign_domain(by->secret, draft.domain, draft.bytes, draft.len, &sig) ==
                   BATON_OK);
    text_hex(sig.b, sizeof sig.b);
}

static void
draft_confirm(void)
{
    const struct world_agent *a = &site.agent[1];
    confirm_bytes(&a->tenant, a->host, &a->id.sign_key, &a->id.box_key, draft.bytes);
    draft.len = CONFIRM_BYTES;
    draft.domain = DOMAIN_CONFIRM;
}

static void
draft_tag(void)
{
    struct baton_id tag;
    static struct tenant now;
    world_tenant(&site.w, &now);
    tenant_tag(&now, crypto_digest_port(), &tag);
    text_hex(tag.b, sizeof tag.b);
}

/* How much of what follows the letter was used. */
static size_t
expand(char letter, const char *rest, size_t len)
{
    static const char documents[] = "pgcaDR";
    switch (letter) {
    case 'T':
        text_add(site.tenant_guid, 36);
        return 0;
    case 'O':
        text_add(site.other_guid, 36);
        return 0;
    case 'C':
        text_hex(site.cutover.b, sizeof site.cutover.b);
        return 0;
    case '0':
    case '1':
        text_hex(site.agent[letter - '0'].id.sign_key.b, BATON_KEY_BYTES);
        return 0;
    case 'I':
        text_hex(site.w.operator_id[2].b, BATON_ID_BYTES);
        return 0;
    case 'E':
        draft_tag();
        return 0;
    case 'K':
        draft_confirm();
        return 0;
    case 'S':
        draft_sign();
        return 0;
    case 'D':
        draft_disposition();
        break;
    case 'R':
        draft_trust();
        break;
    default:
        if (strchr(documents, letter) == NULL || letter == '\0')
            return 0;
        draft_approval(letter == 'p'   ? VERB_PLAN
                       : letter == 'g' ? VERB_GO
                       : letter == 'c' ? VERB_CUTOVER
                                       : VERB_ATTEST);
        break;
    }
    size_t used = draft_edit(rest, len);
    text_hex(draft.bytes, draft.len);
    return used;
}

static void
expand_all(const char *bytes, size_t len)
{
    text.len = 0;
    memset(&draft, 0, sizeof draft);
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != '$' || i + 1 == len) {
            text_add(bytes + i, 1);
            continue;
        }
        i++;
        i += expand(bytes[i], bytes + i + 1, len - i - 1);
    }
}

/* ---- one request ---------------------------------------------------------------------------------------- */

static char nothing[1];

/* The next line, cut off; a NUL in it ends it early, as a text has none. */
static char *
line_take(char **rest)
{
    char *line = *rest, *end = strchr(line, '\n');
    *rest = end != NULL ? end + 1 : line + strlen(line);
    if (end != NULL)
        *end = '\0';
    return line;
}

static bool
has_header(const struct http_ask *a, const char *name)
{
    for (size_t i = 0; i < a->headers; i++)
        if (strcasecmp(a->header[i].name, name) == 0)
            return true;
    return false;
}

static void
header_add(struct http_ask *a, char *name, char *value)
{
    if (a->headers < HTTP_FAKE_HEADERS)
        a->header[a->headers++] = (struct http_pair){name, value};
}

static void
headers_take(struct http_ask *a, char **rest)
{
    for (char *line; **rest != '\0' && *(line = line_take(rest)) != '\0';) {
        char *value = strchr(line, ':');
        if (value != NULL)
            *value++ = '\0';
        header_add(a, line, value != NULL ? value + strspn(value, " \t") : nothing);
    }
}

/* What every client sends, unless the input says it otherwise. */
static void
headers_usual(struct http_ask *a, int who)
{
    static char host[] = "Host", names[] = "localhost", length[] = "Content-Length", digits[24],
                authorization[] = "Authorization", bearer[LOGIN_TOKEN_BYTES + 8];
    if (!has_header(a, "Host"))
        header_add(a, host, names);
    if (!has_header(a, "Content-Length") && a->body_len > 0) {
        (void)snprintf(digits, sizeof digits, "%zu", a->body_len);
        header_add(a, length, digits);
    }
    if (who < 0)
        return;
    (void)snprintf(bearer, sizeof bearer, "Bearer %s", site.token[who]);
    header_add(a, authorization, bearer);
}

/* Without a length the library brings no body, and never more than was announced. */
static void
body_bound(struct http_ask *a)
{
    for (size_t i = 0; i < a->headers; i++)
        if (strcasecmp(a->header[i].name, "Content-Length") == 0) {
            uint64_t said = strtoull(a->header[i].value, NULL, 10);
            if (said < a->body_len)
                a->body_len = (size_t)said;
        }
}

static uint64_t
records(void)
{
    struct engine_counters c;
    world_settle(&site.w);
    engine_counters(site.w.engine, &c);
    return c.records;
}

static bool
is_json(const struct http_said *said)
{
    return strncmp(said->type, "application/json", 16) == 0 ||
           strncmp(said->type, "application/problem+json", 24) == 0;
}

static void
check_answer(const struct http_said *said)
{
    FUZZ_CHECK(said->answered && !said->broken_header && said->type[0] != '\0');
    FUZZ_CHECK(said->status != 500 && said->status != 503 && said->status != 507);
    if (!is_json(said))
        return;
    json_t *json = json_loadb(said->body, said->len, JSON_REJECT_DUPLICATES, NULL);
    FUZZ_CHECK(json != NULL && json_is_object(json));
    FUZZ_CHECK(said->status < 400 || json_is_string(json_object_get(json, "detail")));
    json_decref(json);
}

static bool
has(const struct http_said *said, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= said->len; i++)
        if (memcmp(said->body + i, word, len) == 0)
            return true;
    return false;
}

/* What the request itself did not name, nobody outside the tenant reads. */
static void
check_silence(const struct http_said *said, int who, const char *asked)
{
    const char *const words[] = {"contoso", site.secret, site.tenant_guid, site.token[0]};
    bool stranger = who < 0 || who >= 4;
    for (size_t i = 0; stranger && i < ARRAY_LEN(words); i++)
        FUZZ_CHECK(strstr(asked, words[i]) != NULL || !has(said, words[i]));
    for (int i = 0; i < PEOPLE; i++)
        FUZZ_CHECK(!has(said, site.token[i]));
}

static bool
is_public(const char *path)
{
    static const char *const paths[] = {"/", "/healthz", "/readyz", "/api/v1/openapi.json"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        if (strcmp(path, paths[i]) == 0)
            return true;
    return false;
}

static void
request(char who_letter, char *rest)
{
    static char asked[TEXT_MAX + 1];
    struct http_ask a = {.method = nothing, .path = nothing};
    struct http_said said;
    const char *at = who_letter != '\0' ? strchr(letters, who_letter) : NULL;
    int who = at != NULL ? (int)(at - letters) : -1;
    memcpy(asked, text.at, text.len + 1);
    char *line = line_take(&rest), *space = strchr(line, ' ');
    a.method = line;
    if (space != NULL) {
        *space = '\0';
        a.path = space + 1;
    }
    headers_take(&a, &rest);
    a.body = (const uint8_t *)rest;
    a.body_len = (size_t)(text.at + text.len - rest);
    bool own = has_header(&a, "Authorization");
    headers_usual(&a, own ? -1 : who);
    body_bound(&a);
    uint64_t before = records();
    api_limit_init(&site.api->limit); /* guesses of other inputs */
    http_fake_request(&a, &said);
    uint64_t grown = records() - before;
    if (getenv("TELL") != NULL)
        fprintf(stderr, "%c %s %s: %u %.400s\n", who_letter, a.method, a.path, said.status,
                said.body);
    check_answer(&said);
    check_silence(&said, who, asked);
    bool looks = who < 0 || who == 1 || who == 3 || who == 5;
    bool asks = strcmp(a.method, "GET") == 0 || strcmp(a.method, "HEAD") == 0;
    FUZZ_CHECK(grown == 0 || !(looks || asks || own));
    FUZZ_CHECK(who >= 0 || own || is_public(a.path) || said.status >= 400);
    free(said.body);
}

static void
run(const char *bytes, size_t len)
{
    begin();
    struct engine_counters was, is;
    engine_counters(site.w.engine, &was);
    for (int n = 0; n < REQUESTS_MAX && len > 0; n++) {
        const char *end = memchr(bytes, RS, len);
        size_t part = end != NULL ? (size_t)(end - bytes) : len;
        expand_all(bytes, part);
        if (text.len > 1)
            request(text.at[0], text.at + 1 + strspn(text.at + 1, " "));
        bytes += part + (end != NULL);
        len -= part + (end != NULL);
    }
    engine_counters(site.w.engine, &is);
    if (is.records != was.records)
        site_again();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
