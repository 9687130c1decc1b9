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
preset_wanted(struct cli *c, enum preset *ret_preset)
{
    const char *named = cli_option(c, "preset");
    *ret_preset = PRESET_PARITY;
    if (named == NULL || preset_parse(named, ret_preset))
        return BATON_OK;
    return cli_fail(c, BATON_USAGE, "--preset parity, parallel-upgrade or unsupported-path");
}

enum baton_status
policy_text_read(struct cli *c, const char *path, char **ret_text, size_t *ret_len,
                 struct limits *ret_limits)
{
    enum preset preset;
    char *text = NULL;
    size_t len = 0;
    enum baton_status rc = preset_wanted(c, &preset);
    if (rc == BATON_OK)
        rc = input_read(c, path, LIMITS_BYTES_MAX, &text, &len);
    if (rc != BATON_OK)
        return rc;
    rc = limits_read(text, len, preset, ret_limits, &c->err);
    if (rc != BATON_OK)
        rc = baton_wrap(&c->err, rc, "%s", path);
    else if (ret_limits->preset_named && cli_has(c, "preset"))
        rc = cli_fail(c, BATON_USAGE, "%s names its preset itself: leave --preset out", path);
    if (rc != BATON_OK) {
        free(text);
        return rc;
    }
    *ret_text = text;
    *ret_len = len;
    return BATON_OK;
}

enum baton_status
policy_read(struct cli *c, struct limits *ret_limits)
{
    const char *path = cli_option(c, "policy");
    enum preset preset;
    char *text = NULL;
    size_t len = 0;
    enum baton_status rc = path != NULL ? policy_text_read(c, path, &text, &len, ret_limits)
                                        : preset_wanted(c, &preset);
    if (rc == BATON_OK && path == NULL)
        limits_preset(preset, ret_limits);
    free(text);
    return rc;
}
