/* explore: every order of events over the very functions that decide on the agents.
 *
 * The controller is hostile: it may give any order that people's approvals and the agents' own signed
 * evidence allow, to anybody, at any time, as often as it likes. The network is the set of everything
 * ever sent, so loss, duplication, reordering and delay are all there at once. Notices are always lost.
 * One machine may crash at any moment. An obedient person opens the wizard while a grant is shown, and
 * may click late.
 *
 * After every event one question is asked of the servers themselves, whatever the agents believe:
 * can two of them export? A violation prints the shortest trace that a breadth-first search finds.
 *
 * Epochs are bounded; for each counter both recipients are tried, also to different agents at once.
 * Clocks, counters and nonces are left out of what makes two worlds equal: they only tell old from new,
 * and `seen before` is kept instead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "book.h"
#include "relation.h"
#include "toy.h"

enum {
    EPOCHS_MAX = 5,
    EPOCH_SLOTS = EPOCHS_MAX + (BOOK_RUNS - 1) * BOOK_EPOCHS_MAX,
    GAP_MS = 1500,
    EVIDENCE_SLOTS = 2,
    STATES_MAX = 12000000,
    TYPE_AT = 4, /* in a statement, after the tag */
};

struct bounds {
    unsigned epochs, crashes;
    uint8_t exports[TOY_MEMBERS];
    /* More of the world. */
    bool late_looks;    /* orders, crashes and clicks come while a look is under way */
    bool slow_boot;     /* services start by themselves some time after a boot */
    bool agent_first;   /* but not before the agent has acted once */
    bool adopt_again;   /* verb 119: two people name whoever exports, under a new epoch */
    bool attest;        /* a server is powered off for good, and two people attest that */
    bool disarm;        /* people take the guard off */
    bool snapshot;      /* OLD is reverted once */
    bool generation_id; /* and its hypervisor says so */
    bool promised_once; /* and the snapshot is not from before its first promise */
    /* An honest controller in place of the hostile one: the product's own record decides the orders. */
    bool record;
    unsigned serials;                  /* grants in one epoch */
    unsigned restarts;                 /* of it, between any write and its sending */
    bool restored;                     /* it begins again from an older row, once */
    enum authority_phase backed_up_in; /* of that row; AUTH_NONE: any */
    /* Weaknesses that the search must find a way through. */
    bool same_incarnation, asks_nobody;
    const char *found_by; /* the promise that they break, where that is not two exporters */
    bool blind_to_wizards, blind_to_services, hand_start, unguarded_clicks;
    bool forged_evidence, false_attest, comes_back, expiry_starts;
};

struct server { /* the truth */
    bool running, disabled;
    bool starting, acted; /* since the boot: will start by itself; the agent has acted */
    bool dead;
    bool staging, wizard; /* NEW */
    uint8_t exports;
};

/* Signed evidence of one member for one epoch, recipient and `ever exported`. Whoever judges it sees
 * no other difference, so the first such word of the search stands for all of them. */
struct word {
    size_t len;
    struct baton_sig sig;
    uint8_t bytes[STATEMENT_BYTES_MAX];
};

struct agent { /* what differs between two worlds; plan and trust are the same in all */
    struct promise promise;
    struct watch watch;
    bool plan_known;
};

struct look { /* taken, not yet delivered */
    bool going;
    uint64_t began_ms;
    struct facts facts;
};

struct world {
    struct agent agent[TOY_MEMBERS];
    struct server server[TOY_MEMBERS];
    struct look look[TOY_MEMBERS];
    bool evidence[TOY_MEMBERS][EPOCH_SLOTS][TOY_MEMBERS][EVIDENCE_SLOTS]; /* kept for ever */
    uint8_t crashes, hand_starts, snapshots;
    bool snapshot_taken;
    struct agent snapshot_agent;
    struct server snapshot_server;
    uint64_t now;
    struct book *book; /* of the honest controller; NULL: the hostile one needs none */
};

struct node {
    uint32_t parent;
    char event[48];
};

struct search {
    struct bounds b;
    struct world **worlds; /* by node; freed once expanded */
    struct node *nodes;
    size_t count, head;
    uint64_t *seen;
    size_t seen_mask;
    uint64_t transitions;
    bool violated;
    const char *broken; /* rule of the protocol's own relation that this step breaks */
    bool mute;          /* this step is stored, and its words never leave */
    struct member scratch[TOY_MEMBERS];
    struct member_out out;
    struct word words[TOY_MEMBERS][EPOCH_SLOTS][TOY_MEMBERS][EVIDENCE_SLOTS];
};

/* ---- the two servers ------------------------------------------------------------------------- */

static bool
can_export(const struct world *w, enum toy_member m)
{
    const struct server *s = &w->server[m];
    return s->running && (m == TOY_OLD || !s->staging);
}

static struct facts
look_at(const struct search *x, const struct world *w, enum toy_member m)
{
    const struct server *s = &w->server[m];
    struct facts f = toy_facts(m);
    bool blind = x->b.blind_to_services;
    if (!s->running || (blind && m == TOY_OLD)) {
        toy_facts_stop(&f);
        facts_set(&f, FACT_SERVICES_DISABLED, blind || s->disabled);
        facts_set(&f, FACT_SERVICES_DISABLED_REGISTRY, blind || s->disabled);
    } else if (m == TOY_NEW) {
        facts_set(&f, FACT_STAGING_SCHEDULER, s->staging);
        facts_set(&f, FACT_STAGING_SETTINGS, s->staging);
    }
    if (!x->b.blind_to_wizards)
        facts_set(&f, FACT_WIZARD_OPEN, s->wizard);
    facts_set(&f, FACT_EXPORTS_TOTAL, f.fact[FACT_EXPORTS_TOTAL].value + s->exports);
    facts_set(&f, FACT_LAST_EXPORT_END, f.fact[FACT_LAST_EXPORT_END].value + s->exports);
    return f;
}

