#include "account_names.h"

#include <string.h>

#include "common/text.h"

static struct account_name *
kept(struct account_names *a, const void *sid, size_t sid_len)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->item[i].sid_len == sid_len && memcmp(a->item[i].sid, sid, sid_len) == 0)
            return &a->item[i];
    return NULL;
}

static struct account_name *
room(struct account_names *a)
{
    struct account_name *oldest = &a->item[0];
    if (a->count < ACCOUNT_NAMES_MAX)
        return &a->item[a->count++];
    for (size_t i = 1; i < a->count; i++)
        if (a->item[i].asked_ms < oldest->asked_ms)
            oldest = &a->item[i];
    return oldest;
}

const char *
account_names_find(struct account_names *a, const void *sid, size_t sid_len, uint64_t now_ms)
{
    struct account_name *n = kept(a, sid, sid_len);
    if (n == NULL)
        return NULL;
    n->asked_ms = now_ms;
    uint64_t believed_ms = n->name[0] == '\0' ? ACCOUNT_NONE_MS : ACCOUNT_NAME_MS;
    return now_ms - n->found_ms < believed_ms ? n->name : NULL;
}

const char *
account_names_keep(struct account_names *a, const void *sid, size_t sid_len, const char *name,
                   uint64_t now_ms)
{
    BATON_ASSERT(sid_len <= ACCOUNT_SID_BYTES);
    struct account_name *n = kept(a, sid, sid_len);
    if (n == NULL)
        n = room(a);
    *n = (struct account_name){.sid_len = (uint8_t)sid_len, .found_ms = now_ms, .asked_ms = now_ms};
    memcpy(n->sid, sid, sid_len);
    text_copy(n->name, sizeof n->name, name);
    return n->name;
}
