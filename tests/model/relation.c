#include "relation.h"

/* ---- what happened ----------------------------------------------------------------------------- */

static bool
ordered(const struct change *c, enum order_verb verb)
{
    return c->ev != NULL && c->ev->kind == MEMBER_ORDER && c->ev->order->verb == verb;
}

static bool
booted(const struct change *c)
{
    return c->ev == NULL;
}

static bool
names_self(const struct change *c)
{
    return baton_key_eq(&c->ev->order->recipient, &c->before->self);
}

static bool
promised_anew(const struct change *c)
{
    return !epoch_eq(&c->before->epoch, &c->after->epoch);
}

/* The memory is not what it was: STATUS shows a later word, or people readmit. */
static bool
reminded(const struct change *c)
{
    return ordered(c, ORDER_STATUS);
}

static bool
was_live(const struct change *c)
{
    return c->before->grant == GRANT_LIVE;
}

/* ---- rules: true when broken ------------------------------------------------------------------- */

static bool
epoch_falls(const struct change *c)
{
    return epoch_cmp(&c->after->epoch, &c->before->epoch) < 0;
}

static bool
epoch_moves_by_itself(const struct change *c)
{
    if (!promised_anew(c) || reminded(c))
        return false;
    return !ordered(c, ORDER_FENCE) || !epoch_eq(&c->after->epoch, &c->ev->order->epoch) ||
           !baton_key_eq(&c->after->recipient, &c->ev->order->recipient);
}

static bool
epoch_names_two(const struct change *c)
{
    return !promised_anew(c) && !reminded(c) &&
           !baton_key_eq(&c->before->recipient, &c->after->recipient);
}

/* By an adoption that names it, by a grant, or by an observation while its grant is live. */
static bool
holds_uninvited(const struct change *c)
{
    if (c->before->holding || !c->after->holding)
        return false;
    bool adopted = ordered(c, ORDER_FENCE) && c->ev->order->adopt && names_self(c);
    bool granted = ordered(c, ORDER_GRANT) && names_self(c);
    bool used = c->ev != NULL && c->ev->kind == MEMBER_OBSERVED && was_live(c) &&
                c->ev->now_ms < c->before->grant_until_ms;
    return !adopted && !granted && !used;
}

static bool
holds_another_epoch(const struct change *c)
{
    return c->after->holding && (!epoch_eq(&c->after->holding_epoch, &c->after->epoch) ||
                                 !baton_key_eq(&c->after->recipient, &c->after->self));
}

static bool
holds_beside_fence(const struct change *c)
{
    return c->after->holding && promised_anew(c) && !c->ev->order->adopt && !c->before->holding;
}

/* A holder loses the role to another recipient, to a quarantine, or to its own later word. */
static bool
role_is_lost(const struct change *c)
{
    if (!c->before->holding || c->after->holding)
        return false;
    bool given_away = ordered(c, ORDER_FENCE) && promised_anew(c) && !names_self(c);
    return !given_away && !booted(c) && !reminded(c);
}

static bool
granted_unfit(const struct change *c)
{
    if (c->after->grant != GRANT_LIVE || was_live(c))
        return false;
    return !ordered(c, ORDER_GRANT) || c->ev->order->serial <= c->before->serial ||
           c->after->serial != c->ev->order->serial;
}

/* Whatever a grant gives, it gives to a quiet recipient of this very epoch with no open alarm. */
static bool
grant_judged_badly(const struct change *c)
{
    bool honoured = ordered(c, ORDER_GRANT) && c->after->serial != c->before->serial;
    const struct promise *p = c->before;
    return honoured &&
           (!epoch_eq(&c->ev->order->epoch, &p->epoch) || !baton_key_eq(&p->recipient, &p->self) ||
            !p->evidence_given || p->tamper_open || p->holding || p->retired ||
            p->quarantine != QUARANTINE_NONE);
}

static bool
grant_outlives(const struct change *c)
{
    return was_live(c) && c->after->grant == GRANT_LIVE &&
           (booted(c) || promised_anew(c) ||
            (ordered(c, ORDER_CHALLENGE) && c->ev->order->void_first &&
             epoch_eq(&c->ev->order->epoch, &c->before->epoch)));
}

static bool
tombstone_moves(const struct change *c)
{
    if (!c->before->tombstone && c->after->tombstone)
        return !(ordered(c, ORDER_FENCE) && !names_self(c)) && !booted(c) && !reminded(c);
    return c->before->tombstone && !c->after->tombstone && !ordered(c, ORDER_GRANT);
}

static bool
forgets(const struct change *c)
{
    return (c->before->ever_exported && !c->after->ever_exported) ||
           (c->before->retired && !c->after->retired) || c->after->counter < c->before->counter;
}

/* Only a grant, people or the use of a grant take the guard off. */
static bool
guard_goes(const struct change *c)
{
    bool disarmed = reminded(c);
    return c->before->armed && !c->after->armed && !c->after->holding && !disarmed;
}

static bool
alarm_fades(const struct change *c)
{
    return c->before->tamper_open && !c->after->tamper_open && !c->says_evidence;
}

static bool
evidence_unearned(const struct change *c)
{
    const struct promise *p = c->after;
    bool looked = c->ev != NULL && c->ev->kind == MEMBER_OBSERVED;
    if (c->says_evidence)
        return !looked || p->holding || epoch_is_zero(&p->epoch) ||
               p->quarantine != QUARANTINE_NONE || !p->evidence_given || !p->armed;
    return p->evidence_given && (!c->before->evidence_given || promised_anew(c));
}

/* What a FENCE, the guard or a quarantine stopped only a grant starts, or people who disarm. */
static bool
starts_uninvited(const struct change *c)
{
    bool freed = c->before->stopped_by_us && !c->after->stopped_by_us;
    bool due = !c->before->start_due && c->after->start_due;
    return (freed && !ordered(c, ORDER_GRANT) && !reminded(c)) || (due && !ordered(c, ORDER_GRANT));
}

struct rule {
    bool (*broken)(const struct change *c);
    const char *why;
};

// clang-format off
static const struct rule rules[] = {
    { epoch_falls,           "an epoch never falls" },
    { epoch_moves_by_itself, "only a FENCE moves the epoch, to what it names" },
    { epoch_names_two,       "an epoch belongs to one recipient for ever" },
    { holds_uninvited,       "holding begins by adoption, by a grant, or by its use while it is live" },
    { holds_another_epoch,   "a holder holds the epoch that it promised to itself" },
    { holds_beside_fence,    "a FENCE gives nobody the role" },
    { role_is_lost,          "a role ends when another is named, in quarantine, or by a later word" },
    { granted_unfit,         "a grant becomes live by a GRANT with a higher serial" },
    { grant_judged_badly,    "a GRANT is honoured by the quiet recipient of that epoch alone" },
    { grant_outlives,        "no live grant outlives a boot, a newer promise, or a challenge that voids" },
    { tombstone_moves,       "a tombstone comes with another's name and goes with a grant" },
    { forgets,               "exports, retirement and the counter are never forgotten" },
    { guard_goes,            "a guard goes with the role, or by people's word" },
    { alarm_fades,           "an alarm closes by evidence" },
    { evidence_unearned,     "evidence is the word of a look, by a member that does not hold" },
    { starts_uninvited,      "only a grant, or people who disarm, start what was stopped" },
};
// clang-format on

const char *
relation_broken(const struct change *c)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (rules[i].broken(c))
            return rules[i].why;
    return NULL;
}
