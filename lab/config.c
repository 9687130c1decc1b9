#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_content.h"
#include "config_fim.h"
#include "config_write.h"
#include "folder.h"
#include "print.h"
#include "product.h"

enum { VALUE_BYTES = 512 };

struct loaded {
    char *bytes;
    size_t len;
};

static enum baton_status
load_open(FILE *f, const char *path, struct loaded *ret, struct baton_err *err)
{
    long len = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
    if (len < 0 || len > CONFIG_FILE_MAX)
        return baton_fail(err, BATON_LIMIT, "%s is larger than %d bytes", path, CONFIG_FILE_MAX);
    char *bytes = malloc((size_t)len + 1);
    if (bytes == NULL)
        return baton_fail(err, BATON_NOMEM, "%s", path);
    rewind(f);
    if (fread(bytes, 1, (size_t)len, f) != (size_t)len) {
        free(bytes);
        return baton_fail(err, BATON_IO, "cannot read all of %s", path);
    }
    bytes[len] = '\0';
    *ret = (struct loaded){bytes, (size_t)len};
    return BATON_OK;
}

static enum baton_status
load(const char *path, struct loaded *ret, struct baton_err *err)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return baton_fail(err, BATON_IO, "cannot read %s: %s", path, strerror(errno));
    enum baton_status rc = load_open(f, path, ret, err);
    fclose(f);
    return rc;
}

static void
flag(char *out, size_t cap, bool on)
{
    print_copy(out, cap, on ? "True" : "False");
}

static void
live_staging(const struct server *s, char *out, size_t cap)
{
    flag(out, cap, s->disk.product.kind == CONNECT && s->disk.product.staging);
}

static void
live_schedule(const struct server *s, char *out, size_t cap)
{
    flag(out, cap, s->disk.product.configured && s->world->tenant.sync_cycle_enabled);
}

static void
live_suspended(const struct server *s, char *out, size_t cap)
{
    flag(out, cap, s->wizard.open);
}

static void
live_next(const struct server *s, char *out, size_t cap)
{
    char date[40];
    print_http_date(s->cycle.next_ms, date);
    print_copy(out, cap, date);
}

static void
live_version(const struct server *s, char *out, size_t cap)
{
    print_copy(out, cap, s->disk.product.version);
}

static void
live_upgrade(const struct server *s, char *out, size_t cap)
{
    static const char *const names[] = {"Disabled", "Enabled", "Suspended"};
    print_copy(out, cap, names[s->disk.product.auto_upgrade]);
}

static const struct {
    const char *name;
    void (*value)(const struct server *s, char *out, size_t cap);
} live[] = {
    {"Microsoft.Synchronize.StagingMode", live_staging},
    {"Microsoft.Synchronize.SynchronizationSchedule", live_schedule},
    {"Microsoft.Synchronize.SchedulerSuspended", live_suspended},
    {"Microsoft.Synchronize.NextStartTime", live_next},
    {"Microsoft.Synchronize.ServerConfigurationVersion", live_version},
    {"Microsoft.OptionalFeature.AutoUpgradeState", live_upgrade},
};

bool
config_live_value(const struct server *s, const char *name, char *ret_value, size_t cap)
{
    for (size_t i = 0; i < ARRAY_LEN(live); i++) {
        if (strcmp(live[i].name, name) == 0) {
            live[i].value(s, ret_value, cap);
            return true;
        }
    }
    return false;
}

/* Both readers keep the text of the element they are in; deeper elements are skipped by depth. */
struct reading {
    int depth, wanted_depth;
    const char **wanted; /* connector: element names at wanted_depth */
    char (*value)[VALUE_BYTES];
    size_t count;
    char *target; /* where character data goes now, or NULL */
    json_t *settings;
    char name[VALUE_BYTES], text[VALUE_BYTES];
};

static void XMLCALL
take_text(void *ctx, const XML_Char *text, int len)
{
    struct reading *r = ctx;
    if (r->target == NULL || len <= 0)
        return;
    size_t used = strlen(r->target), room = VALUE_BYTES - 1 - used;
    size_t take = (size_t)len < room ? (size_t)len : room;
    memcpy(r->target + used, text, take);
    r->target[used + take] = '\0';
}

static void XMLCALL
connector_begin(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    (void)attributes;
    struct reading *r = ctx;
    r->target = NULL;
    if (++r->depth != r->wanted_depth)
        return;
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(name, r->wanted[i]) == 0)
            r->target = r->value[i];
}

