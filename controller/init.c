#include "controller/init.h"

#include "common/crypto/keyfile.h"
#include "controller/adapters/api.h"
#include "controller/adapters/store_sqlite.h"
#include "controller/allow.h"
#include "controller/login.h"
#include "controller/service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_ROLES = ROLE_VIEW | ROLE_OPERATE | ROLE_APPROVE | ROLE_AUDIT | ROLE_ADMIN };

struct made { /* what the person needs afterwards */
    char token_path[SETTINGS_PATH_BYTES];
    char allow_path[SETTINGS_PATH_BYTES], allow[ALLOW_TEXT_BYTES];
    char fingerprint[API_FINGERPRINT_BYTES];
    struct baton_key key;
    struct baton_id operator;
    bool dir;
};

static enum baton_status
dir_make(const char *dir, bool *ret_made, struct baton_err *err)
{
    *ret_made = mkdir(dir, 0700) == 0;
    if (*ret_made)
        return BATON_OK;
    if (errno != EEXIST)
        return baton_fail(err, BATON_IO, "cannot make %s: %s", dir, strerror(errno));
    if (rmdir(dir) != 0) /* succeeds only where nothing would be lost */
        return baton_fail(err, BATON_CONFLICT,
                          "%s holds something already: choose another directory, or remove it",
                          dir);
    *ret_made = mkdir(dir, 0700) == 0;
    return *ret_made ? BATON_OK
                     : baton_fail(err, BATON_IO, "cannot make %s: %s", dir, strerror(errno));
}

static enum baton_status
file_write(const char *path, const char *text, struct baton_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    size_t len = strlen(text);
    bool ok = fd >= 0 && write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0 && close(fd) != 0)
        ok = false;
    return ok ? BATON_OK : baton_fail(err, BATON_IO, "cannot write %s: %s", path, strerror(why));
}

static enum baton_status
keys_make(const struct settings *s, struct made *made, struct baton_err *err)
{
    struct crypto_identity id;
    enum baton_status rc = crypto_identity_new(&id, err);
    if (rc != BATON_OK)
        return rc;
    rc = keyfile_save(s->keys, &id, err);
    made->key = id.sign_key;
    crypto_identity_done(&id);
    return rc;
}

static enum baton_status
store_make(const struct settings *s, struct baton_err *err)
{
    struct store_port store;
    enum baton_status rc =
        store_sqlite_open(s->store, STORE_READ_WRITE, crypto_digest_port(), &store, err);
    if (rc == BATON_OK)
        store.close(store.ctx);
    return rc;
}

static enum baton_status
ini_make(const struct settings *s, struct baton_err *err)
{
    char text[2048];
    bool other = config_is_set(s->config, "bus.advertise");
    snprintf(
        text, sizeof text,
        "; Settings of this controller. baton-controller config explain shows every value\n"
        "; and where it comes from.\n"
        "[bus]\n; where agents connect\nlisten = %s\n; the address that enrolment tokens name\n"
        "%sadvertise = %s\n"
        "\n[api]\n; where operators and browsers connect\nlisten = %s\n",
        settings_listen(s), other ? "" : "; ",
        other ? settings_advertise(s) : "tcp://controller.example.net:7400",
        config_text(s->config, "api.listen"));
    return file_write(s->ini, text, err);
}

/* Through the engine, like every other change: the audit begins with it. */
static enum baton_status
operator_call(struct service *service, const char *name, struct made *made, struct baton_err *err)
{
    struct engine_call *c = calloc(1, sizeof *c);
    if (c == NULL)
        return baton_fail(err, BATON_NOMEM, "the first operator");
    c->kind = CALL_LOGIN_ADD;
    c->roles = FIRST_ROLES;
    snprintf(c->name, sizeof c->name, "%s", name);
    enum baton_status rc = engine_call(service->engine, c);
    if (rc == BATON_OK) {
        char line[LOGIN_TOKEN_BYTES + 1];
        snprintf(line, sizeof line, "%.*s\n", (int)c->len, (const char *)c->bytes);
        made->operator= c->id;
        rc = file_write(made->token_path, line, err);
        crypto_wipe(line, sizeof line);
    } else
        baton_fail(err, rc, "the first operator: %s", c->problem.title);
    crypto_wipe(c->bytes, sizeof c->bytes);
    free(c);
    return rc;
}

