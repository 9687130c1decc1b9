/* status.h: how Baton says that the world said no.
 *
 * Shape      A status (must be used) and, in adapters, one sentence that says what, where and
 *            what to do. Core returns the status alone.
 * Limits     A text holds BATON_ERR_BYTES; longer ones are cut.
 * Ownership  struct baton_err is the caller's; err may be NULL everywhere.
 * Threads    Reentrant.
 */
#ifndef BATON_STATUS_H
#define BATON_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* name, exit code of a program that ends with it (design: 0 done, 1 failed, 2 usage, 3 not found,
 * 4 not authorised, 5 refused by a safety rule, 6 waits for people, 7 timed out, 8 unreachable,
 * 9 conflict), text */
#define BATON_STATUSES(X)                                                                          \
    X(BATON_OK, 0, "done")                                                                         \
    X(BATON_FAILED, 1, "failed")                                                                   \
    X(BATON_NOMEM, 1, "out of memory")                                                             \
    X(BATON_IO, 1, "input or output failed")                                                       \
    X(BATON_FULL, 1, "no space left")                                                              \
    X(BATON_CORRUPT, 1, "stored data is damaged")                                                  \
    X(BATON_MALFORMED, 1, "input is malformed")                                                    \
    X(BATON_LIMIT, 1, "a stated limit is exceeded")                                                \
    X(BATON_USAGE, 2, "wrong usage")                                                               \
    X(BATON_NOT_FOUND, 3, "not found")                                                             \
    X(BATON_DENIED, 4, "not authorised")                                                           \
    X(BATON_REFUSED, 5, "refused by a safety rule")                                                \
    X(BATON_STALE, 5, "epoch is not above the promise")                                            \
    X(BATON_FORKED, 5, "two copies of one identity")                                               \
    X(BATON_NO_RULE, 5, "no rule for this event in this state")                                    \
    X(BATON_WAITING, 6, "waits for approval or review")                                            \
    X(BATON_TIMEOUT, 7, "timed out")                                                               \
    X(BATON_UNREACHABLE, 8, "controller is unreachable")                                           \
    X(BATON_CONFLICT, 9, "conflicts with what is stored")

enum baton_status {
#define X(name, code, text) name,
    BATON_STATUSES(X)
#undef X
        BATON_STATUS_COUNT
};

#define BATON_MUST_USE          __attribute__((warn_unused_result))
#define BATON_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define ARRAY_LEN(a)            (sizeof(a) / sizeof((a)[0]))

enum { BATON_ERR_BYTES = 512 };

struct baton_err {
    enum baton_status status;
    char text[BATON_ERR_BYTES];
};

const char *baton_status_name(enum baton_status status); /* "BATON_STALE" */
const char *baton_status_text(enum baton_status status);
int baton_status_exit_code(enum baton_status status);

/* Fills err (may be NULL) and returns status, so that a function can `return baton_fail(...)`. */
enum baton_status baton_fail(struct baton_err *err, enum baton_status status, const char *fmt, ...)
    BATON_PRINTF(3, 4);

/* Puts "context: " before the text that err already holds; returns status. */
enum baton_status baton_wrap(struct baton_err *err, enum baton_status status, const char *fmt, ...)
    BATON_PRINTF(3, 4);

/* A bug in Baton: says where, then aborts. Stays on in release builds. */
_Noreturn void baton_assert_failed(const char *what, const char *file, int line);
#define BATON_ASSERT(x) ((x) ? (void)0 : baton_assert_failed(#x, __FILE__, __LINE__))

#endif
