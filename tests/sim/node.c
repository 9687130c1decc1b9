/* One agent: its life from boot to boot, and the bus under it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/run.h"
#include "common/text.h"
#include "lab/folder.h"
#include "life.h"

enum { BOOT_HOLD_MS = 60000, AGAIN_MS = 250, AFTER_FAILURE_MS = 5000 };

/* --- the clock under agent/ -------------------------------------------------------------------- */

uint64_t
agent_now_ms(void)
{
    return clock_mono(&sim_node->clock, sim_now->now_ms);
}

uint64_t
agent_unix_ms(void)
{
    return clock_wall(&sim_node->clock, sim_now->now_ms);
}

/* --- what host_open.c does with a real host ---------------------------------------------------- */

enum baton_status
host_open(const char *url, struct host_port *ret_port, struct baton_err *err)
{
    (void)url;
    (void)ret_port;
    return baton_fail(err, BATON_FAILED, "a simulated agent is given its host");
}

enum baton_status
host_ask(const struct host_port *host, const struct host_request *request,
         struct host_completion *ret_done, struct baton_err *err)
{
    (void)host;
    (void)request;
    (void)ret_done;
    return baton_fail(err, BATON_FAILED, "a simulated agent does not wait");
}

void
own_digest(struct baton_hash *ret_hash)
{
    memset(ret_hash, 0x5a, sizeof *ret_hash);
}

/* --- the bus under agent/ ---------------------------------------------------------------------- */

static struct agent_bus {
    int unused;
} the_bus;

enum baton_status
agent_bus_open(const struct agent_bus_options *options, struct agent_bus **ret_bus,
               struct baton_err *err)
{
    (void)options;
    (void)err;
    sim_node->bus_open = true;
    sim_node->redial_ms = sim_now->now_ms;
    *ret_bus = &the_bus;
    return BATON_OK;
}

static void
frame_drop(struct frame *f)
{
    free(f->bytes);
    *f = (struct frame){0};
}

static void
wire_forget(struct node *n)
{
    for (size_t i = 0; i < n->inbox_count; i++)
        frame_drop(&n->inbox[i]);
    frame_drop(&n->in_hand);
    n->inbox_count = n->link_count = 0;
    n->link_up = n->bus_open = false;
}

void
agent_bus_close(struct agent_bus **b)
{
    *b = NULL;
}

enum baton_status
agent_bus_send(struct agent_bus *b, const uint8_t *frame, size_t len)
{
    struct node *n = sim_node;
    enum message_type type = MSG_NONE;
    uint8_t key[KEY_ID_BYTES];
    (void)b;
    if (!node_port(n) || n->connection == 0)
        return BATON_UNREACHABLE;
    (void)codec_peek(frame, len, &type, key, NULL);
    net_send(n->sim, n, true, frame, len, message_type_name(type));
    return BATON_OK;
}

enum baton_status
agent_bus_recv(struct agent_bus *b, const uint8_t **ret_frame, size_t *ret_len)
{
    struct node *n = sim_node;
    (void)b;
    if (n->inbox_count == 0 || n->dying)
        return BATON_NOT_FOUND;
    frame_drop(&n->in_hand);
    n->in_hand = n->inbox[0];
    memmove(&n->inbox[0], &n->inbox[1], --n->inbox_count * sizeof n->inbox[0]);
    *ret_frame = n->in_hand.bytes;
    *ret_len = n->in_hand.len;
    return BATON_OK;
}

void
agent_bus_poll(const struct agent_bus *b, zmq_pollitem_t ret_items[AGENT_BUS_ITEMS])
{
    (void)b;
    memset(ret_items, 0, AGENT_BUS_ITEMS * sizeof ret_items[0]);
}

enum agent_bus_event
agent_bus_event(struct agent_bus *b)
{
    struct node *n = sim_node;
    (void)b;
    if (n->link_count == 0)
        return LINK_NOTHING;
    enum agent_bus_event e = (enum agent_bus_event)n->link[0];
    memmove(&n->link[0], &n->link[1], --n->link_count * sizeof n->link[0]);
    n->link_up = e == LINK_UP;
    return e;
}

bool
agent_bus_up(const struct agent_bus *b)
{
    (void)b;
    return sim_node->link_up;
}

const char *
agent_bus_trouble(const struct agent_bus *b)
{
    (void)b;
    return "";
}

const char *
agent_bus_event_name(enum agent_bus_event e)
{
    static const char *const names[] = {"nothing", "up", "down", "refused", "ended"};
    return names[e];
}

/* --- folders ------------------------------------------------------------------------------------ */

