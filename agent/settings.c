#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"
#include "common/canon.h"
#include "common/disk/disk.h"
#include "common/log.h"
#include "common/text.h"

enum { MEMORY_BYTES = 160, MEMORY_VERSION = 1, AGAIN_MS = 5000 };

/* --- memory --- */

static void
remember(struct agent *a)
{
    const struct settings *s = &a->settings;
    uint8_t bytes[MEMORY_BYTES];
    struct canon_writer w;
    size_t len;
    canon_writer_init(&w, bytes, sizeof bytes);
    canon_put_u8(&w, MEMORY_VERSION);
    canon_put_bool(&w, s->out_known);
    canon_put_hash(&w, &s->out_file);
    canon_put_hash(&w, &s->out_blob);
    canon_put_u64(&w, s->out_bytes);
    canon_put_bool(&w, s->out_delivered);
    canon_put_bool(&w, s->in_known);
    canon_put_hash(&w, &s->in_file);
    enum baton_status rc = canon_finish(&w, &len);
    BATON_ASSERT(rc == BATON_OK);
    (void)agent_put(a, "settings", bytes, len);
}

static void
tell_collect(struct agent *a)
{
    const struct settings *s = &a->settings;
    a->collect.seal_known = s->out_known;
    a->collect.sealed_hash = s->out_file;
    a->collect.place_known = s->in_known;
    a->collect.placed_hash = s->in_file;
}

void
settings_recall(struct agent *a)
{
    struct settings *s = &a->settings;
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct baton_err err;
    enum baton_status rc = agent_store_get(a->store, "settings", &bytes, &len, &err);
    if (rc == BATON_NOT_FOUND)
        return;
    if (rc != BATON_OK) {
        agent_fail(a, rc, &err);
        return;
    }
    struct canon_reader r;
    canon_reader_init(&r, bytes, len);
    canon_require(&r, canon_get_u8(&r) == MEMORY_VERSION);
    bool out_known = canon_get_bool(&r);
    s->out_file = canon_get_hash(&r);
    s->out_blob = canon_get_hash(&r);
    s->out_bytes = canon_get_u64(&r);
    s->out_delivered = canon_get_bool(&r);
    bool in_known = canon_get_bool(&r);
    s->in_file = canon_get_hash(&r);
    if (canon_finished(&r)) {
        s->out_known = out_known;
        s->in_known = in_known;
    }
    free(bytes);
    tell_collect(a);
}

void
settings_init(struct settings *s)
{
    *s = (struct settings){.fd = -1, .attached_fd = -1};
}

static void
close_all(struct settings *s)
{
    if (s->fd >= 0)
        close(s->fd);
    if (s->attached_fd >= 0)
        close(s->attached_fd);
    s->fd = s->attached_fd = -1;
    seal_free(&s->seal);
    seal_opener_free(&s->opener);
    if (s->plain != NULL)
        crypto_wipe(s->plain, SEAL_CELL_BYTES);
    free(s->plain);
    s->plain = NULL;
    s->plain_len = 0;
    s->state = SETTINGS_IDLE;
    s->ticket = 0;
}

void
settings_done(struct settings *s)
{
    close_all(s);
}

/* --- both ways --- */

static void
give_up(struct agent *a, enum baton_status status, const char *why)
{
    struct message m = {.type = MSG_REFUSED};
    m.u.refused.status = (uint8_t)(status == BATON_OK ? BATON_FAILED : status);
    m.u.refused.order = a->settings.order;
    text_copy(m.u.refused.text, sizeof m.u.refused.text, why);
    log_warn("settings.failed", "%s", why);
    close_all(&a->settings);
    (void)session_send(a, &m);
}

static bool
ask_host(struct agent *a, enum host_op op, enum host_place place, const uint8_t *bytes, size_t len)
{
    struct settings *s = &a->settings;
    struct baton_err err;
    struct host_request r = {.op = op,
                             .place = (uint8_t)place,
                             .collector = op == HOST_COLLECT ? COLLECT_CONFIGURATION : COLLECT_NONE,
                             .offset = op == HOST_FILE_WRITE ? s->written : s->offset,
                             .bytes = bytes,
                             .len = len,
                             .limit_ms = (uint32_t)agent_policy(a, POLICY_STEP_MS)};
    enum baton_status rc = a->host.submit(a->host.ctx, &r, &s->ticket, &err);
    if (rc != BATON_OK)
        give_up(a, rc, err.text);
    return rc == BATON_OK;
}

