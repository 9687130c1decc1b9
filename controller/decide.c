#include "controller/engine_state.h"

#include "common/log.h"

#include <string.h>

/* The rows of a tenant that one step may change, encoded; they live as long as the step. */
struct images {
    uint8_t authority[AUTHORITY_BYTES_MAX];
    uint8_t cutover[TENANT_ROW_BYTES_MAX];
    uint8_t tenant[SITE_ROW_BYTES_MAX];
    size_t authority_len, cutover_len, tenant_len;
    const struct audit_row *extra;
};

struct image { /* of the tenant's own row, before the step */
    uint8_t bytes[SITE_ROW_BYTES_MAX];
    size_t len;
};

void
event_init(struct engine *e, struct tenant_event *ev, enum tenant_event_kind kind)
{
    memset(ev, 0, sizeof *ev);
    ev->kind = kind;
    ev->now_ms = e->now_ms;
    ev->unix_ms = e->unix_ms;
    ev->incarnation = e->incarnation;
    ev->our_log_size = e->journal.log_size;
    ev->trust = e->trust_known ? &e->trust : NULL;
    e->p.random(e->p.ctx, ev->random_id.b, sizeof ev->random_id.b);
    e->p.random(e->p.ctx, ev->nonce, sizeof ev->nonce);
}

static size_t
room_encode(const struct room *room, uint8_t out[SITE_ROW_BYTES_MAX])
{
    struct tenant_row row;
    memset(&row, 0, sizeof row);
    row.info = room->t.info;
    row.cutover_open = room->t.cutover_open;
    row.cutover = room->t.cutover.id;
    row.plan = room->plan;
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        if (room->seat[i] != NULL)
            row.agent[i] = room->seat[i]->row.key;
    return tenant_row_encode(&row, out);
}

void
room_row(struct engine *e, const struct room *room, struct audit_record *r,
         uint8_t buf[SITE_ROW_BYTES_MAX])
{
    size_t len = room_encode(room, buf);
    journal_row(e, r, TABLE_TENANT, room->t.info.id.b, sizeof room->t.info.id.b, buf, len);
}

void
seat_report(struct engine *e, struct seat *seat)
{
    uint8_t row[TENANT_ROW_BYTES_MAX];
    size_t len = agent_view_encode(&seat->room->t.agent[seat->row.slot], row, sizeof row);
    journal_row(e, NULL, TABLE_REPORT, seat->row.key.b, sizeof seat->row.key.b, row, len);
    seat->stored_ms = e->now_ms;
}

/* A plan becomes an object when it is frozen: orders, approvals and the audit name its hash. */
static void
plan_freeze(struct engine *e, struct room *room)
{
    uint8_t bytes[PLAN_BYTES_MAX];
    size_t len = 0;
    enum baton_status rc = plan_encode(&room->t.plan, bytes, sizeof bytes, &len);
    BATON_ASSERT(rc == BATON_OK);
    e->p.digest.sha256(e->p.digest.ctx, bytes, len, &room->plan);
    journal_object(e, &room->plan, bytes, len, NULL);
}

/* What the record's hash of the dispositions is made of, so that each can be found by it. */
static void
dispositions_seal(struct engine *e, const struct room *room)
{
    struct baton_hash each[REVIEW_DISPOSITIONS_MAX], hash;
    size_t count = review_dispositions(&room->t.cutover.review, each);
    if (count == 0)
        return;
    dispositions_digest(each, count, &e->p.digest, &hash);
    journal_object(e, &hash, each, count * sizeof each[0], NULL);
}

static void
verification_seal(struct engine *e, const struct room *room)
{
    uint8_t bytes[VERIFICATION_BYTES_MAX];
    size_t len = verification_encode(&room->t.cutover.verification, bytes);
    struct baton_hash hash;
    e->p.digest.sha256(e->p.digest.ctx, bytes, len, &hash);
    journal_object(e, &hash, bytes, len, NULL);
    dispositions_seal(e, room);
}

