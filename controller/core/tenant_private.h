/* tenant_private.h: one call of tenant_step, as its three files share it.
 *
 * Shape      tenant.c takes what arrives, tenant_rules.c finds the rule and moves, tenant_effects.c
 *            does what a rule does besides.
 */
#ifndef BATON_TENANT_PRIVATE_H
#define BATON_TENANT_PRIVATE_H

#include "guards.h"

struct step {
    struct tenant *t;
    const struct tenant_event *ev;
    const struct digest_port *dp;
    struct decision *d;
    uint32_t news;              /* of the authority, not yet told to the workflow */
    struct problem refusal;     /* of the newest dispatch that did nothing */
    struct decision_note spill; /* a full decision keeps its first notes; nobody reads this one */
};

/* tenant_effects.c */
struct cutover *step_cutover(struct step *s);
struct guard_ctx step_guards(const struct step *s);
struct decision_note *step_note(struct step *s, enum audit_type type, uint16_t rule,
                                const char *text);
void note_ref(struct decision_note *n, const struct baton_hash *ref);
/* Becomes the decision's problem. */
void step_refuse(struct step *s, enum baton_status status, const char *title, const char *who,
                 const char *next);
enum baton_status step_authority(struct step *s, enum authority_event event,
                                 const struct baton_key *key, const struct baton_hash attest[2]);
/* All or nothing: a refusal leaves the record as it was. */
enum baton_status step_authority_effects(struct step *s, uint32_t effects);
void step_effects(struct step *s, uint32_t effects, uint8_t to);
void step_verify(struct step *s);

/* tenant_rules.c */
bool step_dispatch(struct step *s, enum handoff_event event);
bool step_dispatch_rule(struct step *s, enum handoff_event event, uint16_t number);
void step_tell_news(struct step *s);
void step_settle(struct step *s);

#endif
