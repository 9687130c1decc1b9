/* cli.h: what every command of `baton` gets: its words, the settings, the controller, the printer.
 *
 * Shape      A command is a row (noun, verb, arguments, options, examples, handler). The rows make the
 *            parser, `--help`, the completions and the suggestion after a typing mistake.
 * Errors     A handler answers a status; its exit code is that of the program. What went wrong stands
 *            in cli.err, and in cli.problem when the controller said it.
 * Threads    One.
 * Source     design 7.
 */
#ifndef BATON_CLI_H
#define BATON_CLI_H

#include "baton/ids.h"
#include "common/config.h"

#include <jansson.h>

enum { ARGS_MAX = 32, OPTIONS_MAX = 48, OPTIONS_PER_COMMAND = 12 };

struct option_row {
    const char *name;  /* without dashes */
    const char *value; /* NULL: a switch; else what the value is called */
    const char *what;
};

struct cli;

struct command {
    const char *noun, *verb;          /* verb "": the noun alone */
    const char *args;                 /* "TENANT [HOST]" */
    unsigned least, most;             /* positional arguments */
    const struct option_row *options; /* ends with name NULL; may be NULL */
    enum baton_status (*run)(struct cli *c);
    const char *what, *examples;
};

struct args {
    const char *noun, *verb;
    const char *positional[ARGS_MAX];
    unsigned count;
    struct {
        const struct option_row *row;
        const char *value;
    } option[OPTIONS_MAX];
    unsigned option_count;
    bool help;
};

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_JSONL, OUTPUT_CSV, OUTPUT_HTML };

struct http;

struct cli {
    const struct command *command;
    struct args args;
    struct config *config;
    char config_path[512]; /* the user's file */
    enum output_format output;
    bool colour, terminal, yes;
    uint64_t timeout_ms;
    struct http *http; /* opened when first used */
    struct baton_err err;
    json_t *problem; /* what the controller said, or NULL */
};

/* --- command.c: the rows, and finding one ------------------------------------------------------ */
const struct command *command_rows(size_t *ret_count);
const struct option_row *command_globals(void);
const struct command *command_find(const char *noun, const char *verb);
bool command_noun_known(const char *noun);
bool command_makes_page(const struct command *k); /* --output html is understood */
/* Fills args; *ret_command NULL when only help for a noun or for everything is wanted. */
enum baton_status command_parse(int argc, char *const argv[], struct args *ret_args,
                                const struct command **ret_command, struct baton_err *err);
/* The known word nearest to this one, or NULL when none is near. */
const char *command_nearest(const char *word, const char *const *known, size_t count);
void command_help(const struct args *args, const struct command *command);

const char *cli_option(const struct cli *c, const char *name); /* NULL when not given */
bool cli_has(const struct cli *c, const char *name);
/* The nth value of an option that may be given several times. */
const char *cli_option_nth(const struct cli *c, const char *name, unsigned nth);
const char *cli_arg(const struct cli *c, unsigned n); /* "" when not given */
enum baton_status cli_fail(struct cli *c, enum baton_status status, const char *fmt, ...)
    BATON_PRINTF(3, 4);

#endif
