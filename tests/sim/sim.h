/* sim.h: one run of the simulator: controllers, agents, servers, people and faults, from one number.
 *
 * Shape      The programs' own object files, in one process and one thread. Where they meet the system
 *            the run puts its own in the place: a clock for each machine, a network of frames in flight,
 *            chance from the seed, folders that a crash freezes. The servers are those of baton-lab,
 *            behind the same reader of answers that the agent has. Nothing here decides anything that
 *            the programs decide.
 * Units      *_ms is the run's own time, which jumps from event to event; a machine's clocks follow it
 *            at their own rate.
 * Limits     TENANTS_MAX tenants with two servers each; SITES controllers of one identity.
 * Threads    One.
 * Source     reliability 3.1, 3.2.
 */
#ifndef SIM_H
#define SIM_H

#include <jansson.h>
#include <stdio.h>

#include "chance.h"
#include "common/crypto/crypto.h"

enum {
    TENANTS_MAX = 64,
    SIDES = 2,
    TWIN = SIDES, /* a copy of one of them that runs besides */
    NODES,
    SITES = 2,
    PEOPLE = 3,
    DIR_BYTES = 160,
    INBOX_FRAMES_MAX = 64,
    LINK_EVENTS_MAX = 16,
    LABEL_BYTES = 32,
    WHY_BYTES = 512,
};

enum side { OLD, NEW };

/* Families of faults: each seed draws which are on and how often they come. */
// clang-format off
#define SIM_FAULTS(X)                                                                              \
    X(FAULT_DROP, "drop", "a frame is lost")                                                       \
    X(FAULT_DELAY, "delay", "a frame takes seconds")                                               \
    X(FAULT_DUPLICATE, "duplicate", "a frame comes twice")                                         \
    X(FAULT_REORDER, "reorder", "a frame overtakes others")                                        \
    X(FAULT_REPLAY, "replay", "a frame of long ago comes again")                                   \
    X(FAULT_RESET, "reset", "a connection breaks")                                                 \
    X(FAULT_PARTITION, "partition", "frames of one direction vanish for a while")                  \
    X(FAULT_CLOG, "clog", "frames of one direction wait and then come all at once")                \
    X(FAULT_KILL_AGENT, "kill-agent", "an agent ends at some step, and starts again")              \
    X(FAULT_KILL_SITE, "kill-controller", "the controller ends at some step, and starts again")    \
    X(FAULT_STORM, "storm", "a program is killed again while it starts")                           \
    X(FAULT_PAUSE, "pause", "a program stands still for up to an hour")                            \
    X(FAULT_REBOOT, "reboot", "a server boots, its agent with it")                                 \
    X(FAULT_REENABLE, "re-enable", "somebody starts the old services by hand")                     \
    X(FAULT_STEP, "clock-step", "a machine's time of day jumps, by up to ten years")               \
    X(FAULT_RATE, "clock-rate", "a machine's clock runs at half or double speed, or stands")       \
    X(FAULT_PEOPLE, "people", "somebody does what nobody asked for, or the same again")            \
    X(FAULT_REVERT, "revert", "a server is put back to a snapshot of its machine")                 \
    X(FAULT_COMMIT, "fail-commit", "a commit fails, or says that it did")                          \
    X(FAULT_RESTORE, "restore", "the controller begins with an older database")                    \
    X(FAULT_TWO_SITES, "two-controllers", "two controllers run from one image")                    \
    X(FAULT_CLONE, "clone", "a copy of a server, agent and keys with it, runs besides")            \
    X(FAULT_VERSION, "version", "an agent is for a while of a build with other frames")            \
    X(FAULT_POWER, "power", "a server has no power for minutes")                                   \
    X(FAULT_TENANT, "tenant", "the tenant's service revokes late, refuses, or takes it back")              \
    X(FAULT_STRAGGLE, "straggle", "a connection that was given up still delivers what was in it")
// clang-format on

enum fault {
#define X(id, name, what) id,
    SIM_FAULTS(X)
#undef X
        FAULT_COUNT,
    /* From here on they draw from a stream of their own: a seed that has none of them is the run that it was before
     * there were any. */
    FAULT_LATER = FAULT_CLONE
};

struct sim;
struct realm;
struct tenant;
struct machine;
struct scenario;
struct door;

/* --- one machine's clocks ----------------------------------------------------------------------- */

