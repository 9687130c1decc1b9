/* actions.c: what the Windows Installer asks of the agent's own program while it installs and removes.
 *
 * Shape      A library inside the package. CheckCaller and CheckHandoff run as whoever started the
 *            installation, before anything is changed; the others as SYSTEM, in the order of the package's
 *            InstallExecuteSequence. All but CheckCaller run baton-agent.exe, without a window and without
 *            a shell, and pass on what it says: into the installer's log, and to the person in front of it
 *            when it failed. No secret passes here: of a token only its file's path.
 * Units      Properties are given as one text, PROGRAM|TOKENFILE|CONTROLLER|AGENTNAME|PROXY: no path, name
 *            or address of those contains a bar. Where the data lies the program knows itself.
 * Limits     LIMIT_MS for one run, then it is ended and counts as failed.
 * Errors     ERROR_INSTALL_FAILURE: the installation is rolled back.
 * Source     deploy/windows/baton-agent.wxs.
 */
#include <stdbool.h>
#include <stdio.h>
#include <wchar.h>
#include <windows.h>

#include <msi.h>
#include <msiquery.h>

enum {
    FIELD_UNITS = 1024,
    COMMAND_UNITS = 8192,
    SAID_BYTES = 4096,
    LIMIT_MS = 180000,
    LOOK_MS = 20
};

enum field { PROGRAM, TOKEN_FILE, CONTROLLER, AGENT_NAME, PROXY, FIELDS };

struct action {
    MSIHANDLE session;
    wchar_t field[FIELDS][FIELD_UNITS];
    wchar_t command[COMMAND_UNITS];
    bool too_long;
    char said[SAID_BYTES];
    size_t said_len;
};

#define ACTION(name)                                                                               \
    __declspec(dllexport) UINT __stdcall name(MSIHANDLE session);                                  \
    UINT __stdcall name(MSIHANDLE session)

/* --- what is said --- */

static void
say(const struct action *a, INSTALLMESSAGE kind, const wchar_t *what, const wchar_t *more)
{
    MSIHANDLE record = MsiCreateRecord(2);
    MsiRecordSetStringW(record, 0, L"Baton Agent: [1][2]");
    MsiRecordSetStringW(record, 1, what);
    MsiRecordSetStringW(record, 2, more);
    MsiProcessMessage(a->session, kind, record);
    MsiCloseHandle(record);
}

static void
say_system(const struct action *a, const wchar_t *what, DWORD error)
{
    wchar_t text[512], all[640];
    if (FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, error, 0,
                       text, ARRAYSIZE(text), NULL) == 0)
        text[0] = L'\0';
    swprintf(all, ARRAYSIZE(all), L"%ls: error %lu, %ls", a->field[PROGRAM], error, text);
    say(a, INSTALLMESSAGE_ERROR, what, all);
}

/* What the program printed, as it stands. */
static void
say_said(const struct action *a, INSTALLMESSAGE kind)
{
    wchar_t wide[SAID_BYTES];
    int units =
        MultiByteToWideChar(CP_UTF8, 0, a->said, (int)a->said_len, wide, ARRAYSIZE(wide) - 1);
    while (units > 0 && (wide[units - 1] == L'\n' || wide[units - 1] == L'\r'))
        units--;
    wide[units] = L'\0';
    if (units > 0)
        say(a, kind, L"", wide);
}

/* --- what is given --- */

static bool
take_property(MSIHANDLE session, const wchar_t *name, wchar_t *out, DWORD units)
{
    return MsiGetPropertyW(session, name, out, &units) == ERROR_SUCCESS;
}

static bool
take_fields(struct action *a)
{
    wchar_t all[FIELDS * FIELD_UNITS];
    if (!take_property(a->session, L"CustomActionData", all, ARRAYSIZE(all)))
        return false;
    wchar_t *at = all;
    for (size_t i = 0; i < FIELDS; i++) {
        wchar_t *bar = wcschr(at, L'|');
        size_t len = bar != NULL ? (size_t)(bar - at) : wcslen(at);
        if (len >= FIELD_UNITS || (bar == NULL) != (i + 1 == FIELDS))
            return false;
        wmemcpy(a->field[i], at, len);
        at += len + 1;
    }
    return true;
}

static bool
begin(struct action *a, MSIHANDLE session)
{
    *a = (struct action){.session = session};
    if (take_fields(a))
        return true;
    say(a, INSTALLMESSAGE_ERROR,
        L"a property of the installation is too long or contains a bar (|)", L"");
    return false;
}

/* --- a run of the program --- */

static void
put(struct action *a, const wchar_t *text)
{
    size_t len = wcslen(a->command), more = wcslen(text);
    if (len + more >= COMMAND_UNITS)
        a->too_long = true;
    else
        wmemcpy(a->command + len, text, more + 1);
}

