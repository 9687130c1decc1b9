#include "review.h"

#include "common/canon.h"
#include "common/text.h"

#include <string.h>

void
review_take(struct review *r, const struct findings *list, const bool *two_or_null, uint32_t more,
            const struct baton_hash *digest)
{
    BATON_ASSERT(list->count <= REVIEW_ROWS_MAX);
    memset(r->row, 0, sizeof r->row);
    r->findings = *digest;
    r->more = more;
    r->row_count = (uint8_t)list->count;
    for (size_t i = 0; i < list->count; i++) {
        struct review_row *row = &r->row[i];
        row->row = list->item[i].row;
        row->severity = list->item[i].severity;
        row->two = two_or_null != NULL && two_or_null[i];
        text_copy(row->rule, sizeof row->rule, list->item[i].rule);
    }
}

static bool
stands(const struct review *r, const struct baton_hash *row)
{
    for (size_t i = 0; i < r->row_count; i++)
        if (baton_hash_eq(&r->row[i].row, row))
            return true;
    return false;
}

/* Where the word of this person about this row stands, or may stand: a place of its own, that of an
 * earlier word, at last that of one whose difference is gone. NULL: no room. */
static struct review_disposition *
place_for(struct review *r, const struct disposition *d)
{
    for (size_t i = 0; i < r->disposition_count; i++)
        if (baton_hash_eq(&r->disposition[i].row, &d->row) &&
            baton_id_eq(&r->disposition[i].operator, & d->operator))
            return &r->disposition[i];
    if (r->disposition_count < REVIEW_DISPOSITIONS_MAX)
        return &r->disposition[r->disposition_count++];
    for (size_t i = 0; i < r->disposition_count; i++)
        if (!stands(r, &r->disposition[i].row))
            return &r->disposition[i];
    return NULL;
}

enum baton_status
review_dispose(struct review *r, const struct disposition *d, const struct baton_hash *digest,
               const char **ret_why)
{
    if (!stands(r, &d->row)) {
        *ret_why = "no finding has this row now: it is gone, or it is another difference";
        return BATON_NOT_FOUND;
    }
    struct review_disposition *place = place_for(r, d);
    if (place == NULL) {
        *ret_why = "64 differences have a disposition already: mend some on the server";
        return BATON_LIMIT;
    }
    *place = (struct review_disposition){
        .row = d->row, .digest = *digest, .operator= d->operator, .kind = d->kind };
    return BATON_OK;
}

static bool
closes(const struct review_disposition *d, const struct review_row *row)
{
    return d->kind != DISPOSED_FIXED && baton_hash_eq(&d->row, &row->row);
}

unsigned
review_row_people(const struct review *r, size_t index)
{
    unsigned people = 0; /* one word a person: each that closes is another one */
    for (size_t i = 0; i < r->disposition_count; i++)
        people += closes(&r->disposition[i], &r->row[index]);
    return people;
}

bool
review_row_open(const struct review *r, size_t index)
{
    const struct review_row *row = &r->row[index];
    return row->severity >= SEVERITY_REVIEW && review_row_people(r, index) < (row->two ? 2U : 1U);
}

uint32_t
review_open(const struct review *r, enum finding_severity least)
{
    uint32_t open = r->more;
    for (size_t i = 0; i < r->row_count; i++)
        open += r->row[i].severity >= least && review_row_open(r, i);
    return open;
}

static bool
of_parity(const struct review_row *row)
{
    if (strncmp(row->rule, "CF-", 3) == 0)
        return true;
    return strncmp(row->rule, "EX-", 3) == 0 && row->severity == SEVERITY_BLOCK &&
           strcmp(row->rule, "EX-DELETES") != 0 && strcmp(row->rule, "EX-ANCHOR-CHANGES") != 0;
}

bool
review_row_parity(const struct review *r, size_t index)
{
    return of_parity(&r->row[index]) && review_row_open(r, index);
}

uint32_t
review_parity(const struct review *r)
{
    uint32_t open = r->more;
    for (size_t i = 0; i < r->row_count; i++)
        open += review_row_parity(r, i);
    return open;
}

size_t
review_dispositions(const struct review *r, struct baton_hash out[REVIEW_DISPOSITIONS_MAX])
{
    for (size_t i = 0; i < r->disposition_count; i++)
        out[i] = r->disposition[i].digest;
    return r->disposition_count;
}

void
review_digest(const struct review *r, const struct digest_port *dp, struct baton_hash *ret_digest)
{
    struct baton_hash each[REVIEW_DISPOSITIONS_MAX];
    dispositions_digest(each, review_dispositions(r, each), dp, ret_digest);
}

void
review_put(struct canon_writer *w, const struct review *r)
{
    canon_put_hash(w, &r->findings);
    canon_put_u32(w, r->more);
    canon_put_u8(w, r->row_count);
    for (size_t i = 0; i < r->row_count; i++) {
        canon_put_hash(w, &r->row[i].row);
        canon_put_str(w, r->row[i].rule, sizeof r->row[i].rule);
        canon_put_u8(w, r->row[i].severity);
        canon_put_bool(w, r->row[i].two);
    }
    canon_put_u8(w, r->disposition_count);
    for (size_t i = 0; i < r->disposition_count; i++) {
        canon_put_hash(w, &r->disposition[i].row);
        canon_put_hash(w, &r->disposition[i].digest);
        canon_put_id(w, &r->disposition[i].operator);
        canon_put_u8(w, r->disposition[i].kind);
    }
}

void
review_get(struct canon_reader *reader, struct review *ret_review)
{
    struct review *r = ret_review;
    memset(r, 0, sizeof *r);
    r->findings = canon_get_hash(reader);
    r->more = canon_get_u32(reader);
    r->row_count = canon_get_enum(reader, 0, REVIEW_ROWS_MAX);
    for (size_t i = 0; !reader->bad && i < r->row_count; i++) {
        r->row[i].row = canon_get_hash(reader);
        canon_get_str(reader, r->row[i].rule, sizeof r->row[i].rule);
        r->row[i].severity = canon_get_enum(reader, SEVERITY_INFO, SEVERITY_BLOCK);
        r->row[i].two = canon_get_bool(reader);
    }
    r->disposition_count = canon_get_enum(reader, 0, REVIEW_DISPOSITIONS_MAX);
    for (size_t i = 0; !reader->bad && i < r->disposition_count; i++) {
        r->disposition[i].row = canon_get_hash(reader);
        r->disposition[i].digest = canon_get_hash(reader);
        canon_get_fixed(reader, r->disposition[i].operator.b, BATON_ID_BYTES);
        r->disposition[i].kind = canon_get_enum(reader, DISPOSED_ACCEPTED, DISPOSED_NOT_APPLICABLE);
    }
}
