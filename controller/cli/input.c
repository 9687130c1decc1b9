#include "input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum baton_status
input_read(struct cli *c, const char *path, size_t most, char **ret_text, size_t *ret_len)
{
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return cli_fail(c, errno == ENOENT ? BATON_NOT_FOUND : BATON_IO, "%s: %s", path,
                        strerror(errno));
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
