/* What people type, as `baton` would send it: the engine's calls and approvals signed over what is shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "controller/engine_state.h"
#include "controller/tenant_rows.h"
#include "scenario.h"

struct command { /* one that is being typed */
    struct scenario *p;
    size_t who;
    size_t count;
    const char *const *word;
    struct typed *ret;
};

static const char *
option(const struct command *c, const char *name)
{
    for (size_t i = 0; i + 1 < c->count; i++)
        if (strcmp(c->word[i], name) == 0)
            return c->word[i + 1];
    return NULL;
}

static void
say(struct command *c, enum baton_status status, const char *text)
{
    c->ret->status = status;
    text_copy(c->ret->said, sizeof c->ret->said, text);
}

/* As `explain` and a refusal print it, line by line. */
void
play_tell_problem(const struct problem *p, char *out, size_t cap)
{
    int at =
        snprintf(out, cap, "%s\n%s\nrule %u guard %s\n", baton_status_text(p->status), p->title,
                 p->rule, p->guard != 0 ? guard_name((enum guard_id)p->guard) : "none");
    for (uint8_t i = 0; i < p->fact_count && at > 0 && (size_t)at < cap; i++)
        at += snprintf(out + at, cap - (size_t)at, "%s\n", p->fact[i].text);
    if (at > 0 && (size_t)at < cap)
        (void)snprintf(out + at, cap - (size_t)at, "%s\n%s\n", p->who, p->next);
}

/* --- calls -------------------------------------------------------------------------------------- */

static struct engine_call *
call_new(const struct command *c, enum engine_call_kind kind)
{
    const struct tenant *t = play_tenant(c->p);
    const char *reason = option(c, "--reason");
    struct engine_call *call = calloc(1, sizeof *call);
    BATON_ASSERT(call != NULL);
    call->kind = kind;
    call->actor = c->p->sim->person_id[c->who];
    call->tenant = c->p->realm->id;
    if (t != NULL)
        call->cutover = t->cutover.id;
    text_copy(call->text, sizeof call->text, reason == NULL ? "" : reason);
    return call;
}

static bool
send(struct command *c, struct engine_call *call)
{
    enum baton_status rc = site_call(site_of_people(c->p->sim), call);
    if (call->problem.status == BATON_OK)
        call->problem.status = rc; /* nobody answered */
    play_tell_problem(&call->problem, c->ret->said, sizeof c->ret->said);
    c->ret->status = rc;
    free(call);
    return rc == BATON_OK;
}

static bool
send_verb(struct command *c, enum handoff_event verb)
{
    struct engine_call *call = call_new(c, CALL_CUTOVER_VERB);
    call->verb = verb;
    return send(c, call);
}

static void
type_create(struct command *c)
{
    const struct node *old = play_node(c->p, option(c, "--old"));
    const struct node *new = play_node(c->p, option(c, "--new"));
    const char *profile = option(c, "--profile");
    struct engine_call *call = call_new(c, CALL_CUTOVER_CREATE);
    call->old_key = old->sign_key;
    call->new_key = new->sign_key;
    for (int i = 0; profile != NULL && i < PROFILE_COUNT; i++)
        if (strcmp(profile_name((enum profile)i), profile) == 0)
            call->profile = (uint8_t)i;
    (void)send(c, call);
}

/* --- approvals ---------------------------------------------------------------------------------- */

/* Whom the approval of each verb names, as the command line has it. */
static struct baton_key
recipient_of(const struct tenant *t, enum approval_verb verb)
{
    bool off = handoff_state_code((enum handoff_state)t->cutover.state)[0] == 'X';
    if (verb == VERB_PLAN || verb == VERB_ROLLBACK || (verb == VERB_ADOPT && !off))
        return t->plan.member[t->plan.holder].key;
    if (verb == VERB_CUTOVER || verb == VERB_GO || verb == VERB_ADOPT)
        return t->plan.member[t->plan.recipient].key;
    return t->authority.recipient;
}

