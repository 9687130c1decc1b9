#include "config_dump.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/disk/disk.h"
#include "common/readers/config_digest.h"
#include "common/readers/config_pack.h"

enum { PIECE_BYTES = 32768, DUMP_PATH_BYTES = 1024 };
_Static_assert((int)PIECE_BYTES >= (int)CONFIG_PACK_HEAD_BYTES, "a head fits a piece");

/* The folders of an export, in byte order as the pack wants its files ("" is its own), and which names hold
 * the rules. */
static const struct form {
    const char *const folder[3];
    size_t count;
    const char *rules;
} server_form = {{"Connectors", "GlobalSettings", "SynchronizationRules"},
                 3,
                 "synchronizationrules/"},
  fim_form = {{""}, 1, ""};

struct dump_file {
    char name[CONFIG_NAME_BYTES]; /* as the pack says it, with its folder */
    uint64_t bytes;
};

struct dump {
    const char *folder;
    const struct form *form;
    struct dump_file *file; /* in the pack's order */
    struct config_entry *entry;
    size_t count, cap;
    const char *listed; /* the folder under way */
    struct baton_err err;
};

static enum baton_status
path_fail(struct baton_err *err, const char *what, const char *path)
{
    enum baton_status rc = errno == ENOENT   ? BATON_NOT_FOUND
                           : errno == ENOSPC ? BATON_FULL
                                             : BATON_IO;
    return baton_fail(err, rc, "cannot %s %s: %s", what, path, strerror(errno));
}

static enum baton_status
path_of(char out[DUMP_PATH_BYTES], const char *folder, const char *name, struct baton_err *err)
{
    int len = snprintf(out, DUMP_PATH_BYTES, "%s/%s", folder, name);
    return len < 0 || len >= DUMP_PATH_BYTES
               ? baton_fail(err, BATON_LIMIT, "path too long: %s", name)
               : BATON_OK;
}

/* --- which files there are --- */

static enum baton_status
grow(struct dump *d)
{
    if (d->count < d->cap)
        return BATON_OK;
    if (d->cap == CONFIG_FILES_MAX)
        return baton_fail(&d->err, BATON_LIMIT, "more than %d configuration files",
                          CONFIG_FILES_MAX);
    size_t cap = d->cap == 0 ? 64 : d->cap * 2;
    struct dump_file *grown = realloc(d->file, cap * sizeof *grown);
    if (grown == NULL)
        return baton_fail(&d->err, BATON_NOMEM, "%zu configuration files", cap);
    d->file = grown;
    d->cap = cap;
    return BATON_OK;
}

static bool
on_file(void *ctx, const struct disk_entry *entry)
{
    struct dump *d = ctx;
    if (entry->name[0] == '.')
        return true;
    if (grow(d) != BATON_OK)
        return false;
    struct dump_file *f = &d->file[d->count];
    int len = snprintf(f->name, sizeof f->name, "%s%s%s", d->listed, d->listed[0] ? "/" : "",
                       entry->name);
    if (len < 0 || (size_t)len >= sizeof f->name) {
        (void)baton_fail(&d->err, BATON_LIMIT, "file name too long: %s", entry->name);
        return false;
    }
    f->bytes = entry->bytes;
    d->count++;
    return true;
}

static int
by_bytes(const void *a, const void *b)
{
    return strcmp(((const struct dump_file *)a)->name, ((const struct dump_file *)b)->name);
}

static enum baton_status
list_folder(struct dump *d, const char *folder)
{
    char path[DUMP_PATH_BYTES];
    size_t first = d->count;
    d->listed = folder;
    enum baton_status rc = path_of(path, d->folder, folder, &d->err);
    if (rc == BATON_OK && !disk_list(path, on_file, d))
        rc = path_fail(&d->err, "read folder", path);
    if (rc != BATON_OK || d->err.status != BATON_OK)
        return rc != BATON_OK ? rc : d->err.status;
    if (d->count > first)
        qsort(&d->file[first], d->count - first, sizeof d->file[0], by_bytes);
    return BATON_OK;
}

static enum baton_status
list(struct dump *d)
{
    char path[DUMP_PATH_BYTES];
    enum baton_status rc = path_of(path, d->folder, server_form.folder[0], &d->err);
    if (rc != BATON_OK)
        return rc;
    d->form = disk_exists(path) ? &server_form : &fim_form;
    for (size_t i = 0; rc == BATON_OK && i < d->form->count; i++)
        rc = list_folder(d, d->form->folder[i]);
    return rc;
}

/* --- digests --- */

static enum baton_status
digest_stream(FILE *in, struct config_file *f, const char *path, struct baton_err *err)
{
    static _Thread_local uint8_t piece[PIECE_BYTES];
    enum baton_status rc = BATON_OK;
    for (size_t n; rc == BATON_OK && (n = fread(piece, 1, sizeof piece, in)) > 0;)
        rc = config_file_push(f, piece, n, err);
    return rc == BATON_OK && ferror(in) ? path_fail(err, "read", path) : rc;
}

