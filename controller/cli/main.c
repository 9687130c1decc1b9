#include "client.h"
#include "commands.h"
#include "common/crypto/crypto.h"
#include "output.h"
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TIMEOUT_DEFAULT_S = 600 };

static enum baton_status
read_globals(struct cli *c)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    const char *timeout = cli_option(c, "timeout");
    char *end = NULL;
    c->terminal = isatty(STDOUT_FILENO) == 1;
    c->colour = c->terminal && !cli_has(c, "no-color") &&
                (no_color == NULL || no_color[0] == '\0') &&
                (term == NULL || strcmp(term, "dumb") != 0);
    c->yes = cli_has(c, "yes");
    unsigned long seconds = timeout != NULL ? strtoul(timeout, &end, 10) : TIMEOUT_DEFAULT_S;
    if (timeout != NULL && (end == timeout || *end != '\0' || seconds > 31536000))
        return cli_fail(c, BATON_USAGE, "--timeout needs a number of seconds");
    c->timeout_ms = (uint64_t)seconds * 1000;
    if (output_format_parse(config_text(c->config, "output.format"), &c->output) != BATON_OK)
        return cli_fail(c, BATON_USAGE, "--output: table, json, jsonl, csv or html");
    if (c->output == OUTPUT_HTML && !command_makes_page(c->command))
        return cli_fail(c, BATON_USAGE,
                        "baton %s%s%s makes no page: --output table, json, jsonl or csv",
                        c->command->noun, c->command->verb[0] != '\0' ? " " : "", c->command->verb);
    return BATON_OK;
}

static void
print_problem(const struct cli *c)
{
    size_t i;
    json_t *fact;
    const char *guard = json_text(c->problem, "guard"), *who = json_text(c->problem, "who");
    const char *next = json_text(c->problem, "next");
    if (guard[0] != '\0')
        fprintf(stderr, "  guard  %s\n", guard);
    json_array_foreach(json_object_get(c->problem, "facts"), i, fact)
        fprintf(stderr, "  fact   %s\n", json_string_value(fact));
    if (who[0] != '\0')
        fprintf(stderr, "  who    %s\n", who);
    if (next[0] != '\0')
        fprintf(stderr, "  next   %s\n", next);
}

static int
finish(struct cli *c, enum baton_status rc)
{
    fflush(stdout);
    if (rc != BATON_OK) {
        fprintf(stderr, "baton: %s\n",
                c->err.text[0] != '\0' ? c->err.text : baton_status_text(rc));
        if (c->problem != NULL)
            print_problem(c);
    }
    http_close(&c->http);
    json_decref(c->problem);
    config_close(&c->config);
    return baton_status_exit_code(rc);
}

int
main(int argc, char *argv[])
{
    struct cli c = {0};
    enum baton_status rc = command_parse(argc, argv, &c.args, &c.command, &c.err);
    if (rc != BATON_OK)
        return finish(&c, rc);
    if (c.args.help) {
        command_help(&c.args, c.command);
        return finish(&c, BATON_OK);
    }
    rc = crypto_init(&c.err);
    if (rc == BATON_OK)
        rc = settings_open(&c);
    if (rc == BATON_OK)
        rc = read_globals(&c);
    if (rc == BATON_OK)
        rc = c.command->run(&c);
    return finish(&c, rc);
}
