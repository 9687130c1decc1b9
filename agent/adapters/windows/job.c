#include "job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baton/ids.h"
#include "common/crypto/crypto.h"

enum { PIPE_BYTES = 65536, PIPE_NAME_UNITS = 96, PIPE_ID_BYTES = 16 };

struct child_ends {
    HANDLE input, output;
};

static void
shut(HANDLE *handle)
{
    if (*handle != NULL && *handle != INVALID_HANDLE_VALUE)
        CloseHandle(*handle);
    *handle = NULL;
}

/* A pipe without a name cannot be waited for together with the cancel event. Whoever can guess its name can
 * take it first, and nothing would be asked any more. */
static void
pipe_name(wchar_t out[PIPE_NAME_UNITS])
{
    uint8_t id[PIPE_ID_BYTES];
    char hex[2 * PIPE_ID_BYTES + 1];
    crypto_random(id, sizeof id);
    baton_hex(id, sizeof id, hex);
    swprintf(out, PIPE_NAME_UNITS, L"\\\\.\\pipe\\BatonCollect.%hs", hex);
}

static enum baton_status
output_pipe(struct job *j, HANDLE *ret_child, struct baton_err *err)
{
    wchar_t name[PIPE_NAME_UNITS];
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    pipe_name(name);
    HANDLE ours = CreateNamedPipeW(
        name, PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
        PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, 1, 0,
        PIPE_BYTES, 0, NULL);
    if (ours == INVALID_HANDLE_VALUE)
        return win_fail(err, GetLastError(), "cannot make a pipe for a collector's output");
    j->output = ours;
    *ret_child = CreateFileW(name, GENERIC_WRITE | FILE_READ_ATTRIBUTES, 0, &inherited,
                             OPEN_EXISTING, 0, NULL);
    if (*ret_child == INVALID_HANDLE_VALUE)
        return win_fail(err, GetLastError(), "cannot open the pipe for a collector's output");
    j->read_done = CreateEventW(NULL, TRUE, FALSE, NULL);
    return j->read_done != NULL
               ? BATON_OK
               : win_fail(err, GetLastError(), "cannot make an event for a collector's output");
}

static enum baton_status
pipes_open(struct job *j, struct child_ends *ends, struct baton_err *err)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    if (!CreatePipe(&ends->input, &j->input, &inherited, JOB_INPUT_BYTES) ||
        !SetHandleInformation(j->input, HANDLE_FLAG_INHERIT, 0))
        return win_fail(err, GetLastError(), "cannot make a pipe for a collector's input");
    return output_pipe(j, &ends->output, err);
}

static enum baton_status
limits_set(struct job *j, uint64_t memory_bytes, struct baton_err *err)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {
        .BasicLimitInformation = {.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE |
                                                JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION |
                                                JOB_OBJECT_LIMIT_ACTIVE_PROCESS |
                                                JOB_OBJECT_LIMIT_JOB_MEMORY,
                                  .ActiveProcessLimit = JOB_PROCESSES},
        .JobMemoryLimit = (SIZE_T)memory_bytes};
    j->job = CreateJobObjectW(NULL, NULL);
    if (j->job == NULL ||
        !SetInformationJobObject(j->job, JobObjectExtendedLimitInformation, &limits, sizeof limits))
        return win_fail(err, GetLastError(), "cannot make a job object for a collector");
    return BATON_OK;
}

/* The child gets these two handles, whatever else of this program may be inherited at this instant. */
static enum baton_status
attributes_open(HANDLE inherit[2], LPPROC_THREAD_ATTRIBUTE_LIST *ret_list, struct baton_err *err)
{
    SIZE_T bytes = 0;
    (void)InitializeProcThreadAttributeList(NULL, 1, 0, &bytes);
    LPPROC_THREAD_ATTRIBUTE_LIST list = bytes == 0 ? NULL : malloc(bytes);
    if (list == NULL)
        return baton_fail(err, BATON_NOMEM, "starting a collector");
    if (!InitializeProcThreadAttributeList(list, 1, 0, &bytes)) {
        DWORD code = GetLastError();
        free(list);
        return win_fail(err, code, "cannot say what a collector inherits");
    }
    if (!UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, (void *)inherit,
                                   2 * sizeof *inherit, NULL, NULL)) {
        DWORD code = GetLastError();
        DeleteProcThreadAttributeList(list);
        free(list);
        return win_fail(err, code, "cannot say what a collector inherits");
    }
    *ret_list = list;
    return BATON_OK;
}

