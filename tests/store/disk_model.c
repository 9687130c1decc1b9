#include "disk_model.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHM_REGIONS = 64, LIVE_MAX = MODEL_FILES };

const char *const crash_mode_name[CRASH_MODES] = {
    "before", "after", "torn 512", "torn 4096", "lost", "subset", "reordered",
};

struct shm {
    void *region[SHM_REGIONS];
    int region_count, users;
    int shared[SQLITE_SHM_NLOCK];
    bool exclusive[SQLITE_SHM_NLOCK];
};

struct locks {
    int shared;
    const void *reserved, *pending, *exclusive; /* whose */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char names[MODEL_FILES][MODEL_NAME_BYTES];
static int name_count;
static struct model_bytes live[LIVE_MAX];
static struct model_image base;
static struct shm shms[LIVE_MAX];
static struct locks lock_of[LIVE_MAX];
static struct model_log list;

static struct {
    unsigned calls, nth, seen;
    int code;
    bool on, fired;
} fault;

/* ---- bytes ------------------------------------------------------------------------------------ */

static void *
must(void *p)
{
    BATON_ASSERT(p != NULL); /* the test's own memory: SQLite's may run out, not ours */
    return p;
}

static void
bytes_size(struct model_bytes *b, size_t len, int fill)
{
    if (len > b->cap) {
        b->cap = len + len / 2;
        b->bytes = must(realloc(b->bytes, b->cap));
    }
    if (len > b->len)
        memset(b->bytes + b->len, fill, len - b->len);
    b->len = len;
}

static void
bytes_put(struct model_bytes *b, uint64_t offset, const uint8_t *from, size_t len, int fill)
{
    if (offset + len > b->len)
        bytes_size(b, (size_t)offset + len, fill);
    if (len > 0)
        memcpy(b->bytes + offset, from, len);
}

static void
bytes_copy(struct model_bytes *to, const struct model_bytes *from)
{
    to->exists = from->exists;
    to->len = 0;
    bytes_put(to, 0, from->bytes, from->len, 0);
}

static void
bytes_done(struct model_bytes *b)
{
    free(b->bytes);
    *b = (struct model_bytes){0};
}

void
image_done(struct model_image *image)
{
    for (int i = 0; i < MODEL_FILES; i++)
        bytes_done(&image->file[i]);
}

void
image_copy(struct model_image *to, const struct model_image *from)
{
    for (int i = 0; i < MODEL_FILES; i++)
        bytes_copy(&to->file[i], &from->file[i]);
}

/* Eight bytes at a time: these run over megabytes of log for every crash. */
uint64_t
image_hash(const struct model_image *image)
{
    uint64_t h = 0x9e3779b97f4a7c15;
    for (int i = 0; i < MODEL_FILES; i++) {
        const struct model_bytes *b = &image->file[i];
        size_t at = 0;
        h = (h ^ (b->exists ? b->len + 1 : 0)) * 0xff51afd7ed558ccd;
        for (; b->exists && at + 8 <= b->len; at += 8) {
            uint64_t word;
            memcpy(&word, b->bytes + at, 8);
            h = (h ^ word) * 0xff51afd7ed558ccd;
            h ^= h >> 32;
        }
        for (; b->exists && at < b->len; at++)
            h = (h ^ b->bytes[at]) * 0xff51afd7ed558ccd;
    }
    return h;
}

/* ---- the list --------------------------------------------------------------------------------- */

static int
file_of(const char *name)
{
    for (int i = 0; i < name_count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    BATON_ASSERT(name_count < MODEL_FILES && strlen(name) < MODEL_NAME_BYTES);
    strcpy(names[name_count], name);
    return name_count++;
}

int
model_file(const char *name)
{
    pthread_mutex_lock(&lock);
    int file = file_of(name);
    pthread_mutex_unlock(&lock);
    return file;
}

const char *
model_name(int file)
{
    return names[file];
}

static void
list_add(struct model_log *to, struct model_op op)
{
    if (op.len > 0) {
        uint8_t *kept = must(malloc(op.len));
        memcpy(kept, op.bytes, op.len);
        op.bytes = kept;
    } else {
        op.bytes = NULL;
    }
    if (to->count == to->cap) {
        to->cap = to->cap == 0 ? 256 : to->cap * 2;
        to->op = must(realloc(to->op, to->cap * sizeof *to->op));
    }
    to->op[to->count++] = op;
}

void
model_log_done(struct model_log *log)
{
    for (size_t i = 0; i < log->count; i++)
        free((void *)(uintptr_t)log->op[i].bytes);
    free(log->op);
    *log = (struct model_log){0};
}

size_t
model_count(void)
{
    pthread_mutex_lock(&lock);
    size_t count = list.count;
    pthread_mutex_unlock(&lock);
    return count;
}

/* What one entry does to files as the running system shows them. */
static void
op_apply(struct model_bytes *files, const struct model_op *op, int fill)
{
    struct model_bytes *b = &files[op->file];
    switch (op->kind) {
    case MODEL_CREATE:
        if (!b->exists)
            b->len = 0;
        b->exists = true;
        break;
    case MODEL_WRITE:
        bytes_put(b, op->offset, op->bytes, op->len, fill);
        break;
    case MODEL_TRUNCATE:
        bytes_size(b, (size_t)op->offset, fill);
        break;
    case MODEL_DELETE:
        b->exists = false;
        b->len = 0;
        break;
    case MODEL_REPLACE:
        b->exists = true;
        b->len = 0;
        bytes_put(b, 0, op->bytes, op->len, fill);
        break;
    case MODEL_SYNC:
    case MODEL_NAMES:
        break;
    }
}

static void
add(struct model_op op)
{
    list_add(&list, op);
    op_apply(live, &op, 0);
}

void
model_note(enum model_kind kind, const char *name, uint64_t offset, const void *bytes, size_t len)
{
    pthread_mutex_lock(&lock);
    add((struct model_op){kind, file_of(name), offset, len, bytes, false});
    pthread_mutex_unlock(&lock);
}

void
model_rename(const char *from, const char *to)
{
    pthread_mutex_lock(&lock);
    int old = file_of(from);
    bool flushed = true;
    for (size_t i = 0; i < list.count; i++)
        if (list.op[i].file == old && list.op[i].kind != MODEL_NAMES)
            flushed = list.op[i].kind == MODEL_SYNC;
    add((struct model_op){MODEL_REPLACE, file_of(to), 0, live[old].len, live[old].bytes, flushed});
    add((struct model_op){.kind = MODEL_DELETE, .file = old});
    pthread_mutex_unlock(&lock);
}

struct model_log
model_take(struct model_image *ret_base)
{
    pthread_mutex_lock(&lock);
    struct model_log taken = list;
    list = (struct model_log){0};
    image_done(ret_base);
    *ret_base = base;
    for (int i = 0; i < MODEL_FILES; i++) {
        base.file[i] = (struct model_bytes){0};
        bytes_copy(&base.file[i], &live[i]);
    }
    pthread_mutex_unlock(&lock);
    return taken;
}

static void
shm_free(struct shm *s)
{
    for (int i = 0; i < s->region_count; i++)
        free(s->region[i]);
    *s = (struct shm){0};
}

void
model_clear(void)
{
    pthread_mutex_lock(&lock);
    model_log_done(&list);
    image_done(&base);
    for (int i = 0; i < MODEL_FILES; i++) {
        bytes_done(&live[i]);
        shm_free(&shms[i]);
        lock_of[i] = (struct locks){0};
    }
    name_count = 0;
    pthread_mutex_unlock(&lock);
}

void
model_load(const struct model_image *image, const struct model_log *pending_or_null)
{
    pthread_mutex_lock(&lock);
    model_log_done(&list);
    image_copy(&base, image);
    for (int i = 0; i < MODEL_FILES; i++) {
        bytes_copy(&live[i], &image->file[i]);
        shm_free(&shms[i]); /* shared memory does not outlive a crash */
        lock_of[i] = (struct locks){0};
    }
    for (size_t i = 0; pending_or_null != NULL && i < pending_or_null->count; i++)
        add(pending_or_null->op[i]);
    pthread_mutex_unlock(&lock);
}

/* ---- images ----------------------------------------------------------------------------------- */

void
walk_init(struct model_walk *w, const struct model_image *from, const struct model_log *log)
{
    *w = (struct model_walk){.log = log};
    image_copy(&w->durable, from);
    image_copy(&w->shown, from);
}

void
walk_done(struct model_walk *w)
{
    image_done(&w->durable);
    image_done(&w->shown);
    free(w->pending);
    *w = (struct model_walk){0};
}

static bool
is_of_names(enum model_kind kind)
{
    return kind == MODEL_CREATE || kind == MODEL_DELETE || kind == MODEL_REPLACE;
}

/* Earlier entries for content that went with its name. */
static void
forget_content(struct model_walk *w, size_t *kept, int file)
{
    size_t left = 0;
    for (size_t i = 0; i < *kept; i++)
        if (w->log->op[w->pending[i]].file != file)
            w->pending[left++] = w->pending[i];
    *kept = left;
}

/* A sync of a file makes all of it durable, the folder's sync every name. */
static void
settle(struct model_walk *w, const struct model_op *sync)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->pending_count; i++) {
        size_t at = w->pending[i];
        const struct model_op *op = &w->log->op[at];
        bool now = sync->kind == MODEL_NAMES ? is_of_names(op->kind) : op->file == sync->file;
        if (now && is_of_names(op->kind) && op->kind != MODEL_CREATE)
            forget_content(w, &kept, op->file);
        if (!now)
            w->pending[kept++] = at;
        else
            op_apply(w->durable.file, op, 0);
        if (now && op->kind == MODEL_REPLACE && !op->flushed)
            w->durable.file[op->file].len = 0;
    }
    w->pending_count = kept;
}

