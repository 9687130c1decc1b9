#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "common/log.h"
#include "common/text.h"

enum { UNHEARD_AGAIN_MS = 10000 };

struct member_event
agent_event(enum member_event_kind kind)
{
    return (struct member_event){
        .kind = kind, .now_ms = agent_now_ms(), .now_unix_ms = agent_unix_ms()};
}

/* --- storing --- */

static bool
held(struct agent *a, enum baton_status rc, const struct baton_err *err)
{
    if (rc == BATON_OK)
        return true;
    agent_store_rollback(a->store);
    agent_fail(a, rc, err);
    return false;
}

bool
agent_begin(struct agent *a)
{
    struct baton_err err;
    return held(a, agent_store_begin(a->store, &err), &err) && held(a, later_write(a, &err), &err);
}

bool
agent_commit(struct agent *a)
{
    struct baton_err err;
    if (!held(a, agent_store_commit(a->store, &err), &err))
        return false;
    later_written(a);
    return true;
}

bool
agent_put(struct agent *a, const char *name, const void *bytes, size_t len)
{
    struct baton_err err;
    return agent_begin(a) && held(a, agent_store_put(a->store, name, bytes, len, &err), &err) &&
           agent_commit(a);
}

void
agent_journal(struct agent *a, enum journal_kind kind, const char *text)
{
    struct journal_step step = {
        .kind = kind, .unix_ms = agent_unix_ms(), .epoch = a->member.promise.epoch};
    text_copy(step.text, sizeof step.text, text);
    later_journal(a, &step);
}

enum baton_status
agent_reads_limits(const struct plan *p, const uint8_t *text, size_t len,
                   const struct digest_port *dp, struct baton_err *err)
{
    struct limits limits;
    return limits_of_plan(p, text, len, dp, &limits, err);
}

void
agent_take_limits(struct agent *a, const void *text, size_t len)
{
    struct baton_err err = {.status = BATON_OK};
    a->limits_known =
        limits_of_plan(&a->member.plan, text, len, a->digest, &a->limits, &err) == BATON_OK;
    if (!a->limits_known)
        log_error("limits",
                  "%s; this server's checks say nothing until a plan comes whose "
                  "verification policy this version reads",
                  err.text);
}

static bool
put_plan(struct agent *a, const struct order *o)
{
    struct baton_err err;
    return held(a, agent_store_put(a->store, "plan", o->plan, o->plan_len, &err), &err) &&
           (o->limits_len == 0 ||
            held(a, agent_store_put(a->store, "limits", o->limits, o->limits_len, &err), &err));
}

static bool
put_documents(struct agent *a, const struct order *o)
{
    struct baton_err err;
    uint8_t trust[BATON_SIG_BYTES + TRUST_BYTES_MAX];
    if (a->out.plan_changed && !put_plan(a, o))
        return false;
    if (!a->out.trust_changed)
        return true;
    memcpy(trust, o->trust.sig.b, BATON_SIG_BYTES);
    memcpy(trust + BATON_SIG_BYTES, o->trust.bytes, o->trust.len);
    return held(a, agent_store_put(a->store, "trust", trust, BATON_SIG_BYTES + o->trust.len, &err),
                &err);
}

static bool
sign_word(struct agent *a, const struct member_word *w, struct said *ret_said)
{
    struct baton_err err;
    *ret_said = (struct said){
        .answers = w->answers, .order = w->order, .statement = {.bytes = w->bytes, .len = w->len}};
    crypto_sha256(w->bytes, w->len, &ret_said->hash);
    enum baton_status rc = crypto_sign_domain(a->identity.secret->sign, DOMAIN_STATEMENT, w->bytes,
                                              w->len, &ret_said->statement.sig);
    if (rc != BATON_OK)
        rc = baton_fail(&err, rc, "signing a statement");
    if (rc == BATON_OK && w->answers)
        rc = agent_store_order_hash(a->store, &w->order, &ret_said->order_hash, &err);
    return held(a, rc, &err);
}

static bool
put_words(struct agent *a)
{
    struct baton_err err;
    for (size_t i = 0; i < a->out.word_count; i++) {
        struct said said;
        if (!sign_word(a, &a->out.word[i], &said) ||
            !held(a, agent_store_say(a->store, &said, &err), &err))
            return false;
    }
    return true;
}