static enum baton_status
digest_one(const char *path, struct baton_hash *ret_hash, struct baton_err *err)
{
    struct config_file *f = NULL;
    FILE *in = disk_stream(path);
    if (in == NULL)
        return path_fail(err, "read", path);
    enum baton_status rc = config_file_open(&f, err);
    if (rc == BATON_OK)
        rc = digest_stream(in, f, path, err);
    if (rc == BATON_OK)
        rc = config_file_finish(f, ret_hash, err);
    config_file_close(&f);
    fclose(in);
    return rc == BATON_OK ? rc : baton_wrap(err, rc, "%s", path);
}

static enum baton_status
digest(struct dump *d)
{
    char path[DUMP_PATH_BYTES];
    d->entry = calloc(d->count + 1, sizeof *d->entry);
    if (d->entry == NULL)
        return baton_fail(&d->err, BATON_NOMEM, "%zu configuration files", d->count);
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; rc == BATON_OK && i < d->count; i++) {
        const char *name = d->file[i].name;
        if (!config_entry_name(&d->entry[i], "", name))
            return baton_fail(&d->err, BATON_LIMIT, "file name too long: %s", name);
        rc = path_of(path, d->folder, name, &d->err);
        if (rc == BATON_OK)
            rc = digest_one(path, &d->entry[i].hash, &d->err);
    }
    return rc;
}

static char *
digest_text(struct dump *d, size_t *ret_len)
{
    struct baton_hash config, rules;
    char config_hex[2 * BATON_HASH_BYTES + 1], rules_hex[2 * BATON_HASH_BYTES + 1];
    config_fold(d->entry, d->count, "", &config);
    config_fold(d->entry, d->count, d->form->rules, &rules);
    baton_hex(config.b, BATON_HASH_BYTES, config_hex);
    baton_hex(rules.b, BATON_HASH_BYTES, rules_hex);
    char text[256];
    int len =
        snprintf(text, sizeof text, "{\"config\":\"%s\",\"rules\":\"%s\"}", config_hex, rules_hex);
    BATON_ASSERT(len > 0 && (size_t)len < sizeof text);
    *ret_len = (size_t)len;
    char *copy = malloc(*ret_len + 1);
    if (copy != NULL)
        memcpy(copy, text, *ret_len + 1);
    return copy;
}

/* --- the pack --- */

static enum baton_status
pack_bytes(int out, FILE *in, const struct dump_file *f, struct baton_err *err)
{
    static _Thread_local uint8_t piece[PIECE_BYTES];
    uint64_t left = f->bytes;
    size_t len = config_pack_head(f->name, f->bytes, piece);
    if (!disk_write(out, piece, len))
        return path_fail(err, "write", "the configuration pack");
    for (size_t n; (n = fread(piece, 1, sizeof piece, in)) > 0; left -= n) {
        if (n > left)
            break;
        if (!disk_write(out, piece, n))
            return path_fail(err, "write", "the configuration pack");
    }
    return left == 0 && feof(in)
               ? BATON_OK
               : baton_fail(err, BATON_CONFLICT, "%s changed while it was read", f->name);
}

static enum baton_status
pack_files(struct dump *d, int out)
{
    char path[DUMP_PATH_BYTES];
    enum baton_status rc = disk_write(out, config_pack_magic, CONFIG_PACK_MAGIC_BYTES)
                               ? BATON_OK
                               : path_fail(&d->err, "write", "the configuration pack");
    for (size_t i = 0; rc == BATON_OK && i < d->count; i++) {
        rc = path_of(path, d->folder, d->file[i].name, &d->err);
        FILE *in = rc == BATON_OK ? disk_stream(path) : NULL;
        if (rc == BATON_OK && in == NULL)
            rc = path_fail(&d->err, "read", path);
        if (rc == BATON_OK)
            rc = pack_bytes(out, in, &d->file[i], &d->err);
        if (in != NULL)
            fclose(in);
    }
    return rc;
}

/* Whole or not at all: it can be built again at any time, so it is not flushed. */
static enum baton_status
pack_write(struct dump *d, const char *pack)
{
    char part[DUMP_PATH_BYTES];
    int len = snprintf(part, sizeof part, "%s.part", pack);
    if (len < 0 || (size_t)len >= sizeof part)
        return baton_fail(&d->err, BATON_LIMIT, "path too long: %s", pack);
    int out = disk_open(part, DISK_REWRITE);
    if (out < 0)
        return path_fail(&d->err, "write", part);
    enum baton_status rc = pack_files(d, out);
    if (close(out) != 0 && rc == BATON_OK)
        rc = path_fail(&d->err, "write", part);
    if (rc == BATON_OK && !disk_rename(part, pack))
        rc = path_fail(&d->err, "put down", pack);
    return rc;
}

enum baton_status
config_dump_pack(const char *folder, const char *pack, char **ret_text, size_t *ret_len,
                 struct baton_err *err)
{
    struct dump d = {.folder = folder};
    enum baton_status rc = list(&d);
    if (rc == BATON_OK)
        rc = digest(&d);
    if (rc == BATON_OK)
        rc = pack_write(&d, pack);
    if (rc == BATON_OK) {
        *ret_text = digest_text(&d, ret_len);
        if (*ret_text == NULL)
            rc = baton_fail(&d.err, BATON_NOMEM, "configuration digest");
    }
    free(d.file);
    free(d.entry);
    return rc == BATON_OK ? rc : baton_fail(err, rc, "%s", d.err.text);
}
