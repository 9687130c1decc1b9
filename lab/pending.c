#include "pending.h"

#include <inttypes.h>
#include <string.h>

#include "config_write.h"
#include "folder.h"
#include "print.h"

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

static uint64_t
mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static char
base64_digit(bool there, uint32_t value)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (!there)
        return '=';
    return digits[value & 63];
}

static void
base64(const uint8_t *bytes, size_t len, char *out)
{
    size_t at = 0;
    for (size_t i = 0; i < len; i += 3) {
        uint32_t b = (uint32_t)bytes[i] << 16;
        b |= i + 1 < len ? (uint32_t)bytes[i + 1] << 8 : 0;
        b |= i + 2 < len ? bytes[i + 2] : 0;
        out[at++] = base64_digit(true, b >> 18);
        out[at++] = base64_digit(true, b >> 12);
        out[at++] = base64_digit(i + 1 < len, b >> 6);
        out[at++] = base64_digit(i + 2 < len, b);
    }
    out[at] = '\0';
}

void
pending_anchor(const char *tenant, uint64_t index, char out[ANCHOR_TEXT])
{
    uint64_t seed = 0;
    for (const char *c = tenant; *c != '\0'; c++)
        seed = mix(seed ^ (uint8_t)*c);
    uint64_t half[2] = {mix(seed + 2 * index), mix(seed + 2 * index + 1)};
    uint8_t bytes[sizeof half];
    memcpy(bytes, half, sizeof bytes);
    base64(bytes, sizeof bytes, out);
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
    {"Anna", "Berger", "Finance"},       {"Bruno", "Costa", "Sales"},
    {"Chloe", "Dubois", "Research"},     {"Dmitri", "Egorov", "Operations"},
    {"Elif", "Fidan", "Legal"},          {"Farid", "Ghali", "Support"},
    {"Grace", "O&apos;Hara", "R&amp;D"}, {"Hugo", "Ibsen", "Logistics"},
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
write_value(FILE *f, const char *name, const char *operation, const char *value)
{
    fprintf(f,
            "        <attr name=\"%s\"%s type=\"string\" multivalued=\"false\"><value>%s</value>"
            "</attr>\n",
            name, operation, value);
}

static void
write_all_values(FILE *f, const struct object *o, const char *operation)
{
    char text[160];
    const struct object_word *w = word_of(o);
    write_value(f, "sourceAnchor", operation, o->anchor);
    print_format(text, sizeof text, "%s %s %" PRIu64, w->given, w->family, o->index);
    write_value(f, "displayName", operation, text);
    if (strcmp(o->type, "user") == 0) {
        print_format(text, sizeof text, "user%" PRIu64 "@%s.example", o->index, o->tenant);
        write_value(f, "userPrincipalName", operation, text);
        write_value(f, "department", operation, w->department);
    }
}

static void
write_classes(FILE *f, const struct object *o)
{
    fprintf(f,
            "        <primary-objectclass>%s</primary-objectclass>\n"
            "        <objectclass><oc-value>%s</oc-value></objectclass>\n",
            o->type, o->type);
}

static void
write_hologram(FILE *f, const char *element, const struct object *o)
{
    fprintf(f, "    <%s>\n      <entry dn=\"%s\">\n", element, o->dn);
    write_classes(f, o);
    write_all_values(f, o, "");
    fprintf(f, "      </entry>\n    </%s>\n", element);
}

static void
write_add(FILE *f, const struct object *o)
{
    fprintf(f, "    <unapplied-export>\n      <delta operation=\"add\" dn=\"%s\">\n", o->dn);
    write_classes(f, o);
    write_all_values(f, o, " operation=\"add\"");
    fputs("      </delta>\n    </unapplied-export>\n", f);
    write_hologram(f, "unapplied-export-hologram", o);
}

static void
write_update(FILE *f, const struct object *o)
{
    const struct object_word *w = word_of(o);
    fprintf(f,
            "    <unapplied-export>\n      <delta operation=\"update\" dn=\"%s\">\n"
            "        <attr name=\"displayName\" operation=\"update\" type=\"string\" "
            "multivalued=\"false\"><value operation=\"delete\">%s %s</value>"
            "<value operation=\"add\">%s %s %" PRIu64 "</value></attr>\n"
            "      </delta>\n    </unapplied-export>\n",
            o->dn, w->given, w->family, w->given, w->family, o->index);
    write_hologram(f, "synchronized-hologram", o);
    write_hologram(f, "unapplied-export-hologram", o);
}

static void
write_delete(FILE *f, const struct object *o)
{
    fprintf(f,
            "    <unapplied-export>\n      <delta operation=\"delete\" dn=\"%s\"/>\n"
            "    </unapplied-export>\n",
            o->dn);
    write_hologram(f, "synchronized-hologram", o);
}

static void
write_escaped(FILE *f, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '&')
            fputs("&amp;", f);
        else if (*c == '<')
            fputs("&lt;", f);
        else
            fputc(*c, f);
    }
}

static const struct kind {
    const char *name; /* as export-delta-operation says it */
    void (*write)(FILE *f, const struct object *o);
} kinds[] = {{"add", write_add}, {"modify", write_update}, {"delete", write_delete}};

static void
write_objects(FILE *f, const struct object *like, const struct kind *kind, uint64_t from,
              uint64_t count)
{
    for (uint64_t i = from; i < from + count && !ferror(f); i++) {
        struct object o = object_make(like->tenant, like->connector, i);
        fprintf(f, "  <cs-object cs-dn=\"%s\" id=\"{%s}\" object-type=\"%s\">\n", o.dn, o.id,
                o.type);
        kind->write(f, &o);
        fprintf(f,
                "    <connector>1</connector>\n    <connector-state>normal</connector-state>\n"
                "    <export-delta-operation>%s</export-delta-operation>\n"
                "    <ma-id>{" ENTRA_CONNECTOR_ID "}</ma-id>\n    <ma-name>",
                kind->name);
        write_escaped(f, o.connector);
        fputs("</ma-name>\n  </cs-object>\n", f);
    }
}

void
pending_write(FILE *f, const char *tenant, const char *connector, const struct pending *pending)
{
    const struct object like = {.tenant = tenant, .connector = connector};
    const uint64_t counts[ARRAY_LEN(kinds)] = {pending->adds, pending->updates, pending->deletes};
    uint64_t from = 0;
    fputs("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<cs-objects>\n", f);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        write_objects(f, &like, &kinds[i], from, counts[i]);
        from += counts[i];
    }
    fputs("</cs-objects>\n", f);
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
    pending_write(draft.file, s->world->tenant.name, entra_name(s), &s->disk.pending);
    return draft_commit(&draft, err);
}
