#include <string.h>

#include "agent.h"
#include "agent/adapters/process.h"
#include "common/log.h"

enum {
    TICK_MS = 500,        /* a live grant ends by the clock */
    BOOT_HOLD_MS = 60000, /* what boot cannot reach in this time is reached with the network */
    WAIT_MAX_MS = 60000,
    DIAL_MS = 1000, /* the bus opens a refused connection again when it is asked */
};

/* The plan's policy once there is one; before that the preset of this kind of host. */
int64_t
agent_policy(const struct agent *a, enum policy_id id)
{
    if (a->member.plan_known)
        return a->member.plan.policy.v[id];
    struct policy preset;
    policy_preset(a->member.lab_host ? PRESET_LAB : PRESET_PRODUCTION, &preset);
    return preset.v[id];
}

void
agent_fail(struct agent *a, enum baton_status status, const struct baton_err *err)
{
    if (a->end == AGENT_FAILS)
        return;
    a->end = AGENT_FAILS;
    a->err = *err;
    a->err.status = status;
    log_error("agent.stop", "%s", err->text);
}

/* A service moved on a guarded server: native calls say within moments whether it runs, and collectors
 * may take half a minute. They are asked again after that. */
static void
look_at_once(struct agent *a)
{
    const struct promise *p = &a->member.promise;
    if (!p->armed || p->holding)
        return;
    if (collect_give_up(&a->collect, &a->host))
        log_debug("observe.given_up", "a service moved");
    a->observe_first = true;
}

/* What a guard's own acts look like: words for no alarm. */
static bool
goes_down(const struct host_completion *n)
{
    const struct host_service *s = &n->u.service[0];
    return n->notice == NOTICE_SERVICE && n->count > 0 && s->start == START_DISABLED &&
           (s->state == SVC_STOPPED || s->state == SVC_STOPPING);
}

static void
notice(struct agent *a, const struct host_completion *n)
{
    struct member_event ev = agent_event(MEMBER_NOTICE);
    if (n->notice == NOTICE_WATCH_BROKEN)
        collect_watch_broke(&a->collect);
    log_debug("notice", "%s", n->err.text);
    ev.notice = (uint8_t)n->notice;
    ev.note = n->err.text[0] == '\0' || goes_down(n) ? NULL : n->err.text;
    agent_step(a, &ev);
    a->observe_whole = true;
    if (n->notice == NOTICE_SERVICE)
        look_at_once(a);
}

void
agent_take_host(struct agent *a)
{
    struct host_completion done;
    while (agent_runs(a) && a->host.next(a->host.ctx, &done)) {
        if (done.ticket == 0)
            notice(a, &done);
        else if (!act_take(a, &done) && !settings_take(a, &done) && !review_answered(a, &done))
            (void)observe_take(a, &done);
        a->host.release(a->host.ctx, &done);
    }
}

static void
tick(struct agent *a, uint64_t now_ms)
{
    if (a->member.promise.grant != GRANT_LIVE || now_ms < a->tick_due_ms)
        return;
    struct member_event ev = agent_event(MEMBER_TICK);
    agent_step(a, &ev);
    a->tick_due_ms = now_ms + TICK_MS;
}

long
agent_wait_ms(const struct agent *a)
{
    bool dials = a->bus != NULL && !agent_bus_up(a->bus);
    uint64_t now = agent_now_ms(), until = now + (dials ? DIAL_MS : WAIT_MAX_MS);
    uint64_t due[] = {observe_next_ms(a),
                      a->bus == NULL ? UINT64_MAX : session_next_ms(a),
                      a->member.promise.grant == GRANT_LIVE ? a->tick_due_ms : UINT64_MAX,
                      later_next_ms(a),
                      a->bus == NULL ? UINT64_MAX : review_next_ms(a),
                      a->bus == NULL ? UINT64_MAX : rows_next_ms(a)};
    for (size_t i = 0; i < ARRAY_LEN(due); i++)
        if (due[i] < until)
            until = due[i];
    return until <= now ? 0 : (long)(until - now);
}

/* While the machine slept nobody watched, and no clock of ours ran: a grant may be over, a service may have
 * been started, and what was seen is of another day. As at boot, then. */
static void
asked(struct agent *a)
{
    if (!process_woke()) {
        a->end = AGENT_STOPS;
        return;
    }
    log_warn("run.resumed", "the machine has slept: beginning again as at boot");
    a->end = AGENT_RESTARTS;
}

/* --- before the network exists --- */

bool
agent_boot_settled(const struct agent *a)
{
    if (a->collect.whole_began_ms == 0 || a->act_ticket != 0 || a->collect.running)
        return false;
    return member_desire(&a->member) == DESIRE_AS_IS || a->reach.met || a->reach.draining;
}

void
agent_boot(struct agent *a, int stop_fd)
{
    uint64_t until = agent_now_ms() + BOOT_HOLD_MS;
    a->observe_whole = true;
    while (agent_runs(a) && !agent_boot_settled(a)) {
        observe_due(a);
        uint64_t now = agent_now_ms();
        long wait = agent_wait_ms(a);
        if (now >= until) {
            log_warn("boot.slow", "the services are not yet as they must be; going on reaching");
            return;
        }
        if ((uint64_t)wait > until - now)
            wait = (long)(until - now);
        zmq_pollitem_t p[2] = {
            {.fd = (zmq_fd_t)a->host.fd(a->host.ctx), .events = ZMQ_POLLIN},
            {.fd = (zmq_fd_t)stop_fd, .events = ZMQ_POLLIN},
        };
        if (zmq_poll(p, 2, wait) < 0 && zmq_errno() != EINTR)
            return;
        if (p[1].revents != 0)
            asked(a);
        agent_take_host(a);
    }
}

/* --- with it --- */

void
agent_do_due(struct agent *a)
{
    observe_due(a);
    session_time(a);
    tick(a, agent_now_ms());
    if (agent_now_ms() >= later_next_ms(a))
        later_flush(a);
}

void
agent_take_all(struct agent *a)
{
    agent_take_host(a);
    session_link(a);
    session_receive(a);
}

/* Once around: what is due, then whatever comes within most_ms. */
void
agent_turn(struct agent *a, int stop_fd, long most_ms)
{
    agent_do_due(a);
    long wait = agent_wait_ms(a);
    zmq_pollitem_t items[AGENT_BUS_ITEMS + 2];
    agent_bus_poll(a->bus, items);
    items[AGENT_BUS_ITEMS] =
        (zmq_pollitem_t){.fd = (zmq_fd_t)a->host.fd(a->host.ctx), .events = ZMQ_POLLIN};
    items[AGENT_BUS_ITEMS + 1] = (zmq_pollitem_t){.fd = (zmq_fd_t)stop_fd, .events = ZMQ_POLLIN};
    if (zmq_poll(items, AGENT_BUS_ITEMS + 2, wait < most_ms ? wait : most_ms) < 0)
        return; /* a signal: the stop descriptor says whether it is for us */
    if (items[AGENT_BUS_ITEMS + 1].revents != 0)
        asked(a);
    agent_take_all(a);
}

void
agent_loop(struct agent *a, int stop_fd)
{
    struct member_event boot = agent_event(MEMBER_BOOT);
    agent_step(a, &boot);
    while (agent_runs(a)) {
        agent_turn(a, stop_fd, WAIT_MAX_MS);
        status_write(a);
    }
    if (a->end != AGENT_FAILS)
        later_flush(a);
}
