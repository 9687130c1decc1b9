/* engine_state.h: the inside of the engine, for the files that are one engine together.
 *
 * Shape      A room is a tenant in memory, a seat an enrolled agent in it. Inputs are handled one
 *            after the other on the engine's thread; what they write goes through the journal into
 *            one transaction, what they want done waits in `acts` until that is durable.
 * Errors     A failed write sticks in journal.rc: later writes do nothing, the batch is rolled back
 *            and the engine stops. So handlers need no error paths for storage.
 * Ownership  Rooms, seats and what hangs on them are the engine's.
 * Threads    The engine's thread, except queue.c and board.c.
 */
#ifndef BATON_ENGINE_STATE_H
#define BATON_ENGINE_STATE_H

#include "common/verify/limits_plan.h"
#include "controller/engine.h"
#include "controller/login.h"
#include "controller/tenant_rows.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    OUTBOX_ROWS_MAX = 1000,   /* a tenant */
    OUTBOX_RESERVE = 64,      /* of them for orders that finish what has begun */
    REFUSALS_BURST = 20,      /* audited refusals of one peer at once ... */
    REFUSAL_EVERY_MS = 10000, /* ... and then one in this time */
    WORDS_BURST = 256, /* statements of one agent at once, and then one in this time: far above */
    HELLOS_BURST = 30,
    HELLO_EVERY_MS = 2000,
    HEADS_KEPT = 64, /* what an agent's receipt speaks of, as a rule */
    BLOBS_BURST = 8, /* files of settings that one agent offers */
    BLOB_EVERY_MS = 60000,
    FINDINGS_BURST = 30, /* new lists of findings of one agent */
    FINDINGS_EVERY_MS = 20000,
    WORD_EVERY_MS = 250, /* what any handoff needs, far below what fills a disk */
    RESEND_FIRST_MS = 2000,
    RESEND_MOST_MS = 60000,
    CHECKPOINT_EVERY_MS = 60000,
    TICK_MS = 100, /* how often somebody looks at the clock */
    IDEMPOTENCY_MS = 24 * 3600 * 1000,
    ROOM_CLOCK_MS = 1000,   /* with an open cutover */
    ROOM_REST_MS = 30000,   /* without one */
    SEEN_STORED_MS = 60000, /* a beat reaches the report row this often */
    TOKENS_OPEN_MAX = 8192,
    QUEUE_RESERVE = 256, /* places that agents do not fill: people always get in */
};

struct bucket { /* how much of one kind a peer may still cause to be written */
    uint64_t at_ms;
    uint32_t spent, suppressed;
};

struct session {
    bool live, welcomed;
    bool fewer; /* its HELLO counts fewer statements than are known */
    struct baton_id id;
    uint64_t in, out; /* newest sequence of each direction */
    uint64_t heard_ms;
};

struct room {
    struct tenant t;
    uint64_t due_ms, clock_ms;
    uint32_t outbox_rows;
    bool full_told;                 /* the outbox is full and people know */
    struct baton_hash plan;         /* newest frozen; zero: none */
    struct seat *seat[MEMBERS_MAX]; /* as tenant.agent[] */
};

struct seat {
    struct agent_row row;
    struct room *room;
    struct session session;
    uint64_t counter;            /* highest in a statement of this agent */
    struct baton_hash statement; /* that statement */
    uint64_t stored_ms;          /* its report row was written */
    bool stored_past;            /* that row tells of another run: who was there, and when */
    uint64_t receipt_sent;       /* size of the newest checkpoint it was sent in this session */
    uint32_t pending;            /* its outbox rows */
    bool pump_waits;             /* the rows will be looked at after this commit */
    uint64_t sent_seq;           /* rows up to here were sent in this session */
    uint64_t resend_ms;          /* next time that all of them are */
    uint32_t resend_delay_ms;
    struct bucket refusals, words, alarms, hellos, blobs, findings;
    uint64_t session_told_ms; /* newest AUDIT_SESSION */
    uint64_t status_ms;       /* newest STATUS order of this run ... */
    bool status_waits;        /* ... and it is not answered yet */
};

struct one_time { /* an enrolment token that may still be used or asked about again */
    struct baton_key curve_key;
    struct token_row row;
};

struct login_entry {
    struct baton_hash key;
    struct login login;
};

struct act; /* what waits for the commit */