static void
images_make(struct engine *e, struct room *room, const struct decision *d,
            const struct image *before, const struct audit_row *extra, struct images *im)
{
    const struct tenant *t = &room->t;
    im->authority_len = im->cutover_len = im->tenant_len = 0;
    im->extra = d->problem.status == BATON_OK ? extra : NULL;
    if (d->changed_authority)
        im->authority_len = authority_encode(&t->authority, im->authority);
    if (d->changed_cutover && !baton_id_is_zero(&t->cutover.id))
        im->cutover_len = cutover_encode(&t->cutover, im->cutover, sizeof im->cutover);
    if (d->effects & HFX_FREEZE_PLAN)
        plan_freeze(e, room);
    if (d->effects & (HFX_VERIFY | HFX_ACCEPT))
        verification_seal(e, room);
    size_t len = room_encode(room, im->tenant);
    if (len != before->len || memcmp(im->tenant, before->bytes, len) != 0)
        im->tenant_len = len;
}

static void
images_write(struct engine *e, const struct room *room, const struct images *im,
             struct audit_record *r)
{
    const struct tenant *t = &room->t;
    if (im->authority_len > 0)
        journal_row(e, r, TABLE_AUTHORITY, t->info.id.b, sizeof t->info.id.b, im->authority,
                    im->authority_len);
    if (im->cutover_len > 0)
        journal_row(e, r, TABLE_CUTOVER, t->cutover.id.b, sizeof t->cutover.id.b, im->cutover,
                    im->cutover_len);
    if (im->tenant_len > 0)
        journal_row(e, r, TABLE_TENANT, t->info.id.b, sizeof t->info.id.b, im->tenant,
                    im->tenant_len);
    if (im->extra != NULL)
        journal_row(e, r, (enum store_table)im->extra->table, im->extra->key, im->extra->key_len,
                    im->extra->value, im->extra->len);
}

static bool
images_any(const struct images *im)
{
    return im->authority_len + im->cutover_len + im->tenant_len > 0 || im->extra != NULL;
}

static void
note_record(const struct engine *e, const struct room *room, const struct decision_note *n,
            const struct baton_key *actor, struct audit_record *r)
{
    record_init(e, r, n->type, &room->t.info.id, actor);
    r->rule = n->rule;
    r->from = n->from;
    r->to = n->to;
    r->epoch = room->t.authority.epoch;
    if (!baton_id_is_zero(&room->t.cutover.id))
        r->cutover = room->t.cutover.id;
    record_text(r, "%s", n->text);
    for (uint8_t i = 0; i < n->ref_count; i++)
        record_ref(r, &n->ref[i]);
}

/* The images go into the first record of the step. State that moved without a note still gets one:
 * no record, no action. */
static uint64_t
decision_record(struct engine *e, struct room *room, const struct decision *d,
                const struct images *im, const struct told *told)
{
    struct audit_record r;
    uint64_t seq = 0;
    bool placed = !images_any(im);
    if (told->record != NULL) {
        images_write(e, room, im, told->record);
        seq = journal_record(e, told->record);
        placed = true;
    } else if (!placed && d->note_count == 0) {
        struct decision_note n = {.type = AUDIT_MOVED,
                                  .from = room->t.cutover.state,
                                  .to = room->t.cutover.state,
                                  .text = "what is known of this tenant changed"};
        note_record(e, room, &n, told->actor, &r);
        images_write(e, room, im, &r);
        seq = journal_record(e, &r);
    }
    for (uint8_t i = 0; i < d->note_count; i++) {
        if (told->record != NULL && d->note[i].type == told->record->type)
            continue; /* said already, with more */
        note_record(e, room, &d->note[i], told->actor, &r);
        if (!placed)
            images_write(e, room, im, &r);
        placed = true;
        uint64_t at = journal_record(e, &r);
        seq = seq == 0 ? at : seq;
        log_info("tenant.note", "tenant=\"%s\" type=%s rule=%u why=\"%s\"", room->t.info.name,
                 audit_type_name(r.type), (unsigned)r.rule, r.text);
    }
    return seq;
}

/* A member that answered for the first time in this run frees the orders that waited for it. */
static void
pump_room(struct engine *e, struct room *room)
{
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        if (room->seat[i] != NULL && room->seat[i]->pending > 0)
            act_pump(e, room->seat[i]);
}

static bool
outbox_full(const struct room *room)
{
    return room->outbox_rows >= OUTBOX_ROWS_MAX - OUTBOX_RESERVE;
}

