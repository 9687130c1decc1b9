#include "reach.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"

static bool
is_off(const struct host_service *s)
{
    return s->start == START_DISABLED && s->start_registry == START_DISABLED;
}

static bool
not_disabled(const struct host_service *s)
{
    return !is_off(s);
}

static bool
not_stopped(const struct host_service *s)
{
    return s->state != SVC_STOPPED;
}

static bool
not_running(const struct host_service *s)
{
    return s->state != SVC_RUNNING || is_off(s);
}

/* The scheduler before the engine on the way down, after it on the way up. */
static const struct host_service *
pick_service(const struct collect *c, bool (*wrong)(const struct host_service *), bool engine_first)
{
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < c->service_count; i++)
            if (c->service[i].engine == (engine_first == (pass == 0)) && wrong(&c->service[i]))
                return &c->service[i];
    return NULL;
}

static const struct host_task *
pick_task(const struct collect *c, bool enabled)
{
    for (size_t i = 0; i < c->task_count; i++)
        if (c->task[i].enabled == enabled)
            return &c->task[i];
    return NULL;
}

static bool
ask(struct host_request *ret, enum host_op op, const char *name, uint64_t limit_ms)
{
    *ret = (struct host_request){.op = op, .limit_ms = (uint32_t)limit_ms};
    text_copy(ret->name, sizeof ret->name, name);
    return true;
}

static bool
ask_service(struct host_request *ret, enum host_op op, const struct host_service *s,
            uint64_t limit_ms)
{
    return s != NULL && ask(ret, op, s->name, limit_ms);
}

static bool
ask_task(struct host_request *ret, enum host_op op, const struct host_task *t, uint64_t limit_ms)
{
    return t != NULL && ask(ret, op, t->name, limit_ms);
}

/* A run counts as going on until a whole observation that began after the wish says otherwise; what
 * cannot be known is waited for as long as a run would be. */
static bool
drains(struct reach *r, const struct reach_view *v)
{
    if (r->desire != DESIRE_STOPPED || v->now_ms - r->since_ms >= v->drain_ms)
        return false;
    bool seen = v->collect->whole_began_ms >= r->since_ms;
    return !seen || !fact_is(&v->collect->facts, FACT_RUN_IN_PROGRESS, 0);
}

static bool
not_fenced(const struct host_service *s)
{
    return not_disabled(s) || not_stopped(s);
}

bool
reach_unfenced(const struct collect *c)
{
    return pick_service(c, not_fenced, true) != NULL;
}

/* At once: the engine, which exports, is done with before the scheduler is looked at. */
static bool
stop_now_request(const struct reach_view *v, struct host_request *ret)
{
    const struct host_service *s = pick_service(v->collect, not_fenced, true);
    if (s == NULL)
        return ask_task(ret, HOST_TASK_DISABLE, pick_task(v->collect, true), v->limit_ms);
    enum host_op op = not_disabled(s) ? HOST_SERVICE_DISABLE : HOST_SERVICE_STOP;
    return ask_service(ret, op, s, v->limit_ms);
}

static bool
stop_services(struct reach *r, const struct reach_view *v, struct host_request *ret)
{
    const struct collect *c = v->collect;
    if (ask_service(ret, HOST_SERVICE_DISABLE, pick_service(c, not_disabled, false), v->limit_ms))
        return true;
    const struct host_service *running = pick_service(c, not_stopped, false);
    r->draining = running != NULL && drains(r, v);
    return !r->draining && ask_service(ret, HOST_SERVICE_STOP, running, v->limit_ms);
}

static bool
stop_request(struct reach *r, const struct reach_view *v, struct host_request *ret)
{
    bool tasks_first = !r->task_failed;
    if (!tasks_first && stop_services(r, v, ret))
        return true;
    return ask_task(ret, HOST_TASK_DISABLE, pick_task(v->collect, true), v->limit_ms) ||
           (tasks_first && stop_services(r, v, ret));
}

static bool
start_request(const struct reach_view *v, struct host_request *ret)
{
    const struct collect *c = v->collect;
    return ask_service(ret, HOST_SERVICE_ENABLE, pick_service(c, not_running, true), v->limit_ms) ||
           ask_task(ret, HOST_TASK_ENABLE, pick_task(c, false), v->limit_ms);
}

static void
turn_to(struct reach *r, enum desire desire, uint64_t now_ms)
{
    bool same_drain = r->desire == DESIRE_STOPPED && desire == DESIRE_STOPPED;
    if (r->desire == desire || same_drain)
        return;
    r->desire = desire;
    r->since_ms = now_ms;
    r->not_before_ms = 0;
    r->met = r->draining = false;
}

enum reach_answer
reach_step(struct reach *r, enum desire desire, const struct reach_view *v,
           struct host_request *ret_request)
{
    turn_to(r, desire, v->now_ms);
    if (desire == DESIRE_AS_IS)
        return REACH_IDLE;
    if (v->collect->began_ms < r->acted_ms || v->now_ms < r->not_before_ms)
        return REACH_BLIND;
    r->draining = false;
    bool acts = desire == DESIRE_RUNNING       ? start_request(v, ret_request)
                : desire == DESIRE_STOPPED_NOW ? stop_now_request(v, ret_request)
                                               : stop_request(r, v, ret_request);
    r->met = !acts && !r->draining;
    r->on_task =
        acts && (ret_request->op == HOST_TASK_DISABLE || ret_request->op == HOST_TASK_ENABLE);
    if (acts)
        return REACH_ACTS;
    return r->draining ? REACH_DRAINS : REACH_MET;
}

void
reach_ended(struct reach *r, bool good, uint64_t now_ms)
{
    r->acted_ms = now_ms;
    if (r->on_task)
        r->task_failed = !good;
    r->not_before_ms = good ? 0 : now_ms + REACH_RETRY_MS;
}

void
reach_text(const struct host_request *request, char *out, size_t cap)
{
    snprintf(out, cap, "%s %s", host_op_name(request->op), request->name);
}