/* ---- agents in and out of the real struct ------------------------------------------------------ */

static struct member *
load(struct search *x, const struct world *w, enum toy_member m)
{
    struct member *full = &x->scratch[m];
    full->promise = w->agent[m].promise;
    full->watch = w->agent[m].watch;
    full->plan_known = w->agent[m].plan_known; /* the plan itself is in scratch, ever the same */
    return full;
}

/* Those of the first run, which is the hostile controller's only one, stand at their counter. */
static size_t
epoch_slot(const struct epoch *e)
{
    unsigned run = book_run_of(e);
    return e->counter + (run == 0 ? 0 : EPOCHS_MAX - 1 + (run - 1) * BOOK_EPOCHS_MAX);
}

static void
keep_evidence(struct search *x, struct world *w, enum toy_member m, const struct member_word *said)
{
    struct statement s;
    if ((said->bytes[TYPE_AT] != SAY_EVIDENCE && w->book == NULL) || x->mute)
        return;
    enum baton_status rc = statement_decode(said->bytes, said->len, &s);
    BATON_ASSERT(rc == BATON_OK);
    if (w->book != NULL)
        book_keep_word(w->book, m, &s);
    if (s.type != SAY_EVIDENCE)
        return;
    struct baton_key new_key = toy_member_key(TOY_NEW);
    size_t recipient = baton_key_eq(&s.recipient, &new_key) ? TOY_NEW : TOY_OLD;
    struct word *word = &x->words[m][epoch_slot(&s.epoch)][recipient][s.ever_exported];
    w->evidence[m][epoch_slot(&s.epoch)][recipient][s.ever_exported] = true;
    if (word->len != 0)
        return;
    memcpy(word->bytes, said->bytes, said->len);
    word->len = said->len;
    word->sig = toy_sign_word(m, said).sig;
}

static bool
says_evidence(const struct member_out *out)
{
    for (uint8_t i = 0; i < out->word_count; i++)
        if (out->word[i].bytes[TYPE_AT] == SAY_EVIDENCE)
            return true;
    return false;
}

/* Every step of the product is also a step of the protocol as it is written down beside it. */
static void
conform(struct search *x, const struct change *c)
{
    if (x->broken == NULL)
        x->broken = relation_broken(c);
}

static void
step(struct search *x, struct world *w, enum toy_member m, struct member_event ev)
{
    struct member *full = load(x, w, m);
    struct promise before = full->promise;
    w->now += GAP_MS;
    ev.now_ms = w->now;
    ev.began_ms = ev.began_ms != 0 ? ev.began_ms : w->now;
    ev.now_unix_ms = 1000000 + w->now;
    member_step(full, &ev, toy_digest(), &x->out);
    w->agent[m].promise = full->promise;
    w->agent[m].watch = full->watch;
    w->agent[m].plan_known = full->plan_known;
    for (uint8_t i = 0; i < x->out.word_count; i++)
        keep_evidence(x, w, m, &x->out.word[i]);
    conform(x, &(struct change){&before, &full->promise, &ev, says_evidence(&x->out)});
}

static void
order(struct search *x, struct world *w, enum toy_member m, const struct order *o)
{
    step(x, w, m, (struct member_event){.kind = MEMBER_ORDER, .order = o});
}

/* ---- what makes two worlds the same ------------------------------------------------------------ */

/* What makes two worlds equal, gathered into one run of bytes and hashed once. */
struct essence {
    uint8_t bytes[8192];
    size_t len;
};

static void
mix(struct essence *s, const void *bytes, size_t n)
{
    BATON_ASSERT(s->len + n <= sizeof s->bytes);
    memcpy(s->bytes + s->len, bytes, n);
    s->len += n;
}

/* Without ages, and without the span that a flag of the agent stands for. */
static void
mix_facts(struct essence *s, const struct facts *facts)
{
    uint8_t seen[FACT_COUNT][2];
    for (size_t i = 0; i < FACT_COUNT; i++) {
        bool span = i == FACT_QUIET_FOR_MS;
        seen[i][0] = span ? 0 : facts->fact[i].state;
        seen[i][1] = span ? 0 : (uint8_t)facts->fact[i].value;
    }
    mix(s, seen, sizeof seen);
}

static void
mix_agent(struct essence *s, const struct agent *a)
{
    const struct promise *p = &a->promise;
    uint8_t flags[] = {p->holding,
                       p->tombstone,
                       p->retired,
                       p->ever_exported,
                       p->armed,
                       p->evidence_given,
                       p->stopped_by_us,
                       p->guard_stop,
                       p->start_due,
                       p->tamper_open,
                       p->adopt,
                       p->grant,
                       (uint8_t)p->serial,
                       p->quarantine,
                       a->plan_known,
                       a->watch.challenged,
                       a->watch.quiet_since_ms != 0,
                       a->watch.quiet_kind,
                       (uint8_t)(p->exports_mark + 1),
                       p->mark_stop != 0,
                       p->unread};
    mix(s, flags, sizeof flags);
    mix(s, &p->epoch, sizeof p->epoch);
    mix(s, &p->recipient, sizeof p->recipient);
    mix(s, &p->holding_epoch, sizeof p->holding_epoch);
    mix(s, p->promised, sizeof p->promised);
    mix_facts(s, &a->watch.facts);
}

