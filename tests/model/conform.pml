/* hostile.pml made to follow a trace: what an agent of the product did is what the model's agent does next, or the
 * trace is refused. Steps that no trace tells (a look that shows nothing new, a wizard, a service that is disabled)
 * may come in between, in any number.
 *
 * After each step what both agents keep, what has been proven and who can export is held against the row of the
 * trace: it is as it was, or it is as the next row says. A trace that can be followed ends in a failed assertion.
 * The rows are numbers, written by `conform` in this folder, which also reads how far it went.
 */
#define TRACE
#define NEXT(what, m) (what_next == what && member_next == m)
#define MUST(x) astray = astray || !(x)
#define NEVER_TWO skip /* the simulator's observer excuses what people did; here that is the trace's own */
#define SERIALS_MAX 250
#define RUNS(m) (running[m] || starting[m]) /* a service that starts is not stopped */

/* What a row tells; `conform` has the same names. */
#define END 0
#define PROMISES 1
#define ADOPTS 2
#define GRANTED 3
#define VOIDS 4
#define LOOKS 5
#define PROVEN_QUIET 6
#define RETIRES 7
#define DISARMS 8
#define READMITS 9
#define REMEMBERS 10
#define QUARANTINED 11
#define REMINDED 12
#define ORDERED 13
#define SERVER 14
#define BOOTS 15
#define HAND_STARTED 16
#define SNAPSHOT_TAKEN 17
#define REVERTED 18
#define UNINSTALLED 19
#define ATTESTED_ORDER 21
#define FORCED 22
#define NOTHING 20 /* told, and the model has no such step: it must change nothing */

short at;          /* the row that both servers have reached */
byte what_next, member_next, epoch_next, recipient_next; /* of the row after it */
bit astray;        /* a step that the model says never to happen */
bit forcing[2];    /* somebody makes it export in staging mode */
bit removing[2];   /* its product is being uninstalled */
bit back[2];       /* reverted, and the agent has not started yet */
short taken[2];    /* the row at which a snapshot was taken */
bit kept_disabled[2], kept_staging[2]; /* in that snapshot */
#include "hostile.pml"

