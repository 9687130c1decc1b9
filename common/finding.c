#include "baton/finding.h"

#include "common/sha256.h"

#include <stdlib.h>
#include <string.h>

const char *
finding_severity_name(enum finding_severity s)
{
    static const char *const names[] = {"info", "review", "block"};
    return (size_t)s < ARRAY_LEN(names) ? names[s] : "unknown";
}

enum baton_status
findings_add(struct findings *l, const struct finding *f)
{
    if (l->count == FINDINGS_MAX)
        return BATON_LIMIT;
    if (l->count == l->capacity) {
        size_t capacity = l->capacity == 0 ? 16 : l->capacity * 2;
        struct finding *grown = realloc(l->item, capacity * sizeof *grown);
        if (grown == NULL)
            return BATON_NOMEM;
        l->item = grown;
        l->capacity = capacity;
    }
    l->item[l->count++] = *f;
    return BATON_OK;
}

void
findings_done(struct findings *l)
{
    free(l->item);
    *l = (struct findings){0};
}

enum verdict
findings_verdict(const struct findings *l)
{
    uint8_t worst = SEVERITY_INFO;
    for (size_t i = 0; i < l->count; i++)
        if (l->item[i].severity > worst)
            worst = l->item[i].severity;
    return worst == SEVERITY_BLOCK    ? VERDICT_BLOCK
           : worst == SEVERITY_REVIEW ? VERDICT_REVIEW
                                      : VERDICT_PASS;
}

void
finding_row(const char *rule, const char *const parts[], size_t count, struct baton_hash *ret_row)
{
    static const char domain[] = "baton/finding/v1";
    struct sha256 s;
    sha256_init(&s);
    sha256_update(&s, domain, sizeof domain);
    sha256_update(&s, rule, strlen(rule) + 1);
    for (size_t i = 0; i < count; i++)
        sha256_update(&s, parts[i], strlen(parts[i]) + 1);
    sha256_final(&s, ret_row);
}