/* A look under way, and what it is older than. */
static void
mix_look(struct essence *s, const struct look *l, const struct watch *w)
{
    uint8_t flags[] = {l->going,
                       l->going && l->began_ms >= w->challenged_ms,
                       l->going && l->began_ms >= w->broken_ms,
                       l->going && l->began_ms > w->quiet_since_ms,
                       l->going && l->began_ms > w->ran_ms,
                       l->going && l->began_ms >= w->observed_ms};
    mix(s, flags, sizeof flags);
    if (l->going)
        mix_facts(s, &l->facts);
}

static void
mix_book(struct essence *s, const struct world *w)
{
    uint8_t bytes[BOOK_ESSENCE_BYTES];
    struct baton_id open[TOY_MEMBERS] = {{{0}}};
    for (size_t m = 0; m < TOY_MEMBERS; m++)
        if (w->agent[m].watch.challenged)
            open[m] = w->agent[m].watch.nonce;
    mix(s, bytes, book_essence(w->book, open, bytes));
}

static uint64_t
world_hash(const struct world *w)
{
    struct essence s;
    struct baton_hash h;
    uint64_t out;
    s.len = 0;
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        mix_agent(&s, &w->agent[m]);
        mix(&s, &w->server[m], sizeof w->server[m]);
        mix_look(&s, &w->look[m], &w->agent[m].watch);
    }
    mix(&s, w->evidence, sizeof w->evidence);
    uint8_t counts[] = {w->crashes, w->hand_starts, w->snapshots, w->snapshot_taken};
    mix(&s, counts, sizeof counts);
    if (w->snapshot_taken) {
        mix_agent(&s, &w->snapshot_agent);
        mix(&s, &w->snapshot_server, sizeof w->snapshot_server);
    }
    if (w->book != NULL)
        mix_book(&s, w);
    toy_hash(s.bytes, s.len, 7, &h);
    memcpy(&out, h.b, sizeof out);
    return out | 1; /* 0 marks an empty place */
}

static bool
seen_before(struct search *x, uint64_t hash)
{
    for (size_t i = hash & x->seen_mask;; i = (i + 1) & x->seen_mask) {
        if (x->seen[i] == hash)
            return true;
        if (x->seen[i] == 0) {
            x->seen[i] = hash;
            return false;
        }
    }
}

static void
print_trace(const struct search *x, size_t node)
{
    if (x->nodes[node].parent != UINT32_MAX)
        print_trace(x, x->nodes[node].parent);
    printf("  %s\n", x->nodes[node].event);
}

static void
arrive(struct search *x, const struct world *w, size_t parent, const char *event)
{
    x->transitions++;
    bool two = x->broken != NULL || (can_export(w, TOY_OLD) && can_export(w, TOY_NEW));
    if (!two && seen_before(x, world_hash(w)))
        return;
    if (x->count == STATES_MAX) {
        printf("more than %d states: raise the bound\n", STATES_MAX);
        exit(1);
    }
    struct node *n = &x->nodes[x->count];
    n->parent = (uint32_t)parent;
    snprintf(n->event, sizeof n->event, "%s", event);
    struct world *kept = malloc(sizeof *kept);
    BATON_ASSERT(kept != NULL);
    *kept = *w;
    if (w->book != NULL) {
        kept->book = malloc(sizeof *kept->book);
        BATON_ASSERT(kept->book != NULL);
        *kept->book = *w->book;
    }
    x->worlds[x->count++] = kept;
    if (two)
        x->violated = true;
}

/* ---- what may happen --------------------------------------------------------------------------- */

static const char *const names[] = {"OLD", "NEW"};

#define HAPPENS(x, w, parent, change, ...)                                                         \
    do {                                                                                           \
        struct world next = *(w);                                                                  \
        struct book book_of_next;                                                                  \
        if (next.book != NULL) {                                                                   \
            book_of_next = *next.book;                                                             \
            next.book = &book_of_next;                                                             \
        }                                                                                          \
        char what[48];                                                                             \
        snprintf(what, sizeof what, __VA_ARGS__);                                                  \
        change;                                                                                    \
        arrive(x, &next, parent, what);                                                            \
        if ((x)->violated)                                                                         \
            return;                                                                                \
    } while (0)

/* The orders are always the same; building and signing them once saves most of the time. */
static const struct order *
fence_towards(unsigned epoch, size_t recipient)
{
    static struct order made[EPOCHS_MAX][TOY_MEMBERS];
    struct order *o = &made[epoch][recipient];
    if (o->verb == ORDER_NONE)
        *o = toy_fence(toy_epoch(epoch), (enum toy_member)recipient);
    return o;
}

static const struct order *
adopt_old(void)
{
    static struct order made;
    if (made.verb == ORDER_NONE)
        made = toy_adopt(toy_epoch(1));
    return &made;
}

static const struct order *
adopt_towards(unsigned epoch, size_t recipient)
{
    static struct order made[EPOCHS_MAX][TOY_MEMBERS];
    struct order *o = &made[epoch][recipient];
    if (o->verb != ORDER_NONE)
        return o;
    *o = toy_adopt(toy_epoch(epoch));
    o->recipient = toy_member_key((enum toy_member)recipient);
    o->approval_count = 2;
    for (int who = 0; who < 2; who++)
        o->approval[who] =
            toy_approval(VERB_ADOPT, (enum toy_person)who, (enum toy_member)recipient, o->epoch);
    return o;
}

static struct order
disarm_now(const struct world *w, enum toy_member m)
{
    struct order o = toy_challenge(w->agent[m].promise.epoch, 0);
    struct signed_approval *sa = &o.approval[o.approval_count++];
    o.verb = ORDER_STATUS;
    *sa = toy_approval(VERB_DISARM, TOY_ANNA, TOY_OLD, o.epoch);
    sa->a.subject = toy_member_key(m);
    toy_sign_approval(sa, TOY_ANNA);
    return o;
}

