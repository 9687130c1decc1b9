#include "controller/engine_state.h"

#include <string.h>

/* What the new server's checks found, and people's signed words about it. Both are objects of the
 * store under their hash; what the workflow needs of them stands in the cutover. */

static void
findings_heard(struct engine *e, struct seat *seat, const struct baton_hash *hash)
{
    struct message m = {.type = MSG_HEARD};
    m.u.heard.statement = *hash;
    act_send(e, seat, &m);
}

/* A list that nobody reviews now is not heard: the agent says it again when somebody may. */
static bool
findings_wanted(const struct seat *seat)
{
    const struct tenant *t = &seat->room->t;
    return t->cutover_open && t->cutover.new_agent == seat->row.slot;
}

/* Whom the tenant's own policy asks for. Under limits that cannot be read, and of a rule that this
 * build does not know, anything may be true: then one person's word is not enough. */
static void
need_two(struct engine *e, const struct room *room, const struct findings *list,
         bool two[FINDINGS_SENT_MAX])
{
    struct limits limits;
    bool known = room_limits(e, room, &limits);
    for (size_t i = 0; i < list->count; i++) {
        const struct limit *limit = known ? limits_of(&limits, list->item[i].rule) : NULL;
        two[i] = limit == NULL || limit->second_person;
    }
}

static void
findings_take(struct engine *e, struct seat *seat, const struct msg_findings *f,
              const struct baton_hash *hash)
{
    struct findings list;
    struct tenant_event ev;
    struct problem problem;
    bool two[FINDINGS_SENT_MAX];
    event_init(e, &ev, TEV_FINDINGS);
    enum baton_status rc = findings_decode(f->bytes, f->len, &list, &ev.findings_more);
    if (rc != BATON_OK) { /* the codec let it through: only memory can fail here */
        journal_failed(e, rc, "findings");
        return;
    }
    ev.agent = seat->row.slot;
    need_two(e, seat->room, &list, two);
    ev.findings = &list;
    ev.findings_two = two;
    ev.findings_hash = *hash;
    journal_object(e, hash, f->bytes, f->len, NULL);
    room_step(e, seat->room, &ev, &(struct told){.actor = &seat->row.key}, &problem, NULL);
    findings_done(&list);
}

void
findings_message(struct engine *e, struct seat *seat, const struct message *m)
{
    const struct msg_findings *f = &m->u.findings;
    struct baton_hash hash;
    if (!findings_wanted(seat))
        return;
    e->p.digest.sha256(e->p.digest.ctx, f->bytes, f->len, &hash);
    if (!baton_hash_eq(&hash, &seat->room->t.cutover.review.findings)) {
        if (!bucket_take(&seat->findings, FINDINGS_BURST, FINDINGS_EVERY_MS, e->now_ms))
            return; /* said again later */
        findings_take(e, seat, f, &hash);
    }
    findings_heard(e, seat, &hash);
}

/* The person's word, as an object: rows of the review name its hash. */
void
findings_dispose(struct engine *e, struct engine_call *c, struct room *room)
{
    struct signed_disposition sd = {.sig = c->sig};
    struct tenant_event ev;
    struct baton_hash hash;
    if (disposition_decode(c->bytes, c->len, &sd.d) != BATON_OK) {
        call_fail(c, BATON_MALFORMED, "baton cutover dispose", "this is not a disposition");
        return;
    }
    if (!baton_id_eq(&sd.d.operator, & c->actor)) {
        call_fail(c, BATON_DENIED, "baton cutover dispose",
                  "a disposition is handed in by the person who signed it");
        return;
    }
    event_init(e, &ev, TEV_DISPOSED);
    ev.disposition = &sd;
    call_step(e, c, room, &ev, NULL);
    if (c->problem.status != BATON_OK)
        return;
    e->p.digest.sha256(e->p.digest.ctx, c->bytes, c->len, &hash);
    journal_object(e, &hash, c->bytes, c->len, &c->sig);
}
