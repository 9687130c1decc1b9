#include "config_pack.h"

#include "common/text.h"

#include <stdlib.h>
#include <string.h>

const uint8_t config_pack_magic[CONFIG_PACK_MAGIC_BYTES] = {'B', 'C', 'P', '1'};

struct config_pack {
    struct config_pack_sink sink;
    uint8_t head[CONFIG_PACK_HEAD_BYTES];
    size_t fill, files;
    uint64_t left, total; /* of the file under way; of all */
    bool magic_seen;
    char name[CONFIG_NAME_BYTES]; /* of the newest file */
};

size_t
config_pack_head(const char *name, uint64_t bytes, uint8_t out[CONFIG_PACK_HEAD_BYTES])
{
    size_t len = strlen(name);
    BATON_ASSERT(len < CONFIG_NAME_BYTES);
    out[0] = (uint8_t)(len >> 8);
    out[1] = (uint8_t)len;
    // NOLINTNEXTLINE(bugprone-not-null-terminated-result): its length stands before it
    memcpy(out + 2, name, len);
    for (int i = 0; i < 8; i++)
        out[2 + len + (size_t)i] = (uint8_t)(bytes >> (56 - 8 * i));
    return 2 + len + 8;
}

enum baton_status
config_pack_open(const struct config_pack_sink *sink, struct config_pack **ret_pack,
                 struct baton_err *err)
{
    struct config_pack *p = calloc(1, sizeof *p);
    if (p == NULL)
        return baton_fail(err, BATON_NOMEM, "configuration pack");
    p->sink = *sink;
    *ret_pack = p;
    return BATON_OK;
}

/* "Connectors/Connector_{...}.xml": relative, going nowhere but down. */
static bool
name_is_plain(const char *name)
{
    return name[0] != '\0' && name[0] != '/' && strstr(name, "..") == NULL &&
           strpbrk(name, "\\:") == NULL && text_valid(name, strlen(name));
}

static enum baton_status
file_begin(struct config_pack *p, struct baton_err *err)
{
    size_t len = p->fill - 2 - 8;
    char name[CONFIG_NAME_BYTES];
    memcpy(name, p->head + 2, len);
    name[len] = '\0';
    if (strlen(name) != len || !name_is_plain(name))
        return baton_fail(err, BATON_MALFORMED, "file %zu of the configuration has a bad name",
                          p->files + 1);
    if (strcmp(name, p->name) <= 0)
        return baton_fail(err, BATON_MALFORMED, "%s comes after %s in the configuration", name,
                          p->name);
    memcpy(p->name, name, sizeof name);
    p->left = 0;
    for (size_t i = 0; i < 8; i++)
        p->left = p->left << 8 | p->head[2 + len + i];
    p->fill = 0;
    if (++p->files > CONFIG_FILES_MAX || p->left > CONFIG_PACK_BYTES_MAX - p->total)
        return baton_fail(err, BATON_LIMIT,
                          "a configuration of more than %d files or %d MiB is not read",
                          CONFIG_FILES_MAX, (int)(CONFIG_PACK_BYTES_MAX >> 20));
    p->total += p->left;
    enum baton_status rc = p->sink.begin(p->sink.ctx, p->name, p->left, err);
    return rc == BATON_OK && p->left == 0 ? p->sink.end(p->sink.ctx, err) : rc;
}

/* How long the head under way will be, as far as it can be known. */
static size_t
head_wanted(const struct config_pack *p)
{
    if (!p->magic_seen)
        return CONFIG_PACK_MAGIC_BYTES;
    return p->fill < 2 ? 2 : 2 + (size_t)(p->head[0] << 8 | p->head[1]) + 8;
}

static enum baton_status
head_push(struct config_pack *p, const uint8_t **at, size_t *len, struct baton_err *err)
{
    size_t wanted = head_wanted(p);
    if (wanted > 2 + (CONFIG_NAME_BYTES - 1) + 8)
        return baton_fail(err, BATON_LIMIT, "a file name of the configuration is too long");
    size_t take = wanted - p->fill < *len ? wanted - p->fill : *len;
    memcpy(p->head + p->fill, *at, take);
    p->fill += take;
    *at += take;
    *len -= take;
    if (p->fill < wanted || (p->magic_seen && p->fill == 2))
        return BATON_OK;
    if (p->magic_seen)
        return file_begin(p, err);
    if (memcmp(p->head, config_pack_magic, sizeof config_pack_magic) != 0)
        return baton_fail(err, BATON_MALFORMED, "this is no configuration pack");
    p->magic_seen = true;
    p->fill = 0;
    return BATON_OK;
}

static enum baton_status
content_push(struct config_pack *p, const uint8_t **at, size_t *len, struct baton_err *err)
{
    size_t take = p->left < *len ? (size_t)p->left : *len;
    enum baton_status rc = p->sink.piece(p->sink.ctx, *at, take, err);
    p->left -= take;
    *at += take;
    *len -= take;
    return rc == BATON_OK && p->left == 0 ? p->sink.end(p->sink.ctx, err) : rc;
}

enum baton_status
config_pack_push(struct config_pack *p, const void *bytes, size_t len, struct baton_err *err)
{
    const uint8_t *at = bytes;
    enum baton_status rc = BATON_OK;
    while (rc == BATON_OK && len > 0)
        rc = p->left > 0 ? content_push(p, &at, &len, err) : head_push(p, &at, &len, err);
    return rc;
}

enum baton_status
config_pack_finish(struct config_pack *p, struct baton_err *err)
{
    if (!p->magic_seen || p->fill > 0 || p->left > 0)
        return baton_fail(err, BATON_MALFORMED, "the configuration pack is cut after %zu files",
                          p->files);
    return BATON_OK;
}

void
config_pack_close(struct config_pack **p)
{
    free(*p);
    *p = NULL;
}
