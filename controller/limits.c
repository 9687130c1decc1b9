#include "controller/engine_state.h"

#include "common/log.h"
#include "controller/core/line.h"

#include <stdio.h>
#include <stdlib.h>

/* A tenant's verification policy: an object of the store under its hash. The tenant names the one for
 * its next plan; what people signed names its own. */

bool
room_limits(struct engine *e, const struct room *room, struct limits *ret_limits)
{
    const struct plan *plan = &room->t.plan;
    struct baton_err err = {.status = BATON_OK};
    struct baton_sig sig;
    uint8_t *text = NULL;
    size_t len = 0;
    if (!room->t.plan_known)
        return false;
    if (!baton_hash_is_zero(&plan->limits) &&
        !journal_object_get(e, &plan->limits, &text, &len, &sig))
        return false;
    enum baton_status rc = limits_of_plan(plan, text, len, &e->p.digest, ret_limits, &err);
    free(text);
    if (rc != BATON_OK)
        log_warn("limits", "tenant=\"%s\" %s", room->t.info.name, err.text);
    return rc == BATON_OK;
}

static void
new_plan_needed(struct engine_call *c, const struct room *room)
{
    const struct line_names names = {room->t.info.name, "", ""};
    struct line l;
    call_fail(c, BATON_REFUSED, "",
              "the frozen plan of the open cutover names its verification policy: another one "
              "needs a new plan");
    line_start(&l, c->problem.next, sizeof c->problem.next);
    line_template(
        &l,
        "baton cutover abandon TENANT --reason TEXT; then the policy, then a cutover that "
        "plans anew",
        &names);
}

static bool
limits_wish(struct engine_call *c, const struct room *room)
{
    struct limits limits;
    struct baton_err err = {.status = BATON_OK};
    if (room->t.cutover_open && !baton_hash_is_zero(&room->t.cutover.plan))
        new_plan_needed(c, room);
    else if (c->len > LIMITS_BYTES_MAX)
        call_fail(c, BATON_MALFORMED, "baton policy check FILE", "a policy has at most %d bytes",
                  LIMITS_BYTES_MAX);
    else if (c->len > 0 &&
             limits_read((const char *)c->bytes, c->len, PRESET_PARITY, &limits, &err) != BATON_OK)
        call_fail(c, err.status, "baton policy check FILE", "%s", err.text);
    return c->problem.status == BATON_OK;
}

void
call_tenant_limits(struct engine *e, struct engine_call *c)
{
    struct room *room = room_find(e, &c->tenant);
    struct baton_hash hash = {{0}};
    char what[AUDIT_TEXT_BYTES], hex[2 * BATON_HASH_BYTES + 1];
    if (!limits_wish(c, room))
        return;
    if (c->len > 0) {
        e->p.digest.sha256(e->p.digest.ctx, c->bytes, c->len, &hash);
        journal_object(e, &hash, c->bytes, c->len, NULL);
    }
    room->t.info.limits = hash;
    baton_hex(hash.b, sizeof hash.b, hex);
    snprintf(what, sizeof what, "verification policy: %s",
             c->len > 0 ? hex : "none, the preset of the path counts");
    call_tenant_record(e, c, room, c->len > 0 ? &hash : NULL, what);
}
