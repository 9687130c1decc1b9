#include "common/audit/bundle.h"
#include "common/audit/bundle_io.h"
#include "common/audit/chain.h"
#include "common/audit/replay.h"
#include "common/canon.h"
#include "common/merkle.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MARKS_FIRST = 64, PROGRESS_BYTES = 1 << 22 };

/* A promise about the tree at one size: a checkpoint, or a receipt (pinned when agent is zero). */
struct mark {
    uint64_t size, unix_ms;
    struct baton_hash root;
    struct baton_sig sig;
    struct baton_key agent;
    bool is_checkpoint;
    bool shown; /* a receipt: by a statement of that agent in this bundle */
};

struct marks {
    struct mark *list;
    size_t count, cap, next; /* next: the first not yet compared */
};

struct pending {
    struct replay_object object[AUDIT_REFS_MAX];
    uint8_t *bytes[AUDIT_REFS_MAX];
    size_t cap[AUDIT_REFS_MAX];
    size_t count;
};

struct checking {
    const struct audit_verify_options *options;
    const struct digest_port *dp;
    struct audit_report *report;
    struct bundle_reader in;
    struct chain chain;
    struct merkle_frontier tree;
    struct replay replay;
    struct marks checkpoints, receipts;
    struct pending pending;
    struct baton_hash stated_root;
    uint64_t stated_size;
    struct baton_id tenant;
    uint64_t told_bytes;
    bool header, records, ended;
};

/* Changed, cut or damaged: the first finding stands. */
static enum baton_status broken(struct checking *c, uint64_t seq, const char *fmt, ...)
    BATON_PRINTF(3, 4);

static enum baton_status
broken(struct checking *c, uint64_t seq, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(c->report->why, sizeof c->report->why, fmt, args);
    va_end(args);
    c->report->verdict = AUDIT_BROKEN;
    c->report->bad_seq = seq;
    return BATON_CORRUPT;
}

/* Checkpoints and receipts */

static enum baton_status
mark_push(struct marks *m, const struct mark *mark)
{
    if (m->count == m->cap) {
        size_t cap = m->cap == 0 ? MARKS_FIRST : m->cap * 2;
        struct mark *list = realloc(m->list, cap * sizeof *list);
        if (list == NULL)
            return BATON_NOMEM;
        m->list = list;
        m->cap = cap;
    }
    m->list[m->count++] = *mark;
    return BATON_OK;
}

static enum baton_status
mark_add(struct checking *c, struct marks *m, const struct mark *mark)
{
    if (m->count == BUNDLE_CHECKPOINTS_MAX)
        return broken(c, 0, "more than %d checkpoints or receipts", (int)BUNDLE_CHECKPOINTS_MAX);
    if (m->count > 0 && mark->size < m->list[m->count - 1].size)
        return broken(c, 0, "checkpoints or receipts are not in order of size");
    return mark_push(m, mark);
}

static enum baton_status
mark_compare(struct checking *c, const struct mark *m, const struct baton_hash *root)
{
    if (baton_hash_eq(&m->root, root))
        return BATON_OK;
    if (m->is_checkpoint)
        return broken(c, c->tree.size,
                      "the checkpoint over %" PRIu64 " records was signed for other records",
                      m->size);
    return broken(c, c->tree.size,
                  "%s receipt over %" PRIu64 " records shows that the log was another one",
                  baton_key_is_zero(&m->agent) ? "the pinned" : "an agent's", m->size);
}

/* Everything promised about the tree as it stands now. */
static enum baton_status
marks_compare(struct checking *c, struct marks *m)
{
    enum baton_status rc = BATON_OK;
    struct baton_hash root;
    if (m->next >= m->count || m->list[m->next].size > c->tree.size)
        return BATON_OK;
    merkle_root(&c->tree, &root);
    while (rc == BATON_OK && m->next < m->count && m->list[m->next].size == c->tree.size)
        rc = mark_compare(c, &m->list[m->next++], &root);
    return rc;
}

static enum baton_status
tree_grow(struct checking *c, const struct baton_hash *leaf)
{
    merkle_append(&c->tree, leaf);
    c->report->records++;
    enum baton_status rc = marks_compare(c, &c->checkpoints);
    return rc == BATON_OK ? marks_compare(c, &c->receipts) : rc;
}