static int
open_own(struct agent *a, enum setup_file file, enum disk_use use)
{
    char path[SETUP_PATH_BYTES];
    struct baton_err err;
    int fd = -1;
    enum baton_status rc = setup_path(a->setup->dir, file, path, &err);
    if (rc == BATON_OK) {
        fd = disk_open(path, use);
        if (fd < 0)
            rc = baton_fail(&err, BATON_IO, "cannot open %s: %s", path, strerror(errno));
    }
    if (rc != BATON_OK)
        give_up(a, rc, err.text);
    return fd;
}

static bool
open_blob(struct agent *a, enum setup_file file, enum disk_use use)
{
    a->settings.fd = open_own(a, file, use);
    return a->settings.fd >= 0;
}

static enum baton_status
write_all(int fd, const uint8_t *bytes, size_t len, struct baton_err *err)
{
    if (disk_write(fd, bytes, len))
        return BATON_OK;
    return baton_fail(err, errno == ENOSPC ? BATON_FULL : BATON_IO, "sealed settings: %s",
                      strerror(errno));
}

/* --- SEAL --- */

static enum baton_status
seal_sink(void *ctx, const uint8_t *bytes, size_t len, struct baton_err *err)
{
    struct settings *s = ctx;
    sha256_update(&s->sha, bytes, len);
    s->blob_bytes += len;
    return write_all(s->fd, bytes, len, err);
}

/* The recipient's box key, if an operator vouched for it: a controller alone could name its own. */
static bool
recipient_box(const struct agent *a, const struct order *o, struct baton_key *ret_box)
{
    struct plan plan;
    uint8_t bytes[CONFIRM_BYTES];
    if (!a->member.trust_known || plan_decode(o->plan, o->plan_len, &plan) != BATON_OK ||
        !baton_id_eq(&plan.tenant, &a->setup->tenant) ||
        plan_member_index(&plan, &a->identity.sign_key) < 0)
        return false;
    int at = plan_member_index(&plan, &o->recipient);
    if (at < 0 || baton_key_eq(&o->recipient, &a->identity.sign_key))
        return false;
    const struct plan_member *m = &plan.member[at];
    const struct trust_operator *op = trust_operator_find(&a->member.trust, &m->confirmed_by);
    confirm_bytes(&plan.tenant, m->host, &m->key, &m->box_key, bytes);
    *ret_box = m->box_key;
    return op != NULL && trust_operator_may(op, ROLE_OPERATE, &plan.tenant) &&
           crypto_verify_domain(&op->key, DOMAIN_CONFIRM, bytes, sizeof bytes, &m->confirmation);
}

static void
send_chunk(struct agent *a, uint64_t offset)
{
    const struct settings *s = &a->settings;
    char path[SETUP_PATH_BYTES];
    static uint8_t bytes[CHUNK_BYTES];
    if (offset >= s->out_bytes || offset % CHUNK_BYTES != 0 ||
        setup_path(a->setup->dir, SETUP_BLOB_OUT, path, NULL) != BATON_OK)
        return;
    int fd = disk_open(path, DISK_READ);
    if (fd < 0) {
        log_warn("settings.chunk", "cannot read %s: %s", path, strerror(errno));
        return;
    }
    uint64_t left = s->out_bytes - offset;
    size_t want = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
    ssize_t n = disk_read_at(fd, bytes, want, offset);
    close(fd);
    if (n != (ssize_t)want)
        return;
    a->settings.moved_ms = agent_now_ms();
    struct message m = {.type = MSG_CHUNK};
    m.u.chunk = (struct msg_chunk){s->out_blob, offset, s->out_bytes, bytes, want};
    (void)session_send(a, &m);
}

void
settings_seal(struct agent *a, const struct order *o)
{
    struct settings *s = &a->settings;
    if (s->state != SETTINGS_IDLE && baton_id_eq(&s->order, &o->id))
        return; /* under way */
    close_all(s);
    s->order = o->id;
    s->file = o->blob;
    if (!recipient_box(a, o, &s->recipient_box)) {
        give_up(a, BATON_DENIED,
                "no operator confirmed the key that the settings would be sealed to");
        return;
    }
    s->offset = s->blob_bytes = 0;
    s->state = SEAL_HASH;
    (void)ask_host(a, HOST_FILE_HASH, PLACE_SETTINGS_EXPORT, NULL, 0);
}

