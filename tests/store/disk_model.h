/* disk_model.h: a disk in memory that knows what would be left of it after a crash.
 *
 * Shape      An SQLite VFS over files in memory. Everything that changes one (create, write, truncate,
 *            sync, delete, rename, a folder's sync) is an entry in one list. An image is what a crash
 *            at an entry can leave: model_image makes it from the list alone, so a scenario runs once,
 *            however many crashes are tried on it.
 *            What is synced stays. A write that is not may be there, torn, missing or older than a later
 *            one. A new or removed name lasts from the sync of its folder on, which SQLite asks for with
 *            the first sync of a new journal.
 * Units      Bytes; entries are counted from 0.
 * Limits     MODEL_FILES names. Names are compared whole.
 * Ownership  Bytes of entries and images are the model's and the image's: model_clear, image_done.
 * Threads    Any; one lock.
 * Source     reliability 3.3; SQLite's "atomic commit" and os_unix.c for what a sync covers.
 */
#ifndef STORE_DISK_MODEL_H
#define STORE_DISK_MODEL_H

#include "baton/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MODEL_FILES = 48,
    MODEL_NAME_BYTES = 160,
    MODEL_SECTOR_BYTES = 512,
    MODEL_PAGE_BYTES = 4096
};

enum model_kind {
    MODEL_CREATE,
    MODEL_WRITE,
    MODEL_TRUNCATE,
    MODEL_SYNC,
    MODEL_DELETE,
    MODEL_REPLACE, /* another file's content under this name */
    MODEL_NAMES,   /* the folder is synced */
};

struct model_op {
    enum model_kind kind;
    int file;
    uint64_t offset; /* of a write; the size of a truncation */
    size_t len;
    const uint8_t *bytes;
    bool flushed; /* of a replacement: its content is on disk */
};

struct model_log {
    struct model_op *op;
    size_t count, cap;
};

enum crash_mode {
    CRASH_BEFORE, /* the process dies: what the system has taken is kept */
    CRASH_AFTER,
    CRASH_TORN_SECTOR, /* the power goes during this write */
    CRASH_TORN_PAGE,
    CRASH_LOST,      /* nothing that was not synced is there */
    CRASH_SUBSET,    /* some of it is: by seed */
    CRASH_REORDERED, /* and in another order */
    CRASH_MODES
};
extern const char *const crash_mode_name[CRASH_MODES];

struct model_bytes {
    bool exists;
    uint8_t *bytes;
    size_t len, cap;
};

struct model_image {
    struct model_bytes file[MODEL_FILES];
};

/* Once: becomes SQLite's default VFS; "peek" reads the same files without locks. */
void model_install(void);
/* No files, an empty list. Nothing may be open. */
void model_clear(void);
/* The files as the image has them, an empty list; what was pending stays so when it stands in `pending`
 * (entries over what the image held before them). */
void model_load(const struct model_image *base, const struct model_log *pending_or_null);
/* Takes the list and what the files were when it began; the model's own list is empty after. */
struct model_log model_take(struct model_image *ret_base);
void model_log_done(struct model_log *log);
size_t model_count(void);         /* entries so far */
int model_file(const char *name); /* its number; given on first use */
const char *model_name(int file);

/* What plain files do, told by who wraps their calls. */
void model_note(enum model_kind kind, const char *name, uint64_t offset, const void *bytes,
                size_t len);
void model_rename(const char *from, const char *to);

/* A walk along a list: what is durable, what the running system shows, and what is pending. */
struct model_walk {
    const struct model_log *log;
    size_t at;
    struct model_image durable, shown;
    size_t *pending; /* entries, in order */
    size_t pending_count, pending_cap;
};
void walk_init(struct model_walk *w, const struct model_image *base, const struct model_log *log);
void walk_step(struct model_walk *w);
void walk_done(struct model_walk *w);
/* What a crash at the entry where the walk stands leaves. False: this mode is no other than one that was
 * tried at this entry or before (a sync cannot be torn). */
bool walk_image(const struct model_walk *w, enum crash_mode mode, unsigned seed,
                struct model_image *ret_image);
/* The pending entries and, for CRASH_AFTER, this one: the list a killed process leaves behind. */
struct model_log walk_pending(const struct model_walk *w, bool with_this);

void image_done(struct model_image *image);
void image_copy(struct model_image *to, const struct model_image *from);
uint64_t image_hash(const struct model_image *image);

/* Faults: the n-th call of these kinds from now on fails with this SQLite code; from then on if `on`. */
enum fault_call { FAULT_READ = 1, FAULT_WRITE = 2, FAULT_SYNC = 4, FAULT_OPEN = 8, FAULT_SHM = 16 };
void model_fault(unsigned calls, int code, unsigned nth, bool on);
bool model_fault_fired(void);

#endif
