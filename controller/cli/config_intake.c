#include "config_intake.h"

#include "common/readers/config_settings.h"
#include "common/readers/config_xml.h"
#include "common/readers/xml.h"
#include "input.h"
#include "progress.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { INTAKE_PATH_BYTES = 4096, INTAKE_PIECE_BYTES = 64 * 1024, INTAKE_FILES_MAX = 4096 };

struct intake {
    struct cli *c;
    struct config_model *m;
    size_t roots[CONFIG_ROOT_RULE + 1], files;
    uint64_t bytes;
    struct progress progress;
};

static enum baton_status
intake_bytes(struct intake *in, FILE *f, struct config_xml *x, const char *path)
{
    char *piece = malloc(INTAKE_PIECE_BYTES);
    enum baton_status rc = piece != NULL ? BATON_OK : cli_fail(in->c, BATON_NOMEM, "%s", path);
    size_t n = 1;
    while (rc == BATON_OK && n > 0) {
        n = fread(piece, 1, INTAKE_PIECE_BYTES, f);
        if (n > 0)
            rc = config_xml_push(x, piece, n, &in->c->err);
        in->bytes += n;
        progress_step(&in->progress, in->bytes);
    }
    free(piece);
    if (rc == BATON_OK && ferror(f) != 0)
        rc = cli_fail(in->c, BATON_IO, "%s", strerror(errno));
    return rc;
}

static enum baton_status
intake_file(struct intake *in, const char *path)
{
    struct config_xml *x = NULL;
    enum config_xml_root root = CONFIG_ROOT_NONE;
    FILE *f;
    enum baton_status rc = input_open(in->c, path, &f);
    if (rc == BATON_NOT_FOUND) /* it was there when its folder was read */
        rc = in->c->err.status = BATON_IO;
    if (rc != BATON_OK)
        return rc;
    rc = config_xml_open(in->m, &x, &in->c->err);
    if (rc == BATON_OK)
        rc = intake_bytes(in, f, x, path);
    if (rc == BATON_OK)
        rc = config_xml_finish(x, &root, &in->c->err);
    config_xml_close(&x);
    fclose(f);
    if (rc == BATON_OK) {
        in->files++;
        in->roots[root]++;
        return BATON_OK;
    }
    if (rc == BATON_REFUSED) /* a document type: for whoever asks, a file that cannot be read */
        rc = BATON_MALFORMED;
    struct baton_err why = in->c->err;
    return cli_fail(in->c, rc,
                    "%s: %s; %zu files were read before it. Expected is a file as the server wrote "
                    "it: export the configuration again",
                    path, why.text, in->files);
}

static bool
is_xml_name(const char *name)
{
    size_t len = strlen(name);
    return name[0] != '.' && len > 4 && strcasecmp(name + len - 4, ".xml") == 0;
}

/* Every XML file of a folder, in no order: what is read does not depend on it. */
static enum baton_status
intake_folder(struct intake *in, const char *folder)
{
    DIR *d = opendir(folder);
    enum baton_status rc = BATON_OK;
    struct dirent *entry;
    if (d == NULL)
        return cli_fail(in->c, BATON_IO, "%s: %s", folder, strerror(errno));
    while (rc == BATON_OK && (errno = 0, entry = readdir(d)) != NULL) {
        char path[INTAKE_PATH_BYTES];
        if (!is_xml_name(entry->d_name))
            continue;
        int n = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (n < 0 || (size_t)n >= sizeof path || in->files == INTAKE_FILES_MAX)
            rc = cli_fail(in->c, BATON_LIMIT, "%s: a path too long, or more than %d files", folder,
                          INTAKE_FILES_MAX);
        else
            rc = intake_file(in, path);
    }
    if (rc == BATON_OK && errno != 0)
        rc = cli_fail(in->c, BATON_IO, "%s: %s", folder, strerror(errno));
    closedir(d);
    return rc;
}

enum entry_kind { ENTRY_FILE, ENTRY_FOLDER };

/* What lies in `folder` under that name, in any case, and is of that kind; false: nothing does. */
static bool
find_entry(const char *folder, const char *name, enum entry_kind kind, char out[INTAKE_PATH_BYTES])
{
    DIR *d = opendir(folder);
    struct dirent *entry;
    struct stat st;
    bool found = false;
    while (!found && d != NULL && (entry = readdir(d)) != NULL) {
        if (strcasecmp(entry->d_name, name) != 0)
            continue;
        int n = snprintf(out, INTAKE_PATH_BYTES, "%s/%s", folder, entry->d_name);
        found = n > 0 && n < INTAKE_PATH_BYTES && stat(out, &st) == 0 &&
                (kind == ENTRY_FOLDER ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode));
    }
    if (d != NULL)
        closedir(d);
    return found;
}

static const char *const parts[] = {"Connectors", "GlobalSettings", "SynchronizationRules"};