static void
seal_hashed(struct agent *a, const struct host_completion *done)
{
    struct settings *s = &a->settings;
    if (!baton_hash_eq(&done->u.file.hash, &s->file)) {
        give_up(a, BATON_CONFLICT, "the exported settings file is not the one named: it changed");
        return;
    }
    if (done->u.file.bytes == 0) {
        give_up(a, BATON_MALFORMED, "the exported settings file is empty");
        return;
    }
    s->file_bytes = done->u.file.bytes;
    s->state = SEAL_COLLECT;
    (void)ask_host(a, HOST_COLLECT, PLACE_NONE, NULL, 0);
}

static void
seal_collected(struct agent *a, const struct host_completion *done)
{
    (void)done;
    a->settings.state = SEAL_STAT;
    (void)ask_host(a, HOST_FILE_STAT, PLACE_CONFIGURATION, NULL, 0);
}

/* Without a configuration, or with one that does not fit beside it, the file goes alone. */
static void
seal_sized(struct agent *a, const struct host_completion *done)
{
    struct settings *s = &a->settings;
    struct baton_err err = {0};
    bool fits = done->status == BATON_OK && done->u.file.exists &&
                s->file_bytes < SEAL_FILE_BYTES_MAX &&
                done->u.file.bytes <= SEAL_FILE_BYTES_MAX - s->file_bytes;
    s->attached_bytes = fits ? done->u.file.bytes : 0;
    if (!fits)
        log_warn("settings.configuration", "the old server's configuration is not sent along: %s",
                 done->status != BATON_OK ? done->err.text : "there is none, or it is too large");
    struct seal_binding binding = {.tenant = a->setup->tenant,
                                   .recipient = s->recipient_box,
                                   .file = s->file,
                                   .file_bytes = s->file_bytes,
                                   .attached_bytes = s->attached_bytes};
    s->state = SEAL_READ;
    sha256_init(&s->sha);
    if (!open_blob(a, SETUP_BLOB_OUT, DISK_REWRITE))
        return;
    s->out_known = false; /* what lay there is gone */
    struct seal_sink sink = {.ctx = s, .write = seal_sink};
    enum baton_status rc = seal_begin(&binding, sink, &s->seal, &err);
    if (rc != BATON_OK)
        give_up(a, rc, err.text);
    else
        (void)ask_host(a, HOST_FILE_READ, PLACE_SETTINGS_EXPORT, NULL, 0);
}

static void
seal_whole(struct agent *a)
{
    struct settings *s = &a->settings;
    struct baton_err err = {0};
    enum baton_status rc = seal_finish(s->seal, &err);
    if (rc == BATON_OK && !disk_flush(s->fd))
        rc = baton_fail(&err, BATON_IO, "sealed settings: %s", strerror(errno));
    if (rc != BATON_OK) {
        give_up(a, rc, err.text);
        return;
    }
    s->state = SEAL_HASH_AGAIN;
    (void)ask_host(a, HOST_FILE_HASH, PLACE_SETTINGS_EXPORT, NULL, 0);
}

/* One piece more of the file, or of what is attached to it. */
static void
seal_piece(struct agent *a, const struct host_completion *done, uint64_t bytes,
           enum host_place place)
{
    struct settings *s = &a->settings;
    struct baton_err err = {0};
    enum baton_status rc = seal_push(s->seal, done->text, done->text_len, &err);
    s->offset += done->text_len;
    if (rc != BATON_OK)
        give_up(a, rc, err.text);
    else if (done->text_len > 0 && s->offset < bytes)
        (void)ask_host(a, HOST_FILE_READ, place, NULL, 0);
    else if (s->state == SEAL_READ && s->attached_bytes > 0) {
        s->state = SEAL_READ_CONFIG;
        s->offset = 0;
        (void)ask_host(a, HOST_FILE_READ, PLACE_CONFIGURATION, NULL, 0);
    } else {
        seal_whole(a);
    }
}

static void
seal_read(struct agent *a, const struct host_completion *done)
{
    seal_piece(a, done, a->settings.file_bytes, PLACE_SETTINGS_EXPORT);
}

static void
seal_read_config(struct agent *a, const struct host_completion *done)
{
    seal_piece(a, done, a->settings.attached_bytes, PLACE_CONFIGURATION);
}

