#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_FILE "/etc/baton/baton.ini"

static const struct config_key keys[] = {
    {"controller.url", CONFIG_TEXT, NULL, 0, 0, false, "https address of the controller"},
    {"controller.fingerprint", CONFIG_TEXT, NULL, 0, 0, false,
     "SHA-256 of the controller's TLS key, in hex: what `baton-controller fingerprint` prints"},
    {"controller.token-file", CONFIG_TEXT, "~/.config/baton/token", 0, 0, false,
     "file with the bearer token; only you may read it"},
    {"controller.root", CONFIG_TEXT, NULL, 0, 0, false,
     "public key of the root of trust: documents of another root are refused"},
    {"operator.key-file", CONFIG_TEXT, "~/.config/baton/operator.key", 0, 0, false,
     "your signing key, under its passphrase"},
    {"operator.passphrase-file", CONFIG_TEXT, NULL, 0, 0, false,
     "file with that passphrase; asked for on the terminal when not set"},
    {"output.format", CONFIG_TEXT, "table", 0, 0, false, "table, json, jsonl or csv"},
};

/* Short names, because they are typed. flag NULL: no flag of its own. */
static const struct {
    const char *environment, *flag, *key;
} shorts[] = {
    {"BATON_URL", "url", "controller.url"},
    {"BATON_FINGERPRINT", "fingerprint", "controller.fingerprint"},
    {"BATON_TOKEN_FILE", "token-file", "controller.token-file"},
    {"BATON_ROOT", "root", "controller.root"},
    {"BATON_KEY_FILE", "key-file", "operator.key-file"},
    {"BATON_PASSPHRASE_FILE", "passphrase-file", "operator.passphrase-file"},
    {"BATON_OUTPUT", "output", "output.format"},
};

static void
user_file(const struct cli *c, char out[PATH_BYTES])
{
    const char *flag = cli_option(c, "config"), *env = getenv("BATON_CONFIG");
    const char *xdg = getenv("XDG_CONFIG_HOME");
    if (flag != NULL)
        settings_path(flag, out);
    else if (env != NULL && env[0] != '\0')
        settings_path(env, out);
    else if (xdg != NULL && xdg[0] == '/')
        snprintf(out, PATH_BYTES, "%s/baton/baton.ini", xdg);
    else
        settings_path("~/.config/baton/baton.ini", out);
}

static enum baton_status
set_shorts(struct cli *c)
{
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; i < ARRAY_LEN(shorts) && rc == BATON_OK; i++) {
        const char *flag = cli_option(c, shorts[i].flag), *env = getenv(shorts[i].environment);
        char origin[64];
        snprintf(origin, sizeof origin, "--%s", shorts[i].flag);
        if (flag != NULL)
            rc = config_set_flag(c->config, shorts[i].key, flag, origin, &c->err);
        else if (env != NULL && env[0] != '\0')
            rc = config_set_flag(c->config, shorts[i].key, env, shorts[i].environment, &c->err);
    }
    return rc;
}

enum baton_status
settings_open(struct cli *c)
{
    bool named = cli_has(c, "config");
    enum baton_status rc = config_open(keys, ARRAY_LEN(keys), &c->config, &c->err);
    user_file(c, c->config_path);
    if (rc == BATON_OK)
        rc = config_read_file(c->config, CONFIG_SYSTEM, SYSTEM_FILE, false, &c->err);
    if (rc == BATON_OK) /* `login` makes the file that --config names */
        rc = config_read_file(c->config, CONFIG_USER, c->config_path,
                              named && strcmp(c->command->noun, "login") != 0, &c->err);
    if (rc == BATON_OK)
        rc = set_shorts(c);
    return rc;
}

void
settings_path(const char *text, char out[PATH_BYTES])
{
    const char *home = getenv("HOME");
    if (text[0] == '~' && text[1] == '/' && home != NULL)
        snprintf(out, PATH_BYTES, "%s%s", home, text + 1);
    else
        snprintf(out, PATH_BYTES, "%s", text);
}

bool
settings_key(struct cli *c, const char *name, struct baton_key *ret_key)
{
    const char *text = config_text(c->config, name);
    if (text == NULL || text[0] == '\0') {
        (void)cli_fail(c, BATON_USAGE, "%s is not set; see baton config explain", name);
        return false;
    }
    if (strlen(text) == 2 * sizeof ret_key->b && baton_unhex(text, ret_key->b, BATON_KEY_BYTES))
        return true;
    (void)cli_fail(c, BATON_USAGE, "%s is not a key of 64 hex digits", name);
    return false;
}

/* --- writing the user's file ------------------------------------------------------------------ */

enum baton_status
settings_make_folders(struct cli *c, const char *path)
{
    char folder[PATH_BYTES];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *p = strchr(folder + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
        *p = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            return cli_fail(c, BATON_IO, "%s: %s", folder, strerror(errno));
        *p = '/';
    }
    return BATON_OK;
}

static bool
line_sets(const char *line, const char *key)
{
    size_t n = strlen(key);
    while (*line == ' ' || *line == '\t')
        line++;
    if (strncmp(line, key, n) != 0)
        return false;
    line += n;
    line += strspn(line, " \t");
    return *line == '=' || *line == ':';
}

static bool
line_opens(const char *line, const char *section)
{
    size_t n = strlen(section);
    return line[0] == '[' && strncmp(line + 1, section, n) == 0 && line[n + 1] == ']';
}

/* Copies the old file, with the one line set: replaced, added to its section, or in a new one. */
static void
copy_with(FILE *in, FILE *out, const char *section, const char *key, const char *value)
{
    char line[1024];
    bool inside = false, written = false;
    while (in != NULL && fgets(line, sizeof line, in) != NULL) {
        bool opens = line[0] == '[';
        if (inside && opens && !written) {
            fprintf(out, "%s = %s\n", key, value);
            written = true;
        }
        if (opens)
            inside = line_opens(line, section);
        if (inside && line_sets(line, key)) {
            if (!written)
                fprintf(out, "%s = %s\n", key, value);
            written = true;
            continue;
        }
        fputs(line, out);
        if (line[0] != '\0' && line[strlen(line) - 1] != '\n')
            fputc('\n', out);
    }
    if (!written && !inside)
        fprintf(out, "[%s]\n", section);
    if (!written)
        fprintf(out, "%s = %s\n", key, value);
}

enum baton_status
settings_store(struct cli *c, const char *name, const char *value)
{
    char section[64], fresh[PATH_BYTES + 8];
    const char *dot = strchr(name, '.');
    BATON_ASSERT(dot != NULL);
    snprintf(section, sizeof section, "%.*s", (int)(dot - name), name);
    snprintf(fresh, sizeof fresh, "%s.new", c->config_path);
    enum baton_status rc = settings_make_folders(c, c->config_path);
    if (rc != BATON_OK)
        return rc;
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (out == NULL)
        return cli_fail(c, BATON_IO, "%s: %s", fresh, strerror(errno));
    FILE *in = fopen(c->config_path, "re");
    copy_with(in, out, section, dot + 1, value);
    if (in != NULL)
        fclose(in);
    bool good = fflush(out) == 0 && fsync(fileno(out)) == 0;
    if (fclose(out) != 0 || !good || rename(fresh, c->config_path) != 0)
        return cli_fail(c, BATON_IO, "%s cannot be written", c->config_path);
    return BATON_OK;
}
