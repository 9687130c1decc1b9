/* Two servers, their agents, people, and a controller that wants two exporters.
 *
 * Whatever the controller may send it is taken to have sent already, to everybody: an agent may act at any
 * moment on any order that its own checks let through. So loss, repetition, reordering, delay, any number of
 * controllers and a controller restored from a backup are all in here. What holds orders back is what the
 * controller cannot make: signed evidence (once given it can be shown for ever), people's approvals, and the
 * agent's own memory. A crash may fall between any two of store, act, look and answer.
 *
 * One compiled model serves every run: KNOB_* in the environment says what there is of the world, and
 * KNOB_BROKEN (one of M_*) takes one check out. `run` in this folder has the table of runs.
 */
#ifndef STEP /* atomic: as slow as it is exact about what was never reached */
#define STEP d_step
#endif
#define OLD 0
#define NEW 1
#define NOBODY 2
#define EPOCHS_MAX 4

/* What may be broken. Each must be found. */
#define M_GRANT_OF_ANY_EPOCH 1      /* agents that do not check epochs: a late grant is honoured */
#define M_GRANT_WITHOUT_EVIDENCE 2  /* a time-out is taken for "released" */
#define M_EVIDENCE_FOR_ANYBODY 3    /* evidence does not name its recipient */
#define M_BLIND_TO_WIZARDS 4        /* evidence while somebody may still click */
#define M_RUNNING_IS_HOLDING 5      /* a hand-started server counts as holder */
#define M_EVIDENCE_BEFORE_STOP 6    /* evidence is written before the service has stopped */
#define M_PROMISE_AFTER_EVIDENCE 7  /* a crash forgets what was promised */
#define M_NO_POINT_OF_NO_RETURN 8   /* back to a legacy server although NEW has exported */
#define M_RETURN_WITHOUT_EVIDENCE 9 /* rollback does not ask NEW */
#define M_GRANT_SURVIVES_FENCE 10   /* a live grant outlives a newer promise */
#define M_EPOCH_MAY_FALL 11         /* an older FENCE is obeyed again */
#define M_ONE_PERSON 12             /* one person counts twice */
#define M_APPROVAL_FOR_EVER 13      /* an approval outlives the rollback that came after it */
#define M_GO_OF_ANY_EPOCH 14        /* go does not name what it is about */
#define M_READMIT_AS_REMEMBERED 15  /* readmission leaves the reverted memory as it is */
#define M_QUARANTINE_IS_GRANTED 16  /* quarantine does not bar grants */
#define M_QUARANTINE_RUNS 17        /* quarantine stops no service */
#define M_TOKENS_FORGOTTEN 18       /* people attest a revocation before its tokens have ended */
#define M_FORCED_EXPORT_UNSEEN 19   /* nobody reads the run history */
#define M_EXPIRY_STARTS 20          /* a watchdog that means well */
#define M_GRANT_WHILE_HOLDING_OTHER 21 /* the recipient's promise may name another */
#define M_RETIRED_IS_GRANTED 22     /* a retirement ends with the next FENCE */

c_decl {
\#include <stdlib.h>
\#include <stdio.h>
\#include <string.h>
}
c_code {
static int k_epochs = 3, k_crashes, k_late_start, k_hand, k_revoke, k_go_waits, k_attest, k_no_death, k_comes_back, k_forced, k_approvals, k_adopt_again, k_disarm, k_retire, k_snapshot, k_generation_id = 1, k_any_snapshot, k_any_click, k_swing, k_broken;
static const struct { const char *name; int *at; } knobs[] = {
    { "EPOCHS", &k_epochs }, { "CRASHES", &k_crashes }, { "LATE_START", &k_late_start }, { "HAND", &k_hand },
    { "REVOKE", &k_revoke }, { "GO_WAITS", &k_go_waits }, { "ATTEST", &k_attest }, { "NO_DEATH", &k_no_death }, { "COMES_BACK", &k_comes_back },
    { "FORCED", &k_forced }, { "APPROVALS", &k_approvals }, { "ADOPT_AGAIN", &k_adopt_again }, { "DISARM", &k_disarm },
    { "RETIRE", &k_retire }, { "SNAPSHOT", &k_snapshot }, { "GENERATION_ID", &k_generation_id },
    { "ANY_SNAPSHOT", &k_any_snapshot }, { "ANY_CLICK", &k_any_click }, { "SWING", &k_swing }, { "BROKEN", &k_broken },
};
static void __attribute__((constructor)) read_knobs(void)
{
    for (size_t i = 0; i < sizeof knobs / sizeof *knobs; i++) {
        char name[64];
        snprintf(name, sizeof name, "KNOB_%s", knobs[i].name);
        if (getenv(name) != NULL)
            *knobs[i].at = atoi(getenv(name));
    }
}
}
#define KNOB(x) c_expr { k_##x }
#define M(x) c_expr { k_broken == x }