static void XMLCALL
any_end(void *ctx, const XML_Char *name)
{
    (void)name;
    struct reading *r = ctx;
    r->depth--;
    r->target = NULL;
}

static enum baton_status
parse(const struct loaded *file, const char *path, struct reading *r, XML_StartElementHandler begin,
      XML_EndElementHandler end, struct baton_err *err)
{
    XML_Parser parser = XML_ParserCreate(NULL);
    if (parser == NULL)
        return baton_fail(err, BATON_NOMEM, "an XML parser");
    XML_SetUserData(parser, r);
    XML_SetElementHandler(parser, begin, end);
    XML_SetCharacterDataHandler(parser, take_text);
    enum baton_status rc = BATON_OK;
    if (XML_Parse(parser, file->bytes, (int)file->len, XML_TRUE) != XML_STATUS_OK)
        rc = baton_fail(err, BATON_MALFORMED, "%s line %lu: %s", path,
                        (unsigned long)XML_GetCurrentLineNumber(parser),
                        XML_ErrorString(XML_GetErrorCode(parser)));
    XML_ParserFree(parser);
    return rc;
}

static void
guid_plain(const char *text, char out[GUID_TEXT])
{
    size_t at = 0;
    for (const char *c = text; *c != '\0' && at < GUID_TEXT - 1; c++)
        if (*c != '{' && *c != '}')
            out[at++] = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    out[at] = '\0';
}

static enum baton_status
connector_read(struct server *s, const char *path, bool fim, struct baton_err *err)
{
    static const char *wanted[] = {"id", "name", "category", "subtype"};
    char value[ARRAY_LEN(wanted)][VALUE_BYTES] = {{0}};
    struct reading r = {
        .wanted_depth = fim ? 3 : 2, .wanted = wanted, .value = value, .count = ARRAY_LEN(wanted)};
    struct loaded file = {0};
    enum baton_status rc = load(path, &file, err);
    if (rc != BATON_OK)
        return rc;
    rc = parse(&file, path, &r, connector_begin, any_end, err);
    free(file.bytes);
    struct connectors *all = &s->disk.connectors;
    if (rc == BATON_OK && all->count == CONNECTORS_MAX)
        rc = baton_fail(err, BATON_LIMIT, "more than %d connectors in %s", CONNECTORS_MAX, path);
    if (rc != BATON_OK)
        return rc;
    struct connector *c = &all->item[all->count++];
    *c = (struct connector){.runs = 0};
    guid_plain(value[0], c->id);
    print_copy(c->name, sizeof c->name, value[1]);
    print_copy(c->type, sizeof c->type, value[2]);
    print_copy(c->subtype, sizeof c->subtype, value[3]);
    c->entra = strcmp(c->id, ENTRA_CONNECTOR_ID) == 0;
    return BATON_OK;
}

/* Which form lies there: a DirSync server has no folder of connectors. */
static bool
is_fim(const struct server *s)
{
    return !folder_has(s->dir, "configuration/Connectors");
}

static enum baton_status
connectors_read(struct server *s, struct baton_err *err)
{
    char folder[PATH_BYTES], path[PATH_BYTES];
    bool fim = is_fim(s);
    const char *begin = fim ? "MA-" : "Connector_";
    if (!print_format(folder, sizeof folder, "%s/configuration%s", s->dir,
                      fim ? "" : "/Connectors"))
        return baton_fail(err, BATON_LIMIT, "path too long below %s", s->name);
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return baton_fail(err, BATON_IO, "cannot read %s: %s", folder, strerror(errno));
    s->disk.connectors.count = 0;
    enum baton_status rc = BATON_OK;
    for (struct dirent *entry; rc == BATON_OK && (entry = readdir(dir)) != NULL;) {
        if (strncmp(entry->d_name, begin, strlen(begin)) != 0 ||
            !print_format(path, sizeof path, "%s/%s", folder, entry->d_name))
            continue;
        rc = connector_read(s, path, fim, err);
    }
    closedir(dir);
    return rc;
}

static enum baton_status
connectors_check(const struct server *s, struct baton_err *err)
{
    size_t entra = 0;
    for (size_t i = 0; i < s->disk.connectors.count; i++)
        entra += s->disk.connectors.item[i].entra;
    if (entra != 1 || s->disk.connectors.count < 2)
        return baton_fail(err, BATON_MALFORMED,
                          "the configuration of %s has %zu connectors, %zu of them for Entra; it "
                          "needs one for Entra and at least one for AD",
                          s->name, s->disk.connectors.count, entra);
    return BATON_OK;
}

