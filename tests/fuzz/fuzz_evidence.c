/* Evidence that a member signed, as whoever is to be let go judges it: good evidence of each kind with its fields,
 * facts and bytes changed, and signed again by the right key. What is taken is held against protocol 3, written down
 * here a second time: which facts have to be known, with which value, and how old they may be. */
#include "fuzz.h"

#include "agent/core/evidence.h"
#include "toy.h"

enum { EDIT_BYTES = 4, EDITS_MAX = 64, COUNTER = 7, TRUST = 1 };

static struct input {
    const uint8_t *at;
    size_t len;
} in;

static uint8_t
next(void)
{
    if (in.len == 0)
        return 0;
    in.len--;
    return *in.at++;
}

/* ---- what the protocol asks for ------------------------------------------------------------------------ */

static bool
known(const struct facts *f, enum fact_id id)
{
    return f->fact[id].state == FACT_VALUE;
}

static bool
fresh(const struct facts *f, enum fact_id id)
{
    return known(f, id) &&
           f->fact[id].age_ms <= (uint64_t)toy_plan()->policy.v[POLICY_FACT_FRESH_MS];
}

static bool
now_is(const struct facts *f, enum fact_id id, int64_t value)
{
    return fresh(f, id) && f->fact[id].value == value;
}

static bool
was(const struct facts *f, enum fact_id id, int64_t value)
{
    return known(f, id) && f->fact[id].value == value;
}

static bool
watched_long_enough(const struct facts *f)
{
    return fresh(f, FACT_QUIET_FOR_MS) &&
           f->fact[FACT_QUIET_FOR_MS].value >= toy_plan()->policy.v[POLICY_OBSERVE_GAP_MS];
}

static bool
is_stopped(const struct facts *f)
{
    bool run_is_over = known(f, FACT_LAST_RUN_END) && known(f, FACT_STOPPED_AT) &&
                       f->fact[FACT_LAST_RUN_END].value <= f->fact[FACT_STOPPED_AT].value;
    return now_is(f, FACT_SERVICES_STOPPED, 1) && now_is(f, FACT_SERVICES_DISABLED, 1) &&
           now_is(f, FACT_SERVICES_DISABLED_REGISTRY, 1) && now_is(f, FACT_TASKS_DISABLED, 1) &&
           now_is(f, FACT_ENGINE_GONE, 1) && now_is(f, FACT_RUN_IN_PROGRESS, 0) && run_is_over &&
           was(f, FACT_EXPORTS_SINCE_FENCE, 0) && now_is(f, FACT_SERVICE_WATCH, 1);
}

static bool
is_staged(const struct facts *f)
{
    static const enum fact_id none[] = {
        FACT_RUN_IN_PROGRESS, FACT_CYCLE_IN_PROGRESS, FACT_EXPORTS_SINCE_FENCE, FACT_WIZARD_OPEN,
        FACT_CONSOLE_OPEN,    FACT_INSTALLER_OPEN,    FACT_SYNC_SHELL_OPEN,     FACT_TOOLS_STARTED,
    };
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        if (!now_is(f, none[i], 0))
            return false;
    return now_is(f, FACT_STAGING_SCHEDULER, 1) && now_is(f, FACT_STAGING_SETTINGS, 1) &&
           now_is(f, FACT_SERVICE_WATCH, 1);
}

static bool
is_removed(const struct facts *f)
{
    return now_is(f, FACT_PRODUCT_PRESENT, 0) && now_is(f, FACT_SERVICES_PRESENT, 0) &&
           now_is(f, FACT_ENGINE_GONE, 1) && was(f, FACT_SETTINGS_SEALED, 1);
}

static bool
is_quiet(const struct statement *s, enum toy_member m)
{
    if (!watched_long_enough(&s->facts))
        return false;
    switch (s->kind) {
    case KIND_STOPPED:
        return is_stopped(&s->facts);
    case KIND_STAGED: /* only of a server that has staging mode, and that is fenced so */
        return m == TOY_NEW && is_staged(&s->facts);
    case KIND_REMOVED:
        return is_removed(&s->facts);
    default:
        return false;
    }
}

