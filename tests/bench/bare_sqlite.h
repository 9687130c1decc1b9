/* bare_sqlite.h: what the same bytes cost in SQLite alone, with the same pragmas and nothing else:
 * no hashing, no chain, no triggers, no checks. The other side of the store's ratios.
 *
 * Errors     false, with SQLite's message on stderr.
 */
#ifndef BATON_BARE_SQLITE_H
#define BATON_BARE_SQLITE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bare {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *row, *remove, *blob, *blob_remove, *log;
    int frames;
    uint64_t seq;
};

bool bare_open(struct bare *b, const char *path);
bool bare_begin(struct bare *b);
bool bare_commit(struct bare *b); /* and a PASSIVE checkpoint at the store's own limit */
bool bare_row(struct bare *b, const void *key, size_t key_len, const void *value, size_t len);
bool bare_remove(struct bare *b, const void *key, size_t key_len);
/* Long bytes under a random key lie apart from their index, as objects and orders do in the store. */
bool bare_blob(struct bare *b, const void *key, size_t key_len, const void *value, size_t len);
bool bare_blob_remove(struct bare *b, const void *key, size_t key_len);
bool bare_log(struct bare *b, const void *tenant, uint64_t tenant_seq, const void *bytes,
              size_t len);
void bare_close(struct bare *b);

#endif
