#include "book.h"

#include <string.h>

/* ---- names ------------------------------------------------------------------------------------- */

struct epoch
book_epoch(unsigned run, unsigned counter)
{
    struct epoch e = toy_epoch(counter);
    e.incarnation.b[0] = (uint8_t)(e.incarnation.b[0] + run);
    return e;
}

unsigned
book_run_of(const struct epoch *e)
{
    struct epoch first = toy_epoch(0);
    return (unsigned)(e->incarnation.b[0] - first.incarnation.b[0]) % BOOK_RUNS;
}

/* Not a digest: whoever holds it finds the word again. */
struct baton_hash
book_evidence_hash(enum toy_member m, const struct epoch *e, size_t recipient, bool ever_exported)
{
    struct baton_hash h = {{0xe1, (uint8_t)m, (uint8_t)book_run_of(e), (uint8_t)e->counter,
                            (uint8_t)recipient, ever_exported}};
    return h;
}

static struct baton_id
nonce_of(unsigned number)
{
    struct baton_id id = toy_id(0x77);
    id.b[0] = (uint8_t)number;
    id.b[1] = (uint8_t)(number >> 8);
    return id;
}

static size_t
recipient_index(const struct baton_key *key)
{
    struct baton_key new_key = toy_member_key(TOY_NEW);
    return baton_key_eq(key, &new_key) ? TOY_NEW : TOY_OLD;
}

/* ---- one event --------------------------------------------------------------------------------- */

static struct authority_input
input_of(struct book *b, enum authority_event ev)
{
    struct authority_input in = {.event = ev,
                                 .now_ms = 1, /* its clock stands: everything is fresh */
                                 .incarnation = book_epoch(b->run, 0).incarnation,
                                 .plan = toy_plan(),
                                 .plan_hash = toy_plan_hash()};
    for (size_t i = 0; i < TOY_MEMBERS; i++)
        in.nonce[i] = nonce_of(++b->nonces);
    return in;
}

static void
send_fence(struct book *b, const char **ret_broken)
{
    uint8_t *named = &b->named[b->run][b->a.epoch.counter];
    uint8_t bit = recipient_index(&b->a.recipient) == TOY_NEW ? BOOK_NAMES_NEW : BOOK_NAMES_OLD;
    if (b->a.phase == AUTH_ADOPTING)
        bit = BOOK_ADOPTS;
    if (*named != 0 && *named != bit)
        *ret_broken = "one epoch is ordered for two";
    *named |= bit;
}

static void
send_challenges(struct book *b, bool void_first)
{
    for (size_t i = 0; i < b->a.member_count; i++)
        if (void_first ? baton_key_eq(&b->a.member[i].key, &b->a.recipient)
                       : (b->a.challenge_mask >> i & 1) != 0)
            b->challenge[i] =
                (struct sent_challenge){true, void_first, b->a.epoch, b->a.member[i].nonce};
}

static void
send_grant(struct book *b, const char **ret_broken)
{
    size_t to = recipient_index(&b->a.recipient), other = to == TOY_OLD ? TOY_NEW : TOY_OLD;
    if (b->a.recovering || b->a.reconcile)
        *ret_broken = "a grant leaves a record that is not sure";
    if (!authority_complete(&b->a))
        *ret_broken = "a grant leaves without everybody's evidence";
    BATON_ASSERT(b->grant_count < GRANTS_MAX);
    b->grant[b->grant_count++] =
        (struct sent_grant){b->a.epoch, (uint8_t)to, b->a.serial, b->a.member[other].evidence};
}

static void
send_orders(struct book *b, uint32_t effects, const char **ret_broken)
{
    if ((effects & AUTH_FX_STATUS) != 0)
        for (size_t i = 0; i < b->a.member_count; i++)
            b->status[i] = b->a.member[i].status_nonce;
    if ((effects & AUTH_FX_FENCE) != 0)
        send_fence(b, ret_broken);
    if ((effects & (AUTH_FX_CHALLENGE | AUTH_FX_VOID)) != 0)
        send_challenges(b, (effects & AUTH_FX_VOID) != 0);
    if ((effects & AUTH_FX_GRANT) != 0)
        send_grant(b, ret_broken);
}