/* About this handoff and no other; by a server that may not export. */
static bool
is_about(const struct statement *s, enum toy_member m, enum toy_member recipient)
{
    struct epoch e = toy_epoch(COUNTER);
    struct baton_id tenant = toy_tenant();
    struct baton_hash plan = toy_plan_hash();
    struct baton_key key = toy_member_key(m), to = toy_member_key(recipient);
    return s->type == SAY_EVIDENCE && baton_id_eq(&s->tenant, &tenant) &&
           baton_key_eq(&s->member, &key) && baton_hash_eq(&s->plan, &plan) &&
           epoch_eq(&s->epoch, &e) && baton_key_eq(&s->recipient, &to) &&
           s->trust_version <= TRUST && s->quarantine == QUARANTINE_NONE && !s->holding &&
           s->grant != GRANT_LIVE && s->grant != GRANT_USED &&
           !(recipient == TOY_OLD && m == TOY_NEW && s->ever_exported);
}

/* ---- what is shown --------------------------------------------------------------------------------------- */

static struct statement
good_statement(enum toy_member m, enum toy_member recipient, enum fence_kind kind)
{
    return (struct statement){.type = SAY_EVIDENCE,
                              .tenant = toy_tenant(),
                              .member = toy_member_key(m),
                              .plan = toy_plan_hash(),
                              .epoch = toy_epoch(COUNTER),
                              .asked = toy_epoch(COUNTER),
                              .recipient = toy_member_key(recipient),
                              .nonce = toy_id(9),
                              .counter = 5,
                              .kind = (uint8_t)kind,
                              .tombstone = m != recipient,
                              .trust_version = TRUST,
                              .agent_version = "0.1.0",
                              .facts = toy_facts_proven(m, kind)};
}

static int64_t
any_value(uint8_t how)
{
    static const int64_t values[] = {0, 1, 2, -1, 59999, 60000, INT64_MAX, INT64_MIN};
    return how < ARRAY_LEN(values) ? values[how] : (int64_t)how * 1000;
}

static void
edit_fact(struct facts *f, uint8_t which, uint8_t what, uint8_t how)
{
    enum fact_id id = (enum fact_id)(which % FACT_COUNT);
    switch (what % 4) {
    case 0:
        facts_set(f, id, any_value(how));
        break;
    case 1:
        facts_absent(f, id, (enum fact_reason)(1 + how % ABSENT_TIMEOUT));
        break;
    case 2:
        f->fact[id] = (struct fact){.state = FACT_UNKNOWN};
        break;
    default:
        f->fact[id].age_ms = (uint32_t)how * 1000;
        break;
    }
}

static void
edit_word(struct statement *s, uint8_t which, uint8_t how)
{
    switch (which % 14) {
    case 0:
        s->type = (uint8_t)(1 + how % (SAY_COUNT - 1));
        break;
    case 1:
        s->kind = (uint8_t)(how % KIND_COUNT);
        break;
    case 2:
        s->holding = how & 1;
        s->holding_epoch = s->holding ? toy_epoch(how) : (struct epoch){0};
        break;
    case 3:
        s->grant = (uint8_t)(how % (GRANT_VOID + 1));
        break;
    case 4:
        s->quarantine = (uint8_t)(how % (QUARANTINE_SESSIONS + 1));
        break;
    case 5:
        s->ever_exported = how & 1;
        break;
    case 6:
        s->trust_version = how;
        break;
    case 7:
        s->epoch = toy_epoch(how);
        break;
    case 8:
        s->recipient = toy_member_key((enum toy_member)(how % TOY_MEMBERS));
        break;
    case 9:
        s->member = toy_member_key((enum toy_member)(how % TOY_MEMBERS));
        break;
    case 10:
        s->plan.b[how % BATON_HASH_BYTES] ^= 1;
        break;
    case 11:
        s->tenant.b[how % BATON_ID_BYTES] ^= 1;
        break;
    case 12:
        s->tombstone = how & 1;
        break;
    default:
        s->retired = how & 1;
        break;
    }
}

