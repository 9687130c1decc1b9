/* exports_split.h: one large csexport file, read by two threads.
 *
 * Shape      The file is cut before a "<cs-object" near its middle. The first part gets the root's end
 *            behind it, the second the root's tag before it; the library parses both. Where the cut
 *            lay in a comment, a CDATA section or anywhere but between two objects, a part is not
 *            well-formed: then nothing is taken over, and the caller reads the file in one pass, which
 *            also knows the line of a mistake. So both ways accept and refuse the same files.
 * Limits     Plain UTF-8 of at least EXPORTS_SPLIT_BYTES whose root's tag stands in its first bytes.
 * Threads    One more, which ends before the call does.
 */
#ifndef BATON_EXPORTS_SPLIT_H
#define BATON_EXPORTS_SPLIT_H

#include "common/verify/exports.h"

enum { EXPORTS_SPLIT_BYTES = 8 << 20 };

/* True: the whole file is in `into`, and *ret_hash is its SHA-256. False: nothing happened. */
bool exports_split_read(int fd, uint64_t bytes, struct exports *into, struct baton_hash *ret_hash);

#endif