struct journal {
    bool open;
    bool critical; /* this batch must end with a signed checkpoint */
    enum baton_status rc;
    struct baton_err err;
    uint64_t log_size; /* records in the log, with those of this batch */
    uint32_t records;  /* of this batch */
};

struct log_head {
    uint64_t size;
    struct baton_hash root;
};

struct waiter;

enum input_kind { INPUT_CALL, INPUT_MESSAGE, INPUT_PEER };

struct input {
    enum input_kind kind;
    struct waiter *waiter;   /* CALL */
    struct message *message; /* MESSAGE */
    bool word_signed;        /* MESSAGE: the statement in it is signed by the frame's sender */
    struct baton_key key;    /* MESSAGE: curve key; PEER: signing key */
    enum engine_peer_event peer;
    char text[NOTE_BYTES];
};

struct waiter {
    struct engine_call *call;
    bool done;
    pthread_cond_t cond;
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct input *ring; /* ENGINE_QUEUE_MAX */
    size_t head, count;
    bool closed;
};

struct board_row {
    struct baton_id tenant;
    struct authority_run run;
};

struct board { /* by tenant id */
    pthread_mutex_t lock;
    struct board_row *row;
    size_t count, cap;
};

struct engine {
    struct engine_ports p;
    struct queue queue;
    struct board board;
    struct journal journal;
    struct act *acts, **acts_end;
    struct act *said; /* pages whose rows go with the next transaction */
    uint8_t page_number;
    struct input batch[ENGINE_BATCH_MAX];
    bool word_signed; /* of the input in hand */

    struct baton_id incarnation;
    uint64_t now_ms, unix_ms; /* of this batch */

    bool root_known, trust_known;
    struct baton_key root;
    struct trust_doc trust;
    struct signed_bytes trust_bytes; /* owned */

    struct room **room; /* by tenant id */
    size_t room_count, room_cap;
    struct seat **seat; /* by signing key */
    size_t seat_count, seat_cap;
    struct one_time *token;
    size_t token_count, token_cap;
    struct login_entry *login;
    size_t login_count, login_cap;

    struct checkpoint_row checkpoint;  /* newest, signed and durable */
    struct log_head heads[HEADS_KEPT]; /* the last that were signed in this run, round and round */
    uint64_t head_next;
    uint64_t checkpoint_ms, sweep_ms;
    struct bucket strangers; /* refusals of peers that are nobody ... */
    struct bucket callers;   /* ... and of people */
    uint64_t tick_ms;

    atomic_bool stop;
    _Atomic uint64_t started_unix_ms;
    _Atomic uint64_t batches, inputs, records, orders, refused, sent;
};

/* queue.c */
enum baton_status queue_init(struct queue *q, struct baton_err *err);
void queue_done(struct queue *q);
enum baton_status queue_put(struct queue *q, const struct input *in);
/* Waits until there is something or until_ms has come (CLOCK_MONOTONIC); takes at most max. */
size_t queue_take(struct queue *q, struct input *out, size_t max, uint32_t wait_ms);
/* Nothing more gets in; what waits is still taken. */
void queue_close(struct queue *q);
void queue_answer(struct queue *q, struct waiter *w);

/* board.c: what other threads may know of this run */
void board_init(struct board *b);
void board_done(struct board *b);
void board_put(struct board *b, const struct baton_id *tenant, const struct authority_run *run);

/* roster.c: who there is */
struct room *room_find(const struct engine *e, const struct baton_id *tenant);
struct room *room_add(struct engine *e, const struct baton_id *tenant); /* NULL: no memory */
struct seat *seat_find(const struct engine *e, const struct baton_key *key);
struct seat *seat_find_curve(const struct engine *e, const struct baton_key *curve_key);
struct seat *seat_add(struct engine *e, struct room *room, const struct agent_row *row);
struct one_time *token_find(const struct engine *e, const struct baton_key *curve_key);
struct one_time *token_add(struct engine *e, const struct baton_key *curve_key,
                           const struct token_row *row);
void token_drop(struct engine *e, struct one_time *token);
struct login_entry *login_add(struct engine *e, const struct baton_hash *key,
                              const struct login *login);
void roster_free(struct engine *e);

/* journal.c: one transaction */
void journal_begin(struct engine *e);
void record_init(const struct engine *e, struct audit_record *r, enum audit_type type,
                 const struct baton_id *tenant_or_null, const struct baton_key *actor);
