/* Audit bundles for whoever checks them offline: an honest one whose bytes and entries are changed, and bytes
 * alone. Whatever is changed, nobody is told that another log is sound. */
#include "fuzz_file.h"

#include "audit_world.h"
#include "common/audit/bundle_io.h"
#include "store_fake.h"

enum { BUNDLE_BYTES_MAX = 1 << 20, ENTRIES_MAX = 512 };

static struct honest {
    uint8_t *bytes;
    size_t len, entry[ENTRIES_MAX + 1], entries;
    struct baton_key root_key;
    struct audit_receipt receipt;
} honest;

static struct fuzz_file file;

static void
read_entries(const char *path)
{
    struct bundle_reader r;
    uint8_t type, *bytes;
    size_t len, at = 8;
    FUZZ_CHECK(bundle_reader_open(&r, path, NULL) == BATON_OK);
    while (bundle_reader_next(&r, &type, &bytes, &len, NULL) == BATON_OK && type != 0) {
        FUZZ_CHECK(honest.entries < ENTRIES_MAX);
        honest.entry[honest.entries++] = at;
        at += 5 + len;
    }
    honest.entry[honest.entries] = at;
    bundle_reader_close(&r);
}

static void
read_whole(const char *path)
{
    FILE *f = fopen(path, "rb");
    honest.bytes = malloc(BUNDLE_BYTES_MAX);
    FUZZ_CHECK(f != NULL && honest.bytes != NULL);
    honest.len = fread(honest.bytes, 1, BUNDLE_BYTES_MAX, f);
    FUZZ_CHECK(honest.len > 0 && honest.len < BUNDLE_BYTES_MAX);
    (void)fclose(f);
}

static struct audit_report
check(enum baton_status *ret_rc)
{
    struct audit_report report;
    struct baton_err err = {0};
    const struct audit_verify_options options = {
        .root = honest.root_key, .receipt = &honest.receipt, .receipt_count = honest.entries > 0};
    memset(&report, 0, sizeof report);
    *ret_rc = audit_bundle_verify(file.path, &options, &report, &err);
    FUZZ_CHECK(*ret_rc == BATON_OK || err.text[0] != '\0');
    return report;
}

static void
begin(void)
{
    struct store_port store;
    struct world w;
    static struct world_handoff h;
    struct audit_bundle_counts counts;
    char path[] = "/tmp/baton-fuzz-bundle-XXXXXX";
    enum baton_status rc;
    if (honest.bytes != NULL)
        return;
    int fd = mkstemp(path);
    FUZZ_CHECK(fd >= 0 && close(fd) == 0 && unlink(path) == 0);
    FUZZ_CHECK(store_fake_open(&store, NULL) == BATON_OK);
    world_init(&w, &store);
    world_handoff(&w, 1, &h);
    world_checkpoint(&w);
    const struct audit_bundle_source source = {.checkpoint = w.checkpoint,
                                               .checkpoint_count = w.checkpoint_count,
                                               .root = w.root.key,
                                               .now_unix_ms = w.unix_ms};
    FUZZ_CHECK(audit_bundle_write(&store, &source, path, &counts, NULL) == BATON_OK);
    honest.root_key = w.root.key;
    read_whole(path);
    fuzz_file_fill(&file, honest.bytes, honest.len);
    struct audit_report report = check(&rc);
    FUZZ_CHECK(rc == BATON_OK && report.verdict == AUDIT_SOUND);
    honest.receipt = (struct audit_receipt){.size = report.records, .root = report.root};
    read_entries(path);
    (void)unlink(path);
    world_handoff_done(&h);
    world_done(&w);
    store.close(store.ctx);
}

/* ---- what is changed ------------------------------------------------------------------------------- */

struct draft {
    uint8_t bytes[BUNDLE_BYTES_MAX];
    size_t len;
};

static struct draft draft;

static void
add(const uint8_t *bytes, size_t len)
{
    if (len > sizeof draft.bytes - draft.len)
        len = sizeof draft.bytes - draft.len;
    memcpy(draft.bytes + draft.len, bytes, len);
    draft.len += len;
}

/* One entry as it is, twice, not at all, with its bytes changed or of another type or length. */
static void
add_entry(size_t n, uint8_t how, uint8_t where, uint8_t what)
{
    const uint8_t *entry = honest.bytes + honest.entry[n];
    size_t len = honest.entry[n + 1] - honest.entry[n], at = draft.len;
    if (how == 1)
        return;
    add(entry, len);
    if (how == 2)
        add(entry, len);
    else if (how == 3)
        draft.bytes[at + 5 + where % (len > 5 ? len - 5 : 1)] ^= what;
    else if (how == 4)
        draft.bytes[at] = what;
    else if (how == 5)
        draft.bytes[at + 1 + where % 4] ^= what;
    else if (how == 6 && where < len)
        draft.len -= where;
}

/* Four bytes for each changed entry: which, how, where, what. */
static void
change_entries(const uint8_t *edits, size_t len)
{
    draft.len = 0;
    add(honest.bytes, 8);
    for (size_t n = 0; n < honest.entries; n++) {
        uint8_t how = 0, where = 0, what = 0;
        for (size_t i = 0; i + 4 <= len; i += 4)
            if (edits[i] % honest.entries == n) {
                how = edits[i + 1] % 8;
                where = edits[i + 2];
                what = edits[i + 3];
            }
        if (how == 7 && where % honest.entries > 0)
            add_entry(where % honest.entries, 0, 0, 0);
        else
            add_entry(n, how, where, what);
    }
}

static void
run(const char *text, size_t len)
{
    enum baton_status rc;
    const uint8_t *bytes = (const uint8_t *)text;
    begin();
    if (len > 0 && bytes[0] == 0) {
        draft.len = 0;
        add(bytes + 1, len - 1);
    } else
        change_entries(bytes + (len > 0), len > 0 ? len - 1 : 0);
    fuzz_file_fill(&file, draft.bytes, draft.len);
    struct audit_report report = check(&rc);
    if (rc != BATON_OK)
        return;
    FUZZ_CHECK(report.verdict <= AUDIT_BROKEN && memchr(report.why, '\0', sizeof report.why));
    if (report.verdict != AUDIT_BROKEN)
        FUZZ_CHECK(report.records >= honest.receipt.size &&
                   (report.records > honest.receipt.size ||
                    baton_hash_eq(&report.root, &honest.receipt.root)));
    bool same = draft.len == honest.len && memcmp(draft.bytes, honest.bytes, honest.len) == 0;
    FUZZ_CHECK(!same || report.verdict == AUDIT_SOUND);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
