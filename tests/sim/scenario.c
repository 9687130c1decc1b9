/* The player: reads the statements, does them one after the other, and lets the run go on meanwhile. */
#include "scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/audit/bundle.h"
#include "common/text.h"
#include "controller/adapters/door.h"
#include "controller/engine_state.h"
#include "lab/folder.h"

enum {
    PATIENCE_MS = 90000,
    REFUSAL_MS = 30000,
    HISTORY_MS = 30000,
    PACE_LEAST_MS = 5,
    PACE_MOST_MS = 80,
    HAND_START_MS = 20000
};

/* --- reading ------------------------------------------------------------------------------------ */

static void
split(char *line, struct step *ret)
{
    *ret = (struct step){.line = (unsigned)strtoul(line, NULL, 10)};
    for (char *tab = strchr(line, '\t'); tab != NULL; tab = strchr(tab, '\t')) {
        *tab++ = '\0';
        if (ret->count < STEP_WORDS_MAX)
            ret->word[ret->count] = tab;
        ret->count++; /* one too many is seen by whoever checks */
    }
}

static bool
take_policy(struct scenario *p, const struct step *step)
{
    const struct policy_row *row = step->count == 3 ? policy_find(step->word[1]) : NULL;
    if (row == NULL)
        return false;
    p->policy_set[row->id] = true;
    p->policy[row->id] = strtoll(step->word[2], NULL, 10);
    return true;
}

static bool
take_line(struct scenario *p, char *line)
{
    struct step step;
    split(line, &step);
    if (step.count == 0 || step.count > STEP_WORDS_MAX || p->step_count == STEPS_MAX)
        return false;
    if (strcmp(step.word[0], "policy") == 0)
        return take_policy(p, &step);
    if (strcmp(step.word[0], "overlap") == 0)
        p->overlap = true;
    else
        p->step[p->step_count++] = step;
    return true;
}

static char *
read_whole(const char *path)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    enum { MOST = 1 << 20 };
    char *text = f == NULL ? NULL : calloc(1, MOST + 1);
    if (text != NULL && fread(text, 1, MOST, f) == 0)
        text[0] = '\0';
    if (f != NULL && f != stdin)
        (void)fclose(f);
    return text;
}

struct scenario *
scenario_read(const char *path, char why[WHY_BYTES])
{
    struct scenario *p = calloc(1, sizeof *p);
    BATON_ASSERT(p != NULL);
    p->text = read_whole(path);
    bool good = p->text != NULL;
    snprintf(why, WHY_BYTES, "%.200s has no statements that can be read", path);
    for (char *line = p->text, *end; good && line != NULL && *line != '\0'; line = end) {
        end = strchr(line, '\n');
        if (end != NULL)
            *end++ = '\0';
        good = take_line(p, line);
        if (!good)
            snprintf(why, WHY_BYTES, "%.200s: nothing is said by '%.200s'", path, line);
    }
    if (good && p->step_count > 0)
        return p;
    scenario_free(p);
    return NULL;
}

void
scenario_free(struct scenario *p)
{
    if (p != NULL)
        free(p->text);
    free(p);
}

void
scenario_policy(const struct scenario *p, bool set[POLICY_COUNT], struct policy *policy)
{
    for (int i = 0; i < POLICY_COUNT; i++)
        if (p->policy_set[i]) {
            set[i] = true;
            policy->v[i] = p->policy[i];
        }
}

/* What programs say is kept; frames are not words. */
void
scenario_heard(struct scenario *p, const char *who, const char *text)
{
    if (strncmp(text, "-> ", 3) == 0 || strncmp(text, "<- ", 3) == 0)
        return;
    size_t at = p->heard_count++ % HEARD_MAX;
    text_copy(p->heard[at].who, sizeof p->heard[at].who, who);
    text_copy(p->heard[at].text, sizeof p->heard[at].text, text);
}

/* --- time --------------------------------------------------------------------------------------- */

void
play_pass(struct scenario *p, uint64_t ms)
{
    struct sim *s = p->sim;
    uint64_t until = s->now_ms + ms;
    while (!s->failed && sim_next(s) <= until)
        sim_step(s);
    if (s->now_ms < until)
        s->now_ms = until;
}