void
walk_step(struct model_walk *w)
{
    const struct model_op *op = &w->log->op[w->at];
    op_apply(w->shown.file, op, 0);
    if (op->kind == MODEL_SYNC || op->kind == MODEL_NAMES) {
        settle(w, op);
    } else {
        if (w->pending_count == w->pending_cap) {
            w->pending_cap = w->pending_cap == 0 ? 64 : w->pending_cap * 2;
            w->pending = must(realloc(w->pending, w->pending_cap * sizeof *w->pending));
        }
        w->pending[w->pending_count++] = w->at;
    }
    w->at++;
}

static uint64_t
draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* A write loses sectors one by one; what lies between the old end and it is zeros, or what the disk
 * held there before. */
static void
put_sectors(struct model_bytes *b, const struct model_op *op, uint64_t *random, int fill)
{
    for (size_t at = 0; at < op->len;) {
        size_t step = MODEL_SECTOR_BYTES - (size_t)(op->offset + at) % MODEL_SECTOR_BYTES;
        if (step > op->len - at)
            step = op->len - at;
        if (draw(random) & 1)
            bytes_put(b, op->offset + at, op->bytes + at, step, fill);
        at += step;
    }
}

/* Names are a journalled file system's: they last in order, so some first ones. For each file: which of
 * its pending entries lie in the file that its name stands for now. */
