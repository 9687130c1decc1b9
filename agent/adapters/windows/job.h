/* job.h: one child process in a job object, with its input and output on pipes.
 *
 * Shape      Started without a window, with the system's folder as its own, below normal priority. It
 *            inherits the ends of its pipes and nothing else. Its errors go the way of its output. All
 *            that it starts is in the same job; the job ends with job_close, and with this program.
 * Units      limit_ms from the call.
 * Limits     JOB_PROCESSES at once, memory_bytes of all of them together. What is written beyond
 *            JOB_INPUT_BYTES waits until the process reads.
 * Errors     BATON_TIMEOUT: not in time, or the cancel event was set. Others as win_fail.
 * Ownership  job_close ends whatever still runs.
 * Threads    One at a time; the cancel event may be set by any.
 * Source     windows.md: closing a job ends the whole tree.
 */
#ifndef AGENT_WINDOWS_JOB_H
#define AGENT_WINDOWS_JOB_H

#include "command_line.h"
#include "win_text.h"

enum { JOB_PROCESSES = 8, JOB_INPUT_BYTES = 64 * 1024 };

struct job_spec {
    const char *const *argument; /* the program with its whole path first */
    size_t count;
    uint64_t memory_bytes;
    HANDLE cancel; /* a manual-reset event of the caller's */
};

struct job {
    HANDLE job, process, input, output, read_done, cancel;
    DWORD pid;
};

enum baton_status job_open(struct job *j, const struct job_spec *spec,
                           struct baton_err *err) BATON_MUST_USE;
void job_close(struct job *j);

enum baton_status job_write(struct job *j, const void *bytes, size_t len,
                            struct baton_err *err) BATON_MUST_USE;
/* What there is, at most cap; 0 bytes: the output was closed. */
enum baton_status job_read(struct job *j, void *out, size_t cap, uint32_t limit_ms, size_t *ret_len,
                           struct baton_err *err) BATON_MUST_USE;
/* Once its output is closed. */
enum baton_status job_wait(struct job *j, uint32_t limit_ms, uint32_t *ret_exit_code,
                           struct baton_err *err) BATON_MUST_USE;
bool job_lives(const struct job *j);
/* Whether the process is this one, or one that it started. */
bool job_has(const struct job *j, DWORD pid);

#endif
