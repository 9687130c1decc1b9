/* What the audit costs: appending a record against inserting the same bytes, and checking a bundle
 * against hashing its bytes. */
#include "baton/audit.h"
#include "bench.h"
#include "bench_world.h"
#include "common/audit/bundle.h"
#include "common/audit/bundle_io.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
measure_append(const struct bench_options *o, unsigned batch, uint64_t count)
{
    struct bench_world w;
    struct bench_ratio ratio;
    char name[64];
    bool good = bench_world_open(&w, o->dir, batch, false);
    struct bench_side store = {.name = "append", .run = bench_world_store, .arg = &w};
    struct bench_side bare = {.name = "bare", .run = bench_world_bare, .arg = &w};
    (void)snprintf(name, sizeof name, "audit append / bare SQLite insert, batch %u", batch);
    good = good && bench_compare(o, name, count, &store, &bare, &ratio);
    bench_world_close(&w);
    return good;
}

struct verifying {
    char path[2 * BENCH_PATH_BYTES];
    uint8_t *bytes; /* every record of the bundle, one after another */
    size_t *len;
    size_t count;
};

static bool
run_verify(void *arg, uint64_t count)
{
    const struct verifying *v = arg;
    struct audit_verify_options options = {0};
    struct audit_report report;
    struct baton_err err = {0};
    if (audit_bundle_verify(v->path, &options, &report, &err) != BATON_OK ||
        report.verdict != AUDIT_SOUND || report.records != count) {
        fprintf(stderr, "%s%s\n", err.text, report.why);
        return false;
    }
    return true;
}

static bool
run_hash(void *arg, uint64_t count)
{
    const struct verifying *v = arg;
    const struct digest_port *dp = audit_digest_port();
    const uint8_t *p = v->bytes;
    struct baton_hash hash = {{0}};
    for (size_t i = 0; i < count; i++) {
        dp->sha256(dp->ctx, p, v->len[i], &hash);
        p += v->len[i];
    }
    return !baton_hash_is_zero(&hash);
}

static bool
records_load(struct verifying *v, uint64_t count)
{
    struct bundle_reader in;
    size_t at = 0, cap = 0;
    bool good = bundle_reader_open(&in, v->path, NULL) == BATON_OK;
    v->len = calloc(count, sizeof *v->len);
    while (good && v->len != NULL) {
        uint8_t type = 0, *bytes = NULL;
        size_t len = 0;
        good = bundle_reader_next(&in, &type, &bytes, &len, NULL) == BATON_OK;
        if (!good || type == 0)
            break;
        if (type != BUNDLE_RECORD)
            continue;
        if (at + len > cap) {
            cap = 2 * (at + len);
            v->bytes = realloc(v->bytes, cap);
            if (v->bytes == NULL)
                return false;
        }
        memcpy(v->bytes + at, bytes, len);
        at += len;
        v->len[v->count++] = len;
    }
    bundle_reader_close(&in);
    return good && v->count == count;
}

static bool
measure_verify(const struct bench_options *o, uint64_t records)
{
    struct bench_world w;
    struct verifying v = {0};
    struct bench_ratio ratio;
    struct audit_bundle_source source = {0};
    bool good = bench_world_open(&w, o->dir, 256, true) && bench_world_store(&w, records);
    (void)snprintf(v.path, sizeof v.path, "%s/bundle", w.dir);
    good = good && audit_bundle_write(&w.store, &source, v.path, NULL, NULL) == BATON_OK &&
           records_load(&v, records);
    struct bench_side verify = {.name = "verify", .run = run_verify, .arg = &v};
    struct bench_side hash = {.name = "SHA-256", .run = run_hash, .arg = &v};
    good = good && bench_compare(o, "bundle verify / SHA-256 of the same records", records, &verify,
                                 &hash, &ratio);
    if (good)
        printf("%-44s %.0f records/s\n", "bundle verify, one core, no signatures", ratio.a_per_s);
    free(v.bytes);
    free(v.len);
    bench_world_close(&w);
    return good;
}

int
main(int argc, char **argv)
{
    struct bench_options o;
    if (!bench_options_parse(argc, argv, &o))
        return 2;
    bool good = measure_append(&o, 1, o.is_short ? 64 : 4096) &&
                measure_append(&o, 64, o.is_short ? 640 : 49152) &&
                measure_verify(&o, o.is_short ? 2048 : 131072);
    return good ? 0 : 1;
}
