#include "exports_view.h"
#include "finding_view.h"
#include "output.h"
#include "wrap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ATTRIBUTE_ROWS_SHOWN = 12, SUBJECT_COLUMNS = 36 };

static void
print_connector(const struct exports *e, const struct exports_connector *c)
{
    printf("towards %s:\n", c->name[0] != '\0' ? c->name
                            : c->id[0] != '\0' ? c->id
                                               : "a connector that the file does not name");
    for (size_t i = 0; i < exports_type_count(e); i++) {
        const struct exports_totals *t = &c->of_type[exports_type_place(e, i)];
        if (t->objects > t->none)
            printf("  %-16s %8" PRIu64 " adds %8" PRIu64 " updates %8" PRIu64 " deletes\n",
                   exports_type(e, i)->name, t->adds, t->updates, t->deletes);
    }
}

static void
print_totals(const struct exports_view *v)
{
    const struct exports_totals *t = exports_totals(v->e);
    printf("%" PRIu64 " objects in %zu file%s: %" PRIu64 " adds, %" PRIu64 " updates, %" PRIu64
           " deletes, %" PRIu64 " renames, %" PRIu64 " made again; %" PRIu64
           " with nothing pending\n",
           t->objects, v->file_count - v->old_count, v->file_count - v->old_count == 1 ? "" : "s",
           t->adds, t->updates, t->deletes, t->renames, t->delete_adds, t->none);
    for (size_t i = 0; i < exports_connector_count(v->e); i++)
        print_connector(v->e, exports_connector(v->e, i));
    if (v->index != NULL)
        printf("against the old server: %" PRIu64 " equal, %" PRIu64 " different, %" PRIu64
               " only old, %" PRIu64 " only new\n",
               v->difference.equal, v->difference.different, v->difference.only_old,
               v->difference.only_new);
    putchar('\n');
}

struct touched {
    const struct exports_attribute *attribute;
};

static int
by_touch(const void *a, const void *b)
{
    const struct exports_attribute *x = ((const struct touched *)a)->attribute,
                                   *y = ((const struct touched *)b)->attribute;
    uint64_t nx = x->changed + x->cleared, ny = y->changed + y->cleared;
    return nx == ny ? strcmp(x->name, y->name) : nx < ny ? 1 : -1;
}

static void
print_attributes(const struct exports_view *v)
{
    struct touched order[EXPORTS_ATTRIBUTES_MAX];
    size_t count = exports_attribute_count(v->e);
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        order[i].attribute = exports_attribute(v->e, i);
    qsort(order, count, sizeof *order, by_touch);
    printf("%-28s %9s %9s %9s %9s %9s\n", "ATTRIBUTE", "SET", "CHANGED", "CLEARED", "VALUES +",
           "VALUES -");
    for (size_t i = 0; i < count && i < ATTRIBUTE_ROWS_SHOWN; i++)
        printf("%-28.28s %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "\n",
               order[i].attribute->name, order[i].attribute->set, order[i].attribute->changed,
               order[i].attribute->cleared, order[i].attribute->value_adds,
               order[i].attribute->value_removes);
    if (count > ATTRIBUTE_ROWS_SHOWN)
        printf("and %zu more: --output csv lists all\n", count - ATTRIBUTE_ROWS_SHOWN);
    putchar('\n');
}

static void
print_samples(const struct exports_samples *s)
{
    for (size_t k = 0; k < s->count; k++)
        printf("  %s %s%s%s\n", k == 0 ? "such as" : "       ", s->text[k],
               s->person[k][0] != '\0' ? "  " : "", s->person[k]);
}

static bool
same_rule(const struct finding *a, const struct finding *b)
{
    return a->severity == b->severity && strcmp(a->rule, b->rule) == 0;
}

/* How many findings of that rule and severity there are; 0 when one stood before. */
static size_t
rows_of_rule(const struct findings *all, size_t first)
{
    size_t rows = 0;
    for (size_t i = 0; i < all->count; i++)
        if (same_rule(&all->item[i], &all->item[first])) {
            if (i < first)
                return 0;
            rows++;
        }
    return rows;
}

/* A rule that many attributes have passed is one thing to read about, and a line for each of them. */
static void
print_rule(const struct exports_view *v, size_t first, size_t rows)
{
    const struct findings *all = &v->report.findings;
    const struct finding *f = &all->item[first];
    printf("%s%-7s%s %s: %zu times", paint_on(v->c, severity_paint(f->severity)),
           finding_severity_name((enum finding_severity)f->severity), paint_off(v->c), f->rule,
           rows);
    if (f->limit != FINDING_NO_LIMIT)
        printf(" (limit %" PRIu64 " each)", f->limit);
    putchar('\n');
    wrap_print(2, "%s", verify_rule_named(f->rule)->why);
    if (f->severity > SEVERITY_INFO)
        wrap_print(2, "to do: %s", f->advice);
    for (size_t i = first; i < all->count; i++) {
        const struct exports_samples *s = &v->report.samples[i];
        bool named = f->severity > SEVERITY_INFO && s->count > 0;
        if (same_rule(&all->item[i], f))
            printf("  %8" PRIu64 "  %-*s%s%s\n", all->item[i].count, named ? SUBJECT_COLUMNS : 0,
                   all->item[i].subject, named ? " such as " : "", named ? s->text[0] : "");
    }
}

static void
print_finding(const struct exports_view *v, size_t i)
{
    const struct finding *f = &v->report.findings.item[i];
    size_t rows = rows_of_rule(&v->report.findings, i);
    if (rows > 1)
        print_rule(v, i, rows);
    if (rows != 1)
        return;
    finding_print(v->c, f);
    if (f->severity > SEVERITY_INFO)
        print_samples(&v->report.samples[i]);
}

void
exports_table(const struct exports_view *v)
{
    enum paint paint = verdict_paint(v->verdict);
    print_totals(v);
    if (exports_totals(v->e)->objects == 0)
        wrap_print(
            0,
            "No object is pending. That is what a server says that would change nothing, and one "
            "that never synchronized: baton runs check tells them apart.");
    print_attributes(v);
    for (size_t i = 0; i < v->report.findings.count; i++)
        print_finding(v, i);
    printf("%s%s%s under preset %s%s\n", paint_on(v->c, paint), verdict_name(v->verdict),
           paint_off(v->c), preset_name(v->limits.preset),
           v->scope == 0 ? "; without --scope, shares of all objects are not judged" : "");
}

enum baton_status
exports_csv(const struct exports_view *v)
{
    static const struct column columns[] = {
        {"attribute", "attribute", COLUMN_TEXT},   {"set", "set", COLUMN_TEXT},
        {"changed", "changed", COLUMN_TEXT},       {"cleared", "cleared", COLUMN_TEXT},
        {"value_adds", "value_adds", COLUMN_TEXT}, {"value_removes", "value_removes", COLUMN_TEXT},
    };
    json_t *attributes = exports_attributes_json(v), *rows = json_array(), *a;
    const char *name;
    json_object_foreach(attributes, name, a)
    {
        json_object_set_new(a, "attribute", json_string(name));
        json_array_append(rows, a);
    }
    enum baton_status rc = output_list(v->c, columns, ARRAY_LEN(columns), rows);
    json_decref(attributes);
    json_decref(rows);
    return rc;
}
