#include <string.h>

#include "agent.h"
#include "agent/adapters/history_copies.h"
#include "common/log.h"

enum { UNREACHABLE_RETRY_MS = 250 };

/* How often collectors run: fastest while something waits for them. */
static uint64_t
whole_every_ms(const struct agent *a)
{
    const struct member *m = &a->member;
    bool waits = m->promise.grant == GRANT_LIVE || m->watch.challenged || m->watch.fence_open ||
                 a->reach.draining || (member_desire(m) != DESIRE_AS_IS && !a->reach.met);
    if (waits)
        return (uint64_t)agent_policy(a, POLICY_OBSERVE_T2_GRANT_MS);
    return (uint64_t)agent_policy(a, a->busy ? POLICY_OBSERVE_T2_MS : POLICY_OBSERVE_T2_REST_MS);
}

static uint64_t
whole_due_ms(const struct agent *a)
{
    return a->collect.whole_began_ms + whole_every_ms(a);
}

uint64_t
observe_next_ms(const struct agent *a)
{
    if (a->collect.running)
        return UINT64_MAX; /* answers wake us */
    if (a->observe_whole || a->observe_native)
        return 0;
    uint64_t whole = whole_due_ms(a);
    return whole < a->native_due_ms ? whole : a->native_due_ms;
}

/* The server that exported when this was planned, unless that is this one. */
static const char *
account_host(const struct agent *a)
{
    const struct plan *p = &a->member.plan;
    if (!a->member.plan_known || baton_key_eq(&p->member[p->holder].key, &a->identity.sign_key))
        return "";
    return p->member[p->holder].host;
}

void
observe_due(struct agent *a)
{
    uint64_t now = agent_now_ms();
    if (a->collect.running || now < observe_next_ms(a))
        return;
    bool whole = a->observe_whole || a->collect.whole_began_ms == 0 || now >= whole_due_ms(a);
    if (a->observe_first && a->collect.whole_began_ms != 0)
        whole = false;
    a->observe_first = false;
    if (whole)
        a->observe_whole = false;
    a->observe_native = false;
    a->native_due_ms = now + (uint64_t)agent_policy(a, POLICY_OBSERVE_T1_MS);
    struct collect_round round = {.whole = whole,
                                  .now_ms = now,
                                  .now_unix_ms = agent_unix_ms(),
                                  .prereq = a->prereq,
                                  .limit_ms = (uint64_t)agent_policy(a, POLICY_STEP_MS),
                                  .heavy_ms = (uint64_t)agent_policy(a, POLICY_OBSERVE_T2_MS)};
    collect_watch_account(&a->collect, account_host(a));
    collect_begin(&a->collect, &round);
    observe_pump(a);
}

/* Another boot, another machine, or none at all: what was decided at the start holds no longer. */
static bool
same_machine(struct agent *a)
{
    const struct machine *kept = &a->member.promise.machine, *now = &a->collect.machine;
    if (a->collect.host_gone) {
        log_warn("observe.host_gone", "the server does not answer");
        a->end = AGENT_RESTARTS;
        return false;
    }
    if (!a->collect.machine_known)
        return true;
    if (baton_id_eq(&kept->boot, &now->boot) && baton_id_eq(&kept->generation, &now->generation) &&
        baton_id_eq(&kept->guid, &now->guid) && baton_id_eq(&kept->disk, &now->disk))
        return true;
    log_warn("observe.machine", "the machine was started again, copied or reverted");
    a->end = AGENT_RESTARTS;
    return false;
}

static void
remember(struct agent *a)
{
    uint8_t now[COLLECT_MEMORY_BYTES];
    size_t len = collect_remember(&a->collect, now);
    if (len == a->memory_len && memcmp(now, a->memory, len) == 0)
        return;
    memcpy(a->memory, now, len);
    a->memory_len = len;
    later_observed(a, now, len);
}

