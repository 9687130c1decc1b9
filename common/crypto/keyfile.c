#include "common/crypto/keyfile.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/crypto/wrap.h"
#include "common/disk/disk.h"

static const uint8_t magic_plain[8] = "BTNKEYP1";
static const uint8_t magic_sealed[8] = "BTNKEYS1";

enum {
    AT_PLAIN_SUM = 8 + 3 * SEED_BYTES,
    PLAIN_BYTES = AT_PLAIN_SUM + BATON_HASH_BYTES,

    AT_ALG = 8,
    AT_OPS = AT_ALG + 1,
    AT_MEM = AT_OPS + 8,
    AT_SALT = AT_MEM + 8,
    AT_PUBLIC = AT_SALT + crypto_pwhash_SALTBYTES,
    AT_NONCE = AT_PUBLIC + BATON_KEY_BYTES,
    AT_BOX = AT_NONCE + crypto_secretbox_NONCEBYTES,
    SEALED_BYTES = AT_BOX + SEED_BYTES + crypto_secretbox_MACBYTES,
};

static void
u64_put(uint8_t out[8], uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8)
        out[i] = (uint8_t)v;
}

static uint64_t
u64_get(const uint8_t in[8])
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | in[i];
    return v;
}

struct keyfile_cost
keyfile_cost_production(void)
{
    return (struct keyfile_cost){crypto_pwhash_argon2id_OPSLIMIT_MODERATE,
                                 crypto_pwhash_argon2id_MEMLIMIT_MODERATE};
}

struct keyfile_cost
keyfile_cost_least(void)
{
    return (struct keyfile_cost){crypto_pwhash_argon2id_OPSLIMIT_MIN,
                                 crypto_pwhash_argon2id_MEMLIMIT_MIN};
}

static enum baton_status
file_create(const char *path, const uint8_t *bytes, size_t len, struct baton_err *err)
{
    int fd = disk_open(path, DISK_CREATE);
    if (fd < 0 && errno == EEXIST)
        return baton_fail(err, BATON_CONFLICT, "%s: a key file is never overwritten; move it away",
                          path);
    if (fd < 0)
        return baton_fail(err, BATON_IO, "%s: %s", path, strerror(errno));
    bool good = disk_write(fd, bytes, len) && disk_flush(fd);
    int why = errno;
    good = close(fd) == 0 && good;
    if (good && disk_flush_name(path))
        return BATON_OK;
    (void)disk_remove(path); /* half a key is worse than none */
    return baton_fail(err, BATON_IO, "%s: %s", path, strerror(why));
}