struct machine_clock {
    uint64_t at_ms;   /* of the run, when the rest was set */
    uint64_t mono_ms; /* then */
    int64_t wall_skew_ms;
    uint32_t rate_mille; /* 1000: as the run's */
};

/* --- one agent ---------------------------------------------------------------------------------- */

struct frame {
    uint8_t *bytes;
    size_t len;
};

struct straggle { /* what it sends over this connection arrives when there is a newer one */
    uint32_t connection;
    unsigned left;  /* frames, until it is given up */
    size_t at_site; /* whose connection it is, and in which run: with that it ends */
    unsigned runs;
    uint64_t due_ms;
};

struct seen { /* what the observer looks at in an agent's promise */
    bool known, holding, tombstone, quarantined, for_itself, for_old;
    bool foreign; /* its recipient is no server of this tenant */
    bool grant_live, grant_used, ever_exported, tamper_open, adopt;
    uint32_t serial;
    struct epoch epoch, holding_epoch;
};

struct node {
    struct sim *sim;
    struct realm *realm;
    enum side side;
    char name[8], dir[DIR_BYTES]; /* dir: of this life */
    unsigned life;
    struct crypto_seeds seeds;
    struct baton_key sign_key, curve_key, box_key;
    struct machine_clock clock;

    bool up;             /* a program runs */
    bool waits;          /* for its server's power */
    bool own_server;     /* TWIN: the whole machine was copied, and not its folder alone */
    bool other_build;    /* its frames are of another version */
    uint64_t build_ms;   /* until then */
    uint64_t refused_ms; /* when the controller was last told of a frame that is none */
    struct life *inside; /* node.c's own */
    uint64_t start_ms, due_ms, frozen_until_ms;
    bool snapshot;    /* there is one of its machine */
    bool running;     /* its code runs now */
    bool dying;       /* killed inside: what it does from here on reaches nobody */
    uint32_t kill_in; /* calls of a port; 0: never */

    /* its end of the wire */
    bool bus_open;
    uint32_t connection; /* 0: none */
    size_t at_site;
    uint64_t redial_ms;
    struct frame inbox[INBOX_FRAMES_MAX], in_hand;
    size_t inbox_count;
    uint8_t link[LINK_EVENTS_MAX]; /* enum agent_bus_event */
    size_t link_count;
    bool link_up; /* by the events taken */
    uint64_t silent_out_until_ms, silent_in_until_ms, clog_until_ms[2];
    struct straggle straggle;

    struct seen was;
    bool was_able;
    struct epoch promised; /* the highest, also where it was put back to a lower one */
    struct epoch granted;  /* under which a grant was live, and which one */
    uint32_t granted_serial;
};

/* --- one controller ----------------------------------------------------------------------------- */

struct site {
    struct sim *sim;
    size_t index;
    char dir[DIR_BYTES];
    struct engine *engine; /* NULL: down */
    struct site_store *store;
    bool in_transaction, inside, dead, disk_failed;
    uint64_t first_seq, last_seq; /* of the audit records in this transaction; 0: none */
    uint64_t log_size;            /* of its log when it went down; 0: not known */
    struct baton_hash log_root;
    uint32_t kill_in;
    struct machine_clock clock;
    uint64_t start_ms, due_ms, frozen_until_ms;
    unsigned runs;
    uint32_t door[TENANTS_MAX]; /* a bit for each side that may connect */
    bool backed_up, restored;   /* restored: what it knew may have fallen */
};

/* --- one tenant --------------------------------------------------------------------------------- */

struct twin { /* clone.c: what is known of the copy, beside the node that it is */
    bool made, told_apart, of_exporter, over; /* told apart: by a new generation id */
    uint64_t until_ms;                        /* a person switches it off */
    uint64_t excused_until_ms;                /* of two that can export, it being one of them */
};

struct outage { /* outage.c */
    bool came, off[SIDES];
    bool at_fence;     /* the old one loses it when it is to be fenced */
    bool before_it;    /* and the order does not reach it */
    bool unheard;      /* it comes back to the tenant before it comes back to the controller */
    uint64_t fence_ms; /* how long */
    bool careless;     /* people sign before the tenant lets it in no more */
    bool revoked;      /* its account does not work any more */
    bool wrong;        /* what people signed of it is not so */
    uint64_t back_ms[SIDES];
    uint64_t asked_ms;     /* when the service accepted a revocation; 0: it did not */
    uint64_t takes_ms;     /* when that takes effect; 0: it has, or was not asked */
    struct epoch attested; /* for which two people have signed */
};