static bool
approval_begin(struct command *c, enum approval_verb verb, struct approval *ret)
{
    const struct tenant *t = play_tenant(c->p);
    const struct sim *s = c->p->sim;
    memset(ret, 0, sizeof *ret);
    if (t == NULL || !t->plan_known) {
        say(c, t == NULL ? BATON_UNREACHABLE : BATON_NOT_FOUND, "the plan is not frozen yet");
        return false;
    }
    ret->verb = (uint8_t)verb;
    chance_bytes(ret->id.b, sizeof ret->id.b);
    ret->operator= s->person_id[c->who];
    ret->tenant = c->p->realm->id;
    ret->trust_version = site_of_people(c->p->sim)->engine->trust.version;
    ret->not_after_ms = sim_unix_ms(s) + approval_life_ms(verb, &t->plan.policy);
    ret->plan = t->cutover.plan;
    for (size_t i = 0; i < t->plan.member_count; i++)
        ret->member[i] = t->plan.member[i].key;
    ret->recipient = recipient_of(t, verb);
    ret->base = t->authority.epoch;
    if (verb == VERB_CUTOVER || verb == VERB_GO)
        ret->verification = t->cutover.verification_hash;
    if ((verb == VERB_CUTOVER || verb == VERB_GO) && baton_hash_is_zero(&ret->verification)) {
        say(c, BATON_NOT_FOUND, "no verification was accepted yet");
        return false;
    }
    return true;
}

static bool
approval_send(struct command *c, const struct approval *a)
{
    struct engine_call *call = call_new(c, CALL_APPROVAL);
    call->len = APPROVAL_BYTES;
    approval_encode(a, call->bytes);
    BATON_ASSERT(crypto_sign_domain(c->p->sim->person[c->who].secret, DOMAIN_APPROVAL, call->bytes,
                                    call->len, &call->sig) == BATON_OK);
    return send(c, call);
}

static bool
approve(struct command *c, enum approval_verb verb)
{
    struct approval a;
    return approval_begin(c, verb, &a) && approval_send(c, &a);
}

/* What the state waits for, unless the command names it. */
static void
type_approve(struct command *c)
{
    static const struct {
        enum handoff_state state;
        enum approval_verb verb;
    } wanted[] = {
        {HO_PLANNED, VERB_PLAN},      {HO_READY, VERB_CUTOVER},     {HO_ARMED, VERB_CUTOVER},
        {HO_RELEASING, VERB_CUTOVER}, {HO_GAP, VERB_CUTOVER},       {HO_DECOMMISSION, VERB_RETIRE},
        {HO_FENCING, VERB_CUTOVER},   {HO_REVOKING, VERB_ROLLBACK}, {HO_BREACH, VERB_CUTOVER}};
    const struct tenant *t = play_tenant(c->p);
    const char *named = option(c, "--for");
    enum approval_verb verb = named == NULL ? VERB_NONE : approval_verb_parse(named);
    for (size_t i = 0; t != NULL && named == NULL && i < ARRAY_LEN(wanted); i++)
        if (t->cutover.state == wanted[i].state)
            verb = wanted[i].verb;
    if (verb == VERB_NONE)
        say(c, t == NULL ? BATON_UNREACHABLE : BATON_CONFLICT, "no approval is waited for");
    else
        (void)approve(c, verb);
}

/* A photograph is what its bytes are: the name stands for them. */
static void
digest_of(const char *text, struct baton_hash *ret)
{
    crypto_sha256(text, strlen(text), ret);
}

static void
type_attest(struct command *c)
{
    const struct node *n = play_node(c->p, option(c, "--host"));
    struct approval a;
    if (!approval_begin(c, VERB_ATTEST, &a))
        return;
    a.subject = n->sign_key;
    a.epoch = a.base;
    digest_of(option(c, "--seen"), &a.seen);
    (void)approval_send(c, &a);
}