/* Looked at again and again, each time at a moment of the seed's. */
static bool
play_until(struct scenario *p, uint64_t patience_ms, bool (*so)(struct scenario *p))
{
    uint64_t until = p->sim->now_ms + patience_ms;
    while (!p->sim->failed) {
        if (so(p))
            return true;
        if (p->sim->now_ms >= until)
            return false;
        play_pass(p, chance_between(&p->pace, LOOK_AGAIN_MS / 4, LOOK_AGAIN_MS));
    }
    return false;
}

static void BATON_PRINTF(2, 3) wrong(struct scenario *p, const char *fmt, ...)
{
    char text[WHY_BYTES], at[32];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    snprintf(at, sizeof at, "line %u", p->now->line);
    sim_fail(p->sim, at, "%s", text);
}

/* The statement as it was read, for people. */
static const char *
told(const struct step *step)
{
    static char text[WHY_BYTES / 2];
    text[0] = '\0';
    for (size_t i = 0, at = 0; i < step->count && at < sizeof text; i++)
        at +=
            (size_t)snprintf(text + at, sizeof text - at, "%s%s", i > 0 ? " " : "", step->word[i]);
    return text;
}

/* --- who is meant ------------------------------------------------------------------------------- */

struct tenant *
play_tenant(const struct scenario *p)
{
    const struct site *st = site_of_people(p->sim);
    return st == NULL ? NULL : site_tenant(st, p->realm);
}

struct node *
play_node(const struct scenario *p, const char *host)
{
    for (int i = 0; host != NULL && i < SIDES; i++)
        if (strcmp(p->realm->node[i].name, host) == 0)
            return &p->realm->node[i];
    return NULL;
}

/* --- the lab ------------------------------------------------------------------------------------ */

static bool
answer_there(struct scenario *p)
{
    return truth_answered(p->realm);
}

json_t *
play_ask(struct scenario *p, const char *who, const char *op, const char *fields)
{
    json_t *request = json_loads(fields, 0, NULL);
    const struct node *n = play_node(p, who);
    if (request == NULL)
        return NULL;
    json_object_set_new(request, "id", json_integer((json_int_t)++p->asked));
    json_object_set_new(request, "op", json_string(op));
    char *line = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    truth_person(p->realm, n, line);
    free(line);
    (void)play_until(p, PATIENCE_MS, answer_there);
    return truth_answer(p->realm);
}

/* Somebody starts by hand what may not run: its guard has as long as in any other run. */
static void
excuse(struct scenario *p, struct node *n)
{
    if (!p->overlap || n == NULL)
        return;
    p->realm->by_hand[n->side] = true;
    p->realm->excused_until_ms = p->sim->now_ms + HAND_START_MS;
}

/* A server without power has no agent either; it comes back with the power. */
static void
before_the_power_goes(struct scenario *p, const struct step *step, struct node *n)
{
    enum { BACK_MS = 250 };
    bool revert = strcmp(step->word[2], "revert") == 0;
    bool goes = strcmp(step->word[2], "power") == 0 && strstr(step->word[3], "\"on\"") == NULL;
    if (n == NULL || (!revert && !goes))
        return;
    node_kill(n, BACK_MS);
    p->realm->reverted = p->realm->reverted || revert;
}

static bool
in_the_lab(struct scenario *p)
{
    const struct step *step = p->now;
    struct node *n = play_node(p, step->word[1]);
    before_the_power_goes(p, step, n);
    if (strcmp(step->word[2], "re-enable") == 0 || strcmp(step->word[2], "revert") == 0 ||
        strcmp(step->word[0], "attempt") == 0)
        excuse(p, n);
    json_t *answer = play_ask(p, step->word[1], step->word[2], step->word[3]);
    bool done = json_is_true(json_object_get(answer, "ok"));
    json_decref(answer);
    return done;
}

static void
do_lab(struct scenario *p)
{
    if (!play_until(p, PATIENCE_MS, in_the_lab))
        wrong(p, "%s: the lab does not do it", told(p->now));
}

static void
do_attempt(struct scenario *p)
{
    (void)in_the_lab(p);
}