static void
life_dir(const struct node *n, unsigned life, char out[DIR_BYTES])
{
    snprintf(out, DIR_BYTES, "%.100s/agent-%zu-%s-%u", n->sim->dir, n->realm->index, n->name, life);
}

static void
dir_begin(struct node *n, unsigned life)
{
    life_dir(n, life, n->dir);
    n->life = life;
    text_copy(n->inside->setup.dir, sizeof n->inside->setup.dir, n->dir);
}

/* What lies on the disk at this instant: the next life begins with that. */
static void
freeze(struct node *n)
{
    char next[DIR_BYTES];
    life_dir(n, n->life + 1, next);
    if (sim_breaks(n->sim, "forgetful-agent")) {
        char first[DIR_BYTES];
        life_dir(n, 0, first);
        disk_copy(first, next);
        return;
    }
    disk_copy(n->dir, next);
}

/* --- lives -------------------------------------------------------------------------------------- */

static void
memory_make(struct node *n)
{
    struct agent_store *store = NULL;
    struct baton_err err;
    struct member *m = calloc(1, sizeof *m);
    BATON_ASSERT(m != NULL && mkdir(n->dir, 0700) == 0);
    member_init(m, &n->sign_key, &n->realm->id, &n->sim->root.key);
    BATON_ASSERT(life_machine(n, &m->promise.machine));
    BATON_ASSERT(agent_store_create(n->dir, &err) == BATON_OK);
    BATON_ASSERT(agent_store_open(n->dir, &store, &err) == BATON_OK);
    BATON_ASSERT(agent_store_begin(store, &err) == BATON_OK);
    BATON_ASSERT(agent_store_put_promise(store, &m->promise, &err) == BATON_OK);
    BATON_ASSERT(agent_store_commit(store, &err) == BATON_OK);
    agent_store_close(&store);
    free(m);
}

void
node_open(struct node *n, struct realm *r, enum side side)
{
    struct crypto_identity id;
    struct baton_err err;
    *n = (struct node){.sim = r->sim, .realm = r, .side = side};
    n->inside = calloc(1, sizeof *n->inside);
    BATON_ASSERT(n->inside != NULL);
    snprintf(n->name, sizeof n->name, "%s", side == OLD ? "OLD" : "NEW");
    n->clock = (struct machine_clock){r->sim->now_ms, 5000 + 1000 * (uint64_t)side, 0, 1000};
    chance_bytes(&n->seeds, sizeof n->seeds);
    BATON_ASSERT(crypto_identity_from_seeds(&n->seeds, &id, &err) == BATON_OK);
    n->sign_key = id.sign_key;
    n->curve_key = id.curve_key;
    n->box_key = id.box_key;
    crypto_identity_done(&id);
    dir_begin(n, 1);
    struct setup *setup = &n->inside->setup;
    setup->tenant = r->id;
    setup->controller_sign = r->sim->controller.sign_key;
    setup->controller_curve = r->sim->controller.curve_key;
    setup->root = r->sim->root.key;
    text_copy(setup->name, sizeof setup->name, n->name);
    text_copy(setup->address, sizeof setup->address, "sim");
    memory_make(n);
    n->start_ms = r->sim->now_ms;
    if (sim_breaks(r->sim, "forgetful-agent")) {
        char first[DIR_BYTES];
        life_dir(n, 0, first);
        disk_copy(n->dir, first);
    }
}

bool
node_there(const struct node *n)
{
    return n->inside != NULL;
}

void
node_clone(const struct node *of, const char *memory)
{
    struct node *n = &of->realm->node[TWIN];
    *n = (struct node){.sim = of->sim,
                       .realm = of->realm,
                       .side = of->side,
                       .seeds = of->seeds,
                       .sign_key = of->sign_key,
                       .curve_key = of->curve_key,
                       .box_key = of->box_key,
                       .clock = of->clock,
                       .start_ms = of->sim->now_ms};
    snprintf(n->name, sizeof n->name, "TWIN");
    n->inside = calloc(1, sizeof *n->inside);
    BATON_ASSERT(n->inside != NULL);
    n->inside->setup = of->inside->setup;
    dir_begin(n, 1);
    disk_copy(memory, n->dir);
}

enum side
node_server(const struct node *n)
{
    return n->own_server ? (enum side)TWIN : n->side;
}

static void
life_end(struct node *n, uint64_t down_ms)
{
    bool killed = n->dying;
    net_break(n->sim, n, true);
    agent_close(&n->inside->agent);
    if (!sim_breaks(n->sim, "leaks"))
        life_host_close(n);
    else
        (void)open("/dev/null", O_RDONLY | O_CLOEXEC);
    wire_forget(n);
    n->up = false;
    n->dying = false;
    n->kill_in = 0;
    n->start_ms = n->sim->now_ms + down_ms;
    if (killed) {
        struct baton_err err;
        BATON_ASSERT(folder_remove(n->dir, &err) == BATON_OK);
        dir_begin(n, n->life + 1);
    }
}