struct lasting {
    size_t from[MODEL_FILES], to[MODEL_FILES];
};

static void
keep_names(const struct model_walk *w, uint64_t *random, int fill, struct model_image *image,
           struct lasting *ret)
{
    size_t names_seen = 0;
    for (size_t i = 0; i < w->pending_count; i++)
        names_seen += is_of_names(w->log->op[w->pending[i]].kind);
    size_t kept = names_seen == 0 ? 0 : (size_t)(draw(random) % (names_seen + 1));
    for (int f = 0; f < MODEL_FILES; f++) {
        ret->from[f] = 0;
        ret->to[f] = w->pending_count;
    }
    for (size_t i = 0; i < w->pending_count; i++) {
        const struct model_op *op = &w->log->op[w->pending[i]];
        if (!is_of_names(op->kind))
            continue;
        if (kept == 0) {
            if (ret->to[op->file] > i)
                ret->to[op->file] = i;
            continue;
        }
        kept--;
        ret->from[op->file] = i;
        op_apply(image->file, op, fill);
        if (op->kind == MODEL_REPLACE && !op->flushed && (draw(random) & 1))
            image->file[op->file].len = 0; /* a new name of a file whose bytes never came */
    }
}

static void
image_some(const struct model_walk *w, bool reorder, unsigned seed, struct model_image *image)
{
    uint64_t random = 0x2545f4914f6cdd1d * (seed + 1) + w->at * 0x9e3779b97f4a7c15 + 1;
    int fill = seed & 1 ? 0xa5 : 0;
    struct lasting lasting;
    keep_names(w, &random, fill, image, &lasting);
    for (size_t n = 0; n < w->pending_count; n++) {
        size_t i = reorder ? w->pending_count - 1 - n : n;
        const struct model_op *op = &w->log->op[w->pending[i]];
        bool there =
            image->file[op->file].exists && i >= lasting.from[op->file] && i < lasting.to[op->file];
        bool taken = reorder ? draw(&random) % 4 != 0 : (draw(&random) & 1) != 0;
        if (is_of_names(op->kind) || !there || !taken)
            continue;
        if (op->kind == MODEL_WRITE && !reorder && (seed & 2))
            put_sectors(&image->file[op->file], op, &random, fill);
        else
            op_apply(image->file, op, fill);
    }
}