/* --- people ------------------------------------------------------------------------------------- */

static bool
type_now(struct scenario *p, size_t first, struct typed *ret)
{
    const struct step *step = p->now;
    bool known = play_type(p, step->word[1], step->count - first, step->word + first, ret);
    if (!known)
        wrong(p, "not played: nobody here types '%s'", told(step));
    sim_tell(p->sim, "people", "%s: %s", step->word[1], baton_status_name(ret->status));
    return known;
}

static bool
accepted(struct scenario *p)
{
    struct typed typed;
    bool known = type_now(p, 2, &typed);
    text_copy(p->said, sizeof p->said, typed.said);
    return known && typed.status == BATON_OK;
}

static void
do_baton(struct scenario *p)
{
    if (!play_until(p, PATIENCE_MS, accepted))
        wrong(p, "%s: it is not accepted: %.300s", told(p->now), p->said);
}

/* The exit codes of a command that was understood and not done. */
static bool
is_refusal(enum baton_status status)
{
    int code = baton_status_exit_code(status);
    return code == 5 || code == 6 || code == 7 || code == 9;
}

/* The text may name the tenant. */
static bool
says_why(const struct scenario *p, const char *said)
{
    char why[WHY_BYTES];
    const char *wanted = p->now->word[2], *at = strstr(wanted, "{tenant}");
    if (at == NULL)
        return strstr(said, wanted) != NULL;
    snprintf(why, sizeof why, "%.*s%s%s", (int)(at - wanted), wanted, p->realm->name,
             at + strlen("{tenant}"));
    return strstr(said, why) != NULL;
}

static bool
refused(struct scenario *p)
{
    struct typed typed;
    bool known = type_now(p, 3, &typed);
    text_copy(p->said, sizeof p->said, typed.said);
    if (known && !is_refusal(typed.status))
        wrong(p, "%s: no refusal, but %s: %.300s", told(p->now), baton_status_name(typed.status),
              typed.said);
    return says_why(p, typed.said);
}

static void
do_refused(struct scenario *p)
{
    if (!play_until(p, REFUSAL_MS, refused))
        wrong(p, "%s: refused, but for another reason: %.300s", told(p->now), p->said);
}

/* --- programs ----------------------------------------------------------------------------------- */

/* NULL: the controller is meant. */
static struct node *
program(const struct scenario *p)
{
    return strcmp(p->now->word[1], "controller") == 0 ? NULL : play_node(p, p->now->word[2]);
}

static void
do_kill(struct scenario *p)
{
    struct node *n = program(p);
    if (n != NULL) {
        node_kill(n, 0);
        n->start_ms = UINT64_MAX;
    } else {
        site_kill(&p->sim->site[0], 0);
        p->sim->site[0].start_ms = UINT64_MAX;
    }
}

static void
do_launch(struct scenario *p)
{
    struct node *n = program(p);
    uint64_t *start = n != NULL ? &n->start_ms : &p->sim->site[0].start_ms;
    *start = p->sim->now_ms;
}

static bool
is_ready(struct scenario *p)
{
    const struct node *n = program(p);
    return n != NULL ? node_ready(n) : p->sim->site[0].engine != NULL;
}

static void
do_start(struct scenario *p)
{
    do_launch(p);
    if (!play_until(p, PATIENCE_MS, is_ready))
        wrong(p, "%s: it does not get ready", told(p->now));
}

static void
copy_folder(const char *from, const char *to)
{
    struct baton_err err;
    BATON_ASSERT(folder_remove(to, &err) == BATON_OK);
    disk_copy(from, to);
}

static const char *
memory_dir(const struct scenario *p)
{
    const struct node *n = program(p);
    return n != NULL ? n->dir : p->sim->site[0].dir;
}

static void
kept_dir(const struct scenario *p, char out[DIR_BYTES])
{
    snprintf(out, DIR_BYTES, "%.100s/kept-%.40s", p->sim->dir, p->now->word[p->now->count - 1]);
}

static void
do_keep(struct scenario *p)
{
    char kept[DIR_BYTES];
    kept_dir(p, kept);
    copy_folder(memory_dir(p), kept);
}

