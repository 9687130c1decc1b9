/* The configuration export of a simulated server: digests of it, and all of it as one pack. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/readers/config_pack.h"
#include "lab_files.h"

enum { PIECE_BYTES = 32768 };
_Static_assert((int)PIECE_BYTES >= (int)CONFIG_PACK_HEAD_BYTES, "a head fits a piece");

#define PACK_NAME "configuration.pack"

/* The folders of an export, in byte order as the pack wants its files ("" is its own), and which names hold
 * the rules. A DirSync server's engine writes agents and metaverse side by side, with flows in all of
 * them. */
static const struct form {
    const char *const folder[3];
    size_t count;
    const char *rules;
} server_form = {{"Connectors", "GlobalSettings", "SynchronizationRules"},
                 3,
                 "synchronizationrules/"},
  fim_form = {{""}, 1, ""};

struct config_set {
    struct config_entry *entry;
    size_t count, cap;
};

static enum baton_status
config_read(FILE *in, struct config_file *f, const char *path, struct baton_err *err)
{
    static _Thread_local uint8_t piece[PIECE_BYTES];
    enum baton_status rc = BATON_OK;
    for (size_t n; rc == BATON_OK && (n = fread(piece, 1, sizeof piece, in)) > 0;)
        rc = config_file_push(f, piece, n, err);
    return rc == BATON_OK && ferror(in) ? lab_path_fail(err, "read", path) : rc;
}

static enum baton_status
config_one(const char *path, struct baton_hash *ret_hash, struct baton_err *err)
{
    struct config_file *f = NULL;
    FILE *in = fopen(path, "rb");
    if (in == NULL)
        return lab_path_fail(err, "read", path);
    enum baton_status rc = config_file_open(&f, err);
    if (rc == BATON_OK)
        rc = config_read(in, f, path, err);
    if (rc == BATON_OK)
        rc = config_file_finish(f, ret_hash, err);
    config_file_close(&f);
    fclose(in);
    return rc == BATON_OK ? rc : baton_wrap(err, rc, "%s", path);
}

static enum baton_status
form_of(const char *dir, const struct form **ret_form, struct baton_err *err)
{
    char path[LAB_FILE_BYTES];
    struct stat st;
    enum baton_status rc = lab_path(path, dir, server_form.folder[0], "", err);
    *ret_form = rc == BATON_OK && stat(path, &st) == 0 ? &server_form : &fim_form;
    return rc;
}

static enum baton_status
config_grow(struct config_set *set, struct baton_err *err)
{
    if (set->count < set->cap)
        return BATON_OK;
    if (set->cap == CONFIG_FILES_MAX)
        return baton_fail(err, BATON_LIMIT, "more than %d configuration files", CONFIG_FILES_MAX);
    size_t cap = set->cap == 0 ? 64 : set->cap * 2;
    struct config_entry *grown = realloc(set->entry, cap * sizeof *grown);
    if (grown == NULL)
        return baton_fail(err, BATON_NOMEM, "%zu configuration files", cap);
    set->entry = grown;
    set->cap = cap;
    return BATON_OK;
}

static enum baton_status
config_add(struct config_set *set, const char *dir, const char *folder, const char *name,
           struct baton_err *err)
{
    char path[LAB_FILE_BYTES];
    enum baton_status rc = config_grow(set, err);
    if (rc == BATON_OK)
        rc = lab_path(path, dir, folder, name, err);
    if (rc != BATON_OK)
        return rc;
    struct config_entry *e = &set->entry[set->count];
    if (!config_entry_name(e, folder, name))
        return baton_fail(err, BATON_LIMIT, "file name too long: %s", name);
    rc = config_one(path, &e->hash, err);
    set->count += rc == BATON_OK;
    return rc;
}

static enum baton_status
config_folder(struct config_set *set, const char *dir, const char *folder, struct baton_err *err)
{
    char path[LAB_FILE_BYTES];
    enum baton_status rc = lab_path(path, dir, folder, "", err);
    if (rc != BATON_OK)
        return rc;
    DIR *d = opendir(path);
    if (d == NULL)
        return lab_path_fail(err, "read folder", path);
    for (struct dirent *entry; rc == BATON_OK && (entry = readdir(d)) != NULL;)
        if (entry->d_name[0] != '.')
            rc = config_add(set, dir, folder, entry->d_name, err);
    closedir(d);
    return rc;
}

