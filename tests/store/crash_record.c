/* Turns a contract test program into crash scenarios: linked beside it, every one of its tests runs once
 * on the model disk, with the product's store opened, committed and closed under our eyes (the linker's
 * --wrap), and is then crashed by crash_check.
 *
 *   CRASH_POINTS    at most about so many crashes for each database (0: all)
 *   CRASH_DOUBLES   so many of them crashed again, at so many entries of the recovery
 *   CRASH_ONLY      tests whose name contains this, or one of several with | between them
 *   CRASH_MUTANT    a wrong program that must be found: see mutants below
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "crash_check.h"

#include "agent/adapters/store_agent.h"
#include "common/crypto/crypto.h"
#include "common/disk/disk.h"
#include "controller/adapters/store_sqlite.h"
#include "controller/core/authority.h"
#include "proto/codec.h"

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STORES_OPEN = 8, NOTED_FDS = 8, PATH_BYTES = 256, SCENARIOS_MAX = 128 };

/* A wrong program: which words of its settings are others, or what its store does otherwise. */
static const struct mutant {
    const char *name, *from, *to;
} mutants[] = {
    {"controller-sync-off", "synchronous=FULL", "synchronous=OFF "},
    {"controller-sync-normal", "synchronous=FULL", "synchronous=1   "},
    /* The journal's removal lasts only with the folder's sync, which FULL does not ask for. */
    {"controller-journal-deleted", "journal_mode=WAL", "journal_mode=DELETE"},
    {"agent-sync-off", "synchronous = EXTRA", "synchronous = OFF"},
    {"agent-journal-in-memory", "journal_mode = PERSIST", "journal_mode = MEMORY"},
    {"audit-apart", NULL, NULL},     /* each record in a transaction of its own */
    {"answer-first", NULL, NULL},    /* acknowledged and sent, then committed */
    {"copy-not-synced", NULL, NULL}, /* the folder of the tombstone's second copy is not */
};
static const struct mutant *mutant;

static bool
is_mutant(const char *name)
{
    return mutant != NULL && strcmp(mutant->name, name) == 0;
}

/* ---- what is being recorded ------------------------------------------------------------------- */

struct open_store { /* of the controller: whose port, and what it really is */
    struct store_port real;
    struct crash_db *db;
    sqlite3 *peek;
    bool late; /* a commit that a mutant still owes */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool recording;
static struct crash_db dbs[CRASH_DBS];
static size_t db_count;
static struct open_store stores[STORES_OPEN];
static unsigned wrong; /* found while recording */

static void
told(const char *what)
{
    wrong++;
    fprintf(stderr, "FAILED while it ran: %s\n", what);
}

static struct crash_db *
db_at(const char *path, const struct crash_kind *kind)
{
    for (size_t i = 0; i < db_count; i++)
        if (strcmp(dbs[i].path, path) == 0 && dbs[i].kind == kind)
            return &dbs[i];
    BATON_ASSERT(db_count < CRASH_DBS);
    struct crash_db *db = &dbs[db_count++];
    memset(db, 0, sizeof *db);
    snprintf(db->path, sizeof db->path, "%s", path);
    db->kind = kind;
    return db;
}

static struct crash_state *
state_begin(struct crash_db *db)
{
    if (db->count == db->cap) {
        db->cap = db->cap == 0 ? 64 : db->cap * 2;
        db->state = realloc(db->state, db->cap * sizeof *db->state);
        BATON_ASSERT(db->state != NULL);
    }
    struct crash_state *s = &db->state[db->count++];
    *s = (struct crash_state){0, model_count(), SIZE_MAX};
    return s;
}

/* ---- the state of a database ------------------------------------------------------------------ */

static sqlite3 *
peek_open(const char *path)
{
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, "peek") !=
        SQLITE_OK) {
        sqlite3_close(db);
        return NULL;
    }
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
    return db;
}

static uint64_t
mix(uint64_t h, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    for (size_t at = 0; at < len; at += 8) {
        uint64_t word = 0;
        memcpy(&word, p + at, len - at < 8 ? len - at : 8);
        h = (h ^ word) * 0xff51afd7ed558ccd;
        h ^= h >> 29;
    }
    return (h ^ len) * 0xc4ceb9fe1a85ec53;
}

