/* sync_service.c: the stand-in product as one program, which is whatever it is named.
 *
 * Installed, its copies are the engine, the scheduler, the wizard, the console and the export tools.
 * Under its own name it installs, removes, and does to services what people do by hand.
 */
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "edition.h"
#include "service.h"
#include "standin.h"
#include "tools.h"

static int
serve(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return service_dispatch();
}

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
} faces[] = {
    {"miiserver", serve},        {"Scheduler", serve},        {"AzureADConnect", tool_window},
    {"miisclient", tool_window}, {"csexport", tool_csexport}, {"svrexport", tool_svrexport},
};

static const struct {
    const char *name;
    int (*act)(const wchar_t *argument);
} verbs[] = {
    {"install", edition_install}, {"remove", edition_remove}, {"start", service_hand_start},
    {"auto", service_hand_auto},  {"stop", service_stop},     {"query", service_query},
    {"react", service_react},
};

static void
own_name(char *out, size_t cap)
{
    char path[MAX_PATH];
    GetModuleFileNameA(NULL, path, sizeof path);
    const char *name = strrchr(path, '\\');
    name = name == NULL ? path : name + 1;
    snprintf(out, cap, "%.*s", (int)strcspn(name, "."), name);
}

static int
act(const char *verb, const char *word)
{
    wchar_t argument[128];
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verb, verbs[i].name) == 0) {
            _snwprintf(argument, 128, L"%hs", word);
            return verbs[i].act(argument);
        }
    fprintf(stderr, "usage: sync_service install|remove dirsync|aadconnect|connect\n"
                    "       sync_service start|auto|stop|query|react SERVICE\n"
                    "       sync_service console -\n");
    return 2;
}

/* Many acts for one start of a program, which takes a second under Wine: lines "VERB WORD" in, what
 * the act prints and "= CODE" out. */
static int
console(void)
{
    char line[256], verb[64], word[128];
    while (fgets(line, sizeof line, stdin) != NULL) {
        int code = sscanf(line, "%63s %127[^\r\n]", verb, word) == 2 ? act(verb, word) : 2;
        printf("= %d\n", code);
        fflush(stdout);
    }
    return 0;
}

int
main(int argc, char **argv)
{
    char name[64];
    own_name(name, sizeof name);
    for (size_t i = 0; i < sizeof faces / sizeof faces[0]; i++)
        if (_stricmp(name, faces[i].name) == 0)
            return faces[i].main(argc, argv);
    if (argc == 3 && strcmp(argv[1], "console") == 0)
        return console();
    return act(argc == 3 ? argv[1] : "", argc == 3 ? argv[2] : "");
}