static void
seal_hashed_again(struct agent *a, const struct host_completion *done)
{
    struct settings *s = &a->settings;
    if (!baton_hash_eq(&done->u.file.hash, &s->file)) {
        give_up(a, BATON_CONFLICT, "the exported settings file changed while it was sealed");
        return;
    }
    sha256_final(&s->sha, &s->out_blob);
    s->out_known = true;
    s->out_file = s->file;
    s->out_bytes = s->blob_bytes;
    s->out_wanted = 0;
    s->out_delivered = s->out_spoilt = false;
    struct baton_id order = s->order;
    close_all(s);
    remember(a);
    tell_collect(a);
    a->observe_whole = true;
    log_info("settings.sealed", "bytes=%llu", (unsigned long long)s->out_bytes);
    if (agent_runs(a))
        agent_answer_order(a, &order);
    send_chunk(a, 0);
}

void
settings_want(struct agent *a, const struct msg_want *w)
{
    struct settings *s = &a->settings;
    if (!s->out_known || !baton_hash_eq(&w->blob, &s->out_blob))
        return;
    if (w->offset == s->out_wanted && w->offset < s->out_bytes)
        return; /* that piece is under way; if it is lost, settings_time says it again */
    s->out_wanted = w->offset;
    if (w->offset < s->out_bytes) {
        send_chunk(a, w->offset);
    } else if (!s->out_delivered) {
        s->out_delivered = true;
        remember(a);
    }
}

/* --- PLACE --- */

static void
want_more(struct agent *a)
{
    a->settings.moved_ms = agent_now_ms();
    struct message m = {.type = MSG_WANT};
    m.u.want = (struct msg_want){.blob = a->settings.blob, .offset = a->settings.offset};
    (void)session_send(a, &m);
}

static enum baton_status
plain_sink(void *ctx, const uint8_t *bytes, size_t len, struct baton_err *err)
{
    struct settings *s = ctx;
    if (len > SEAL_CELL_BYTES - s->plain_len)
        return baton_fail(err, BATON_LIMIT, "more plain bytes than a cell holds");
    memcpy(s->plain + s->plain_len, bytes, len);
    s->plain_len += len;
    return BATON_OK;
}

/* How much of the blob lies here from an earlier attempt, in whole pieces. */
static uint64_t
kept_bytes(const struct settings *s)
{
    struct stat st;
    if (fstat(s->fd, &st) != 0)
        return 0;
    uint64_t kept = (uint64_t)st.st_size;
    if (kept > s->blob_bytes)
        return 0;
    return kept == s->blob_bytes ? kept : kept - kept % CHUNK_BYTES;
}

static enum baton_status
blob_holds(struct settings *s, struct baton_err *err)
{
    static uint8_t bytes[CHUNK_BYTES];
    struct baton_hash hash;
    sha256_init(&s->sha);
    for (uint64_t at = 0; at < s->blob_bytes;) {
        ssize_t n = disk_read_at(s->fd, bytes, sizeof bytes, at);
        if (n <= 0)
            return baton_fail(err, BATON_IO, "sealed settings: %s", strerror(errno));
        sha256_update(&s->sha, bytes, (size_t)n);
        at += (uint64_t)n;
    }
    sha256_final(&s->sha, &hash);
    return baton_hash_eq(&hash, &s->blob)
               ? BATON_OK
               : baton_fail(err, BATON_CORRUPT, "the sealed settings do not have their hash");
}

/* Opens the next piece of the blob; at its end the last cell, and with it the word that it is whole. */
static enum baton_status
open_piece(struct settings *s, struct baton_err *err)
{
    static uint8_t cell[SEAL_CELL_BYTES];
    if (s->offset == s->blob_bytes) {
        s->opened = true;
        return seal_open_finish(s->opener, err);
    }
    size_t want = s->offset == 0 ? SEAL_HEADER_BYTES : sizeof cell;
    ssize_t n = disk_read_at(s->fd, cell, want, s->offset);
    if (n <= 0)
        return baton_fail(err, BATON_IO, "sealed settings: %s", strerror(errno));
    s->offset += (uint64_t)n;
    return seal_open_push(s->opener, cell, (size_t)n, err);
}

/* What follows the file is for ourselves. */
static enum baton_status
keep_attached(struct settings *s, struct baton_err *err)
{
    uint64_t file_bytes = seal_opener_file_bytes(s->opener);
    uint64_t left = s->plain_at < file_bytes ? file_bytes - s->plain_at : 0;
    s->host_len = s->plain_len < left ? s->plain_len : (size_t)left;
    s->plain_at += s->plain_len;
    return write_all(s->attached_fd, s->plain + s->host_len, s->plain_len - s->host_len, err);
}

/* Opens until there is something to write, and hands that to the host. Only when everything has been
 * opened and written does the temporary file get its name. */
