#include "fuzz.h"

#include "common/readers/trace_log.h"
#include "common/text.h"

struct seen {
    struct fuzz_told *told;
    uint64_t line, events;
};

static void
on_event(void *arg, const struct trace_event *e)
{
    struct seen *seen = arg;
    FUZZ_CHECK(e->line > seen->line);
    FUZZ_CHECK(memchr(e->text, '\0', sizeof e->text) != NULL);
    FUZZ_CHECK(text_valid(e->text, strlen(e->text)));
    FUZZ_CHECK(strpbrk(e->text, "@\\") == NULL); /* no account and no path is left */
    FUZZ_CHECK(!e->timed || e->day_ms >= 0);
    FUZZ_CHECK(!e->dated || e->timed);
    seen->line = e->line;
    seen->events++;
    fuzz_tell_number(seen->told, e->line);
    fuzz_tell_number(seen->told, e->level);
    fuzz_tell_text(seen->told, e->version);
    fuzz_tell_text(seen->told, e->text);
}

static void
run(const uint8_t *bytes, size_t len, size_t piece, struct fuzz_told *told)
{
    struct seen seen = {.told = told};
    struct trace_order order = {
        .visit = on_event, .arg = &seen, .name = "trace-20260701-101112.log"};
    struct trace_log *log = NULL;
    struct trace_summary sum;
    FUZZ_CHECK(trace_log_open(&order, &log, NULL) == BATON_OK);
    FUZZ_PUSH(told->status, trace_log_push, log, bytes, len, piece);
    if (told->status == BATON_OK)
        told->status = trace_log_finish(log, &sum, NULL);
    if (told->status == BATON_OK) {
        FUZZ_CHECK(sum.bytes == len && sum.records > 0);
        FUZZ_CHECK(seen.events <= sum.records);
        fuzz_tell_number(told, sum.lines);
        fuzz_tell_number(told, sum.foreign);
        fuzz_tell_text(told, sum.date);
    }
    trace_log_close(&log);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_pieces(run, data, size);
}
