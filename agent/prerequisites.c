#include "prerequisites.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "setup.h"

static int
is_data(const struct dirent *e)
{
    size_t len = strlen(e->d_name);
    return len > 5 && e->d_name[0] != '.' && strcmp(e->d_name + len - 5, ".json") == 0;
}

/* One byte more than is allowed tells that there is more. */
static enum baton_status
read_whole(int fd, const char *path, char *out, size_t *ret_len, struct baton_err *err)
{
    struct stat st;
    ssize_t n;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return baton_fail(err, BATON_IO, "%s: not a regular file", path);
    while (*ret_len <= PREREQ_BYTES_MAX &&
           (n = read(fd, out + *ret_len, PREREQ_BYTES_MAX + 1 - *ret_len)) != 0) {
        if (n < 0 && errno != EINTR)
            return baton_fail(err, BATON_IO, "%s: %s", path, strerror(errno));
        *ret_len += n > 0 ? (size_t)n : 0;
    }
    return BATON_OK;
}

enum baton_status
prerequisites_text(const char *path, char **ret_text, size_t *ret_len, struct baton_err *err)
{
    *ret_len = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe may never have a writer */
    if (fd < 0)
        return baton_fail(err, errno == ENOENT ? BATON_NOT_FOUND : BATON_IO, "%s: %s", path,
                          strerror(errno));
    char *text = malloc(PREREQ_BYTES_MAX + 1);
    enum baton_status rc = text == NULL ? baton_fail(err, BATON_NOMEM, "%s", path)
                                        : read_whole(fd, path, text, ret_len, err);
    close(fd);
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
add_all(struct prereq *p, const char *folder, struct dirent *const *name, int count,
        struct baton_err *err)
{
    size_t checks;
    enum baton_status rc = BATON_OK;
    for (int i = 0; i < count && rc == BATON_OK; i++)
        rc = add_file(p, folder, name[i]->d_name, err);
    if (rc == BATON_OK && (prereq_checks(p, &checks), checks == 0))
        return baton_fail(err, BATON_NOT_FOUND, "there is no check in it: *.json is looked for");
    return rc;
}

enum baton_status
prerequisites_read(const char *folder, struct prereq **ret_data, struct baton_err *err)
{
    struct dirent **name = NULL;
    struct prereq *p = NULL;
    int count = scandir(folder, &name, is_data, alphasort);
    if (count < 0)
        return baton_fail(err, errno == ENOENT ? BATON_NOT_FOUND : BATON_IO, "%s: %s", folder,
                          strerror(errno));
    enum baton_status rc = prereq_open(&p, err);
    if (rc == BATON_OK)
        rc = add_all(p, folder, name, count, err);
    while (count > 0)
        free(name[--count]);
    free(name);
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
    struct stat st;
    if (dir == NULL)
        return prereq_builtin(ret_data, err);
    enum baton_status rc = setup_path(dir, SETUP_PREREQUISITES, folder, err);
    if (rc != BATON_OK)
        return rc;
    return stat(folder, &st) == 0 || errno != ENOENT ? prerequisites_read(folder, ret_data, err)
                                                     : prereq_builtin(ret_data, err);
}