static void
open_next(struct agent *a)
{
    struct settings *s = &a->settings;
    struct baton_err err = {0};
    s->plain_len = s->host_len = 0;
    while (s->host_len == 0 && !s->opened) {
        s->plain_len = 0;
        enum baton_status rc = open_piece(s, &err);
        if (rc == BATON_OK)
            rc = keep_attached(s, &err);
        if (rc != BATON_OK) {
            give_up(a, rc, err.text);
            return;
        }
    }
    if (s->host_len > 0) {
        (void)ask_host(a, HOST_FILE_WRITE, PLACE_SETTINGS_IMPORT, s->plain, s->host_len);
        return;
    }
    s->state = PLACE_COMMIT;
    (void)ask_host(a, HOST_FILE_COMMIT, PLACE_SETTINGS_IMPORT, NULL, 0);
}

static void
blob_whole(struct agent *a)
{
    struct settings *s = &a->settings;
    struct baton_err err = {0};
    struct seal_binding binding = {
        .tenant = a->setup->tenant, .recipient = a->identity.box_key, .file = s->file};
    struct seal_sink sink = {.ctx = s, .write = plain_sink};
    enum baton_status rc = blob_holds(s, &err);
    if (rc == BATON_CORRUPT && ftruncate(s->fd, 0) != 0)
        log_warn("settings.truncate", "%s", strerror(errno));
    if (rc == BATON_OK)
        rc = seal_open_begin(&binding, a->identity.secret->box, sink, &s->opener, &err);
    s->plain = rc == BATON_OK ? malloc(SEAL_CELL_BYTES) : NULL;
    if (rc == BATON_OK && s->plain == NULL)
        rc = baton_fail(&err, BATON_NOMEM, "settings");
    if (rc != BATON_OK) {
        give_up(a, rc, err.text);
        return;
    }
    s->attached_fd = open_own(a, SETUP_OLD_CONFIG_PART, DISK_REWRITE);
    if (s->attached_fd < 0)
        return;
    s->state = PLACE_WRITE;
    s->offset = s->written = s->plain_at = 0;
    s->opened = false;
    open_next(a);
}

void
settings_place(struct agent *a, const struct order *o)
{
    struct settings *s = &a->settings;
    bool same = baton_id_eq(&s->order, &o->id);
    if (s->state != SETTINGS_IDLE && same) {
        if (s->state == PLACE_FETCH)
            want_more(a);
        return;
    }
    close_all(s);
    s->order = o->id;
    s->blob = o->blob;
    s->file = o->file;
    s->blob_bytes = o->blob_bytes;
    if (o->blob_bytes == 0 || o->blob_bytes > seal_blob_bytes(SEAL_FILE_BYTES_MAX)) {
        give_up(a, BATON_LIMIT, "settings of more than 64 MiB, or of nothing, are not placed");
        return;
    }
    s->state = PLACE_FETCH;
    if (!open_blob(a, SETUP_BLOB_IN, DISK_UPDATE))
        return;
    s->offset = kept_bytes(s);
    if (s->offset == s->blob_bytes)
        blob_whole(a); /* kept from before, and checked by its hash */
    else
        want_more(a);
}

void
settings_chunk(struct agent *a, const struct msg_chunk *c)
{
    struct settings *s = &a->settings;
    struct baton_err err = {0};
    if (s->state != PLACE_FETCH || !baton_hash_eq(&c->blob, &s->blob) || c->total != s->blob_bytes)
        return;
    if (c->offset < s->offset)
        return; /* it came twice: asking twice for the next would double every piece behind it */
    if (c->offset != s->offset || c->len == 0) {
        want_more(a);
        return;
    }
    enum baton_status rc = BATON_OK;
    if (lseek(s->fd, (off_t)s->offset, SEEK_SET) < 0)
        rc = baton_fail(&err, BATON_IO, "sealed settings: %s", strerror(errno));
    if (rc == BATON_OK)
        rc = write_all(s->fd, c->bytes, c->len, &err);
    if (rc != BATON_OK) {
        give_up(a, rc, err.text);
        return;
    }
    s->offset += c->len;
    if (s->offset < s->blob_bytes)
        want_more(a);
    else if (!disk_flush(s->fd))
        give_up(a, BATON_IO, "the sealed settings cannot be flushed");
    else
        blob_whole(a);
}

