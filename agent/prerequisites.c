#include "prerequisites.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/disk/disk.h"
#include "setup.h"

enum { FILES_MAX = 64 };

struct names {
    char *name[FILES_MAX];
    size_t count;
    bool whole; /* all of them are in it */
};

static bool
is_data(const char *name)
{
    size_t len = strlen(name);
    return len > 5 && name[0] != '.' && strcmp(name + len - 5, ".json") == 0;
}

static bool
add_name(void *ctx, const struct disk_entry *entry)
{
    struct names *n = ctx;
    if (!is_data(entry->name))
        return true;
    char *copy = n->count < FILES_MAX ? strdup(entry->name) : NULL;
    n->whole = copy != NULL;
    if (n->whole)
        n->name[n->count++] = copy;
    return n->whole;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One byte more than is allowed tells that there is more. */
static enum baton_status
read_whole(const char *path, char *out, size_t *ret_len, struct baton_err *err)
{
    if (disk_exists(path) && !disk_is_file(path)) /* a pipe may never have a writer */
        return baton_fail(err, BATON_IO, "%s: not a regular file", path);
    int fd = disk_open(path, DISK_READ_LINKED);
    ssize_t n = fd < 0 ? -1 : disk_read(fd, out, PREREQ_BYTES_MAX + 1);
    enum baton_status rc = BATON_OK;
    if (n < 0)
        rc = baton_fail(err, errno == ENOENT ? BATON_NOT_FOUND : BATON_IO, "%s: %s", path,
                        strerror(errno));
    if (fd >= 0)
        close(fd);
    *ret_len = n < 0 ? 0 : (size_t)n;
    return rc;
}

enum baton_status
prerequisites_text(const char *path, char **ret_text, size_t *ret_len, struct baton_err *err)
{
    *ret_len = 0;
    char *text = malloc(PREREQ_BYTES_MAX + 1);
    if (text == NULL)
        return baton_fail(err, BATON_NOMEM, "%s", path);
    enum baton_status rc = read_whole(path, text, ret_len, err);
    if (rc == BATON_OK && *ret_len > PREREQ_BYTES_MAX)
        rc = baton_fail(err, BATON_LIMIT, "%s: at most %d bytes are read", path, PREREQ_BYTES_MAX);
    if (rc == BATON_OK)
        *ret_text = text;
    else
        free(text);
    return rc;
}

static enum baton_status
add_file(struct prereq *p, const char *folder, const char *name, struct baton_err *err)
{
    char path[SETUP_PATH_BYTES];
    char *text = NULL;
    size_t len;
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return baton_fail(err, BATON_LIMIT, "%s: the path is too long", folder);
    enum baton_status rc = prerequisites_text(path, &text, &len, err);
    if (rc != BATON_OK)
        return rc;
    rc = prereq_add(p, name, text, len, err);
    free(text);
    return rc;
}

static enum baton_status
add_all(struct prereq *p, const char *folder, struct names *n, struct baton_err *err)
{
    size_t checks;
    enum baton_status rc = BATON_OK;
    qsort((void *)n->name, n->count, sizeof *n->name, by_name);
    for (size_t i = 0; i < n->count && rc == BATON_OK; i++)
        rc = add_file(p, folder, n->name[i], err);
    if (rc == BATON_OK && (prereq_checks(p, &checks), checks == 0))
        return baton_fail(err, BATON_NOT_FOUND, "there is no check in it: *.json is looked for");
    return rc;
}

static enum baton_status
read_folder(struct prereq *p, const char *folder, struct names *n, struct baton_err *err)
{
    n->whole = true;
    if (!disk_list(folder, add_name, n))
        return baton_fail(err, errno == ENOENT ? BATON_NOT_FOUND : BATON_IO, "%s", strerror(errno));
    if (!n->whole)
        return baton_fail(err, BATON_LIMIT, "at most %d files of data are read", FILES_MAX);
    return add_all(p, folder, n, err);
}

enum baton_status
prerequisites_read(const char *folder, struct prereq **ret_data, struct baton_err *err)
{
    struct names n = {.count = 0};
    struct prereq *p = NULL;
    enum baton_status rc = prereq_open(&p, err);
    if (rc == BATON_OK)
        rc = read_folder(p, folder, &n, err);
    while (n.count > 0)
        free(n.name[--n.count]);
    if (rc != BATON_OK) {
        prereq_close(&p);
        return baton_wrap(err, rc, "%s", folder);
    }
    *ret_data = p;
    return BATON_OK;
}

enum baton_status
prerequisites_of(const char *dir, struct prereq **ret_data, struct baton_err *err)
{
    char folder[SETUP_PATH_BYTES];
    if (dir == NULL)
        return prereq_builtin(ret_data, err);
    enum baton_status rc = setup_path(dir, SETUP_PREREQUISITES, folder, err);
    if (rc != BATON_OK)
        return rc;
    return disk_exists(folder) || errno != ENOENT ? prerequisites_read(folder, ret_data, err)
                                                  : prereq_builtin(ret_data, err);
}
