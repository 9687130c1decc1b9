#include "exports_view.h"
#include "finding_view.h"
#include "output.h"

static json_t *
number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *
files_json(const struct exports_view *v)
{
    json_t *files = json_array();
    for (size_t i = 0; i < v->file_count; i++) {
        const struct exports_file *f = &v->file[i];
        char hash[2 * BATON_HASH_BYTES + 1];
        baton_hex(f->hash.b, sizeof f->hash.b, hash);
        json_t *o = json_pack("{s:o, s:s, s:s, s:o, s:o, s:s}", "path", plain_json(f->path),
                              "encoding", f->encoding, "packed", f->packed, "bytes",
                              number(f->bytes), "objects", number(f->objects), "sha256", hash);
        json_object_set_new(o, "side", json_string(i < v->old_count ? "against" : "new"));
        json_array_append_new(files, o);
    }
    return files;
}

static json_t *
totals_json(const struct exports_totals *t)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "objects", number(t->objects),
                     "adds", number(t->adds), "updates", number(t->updates), "deletes",
                     number(t->deletes), "renames", number(t->renames), "delete_adds",
                     number(t->delete_adds), "none", number(t->none), "unknown",
                     number(t->unknown));
}

static json_t *
type_json(const struct exports_totals *t)
{
    return json_pack("{s:o, s:o, s:o}", "adds", number(t->adds), "updates", number(t->updates),
                     "deletes", number(t->deletes));
}

/* Each with what is pending towards it, and that by object type. */
static json_t *
connectors_json(const struct exports *e)
{
    json_t *connectors = json_array();
    for (size_t i = 0; i < exports_connector_count(e); i++) {
        const struct exports_connector *c = exports_connector(e, i);
        json_t *o = json_pack("{s:s, s:s, s:o}", "id", c->id, "name", c->name, "totals",
                              totals_json(&c->totals)),
               *types = json_object();
        for (size_t t = 0; t < exports_type_count(e); t++) {
            const struct exports_totals *of_type = &c->of_type[exports_type_place(e, t)];
            if (of_type->objects > 0)
                (void)json_object_set_new(types, exports_type(e, t)->name, type_json(of_type));
        }
        json_object_set_new(o, "object_types", types);
        json_array_append_new(connectors, o);
    }
    return connectors;
}

static json_t *
types_json(const struct exports *e)
{
    json_t *types = json_object();
    for (size_t i = 0; i < exports_type_count(e); i++) {
        const struct exports_type *t = exports_type(e, i);
        (void)json_object_set_new(types, t->name, type_json(&t->totals));
    }
    return types;
}

json_t *
exports_attributes_json(const struct exports_view *v)
{
    json_t *attributes = json_object();
    for (size_t i = 0; i < exports_attribute_count(v->e); i++) {
        const struct exports_attribute *a = exports_attribute(v->e, i);
        (void)json_object_set_new(attributes, a->name,
                                  json_pack("{s:o, s:o, s:o, s:o, s:o}", "set", number(a->set),
                                            "changed", number(a->changed), "cleared",
                                            number(a->cleared), "value_adds", number(a->value_adds),
                                            "value_removes", number(a->value_removes)));
    }
    return attributes;
}

static json_t *
findings_json(const struct exports_view *v)
{
    json_t *findings = json_array();
    for (size_t i = 0; i < v->report.findings.count; i++) {
        const struct finding *f = &v->report.findings.item[i];
        const struct exports_samples *s = &v->report.samples[i];
        json_t *samples = json_array(), *people = json_object(), *o = finding_json(f);
        for (size_t k = 0; k < s->count; k++) {
            json_array_append_new(samples, plain_json(s->text[k]));
            if (s->person[k][0] != '\0')
                json_object_set_new(people, s->text[k], plain_json(s->person[k]));
        }
        json_object_set_new(o, "samples", samples);
        json_object_set_new(o, "named", people);
        json_array_append_new(findings, o);
    }
    return findings;
}

json_t *
exports_json(const struct exports_view *v)
{
    json_t *o = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "verdict",
                          verdict_name(v->verdict), "preset", preset_name(v->limits.preset),
                          "files", files_json(v), "totals", totals_json(exports_totals(v->e)),
                          "connectors", connectors_json(v->e), "object_types", types_json(v->e),
                          "attributes", exports_attributes_json(v), "findings", findings_json(v));
    if (v->index != NULL)
        json_object_set_new(
            o, "against",
            json_pack("{s:o, s:o, s:o, s:o}", "only_old", number(v->difference.only_old),
                      "only_new", number(v->difference.only_new), "equal",
                      number(v->difference.equal), "different", number(v->difference.different)));
    return o;
}