static bool
image_torn(const struct model_walk *w, size_t unit, struct model_image *image)
{
    const struct model_op *op = w->at < w->log->count ? &w->log->op[w->at] : NULL;
    if (op == NULL || op->kind != MODEL_WRITE)
        return false;
    /* Up to the boundary nearest to its middle. */
    uint64_t middle = (op->offset + op->len / 2 + unit / 2) / unit * unit;
    if (middle <= op->offset || middle >= op->offset + op->len)
        return false;
    bytes_put(&image->file[op->file], op->offset, op->bytes, (size_t)(middle - op->offset), 0);
    return true;
}

bool
walk_image(const struct model_walk *w, enum crash_mode mode, unsigned seed,
           struct model_image *image)
{
    bool shown = mode <= CRASH_TORN_PAGE;
    if (!shown && w->pending_count == 0)
        return false; /* as "before" */
    if (mode == CRASH_AFTER && w->at >= w->log->count)
        return false;
    image_copy(image, shown ? &w->shown : &w->durable);
    switch (mode) {
    case CRASH_AFTER:
        op_apply(image->file, &w->log->op[w->at], 0);
        return true;
    case CRASH_TORN_SECTOR:
        return image_torn(w, MODEL_SECTOR_BYTES, image);
    case CRASH_TORN_PAGE:
        return image_torn(w, MODEL_PAGE_BYTES, image);
    case CRASH_SUBSET:
    case CRASH_REORDERED:
        image_some(w, mode == CRASH_REORDERED, seed, image);
        return true;
    case CRASH_BEFORE:
    case CRASH_LOST:
    case CRASH_MODES:
        break;
    }
    return true;
}

struct model_log
walk_pending(const struct model_walk *w, bool with_this)
{
    struct model_log log = {0};
    for (size_t i = 0; i < w->pending_count; i++)
        list_add(&log, w->log->op[w->pending[i]]);
    if (with_this && w->at < w->log->count)
        list_add(&log, w->log->op[w->at]);
    return log;
}

/* ---- the VFS ---------------------------------------------------------------------------------- */

struct handle {
    sqlite3_file head;
    int file, level;
    bool peek;
    bool fresh; /* a journal that may be new: its first sync is its folder's too, as in os_unix.c */
    bool mapped;
    unsigned shm_shared, shm_exclusive;
};

void
model_fault(unsigned calls, int code, unsigned nth, bool on)
{
    pthread_mutex_lock(&lock);
    fault.calls = calls;
    fault.code = code;
    fault.nth = nth;
    fault.on = on;
    fault.seen = 0;
    fault.fired = false;
    pthread_mutex_unlock(&lock);
}

bool
model_fault_fired(void)
{
    return fault.fired;
}

