/* What truly happens to the promises, as one line an event, for tests/model/conform.
 *
 * An agent's step counts once its transaction is durable: what a killed agent had not stored has not happened.
 * What changes at the servers is looked at before each step of an agent and after each event of the run.
 */
#include <string.h>

#include "agent/adapters/store_agent.h"
#include "life.h"

enum member_step_note { BY_NOTHING, BY_ORDER, BY_LOOK, BY_TIME, BY_BOOT };

struct word_of { /* of a promise, what the model has too */
    struct epoch epoch;
    char recipient; /* 'o', 'n', '-' */
    bool holding, live, tombstone, retired, ever, armed, given, tamper, barred, by_us, adopt;
    uint32_t serial;
};

struct recorder { /* of one agent */
    struct word_of last, stored, memory;
    uint8_t by, verb; /* enum order_verb */
    bool puts, evidence;
};

struct truth_seen {
    bool able[SIDES], account;
};

static struct recorder recorders[TENANTS_MAX][SIDES];
static struct truth_seen truths[TENANTS_MAX];

static struct recorder *
recorder_of(const struct node *n)
{
    return &recorders[n->realm->index][n->side];
}

void
events_begin(struct sim *s, FILE *out)
{
    s->events_out = out;
    memset(recorders, 0, sizeof recorders);
    for (size_t i = 0; i < TENANTS_MAX; i++)
        for (int k = 0; k < SIDES; k++) {
            recorders[i][k].last.recipient = '-';
            truths[i] = (struct truth_seen){.account = true};
        }
}

/* A twin runs under the same key: nothing of the model is like it, and what follows from its words is not either. */
static bool
told_of(const struct realm *r)
{
    return r->sim->events_out != NULL && !r->twin.made;
}

static bool
told_of_node(const struct node *n)
{
    return told_of(n->realm) && n != &n->realm->node[TWIN];
}

/* --- lines -------------------------------------------------------------------------------------- */

static void
line_begin(const struct realm *r, const char *who, const char *what)
{
    struct sim *s = r->sim;
    fprintf(s->events_out, "%llu%s %zu %llu %s %s", (unsigned long long)s->seed,
            s->small ? "s" : "", r->index, (unsigned long long)s->now_ms, who, what);
}

static void
line_end(const struct realm *r)
{
    (void)fputc('\n', r->sim->events_out);
}

static void
put_epoch(const struct realm *r, const char *key, const struct epoch *e)
{
    const uint8_t *b = e->incarnation.b;
    fprintf(r->sim->events_out, " %s=%llu.%02x%02x%02x%02x", key, (unsigned long long)e->counter,
            b[0], b[1], b[2], b[3]);
}

static void
put_bit(const struct realm *r, const char *key, bool was, bool is)
{
    if (was != is)
        fprintf(r->sim->events_out, " %s=%d", key, is);
}

static bool
same(const struct word_of *a, const struct word_of *b)
{
    return epoch_eq(&a->epoch, &b->epoch) && a->recipient == b->recipient &&
           a->holding == b->holding && a->live == b->live && a->tombstone == b->tombstone &&
           a->retired == b->retired && a->ever == b->ever && a->armed == b->armed &&
           a->given == b->given && a->tamper == b->tamper && a->barred == b->barred &&
           a->by_us == b->by_us && a->adopt == b->adopt && a->serial == b->serial;
}

static void
put_changes(const struct realm *r, const struct word_of *a, const struct word_of *b)
{
    if (!epoch_eq(&a->epoch, &b->epoch))
        put_epoch(r, "epoch", &b->epoch);
    if (a->recipient != b->recipient)
        fprintf(r->sim->events_out, " to=%s",
                b->recipient == 'o'   ? "OLD"
                : b->recipient == 'n' ? "NEW"
                                      : "nobody");
    put_bit(r, "holding", a->holding, b->holding);
    put_bit(r, "live", a->live, b->live);
    put_bit(r, "tombstone", a->tombstone, b->tombstone);
    put_bit(r, "retired", a->retired, b->retired);
    put_bit(r, "ever", a->ever, b->ever);
    put_bit(r, "armed", a->armed, b->armed);
    put_bit(r, "given", a->given, b->given);
    put_bit(r, "tamper", a->tamper, b->tamper);
    put_bit(r, "barred", a->barred, b->barred);
    put_bit(r, "by_us", a->by_us, b->by_us);
    put_bit(r, "adopt", a->adopt, b->adopt);
    if (a->serial != b->serial)
        fprintf(r->sim->events_out, " serial=%u", b->serial);
}