static void
orders_of_a_hostile_controller(struct search *x, const struct world *w, size_t at,
                               enum toy_member m)
{
    HAPPENS(x, w, at, order(x, &next, m, adopt_old()), "adopt -> %s", names[m]);
    for (unsigned e = 2; e <= x->b.epochs; e++)
        for (size_t r = 0; r < TOY_MEMBERS; r++)
            HAPPENS(x, w, at, order(x, &next, m, fence_towards(e, r)), "FENCE(%u, %s) -> %s", e,
                    names[r], names[m]);
    for (unsigned e = 2; x->b.adopt_again && e <= x->b.epochs; e++)
        for (size_t r = 0; r < TOY_MEMBERS; r++)
            HAPPENS(x, w, at, order(x, &next, m, adopt_towards(e, r)), "adopt(%u, %s) -> %s", e,
                    names[r], names[m]);
    if (x->b.disarm && w->agent[m].promise.armed) {
        struct order o = disarm_now(w, m);
        HAPPENS(x, w, at, order(x, &next, m, &o), "disarm -> %s", names[m]);
    }
    struct epoch promised = w->agent[m].promise.epoch;
    for (int v = 0; v < 2; v++) {
        struct order o = toy_challenge(promised, 0x21);
        o.void_first = v;
        HAPPENS(x, w, at, order(x, &next, m, &o), "CHALLENGE%s -> %s", v ? "(void)" : "", names[m]);
    }
}

/* Whoever has a member's key says in its name what it likes: its real words with another epoch. */
static bool
forge(const struct search *x, enum toy_member m, unsigned e, size_t r, struct word *ret_word)
{
    struct statement s;
    for (unsigned k = 1; k <= x->b.epochs; k++)
        for (size_t of = 0; of < TOY_MEMBERS; of++) {
            const struct word *real = &x->words[m][k][of][0];
            if (real->len == 0 || statement_decode(real->bytes, real->len, &s) != BATON_OK)
                continue;
            s.epoch = toy_epoch(e);
            s.recipient = toy_member_key((enum toy_member)r);
            struct baton_key key = toy_member_key(m);
            enum baton_status rc =
                statement_encode(&s, ret_word->bytes, sizeof ret_word->bytes, &ret_word->len);
            BATON_ASSERT(rc == BATON_OK);
            toy_sign(&key, DOMAIN_STATEMENT, ret_word->bytes, ret_word->len, &ret_word->sig);
            return true;
        }
    return false;
}

static const struct word *
evidence_at_hand(const struct search *x, const struct world *w, enum toy_member m, unsigned e,
                 size_t r, size_t slot)
{
    static struct word forged;
    if (w->evidence[m][e][r][slot])
        return &x->words[m][e][r][slot];
    return x->b.forged_evidence && forge(x, m, e, r, &forged) ? &forged : NULL;
}

static void
grants(struct search *x, const struct world *w, size_t at, enum toy_member m)
{
    enum toy_member other = m == TOY_OLD ? TOY_NEW : TOY_OLD;
    if (w->agent[m].promise.serial >= 2)
        return;
    for (unsigned e = 1; e <= x->b.epochs; e++)
        for (size_t r = 0; r < TOY_MEMBERS; r++)
            for (size_t v = 0; v < EVIDENCE_SLOTS; v++) {
                const struct word *word = evidence_at_hand(x, w, other, e, r, v);
                if (word == NULL)
                    continue;
                struct signed_bytes sb = {word->bytes, word->len, word->sig};
                struct order o = toy_grant(toy_epoch(e), m, w->agent[m].promise.serial + 1, &sb);
                HAPPENS(x, w, at, order(x, &next, m, &o), "GRANT(%u) -> %s", e, names[m]);
            }
}

/* Break-glass: what is attested is what is so, unless people err. */
static void
attested_grant(struct search *x, const struct world *w, size_t at, enum toy_member m)
{
    enum toy_member other = m == TOY_OLD ? TOY_NEW : TOY_OLD;
    bool so = w->server[other].dead || x->b.false_attest;
    if (!x->b.attest || !so || w->agent[m].promise.serial >= 2)
        return;
    struct epoch e = w->agent[m].promise.epoch;
    struct order o = toy_grant(e, m, w->agent[m].promise.serial + 1, NULL);
    for (int who = 0; who < 2; who++) {
        struct signed_approval *sa = &o.approval[o.approval_count++];
        *sa = toy_approval(VERB_ATTEST, (enum toy_person)who, m, e);
        sa->a.subject = toy_member_key(other);
        sa->a.epoch = e;
        sa->a.seen = toy_plan_hash();
        sa->a.not_after_ms = 1000000 + w->now + 60000;
        toy_sign_approval(sa, (enum toy_person)who);
    }
    HAPPENS(x, w, at, order(x, &next, m, &o), "GRANT(%u), attested -> %s", (unsigned)e.counter,
            names[m]);
}

static void
boot(struct search *x, struct world *w, enum toy_member m, bool reverted)
{
    struct server *s = &w->server[m];
    s->wizard = s->acted = false;
    s->running = !s->disabled && !x->b.slow_boot;
    s->starting = !s->disabled && x->b.slow_boot;
    w->look[m] = (struct look){.going = false};
    struct machine now = w->agent[m].promise.machine;
    now.boot.b[0]++;
    if (reverted && x->b.generation_id)
        now.generation.b[0]++;
    w->agent[m].watch = (struct watch){0};
    facts_init(&w->agent[m].watch.facts);
    struct promise before = w->agent[m].promise;
    guard_boot(&w->agent[m].promise, STATE_GOOD, before.tombstone, &now);
    conform(x, &(struct change){.before = &before, .after = &w->agent[m].promise});
    w->agent[m].promise.machine.boot.b[0] = 1; /* the number of boots makes no difference */
    step(x, w, m, (struct member_event){.kind = MEMBER_BOOT});
}