/* ---- what an agent keeps ---- */
byte prom[2], rcp[2] = NOBODY;  /* the promise */
byte to_old[2], to_new[2];      /* highest epoch promised to each */
byte serial[2];
bit holding[2], live[2], tomb[2], given[2], armed[2], by_us[2], guard_stop[2], due[2], tamper[2], adopted[2];
bit ever[2], barred[2], retired[2];
byte quiet[2];                  /* of this boot: kind that the last look showed; 0 none, 1 staged, 2 stopped */

/* ---- the truth about the servers ---- */
bit running[2] = 1, disabled[2], staging[2], wizard[2], dead[2], starting[2];
bit exported[2];                /* an Entra Connect server has really exported */
bit unseen[2];                  /* a forced export that no look has shown yet */
bit cred = 1, token, unanswered; /* OLD's account in the tenant; its tokens; a hand start before the agent acts */

/* ---- what can be shown for ever ---- */
int evidence[2];                /* bit: epoch, recipient, ever exported */
byte signed_base[3];            /* people's cutover approvals: base + 1, the newest of Anna, Bert; [2]: their shared go */
byte go, attested;              /* bit: epoch */
byte rolled_back, top;          /* ghosts: highest epoch that NEW promised to OLD; that OLD promised to anybody */
bit gone[2];                    /* ghost: people have retired it */

hidden byte keeps;
byte crashes_had, hands_had, forced_had, snapshots_had;

/* ---- OLD's snapshot ---- */
bit s_taken, s_holding, s_tomb, s_given, s_armed, s_by_us, s_adopted, s_disabled;
byte s_prom, s_rcp, s_to_old, s_to_new;

#define BIT(e, r, x) (1 << (((e)-1)*4 + (r)*2 + (x)))
#define SHOWN(m, e, r, x) ((evidence[m] & BIT(e, r, x)) != 0)
#define LEGACY(m) ((m) == OLD && !KNOB(swing))
#define EXPORTS(m) (running[m] && (LEGACY(m) || !staging[m]))
#define REACHES(m) ((m) == NEW || cred || token)
#define SEEN_EXPORTING(m) (RUNS(m) && (LEGACY(m) || !staging[m]))
#define CAN(m) (EXPORTS(m) && REACHES(m))
#define OTHER(m) (1-(m))
#define EPOCH(e) ((e) <= KNOB(epochs))

/* conform.pml makes this model follow a trace of the product: a step of an agent is then one that the trace has next. */
#ifndef NEXT
#define NEXT(what, m) true
#define MUST(x) assert(x)
#define NEVER_TWO assert(!(CAN(OLD) && CAN(NEW)))
#define SERIALS_MAX 2
#define RUNS(m) running[m]
#endif

/* The promise of the whole: never two. */
inline look_at_both() {
  NEVER_TWO
}

inline promise(m, e, r) {
  prom[m] = e; rcp[m] = r; given[m] = 0; serial[m] = 0; quiet[m] = 0;
  to_old[m] = (r == OLD -> e : to_old[m]);
  to_new[m] = (r == NEW -> e : to_new[m]);
  rolled_back = (m == NEW && r == OLD && e > 1 && e > rolled_back -> e : rolled_back);
  top = (m == OLD && e > top -> e : top)
}

