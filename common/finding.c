#include "baton/finding.h"

#include "common/canon.h"
#include "common/sha256.h"

#include <stdlib.h>
#include <string.h>

static const char findings_tag[4] = {'B', 'F', 'L', '1'};

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

enum baton_status
findings_sort(struct findings *l)
{
    if (l->count == 0)
        return BATON_OK;
    struct finding *sorted = malloc(l->count * sizeof *sorted);
    if (sorted == NULL)
        return BATON_NOMEM;
    size_t n = 0;
    for (int severity = SEVERITY_BLOCK; severity >= SEVERITY_INFO; severity--)
        for (size_t i = 0; i < l->count; i++)
            if (l->item[i].severity == severity)
                sorted[n++] = l->item[i];
    BATON_ASSERT(n == l->count);
    free(l->item);
    l->item = sorted;
    l->capacity = l->count;
    return BATON_OK;
}

static void
put_finding(struct canon_writer *w, const struct finding *f)
{
    canon_put_str(w, f->rule, sizeof f->rule);
    canon_put_u8(w, f->severity);
    canon_put_u64(w, f->count);
    canon_put_u64(w, f->limit);
    canon_put_str(w, f->subject, sizeof f->subject);
    canon_put_str(w, f->why, sizeof f->why);
    canon_put_str(w, f->advice, sizeof f->advice);
    canon_put_hash(w, &f->row);
}

static struct finding
get_finding(struct canon_reader *r)
{
    struct finding f = {0};
    canon_get_str(r, f.rule, sizeof f.rule);
    f.severity = canon_get_enum(r, SEVERITY_INFO, SEVERITY_BLOCK);
    f.count = canon_get_u64(r);
    f.limit = canon_get_u64(r);
    canon_get_str(r, f.subject, sizeof f.subject);
    canon_get_str(r, f.why, sizeof f.why);
    canon_get_str(r, f.advice, sizeof f.advice);
    f.row = canon_get_hash(r);
    canon_require(r, f.rule[0] != '\0');
    return f;
}

enum baton_status
findings_encode(const struct findings *l, uint8_t out[FINDINGS_BYTES_MAX], size_t *ret_len)
{
    size_t sent = l->count < FINDINGS_SENT_MAX ? l->count : FINDINGS_SENT_MAX;
    struct canon_writer w;
    canon_writer_init(&w, out, FINDINGS_BYTES_MAX);
    canon_put_fixed(&w, findings_tag, sizeof findings_tag);
    canon_put_u32(&w, (uint32_t)(l->count - sent));
    canon_put_u16(&w, (uint16_t)sent);
    for (size_t i = 0; i < sent; i++)
        put_finding(&w, &l->item[i]);
    return canon_finish(&w, ret_len);
}

enum baton_status
findings_decode(const uint8_t *bytes, size_t len, struct findings *ret_list, uint32_t *ret_more)
{
    struct findings l = {0};
    struct canon_reader r;
    enum baton_status rc = BATON_OK;
    canon_reader_init(&r, bytes, len);
    canon_expect(&r, findings_tag, sizeof findings_tag);
    uint32_t more = canon_get_u32(&r);
    uint16_t count = canon_get_u16(&r);
    canon_require(&r, count <= FINDINGS_SENT_MAX && (more == 0 || count == FINDINGS_SENT_MAX));
    uint8_t last = SEVERITY_BLOCK;
    for (; rc == BATON_OK && !r.bad && count > 0; count--) {
        struct finding f = get_finding(&r);
        canon_require(&r, f.severity <= last);
        last = f.severity;
        rc = findings_add(&l, &f);
    }
    if (rc == BATON_OK && !canon_finished(&r))
        rc = BATON_MALFORMED;
    if (rc != BATON_OK) {
        findings_done(&l);
        return rc;
    }
    *ret_list = l;
    *ret_more = more;
    return BATON_OK;
}