struct realm {
    struct sim *sim;
    size_t index;
    struct baton_id id;
    char name[32];
    struct truth *truth;
    struct node node[NODES];
    struct door *door;  /* NULL: no key has two connections */
    uint64_t people_ms; /* when somebody looks next */
    uint8_t state;      /* of the handoff, as last traced */
    uint64_t moved_ms;  /* when it changed */
    size_t exports;     /* of the tenant, seen so far */
    size_t overlaps;
    size_t twin_overlaps;
    bool new_exported;
    uint64_t excused_until_ms; /* of two that can export: a person did that */
    bool reverted;             /* one of its servers was, or was copied */
    struct twin twin;
    struct outage outage;
    bool late; /* staging mode was left after a grant that had been live was not any more */
    bool by_hand[SIDES], odd; /* odd: the next look does something that nobody asked for */
    struct epoch epoch;       /* of the authority record */
    uint64_t go_ms;           /* when go was asked for; 0: it is not */
    uint64_t verified_ms;     /* when it was asked for again; 0: it was not */
    unsigned pages;
    uint64_t paged_ms; /* the newest of them */
    unsigned
        pages_owed;     /* an alarm that was raised has not been paged as long as there are fewer */
    uint64_t gap_ms;    /* since when nobody can export; 0: somebody can, or never could */
    unsigned gap_pages; /* when it began */
    size_t gap_exports; /* then, or before */
    uint64_t able_ms;   /* since when somebody can export; 0: nobody can */
};

/* --- frames in flight --------------------------------------------------------------------------- */

struct flight {
    uint64_t due_ms, order;
    bool to_site;
    struct node *node;
    uint32_t connection; /* 0: whatever is there: a copy that an attacker kept */
    bool straggles;
    struct frame frame;
    char label[LABEL_BYTES];
};

struct net {
    struct flight *item;
    size_t count, cap;
    struct flight *kept; /* for replays: round and round */
    size_t kept_count, kept_at;
    uint32_t connections;
    uint64_t last_due_ms[TENANTS_MAX][SIDES][2];
};

struct swarm { /* what this seed draws */
    bool on[FAULT_COUNT];
    unsigned per_mille[FAULT_COUNT];
    uint64_t quiet_ms; /* from here on no fault comes */
    unsigned limit;    /* faults that may come at all; the shrinker lowers it */
};

struct sim {
    uint64_t seed, now_ms, order;
    char dir[DIR_BYTES];
    bool trace, small;
    FILE *events_out; /* NULL: nobody listens */
    const char *broken;
    struct scenario *scenario; /* that is played; NULL: people and faults of the seed's own */
    uint64_t hash, events;

    struct crypto_identity controller;
    struct crypto_signer root, person[PEOPLE];
    struct baton_id person_id[PEOPLE];
    struct site site[SITES];
    struct realm realm[TENANTS_MAX];
    size_t realm_count;
    struct net net;
    struct swarm swarm;
    struct chance plan, wire, crash, people, later;
    bool ended; /* the faults are over */
    bool over;  /* every handoff has ended: what is left is to fall silent */
    uint64_t over_ms;
    size_t descriptors, memory; /* of the process, when it began */
    uint64_t fault_ms;          /* when the next one of those that come by the clock does */
    uint64_t later_ms;          /* and of those from FAULT_LATER on */
    unsigned faults;            /* that came so far */
    unsigned came[FAULT_COUNT];
    uint64_t came_ms[FAULT_COUNT];
    unsigned met[FAULT_COUNT][FAULT_COUNT];

    bool failed;
    char why[WHY_BYTES];
    struct {
        uint64_t frames, kills, commits, handoffs, exports, sim_ms;
    } tally;
};

struct sim_options {
    uint64_t seed;
    size_t tenants;
    bool trace;
    bool small;                /* a short handoff, and few looks at what does not move */
    bool plain;                /* nothing is spared: signatures are computed, databases are files */
    uint32_t off;              /* families that are kept off: bits */
    uint32_t with;             /* of those from FAULT_LATER on: on in any case */
    unsigned limit;            /* faults that may come at all */
    const char *broken;        /* break.c; NULL: nothing is */
    struct scenario *scenario; /* scenario.h; NULL: a run of the seed's own */
    FILE *events;              /* events.c; NULL: nobody listens */
    const char *dir;
};