enum baton_status
config_install(struct server *s, struct baton_err *err)
{
    char folder[PATH_BYTES];
    if (!print_format(folder, sizeof folder, "%s/configuration", s->dir))
        return baton_fail(err, BATON_LIMIT, "path too long below %s", s->name);
    enum baton_status rc = folder_remove(folder, err);
    if (rc == BATON_OK)
        rc = s->config_from != NULL            ? folder_copy(s->config_from, folder, err)
             : s->disk.product.kind == DIRSYNC ? config_fim_write(s, folder, err)
                                               : config_write(s, folder, err);
    if (rc == BATON_OK)
        rc = connectors_read(s, err);
    if (rc == BATON_OK)
        rc = connectors_check(s, err);
    return rc;
}

static void
mv_path(const struct server *s, char path[PATH_BYTES])
{
    print_format(path, PATH_BYTES, "%s/configuration/%s", s->dir,
                 is_fim(s) ? "MV.XML" : "GlobalSettings/MV.xml");
}

/* Copies `in` to `out`, putting live values between the tags of the settings they belong to. */
static void
replace_live(const struct server *s, const char *in, FILE *out)
{
    static const char mark[] = "<parameter name=\"";
    for (const char *at; (at = strstr(in, mark)) != NULL;) {
        const char *name = at + sizeof mark - 1, *name_end = strchr(name, '"');
        const char *tag_end = name_end == NULL ? NULL : strchr(name_end, '>');
        if (tag_end == NULL)
            break;
        char key[VALUE_BYTES], value[VALUE_BYTES];
        print_format(key, sizeof key, "%.*s", (int)(name_end - name), name);
        const char *close = strstr(tag_end, "</parameter>");
        bool empty = tag_end[-1] == '/'; /* a self-closed one is left as it is */
        fwrite(in, 1, (size_t)(tag_end + 1 - in), out);
        in = tag_end + 1;
        if (empty || close == NULL || !config_live_value(s, key, value, sizeof value))
            continue;
        fputs(value, out); /* none of them needs escaping */
        in = close;
    }
    fputs(in, out);
}

enum baton_status
config_refresh(struct server *s, struct baton_err *err)
{
    char path[PATH_BYTES];
    mv_path(s, path);
    struct loaded file = {0};
    enum baton_status rc = load(path, &file, err);
    if (rc != BATON_OK)
        return rc;
    struct draft draft = {0};
    rc = draft_open(&draft, path, err);
    if (rc == BATON_OK) {
        BATON_ASSERT(file.bytes != NULL);
        replace_live(s, file.bytes, draft.file);
        rc = draft_commit(&draft, s->world->wall_ms, err);
    }
    free(file.bytes);
    return rc;
}

static void XMLCALL
setting_begin(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct reading *r = ctx;
    r->depth++;
    r->target = NULL;
    if (strcmp(name, "parameter") != 0 || json_array_size(r->settings) == PARAMETERS_MAX)
        return;
    r->text[0] = r->name[0] = '\0';
    for (size_t i = 0; attributes[i] != NULL; i += 2)
        if (strcmp(attributes[i], "name") == 0)
            print_copy(r->name, sizeof r->name, attributes[i + 1]);
    r->target = r->text;
}

static void XMLCALL
setting_end(void *ctx, const XML_Char *name)
{
    struct reading *r = ctx;
    if (strcmp(name, "parameter") == 0 && r->target == r->text)
        json_array_append_new(r->settings,
                              json_pack("{s:s,s:s}", "Name", r->name, "Value", r->text));
    any_end(ctx, name);
}

static void
put_live(const struct server *s, json_t *settings)
{
    size_t i;
    json_t *item;
    json_array_foreach(settings, i, item)
    {
        char value[VALUE_BYTES];
        const char *name = json_string_value(json_object_get(item, "Name"));
        if (config_live_value(s, name, value, sizeof value))
            json_object_set_new(item, "Value", json_string(value));
    }
}

json_t *
config_settings(struct server *s, struct baton_err *err)
{
    char path[PATH_BYTES];
    mv_path(s, path);
    struct loaded file = {0};
    if (load(path, &file, err) != BATON_OK)
        return NULL;
    struct reading r = {.settings = json_array()};
    enum baton_status rc = parse(&file, path, &r, setting_begin, setting_end, err);
    free(file.bytes);
    if (rc != BATON_OK) {
        json_decref(r.settings);
        return NULL;
    }
    put_live(s, r.settings);
    return r.settings;
}
