#include "client.h"
#include "commands.h"
#include "output.h"
#include "settings.h"
#include "trust_client.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* One check: what was looked at, whether it is well, and what to do when it is not. */
struct check {
    const char *name;
    enum baton_status (*run)(struct cli *c);
    const char *repair;
};

static enum baton_status
check_settings(struct cli *c)
{
    const char *url = config_text(c->config, "controller.url");
    if (url == NULL || url[0] == '\0')
        return cli_fail(c, BATON_USAGE, "no controller is set");
    return BATON_OK;
}

static enum baton_status
check_token(struct cli *c)
{
    char path[PATH_BYTES], token[TOKEN_MAX];
    settings_path(config_text(c->config, "controller.token-file"), path);
    return secret_read_file(c, path, token, sizeof token);
}

static enum baton_status
check_session(struct cli *c)
{
    json_t *session;
    enum baton_status rc = client_get(c, &session, "/api/v1/session");
    if (rc == BATON_OK)
        json_decref(session);
    return rc;
}

static enum baton_status
check_clock(struct cli *c)
{
    enum { SKEW_MS = 300000 };
    json_t *o;
    struct timespec ts;
    enum baton_status rc = client_get(c, &o, "/api/v1/controller");
    if (rc != BATON_OK)
        return rc;
    clock_gettime(CLOCK_REALTIME, &ts);
    int64_t skew = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 - json_number(o, "unix_ms");
    json_decref(o);
    if (skew > SKEW_MS || skew < -SKEW_MS)
        return cli_fail(c, BATON_FAILED, "this clock and the controller's differ by %lld s",
                        (long long)(skew / 1000));
    return BATON_OK;
}

static enum baton_status
check_trust(struct cli *c)
{
    struct trust_known *k;
    enum baton_status rc = trust_fetch(c, &k);
    if (rc == BATON_OK)
        trust_known_free(&k);
    return rc;
}

static enum baton_status
check_key(struct cli *c)
{
    struct trust_known *k;
    const struct trust_operator *me;
    enum baton_status rc = trust_fetch(c, &k);
    if (rc != BATON_OK)
        return rc;
    rc = trust_me(c, k, &me);
    trust_known_free(&k);
    return rc;
}

enum baton_status
cmd_doctor(struct cli *c)
{
    static const struct check checks[] = {
        {"settings", check_settings, "baton login --url URL --fingerprint HEX"},
        {"token file", check_token, "chmod 600, or baton login"},
        {"controller and login", check_session, "baton login"},
        {"clocks", check_clock, "time synchronisation on both machines"},
        {"trust document", check_trust, "baton trust pin HEX, or baton trust init"},
        {"your signing key", check_key, "baton operator new, then baton trust add-operator"},
    };
    static const struct column columns[] = {{"CHECK", "check", COLUMN_TEXT},
                                            {"RESULT", "result", COLUMN_TEXT},
                                            {"REPAIR", "repair", COLUMN_TEXT}};
    enum baton_status worst = BATON_OK, rc;
    json_t *items = json_array();
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        rc = checks[i].run(c);
        json_array_append_new(items, json_pack("{s:s, s:s, s:s}", "check", checks[i].name, "result",
                                               rc == BATON_OK ? "good" : c->err.text, "repair",
                                               rc == BATON_OK ? "" : checks[i].repair));
        worst = worst == BATON_OK ? rc : worst;
    }
    json_decref(c->problem);
    c->problem = NULL;
    rc = output_list(c, columns, ARRAY_LEN(columns), items);
    json_decref(items);
    if (rc == BATON_OK && worst != BATON_OK)
        return cli_fail(c, worst, "not everything is well");
    return rc;
}
