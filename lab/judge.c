#include "judge.h"

static bool
two_or_more(uint32_t bits)
{
    return (bits & (bits - 1)) != 0;
}

static void
overlap_end(struct judge *j, uint64_t at_ms)
{
    if (j->count == 0 || !j->overlap[j->count - 1].open)
        return;
    j->overlap[j->count - 1].open = false;
    j->overlap[j->count - 1].to_ms = at_ms;
}

static void
overlap_begin(struct judge *j, uint64_t at_ms)
{
    if (j->count == OVERLAPS_MAX) {
        j->unkept++;
        return;
    }
    j->overlap[j->count++] = (struct overlap){.from_ms = at_ms, .servers = j->able, .open = true};
}

bool
judge_note(struct judge *j, size_t server, bool able, uint64_t at_ms)
{
    BATON_ASSERT(server < SERVERS_MAX);
    uint32_t bit = (uint32_t)1 << server;
    uint32_t next = able ? (j->able | bit) : (j->able & ~bit);
    if (next == j->able)
        return false;
    j->able = next;
    overlap_end(j, at_ms);
    if (two_or_more(j->able))
        overlap_begin(j, at_ms);
    return true;
}

bool
judge_ok(const struct judge *j)
{
    return j->count == 0 && j->unkept == 0;
}

bool
judge_able(const struct judge *j, size_t server)
{
    BATON_ASSERT(server < SERVERS_MAX);
    return (j->able >> server & 1) != 0;
}