/* Any part of an export: then whatever else is missing is an error, and not another form. */
static bool
is_export_folder(const char *path)
{
    char folder[INTAKE_PATH_BYTES];
    bool found = false;
    for (size_t i = 0; i < ARRAY_LEN(parts) && !found; i++)
        found = find_entry(path, parts[i], ENTRY_FOLDER, folder);
    return found;
}

static enum baton_status
not_whole(struct intake *in, const char *path, const char *what)
{
    return cli_fail(in->c, BATON_MALFORMED, "%s %s: the export is not whole; %s", path, what,
                    in->m->source == CONFIG_MIGRATED
                        ? "copy all of the folder that MigrateSettings.ps1 wrote"
                        : "make it again with Get-ADSyncServerConfiguration -Path");
}

static enum baton_status
intake_export(struct intake *in, const char *path)
{
    char folder[INTAKE_PATH_BYTES], what[128];
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; i < ARRAY_LEN(parts) && rc == BATON_OK; i++) {
        (void)snprintf(what, sizeof what, "has no folder %s", parts[i]);
        rc = find_entry(path, parts[i], ENTRY_FOLDER, folder) ? intake_folder(in, folder)
                                                              : not_whole(in, path, what);
    }
    const size_t *n = in->roots;
    (void)snprintf(what, sizeof what, "has %zu connectors, %zu global settings and %zu rules",
                   n[CONFIG_ROOT_CONNECTOR], n[CONFIG_ROOT_SETTINGS], n[CONFIG_ROOT_RULE]);
    if (rc == BATON_OK && (n[CONFIG_ROOT_CONNECTOR] == 0 || n[CONFIG_ROOT_AGENT] > 0 ||
                           n[CONFIG_ROOT_SETTINGS] != 1 || n[CONFIG_ROOT_RULE] == 0))
        rc = not_whole(in, path, what);
    return rc;
}

/* --- migrated settings -------------------------------------------------------------------------- */

static const char policy_name[] = "MigratedPolicy.json", state_name[] = "PersistedState.xml";

/* By what lies in it: whoever copied the folder may have given it another name. */
static bool
is_migrated_folder(const char *path)
{
    char file[INTAKE_PATH_BYTES];
    return find_entry(path, policy_name, ENTRY_FILE, file) ||
           find_entry(path, state_name, ENTRY_FILE, file);
}

static enum baton_status
intake_policy(struct intake *in, const char *path)
{
    char *text = NULL;
    size_t len;
    enum baton_status rc = input_read(in->c, path, CONFIG_SETTINGS_BYTES_MAX, &text, &len);
    if (rc != BATON_OK)
        return rc;
    rc = config_settings_migrated(text, len, in->m, &in->c->err);
    free(text);
    return rc == BATON_OK ? BATON_OK : baton_wrap(&in->c->err, rc, "%s", path);
}

/* What the wizard keeps for itself: nothing in it is compared, but a cut copy of it is a cut folder. */
static enum baton_status
intake_state(struct intake *in, const char *path)
{
    struct xml_handler nothing = {0};
    struct xml *x = NULL;
    char *text = NULL;
    size_t len;
    enum baton_status rc = input_read(in->c, path, CONFIG_SETTINGS_BYTES_MAX, &text, &len);
    if (rc != BATON_OK)
        return rc;
    rc = xml_open(&nothing, &x, &in->c->err);
    if (rc == BATON_OK)
        rc = xml_push(x, text, len, &in->c->err);
    if (rc == BATON_OK)
        rc = xml_finish(x, &in->c->err);
    xml_close(&x);
    free(text);
    if (rc == BATON_REFUSED)
        rc = in->c->err.status = BATON_MALFORMED;
    return rc == BATON_OK ? BATON_OK : baton_wrap(&in->c->err, rc, "%s", path);
}

static bool
has_connector(const struct config_model *m, const char *id)
{
    for (size_t i = 0; i < m->connector_count; i++)
        if (strcmp(m->connector[i].id, id) == 0)
            return true;
    return false;
}

static enum baton_status
promises_kept(struct intake *in, const char *path)
{
    char what[128];
    for (size_t i = 0; i < in->m->promised.count; i++) {
        (void)snprintf(what, sizeof what, "lacks connector %.60s, which its policy names",
                       in->m->promised.item[i]);
        if (!has_connector(in->m, in->m->promised.item[i]))
            return not_whole(in, path, what);
    }
    return BATON_OK;
}

static enum baton_status
intake_migrated(struct intake *in, const char *path)
{
    char policy[INTAKE_PATH_BYTES], state[INTAKE_PATH_BYTES];
    if (!find_entry(path, policy_name, ENTRY_FILE, policy))
        return not_whole(in, path, "has no MigratedPolicy.json");
    if (!find_entry(path, state_name, ENTRY_FILE, state))
        return not_whole(in, path, "has no PersistedState.xml");
    enum baton_status rc = intake_policy(in, policy);
    if (rc == BATON_OK)
        rc = intake_state(in, state);
    if (rc == BATON_OK)
        rc = intake_export(in, path);
    return rc == BATON_OK ? promises_kept(in, path) : rc;
}