/* Entries */

static int
mark_order(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    return (x->size > y->size) - (x->size < y->size);
}

/* Before the first record: pinned receipts go among those of the file, and what is promised about
 * the empty log is compared. */
static enum baton_status
records_begin(struct checking *c)
{
    if (c->records)
        return BATON_OK;
    c->records = true;
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; rc == BATON_OK && i < c->options->receipt_count; i++) {
        const struct audit_receipt *r = &c->options->receipt[i];
        rc = mark_push(&c->receipts, &(struct mark){.size = r->size, .root = r->root});
    }
    if (c->receipts.count > 0)
        qsort(c->receipts.list, c->receipts.count, sizeof *c->receipts.list, mark_order);
    if (rc == BATON_OK)
        rc = marks_compare(c, &c->checkpoints);
    return rc == BATON_OK ? marks_compare(c, &c->receipts) : rc;
}

static enum baton_status
header_take(struct checking *c, const uint8_t *bytes, size_t len)
{
    struct canon_reader r;
    char version[NAME_BYTES];
    canon_reader_init(&r, bytes, len);
    (void)canon_get_u64(&r);
    c->stated_size = canon_get_u64(&r);
    c->stated_root = canon_get_hash(&r);
    struct baton_key root = canon_get_key(&r);
    c->tenant = canon_get_id(&r);
    canon_get_str(&r, version, sizeof version);
    if (c->header || !canon_finished(&r))
        return broken(c, 0, "the bundle's header is malformed or comes twice");
    c->header = true;
    bool pinned = !baton_key_is_zero(&c->options->root);
    if (pinned && !baton_key_is_zero(&root) && !baton_key_eq(&root, &c->options->root))
        return broken(c, 0, "the bundle names another root key than the one pinned");
    replay_init(&c->replay, c->dp, pinned ? &c->options->root : &root, c->report);
    c->dp->sha256(c->dp->ctx, c->replay.root.b, sizeof c->replay.root.b,
                  &c->report->root_key_fingerprint);
    return BATON_OK;
}

static enum baton_status
checkpoint_take(struct checking *c, const uint8_t *bytes, size_t len)
{
    struct canon_reader r;
    struct mark m = {.is_checkpoint = true};
    canon_reader_init(&r, bytes, len);
    m.size = canon_get_u64(&r);
    m.root = canon_get_hash(&r);
    m.unix_ms = canon_get_u64(&r);
    canon_get_fixed(&r, m.sig.b, sizeof m.sig.b);
    if (!canon_finished(&r) || c->records)
        return broken(c, 0, "a checkpoint is malformed or out of place");
    return mark_add(c, &c->checkpoints, &m);
}

static enum baton_status
receipt_take(struct checking *c, const uint8_t *bytes, size_t len)
{
    struct canon_reader r;
    struct mark m = {0};
    canon_reader_init(&r, bytes, len);
    m.size = canon_get_u64(&r);
    m.root = canon_get_hash(&r);
    m.agent = canon_get_key(&r);
    if (!canon_finished(&r) || c->records || baton_key_is_zero(&m.agent))
        return broken(c, 0, "a receipt is malformed or out of place");
    return mark_add(c, &c->receipts, &m);
}

static enum baton_status
object_take(struct checking *c, const uint8_t *bytes, size_t len)
{
    struct pending *p = &c->pending;
    if (len < BATON_SIG_BYTES || len > BATON_SIG_BYTES + STORE_OBJECT_BYTES ||
        p->count == AUDIT_REFS_MAX)
        return broken(c, c->tree.size + 1, "an object is malformed or belongs to no record");
    size_t n = len - BATON_SIG_BYTES;
    if (n > p->cap[p->count]) {
        uint8_t *room = realloc(p->bytes[p->count], n);
        if (room == NULL)
            return BATON_NOMEM;
        p->bytes[p->count] = room;
        p->cap[p->count] = n;
    }
    struct replay_object *o = &p->object[p->count];
    memcpy(o->s.sig.b, bytes, BATON_SIG_BYTES);
    if (n > 0)
        memcpy(p->bytes[p->count], bytes + BATON_SIG_BYTES, n);
    o->s.bytes = p->bytes[p->count];
    o->s.len = n;
    c->dp->sha256(c->dp->ctx, bytes + BATON_SIG_BYTES, n, &o->hash);
    p->count++;
    return BATON_OK;
}

