/* service_plan.h: what the service must be, item by item, and whether it is.
 *
 * Shape      Every item is a text, wanted and found: so it is compared, shown and logged in one way. What this
 *            system cannot say is unsupported or unknown, never a match and never a deviation.
 * Limits     PLAN_TEXT_BYTES an item.
 * Threads    Reentrant. No call of the system's: tested on every one.
 * Source     docs/windows.md.
 */
#ifndef AGENT_SERVICE_PLAN_H
#define AGENT_SERVICE_PLAN_H

#include "baton/status.h"

#define SERVICE_NAME    "BatonAgent"
#define SERVICE_DISPLAY "Baton Agent"
/* Of the load order groups the first that only services are in: those of no group come after all of them, and
 * sync services are of none. */
#define SERVICE_GROUP       "ProfSvc_Group"
#define SERVICE_DESCRIPTION "Watches this sync server and keeps its part in Baton's handoffs."

enum { PLAN_TEXT_BYTES = 1024, PLAN_RECOVERIES = 3, PLAN_RECOVERY_RESET_S = 86400 };

#define SERVICE_ITEMS(X)                                                                           \
    X(ITEM_IMAGE, "image")                                                                         \
    X(ITEM_START, "start")                                                                         \
    X(ITEM_ACCOUNT, "account")                                                                     \
    X(ITEM_GROUP, "group")                                                                         \
    X(ITEM_DEPENDENCIES, "dependencies")                                                           \
    X(ITEM_DISPLAY, "display-name")                                                                \
    X(ITEM_DESCRIPTION, "description")                                                             \
    X(ITEM_DELAYED, "delayed-start")                                                               \
    X(ITEM_RECOVERY, "recovery")                                                                   \
    X(ITEM_RECOVERY_ALWAYS, "recovery-on-error")                                                   \
    X(ITEM_SID, "service-sid")                                                                     \
    X(ITEM_PRIVILEGES, "privileges")                                                               \
    X(ITEM_EVENT_SOURCE, "event-source")                                                           \
    X(ITEM_FOLDER, "data-folder")                                                                  \
    X(ITEM_REGISTRY, "registry-key")

enum service_item {
#define X(id, name) id,
    SERVICE_ITEMS(X)
#undef X
        ITEM_COUNT
};

enum value_state { VALUE_UNKNOWN, VALUE_UNSUPPORTED, VALUE_KNOWN };
struct plan_value {
    enum value_state state;
    char text[PLAN_TEXT_BYTES]; /* of an unknown or unsupported one: why */
};
struct service_plan {
    struct plan_value item[ITEM_COUNT];
};

enum item_state { ITEM_MATCHES, ITEM_DEVIATES, ITEM_UNSUPPORTED, ITEM_UNKNOWN };

/* image is the whole command line, program the file alone. */
void service_plan_wanted(const char *image, const char *program, struct service_plan *ret_plan);
enum item_state service_item_state(const struct service_plan *wanted,
                                   const struct service_plan *found, enum service_item item);
size_t service_deviations(const struct service_plan *wanted, const struct service_plan *found);
/* "start, recovery" */
void service_deviations_text(const struct service_plan *wanted, const struct service_plan *found,
                             char *out, size_t cap);
const char *service_item_name(enum service_item item);
const char *
item_state_name(enum item_state state); /* "set", "deviates", "unsupported", "unknown" */

void plan_set(struct plan_value *value, enum value_state state, const char *text);

/* The service manager's numbers as texts. */
void plan_start_text(uint32_t start_type, char *out, size_t cap);
struct plan_action {
    uint32_t kind, delay_ms; /* kind 1: restart */
};
void plan_recovery_text(const struct plan_action *actions, size_t count, uint32_t reset_s,
                        char *out, size_t cap);
extern const struct plan_action plan_recovery[PLAN_RECOVERIES];
/* Without these it cannot look at other sessions' processes or ask COM in its own name. */
extern const char *const plan_privileges[];
extern const size_t plan_privilege_count;

/* What a control of the service manager's asks of the agent. */
enum control_meaning { CONTROL_NOTHING, CONTROL_END, CONTROL_WOKE, CONTROL_UNKNOWN };
enum control_meaning service_control_meaning(uint32_t control, uint32_t event);

#endif