void record_text(struct audit_record *r, const char *fmt, ...) BATON_PRINTF(2, 3);
void record_ref(struct audit_record *r, const struct baton_hash *hash);
/* The row is written now; with a record, its image goes into it: value must live until then. */
void journal_row(struct engine *e, struct audit_record *r_or_null, enum store_table table,
                 const void *key, size_t key_len, const void *value, size_t len);
void journal_drop(struct engine *e, struct audit_record *r_or_null, enum store_table table,
                  const void *key, size_t key_len);
void journal_object(struct engine *e, const struct baton_hash *hash, const void *bytes, size_t len,
                    const struct baton_sig *sig_or_null);
uint64_t journal_record(struct engine *e, struct audit_record *r);
/* malloc'd; false: not there (or the store failed, and the journal knows). */
bool journal_get(struct engine *e, enum store_table table, const void *key, size_t key_len,
                 uint8_t **ret_value, size_t *ret_len);
bool journal_object_get(struct engine *e, const struct baton_hash *hash, uint8_t **ret_bytes,
                        size_t *ret_len, struct baton_sig *ret_sig);
/* Whether a receipt of that size and root is of this log: for each agent, at every word. */
bool journal_had(struct engine *e, uint64_t size, const struct baton_hash *root);
void journal_failed(struct engine *e, enum baton_status rc, const char *doing);
/* Signs a checkpoint if one is due, then commits. Not open: nothing to do, BATON_OK. */
enum baton_status journal_commit(struct engine *e, struct baton_err *err);
void journal_rollback(struct engine *e);
/* One alarm about an agent: on the record, people are told; bounded like refusals. */
void journal_alarm(struct engine *e, struct seat *seat, const struct baton_hash *ref_or_null,
                   const char *text);
bool bucket_take(struct bucket *b, uint32_t burst, uint64_t every_ms, uint64_t now_ms);
/* One refusal: counted, and in the audit unless this peer has had too many. */
void journal_refusal(struct engine *e, struct bucket *b, const struct baton_id *tenant_or_null,
                     const struct baton_key *actor, const struct baton_hash *ref_or_null,
                     const char *text);

/* acts.c: what is done after the commit, in order */
void act_send(struct engine *e, struct seat *to, const struct message *m); /* payloads are copied */
void act_send_key(struct engine *e, const struct baton_key *to, const struct message *m);
void act_pump(struct engine *e, struct seat *seat); /* outbox rows that were not sent yet */
void act_allow_token(struct engine *e, const struct baton_key *curve, const struct token_row *row);
void act_receipt(struct engine *e, struct seat *seat); /* the newest checkpoint */
void act_allow_agent(struct engine *e, struct seat *seat);
void act_revoke(struct engine *e, const struct baton_key *curve);
void act_page(struct engine *e, const struct baton_id *tenant, const char *text);
void act_tell(struct engine *e, const struct room *room); /* the board */
/* Now: puts session, sequence and both ends into the envelope. */
bool seat_send(struct engine *e, struct seat *seat, struct message *m);
void acts_owed(struct engine *e); /* at the start: pages that an earlier run did not come to say */
void acts_settle(struct engine *e); /* before a batch: what was said is owed no longer */
void acts_run(struct engine *e);
void acts_drop(struct engine *e);

/* decide.c: tenant_step, and everything it decided */
struct told {                    /* what moved and why, for the records */
    struct audit_record *record; /* gets the images of the rows; NULL: the first note does */
    const struct baton_key *actor;
    const struct audit_row *row; /* another row to write unless the step refused; NULL: none */
};
void event_init(struct engine *e, struct tenant_event *ev, enum tenant_event_kind kind);
void room_step(struct engine *e, struct room *room, struct tenant_event *ev,
               const struct told *told, struct problem *ret_problem_or_null,
               uint64_t *ret_seq_or_null);
void room_row(struct engine *e, const struct room *room, struct audit_record *r,
              uint8_t buf[SITE_ROW_BYTES_MAX]);
void room_clock(struct engine *e);
void seat_report(struct engine *e, struct seat *seat); /* writes the report row */

/* orders.c */
void orders_issue(struct engine *e, struct room *room, const struct decision *d);
/* approval: what people signed about this very server; they may be none. */
void order_status(struct engine *e, struct seat *seat, const struct signed_approval *approval[],
                  size_t count, bool with_trust);
