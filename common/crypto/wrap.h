/* wrap.h: bytes at rest that only this machine may read again. One source for each system.
 *
 * Shape      Linux: the bytes as they are, under the file's mode. Windows: magic 8 "BTNKEYW1" | a blob of
 *            DPAPI in machine scope, with a secret of this machine's from the registry as its second
 *            entropy (value WrapSecret in HKLM\Software\Baton, made at the first wrap): a file copied to another
 *            machine does not open there, also not where DPAPI keys were copied along.
 * Limits     WRAP_BYTES_MAX for what is wrapped.
 * Errors     unwrap: BATON_DENIED when another machine wrapped it, BATON_CORRUPT when nobody did.
 * Ownership  The caller wipes what comes out of unwrap.
 * Threads    Any.
 */
#ifndef BATON_WRAP_H
#define BATON_WRAP_H

#include "baton/status.h"

enum { WRAP_BYTES_MAX = 1024 };

enum baton_status wrap_here(const uint8_t *plain, size_t len, uint8_t out[WRAP_BYTES_MAX],
                            size_t *ret_len, struct baton_err *err) BATON_MUST_USE;
enum baton_status unwrap_here(const uint8_t *wrapped, size_t len, uint8_t *out, size_t cap,
                              size_t *ret_len, struct baton_err *err) BATON_MUST_USE;

#endif
