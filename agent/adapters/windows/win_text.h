/* win_text.h: UTF-8 as Windows wants it and back; and, as whoever needs that fails with them, Windows' errors.
 *
 * Threads    Reentrant.
 */
#ifndef AGENT_WINDOWS_WIN_TEXT_H
#define AGENT_WINDOWS_WIN_TEXT_H

#include <winsock2.h>

#include <windows.h>

#include "baton/status.h"
#include "common/disk/windows_error.h"

/* False: not UTF-8, or more than cap units with the NUL; out is empty then. */
bool win_wide(const char *text, wchar_t *out, size_t cap);
/* Lone surrogates become U+FFFD; what does not fit is cut before a character. */
void win_utf8(const wchar_t *text, char *out, size_t cap);
/* All of it; the caller frees. NULL: no memory. */
char *win_utf8_copy(const wchar_t *text);
/* For people: cleaned and cut as text_copy does; "" for NULL. */
void win_line(const wchar_t *text, char *out, size_t cap);
/* As it is; false, and "": it does not fit or is no text. */
bool win_exact(const wchar_t *text, char *out, size_t cap);
bool win_same(const wchar_t *a, const wchar_t *b); /* but for case */

uint64_t win_unix_ms(FILETIME t); /* 0: before 1970 */
uint64_t win_now_unix_ms(void);

#endif