static bool
put_step(struct agent *a, const struct order *o)
{
    struct baton_err err;
    return held(a, agent_store_put_promise(a->store, &a->member.promise, &err), &err) &&
           put_documents(a, o) && put_words(a);
}

/* --- letting out --- */

static void
send_said(struct agent *a, const struct said *said)
{
    struct message m = {.type = said->answers ? MSG_ANSWER : MSG_SAY};
    if (said->answers) {
        m.u.answer.order = said->order;
        m.u.answer.order_hash = said->order_hash;
        m.u.answer.statement = said->statement;
    } else {
        m.u.say.statement = said->statement;
    }
    (void)session_send(a, &m);
}

/* A word may be lost on a connection that stays: a full queue on either side drops it. */
static void
say_again_later(struct agent *a)
{
    if (a->session.unheard_due_ms == 0)
        a->session.unheard_due_ms = agent_now_ms() + UNHEARD_AGAIN_MS;
}

static bool
visit_unheard(void *arg, const struct said *said)
{
    struct agent *a = arg;
    if (said->answers) /* an order that was not answered comes again by itself */
        return true;
    send_said(a, said);
    say_again_later(a);
    return agent_runs(a);
}

void
agent_send_unheard(struct agent *a)
{
    struct baton_err err;
    a->session.unheard_due_ms = 0;
    (void)held(a, agent_store_unheard(a->store, visit_unheard, a, &err), &err);
}

static void
send_words(struct agent *a)
{
    for (size_t i = 0; i < a->out.word_count && agent_runs(a); i++) {
        struct said said;
        if (!sign_word(a, &a->out.word[i], &said))
            continue;
        send_said(a, &said);
        if (!said.answers)
            say_again_later(a);
    }
}

/* What a person has to see, each once until it is over. */
static void
tell_alarms(struct agent *a)
{
    const struct promise *p = &a->member.promise;
    if (p->tamper_open && !a->told_tamper)
        log_error("guard.tamper", "%s",
                  a->member.watch.note[0] == '\0' ? "what is fenced was touched"
                                                  : a->member.watch.note);
    if (p->quarantine != a->told_quarantine && p->quarantine != QUARANTINE_NONE)
        log_error("guard.quarantine", "cause=%s",
                  quarantine_name((enum quarantine_cause)p->quarantine));
    if (p->grant == GRANT_USED && a->told_grant == GRANT_LIVE &&
        fact_is(&a->member.watch.facts, FACT_STAGING_SCHEDULER, 0))
        log_warn("staging.left", "epoch=%" PRIu64, p->epoch.counter);
    a->told_grant = p->grant;
    a->told_tamper = p->tamper_open;
    a->told_quarantine = p->quarantine;
}

static void
after_step(struct agent *a, const struct order *o)
{
    if (a->out.plan_changed)
        agent_take_limits(a, o->limits, o->limits_len);
    if (a->out.log != NULL && a->out.refused)
        log_warn("order.refused", "%s", a->out.log);
    else if (a->out.log != NULL)
        log_info("member", "role=%s %s", promise_role(&a->member.promise), a->out.log);
    tell_alarms(a);
    if (a->out.observe_now)
        a->observe_whole = true;
    send_words(a);
}

void
agent_step(struct agent *a, const struct member_event *ev)
{
    member_step(&a->member, ev, a->digest, &a->out);
    bool store = a->out.changed || a->out.word_count > 0;
    if (store && (!agent_begin(a) || !put_step(a, ev->order) || !agent_commit(a)))
        return;
    after_step(a, ev->order);
}

/* --- orders --- */

static bool
touches_authority(const struct order *o)
{
    return o->verb >= ORDER_STATUS && o->verb <= ORDER_RETIRE;
}

/* The settings file and the tempo: nothing of it changes a promise. */
static void
other_order(struct agent *a, const struct order *o)
{
    switch ((enum order_verb)o->verb) {
    case ORDER_SEAL:
        settings_seal(a, o);
        break;
    case ORDER_PLACE:
        settings_place(a, o);
        break;
    case ORDER_WATCH:
        a->busy = o->busy;
        a->observe_whole = true;
        agent_answer_order(a, &o->id);
        break;
    case ORDER_NONE:
    case ORDER_STATUS:
    case ORDER_FENCE:
    case ORDER_CHALLENGE:
    case ORDER_GRANT:
    case ORDER_RETIRE:
    case ORDER_VERB_COUNT:
        break;
    }
}

