/* Rows of a controller's database that somebody changed, or a disk: honest ones of a handoff that has come so far,
 * with bytes changed. Each is refused or read; what is read is written again as it was, and the deciding functions
 * live with it: a start, reports, time and people's verbs, each with words that end. */
#include "fuzz.h"

#include "controller/login.h"
#include "controller/tenant_rows.h"
#include "duet.h"

enum { EDIT_BYTES = 3, VERBS_MAX = 4 };

static const enum handoff_state stops[] = {HO_PLANNED, HO_VERIFY,     HO_ARMED,
                                           HO_GAP,     HO_ACTIVATING, HO_DECOMMISSION};

static struct duet now,
    kept[ARRAY_LEN(stops)]; /* copied back to where it was made: it points into itself */
static bool ready;
static uint8_t row[TENANT_ROW_BYTES_MAX], again[TENANT_ROW_BYTES_MAX], third[TENANT_ROW_BYTES_MAX];

static void
begin(void)
{
    if (ready)
        return;
    for (size_t i = 0; i < ARRAY_LEN(stops); i++) {
        duet_open(&now);
        duet_to(&now, stops[i]);
        kept[i] = now;
    }
    ready = true;
}

static size_t
edited(size_t len, const uint8_t *edits, size_t edits_len)
{
    for (size_t i = 0; i + EDIT_BYTES <= edits_len && len > 0; i += EDIT_BYTES)
        row[((size_t)edits[i] << 8 | edits[i + 1]) % len] ^= edits[i + 2];
    return edits_len % EDIT_BYTES == 1 ? len - edits[edits_len - 1] % (len + 1) : len;
}

static void
check_same(size_t len, size_t again_len)
{
    FUZZ_CHECK(again_len == len && memcmp(row, again, len) == 0);
}

/* ---- the tenant's own three ------------------------------------------------------------------------- */

static bool
change_authority(const uint8_t *edits, size_t len)
{
    struct authority a;
    size_t n = edited(authority_encode(&now.t.authority, row), edits, len);
    if (authority_decode(row, n, &a) != BATON_OK)
        return false;
    check_same(n, authority_encode(&a, again));
    now.t.authority = a;
    return true;
}

static bool
change_cutover(const uint8_t *edits, size_t len)
{
    static struct cutover c;
    size_t n = edited(cutover_encode(&now.t.cutover, row, sizeof row), edits, len);
    if (cutover_decode(row, n, &c) != BATON_OK)
        return false;
    check_same(n, cutover_encode(&c, again, sizeof again));
    now.t.cutover = c;
    return true;
}

static bool
change_agent(uint8_t which, const uint8_t *edits, size_t len)
{
    static struct agent_view a;
    struct agent_view *seat = &now.t.agent[which % TOY_MEMBERS];
    size_t n = edited(agent_view_encode(seat, row, sizeof row), edits, len);
    if (agent_view_decode(row, n, &a) != BATON_OK)
        return false;
    check_same(n, agent_view_encode(&a, again, sizeof again));
    *seat = a;
    return true;
}

static void
check_words(void)
{
    struct problem p;
    struct task task;
    tenant_explain(&now.t, now.now_ms, toy_digest(), toy_trust(), &p);
    FUZZ_CHECK(memchr(p.title, '\0', sizeof p.title) && memchr(p.next, '\0', sizeof p.next));
    FUZZ_CHECK(p.fact_count <= PROBLEM_FACTS_MAX);
    if (tenant_task(&now.t, &task))
        FUZZ_CHECK(task.line_count <= TASK_LINES_MAX);
}

/* Its record may be wrong from here on: what the servers then do is the other targets' matter. */
static void
live_on(const uint8_t *edits, size_t len)
{
    now.misled = true;
    check_words();
    duet_restart(&now);
    check_words();
    duet_pass(&now, 2, 1500);
    for (size_t i = 0; i < len && i < VERBS_MAX; i++) {
        enum handoff_event verb = (enum handoff_event)(edits[i] % HANDOFF_EVENT_COUNT);
        if (handoff_event_is_verb(verb))
            (void)duet_verb(&now, verb, "OLD");
        check_words();
    }
    duet_pass(&now, 2, 1500);
    check_words();
}

/* ---- the site's rows ---------------------------------------------------------------------------------- */

/* One that an older program wrote is read, and written as this one writes it; then it stays so. */
#define CHECK_ROW(type)                                                                            \
    do {                                                                                           \
        static struct type##_row r;                                                                \
        if (type##_row_decode(row, len, &r) == BATON_OK) {                                         \
            size_t n = type##_row_encode(&r, again);                                               \
            if (again[0] == row[0])                                                                \
                check_same(len, n);                                                                \
            FUZZ_CHECK(type##_row_decode(again, n, &r) == BATON_OK);                               \
            FUZZ_CHECK(type##_row_encode(&r, third) == n && memcmp(again, third, n) == 0);         \
        }                                                                                          \
    } while (0)

static void
check_site_rows(size_t len)
{
    static struct login l;
    CHECK_ROW(tenant);
    CHECK_ROW(agent);
    CHECK_ROW(token);
    CHECK_ROW(blob);
    CHECK_ROW(checkpoint);
    if (login_decode(row, len, &l) == BATON_OK)
        check_same(len, login_encode(&l, again));
}

static void
honest_tenant(const uint8_t *edits, size_t len)
{
    struct tenant_row t = {.info = now.t.info, .cutover_open = true, .cutover = now.t.cutover.id};
    check_site_rows(edited(tenant_row_encode(&t, row), edits, len));
}

static void
honest_agent(const uint8_t *edits, size_t len)
{
    struct agent_row a = {.tenant = now.t.info.id, .key = now.t.agent[0].key, .role = 'o'};
    memcpy(a.host, now.t.agent[0].host, sizeof a.host);
    memcpy(a.version, now.t.agent[0].version, sizeof a.version);
    size_t n = edited(agent_row_encode(&a, row), edits, len);
    if (agent_row_decode(row, n, &a) == BATON_OK)
        FUZZ_CHECK(a.slot < MEMBERS_MAX);
    check_site_rows(n);
}

static void
run(const char *text, size_t len)
{
    const uint8_t *bytes = (const uint8_t *)text;
    if (len < 2)
        return;
    begin();
    now = kept[bytes[1] % ARRAY_LEN(stops)];
    const uint8_t *edits = bytes + 2;
    size_t n = len - 2;
    bool read = false;
    switch (bytes[0] % 6) {
    case 0:
        read = change_authority(edits, n);
        break;
    case 1:
        read = change_cutover(edits, n);
        break;
    case 2:
        read = change_agent(bytes[1] >> 7, edits, n);
        break;
    case 3:
        honest_tenant(edits, n);
        break;
    case 4:
        honest_agent(edits, n);
        break;
    default:
        memcpy(row, edits, n < sizeof row ? n : sizeof row);
        check_site_rows(n < sizeof row ? n : sizeof row);
        break;
    }
    if (read)
        live_on(edits, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
