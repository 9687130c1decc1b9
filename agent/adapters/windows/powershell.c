#include "powershell.h"

#include <stdio.h>
#include <string.h>

#include "script_answer.h"

enum { READ_BYTES = 16384, WORD_BYTES = 64 };
_Static_assert((int)POWERSHELL_ANSWERS_MAX *WORD_BYTES <= (int)JOB_INPUT_BYTES,
               "a question never waits for a PowerShell that reads none");

void
powershell_open(struct powershell *p, const char *folder, HANDLE cancel)
{
    *p = (struct powershell){.cancel = cancel};
    snprintf(p->folder, sizeof p->folder, "%s", folder);
    InitializeCriticalSection(&p->lock);
}

static void
end(struct powershell *p)
{
    EnterCriticalSection(&p->lock);
    if (p->running)
        job_close(&p->job);
    p->running = false;
    LeaveCriticalSection(&p->lock);
    script_files_close(&p->files);
}

void
powershell_close(struct powershell *p)
{
    end(p);
    DeleteCriticalSection(&p->lock);
}

static enum baton_status
program_path(char out[SCRIPT_PATH_BYTES], struct baton_err *err)
{
    wchar_t folder[MAX_PATH], path[MAX_PATH + 64];
    UINT units = GetSystemDirectoryW(folder, MAX_PATH);
    if (units == 0 || units >= MAX_PATH)
        return win_fail(err, GetLastError(), "cannot find the system's folder");
    swprintf(path, ARRAY_LEN(path), L"%ls\\WindowsPowerShell\\v1.0\\powershell.exe", folder);
    win_utf8(path, out, SCRIPT_PATH_BYTES);
    if (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES)
        return baton_fail(err, BATON_NOT_FOUND,
                          "there is no Windows PowerShell at %s: install Windows Management "
                          "Framework 5.1",
                          out);
    return BATON_OK;
}

static enum baton_status
run_host(struct powershell *p, const char *program, struct baton_err *err)
{
    char host[SCRIPT_PATH_BYTES + 16];
    snprintf(host, sizeof host, "%s\\host.ps1", p->files.folder);
    const char *const argument[] = {
        program, "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File", host};
    struct job_spec spec = {argument, ARRAY_LEN(argument), POWERSHELL_MEMORY_BYTES, p->cancel};
    struct job made; /* a start may take long, and the lock is held for others' questions */
    enum baton_status rc = job_open(&made, &spec, err);
    if (rc != BATON_OK)
        return rc;
    EnterCriticalSection(&p->lock);
    p->job = made;
    p->running = true;
    LeaveCriticalSection(&p->lock);
    return BATON_OK;
}

static enum baton_status
start(struct powershell *p, struct baton_err *err)
{
    char program[SCRIPT_PATH_BYTES];
    enum baton_status rc = program_path(program, err);
    if (rc == BATON_OK)
        rc = script_files_open(&p->files, p->folder, err);
    if (rc == BATON_OK)
        rc = run_host(p, program, err);
    p->answers = 0;
    p->started_ms = GetTickCount64();
    if (rc != BATON_OK)
        end(p);
    return rc;
}

static bool
is_used_up(const struct powershell *p)
{
    return p->answers >= POWERSHELL_ANSWERS_MAX ||
           GetTickCount64() - p->started_ms >= POWERSHELL_AGE_MAX_MS || !job_lives(&p->job);
}

/* It closed its output in the middle: what it said last is the best reason there is. */
static enum baton_status
ended_early(struct powershell *p, const struct script_answer *a, struct baton_err *err)
{
    uint32_t code = 0;
    enum baton_status rc = job_wait(&p->job, 1000, &code, err);
    if (rc != BATON_OK)
        return baton_wrap(err, rc, "PowerShell closed its output without an answer");
    return baton_fail(err, BATON_FAILED,
                      "PowerShell ended with exit code %u and no answer%s%s; look at script "
                      "execution and AppLocker policies",
                      code, a->first_line[0] == '\0' ? "" : ": ", a->first_line);
}

static enum baton_status
read_answer(struct powershell *p, struct script_answer *a, uint32_t limit_ms, struct baton_err *err)
{
    char piece[READ_BYTES];
    uint64_t began_ms = GetTickCount64();
    while (!a->begun || a->len < a->want) {
        uint64_t spent_ms = GetTickCount64() - began_ms;
        size_t n;
        if (spent_ms >= limit_ms)
            return baton_fail(err, BATON_TIMEOUT, "no answer within %u ms", limit_ms);
        enum baton_status rc =
            job_read(&p->job, piece, sizeof piece, limit_ms - (uint32_t)spent_ms, &n, err);
        if (rc != BATON_OK)
            return rc;
        if (n == 0)
            return ended_early(p, a, err);
        rc = answer_push(a, piece, n, err);
        if (rc != BATON_OK)
            return rc;
    }
    return BATON_OK;
}

static enum baton_status
put_question(struct powershell *p, const char *word, struct baton_err *err)
{
    char line[WORD_BYTES];
    int len = snprintf(line, sizeof line, "%u %s\n", ++p->number, word);
    BATON_ASSERT(len > 0 && (size_t)len < sizeof line);
    return job_write(&p->job, line, (size_t)len, err);
}

enum baton_status
powershell_ask(struct powershell *p, const char *word, uint32_t limit_ms, char **ret_text,
               size_t *ret_len, bool *ret_error, struct baton_err *err)
{
    struct script_answer a;
    if (p->running && is_used_up(p))
        end(p);
    enum baton_status rc = p->running ? BATON_OK : start(p, err);
    if (rc != BATON_OK)
        return rc;
    rc = put_question(p, word, err);
    answer_init(&a, p->number);
    if (rc == BATON_OK)
        rc = read_answer(p, &a, limit_ms, err);
    if (rc == BATON_OK) {
        bool whole = answer_take(&a, ret_text, ret_len, ret_error);
        BATON_ASSERT(whole);
        p->answers++;
        p->used_ms = GetTickCount64();
    } else {
        end(p); /* whatever it says later belongs to nobody */
    }
    answer_done(&a);
    return rc;
}

void
powershell_rest(struct powershell *p)
{
    if (p->running && GetTickCount64() - p->used_ms >= POWERSHELL_IDLE_MS)
        end(p);
}

bool
powershell_has(struct powershell *p, DWORD pid)
{
    EnterCriticalSection(&p->lock);
    bool has = p->running && job_has(&p->job, pid);
    LeaveCriticalSection(&p->lock);
    return has;
}
