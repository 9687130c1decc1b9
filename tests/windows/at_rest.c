/* What an agent keeps on a Windows machine, by the agent's own functions: at_rest VERB PATH.
 * copy-write, copy-lift, copy-read: the second copy of a tombstone; key-save, key-load: its keys. */
#include <stdio.h>
#include <string.h>

#include "agent/adapters/process.h"
#include "agent/adapters/second_copy.h"
#include "common/crypto/keyfile.h"

static enum baton_status
copy_put(const char *path, bool tombstone, struct baton_err *err)
{
    struct second_copy c = {.tombstone = tombstone, .epoch.counter = 7, .trust_version = 3};
    return second_copy_write(path, &c, err);
}

static enum baton_status
copy_show(const char *path, struct baton_err *err)
{
    struct second_copy c;
    bool whole;
    enum baton_status rc = second_copy_read(path, &c, &whole, err);
    if (rc == BATON_OK)
        printf("tombstone=%d epoch=%u trust=%u whole=%d\n", c.tombstone, (unsigned)c.epoch.counter,
               (unsigned)c.trust_version, whole);
    return rc;
}

static enum baton_status
key_save(const char *path, struct baton_err *err)
{
    struct crypto_identity id;
    enum baton_status rc = crypto_identity_new(&id, err);
    if (rc != BATON_OK)
        return rc;
    rc = keyfile_save(path, &id, err);
    crypto_identity_done(&id);
    return rc;
}

static enum baton_status
key_load(const char *path, struct baton_err *err)
{
    struct crypto_identity id;
    char hex[2 * BATON_KEY_BYTES + 1];
    enum baton_status rc = keyfile_load(path, &id, err);
    if (rc != BATON_OK)
        return rc;
    baton_hex(id.sign_key.b, BATON_KEY_BYTES, hex);
    printf("%s\n", hex);
    crypto_identity_done(&id);
    return BATON_OK;
}

static enum baton_status
act(const char *verb, const char *path, struct baton_err *err)
{
    if (strcmp(verb, "copy-write") == 0 || strcmp(verb, "copy-lift") == 0)
        return copy_put(path, strcmp(verb, "copy-write") == 0, err);
    if (strcmp(verb, "copy-read") == 0)
        return copy_show(path, err);
    if (strcmp(verb, "key-save") == 0)
        return key_save(path, err);
    return strcmp(verb, "key-load") == 0 ? key_load(path, err) : BATON_USAGE;
}

int
main(int argc, char **argv)
{
    struct baton_err err = {0};
    process_prepare(&argc, &argv);
    enum baton_status rc = argc == 3 ? crypto_init(&err) : BATON_USAGE;
    if (rc == BATON_OK)
        rc = act(argv[1], argv[2], &err);
    if (rc != BATON_OK)
        fprintf(stderr, "at_rest: %s\n", err.text[0] == '\0' ? baton_status_text(rc) : err.text);
    return baton_status_exit_code(rc);
}