/* Two different people, and none of them before a promise to somebody else. */
#define FRESH(who, since) (signed_base[who] > 0 && (signed_base[who] - 1 >= (since) || M(M_APPROVAL_FOR_EVER)))
#define CUTOVER_SIGNED(m, e) (!KNOB(approvals) || \
  (FRESH(0, to_old[m]) && signed_base[0] <= (e) + 1 && \
   ((FRESH(1, to_old[m]) && signed_base[1] <= (e) + 1) || M(M_ONE_PERSON))))

/* A FENCE. Back to a legacy server a Connect member refuses once it has exported. */
#define RISES(m, e) ((e) > prom[m] || (M(M_EPOCH_MAY_FALL) && (e) != prom[m]))
#define FENCE(m, e, r) \
 :: STEP { NEXT(PROMISES, m) && EPOCH(e) && e > 1 && !dead[m] && (!retired[m] || M(M_RETIRED_IS_GRANTED)) && RISES(m, e) && \
      !(LEGACY(r) && !LEGACY(m) && ever[m] && !M(M_NO_POINT_OF_NO_RETURN)) && \
      (r == OLD || CUTOVER_SIGNED(m, e)) -> printf("FENCE(%d, %d) to %d\n", e, r, m); \
    keeps = m == r && (holding[m] || (M(M_RUNNING_IS_HOLDING) && EXPORTS(m))); \
    holding[m] = keeps; due[m] = due[m] && keeps; live[m] = live[m] && M(M_GRANT_SURVIVES_FENCE); \
    promise(m, e, r); adopted[m] = 0; retired[m] = 0; tomb[m] = tomb[m] || m != r; \
    by_us[m] = by_us[m] || (!keeps && LEGACY(m)) }

/* Adoption recognises who exports; it stops and starts nothing, and lifts nothing. */
#define ADOPT(m, e, r) \
 :: STEP { NEXT(ADOPTS, m) && EPOCH(e) && !dead[m] && !retired[m] && ((e == 1 && r == OLD) || KNOB(adopt_again)) && e > prom[m] && \
      (m == r -> SEEN_EXPORTING(m) && !tomb[m] && !by_us[m] && !armed[m] && !barred[m] : !SEEN_EXPORTING(m)) && \
      !(LEGACY(r) && !LEGACY(m) && ever[m]) -> printf("adopt(%d, %d) to %d\n", e, r, m); \
    keeps = m == r; \
    due[m] = due[m] && keeps; live[m] = live[m] && keeps && holding[m]; holding[m] = keeps; \
    promise(m, e, r); adopted[m] = 1; armed[m] = armed[m] || !keeps }

/* A GRANT, judged by its recipient against the other's evidence. */
#define PROVEN(m, e) (SHOWN(OTHER(m), e, m, 0) || (!LEGACY(m) || M(M_NO_POINT_OF_NO_RETURN)) && SHOWN(OTHER(m), e, m, 1))
#define PROVEN_FOR_ANYBODY(m, e) (M(M_EVIDENCE_FOR_ANYBODY) && (SHOWN(OTHER(m), e, OTHER(m), 0) || \
   (!LEGACY(m) && SHOWN(OTHER(m), e, OTHER(m), 1))))