static bool
take(struct book *b, const struct authority_input *in, const char **ret_broken)
{
    const struct authority_row *row;
    uint32_t effects, news;
    struct authority next = b->a;
    if (authority_step(&next, in, &row, &effects, &news) != BATON_OK ||
        next.epoch.counter > b->epochs || next.serial > b->serials || b->grant_count == GRANTS_MAX)
        return false;
    b->a = next;
    send_orders(b, effects, ret_broken);
    return true;
}

bool
book_step(struct book *b, enum authority_event ev, enum toy_member recipient,
          const char **ret_broken)
{
    struct authority_input in = input_of(b, ev);
    in.recipient = toy_member_key(recipient);
    return take(b, &in, ret_broken);
}

/* The evidence of a word is known by what it is about; of the others only that they are there. */
bool
book_hears(struct book *b, enum toy_member m, const char **ret_broken)
{
    const struct statement_head *h = &b->word[m].head;
    struct statement s = {.type = h->type,
                          .tenant = toy_tenant(),
                          .member = toy_member_key(m),
                          .epoch = h->epoch,
                          .asked = h->asked,
                          .recipient = h->recipient,
                          .nonce = h->nonce,
                          .counter = h->counter,
                          .kind = h->kind,
                          .holding = h->holding,
                          .tombstone = h->tombstone,
                          .ever_exported = h->ever_exported,
                          .retired = h->retired,
                          .armed = h->armed,
                          .holding_epoch = h->holding_epoch,
                          .grant = h->grant,
                          .serial = h->serial,
                          .quarantine = h->quarantine,
                          .refusal = h->refusal};
    struct authority_input in = input_of(b, AUTH_EV_SAID);
    in.said = &s;
    in.said_hash =
        h->type == SAY_EVIDENCE
            ? book_evidence_hash(m, &h->epoch, recipient_index(&h->recipient), h->ever_exported)
            : (struct baton_hash){{0xff, h->type}};
    return take(b, &in, ret_broken);
}

void
book_keep_word(struct book *b, enum toy_member m, const struct statement *s)
{
    b->word[m] = (struct heard_word){.there = true,
                                     .head = {.type = s->type,
                                              .kind = s->kind,
                                              .grant = s->grant,
                                              .quarantine = s->quarantine,
                                              .refusal = s->refusal,
                                              .holding = s->holding,
                                              .tombstone = s->tombstone,
                                              .ever_exported = s->ever_exported,
                                              .retired = s->retired,
                                              .armed = s->armed,
                                              .epoch = s->epoch,
                                              .asked = s->asked,
                                              .holding_epoch = s->holding_epoch,
                                              .recipient = s->recipient,
                                              .nonce = s->nonce,
                                              .counter = s->counter,
                                              .serial = s->serial}};
}

/* ---- runs of the controller -------------------------------------------------------------------- */

void
book_open(struct book *b, unsigned epochs, unsigned serials)
{
    memset(b, 0, sizeof *b);
    b->epochs = epochs;
    b->serials = serials;
    b->a.tenant = toy_tenant();
}

/* What is not in the row's bytes is gone. */
static struct authority
read_again(const struct authority *row)
{
    uint8_t bytes[AUTHORITY_BYTES_MAX];
    struct authority a;
    enum baton_status rc = authority_decode(bytes, authority_encode(row, bytes), &a);
    BATON_ASSERT(rc == BATON_OK);
    return a;
}

void
book_begins_again(struct book *b, const struct authority *row, bool same_incarnation, bool asks)
{
    const char *broken = NULL;
    b->a = read_again(row);
    b->run = (uint8_t)(same_incarnation ? b->run : b->run + 1);
    if (asks)
        (void)book_step(b, AUTH_EV_START, TOY_OLD, &broken);
    else /* as if what was asked once had been asked by this run */
        b->a.asked_ms = 1;
}

/* ---- orders ------------------------------------------------------------------------------------ */

struct order
book_fence(unsigned run, unsigned counter, unsigned bit)
{
    struct epoch e = book_epoch(run, counter);
    if (bit != BOOK_ADOPTS)
        return toy_fence(e, bit == BOOK_NAMES_NEW ? TOY_NEW : TOY_OLD);
    struct order o = toy_adopt(e);
    for (int who = 0; who < 2; who++) /* people who look at who exports say so a second time */
        o.approval[o.approval_count++] = toy_approval(VERB_ADOPT, (enum toy_person)who, TOY_OLD, e);
    return o;
}