static void
tell(const struct node *n, const char *what, const struct word_of *now)
{
    struct recorder *rec = recorder_of(n);
    line_begin(n->realm, n->name, what);
    put_changes(n->realm, &rec->last, now);
    line_end(n->realm);
    rec->last = *now;
}

static void
tell_changed(const struct node *n, const char *what, const struct word_of *now)
{
    if (!same(&recorder_of(n)->last, now))
        tell(n, what, now);
}

/* --- the servers -------------------------------------------------------------------------------- */

static void
tell_truth(const struct realm *r, enum side side, const char *key, bool is)
{
    line_begin(r, r->node[side].name, "server");
    fprintf(r->sim->events_out, " %s=%d", key, is);
    line_end(r);
}

void
events_look(const struct realm *r)
{
    struct truth_seen *was = &truths[r->index];
    if (!told_of(r))
        return;
    bool account = truth_server(r, OLD).account;
    for (int falling = 1; falling >= 0; falling--)
        for (int k = 0; k < SIDES; k++) {
            bool able = truth_able(r, (enum side)k);
            if (able == was->able[k] || able == (bool)falling)
                continue;
            tell_truth(r, (enum side)k, "able", able);
            was->able[k] = able;
        }
    if (account != was->account)
        tell_truth(r, OLD, "account", account);
    was->account = account;
}

static const char *
act_name(const char *line)
{
    static const struct {
        const char *op, *name;
    } acts[] = {{"\"re-enable\"", "hand-started"}, {"\"snapshot\"", "snapshot"},
                {"\"revert\"", "reverted"},        {"\"power\"", "boots"},
                {"\"uninstall\"", "uninstalls"},   {"\"force-export\"", "forced"}};
    for (size_t i = 0; i < ARRAY_LEN(acts); i++)
        if (strstr(line, acts[i].op) != NULL)
            return acts[i].name;
    return NULL;
}

/* Somebody, or the world, did something to a server: what that changes at once is part of it. */
void
events_done(const struct realm *r, enum side side, const char *line)
{
    struct truth_seen *was = &truths[r->index];
    const char *name = act_name(line);
    if (!told_of(r) || name == NULL || (int)side >= SIDES)
        return;
    line_begin(r, r->node[side].name, name);
    put_bit(r, "able", was->able[side], truth_able(r, side));
    was->able[side] = truth_able(r, side);
    line_end(r);
}

static bool
carries_attestation(const struct order *o)
{
    for (size_t i = 0; i < o->approval_count; i++)
        if (o->approval[i].a.verb == VERB_ATTEST)
            return true;
    return false;
}

void
events_order(const struct node *n, const struct order *o)
{
    if (!told_of_node(n) || o->verb != ORDER_GRANT)
        return;
    line_begin(n->realm, n->name, "order");
    put_epoch(n->realm, "of", &o->epoch);
    put_bit(n->realm, "attested", false, carries_attestation(o));
    line_end(n->realm);
}

/* --- one agent's step --------------------------------------------------------------------------- */

static struct word_of
word_of(const struct node *n, const struct promise *p)
{
    const struct node *pair = n->realm->node;
    char recipient = '-';
    if (baton_key_eq(&p->recipient, &pair[OLD].sign_key))
        recipient = 'o';
    if (baton_key_eq(&p->recipient, &pair[NEW].sign_key))
        recipient = 'n';
    return (struct word_of){.epoch = p->epoch,
                            .recipient = recipient,
                            .holding = p->holding,
                            .live = p->grant == GRANT_LIVE,
                            .tombstone = p->tombstone,
                            .retired = p->retired,
                            .ever = p->ever_exported,
                            .armed = p->armed,
                            .given = p->evidence_given,
                            .tamper = p->tamper_open,
                            .barred = p->quarantine != QUARANTINE_NONE,
                            .by_us = p->stopped_by_us,
                            .adopt = p->adopt,
                            .serial = p->serial};
}

static const char *
status_name(const struct word_of *was, const struct word_of *now)
{
    if (was->barred && !now->barred)
        return "readmitted";
    return was->armed && !now->armed ? "disarmed" : "reminded";
}

static const char *
order_name(const struct recorder *rec, const struct word_of *now)
{
    if (rec->verb == ORDER_FENCE)
        return now->adopt ? "adopts" : "promises";
    if (rec->verb == ORDER_GRANT)
        return "granted";
    if (rec->verb == ORDER_CHALLENGE)
        return "void";
    return rec->verb == ORDER_RETIRE ? "retired" : status_name(&rec->last, now);
}

