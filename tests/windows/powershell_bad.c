/* powershell_bad.c: a PowerShell that misbehaves, for the collectors' tests. C:\standin\bad.txt says how:
 *
 *   flood        no answer, but more output than anybody keeps
 *   huge         an answer that is longer than an answer may be
 *   silent       no answer at all; a child of its own runs beside it
 *   ends CODE    it says something for people and ends
 *   foreign      an answer to another question
 *   bytes        an answer that is no UTF-8
 *   words        an answer that is no JSON
 *   record TEXT  TEXT as its error record
 */
#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
note(const char *file, const char *text)
{
    FILE *out = fopen(file, "ab");
    if (out == NULL)
        exit(3);
    fprintf(out, "%s\n", text);
    fclose(out);
}

static void
frame(const char *kind, unsigned number, const char *bytes)
{
    printf("\n%s %u %u\n%s\n", kind, number, (unsigned)strlen(bytes), bytes);
    fflush(stdout);
}

static void
flood(void)
{
    for (int i = 0; i < 1 << 20; i++)
        puts("WARNING: a cmdlet that has much to say and does not come to its end");
}

/* What it starts must end with it. */
static void
stay_silent(void)
{
    STARTUPINFOA start = {.cb = sizeof start};
    PROCESS_INFORMATION made;
    char line[] = "C:\\windows\\system32\\ping.exe -n 600 127.0.0.1";
    if (CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &made))
        note("C:\\standin\\silent.log", "a child runs");
    Sleep(600000);
}

/* Its head says the truth. */
static void
huge(unsigned number)
{
    const unsigned bytes = 5 * 1024 * 1024;
    printf("\nBATON-ANSWER %u %u\n\"", number, bytes);
    for (unsigned i = 2; i < bytes; i++)
        putchar('x');
    printf("\"\n");
    fflush(stdout);
}

static void
misbehave(const char *how, unsigned number)
{
    if (strcmp(how, "flood") == 0)
        flood();
    else if (strcmp(how, "huge") == 0)
        huge(number);
    else if (strcmp(how, "silent") == 0)
        stay_silent();
    else if (strncmp(how, "ends ", 5) == 0) {
        printf("File C:\\x.ps1 cannot be loaded because running scripts is disabled\n");
        fflush(stdout);
        ExitProcess((UINT)atoi(how + 5));
    } else if (strcmp(how, "foreign") == 0)
        frame("BATON-ANSWER", number + 1, "{}");
    else if (strcmp(how, "bytes") == 0)
        frame("BATON-ANSWER", number, "{\"Name\":\"\xe4\xf6\xfc\"}");
    else if (strcmp(how, "words") == 0)
        frame("BATON-ANSWER", number, "AllowedSyncCycleInterval : 00:30:00");
    else if (strncmp(how, "record ", 7) == 0)
        frame("BATON-ERROR", number, how + 7);
    else
        ExitProcess(4);
}

int
main(void)
{
    char line[256], how[1024] = "";
    FILE *in = fopen("C:\\standin\\bad.txt", "rb");
    if (in == NULL || fgets(how, sizeof how, in) == NULL)
        return 3;
    fclose(in);
    how[strcspn(how, "\r\n")] = '\0';
    _setmode(_fileno(stdout), _O_BINARY);
    note("C:\\standin\\bad.log", GetCommandLineA());
    while (fgets(line, sizeof line, stdin) != NULL)
        misbehave(how, (unsigned)strtoul(line, NULL, 10));
    return 0;
}
