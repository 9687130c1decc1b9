#include "sign.h"

#include "output.h"
#include "policy_view.h"
#include "settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t
now_unix_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* --- what is fetched and checked -------------------------------------------------------------- */

enum baton_status
plan_fetch(struct cli *c, const char *cutover_id, const json_t *cutover, struct plan *ret_plan,
           struct baton_hash *ret_hash)
{
    char path[CLIENT_PATH_BYTES], named[65];
    uint8_t *bytes = NULL;
    size_t len = 0;
    snprintf(path, sizeof path, "/api/v1/cutovers/%s/plan", cutover_id);
    enum baton_status rc = client_bytes(c, path, &bytes, &len);
    if (rc != BATON_OK)
        return rc;
    crypto_sha256(bytes, len, ret_hash);
    baton_hex(ret_hash->b, sizeof ret_hash->b, named);
    if (plan_decode(bytes, len, ret_plan) != BATON_OK)
        rc = cli_fail(c, BATON_MALFORMED, "the plan cannot be decoded; nothing was done");
    else if (strcmp(named, json_text(cutover, "plan")) != 0)
        rc = cli_fail(c, BATON_CONFLICT, "the plan is not the one that the cutover names");
    free(bytes);
    return rc;
}

/* Whom the plan binds to limits has to see them: those who sign it, and those who let it happen. */
static bool
shows_limits(enum approval_verb v)
{
    return v == VERB_PLAN || v == VERB_ADOPT || v == VERB_CUTOVER;
}

static enum baton_status
fetch_limits(struct signing *s)
{
    char path[CLIENT_PATH_BYTES];
    uint8_t *text = NULL;
    size_t len = 0;
    snprintf(path, sizeof path, "/api/v1/cutovers/%s/verification-policy", s->id);
    enum baton_status rc =
        baton_hash_is_zero(&s->plan.limits) ? BATON_OK : client_bytes(s->c, path, &text, &len);
    if (rc != BATON_OK)
        return rc;
    rc = limits_of_plan(&s->plan, text, len, crypto_digest_port(), &s->limits, &s->c->err);
    free(text);
    s->limits_known = rc == BATON_OK;
    return rc == BATON_OK ? rc : baton_wrap(&s->c->err, rc, "nothing was signed");
}

/* A server is who an operator says it is, not who the controller says. */
enum baton_status
plan_check_members(struct cli *c, const struct trust_known *trust, const struct plan *plan)
{
    for (uint8_t i = 0; i < plan->member_count; i++) {
        const struct plan_member *m = &plan->member[i];
        const struct trust_operator *op = trust_operator_find(&trust->doc, &m->confirmed_by);
        uint8_t bytes[CONFIRM_BYTES];
        confirm_bytes(&plan->tenant, m->host, &m->key, &m->box_key, bytes);
        if (op == NULL || !trust_operator_may(op, ROLE_OPERATE, &plan->tenant) ||
            !crypto_verify_domain(&op->key, DOMAIN_CONFIRM, bytes, sizeof bytes, &m->confirmation))
            return cli_fail(c, BATON_REFUSED,
                            "no operator of the trust document has confirmed the key of %s; "
                            "nothing was done",
                            m->host);
    }
    return BATON_OK;
}

static enum baton_status
check_plan(struct signing *s)
{
    if (s->plan.lab && !s->trust->doc.lab)
        return cli_fail(s->c, BATON_REFUSED, "the plan says lab, the trust document does not");
    if (s->plan.trust_version > s->trust->doc.version)
        return cli_fail(s->c, BATON_CONFLICT, "the plan was made under a newer trust document");
    if (!trust_operator_may(s->me, trust_role_for(s->verb), &s->plan.tenant))
        return cli_fail(s->c, BATON_DENIED, "the trust document does not let %s sign %s here",
                        s->me->name, approval_verb_name(s->verb));
    return plan_check_members(s->c, s->trust, &s->plan);
}

