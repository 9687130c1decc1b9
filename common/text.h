/* text.h: which text may be stored, signed and shown to a person.
 *
 * Shape      Valid UTF-8 (no overlong form, no surrogate, at most U+10FFFF) without control
 *            characters: C0, DEL, C1, line and paragraph separators, direction marks. So one text
 *            is one line and shows in the order in which it was signed.
 * Threads    Reentrant. No allocation.
 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include "baton/status.h"

bool text_valid(const void *bytes, size_t len);

/* Copies text into out (cap bytes with the final NUL): every byte that may not stand becomes a
 * space, and what does not fit is cut before a character, never inside one. */
void text_copy(char *out, size_t cap, const char *text);

#endif
