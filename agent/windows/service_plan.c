#include "agent/windows/service_plan.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/names.h"
#include "common/text.h"

const struct plan_action plan_recovery[PLAN_RECOVERIES] = {{1, 1000}, {1, 5000}, {1, 60000}};

const char *const plan_privileges[] = {"SeChangeNotifyPrivilege", "SeDebugPrivilege",
                                       "SeImpersonatePrivilege"};
const size_t plan_privilege_count = ARRAY_LEN(plan_privileges);

const char *
service_item_name(enum service_item item)
{
    static const char *const names[] = {
#define X(id, name) [id] = name,
        SERVICE_ITEMS(X)
#undef X
    };
    return NAME_OF(names, item);
}

const char *
item_state_name(enum item_state state)
{
    static const char *const names[] = {[ITEM_MATCHES] = "set",
                                        [ITEM_DEVIATES] = "deviates",
                                        [ITEM_UNSUPPORTED] = "unsupported",
                                        [ITEM_UNKNOWN] = "unknown"};
    return NAME_OF(names, state);
}

void
plan_set(struct plan_value *value, enum value_state state, const char *text)
{
    value->state = state;
    text_copy(value->text, sizeof value->text, text);
}

void
plan_start_text(uint32_t start_type, char *out, size_t cap)
{
    static const char *const names[] = {"boot", "system", "automatic", "manual", "disabled"};
    text_copy(out, cap, NAME_OF(names, start_type));
}

void
plan_recovery_text(const struct plan_action *actions, size_t count, uint32_t reset_s, char *out,
                   size_t cap)
{
    static const char *const names[] = {"nothing", "restart", "reboot", "command"};
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && used < cap; i++) {
        int n = snprintf(out + used, cap - used, "%s after %u ms, ",
                         NAME_OF(names, actions[i].kind), (unsigned)actions[i].delay_ms);
        used += n < 0 ? 0 : (size_t)n;
    }
    if (count == 0)
        text_copy(out, cap, "none");
    else if (used < cap)
        (void)snprintf(out + used, cap - used, "counted anew after %u s", (unsigned)reset_s);
}

static void
privileges_text(char *out, size_t cap)
{
    size_t used = 0;
    for (size_t i = 0; i < plan_privilege_count && used < cap; i++) {
        int n = snprintf(out + used, cap - used, "%s%s", i == 0 ? "" : " ", plan_privileges[i]);
        used += n < 0 ? 0 : (size_t)n;
    }
}

void
service_plan_wanted(const char *image, const char *program, struct service_plan *ret_plan)
{
    char recovery[PLAN_TEXT_BYTES], privileges[PLAN_TEXT_BYTES];
    plan_recovery_text(plan_recovery, PLAN_RECOVERIES, PLAN_RECOVERY_RESET_S, recovery,
                       sizeof recovery);
    privileges_text(privileges, sizeof privileges);
    const char *const texts[ITEM_COUNT] = {
        [ITEM_IMAGE] = image,
        [ITEM_START] = "automatic",
        [ITEM_ACCOUNT] = "LocalSystem",
        [ITEM_GROUP] = SERVICE_GROUP,
        [ITEM_DEPENDENCIES] = "none",
        [ITEM_DISPLAY] = SERVICE_DISPLAY,
        [ITEM_DESCRIPTION] = SERVICE_DESCRIPTION,
        [ITEM_DELAYED] = "no",
        [ITEM_RECOVERY] = recovery,
        [ITEM_RECOVERY_ALWAYS] = "yes",
        [ITEM_SID] = "unrestricted",
        [ITEM_PRIVILEGES] = privileges,
        [ITEM_EVENT_SOURCE] = program,
        [ITEM_FOLDER] = "closed",
        [ITEM_REGISTRY] = "closed",
    };
    for (size_t i = 0; i < ITEM_COUNT; i++)
        plan_set(&ret_plan->item[i], VALUE_KNOWN, texts[i]);
}

/* Names of files, accounts and groups know no case on Windows. */
enum item_state
service_item_state(const struct service_plan *wanted, const struct service_plan *found,
                   enum service_item item)
{
    const struct plan_value *f = &found->item[item];
    if (f->state == VALUE_UNSUPPORTED)
        return ITEM_UNSUPPORTED;
    if (f->state == VALUE_UNKNOWN)
        return ITEM_UNKNOWN;
    return strcasecmp(wanted->item[item].text, f->text) == 0 ? ITEM_MATCHES : ITEM_DEVIATES;
}

size_t
service_deviations(const struct service_plan *wanted, const struct service_plan *found)
{
    size_t count = 0;
    for (size_t i = 0; i < ITEM_COUNT; i++)
        count += service_item_state(wanted, found, (enum service_item)i) == ITEM_DEVIATES;
    return count;
}

void
service_deviations_text(const struct service_plan *wanted, const struct service_plan *found,
                        char *out, size_t cap)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < ITEM_COUNT && used < cap; i++) {
        if (service_item_state(wanted, found, (enum service_item)i) != ITEM_DEVIATES)
            continue;
        int n = snprintf(out + used, cap - used, "%s%s", used == 0 ? "" : ", ",
                         service_item_name((enum service_item)i));
        used += n < 0 ? 0 : (size_t)n;
    }
}

/* The service manager's numbers; those of PRESHUTDOWN are never asked for, since the guard has to stand as long
 * as sync services run, but one that comes is a wish to end. */
enum control_meaning
service_control_meaning(uint32_t control, uint32_t event)
{
    enum {
        STOP = 1,
        INTERROGATE = 4,
        SHUTDOWN = 5,
        POWER = 13,
        PRESHUTDOWN = 15,
        RESUME_CRITICAL = 6,
        RESUME_SUSPEND = 7,
        RESUME_AUTOMATIC = 18
    };
    switch (control) {
    case STOP:
    case SHUTDOWN:
    case PRESHUTDOWN:
        return CONTROL_END;
    case POWER: /* of the others only what comes after the sleep matters: before it, nobody acts in time */
        return event == RESUME_AUTOMATIC || event == RESUME_CRITICAL || event == RESUME_SUSPEND
                   ? CONTROL_WOKE
                   : CONTROL_NOTHING;
    case INTERROGATE:
        return CONTROL_NOTHING;
    default:
        return CONTROL_UNKNOWN;
    }
}
