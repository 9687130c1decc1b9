/* service_report.h: the service as people and programs read it.
 *
 * Shape      JSON: service, installed, state, pid, data, enrolled, deviations, items {name: {state, found,
 *            wanted}}, changed [names] after a repair, policy {name: value} or {error}. The table says the
 *            same, wanted values only where found ones deviate.
 */
#ifndef AGENT_SERVICE_REPORT_H
#define AGENT_SERVICE_REPORT_H

#include "agent/windows/service_plan.h"

struct service_report {
    const struct service_plan *wanted, *found; /* found NULL: not installed */
    const struct service_plan *before;         /* of a repair; NULL: none */
    const char *state;                         /* "running"; "gone" when its process is */
    uint32_t pid;                              /* 0: none */
    const char *dir;
    bool enrolled;
};

void service_report_print(const struct service_report *r, bool json);

#endif