static uint64_t
rows_digest(sqlite3 *db, const char *table, uint64_t h)
{
    char sql[128];
    sqlite3_stmt *st = NULL;
    snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", table);
    int code = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(st); i++) {
            int type = sqlite3_column_type(st, i);
            h = mix(h, &type, sizeof type);
            const void *bytes = sqlite3_column_blob(st, i);
            h = mix(h, bytes, (size_t)sqlite3_column_bytes(st, i));
        }
        code = SQLITE_OK;
    }
    sqlite3_finalize(st);
    if (code != SQLITE_DONE)
        told(sqlite3_errmsg(db));
    return h;
}

/* Every row of every table: but for the index of the log, which is made from it at any time. */
static uint64_t
digest_of(sqlite3 *db)
{
    sqlite3_stmt *st = NULL;
    uint64_t h = 1;
    (void)sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    (void)sqlite3_prepare_v2(db,
                             "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN "
                             "('log_block', 'sqlite_stat1') ORDER BY name",
                             -1, &st, NULL);
    while (sqlite3_step(st) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        h = rows_digest(db, name, mix(h, name, strlen(name)));
    }
    sqlite3_finalize(st);
    (void)sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    return h;
}

/* ---- the controller's store ------------------------------------------------------------------- */

enum baton_status __real_store_sqlite_open(const char *path, enum store_mode mode,
                                           const struct digest_port *dp, struct store_port *ret,
                                           struct baton_err *err);
enum baton_status __wrap_store_sqlite_open(const char *path, enum store_mode mode,
                                           const struct digest_port *dp, struct store_port *ret,
                                           struct baton_err *err);

static struct open_store *
store_of(const void *ctx)
{
    for (size_t i = 0; i < STORES_OPEN; i++)
        if (stores[i].real.ctx == ctx)
            return &stores[i];
    BATON_ASSERT(false);
    return NULL;
}

static enum baton_status
told_commit(void *ctx, struct baton_err *err)
{
    struct open_store *s = store_of(ctx);
    bool answer_first = is_mutant("answer-first");
    pthread_mutex_lock(&lock);
    struct crash_db *db = s->db;
    size_t k = db->count;
    (void)state_begin(db);
    pthread_mutex_unlock(&lock);
    enum baton_status rc = answer_first ? BATON_OK : s->real.commit(ctx, err);
    pthread_mutex_lock(&lock);
    if (rc == BATON_OK)
        db->state[k].acked = model_count();
    s->late = answer_first;
    if (!answer_first)
        db->state[k].digest = digest_of(s->peek);
    pthread_mutex_unlock(&lock);
    return rc;
}

static void
pay(struct open_store *s)
{
    if (s->late && s->real.commit(s->real.ctx, NULL) == BATON_OK)
        s->db->state[s->db->count - 1].digest = digest_of(s->peek);
    s->late = false;
}

static enum baton_status
told_begin(void *ctx, struct baton_err *err)
{
    struct open_store *s = store_of(ctx);
    pay(s);
    return s->real.begin(ctx, err);
}

/* Inside the transaction that is owed. */
static enum baton_status
told_look(void *ctx, struct baton_err *err)
{
    struct open_store *s = store_of(ctx);
    return s->late ? BATON_OK : s->real.look(ctx, err);
}

static void
told_look_end(void *ctx)
{
    struct open_store *s = store_of(ctx);
    if (!s->late)
        s->real.look_end(ctx);
}

static enum baton_status
apart_append(void *ctx, struct audit_record *record, struct baton_err *err)
{
    struct open_store *s = store_of(ctx);
    enum baton_status rc = s->real.append(ctx, record, err);
    if (rc == BATON_OK)
        rc = s->real.commit(ctx, err);
    return rc == BATON_OK ? s->real.begin(ctx, err) : rc;
}

static void
told_close(void *ctx)
{
    struct open_store *s = store_of(ctx);
    pay(s);
    (void)sqlite3_close(s->peek);
    void (*close)(void *) = s->real.close;
    *s = (struct open_store){0};
    close(ctx);
}

