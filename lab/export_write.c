#include "export_write.h"

#include <inttypes.h>
#include <string.h>

#include "config_content.h"
#include "csexport_write.h"
#include "print.h"

/* values of a multi-valued attribute; rows of the table; bytes behind the holograms, about */
enum { KEPT_VALUES = 3, ALWAYS_SHOWN = 2, TAIL_BYTES = 480 };

struct page {
    struct xml_out *x;
    const struct export_recipe *recipe;
    const struct export_object *o;
    uint64_t begin; /* bytes before this object */
    uint64_t share; /* bytes it shall have */
};

static void
write_value(const struct page *p, const struct export_attribute *a, const char *operation,
            unsigned version, unsigned nth)
{
    char text[EXPORT_VALUE_BYTES];
    struct export_value_key key = p->o->key;
    key.version = version;
    key.nth = nth;
    export_value(a, &key, text);
    if (a->shape == SHAPE_REFERENCE)
        cs_dn_value(p->x, operation, text);
    else
        cs_value(p->x, operation, export_attribute_encoding(a), text);
}

static void
write_values(const struct page *p, const struct export_attribute *a, const char *operation,
             unsigned version, unsigned from, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        write_value(p, a, operation, version, from + i);
}

static void
attribute_begin(const struct page *p, const struct export_attribute *a, const char *operation)
{
    cs_attribute_begin(p->x, a->name, export_attribute_type(a), operation, a->multivalued);
}

static bool
is_newcomer(const struct export_object *o)
{
    return o->operation == EXPORT_ADD || o->operation == EXPORT_DELETE_ADD;
}

/* Of the values that the export brings. */
static unsigned
new_version(const struct export_object *o)
{
    return is_newcomer(o) ? 0 : 1;
}

static bool
is_bare(const struct export_object *o)
{
    return o->odd[ODD_BARE] && is_newcomer(o);
}

static void
write_change(const struct page *p, const struct export_change *c)
{
    static const char *const names[] = {[CHANGE_SET] = "add",
                                        [CHANGE_REPLACED] = "replace",
                                        [CHANGE_UPDATED] = "update",
                                        [CHANGE_CLEARED] = "delete"};
    bool each = c->kind == CHANGE_UPDATED;
    attribute_begin(p, c->attribute, is_bare(p->o) ? NULL : names[c->kind]);
    write_values(p, c->attribute, each ? "delete" : NULL, 0, 0, c->removes);
    write_values(p, c->attribute, each ? "add" : NULL, new_version(p->o), 0, c->adds);
    cs_attribute_end(p->x);
}

/* An Entra anchor: four bytes of length, then TYPE_GUID in UTF-16 with a final NUL. */
static void
write_anchor(const struct page *p)
{
    static const char *const prefix[EXPORT_TYPE_COUNT] = {"User_", "Group_", "Contact_", "Device_"};
    char text[64], encoded[256];
    uint8_t bytes[4 + 2 * sizeof text] = {0};
    print_format(text, sizeof text, "%s%s", prefix[p->o->type], p->o->guid);
    size_t wide = 2 * (strlen(text) + 1);
    bytes[0] = (uint8_t)wide;
    for (size_t i = 0; text[i] != '\0'; i++)
        bytes[4 + 2 * i] = (uint8_t)text[i];
    print_base64(bytes, 4 + wide, encoded);
    xml_out_begin(p->x, "anchor");
    xml_out_attribute(p->x, "encoding", "base64");
    xml_out_text(p->x, encoded);
    xml_out_end(p->x);
}

static void
write_delta(const struct page *p, const char *section)
{
    const struct export_object *o = p->o;
    cs_delta_begin(p->x, section, export_delta_name(o->operation), o->dn,
                   o->new_dn[0] == '\0' ? NULL : o->new_dn);
    if (is_newcomer(o) || o->operation == EXPORT_REPLACE)
        cs_classes(p->x, export_type_name(o->type));
    for (size_t i = 0; i < o->change_count; i++)
        write_change(p, &o->change[i]);
    cs_delta_end(p->x);
}

static void
write_import(const struct page *p)
{
    static const char *const operations[] = {"add", "update", "delete", "none"};
    size_t count;
    const struct export_attribute *name = &export_attributes(&count)[1];
    cs_delta_begin(p->x, "pending-import", operations[p->o->choice / 2 % ARRAY_LEN(operations)],
                   p->o->dn, NULL);
    attribute_begin(p, name, "replace");
    write_value(p, name, NULL, 0, 0);
    cs_attribute_end(p->x);
    cs_delta_end(p->x);
}

static const struct export_change *
change_of(const struct export_object *o, const struct export_attribute *a)
{
    for (size_t i = 0; i < o->change_count; i++)
        if (o->change[i].attribute == a)
            return &o->change[i];
    return NULL;
}

/* Percent of what is left when the tail of the object has its bytes. */
static bool
share_used(const struct page *p, unsigned percent)
{
    return (xml_out_bytes(p->x) - p->begin + TAIL_BYTES) * 100 >= p->share * percent;
}

/* As the attribute is before the change, or after it. */
static void
write_held(const struct page *p, const struct export_attribute *a, const struct export_change *c)
{
    unsigned kept = a->multivalued ? KEPT_VALUES : 1;
    if (c != NULL && c->kind == CHANGE_CLEARED)
        return;
    if (c != NULL && c->kind == CHANGE_UPDATED)
        kept -= c->removes;
    else if (c != NULL)
        kept = 0;
    attribute_begin(p, a, NULL);
    write_values(p, a, NULL, 0, c == NULL ? 0 : c->removes, kept);
    if (c != NULL)
        write_values(p, a, NULL, new_version(p->o), 0, c->adds);
    cs_attribute_end(p->x);
}