static void
act_on_desire(struct search *x, struct world *w, enum toy_member m)
{
    struct server *s = &w->server[m];
    s->acted = x->b.slow_boot;
    switch (member_desire(load(x, w, m))) {
    case DESIRE_AS_IS:
        break;
    case DESIRE_STOPPED:
    case DESIRE_STOPPED_NOW:
        s->running = s->starting = false;
        s->disabled = true;
        break;
    case DESIRE_RUNNING:
        s->starting = false;
        s->running = true;
        s->disabled = false;
        break;
    }
}

static void
observe(struct search *x, struct world *w, enum toy_member m)
{
    struct facts f = look_at(x, w, m);
    step(x, w, m, (struct member_event){.kind = MEMBER_OBSERVED, .facts = &f});
}

static void
look_begins(struct search *x, struct world *w, enum toy_member m)
{
    w->now += GAP_MS;
    w->look[m] = (struct look){.going = true, .began_ms = w->now, .facts = look_at(x, w, m)};
}

static void
look_ends(struct search *x, struct world *w, enum toy_member m)
{
    struct look l = w->look[m];
    w->look[m] = (struct look){.going = false};
    step(x, w, m,
         (struct member_event){.kind = MEMBER_OBSERVED, .facts = &l.facts, .began_ms = l.began_ms});
}

static void
expire(struct search *x, struct world *w, enum toy_member m)
{
    w->now += (uint64_t)toy_plan()->policy.v[POLICY_GRANT_MS];
    step(x, w, m, (struct member_event){.kind = MEMBER_TICK});
    if (x->b.expiry_starts) { /* a watchdog that means well */
        w->server[TOY_OLD].running = true;
        w->server[TOY_OLD].disabled = false;
    }
}

/* Stored, and then the power fails before a word has left. */
static void
observe_and_fail(struct search *x, struct world *w, enum toy_member m)
{
    w->crashes++;
    x->mute = true;
    observe(x, w, m);
    x->mute = false;
    boot(x, w, m, false);
}

static void
looks(struct search *x, const struct world *w, size_t at, enum toy_member m)
{
    if (!x->b.late_looks)
        HAPPENS(x, w, at, observe(x, &next, m), "%s is observed", names[m]);
    else if (w->look[m].going)
        HAPPENS(x, w, at, look_ends(x, &next, m), "the look at %s is delivered", names[m]);
    else
        HAPPENS(x, w, at, look_begins(x, &next, m), "%s is looked at", names[m]);
}

static void
power(struct search *x, const struct world *w, size_t at, enum toy_member m)
{
    const struct server *s = &w->server[m];
    if (w->crashes < x->b.crashes)
        HAPPENS(x, w, at, (next.crashes++, boot(x, &next, m, false)), "%s crashes and boots",
                names[m]);
    if (w->crashes < x->b.crashes && w->agent[m].watch.challenged)
        HAPPENS(x, w, at, observe_and_fail(x, &next, m), "%s stores its proof and crashes",
                names[m]);
    if (s->starting && (s->acted || !x->b.agent_first))
        HAPPENS(x, w, at, (next.server[m].starting = false, next.server[m].running = true),
                "the service of %s starts by itself", names[m]);
    if (x->b.attest && !w->server[TOY_OLD].dead && !w->server[TOY_NEW].dead)
        HAPPENS(x, w, at, (next.server[m].dead = true, next.server[m].running = false),
                "%s is powered off for good", names[m]);
}

static void
life_of_a_server(struct search *x, const struct world *w, size_t at, enum toy_member m)
{
    looks(x, w, at, m);
    if (x->violated)
        return;
    HAPPENS(x, w, at, act_on_desire(x, &next, m), "the agent on %s acts", names[m]);
    if (w->agent[m].promise.grant == GRANT_LIVE)
        HAPPENS(x, w, at, expire(x, &next, m), "the grant of %s expires", names[m]);
    if (can_export(w, m) && w->server[m].exports < x->b.exports[m])
        HAPPENS(x, w, at, next.server[m].exports++, "%s exports", names[m]);
    power(x, w, at, m);
}

/* The person follows the screen: the wizard is opened only while a grant is shown. The click may come
 * whenever it is open. */
static void
people(struct search *x, const struct world *w, size_t at)
{
    const struct server *s = &w->server[TOY_NEW];
    if (s->dead)
        return;
    bool shown = w->agent[TOY_NEW].promise.grant == GRANT_LIVE || x->b.unguarded_clicks;
    if (shown && !s->wizard && s->staging)
        HAPPENS(x, w, at, next.server[TOY_NEW].wizard = true, "a wizard is opened on NEW");
    if (s->wizard) {
        HAPPENS(x, w, at, next.server[TOY_NEW].wizard = false, "the wizard is closed");
        HAPPENS(x, w, at,
                (next.server[TOY_NEW].wizard = false, next.server[TOY_NEW].staging = false),
                "the wizard leaves staging mode");
    }
    if (x->b.hand_start && w->hand_starts < 1 && !w->server[TOY_OLD].running &&
        !w->server[TOY_OLD].dead)
        HAPPENS(x, w, at,
                (next.hand_starts++, next.server[TOY_OLD].running = true,
                 next.server[TOY_OLD].disabled = false),
                "somebody starts OLD by hand");
}