static char *
digest_text(struct config_set *set, const struct form *form, size_t *ret_len)
{
    struct baton_hash config, rules;
    char config_hex[2 * BATON_HASH_BYTES + 1], rules_hex[2 * BATON_HASH_BYTES + 1];
    config_fold(set->entry, set->count, "", &config);
    config_fold(set->entry, set->count, form->rules, &rules);
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
pack_content(FILE *out, FILE *in, const char *name, const char *path, struct baton_err *err)
{
    static _Thread_local uint8_t piece[PIECE_BYTES];
    struct stat st;
    if (fstat(fileno(in), &st) != 0)
        return lab_path_fail(err, "look at", path);
    size_t len = config_pack_head(name, (uint64_t)st.st_size, piece);
    uint64_t left = (uint64_t)st.st_size;
    if (fwrite(piece, 1, len, out) != len)
        return baton_fail(err, BATON_IO, "cannot write the configuration pack");
    for (size_t n; left > 0 && (n = fread(piece, 1, sizeof piece, in)) > 0;) {
        n = n < left ? n : (size_t)left;
        if (fwrite(piece, 1, n, out) != n)
            return baton_fail(err, BATON_IO, "cannot write the configuration pack");
        left -= n;
    }
    return left == 0 ? BATON_OK
                     : baton_fail(err, BATON_CONFLICT, "%s changed while it was read", path);
}

static enum baton_status
pack_file(FILE *out, const char *dir, const char *folder, const char *file, struct baton_err *err)
{
    char path[LAB_FILE_BYTES], name[CONFIG_NAME_BYTES];
    int len = snprintf(name, sizeof name, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", file);
    if (len < 0 || (size_t)len >= sizeof name)
        return baton_fail(err, BATON_LIMIT, "file name too long: %s", file);
    enum baton_status rc = lab_path(path, dir, folder, file, err);
    if (rc != BATON_OK)
        return rc;
    FILE *in = fopen(path, "rb");
    if (in == NULL)
        return lab_path_fail(err, "read", path);
    rc = pack_content(out, in, name, path, err);
    fclose(in);
    return rc;
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int
not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static enum baton_status
pack_folder(FILE *out, const char *dir, const char *folder, struct baton_err *err)
{
    char path[LAB_FILE_BYTES];
    struct dirent **names;
    enum baton_status rc = lab_path(path, dir, folder, "", err);
    if (rc != BATON_OK)
        return rc;
    int count = scandir(path, &names, not_hidden, by_bytes);
    if (count < 0)
        return lab_path_fail(err, "read folder", path);
    for (int i = 0; i < count; i++) {
        if (rc == BATON_OK)
            rc = pack_file(out, dir, folder, names[i]->d_name, err);
        free(names[i]);
    }
    free(names);
    return rc;
}

/* Beside the export, whole or not at all: it can be built again at any time, so it is not flushed. */
static enum baton_status
pack_write(const char *folder, const char *dir, const struct form *form, struct baton_err *err)
{
    char part[LAB_FILE_BYTES], whole[LAB_FILE_BYTES];
    enum baton_status rc = lab_path(part, folder, "." PACK_NAME ".part", "", err);
    if (rc == BATON_OK)
        rc = lab_path(whole, folder, PACK_NAME, "", err);
    if (rc != BATON_OK)
        return rc;
    FILE *out = fopen(part, "wb");
    if (out == NULL)
        return lab_path_fail(err, "write", part);
    if (fwrite(config_pack_magic, 1, CONFIG_PACK_MAGIC_BYTES, out) != CONFIG_PACK_MAGIC_BYTES)
        rc = lab_path_fail(err, "write", part);
    for (size_t i = 0; rc == BATON_OK && i < form->count; i++)
        rc = pack_folder(out, dir, form->folder[i], err);
    if (fclose(out) != 0 && rc == BATON_OK)
        rc = lab_path_fail(err, "write", part);
    if (rc == BATON_OK && rename(part, whole) != 0)
        rc = lab_path_fail(err, "put down", whole);
    return rc;
}

enum baton_status
lab_config_collect(const char *folder, const char *path, char **ret_text, size_t *ret_len,
                   struct baton_err *err)
{
    char dir[LAB_FILE_BYTES];
    struct config_set set = {0};
    const struct form *form = NULL;
    enum baton_status rc = lab_path(dir, folder, path, "", err);
    if (rc == BATON_OK)
        rc = form_of(dir, &form, err);
    for (size_t i = 0; rc == BATON_OK && i < form->count; i++)
        rc = config_folder(&set, dir, form->folder[i], err);
    if (rc == BATON_OK)
        rc = pack_write(folder, dir, form, err);
    if (rc == BATON_OK) {
        *ret_text = digest_text(&set, form, ret_len);
        if (*ret_text == NULL)
            rc = baton_fail(err, BATON_NOMEM, "configuration digest");
    }
    free(set.entry);
    return rc;
}
