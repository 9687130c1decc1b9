/* bench_world.h: one store and one bare database, fed the same steps in batches. */
#ifndef BATON_BENCH_WORLD_H
#define BATON_BENCH_WORLD_H

#include "bare_sqlite.h"
#include "baton/store.h"

enum { BENCH_TENANTS = 64, BENCH_ROW_BYTES = 512, BENCH_PATH_BYTES = 512 };

struct bench_world {
    char dir[BENCH_PATH_BYTES];
    struct store_port store;
    struct bare bare;
    unsigned batch;
    bool with_row; /* a state row and its image beside each record */
    uint64_t store_step, bare_step;
    struct audit_record record;
    uint8_t row[BENCH_ROW_BYTES];
    uint8_t bytes[AUDIT_RECORD_BYTES_MAX];
    size_t record_len; /* of a record as the store makes it */
};

bool bench_world_open(struct bench_world *w, const char *dir, unsigned batch, bool with_row);
void bench_world_close(struct bench_world *w);
/* bench_side.run over struct bench_world: counts records. */
bool bench_world_store(void *world, uint64_t count);
bool bench_world_bare(void *world, uint64_t count);

#endif