static enum baton_status
fetch_verification(struct signing *s)
{
    char path[CLIENT_PATH_BYTES], hex[65];
    struct baton_hash hash;
    uint8_t *bytes = NULL;
    size_t len = 0;
    snprintf(path, sizeof path, "/api/v1/cutovers/%s/verification", s->id);
    enum baton_status rc = client_bytes(s->c, path, &bytes, &len);
    if (rc != BATON_OK)
        return rc;
    crypto_sha256(bytes, len, &hash);
    baton_hex(hash.b, sizeof hash.b, hex);
    if (verification_decode(bytes, len, &s->verification) != BATON_OK)
        rc = cli_fail(s->c, BATON_MALFORMED,
                      "the verification cannot be decoded; nothing was signed");
    else if (strcmp(hex, json_text(s->cutover, "verification_hash")) != 0)
        rc = cli_fail(s->c, BATON_CONFLICT, "the verification is not the one that was accepted");
    else if (!baton_hash_eq(&s->verification.limits, &s->plan.limits))
        rc = cli_fail(s->c, BATON_REFUSED,
                      "the verification was judged by another policy than the plan's; nothing was "
                      "signed");
    free(bytes);
    s->verification_known = rc == BATON_OK;
    s->approval.verification = hash;
    return rc;
}

static bool
needs_verification(enum approval_verb v)
{
    return v == VERB_CUTOVER || v == VERB_GO;
}

static bool
read_epoch(const json_t *o, struct epoch *ret_epoch)
{
    const char *hex = json_text(o, "incarnation");
    ret_epoch->counter = (uint64_t)json_number(o, "counter");
    return strlen(hex) == 2 * sizeof ret_epoch->incarnation.b &&
           baton_unhex(hex, ret_epoch->incarnation.b, BATON_ID_BYTES);
}

static bool
read_key(const json_t *o, const char *path, struct baton_key *ret_key)
{
    const char *hex = json_text(o, path);
    return strlen(hex) == 2 * sizeof ret_key->b && baton_unhex(hex, ret_key->b, BATON_KEY_BYTES);
}

/* Whom the approval of each verb names: the plan's holder, its recipient, or the open epoch's. */
static struct baton_key
recipient_of(const struct signing *s)
{
    struct baton_key open = {0};
    switch (s->verb) {
    case VERB_PLAN:
    case VERB_ROLLBACK:
        return s->plan.member[s->plan.holder].key;
    case VERB_ADOPT: /* out of a hold or a breach: who exports now; else the holder, again */
        if (json_text(s->cutover, "state.code")[0] != 'X')
            return s->plan.member[s->plan.holder].key;
        return s->plan.member[s->plan.recipient].key;
    case VERB_CUTOVER:
    case VERB_GO:
        return s->plan.member[s->plan.recipient].key;
    case VERB_NONE:
    case VERB_ATTEST:
    case VERB_RETIRE:
    case VERB_DISARM:
    case VERB_READMIT:
    case VERB_COUNT:
        break;
    }
    (void)read_key(s->cutover, "authority.recipient.key", &open);
    return open;
}

static enum baton_status
fill_approval(struct signing *s)
{
    struct approval *a = &s->approval;
    a->verb = (uint8_t)s->verb;
    crypto_random(a->id.b, sizeof a->id.b);
    a->operator= s->me->id;
    a->tenant = s->plan.tenant;
    a->trust_version = s->trust->doc.version;
    a->not_after_ms = now_unix_ms() + approval_life_ms(s->verb, &s->plan.policy);
    a->plan = s->plan_hash;
    for (uint8_t i = 0; i < s->plan.member_count; i++)
        a->member[i] = s->plan.member[i].key;
    a->recipient = recipient_of(s);
    if (!read_epoch(json_at(s->cutover, "authority.epoch"), &a->base))
        return cli_fail(s->c, BATON_MALFORMED, "the controller does not name the epoch");
    return BATON_OK;
}

