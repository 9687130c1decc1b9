/* object_rows.h: which objects a review speaks of, as a document for the people who decide about it.
 *
 * Shape      Findings say how many; rows say which: operation, DN, source anchor, names of attributes,
 *            and the rules that each row counts for. The rules stand in the document, by name; a row
 *            has one bit for each. The document is canonical bytes, packed with zstd.
 * Privacy    A row is a person's data. Outside of its server the document exists sealed to named people
 *            alone (common/crypto/letter.h).
 * Limits     OBJECT_ROWS_MAX rows and OBJECT_ROWS_BYTES_MAX unpacked, OBJECT_ROWS_PACKED_MAX packed;
 *            OBJECT_ROW_ATTRIBUTES_MAX attributes of a row. What does not fit is counted.
 * Errors     object_rows_read: BATON_MALFORMED (not such a document, cut, or bytes behind it),
 *            BATON_LIMIT. BATON_NOMEM.
 * Ownership  object_rows_done, object_row_done. A row's texts are its own.
 * Source     docs/formats.md "Object rows"; docs/verification.md.
 */
#ifndef VERIFY_OBJECT_ROWS_H
#define VERIFY_OBJECT_ROWS_H

#include "baton/finding.h"
#include "common/readers/csexport.h"

enum {
    OBJECT_ROWS_MAX = 10000,
    OBJECT_ROWS_BYTES_MAX = 4 << 20,
    OBJECT_ROWS_PACKED_MAX = OBJECT_ROWS_BYTES_MAX + (OBJECT_ROWS_BYTES_MAX >> 6),
    OBJECT_ROWS_RULES_MAX = 32,
    OBJECT_ROW_ATTRIBUTES_MAX = 64,
    OBJECT_ROW_TEXT_BYTES = 3 * CSEXPORT_DN_BYTES, /* a byte may have to be written as three */
};

#define OBJECT_ROWS_TAG ((const uint8_t[]){'B', 'O', 'R', '1'}) /* how a document begins */

struct object_attribute {
    uint8_t kind; /* enum csexport_change_kind */
    const char *name;
};

struct object_row {
    uint8_t operation; /* enum csexport_operation */
    uint32_t rules;    /* bit n: rule[n] of the document */
    const char *type, *dn;
    const char *anchor, *person; /* "": the file names none */
    const struct object_attribute *attribute;
    uint32_t attribute_count, attributes_left_out;
};

struct object_rows {
    struct baton_id tenant, plan;
    struct baton_key agent;           /* whose server's export it is */
    struct baton_hash findings, file; /* the list that it belongs to; the export that was read */
    uint64_t made_unix_ms;
    uint64_t left_out; /* rows that did not fit: the mildest */
    uint8_t rule_count;
    char rule[OBJECT_ROWS_RULES_MAX][FINDING_RULE_BYTES];
    struct object_row **row;
    uint32_t count;
};

const char *object_operation_name(enum csexport_operation o); /* "delete" */
const char *object_change_name(enum csexport_change_kind k);  /* "cleared" */
/* A copy in one block; a byte that may not stand in a text (text.h) becomes \XX. NULL: no memory. */
struct object_row *object_row_new(const struct object_row *from);
void object_row_free(struct object_row **row);
size_t object_row_bytes(const struct object_row *row); /* in the document */
/* The rule's bit, 0 when the document does not have it. */
uint32_t object_rows_rule(const struct object_rows *rows, const char *rule);

/* malloc'd. */
enum baton_status object_rows_write(const struct object_rows *rows, uint8_t **ret_packed,
                                    size_t *ret_len, struct baton_err *err) BATON_MUST_USE;
/* In object_rows_read.c, for who decides. */
enum baton_status object_rows_read(const uint8_t *packed, size_t len, struct object_rows *ret_rows,
                                   struct baton_err *err) BATON_MUST_USE;
void object_rows_done(struct object_rows *rows);

#endif