static void
take_snapshot(struct world *w)
{
    w->snapshot_taken = true;
    w->snapshot_agent = w->agent[TOY_OLD];
    w->snapshot_server = w->server[TOY_OLD];
}

static void
revert(struct search *x, struct world *w)
{
    w->snapshots++;
    w->agent[TOY_OLD] = w->snapshot_agent;
    w->server[TOY_OLD] = w->snapshot_server;
    boot(x, w, TOY_OLD, true);
}

static void
hypervisor(struct search *x, const struct world *w, size_t at)
{
    if (!x->b.snapshot)
        return;
    bool observes = epoch_is_zero(&w->agent[TOY_OLD].promise.epoch);
    if (!w->snapshot_taken && observes && x->b.promised_once)
        return;
    if (!w->snapshot_taken)
        HAPPENS(x, w, at, take_snapshot(&next), "a snapshot of OLD is taken");
    else if (w->snapshots < 1)
        HAPPENS(x, w, at, revert(x, &next), "OLD is reverted");
}

static void
comes_back(struct world *w, struct search *x, enum toy_member m)
{
    w->server[m].dead = false;
    boot(x, w, m, false);
}

/* ---- the honest controller ---------------------------------------------------------------------- */

/* What carries everybody's evidence is not refused for what it carries. */
static void
grant_arrives(struct search *x, struct world *w, enum toy_member m, const struct sent_grant *g)
{
    const uint8_t *of = g->evidence.b; /* book_evidence_hash */
    struct epoch e = book_epoch(of[2], of[3]);
    const struct word *word = &x->words[of[1]][epoch_slot(&e)][of[4]][of[5]];
    struct signed_bytes sb = {word->bytes, word->len, word->sig};
    struct order o = toy_grant(g->epoch, m, g->serial, &sb);
    struct statement s;
    order(x, w, m, &o);
    if (!x->out.refused ||
        statement_decode(x->out.word[0].bytes, x->out.word[0].len, &s) != BATON_OK)
        return;
    if (s.refusal == REFUSE_EVIDENCE || s.refusal == REFUSE_GO || s.refusal == REFUSE_APPROVALS)
        x->broken = "a grant of the record is refused for what it carries";
}

static void
fences_of_the_record(struct search *x, const struct world *w, size_t at, enum toy_member m)
{
    for (unsigned run = 0; run < BOOK_RUNS; run++)
        for (unsigned e = 1; e < BOOK_EPOCHS_MAX; e++)
            for (unsigned bit = 1; bit <= BOOK_ADOPTS; bit *= 2) {
                if ((w->book->named[run][e] & bit) == 0)
                    continue;
                struct order o = book_fence(run, e, bit);
                HAPPENS(x, w, at, order(x, &next, m, &o), "%s(%u.%u, %s) -> %s",
                        bit == BOOK_ADOPTS ? "adopt" : "FENCE", e, run,
                        names[bit == BOOK_NAMES_NEW ? TOY_NEW : TOY_OLD], names[m]);
            }
}

static void
orders_of_the_record(struct search *x, const struct world *w, size_t at, enum toy_member m)
{
    const struct book *b = w->book;
    fences_of_the_record(x, w, at, m);
    if (x->violated)
        return;
    if (b->challenge[m].there) {
        struct order o = book_challenge(&b->challenge[m]);
        HAPPENS(x, w, at, order(x, &next, m, &o), "CHALLENGE%s -> %s", o.void_first ? "(void)" : "",
                names[m]);
    }
    if (!baton_id_is_zero(&b->status[m])) {
        struct order o = book_status(&b->status[m]);
        HAPPENS(x, w, at, order(x, &next, m, &o), "STATUS -> %s", names[m]);
    }
    for (size_t i = 0; i < b->grant_count; i++)
        if (b->grant[i].recipient == m)
            HAPPENS(x, w, at, grant_arrives(x, &next, m, &b->grant[i]), "GRANT(%u.%u, %u) -> %s",
                    (unsigned)b->grant[i].epoch.counter, book_run_of(&b->grant[i].epoch),
                    (unsigned)b->grant[i].serial, names[m]);
}

/* When the newest word of everybody was heard, and nothing moves, the record knows who holds. */
static bool
mistaken(const struct world *w)
{
    const struct authority *a = &w->book->a;
    bool settled = a->phase == AUTH_HELD && !a->recovering && !a->reconcile;
    for (size_t m = 0; m < TOY_MEMBERS && settled; m++)
        settled = w->book->word[m].head.counter == a->member[m].counter;
    for (size_t m = 0; m < TOY_MEMBERS && settled; m++)
        if (baton_key_eq(&a->holder, &a->member[m].key) != w->agent[m].promise.holding)
            return true;
    return false;
}

/* Of the event whether it was taken; what it lets out is held against the servers as they are. */
static bool
record_event(struct search *x, struct world *w, enum authority_event ev, enum toy_member about)
{
    uint8_t grants_before = w->book->grant_count;
    bool taken = ev == AUTH_EV_SAID ? book_hears(w->book, about, &x->broken)
                                    : book_step(w->book, ev, about, &x->broken);
    bool grants = taken && w->book->grant_count > grants_before;
    if (grants && (can_export(w, TOY_OLD) || can_export(w, TOY_NEW)))
        x->broken = "a grant leaves while a server can export";
    if (taken && x->broken == NULL && mistaken(w))
        x->broken = "the record is sure, and wrong about who holds";
    return taken;
}

static void
record_begins_again(struct search *x, struct world *w, bool older)
{
    struct authority row = older ? w->book->kept : w->book->a;
    w->book->restarts++;
    w->book->restored = w->book->restored || older;
    book_begins_again(w->book, &row, x->b.same_incarnation, !x->b.asks_nobody);
}

