/* powershell.h: Windows PowerShell 5.1 with the script host in it, asked one word at a time.
 *
 * Shape      Started when it is asked, and kept for the next question. Its command line is always the
 *            same: PowerShell of System32, no profile, nobody to ask, and the host's path. It is ended
 *            after POWERSHELL_ANSWERS_MAX answers, after POWERSHELL_AGE_MAX_MS, when nobody asked for
 *            POWERSHELL_IDLE_MS, and at once when it answers late, or something else than an answer.
 * Limits     POWERSHELL_MEMORY_BYTES with all that it starts.
 * Errors     BATON_NOT_FOUND: no PowerShell here. Others as script_files.h, job.h, script_answer.h.
 * Ownership  powershell_close ends it. The caller frees *ret_text.
 * Threads    One at a time; powershell_has from any.
 */
#ifndef AGENT_WINDOWS_POWERSHELL_H
#define AGENT_WINDOWS_POWERSHELL_H

#include "job.h"
#include "script_files.h"

enum {
    POWERSHELL_ANSWERS_MAX = 500,
    POWERSHELL_AGE_MAX_MS = 60 * 60 * 1000,
    POWERSHELL_IDLE_MS = 90 * 1000,
    POWERSHELL_MEMORY_BYTES = 768 * 1024 * 1024
};

struct powershell {
    char folder[SCRIPT_PATH_BYTES];
    HANDLE cancel;
    CRITICAL_SECTION lock; /* of job and running, for powershell_has */
    struct script_files files;
    struct job job;
    bool running;
    uint32_t number, answers;
    uint64_t started_ms, used_ms;
};

void powershell_open(struct powershell *p, const char *folder, HANDLE cancel);
void powershell_close(struct powershell *p);

/* *ret_error: the text is the error record of a cmdlet. */
enum baton_status powershell_ask(struct powershell *p, const char *word, uint32_t limit_ms,
                                 char **ret_text, size_t *ret_len, bool *ret_error,
                                 struct baton_err *err) BATON_MUST_USE;
bool powershell_has(struct powershell *p, DWORD pid);
void powershell_rest(struct powershell *p); /* ends one that nobody used for long */

#endif
