#include "baton/trust.h"

#include "common/canon.h"
#include "common/names.h"

#include <limits.h>
#include <string.h>

static const char trust_tag[4] = {'B', 'T', 'R', '1'};

enum {
    ROLES_ALL = ROLE_VIEW | ROLE_OPERATE | ROLE_APPROVE | ROLE_BREAK_GLASS | ROLE_AUDIT | ROLE_ADMIN
};

/* No operator has it: a document with an unknown role bit is refused. */
#define ROLE_NOBODY ((uint16_t)0x8000)

struct verb_row {
    const char *name;
    unsigned quorum;
    uint16_t role;
};

// clang-format off
static const struct verb_row verb_rows[VERB_COUNT] = {
    [VERB_NONE]     = {"none",     UINT_MAX, ROLE_NOBODY},
    [VERB_PLAN]     = {"plan",     1,        ROLE_APPROVE},
    [VERB_ADOPT]    = {"adopt",    2,        ROLE_APPROVE},
    [VERB_CUTOVER]  = {"cutover",  2,        ROLE_APPROVE},
    [VERB_GO]       = {"go",       1,        ROLE_APPROVE},
    [VERB_ROLLBACK] = {"rollback", 1,        ROLE_APPROVE},
    [VERB_ATTEST]   = {"attest",   2,        ROLE_BREAK_GLASS},
    [VERB_RETIRE]   = {"retire",   1,        ROLE_APPROVE},
    [VERB_DISARM]   = {"disarm",   1,        ROLE_APPROVE},
    [VERB_READMIT]  = {"readmit",  1,        ROLE_APPROVE},
};
// clang-format on

static const struct verb_row *
verb_row(enum approval_verb v)
{
    return &verb_rows[(size_t)v < VERB_COUNT ? v : VERB_NONE];
}

const char *
approval_verb_name(enum approval_verb v)
{
    return (size_t)v < VERB_COUNT ? verb_rows[v].name : "?";
}

enum approval_verb
approval_verb_parse(const char *name)
{
    for (int v = VERB_NONE + 1; v < VERB_COUNT; v++)
        if (strcmp(verb_rows[v].name, name) == 0)
            return (enum approval_verb)v;
    return VERB_NONE;
}

unsigned
trust_quorum(const struct trust_doc *d, enum approval_verb v)
{
    const struct verb_row *row = verb_row(v);
    if (row->role == ROLE_NOBODY)
        return row->quorum;
    return d->quorum[v] != 0 ? d->quorum[v] : row->quorum;
}

uint16_t
trust_role_for(enum approval_verb v)
{
    return verb_row(v)->role;
}

const struct trust_operator *
trust_operator_find(const struct trust_doc *d, const struct baton_id *id)
{
    for (size_t i = 0; i < d->operator_count && i < TRUST_OPERATORS_MAX; i++)
        if (baton_id_eq(&d->operator[i].id, id))
            return &d->operator[i];
    return NULL;
}

bool
trust_operator_may(const struct trust_operator *o, uint16_t roles, const struct baton_id *tenant)
{
    if (o == NULL || (o->roles & roles) != roles)
        return false;
    if (o->tenant_count == 0)
        return true;
    for (size_t i = 0; i < o->tenant_count && i < TRUST_TENANTS_MAX; i++)
        if (baton_id_eq(&o->tenant[i], tenant))
            return true;
    return false;
}

static bool
operator_well_formed(const struct trust_operator *o)
{
    if (baton_id_is_zero(&o->id) || baton_key_is_zero(&o->key) || !baton_name_valid(o->name) ||
        (o->roles & ~ROLES_ALL) != 0 || o->kind > OPERATOR_BROWSER ||
        o->tenant_count > TRUST_TENANTS_MAX)
        return false;
    for (size_t i = 0; i < o->tenant_count; i++)
        if (baton_id_is_zero(&o->tenant[i]))
            return false;
    return true;
}

/* One key under two names would be two people in a quorum. */
static bool
operators_differ(const struct trust_operator *a, const struct trust_operator *b)
{
    return !baton_id_eq(&a->id, &b->id) && !baton_key_eq(&a->key, &b->key) &&
           strcmp(a->name, b->name) != 0;
}