struct order
book_challenge(const struct sent_challenge *c)
{
    struct order o = toy_challenge(c->epoch, 0);
    o.id = o.nonce = c->nonce;
    o.void_first = c->void_first;
    return o;
}

struct order
book_status(const struct baton_id *nonce)
{
    struct order o = toy_challenge((struct epoch){0}, 0);
    o.verb = ORDER_STATUS;
    o.id = o.nonce = *nonce;
    return o;
}

/* ---- what makes two books the same ------------------------------------------------------------- */

struct pile {
    uint8_t *out;
    size_t len;
};

static void
put(struct pile *p, const void *bytes, size_t n)
{
    BATON_ASSERT(p->len + n <= BOOK_ESSENCE_BYTES);
    memcpy(p->out + p->len, bytes, n);
    p->len += n;
}

static void
put_epoch(struct pile *p, const struct epoch *e)
{
    uint8_t two[] = {(uint8_t)e->counter, e->incarnation.b[0]};
    put(p, two, sizeof two);
}

static void
put_row(struct pile *p, const struct authority *a)
{
    uint8_t flags[] = {a->phase,          a->recovering,   a->reconcile,       a->ponr,
                       a->adopted,        a->member_count, (uint8_t)a->serial, a->asked_ms != 0,
                       a->recipient.b[0], a->holder.b[0]};
    put(p, flags, sizeof flags);
    put_epoch(p, &a->epoch);
    for (size_t i = 0; i < a->member_count; i++) {
        const struct authority_member *m = &a->member[i];
        uint8_t of[] = {m->kind,          m->accepted,           m->heard,          m->tamper_open,
                        m->ever_exported, m->challenged_ms != 0, m->holds.b[0] != 0};
        put(p, of, sizeof of);
        put(p, m->evidence.b, 6);
        put_epoch(p, &m->promise);
    }
}

static void
put_word(struct pile *p, const struct book *b, size_t m)
{
    const struct statement_head *h = &b->word[m].head;
    uint8_t of[] = {b->word[m].there,
                    h->counter > b->a.member[m].counter,
                    h->counter > b->kept.member[m].counter,
                    h->type,
                    h->kind,
                    h->grant,
                    h->holding,
                    h->ever_exported,
                    (uint8_t)h->serial,
                    h->recipient.b[0]};
    put(p, of, sizeof of);
    put_epoch(p, &h->epoch);
    put_epoch(p, &h->holding_epoch);
    put_epoch(p, &h->asked);
}

/* Nonces only tell which are the same. */
static void
put_nonces(struct pile *p, const struct book *b, const struct baton_id *open)
{
    enum { KINDS = 7 };
    struct baton_id all[KINDS * TOY_MEMBERS];
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        const struct baton_id of[KINDS] = {b->a.member[m].nonce,   b->a.member[m].status_nonce,
                                           b->challenge[m].nonce,  b->status[m],
                                           b->word[m].head.nonce,  open[m],
                                           b->kept.member[m].nonce};
        memcpy(&all[m * KINDS], of, sizeof of);
    }
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        uint8_t first = 0;
        while (!baton_id_eq(&all[first], &all[i]))
            first++;
        first = baton_id_is_zero(&all[i]) ? UINT8_MAX : first;
        put(p, &first, 1);
    }
}

size_t
book_essence(const struct book *b, const struct baton_id *open, uint8_t *out)
{
    struct pile p = {out, 0};
    uint8_t flags[] = {b->run, b->restarts, b->kept_there, b->restored, b->grant_count};
    put(&p, flags, sizeof flags);
    put(&p, b->named, sizeof b->named);
    put_row(&p, &b->a);
    if (b->kept_there)
        put_row(&p, &b->kept);
    for (size_t m = 0; m < TOY_MEMBERS; m++) {
        uint8_t of[] = {b->challenge[m].there, b->challenge[m].void_first};
        put(&p, of, sizeof of);
        put_epoch(&p, &b->challenge[m].epoch);
        put_word(&p, b, m);
    }
    for (size_t i = 0; i < b->grant_count; i++) {
        uint8_t of[] = {b->grant[i].recipient, (uint8_t)b->grant[i].serial};
        put(&p, of, sizeof of);
        put_epoch(&p, &b->grant[i].epoch);
        put(&p, b->grant[i].evidence.b, 6);
    }
    put_nonces(&p, b, open);
    return p.len;
}