c_code {
enum { ROWS_MAX = 4096 };
struct kept { int prom, rcp, holding, live, tomb, retired, ever, armed, given, tamper, barred, by_us, adopted, can, proven; };
struct row { int what, member, epoch, recipient, cred; struct kept of[2]; };
static struct row row[ROWS_MAX];
static int rows, farthest;
static void read_kept(FILE *f, struct kept *k)
{
    int *at = &k->prom;
    for (size_t i = 0; i < sizeof *k / sizeof *at; i++)
        if (fscanf(f, "%d", at + i) != 1)
            exit(9);
}
static void __attribute__((constructor)) read_trace(void)
{
    FILE *f = fopen(getenv("TRACE"), "r");
    struct row *r;
    if (f == NULL)
        exit(9);
    for (r = row; rows < ROWS_MAX && fscanf(f, "%d %d %d %d %d", &r->what, &r->member, &r->epoch, &r->recipient, &r->cred) == 5; r++) {
        read_kept(f, &r->of[0]);
        read_kept(f, &r->of[1]);
        rows++;
    }
    fclose(f);
}
static void __attribute__((destructor)) tell_farthest(void)
{
    printf("farthest %d of %d\n", farthest, rows);
}
static void arrive(void)
{
    static const struct row end;
    const struct row *next = now.at + 1 < rows ? &row[now.at + 1] : &end;
    now.what_next = next->what;
    now.member_next = next->member;
    now.epoch_next = next->epoch;
    now.recipient_next = next->recipient;
    farthest = now.at > farthest ? now.at : farthest;
}
static int highest_before(int at, int m)
{
    int i, e = 0;
    for (i = 0; i <= at; i++)
        e = row[i].of[m].prom > e ? row[i].of[m].prom : e;
    return e;
}
/* A memory that is not the newest: what stood in an earlier row. */
static void remember(int m, const struct kept *k)
{
    now.prom[m] = k->prom, now.rcp[m] = k->rcp, now.adopted[m] = k->adopted;
    now.holding[m] = k->holding, now.live[m] = k->live, now.tomb[m] = k->tomb, now.retired[m] = k->retired;
    now.ever[m] = k->ever, now.armed[m] = k->armed, now.given[m] = k->given, now.tamper[m] = k->tamper;
    now.barred[m] = k->barred, now.by_us[m] = k->by_us;
    now.due[m] = now.guard_stop[m] = now.quiet[m] = 0;
}
static void lose_role(int m)
{
    now.barred[m] = 1;
    now.holding[m] = now.live[m] = now.due[m] = 0;
}
/* A word of its own that it has forgotten: it was true in an earlier row. */
static void be_reminded(int m)
{
    const struct kept *k = &row[now.at].of[m], *was;
    int i;
    for (i = 0; i < now.at; i++) {
        was = &row[i].of[m];
        if (was->prom == k->prom && was->rcp == k->rcp && was->tomb >= k->tomb && was->ever >= k->ever && was->retired >= k->retired)
            break;
    }
    lose_role(m);
    now.by_us[m] = 1;
    if (i == now.at || k->prom < now.prom[m] || k->tomb < now.tomb[m] || k->ever < now.ever[m] || k->retired < now.retired[m])
        now.astray = 1;
    if (k->prom > now.prom[m])
        now.prom[m] = k->prom, now.rcp[m] = k->rcp, now.given[m] = now.adopted[m] = now.quiet[m] = 0;
    now.tomb[m] = k->tomb, now.ever[m] = k->ever, now.retired[m] = k->retired;
}
/* To the record's epoch, which is above all that this member ever promised; nobody is its recipient. */
static void be_readmitted(int m)
{
    if (now.epoch_next < highest_before(now.at, m))
        now.astray = 1;
    if (now.epoch_next > now.prom[m])
        now.prom[m] = now.epoch_next, now.adopted[m] = 0;
    now.rcp[m] = NOBODY;
    now.barred[m] = now.given[m] = now.quiet[m] = 0;
}
static int fits_kept(const struct kept *k, int m)
{
    int can = now.running[m] && (m == OLD || !now.staging[m]) && (m == NEW || now.cred || now.token);
    return k->prom == now.prom[m] && k->rcp == now.rcp[m] && k->holding == now.holding[m] && k->live == now.live[m] &&
           k->tomb == now.tomb[m] && k->retired == now.retired[m] && k->ever == now.ever[m] && k->armed == now.armed[m] &&
           k->given == now.given[m] && k->tamper == now.tamper[m] && k->barred == now.barred[m] &&
           k->by_us == now.by_us[m] && k->adopted == now.adopted[m] && k->can == can && k->proven == now.evidence[m];
}
static int fits(int at)
{
    return at < rows && row[at].cred == now.cred && fits_kept(&row[at].of[0], 0) && fits_kept(&row[at].of[1], 1);
}
static void follow(void)
{
    if (!fits(now.at) && fits(now.at + 1))
        now.at++;
    else if (!fits(now.at))
        now.astray = 1;
    if (!now.astray)
        arrive();
}
}

#define FOLLOW d_step { c_code { follow(); }; assert(what_next != END) }; !astray

/* ---- the world as the trace has it ---- */
/* Services stop and are disabled one after the other; those of a booted machine start when they like. */
#define SERVICES(m) \
 :: STEP { WANTS_STOP(m) && !disabled[m] -> disabled[m] = 1 } \
 :: STEP { WANTS_STOP(m) && (running[m] || starting[m]) -> running[m] = 0; starting[m] = 0 } \
 :: STEP { starting[m] -> starting[m] = 0; running[m] = 1 }
