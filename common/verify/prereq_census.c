/* Accounts that sync servers left in Active Directory, held against the servers that are known. */
#include "prereq_private.h"

#include "common/readers/sync_account.h"

#include <string.h>
#include <strings.h>

enum named { NAMED_NONE, NAMED_KNOWN, NAMED_OTHER };

/* The account's computer, and whether one of the values that the rule lists is its name. */
static enum named
computer_of(const json_t *account, const json_t *wanted, const struct prereq_question *q,
            char out[SYNC_ACCOUNT_COMPUTER_BYTES])
{
    size_t i;
    json_t *name;
    if (!sync_account_computer(json_string_value(account), out))
        return NAMED_NONE;
    json_array_foreach(wanted, i, name)
    {
        const json_t *known = json_object_get(q->observed, json_string_value(name));
        if (json_is_string(known) && strcasecmp(json_string_value(known), out) == 0)
            return NAMED_KNOWN;
    }
    return NAMED_OTHER;
}

/* No account at all is what somebody sees who may not read them. */
enum prereq_state
prereq_census_judge(const json_t *accounts, const json_t *wanted, const struct prereq_question *q)
{
    size_t i;
    json_t *account;
    char computer[SYNC_ACCOUNT_COMPUTER_BYTES];
    enum prereq_state state = json_array_size(accounts) > 0 ? PREREQ_MET : PREREQ_UNKNOWN;
    json_array_foreach(accounts, i, account)
    {
        enum named named = computer_of(account, wanted, q, computer);
        if (named == NAMED_OTHER)
            return PREREQ_NOT_MET;
        if (named == NAMED_NONE)
            state = PREREQ_UNKNOWN;
    }
    return state;
}

static bool
was_named(const json_t *accounts, size_t before, const char *computer)
{
    char earlier[SYNC_ACCOUNT_COMPUTER_BYTES];
    for (size_t i = 0; i < before; i++)
        if (sync_account_computer(json_string_value(json_array_get(accounts, i)), earlier) &&
            strcasecmp(earlier, computer) == 0)
            return true;
    return false;
}

/* Those that nobody knows come first, since a long list is cut. */
void
prereq_census_put(struct prereq_text *t, const json_t *accounts, const json_t *wanted,
                  const struct prereq_question *q)
{
    static const char *const more[] = {[NAMED_NONE] = "an account that names no computer",
                                       [NAMED_KNOWN] = "",
                                       [NAMED_OTHER] = " (not known here)"};
    static const enum named order[] = {NAMED_OTHER, NAMED_NONE, NAMED_KNOWN};
    size_t i, begin = t->len;
    json_t *account;
    for (size_t pass = 0; pass < ARRAY_LEN(order); pass++)
        json_array_foreach(accounts, i, account)
        {
            char computer[SYNC_ACCOUNT_COMPUTER_BYTES] = "";
            enum named named = computer_of(account, wanted, q, computer);
            if (named != order[pass] || was_named(accounts, i, computer))
                continue;
            prereq_put(t, t->len > begin ? ", " : "");
            prereq_put(t, computer);
            prereq_put(t, more[named]);
        }
    if (t->len == begin)
        prereq_put(t, "not known");
}
