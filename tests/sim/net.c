/* The network: frames in flight, connections that break, and what may go wrong with both. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

enum {
    LATENCY_LEAST_MS = 1,
    LATENCY_MOST_MS = 20,
    KEPT_MAX = 128,
    REDIAL_MS = 500,
    FLIGHTS_MAX = 65536
};

static struct frame
frame_copy(const uint8_t *bytes, size_t len)
{
    struct frame f = {malloc(len), len};
    BATON_ASSERT(f.bytes != NULL);
    memcpy(f.bytes, bytes, len);
    return f;
}

static void
fly(struct net *net, const struct flight *f)
{
    BATON_ASSERT(net->count < FLIGHTS_MAX);
    if (net->count == net->cap) {
        net->cap = net->cap == 0 ? 64 : net->cap * 2;
        net->item = realloc(net->item, net->cap * sizeof *net->item);
        BATON_ASSERT(net->item != NULL);
    }
    net->item[net->count++] = *f;
}

static void
keep(struct net *net, const struct flight *f)
{
    struct flight *place;
    if (net->kept == NULL) {
        net->kept = calloc(KEPT_MAX, sizeof *net->kept);
        BATON_ASSERT(net->kept != NULL);
    }
    place = &net->kept[net->kept_at++ % KEPT_MAX];
    free(place->frame.bytes);
    *place = *f;
    place->connection = 0;
    place->frame = frame_copy(f->frame.bytes, f->frame.len);
    if (net->kept_count < KEPT_MAX)
        net->kept_count++;
}

static void
replay(struct sim *s)
{
    struct net *net = &s->net;
    if (net->kept_count == 0 || !fault_comes(s, &s->wire, FAULT_REPLAY))
        return;
    struct flight f = net->kept[chance_below(&s->wire, net->kept_count)];
    f.frame = frame_copy(f.frame.bytes, f.frame.len);
    f.due_ms = s->now_ms + chance_between(&s->wire, 1, 1000);
    f.order = ++s->order;
    fly(net, &f);
}

/* When it arrives: in order, unless something happens to it. */
static uint64_t
arrival(struct sim *s, const struct flight *f)
{
    struct node *n = f->node;
    uint64_t *last = &s->net.last_due_ms[n->realm->index][n->side][f->to_site];
    uint64_t due = s->now_ms + chance_between(&s->wire, LATENCY_LEAST_MS, LATENCY_MOST_MS);
    if (fault_comes(s, &s->wire, FAULT_DELAY))
        due += chance_between(&s->wire, 100, 20000);
    if (due < n->clog_until_ms[f->to_site])
        due = n->clog_until_ms[f->to_site];
    if (fault_comes(s, &s->wire, FAULT_REORDER))
        return due + chance_between(&s->wire, 0, 3000);
    if (due < *last)
        due = *last;
    *last = due;
    return due;
}

/* As a build with other frames sends them; and what it is sent is to it what this is to us. */
static void
other_version(uint8_t *bytes)
{
    enum { AT_VERSION = 4, ANOTHER = 2 };
    bytes[AT_VERSION] = ANOTHER;
}

/* What such a connection carries keeps its order, and is late. */
static bool
straggles(struct sim *s, struct node *n)
{
    struct straggle *g = &n->straggle;
    if (!s->swarm.on[FAULT_STRAGGLE])
        return false;
    if (g->connection != n->connection && g->due_ms < s->now_ms &&
        fault_comes(s, &s->later, FAULT_STRAGGLE))
        *g = (struct straggle){.connection = n->connection,
                               .left = (unsigned)chance_between(&s->later, 1, 6),
                               .at_site = n->at_site,
                               .runs = s->site[n->at_site].runs,
                               .due_ms = s->now_ms + chance_between(&s->later, 5000, 60000)};
    return g->connection == n->connection;
}

static void
straggle(struct sim *s, struct flight *f)
{
    struct straggle *g = &f->node->straggle;
    f->straggles = true;
    f->due_ms = g->due_ms > s->now_ms ? g->due_ms++ : s->now_ms + 1;
    f->order = ++s->order;
    fly(&s->net, f);
    if (--g->left == 0) /* nothing has answered for too long */
        net_break(s, f->node, false);
}