/* A grant whose time is over, then what the look showed, then the evidence that it allows. */
static void
tell_look(const struct node *n, const struct word_of *now)
{
    struct recorder *rec = recorder_of(n);
    struct word_of seen = *now;
    if (rec->evidence) {
        seen.given = rec->last.given;
        seen.armed = rec->last.armed;
        seen.tamper = rec->last.tamper;
    }
    struct word_of over = rec->last;
    over.live = over.live && (now->live || now->holding);
    tell_changed(n, "void", &over);
    tell_changed(n, now->holding && !rec->last.holding ? "uses" : "sees", &seen);
    if (rec->evidence)
        tell(n, "proves", now);
}

static void
tell_boot(const struct node *n, const struct word_of *now)
{
    struct recorder *rec = recorder_of(n);
    struct word_of over = rec->memory;
    tell_changed(n, "remembers", &rec->memory);
    if (!now->live)
        over.live = false;
    tell_changed(n, "void", &over);
    tell_changed(n, "quarantined", now);
}

static void
tell_step(const struct node *n)
{
    struct recorder *rec = recorder_of(n);
    const struct word_of now = rec->stored;
    if (rec->by == BY_BOOT)
        tell_boot(n, &now);
    else if (rec->by == BY_LOOK)
        tell_look(n, &now);
    else
        tell_changed(n, rec->by == BY_ORDER ? order_name(rec, &now) : "void", &now);
    rec->by = BY_NOTHING;
    rec->evidence = false;
}

/* --- where the agent's code is listened to ------------------------------------------------------ */

static struct node *
listened(void)
{
    struct node *n = sim_node;
    return n != NULL && !n->dying && told_of_node(n) ? n : NULL;
}

static bool
says_evidence(const struct member_out *out)
{
    struct statement s;
    for (size_t i = 0; i < out->word_count; i++)
        if (statement_decode(out->word[i].bytes, out->word[i].len, &s) == BATON_OK &&
            s.type == SAY_EVIDENCE)
            return true;
    return false;
}

void __real_member_step(struct member *m, const struct member_event *ev,
                        const struct digest_port *dp, struct member_out *out);
void __wrap_member_step(struct member *m, const struct member_event *ev,
                        const struct digest_port *dp, struct member_out *out);
void
__wrap_member_step(struct member *m, const struct member_event *ev, const struct digest_port *dp,
                   struct member_out *out)
{
    __real_member_step(m, ev, dp, out);
    struct node *n = listened();
    if (n == NULL)
        return;
    struct recorder *rec = recorder_of(n);
    events_look(n->realm);
    rec->by = ev->kind == MEMBER_ORDER ? BY_ORDER : ev->kind == MEMBER_OBSERVED ? BY_LOOK : BY_TIME;
    rec->verb = ev->kind == MEMBER_ORDER ? (uint8_t)ev->order->verb : ORDER_NONE;
    rec->evidence = says_evidence(out);
}

bool __real_guard_boot(struct promise *p, enum state_file state, bool tombstone_copy,
                       const struct machine *now);
bool __wrap_guard_boot(struct promise *p, enum state_file state, bool tombstone_copy,
                       const struct machine *now);
bool
__wrap_guard_boot(struct promise *p, enum state_file state, bool tombstone_copy,
                  const struct machine *now)
{
    struct node *n = listened();
    if (n != NULL) {
        recorder_of(n)->memory = word_of(n, p);
        recorder_of(n)->by = BY_BOOT;
    }
    return __real_guard_boot(p, state, tombstone_copy, now);
}

enum baton_status __real_agent_store_put_promise(struct agent_store *s, const struct promise *p,
                                                 struct baton_err *err);
enum baton_status __wrap_agent_store_put_promise(struct agent_store *s, const struct promise *p,
                                                 struct baton_err *err);
enum baton_status
__wrap_agent_store_put_promise(struct agent_store *s, const struct promise *p,
                               struct baton_err *err)
{
    struct node *n = listened();
    if (n != NULL) {
        recorder_of(n)->stored = word_of(n, p);
        recorder_of(n)->puts = true;
    }
    return __real_agent_store_put_promise(s, p, err);
}

enum baton_status __real_agent_store_commit(struct agent_store *s, struct baton_err *err);
enum baton_status __wrap_agent_store_commit(struct agent_store *s, struct baton_err *err);
enum baton_status
__wrap_agent_store_commit(struct agent_store *s, struct baton_err *err)
{
    enum baton_status rc = __real_agent_store_commit(s, err);
    struct node *n = listened();
    if (n == NULL || !recorder_of(n)->puts)
        return rc;
    if (rc == BATON_OK)
        tell_step(n);
    recorder_of(n)->puts = false;
    return rc;
}
