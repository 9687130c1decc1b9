#include "config_packed.h"

#include <stdlib.h>
#include <string.h>

struct config_packed {
    struct config_pack *pack;
    struct config_model *model;
    struct config_xml *xml;
    struct config_file *digest;
    struct config_entry *entry; /* of the files so far */
    size_t count, capacity, roots[CONFIG_ROOT_RULE + 1];
    bool fim;                     /* files in no folder: of a DirSync-era server */
    char name[CONFIG_NAME_BYTES]; /* of the file under way */
};

static enum baton_status
in_file(const struct config_packed *p, enum baton_status rc, struct baton_err *err)
{
    return rc == BATON_OK ? rc : baton_wrap(err, rc, "%s", p->name);
}

static enum baton_status
entry_room(struct config_packed *p, struct baton_err *err)
{
    if (p->count < p->capacity)
        return BATON_OK;
    size_t capacity = p->capacity == 0 ? 64 : 2 * p->capacity;
    struct config_entry *grown = realloc(p->entry, capacity * sizeof *grown);
    if (grown == NULL)
        return baton_fail(err, BATON_NOMEM, "%zu configuration files", capacity);
    p->entry = grown;
    p->capacity = capacity;
    return BATON_OK;
}

static enum baton_status
on_begin(void *ctx, const char *name, uint64_t bytes, struct baton_err *err)
{
    struct config_packed *p = ctx;
    const char *slash = strchr(name, '/');
    char folder[CONFIG_NAME_BYTES] = "";
    (void)bytes;
    memcpy(p->name, name, strlen(name) + 1); /* the pack knows the limit */
    enum baton_status rc = entry_room(p, err);
    if (rc != BATON_OK)
        return rc;
    if (slash != NULL)
        memcpy(folder, name, (size_t)(slash - name));
    if (p->count > 0 && p->fim != (slash == NULL))
        return baton_fail(err, BATON_MALFORMED, "%s is of another form than the files before it",
                          name);
    p->fim = slash == NULL;
    if (!config_entry_name(&p->entry[p->count], folder, slash != NULL ? slash + 1 : name))
        return baton_fail(err, BATON_LIMIT, "%s: a name too long", name);
    rc = config_xml_open(p->model, &p->xml, err);
    if (rc == BATON_OK)
        rc = config_file_open(&p->digest, err);
    return in_file(p, rc, err);
}

static enum baton_status
on_piece(void *ctx, const void *bytes, size_t len, struct baton_err *err)
{
    struct config_packed *p = ctx;
    enum baton_status rc = config_xml_push(p->xml, bytes, len, err);
    if (rc == BATON_OK)
        rc = config_file_push(p->digest, bytes, len, err);
    return in_file(p, rc, err);
}

static enum baton_status
on_end(void *ctx, struct baton_err *err)
{
    struct config_packed *p = ctx;
    enum config_xml_root root = CONFIG_ROOT_NONE;
    enum baton_status rc = config_xml_finish(p->xml, &root, err);
    if (rc == BATON_OK)
        rc = config_file_finish(p->digest, &p->entry[p->count].hash, err);
    config_xml_close(&p->xml);
    config_file_close(&p->digest);
    p->roots[root]++;
    p->count += rc == BATON_OK;
    return in_file(p, rc, err);
}

enum baton_status
config_packed_open(struct config_packed **ret_packed, struct baton_err *err)
{
    struct config_packed *p = calloc(1, sizeof *p);
    enum baton_status rc = BATON_NOMEM;
    if (p != NULL) {
        struct config_pack_sink sink = {p, on_begin, on_piece, on_end};
        p->model = config_model_new(CONFIG_SERVER_EXPORT);
        rc = p->model == NULL ? BATON_NOMEM : config_pack_open(&sink, &p->pack, err);
    }
    if (rc != BATON_OK) {
        config_packed_close(&p);
        return baton_fail(err, rc, "configuration");
    }
    *ret_packed = p;
    return BATON_OK;
}

enum baton_status
config_packed_push(struct config_packed *p, const void *bytes, size_t len, struct baton_err *err)
{
    return config_pack_push(p->pack, bytes, len, err);
}

/* A part of a configuration says less than the server does, and that would be taken for what it does. */
static enum baton_status
whole(const struct config_packed *p, struct baton_err *err)
{
    const size_t *n = p->roots;
    size_t connectors = n[p->fim ? CONFIG_ROOT_AGENT : CONFIG_ROOT_CONNECTOR];
    bool good = p->fim ? n[CONFIG_ROOT_CONNECTOR] == 0 && n[CONFIG_ROOT_SETTINGS] <= 1 &&
                             n[CONFIG_ROOT_RULE] == 0
                       : n[CONFIG_ROOT_AGENT] == 0 && n[CONFIG_ROOT_SETTINGS] == 1 &&
                             n[CONFIG_ROOT_RULE] > 0;
    const char *twice = config_model_twice(p->model);
    if (twice != NULL)
        return baton_fail(err, BATON_MALFORMED, "two files of the configuration have identifier %s",
                          twice);
    return good && connectors > 0
               ? BATON_OK
               : baton_fail(err, BATON_MALFORMED,
                            "a configuration of %zu connectors, %zu global settings and %zu rules "
                            "is not whole",
                            connectors, n[CONFIG_ROOT_SETTINGS], n[CONFIG_ROOT_RULE]);
}

enum baton_status
config_packed_finish(struct config_packed *p, struct config_model **ret_model,
                     struct baton_hash *ret_digest, struct baton_err *err)
{
    enum baton_status rc = config_pack_finish(p->pack, err);
    if (rc == BATON_OK)
        rc = whole(p, err);
    if (rc == BATON_OK && config_model_status(p->model) != BATON_OK)
        rc = baton_fail(err, config_model_status(p->model), "the configuration is too large");
    if (rc != BATON_OK)
        return rc;
    config_fold(p->entry, p->count, "", ret_digest);
    if (p->fim)
        p->model->source = CONFIG_FIM_EXPORT;
    *ret_model = p->model;
    p->model = NULL;
    return BATON_OK;
}

void
config_packed_close(struct config_packed **p)
{
    if (*p == NULL)
        return;
    config_pack_close(&(*p)->pack);
    config_xml_close(&(*p)->xml);
    config_file_close(&(*p)->digest);
    config_model_free(&(*p)->model);
    free((*p)->entry);
    free(*p);
    *p = NULL;
}
