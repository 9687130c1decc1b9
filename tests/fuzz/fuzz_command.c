/* The words of a command line of `baton`: NUL ends each. */
#include "fuzz.h"

#include "controller/cli/cli.h"

enum { WORDS_MAX = 80 };

static void
check(const struct args *a, const struct command *k)
{
    FUZZ_CHECK(a->count <= ARGS_MAX && a->option_count <= OPTIONS_MAX);
    for (unsigned i = 0; i < a->count; i++)
        FUZZ_CHECK(a->positional[i] != NULL);
    for (unsigned i = 0; i < a->option_count; i++)
        FUZZ_CHECK(a->option[i].row != NULL &&
                   (a->option[i].row->value == NULL || a->option[i].value != NULL));
    if (k != NULL && !a->help)
        FUZZ_CHECK(a->count >= k->least && a->count <= k->most);
}

static void
run(const char *text, size_t len)
{
    char *argv[WORDS_MAX + 1] = {(char[]){"baton"}};
    int argc = 1;
    char *copy = malloc(len + 1);
    struct args args = {0};
    const struct command *command = NULL;
    struct baton_err err = {0};
    FUZZ_CHECK(copy != NULL);
    memcpy(copy, text, len + 1);
    for (size_t at = 0; at < len && argc < WORDS_MAX; at += strlen(copy + at) + 1)
        argv[argc++] = copy + at;
    if (command_parse(argc, argv, &args, &command, &err) == BATON_OK)
        check(&args, command);
    else
        FUZZ_CHECK(err.text[0] != '\0');
    free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
