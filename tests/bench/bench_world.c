#include "bench_world.h"
#include "common/audit/bundle.h"
#include "controller/adapters/store_sqlite.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
path_of(const struct bench_world *w, const char *name, char out[2 * BENCH_PATH_BYTES])
{
    (void)snprintf(out, 2 * BENCH_PATH_BYTES, "%s/%s", w->dir, name);
}

static void
tenant_of(uint64_t step, struct baton_id *ret_tenant)
{
    /* spread like the random ids of real tenants, in no order */
    uint64_t n = (step * 0x9e3779b97f4a7c15u) >> 58;
    memset(ret_tenant->b, (int)(n % BENCH_TENANTS) + 1, sizeof ret_tenant->b);
}

/* Like what the engine writes: a sentence, two references, the image of the row that changed. */
static void
record_init(struct bench_world *w, struct audit_record *r)
{
    memset(r, 0, sizeof *r);
    r->type = AUDIT_MOVED;
    r->rule = 317;
    r->ref_count = 2;
    memset(r->ref, 0x5a, 2 * sizeof r->ref[0]);
    (void)snprintf(r->text, sizeof r->text, "every member's evidence for this epoch is in");
    if (!w->with_row)
        return;
    r->row_count = 1;
    r->row[0] = (struct audit_row){
        .table = TABLE_AUTHORITY, .key_len = BATON_ID_BYTES, .value = w->row, .len = sizeof w->row};
}

static void
record_step(struct bench_world *w, uint64_t step)
{
    struct audit_record *r = &w->record;
    r->unix_ms = 1700000000000 + step;
    r->epoch.counter = step;
    memcpy(r->ref[0].b, &step, sizeof step);
    tenant_of(step, &r->tenant);
    memcpy(w->row, &step, sizeof step);
    memcpy(r->row[0].key, r->tenant.b, BATON_ID_BYTES);
}

static bool
store_step(struct bench_world *w)
{
    struct audit_record *r = &w->record;
    record_step(w, ++w->store_step);
    const struct store_port *s = &w->store;
    if (w->with_row && s->put(s->ctx, TABLE_AUTHORITY, r->tenant.b, sizeof r->tenant.b, w->row,
                              sizeof w->row, NULL) != BATON_OK)
        return false;
    return s->append(s->ctx, r, NULL) == BATON_OK;
}

bool
bench_world_store(void *world, uint64_t count)
{
    struct bench_world *w = world;
    const struct store_port *s = &w->store;
    for (uint64_t i = 0; i < count; i += w->batch) {
        if (s->begin(s->ctx, NULL) != BATON_OK)
            return false;
        for (unsigned n = 0; n < w->batch; n++)
            if (!store_step(w))
                return false;
        if (s->commit(s->ctx, NULL) != BATON_OK || store_sqlite_checkpoint(s, NULL) != BATON_OK)
            return false;
    }
    return true;
}

static bool
bare_step(struct bench_world *w)
{
    struct baton_id tenant;
    uint64_t step = ++w->bare_step;
    tenant_of(step, &tenant);
    memcpy(w->row, &step, sizeof step);
    memcpy(w->bytes, &step, sizeof step);
    if (w->with_row && !bare_row(&w->bare, tenant.b, sizeof tenant.b, w->row, sizeof w->row))
        return false;
    return bare_log(&w->bare, tenant.b, step, w->bytes, w->record_len);
}

bool
bench_world_bare(void *world, uint64_t count)
{
    struct bench_world *w = world;
    for (uint64_t i = 0; i < count; i += w->batch) {
        if (!bare_begin(&w->bare))
            return false;
        for (unsigned n = 0; n < w->batch; n++)
            if (!bare_step(w))
                return false;
        if (!bare_commit(&w->bare))
            return false;
    }
    return true;
}

bool
bench_world_open(struct bench_world *w, const char *dir, unsigned batch, bool with_row)
{
    char path[2 * BENCH_PATH_BYTES];
    struct baton_err err = {0};
    memset(w, 0, sizeof *w);
    w->batch = batch;
    w->with_row = with_row;
    (void)snprintf(w->dir, sizeof w->dir, "%.480s/baton-bench-XXXXXX", dir);
    if (mkdtemp(w->dir) == NULL) {
        perror(w->dir);
        return false;
    }
    path_of(w, "store.db", path);
    if (store_sqlite_open(path, STORE_READ_WRITE, audit_digest_port(), &w->store, &err) !=
        BATON_OK) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    path_of(w, "bare.db", path);
    if (!bare_open(&w->bare, path))
        return false;
    record_init(w, &w->record);
    record_step(w, 1);
    w->record.seq = w->record.tenant_seq = 1;
    return audit_encode(&w->record, w->bytes, sizeof w->bytes, &w->record_len) == BATON_OK;
}

void
bench_world_close(struct bench_world *w)
{
    static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm", "store.db.lock",
                                        "bare.db",  "bare.db-wal",  "bare.db-shm",  "bundle"};
    char path[2 * BENCH_PATH_BYTES];
    if (w->store.close != NULL)
        w->store.close(w->store.ctx);
    if (w->bare.db != NULL)
        bare_close(&w->bare);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        path_of(w, names[i], path);
        (void)unlink(path);
    }
    (void)rmdir(w->dir);
}
