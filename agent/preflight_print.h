/* preflight_print.h: what preflight found, for people and for programs. */
#ifndef AGENT_PREFLIGHT_PRINT_H
#define AGENT_PREFLIGHT_PRINT_H

#include "common/verify/prereq.h"

struct preflight {
    const struct prereq *data;
    struct prereq_question question;
    struct prereq_result *result;
    size_t count;
    enum verdict verdict;
};

void preflight_table(const struct preflight *p);
enum baton_status preflight_json(const struct preflight *p, struct baton_err *err) BATON_MUST_USE;

#endif
