#include "csexport_count.h"

#include <stdlib.h>
#include <string.h>

#include "xml.h"

enum { ROOT_DEPTH = 1, OBJECT_DEPTH = 2, STATE_DEPTH = 3, DELTA_DEPTH = 4 };

struct csexport_counter {
    struct xml *xml;
    struct csexport_counts counts;
    bool wrong_root, pending;
};

struct operation_row {
    const char *name;
    uint8_t adds, updates, deletes;
};

static const struct operation_row operations[] = {
    {"none", 0, 0, 0},    {"add", 1, 0, 0},    {"update", 0, 1, 0},     {"modify", 0, 1, 0},
    {"replace", 0, 1, 0}, {"delete", 0, 0, 1}, {"delete-add", 1, 0, 1}, {"obsolete", 0, 0, 0},
};

static void
count_delta(struct csexport_counts *counts, const char *operation)
{
    for (size_t i = 0; operation != NULL && i < ARRAY_LEN(operations); i++) {
        const struct operation_row *r = &operations[i];
        if (strcmp(r->name, operation) == 0) {
            counts->adds += r->adds;
            counts->updates += r->updates;
            counts->deletes += r->deletes;
            return;
        }
    }
    counts->unknown++;
}

static void
on_start(void *ctx, int depth, const char *name, const char **attributes)
{
    struct csexport_counter *c = ctx;
    if (depth == ROOT_DEPTH)
        c->wrong_root = strcmp(name, "cs-objects") != 0;
    else if (depth == OBJECT_DEPTH)
        c->counts.objects += strcmp(name, "cs-object") == 0;
    else if (depth == STATE_DEPTH)
        c->pending = strcmp(name, "unapplied-export") == 0;
    else if (depth == DELTA_DEPTH && c->pending && strcmp(name, "delta") == 0)
        count_delta(&c->counts, xml_attribute(attributes, "operation"));
}

enum baton_status
csexport_counter_open(struct csexport_counter **ret_counter, struct baton_err *err)
{
    struct csexport_counter *c = calloc(1, sizeof *c);
    if (c == NULL)
        return baton_fail(err, BATON_NOMEM, "csexport counter");
    struct xml_handler handler = {.ctx = c, .start = on_start};
    enum baton_status rc = xml_open(&handler, &c->xml, err);
    if (rc != BATON_OK) {
        csexport_counter_close(&c);
        return rc;
    }
    *ret_counter = c;
    return BATON_OK;
}

enum baton_status
csexport_counter_push(struct csexport_counter *c, const void *bytes, size_t len,
                      struct baton_err *err)
{
    return xml_push(c->xml, bytes, len, err);
}

enum baton_status
csexport_counter_finish(struct csexport_counter *c, struct csexport_counts *ret_counts,
                        struct baton_err *err)
{
    enum baton_status rc = xml_finish(c->xml, err);
    if (rc != BATON_OK)
        return rc;
    if (c->wrong_root)
        return baton_fail(err, BATON_MALFORMED, "the document's root is not cs-objects");
    *ret_counts = c->counts;
    return BATON_OK;
}

void
csexport_counter_close(struct csexport_counter **c)
{
    if (*c == NULL)
        return;
    xml_close(&(*c)->xml);
    free(*c);
    *c = NULL;
}
