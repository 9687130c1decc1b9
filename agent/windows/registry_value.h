/* registry_value.h: a value of the registry as text, from its kind and its bytes.
 *
 * Shape      REG_SZ and REG_EXPAND_SZ in UTF-16, little endian, with a final NUL or without. The result is
 *            UTF-8 and one line (text.h).
 * Errors     BATON_USAGE: another kind, a NUL in the middle, what is not UTF-16 or has control
 *            characters, more than cap bytes. The sentence names `place` and says what to do.
 * Threads    Reentrant. No call of the system's: tested on every one.
 */
#ifndef AGENT_REGISTRY_VALUE_H
#define AGENT_REGISTRY_VALUE_H

#include "baton/status.h"

/* The system's numbers of the kinds that text comes in. */
enum { REGISTRY_TEXT = 1, REGISTRY_EXPANDED_TEXT = 2 };

enum baton_status registry_value_text(const char *place, uint32_t kind, const uint8_t *bytes,
                                      size_t len, char *out, size_t cap,
                                      struct baton_err *err) BATON_MUST_USE;
const char *registry_kind_name(uint32_t kind); /* "REG_DWORD"; "?" for an unknown one */

#endif
