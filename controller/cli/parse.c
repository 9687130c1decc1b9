#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NEAR_DISTANCE = 3, WORD_BYTES = 40, KNOWN_MAX = 128 };

/* Edits between two short words (Levenshtein), so that "cutovr" finds "cutover". */
static unsigned
distance(const char *a, const char *b)
{
    unsigned row[WORD_BYTES + 1];
    size_t n = strlen(a), m = strlen(b);
    if (n > WORD_BYTES || m > WORD_BYTES)
        return WORD_BYTES;
    for (size_t j = 0; j <= m; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned above = row[j];
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);
            if (above + 1 < best)
                best = above + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[m];
}

const char *
command_nearest(const char *word, const char *const *known, size_t count)
{
    const char *best = NULL;
    unsigned least = NEAR_DISTANCE + 1;
    for (size_t i = 0; i < count; i++) {
        unsigned d = distance(word, known[i]);
        bool starts = strlen(word) >= 2 && strncmp(word, known[i], strlen(word)) == 0;
        if (starts)
            d = 1;
        if (d < least && d < strlen(known[i])) {
            least = d;
            best = known[i];
        }
    }
    return best;
}

static const struct option_row *
find_option(const struct option_row *rows, const char *name, size_t len)
{
    for (; rows != NULL && rows->name != NULL; rows++)
        if (strlen(rows->name) == len && strncmp(rows->name, name, len) == 0)
            return rows;
    return NULL;
}

static enum baton_status
unknown_option(const char *name, size_t len, const struct command *command, struct baton_err *err)
{
    const char *known[KNOWN_MAX];
    size_t n = 0;
    char word[WORD_BYTES];
    snprintf(word, sizeof word, "%.*s", (int)len, name);
    for (const struct option_row *r = command_globals(); r->name != NULL && n < KNOWN_MAX; r++)
        known[n++] = r->name;
    const struct option_row *own = command != NULL ? command->options : NULL;
    for (; own != NULL && own->name != NULL && n < KNOWN_MAX; own++)
        known[n++] = own->name;
    const char *near = command_nearest(word, known, n);
    if (near != NULL)
        return baton_fail(err, BATON_USAGE, "unknown option --%s; did you mean --%s?", word, near);
    return baton_fail(err, BATON_USAGE, "unknown option --%s", word);
}

static enum baton_status
unknown_noun(const char *noun, struct baton_err *err)
{
    const char *known[KNOWN_MAX];
    size_t count, n = 0;
    const struct command *rows = command_rows(&count);
    for (size_t i = 0; i < count && n < KNOWN_MAX; i++)
        known[n++] = rows[i].noun;
    const char *near = command_nearest(noun, known, n);
    if (near != NULL)
        return baton_fail(err, BATON_USAGE, "unknown command %.40s; did you mean baton %s?", noun,
                          near);
    return baton_fail(err, BATON_USAGE, "unknown command %.40s; see baton --help", noun);
}

static enum baton_status
unknown_verb(const char *noun, const char *verb, struct baton_err *err)
{
    const char *known[KNOWN_MAX];
    size_t count, n = 0;
    const struct command *rows = command_rows(&count);
    for (size_t i = 0; i < count && n < KNOWN_MAX; i++)
        if (strcmp(rows[i].noun, noun) == 0 && rows[i].verb[0] != '\0')
            known[n++] = rows[i].verb;
    const char *near = command_nearest(verb, known, n);
    if (near != NULL)
        return baton_fail(err, BATON_USAGE, "baton %s has no %.40s; did you mean baton %s %s?",
                          noun, verb, noun, near);
    return baton_fail(err, BATON_USAGE, "baton %s has no %.40s; see baton %s --help", noun, verb,
                      noun);
}

struct parser {
    int argc, at;
    char *const *argv;
    struct args *args;
    const struct command *command;
    bool only_words; /* after "--" */
    struct baton_err *err;
};

static enum baton_status
add_option(struct parser *p, const struct option_row *row, const char *value)
{
    struct args *a = p->args;
    if (row->value != NULL && value == NULL) {
        if (p->at + 1 >= p->argc)
            return baton_fail(p->err, BATON_USAGE, "--%s needs %s", row->name, row->value);
        value = p->argv[++p->at];
    } else if (row->value == NULL && value != NULL) {
        return baton_fail(p->err, BATON_USAGE, "--%s takes no value", row->name);
    }
    if (a->option_count == OPTIONS_MAX)
        return baton_fail(p->err, BATON_USAGE, "too many options");
    a->option[a->option_count].row = row;
    a->option[a->option_count++].value = value;
    return BATON_OK;
}

