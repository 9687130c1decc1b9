/* store_agent.h: what one agent must not lose: its promise, what it said and was asked, what it did.
 *
 * Shape      One SQLite file, agent.db, opened once and exclusively; every change stands between
 *            begin and commit. The tombstone has a second copy (second_copy.h): a commit that sets
 *            it writes the copy before the database, one that lifts it after. A crash in between
 *            leaves a copy that says tombstone, never the other way round.
 *            The promise's counter never falls; the database itself refuses.
 * Limits     SAYS_MAX statements wait to be heard, INBOX_MAX orders, JOURNAL_MAX steps,
 *            RECEIPTS_MAX checkpoints: the oldest goes first. An order whose answer waits stays.
 * Errors     BATON_NOT_FOUND: no such file. BATON_CORRUPT: it cannot be trusted. After BATON_IO,
 *            BATON_FULL, BATON_CORRUPT or BATON_NOMEM the caller stops the process (fail-stop).
 *            BATON_CONFLICT: another agent has the file; another hash under one order id.
 * Ownership  Bytes handed out are malloc'd for the caller, or borrowed during a visit.
 * Threads    The loop's.
 * Source     protocol 1; reliability 4.4.
 */
#ifndef AGENT_STORE_AGENT_H
#define AGENT_STORE_AGENT_H

#include "agent/core/promise.h"
#include "second_copy.h"

enum {
    SAYS_MAX = 256,
    INBOX_MAX = 1024,
    JOURNAL_MAX = 4096,
    RECEIPTS_MAX = 100,
    STEP_TEXT_BYTES = 160
};

struct agent_store;

/* An agent's memory at its enrolment: empty, and never over an older one (BATON_CONFLICT). */
enum baton_status agent_store_create(const char *dir, struct baton_err *err) BATON_MUST_USE;
enum baton_status agent_store_open(const char *dir, struct agent_store **ret_store,
                                   struct baton_err *err) BATON_MUST_USE;
void agent_store_close(struct agent_store **store);
/* Renames an unreadable file so that it can be looked at, and so that a new one may be made. */
enum baton_status agent_store_set_aside(const char *dir, struct baton_err *err) BATON_MUST_USE;
/* Readable without the database, and when it is gone. */
enum baton_status agent_store_second_copy(const char *dir, struct second_copy *ret_copy,
                                          struct baton_err *err) BATON_MUST_USE;

enum baton_status agent_store_begin(struct agent_store *s, struct baton_err *err) BATON_MUST_USE;
enum baton_status agent_store_commit(struct agent_store *s, struct baton_err *err) BATON_MUST_USE;
void agent_store_rollback(struct agent_store *s);

/* BATON_NOT_FOUND before the first. */
enum baton_status agent_store_promise(struct agent_store *s, struct promise *ret_promise,
                                      struct baton_err *err) BATON_MUST_USE;
enum baton_status agent_store_put_promise(struct agent_store *s, const struct promise *p,
                                          struct baton_err *err) BATON_MUST_USE;

/* Named documents: "plan", "limits" (its policy text), "trust" (its signature before it), "observed",
 * "settings". */
enum baton_status agent_store_put(struct agent_store *s, const char *name, const void *bytes,
                                  size_t len, struct baton_err *err) BATON_MUST_USE;
enum baton_status agent_store_get(struct agent_store *s, const char *name, uint8_t **ret_bytes,
                                  size_t *ret_len, struct baton_err *err) BATON_MUST_USE;

/* one signed statement on its way */
struct said {
    struct baton_hash hash;
    bool answers;
    struct baton_id order;        /* zero when spontaneous */
    struct baton_hash order_hash; /* the same */
    struct signed_bytes statement;
};
enum baton_status agent_store_say(struct agent_store *s, const struct said *said,
                                  struct baton_err *err) BATON_MUST_USE;
enum baton_status agent_store_heard(struct agent_store *s, const struct baton_hash *hash,
                                    struct baton_err *err) BATON_MUST_USE;
/* Oldest first; visit returns false to stop. */
enum baton_status agent_store_unheard(struct agent_store *s,
                                      bool (*visit)(void *arg, const struct said *said), void *arg,
                                      struct baton_err *err) BATON_MUST_USE;

/* BATON_OK: this very order was taken before. BATON_NOT_FOUND: new, now remembered.
 * BATON_CONFLICT: another order under its id. */
enum baton_status agent_store_take_order(struct agent_store *s, const struct baton_id *order,
                                         const struct baton_hash *hash,
                                         struct baton_err *err) BATON_MUST_USE;
enum baton_status agent_store_order_hash(struct agent_store *s, const struct baton_id *order,
                                         struct baton_hash *ret_hash,
                                         struct baton_err *err) BATON_MUST_USE;
/* The newest answer to an order, heard or not; BATON_NOT_FOUND: none yet. The bytes are one block to
 * free. */
enum baton_status agent_store_answer(struct agent_store *s, const struct baton_id *order,
                                     struct said *ret_said, uint8_t **ret_bytes,
                                     struct baton_err *err) BATON_MUST_USE;

enum journal_kind { JOURNAL_INTENT, JOURNAL_EFFECT, JOURNAL_PROOF, JOURNAL_KINDS };
struct journal_step {
    enum journal_kind kind;
    uint64_t unix_ms;
    struct epoch epoch;
    char text[STEP_TEXT_BYTES];
};
enum baton_status agent_store_journal(struct agent_store *s, const struct journal_step *step,
                                      struct baton_err *err) BATON_MUST_USE;
enum baton_status agent_store_journal_each(struct agent_store *s, size_t newest,
                                           void (*visit)(void *arg,
                                                         const struct journal_step *step),
                                           void *arg, struct baton_err *err) BATON_MUST_USE;

struct receipt {
    uint64_t size, unix_ms;
    struct baton_hash root;
    struct baton_sig sig;
};
enum baton_status agent_store_receipt(struct agent_store *s, const struct receipt *r,
                                      struct baton_err *err) BATON_MUST_USE;
enum baton_status agent_store_receipt_count(struct agent_store *s, size_t *ret_count,
                                            struct baton_err *err) BATON_MUST_USE;

#endif
