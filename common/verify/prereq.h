/* prereq.h: what a server must be for the product, held against what was observed on it.
 *
 * Shape      Checks are data (files of deploy/prerequisites), each with its source and the date on
 *            which it was looked up, since versions and end dates move. A copy is built in; files
 *            read at run time take its place as a whole.
 *            Observed is one JSON object of named values: {"os.build": 20348, "proxy.machine": null}.
 *            null: looked for, and there is none. Missing: nobody could say.
 * Rule       Unknown never passes: each check says how bad it is not to know.
 * Units      now is Unix milliseconds; 0: not known, and no date is judged.
 * Limits     PREREQ_BYTES_MAX of one file, PREREQ_CHECKS_MAX checks, PREREQ_RULES_MAX rules in each.
 * Errors     BATON_MALFORMED: file, check and what is wrong with it. BATON_LIMIT, BATON_NOMEM.
 * Ownership  Checks, hosts and results borrow from the struct prereq that they came from.
 * Threads    One may be read by several threads once it is complete.
 * Source     domain 5, 8; handoff G-PREREQ; docs/verification.md explains every check.
 */
#ifndef VERIFY_PREREQ_H
#define VERIFY_PREREQ_H

#include <jansson.h>

#include "baton/finding.h"

enum {
    PREREQ_BYTES_MAX = 256 * 1024,
    PREREQ_CHECKS_MAX = 128,
    PREREQ_HOSTS_MAX = 64,
    PREREQ_RULES_MAX = 8,
    PREREQ_TEXT_BYTES = 512,
    PREREQ_OLD_DAYS = 183, /* data that nobody looked up for so long is said to be old */
};

enum prereq_side { PREREQ_NEW = 1, PREREQ_OLD = 2, PREREQ_BOTH = 3 };

enum prereq_state {
    PREREQ_MET,
    PREREQ_NOT_APPLICABLE,
    PREREQ_SOON, /* an end date is near: at most for a person */
    PREREQ_NOT_MET,
    PREREQ_UNKNOWN,
};

struct prereq_check {
    const char *area; /* title of its file */
    const char *id, *what, *where, *fix, *source, *checked;
    uint64_t checked_unix_ms;
    uint8_t side;                             /* enum prereq_side */
    uint8_t otherwise, unknown, when_unknown; /* enum finding_severity */
    const json_t *rules, *when;               /* when may be NULL */
};

struct prereq_host { /* what a feature needs to reach */
    const char *feature, *host, *why;
    const json_t *ports;
};

struct prereq;

/* The copy that was built in. */
enum baton_status prereq_builtin(struct prereq **ret_data, struct baton_err *err) BATON_MUST_USE;
/* Empty, to be filled file by file. */
enum baton_status prereq_open(struct prereq **ret_data, struct baton_err *err) BATON_MUST_USE;
enum baton_status prereq_add(struct prereq *p, const char *file, const char *text, size_t len,
                             struct baton_err *err) BATON_MUST_USE;
void prereq_close(struct prereq **p); /* NULL is allowed */

const struct prereq_check *prereq_checks(const struct prereq *p, size_t *ret_count);
const struct prereq_host *prereq_hosts(const struct prereq *p, size_t *ret_count);

/* One object of scalars and lists of text, as PowerShell prints it; ps_list_read's errors. */
enum baton_status prereq_observed_read(const char *text, size_t len, json_t **ret_observed,
                                       struct baton_err *err) BATON_MUST_USE;

struct prereq_question {
    const json_t *observed;
    enum prereq_side side;
    int64_t objects; /* negative: what observed says, if it does */
    uint64_t now_unix_ms;
};

struct prereq_result {
    const struct prereq_check *check;
    enum prereq_state state;
    uint8_t severity; /* enum finding_severity; nothing when it is met or does not apply */
    bool old_data;
    char observed[PREREQ_TEXT_BYTES], rule[PREREQ_TEXT_BYTES];
};

/* Every check of that side, in the order of the files. */
size_t prereq_judge(const struct prereq *p, const struct prereq_question *q,
                    struct prereq_result result[PREREQ_CHECKS_MAX]);
/* Whether this host belongs to a feature that is in use. Synchronization always is. */
bool prereq_host_used(const struct prereq_host *h, const json_t *observed);
int64_t prereq_objects(const struct prereq_question *q); /* negative: not known */

const char *prereq_state_name(enum prereq_state s);
const char *prereq_verdict_name(const struct prereq_result *r); /* pass, info, review or block */
enum verdict prereq_verdict(const struct prereq_result *result, size_t count);
size_t prereq_blocking(const struct prereq_result *result, size_t count);

#endif