static enum baton_status
create(struct job *j, const wchar_t *program, wchar_t *line, const struct child_ends *ends,
       struct baton_err *err)
{
    HANDLE inherit[2] = {ends->input, ends->output};
    wchar_t folder[MAX_PATH];
    STARTUPINFOEXW start = {.StartupInfo = {.cb = sizeof start,
                                            .dwFlags = STARTF_USESTDHANDLES,
                                            .hStdInput = ends->input,
                                            .hStdOutput = ends->output,
                                            .hStdError = ends->output}};
    PROCESS_INFORMATION made;
    enum baton_status rc = attributes_open(inherit, &start.lpAttributeList, err);
    if (rc != BATON_OK)
        return rc;
    UINT units = GetSystemDirectoryW(folder, MAX_PATH);
    BOOL good = units > 0 && units < MAX_PATH &&
                CreateProcessW(program, line, NULL, NULL, TRUE,
                               CREATE_SUSPENDED | CREATE_NO_WINDOW | BELOW_NORMAL_PRIORITY_CLASS |
                                   EXTENDED_STARTUPINFO_PRESENT,
                               NULL, folder, &start.StartupInfo, &made);
    DWORD code = GetLastError();
    DeleteProcThreadAttributeList(start.lpAttributeList);
    free(start.lpAttributeList);
    if (!good)
        return win_fail(err, code, "cannot start a collector's process");
    j->process = made.hProcess;
    j->pid = made.dwProcessId;
    if (!AssignProcessToJobObject(j->job, made.hProcess)) {
        code = GetLastError();
        TerminateProcess(made.hProcess, 1); /* it has not run yet, and never will outside the job */
        rc = win_fail(err, code, "cannot put a collector's process into its job");
    } else if (ResumeThread(made.hThread) == (DWORD)-1) {
        rc = win_fail(err, GetLastError(), "cannot let a collector's process run");
    }
    CloseHandle(made.hThread);
    return rc;
}

enum baton_status
job_open(struct job *j, const struct job_spec *spec, struct baton_err *err)
{
    char text[COMMAND_LINE_BYTES];
    wchar_t line[COMMAND_LINE_BYTES], program[COMMAND_LINE_BYTES];
    struct child_ends ends = {NULL, NULL};
    *j = (struct job){.cancel = spec->cancel};
    enum baton_status rc = command_line(spec->argument, spec->count, text, err);
    if (rc == BATON_OK && (!win_wide(text, line, ARRAY_LEN(line)) ||
                           !win_wide(spec->argument[0], program, ARRAY_LEN(program))))
        rc = baton_fail(err, BATON_MALFORMED, "not UTF-8: %.200s", spec->argument[0]);
    if (rc == BATON_OK)
        rc = limits_set(j, spec->memory_bytes, err);
    if (rc == BATON_OK)
        rc = pipes_open(j, &ends, err);
    if (rc == BATON_OK)
        rc = create(j, program, line, &ends, err);
    shut(&ends.input);
    shut(&ends.output);
    if (rc != BATON_OK) {
        job_close(j);
        return baton_wrap(err, rc, "%s", spec->argument[0]);
    }
    return BATON_OK;
}

void
job_close(struct job *j)
{
    shut(&j->job); /* first: it ends them all */
    shut(&j->process);
    shut(&j->input);
    shut(&j->output);
    shut(&j->read_done);
}

enum baton_status
job_write(struct job *j, const void *bytes, size_t len, struct baton_err *err)
{
    DWORD written = 0;
    if (!WriteFile(j->input, bytes, (DWORD)len, &written, NULL) || written != len)
        return win_fail(err, GetLastError(), "a collector's process takes no question");
    return BATON_OK;
}

