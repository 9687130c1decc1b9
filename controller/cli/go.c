/* Signing over fresh evidence (protocol 5): unlock, have everybody challenged, show the answers, sign
 * exactly these, within go_ms. */
#include "commands.h"
#include "sign.h"

#include "baton/statement.h"
#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { EVIDENCE_POLL_MS = 100 };

struct evidence {
    struct statement said[MEMBERS_MAX];
    bool have[MEMBERS_MAX];
    struct baton_hash hash[MEMBERS_MAX];
    struct epoch epoch;
    uint32_t serial;
};

static uint64_t
now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
sleep_ms(long ms)
{
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&ts, NULL);
}

/* One member's statement: signed by its key, over this plan, by our own hash. */
static enum baton_status
take_evidence(struct signing *s, const json_t *item, struct evidence *e)
{
    static uint8_t bytes[STATEMENT_BYTES_MAX];
    struct baton_key member;
    struct baton_sig sig;
    const char *hex = json_text(item, "bytes"), *sig_hex = json_text(item, "signature");
    const char *key_hex = json_text(item, "member");
    size_t len = strlen(hex) / 2;
    if (len > sizeof bytes || strlen(hex) != 2 * len || !baton_unhex(hex, bytes, len) ||
        strlen(sig_hex) != 2 * sizeof sig.b || !baton_unhex(sig_hex, sig.b, sizeof sig.b) ||
        strlen(key_hex) != 2 * sizeof member.b || !baton_unhex(key_hex, member.b, sizeof member.b))
        return cli_fail(s->c, BATON_MALFORMED, "a server's evidence cannot be read");
    int i = plan_member_index(&s->plan, &member);
    if (i < 0 || !crypto_verify_domain(&member, DOMAIN_STATEMENT, bytes, len, &sig) ||
        statement_decode(bytes, len, &e->said[i]) != BATON_OK)
        return cli_fail(s->c, BATON_REFUSED, "a server's evidence is not signed by its key");
    const struct statement *said = &e->said[i];
    if (!baton_key_eq(&said->member, &member) || !baton_id_eq(&said->tenant, &s->plan.tenant) ||
        !baton_hash_eq(&said->plan, &s->plan_hash) || !epoch_eq(&said->epoch, &e->epoch))
        return cli_fail(s->c, BATON_REFUSED, "the evidence of %s speaks of something else",
                        s->plan.member[i].host);
    crypto_sha256(bytes, len, &e->hash[i]);
    e->have[i] = true;
    return BATON_OK;
}

static enum baton_status
read_evidence(struct signing *s, const json_t *answer, struct evidence *e)
{
    size_t i;
    json_t *item;
    enum baton_status rc = BATON_OK;
    const char *incarnation = json_text(answer, "epoch.incarnation");
    memset(e, 0, sizeof *e);
    e->epoch.counter = (uint64_t)json_number(answer, "epoch.counter");
    e->serial = (uint32_t)json_number(answer, "serial");
    if (strlen(incarnation) != 2 * sizeof e->epoch.incarnation.b ||
        !baton_unhex(incarnation, e->epoch.incarnation.b, BATON_ID_BYTES))
        return cli_fail(s->c, BATON_MALFORMED, "the evidence names no epoch");
    json_array_foreach(json_object_get(answer, "members"), i, item) if (rc == BATON_OK) rc =
        take_evidence(s, item, e);
    return rc;
}

static bool
has_answered(const json_t *answer, const char *host)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(answer, "members"), i, item)
    {
        if (strcasecmp(json_text(item, "host"), host) == 0)
            return true;
    }
    return false;
}

/* Two people stand for it: nobody asked it. */
static bool
is_attested(const struct signing *s, const struct baton_key *member)
{
    char key[2 * BATON_KEY_BYTES + 1];
    size_t i;
    json_t *item;
    baton_hex(member->b, BATON_KEY_BYTES, key);
    json_array_foreach(json_at(s->cutover, "authority.members"), i, item)
    {
        if (strcmp(json_text(item, "key"), key) == 0)
            return json_flag(item, "attested");
    }
    return false;
}

/* Which server to look at is what the person at the keyboard has to know. */
static enum baton_status
too_late(const struct signing *s, const json_t *answer)
{
    char silent[MEMBERS_MAX * (NAME_BYTES + 2)] = "";
    size_t len = 0;
    for (uint8_t i = 0; i < s->plan.member_count; i++) {
        const char *host = s->plan.member[i].host;
        if (!has_answered(answer, host) && !is_attested(s, &s->plan.member[i].key))
            len += (size_t)snprintf(silent + len, sizeof silent - len, "%s%s", len > 0 ? ", " : "",
                                    host);
    }
    return cli_fail(s->c, BATON_TIMEOUT,
                    "nothing was signed: %s%s; see baton cutover explain %.60s, then try again",
                    len > 0 ? "the challenge was not answered by " : "the evidence is not complete",
                    silent, cli_arg(s->c, 0));
}

/* Until every member has answered the new challenge. An attested member never answers; the
 * controller then calls the set complete without it. */
static enum baton_status
wait_evidence(struct signing *s, struct evidence *e)
{
    uint64_t go_ms = (uint64_t)s->plan.policy.v[POLICY_GO_MS];
    uint64_t until = now_ms() + (s->c->timeout_ms < go_ms ? s->c->timeout_ms : go_ms);
    for (;;) {
        json_t *answer;
        enum baton_status rc = client_get(s->c, &answer, "/api/v1/cutovers/%s/evidence", s->id);
        if (rc != BATON_OK)
            return rc;
        bool complete =
            json_flag(answer, "complete") && strcmp(json_text(answer, "phase"), "asked") == 0;
        if (complete)
            rc = read_evidence(s, answer, e);
        bool late = !complete && now_ms() >= until;
        if (late)
            rc = too_late(s, answer);
        json_decref(answer);
        if (complete || rc != BATON_OK)
            return rc;
        sleep_ms(EVIDENCE_POLL_MS);
    }
}

