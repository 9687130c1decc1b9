#include "setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/adapters/managed.h"
#include "common/config.h"
#include "common/disk/disk.h"
#include "common/text.h"

enum { INI_BYTES = 2048 };

static const struct config_key keys[] = {
    {"controller.address", CONFIG_TEXT, NULL, 0, 0, false,
     "where the controller listens for agents"},
    {"controller.proxy", CONFIG_TEXT, "", 0, 0, false,
     "http://host:port or socks5://host:port on the way there"},
    {"controller.sign-key", CONFIG_TEXT, NULL, 0, 0, false, "the controller's signing key, pinned"},
    {"controller.curve-key", CONFIG_TEXT, NULL, 0, 0, false, "its transport key, pinned"},
    {"trust.root", CONFIG_TEXT, NULL, 0, 0, false, "the root key of the trust document, pinned"},
    {"agent.tenant", CONFIG_TEXT, NULL, 0, 0, false, "the one tenant this agent serves"},
    {"agent.name", CONFIG_TEXT, NULL, 0, 0, false, "this server's name, as enrolled"},
    {"agent.host", CONFIG_TEXT, NULL, 0, 0, false,
     "how the server is reached: lab:SOCKET, or windows"},
};

enum baton_status
setup_path(const char *dir, enum setup_file file, char out[SETUP_PATH_BYTES], struct baton_err *err)
{
    static const char *const names[] = {
        [SETUP_INI] = "baton-agent.ini",
        [SETUP_KEY] = "agent.key",
        [SETUP_LOCK] = "agent.lock",
        [SETUP_STATUS] = "status.json",
        [SETUP_BLOB_OUT] = "settings.out",
        [SETUP_BLOB_IN] = "settings.in",
        [SETUP_OLD_CONFIG] = "old-configuration.pack",
        [SETUP_OLD_CONFIG_PART] = "old-configuration.part",
        [SETUP_PREREQUISITES] = "prerequisites",
        [SETUP_RUN_HISTORIES] = "run-histories",
    };
    int len = snprintf(out, SETUP_PATH_BYTES, "%s/%s", dir, names[file]);
    return len < 0 || len >= SETUP_PATH_BYTES
               ? baton_fail(err, BATON_LIMIT, "path too long: %s", dir)
               : BATON_OK;
}

static enum baton_status
read_text(const struct config *c, const char *name, char *out, size_t cap, struct baton_err *err)
{
    const char *text = config_text(c, name);
    if (text == NULL)
        return baton_fail(err, BATON_USAGE, "baton-agent.ini: %s is missing", name);
    if (strlen(text) >= cap)
        return baton_fail(err, BATON_USAGE, "baton-agent.ini: %s is too long", name);
    text_copy(out, cap, text);
    return BATON_OK;
}

static enum baton_status
read_key(const struct config *c, const char *name, struct baton_key *ret_key, struct baton_err *err)
{
    const char *text = config_text(c, name);
    if (text == NULL || !baton_unhex(text, ret_key->b, BATON_KEY_BYTES))
        return baton_fail(err, BATON_USAGE, "baton-agent.ini: %s is not a key of 64 hex digits",
                          name);
    return BATON_OK;
}

static enum baton_status
read_all(const struct config *c, struct setup *s, struct baton_err *err)
{
    const struct {
        const char *name;
        char *out;
        size_t cap;
    } texts[] = {{"controller.address", s->address, sizeof s->address},
                 {"controller.proxy", s->proxy, sizeof s->proxy},
                 {"agent.name", s->name, sizeof s->name},
                 {"agent.host", s->host, sizeof s->host}};
    const struct {
        const char *name;
        struct baton_key *key;
    } pinned[] = {{"controller.sign-key", &s->controller_sign},
                  {"controller.curve-key", &s->controller_curve},
                  {"trust.root", &s->root}};
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; rc == BATON_OK && i < ARRAY_LEN(texts); i++)
        rc = read_text(c, texts[i].name, texts[i].out, texts[i].cap, err);
    for (size_t i = 0; rc == BATON_OK && i < ARRAY_LEN(pinned); i++)
        rc = read_key(c, pinned[i].name, pinned[i].key, err);
    const char *tenant = config_text(c, "agent.tenant");
    if (rc == BATON_OK && (tenant == NULL || !baton_guid_parse(tenant, &s->tenant)))
        rc = baton_fail(err, BATON_USAGE, "baton-agent.ini: agent.tenant is not a GUID");
    return rc;
}

