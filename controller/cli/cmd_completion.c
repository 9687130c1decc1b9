#include "commands.h"

#include <stdio.h>
#include <string.h>

/* Both scripts are made from the table of commands, so that they never go stale. */

static void
print_nouns(void)
{
    size_t n;
    const struct command *rows = command_rows(&n);
    const char *last = "";
    for (size_t i = 0; i < n; i++) {
        if (strcmp(last, rows[i].noun) != 0)
            printf("%s%s", i > 0 ? " " : "", rows[i].noun);
        last = rows[i].noun;
    }
}

static void
print_verbs(const char *noun)
{
    size_t n;
    const struct command *rows = command_rows(&n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].noun, noun) == 0 && rows[i].verb[0] != '\0')
            printf(" %s", rows[i].verb);
}

static void
print_options(const struct option_row *rows)
{
    for (; rows != NULL && rows->name != NULL; rows++)
        printf(" --%s", rows->name);
}

static void
print_cases(void)
{
    size_t n;
    const struct command *rows = command_rows(&n);
    const char *last = "";
    printf("    case \"$noun\" in\n");
    for (size_t i = 0; i < n; i++) {
        if (strcmp(last, rows[i].noun) != 0) {
            printf("        %s) verbs='", rows[i].noun);
            print_verbs(rows[i].noun);
            printf("' ;;\n");
        }
        last = rows[i].noun;
    }
    printf("    esac\n    case \"$noun $verb\" in\n");
    for (size_t i = 0; i < n; i++) {
        if (rows[i].options == NULL)
            continue;
        printf("        '%s %s') options=\"$options", rows[i].noun, rows[i].verb);
        print_options(rows[i].options);
        printf("\" ;;\n");
    }
    printf("    esac\n");
}

static void
print_body(void)
{
    /* `baton login --tok`: an option is no verb. */
    printf("    [[ $verb != -* ]] || verb=''\n    local nouns='");
    print_nouns();
    printf("'\n    local options='");
    print_options(command_globals());
    printf("'\n    local verbs=''\n");
    print_cases();
}

static void
bash(void)
{
    printf("_baton() {\n"
           "    local word=\"${COMP_WORDS[COMP_CWORD]}\" noun=\"${COMP_WORDS[1]-}\" "
           "verb=\"${COMP_WORDS[2]-}\"\n");
    print_body();
    printf("    if [[ $word == -* ]]; then COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
           "    elif ((COMP_CWORD == 1)); then COMPREPLY=($(compgen -W \"$nouns\" -- \"$word\"))\n"
           "    elif ((COMP_CWORD == 2)); then COMPREPLY=($(compgen -W \"$verbs\" -- \"$word\"))\n"
           "    else COMPREPLY=($(compgen -f -- \"$word\")); fi\n"
           "}\ncomplete -F _baton baton\n");
}

static void
zsh(void)
{
    printf("#compdef baton\n_baton() {\n    local noun=\"${words[2]-}\" verb=\"${words[3]-}\"\n");
    print_body();
    printf("    if [[ $words[CURRENT] == -* ]]; then compadd -- ${=options}\n"
           "    elif ((CURRENT == 2)); then compadd -- ${=nouns}\n"
           "    elif ((CURRENT == 3)); then compadd -- ${=verbs}\n"
           "    else _files; fi\n"
           "}\ncompdef _baton baton\n");
}

enum baton_status
cmd_completion(struct cli *c)
{
    if (strcmp(cli_arg(c, 0), "bash") == 0)
        bash();
    else if (strcmp(cli_arg(c, 0), "zsh") == 0)
        zsh();
    else
        return cli_fail(c, BATON_USAGE, "completion for bash or zsh");
    return BATON_OK;
}