static enum baton_status
record_follow(struct checking *c, const struct audit_record *r, const struct baton_hash *leaf)
{
    size_t index = 0;
    enum baton_status rc = chain_find(&c->chain, &r->tenant, &index);
    if (rc == BATON_LIMIT)
        return broken(c, r->seq, "too many tenants");
    if (rc != BATON_OK)
        return rc;
    struct chain_head *head = &c->chain.head[index];
    enum chain_fault fault = chain_check(head, r, c->tree.size);
    if (fault != CHAIN_WHOLE)
        return broken(c, c->tree.size + 1, "the record %s", chain_fault_text(fault));
    head->tenant_seq = r->tenant_seq;
    head->leaf = *leaf;
    rc = replay_record(&c->replay, r, index, c->pending.object, c->pending.count);
    c->pending.count = 0;
    if (rc == BATON_CORRUPT)
        return broken(c, r->seq, "%s", c->replay.why);
    return rc;
}

static enum baton_status
record_take(struct checking *c, uint8_t *bytes, size_t len)
{
    struct audit_record r;
    struct baton_hash leaf;
    uint8_t before = bytes[-1];
    bytes[-1] = 0x00;
    c->dp->sha256(c->dp->ctx, bytes - 1, len + 1, &leaf);
    bytes[-1] = before;
    enum baton_status rc = records_begin(c);
    if (rc != BATON_OK)
        return rc;
    if (len > AUDIT_RECORD_BYTES_MAX || audit_decode(bytes, len, &r) != BATON_OK)
        return broken(c, c->tree.size + 1, "the record is malformed or not what its own hash says");
    rc = record_follow(c, &r, &leaf);
    if (rc != BATON_OK)
        return rc;
    if (c->report->first_unix_ms == 0)
        c->report->first_unix_ms = r.unix_ms;
    c->report->last_unix_ms = r.unix_ms;
    return tree_grow(c, &leaf);
}

/* A record of another tenant. A tenant named in the header may have none of these, but which tenant
 * a hash belongs to cannot be seen: its chain, checked above, has no gap either way. */
static enum baton_status
leaf_take(struct checking *c, const uint8_t *bytes, size_t len)
{
    struct baton_hash leaf;
    enum baton_status rc = records_begin(c);
    if (rc != BATON_OK)
        return rc;
    if (len != sizeof leaf.b || baton_id_is_zero(&c->tenant) || c->pending.count > 0)
        return broken(c, c->tree.size + 1, "a hash stands where a record should be");
    memcpy(leaf.b, bytes, sizeof leaf.b);
    c->report->withheld++;
    return tree_grow(c, &leaf);
}

static enum baton_status
end_take(struct checking *c, const uint8_t *bytes, size_t len)
{
    struct canon_reader r;
    canon_reader_init(&r, bytes, len);
    uint64_t records = canon_get_u64(&r), objects = canon_get_u64(&r);
    struct baton_hash root = canon_get_hash(&r);
    enum baton_status rc = records_begin(c); /* an empty log has none */
    if (rc != BATON_OK)
        return rc;
    merkle_root(&c->tree, &c->report->root);
    c->ended = true;
    if (!canon_finished(&r) || c->pending.count > 0)
        return broken(c, 0, "the end of the bundle is malformed");
    if (records != c->tree.size || c->stated_size != c->tree.size)
        return broken(c, c->tree.size + 1,
                      "the bundle was made with %" PRIu64 " records and has %" PRIu64,
                      c->stated_size, c->tree.size);
    if (objects != c->report->objects)
        return broken(c, 0, "objects were taken out or put in");
    if (!baton_hash_eq(&root, &c->report->root) || !baton_hash_eq(&root, &c->stated_root))
        return broken(c, 0, "the tree over the records is not the one stated");
    return BATON_OK;
}

