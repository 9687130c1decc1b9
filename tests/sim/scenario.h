/* scenario.h: a scenario played in one process: its statements, and what they need.
 *
 * Shape      tests/scenarios/language.py reads a file and writes its statements as lines of words with tabs
 *            between them; here each is played on tenant 0 by the same meaning that tests/system/scenario.py
 *            gives it, in the run's own time. Between two looks at a condition the run goes on.
 * Limits     STEP_WORDS_MAX words a statement; MARKS_MAX marks; HEARD_MAX lines of what programs said.
 * Threads    One.
 * Source     tests/scenarios/README.md.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "controller/core/tenant.h"
#include "sim.h"

enum {
    STEP_WORDS_MAX = 20,
    STEPS_MAX = 256,
    MARKS_MAX = 8,
    HEARD_MAX = 64,
    HEARD_BYTES = 160,
    SAID_BYTES = 4096,
    LOOK_AGAIN_MS = 100
};

struct step {
    unsigned line;
    size_t count;
    const char *word[STEP_WORDS_MAX];
};

struct scenario {
    char *text; /* the words point into it */
    struct step step[STEPS_MAX];
    size_t step_count;
    bool overlap;
    bool policy_set[POLICY_COUNT];
    int64_t policy[POLICY_COUNT];

    /* of one run */
    struct sim *sim;
    struct realm *realm;
    struct chance pace;
    const struct step *now; /* what is played */
    size_t played;
    struct {
        const char *name;
        uint64_t end_ms;
    } mark[MARKS_MAX];
    size_t marks;
    struct {
        char who[HEARD_BYTES / 8], text[HEARD_BYTES];
    } heard[HEARD_MAX]; /* round and round */
    size_t heard_count;
    uint64_t asked;        /* requests to the lab */
    char said[SAID_BYTES]; /* to whoever typed last */
};

/* NULL: *why says which line has no meaning here. */
struct scenario *scenario_read(const char *path, char why[WHY_BYTES]);
void scenario_free(struct scenario *p);

/* For the run that plays it. */
void scenario_play(struct sim *s);
void scenario_heard(struct scenario *p, const char *who, const char *text);
void scenario_policy(const struct scenario *p, bool set[POLICY_COUNT], struct policy *policy);

/* scenario.c, for the other files of the player */
void play_pass(struct scenario *p, uint64_t ms);      /* the run goes on for so long */
struct tenant *play_tenant(const struct scenario *p); /* NULL: no controller runs */
struct node *play_node(const struct scenario *p, const char *host); /* NULL: there is none */
/* The lab's answer to a person, who waits for it. NULL: none came. The caller's. */
json_t *play_ask(struct scenario *p, const char *who, const char *op, const char *fields);

/* scenario_type.c */
struct typed {
    enum baton_status status;
    char said[SAID_BYTES];
};
/* false: no person of the simulator knows this command. */
bool play_type(struct scenario *p, const char *by, size_t count, const char *const *word,
               struct typed *ret);
void play_tell_problem(const struct problem *p, char *out, size_t cap);

/* scenario_see.c: so or not; *ret_known false: nobody can see such a thing here */
bool play_holds(struct scenario *p, size_t count, const char *const *word, bool *ret_known);

#endif