/* 0, or the code of the fault that is due. The lock is held. */
static int
due(const struct handle *h, unsigned call)
{
    if ((h != NULL && h->peek) || !(fault.calls & call) || fault.nth == 0)
        return SQLITE_OK;
    fault.seen++;
    bool now = fault.seen == fault.nth || (fault.on && fault.seen > fault.nth);
    fault.fired |= now;
    return now ? fault.code : SQLITE_OK;
}

static struct handle *
handle(sqlite3_file *f)
{
    return (struct handle *)(void *)f;
}

#define LOCKED(expression)                                                                         \
    do {                                                                                           \
        pthread_mutex_lock(&lock);                                                                 \
        int locked_code = (expression);                                                            \
        pthread_mutex_unlock(&lock);                                                               \
        return locked_code;                                                                        \
    } while (0)

static void
level_down(struct handle *h, int to)
{
    struct locks *l = &lock_of[h->file];
    if (h->level > SQLITE_LOCK_SHARED) {
        if (l->reserved == h)
            l->reserved = NULL;
        if (l->pending == h)
            l->pending = NULL;
        if (l->exclusive == h)
            l->exclusive = NULL;
    }
    if (h->level >= SQLITE_LOCK_SHARED && to < SQLITE_LOCK_SHARED)
        l->shared--;
    h->level = to;
}

