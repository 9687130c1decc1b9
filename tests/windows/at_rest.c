/* What an agent keeps on a Windows machine, by the agent's own functions: at_rest VERB PATH.
 * copy-write, copy-lift, copy-read: the second copy of a tombstone; key-save, key-load: its keys.
 * registry-rights KEY SDDL: what a stranger does who made that key of HKEY_LOCAL_MACHINE first. */
#include <stdio.h>
#include <string.h>
#include <windows.h>

#include <sddl.h>

#include "agent/adapters/process.h"
#include "agent/adapters/second_copy.h"
#include "common/crypto/keyfile.h"
#include "common/disk/windows_error.h"

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
set_rights(const char *name, const char *rights, struct baton_err *err)
{
    HKEY key;
    PSECURITY_DESCRIPTOR sd = NULL;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorA(rights, SDDL_REVISION_1, &sd, NULL))
        return win_fail(err, GetLastError(), "%s", rights);
    LSTATUS code = RegCreateKeyExA(HKEY_LOCAL_MACHINE, name, 0, NULL, 0,
                                   WRITE_DAC | WRITE_OWNER | KEY_WOW64_64KEY, NULL, &key, NULL);
    if (code == ERROR_SUCCESS) {
        code = RegSetKeySecurity(key, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, sd);
        RegCloseKey(key);
    }
    LocalFree(sd);
    return code == ERROR_SUCCESS ? BATON_OK : win_fail(err, (unsigned long)code, "%s", name);
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
    bool rights = argc == 4 && strcmp(argv[1], "registry-rights") == 0;
    enum baton_status rc = argc == 3 || rights ? crypto_init(&err) : BATON_USAGE;
    if (rc == BATON_OK)
        rc = rights ? set_rights(argv[2], argv[3], &err) : act(argv[1], argv[2], &err);
    if (rc != BATON_OK)
        fprintf(stderr, "at_rest: %s\n", err.text[0] == '\0' ? baton_status_text(rc) : err.text);
    return baton_status_exit_code(rc);
}
