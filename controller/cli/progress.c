#include "progress.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

enum { MEGABYTE = 1000000 };

static uint64_t
now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void
progress_begin(struct progress *p, const char *what, uint64_t bytes)
{
    *p = (struct progress){.what = what,
                           .bytes = bytes,
                           .shown_ms = now_ms(),
                           .to = isatty(STDERR_FILENO) == 1 ? stderr : NULL};
}

void
progress_step_at(struct progress *p, uint64_t bytes_done, uint64_t now)
{
    if (p->to == NULL || now - p->shown_ms < PROGRESS_MS)
        return;
    p->shown_ms = now;
    p->shown = true;
    fprintf(p->to, "\r%s: %" PRIu64, p->what, bytes_done / MEGABYTE);
    if (p->bytes > 0)
        fprintf(p->to, " of %" PRIu64, p->bytes / MEGABYTE);
    fputs(" MB", p->to);
    (void)fflush(p->to);
}

void
progress_step(struct progress *p, uint64_t bytes_done)
{
    if (p->to != NULL)
        progress_step_at(p, bytes_done, now_ms());
}

void
progress_end(struct progress *p)
{
    if (p->shown)
        fputs("\r\033[K", p->to);
    p->shown = false;
}