/* Two verbs are about one server, in a plan or in none: its key as an operator confirmed it. */
static bool
about_one_server(enum approval_verb v)
{
    return v == VERB_DISARM || v == VERB_READMIT;
}

static bool
read_bytes(const json_t *o, const char *path, uint8_t *out, size_t len)
{
    const char *hex = json_text(o, path);
    return strlen(hex) == 2 * len && baton_unhex(hex, out, len);
}

static enum baton_status
fetch_server(struct signing *s, const char *tenant, const char *host)
{
    char guid[ID_TEXT_BYTES];
    json_t *agent;
    struct plan_member *m = &s->plan.member[0];
    enum baton_status rc = client_tenant(s->c, tenant, guid);
    if (rc == BATON_OK)
        rc = client_agent(s->c, guid, host, &agent);
    if (rc != BATON_OK)
        return rc;
    s->plan.member_count = 1;
    s->plan.lab = s->trust->doc.lab;
    policy_preset(PRESET_PRODUCTION, &s->plan.policy);
    snprintf(s->plan.tenant_name, sizeof s->plan.tenant_name, "%s", tenant);
    snprintf(m->host, sizeof m->host, "%s", json_text(agent, "host"));
    if (!baton_guid_parse(guid, &s->plan.tenant) || !read_key(agent, "key", &m->key) ||
        !read_key(agent, "box_key", &m->box_key) ||
        !read_bytes(agent, "confirmed_by", m->confirmed_by.b, sizeof m->confirmed_by.b) ||
        !read_bytes(agent, "confirmation", m->confirmation.b, sizeof m->confirmation.b))
        rc = cli_fail(s->c, BATON_REFUSED, "no operator has confirmed the key of %.60s", host);
    json_decref(agent);
    return rc;
}

enum baton_status
signing_begin(struct signing *s, struct cli *c, const char *cutover, enum approval_verb verb)
{
    char path[CLIENT_PATH_BYTES];
    *s = (struct signing){.c = c, .verb = verb};
    enum baton_status rc = client_cutover(c, cutover, s->id);
    snprintf(path, sizeof path, "/api/v1/cutovers/%s", s->id);
    if (rc == BATON_OK)
        rc = client_get_etag(c, path, &s->cutover, s->etag);
    if (rc == BATON_OK)
        rc = trust_fetch(c, &s->trust);
    if (rc == BATON_OK)
        rc = trust_me(c, s->trust, &s->me);
    if (rc == BATON_OK)
        rc = about_one_server(verb) ? fetch_server(s, cutover, cli_arg(c, 1))
                                    : plan_fetch(c, s->id, s->cutover, &s->plan, &s->plan_hash);
    if (rc == BATON_OK)
        rc = check_plan(s);
    if (rc == BATON_OK && shows_limits(verb))
        rc = fetch_limits(s);
    if (rc == BATON_OK && needs_verification(verb))
        rc = fetch_verification(s);
    if (rc == BATON_OK)
        rc = fill_approval(s);
    return rc;
}

void
signing_done(struct signing *s)
{
    json_decref(s->cutover);
    trust_known_free(&s->trust);
    if (s->unlocked)
        crypto_signer_done(&s->signer);
    s->unlocked = false;
}

/* --- what is shown ---------------------------------------------------------------------------- */

static const char *
host_of(const struct signing *s, const struct baton_key *key)
{
    int i = plan_member_index(&s->plan, key);
    return i >= 0 ? s->plan.member[i].host : "nobody";
}

static void
show_server_alone(const struct signing *s)
{
    const struct plan_member *m = &s->plan.member[0];
    const struct trust_operator *op = trust_operator_find(&s->trust->doc, &m->confirmed_by);
    char key[17];
    baton_hex(m->key.b, 8, key);
    output_show(s->c, "  server     %s%s%s  key %s, confirmed by %s\n", paint_on(s->c, PAINT_BOLD),
                m->host, paint_off(s->c), key, op != NULL ? op->name : "?");
}