static bool
trust_well_formed(const struct trust_doc *d)
{
    if (d->version < 1 || d->quorum[VERB_NONE] != 0 ||
        d->controller_count > TRUST_CONTROLLERS_MAX || d->operator_count > TRUST_OPERATORS_MAX)
        return false;
    for (size_t i = 0; i < d->controller_count; i++)
        if (baton_key_is_zero(&d->controller[i]))
            return false;
    for (size_t i = 0; i < d->operator_count; i++) {
        if (!operator_well_formed(&d->operator[i]))
            return false;
        for (size_t j = 0; j < i; j++)
            if (!operators_differ(&d->operator[i], &d->operator[j]))
                return false;
    }
    return true;
}

static void
put_operator(struct canon_writer *w, const struct trust_operator *o)
{
    canon_put_id(w, &o->id);
    canon_put_str(w, o->name, sizeof o->name);
    canon_put_key(w, &o->key);
    canon_put_u16(w, o->roles);
    canon_put_u8(w, o->kind);
    canon_put_u8(w, o->tenant_count);
    for (size_t i = 0; i < o->tenant_count; i++)
        canon_put_id(w, &o->tenant[i]);
}

static void
get_operator(struct canon_reader *r, struct trust_operator *o)
{
    o->id = canon_get_id(r);
    canon_get_str(r, o->name, sizeof o->name);
    o->key = canon_get_key(r);
    o->roles = canon_get_u16(r);
    o->kind = canon_get_u8(r);
    o->tenant_count = canon_get_enum(r, 0, TRUST_TENANTS_MAX);
    for (size_t i = 0; i < o->tenant_count; i++)
        o->tenant[i] = canon_get_id(r);
}

enum baton_status
trust_encode(const struct trust_doc *d, uint8_t *out, size_t cap, size_t *ret_len)
{
    if (!trust_well_formed(d))
        return BATON_MALFORMED;

    struct canon_writer w;
    canon_writer_init(&w, out, cap < TRUST_BYTES_MAX ? cap : TRUST_BYTES_MAX);
    canon_put_fixed(&w, trust_tag, sizeof trust_tag);
    canon_put_u32(&w, d->version);
    canon_put_hash(&w, &d->previous);
    canon_put_bool(&w, d->lab);
    canon_put_fixed(&w, d->quorum + 1, VERB_COUNT - 1);
    canon_put_u8(&w, d->controller_count);
    for (size_t i = 0; i < d->controller_count; i++)
        canon_put_key(&w, &d->controller[i]);
    canon_put_u8(&w, d->operator_count);
    for (size_t i = 0; i < d->operator_count; i++)
        put_operator(&w, &d->operator[i]);
    return canon_finish(&w, ret_len);
}

static void
get_trust(struct canon_reader *r, struct trust_doc *d)
{
    memset(d, 0, sizeof *d);
    canon_expect(r, trust_tag, sizeof trust_tag);
    d->version = canon_get_u32(r);
    d->previous = canon_get_hash(r);
    d->lab = canon_get_bool(r);
    canon_get_fixed(r, d->quorum + 1, VERB_COUNT - 1);
    d->controller_count = canon_get_enum(r, 0, TRUST_CONTROLLERS_MAX);
    for (size_t i = 0; i < d->controller_count; i++)
        d->controller[i] = canon_get_key(r);
    d->operator_count = canon_get_enum(r, 0, TRUST_OPERATORS_MAX);
    for (size_t i = 0; i < d->operator_count; i++)
        get_operator(r, &d->operator[i]);
}

enum baton_status
trust_decode(const uint8_t *bytes, size_t len, struct trust_doc *ret_doc)
{
    if (len > TRUST_BYTES_MAX)
        return BATON_MALFORMED;

    struct canon_reader r;
    struct trust_doc d;
    canon_reader_init(&r, bytes, len);
    get_trust(&r, &d);
    if (!canon_finished(&r) || !trust_well_formed(&d))
        return BATON_MALFORMED;
    *ret_doc = d;
    return BATON_OK;
}