/* A word in quotation marks. It may hold none of its own, which nothing that is given here needs, and a
 * backslash before the closing one is doubled, as CommandLineToArgvW wants it. */
static void
put_word(struct action *a, const wchar_t *word)
{
    size_t len = wcslen(word);
    if (wcschr(word, L'"') != NULL)
        a->too_long = true;
    put(a, a->command[0] == L'\0' ? L"\"" : L" \"");
    put(a, word);
    for (; len > 0 && word[len - 1] == L'\\'; len--)
        put(a, L"\\");
    put(a, L"\"");
}

static void
put_option(struct action *a, const wchar_t *option, const wchar_t *value)
{
    if (value[0] == L'\0')
        return;
    put_word(a, option);
    put_word(a, value);
}

static void
begin_command(struct action *a, const wchar_t *verb, const wchar_t *more)
{
    a->command[0] = L'\0';
    put_word(a, a->field[PROGRAM]);
    put_word(a, verb);
    if (more != NULL)
        put_word(a, more);
}

/* Keeps the beginning; whatever else comes is read too, or the program would wait for its reader. */
static bool
read_more(struct action *a, HANDLE pipe)
{
    char bytes[1024];
    DWORD there = 0, got = 0;
    if (!PeekNamedPipe(pipe, NULL, 0, NULL, &there, NULL) || there == 0)
        return false;
    if (!ReadFile(pipe, bytes, sizeof bytes, &got, NULL))
        return false;
    size_t room = sizeof a->said - 1 - a->said_len, take = got < room ? got : room;
    memcpy(a->said + a->said_len, bytes, take);
    a->said_len += take;
    return true;
}

/* False: its time was over, and it was ended. */
static bool
listen_to(struct action *a, HANDLE process, HANDLE pipe)
{
    for (DWORD waited = 0;; waited += LOOK_MS) {
        bool ended = WaitForSingleObject(process, LOOK_MS) == WAIT_OBJECT_0;
        while (read_more(a, pipe))
            ;
        if (ended)
            return true;
        if (waited >= LIMIT_MS) {
            TerminateProcess(process, ERROR_TIMEOUT);
            return false;
        }
    }
}