enum baton_status __wrap_store_sqlite_open(const char *path, enum store_mode mode,
                                           const struct digest_port *dp, struct store_port *ret,
                                           struct baton_err *err);

static const struct crash_kind controller_kind, backup_kind;

enum baton_status
__wrap_store_sqlite_open(const char *path, enum store_mode mode, const struct digest_port *dp,
                         struct store_port *ret, struct baton_err *err)
{
    if (!recording || mode == STORE_READ_ONLY)
        return __real_store_sqlite_open(path, mode, dp, ret, err);
    struct crash_db *db = db_at(path, &controller_kind);
    bool first = db->count == 0;
    for (size_t i = 0; i < db_count; i++)
        if (strcmp(dbs[i].path, path) == 0 && dbs[i].kind == &backup_kind)
            dbs[i].end = model_count();
    if (first)
        (void)state_begin(db);
    enum baton_status rc = __real_store_sqlite_open(path, mode, dp, ret, err);
    if (rc != BATON_OK)
        return rc;
    struct open_store *s = store_of(NULL); /* a free place */
    *s = (struct open_store){.real = *ret, .db = db, .peek = peek_open(path)};
    BATON_ASSERT(s->peek != NULL);
    uint64_t found = digest_of(s->peek);
    if (first)
        db->state[0] = (struct crash_state){found, db->state[0].begun, model_count()};
    else if (found != db->state[db->count - 1].digest)
        told("another state was opened than had been closed");
    ret->begin = told_begin;
    ret->commit = told_commit;
    ret->close = told_close;
    ret->look = told_look;
    ret->look_end = told_look_end;
    if (is_mutant("audit-apart"))
        ret->append = apart_append;
    return rc;
}

static bool
controller_owns(const char *path, const char *name)
{
    size_t n = strlen(path);
    return strncmp(name, path, n) == 0 &&
           (name[n] == 0 || strcmp(name + n, "-wal") == 0 || strcmp(name + n, "-journal") == 0);
}

static enum baton_status
controller_recover(const char *path, uint64_t *ret_digest, bool *ret_none,
                   struct crash_state *ret_more, struct baton_err *err)
{
    struct store_port s;
    enum baton_status rc =
        __real_store_sqlite_open(path, STORE_READ_WRITE, crypto_digest_port(), &s, err);
    *ret_none = false;
    *ret_more = (struct crash_state){0, SIZE_MAX, SIZE_MAX};
    if (rc != BATON_OK)
        return rc;
    sqlite3 *peek = peek_open(path);
    BATON_ASSERT(peek != NULL);
    *ret_digest = digest_of(peek);
    struct audit_record r = {.type = AUDIT_STARTED, .unix_ms = 1};
    rc = s.begin(s.ctx, err);
    if (rc == BATON_OK)
        rc = s.append(s.ctx, &r, err);
    if (rc == BATON_OK)
        rc = s.put(s.ctx, TABLE_META, "more", 4, "1", 1, err);
    ret_more->begun = model_count();
    if (rc == BATON_OK)
        rc = s.commit(s.ctx, err);
    ret_more->acked = model_count();
    ret_more->digest = digest_of(peek);
    (void)sqlite3_close(peek);
    s.close(s.ctx);
    return rc;
}

static const struct crash_kind controller_kind = {
    .name = "controller",
    .recover = controller_recover,
    .owns = controller_owns,
};

/* A copy is whole, or it will not open: it is never another state. */
enum baton_status __real_store_sqlite_backup(const struct store_port *store, const char *path,
                                             struct store_check *ret_check, struct baton_err *err);
enum baton_status __wrap_store_sqlite_backup(const struct store_port *store, const char *path,
                                             struct store_check *ret_check, struct baton_err *err);