static void
tool_notice(struct agent *a)
{
    struct member_event ev = agent_event(MEMBER_NOTICE);
    ev.notice = NOTICE_PROCESS;
    ev.note = a->collect.wizard_note[0] == '\0' ? NULL : a->collect.wizard_note;
    bool whole = a->observe_whole;
    agent_step(a, &ev);
    a->observe_whole = whole; /* this is the observation */
}

static void
observed(struct agent *a)
{
    struct facts facts;
    struct member_event ev = agent_event(MEMBER_OBSERVED);
    collect_facts(&a->collect, ev.now_ms, ev.now_unix_ms, &facts, &ev.began_ms);
    log_debug("observe.done", "whole=%d took_ms=%llu", a->collect.whole,
              (unsigned long long)(ev.now_ms - a->collect.began_ms));
    if (!same_machine(a))
        return;
    facts_set_digest(&facts, DIGEST_AGENT_TABLE, &a->table);
    review_facts(a, &facts);
    if (a->collect.tool_started)
        tool_notice(a);
    ev.facts = &facts;
    a->observed_ms = ev.now_ms;
    if (agent_runs(a))
        agent_step(a, &ev);
    if (agent_runs(a) && a->collect.whole)
        remember(a);
    if (!a->collect.whole && collect_file_waits(&a->collect)) /* no more often than native calls */
        a->observe_whole = true;
    if (agent_runs(a))
        act_reach(a);
    session_report(a, false);
    if (agent_runs(a))
        review_consider(a);
}

/* A service that must not run does: the guard knows that before the rest of the round is there, and the rest
 * may hang. What it rests its evidence on stays what only a whole round says. */
static void
see_services(struct agent *a)
{
    struct facts facts;
    struct member_event ev = agent_event(MEMBER_OBSERVED);
    bool guards =
        member_forbids_services(&a->member) || member_desire(&a->member) == DESIRE_STOPPED_NOW;
    if (!guards || !collect_services_known(&a->collect) || !reach_unfenced(&a->collect))
        return;
    collect_so_far(&a->collect, ev.now_ms, &facts, &ev.began_ms);
    facts_set_digest(&facts, DIGEST_AGENT_TABLE, &a->table);
    ev.facts = &facts;
    agent_step(a, &ev);
    act_guard(a);
}

/* A service has moved since this round asked: the next one begins as soon as this has heard of them. */
static void
hurry(struct agent *a)
{
    if (!a->observe_first || !collect_services_known(&a->collect))
        return;
    a->observe_whole = a->observe_whole || a->collect.whole;
    (void)collect_give_up(&a->collect, &a->host);
}

void
observe_pump(struct agent *a)
{
    collect_pump(&a->collect, &a->host, agent_now_ms());
    if (collect_over(&a->collect))
        observed(a);
}

/* The product purges its history after a week; what facts rested on is asked for later. */
static void
keep_history(const struct agent *a, const struct host_completion *done)
{
    char folder[SETUP_PATH_BYTES];
    struct baton_err err = {0};
    enum baton_status rc = setup_path(a->setup->dir, SETUP_RUN_HISTORIES, folder, &err);
    if (rc == BATON_OK)
        rc = history_copy_keep(folder, &a->collect.facts.digest[DIGEST_RUNS], done->text,
                               done->text_len, &err);
    if (rc != BATON_OK)
        log_warn("observe.copy", "%s", err.text);
}

bool
observe_take(struct agent *a, const struct host_completion *done)
{
    const struct facts *f = &a->collect.facts;
    bool known = f->digest_known[DIGEST_RUNS];
    struct baton_hash before = f->digest[DIGEST_RUNS];
    if (!collect_take(&a->collect, done, agent_now_ms()))
        return false;
    /* only the answer that is a run history moves its digest */
    if (f->digest_known[DIGEST_RUNS] &&
        (!known || !baton_hash_eq(&before, &f->digest[DIGEST_RUNS])))
        keep_history(a, done);
    if (done->op == HOST_SERVICES) {
        see_services(a);
        hurry(a);
    }
    observe_pump(a);
    return true;
}