#define ATTESTED(m, e) (m == NEW && (attested & (1 << (e))) != 0)
#define GO(m, e) (m == OLD || !(KNOB(go_waits) || KNOB(approvals)) || (go & (1 << (e))) != 0 || (M(M_GO_OF_ANY_EPOCH) && go != 0))
#define GRANT(m, e) \
 :: STEP { NEXT(GRANTED, m) && EPOCH(e) && e > 0 && !dead[m] && !retired[m] && (!barred[m] || M(M_QUARANTINE_IS_GRANTED)) && \
      (e == prom[m] || M(M_GRANT_OF_ANY_EPOCH)) && (rcp[m] == m || M(M_GRANT_WHILE_HOLDING_OTHER)) && \
      !holding[m] && !live[m] && serial[m] < SERIALS_MAX && \
      given[m] && !tamper[m] && \
      (PROVEN(m, e) || PROVEN_FOR_ANYBODY(m, e) || ATTESTED(m, e) || M(M_GRANT_WITHOUT_EVIDENCE) || \
       (m == OLD && M(M_RETURN_WITHOUT_EVIDENCE))) && \
      GO(m, e) && (m == OLD || CUTOVER_SIGNED(m, e)) -> printf("GRANT(%d) to %d\n", e, m); \
    MUST(m == OLD || !KNOB(approvals) || (go & (1 << e)) != 0); \
    MUST(m == OLD || !KNOB(approvals) || (signed_base[0] > rolled_back && signed_base[1] > rolled_back)); \
    MUST(!LEGACY(m) || !exported[NEW] || KNOB(forced) || !REACHES(m)); \
    MUST(!gone[m]); \
    serial[m]++; tomb[m] = 0; \
    keeps = LEGACY(m) || by_us[m]; /* the agent itself starts it: used in the same write */ \
    holding[m] = keeps; due[m] = keeps; live[m] = !keeps; armed[m] = armed[m] && !keeps; by_us[m] = 0; \
    guard_stop[m] = guard_stop[m] && !keeps }

/* A CHALLENGE that voids; its answer is the next look's. */
#define VOID(m) :: STEP { NEXT(VOIDS, m) && live[m] && !dead[m] -> printf("void to %d\n", m); live[m] = 0 }

/* The grant ends by the agent's own clock. */
#define EXPIRES(m) :: STEP { live[m] && !dead[m] -> printf("the grant of %d expires\n", m); live[m] = 0; \
    running[OLD] = running[OLD] || M(M_EXPIRY_STARTS); disabled[OLD] = disabled[OLD] && !M(M_EXPIRY_STARTS); look_at_both() }

/* ---- what the agent wants of the services ---- */
#define LOST(m) (barred[m] && !M(M_QUARANTINE_RUNS) && prom[m] > 0)
#define WANTS_STOP(m) (guard_stop[m] || LOST(m) || (!holding[m] && \
   (prom[m] == 0 || adopted[m] -> by_us[m] : (LEGACY(m) && !(M(M_QUARANTINE_RUNS) && barred[m])) || (by_us[m] && !(M(M_QUARANTINE_RUNS) && barred[m])))))

/* ---- one look: the guard first, then the span, then what was wanted of the services ---- */
#define GUARDED(m) (armed[m] && !holding[m] && !live[m] && !guard_stop[m])
#define QUIET_NOW(m) (by_us[m] || LEGACY(m) -> (!running[m] && disabled[m] -> 2 : 0) : \
   (running[m] && staging[m] && (!wizard[m] || M(M_BLIND_TO_WIZARDS)) -> 1 : (!running[m] && disabled[m] -> 2 : 0)))
