/* collect_table.h: where the answer to each question comes from, by product.
 *
 * Shape      One row per question and set of products. DirSync is asked without PowerShell: its
 *            engine answers over WMI, and with the tools in its Bin folder.
 * Units      limit_ms is the row's own time limit, for a request that sets none.
 * Errors     BATON_NOT_FOUND: nothing on a server with that product answers the question.
 * Source     domain 1.5, 2.4; protocol 3; docs/collectors.md shows the rows.
 */
#ifndef AGENT_WINDOWS_COLLECT_TABLE_H
#define AGENT_WINDOWS_COLLECT_TABLE_H

#include "baton/host.h"

enum collect_source {
    SOURCE_SCRIPT,         /* a word to the script host */
    SOURCE_SERVER,         /* registry and system calls */
    SOURCE_WMI_CONNECTORS, /* MIIS_ManagementAgent: name, identifier, type */
    SOURCE_WMI_STATUS,     /* MIIS_ManagementAgent.RunStatus */
    SOURCE_WMI_RUNS,       /* MIIS_RunHistory, RunDetails */
    SOURCE_WMI_STATISTICS, /* MIIS_ManagementAgent.NumExportAdd ... */
    SOURCE_SCRIPT_DUMP,    /* a word to the script host, which leaves a folder */
    SOURCE_SVREXPORT,      /* the engine's svrexport.exe, which leaves a folder */
    SOURCE_CSEXPORT,       /* the engine's csexport.exe, which leaves a file */
};

struct collect_way {
    uint8_t collector; /* enum host_collector */
    uint8_t products;  /* 1 << enum product, or-ed */
    uint8_t source;    /* enum collect_source */
    uint32_t limit_ms;
};

const struct collect_way *collect_ways(size_t *ret_count);
/* NULL and err: nobody can answer. */
const struct collect_way *collect_way_find(enum host_collector collector, enum product product,
                                           struct baton_err *err);

#endif
