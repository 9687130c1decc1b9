/* A copy of a server that runs besides: the machine with its services, or the agent's folder alone. */
#include "controller/adapters/door.h"
#include "controller/engine_state.h"
#include "sim.h"

enum { SEEN_LEAST_MS = 2000, SEEN_MOST_MS = 60000, STARTS_MS = 20000 };

/* Whoever has promised nothing yet is only watched: also the services of its copy stay as they are. */
static bool
watched_only(const struct node *n)
{
    return !n->was.known || (n->was.epoch.counter == 0 && !n->was.tombstone);
}

static void
copy_machine(struct node *of, bool told_apart)
{
    struct realm *r = of->realm;
    struct node *n = &r->node[TWIN];
    truth_copy(r, of->side, told_apart);
    n->own_server = true;
    n->start_ms = r->sim->now_ms + chance_between(&r->sim->later, 100, 900); /* as at every boot */
    r->twin.excused_until_ms = r->sim->now_ms + STARTS_MS;
}

bool
clone_make(struct sim *s, struct node *of)
{
    struct realm *r = of->realm;
    struct baton_err err;
    bool machine = chance_hits(&s->later, 800), told_apart = machine && chance_hits(&s->later, 600);
    uint64_t length = chance_between(&s->later, SEEN_LEAST_MS, SEEN_MOST_MS);
    if (r->twin.made || of->other_build)
        return false;
    BATON_ASSERT(r->door != NULL || door_new(&r->door, &err) == BATON_OK);
    node_clone(of, of->dir);
    r->node[TWIN].was = of->was;
    r->twin = (struct twin){.made = true,
                            .told_apart = told_apart,
                            .of_exporter = watched_only(of) || of->was.holding || of->was_able,
                            .until_ms = s->now_ms + length};
    r->reverted = true;
    if (machine)
        copy_machine(of, told_apart);
    sim_tell(s, of->name, "is copied, %s",
             told_apart ? "under a new generation id"
             : machine  ? "and looks the same"
                        : "as a folder on the same server");
    return true;
}

bool
clone_promised(const struct realm *r)
{
    return !r->twin.made || !r->twin.of_exporter ||
           (r->twin.told_apart && r->node[TWIN].promised.counter > 0);
}

bool
clone_stood_in(const struct realm *r)
{
    const struct node *twin = &r->node[TWIN];
    return r->twin.made && !r->twin.told_apart &&
           epoch_cmp(&twin->promised, &r->node[twin->side].promised) > 0;
}

void
clone_end(struct realm *r)
{
    struct node *twin = &r->node[TWIN];
    if (!r->twin.made || r->twin.over)
        return;
    r->twin.over = true;
    node_end(twin);
    if (twin->own_server)
        truth_do(r, (enum side)TWIN, "{\"id\":1,\"op\":\"power\",\"act\":\"off\"}");
}

/* "Switch one copy off, confirm the right one, start its agent anew." */
void
clone_people(struct realm *r)
{
    struct sim *s = r->sim;
    const struct site *st = site_of_people(s);
    struct node *right = &r->node[r->node[TWIN].side];
    if (r->twin.made && !r->twin.over && s->now_ms >= r->twin.until_ms)
        clone_end(r);
    if (!r->twin.over)
        return;
    const struct seat *seat = seat_find(st->engine, &right->sign_key);
    if (seat != NULL && seat->row.barred && people_confirm(r, right)) {
        sim_tell(s, "people", "%s is confirmed again, and starts anew", right->name);
        node_kill(right, chance_between(&s->later, 100, 2000));
    } else {
        people_readmit(r, right);
    }
}