void
net_send(struct sim *s, struct node *n, bool to_site, const uint8_t *bytes, size_t len,
         const char *label)
{
    struct flight f = {.to_site = to_site, .node = n, .connection = n->connection};
    uint64_t silent = to_site ? n->silent_out_until_ms : n->silent_in_until_ms;
    enum { SIGNATURE_AT = 19, SIGNATURE_SEEN = 8 }; /* it speaks for every other byte */
    s->tally.frames++;
    secret_look(s, label, bytes, len);
    sim_mix(s, bytes + SIGNATURE_AT, SIGNATURE_SEEN);
    snprintf(f.label, sizeof f.label, "%s", label);
    bool mute = s->over && to_site && sim_breaks(s, "mute-at-last");
    if (mute || silent > s->now_ms || fault_comes(s, &s->wire, FAULT_DROP)) {
        sim_tell(s, n->name, "%s %s is lost", to_site ? "->" : "<-", label);
        return;
    }
    f.frame = frame_copy(bytes, len);
    if (n->other_build)
        other_version(f.frame.bytes);
    if (to_site && straggles(s, n)) {
        straggle(s, &f);
        return;
    }
    f.due_ms = arrival(s, &f);
    f.order = ++s->order;
    keep(&s->net, &f);
    fly(&s->net, &f);
    if (fault_comes(s, &s->wire, FAULT_DUPLICATE)) {
        struct flight again = f;
        again.frame = frame_copy(f.frame.bytes, len);
        again.due_ms += chance_between(&s->wire, 0, 5000);
        again.order = ++s->order;
        fly(&s->net, &again);
    }
    replay(s);
}

static size_t
first_due(const struct net *net)
{
    size_t at = 0;
    for (size_t i = 1; i < net->count; i++) {
        const struct flight *a = &net->item[i], *b = &net->item[at];
        if (a->due_ms < b->due_ms || (a->due_ms == b->due_ms && a->order < b->order))
            at = i;
    }
    return at;
}

uint64_t
net_due(const struct sim *s)
{
    return s->net.count == 0 ? UINT64_MAX : s->net.item[first_due(&s->net)].due_ms;
}

static bool
arrives(const struct sim *s, const struct flight *f)
{
    const struct node *n = f->node;
    const struct site *st = &s->site[n->straggle.at_site];
    if (f->straggles)
        return st->engine != NULL && st->runs == n->straggle.runs;
    return n->connection != 0 && (f->connection == 0 || f->connection == n->connection);
}

static void
to_node(struct sim *s, struct flight *f)
{
    struct node *n = f->node;
    if (!n->up || n->inbox_count == INBOX_FRAMES_MAX)
        return;
    n->inbox[n->inbox_count++] = f->frame;
    f->frame.bytes = NULL;
    n->due_ms = s->now_ms;
}

void
net_deliver(struct sim *s)
{
    size_t at = first_due(&s->net);
    struct flight f = s->net.item[at];
    s->net.item[at] = s->net.item[--s->net.count];
    if (arrives(s, &f)) {
        struct site *st = &s->site[f.straggles ? f.node->straggle.at_site : f.node->at_site];
        uint32_t over = f.straggles ? f.connection : f.node->connection;
        sim_tell(s, f.node->name, "%s %s%s", f.to_site ? "->" : "<-", f.label,
                 f.straggles         ? " (late, over an older connection)"
                 : f.connection == 0 ? " (again, from long ago)"
                                     : "");
        if (!f.to_site)
            to_node(s, &f);
        else if (!site_frame(st, f.node, over, f.frame.bytes, f.frame.len))
            sim_tell(s, f.node->name, "-> %s is not let in", f.label);
    }
    free(f.frame.bytes);
}

/* --- connections -------------------------------------------------------------------------------- */

void
net_break(struct sim *s, struct node *n, bool told)
{
    if (n->connection == 0)
        return;
    n->connection = 0;
    n->redial_ms = s->now_ms + chance_between(&s->wire, REDIAL_MS / 2, REDIAL_MS * 4);
    node_link(n, false, false);
    if (told)
        site_lost(&s->site[n->at_site], n);
    sim_tell(s, n->name, "is cut off");
}

/* Where there are two controllers, whoever answers first. */
static struct site *
site_to_dial(struct sim *s)
{
    size_t first = chance_below(&s->wire, SITES);
    for (size_t i = 0; i < SITES; i++) {
        struct site *st = &s->site[(first + i) % SITES];
        if (st->engine != NULL && st->frozen_until_ms <= s->now_ms)
            return st;
    }
    return NULL;
}

void
net_dial(struct sim *s, struct node *n)
{
    struct site *st = site_to_dial(s);
    n->redial_ms = s->now_ms + chance_between(&s->wire, REDIAL_MS, REDIAL_MS * 3);
    bool silent = n->silent_in_until_ms > s->now_ms || n->silent_out_until_ms > s->now_ms;
    if (st == NULL || silent)
        return;
    if ((st->door[n->realm->index] & (1u << n->side)) == 0) {
        node_link(n, false, true);
        return;
    }
    n->at_site = st->index;
    n->connection = ++s->net.connections;
    node_link(n, true, false);
    sim_tell(s, n->name, "is connected");
}

void
net_close(struct sim *s)
{
    for (size_t i = 0; i < s->net.count; i++)
        free(s->net.item[i].frame.bytes);
    for (size_t i = 0; i < s->net.kept_count; i++)
        free(s->net.kept[i].frame.bytes);
    free(s->net.item);
    free(s->net.kept);
}