static bool
start_program(struct action *a, HANDLE out, HANDLE *ret_process)
{
    PROCESS_INFORMATION made;
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
    HANDLE nothing = CreateFileW(L"NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                 &inherited, OPEN_EXISTING, 0, NULL);
    STARTUPINFOW how = {.cb = sizeof how,
                        .dwFlags = STARTF_USESTDHANDLES,
                        .hStdInput = nothing,
                        .hStdOutput = out,
                        .hStdError = out};
    BOOL started = CreateProcessW(a->field[PROGRAM], a->command, NULL, NULL, TRUE, CREATE_NO_WINDOW,
                                  NULL, NULL, &how, &made);
    DWORD error = GetLastError();
    if (nothing != INVALID_HANDLE_VALUE)
        CloseHandle(nothing);
    if (!started) {
        say_system(a, L"cannot run ", error);
        return false;
    }
    CloseHandle(made.hThread);
    *ret_process = made.hProcess;
    return true;
}

static bool
run_program(struct action *a, DWORD *ret_code)
{
    HANDLE from, to, process;
    if (!CreatePipe(&from, &to, NULL, 0)) {
        say_system(a, L"no pipe for ", GetLastError());
        return false;
    }
    SetHandleInformation(to, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    a->said_len = 0;
    bool started = start_program(a, to, &process);
    CloseHandle(to);
    bool ended = started && listen_to(a, process, from);
    if (started) {
        if (ended)
            ended = GetExitCodeProcess(process, ret_code) != 0;
        else
            say(a, INSTALLMESSAGE_ERROR, L"took too long and was ended: ", a->command);
        CloseHandle(process);
    }
    CloseHandle(from);
    return ended;
}

/* The command as it stands; ERROR_SUCCESS when it ended with 0. */
static UINT
run(struct action *a)
{
    DWORD code = 1;
    if (a->too_long) {
        say(a, INSTALLMESSAGE_ERROR, L"a property is too long or contains a quotation mark", L"");
        return ERROR_INSTALL_FAILURE;
    }
    if (!run_program(a, &code))
        return ERROR_INSTALL_FAILURE;
    say_said(a, code == 0 ? INSTALLMESSAGE_INFO : INSTALLMESSAGE_ERROR);
    if (code == 0)
        return ERROR_SUCCESS;
    if (a->said_len == 0)
        say(a, INSTALLMESSAGE_ERROR, L"failed without a word: ", a->command);
    return ERROR_INSTALL_FAILURE;
}

enum { ENROLLED = 0, NOT_ENROLLED = 3 };

/* What `status` ends with; what it prints is for others. Anything but those two is a state that cannot be
 * told: then enrol and the service themselves say why. */
static DWORD
enrolment(struct action *a)
{
    DWORD code = 1;
    begin_command(a, L"status", NULL);
    return run_program(a, &code) ? code : 1;
}

/* --- the actions --- */

static bool
is_administrator(void)
{
    SID_IDENTIFIER_AUTHORITY authority = {SECURITY_NT_AUTHORITY};
    PSID administrators = NULL;
    BOOL member = FALSE;
    if (!AllocateAndInitializeSid(&authority, 2, SECURITY_BUILTIN_DOMAIN_RID,
                                  DOMAIN_ALIAS_RID_ADMINS, 0, 0, 0, 0, 0, 0, &administrators))
        return false;
    bool known = CheckTokenMembership(NULL, administrators, &member);
    FreeSid(administrators);
    return known && member;
}

/* Windows lets every user repair what is installed and give it this package's properties, and what comes later
 * runs as SYSTEM: it would delete any file that is given as a token, or enrol at anybody's controller. */
ACTION(CheckCaller)
{
    struct action a = {.session = session};
    if (is_administrator())
        return ERROR_SUCCESS;
    say(&a, INSTALLMESSAGE_ERROR,
        L"nothing was changed. Repairs, and installations with properties, are for administrators: "
        L"start this from an elevated prompt.",
        L"");
    return ERROR_INSTALL_FAILURE;
}

/* Before anything is changed: the version that is there judges by its own memory. */
ACTION(CheckHandoff)
{
    struct action a = {.session = session};
    if (!take_property(session, L"BATONPROGRAM", a.field[PROGRAM], FIELD_UNITS))
        return ERROR_INSTALL_FAILURE;
    begin_command(&a, L"may-stop", NULL);
    UINT rc = run(&a);
    if (rc != ERROR_SUCCESS)
        say(&a, INSTALLMESSAGE_ERROR,
            L"nothing was changed. Whoever must exchange or remove the agent all the same gives "
            L"DURINGHANDOFF=1; until it runs again nobody stands guard on this server.",
            L"");
    return rc;
}

/* Waits until it has stopped: what comes after it removes the program. Whether it may was asked before; that it
 * was done in the middle of a handoff all the same is told to the Event Log. */
ACTION(StopAgent)
{
    struct action a;
    if (!begin(&a, session))
        return ERROR_INSTALL_FAILURE;
    begin_command(&a, L"service", L"stop");
    put_word(&a, L"--during-handoff");
    return run(&a);
}

/* Recovery, rights and the data folder's access list, as the program wants them. */
ACTION(RepairService)
{
    struct action a;
    if (!begin(&a, session))
        return ERROR_INSTALL_FAILURE;
    begin_command(&a, L"service", L"repair");
    return run(&a);
}

/* A token is good for one enrolment, so its file goes with it; after a failure it stays for the next try. */
ACTION(EnrolAgent)
{
    struct action a;
    if (!begin(&a, session))
        return ERROR_INSTALL_FAILURE;
    if (enrolment(&a) == ENROLLED) {
        say(&a, INSTALLMESSAGE_INFO, L"enrolled already; the token is not used", L"");
    } else {
        begin_command(&a, L"enrol", NULL);
        put_option(&a, L"--token-file", a.field[TOKEN_FILE]);
        put_option(&a, L"--controller", a.field[CONTROLLER]);
        put_option(&a, L"--name", a.field[AGENT_NAME]);
        put_option(&a, L"--proxy", a.field[PROXY]);
        UINT rc = run(&a);
        if (rc != ERROR_SUCCESS)
            return rc;
    }
    if (!DeleteFileW(a.field[TOKEN_FILE]) && GetLastError() != ERROR_FILE_NOT_FOUND)
        say(&a, INSTALLMESSAGE_WARNING, L"the token's file could not be deleted; delete it: ",
            a.field[TOKEN_FILE]);
    return ERROR_SUCCESS;
}

/* Also what a rollback does for the version that was there before. */
ACTION(StartAgent)
{
    struct action a;
    if (!begin(&a, session))
        return ERROR_INSTALL_FAILURE;
    if (enrolment(&a) == NOT_ENROLLED) {
        say(&a, INSTALLMESSAGE_INFO,
            L"not enrolled, so the service is not started: baton-agent enrol, then baton-agent "
            L"service start",
            L"");
        return ERROR_SUCCESS;
    }
    begin_command(&a, L"service", L"start");
    return run(&a);
}
