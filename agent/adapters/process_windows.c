#include "agent/adapters/process_windows.h"

#include <winsock2.h>

#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <malloc.h>
#include <shellapi.h>
#include <shlobj.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/adapters/wake.h"

enum { PROGRAM_UNITS = 32768 };

static struct wake stop = {.fd = -1};
static volatile LONG ends, woke;

static char *
utf8_of(const wchar_t *text)
{
    int bytes = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *out = bytes <= 0 ? NULL : malloc((size_t)bytes);
    if (out != NULL)
        (void)WideCharToMultiByte(CP_UTF8, 0, text, -1, out, bytes, NULL, NULL);
    return out;
}

/* The C library's own are in the code page of the day, which cannot hold every name. */
static void
arguments_as_utf8(int *argc, char ***argv)
{
    int count = 0;
    wchar_t **given = CommandLineToArgvW(GetCommandLineW(), &count);
    char **out = given == NULL ? NULL : calloc((size_t)count + 1, sizeof *out);
    for (int i = 0; out != NULL && i < count; i++) {
        out[i] = utf8_of(given[i]);
        if (out[i] == NULL)
            abort(); /* out of memory before anything began */
    }
    LocalFree(given);
    if (out == NULL)
        return;
    *argc = count;
    *argv = out;
}

/* DLLs come from the system's folder alone, and not from where the program or its caller lies. Windows
 * 7 has this call with an update of 2011 or not at all: it is looked up. */
static void
search_system_folder_alone(void)
{
    enum { SEARCH_SYSTEM32 = 0x800 };
    HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
    BOOL(WINAPI * set)(DWORD) = NULL;
    FARPROC found = kernel == NULL ? NULL : GetProcAddress(kernel, "SetDefaultDllDirectories");
    if (found != NULL) {
        memcpy(&set, &found, sizeof set);
        (void)set(SEARCH_SYSTEM32);
    }
    (void)SetDllDirectoryW(L"");
}

static void
fill_descriptors(void)
{
    int fd;
    while ((fd = _open("NUL", _O_RDWR | _O_BINARY | _O_NOINHERIT)) >= 0 && fd <= 2)
        continue;
    if (fd > 2)
        _close(fd);
}

void
process_prepare(int *argc, char ***argv)
{
    search_system_folder_alone();
    (void)HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
    (void)SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    (void)SetConsoleOutputCP(CP_UTF8);
    fill_descriptors();
    (void)setvbuf(stderr, NULL, _IONBF, 0); /* else a log that goes to a file waits for 4 KiB */
    arguments_as_utf8(argc, argv);
}

/* In a thread of the system's; at the end of a session it has a few seconds before it is ended. */
static BOOL WINAPI
on_control(DWORD control)
{
    if (control != CTRL_LOGOFF_EVENT) /* a service hears of every session's; ours ends us anyway */
        process_end();
    return TRUE;
}

void
process_end(void)
{
    (void)InterlockedExchange(&ends, 1);
    wake_ring(&stop);
}

void
process_wake(void)
{
    (void)InterlockedExchange(&woke, 1);
    wake_ring(&stop);
}

/* An end that was asked for in between stays readable. */
bool
process_woke(void)
{
    if (InterlockedExchange(&woke, 0) == 0 || InterlockedOr(&ends, 0) != 0)
        return false;
    wake_clear(&stop);
    if (InterlockedOr(&ends, 0) != 0)
        wake_ring(&stop);
    return true;
}

int
process_stop_fd(struct baton_err *err)
{
    if (stop.fd >= 0)
        return stop.fd;
    if (wake_open(&stop, err) != BATON_OK)
        return -1;
    if (!SetConsoleCtrlHandler(on_control, TRUE)) {
        (void)baton_fail(err, BATON_IO, "SetConsoleCtrlHandler: error %lu", GetLastError());
        wake_close(&stop);
    }
    return stop.fd;
}

void
process_give_back(void)
{
    (void)_heapmin();
}

bool
process_program(char *out, size_t cap)
{
    wchar_t *path = malloc(PROGRAM_UNITS * sizeof *path);
    DWORD units = path == NULL ? 0 : GetModuleFileNameW(NULL, path, PROGRAM_UNITS);
    bool good = units > 0 && units < PROGRAM_UNITS &&
                WideCharToMultiByte(CP_UTF8, 0, path, -1, out, (int)cap, NULL, NULL) > 0;
    free(path);
    return good;
}

/* Asked of the system: the environment's word for it is anybody's. */
bool
process_home(char *out, size_t cap)
{
    wchar_t folder[MAX_PATH];
    char text[3 * MAX_PATH];
    if (SHGetFolderPathW(NULL, CSIDL_COMMON_APPDATA, NULL, SHGFP_TYPE_CURRENT, folder) != S_OK ||
        WideCharToMultiByte(CP_UTF8, 0, folder, -1, text, sizeof text, NULL, NULL) <= 0)
        return false;
    int n = snprintf(out, cap, "%s\\Baton", text);
    return n > 0 && (size_t)n < cap;
}

void
process_host_name(char *out, size_t cap)
{
    wchar_t name[256];
    DWORD units = 256;
    if (!GetComputerNameExW(ComputerNamePhysicalDnsHostname, name, &units) ||
        WideCharToMultiByte(CP_UTF8, 0, name, -1, out, (int)cap, NULL, NULL) <= 0)
        out[0] = '\0';
}