static enum baton_status
entry_take(struct checking *c, uint8_t type, uint8_t *bytes, size_t len)
{
    if (c->ended)
        return broken(c, 0, "something follows the end of the bundle");
    if (!c->header && type != BUNDLE_HEADER)
        return broken(c, 0, "the bundle does not begin with its header");
    switch ((enum bundle_entry)type) {
    case BUNDLE_HEADER:
        return header_take(c, bytes, len);
    case BUNDLE_CHECKPOINT:
        return checkpoint_take(c, bytes, len);
    case BUNDLE_RECEIPT:
        return receipt_take(c, bytes, len);
    case BUNDLE_OBJECT:
        return object_take(c, bytes, len);
    case BUNDLE_RECORD:
        return record_take(c, bytes, len);
    case BUNDLE_LEAF:
        return leaf_take(c, bytes, len);
    case BUNDLE_END:
        return end_take(c, bytes, len);
    }
    return broken(c, c->tree.size + 1, "an entry of unknown type %u", type);
}

static void
progress_tell(struct checking *c)
{
    uint64_t done = c->in.bytes_read;
    if (c->options->progress == NULL || done - c->told_bytes < PROGRESS_BYTES)
        return;
    c->told_bytes = done;
    c->options->progress(c->options->progress_arg, done, c->in.bytes_total);
}

static enum baton_status
entries_take(struct checking *c, struct baton_err *err)
{
    for (;;) {
        uint8_t type = 0, *bytes = NULL;
        size_t len = 0;
        struct baton_err why = {0};
        enum baton_status rc = bundle_reader_next(&c->in, &type, &bytes, &len, &why);
        if (rc == BATON_MALFORMED)
            return broken(c, c->tree.size + 1, "%s", why.text);
        if (rc != BATON_OK)
            return baton_fail(err, rc, "%s", why.text);
        if (type == 0 && !c->ended)
            return broken(c, c->tree.size + 1, "the bundle is cut off: its end is missing");
        if (type == 0)
            return BATON_OK;
        rc = entry_take(c, type, bytes, len);
        if (rc != BATON_OK)
            return rc;
        progress_tell(c);
    }
}

/* At the end */

/* A receipt or checkpoint over more records than there are: the tail was cut. */
static enum baton_status
tail_check(struct checking *c)
{
    const struct marks *all[] = {&c->receipts, &c->checkpoints};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (all[i]->next == all[i]->count)
            continue;
        const struct mark *m = &all[i]->list[all[i]->count - 1];
        return broken(c, c->tree.size + 1,
                      "the log was cut: %s over %" PRIu64 " records, here are %" PRIu64,
                      m->is_checkpoint               ? "a checkpoint was signed"
                      : baton_key_is_zero(&m->agent) ? "the pinned receipt is"
                                                     : "an agent holds a receipt",
                      m->size, c->tree.size);
    }
    return BATON_OK;
}

static enum baton_status
checkpoint_verify(struct checking *c, const struct mark *m)
{
    uint8_t bytes[CHECKPOINT_BYTES];
    checkpoint_bytes(m->size, &m->root, m->unix_ms, bytes);
    for (size_t i = 0; i < c->replay.controller_count; i++) {
        if (!c->dp->verify(c->dp->ctx, &c->replay.controller[i], DOMAIN_CHECKPOINT, bytes,
                           sizeof bytes, &m->sig))
            continue;
        c->report->checkpoints++;
        c->report->signed_size = m->size;
        c->report->signed_unix_ms = m->unix_ms;
        return BATON_OK;
    }
    return broken(c, m->size,
                  "the checkpoint over %" PRIu64 " records is signed by no controller"
                  " that a trust document names",
                  m->size);
}

static enum baton_status
checkpoints_verify(struct checking *c)
{
    enum baton_status rc = BATON_OK;
    if (c->replay.controller_count == 0)
        return BATON_OK; /* a gap, said below */
    for (size_t i = 0; rc == BATON_OK && i < c->checkpoints.count; i++)
        rc = checkpoint_verify(c, &c->checkpoints.list[i]);
    return rc;
}

/* Finds this receipt among those in front, and marks it as one that its agent really showed. */
static bool
receipt_listed(struct checking *c, const struct audit_receipt *r)
{
    size_t low = 0, high = c->receipts.count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (c->receipts.list[mid].size < r->size)
            low = mid + 1;
        else
            high = mid;
    }
    bool listed = false;
    for (; low < c->receipts.count && c->receipts.list[low].size == r->size; low++) {
        struct mark *m = &c->receipts.list[low];
        if (!baton_hash_eq(&m->root, &r->root))
            continue;
        listed = true;
        m->shown = m->shown || baton_key_eq(&m->agent, &r->agent);
    }
    return listed;
}

