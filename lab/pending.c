#include "pending.h"

#include <inttypes.h>
#include <string.h>

#include "config_content.h"
#include "csexport_write.h"
#include "folder.h"
#include "print.h"
#include "seed.h"

enum { OBJECTS_PER_ADD = 20000, OBJECTS_PER_UPDATE = 5000 };

static void
grow_first(struct server *s)
{
    uint64_t objects = s->world->tenant.objects;
    s->disk.pending.adds = objects / OBJECTS_PER_ADD;
    s->disk.pending.updates = 1 + objects / OBJECTS_PER_UPDATE;
}

void
pending_grow(struct server *s, const struct run *run)
{
    struct pending *p = &s->disk.pending;
    bool nothing = p->adds + p->updates + p->deletes == 0;
    bool staged = s->disk.product.kind == CONNECT && s->disk.product.staging;
    if (run->profile == RUN_FULL_SYNC && nothing) {
        grow_first(s);
    } else if (
        !staged) { /* a staged server sees the same changes come back confirmed by the other */
        p->adds += run->number % 4 == 0;
        p->updates += 1 + run->number % 5;
    }
}

void
pending_anchor(const char *tenant, uint64_t index, char out[ANCHOR_TEXT])
{
    uint64_t seed = seed_text(tenant);
    uint64_t half[2] = {seed_mix(seed + 2 * index), seed_mix(seed + 2 * index + 1)};
    uint8_t bytes[sizeof half];
    for (size_t i = 0; i < sizeof bytes; i++) /* the same bytes on every machine */
        bytes[i] = (uint8_t)(half[i / 8] >> i % 8 * 8);
    print_base64(bytes, sizeof bytes, out);
}

void
pending_dn(const char *anchor, char out[ENTRA_DN_BYTES])
{
    static const char digits[] = "0123456789ABCDEF";
    size_t at = 0;
    memcpy(out, "CN={", 4);
    at += 4;
    for (const char *c = anchor; *c != '\0' && at + 4 < ENTRA_DN_BYTES; c++) {
        out[at++] = digits[(uint8_t)*c >> 4];
        out[at++] = digits[*c & 15];
    }
    out[at++] = '}';
    out[at] = '\0';
}

struct object {
    uint64_t index;
    char anchor[ANCHOR_TEXT], dn[ENTRA_DN_BYTES], id[GUID_TEXT];
    const char *type, *tenant, *connector;
};

static const struct object_word {
    const char *given, *family, *department;
} words[] = {
    {"Anna", "Berger", "Finance"},   {"Bruno", "Costa", "Sales"},
    {"Chloe", "Dubois", "Research"}, {"Dmitri", "Egorov", "Operations"},
    {"Elif", "Fidan", "Legal"},      {"Farid", "Ghali", "Support"},
    {"Grace", "O'Hara", "R&D"},      {"Hugo", "Ibsen", "Logistics"},
};

static const struct object_word *
word_of(const struct object *o)
{
    return &words[o->index % ARRAY_LEN(words)];
}

static struct object
object_make(const char *tenant, const char *connector, uint64_t index)
{
    struct object o = {.index = index, .tenant = tenant, .connector = connector};
    pending_anchor(tenant, index, o.anchor);
    pending_dn(o.anchor, o.dn);
    print_guid_of(tenant, o.dn, o.id);
    o.type = index % 7 == 6 ? "group" : "user";
    return o;
}

static void
write_value(struct xml_out *x, const char *name, const char *operation, const char *value)
{
    cs_attribute_begin(x, name, "string", operation, false);
    cs_value(x, NULL, NULL, value);
    cs_attribute_end(x);
}

static void
write_all_values(struct xml_out *x, const struct object *o, const char *operation)
{
    char text[160];
    const struct object_word *w = word_of(o);
    write_value(x, "sourceAnchor", operation, o->anchor);
    print_format(text, sizeof text, "%s %s %" PRIu64, w->given, w->family, o->index);
    write_value(x, "displayName", operation, text);
    if (strcmp(o->type, "user") == 0) {
        print_format(text, sizeof text, "user%" PRIu64 "@%s.example", o->index, o->tenant);
        write_value(x, "userPrincipalName", operation, text);
        write_value(x, "department", operation, w->department);
    }
}

