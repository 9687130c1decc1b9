#include "scope.h"

#include "dn.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE_OLD, SIDE_NEW, SIDES };
enum said { SAID_NOTHING, SAID_IN, SAID_OUT };

#define NO_REGION SIZE_MAX

struct container {
    char *key; /* canonical */
    const char *dn;
    uint8_t said[SIDES]; /* enum said */
    bool in[SIDES];
    size_t region; /* index of the change that it belongs to */
};

struct scope_work {
    struct container *item;
    size_t count, capacity;
    bool base[SIDES];
};

static enum baton_status
work_add(struct scope_work *w, const char *dn, size_t side, enum said said)
{
    bool valid;
    if (w->count == w->capacity) {
        size_t capacity = w->capacity == 0 ? 32 : 2 * w->capacity;
        struct container *grown = realloc(w->item, capacity * sizeof *grown);
        if (grown == NULL)
            return BATON_NOMEM;
        w->item = grown;
        w->capacity = capacity;
    }
    char *key = dn_canonical(dn, &valid);
    if (key == NULL)
        return BATON_NOMEM;
    w->item[w->count] = (struct container){.key = key, .dn = dn, .region = NO_REGION};
    w->item[w->count++].said[side] = (uint8_t)said;
    return BATON_OK;
}

static enum baton_status
work_add_list(struct scope_work *w, const struct text_list *l, const char *root, size_t side,
              enum said said)
{
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; i < l->count && rc == BATON_OK; i++)
        rc = work_add(w, l->item[i][0] != '\0' ? l->item[i] : root, side, said);
    return rc;
}

static enum baton_status
work_fill(struct scope_work *w, const char *root, const struct config_partition *p, size_t side)
{
    w->base[side] = p->inclusions.count == 0;
    enum baton_status rc = work_add_list(w, &p->inclusions, root, side, SAID_IN);
    return rc == BATON_OK ? work_add_list(w, &p->exclusions, root, side, SAID_OUT) : rc;
}

static int
compare_containers(const void *a, const void *b)
{
    const struct container *x = a, *y = b;
    int by_key = strcmp(x->key, y->key);
    return by_key != 0 ? by_key : strcmp(x->dn, y->dn);
}

/* What was said of one container several times becomes one; an exclusion counts before an inclusion. */
static void
work_merge(struct scope_work *w)
{
    size_t kept = 0;
    qsort(w->item, w->count, sizeof *w->item, compare_containers);
    for (size_t i = 0; i < w->count; i++) {
        struct container *c = &w->item[i], *last = kept > 0 ? &w->item[kept - 1] : NULL;
        if (last == NULL || strcmp(last->key, c->key) != 0) {
            w->item[kept++] = *c;
            continue;
        }
        for (size_t side = 0; side < SIDES; side++)
            if (c->said[side] > last->said[side])
                last->said[side] = c->said[side];
        free(c->key);
    }
    w->count = kept;
}

static void
container_decide(struct container *c, const struct container *parent, const struct scope_work *w)
{
    for (size_t side = 0; side < SIDES; side++)
        if (c->said[side] != SAID_NOTHING)
            c->in[side] = c->said[side] == SAID_IN;
        else
            c->in[side] = parent != NULL ? parent->in[side] : w->base[side];
}

static enum baton_status
change_add(struct scope_changes *l, const struct container *c)
{
    struct scope_change *grown = realloc(l->item, (l->count + 1) * sizeof *grown);
    if (grown == NULL)
        return BATON_NOMEM;
    l->item = grown;
    l->item[l->count++] =
        (struct scope_change){.dn = c->dn, .old_in = c->in[SIDE_OLD], .new_in = c->in[SIDE_NEW]};
    return BATON_OK;
}

static enum baton_status
except_add(struct scope_change *change, const char *dn)
{
    const char **grown = realloc(change->except, (change->except_count + 1) * sizeof *grown);
    if (grown == NULL)
        return BATON_NOMEM;
    change->except = grown;
    change->except[change->except_count++] = dn;
    return BATON_OK;
}

static enum baton_status
container_place(struct container *c, const struct container *parent, struct scope_changes *l)
{
    size_t above = parent != NULL ? parent->region : NO_REGION;
    bool differs = c->in[SIDE_OLD] != c->in[SIDE_NEW];
    enum baton_status rc = BATON_OK;
    BATON_ASSERT(above == NO_REGION || (l->item != NULL && above < l->count));
    if (differs && above != NO_REGION && l->item[above].old_in == c->in[SIDE_OLD]) {
        c->region = above;
        return BATON_OK;
    }
    if (above != NO_REGION)
        rc = except_add(&l->item[above], c->dn);
    if (rc == BATON_OK && differs) {
        c->region = l->count;
        rc = change_add(l, c);
    }
    return rc;
}

/* Sorted keys put every container directly before all that lies below it: a stack is enough. */
static enum baton_status
work_walk(struct scope_work *w, struct scope_changes *l)
{
    struct container **stack = malloc((w->count + 1) * sizeof(struct container *));
    size_t depth = 0;
    enum baton_status rc = stack != NULL ? BATON_OK : BATON_NOMEM;
    for (size_t i = 0; i < w->count && rc == BATON_OK; i++) {
        struct container *c = &w->item[i];
        while (depth > 0 && !dn_contains(stack[depth - 1]->key, c->key))
            depth--;
        const struct container *parent = depth > 0 ? stack[depth - 1] : NULL;
        container_decide(c, parent, w);
        rc = container_place(c, parent, l);
        stack[depth++] = c;
    }
    free((void *)stack);
    return rc;
}

static void
work_done(struct scope_work *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->item[i].key);
    free(w->item);
}

enum baton_status
scope_compare(const char *root, const struct config_partition *old_partition,
              const struct config_partition *new_partition, struct scope_changes *ret_changes)
{
    struct scope_work w = {0};
    struct scope_changes changes = {0};
    enum baton_status rc = work_add(&w, root, SIDE_OLD, SAID_NOTHING);
    if (rc == BATON_OK)
        rc = work_fill(&w, root, old_partition, SIDE_OLD);
    if (rc == BATON_OK)
        rc = work_fill(&w, root, new_partition, SIDE_NEW);
    if (rc == BATON_OK) {
        work_merge(&w);
        rc = work_walk(&w, &changes);
    }
    work_done(&w);
    if (rc != BATON_OK) {
        scope_changes_done(&changes);
        return rc;
    }
    *ret_changes = changes;
    return BATON_OK;
}

void
scope_changes_done(struct scope_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        free((void *)changes->item[i].except);
    free(changes->item);
    *changes = (struct scope_changes){0};
}
