/* powershell.c: stands where Windows PowerShell stands and answers the agent's scripts.
 *
 * It runs none of them. It records its command line in C:\standin\powershell.log, sees by name which
 * script is asked for, and says what that script would say: a resident one once for each line that
 * it reads, any other one once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <io.h>

#include "standin.h"

static const char *
script_of(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        size_t len = strlen(argv[i]);
        if (len > 4 && _stricmp(argv[i] + len - 4, ".ps1") == 0)
            return argv[i];
    }
    return NULL;
}

static void
script_word(const char *path, char *out, size_t cap)
{
    const char *name = strrchr(path, '\\');
    name = name == NULL ? path : name + 1;
    snprintf(out, cap, "%.*s", (int)strlen(name) - 4, name);
}

static void
print_json_text(char *out, size_t cap, const char *text)
{
    size_t at = 0;
    for (const char *c = text; *c != '\0' && at + 3 < cap; c++) {
        if (*c == '"' || *c == '\\')
            out[at++] = '\\';
        out[at++] = (unsigned char)*c < ' ' ? ' ' : *c;
    }
    out[at] = '\0';
}

/* What went wrong, as the scripts write an error record; a file's answer is one already. */
static void
as_record(struct site_answer *a)
{
    char said[1024], record[1400];
    if (a->text != NULL && a->text[0] == '{')
        return;
    print_json_text(said, sizeof said, a->text == NULL ? "" : a->text);
    int len = snprintf(record, sizeof record,
                       "{\"message\":\"%s\",\"id\":\"StandIn\",\"category\":\"NotSpecified\","
                       "\"command\":\"\",\"type\":\"System.Exception\"}",
                       said);
    free(a->text);
    a->text = strdup(record);
    a->len = (size_t)len;
}

/* The configuration is left in "dump" beside the scripts' own folder, which is what the script does. */
static bool
leave_folder(struct site *s, const char *script, struct site_answer *a)
{
    wchar_t from[STANDIN_PATH], to[STANDIN_PATH];
    char beside[STANDIN_PATH];
    if (!site_ask(s, "path configuration", a))
        return false;
    standin_place(a->text, from);
    snprintf(beside, sizeof beside, "%.*s..\\dump", (int)(strrchr(script, '\\') + 1 - script),
             script);
    standin_place(beside, to);
    bool copied = standin_copy(from, to);
    free(a->text);
    a->text = strdup(copied ? "{\"path\":\"dump\"}" : "the configuration was not copied");
    a->len = strlen(a->text);
    return copied;
}

static void
if_nothing(struct site_answer *a)
{
    if (a->len > 0)
        return;
    free(a->text);
    a->text = strdup("\"\"");
    a->len = 2;
}

static bool
ask(struct site *s, const char *script, const char *word, struct site_answer *a)
{
    char question[SITE_LINE_BYTES];
    if (strcmp(word, "configuration") == 0)
        return leave_folder(s, script, a);
    snprintf(question, sizeof question, "collect %s", word);
    bool good = site_ask(s, question, a);
    if (good)
        if_nothing(a);
    else
        as_record(a);
    return good;
}

/* Lines "NUMBER WORD", until the input ends. */
static int
reside(struct site *s, const char *script)
{
    char line[SITE_LINE_BYTES];
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        char *word = strchr(line, ' ');
        if (word == NULL)
            return 2;
        *word++ = '\0';
        standin_note("questions.log", word);
        struct site_answer a;
        bool good = ask(s, script, word, &a);
        printf("\nBATON-%s %s %zu\n", good ? "ANSWER" : "ERROR", line, a.len);
        fwrite(a.text, 1, a.len, stdout);
        printf("\n");
        fflush(stdout);
        free(a.text);
    }
    return 0;
}

static int
answer_once(struct site *s, const char *script)
{
    char word[64];
    struct site_answer a;
    script_word(script, word, sizeof word);
    bool good = ask(s, script, word, &a);
    fwrite(a.text, 1, a.len, stdout);
    fflush(stdout);
    free(a.text);
    return good ? 0 : 1;
}

int
main(int argc, char **argv)
{
    struct site s;
    const char *script = script_of(argc, argv);
    char word[64];
    standin_note("powershell.log", GetCommandLineA());
    _setmode(_fileno(stdout), _O_BINARY);
    if (script == NULL || !site_open(&s)) {
        fprintf(stderr, "powershell.exe of the stand-in: %s\n",
                script == NULL ? "no script is named" : "the site does not answer");
        return 2;
    }
    script_word(script, word, sizeof word);
    int code = strcmp(word, "host") == 0 ? reside(&s, script) : answer_once(&s, script);
    site_close(&s);
    return code;
}
