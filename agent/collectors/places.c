/* places.c: the settings file, where it lies, and the pending export, as facts. */
#include <string.h>

#include "common/readers/csexport.h"
#include "readers.h"

static void
take_stat(struct collect_file *f, const struct host_file *now)
{
    bool same = f->exists && now->exists && f->bytes == now->bytes &&
                f->written_unix_ms == now->written_unix_ms;
    f->hashed = f->hashed && same;
    f->twice = f->twice && same;
    f->exists = now->exists;
    f->bytes = now->bytes;
    f->written_unix_ms = now->written_unix_ms;
}

static void
take_hash(struct collect_file *f, const struct host_file *now)
{
    take_stat(f, now);
    f->twice = f->hashed && baton_hash_eq(&f->hash, &now->hash);
    f->hash = now->hash;
    f->hashed = true;
}

enum baton_status
collect_exported_stat(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    (void)err;
    take_stat(&c->exported, &done->u.file);
    if (c->exported.exists) {
        collect_set(c, FACT_SETTINGS_SEEN, (int64_t)c->exported.written_unix_ms);
        collect_set(c, FACT_SETTINGS_BYTES, (int64_t)c->exported.bytes);
    } else {
        collect_absent(c, FACT_SETTINGS_SEEN, ABSENT_NOT_APPLICABLE);
        collect_absent(c, FACT_SETTINGS_BYTES, ABSENT_NOT_APPLICABLE);
    }
    return BATON_OK;
}

enum baton_status
collect_exported_hash(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    (void)err;
    take_hash(&c->exported, &done->u.file);
    return BATON_OK;
}

enum baton_status
collect_placed_stat(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    (void)err;
    take_stat(&c->placed, &done->u.file);
    return BATON_OK;
}

enum baton_status
collect_placed_hash(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    (void)err;
    take_hash(&c->placed, &done->u.file);
    return BATON_OK;
}

/* An object that would be made again is one of each. */
static void
on_pending(void *ctx, const struct csexport_object *o)
{
    struct collect_pending *p = ctx;
    bool again = o->operation == CSEXPORT_DELETE_ADD;
    p->adds += again || o->operation == CSEXPORT_ADD;
    p->updates += o->operation == CSEXPORT_UPDATE;
    p->deletes += again || o->operation == CSEXPORT_DELETE;
    p->unknown += o->left_out || o->operation == CSEXPORT_UNKNOWN;
}

enum baton_status
collect_pending_made(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    (void)done;
    c->pending_read = false;
    c->pending_due = false;
    c->pending_after = c->facts.digest[DIGEST_RUNS];
    c->pending_counts = (struct collect_pending){0};
    csexport_close(&c->pending);
    struct csexport_visitor visitor = {.ctx = &c->pending_counts, .object = on_pending};
    return csexport_open(&visitor, &c->pending, err);
}

enum baton_status
collect_pending_hash(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    (void)err;
    facts_set_digest(&c->facts, DIGEST_PENDING, &done->u.file.hash);
    return BATON_OK;
}

static enum baton_status
pending_whole(struct collect *c, struct baton_err *err)
{
    const struct collect_pending *counts = &c->pending_counts;
    enum baton_status rc = csexport_finish(c->pending, err);
    csexport_close(&c->pending);
    if (rc != BATON_OK)
        return rc;
    if (counts->unknown > 0)
        return baton_fail(err, BATON_MALFORMED, "%llu changes of an unknown kind",
                          (unsigned long long)counts->unknown);
    collect_set(c, FACT_PENDING_ADDS, (int64_t)counts->adds);
    collect_set(c, FACT_PENDING_UPDATES, (int64_t)counts->updates);
    collect_set(c, FACT_PENDING_DELETES, (int64_t)counts->deletes);
    c->pending_read = true;
    return BATON_OK;
}

enum baton_status
collect_pending_read(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    enum baton_status rc = csexport_push(c->pending, done->text, done->text_len, err);
    uint64_t end = done->u.file.offset + done->text_len;
    if (rc == BATON_OK && done->text_len > 0 && end < done->u.file.bytes)
        return BATON_OK; /* the round asks for the next piece */
    if (rc == BATON_OK)
        rc = pending_whole(c, err);
    csexport_close(&c->pending);
    return rc;
}