static enum baton_status
operator_make(const struct settings *s, const char *name, struct made *made, struct baton_err *err)
{
    struct service service;
    enum baton_status rc = service_open(&service, s, err);
    if (rc != BATON_OK)
        return rc;
    rc = service_engine_start(&service, err);
    if (rc == BATON_OK)
        rc = operator_call(&service, name, made, err);
    enum baton_status stopped = service_engine_stop(&service, rc == BATON_OK ? err : NULL);
    service_close(&service);
    return rc != BATON_OK ? rc : stopped;
}

/* An address of this machine alone. */
static bool
loopback(const char *listen)
{
    static const char scheme[] = "tcp://";
    const char *host = listen;
    if (strncmp(listen, scheme, sizeof scheme - 1) == 0)
        host += sizeof scheme - 1;
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "[::1]", 5) == 0;
}

static void
next_steps(const struct settings *s, const char *name, const struct made *made)
{
    char key[2 * BATON_KEY_BYTES + 1], id[2 * BATON_ID_BYTES + 1];
    baton_hex(made->key.b, sizeof made->key.b, key);
    baton_hex(made->operator.b, sizeof made->operator.b, id);
    const char *api = config_text(s->config, "api.listen");
    bool alone = loopback(api) || loopback(settings_listen(s));
    printf("controller   %s\n"
           "signing key  %s\n"
           "certificate  %s\n"
           "operator     %s (%s), token in %s\n\n"
           "Next:\n"
           "  baton-controller run --dir %s\n"
           "  or as a service, with %s in /etc/systemd/system/baton-controller.service.d:\n"
           "  it says which networks may reach it\n"
           "%s %s, with a copy of the token:\n"
           "  baton login https://%s --fingerprint %s --token %s\n"
           "  baton operator new %s\n"
           "where the root key is kept, with everybody's card:\n"
           "  baton trust init --root-key root.key --operator %s.card\n",
           s->dir, key, made->fingerprint, name, id, made->token_path, s->dir, made->allow_path,
           loopback(api) ? "here, as" : "on the machine of", name, api, made->fingerprint,
           made->token_path, name, name);
    if (alone)
        printf(
            "\nAgents connect to %s, people to %s: nobody on another machine reaches 127.0.0.1.\n"
            "For them set listen under [bus] and [api] in %s to an address of this machine.\n",
            settings_listen(s), api, s->ini);
}

static void
made_undo(const struct settings *s, const struct made *made)
{
    char path[SETTINGS_PATH_BYTES + 16];
    const char *const side[] = {"", "-wal", "-shm", ".lock", "-lock"};
    if (!made->dir)
        return;
    for (size_t i = 0; i < ARRAY_LEN(side); i++) {
        snprintf(path, sizeof path, "%s%s", s->store, side[i]);
        unlink(path);
    }
    unlink(s->ini);
    unlink(s->keys);
    unlink(s->cert);
    unlink(s->cert_key);
    unlink(made->token_path);
    unlink(made->allow_path);
    rmdir(s->dir);
}

enum baton_status
init_run(const struct init_wish *wish, struct baton_err *err)
{
    struct settings s;
    struct made made = {.dir = false};
    if (!baton_name_valid(wish->operator) || strchr(wish->operator, '/') != NULL ||
        wish->operator[0] == '.')
        return baton_fail(err, BATON_USAGE, "--operator: a name without slashes");
    enum baton_status rc = allow_drop_in(wish->allow, made.allow, err);
    if (rc == BATON_OK)
        rc = settings_new(&s, &wish->flags, err);
    if (rc != BATON_OK)
        return rc;
    snprintf(made.allow_path, sizeof made.allow_path, "%s/allow.conf", s.dir);
    snprintf(made.token_path, sizeof made.token_path, "%s/%s.token", s.dir, wish->operator);
    rc = dir_make(s.dir, &made.dir, err);
    if (rc == BATON_OK)
        rc = keys_make(&s, &made, err);
    if (rc == BATON_OK)
        rc = store_make(&s, err);
    if (rc == BATON_OK)
        rc = ini_make(&s, err);
    if (rc == BATON_OK)
        rc = file_write(made.allow_path, made.allow, err);
    if (rc == BATON_OK)
        rc = api_tls_ensure(s.cert, s.cert_key, s.api_host, made.fingerprint, err);
    if (rc == BATON_OK)
        rc = operator_make(&s, wish->operator, & made, err);
    if (rc == BATON_OK)
        next_steps(&s, wish->operator, & made);
    else
        made_undo(&s, &made);
    settings_close(&s);
    return rc;
}