struct sim_result {
    bool failed, done; /* done: every handoff has ended, or stands where it may stand */
    char why[WHY_BYTES];
    uint64_t hash, events, sim_ms;
    unsigned faults, came[FAULT_COUNT], met[FAULT_COUNT][FAULT_COUNT];
    uint32_t on; /* families */
};

void sim_run(const struct sim_options *o, struct sim_result *ret_result);
const char *fault_name(enum fault f);
const char *fault_what(enum fault f);

/* sim.c */
uint64_t sim_next(const struct sim *s);    /* when the next event is */
void sim_step(struct sim *s);              /* does it, and looks at everything */
extern struct sim *sim_now;                /* the run whose code is executing */
extern struct node *sim_node;              /* and the agent, NULL: none */
uint64_t sim_unix_ms(const struct sim *s); /* the true time of day */
uint64_t clock_mono(const struct machine_clock *c, uint64_t now_ms);
uint64_t clock_wall(const struct machine_clock *c, uint64_t now_ms);
void clock_rate(struct machine_clock *c, uint64_t now_ms, uint32_t rate_mille);
/* One line of the trace; always part of its hash. */
void sim_tell(struct sim *s, const char *who, const char *fmt, ...) BATON_PRINTF(3, 4);
void sim_mix(struct sim *s, const uint8_t *bytes, size_t len); /* into the hash alone */
/* A promise of ours is broken. The first one counts. */
void sim_fail(struct sim *s, const char *invariant, const char *fmt, ...) BATON_PRINTF(3, 4);

/* fault.c */
void fault_draw(struct sim *s, const struct sim_options *o);
bool fault_comes(struct sim *s, struct chance *c,
                 enum fault f); /* drawn for one occasion, and counted */
void fault_count(struct sim *s, enum fault f);
bool fault_may(const struct sim *s, enum fault f);
void fault_end(struct sim *s);
void fault_clock(struct sim *s); /* those that come by themselves */
void fault_later(struct sim *s); /* those from FAULT_LATER on */

/* outage.c: false: this tenant is not in the state for it */
bool outage_begin(struct sim *s, struct realm *r);
bool outage_enabled(struct realm *r);
bool outage_refused(struct realm *r); /* what people ask the tenant's service for */
void outage_time(struct realm *r);
void outage_people(struct realm *r, const struct tenant *t);
bool outage_excuses(struct realm *r);

/* clone.c */
bool clone_make(struct sim *s, struct node *of); /* false: this tenant has had one */
void clone_people(struct realm *r); /* who switches it off, and says which one is right */
void clone_end(struct realm *r);
/* Of a copy of who exports, on a machine that looks the same, nothing is promised until a person stops it. */
bool clone_promised(const struct realm *r);
/* It has promised what the one that it is a copy of has not heard. */
bool clone_stood_in(const struct realm *r);

/* node.c */
void node_open(struct node *n, struct realm *r, enum side side);
void node_close(struct node *n);
/* A second one runs from a copy of its memory, on the same server. */
void node_clone(const struct node *of, const char *memory);
void node_end(struct node *n);               /* for good */
enum side node_server(const struct node *n); /* on which it runs: OLD, NEW or TWIN */
bool node_there(const struct node *n);       /* there is such an agent, running or not */
void node_turn(struct node *n);
void node_kill(struct node *n, uint64_t down_ms);
void node_snapshot(struct node *n);
void node_revert(struct node *n,
                 uint64_t down_ms); /* as a host does that shows a new generation id */
bool node_port(struct node *n);     /* a port was called: may end here; false: the agent is dead */
bool node_may_run(const struct node *n);
void node_identity(struct node *n, struct machine *ret_machine);
bool node_ready(const struct node *n); /* as its program says it when it has started */
json_t *node_status(struct node *n);   /* what its status command shows; NULL: it does not run */
void node_link(struct node *n, bool up, bool refused);
void node_see(const struct node *n, struct seen *ret_seen);
uint64_t node_host_due(const struct node *n);
void node_host_run(struct node *n);

