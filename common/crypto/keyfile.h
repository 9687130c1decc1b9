/* keyfile.h: keys at rest.
 *
 * Shape      Programs: magic 8 "BTNKEYP1" | three seeds of 32 | SHA-256 of all before; on Windows this
 *            lies wrapped (wrap.h), and a file that does not is refused.
 *            People:   magic 8 "BTNKEYS1" | algorithm 1 (2 = Argon2id13) | opslimit 8 | memlimit 8 |
 *            salt 16 | public key 32 | nonce 24 | secretbox of the seed 48; numbers big-endian.
 *            The limits stand in the file, so that a later default opens old files.
 * Limits     memlimit up to KEYFILE_MEM_MAX, opslimit up to KEYFILE_OPS_MAX: a strange file cannot
 *            eat the machine.
 * Errors     BATON_DENIED: the file of a program is readable by others or another machine's, or the
 *            passphrase is wrong.
 *            BATON_CONFLICT: a key file is never overwritten. BATON_NOT_FOUND, BATON_CORRUPT,
 *            BATON_IO.
 * Source     reliability 4.3 (passphrase); design 7 (0600).
 */
#ifndef BATON_KEYFILE_H
#define BATON_KEYFILE_H

#include "common/crypto/crypto.h"

#define KEYFILE_MEM_MAX ((uint64_t)1 << 30)
enum { KEYFILE_OPS_MAX = 16 };

struct keyfile_cost {
    uint64_t opslimit, memlimit;
};

struct keyfile_cost keyfile_cost_production(void); /* 3 passes over 256 MiB, about 0.8 s */
struct keyfile_cost keyfile_cost_least(void);      /* for tests and the lab */

enum baton_status keyfile_save(const char *path, const struct crypto_identity *identity,
                               struct baton_err *err) BATON_MUST_USE;
enum baton_status keyfile_load(const char *path, struct crypto_identity *ret_identity,
                               struct baton_err *err) BATON_MUST_USE;

enum baton_status keyfile_seal(const char *path, const struct crypto_signer *signer,
                               const char *passphrase, struct keyfile_cost cost,
                               struct baton_err *err) BATON_MUST_USE;
enum baton_status keyfile_unseal(const char *path, const char *passphrase,
                                 struct crypto_signer *ret_signer,
                                 struct baton_err *err) BATON_MUST_USE;
/* Whose file it is, without the passphrase; not authenticated. */
enum baton_status keyfile_public(const char *path, struct baton_key *ret_key,
                                 struct baton_err *err) BATON_MUST_USE;

#endif
