#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum baton_status
input_open(struct cli *c, const char *path, FILE **ret_file)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe may never have a writer */
    if (fd < 0)
        return cli_fail(c, errno == ENOENT ? BATON_NOT_FOUND : BATON_IO, "%s: %s", path,
                        strerror(errno));
    bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    FILE *f = regular ? fdopen(fd, "r") : NULL;
    if (f == NULL) {
        close(fd);
        return regular ? cli_fail(c, BATON_NOMEM, "%s", path)
                       : cli_fail(c, BATON_IO, "%s: not a regular file", path);
    }
    *ret_file = f;
    return BATON_OK;
}

enum baton_status
input_read(struct cli *c, const char *path, size_t most, char **ret_text, size_t *ret_len)
{
    FILE *f = NULL;
    enum baton_status rc = input_open(c, path, &f);
    if (rc != BATON_OK || f == NULL)
        return rc;
    char *text = malloc(most + 2);
    size_t len = text != NULL ? fread(text, 1, most + 1, f) : 0;
    bool failed = ferror(f) != 0;
    fclose(f);
    if (text == NULL || failed || len > most) {
        free(text);
        if (text == NULL)
            return cli_fail(c, BATON_NOMEM, "%s: no memory for %zu bytes", path, most);
        return failed ? cli_fail(c, BATON_IO, "%s cannot be read", path)
                      : cli_fail(c, BATON_LIMIT, "%s has more than %zu bytes", path, most);
    }
    text[len] = '\0';
    *ret_text = text;
    *ret_len = len;
    return BATON_OK;
}

static enum baton_status
preset_read(struct cli *c, const char *named, struct limits *ret_limits)
{
    for (int p = PRESET_PARITY; p < PRESET_COUNT; p++)
        if (strcmp(preset_name((enum preset)p), named) == 0) {
            limits_preset((enum preset)p, ret_limits);
            return BATON_OK;
        }
    return cli_fail(c, BATON_USAGE, "--preset parity, parallel-upgrade or unsupported-path");
}

enum baton_status
policy_read(struct cli *c, struct limits *ret_limits)
{
    const char *path = cli_option(c, "policy"), *named = cli_option(c, "preset");
    char *text = NULL;
    size_t len = 0;
    if (path != NULL && named != NULL)
        return cli_fail(c, BATON_USAGE, "--policy names its preset itself: leave --preset out");
    if (path == NULL)
        return preset_read(c, named != NULL ? named : preset_name(PRESET_PARITY), ret_limits);
    enum baton_status rc = input_read(c, path, LIMITS_BYTES_MAX, &text, &len);
    if (rc != BATON_OK)
        return rc;
    rc = limits_read(text, len, PRESET_PARITY, ret_limits, &c->err);
    free(text);
    return rc == BATON_OK ? BATON_OK : baton_wrap(&c->err, rc, "%s", path);
}