static enum baton_status
backup_recover(const char *path, uint64_t *ret_digest, bool *ret_none, struct crash_state *ret_more,
               struct baton_err *err)
{
    struct store_port s;
    struct store_check check;
    *ret_none = false;
    *ret_more = (struct crash_state){0, SIZE_MAX, SIZE_MAX};
    enum baton_status rc =
        __real_store_sqlite_open(path, STORE_READ_ONLY, crypto_digest_port(), &s, err);
    if (rc != BATON_OK)
        return rc;
    rc = store_sqlite_check(&s, NULL, &check, err);
    s.close(s.ctx);
    if (rc == BATON_OK) {
        sqlite3 *peek = peek_open(path);
        BATON_ASSERT(peek != NULL);
        *ret_digest = digest_of(peek);
        (void)sqlite3_close(peek);
    }
    return rc;
}

static const struct crash_kind backup_kind = {
    .name = "backup",
    .recover = backup_recover,
    .owns = controller_owns,
    .may_be_unmade = true,
};

enum baton_status
__wrap_store_sqlite_backup(const struct store_port *store, const char *path,
                           struct store_check *ret_check, struct baton_err *err)
{
    struct crash_db *db = db_at(path, &backup_kind);
    size_t k = db->count;
    (void)state_begin(db);
    enum baton_status rc = __real_store_sqlite_backup(store, path, ret_check, err);
    if (rc == BATON_OK) {
        sqlite3 *peek = peek_open(path);
        BATON_ASSERT(peek != NULL);
        db->state[k].digest = digest_of(peek);
        (void)sqlite3_close(peek);
        db->state[k].acked = model_count();
    }
    return rc;
}

/* What leaves has been committed, and by this very process. */
enum baton_status __real_codec_encode(const struct message *m, const uint8_t *secret, uint8_t **ret,
                                      size_t *ret_len, struct baton_err *err);
enum baton_status __wrap_codec_encode(const struct message *m, const uint8_t *secret, uint8_t **ret,
                                      size_t *ret_len, struct baton_err *err);

static bool
order_is_kept(const struct open_store *s, const struct baton_hash *hash)
{
    sqlite3_stmt *st = NULL;
    (void)sqlite3_prepare_v2(s->peek, "SELECT 1 FROM outbox WHERE hash = ?1", -1, &st, NULL);
    (void)sqlite3_bind_blob(st, 1, hash->b, sizeof hash->b, SQLITE_STATIC);
    bool kept = sqlite3_step(st) == SQLITE_ROW;
    sqlite3_finalize(st);
    return kept;
}

enum baton_status
__wrap_codec_encode(const struct message *m, const uint8_t *secret, uint8_t **ret, size_t *ret_len,
                    struct baton_err *err)
{
    pthread_mutex_lock(&lock);
    bool kept = false, any = false;
    struct baton_hash hash;
    if (recording && m->type == MSG_ORDER)
        crypto_sha256(m->u.order.bytes, m->u.order.len, &hash);
    for (size_t i = 0; recording && m->type == MSG_ORDER && i < STORES_OPEN; i++) {
        if (stores[i].peek == NULL)
            continue;
        any = true;
        kept = kept || order_is_kept(&stores[i], &hash);
    }
    if (any && !kept)
        told("an order left that is not committed");
    pthread_mutex_unlock(&lock);
    return __real_codec_encode(m, secret, ret, ret_len, err);
}

/* ---- the agent's store ------------------------------------------------------------------------ */

enum baton_status __real_agent_store_create(const char *dir, struct baton_err *err);
enum baton_status __real_agent_store_open(const char *dir, struct agent_store **ret,
                                          struct baton_err *err);
enum baton_status __real_agent_store_commit(struct agent_store *s, struct baton_err *err);
void __real_agent_store_close(struct agent_store **s);
enum baton_status __wrap_agent_store_create(const char *dir, struct baton_err *err);
enum baton_status __wrap_agent_store_open(const char *dir, struct agent_store **ret,
                                          struct baton_err *err);
enum baton_status __wrap_agent_store_commit(struct agent_store *s, struct baton_err *err);
void __wrap_agent_store_close(struct agent_store **s);

static struct {
    const struct agent_store *store;
    struct crash_db *db;
} agents[STORES_OPEN];

static const struct crash_kind agent_kind;

static struct crash_db *
agent_db(const char *dir)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/agent.db", dir);
    return db_at(path, &agent_kind);
}