static void
ends_of_the_controller(struct search *x, const struct world *w, size_t at)
{
    const struct book *b = w->book;
    if (b->restarts < x->b.restarts)
        HAPPENS(x, w, at, record_begins_again(x, &next, false), "the controller starts again");
    if (!x->b.restored || b->restored)
        return;
    bool now = x->b.backed_up_in == AUTH_NONE || x->b.backed_up_in == b->a.phase;
    if (!b->kept_there && now)
        HAPPENS(x, w, at, (next.book->kept_there = true, next.book->kept = next.book->a),
                "the record is backed up");
    if (b->kept_there && b->restarts < x->b.restarts + 1)
        HAPPENS(x, w, at, record_begins_again(x, &next, true), "the record is restored");
}

static void
honest_controller(struct search *x, const struct world *w, size_t at)
{
    static const struct {
        enum authority_event ev;
        enum toy_member about;
        const char *text;
    } may[] = {{AUTH_EV_SAID, TOY_OLD, "OLD is heard"},
               {AUTH_EV_SAID, TOY_NEW, "NEW is heard"},
               {AUTH_EV_ADOPT, TOY_OLD, "people adopt"},
               {AUTH_EV_FENCE, TOY_NEW, "people move the role to NEW"},
               {AUTH_EV_FENCE, TOY_OLD, "people move the role to OLD"},
               {AUTH_EV_ASK, TOY_OLD, "people ask for fresh evidence"},
               {AUTH_EV_GO, TOY_OLD, "people say go"},
               {AUTH_EV_VOID, TOY_OLD, "people take the grant back"},
               {AUTH_EV_RECONCILE, TOY_OLD, "people confirm what the agents know"}};
    for (size_t i = 0; i < ARRAY_LEN(may); i++) {
        bool heard = may[i].ev == AUTH_EV_SAID && !w->book->word[may[i].about].there;
        bool adopts = may[i].ev == AUTH_EV_ADOPT && w->book->a.phase > AUTH_ADOPTING;
        bool confirms = may[i].ev == AUTH_EV_RECONCILE && !w->book->a.reconcile;
        bool taken;
        if (heard || adopts || confirms)
            continue;
        struct world after = *w;
        struct book book = *w->book;
        after.book = &book;
        taken = record_event(x, &after, may[i].ev, may[i].about);
        if (taken)
            arrive(x, &after, at, may[i].text);
        if (x->violated)
            return;
    }
    ends_of_the_controller(x, w, at);
}

static void
expand_member(struct search *x, const struct world *w, size_t at, enum toy_member m)
{
    if (w->server[m].dead) {
        if (x->b.comes_back)
            HAPPENS(x, w, at, comes_back(&next, x, m), "%s is powered on again", names[m]);
        return;
    }
    static void (*const kinds[])(struct search *, const struct world *, size_t, enum toy_member) = {
        orders_of_a_hostile_controller, grants, attested_grant, life_of_a_server};
    static void (*const with_record[])(struct search *, const struct world *, size_t,
                                       enum toy_member) = {orders_of_the_record, life_of_a_server};
    for (size_t i = 0; w->book == NULL && i < ARRAY_LEN(kinds) && !x->violated; i++)
        kinds[i](x, w, at, m);
    for (size_t i = 0; w->book != NULL && i < ARRAY_LEN(with_record) && !x->violated; i++)
        with_record[i](x, w, at, m);
}

static void
expand(struct search *x, size_t at)
{
    struct world w = *x->worlds[at];
    struct book *book = w.book;
    free(x->worlds[at]);
    x->worlds[at] = NULL;
    for (size_t m = 0; m < TOY_MEMBERS && !x->violated; m++)
        expand_member(x, &w, at, (enum toy_member)m);
    if (!x->violated)
        people(x, &w, at);
    if (!x->violated)
        hypervisor(x, &w, at);
    if (!x->violated && book != NULL)
        honest_controller(x, &w, at);
    free(book);
}

/* ---- runs -------------------------------------------------------------------------------------- */

static void
first_world(struct search *x)
{
    struct world w;
    struct book book;
    memset(&w, 0, sizeof w); /* padding takes part in the hash */
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        x->scratch[m] = toy_new_member((enum toy_member)m);
        x->scratch[m].plan = *toy_plan();
        w.agent[m].promise = x->scratch[m].promise;
        w.agent[m].watch = x->scratch[m].watch;
        w.server[m].running = true;
    }
    w.server[TOY_NEW].staging = true;
    if (x->b.record) {
        book_open(&book, x->b.epochs, x->b.serials);
        w.book = &book;
    }
    for (size_t m = 0; m < TOY_MEMBERS; m++)
        observe(x, &w, (enum toy_member)m);
    arrive(x, &w, UINT32_MAX, "start");
}

static void
search_open(struct search *x, const struct bounds *b)
{
    size_t seen_size = 1;
    while (seen_size < 2 * (size_t)STATES_MAX)
        seen_size *= 2;
    x->b = *b;
    x->seen = calloc(seen_size, sizeof *x->seen); /* pages that nobody writes cost nothing */
    x->seen_mask = seen_size - 1;
    x->worlds = calloc(STATES_MAX, sizeof *x->worlds);
    x->nodes = malloc(STATES_MAX * sizeof *x->nodes);
    BATON_ASSERT(x->seen != NULL && x->worlds != NULL && x->nodes != NULL);
}

static void
search_close(struct search *x)
{
    for (size_t i = 0; i < x->count; i++) {
        if (x->worlds[i] != NULL)
            free(x->worlds[i]->book);
        free(x->worlds[i]);
    }
    free(x->seen);
    free(x->worlds);
    free(x->nodes);
}