static enum baton_status
dir_is_closed(const char *dir, struct baton_err *err)
{
    if (disk_folder_is_closed(dir))
        return BATON_OK; /* what is not there is named by its file */
    char how[BATON_ERR_BYTES / 2];
    disk_how_to_close(dir, true, how, sizeof how);
    return baton_fail(err, BATON_DENIED, "others can read %s: %s", dir, how);
}

enum baton_status
setup_manage(struct setup *s, struct baton_err *err)
{
    struct managed m;
    const struct {
        enum managed_id id;
        char *out;
    } texts[] = {{MANAGED_ADDRESS, s->address}, {MANAGED_PROXY, s->proxy}};
    enum baton_status rc = managed_read(&m, err);
    for (size_t i = 0; rc == BATON_OK && i < ARRAY_LEN(texts); i++) {
        if (!m.set[texts[i].id])
            continue;
        if (strlen(m.text[texts[i].id]) >= SETUP_ADDRESS_BYTES)
            rc = baton_fail(err, BATON_USAGE, "%s is too long", managed_origin(texts[i].id));
        else
            text_copy(texts[i].out, SETUP_ADDRESS_BYTES, m.text[texts[i].id]);
    }
    return rc;
}

enum baton_status
setup_read(const char *dir, struct setup *ret_setup, struct baton_err *err)
{
    char path[SETUP_PATH_BYTES];
    struct config *c = NULL;
    *ret_setup = (struct setup){0};
    enum baton_status rc = setup_path(dir, SETUP_INI, path, err);
    if (rc == BATON_OK)
        rc = config_open(keys, ARRAY_LEN(keys), &c, err);
    if (rc == BATON_OK)
        rc = config_read_file(c, CONFIG_USER, path, true, err);
    if (rc == BATON_NOT_FOUND)
        rc = baton_fail(err, BATON_NOT_FOUND,
                        "%s is not an agent's directory: run baton-agent enrol", dir);
    if (rc == BATON_OK)
        rc = config_read_environment(c, err);
    if (rc == BATON_OK)
        rc = dir_is_closed(dir, err);
    if (rc == BATON_OK)
        rc = read_all(c, ret_setup, err);
    if (rc == BATON_OK)
        rc = setup_manage(ret_setup, err);
    text_copy(ret_setup->dir, sizeof ret_setup->dir, dir);
    config_close(&c);
    return rc;
}

static int
print_ini(const struct setup *s, char out[INI_BYTES])
{
    char sign[65], curve[65], root[65], tenant[37];
    baton_hex(s->controller_sign.b, BATON_KEY_BYTES, sign);
    baton_hex(s->controller_curve.b, BATON_KEY_BYTES, curve);
    baton_hex(s->root.b, BATON_KEY_BYTES, root);
    baton_guid_format(&s->tenant, tenant);
    return snprintf(
        out, INI_BYTES,
        "; Written by baton-agent enrol. The keys are pinned: to change them, enrol again.\n"
        "[controller]\naddress = %s\nproxy = %s\nsign-key = %s\ncurve-key = %s\n\n"
        "[trust]\nroot = %s\n\n"
        "[agent]\ntenant = %s\nname = %s\nhost = %s\n",
        s->address, s->proxy, sign, curve, root, tenant, s->name, s->host);
}

static enum baton_status
write_new(const char *path, const char *text, size_t len, struct baton_err *err)
{
    int fd = disk_open(path, DISK_CREATE);
    if (fd < 0)
        return baton_fail(err, errno == EEXIST ? BATON_CONFLICT : BATON_IO, "cannot write %s: %s",
                          path, strerror(errno));
    bool good = disk_write(fd, text, len) && disk_flush(fd);
    enum baton_status rc =
        good ? BATON_OK : baton_fail(err, BATON_IO, "cannot write %s: %s", path, strerror(errno));
    close(fd);
    if (!good)
        (void)disk_remove(path);
    return rc;
}

enum baton_status
setup_write(const struct setup *s, struct baton_err *err)
{
    char path[SETUP_PATH_BYTES], text[INI_BYTES];
    enum baton_status rc = setup_path(s->dir, SETUP_INI, path, err);
    if (rc != BATON_OK)
        return rc;
    int len = print_ini(s, text);
    if (len < 0 || len >= INI_BYTES)
        return baton_fail(err, BATON_LIMIT, "the settings are too long");
    return write_new(path, text, (size_t)len, err);
}