/* People's wishes make orders; with an outbox that nobody empties they are put off, never dropped. */
static bool
outbox_refuses(const struct room *room, const struct tenant_event *ev, struct problem *ret_problem)
{
    bool wish = ev->kind == TEV_CREATE || ev->kind == TEV_APPROVAL ||
                (ev->kind == TEV_VERB && ev->verb != HEV_HOLD && ev->verb != HEV_ABANDON);
    if (!outbox_full(room) || !wish)
        return false;
    memset(ret_problem, 0, sizeof *ret_problem);
    ret_problem->status = BATON_LIMIT;
    strcpy(ret_problem->title, "too many orders of this tenant wait for its agents");
    strcpy(ret_problem->who, "whoever runs the tenant's servers");
    strcpy(ret_problem->next, "baton agent list: bring the agents back online, then repeat");
    return true;
}

static void
outbox_hold(struct engine *e, struct room *room)
{
    if (!outbox_full(room) || room->full_told)
        return;
    room->full_told = true;
    struct audit_record r;
    record_init(e, &r, AUDIT_ALARM, &room->t.info.id, &e->p.public_key);
    record_text(&r, "the outbox of this tenant is full: on hold until its agents answer");
    journal_record(e, &r);
    act_page(e, &room->t.info.id, r.text);
    if (!room->t.cutover_open)
        return;
    struct tenant_event ev;
    event_init(e, &ev, TEV_VERB);
    ev.verb = HEV_HOLD;
    strcpy(ev.text, "the outbox is full");
    room_step(e, room, &ev, &(struct told){.actor = &e->p.public_key}, NULL, NULL);
}

/* No row says it, so that readers of the rows are told. */
static void
room_tell(struct engine *e, const struct room *room, const struct authority_run *before)
{
    struct authority_run now = authority_run_of(&room->t.authority);
    if (!authority_run_eq(&now, before))
        act_tell(e, room);
}

void
room_step(struct engine *e, struct room *room, struct tenant_event *ev, const struct told *told,
          struct problem *ret_problem_or_null, uint64_t *ret_seq_or_null)
{
    struct problem full;
    if (outbox_refuses(room, ev, &full)) {
        if (ret_problem_or_null != NULL)
            *ret_problem_or_null = full;
        return;
    }
    struct image before;
    before.len = room_encode(room, before.bytes);
    bool unsure = room->t.authority.recovering || room->t.authority.reconcile;
    struct authority_run run = authority_run_of(&room->t.authority);
    struct decision d;
    tenant_step(&room->t, ev, &e->p.digest, &d);

    struct images im;
    images_make(e, room, &d, &before, told->row, &im);
    uint64_t seq = decision_record(e, room, &d, &im, told);
    if (d.changed_agent && room->seat[d.agent] != NULL)
        seat_report(e, room->seat[d.agent]);
    orders_issue(e, room, &d);
    room_tell(e, room, &run);
    if (d.page)
        act_page(e, &room->t.info.id, d.page_text);
    if (unsure) /* what had to wait may leave now */
        pump_room(e, room);
    room->due_ms = d.due_ms;
    if (ret_problem_or_null != NULL)
        *ret_problem_or_null = d.problem;
    if (ret_seq_or_null != NULL)
        *ret_seq_or_null = seq;
    outbox_hold(e, room);
}

static bool
room_due(const struct engine *e, const struct room *room)
{
    uint64_t every = room->t.cutover_open ? ROOM_CLOCK_MS : ROOM_REST_MS;
    return e->now_ms - room->clock_ms >= every || (room->due_ms != 0 && room->due_ms <= e->now_ms);
}

void
room_clock(struct engine *e)
{
    for (size_t i = 0; i < e->room_count; i++) {
        struct room *room = e->room[i];
        if (!room_due(e, room))
            continue;
        room->clock_ms = e->now_ms;
        struct tenant_event ev;
        event_init(e, &ev, TEV_CLOCK);
        room_step(e, room, &ev, &(struct told){.actor = &e->p.public_key}, NULL, NULL);
        if (room->due_ms != 0 && room->due_ms <= e->now_ms)
            room->due_ms = e->now_ms + ROOM_CLOCK_MS; /* a past wish must not spin */
    }
}