/* Each time with a new connection: a store that is opened exclusively does not count its changes in the
 * file, so an older one would show what it has read before. */
static uint64_t
agent_digest(const char *path)
{
    sqlite3 *peek = peek_open(path);
    BATON_ASSERT(peek != NULL);
    uint64_t digest = digest_of(peek);
    (void)sqlite3_close(peek);
    return digest;
}

enum baton_status
__wrap_agent_store_create(const char *dir, struct baton_err *err)
{
    struct crash_db *db = recording ? agent_db(dir) : NULL;
    size_t begun = model_count();
    enum baton_status rc = __real_agent_store_create(dir, err);
    if (rc == BATON_OK && db != NULL && db->count == 0) {
        *state_begin(db) = (struct crash_state){agent_digest(db->path), begun, model_count()};
    }
    return rc;
}

enum baton_status
__wrap_agent_store_open(const char *dir, struct agent_store **ret, struct baton_err *err)
{
    enum baton_status rc = __real_agent_store_open(dir, ret, err);
    for (size_t i = 0; rc == BATON_OK && recording && i < STORES_OPEN; i++) {
        if (agents[i].store != NULL)
            continue;
        agents[i].store = *ret;
        agents[i].db = agent_db(dir);
        break;
    }
    return rc;
}

void
__wrap_agent_store_close(struct agent_store **s)
{
    for (size_t i = 0; *s != NULL && i < STORES_OPEN; i++)
        if (agents[i].store == *s)
            memset(&agents[i], 0, sizeof agents[i]);
    __real_agent_store_close(s);
}

enum baton_status
__wrap_agent_store_commit(struct agent_store *s, struct baton_err *err)
{
    size_t i = 0;
    while (i < STORES_OPEN && agents[i].store != s)
        i++;
    if (i == STORES_OPEN)
        return __real_agent_store_commit(s, err);
    struct crash_db *db = agents[i].db;
    size_t k = db->count;
    (void)state_begin(db);
    enum baton_status rc = __real_agent_store_commit(s, err);
    if (rc == BATON_OK)
        db->state[k].acked = model_count();
    db->state[k].digest = agent_digest(db->path); /* one that failed may be there, as a whole */
    return rc;
}

static bool
agent_owns(const char *path, const char *name)
{
    size_t n = strlen(path), dir = n - strlen("agent.db");
    return (strncmp(name, path, n) == 0 && (name[n] == 0 || strcmp(name + n, "-journal") == 0)) ||
           (strncmp(name, path, dir) == 0 && strncmp(name + dir, "tombstone", 9) == 0);
}

static void
put_file(const char *path, const struct model_bytes *b)
{
    (void)unlink(path);
    if (!b->exists)
        return;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    BATON_ASSERT(fd >= 0);
    if (b->len > 0)
        BATON_ASSERT(write(fd, b->bytes, b->len) == (ssize_t)b->len);
    close(fd);
}

/* Files that are not SQLite's lie on the real disk; of the database itself only that it is there. */
static void
agent_outside(const char *path, const struct model_image *image)
{
    char name[PATH_BYTES];
    static const char *const plain[] = {"tombstone", "tombstone.part"};
    int dir = (int)(strlen(path) - strlen("agent.db"));
    struct model_bytes main_file = {.exists = image->file[model_file(path)].exists};
    put_file(path, &main_file);
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        snprintf(name, sizeof name, "%.*s%s", dir, path, plain[i]);
        put_file(name, &image->file[model_file(name)]);
    }
}

static enum baton_status
agent_judge(struct agent_store *s, const char *dir, struct baton_err *err)
{
    struct promise p;
    struct second_copy copy;
    enum baton_status rc = agent_store_second_copy(dir, &copy, err);
    if (rc == BATON_OK)
        rc = agent_store_promise(s, &p, err);
    if (rc == BATON_NOT_FOUND)
        return BATON_OK;
    if (rc == BATON_OK && p.tombstone && !copy.tombstone)
        rc = baton_fail(err, BATON_CORRUPT, "a tombstone that its second copy does not know");
    return rc;
}