void
node_close(struct node *n)
{
    if (n->up)
        life_end(n, 0);
    free(n->inside);
}

static void
life_begin(struct node *n)
{
    struct crypto_identity id;
    struct baton_err err = {0};
    struct machine machine;
    if (!life_machine(n, &machine)) {
        if (!n->waits)
            sim_tell(n->sim, n->name, "its server has no power; waiting for it");
        n->waits = true;
        n->start_ms = n->sim->now_ms + AGAIN_MS;
        return;
    }
    n->waits = false;
    BATON_ASSERT(crypto_identity_from_seeds(&n->seeds, &id, &err) == BATON_OK);
    BATON_ASSERT(agent_new(&n->inside->setup, &id, &n->inside->agent, &err) == BATON_OK);
    n->inside->agent->host = life_host(n);
    n->up = n->inside->boots = true;
    if (agent_boot_memory(n->inside->agent, &machine, &err) != BATON_OK) {
        sim_tell(n->sim, n->name, "cannot start: %s", err.text);
        life_end(n, AFTER_FAILURE_MS);
        return;
    }
    sim_tell(n->sim, n->name, "starts, life %u, role=%s", n->life,
             promise_role(&n->inside->agent->member.promise));
    n->inside->agent->observe_whole = true;
    n->inside->boot_until_ms = agent_now_ms() + BOOT_HOLD_MS;
}

static void
boot_turn(struct node *n)
{
    struct agent *a = n->inside->agent;
    struct baton_err err;
    if (!agent_boot_settled(a) && agent_now_ms() < n->inside->boot_until_ms) {
        observe_due(a);
        agent_take_host(a);
        return;
    }
    BATON_ASSERT(agent_open_bus(a, &err) == BATON_OK);
    struct member_event boot = agent_event(MEMBER_BOOT);
    agent_step(a, &boot);
    n->inside->boots = false;
}

static void
run_turn(struct node *n)
{
    agent_do_due(n->inside->agent);
    if (agent_runs(n->inside->agent))
        agent_take_all(n->inside->agent);
}

static void
wait_next(struct node *n)
{
    const struct sim *s = n->sim;
    uint64_t wait = (uint64_t)agent_wait_ms(n->inside->agent);
    uint64_t rate = n->clock.rate_mille == 0 ? 1 : n->clock.rate_mille;
    wait = wait * 1000 / rate;
    if (wait > 60000)
        wait = 60000;
    n->due_ms = s->now_ms + (wait == 0 ? 1 : wait);
}

static void
after_turn(struct node *n)
{
    struct agent *a = n->inside->agent;
    if (n->dying) {
        uint64_t down = chance_between(&n->sim->crash, 50, 8000);
        if (fault_comes(n->sim, &n->sim->crash, FAULT_STORM))
            n->kill_in = 1 + (uint32_t)chance_below(&n->sim->crash, 30);
        uint32_t again = n->kill_in;
        life_end(n, down);
        n->kill_in = again;
        return;
    }
    if (agent_runs(a)) {
        wait_next(n);
        return;
    }
    if (a->end == AGENT_FAILS)
        sim_tell(n->sim, n->name, "ends: %s", a->err.text);
    life_end(n, a->end == AGENT_FAILS ? AFTER_FAILURE_MS : AGAIN_MS);
}

/* The worlds in which an agent remembers what it never promised. */
static void
break_promise(struct node *n)
{
    if (n->inside->agent == NULL)
        return;
    struct promise *p = &n->inside->agent->member.promise;
    if (sim_breaks(n->sim, "holds-unasked") && n->side == NEW && p->epoch.counter > 0 &&
        !p->holding) {
        p->holding = true;
        p->holding_epoch = p->epoch;
    }
    if (sim_breaks(n->sim, "way-back") && n->side == OLD && n->realm->new_exported)
        p->grant = GRANT_LIVE;
    if (sim_breaks(n->sim, "grant-again") && n->was.grant_used && p->grant == GRANT_USED)
        p->grant = GRANT_LIVE;
    if (sim_breaks(n->sim, "foreign-recipient") && p->epoch.counter > 0)
        p->recipient = n->sim->root.key;
}

bool
node_may_run(const struct node *n)
{
    return n->frozen_until_ms <= n->sim->now_ms;
}