/* What the statements show must stand in front, where it was compared with the tree, and nothing
 * else may stand there. */
static enum baton_status
receipts_verify(struct checking *c)
{
    for (size_t i = 0; i < c->replay.receipt_count; i++)
        if (!receipt_listed(c, &c->replay.receipt[i]))
            return broken(c, 0, "an agent's receipt over %" PRIu64 " records was taken out",
                          c->replay.receipt[i].size);
    for (size_t i = 0; i < c->receipts.count; i++)
        if (!c->receipts.list[i].shown && !baton_key_is_zero(&c->receipts.list[i].agent))
            return broken(c, 0, "no statement shows the receipt over %" PRIu64 " records",
                          c->receipts.list[i].size);
    c->report->receipts = c->receipts.count;
    return BATON_OK;
}

static void
gaps_note(struct checking *c)
{
    struct audit_report *r = c->report;
    r->tenants = c->chain.count;
    r->gap[GAP_ROOT] = baton_key_is_zero(&c->options->root);
    r->gap[GAP_TRUST] = r->trust_documents == 0;
    r->gap[GAP_CHECKPOINT] = r->checkpoints == 0;
    r->gap[GAP_TAIL] = r->signed_size < r->records;
    r->gap[GAP_RECEIPTS] = r->receipts == 0;
    r->gap[GAP_WITHHELD] = r->withheld > 0;
    r->gap[GAP_OBJECTS] = r->refs_missing > 0;
    r->gap[GAP_ORDERS] = r->orders_unread > 0;
    r->gap[GAP_ADMIN] = true;
}

static enum baton_status
bundle_check(struct checking *c, struct baton_err *err)
{
    enum baton_status rc = entries_take(c, err);
    if (rc == BATON_OK)
        rc = tail_check(c);
    if (rc == BATON_OK)
        rc = checkpoints_verify(c);
    if (rc == BATON_OK)
        rc = receipts_verify(c);
    if (rc == BATON_NOMEM)
        return baton_fail(err, rc, "checking the bundle");
    gaps_note(c);
    return c->report->verdict == AUDIT_BROKEN ? BATON_OK : rc;
}

static void
checking_done(struct checking *c)
{
    bundle_reader_close(&c->in);
    chain_done(&c->chain);
    replay_done(&c->replay);
    free(c->checkpoints.list);
    free(c->receipts.list);
    for (size_t i = 0; i < AUDIT_REFS_MAX; i++)
        free(c->pending.bytes[i]);
    free(c);
}

enum baton_status
audit_bundle_verify(const char *path, const struct audit_verify_options *options,
                    struct audit_report *ret_report, struct baton_err *err)
{
    struct checking *c = calloc(1, sizeof *c);
    if (c == NULL)
        return baton_fail(err, BATON_NOMEM, "checking the bundle");
    *ret_report = (struct audit_report){.verdict = AUDIT_SOUND};
    c->options = options;
    c->dp = audit_digest_port();
    c->report = ret_report;
    chain_init(&c->chain);
    merkle_init(&c->tree);
    enum baton_status rc = bundle_reader_open(&c->in, path, err);
    if (rc == BATON_OK)
        rc = bundle_check(c, err);
    if (rc == BATON_OK && options->progress != NULL)
        options->progress(options->progress_arg, c->in.bytes_total, c->in.bytes_total);
    checking_done(c);
    return rc;
}

const char *
audit_verdict_name(enum audit_verdict v)
{
    static const char *const name[] = {
        [AUDIT_SOUND] = "sound", [AUDIT_BREACH] = "breach", [AUDIT_BROKEN] = "broken"};
    return (size_t)v < ARRAY_LEN(name) ? name[v] : "unknown";
}

const char *
audit_gap_text(enum audit_gap gap)
{
    static const char *const text[AUDIT_GAP_COUNT] = {
#define X(id, text) [id] = text,
        AUDIT_GAPS(X)
#undef X
    };
    return (size_t)gap < AUDIT_GAP_COUNT ? text[gap] : "unknown";
}