/* As boot_memory does: the promise is stored again before anything is said. */
static enum baton_status
agent_more(struct agent_store *s, const char *path, struct crash_state *ret_more,
           struct baton_err *err)
{
    struct promise p;
    enum baton_status rc = agent_store_promise(s, &p, err);
    if (rc == BATON_NOT_FOUND)
        p = (struct promise){.exports_mark = -1};
    else if (rc != BATON_OK)
        return rc;
    p.counter++;
    rc = agent_store_begin(s, err);
    if (rc == BATON_OK)
        rc = agent_store_put_promise(s, &p, err);
    ret_more->begun = model_count();
    if (rc == BATON_OK)
        rc = __real_agent_store_commit(s, err);
    ret_more->acked = model_count();
    if (rc == BATON_OK)
        ret_more->digest = agent_digest(path);
    return rc;
}

static enum baton_status
agent_recover(const char *path, uint64_t *ret_digest, bool *ret_none, struct crash_state *ret_more,
              struct baton_err *err)
{
    char dir[PATH_BYTES];
    struct agent_store *s = NULL;
    snprintf(dir, sizeof dir, "%.*s", (int)(strlen(path) - strlen("/agent.db")), path);
    *ret_more = (struct crash_state){0, SIZE_MAX, SIZE_MAX};
    enum baton_status rc = __real_agent_store_open(dir, &s, err);
    *ret_none = rc == BATON_NOT_FOUND;
    if (*ret_none)
        return BATON_OK;
    if (rc != BATON_OK) { /* an enrolment goes on where the last one stopped */
        rc = __real_agent_store_create(dir, err);
        if (rc == BATON_OK)
            rc = __real_agent_store_open(dir, &s, err);
    }
    if (rc != BATON_OK)
        return rc;
    *ret_digest = agent_digest(path);
    rc = agent_judge(s, dir, err);
    if (rc == BATON_OK)
        rc = agent_more(s, path, ret_more, err);
    __real_agent_store_close(&s);
    return rc;
}

static const struct crash_kind agent_kind = {
    .name = "agent",
    .recover = agent_recover,
    .owns = agent_owns,
    .outside = agent_outside,
};

/* The second copy, and that a database file has been made: plain files, noted in the same list. */
int __real_disk_open(const char *path, enum disk_use use);
bool __real_disk_write(int fd, const void *bytes, size_t len);
bool __real_disk_flush(int fd);
bool __real_disk_rename(const char *from, const char *to);
bool __real_disk_flush_name(const char *path);
int __wrap_disk_open(const char *path, enum disk_use use);
bool __wrap_disk_write(int fd, const void *bytes, size_t len);
bool __wrap_disk_flush(int fd);
bool __wrap_disk_rename(const char *from, const char *to);
bool __wrap_disk_flush_name(const char *path);

static struct {
    int fd;
    uint64_t offset;
    char path[PATH_BYTES];
} noted[NOTED_FDS];

static bool
is_noted(const char *path)
{
    const char *name = strrchr(path, '/');
    return name != NULL && (strncmp(name, "/tombstone", 10) == 0 || strcmp(name, "/agent.db") == 0);
}

static void
note_open(int fd, const char *path, enum disk_use use)
{
    for (size_t i = 0; i < NOTED_FDS; i++) {
        if (noted[i].path[0] != 0 && noted[i].fd != fd)
            continue;
        noted[i].fd = fd;
        noted[i].offset = 0;
        snprintf(noted[i].path, PATH_BYTES, "%s", path);
        break;
    }
    model_note(MODEL_CREATE, path, 0, NULL, 0);
    if (use == DISK_REWRITE)
        model_note(MODEL_TRUNCATE, path, 0, NULL, 0);
}

int
__wrap_disk_open(const char *path, enum disk_use use)
{
    int fd = __real_disk_open(path, use);
    if (fd >= 0 && (use == DISK_REWRITE || use == DISK_CREATE) && is_noted(path))
        note_open(fd, path, use);
    return fd;
}