inline alarm(m) { tamper[m] = 1; guard_stop[m] = 1; by_us[m] = 1 }
#define SEES_EXPORT(m) (unseen[m] && !M(M_FORCED_EXPORT_UNSEEN))
inline observe(m) {
  if
  :: !LEGACY(m) && live[m] && EXPORTS(m) -> holding[m] = 1; live[m] = 0; armed[m] = 0; ever[m] = 1
  :: !LEGACY(m) && live[m] && !EXPORTS(m) && SEES_EXPORT(m) -> holding[m] = 1; live[m] = 0; armed[m] = 0; ever[m] = 1
  :: GUARDED(m) && !LEGACY(m) && EXPORTS(m) -> alarm(m); ever[m] = 1
  :: GUARDED(m) && !(!LEGACY(m) && EXPORTS(m)) && SEES_EXPORT(m) -> alarm(m); ever[m] = 1
  :: GUARDED(m) && !SEES_EXPORT(m) && RUNS(m) && (LEGACY(m) || by_us[m]) && !(!LEGACY(m) && EXPORTS(m)) -> alarm(m)
  :: else -> ever[m] = ever[m] || (!LEGACY(m) && (EXPORTS(m) || SEES_EXPORT(m)))
  fi;
  unseen[m] = 0;
  guard_stop[m] = guard_stop[m] && (running[m] || !disabled[m]);
  due[m] = due[m] && !running[m];
  unanswered = unanswered && !(m == OLD && !WANTS_STOP(OLD))
}
/* Evidence at the second of two quiet looks. Answers once; the same again changes nothing. */
#define MAY_PROVE(m) (prom[m] > 0 && !holding[m] && (!live[m] || M(M_GRANT_SURVIVES_FENCE)) && !barred[m] && rcp[m] != NOBODY)
#define PROVES(m) (quiet[m] == QUIET_NOW(m) && quiet[m] > 0 || M(M_EVIDENCE_BEFORE_STOP))
inline answer(m) {
  MUST(ever[m] || !exported[m]); /* what has exported says so */
  evidence[m] = evidence[m] | BIT(prom[m], rcp[m], ever[m]);
  given[m] = 1; armed[m] = 1; tamper[m] = 0
}
#define LOOK(m) \
 :: STEP { !dead[m] -> printf("%d looks\n", m); observe(m); quiet[m] = (guard_stop[m] -> 0 : QUIET_NOW(m)) } \
 :: STEP { NEXT(PROVEN_QUIET, m) && !dead[m] && MAY_PROVE(m) && PROVES(m) && !SEES_EXPORT(m) && !SHOWN(m, prom[m], rcp[m], ever[m]) -> \
    printf("%d proves that it is quiet\n", m); answer(m) } \
 :: STEP { NEXT(PROVEN_QUIET, m) && !dead[m] && MAY_PROVE(m) && PROVES(m) && !SEES_EXPORT(m) && SHOWN(m, prom[m], rcp[m], ever[m]) && \
    (!given[m] || !armed[m] || tamper[m]) -> \
    printf("%d proves it again\n", m); answer(m) }
#define FORGETFUL(m, e, r) :: STEP { M(M_PROMISE_AFTER_EVIDENCE) && EPOCH(e) && prom[m] > 0 && e > prom[m] && \
    !holding[m] && quiet[m] > 0 && quiet[m] == QUIET_NOW(m) -> evidence[m] = evidence[m] | BIT(e, r, ever[m]) }

/* ---- the agent acts on the services ---- */
#define ACT(m) \
 :: STEP { !dead[m] && (WANTS_STOP(m) && (running[m] || !disabled[m] || starting[m])) -> printf("%d stops its services\n", m); \
    running[m] = 0; starting[m] = 0; disabled[m] = 1; \
    unanswered = unanswered && m != OLD } \
 :: STEP { !dead[m] && !WANTS_STOP(m) && holding[m] && due[m] && !(running[m] && !disabled[m]) && !unanswered -> printf("%d starts its services\n", m); \
    running[m] = 1; disabled[m] = 0; starting[m] = 0; look_at_both() }

inline boot(m) {
  live[m] = 0; quiet[m] = 0; wizard[m] = 0;
  running[m] = !disabled[m] && !KNOB(late_start);
  starting[m] = !disabled[m] && KNOB(late_start);
  look_at_both()
}
#define CRASH(m) :: STEP { crashes_had < KNOB(crashes) && !dead[m] -> printf("%d crashes and boots\n", m); crashes_had++; boot(m) }
/* guard_boot ends before the network: a slow service meets an agent that has acted, or agrees. */
#define STARTS(m) :: STEP { starting[m] && !WANTS_STOP(m) && !dead[m] -> printf("the service of %d starts late\n", m); starting[m] = 0; running[m] = 1; look_at_both() }