/* Many values of one attribute take what is left of the share. */
static void
write_filler(const struct page *p, const struct export_attribute *a, unsigned percent)
{
    attribute_begin(p, a, NULL);
    for (unsigned nth = 0; nth < KEPT_VALUES || !share_used(p, percent); nth++)
        write_value(p, a, NULL, 0, nth);
    cs_attribute_end(p->x);
}

static bool
fills(const struct export_object *o, const struct export_attribute *a)
{
    return strcmp(a->name, o->type == EXPORT_DEVICE ? "physicalIds" : "proxyAddresses") == 0;
}

static void
write_hologram(const struct page *p, const char *section, bool after, unsigned percent)
{
    const struct export_object *o = p->o;
    const struct export_attribute *filler = NULL;
    size_t count;
    const struct export_attribute *a = export_attributes(&count);
    cs_hologram_begin(p->x, section, after && o->new_dn[0] != '\0' ? o->new_dn : o->dn);
    if (!after) { /* the tenant gives the anchor: what is only wanted has none yet */
        write_anchor(p);
        cs_classes(p->x, export_type_name(o->type));
    }
    for (size_t i = 0; i < count; i++) {
        const struct export_change *change = after ? change_of(o, &a[i]) : NULL;
        bool allowed = (a[i].types & 1 << o->type) != 0 &&
                       (a[i].oddity == ODD_NONE || p->recipe->odd[a[i].oddity]);
        if (allowed && fills(o, &a[i]) && change == NULL)
            filler = &a[i];
        else if (allowed && (i < ALWAYS_SHOWN || change != NULL || !share_used(p, percent)))
            write_held(p, &a[i], change);
    }
    if (filler != NULL && !share_used(p, percent))
        write_filler(p, filler, percent);
    cs_hologram_end(p->x);
}

static void
write_holograms(const struct page *p)
{
    const struct export_object *o = p->o;
    switch (o->operation) {
    case EXPORT_ADD:
        write_hologram(p, "unapplied-export-hologram", true, 100);
        return;
    case EXPORT_DELETE:
        write_hologram(p, o->choice % 3 == 0 ? "pending-import-hologram" : "synchronized-hologram",
                       false, 100);
        return;
    case EXPORT_UPDATE:
    case EXPORT_RENAME:
    case EXPORT_DELETE_ADD:
    case EXPORT_REPLACE:
        write_hologram(p, "synchronized-hologram", false, 40);
        write_hologram(p, "unapplied-export-hologram", true, 100);
        return;
    case EXPORT_NONE:
    case EXPORT_OBSOLETE:
    case EXPORT_OPERATION_COUNT:
    default:
        write_hologram(p, "synchronized-hologram", false, 100);
        return;
    }
}

static void
write_cd_error(const struct page *p)
{
    xml_out_begin(p->x, "export-status");
    xml_out_begin(p->x, "cd-error");
    xml_out_leaf(p->x, "error-code", p->o->choice % 4 < 2 ? "8453" : "0x80230703");
    xml_out_leaf(p->x, "error-name", "permission-issue");
    xml_out_leaf(p->x, "error-literal", "Access was denied.\n   at Lab.Export`1.<>c.Run() & more");
    xml_out_leaf(p->x, "extra-error-details", "");
    xml_out_end(p->x);
    xml_out_end(p->x);
}

static void
write_error(const struct page *p)
{
    xml_out_begin(p->x, "export-errordetail");
    if (p->o->choice % 2 == 0) {
        write_cd_error(p);
    } else {
        xml_out_begin(p->x, "export-error");
        xml_out_attribute(p->x, "date-occurred", "2026-03-01 09:30:11.523");
        xml_out_attribute(p->x, "first-occurred", "2026-02-27 23:00:04.110");
        xml_out_attribute(p->x, "retry-count", "7");
        xml_out_attribute(p->x, "error-type", "cd-missing-object");
        xml_out_end(p->x);
    }
    xml_out_end(p->x);
}

static void
write_links(const struct page *p)
{
    char guid[37], text[40];
    print_guid_of(p->o->guid, "metaverse", guid);
    print_format(text, sizeof text, "{%s}", guid);
    xml_out_begin(p->x, "cs-mv-links");
    xml_out_leaf(p->x, "cs-mv-value", text);
    xml_out_end(p->x);
}

/* What stands beside the pending export, and is none. */
static void
write_other_deltas(const struct page *p)
{
    const struct export_object *o = p->o;
    if (o->odd[ODD_REPEATED] && o->delta)
        write_delta(p, o->choice % 2 == 0 ? "unconfirmed-export" : "escrowed-export");
    if (o->odd[ODD_IMPORTS])
        write_import(p);
}

void
export_object_write(struct xml_out *x, const struct export_recipe *r, const struct export_object *o)
{
    const struct page p = {.x = x,
                           .recipe = r,
                           .o = o,
                           .begin = xml_out_bytes(x),
                           .share = (uint64_t)r->bytes_per_object * (75 + o->choice % 51) / 100};
    cs_object_begin(x, o->dn, o->guid, export_type_name(o->type));
    if (o->delta)
        write_delta(&p, "unapplied-export");
    write_other_deltas(&p);
    if (!o->odd[ODD_MISSING]) {
        write_holograms(&p);
        cs_state(x, export_delta_name(o->operation), ENTRA_CONNECTOR_ID,
                 "fabrikam.onmicrosoft.com - AAD");
        if (o->odd[ODD_ERRORS])
            write_error(&p);
        if (o->odd[ODD_LINKS])
            write_links(&p);
    }
    cs_object_end(x);
}