/* What the observer knew of it may have fallen: that is what is done here. */
static void
do_restore(struct scenario *p)
{
    char kept[DIR_BYTES];
    struct node *n = program(p);
    kept_dir(p, kept);
    copy_folder(kept, memory_dir(p));
    if (n != NULL) {
        n->was = (struct seen){0};
        p->realm->reverted = true;
    } else {
        p->sim->site[0].restored = true;
        p->sim->site[0].log_size = 0;
    }
}

/* Of the agent that was kept under that name. */
static const struct node *
kept_agent(const struct scenario *p, const char *name)
{
    for (const struct step *step = p->step; step < p->now; step++)
        if (strcmp(step->word[0], "keep") == 0 && strcmp(step->word[1], "agent") == 0 &&
            strcmp(step->word[3], name) == 0)
            return play_node(p, step->word[2]);
    return NULL;
}

static bool
twin_ready(struct scenario *p)
{
    return node_ready(&p->realm->node[TWIN]);
}

static void
do_clone(struct scenario *p)
{
    const struct node *of = kept_agent(p, p->now->word[1]);
    struct baton_err err;
    char kept[DIR_BYTES];
    kept_dir(p, kept);
    if (of == NULL || p->realm->door != NULL) {
        wrong(p, "not played: no agent was kept as '%s', or there is a copy already",
              p->now->word[1]);
        return;
    }
    BATON_ASSERT(door_new(&p->realm->door, &err) == BATON_OK);
    node_clone(of, kept);
    if (!play_until(p, PATIENCE_MS, twin_ready))
        wrong(p, "%s: it does not get ready", told(p->now));
}

/* --- clocks, time, notes ------------------------------------------------------------------------ */

static void
do_clock(struct scenario *p)
{
    struct node *n = program(p);
    struct machine_clock *c = n != NULL ? &n->clock : &p->sim->site[0].clock;
    const char *how = p->now->word[p->now->count - 2];
    int64_t ms = strtoll(p->now->word[p->now->count - 1], NULL, 10);
    if (strcmp(how, "right") == 0)
        c->wall_skew_ms = 0;
    else
        c->wall_skew_ms += strcmp(how, "back") == 0 ? -ms : ms;
    if (strcmp(how, "jumps") == 0) /* a machine that was suspended: it wakes now */
        c->mono_ms += (uint64_t)ms;
    if (n != NULL)
        n->due_ms = p->sim->now_ms;
}

static void
do_pass(struct scenario *p)
{
    play_pass(p, strtoull(p->now->word[1], NULL, 10));
}

static void
do_mark(struct scenario *p)
{
    json_t *answer = play_ask(p, "tenant", "exports", "{}"), *one;
    uint64_t last = 0;
    size_t i;
    json_array_foreach(json_object_get(answer, "exports"), i, one)
    {
        uint64_t end = (uint64_t)json_integer_value(json_object_get(one, "end"));
        last = end > last ? end : last;
    }
    json_decref(answer);
    BATON_ASSERT(p->marks < MARKS_MAX);
    p->mark[p->marks].name = p->now->word[1];
    p->mark[p->marks++].end_ms = last;
}

static void
do_file(struct scenario *p)
{
    (void)p; /* its name stands for its bytes: scenario_type.c */
}

static bool
holds(struct scenario *p)
{
    bool known, so = play_holds(p, p->now->count - 1, p->now->word + 1, &known);
    if (!known)
        wrong(p, "not played: nobody here sees '%s'", told(p->now));
    return so;
}

static void
do_wait(struct scenario *p)
{
    if (!play_until(p, PATIENCE_MS, holds))
        wrong(p, "%s: it does not become so", told(p->now));
}

static void
do_expect(struct scenario *p)
{
    if (!holds(p))
        wrong(p, "%s: it is not so", told(p->now));
}

/* --- the table ---------------------------------------------------------------------------------- */

