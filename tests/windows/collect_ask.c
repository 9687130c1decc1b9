/* collect_ask.c: asks the Windows collectors as the host adapter does, for a test that watches from outside.
 *
 *   collect_ask FOLDER ENGINE PRODUCT WORD[:LIMIT_MS]...    one line of JSON for each question
 *
 * Words are those of the collectors; beside them: "events" (what the logs say), "wait:MS" (sleep),
 * "taken" (somebody else has the names of pipes that could be guessed), "cancel:MS" (the next question is withdrawn after so long),
 * "pids" (which of the processes that run belong to a question), "place" (where files lie).
 */
#include "agent/adapters/windows/collect_run.h"
#include "agent/adapters/windows/events_read.h"

#include <windows.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tlhelp32.h>

static struct collector_host *host;
static enum product product;

static void
say(json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    puts(text);
    fflush(stdout);
    free(text);
    json_decref(object);
}

static void
say_answer(const char *word, enum baton_status rc, const struct baton_err *err, char *text,
           size_t len, ULONGLONG began_ms)
{
    say(json_pack("{s:s,s:s,s:s,s:I,s:s#}", "word", word, "status", baton_status_name(rc), "error",
                  rc == BATON_OK ? "" : err->text, "ms", (json_int_t)(GetTickCount64() - began_ms),
                  "text", rc == BATON_OK ? text : "", rc == BATON_OK ? (int)len : 0));
    if (rc == BATON_OK)
        free(text);
}

static void
ask(const char *word, uint32_t limit_ms)
{
    struct baton_err err;
    char *text = NULL;
    size_t len = 0;
    ULONGLONG began_ms = GetTickCount64();
    int c = COLLECT_NONE + 1;
    while (c < COLLECT_COUNT && strcmp(host_collector_name((enum host_collector)c), word) != 0)
        c++;
    if (c == COLLECT_COUNT) {
        fprintf(stderr, "there is no collector %s\n", word);
        exit(2);
    }
    enum baton_status rc =
        collector_run(host, (enum host_collector)c, product, limit_ms, &text, &len, &err);
    say_answer(word, rc, &err, text, len, began_ms);
}

static void
ask_events(void)
{
    struct events *events;
    struct baton_err err;
    char *text = NULL;
    size_t len = 0;
    ULONGLONG began_ms = GetTickCount64();
    enum baton_status rc = events_open(&events, &err);
    if (rc == BATON_OK) {
        events_follow(events, "ADSync", "Microsoft Azure AD Sync");
        rc = events_read(events, &text, &len, &err);
    }
    say_answer("events", rc, &err, text, len, began_ms);
    events_close(&events);
}

static void
take_pipes(void)
{
    for (unsigned i = 1; i <= 64; i++) {
        char name[96];
        snprintf(name, sizeof name, "\\\\.\\pipe\\BatonCollect.%lu.%u", GetCurrentProcessId(), i);
        if (CreateNamedPipeA(name, PIPE_ACCESS_INBOUND, PIPE_TYPE_BYTE, 1, 0, 4096, 0, NULL) ==
            INVALID_HANDLE_VALUE)
            exit(3);
    }
}

static DWORD WINAPI
withdraw(void *after_ms)
{
    Sleep((DWORD)(uintptr_t)after_ms);
    collector_cancel(host);
    return 0;
}

static void
say_pids(void)
{
    json_t *list = json_array();
    PROCESSENTRY32W one = {.dwSize = sizeof one};
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    for (BOOL more = Process32FirstW(all, &one); more; more = Process32NextW(all, &one)) {
        char name[MAX_PATH * 3];
        if (!collector_has(host, one.th32ProcessID))
            continue;
        WideCharToMultiByte(CP_UTF8, 0, one.szExeFile, -1, name, sizeof name, NULL, NULL);
        json_array_append_new(list, json_string(name));
    }
    CloseHandle(all);
    say(json_pack("{s:s,s:o}", "word", "pids", "names", list));
}

static void
say_places(void)
{
    char pending[1024], pack[1024], other[1024];
    bool known = collector_place(host, PLACE_PENDING_EXPORT, pending, sizeof pending) &&
                 collector_place(host, PLACE_CONFIGURATION, pack, sizeof pack);
    bool none = !collector_place(host, PLACE_SETTINGS_EXPORT, other, sizeof other);
    say(json_pack("{s:s,s:b,s:b,s:s,s:s}", "word", "place", "known", known, "none", none, "pending",
                  pending, "pack", pack));
}

static void
act(char *word)
{
    char *colon = strchr(word, ':');
    uint32_t ms = colon == NULL ? 0 : (uint32_t)strtoul(colon + 1, NULL, 10);
    if (colon != NULL)
        *colon = '\0';
    if (strcmp(word, "events") == 0) {
        ask_events();
    } else if (strcmp(word, "taken") == 0) {
        take_pipes();
    } else if (strcmp(word, "wait") == 0) {
        Sleep(ms);
        collector_host_idle(host);
    } else if (strcmp(word, "cancel") == 0) {
        CloseHandle(CreateThread(NULL, 0, withdraw, (void *)(uintptr_t)ms, 0, NULL));
    } else if (strcmp(word, "pids") == 0) {
        say_pids();
    } else if (strcmp(word, "place") == 0) {
        say_places();
    } else {
        ask(word, ms);
    }
}

int
main(int argc, char **argv)
{
    struct baton_err err;
    if (argc < 4) {
        fprintf(stderr, "collect_ask FOLDER ENGINE PRODUCT WORD...\n");
        return 2;
    }
    product = (enum product)strtoul(argv[3], NULL, 10);
    enum baton_status rc = collector_host_open(argv[1], &host, &err);
    if (rc != BATON_OK) {
        say(json_pack("{s:s,s:s,s:s}", "word", "open", "status", baton_status_name(rc), "error",
                      err.text));
        return 1;
    }
    collector_host_engine(host, argv[2]);
    for (int i = 4; i < argc; i++)
        act(argv[i]);
    collector_host_close(&host);
    return 0;
}