bool
__wrap_disk_write(int fd, const void *bytes, size_t len)
{
    for (size_t i = 0; i < NOTED_FDS; i++) {
        if (noted[i].path[0] == 0 || noted[i].fd != fd ||
            strstr(noted[i].path, "tombstone") == NULL)
            continue;
        model_note(MODEL_WRITE, noted[i].path, noted[i].offset, bytes, len);
        noted[i].offset += len;
    }
    return __real_disk_write(fd, bytes, len);
}

bool
__wrap_disk_flush(int fd)
{
    for (size_t i = 0; i < NOTED_FDS; i++)
        if (noted[i].path[0] != 0 && noted[i].fd == fd)
            model_note(MODEL_SYNC, noted[i].path, 0, NULL, 0);
    return __real_disk_flush(fd);
}

bool
__wrap_disk_rename(const char *from, const char *to)
{
    bool good = __real_disk_rename(from, to);
    if (good && is_noted(from))
        model_rename(from, to);
    return good;
}

bool
__wrap_disk_flush_name(const char *path)
{
    if (is_noted(path) && !is_mutant("copy-not-synced"))
        model_note(MODEL_NAMES, path, 0, NULL, 0);
    return __real_disk_flush_name(path);
}

/* ---- wrong settings --------------------------------------------------------------------------- */

int __real_sqlite3_exec(sqlite3 *db, const char *sql, int (*each)(void *, int, char **, char **),
                        void *arg, char **error);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, int (*each)(void *, int, char **, char **),
                        void *arg, char **error);

int
__wrap_sqlite3_exec(sqlite3 *db, const char *sql, int (*each)(void *, int, char **, char **),
                    void *arg, char **error)
{
    char changed[1024];
    const char *at = mutant != NULL && mutant->from != NULL ? strstr(sql, mutant->from) : NULL;
    if (at == NULL)
        return __real_sqlite3_exec(db, sql, each, arg, error);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - sql), sql, mutant->to,
             at + strlen(mutant->from));
    return __real_sqlite3_exec(db, changed, each, arg, error);
}

/* ---- every test of the program ---------------------------------------------------------------- */

int __real__cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests, size_t count,
                                   CMFixtureFunction setup, CMFixtureFunction teardown);
int __wrap__cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests, size_t count,
                                   CMFixtureFunction setup, CMFixtureFunction teardown);

/* Not scenarios: they fork, look at the file with other tools, damage it by hand, or write nothing. */
static const char *const left_out[] = {
    "a_kill_at_any_commit_loses_nothing_that_was_acknowledged",
    "state_made_again_from_the_audit_alone_is_the_same",
    "a_window_is_on_the_record_and_survives_a_restart_and_a_rebuild",
    "a_missing_and_an_unreadable_file_are_told_apart",
    "an_empty_file_is_no_memory",
    "a_kill_at_any_moment_loses_nothing_that_was_committed",
    "a_changed_bit_in_the_promise_is_no_promise",
    "a_promise_that_lost_its_hash_is_no_promise",
    "a_trigger_that_somebody_planted_is_found_at_the_start",
    "a_memory_whose_making_was_cut_short_is_made_by_the_next_enrolment",
    "what_keeps_a_transaction_from_its_beginning_is_said",
    "what_keeps_a_transaction_from_its_end_is_said",
    "a_controller_that_lost_its_wal_in_the_gap_grants_nothing_before_people_know",
    "a_controller_that_lost_a_grant_with_its_wal_does_not_give_it_again_by_itself",
    "a_controller_that_lost_the_whole_cutover_with_its_wal_learns_who_holds",
    "an_old_server_gets_nothing_from_a_lost_wal_once_the_new_one_has_exported",
};

static bool
named_in(const char *names, const char *test)
{
    while (*names != 0) {
        size_t n = strcspn(names, "|");
        char one[PATH_BYTES];
        snprintf(one, sizeof one, "%.*s", (int)n, names);
        if (strstr(test, one) != NULL)
            return true;
        names += n + (names[n] == '|');
    }
    return false;
}

static bool
is_scenario(const char *test)
{
    const char *only = getenv("CRASH_ONLY");
    for (size_t i = 0; i < ARRAY_LEN(left_out); i++)
        if (strcmp(left_out[i], test) == 0)
            return false;
    return strstr(test, "[fake]") == NULL && (only == NULL || named_in(only, test));
}