/* --- other forms -------------------------------------------------------------------------------- */

/* A DirSync-era server: its management agents, exported one by one, and its metaverse. */
static enum baton_status
intake_fim(struct intake *in, const char *path, bool folder)
{
    enum baton_status rc = folder ? intake_folder(in, path) : intake_file(in, path);
    const size_t *n = in->roots;
    if (rc == BATON_OK && n[CONFIG_ROOT_CONNECTOR] + n[CONFIG_ROOT_RULE] > 0)
        rc = cli_fail(in->c, BATON_MALFORMED,
                      "%s is a part of what Get-ADSyncServerConfiguration wrote: name the folder "
                      "that has Connectors, GlobalSettings and SynchronizationRules in it",
                      path);
    if (rc == BATON_OK && n[CONFIG_ROOT_AGENT] == 0)
        rc = cli_fail(
            in->c, BATON_MALFORMED,
            "%s holds no connector: a folder of Get-ADSyncServerConfiguration, or exported "
            "management agents are expected",
            path);
    if (rc == BATON_OK && n[CONFIG_ROOT_SETTINGS] > 1)
        rc = cli_fail(in->c, BATON_MALFORMED,
                      "%s holds files of more than one server or form: give each server a folder",
                      path);
    return rc;
}

/* JSON begins with a brace, after a byte order mark and white space; XML does not. */
static bool
is_json(struct cli *c, const char *path)
{
    unsigned char head[64];
    FILE *f;
    if (input_open(c, path, &f) != BATON_OK)
        return false; /* whoever reads it next says why */
    size_t n = fread(head, 1, sizeof head, f), i = 0;
    fclose(f);
    while (i < n && (head[i] >= 0x80 || head[i] == 0 || strchr(" \t\r\n", head[i]) != NULL))
        i++;
    return i < n && head[i] == '{';
}

static enum baton_status
intake_settings(struct intake *in, const char *path)
{
    char *text = NULL;
    size_t len;
    enum baton_status rc = input_read(in->c, path, CONFIG_SETTINGS_BYTES_MAX, &text, &len);
    if (rc != BATON_OK)
        return rc;
    rc = config_settings_read(text, len, in->m, &in->c->err);
    free(text);
    return rc == BATON_OK ? BATON_OK : baton_wrap(&in->c->err, rc, "%s", path);
}

/* A copy beside its original would be a second forest, or a second rule. */
static enum baton_status
read_once(struct intake *in, const char *path)
{
    const char *twice = config_model_twice(in->m);
    return twice == NULL
               ? BATON_OK
               : cli_fail(in->c, BATON_MALFORMED,
                          "%s: two files have the identifier {%s}; take the copy away, or "
                          "export the configuration again",
                          path, twice);
}

typedef enum baton_status intake_fn(struct intake *in, const char *path);

static enum baton_status
intake_agents(struct intake *in, const char *path)
{
    return intake_fim(in, path, true);
}

static enum baton_status
intake_agent(struct intake *in, const char *path)
{
    return intake_fim(in, path, false);
}

/* Which form it is, and who reads that. */
static intake_fn *
form_of(struct cli *c, const char *path, bool is_folder, enum config_source *ret_source)
{
    bool migrated = is_folder && is_migrated_folder(path),
         exported = is_folder && is_export_folder(path), json = !is_folder && is_json(c, path);
    *ret_source = migrated   ? CONFIG_MIGRATED
                  : exported ? CONFIG_SERVER_EXPORT
                  : json     ? CONFIG_SETTINGS
                             : CONFIG_FIM_EXPORT;
    return migrated    ? intake_migrated
           : exported  ? intake_export
           : json      ? intake_settings
           : is_folder ? intake_agents
                       : intake_agent;
}

enum baton_status
config_intake(struct cli *c, const char *path, struct config_model **ret_model)
{
    struct stat st;
    enum config_source source;
    if (stat(path, &st) != 0)
        return cli_fail(c, BATON_IO, "%s: %s", path, strerror(errno));
    intake_fn *read = form_of(c, path, S_ISDIR(st.st_mode), &source);
    struct intake in = {.c = c, .m = config_model_new(source)};
    if (in.m == NULL)
        return cli_fail(c, BATON_NOMEM, "%s", path);
    progress_begin(&in.progress, path, 0);
    enum baton_status rc = read(&in, path);
    progress_end(&in.progress);
    if (rc == BATON_OK && source != CONFIG_SETTINGS)
        rc = read_once(&in, path);
    if (rc != BATON_OK) {
        config_model_free(&in.m);
        return rc;
    }
    *ret_model = in.m;
    return BATON_OK;
}
