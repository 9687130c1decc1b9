/* csexport_thin.h: a csexport document without what csexport.h does not look at.
 *
 * Shape      Most of a document are holograms and imports, of which nothing counts. Their content is
 *            checked as xml_skip.h checks it and taken out, so that the parser has half as much to
 *            read. What remains are the pending delta, the texts that are kept, the hologram of a
 *            delete, and of everything else the tags that say something by being there. What
 *            csexport.h tells stays the same, digest by digest, and the document is as well-formed as
 *            it was. Whatever is not plain stays where it is, and so does all of a document with
 *            comments, sections or instructions.
 * Errors     None.
 * Threads    Reentrant. No allocation.
 */
#ifndef READERS_CSEXPORT_THIN_H
#define READERS_CSEXPORT_THIN_H

#include "baton/status.h"

/* In place; how long it is now. A document that ends in the middle is thinned up to there. */
size_t csexport_thin(char *text, size_t len);

#endif