/* Only where something was fenced is there anything to sign. */
static void
type_rollback(struct command *c)
{
    const struct tenant *t = play_tenant(c->p);
    const char *code = t == NULL ? "" : handoff_state_code((enum handoff_state)t->cutover.state);
    bool signs = strcmp(code, "C1") != 0 && strchr("CXR", code[0]) != NULL;
    if (!signs || approve(c, VERB_ROLLBACK))
        (void)send_verb(c, HEV_ROLLBACK);
}

static void
type_retire(struct command *c)
{
    if (approve(c, VERB_RETIRE))
        (void)send_verb(c, HEV_RETIRE);
}

/* --- go ----------------------------------------------------------------------------------------- */

static const struct agent_view *
view_of(const struct tenant *t, const struct baton_key *key)
{
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        if (t->agent[i].used && baton_key_eq(&t->agent[i].key, key))
            return &t->agent[i];
    return NULL;
}

/* Until everybody has answered the new challenge; as long as a grant may still leave over it. */
static const struct tenant *
wait_evidence(struct command *c)
{
    uint64_t until = 0;
    for (;;) {
        const struct tenant *t = play_tenant(c->p);
        if (t == NULL) {
            say(c, BATON_UNREACHABLE, "the controller does not answer");
            return NULL;
        }
        if (t->authority.phase == AUTH_ASKED && authority_complete(&t->authority))
            return t;
        if (until == 0)
            until = c->p->sim->now_ms + (uint64_t)t->plan.policy.v[POLICY_GO_MS];
        if (c->p->sim->now_ms >= until || c->p->sim->failed) {
            say(c, BATON_TIMEOUT, "not every server has answered the challenge in time; try again");
            return NULL;
        }
        play_pass(c->p, LOOK_AGAIN_MS);
    }
}

/* Over exactly the evidence that is shown. */
static bool
go_over(struct command *c, const struct tenant *t, struct approval *a)
{
    a->epoch = a->base = t->authority.epoch;
    a->serial = t->authority.serial + 1;
    for (size_t i = 0; i < t->plan.member_count; i++) {
        const struct baton_key *key = &t->plan.member[i].key;
        int at = authority_member_index(&t->authority, key);
        const struct agent_view *v = view_of(t, key);
        if (i == t->plan.recipient || at < 0)
            continue;
        a->evidence[i] = t->authority.member[at].evidence; /* none: others attested for it */
        if (v != NULL && baton_hash_eq(&v->statement_hash, &a->evidence[i]) &&
            v->statement.holding) {
            say(c, BATON_REFUSED, "a server still holds the export role; not signed");
            return false;
        }
    }
    return true;
}

static void
type_go(struct command *c)
{
    struct approval a;
    if (!approval_begin(c, VERB_GO, &a))
        return;
    struct engine_call *call = call_new(c, CALL_CUTOVER_VERB);
    call->verb = HEV_GO;
    tenant_tag(play_tenant(c->p), crypto_digest_port(), &call->expect);
    if (!send(c, call))
        return;
    const struct tenant *t = wait_evidence(c);
    if (t != NULL && go_over(c, t, &a))
        (void)approval_send(c, &a);
}

/* --- about one server --------------------------------------------------------------------------- */

/* A record that is older than what the servers signed is not signed for. */
static bool
promises_fit(struct command *c, const struct tenant *t)
{
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        const struct agent_view *v = &t->agent[i];
        if (!v->used || v->revoked || !v->statement_known ||
            epoch_cmp(&v->statement.epoch, &t->authority.epoch) <= 0)
            continue;
        say(c, BATON_CONFLICT,
            "a server has promised more than the record says: it is older than its servers, and "
            "confirm-foreign comes first");
        return false;
    }
    return true;
}

