/* Two things that tests need of a program inside Wine.
 *
 *   keep.exe                             says "up" and lives until its input ends. Wine ends every service a
 *                                        second after the last ordinary program: this is the ordinary program
 *   keep.exe --run FILE LIMIT_MS PROGRAM ARGS...
 *                                        runs that program with this one's handles and writes its whole exit
 *                                        code to FILE: a Linux parent sees eight bits of it. The word is
 *                                        "timeout" when it ran longer and was ended, "error N" when it did not start
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

static int
keep(void)
{
    puts("up");
    fflush(stdout);

    char bytes[64];
    DWORD len;
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), bytes, sizeof bytes, &len, NULL) && len > 0)
        continue;
    return 0;
}

/* The command line behind that many arguments, in the quoting that it came with. */
static wchar_t *
behind(wchar_t *at, int args)
{
    for (; args > 0; args--) {
        bool quoted = false;
        for (; *at != 0 && (quoted || (*at != ' ' && *at != '\t')); at++)
            quoted ^= *at == '"';
        while (*at == ' ' || *at == '\t')
            at++;
    }
    return at;
}

static DWORD
run(wchar_t *command, DWORD limit_ms, const char **ret_word)
{
    STARTUPINFOW start = {.cb = sizeof start,
                          .dwFlags = STARTF_USESTDHANDLES,
                          .hStdInput = GetStdHandle(STD_INPUT_HANDLE),
                          .hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE),
                          .hStdError = GetStdHandle(STD_ERROR_HANDLE)};
    PROCESS_INFORMATION child;
    DWORD code = 0;

    *ret_word = "error ";
    if (!CreateProcessW(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &start, &child))
        return GetLastError();

    *ret_word = "";
    if (WaitForSingleObject(child.hProcess, limit_ms) != WAIT_OBJECT_0) {
        *ret_word = "timeout ";
        TerminateProcess(child.hProcess, 1);
        WaitForSingleObject(child.hProcess, INFINITE);
    }
    GetExitCodeProcess(child.hProcess, &code);
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
    return code;
}

int
main(int argc, char **argv)
{
    if (argc == 1)
        return keep();
    if (argc < 5) {
        fputs("keep: --run FILE LIMIT_MS PROGRAM ARGS...\n", stderr);
        return 2;
    }
    const char *word;
    DWORD code = run(behind(GetCommandLineW(), 4), (DWORD)strtoul(argv[3], NULL, 10), &word);
    FILE *f = fopen(argv[2], "w");
    if (f == NULL || fprintf(f, "%s%lu\n", word, code) < 0 || fclose(f) != 0) {
        fprintf(stderr, "keep: cannot write %s\n", argv[2]);
        return 2;
    }
    return 0;
}