/* The pending read is over when this returns, whichever way: its buffer is the caller's. */
static enum baton_status
read_pending(struct job *j, OVERLAPPED *at, uint32_t limit_ms, struct baton_err *err)
{
    HANDLE either[2] = {j->read_done, j->cancel};
    DWORD n, which = WaitForMultipleObjects(2, either, FALSE, limit_ms);
    if (which == WAIT_OBJECT_0)
        return BATON_OK;
    DWORD code = GetLastError();
    (void)CancelIo(j->output);
    (void)GetOverlappedResult(j->output, at, &n, TRUE);
    if (which == WAIT_TIMEOUT)
        return baton_fail(err, BATON_TIMEOUT, "no answer in time");
    if (which == WAIT_OBJECT_0 + 1)
        return baton_fail(err, BATON_TIMEOUT, "the question was withdrawn");
    return win_fail(err, code, "cannot wait for a collector");
}

/* *ret_closed: there is nobody left who could write. A write of no bytes ends a read as well. */
static enum baton_status
read_once(struct job *j, void *out, size_t cap, uint32_t limit_ms, size_t *ret_len,
          bool *ret_closed, struct baton_err *err)
{
    OVERLAPPED at = {.hEvent = j->read_done};
    DWORD n = 0;
    *ret_closed = true;
    if (!ResetEvent(j->read_done))
        return win_fail(err, GetLastError(), "cannot read a collector's output");
    if (!ReadFile(j->output, out, (DWORD)cap, NULL, &at)) {
        DWORD code = GetLastError();
        if (code == ERROR_BROKEN_PIPE)
            return BATON_OK;
        if (code != ERROR_IO_PENDING)
            return win_fail(err, code, "cannot read a collector's output");
        enum baton_status rc = read_pending(j, &at, limit_ms, err);
        if (rc != BATON_OK)
            return rc;
    }
    *ret_closed = !GetOverlappedResult(j->output, &at, &n, FALSE);
    if (*ret_closed && GetLastError() != ERROR_BROKEN_PIPE)
        return win_fail(err, GetLastError(), "cannot read a collector's output");
    *ret_len = n;
    return BATON_OK;
}

enum baton_status
job_read(struct job *j, void *out, size_t cap, uint32_t limit_ms, size_t *ret_len,
         struct baton_err *err)
{
    uint64_t end_ms = GetTickCount64() + limit_ms;
    enum baton_status rc;
    bool closed = false;
    *ret_len = 0;
    do {
        uint64_t now_ms = GetTickCount64();
        if (now_ms > end_ms)
            return baton_fail(err, BATON_TIMEOUT, "no answer in time");
        rc = read_once(j, out, cap, (uint32_t)(end_ms - now_ms), ret_len, &closed, err);
    } while (rc == BATON_OK && *ret_len == 0 && !closed);
    return rc;
}

enum baton_status
job_wait(struct job *j, uint32_t limit_ms, uint32_t *ret_exit_code, struct baton_err *err)
{
    HANDLE either[2] = {j->process, j->cancel};
    DWORD code, which = WaitForMultipleObjects(2, either, FALSE, limit_ms);
    if (which != WAIT_OBJECT_0)
        return baton_fail(err, BATON_TIMEOUT, "the process does not end");
    if (!GetExitCodeProcess(j->process, &code))
        return win_fail(err, GetLastError(), "cannot read how a collector's process ended");
    *ret_exit_code = code;
    return BATON_OK;
}

bool
job_lives(const struct job *j)
{
    return j->process != NULL && WaitForSingleObject(j->process, 0) == WAIT_TIMEOUT;
}

/* The process itself by its number, which stands as long as it is held; others by the job. */
bool
job_has(const struct job *j, DWORD pid)
{
    BOOL in = FALSE;
    if (j->job == NULL || pid == j->pid)
        return j->job != NULL;
    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    if (process == NULL)
        return false;
    (void)IsProcessInJob(process, j->job, &in);
    CloseHandle(process);
    return in != FALSE;
}