/* truth.c: the servers as they are, in the lab's world; lines and answers are those of its protocol */
void truth_open(struct realm *r);
void truth_close(struct realm *r);
void truth_tick(struct realm *r);
uint64_t truth_next(const struct realm *r);
void truth_ask(struct node *n, const char *line); /* node_answer follows */
/* As a person at the server's console: nobody waits for the answer. */
void truth_do(struct realm *r, enum side side, const char *fmt, ...) BATON_PRINTF(3, 4);
const char *truth_folder(const struct realm *r, enum side side);
/* A person who waits for the answer; n NULL: at the tenant. The answer is the caller's, NULL: none yet. */
void truth_person(struct realm *r, const struct node *n_or_null, const char *line);
bool truth_answered(const struct realm *r);
json_t *truth_answer(struct realm *r);
struct truth_server {
    bool powered, product, configured, staging, busy, account, exported_settings, engine_runs;
};
struct truth_server truth_server(const struct realm *r, enum side side);
bool truth_able(const struct realm *r, enum side side);
size_t truth_overlaps(const struct realm *r,
                      uint32_t servers); /* in which all of these bits were */
/* The server as it is, a second time: it boots from what lies on the disk at this moment. */
void truth_copy(struct realm *r, enum side of, bool new_generation);
/* The at-th export to the tenant; false: there is none yet. */
bool truth_export(const struct realm *r, size_t at, enum side *ret_side, bool *ret_forced);
/* node.c again: both take over a reference */
void node_answer(struct node *n, uint32_t ticket, json_t *answer);
void node_event(struct node *n, json_t *event);

/* net.c */
void net_send(struct sim *s, struct node *n, bool to_site, const uint8_t *bytes, size_t len,
              const char *label);
uint64_t net_due(const struct sim *s);
void net_deliver(struct sim *s);
void net_dial(struct sim *s, struct node *n);
void net_break(struct sim *s, struct node *n, bool told);
void net_close(struct sim *s);

/* site.c */
void site_open(struct site *st, struct sim *s, size_t index);
void site_start(struct site *st);
void site_kill(struct site *st, uint64_t down_ms);
void site_close(struct site *st);
void site_turn(struct site *st);
/* connection: over which it came, and that may be an older one than the node's own. */
bool site_frame(struct site *st, struct node *n, uint32_t connection, const uint8_t *bytes,
                size_t len);
void site_lost(struct site *st, struct node *n);
/* Blocks as a person does; the answer may be lost with the controller. */
struct engine_call;
enum baton_status site_call(struct site *st, struct engine_call *c);
struct tenant *site_tenant(const struct site *st, const struct realm *r);
struct site *site_of_people(struct sim *s);

/* secret.c */
void secret_open(const struct sim *s);
void secret_look(struct sim *s, const char *where, const void *bytes, size_t len);
void secret_look_at_disks(const struct sim *s);

/* budget.c */
void budget_begin(struct sim *s);
void budget_look(struct sim *s); /* while it runs */
void budget_databases(struct sim *s);
void budget_end(struct sim *s); /* everything is closed */

/* disk.c: the databases' files, in memory */
void disk_take_over(void);
void disk_real(bool on); /* a file is one of the machine's again; none may be open */
void disk_write_out(void);
void disk_copy(const char *from, const char *to); /* a folder, as it is now */

/* machinery.c */
void machinery_begin(void);
void machinery_plain(bool plain); /* plain: every signature is computed */
void machinery_forget(void);      /* what one run has learnt */

/* break.c: worlds in which one promise does not hold, each to be found */
bool sim_break_known(const char *name);
bool sim_breaks(const struct sim *s, const char *name);

/* site.c: its folder is kept, put back, or copied to the other controller, while it is down */
void site_back_up(struct site *st);
void site_restore(struct site *st);
void site_copy(const struct site *from, struct site *to);

/* events.c: what truly happens to the promises, for tests/model/conform */
struct order;
void events_begin(struct sim *s, FILE *out);
void events_look(const struct realm *r); /* what changed at its servers */
void events_done(const struct realm *r, enum side side, const char *line); /* truth_do did it */
void events_order(const struct node *n, const struct order *o); /* it leaves for this agent */

/* people.c */
void people_found(struct sim *s); /* logins, trust, tenants, agents: before anything goes wrong */
void people_look(struct realm *r);
bool people_confirm(struct realm *r, const struct node *n);
void people_fence(struct realm *r);                         /* `baton cutover fence` */
bool people_attest(struct realm *r, const struct node *n);  /* two of them */
void people_readmit(struct realm *r, const struct node *n); /* where it is quarantined */

/* observer.c */
void observe_all(struct sim *s);
bool observe_silent(struct sim *s); /* every handoff is over, and so is what was to be said of it */
void observe_end(struct sim *s);

#endif