static void
show_servers(const struct signing *s)
{
    if (about_one_server(s->verb)) {
        show_server_alone(s);
        return;
    }
    for (uint8_t i = 0; i < s->plan.member_count; i++) {
        const struct plan_member *m = &s->plan.member[i];
        const struct trust_operator *op = trust_operator_find(&s->trust->doc, &m->confirmed_by);
        char key[17];
        baton_hex(m->key.b, 8, key);
        output_show(
            s->c, "  server     %s%s%s  %s, fenced by '%s'%s%s, key %s, confirmed by %s\n",
            paint_on(s->c, PAINT_BOLD), m->host, paint_off(s->c),
            product_name((enum product)m->product), fence_kind_name((enum fence_kind)m->kind),
            i == s->plan.holder ? ", exported when this was planned" : "",
            i == s->plan.recipient ? ", shall export" : "", key, op != NULL ? op->name : "?");
    }
}

static void
format_version(int64_t v, char *out, size_t cap)
{
    snprintf(out, cap, "%u.%u.%u.%u", (unsigned)(v >> 48 & 0xffff), (unsigned)(v >> 32 & 0xffff),
             (unsigned)(v >> 16 & 0xffff), (unsigned)(v & 0xffff));
}

static void
show_verification(const struct signing *s)
{
    char hex[65];
    const struct verification *v = &s->verification;
    baton_hex(s->approval.verification.b, 32, hex);
    output_show(s->c, "  verified   %s, hash %.16s\n", verdict_name((enum verdict)v->verdict), hex);
    for (int i = 0; i < VERIFY_COUNT; i++) {
        char value[48] = "unknown";
        if (v->known[i] && i == VERIFY_NEW_VERSION)
            format_version(v->value[i], value, sizeof value);
        else if (v->known[i])
            snprintf(value, sizeof value, "%" PRId64, v->value[i]);
        output_show(s->c, "             %-20s %s%s%s\n", verification_name((enum verification_id)i),
                    v->known[i] ? "" : paint_on(s->c, PAINT_YELLOW), value,
                    v->known[i] ? "" : paint_off(s->c));
    }
}

static void
show_account_gone(const struct signing *s)
{
    char hex[65];
    baton_hex(s->approval.seen.b, sizeof s->approval.seen.b, hex);
    output_show(s->c, "  you say    %sthe account of %s in the tenant is gone%s; shown by %.16s\n",
                paint_on(s->c, PAINT_YELLOW), s->plan.member[s->plan.holder].host, paint_off(s->c),
                hex);
}

static const char *
consequence(const struct signing *s)
{
    bool retires = strcmp(json_text(s->cutover, "state.code"), "D2") == 0;
    switch (s->verb) {
    case VERB_PLAN:
        return "this plan is what may happen; the present exporter goes on";
    case VERB_CUTOVER:
        return "the old server may be stopped for the new one";
    case VERB_GO:
        return "the new server may leave staging; after its first export there is only forward";
    case VERB_ROLLBACK:
        return "the old server gets the export role back";
    case VERB_ADOPT:
        return "the cutover that was made by hand is recorded as it is";
    case VERB_ATTEST:
        return retires ? "the machine of that server counts as gone for good, on your word"
                       : "a server that cannot answer counts as stopped, on your word";
    case VERB_RETIRE:
        return "the old server may never export again";
    case VERB_DISARM:
        return "the guard on this server stops watching";
    case VERB_READMIT:
        return "a quarantined server counts again";
    case VERB_NONE:
    case VERB_COUNT:
        break;
    }
    return "";
}