#define BOOT(m) :: STEP { NEXT(BOOTS, m) -> at++; running[m] = 0; starting[m] = !disabled[m]; wizard[m] = 0; quiet[m] = 0 }
#define HAND_START(m) :: STEP { NEXT(HAND_STARTED, m) -> at++; starting[m] = !running[m]; disabled[m] = 0 }
#define FORCED_EXPORT(m) \
 :: STEP { NEXT(FORCED, m) -> at++; forcing[m] = 1 } \
 :: STEP { forcing[m] -> forcing[m] = 0; exported[m] = 1; unseen[m] = 1; quiet[m] = 0 }
#define UNINSTALL(m) \
 :: STEP { NEXT(UNINSTALLED, m) -> at++; removing[m] = 1 } \
 :: STEP { removing[m] -> removing[m] = 0; running[m] = 0; starting[m] = 0; disabled[m] = 1 }

/* A snapshot holds the agent's memory, and how its services are set. Reverted, the machine boots as on that day; its agent
 * starts later, remembers, sees that this is another machine, and bars itself. */
#define SNAPSHOT(m) :: STEP { NEXT(SNAPSHOT_TAKEN, m) -> at++; taken[m] = at; kept_disabled[m] = disabled[m]; kept_staging[m] = staging[m] }
#define REVERT(m) :: STEP { NEXT(REVERTED, m) -> at++; back[m] = 1; disabled[m] = kept_disabled[m]; staging[m] = kept_staging[m]; \
    running[m] = 0; starting[m] = !disabled[m]; wizard[m] = 0; quiet[m] = 0 }
#define MEMORY(m) \
 :: STEP { NEXT(REMEMBERS, m) && back[m] -> at++; c_code { remember(m, &row[now.taken[m]].of[m]); } } \
 :: STEP { NEXT(QUARANTINED, m) && back[m] -> at++; back[m] = 0; by_us[m] = by_us[m] || prom[m] > 0 || tomb[m]; c_code { lose_role(m); } } \
 :: STEP { NEXT(REMINDED, m) -> at++; c_code { be_reminded(m); } } \
 :: STEP { NEXT(READMITS, m) && barred[m] -> at++; c_code { be_readmitted(m); } }

/* ---- what stands in the trace beside the agents' steps ---- */
/* A grant that a controller sends can be taken, whatever became of it on the way: its evidence is there. */
#define ORDER(m) :: STEP { NEXT(ORDERED, m) && PROVEN(m, epoch_next) -> at++ }
/* Or two people stand in for it: whether that is so, they know. */
#define ATTESTED_GRANT(m) :: STEP { NEXT(ATTESTED_ORDER, m) -> at++; attested = attested | (1 << epoch_next) }
#define TOLD :: STEP { what_next == NOTHING -> at++ }

active proctype Trace() {
  d_step { staging[NEW] = 1; c_code { arrive(); } }
end:
  do
  :: if
     ADOPT(OLD, epoch_next, recipient_next) ADOPT(NEW, epoch_next, recipient_next)
     FENCE(OLD, epoch_next, recipient_next) FENCE(NEW, epoch_next, recipient_next)
     GRANT(OLD, prom[OLD]) GRANT(NEW, prom[NEW])
     VOID(OLD) VOID(NEW) LOOK(OLD) LOOK(NEW) ACT(OLD) ACT(NEW)
     RETIRE(OLD) RETIRE(NEW) DISARM(OLD) DISARM(NEW)
     PEOPLE(NEW) EXPORT(NEW)
     SERVICES(OLD) SERVICES(NEW) BOOT(OLD) BOOT(NEW) HAND_START(OLD) UNINSTALL(OLD) UNINSTALL(NEW) FORCED_EXPORT(NEW)
     SNAPSHOT(OLD) SNAPSHOT(NEW) REVERT(OLD) REVERT(NEW) MEMORY(OLD) MEMORY(NEW)
     :: STEP { NEXT(SERVER, OLD) && cred -> cred = 0; token = 1 }
     :: STEP { !cred && token -> token = 0 }
     ORDER(OLD) ORDER(NEW) ATTESTED_GRANT(NEW) TOLD
     fi;
     FOLLOW
  od
}