static void
show_fact(const struct signing *s, const struct facts *f, enum fact_id id)
{
    const struct fact *x = &f->fact[id];
    if (x->state == FACT_VALUE)
        output_show(s->c, "             %-26s %" PRId64 "  (%" PRIu32 " ms old)\n", fact_name(id),
                    x->value, x->age_ms);
    else if (x->state == FACT_ABSENT)
        output_show(s->c, "             %-26s absent: %s\n", fact_name(id),
                    fact_reason_name((enum fact_reason)x->reason));
    else
        output_show(s->c, "             %-26s unknown\n", fact_name(id));
}

/* The facts that each kind of fence stands on. */
static void
show_statement(const struct signing *s, uint8_t member, const struct statement *said)
{
    static const enum fact_id stopped[] = {
        FACT_SERVICES_STOPPED, FACT_SERVICES_DISABLED, FACT_SERVICES_DISABLED_REGISTRY,
        FACT_TASKS_DISABLED,   FACT_ENGINE_GONE,       FACT_EXPORTS_SINCE_FENCE,
        FACT_EXPORTS_UNREAD,   FACT_QUIET_FOR_MS};
    static const enum fact_id staged[] = {
        FACT_STAGING_SCHEDULER, FACT_STAGING_SETTINGS,    FACT_RUN_IN_PROGRESS,
        FACT_WIZARD_OPEN,       FACT_CONSOLE_OPEN,        FACT_INSTALLER_OPEN,
        FACT_SYNC_SHELL_OPEN,   FACT_EXPORTS_SINCE_FENCE, FACT_PENDING_DELETES};
    static const enum fact_id removed[] = {FACT_PRODUCT_PRESENT, FACT_SERVICES_PRESENT,
                                           FACT_ENGINE_GONE, FACT_SETTINGS_SEALED};
    const enum fact_id *list = said->kind == KIND_STAGED    ? staged
                               : said->kind == KIND_REMOVED ? removed
                                                            : stopped;
    size_t count = said->kind == KIND_STAGED    ? ARRAY_LEN(staged)
                   : said->kind == KIND_REMOVED ? ARRAY_LEN(removed)
                                                : ARRAY_LEN(stopped);
    output_show(s->c, "  %s%s%s says: %s, %s%s%s\n", paint_on(s->c, PAINT_BOLD),
                s->plan.member[member].host, paint_off(s->c),
                statement_type_name((enum statement_type)said->type),
                fence_kind_name((enum fence_kind)said->kind),
                said->holding ? ", HOLDS the export role" : "",
                said->ever_exported ? ", has exported" : "");
    for (size_t i = 0; i < count; i++)
        show_fact(s, &said->facts, list[i]);
    if (said->facts.note[0] != '\0')
        output_show(s->c, "             %s\n", said->facts.note);
}

static enum baton_status
fill_go(struct signing *s, const struct evidence *e)
{
    for (uint8_t i = 0; i < s->plan.member_count; i++) {
        if (e->have[i])
            show_statement(s, i, &e->said[i]);
        else
            output_show(s->c, "  %s%s has not answered: others attested for it%s\n",
                        paint_on(s->c, PAINT_YELLOW), s->plan.member[i].host, paint_off(s->c));
        if (i != s->plan.recipient && e->have[i] && e->said[i].holding)
            return cli_fail(s->c, BATON_REFUSED, "%s still holds the export role; not signed",
                            s->plan.member[i].host);
        if (i != s->plan.recipient)
            s->approval.evidence[i] = e->hash[i];
    }
    s->approval.epoch = e->epoch;
    s->approval.base = e->epoch;
    s->approval.serial = e->serial;
    return BATON_OK;
}

static enum baton_status
ask_everybody(struct signing *s)
{
    char path[CLIENT_PATH_BYTES];
    snprintf(path, sizeof path, "/api/v1/cutovers/%s/go", s->id);
    return client_send(s->c, "POST", path, json_object(), s->etag, NULL);
}

enum baton_status
cmd_cutover_go(struct cli *c)
{
    struct signing *s = calloc(1, sizeof *s);
    struct evidence *e = calloc(1, sizeof *e);
    if (s == NULL || e == NULL) {
        free(s);
        free(e);
        return cli_fail(c, BATON_NOMEM, "go");
    }
    enum baton_status rc = signing_begin(s, c, cli_arg(c, 0), VERB_GO);
    if (rc == BATON_OK)
        signing_show(s);
    if (rc == BATON_OK) /* before the challenge: it takes a second, and a person */
        rc = signing_unlock(s);
    if (rc == BATON_OK)
        rc = ask_everybody(s);
    if (rc == BATON_OK)
        rc = wait_evidence(s, e);
    if (rc == BATON_OK)
        rc = fill_go(s, e);
    if (rc == BATON_OK && !signing_agreed(s))
        rc = c->err.status;
    if (rc == BATON_OK)
        rc = signing_send(s);
    if (rc == BATON_OK)
        output_say(c, "go is signed over this evidence; the grant leaves now");
    signing_done(s);
    free(s);
    free(e);
    return rc;
}