struct run {
    const char *title;
    bool holds; /* else two exporters must be found */
    bool deep;  /* with --long alone */
    unsigned deep_epochs;
    struct bounds b;
};

// clang-format off
static const struct run runs[] = {
    /* title                                   holds  deep   epochs, bounds */
    { "hostile controller, one crash",           true,  false, 4, { .epochs = 3, .crashes = 1, .exports = {0, 1} } },
    { "looks under way",                         true,  false, 3, { .epochs = 2, .late_looks = true } },
    { "services that start late",                true,  false, 3, { .epochs = 2, .crashes = 1, .slow_boot = true } },
    { "adopted again by two people",             true,  false, 3, { .epochs = 2, .crashes = 1, .adopt_again = true } },
    { "a dead server, attested",                 true,  false, 4, { .epochs = 2, .attest = true } },
    { "people disarm",                           true,  false, 3, { .epochs = 2, .disarm = true, .exports = {0, 1} } },
    { "a revert with generation id",             true,  false, 2, { .epochs = 2, .snapshot = true, .generation_id = true, .promised_once = true, .slow_boot = true, .agent_first = true } },
    { "the record decides",                      true,  false, 2, { .epochs = 2, .record = true, .serials = 1 } },
    { "the record decides, and starts again",    true,  true,  2, { .epochs = 2, .record = true, .serials = 2, .restarts = 1 } },
    { "the record is restored",                  true,  true,  2, { .epochs = 2, .record = true, .serials = 1, .restored = true, .backed_up_in = AUTH_ASKED } },

    { "agents that do not see wizards",          false, false, 0, { .epochs = 3, .blind_to_wizards = true } },
    { "agents that do not see services",         false, false, 0, { .epochs = 2, .blind_to_services = true } },
    { "a hand start against a local fence only", false, false, 0, { .epochs = 2, .hand_start = true } },
    { "a click that nobody asked for",           false, false, 0, { .epochs = 2, .unguarded_clicks = true } },
    { "a revert without generation id",          false, false, 0, { .epochs = 2, .snapshot = true } },
    { "a service that is faster than its agent", false, false, 0, { .epochs = 2, .snapshot = true, .generation_id = true, .promised_once = true } },
    { "a revert to before the first promise",    false, true,  0, { .epochs = 2, .snapshot = true, .generation_id = true, .slow_boot = true, .agent_first = true } },
    { "a revert without id, agent first",        false, true,  0, { .epochs = 2, .snapshot = true, .promised_once = true, .slow_boot = true, .agent_first = true } },
    { "evidence under a stolen key",             false, false, 0, { .epochs = 3, .forged_evidence = true } },
    { "people attest what is not so",            false, false, 0, { .epochs = 2, .attest = true, .false_attest = true } },
    { "an attested server comes back",           false, false, 0, { .epochs = 2, .attest = true, .comes_back = true } },
    { "a restored record that asks nobody",      false, true,  0, { .epochs = 2, .record = true, .serials = 1, .restored = true, .backed_up_in = AUTH_ASKED, .asks_nobody = true, .found_by = "a grant leaves while a server can export" } },
    { "a restored record, its old incarnation",  false, false, 0, { .epochs = 2, .record = true, .serials = 1, .restored = true, .same_incarnation = true, .found_by = "one epoch is ordered for two" } },
    { "expiry that starts a server",             false, false, 0, { .epochs = 2, .expiry_starts = true } },
};
// clang-format on

static bool
explore(const struct run *run, bool deep, size_t *states)
{
    static struct search x;
    struct bounds b = run->b;
    if (deep && run->holds) {
        b.epochs = run->deep_epochs;
        b.crashes = b.record ? 0 : 1;
    }
    x = (struct search){0};
    search_open(&x, &b);
    first_world(&x);
    for (x.head = 0; x.head < x.count && !x.violated; x.head++)
        expand(&x, x.head);

    bool broken = x.broken != NULL && (b.found_by == NULL || strcmp(x.broken, b.found_by) != 0);
    bool as_expected =
        x.violated != run->holds && !broken && (b.found_by == NULL) == (x.broken == NULL);
    printf("%s %s: %zu states, %llu transitions, %s\n", as_expected ? "ok  " : "FAIL", run->title,
           x.count, (unsigned long long)x.transitions,
           x.broken != NULL ? x.broken
           : x.violated     ? "two exporters"
                            : "holds");
    fflush(stdout);
    *states += x.violated ? 0 : x.count;
    if (x.violated && (run->holds || broken || getenv("BATON_TRACE") != NULL))
        print_trace(&x, x.count - 1);
    search_close(&x);
    return as_expected;
}

/* explore [--long] [TITLE]: every run, or those whose title begins so. */
int
main(int argc, char **argv)
{
    bool deep = argc > 1 && strcmp(argv[1], "--long") == 0;
    const char *title = argc > 1 + deep ? argv[1 + deep] : "";
    bool good = true;
    size_t states = 0, ran = 0;
    for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
        if ((!deep && runs[i].deep) || strncmp(runs[i].title, title, strlen(title)) != 0)
            continue;
        good = explore(&runs[i], deep, &states) && good;
        ran++;
    }
    if (ran == 0) {
        fprintf(stderr, "explore: no run of this form begins with '%s'\n", title);
        return 2;
    }
    if (!good) {
        printf("a run went otherwise than it should\n");
        return 1;
    }
    printf("%zu states without a violation in %ld s of one core\n", states,
           (long)(clock() / CLOCKS_PER_SEC));
    return 0;
}
