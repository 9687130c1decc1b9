/* registry.h: values in this machine's registry, below HKEY_LOCAL_MACHINE; Windows alone.
 *
 * Shape      Keys and names are UTF-8; the 64-bit view. The keys below REGISTRY_OWN are made and kept as
 *            closed as this program's files (disk.h): SYSTEM's and Administrators'. Somebody may have made one
 *            before this program did: what others own or may write is not read, and not written unless it is
 *            empty, when it is made anew. What registry_own_write has written is on disk.
 * Limits     A value of at most REGISTRY_VALUE_BYTES.
 * Errors     BATON_NOT_FOUND: no such key or value. BATON_CORRUPT: others may have written it. BATON_DENIED,
 *            BATON_LIMIT, BATON_IO: with the system's number and words.
 * Threads    Any.
 */
#ifndef BATON_REGISTRY_H
#define BATON_REGISTRY_H

#include "baton/status.h"

#define REGISTRY_OWN "Software\\Baton"

enum { REGISTRY_VALUE_BYTES = 16384 };

/* type is the system's number (REG_SZ is 1); text comes as it lies there, in UTF-16. */
enum baton_status registry_read(const char *key, const char *name, uint32_t *ret_type, void *out,
                                size_t cap, size_t *ret_len, struct baton_err *err) BATON_MUST_USE;
enum baton_status registry_own_read(const char *key, const char *name, void *out, size_t cap,
                                    size_t *ret_len, struct baton_err *err) BATON_MUST_USE;
/* Binary, below REGISTRY_OWN. */
enum baton_status registry_own_write(const char *key, const char *name, const void *bytes,
                                     size_t len, struct baton_err *err) BATON_MUST_USE;

/* Whether REGISTRY_OWN is SYSTEM's or Administrators', and nobody else may so much as read it; BATON_NOT_FOUND:
 * it is not there. */
enum baton_status registry_own_is_closed(bool *ret_closed, struct baton_err *err) BATON_MUST_USE;
/* Makes it when it is not there. */
enum baton_status registry_own_close(struct baton_err *err) BATON_MUST_USE;

#endif
