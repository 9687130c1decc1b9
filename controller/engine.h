/* engine.h: the one writer thread. Takes a batch of inputs, decides in pure code, commits state, audit
 * and outbox in one transaction, then sends and answers.
 *
 * Shape      Inputs are calls of people (engine_call, blocking) and messages of agents (engine_feed,
 *            from the bus thread). Nothing leaves before its transaction is durable.
 * Limits     ENGINE_BATCH_MAX inputs a transaction, ENGINE_QUEUE_MAX waiting: BATON_LIMIT beyond.
 * Errors     A failed write, sync or commit stops the process (fail-stop), after one log line.
 * Threads    engine_call and engine_feed from any thread; everything else from the owner's.
 * Source     design 3, 6; protocol 6; reliability 5.6.
 */
#ifndef BATON_ENGINE_H
#define BATON_ENGINE_H

#include "baton/message.h"
#include "baton/store.h"
#include "core/tenant.h"

enum { ENGINE_BATCH_MAX = 64, ENGINE_QUEUE_MAX = 4096, CALL_BYTES_MAX = 32768 };

enum engine_call_kind {
    CALL_TENANT_CREATE, /* id, name, lab, policy overrides in `policy` / `policy_set` */
    CALL_TENANT_POLICY, /* change overrides; refused while a cutover is open */
    CALL_AGENT_TOKEN,   /* tenant, role ('o', 'n'), name = host, ttl_ms -> bytes: token text; key:
                           its one-time transport key */
    CALL_AGENT_CONFIRM, /* tenant, key, sig by actor's own key over confirm_bytes */
    CALL_AGENT_REVOKE,  /* tenant, key */
    CALL_TRUST_PUT,     /* bytes, sig: a signed trust document; key: the root's public key, needed
                           with the first one, which pins it */
    CALL_CUTOVER_CREATE, /* tenant, profile (0 = recommended), old_key, new_key, text = reason of an override */
    CALL_CUTOVER_VERB,  /* tenant, cutover, verb, text */
    CALL_APPROVAL,      /* tenant, cutover, bytes (APPROVAL_BYTES), sig */
    CALL_DISPOSITION,   /* tenant, cutover, bytes (disposition.h), sig */
    CALL_ROWS,          /* tenant, cutover -> bytes: hash of the blob with its sealed rows */
    CALL_LOGIN_ADD,     /* subject = operator id (zero: a new one), name, roles, tenant (zero: all)
                           -> id, bytes: bearer token text, shown once */
    CALL_LOGIN_REMOVE,  /* subject = operator id: all its logins */
    CALL_TENANT_LIMITS, /* tenant, bytes: text of its verification policy (limits.h), empty: none;
                           refused under a frozen plan */
    CALL_TENANT_WINDOW, /* tenant, from_unix_ms, until_unix_ms; 0, 0: the cutover may be at any time */
};

struct engine_call {
    enum engine_call_kind kind;
    struct baton_id
        actor; /* operator id; zero only for the first set-up on the controller's console */
    struct baton_id tenant, cutover, subject;
    char name[NAME_BYTES], text[AUDIT_TEXT_BYTES];
    char idempotency[NAME_BYTES]; /* empty: none. The same key answers the same */
    struct baton_key key, old_key, new_key;
    struct baton_sig sig;
    enum handoff_event verb;
    uint8_t profile, role;
    uint16_t roles;
    bool lab;
    struct baton_id expect; /* of a verb or approval: the tenant_tag it rests on; zero: any */
    uint64_t ttl_ms, from_unix_ms, until_unix_ms;
    bool policy_set[POLICY_COUNT];
    struct policy policy;
    size_t len;
    uint8_t bytes[CALL_BYTES_MAX]; /* in: document or approval; out: token text */
    /* out */
    struct problem problem; /* status BATON_OK: done and durable */
    bool changed;           /* refused, because `expect` is not what stands there now */
    struct baton_id id;     /* made */
    uint64_t audit_seq;     /* record that says so */
};

struct engine;

struct engine_ports {
    struct store_port store;
    struct digest_port digest;
    struct baton_key public_key; /* the controller's signing key */
    struct baton_key curve_key;  /* and its transport key: stands in enrolment tokens */
    unsigned batch_most;         /* inputs in one transaction; 0: ENGINE_BATCH_MAX */
    const char *address;         /* where agents reach it, "tcp://host:port"; likewise; borrowed */
    void *ctx;                   /* of the functions below */
    void (*sign)(void *ctx, const char *domain, const void *bytes, size_t len,
                 struct baton_sig *ret_sig);
    void (*random)(void *ctx, void *out, size_t n);
    uint64_t (*now_ms)(void *ctx);
    uint64_t (*unix_ms)(void *ctx);
    /* A message for one agent: signed, framed and queued by the adapter. false: not connected. */
    bool (*send)(void *ctx, const struct baton_key *agent, const struct message *m);
    /* The door: who may connect. Called after the commit that decided it. */
    void (*allow_token)(void *ctx, const struct baton_key *one_time_curve,
                        const struct baton_id *tenant, uint64_t until_ms);
    void (*allow_agent)(void *ctx, const struct baton_key *curve, const struct baton_key *sign_key,
                        const struct baton_id *tenant);
    void (*revoke)(void *ctx, const struct baton_key *curve);
    void (*page)(void *ctx, const struct baton_id *tenant, const char *text);
    /* Between batches: new audit records are durable, and the store's housekeeping. May be NULL. */
    void (*committed)(void *ctx);
    enum baton_status (*tidy)(void *ctx, struct baton_err *err);
};

enum baton_status engine_open(const struct engine_ports *ports, struct engine **ret_engine,
                              struct baton_err *err);
/* Runs until engine_stop; drains what is queued; returns the reason it ended. */
enum baton_status engine_run(struct engine *e, struct baton_err *err);
/* The same in pieces, for an owner with a loop of its own: start once, then turns until one says that
 * all is over. A turn handles what waits, and waits at most wait_ms for the first of it. */
enum baton_status engine_start(struct engine *e, struct baton_err *err);
enum baton_status engine_turn(struct engine *e, uint32_t wait_ms, bool *ret_over,
                              struct baton_err *err);
void engine_stop(struct engine *e); /* any thread, async-signal-safe */
void engine_close(struct engine **e);

/* Blocks until committed (or refused); c->problem says which. Returns c->problem.status. */
enum baton_status engine_call(struct engine *e, struct engine_call *c);
/* Takes over m. Sender's keys and class were checked by the bus. */
enum baton_status engine_feed(struct engine *e, struct message *m,
                              const struct baton_key *curve_key);
/* The bus says that a peer's connection came or went, or that a second one appeared. */
enum engine_peer_event { PEER_LOST, PEER_SECOND_SESSION, PEER_REFUSED };
void engine_peer(struct engine *e, enum engine_peer_event ev, const struct baton_key *sign_key,
                 const char *text);

struct engine_counters {
    uint64_t batches, inputs, records, orders, refused, sent;
};
void engine_counters(struct engine *e, struct engine_counters *ret_counters); /* any thread */

/* board.c: what this run knows of a tenant's role and no row says, as the last commit left it; any
 * thread. Of whom nothing is known yet, nobody was heard. */
void engine_heard(struct engine *e, const struct baton_id *tenant, struct authority_run *ret_run,
                  uint64_t *ret_started_unix_ms);

/* tenant_rows.c: a tenant from its rows, through any store (the API's read-only one too). */
enum baton_status tenant_load(const struct store_port *s, const struct baton_id *id,
                              struct tenant *ret_tenant, struct baton_err *err);

#endif
