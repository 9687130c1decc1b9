/* server_properties.h: which property of which cmdlet says what of a server, and which fact it becomes.
 *
 * Shape      One table for everybody who reads such an answer: the agent, which makes facts of it, and the
 *            offline command, which shows what the agent would make of it. A property without a fact is
 *            read by no gate. Names that only one cmdlet prints tell whose answer this is.
 * Units      Booleans 0 and 1; spans in ms; dates in Unix ms.
 * Source     domain 2.4, 2.5; formats 5.
 */
#ifndef READERS_SERVER_PROPERTIES_H
#define READERS_SERVER_PROPERTIES_H

#include <jansson.h>

#include "baton/facts.h"

enum server_answer {
    ANSWER_SCHEDULER,
    ANSWER_GLOBAL,
    ANSWER_CONNECTORS,
    ANSWER_STATISTICS,
    ANSWER_AUTO_UPGRADE,
    ANSWER_RUN_STATUS,
    ANSWER_THRESHOLD,
    ANSWER_TENANT,
    ANSWER_UNKNOWN,
};

enum property_type { AS_TEXT, AS_BOOL, AS_COUNT, AS_SPAN, AS_DATE, AS_GUID, AS_UPGRADE };

struct server_property {
    enum server_answer answer;
    const char *name;
    enum property_type type;
    enum fact_id fact; /* FACT_COUNT: no gate reads it */
    bool tells;        /* no other cmdlet prints it */
};

const struct server_property *server_properties(size_t *ret_count);
/* NULL: nothing is known of it. Names compare as PowerShell compares them, without case. */
const struct server_property *server_property_find(enum server_answer answer, const char *name);
const char *server_answer_cmdlet(enum server_answer answer); /* "Get-ADSyncScheduler" */
const char *property_type_name(enum property_type type);     /* "true or false" */
/* Whose answer an object with a property of this name is; ANSWER_UNKNOWN: it may be anybody's. */
enum server_answer server_answer_of(const char *name);

/* What object[key] says, as the property's type; false: nobody said it (psjson.h). */
bool server_property_read(const struct server_property *p, const json_t *object, const char *key,
                          int64_t *ret_value);
/* FACT_AUTO_UPGRADE of "Enabled". */
bool server_auto_upgrade(const char *text, int64_t *ret_value);

#endif
