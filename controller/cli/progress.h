/* progress.h: how far a long reading is, for whoever waits for it.
 *
 * Shape      One line on a terminal's standard error, written over itself every PROGRESS_MS and wiped at
 *            the end: what takes less than that says nothing, and what goes into a file or a pipe
 *            never does.
 * Threads    One at a time.
 */
#ifndef BATON_PROGRESS_H
#define BATON_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { PROGRESS_MS = 1000 };

struct progress {
    const char *what;
    uint64_t bytes; /* in all; 0: nobody knows */
    uint64_t shown_ms;
    FILE *to; /* NULL: nobody sees it */
    bool shown;
};

void progress_begin(struct progress *p, const char *what, uint64_t bytes);
void progress_step(struct progress *p, uint64_t bytes_done);
void progress_end(struct progress *p);

/* The step at a moment of the monotonic clock. */
void progress_step_at(struct progress *p, uint64_t bytes_done, uint64_t now_ms);

#endif