/* ---- people at the servers ---- */
#define PEOPLE(m) \
 :: STEP { !LEGACY(m) && !dead[m] && staging[m] && !wizard[m] && (live[m] || KNOB(any_click)) -> printf("a wizard is opened on %d\n", m); wizard[m] = 1 } \
 :: STEP { wizard[m] -> printf("the wizard on %d is closed\n", m); wizard[m] = 0 } \
 :: STEP { wizard[m] && !unanswered -> printf("the wizard on %d leaves staging\n", m); wizard[m] = 0; staging[m] = 0; look_at_both() } \
 :: STEP { !LEGACY(m) && !dead[m] && !staging[m] && prom[m] > 0 && rcp[m] == OTHER(m) && !adopted[m] && !wizard[m] -> printf("a person puts %d into staging\n", m); staging[m] = 1 }
#define EXPORT(m) :: STEP { !LEGACY(m) && CAN(m) && (!exported[m] || !ever[m]) && !unseen[m] -> printf("%d exports\n", m); exported[m] = 1; unseen[m] = 1 }
#define FORCE(m) :: STEP { forced_had < KNOB(forced) && running[m] && !LEGACY(m) && staging[m] && !CAN(OTHER(m)) -> printf("a forced export on %d\n", m); \
    forced_had++; exported[m] = 1; unseen[m] = 1; quiet[m] = 0 }
#define RETIRE(m) :: STEP { NEXT(RETIRES, m) && KNOB(retire) && !dead[m] && tomb[m] && !holding[m] && prom[m] > 0 && !retired[m] -> printf("RETIRE to %d\n", m); retired[m] = 1; gone[m] = 1; due[m] = 0 }
#define DISARM(m) :: STEP { NEXT(DISARMS, m) && KNOB(disarm) && !dead[m] && armed[m] && !tamper[m] -> printf("disarm to %d\n", m); armed[m] = 0; \
    by_us[m] = by_us[m] && !(adopted[m] && !tomb[m] && !barred[m]); guard_stop[m] = guard_stop[m] && by_us[m] }

/* ---- people who sign; each looks at the record first ---- */
#define RECORD (prom[OLD] > prom[NEW] -> prom[OLD] : prom[NEW])
#define SIGN(who) :: STEP { KNOB(approvals) && RECORD > 0 && signed_base[who] != RECORD + 1 -> printf("person %d approves the cutover over epoch %d\n", who, RECORD); signed_base[who] = RECORD + 1 }
#define SIGN_GO(e) :: STEP { (KNOB(approvals) || KNOB(go_waits)) && EPOCH(e) && (go & (1 << e)) == 0 && \
    (SHOWN(OLD, e, NEW, 0) || SHOWN(OLD, e, NEW, 1) || ATTESTED(NEW, e)) && (!KNOB(go_waits) || (!cred && !token)) -> printf("go is signed for %d\n", e); go = go | (1 << e) }
#define ATTEST(e) :: STEP { KNOB(attest) && EPOCH(e) && !ATTESTED(NEW, e) && \
    (dead[OLD] || (!cred && (!token || M(M_TOKENS_FORGOTTEN)))) -> printf("two people attest OLD for %d\n", e); attested = attested | (1 << e) }
#define READMIT(m) :: STEP { barred[m] && !dead[m] -> printf("people readmit %d\n", m); barred[m] = 0; quiet[m] = 0; \
    rcp[m] = (M(M_READMIT_AS_REMEMBERED) -> s_rcp : NOBODY); given[m] = given[m] && M(M_READMIT_AS_REMEMBERED); \
    prom[m] = (M(M_READMIT_AS_REMEMBERED) -> prom[m] : (top > RECORD -> top : RECORD)) }