void orders_pump(struct engine *e, struct seat *seat, bool again);
/* A FENCE that waits for this member, when its recipient holds by now: again, with that one's word. */
void order_fence_back(struct engine *e, struct seat *seat);
void orders_resend(struct engine *e);
/* All of a seat's, when nobody will ever answer them: its key is revoked. */
void orders_forget(struct engine *e, struct seat *seat);
void orders_count(struct engine *e); /* at start: rows of each agent and tenant */
enum order_match { ORDER_OURS, ORDER_ANSWERED, ORDER_FOREIGN, ORDER_FORGED };
enum order_match order_answered(struct engine *e, struct seat *seat, const struct baton_id *order,
                                const struct baton_hash *hash, enum order_verb *ret_verb);

/* one handler per kind of input */
void session_message(struct engine *e, struct message *m, const struct baton_key *curve_key);
void session_peer(struct engine *e, const struct input *in);
void seat_bar(struct engine *e, struct seat *seat, const char *why);
void sessions_check(struct engine *e); /* who has fallen silent */
/* Written down, as what an agent should not have sent; declined, it is answered alone. */
void session_refuse(struct engine *e, struct seat *seat, enum baton_status rc,
                    const struct baton_id *order_or_null, const char *text);
void session_decline(struct engine *e, struct seat *seat, enum baton_status rc,
                     const struct baton_id *order_or_null, const char *text);
void enrol_message(struct engine *e, const struct message *m, const struct baton_key *curve_key);
void enrol_sweep(struct engine *e);
void call_token(struct engine *e, struct engine_call *c);
void call_confirm(struct engine *e, struct engine_call *c);
void call_revoke(struct engine *e, struct engine_call *c);
/* Checked where the message comes in, beside the writer thread: the slowest part of a statement. */
bool statement_signed(const struct engine *e, const struct message *m);
void statement_answer(struct engine *e, struct seat *seat, const struct message *m);
void statement_say(struct engine *e, struct seat *seat, const struct message *m);
void statement_report(struct engine *e, struct seat *seat, const struct message *m);
void blob_chunk(struct engine *e, struct seat *seat, const struct message *m);
void blob_want(struct engine *e, struct seat *seat, const struct message *m);
struct blob_bytes { /* malloc'd */
    uint8_t *bytes;
    size_t len;
};
/* The one whole blob of this sender, with its first piece. */
bool blob_newest(struct engine *e, const struct baton_key *sender, struct baton_hash *ret_hash,
                 struct blob_bytes *ret_first);
/* letters.c: the first piece, and then the whole; *ret_why says what is wrong. */
enum baton_status letter_check(const struct seat *seat, const uint8_t *bytes, size_t len,
                               uint64_t total, const char **ret_why);
enum baton_status letter_take(struct engine *e, const struct seat *seat, const uint8_t *bytes,
                              size_t len, const struct baton_hash *hash, const char **ret_why);
void letter_fetch(struct engine *e, struct engine_call *c, struct room *room);
/* limits.c: the tenant's verification policy */
void call_tenant_limits(struct engine *e, struct engine_call *c);
/* What a handoff's plan lets its servers be judged by. false: no plan, or a policy that this build cannot
 * read: nothing is known, and nothing passes. */
bool room_limits(struct engine *e, const struct room *room, struct limits *ret_limits);
void findings_message(struct engine *e, struct seat *seat, const struct message *m);
void findings_dispose(struct engine *e, struct engine_call *c, struct room *room);
void call_handle(struct engine *e, struct engine_call *c);
/* One event of a person: the decision's problem is the call's. */
void call_step(struct engine *e, struct engine_call *c, struct room *room, struct tenant_event *ev,
               const struct audit_row *row_or_null);
void calls_sweep(struct engine *e); /* idempotency keys that nobody will ask about any more */
/* The tenant's row and what changed in it, on the record; ref: an object that it rests on. */
void call_tenant_record(struct engine *e, struct engine_call *c, const struct room *room,
                        const struct baton_hash *ref_or_null, const char *what);
/* Fills the problem; call_handle puts a refusal into the audit. */
void call_fail(struct engine_call *c, enum baton_status rc, const char *next, const char *fmt, ...)
    BATON_PRINTF(4, 5);

/* recovery.c */
enum baton_status recovery_load(struct engine *e, struct baton_err *err);
enum baton_status recovery_start(struct engine *e, struct baton_err *err);

#endif
