/* engine_world.h: an engine with a real store, real keys and real frames, and a bus that is a list.
 *
 * Shape      The store is SQLite behind a wrapper that can block, fail or end the process at the
 *            n-th commit. What the engine sends is encoded, decoded again and kept; what agents say
 *            goes through the codec too, so nothing here is a shorter way than the real one.
 * Threads    The engine runs on a thread of its own; everything here locks.
 */
#ifndef ENGINE_WORLD_H
#define ENGINE_WORLD_H

#include "common/crypto/crypto.h"
#include "common/token.h"
#include "controller/engine.h"
#include "controller/tenant_rows.h"
#include "proto/codec.h"
#include "store_through.h"

#include <pthread.h>

enum { WORLD_SENT_MAX = 512, WORLD_OPERATORS = 3 };

struct world_sent {
    struct baton_key to;
    struct message *m;
    bool taken;
};

struct world_door {
    unsigned tokens, agents, revoked, pages;
    struct baton_key last_token, last_agent, last_revoked;
    char last_page[AUDIT_TEXT_BYTES];
};

struct world_store { /* the wrapper */
    struct store_through through;
    bool open_tx;
    _Atomic unsigned commits;
    _Atomic unsigned fail_at, exit_at; /* commit number; 0: never */
    bool blocked, inside;              /* commit waits while blocked */
    _Atomic bool dies_after;           /* a commit: nothing that follows from it is done */
};

struct world {
    char dir[64], path[96];
    pthread_mutex_t lock;
    pthread_cond_t moved;
    struct crypto_identity controller;
    struct crypto_signer root, operator[WORLD_OPERATORS];
    struct baton_id operator_id[WORLD_OPERATORS];
    struct world_store store;
    struct world_door door;
    struct world_sent sent[WORLD_SENT_MAX];
    size_t sent_count;
    _Atomic bool deaf;                  /* nobody is connected */
    _Atomic uint64_t clock_ms, wall_ms; /* added to the real ones */
    struct engine *engine;
    pthread_t thread;
    bool running, joined;
    enum baton_status ended;
    struct baton_err end_err;
    struct baton_id tenant;
};

struct world_agent {
    struct world *w;
    struct crypto_identity id;
    struct baton_key one_time;
    struct baton_id session, tenant;
    uint64_t sequence, counter;
    struct baton_hash last;
    char host[NAME_BYTES];
    struct machine machine;
    struct facts facts;
    uint64_t receipt_size; /* what it says at HELLO */
    struct baton_hash receipt_root;
};

void world_init(struct world *w);
void world_done(struct world *w); /* removes its files */
/* Opens store and engine and runs it; again after world_stop: a restart on the same database. */
void world_start(struct world *w);
void world_stop(struct world *w);
void world_join(struct world *w); /* until the engine ends by itself */
void world_pause(unsigned ms);
/* First login, trust document, one tenant with the lab's policy. */
void world_setup(struct world *w);

struct engine_call *world_call_new(struct world *w, enum engine_call_kind kind);
/* Runs and checks the status; returns the call for its results. Free it. */
struct engine_call *world_call(struct world *w, struct engine_call *c, enum baton_status expected);

void agent_init(struct world_agent *a, struct world *w, const char *host);
void agent_done(struct world_agent *a);
void agent_token(struct world_agent *a, char role); /* asks the engine for one */
void agent_enrol(struct world_agent *a, bool accepted);
void agent_confirm(struct world_agent *a);
void agent_hello(struct world_agent *a);           /* and waits for the WELCOME */
void agent_join(struct world_agent *a, char role); /* all four */
/* Envelope filled in, encoded, decoded, fed over this transport key. */
void agent_send(struct world_agent *a, struct message *m);
void agent_send_over(struct world_agent *a, struct message *m, const struct baton_key *curve);
void agent_beat(struct world_agent *a);
void agent_report(struct world_agent *a);
struct statement agent_statement(struct world_agent *a, enum statement_type type);
/* Signs; the bytes lie in buf. */
struct signed_bytes agent_sign(struct world_agent *a, const struct statement *s,
                               uint8_t buf[STATEMENT_BYTES_MAX]);
void agent_say(struct world_agent *a, const struct statement *s);
/* Bytes that were made elsewhere: signed, then said or given as the answer to an order. */
void agent_say_bytes(struct world_agent *a, const uint8_t *bytes, size_t len);
void agent_answer_bytes(struct world_agent *a, const struct baton_id *order,
                        const struct baton_hash *order_hash, const uint8_t *bytes, size_t len);
void agent_answer(struct world_agent *a, const struct message *order, const struct statement *s);

/* The oldest message of this type to this agent that nobody took; waits up to 5 s. NULL: none. */
struct message *world_take(struct world *w, const struct world_agent *to, enum message_type type);
struct message *world_take_order(struct world *w, const struct world_agent *to,
                                 enum order_verb verb);
/* True when nothing of that kind comes within a moment. */
/* The same without waiting, of any type. */
struct message *world_next(struct world *w, const struct world_agent *to);
bool world_silent(struct world *w, const struct world_agent *to, enum message_type type);
uint64_t world_now_ms(struct world *w);
uint64_t world_unix_ms(struct world *w);
/* The tenant as a reader sees it. */
void world_tenant(struct world *w, struct tenant *ret_tenant);
/* Everything fed so far has been handled. */
void world_settle(struct world *w);

/* Every record of the log, through a store of its own. */
void world_read(struct world *w,
                bool (*visit)(void *arg, const struct audit_record *record, const uint8_t *bytes,
                              size_t len),
                void *arg);
/* Records of this type in the log, read through a store of its own. */
size_t world_records(struct world *w, enum audit_type type);
/* The index of this agent's statements has this counter. */
bool world_statement_known(struct world *w, const struct world_agent *a, uint64_t counter);
bool world_record_says(struct world *w, enum audit_type type, const char *text);

#endif
