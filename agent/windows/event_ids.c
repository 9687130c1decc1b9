#include "agent/windows/event_ids.h"

#include <string.h>

enum { SEVERITY_SHIFT = 30 };

// clang-format off
static const struct event_row rows[] = {
    {100, MESSAGE_INFO, LEVEL_INFO,  "service.started"},
    {101, MESSAGE_INFO, LEVEL_INFO,  "service.stopped"},
    {102, MESSAGE_ERROR,         LEVEL_ERROR, "service.failed"},
    {103, MESSAGE_INFO, LEVEL_WARN,  "run.resumed"},
    {103, MESSAGE_INFO, LEVEL_WARN,  "observe.machine"},
    {104, MESSAGE_WARNING,       LEVEL_WARN,  "service.waiting"},
    {105, MESSAGE_WARNING,       LEVEL_WARN,  "service.deviates"},
    {106, MESSAGE_WARNING,       LEVEL_WARN,  "service.repaired"},
    {107, MESSAGE_WARNING,       LEVEL_WARN,  "service.forced"},
    {200, MESSAGE_WARNING,       LEVEL_WARN,  "order.refused"},
    {201, MESSAGE_ERROR,         LEVEL_ERROR, "order.forged"},
    {210, MESSAGE_INFO, LEVEL_INFO,  "fence.done"},
    {211, MESSAGE_INFO, LEVEL_INFO,  "grant.done"},
    {212, MESSAGE_WARNING,       LEVEL_WARN,  "staging.left"},
    {213, MESSAGE_ERROR,         LEVEL_WARN,  "act.failed"},
    {300, MESSAGE_WARNING,       LEVEL_WARN,  "guard.stopped"},
    {301, MESSAGE_ERROR,         LEVEL_ERROR, "guard.failed"},
    {302, MESSAGE_ERROR,         LEVEL_ERROR, "guard.quarantine"},
    {302, MESSAGE_ERROR,         LEVEL_ERROR, "run.memory"},
    {303, MESSAGE_ERROR,         LEVEL_ERROR, "guard.tamper"},
    {303, MESSAGE_ERROR,         LEVEL_ERROR, "copy.tamper"},
    {400, MESSAGE_WARNING,       LEVEL_WARN,  "session.lost"},
    {401, MESSAGE_INFO, LEVEL_INFO,  "session.open"},
    {500, MESSAGE_ERROR,         LEVEL_ERROR, "settings.wrong"},
    {900, MESSAGE_WARNING,       LEVEL_WARN,  NULL},
    {901, MESSAGE_ERROR,         LEVEL_ERROR, NULL},
};
// clang-format on

const struct event_row *
event_rows(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(rows);
    return rows;
}

/* An event that is logged at another level than it was made for is one of the many, which come last. */
bool
event_id_of(enum log_level level, const char *event, uint32_t *ret_id)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].level != level || (rows[i].event != NULL && strcmp(rows[i].event, event) != 0))
            continue;
        *ret_id = (uint32_t)rows[i].severity << SEVERITY_SHIFT | rows[i].id;
        return true;
    }
    return false;
}

void
event_words_mend(wchar_t *words)
{
    enum { WIDE_PERCENT = 0xFF05 };
    for (; *words != L'\0'; words++)
        if (words[0] == L'%' && (words[1] == L'%' || (words[1] >= L'0' && words[1] <= L'9')))
            *words = WIDE_PERCENT;
}