void
signing_show(const struct signing *s)
{
    char hash[65], guid[37], until[32];
    const struct cli *c = s->c;
    baton_hex(s->plan_hash.b, 32, hash);
    baton_guid_format(&s->plan.tenant, guid);
    format_time(s->approval.not_after_ms, until, sizeof until);
    output_show(c, "%sYou are about to sign: %s%s\n", paint_on(c, PAINT_BOLD),
                approval_verb_name(s->verb), paint_off(c));
    if (s->plan.lab)
        output_show(s->c, "  %sLAB: this tenant is a simulation%s\n", paint_on(c, PAINT_RED),
                    paint_off(c));
    output_show(s->c, "  means      %s\n", consequence(s));
    output_show(s->c, "  tenant     %s  %s\n", s->plan.tenant_name, guid);
    if (!about_one_server(s->verb)) {
        output_show(s->c, "  path       %s\n", profile_name((enum profile)s->plan.profile));
        output_show(s->c, "  plan       %s\n", hash);
    }
    show_servers(s);
    output_show(s->c, "  names      %s\n", host_of(s, &s->approval.recipient));
    output_show(s->c, "  epoch      %" PRIu64 " when signed\n", s->approval.base.counter);
    if (!baton_key_is_zero(&s->approval.subject))
        output_show(s->c, "  about      %s\n", host_of(s, &s->approval.subject));
    if (s->verb == VERB_RETIRE && !baton_hash_is_zero(&s->approval.seen))
        show_account_gone(s);
    if (s->limits_known)
        policy_show(c, &s->limits, baton_hash_is_zero(&s->plan.limits) ? NULL : &s->plan.limits);
    if (s->verification_known)
        show_verification(s);
    output_show(s->c, "  as         %s, valid until %s\n", s->me->name, until);
    if (json_flag(s->cutover, "point_of_no_return"))
        output_show(s->c, "  %sthe point of no return has been passed%s\n", paint_on(c, PAINT_RED),
                    paint_off(c));
}

bool
signing_agreed(struct signing *s)
{
    if (secret_confirmed(s->c, "Type yes to sign:"))
        return true;
    (void)cli_fail(s->c, BATON_FAILED,
                   "not signed: nobody said yes; without a terminal --yes does");
    return false;
}

bool
signing_confirmed(struct signing *s)
{
    signing_show(s);
    return signing_agreed(s);
}

/* --- signing ---------------------------------------------------------------------------------- */

enum baton_status
signing_unlock(struct signing *s)
{
    enum baton_status rc = signer_unlock(s->c, &s->signer);
    if (rc != BATON_OK)
        return rc;
    s->unlocked = true;
    if (!baton_key_eq(&s->signer.key, &s->me->key))
        return cli_fail(s->c, BATON_DENIED, "the key file does not belong to %s", s->me->name);
    return BATON_OK;
}

enum baton_status
signing_send(struct signing *s)
{
    uint8_t bytes[APPROVAL_BYTES];
    struct baton_sig sig;
    char path[CLIENT_PATH_BYTES], hex[2 * APPROVAL_BYTES + 1], sig_hex[2 * BATON_SIG_BYTES + 1];
    approval_encode(&s->approval, bytes);
    enum baton_status rc =
        crypto_sign_domain(s->signer.secret, DOMAIN_APPROVAL, bytes, sizeof bytes, &sig);
    if (rc != BATON_OK)
        return cli_fail(s->c, rc, "signing failed");
    baton_hex(bytes, sizeof bytes, hex);
    baton_hex(sig.b, sizeof sig.b, sig_hex);
    snprintf(path, sizeof path, "/api/v1/cutovers/%s/approvals", s->id);
    json_t *answer = NULL;
    rc = client_send(s->c, "POST", path,
                     json_pack("{s:s, s:s}", "bytes", hex, "signature", sig_hex), NULL, &answer);
    if (rc == BATON_OK && json_text(answer, "next")[0] != '\0')
        output_say(s->c, "%s", json_text(answer, "next"));
    json_decref(answer);
    return rc;
}
