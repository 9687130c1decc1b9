#include "limits.h"

#include "common/text.h"

#include <string.h>
#include <strings.h>

/* What takes objects away or makes them a second time is never one person's word alone. */
static const char *const two_people[] = {
    "EX-DELETES",       "EX-DELETE-ADDS",    "EX-ANCHOR-CHANGES",
    "EX-ADDS-EXISTING", "CF-SCOPE-NARROWED", "CF-ANCHOR",
};

/* People sign in and get mail with these. */
static const char *const watched[] = {
    "userPrincipalName", "proxyAddresses", "mail", "accountEnabled", "sourceAnchor",
};

static bool
needs_two(const char *id)
{
    for (size_t i = 0; i < ARRAY_LEN(two_people); i++)
        if (strcmp(two_people[i], id) == 0)
            return true;
    return false;
}

void
limits_preset(enum preset preset, struct limits *ret_limits)
{
    size_t count;
    const struct verify_rule *rules = verify_rules(&count);
    BATON_ASSERT((size_t)preset < PRESET_COUNT && count <= LIMITS_RULES_MAX);
    memset(ret_limits, 0, sizeof *ret_limits);
    ret_limits->preset = preset;
    for (size_t i = 0; i < count; i++)
        ret_limits->rule[i] = (struct limit){.value = rules[i].preset[preset],
                                             .second_person = needs_two(rules[i].id)};
    for (size_t i = 0; i < ARRAY_LEN(watched); i++)
        text_copy(ret_limits->attribute[i], LIMITS_NAME_BYTES, watched[i]);
    ret_limits->attribute_count = ARRAY_LEN(watched);
}

const struct limit *
limits_of(const struct limits *l, const char *rule_id)
{
    size_t count;
    const struct verify_rule *rules = verify_rules(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(rules[i].id, rule_id) == 0)
            return &l->rule[i];
    return NULL;
}

bool
limits_watch(const struct limits *l, const char *attribute)
{
    for (size_t i = 0; i < l->attribute_count; i++)
        if (strcasecmp(l->attribute[i], attribute) == 0)
            return true;
    return false;
}

bool
limits_passed(const struct limits *l, const char *rule_id, uint64_t count, uint64_t scope,
              uint64_t *ret_limit)
{
    const struct limit *limit = limits_of(l, rule_id);
    BATON_ASSERT(limit != NULL);
    uint64_t bound = limit->value.count_max;
    /* Without a known scope a percentage says nothing. In this order nothing overflows. */
    if (limit->value.percent_max < 100 && scope > 0) {
        uint64_t share =
            scope / 100 * limit->value.percent_max + scope % 100 * limit->value.percent_max / 100;
        bound = share < bound ? share : bound;
    }
    *ret_limit = bound;
    return bound != FINDING_NO_LIMIT && count > bound;
}
