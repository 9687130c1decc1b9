#include <stdlib.h>

#include "agent.h"
#include "common/log.h"

/* Under the name of what it was for: a person looks for that. */
static void
tell_proof(const struct agent *a, enum desire desire, const char *words)
{
    if (desire == DESIRE_RUNNING)
        log_info("grant.done", "sync services are %s", words);
    else if (desire == DESIRE_AS_IS)
        log_info("act.proof", "sync services are %s", words);
    else if (a->member.promise.tamper_open)
        log_warn("guard.stopped", "sync services are %s", words);
    else
        log_info("fence.done", "sync services are %s", words);
}

static void
journal_proof(struct agent *a, enum desire desire)
{
    static const char *const words[] = {[DESIRE_AS_IS] = "as it is",
                                        [DESIRE_STOPPED] = "stopped and disabled",
                                        [DESIRE_STOPPED_NOW] = "stopped and disabled",
                                        [DESIRE_RUNNING] = "enabled and running"};
    if (a->act_met)
        return;
    a->act_met = true;
    a->act_intended = false;
    tell_proof(a, desire, words[desire]);
    agent_journal(a, JOURNAL_PROOF, words[desire]);
}

/* The first step towards a wish is durable before it is done. The others follow from the same wish, and
 * from the promise behind it: they wait for company, or the engine would outlive a disk's flush each. */
static void
journal_intent(struct agent *a, enum desire desire, const char *text)
{
    bool first = !a->act_intended || a->act_desire != desire;
    a->act_intended = true;
    a->act_desire = desire;
    agent_journal(a, JOURNAL_INTENT, text);
    if (first)
        later_flush(a);
}

static void
submit(struct agent *a, enum desire desire, const struct host_request *request)
{
    char text[STEP_TEXT_BYTES];
    struct baton_err err;
    reach_text(request, text, sizeof text);
    a->act_met = false;
    journal_intent(a, desire, text);
    if (!agent_runs(a))
        return;
    log_info("act.intent", "%s", text);
    a->act = *request;
    enum baton_status rc = a->host.submit(a->host.ctx, request, &a->act_ticket, &err);
    if (rc != BATON_OK) {
        a->act_ticket = 0;
        reach_ended(&a->reach, false, agent_now_ms());
        log_warn("act.submit", "%s: %s", text, err.text);
    }
}

static void
set_starting(struct agent *a, bool starting)
{
    if (a->starting == starting)
        return;
    a->starting = starting;
    later_starting(a, starting); /* the intent that follows makes it durable */
}

void
act_recall(struct agent *a)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (agent_store_get(a->store, "starting", &bytes, &len, NULL) == BATON_OK)
        a->starting = len == 1 && bytes[0] == 1;
    free(bytes);
}

/* The member's wish to run is met for it by the first service that runs. Ours ends when all do, over
 * every restart in between; only a holder may still want it. */
static enum desire
act_desire(struct agent *a)
{
    enum desire desire = member_desire(&a->member);
    bool holds = a->member.promise.holding && !a->member.promise.tombstone;
    if (desire == DESIRE_RUNNING)
        set_starting(a, true);
    else if (desire != DESIRE_AS_IS || !holds)
        set_starting(a, false);
    return a->starting ? DESIRE_RUNNING : desire;
}

static enum reach_answer
next_step(struct agent *a, enum desire desire)
{
    struct reach_view view = {.collect = &a->collect,
                              .now_ms = agent_now_ms(),
                              .drain_ms = (uint64_t)agent_policy(a, POLICY_DRAIN_MS),
                              .limit_ms = (uint64_t)agent_policy(a, POLICY_STEP_MS)};
    struct host_request request;
    enum reach_answer answer = reach_step(&a->reach, desire, &view, &request);
    if (answer == REACH_ACTS)
        submit(a, desire, &request);
    return answer;
}

static bool
may_act(const struct agent *a)
{
    return agent_runs(a) && a->act_ticket == 0 && !a->collect.running;
}

/* An observation is complete. */
void
act_reach(struct agent *a)
{
    if (!may_act(a))
        return;
    enum desire desire = act_desire(a);
    if (next_step(a, desire) != REACH_MET)
        return;
    set_starting(a, false);
    journal_proof(a, desire);
}

/* An order may have changed the wish: what was seen last says what to do first. That the wish is met
 * only an observation after it can say. */
void
act_at_once(struct agent *a)
{
    if (may_act(a) && a->collect.whole_began_ms != 0)
        (void)next_step(a, act_desire(a));
}

static bool
is_task(enum host_op op)
{
    return op == HOST_TASK_DISABLE || op == HOST_TASK_ENABLE;
}

/* In the middle of a round: a service that must not run does, and that is enough to know. A Task Scheduler that
 * does not answer keeps nobody from stopping it. */
void
act_guard(struct agent *a)
{
    if (!agent_runs(a) || act_desire(a) != DESIRE_STOPPED_NOW)
        return;
    if (a->act_ticket == 0)
        (void)next_step(a, DESIRE_STOPPED_NOW);
    else if (is_task(a->act.op))
        a->host.cancel(a->host.ctx, a->act_ticket);
}

/* What was asked before the act says nothing of what is so after it. */
static void
look_again(struct agent *a)
{
    bool whole = a->collect.running && a->collect.whole;
    a->observe_native = true;
    if (!collect_give_up(&a->collect, &a->host))
        return;
    a->observe_whole = a->observe_whole || whole;
    a->observe_first = true;
}

bool
act_take(struct agent *a, const struct host_completion *done)
{
    if (a->act_ticket == 0 || done->ticket != a->act_ticket)
        return false;
    char text[STEP_TEXT_BYTES];
    reach_text(&a->act, text, sizeof text);
    bool good = done->status == BATON_OK;
    a->act_ticket = 0;
    reach_ended(&a->reach, good, agent_now_ms());
    if (good)
        log_info("act.effect", "%s", text);
    else if (a->member.promise.tamper_open)
        log_error("guard.failed", "%s: %s", text, done->err.text);
    else
        log_warn("act.failed", "%s: %s", text, done->err.text);
    agent_journal(a, JOURNAL_EFFECT, good ? text : done->err.text);
    look_again(a); /* whatever was answered */
    return true;
}