static enum baton_status
parse_option(struct parser *p, const char *word)
{
    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
        p->args->help = true;
        return BATON_OK;
    }
    if (strcmp(word, "-o") == 0)
        word = "--output";
    if (strcmp(word, "-y") == 0)
        word = "--yes";
    if (strncmp(word, "--", 2) != 0)
        return baton_fail(p->err, BATON_USAGE, "unknown option %.40s", word);
    const char *name = word + 2, *equals = strchr(name, '=');
    size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const struct option_row *row = find_option(command_globals(), name, len);
    if (row == NULL && p->command != NULL)
        row = find_option(p->command->options, name, len);
    if (row == NULL)
        return unknown_option(name, len, p->command, p->err);
    return add_option(p, row, equals != NULL ? equals + 1 : NULL);
}

static enum baton_status
parse_word(struct parser *p, const char *word)
{
    struct args *a = p->args;
    if (a->noun == NULL) {
        if (!command_noun_known(word))
            return unknown_noun(word, p->err);
        a->noun = word;
        p->command = command_find(word, "");
        return BATON_OK;
    }
    if (a->verb == NULL && a->count == 0) {
        const struct command *found = command_find(a->noun, word);
        if (found != NULL) {
            a->verb = word;
            p->command = found;
            return BATON_OK;
        }
        if (p->command == NULL || p->command->most == 0)
            return unknown_verb(a->noun, word, p->err);
    }
    if (a->count == ARGS_MAX)
        return baton_fail(p->err, BATON_USAGE, "too many arguments");
    a->positional[a->count++] = word;
    return BATON_OK;
}

static enum baton_status
check_count(const struct parser *p)
{
    const struct args *a = p->args;
    if (a->help)
        return BATON_OK;
    if (a->noun == NULL)
        return baton_fail(p->err, BATON_USAGE, "a command is needed; see baton --help");
    if (p->command == NULL)
        return baton_fail(p->err, BATON_USAGE, "baton %s needs a verb; see baton %s --help",
                          a->noun, a->noun);
    const struct command *c = p->command;
    const char *gap = c->verb[0] != '\0' ? " " : "";
    if (a->count > 0 && c->most == 0)
        return baton_fail(p->err, BATON_USAGE,
                          "baton %s%s%s takes no argument like '%s'; see baton %s%s%s --help",
                          c->noun, gap, c->verb, a->positional[0], c->noun, gap, c->verb);
    if (a->count < c->least || a->count > c->most)
        return baton_fail(p->err, BATON_USAGE, "usage: baton %s%s%s %s", c->noun, gap, c->verb,
                          c->args);
    return BATON_OK;
}

enum baton_status
command_parse(int argc, char *const argv[], struct args *ret_args,
              const struct command **ret_command, struct baton_err *err)
{
    *ret_args = (struct args){0};
    struct parser p = {.argc = argc, .argv = argv, .args = ret_args, .err = err};
    enum baton_status rc = BATON_OK;
    for (p.at = 1; p.at < argc && rc == BATON_OK; p.at++) {
        const char *word = argv[p.at];
        if (!p.only_words && strcmp(word, "--") == 0)
            p.only_words = true;
        else if (!p.only_words && word[0] == '-' && word[1] != '\0')
            rc = parse_option(&p, word);
        else
            rc = parse_word(&p, word);
    }
    *ret_command = p.command;
    return rc == BATON_OK ? check_count(&p) : rc;
}

const char *
cli_option_nth(const struct cli *c, const char *name, unsigned nth)
{
    for (unsigned i = 0; i < c->args.option_count; i++)
        if (strcmp(c->args.option[i].row->name, name) == 0 && nth-- == 0)
            return c->args.option[i].value != NULL ? c->args.option[i].value : "";
    return NULL;
}

const char *
cli_option(const struct cli *c, const char *name)
{
    return cli_option_nth(c, name, 0);
}

bool
cli_has(const struct cli *c, const char *name)
{
    return cli_option(c, name) != NULL;
}

const char *
cli_arg(const struct cli *c, unsigned n)
{
    return n < c->args.count ? c->args.positional[n] : "";
}

enum baton_status
cli_fail(struct cli *c, enum baton_status status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(c->err.text, sizeof c->err.text, fmt, args);
    va_end(args);
    c->err.status = status;
    return status;
}