/* ---- judged ------------------------------------------------------------------------------------------------ */

static void
judge(enum toy_member m, enum toy_member recipient, const uint8_t *bytes, size_t len, bool forged)
{
    static struct statement read, again;
    struct baton_key key = toy_member_key(m), to = toy_member_key(recipient);
    struct baton_hash plan = toy_plan_hash();
    struct epoch e = toy_epoch(COUNTER);
    struct signed_bytes sb = {.bytes = bytes, .len = len};
    const struct evidence_demand d = {.plan = toy_plan(),
                                      .plan_hash = &plan,
                                      .epoch = &e,
                                      .recipient = &to,
                                      .member = (uint8_t)m,
                                      .recipient_legacy = recipient == TOY_OLD,
                                      .trust_version = TRUST};
    toy_sign(&key, DOMAIN_STATEMENT, bytes, len, &sb.sig);
    sb.sig.b[0] ^= forged ? 1 : 0;
    bool taken = evidence_judge(&sb, &d, toy_digest(), &read) == REFUSE_NONE;
    bool reads = statement_decode(bytes, len, &again) == BATON_OK;
    bool good = reads && !forged && is_about(&again, m, recipient) && is_quiet(&again, m);
    if (taken != good)
        fprintf(stderr, "taken %d, and by the protocol %d\n", taken, good);
    FUZZ_CHECK(taken == good);
}

static void
judge_statement(enum toy_member m, enum toy_member recipient, const struct statement *s,
                bool forged)
{
    static uint8_t bytes[STATEMENT_BYTES_MAX];
    size_t n = 0;
    if (statement_encode(s, bytes, sizeof bytes, &n) == BATON_OK)
        judge(m, recipient, bytes, n, forged);
}

/* Judged after each change; some begin with good evidence again. */
static void
change_fields(enum toy_member m, enum toy_member recipient, enum fence_kind kind, bool forged)
{
    struct statement s = good_statement(m, recipient, kind);
    judge_statement(m, recipient, &s, forged);
    for (int i = 0; i < EDITS_MAX && in.len >= EDIT_BYTES; i++) {
        uint8_t where = next(), which = next(), what = next(), how = next();
        if (where & 2)
            s = good_statement(m, recipient, kind);
        if (where & 1)
            edit_word(&s, which, how);
        else
            edit_fact(&s.facts, which, what, how);
        judge_statement(m, recipient, &s, forged);
    }
}

static void
change_bytes(enum toy_member m, enum toy_member recipient, enum fence_kind kind, bool forged)
{
    static uint8_t bytes[STATEMENT_BYTES_MAX];
    struct statement s = good_statement(m, recipient, kind);
    size_t n = 0;
    FUZZ_CHECK(statement_encode(&s, bytes, sizeof bytes, &n) == BATON_OK);
    while (in.len >= 3) {
        size_t at = (size_t)next() << 8 | next();
        bytes[at % n] ^= next();
    }
    judge(m, recipient, bytes, n, forged);
}

/* The first byte: whose, towards whom, of which kind, by fields or by bytes, forged. */
static void
run(const char *text, size_t len)
{
    static const enum fence_kind kinds[] = {KIND_STOPPED, KIND_STAGED, KIND_REMOVED};
    in = (struct input){(const uint8_t *)text, len};
    uint8_t how = next();
    enum toy_member m = how & 1 ? TOY_NEW : TOY_OLD, recipient = how & 2 ? TOY_NEW : TOY_OLD;
    enum fence_kind kind = kinds[how / 4 % ARRAY_LEN(kinds)];
    if (how & 0x40)
        change_bytes(m, recipient, kind, how & 0x80);
    else
        change_fields(m, recipient, kind, how & 0x80);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
