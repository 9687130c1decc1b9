#include "guards.h"

#include <string.h>

static enum product
product_of(const struct agent_view *a, bool recipient)
{
    int64_t class = fact_or(&a->facts, FACT_PRODUCT_CLASS, PRODUCT_NONE);
    if (class > PRODUCT_NONE && class < PRODUCT_COUNT)
        return (enum product) class;
    return recipient ? PRODUCT_CONNECT : PRODUCT_NONE; /* what is going to be installed there */
}

static enum baton_status
add_member(struct plan *p, const struct agent_view *a, bool recipient)
{
    enum product product = product_of(a, recipient);
    if (!a->used || !a->confirmed || a->revoked || product == PRODUCT_NONE)
        return BATON_REFUSED;
    if (p->member_count == MEMBERS_MAX)
        return BATON_LIMIT;
    struct plan_member *m = &p->member[p->member_count++];
    m->key = a->key;
    m->box_key = a->box_key;
    m->product = (uint8_t)product;
    m->kind = product_is_legacy(product) ? KIND_STOPPED : KIND_STAGED;
    memcpy(m->host, a->host, sizeof m->host);
    m->confirmed_by = a->confirmed_by;
    m->confirmation = a->confirmation;
    return BATON_OK;
}

/* A revoked key answers to nobody: agents want people's word that its server is gone. */
static bool
shut_out(const struct tenant *t, const struct baton_key *key, size_t *ret_at)
{
    size_t at = 0;
    while (at < MEMBERS_MAX && !(t->agent[at].used && baton_key_eq(&t->agent[at].key, key)))
        at++;
    *ret_at = at;
    return at == MEMBERS_MAX || t->agent[at].revoked;
}

bool
tenant_shut_out(const struct tenant *t, const struct baton_key *key)
{
    size_t at;
    return shut_out(t, key, &at);
}

/* Members of the record that are not retired have to stand in every later plan: each must prove that
 * it is quiet before anybody else is granted. */
static enum baton_status
add_other_members(const struct tenant *t, struct plan *p)
{
    for (size_t i = 0; i < t->authority.member_count; i++) {
        const struct authority_member *m = &t->authority.member[i];
        if (m->retired || plan_member_index(p, &m->key) >= 0)
            continue;
        size_t at;
        if (shut_out(t, &m->key, &at))
            continue;
        enum baton_status rc = add_member(p, &t->agent[at], false);
        if (rc != BATON_OK)
            return rc;
    }
    return BATON_OK;
}

enum baton_status
tenant_plan(const struct tenant *t, const struct baton_id *plan_id, uint32_t trust_version,
            struct plan *ret_plan)
{
    struct plan p = {.id = *plan_id,
                     .tenant = t->info.id,
                     .profile = t->cutover.profile,
                     .lab = t->info.lab,
                     .trust_version = trust_version,
                     .policy = t->info.policy,
                     .limits = t->info.limits,
                     .holder = 0};
    memcpy(p.tenant_name, t->info.name, sizeof p.tenant_name);

    bool alone = t->cutover.old_agent == t->cutover.new_agent;
    enum baton_status rc = add_member(&p, tenant_old(t), false);
    if (rc == BATON_OK && !alone)
        rc = add_member(&p, tenant_new(t), true);
    if (rc == BATON_OK)
        rc = add_other_members(t, &p);
    if (rc != BATON_OK)
        return rc;
    p.recipient = alone ? 0 : 1;
    *ret_plan = p;
    return BATON_OK;
}