/* A server without a configuration sends none: then there is nothing to hold the new one against. */
static bool
attached_named(struct agent *a)
{
    char part[SETUP_PATH_BYTES], whole[SETUP_PATH_BYTES];
    struct baton_err err = {0};
    enum baton_status rc = setup_path(a->setup->dir, SETUP_OLD_CONFIG_PART, part, &err);
    if (rc == BATON_OK)
        rc = setup_path(a->setup->dir, SETUP_OLD_CONFIG, whole, &err);
    if (rc == BATON_OK && (!disk_flush(a->settings.attached_fd) || !disk_rename(part, whole)))
        rc = baton_fail(&err, BATON_IO, "the old server's configuration: %s", strerror(errno));
    if (rc != BATON_OK)
        give_up(a, rc, err.text);
    return rc == BATON_OK;
}

static void
placed(struct agent *a, const struct host_completion *done)
{
    struct settings *s = &a->settings;
    if (!baton_hash_eq(&done->u.file.hash, &s->file)) {
        give_up(a, BATON_CORRUPT, "the file that was put down is not the one that was sealed");
        return;
    }
    if (!attached_named(a))
        return;
    struct baton_id order = s->order;
    s->in_known = true;
    s->in_file = s->file;
    if (ftruncate(s->fd, 0) != 0) /* it has done its work */
        log_warn("settings.truncate", "%s", strerror(errno));
    close_all(s);
    remember(a);
    tell_collect(a);
    a->observe_whole = true;
    log_info("settings.placed", "hash checked");
    if (agent_runs(a))
        agent_answer_order(a, &order);
}

/* --- answers of the host --- */

static void
written(struct agent *a, const struct host_completion *done)
{
    (void)done;
    a->settings.written += a->settings.host_len;
    open_next(a);
}

static void
committed(struct agent *a, const struct host_completion *done)
{
    (void)done;
    a->settings.state = PLACE_CHECK;
    (void)ask_host(a, HOST_FILE_HASH, PLACE_SETTINGS_IMPORT, NULL, 0);
}

bool
settings_take(struct agent *a, const struct host_completion *done)
{
    static void (*const next[])(struct agent *, const struct host_completion *) = {
        [SEAL_HASH] = seal_hashed,
        [SEAL_COLLECT] = seal_collected,
        [SEAL_STAT] = seal_sized,
        [SEAL_READ] = seal_read,
        [SEAL_READ_CONFIG] = seal_read_config,
        [SEAL_HASH_AGAIN] = seal_hashed_again,
        [PLACE_WRITE] = written,
        [PLACE_COMMIT] = committed,
        [PLACE_CHECK] = placed,
    };
    struct settings *s = &a->settings;
    if (s->ticket == 0 || done->ticket != s->ticket)
        return false;
    s->ticket = 0;
    bool may_fail = s->state == SEAL_COLLECT || s->state == SEAL_STAT;
    if (done->status != BATON_OK && !may_fail)
        give_up(a, done->status, done->err.text);
    else if (s->state < ARRAY_LEN(next) && next[s->state] != NULL)
        next[s->state](a, done);
    return true;
}

/* Other refusals are of the moment. What lies damaged here would be sent from its beginning for ever. */
void
settings_refused(struct agent *a, enum baton_status status, const struct baton_id *blob)
{
    struct settings *s = &a->settings;
    struct baton_id id = message_blob_id(&s->out_blob);
    if (!s->out_known || !baton_id_eq(&id, blob))
        return;
    if (status == BATON_DENIED)
        s->out_delivered = true; /* nobody wants it now; a new order begins anew */
    if (status != BATON_CORRUPT || s->out_spoilt)
        return;
    s->out_spoilt = true;
    log_error("settings.spoilt", "the sealed settings came without their hash and are not sent "
                                 "again: look at this disk, and copy the exported file to the new "
                                 "server's Baton folder by hand");
}

/* As with the list of findings (review_session): a controller that has the file says so at a piece of it,
 * one that waits for it no more refuses it by name. */
void
settings_session(struct agent *a)
{
    struct settings *s = &a->settings;
    if (s->out_delivered)
        s->out_wanted = 0;
    s->out_delivered = false;
    settings_time(a, true);
}

/* A piece or a question may be lost on the way: both are said again until they are answered. */
void
settings_time(struct agent *a, bool now)
{
    struct settings *s = &a->settings;
    uint64_t now_ms = agent_now_ms();
    if (!a->session.open || (!now && now_ms - s->moved_ms < AGAIN_MS))
        return;
    s->moved_ms = now_ms;
    if (s->state == PLACE_FETCH)
        want_more(a);
    else if (s->state == SETTINGS_IDLE && s->out_known && !s->out_delivered && !s->out_spoilt)
        send_chunk(a, s->out_wanted);
}
