/* pending.h: what the next export to Entra would carry, as numbers and as csexport XML.
 *
 * Shape      Numbers; the objects are made up while the file is written, one by one, from their
 *            index, and are the same every time.
 * Limits     PENDING_MAX objects.
 * Source     domain 4.2, 4.3; formats 2.
 */
#ifndef LAB_PENDING_H
#define LAB_PENDING_H

#include <stdio.h>

#include "world.h"

enum { PENDING_MAX = 1000 * 1000, ANCHOR_TEXT = 25, ENTRA_DN_BYTES = 64 };

/* A synchronization run added to it: the changes of this cycle, or the first full sync's. */
void pending_grow(struct server *s, const struct run *run);

/* The source anchor of object `index` (base64 of 16 bytes) and its name in the Entra connector
 * space: CN={hex of the anchor's text}. */
void pending_anchor(const char *tenant, uint64_t index, char out[ANCHOR_TEXT]);
void pending_dn(const char *anchor, char out[ENTRA_DN_BYTES]);

enum baton_status pending_write(FILE *f, const char *tenant, const char *connector,
                                const struct pending *pending,
                                struct baton_err *err) BATON_MUST_USE;
/* SERVER/pending-export.xml, as csexport /f:x writes it. */
enum baton_status pending_export(struct server *s, struct baton_err *err) BATON_MUST_USE;

#endif
