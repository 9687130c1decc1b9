/* registry.h: single values of the local machine's registry, and the names below a key.
 *
 * Shape      The view of 64-bit programs unless another is asked for.
 * Limits     A text holds REGISTRY_TEXT_UNITS; a longer one is an error (ERROR_MORE_DATA).
 * Errors     The system's codes: ERROR_SUCCESS, ERROR_FILE_NOT_FOUND, ERROR_ACCESS_DENIED, ...;
 *            ERROR_UNSUPPORTED_TYPE for a value of another type.
 * Threads    Reentrant.
 */
#ifndef AGENT_WINDOWS_REGISTRY_H
#define AGENT_WINDOWS_REGISTRY_H

#include <windows.h>

#include <stdbool.h>
#include <stddef.h>

enum { REGISTRY_TEXT_UNITS = 1024, REGISTRY_NAME_UNITS = 256 };
enum registry_view { VIEW_64 = KEY_WOW64_64KEY, VIEW_32 = KEY_WOW64_32KEY };

DWORD registry_open(const wchar_t *key, enum registry_view view, HKEY *ret_key);
/* Of an open key; variables of the environment are put in. value NULL: the key's own. */
DWORD registry_text(HKEY key, const wchar_t *value, wchar_t out[REGISTRY_TEXT_UNITS]);
DWORD registry_number(HKEY key, const wchar_t *value, DWORD *ret_number);
/* The same by the key's name. */
DWORD registry_read_text(const wchar_t *key, const wchar_t *value,
                         wchar_t out[REGISTRY_TEXT_UNITS]);
DWORD registry_read_number(const wchar_t *key, const wchar_t *value, DWORD *ret_number);
/* The index-th key below; ERROR_NO_MORE_ITEMS. */
DWORD registry_below(HKEY key, DWORD index, wchar_t out[REGISTRY_NAME_UNITS]);

#endif
