/* agent.h: one agent in one process: what its files share.
 *
 * Shape      loop.c waits and keeps time; observe.c looks; act.c reaches; step.c decides, stores and
 *            only then lets words out; session.c speaks with the controller; settings.c moves the
 *            settings file. Everything runs in one thread.
 * Rule       Nothing is sent or done that is not stored. A store that fails ends the process.
 * Source     design 3; protocol 4, 6.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "agent/adapters/bus_zmq.h"
#include "agent/adapters/store_agent.h"
#include "agent/collectors/collect.h"
#include "agent/core/member.h"
#include "agent/later.h"
#include "agent/reach.h"
#include "agent/review.h"
#include "agent/rows.h"
#include "agent/settings.h"
#include "agent/setup.h"
#include "common/crypto/crypto.h"
#include "common/verify/limits_plan.h"
#include "proto/codec.h"

enum agent_end {
    AGENT_RUNS,
    AGENT_STOPS,    /* asked to */
    AGENT_RESTARTS, /* the machine is another one than at the start, or gone: begin at boot again */
    AGENT_FAILS,    /* err says why */
};

struct session {
    bool link, open;
    struct baton_id id, nonce;
    uint64_t out, in;
    uint64_t hello_due_ms; /* 0: none */
    uint32_t hellos;       /* without a WELCOME */
    uint64_t beat_ms;
    uint64_t refused_count;
    uint64_t unheard_due_ms; /* what was not heard is said again then; 0: all was */
    char trouble[128];       /* with the proxy, as last logged */
};

struct agent {
    const struct setup *setup;
    const struct digest_port *digest;
    struct crypto_identity identity;
    struct host_port host;
    struct agent_store *store;
    struct agent_bus *bus; /* NULL until the boot is over */
    struct member member;
    struct member_out out;
    bool limits_known;    /* else this server's checks say nothing */
    struct limits limits; /* of the plan */
    struct collect collect;
    struct reach reach;
    struct settings settings;
    struct review review;
    struct rows rows;
    struct prereq *prereq; /* NULL: its data cannot be read, and nothing is judged by them */
    struct session session;
    struct later later;
    struct baton_hash table; /* of the acceptance table */

    bool busy; /* ORDER_WATCH: the tempo of a cutover */
    bool observe_native, observe_whole;
    bool observe_first; /* native calls alone, before the whole */
    uint64_t native_due_ms, whole_due_ms, beat_due_ms, tick_due_ms;
    uint64_t observed_ms;
    uint32_t act_ticket; /* of the mutating request under way, 0 = none */
    struct host_request act;
    bool act_met;      /* the wish was proven and journaled */
    bool act_intended; /* a first step towards act_desire is on the record */
    enum desire act_desire;
    bool told_tamper; /* to the log */
    uint8_t told_quarantine, told_grant;
    bool starting; /* a used grant starts the services; kept over a restart */
    struct facts reported;
    uint64_t reported_ms;
    struct baton_hash status_hash; /* of the status file as last written */
    uint64_t status_ms;
    uint8_t memory[COLLECT_MEMORY_BYTES];
    size_t memory_len;

    enum agent_end end;
    struct baton_err err;
};

/* clock.c: the one real clock, of which a simulation puts its own in the place */
uint64_t agent_now_ms(void);
uint64_t agent_unix_ms(void);
int64_t agent_policy(const struct agent *a, enum policy_id id);
void agent_fail(struct agent *a, enum baton_status status, const struct baton_err *err);
static inline bool
agent_runs(const struct agent *a)
{
    return a->end == AGENT_RUNS;
}

/* step.c */
struct member_event agent_event(enum member_event_kind kind);
void agent_step(struct agent *a, const struct member_event *ev);
void agent_order(struct agent *a, const struct msg_order *order);
/* An order that does not touch authority is done: its answer is a STATUS. */
void agent_answer_order(struct agent *a, const struct baton_id *order);
void agent_send_unheard(struct agent *a);
void agent_journal(struct agent *a, enum journal_kind kind, const char *text);
bool agent_put(struct agent *a, const char *name, const void *bytes, size_t len);
/* The policy text beside the plan that is kept now: what this server is judged by from here on. */
void agent_take_limits(struct agent *a, const void *text, size_t len);
enum baton_status agent_reads_limits(const struct plan *p, const uint8_t *text, size_t len,
                                     const struct digest_port *dp, struct baton_err *err);
/* One transaction, with what waited for one; false: the store failed, and the agent ends. */
bool agent_begin(struct agent *a);
bool agent_commit(struct agent *a);

/* observe.c */
void observe_due(struct agent *a);
void observe_pump(struct agent *a);
bool observe_take(struct agent *a, const struct host_completion *done);
uint64_t observe_next_ms(const struct agent *a);

/* act.c */
void act_recall(struct agent *a);
void act_reach(struct agent *a);
void act_at_once(struct agent *a);
void act_guard(struct agent *a);
bool act_take(struct agent *a, const struct host_completion *done);

/* session.c */
void session_link(struct agent *a);
void session_receive(struct agent *a);
void session_time(struct agent *a);
void session_report(struct agent *a, bool beat);
bool session_send(struct agent *a, struct message *m);
uint64_t session_next_ms(const struct agent *a);

/* status.c: what `baton-agent status` shows, beside the database; nothing rests on it. */
void status_write(struct agent *a);
/* BATON_OK: nothing speaks against stopping the agent, to exchange its program say; BATON_REFUSED: it is in
 * the middle of a handoff. Safety does not hang on it: an agent that is stopped then keeps what it promised.
 * But while it is, nobody stands guard. */
enum baton_status may_stop(const char *dir, struct baton_err *err);
enum baton_status status_show(const char *dir, const char *output, struct baton_err *err);

/* loop.c: until end is set. stop_fd becomes readable when the process shall stop. */
void agent_boot(struct agent *a, int stop_fd);
void agent_turn(struct agent *a, int stop_fd, long most_ms);
void agent_loop(struct agent *a, int stop_fd);
/* What these are made of, for a loop that waits in another way. */
void agent_do_due(struct agent *a);
void agent_take_host(struct agent *a);
void agent_take_all(struct agent *a);      /* from the server, the link and the controller */
long agent_wait_ms(const struct agent *a); /* until something is due */
bool agent_boot_settled(const struct agent *a);

/* run.c: one life of the machine in pieces: its memory with guard_boot, before there is a bus; the bus; the
 * end. agent_new takes over identity. */
enum baton_status agent_new(const struct setup *setup, struct crypto_identity *identity,
                            struct agent **ret_agent, struct baton_err *err) BATON_MUST_USE;
enum baton_status agent_boot_memory(struct agent *a, const struct machine *machine,
                                    struct baton_err *err) BATON_MUST_USE;
enum baton_status agent_open_bus(struct agent *a, struct baton_err *err) BATON_MUST_USE;
void agent_close(struct agent **agent);

#endif
