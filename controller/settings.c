#include "controller/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct config_key keys[] = {
    {"bus.listen", CONFIG_TEXT, "tcp://127.0.0.1:7400", 0, 0, false,
     "where agents connect: a chosen address of this machine"},
    {"bus.advertise", CONFIG_TEXT, NULL, 0, 0, false,
     "the address that enrolment tokens name; bus.listen when not set"},
    {"api.listen", CONFIG_TEXT, "127.0.0.1:7443", 0, 0, false,
     "where operators and browsers connect, over TLS"},
    {"log.level", CONFIG_TEXT, "info", 0, 0, false, "debug, info, warn, error or off"},
};

static enum baton_status
path_join(char out[SETTINGS_PATH_BYTES], const char *dir, const char *name, struct baton_err *err)
{
    int n = snprintf(out, SETTINGS_PATH_BYTES, "%s/%s", dir, name);
    if (n > 0 && n < SETTINGS_PATH_BYTES)
        return BATON_OK;
    return baton_fail(err, BATON_LIMIT, "the directory's name is too long");
}

enum baton_status
settings_paths(struct settings *s, const char *dir, struct baton_err *err)
{
    memset(s, 0, sizeof *s);
    if (dir == NULL || dir[0] == '\0')
        return baton_fail(err, BATON_USAGE, "no directory given: --dir DIR");
    if (strlen(dir) >= sizeof s->dir)
        return baton_fail(err, BATON_LIMIT, "the directory's name is too long");
    memcpy(s->dir, dir, strlen(dir) + 1);
    enum baton_status rc = path_join(s->ini, dir, "baton.ini", err);
    if (rc == BATON_OK)
        rc = path_join(s->store, dir, "baton.db", err);
    if (rc == BATON_OK)
        rc = path_join(s->keys, dir, "controller.key", err);
    if (rc == BATON_OK)
        rc = path_join(s->cert, dir, "tls-cert.pem", err);
    if (rc == BATON_OK)
        rc = path_join(s->cert_key, dir, "tls-key.pem", err);
    return rc;
}

bool
settings_endpoint_valid(const char *endpoint)
{
    static const char scheme[] = "tcp://";
    if (strncmp(endpoint, scheme, sizeof scheme - 1) != 0)
        return false;
    const char *host = endpoint + sizeof scheme - 1;
    const char *colon = strrchr(host, ':');
    if (colon == NULL || colon == host || *host == '*')
        return false;
    char *end;
    unsigned long port = strtoul(colon + 1, &end, 10);
    return colon[1] != '\0' && *end == '\0' && port <= 65535;
}

/* "HOST:PORT" or "[v6]:PORT". */
static bool
api_split(struct settings *s, const char *text)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon == text || (size_t)(colon - text) >= sizeof s->api_host)
        return false;
    char *end;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (colon[1] == '\0' || *end != '\0' || port > 65535)
        return false;
    bool bracket = text[0] == '[' && colon[-1] == ']';
    size_t skip = bracket ? 1 : 0, len = (size_t)(colon - text) - 2 * skip;
    memcpy(s->api_host, text + skip, len);
    s->api_host[len] = '\0';
    s->api_port = (uint16_t)port;
    return true;
}

static enum baton_status
settings_check(struct settings *s, struct baton_err *err)
{
    if (!settings_endpoint_valid(settings_listen(s)))
        return baton_fail(err, BATON_USAGE,
                          "bus.listen = %s: expected tcp://ADDRESS:PORT with a chosen address",
                          settings_listen(s));
    if (!settings_endpoint_valid(settings_advertise(s)))
        return baton_fail(err, BATON_USAGE, "bus.advertise = %s: expected tcp://HOST:PORT",
                          settings_advertise(s));
    if (!api_split(s, config_text(s->config, "api.listen")))
        return baton_fail(err, BATON_USAGE, "api.listen = %s: expected ADDRESS:PORT",
                          config_text(s->config, "api.listen"));
    return BATON_OK;
}

static enum baton_status
flags_apply(struct settings *s, const struct settings_flags *f, struct baton_err *err)
{
    const struct {
        const char *name, *value, *flag;
    } given[] = {{"bus.listen", f->listen, "--listen"},
                 {"bus.advertise", f->advertise, "--advertise"},
                 {"api.listen", f->api, "--api"}};
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; i < ARRAY_LEN(given) && rc == BATON_OK; i++)
        if (given[i].value != NULL)
            rc = config_set_flag(s->config, given[i].name, given[i].value, given[i].flag, err);
    return rc;
}

static enum baton_status
dir_check(const char *dir, struct baton_err *err)
{
    struct stat st;
    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
        return baton_fail(err, BATON_NOT_FOUND,
                          "%s is not a directory: make it with baton-controller init --dir %s", dir,
                          dir);
    if ((st.st_mode & 077) != 0)
        return baton_fail(err, BATON_DENIED, "others can read %s: chmod 700 %s", dir, dir);
    return BATON_OK;
}

enum baton_status
settings_new(struct settings *s, const struct settings_flags *flags, struct baton_err *err)
{
    enum baton_status rc = settings_paths(s, flags->dir, err);
    if (rc == BATON_OK)
        rc = config_open(keys, ARRAY_LEN(keys), &s->config, err);
    if (rc == BATON_OK)
        rc = flags_apply(s, flags, err);
    if (rc == BATON_OK)
        rc = settings_check(s, err);
    if (rc != BATON_OK)
        settings_close(s);
    return rc;
}

enum baton_status
settings_open(struct settings *s, const struct settings_flags *flags, struct baton_err *err)
{
    enum baton_status rc = settings_paths(s, flags->dir, err);
    if (rc == BATON_OK)
        rc = dir_check(s->dir, err);
    if (rc == BATON_OK)
        rc = config_open(keys, ARRAY_LEN(keys), &s->config, err);
    if (rc == BATON_OK)
        rc = config_read_file(s->config, CONFIG_SYSTEM, SETTINGS_SYSTEM_FILE, false, err);
    if (rc == BATON_OK)
        rc = config_read_file(s->config, CONFIG_USER, s->ini, true, err);
    if (rc == BATON_OK)
        rc = config_read_environment(s->config, err);
    if (rc == BATON_OK)
        rc = flags_apply(s, flags, err);
    if (rc == BATON_OK)
        rc = settings_check(s, err);
    if (rc != BATON_OK)
        settings_close(s);
    return rc;
}

void
settings_close(struct settings *s)
{
    config_close(&s->config);
}

const char *
settings_listen(const struct settings *s)
{
    return config_text(s->config, "bus.listen");
}

const char *
settings_advertise(const struct settings *s)
{
    return config_is_set(s->config, "bus.advertise") ? config_text(s->config, "bus.advertise")
                                                     : settings_listen(s);
}
