/* disposition_file.h: people's signed decisions about findings, in a file for offline commands.
 *
 * Shape      JSON: {"format": "baton/dispositions/1", "dispositions": [{"row", "kind", "who", "reason",
 *            "made", "key", "bytes", "signature"}]}. What counts are the bytes (disposition.h) and their
 *            signature; the other members are for people and must say the same.
 *            Reading checks every signature under the key beside it. Whose key that is, is known only
 *            after disposition_file_check under operators that somebody vouches for.
 *            The last word of a person about a row counts.
 * Limits     DISPOSITION_FILE_BYTES_MAX of text, DISPOSITIONS_MAX entries.
 * Errors     BATON_MALFORMED with the entry and what is wrong; BATON_LIMIT; BATON_DENIED: a signature
 *            that does not hold, or a person who may not.
 * Ownership  Plain values; the text written is malloc'd.
 * Source     docs/formats.md "Dispositions file".
 */
#ifndef VERIFY_DISPOSITION_FILE_H
#define VERIFY_DISPOSITION_FILE_H

#include "baton/disposition.h"

enum { DISPOSITION_FILE_BYTES_MAX = 512 * 1024 };

struct disposition_entry {
    struct signed_disposition sd;
    struct baton_key key;
    char who[NAME_BYTES]; /* as the signer said; after a check, as the operators' list says */
};

struct disposition_file {
    size_t count;
    bool checked; /* under operators that were given */
    struct disposition_entry entry[DISPOSITIONS_MAX];
};

enum baton_status disposition_file_read(const char *text, size_t len, const struct digest_port *dp,
                                        struct disposition_file *ret_file,
                                        struct baton_err *err) BATON_MUST_USE;
/* NULL: no memory. */
char *disposition_file_write(const struct disposition_file *f);
/* Every entry is of an operator of `trust` who may approve. */
enum baton_status disposition_file_check(struct disposition_file *f, const struct trust_doc *trust,
                                         const struct digest_port *dp,
                                         struct baton_err *err) BATON_MUST_USE;

/* How many different people closed that row: accepted it, or said that it does not apply. "fixed" closes
 * nothing, since what is fixed is gone. */
unsigned disposition_file_people(const struct disposition_file *f, const struct baton_hash *row);
void disposition_file_digest(const struct disposition_file *f, const struct digest_port *dp,
                             struct baton_hash *ret_digest);

#endif