static const struct {
    const char *verb;
    size_t least; /* words, with the verb */
    void (*act)(struct scenario *p);
} verbs[] = {{"baton", 4, do_baton},     {"refused", 5, do_refused}, {"lab", 4, do_lab},
             {"attempt", 4, do_attempt}, {"kill", 2, do_kill},       {"start", 2, do_start},
             {"launch", 2, do_launch},   {"keep", 3, do_keep},       {"restore", 3, do_restore},
             {"clone", 2, do_clone},     {"clock", 4, do_clock},     {"pass", 2, do_pass},
             {"mark", 2, do_mark},       {"file", 3, do_file},       {"wait", 3, do_wait},
             {"expect", 3, do_expect}};

static void
play_step(struct scenario *p, const struct step *step)
{
    p->now = step;
    sim_tell(p->sim, "scenario", "line %u: %s", step->line, told(step));
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (strcmp(verbs[i].verb, step->word[0]) == 0 && step->count >= verbs[i].least) {
            verbs[i].act(p);
            p->played++;
            return;
        }
    wrong(p, "not played: '%s'", told(step));
}

/* --- a whole one -------------------------------------------------------------------------------- */

/* An export that its agent has seen: a site has run for long when a story begins. */
static bool
has_history(struct scenario *p)
{
    const struct tenant *t = play_tenant(p);
    for (size_t i = 0; t != NULL && i < MEMBERS_MAX; i++) {
        const struct facts *f = &t->agent[i].facts;
        if (t->agent[i].used && f->fact[FACT_LAST_EXPORT_END].state == FACT_VALUE &&
            f->fact[FACT_OBJECTS].state == FACT_VALUE)
            return true;
    }
    return false;
}

static void
begin(struct scenario *p, struct sim *s)
{
    static const struct step founding = {.count = 1, .word = {"the site"}};
    p->sim = s;
    p->realm = &s->realm[0];
    p->pace = chance_of_seed(s->seed, 6);
    p->now = &founding;
    p->played = p->marks = p->heard_count = 0;
    p->asked = 0;
    memset(p->heard, 0, sizeof p->heard);
    p->realm->people_ms = s->fault_ms = UINT64_MAX; /* nothing comes that is not told */
    s->swarm.quiet_ms = s->now_ms;
    if (!play_until(p, HISTORY_MS, has_history))
        wrong(p, "the old server has no history");
}

/* What `baton audit export` and `audit verify` say of the log, from its first record on. After a restore the
 * agents' receipts have to show that the log had been another one. */
static void
audit_verifies(struct scenario *p)
{
    const struct site *st = site_of_people(p->sim);
    const struct audit_bundle_source source = {.root = p->sim->root.key,
                                               .now_unix_ms = sim_unix_ms(p->sim)};
    const struct audit_verify_options options = {.root = p->sim->root.key};
    struct audit_report report;
    struct baton_err err = {0};
    char path[DIR_BYTES];
    snprintf(path, sizeof path, "%.100s/audit.bundle", p->sim->dir);
    if (st == NULL) {
        wrong(p, "no controller runs at the end");
        return;
    }
    if (audit_bundle_write(&st->engine->p.store, &source, path, NULL, &err) != BATON_OK ||
        audit_bundle_verify(path, &options, &report, &err) != BATON_OK)
        wrong(p, "the audit cannot be verified: %s", err.text);
    else if (report.verdict != (st->restored ? AUDIT_BROKEN : AUDIT_SOUND))
        wrong(p, "the audit is %s: %s", audit_verdict_name(report.verdict), report.why);
}

/* The story is told: what has to be so at every end. */
static void
end(struct scenario *p)
{
    enum { LAST_WORDS_MS = 2000 };
    play_pass(p, LAST_WORDS_MS);
    bool barred = p->realm->door != NULL; /* of two copies no word counts, and that was paged */
    if (p->realm->pages < p->realm->pages_owed && !barred)
        sim_fail(p->sim, "L4", "a guard raised an alarm, and nobody was paged");
    audit_verifies(p);
}

void
scenario_play(struct sim *s)
{
    struct scenario *p = s->scenario;
    begin(p, s);
    for (size_t i = 0; i < p->step_count && !s->failed; i++) {
        play_pass(p, chance_between(&p->pace, PACE_LEAST_MS, PACE_MOST_MS));
        play_step(p, &p->step[i]);
    }
    if (!s->failed)
        end(p);
}