static void
type_readmit(struct command *c)
{
    const struct tenant *t = play_tenant(c->p);
    const struct node *n = c->count < 4 ? NULL : play_node(c->p, c->word[3]);
    const struct agent_view *v = t == NULL || n == NULL ? NULL : view_of(t, &n->sign_key);
    struct approval a;
    if (v == NULL || !v->statement_known) {
        say(c, t == NULL ? BATON_UNREACHABLE : BATON_NOT_FOUND, "that server has said nothing");
        return;
    }
    if (!promises_fit(c, t) || !approval_begin(c, VERB_READMIT, &a))
        return;
    if (v->statement.quarantine == QUARANTINE_NONE) {
        say(c, BATON_CONFLICT, "it is not quarantined");
        return;
    }
    a.plan = (struct baton_hash){0}; /* that server, and nothing else, is in the place of a plan */
    memset(a.member, 0, sizeof a.member);
    a.member[0] = a.subject = n->sign_key;
    machine_digest(&v->statement.machine, crypto_digest_port(), &a.seen);
    (void)approval_send(c, &a);
}

/* --- waiting ------------------------------------------------------------------------------------ */

/* Where a cutover does not go on by itself; out of X2 only what is missing of the old server. */
static bool
needs_people(struct command *c, const struct tenant *t)
{
    const struct engine *e = site_of_people(c->p->sim)->engine;
    struct problem why;
    switch ((int)t->cutover.state) {
    case HO_HOLD:
    case HO_BREACH:
    case HO_RECONCILE:
        say(c, BATON_WAITING, "it waits for people");
        return true;
    case HO_FENCING:
        tenant_explain(t, e->now_ms, crypto_digest_port(), e->trust_known ? &e->trust : NULL, &why);
        play_tell_problem(&why, c->ret->said, sizeof c->ret->said);
        c->ret->status = BATON_WAITING;
        return why.guard == G_OLD_STOPPED;
    default:
        return false;
    }
}

static void
type_wait(struct command *c)
{
    const char *states = option(c, "--for"), *limit = option(c, "--timeout");
    uint64_t until = c->p->sim->now_ms + 1000 * strtoull(limit == NULL ? "30" : limit, NULL, 10);
    for (;;) {
        const struct tenant *t = play_tenant(c->p);
        if (t != NULL &&
            strstr(states, handoff_state_code((enum handoff_state)t->cutover.state)) != NULL) {
            say(c, BATON_OK, "it is there");
            return;
        }
        if (t != NULL && needs_people(c, t))
            return;
        if (c->p->sim->now_ms >= until || c->p->sim->failed) {
            say(c, t == NULL ? BATON_UNREACHABLE : BATON_TIMEOUT, "still elsewhere");
            return;
        }
        play_pass(c->p, LOOK_AGAIN_MS);
    }
}

/* --- the table ---------------------------------------------------------------------------------- */

static const struct {
    const char *noun, *verb;
    void (*type)(struct command *c);
} commands[] = {
    {"cutover", "create", type_create},     {"cutover", "approve", type_approve},
    {"cutover", "attest", type_attest},     {"cutover", "go", type_go},
    {"cutover", "rollback", type_rollback}, {"cutover", "retire", type_retire},
    {"cutover", "wait", type_wait},         {"agent", "readmit", type_readmit},
};

bool
play_type(struct scenario *p, const char *by, size_t count, const char *const *word,
          struct typed *ret)
{
    struct command c = {p, strcmp(by, "bert") == 0 ? 1 : 0, count, word, ret};
    enum { TYPING_LEAST_MS = 30, TYPING_MOST_MS = 150 };
    *ret = (struct typed){.status = BATON_UNREACHABLE};
    play_pass(p, chance_between(&p->pace, TYPING_LEAST_MS, TYPING_MOST_MS));
    for (size_t i = 0; count > 2 && i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].noun, word[0]) == 0 && strcmp(commands[i].verb, word[1]) == 0) {
            commands[i].type(&c);
            return true;
        }
    enum handoff_event verb = count > 2 ? handoff_verb_parse(word[1]) : HEV_NONE;
    if (verb == HEV_NONE || verb == HEV_ADOPT || strcmp(word[0], "cutover") != 0)
        return false;
    (void)send_verb(&c, verb);
    return true;
}
