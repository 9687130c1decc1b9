/* tools.c: the product's programs besides its services: what exports files, and what only stays open. */
#include "tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "standin.h"

/* Copies what the site says is the product's file of that name. */
static int
copy_from_site(const char *what, const char *to)
{
    struct site s;
    struct site_answer a;
    wchar_t from[STANDIN_PATH], target[STANDIN_PATH];
    char question[SITE_LINE_BYTES];
    snprintf(question, sizeof question, "path %s", what);
    if (!site_open(&s))
        return 2;
    bool good = site_ask(&s, question, &a);
    site_close(&s);
    if (!good) {
        fprintf(stderr, "%s\n", a.text);
        return 1;
    }
    standin_place(a.text, from);
    standin_place(to, target);
    free(a.text);
    return standin_copy(from, target) ? 0 : 1;
}

static const char *
file_argument(int argc, char **argv, int nth)
{
    for (int i = 1; i < argc; i++)
        if (argv[i][0] != '/' && nth-- == 0)
            return argv[i];
    return NULL;
}

int
tool_csexport(int argc, char **argv)
{
    const char *file = file_argument(argc, argv, 1); /* after the connector's name */
    standin_note("tools.log", GetCommandLineA());
    return file == NULL ? 2 : copy_from_site("pending", file);
}

int
tool_svrexport(int argc, char **argv)
{
    const char *folder = file_argument(argc, argv, 0);
    standin_note("tools.log", GetCommandLineA());
    return folder == NULL ? 2 : copy_from_site("configuration", folder);
}

/* A wizard, a console: open until somebody ends it. */
int
tool_window(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("open\n");
    fflush(stdout);
    Sleep(INFINITE);
    return 0;
}
