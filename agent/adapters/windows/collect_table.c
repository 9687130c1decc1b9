#include "collect_table.h"

#define NONE    (1U << PRODUCT_NONE)
#define DIRSYNC (1U << PRODUCT_DIRSYNC)
#define AADSYNC (1U << PRODUCT_AADSYNC)
#define CONNECT (1U << PRODUCT_CONNECT)

enum { QUESTION_MS = 30000, HEAVY_MS = 300000, EXPORT_MS = 900000 };

// clang-format off
static const struct collect_way ways[] = {
    { COLLECT_SCHEDULER,     CONNECT,           SOURCE_SCRIPT,         QUESTION_MS },
    { COLLECT_GLOBAL,        CONNECT | AADSYNC, SOURCE_SCRIPT,         QUESTION_MS },
    { COLLECT_CONNECTORS,    CONNECT | AADSYNC, SOURCE_SCRIPT,         QUESTION_MS },
    { COLLECT_CONNECTORS,    DIRSYNC,           SOURCE_WMI_CONNECTORS, QUESTION_MS },
    { COLLECT_RUN_STATUS,    CONNECT | AADSYNC, SOURCE_SCRIPT,         QUESTION_MS },
    { COLLECT_RUN_STATUS,    DIRSYNC,           SOURCE_WMI_STATUS,     QUESTION_MS },
    { COLLECT_RUNS,          CONNECT | AADSYNC, SOURCE_SCRIPT,         QUESTION_MS },
    { COLLECT_RUNS,          DIRSYNC,           SOURCE_WMI_RUNS,       QUESTION_MS },
    { COLLECT_STATISTICS,    CONNECT | AADSYNC, SOURCE_SCRIPT,         QUESTION_MS },
    { COLLECT_STATISTICS,    DIRSYNC,           SOURCE_WMI_STATISTICS, QUESTION_MS },
    { COLLECT_AUTO_UPGRADE,  CONNECT,           SOURCE_SCRIPT,         QUESTION_MS },
    { COLLECT_CONFIGURATION, CONNECT | AADSYNC, SOURCE_SCRIPT_DUMP,    HEAVY_MS },
    { COLLECT_CONFIGURATION, DIRSYNC,           SOURCE_SVREXPORT,      HEAVY_MS },
    { COLLECT_PENDING,       CONNECT | AADSYNC | DIRSYNC, SOURCE_CSEXPORT, EXPORT_MS },
    { COLLECT_PREREQUISITES, NONE | CONNECT | AADSYNC,    SOURCE_SCRIPT,   HEAVY_MS },
    { COLLECT_PREREQUISITES, DIRSYNC,           SOURCE_SERVER,         QUESTION_MS },
    { COLLECT_ADMIN_ACTIONS, CONNECT,           SOURCE_SCRIPT,         QUESTION_MS },
};

static const char *const product_words[PRODUCT_COUNT] = {
    [PRODUCT_NONE]    = "a server without a sync product",
    [PRODUCT_DIRSYNC] = "DirSync",
    [PRODUCT_AADSYNC] = "Azure AD Sync",
    [PRODUCT_CONNECT] = "Entra Connect",
};
// clang-format on

const struct collect_way *
collect_ways(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(ways);
    return ways;
}

const struct collect_way *
collect_way_find(enum host_collector collector, enum product product, struct baton_err *err)
{
    if (product >= PRODUCT_COUNT) {
        (void)baton_fail(err, BATON_USAGE, "there is no product of class %d", product);
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_LEN(ways); i++)
        if (ways[i].collector == collector && (ways[i].products >> product & 1) != 0)
            return &ways[i];
    (void)baton_fail(err, BATON_NOT_FOUND, "nothing on %s answers the question %s",
                     product_words[product], host_collector_name(collector));
    return NULL;
}