#ifndef TRACE
active proctype World() {
  staging[NEW] = 1;
end:
  do
  ADOPT(OLD, 1, OLD) ADOPT(NEW, 1, OLD)
  ADOPT(OLD, 2, OLD) ADOPT(NEW, 2, OLD)
  ADOPT(OLD, 3, OLD) ADOPT(NEW, 3, OLD) ADOPT(OLD, 3, NEW) ADOPT(NEW, 3, NEW)
  FENCE(OLD, 2, OLD) FENCE(OLD, 2, NEW) FENCE(NEW, 2, OLD) FENCE(NEW, 2, NEW)
  FENCE(OLD, 3, OLD) FENCE(OLD, 3, NEW) FENCE(NEW, 3, OLD) FENCE(NEW, 3, NEW)
  FENCE(OLD, 4, OLD) FENCE(OLD, 4, NEW) FENCE(NEW, 4, OLD) FENCE(NEW, 4, NEW)
  GRANT(OLD, 2) GRANT(OLD, 3) GRANT(OLD, 4)
  GRANT(NEW, 2) GRANT(NEW, 3) GRANT(NEW, 4)
  FORGETFUL(OLD, 2, NEW) FORGETFUL(OLD, 3, NEW) FORGETFUL(NEW, 2, OLD) FORGETFUL(NEW, 3, OLD)
  VOID(OLD) VOID(NEW) EXPIRES(OLD) EXPIRES(NEW)
  LOOK(OLD) LOOK(NEW)
  ACT(OLD) ACT(NEW) CRASH(OLD) CRASH(NEW) STARTS(OLD) STARTS(NEW)
  PEOPLE(OLD) PEOPLE(NEW) EXPORT(OLD) EXPORT(NEW) FORCE(OLD) FORCE(NEW) RETIRE(OLD) RETIRE(NEW) DISARM(OLD) DISARM(NEW)
  SIGN(0) SIGN(1) SIGN_GO(2) SIGN_GO(3) SIGN_GO(4) ATTEST(2) ATTEST(3) ATTEST(4) READMIT(OLD)
  /* hand 1: at any time; hand 2: while nobody exports, and the guard is quicker than the next click */
  :: STEP { hands_had < KNOB(hand) - (KNOB(hand) > 1 -> 1 : 0) && !running[OLD] && !dead[OLD] && (KNOB(hand) == 1 || !CAN(NEW)) -> printf("somebody starts OLD by hand\n");
       hands_had++; running[OLD] = 1; disabled[OLD] = 0; unanswered = KNOB(hand) > 1; look_at_both() }
  :: STEP { KNOB(revoke) && cred -> printf("the account of OLD is revoked\n"); cred = 0; token = 1 }
  :: STEP { !cred && token -> printf("its tokens have ended\n"); token = 0 }
  :: STEP { KNOB(attest) && !KNOB(no_death) && !dead[OLD] -> printf("OLD is powered off for good\n"); dead[OLD] = 1; running[OLD] = 0; starting[OLD] = 0; unanswered = 0 }
  :: STEP { KNOB(comes_back) && dead[OLD] -> printf("OLD is powered on again\n"); dead[OLD] = 0; boot(OLD) }
  :: STEP { KNOB(snapshot) && !s_taken && (prom[OLD] > 0 || KNOB(any_snapshot)) -> printf("a snapshot of OLD is taken\n");
       s_taken = 1; s_prom = prom[OLD]; s_rcp = rcp[OLD]; s_to_old = to_old[OLD]; s_to_new = to_new[OLD];
       s_holding = holding[OLD]; s_tomb = tomb[OLD]; s_given = given[OLD]; s_armed = armed[OLD]; s_by_us = by_us[OLD];
       s_adopted = adopted[OLD]; s_disabled = disabled[OLD] }
  :: STEP { KNOB(snapshot) && s_taken && snapshots_had < 1 && !dead[OLD] -> printf("OLD is reverted\n");
       snapshots_had++;
       prom[OLD] = s_prom; rcp[OLD] = s_rcp; to_old[OLD] = s_to_old; to_new[OLD] = s_to_new; holding[OLD] = s_holding;
       tomb[OLD] = s_tomb; given[OLD] = s_given; armed[OLD] = s_armed; by_us[OLD] = s_by_us; adopted[OLD] = s_adopted;
       disabled[OLD] = s_disabled; due[OLD] = 0; guard_stop[OLD] = 0; tamper[OLD] = 0;
       barred[OLD] = KNOB(generation_id); holding[OLD] = holding[OLD] && !barred[OLD];
       by_us[OLD] = by_us[OLD] || (barred[OLD] && prom[OLD] > 0);
       boot(OLD) }
  od
}
#endif
