#include "watch_trust.h"

// clang-format off
/* The numbers are winerror.h's, which only one system has. */
static const struct {
    uint32_t code;
    enum watch_answer answer;
} answers[] = {
    {0,    WATCH_STANDS}, /* ERROR_SUCCESS */
    {1018, WATCH_LEAVES}, /* ERROR_KEY_DELETED */
    {1072, WATCH_LEAVES}, /* ERROR_SERVICE_MARKED_FOR_DELETE */
    {1294, WATCH_MISSED}, /* ERROR_SERVICE_NOTIFY_CLIENT_LAGGING */
};
// clang-format on

enum watch_answer
watch_answer_of(uint32_t code)
{
    for (size_t i = 0; i < ARRAY_LEN(answers); i++)
        if (answers[i].code == code)
            return answers[i].answer;
    return WATCH_REFUSED;
}

static enum watch_gap
gap_of(const struct watch_hold *h)
{
    if (h->leaves)
        return GAP_NONE; /* it starts no more, and going is told by the next look */
    if (!h->handle)
        return GAP_HANDLE;
    if (!h->state)
        return GAP_STATE;
    return h->start ? GAP_NONE : GAP_START;
}

static bool
is_due(struct watch_trust *t, uint64_t now_ms)
{
    if (t->told && now_ms - t->told_ms < WATCH_TELL_MS)
        return false;
    t->told = true;
    t->told_ms = now_ms;
    return true;
}

bool
watch_trust_see(struct watch_trust *t, const struct watch_hold *hold, size_t count, bool listed,
                uint64_t now_ms)
{
    enum watch_gap worst = listed ? GAP_NONE : GAP_LIST;
    for (size_t i = 0; i < count; i++)
        if (gap_of(&hold[i]) > worst)
            worst = gap_of(&hold[i]);
    bool opens = worst > t->gap;
    t->gap = worst;
    t->doubted = t->doubted || worst != GAP_NONE;
    return opens && is_due(t, now_ms);
}

bool
watch_trust_miss(struct watch_trust *t, uint64_t now_ms)
{
    t->doubted = true;
    return is_due(t, now_ms);
}

const char *
watch_trust_answer(struct watch_trust *t)
{
    bool doubted = t->doubted;
    t->doubted = t->gap != GAP_NONE;
    if (!doubted)
        return NULL;
    return t->gap == GAP_NONE ? "notifications were interrupted" : watch_gap_words(t->gap);
}

const char *
watch_gap_words(enum watch_gap gap)
{
    static const char *const words[] = {
        [GAP_NONE] = "every sync service is watched",
        [GAP_START] = "the registry does not tell of a service's start type",
        [GAP_STATE] = "the service manager does not tell of a service's state",
        [GAP_HANDLE] = "a sync service cannot be opened",
        [GAP_LIST] = "the sync services of this server could not all be listed",
    };
    return words[gap];
}