static enum baton_status
mode_check(int fd, const char *path, struct baton_err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return baton_fail(err, BATON_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return baton_fail(err, BATON_DENIED, "%s: not a regular file", path);
    if (disk_is_closed(fd))
        return BATON_OK;
    char how[BATON_ERR_BYTES / 2];
    disk_how_to_close(path, false, how, sizeof how);
    return baton_fail(err, BATON_DENIED, "%s: others may read or write it; %s", path, how);
}

/* As much as there is; more than cap, or nothing, is not what it should be. */
static enum baton_status
file_read_some(const char *path, uint8_t *out, size_t cap, size_t *ret_len, struct baton_err *err)
{
    int fd = disk_open(path, DISK_READ);
    if (fd < 0)
        return baton_fail(err, errno == ENOENT ? BATON_NOT_FOUND : BATON_IO, "%s: %s", path,
                          strerror(errno));
    enum baton_status rc = mode_check(fd, path, err);
    ssize_t have = rc == BATON_OK ? disk_read(fd, out, cap) : 0;
    if (have < 0)
        rc = baton_fail(err, BATON_IO, "%s: %s", path, strerror(errno));
    uint8_t beyond;
    if (rc == BATON_OK && (have == 0 || disk_read(fd, &beyond, 1) != 0))
        rc = baton_fail(err, BATON_CORRUPT, "%s: not a key file of this kind (size)", path);
    close(fd);
    *ret_len = have < 0 ? 0 : (size_t)have;
    return rc;
}

static enum baton_status
file_read(const char *path, uint8_t *out, size_t len, struct baton_err *err)
{
    size_t have = 0;
    enum baton_status rc = file_read_some(path, out, len, &have, err);
    if (rc == BATON_OK && have != len)
        rc = baton_fail(err, BATON_CORRUPT, "%s: not a key file of this kind (size)", path);
    return rc;
}

enum baton_status
keyfile_save(const char *path, const struct crypto_identity *identity, struct baton_err *err)
{
    uint8_t file[PLAIN_BYTES] = {0}, wrapped[WRAP_BYTES_MAX];
    size_t len = 0;
    memcpy(file, magic_plain, sizeof magic_plain);
    sodium_mprotect_readonly(identity->seeds);
    memcpy(file + 8, identity->seeds, sizeof *identity->seeds);
    sodium_mprotect_noaccess(identity->seeds);
    crypto_hash_sha256(file + AT_PLAIN_SUM, file, AT_PLAIN_SUM);
    enum baton_status rc = wrap_here(file, sizeof file, wrapped, &len, err);
    if (rc == BATON_OK)
        rc = file_create(path, wrapped, len, err);
    crypto_wipe(file, sizeof file);
    crypto_wipe(wrapped, sizeof wrapped);
    return rc;
}

static enum baton_status
plain_parse(const char *path, const uint8_t file[PLAIN_BYTES], struct crypto_identity *ret_identity,
            struct baton_err *err)
{
    struct baton_hash sum;
    crypto_sha256(file, AT_PLAIN_SUM, &sum);
    if (memcmp(file, magic_plain, sizeof magic_plain) != 0 ||
        !crypto_equal(sum.b, file + AT_PLAIN_SUM, sizeof sum.b))
        return baton_fail(err, BATON_CORRUPT, "%s: not a key file, or damaged", path);
    struct crypto_seeds seeds;
    memcpy(&seeds, file + 8, sizeof seeds);
    enum baton_status rc = crypto_identity_from_seeds(&seeds, ret_identity, err);
    crypto_wipe(&seeds, sizeof seeds);
    return rc;
}

enum baton_status
keyfile_load(const char *path, struct crypto_identity *ret_identity, struct baton_err *err)
{
    uint8_t wrapped[WRAP_BYTES_MAX], file[PLAIN_BYTES] = {0};
    size_t len = 0;
    enum baton_status rc = file_read_some(path, wrapped, sizeof wrapped, &len, err);
    if (rc == BATON_OK) {
        rc = unwrap_here(wrapped, len, file, sizeof file, &len, err);
        if (rc != BATON_OK)
            rc = baton_wrap(err, rc, "%s", path);
    }
    if (rc == BATON_OK && len != sizeof file)
        rc = baton_fail(err, BATON_CORRUPT, "%s: not a key file of this kind (size)", path);
    if (rc == BATON_OK)
        rc = plain_parse(path, file, ret_identity, err);
    crypto_wipe(file, sizeof file);
    crypto_wipe(wrapped, sizeof wrapped);
    return rc;
}

static enum baton_status
key_derive(const uint8_t file[SEALED_BYTES], const char *passphrase,
           uint8_t ret_key[crypto_secretbox_KEYBYTES], struct baton_err *err)
{
    uint64_t ops = u64_get(file + AT_OPS), mem = u64_get(file + AT_MEM);
    if (ops < crypto_pwhash_argon2id_OPSLIMIT_MIN || ops > KEYFILE_OPS_MAX ||
        mem < crypto_pwhash_argon2id_MEMLIMIT_MIN || mem > KEYFILE_MEM_MAX)
        return baton_fail(err, BATON_LIMIT, "the file asks for more work than Baton does");
    if (crypto_pwhash(ret_key, crypto_secretbox_KEYBYTES, passphrase, strlen(passphrase),
                      file + AT_SALT, ops, (size_t)mem, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return baton_fail(err, BATON_NOMEM, "the passphrase needs %llu MiB of memory",
                          (unsigned long long)(mem >> 20));
    return BATON_OK;
}

enum baton_status
keyfile_seal(const char *path, const struct crypto_signer *signer, const char *passphrase,
             struct keyfile_cost cost, struct baton_err *err)
{
    uint8_t file[SEALED_BYTES] = {0}, key[crypto_secretbox_KEYBYTES];
    memcpy(file, magic_sealed, sizeof magic_sealed);
    file[AT_ALG] = crypto_pwhash_ALG_ARGON2ID13;
    u64_put(file + AT_OPS, cost.opslimit);
    u64_put(file + AT_MEM, cost.memlimit);
    crypto_random(file + AT_SALT, crypto_pwhash_SALTBYTES);
    memcpy(file + AT_PUBLIC, signer->key.b, sizeof signer->key.b);
    crypto_random(file + AT_NONCE, crypto_secretbox_NONCEBYTES);
    enum baton_status rc = key_derive(file, passphrase, key, err);
    if (rc != BATON_OK)
        return baton_wrap(err, rc, "%s", path);
    /* the first half of libsodium's secret key is the seed */
    crypto_secretbox_easy(file + AT_BOX, signer->secret, SEED_BYTES, file + AT_NONCE, key);
    crypto_wipe(key, sizeof key);
    return file_create(path, file, sizeof file, err);
}

static enum baton_status
sealed_read(const char *path, uint8_t file[SEALED_BYTES], struct baton_err *err)
{
    enum baton_status rc = file_read(path, file, SEALED_BYTES, err);
    if (rc != BATON_OK)
        return rc;
    if (memcmp(file, magic_sealed, sizeof magic_sealed) != 0 ||
        file[AT_ALG] != crypto_pwhash_ALG_ARGON2ID13)
        return baton_fail(err, BATON_CORRUPT, "%s: not a key file under a passphrase", path);
    return BATON_OK;
}

static enum baton_status
box_open(const uint8_t file[SEALED_BYTES], const uint8_t key[crypto_secretbox_KEYBYTES],
         struct crypto_signer *ret_signer, struct baton_err *err)
{
    uint8_t seed[SEED_BYTES];
    if (crypto_secretbox_open_easy(seed, file + AT_BOX, SEED_BYTES + crypto_secretbox_MACBYTES,
                                   file + AT_NONCE, key) != 0)
        return baton_fail(err, BATON_DENIED, "wrong passphrase");
    enum baton_status rc = crypto_signer_from_seed(seed, ret_signer, err);
    crypto_wipe(seed, sizeof seed);
    if (rc == BATON_OK && memcmp(ret_signer->key.b, file + AT_PUBLIC, BATON_KEY_BYTES) != 0) {
        crypto_signer_done(ret_signer);
        return baton_fail(err, BATON_CORRUPT, "the public key is not that of the secret one");
    }
    return rc;
}

enum baton_status
keyfile_unseal(const char *path, const char *passphrase, struct crypto_signer *ret_signer,
               struct baton_err *err)
{
    uint8_t file[SEALED_BYTES] = {0}, key[crypto_secretbox_KEYBYTES];
    enum baton_status rc = sealed_read(path, file, err);
    if (rc != BATON_OK)
        return rc;
    rc = key_derive(file, passphrase, key, err);
    if (rc == BATON_OK)
        rc = box_open(file, key, ret_signer, err);
    crypto_wipe(key, sizeof key);
    return rc == BATON_OK ? rc : baton_wrap(err, rc, "%s", path);
}

enum baton_status
keyfile_public(const char *path, struct baton_key *ret_key, struct baton_err *err)
{
    uint8_t file[SEALED_BYTES] = {0};
    enum baton_status rc = sealed_read(path, file, err);
    if (rc == BATON_OK)
        memcpy(ret_key->b, file + AT_PUBLIC, sizeof ret_key->b);
    return rc;
}