static int
io_close(sqlite3_file *f)
{
    struct handle *h = handle(f);
    pthread_mutex_lock(&lock);
    if (!h->peek && h->level > 0)
        level_down(h, 0);
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

static int
read_some(const struct handle *h, uint8_t *out, size_t len, size_t offset)
{
    int code = due(h, FAULT_READ);
    if (code != SQLITE_OK)
        return code;
    const struct model_bytes *b = &live[h->file];
    size_t have = offset < b->len ? b->len - offset : 0;
    if (have > len)
        have = len;
    if (have > 0)
        memcpy(out, b->bytes + offset, have);
    memset(out + have, 0, len - have);
    return have == len ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int
io_read(sqlite3_file *f, void *out, int len, sqlite3_int64 offset)
{
    LOCKED(read_some(handle(f), out, (size_t)len, (size_t)offset));
}

static int
change(const struct handle *h, unsigned call, struct model_op op)
{
    BATON_ASSERT(!h->peek);
    int code = due(h, call);
    if (code == SQLITE_OK)
        add(op);
    return code;
}

static int
io_write(sqlite3_file *f, const void *bytes, int len, sqlite3_int64 offset)
{
    struct handle *h = handle(f);
    LOCKED(change(
        h, FAULT_WRITE,
        (struct model_op){MODEL_WRITE, h->file, (uint64_t)offset, (size_t)len, bytes, false}));
}

static int
io_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    struct handle *h = handle(f);
    LOCKED(change(
        h, FAULT_WRITE,
        (struct model_op){.kind = MODEL_TRUNCATE, .file = h->file, .offset = (uint64_t)size}));
}

static int
sync_all(struct handle *h)
{
    int code = change(h, FAULT_SYNC, (struct model_op){.kind = MODEL_SYNC, .file = h->file});
    if (code == SQLITE_OK && h->fresh) {
        add((struct model_op){.kind = MODEL_NAMES, .file = h->file});
        h->fresh = false;
    }
    return code;
}

static int
io_sync(sqlite3_file *f, int flags)
{
    (void)flags;
    LOCKED(sync_all(handle(f)));
}

static int
io_size(sqlite3_file *f, sqlite3_int64 *ret_size)
{
    pthread_mutex_lock(&lock);
    *ret_size = (sqlite3_int64)live[handle(f)->file].len;
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

static int
level_up(struct handle *h, int to)
{
    struct locks *l = &lock_of[h->file];
    if (h->level >= to)
        return SQLITE_OK;
    if (to == SQLITE_LOCK_SHARED) {
        if (l->pending != NULL || l->exclusive != NULL)
            return SQLITE_BUSY;
        l->shared++;
        h->level = to;
        return SQLITE_OK;
    }
    if (l->reserved != NULL && l->reserved != h)
        return SQLITE_BUSY;
    if (to == SQLITE_LOCK_RESERVED) {
        l->reserved = h;
        h->level = to;
        return SQLITE_OK;
    }
    if (l->pending != NULL && l->pending != h)
        return SQLITE_BUSY;
    l->pending = h;
    h->level = SQLITE_LOCK_PENDING;
    if (l->shared > 1)
        return SQLITE_BUSY;
    l->exclusive = h;
    h->level = SQLITE_LOCK_EXCLUSIVE;
    return SQLITE_OK;
}

static int
io_lock(sqlite3_file *f, int to)
{
    if (handle(f)->peek)
        return SQLITE_OK;
    LOCKED(level_up(handle(f), to));
}

static int
io_unlock(sqlite3_file *f, int to)
{
    struct handle *h = handle(f);
    pthread_mutex_lock(&lock);
    if (!h->peek && h->level > to)
        level_down(h, to);
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

/* To a peek somebody always writes: a journal beside the file is then not its to roll back. */
static int
io_reserved(sqlite3_file *f, int *ret_held)
{
    struct handle *h = handle(f);
    pthread_mutex_lock(&lock);
    *ret_held = h->peek || lock_of[h->file].reserved != NULL;
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

static int
io_control(sqlite3_file *f, int op, void *arg)
{
    (void)f;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int
io_sector(sqlite3_file *f)
{
    (void)f;
    return MODEL_PAGE_BYTES; /* as os_unix.c says */
}

static int
io_device(sqlite3_file *f)
{
    (void)f;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* likewise */
}

static int
shm_region(struct handle *h, int index, int bytes, bool extend, void volatile **ret)
{
    struct shm *s = &shms[h->file];
    *ret = NULL;
    int code = due(h, FAULT_SHM);
    if (code != SQLITE_OK)
        return code;
    BATON_ASSERT(index < SHM_REGIONS);
    if (!h->mapped) {
        h->mapped = true;
        s->users++;
    }
    while (extend && s->region_count <= index)
        s->region[s->region_count++] = must(calloc(1, (size_t)bytes));
    *ret = index < s->region_count ? s->region[index] : NULL;
    return SQLITE_OK;
}

static int
io_shm_map(sqlite3_file *f, int index, int bytes, int extend, void volatile **ret)
{
    LOCKED(shm_region(handle(f), index, bytes, extend != 0, ret));
}

static int
shm_turn(struct handle *h, unsigned slots, int flags)
{
    struct shm *s = &shms[h->file];
    for (int i = 0; i < SQLITE_SHM_NLOCK; i++) { /* may it? */
        unsigned bit = 1u << i;
        if (!(slots & bit) || (flags & SQLITE_SHM_UNLOCK))
            continue;
        int others = s->shared[i] - ((h->shm_shared & bit) != 0);
        if ((flags & SQLITE_SHM_EXCLUSIVE) && (s->exclusive[i] || others > 0))
            return SQLITE_BUSY;
        if ((flags & SQLITE_SHM_SHARED) && s->exclusive[i])
            return SQLITE_BUSY;
    }
    for (int i = 0; i < SQLITE_SHM_NLOCK; i++) {
        unsigned bit = 1u << i;
        if (!(slots & bit))
            continue;
        if (flags & SQLITE_SHM_UNLOCK) {
            if (h->shm_shared & bit)
                s->shared[i]--;
            if (h->shm_exclusive & bit)
                s->exclusive[i] = false;
            h->shm_shared &= ~bit;
            h->shm_exclusive &= ~bit;
        } else if (flags & SQLITE_SHM_EXCLUSIVE) {
            s->exclusive[i] = true;
            h->shm_exclusive |= bit;
        } else if (!(h->shm_shared & bit)) {
            s->shared[i]++;
            h->shm_shared |= bit;
        }
    }
    return SQLITE_OK;
}

static int
io_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    if (handle(f)->peek)
        return SQLITE_OK;
    LOCKED(shm_turn(handle(f), ((1u << n) - 1) << offset, flags));
}

static void
io_shm_barrier(sqlite3_file *f)
{
    (void)f;
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
}

static int
io_shm_unmap(sqlite3_file *f, int delete)
{
    struct handle *h = handle(f);
    (void)delete;
    pthread_mutex_lock(&lock);
    if (h->mapped && --shms[h->file].users == 0)
        shm_free(&shms[h->file]);
    h->mapped = false;
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = io_close,
    .xRead = io_read,
    .xWrite = io_write,
    .xTruncate = io_truncate,
    .xSync = io_sync,
    .xFileSize = io_size,
    .xLock = io_lock,
    .xUnlock = io_unlock,
    .xCheckReservedLock = io_reserved,
    .xFileControl = io_control,
    .xSectorSize = io_sector,
    .xDeviceCharacteristics = io_device,
    .xShmMap = io_shm_map,
    .xShmLock = io_shm_lock,
    .xShmBarrier = io_shm_barrier,
    .xShmUnmap = io_shm_unmap,
};

static int
open_named(struct handle *h, const char *name, int flags)
{
    h->file = file_of(name);
    if (h->peek)
        return live[h->file].exists ? SQLITE_OK : SQLITE_CANTOPEN;
    int code = due(h, FAULT_OPEN);
    if (code != SQLITE_OK)
        return code;
    /* Baton makes its database files itself, with their folder synced, before SQLite opens them. */
    bool main_file = flags & SQLITE_OPEN_MAIN_DB;
    if (!live[h->file].exists && !main_file && !(flags & SQLITE_OPEN_CREATE))
        return SQLITE_CANTOPEN;
    h->fresh = !main_file && (flags & SQLITE_OPEN_CREATE);
    if (!live[h->file].exists) {
        add((struct model_op){.kind = MODEL_CREATE, .file = h->file});
        if (main_file)
            add((struct model_op){.kind = MODEL_NAMES, .file = h->file});
    }
    return SQLITE_OK;
}

static int
vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
    struct handle *h = handle(f);
    *h = (struct handle){.peek = strcmp(vfs->zName, "peek") == 0};
    BATON_ASSERT(name != NULL); /* temporary files are in memory: PRAGMA temp_store */
    pthread_mutex_lock(&lock);
    int code = open_named(h, name, flags);
    pthread_mutex_unlock(&lock);
    if (code == SQLITE_OK) {
        h->head.pMethods = &methods;
        if (ret_flags != NULL)
            *ret_flags = flags;
    }
    return code;
}

static int
delete_named(const char *name, bool sync)
{
    int file = file_of(name);
    int code = due(NULL, FAULT_WRITE);
    if (code != SQLITE_OK)
        return code;
    if (!live[file].exists)
        return SQLITE_IOERR_DELETE_NOENT;
    add((struct model_op){.kind = MODEL_DELETE, .file = file});
    if (sync)
        add((struct model_op){.kind = MODEL_NAMES, .file = file});
    return SQLITE_OK;
}

static int
vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    LOCKED(delete_named(name, sync != 0));
}

static int
vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
    (void)vfs;
    pthread_mutex_lock(&lock);
    int file = file_of(name);
    *ret = live[file].exists && (flags != SQLITE_ACCESS_EXISTS || live[file].len > 0);
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

static int
vfs_path(sqlite3_vfs *vfs, const char *name, int cap, char *out)
{
    (void)vfs;
    int len = snprintf(out, (size_t)cap, "%s", name);
    return len < cap ? SQLITE_OK : SQLITE_CANTOPEN;
}

/* Who waits for a lock here waits for nobody. */
static int
vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

void
model_install(void)
{
    static sqlite3_vfs vfs, peek;
    const sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = sizeof(struct handle),
        .mxPathname = MODEL_NAME_BYTES - 1,
        .zName = "model",
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_path,
        .xRandomness = real->xRandomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = real->xCurrentTime,
        .xCurrentTimeInt64 = real->xCurrentTimeInt64,
        .xGetLastError = real->xGetLastError,
    };
    peek = vfs;
    peek.zName = "peek";
    BATON_ASSERT(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
    BATON_ASSERT(sqlite3_vfs_register(&peek, 0) == SQLITE_OK);
}
