/* utf.h: text of unknown Windows origin to UTF-8 with a final NUL.
 *
 * Shape      UTF-8 with or without a byte order mark; UTF-16LE or BE with one. The mark decides,
 *            never what the document says of itself. A lone surrogate becomes U+FFFD.
 * Errors     BATON_MALFORMED: a NUL inside, or an odd number of UTF-16 bytes. BATON_NOMEM.
 * Ownership  *ret_text is the caller's to free.
 * Source     formats 2, 3.
 */
#ifndef READERS_UTF_H
#define READERS_UTF_H

#include "baton/status.h"

enum baton_status utf_to_utf8(const char *bytes, size_t len, char **ret_text,
                              struct baton_err *err) BATON_MUST_USE;
/* One character at out, at most UTF_CHAR_BYTES; where the next one goes. */
enum { UTF_CHAR_BYTES = 4 };
char *utf_put(char *out, uint32_t c);

#endif