void
node_turn(struct node *n)
{
    sim_node = n;
    n->running = true;
    if (n->inside->agent == NULL)
        life_begin(n);
    if (n->inside->agent != NULL) {
        if (n->inside->boots)
            boot_turn(n);
        else
            run_turn(n);
    }
    break_promise(n);
    n->running = false;
    if (n->inside->agent != NULL)
        after_turn(n);
    sim_node = NULL;
}

/* A kill inside a turn freezes the disk at that instant; what the dead program still does to its old folder
 * nobody reads. */
bool
node_port(struct node *n)
{
    if (n->dying)
        return false;
    if (n->kill_in == 0 || --n->kill_in > 0)
        return true;
    sim_tell(n->sim, n->name, "is killed inside a step");
    freeze(n);
    n->dying = true;
    return false;
}

void
node_kill(struct node *n, uint64_t down_ms)
{
    BATON_ASSERT(!n->running);
    if (n->inside->agent == NULL)
        return;
    sim_tell(n->sim, n->name, "is killed, down for %llu ms", (unsigned long long)down_ms);
    sim_node = n;
    life_end(n, down_ms);
    sim_node = NULL;
}

void
node_end(struct node *n)
{
    node_kill(n, 0);
    n->start_ms = UINT64_MAX;
}

static void
snapshot_dir(const struct node *n, char out[DIR_BYTES])
{
    snprintf(out, DIR_BYTES, "%.100s/snapshot-%zu-%s", n->sim->dir, n->realm->index, n->name);
}

void
node_snapshot(struct node *n)
{
    char dir[DIR_BYTES];
    struct baton_err err;
    snapshot_dir(n, dir);
    if (n->snapshot)
        BATON_ASSERT(folder_remove(dir, &err) == BATON_OK);
    disk_copy(n->dir, dir);
    truth_do(n->realm, n->side, "{\"id\":1,\"op\":\"snapshot\"}");
    n->snapshot = true;
}

void
node_revert(struct node *n, uint64_t down_ms)
{
    char dir[DIR_BYTES];
    struct baton_err err;
    snapshot_dir(n, dir);
    node_kill(n, down_ms);
    BATON_ASSERT(folder_remove(n->dir, &err) == BATON_OK);
    disk_copy(dir, n->dir);
    truth_do(n->realm, n->side, "{\"id\":1,\"op\":\"revert\"}");
    n->realm->reverted = true;
}

void
node_link(struct node *n, bool up, bool refused)
{
    if (n->link_count < LINK_EVENTS_MAX)
        n->link[n->link_count++] = up ? LINK_UP : refused ? LINK_REFUSED : LINK_DOWN;
    n->due_ms = n->sim->now_ms;
}

static bool
recipient_foreign(const struct realm *r, const struct baton_key *key)
{
    static const struct baton_key nobody;
    return !baton_key_eq(key, &nobody) && !baton_key_eq(key, &r->node[OLD].sign_key) &&
           !baton_key_eq(key, &r->node[NEW].sign_key);
}

void
node_see(const struct node *n, struct seen *ret_seen)
{
    *ret_seen = (struct seen){0};
    if (!n->up || n->dying)
        return;
    const struct promise *p = &n->inside->agent->member.promise;
    *ret_seen = (struct seen){.known = true,
                              .holding = p->holding,
                              .tombstone = p->tombstone,
                              .quarantined = p->quarantine != QUARANTINE_NONE,
                              .for_itself = baton_key_eq(&p->recipient, &n->sign_key),
                              .for_old = baton_key_eq(&p->recipient, &n->realm->node[OLD].sign_key),
                              .foreign = recipient_foreign(n->realm, &p->recipient),
                              .tamper_open = p->tamper_open,
                              .adopt = p->adopt,
                              .grant_live = p->grant == GRANT_LIVE,
                              .grant_used = p->grant == GRANT_USED,
                              .ever_exported = p->ever_exported,
                              .serial = p->serial,
                              .epoch = p->epoch,
                              .holding_epoch = p->holding_epoch};
}

bool
node_ready(const struct node *n)
{
    return n->up && !n->inside->boots;
}

/* What `baton-agent status` shows: the file that the agent writes of itself, now and not once a second. */
json_t *
node_status(struct node *n)
{
    char path[SETUP_PATH_BYTES];
    if (!node_ready(n) || setup_path(n->dir, SETUP_STATUS, path, NULL) != BATON_OK)
        return NULL;
    sim_node = n;
    n->inside->agent->status_ms = 0;
    status_write(n->inside->agent);
    sim_node = NULL;
    return json_load_file(path, 0, NULL);
}

void
node_identity(struct node *n, struct machine *ret_machine)
{
    BATON_ASSERT(life_machine(n, ret_machine));
}