static void
write_hologram(struct xml_out *x, const char *section, const struct object *o)
{
    cs_hologram_begin(x, section, o->dn);
    cs_classes(x, o->type);
    write_all_values(x, o, NULL);
    cs_hologram_end(x);
}

static void
write_add(struct xml_out *x, const struct object *o)
{
    cs_delta_begin(x, "unapplied-export", "add", o->dn, NULL);
    cs_classes(x, o->type);
    write_all_values(x, o, "add");
    cs_delta_end(x);
    write_hologram(x, "unapplied-export-hologram", o);
}

static void
write_update(struct xml_out *x, const struct object *o)
{
    char before[160], after[160];
    const struct object_word *w = word_of(o);
    print_format(before, sizeof before, "%s %s", w->given, w->family);
    print_format(after, sizeof after, "%s %s %" PRIu64, w->given, w->family, o->index);
    cs_delta_begin(x, "unapplied-export", "update", o->dn, NULL);
    cs_attribute_begin(x, "displayName", "string", "update", false);
    cs_value(x, "delete", NULL, before);
    cs_value(x, "add", NULL, after);
    cs_attribute_end(x);
    cs_delta_end(x);
    write_hologram(x, "synchronized-hologram", o);
    write_hologram(x, "unapplied-export-hologram", o);
}

static void
write_delete(struct xml_out *x, const struct object *o)
{
    cs_delta_begin(x, "unapplied-export", "delete", o->dn, NULL);
    cs_delta_end(x);
    write_hologram(x, "synchronized-hologram", o);
}

static const struct kind {
    const char *operation;
    void (*write)(struct xml_out *x, const struct object *o);
} kinds[] = {{"add", write_add}, {"update", write_update}, {"delete", write_delete}};

static void
write_objects(struct xml_out *x, const struct object *like, const struct kind *kind, uint64_t from,
              uint64_t count)
{
    for (uint64_t i = from; i < from + count; i++) {
        struct object o = object_make(like->tenant, like->connector, i);
        cs_object_begin(x, o.dn, o.id, o.type);
        kind->write(x, &o);
        cs_state(x, kind->operation, ENTRA_CONNECTOR_ID, o.connector);
        cs_object_end(x);
    }
}

enum baton_status
pending_write(FILE *f, const char *tenant, const char *connector, const struct pending *pending,
              struct baton_err *err)
{
    struct xml_out *x = NULL;
    enum baton_status rc = xml_out_open(f, XML_UTF8, XML_LF, &x, err);
    if (rc != BATON_OK)
        return rc;
    const struct object like = {.tenant = tenant, .connector = connector};
    const uint64_t counts[ARRAY_LEN(kinds)] = {pending->adds, pending->updates, pending->deletes};
    uint64_t from = 0;
    cs_document_begin(x);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        write_objects(x, &like, &kinds[i], from, counts[i]);
        from += counts[i];
    }
    cs_document_end(x);
    return xml_out_close(&x, err);
}

static const char *
entra_name(const struct server *s)
{
    for (size_t i = 0; i < s->disk.connectors.count; i++)
        if (s->disk.connectors.item[i].entra)
            return s->disk.connectors.item[i].name;
    return "";
}

enum baton_status
pending_export(struct server *s, struct baton_err *err)
{
    char path[PATH_BYTES];
    if (!print_format(path, sizeof path, "%s/pending-export.xml", s->dir))
        return baton_fail(err, BATON_LIMIT, "path too long below %s", s->name);
    struct draft draft;
    enum baton_status rc = draft_open(&draft, path, err);
    if (rc != BATON_OK)
        return rc;
    rc = pending_write(draft.file, s->world->tenant.name, entra_name(s), &s->disk.pending, err);
    if (rc != BATON_OK) {
        draft_abandon(&draft);
        return rc;
    }
    return draft_commit(&draft, s->world->wall_ms, err);
}