void
agent_answer_order(struct agent *a, const struct baton_id *order)
{
    struct order status = {.verb = ORDER_STATUS, .id = *order, .tenant = a->setup->tenant};
    struct member_event ev = agent_event(MEMBER_ORDER);
    ev.order = &status;
    agent_step(a, &ev);
}

/* The controller takes words in their order: an answer that was lost, and that a later word of ours has
 * overtaken, moves nothing there any more. Questions and a promise that stands are then answered anew; a grant
 * never is, nor does anything void twice. */
static bool
overtaken(const struct agent *a, const struct order *o, const struct said *said)
{
    bool asks = o->verb == ORDER_STATUS || o->verb == ORDER_FENCE ||
                (o->verb == ORDER_CHALLENGE && !o->void_first);
    return asks && !baton_hash_eq(&said->hash, &a->member.promise.last_statement);
}

static void
answer_again(struct agent *a, const struct msg_order *m)
{
    struct baton_err err;
    struct said said;
    uint8_t *bytes = NULL;
    enum baton_status rc = agent_store_answer(a->store, &m->order.id, &said, &bytes, &err);
    if (rc == BATON_OK && !overtaken(a, &m->order, &said)) {
        send_said(a, &said);
    } else if (rc != BATON_OK && rc != BATON_NOT_FOUND) {
        agent_fail(a, rc, &err);
    } else if (touches_authority(
                   &m->order)) { /* taken, not answered yet: it changes nothing twice */
        struct member_event ev = agent_event(MEMBER_ORDER);
        ev.order = &m->order;
        agent_step(a, &ev);
    } else {
        other_order(a, &m->order);
    }
    free(bytes);
}

static void
refuse_other_bytes(struct agent *a, const struct baton_id *order, const struct baton_err *err)
{
    struct message m = {.type = MSG_REFUSED};
    m.u.refused.status = BATON_CONFLICT;
    m.u.refused.order = *order;
    text_copy(m.u.refused.text, sizeof m.u.refused.text, err->text);
    log_error("order.forged", "%s", err->text);
    (void)session_send(a, &m);
}

/* A challenge that finds nothing to void: its answer is given over a look that begins now. */
static bool
only_asks_for_a_look(const struct member_out *out)
{
    return out->observe_now && !out->changed && !out->plan_changed && !out->trust_changed &&
           out->word_count == 0;
}

/* Order, answer and promise in one transaction: an order is never half taken. */
static void
authority_order(struct agent *a, const struct order *o, const struct baton_hash *hash)
{
    struct member_event ev = agent_event(MEMBER_ORDER);
    ev.order = o;
    member_step(&a->member, &ev, a->digest, &a->out);
    if (only_asks_for_a_look(&a->out)) {
        agent_store_rollback(a->store);
        later_order(a, &o->id, hash);
    } else if (!put_step(a, o) || !agent_commit(a)) {
        return;
    }
    after_step(a, o);
    act_at_once(a);
}

static void
new_order(struct agent *a, const struct order *o, const struct baton_hash *hash)
{
    if (touches_authority(o))
        authority_order(a, o, hash);
    else if (agent_commit(a))
        other_order(a, o);
}

void
agent_order(struct agent *a, const struct msg_order *m)
{
    struct baton_err err = {0};
    struct baton_hash hash;
    crypto_sha256(m->bytes, m->len, &hash);
    log_debug("order", "verb=%s", order_verb_name((enum order_verb)m->order.verb));
    if (!agent_begin(a))
        return;
    enum baton_status rc = agent_store_take_order(a->store, &m->order.id, &hash, &err);
    if (rc == BATON_NOT_FOUND) {
        new_order(a, &m->order, &hash);
        return;
    }
    agent_store_rollback(a->store);
    if (rc == BATON_OK)
        answer_again(a, m);
    else if (rc == BATON_CONFLICT)
        refuse_other_bytes(a, &m->order.id, &err);
    else
        agent_fail(a, rc, &err);
}