static size_t
number_from(const char *variable, size_t otherwise)
{
    const char *text = getenv(variable);
    return text == NULL ? otherwise : (size_t)strtoul(text, NULL, 10);
}

static void
choose_mutant(void)
{
    const char *name = getenv("CRASH_MUTANT");
    for (size_t i = 0; name != NULL && i < ARRAY_LEN(mutants); i++)
        if (strcmp(mutants[i].name, name) == 0)
            mutant = &mutants[i];
    BATON_ASSERT(name == NULL || mutant != NULL);
}

static void
folder_of(const char *path, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%.*s", (int)(strrchr(path, '/') - path), path);
}

/* The folder that the test has removed: for lock files and such, and for what crash_check puts there. */
static void
check_db(struct crash_db *db, const struct model_image *base, const struct model_log *log,
         struct crash_result *result)
{
    char dir[PATH_BYTES], command[PATH_BYTES + 16];
    struct crash_effort effort = {number_from("CRASH_POINTS", 120),
                                  number_from("CRASH_DOUBLES", 3)};
    folder_of(db->path, dir);
    (void)mkdir(dir, 0700);
    crash_check(db, base, log, &effort, result);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    BATON_ASSERT(system(command) == 0);
    free(db->state);
    *db = (struct crash_db){.path = ""};
}

static int
run_quietly(const char *group, const struct CMUnitTest *test, CMFixtureFunction setup,
            CMFixtureFunction teardown)
{
    fflush(NULL);
    int out = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY);
    BATON_ASSERT(out >= 0 && null >= 0 && dup2(null, STDOUT_FILENO) >= 0);
    int failed = __real__cmocka_run_group_tests(group, test, 1, setup, teardown);
    fflush(NULL);
    BATON_ASSERT(dup2(out, STDOUT_FILENO) >= 0);
    close(out);
    close(null);
    return failed;
}

static void
crash_scenario(const char *group, const struct CMUnitTest *test, CMFixtureFunction setup,
               CMFixtureFunction teardown, struct crash_result *ret_result)
{
    struct model_image *base = calloc(1, sizeof *base);
    BATON_ASSERT(base != NULL);
    *ret_result = (struct crash_result){.scenario = test->name};
    model_clear();
    db_count = 0;
    wrong = 0;
    memset(noted, 0, sizeof noted);
    recording = true;
    int failed = run_quietly(group, test, setup, teardown);
    recording = false;
    struct model_log log = model_take(base);
    ret_result->failures = wrong + (failed != 0 && mutant == NULL);
    if (failed != 0)
        fprintf(stderr, "FAILED %s: the test itself, on the model disk\n", test->name);
    for (size_t i = 0; i < db_count; i++)
        check_db(&dbs[i], base, &log, ret_result);
    model_log_done(&log);
    image_done(base);
    free(base);
}

int
__wrap__cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests, size_t count,
                               CMFixtureFunction setup, CMFixtureFunction teardown)
{
    struct crash_result all = {.scenario = "total"};
    size_t scenarios = 0;
    model_install();
    choose_mutant();
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%8s %7s %9s %9s %9s  %s\n", "entries", "states", "crashes", "again", "recovered",
           "scenario");
    for (size_t i = 0; i < count; i++) {
        struct crash_result r;
        if (!is_scenario(tests[i].name))
            continue;
        crash_scenario(group, &tests[i], setup, teardown, &r);
        printf("%8zu %7zu %9zu %9zu %9zu  %s%s\n", r.entries, r.states, r.points, r.doubles,
               r.recoveries, r.scenario, r.failures > 0 ? "  FAILED" : "");
        scenarios++;
        all.entries += r.entries;
        all.states += r.states;
        all.points += r.points;
        all.doubles += r.doubles;
        all.recoveries += r.recoveries;
        all.failures += r.failures;
    }
    printf("%8zu %7zu %9zu %9zu %9zu  %zu scenarios, %zu failures\n", all.entries, all.states,
           all.points, all.doubles, all.recoveries, scenarios, all.failures);
    return all.failures > 0 || scenarios == 0;
}
