#include "export_object.h"

#include <inttypes.h>
#include <string.h>

#include "print.h"
#include "seed.h"

static const struct {
    const char *name;
    unsigned weight;
} operations[EXPORT_OPERATION_COUNT] = {
#define X(name, text, weight) {text, weight},
    EXPORT_OPERATIONS(X)
#undef X
};

const char *
export_operation_name(enum export_operation operation)
{
    return operations[operation].name;
}

const char *
export_delta_name(enum export_operation operation)
{
    return operations[operation == EXPORT_RENAME ? EXPORT_UPDATE : operation].name;
}

void
export_recipe_default(struct export_recipe *r)
{
    *r = (struct export_recipe){
        .seed = 1, .objects = 1000, .bytes_per_object = 2000, .server = "NEW"};
    for (size_t i = 0; i < EXPORT_OPERATION_COUNT; i++)
        r->weight[i] = operations[i].weight;
    for (size_t i = 0; i < ODD_COUNT; i++)
        r->odd[i] = true;
}

static enum export_type
choose_type(struct seed *s)
{
    uint64_t n = seed_below(s, 100);
    return n < 75 ? EXPORT_USER : n < 90 ? EXPORT_GROUP : n < 96 ? EXPORT_CONTACT : EXPORT_DEVICE;
}

static enum export_operation
choose_operation(const struct export_recipe *r, struct seed *s)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < EXPORT_OPERATION_COUNT; i++)
        sum += r->weight[i];
    uint64_t n = seed_below(s, sum);
    size_t at = 0;
    while (n >= r->weight[at])
        n -= r->weight[at++];
    return (enum export_operation)at;
}

/* One in how many objects has it; what only attributes have is decided by their table. */
static uint64_t
rarity(enum export_oddity oddity)
{
    switch (oddity) {
    case ODD_CONFLICTS:
    case ODD_ANCHORS:
        return 60;
    case ODD_ESCAPES:
        return 20;
    case ODD_PAIRS:
    case ODD_BARE:
    case ODD_LINKS:
        return 2;
    case ODD_REPEATED:
    case ODD_IMPORTS:
    case ODD_ERRORS:
    case ODD_MISSING:
        return 10;
    case ODD_INTEGERS:
    case ODD_TIMES:
    case ODD_BINARIES:
    case ODD_REFERENCES:
    case ODD_COUNT:
    default:
        return 1;
    }
}

static void
choose_oddities(const struct export_recipe *r, struct export_object *o, struct seed *s)
{
    for (enum export_oddity i = 0; i < ODD_COUNT; i++)
        o->odd[i] = seed_one_in(s, rarity(i)) && r->odd[i];
    if (o->odd[ODD_CONFLICTS])
        o->odd[ODD_ESCAPES] = false; /* one kind of LDAP name at a time */
    o->key.conflict = o->odd[ODD_CONFLICTS];
}

/* Names of an Entra connector are CN={hex}; those of an AD connector are LDAP names. */
static void
name_it(struct export_object *o, const char *server)
{
    char index[24], guid[37];
    print_format(index, sizeof index, "%" PRIu64, o->key.index);
    print_guid_of(server, index, o->guid);
    export_anchor(&o->key, o->anchor);
    export_entra_dn(o->anchor, o->dn);
    print_guid_of("conflict", index, guid);
    if (o->odd[ODD_CONFLICTS])
        print_format(o->dn, sizeof o->dn, "CN=Twin %s\\0ACNF:%s,OU=People,DC=fabrikam,DC=example",
                     index, guid);
    else if (o->odd[ODD_ESCAPES])
        print_format(o->dn, sizeof o->dn,
                     "CN=Costa\\, Bruno \\\"%s\\\" & Co,OU=R\\+D \\<lab\\>,DC=fabrikam,DC=example",
                     index);
    if (o->operation == EXPORT_RENAME)
        print_format(o->new_dn, sizeof o->new_dn, "CN=Moved %s,OU=Elsewhere,DC=fabrikam,DC=example",
                     index);
}

