/* exports_rows.h: the objects behind an analysis, kept while it reads: which, not only how many.
 *
 * Shape      An analysis hands every object on that counts for a rule. A row knows all its rules; the
 *            gravest decides which rows stay when there are more than fit: deletes first, plain
 *            updates last, and among equals those that the file has first.
 * Limits     OBJECT_ROWS_MAX rows and what OBJECT_ROWS_BYTES_MAX leaves them; memory is about that.
 * Errors     BATON_NOMEM sticks, and comes out of exports_rows_give.
 * Privacy    See object_rows.h: nothing of this may leave the server unsealed.
 * Ownership  exports_rows_free. What is given away belongs to the document.
 * Source     docs/verification.md.
 */
#ifndef VERIFY_EXPORTS_ROWS_H
#define VERIFY_EXPORTS_ROWS_H

#include "exports.h"
#include "object_rows.h"

struct exports_rows;
struct exports_rows *exports_rows_new(const struct limits *limits); /* NULL: no memory */
void exports_rows_free(struct exports_rows **x);
/* For the analysis that the rows are of: a change of the object under way, then the object. */
void exports_rows_change(struct exports_rows *x, const struct csexport_change *c);
void exports_rows_object(struct exports_rows *x, const struct csexport_object *o, uint32_t groups);
/* Rows, rules and how many were left out into the document, whose other fields are the caller's. */
enum baton_status exports_rows_give(struct exports_rows *x, const struct exports *e,
                                    uint64_t scope_objects,
                                    struct object_rows *ret_rows) BATON_MUST_USE;

#endif
