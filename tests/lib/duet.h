/* duet.h: the controller's pure core and two real members of the pure agent, in one process.
 *
 * Shape      struct tenant on one side, two struct member on the other, the orders of each decision
 *            carried over at once, the services following what the members desire. People, wizards
 *            and faults are the test's: it changes the facts.
 * Units      The lab policy; a clock that moves when the test says so.
 * Source     style: one invariant checked at every step: never two members holding.
 */
#ifndef TESTS_DUET_H
#define TESTS_DUET_H

#include "controller/core/guards.h"
#include "controller/core/tenant.h"
#include "toy.h"

enum { DUET_QUEUE_MAX = 16 };

struct duet_evidence {
    uint8_t bytes[STATEMENT_BYTES_MAX];
    struct signed_bytes sb;
};

struct duet {
    struct tenant t;
    struct member m[TOY_MEMBERS];
    struct facts facts[TOY_MEMBERS];
    bool cut[TOY_MEMBERS]; /* no order reaches it and no word comes back */
    struct order queue[TOY_MEMBERS][DUET_QUEUE_MAX];
    size_t queued[TOY_MEMBERS];
    struct duet_evidence evidence[TOY_MEMBERS];
    uint8_t plan[PLAN_BYTES_MAX];
    size_t plan_len;
    struct baton_hash plan_hash;
    uint64_t now_ms, unix_ms, log_size;
    uint8_t tag;
    struct decision d; /* of the newest event that the test gave */
    uint32_t effects;  /* of everything since the test cleared it */
    unsigned pages;
    char page_text[AUDIT_TEXT_BYTES];
    uint16_t rule[256]; /* every rule that fired, in order */
    size_t rules;
    bool misled; /* its record may be wrong: a member lies, or it was put back to an older one */
    void (*before_step)(struct duet *u,
                        const struct tenant_event *ev); /* NULL, or asked each time */
    void (*after_step)(struct duet *u, const struct tenant_event *ev, const struct decision *d);
};

/* An event with everything that every event has, and the controller's answer to one, carried over. */
struct tenant_event duet_event(struct duet *u, enum tenant_event_kind kind);
void duet_feed(struct duet *u, const struct tenant_event *ev);
void duet_open(struct duet *u); /* two confirmed agents, nothing begun */
void
duet_open_swing(struct duet *u); /* OLD is an Entra Connect that exports; the cutover is begun */
void duet_stage(struct duet *u, enum toy_member who, bool on); /* the wizard's staging switch */
void duet_create(struct duet *u, enum profile profile);
/* The verb's own answer; everything that follows from it has been carried over. */
enum baton_status duet_verb(struct duet *u, enum handoff_event verb, const char *text);
enum baton_status duet_approve(struct duet *u, enum approval_verb verb, enum toy_person by);
/* An attestation for this member. */
enum baton_status duet_attest(struct duet *u, enum toy_member subject, enum toy_person by);
/* A retirement that also says that the old server's account in the tenant is gone. */
enum baton_status duet_account_gone(struct duet *u, enum toy_person by);
void duet_report(struct duet *u, enum toy_member who); /* a whole observation and a report of it */
/* Both observe and report, then the clock ticks; n times, step_ms apart. */
void duet_pass(struct duet *u, unsigned n, uint64_t step_ms);
void duet_clock(struct duet *u, uint64_t step_ms);
void duet_restart(struct duet *u); /* of the controller */
/* What this member's checks found: its facts name the list, and the list arrives. */
enum baton_status duet_findings(struct duet *u, enum toy_member who, const struct findings *list);
enum baton_status duet_dispose(struct duet *u, const struct signed_disposition *sd);
/* The controller saw two live copies of this member. */
void duet_bar(struct duet *u, enum toy_member who);
/* Its machine has changed: it boots, stops its services and says so. */
void duet_quarantine(struct duet *u, enum toy_member who);
/* A readmission or disarming travels to the member with the next question. */
void duet_tell_self(struct duet *u, enum toy_member who, enum approval_verb verb);
void duet_uncut(struct duet *u, enum toy_member who);
void duet_work(struct duet *u); /* what people do in the present state on the straight way */
/* Does everything people do on the straight way until this state is reached. */
void duet_to(struct duet *u, enum handoff_state state);
bool duet_fired(const struct duet *u, uint16_t number);
void duet_tell(const struct duet *u); /* prints where it stands and why, for a failing test */
void duet_export(struct duet *u, enum toy_member who); /* its product exported once, well */

#endif