static bool
has(const struct export_recipe *r, const struct export_object *o, const struct export_attribute *a)
{
    return (a->types & 1 << o->type) != 0 && (a->oddity == ODD_NONE || r->odd[a->oddity]);
}

static void
change_add(struct export_object *o, const struct export_attribute *a, enum export_change_kind kind,
           unsigned adds, unsigned removes)
{
    if (o->change_count < EXPORT_CHANGES_MAX)
        o->change[o->change_count++] = (struct export_change){a, kind, adds, removes};
}

/* All that a new object has: one value, or some. */
static void
change_all(const struct export_recipe *r, struct export_object *o, struct seed *s,
           enum export_change_kind kind)
{
    size_t count;
    const struct export_attribute *a = export_attributes(&count);
    for (size_t i = 0; i < count; i++)
        if (has(r, o, &a[i]) && (i < 2 || seed_one_in(s, 6)))
            change_add(o, &a[i], kind, a[i].multivalued ? 1 + (unsigned)seed_below(s, 3) : 1, 0);
}

static void
change_one(struct export_object *o, struct seed *s, const struct export_attribute *a)
{
    uint64_t n = seed_below(s, 10);
    unsigned many = 1 + (unsigned)seed_below(s, 3);
    if (n == 0)
        change_add(o, a, CHANGE_CLEARED, 0, 0);
    else if (n == 1)
        change_add(o, a, CHANGE_SET, a->multivalued ? many : 1, 0);
    else if (a->multivalued && n == 2)
        change_add(o, a, CHANGE_UPDATED, 0, many);
    else if (a->multivalued && n < 9)
        change_add(o, a, CHANGE_UPDATED, many, (unsigned)seed_below(s, 3));
    else if (a->multivalued || !o->odd[ODD_PAIRS])
        change_add(o, a, CHANGE_REPLACED, a->multivalued ? many : 1, 0);
    else
        change_add(o, a, CHANGE_UPDATED, 1, 1);
}

static void
change_some(const struct export_recipe *r, struct export_object *o, struct seed *s)
{
    size_t count;
    const struct export_attribute *a = export_attributes(&count);
    if (o->odd[ODD_ANCHORS])
        change_add(o, &a[0], CHANGE_UPDATED, 1, 1);
    for (size_t i = 1; i < count; i++)
        if (has(r, o, &a[i]) && seed_one_in(s, 16))
            change_one(o, s, &a[i]);
    if (o->change_count == 0 && o->operation == EXPORT_UPDATE)
        change_one(o, s, &a[1]);
}

static void
choose_changes(const struct export_recipe *r, struct export_object *o, struct seed *s)
{
    switch (o->operation) {
    case EXPORT_ADD:
    case EXPORT_DELETE_ADD:
        change_all(r, o, s, CHANGE_SET);
        return;
    case EXPORT_REPLACE:
        change_all(r, o, s, CHANGE_REPLACED);
        return;
    case EXPORT_UPDATE:
    case EXPORT_RENAME:
        change_some(r, o, s);
        return;
    case EXPORT_DELETE:
    case EXPORT_NONE:
    case EXPORT_OBSOLETE:
    case EXPORT_OPERATION_COUNT:
    default:
        return;
    }
}

void
export_object_make(const struct export_recipe *r, uint64_t index, struct export_object *o)
{
    struct seed s = seed_of(r->seed, index);
    uint64_t server = seed_text(r->server);
    *o = (struct export_object){.key = {.seed = r->seed, .index = index}};
    o->type = choose_type(&s); /* of one anchor: the same on every server */
    if (r->drift != 0 && seed_mix(s.state ^ server) % r->drift == 0)
        s = seed_of(r->seed ^ server, index);
    o->operation = choose_operation(r, &s);
    choose_oddities(r, o, &s);
    o->choice = (unsigned)seed_below(&s, 1u << 16);
    o->delta = o->operation != EXPORT_NONE || o->choice % 2 == 0;
    name_it(o, r->server);
    choose_changes(r, o, &s);
}
