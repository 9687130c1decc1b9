/* seal.h: a file sealed by one agent to another, so that the controller between them relays bytes
 * it cannot read.
 *
 * Shape      magic 8 "BTNSEAL1" | recipient box key 32 | tenant 16 | SHA-256 of the file 32 |
 *            file bytes 8 | attached bytes 8 | stream key in a sealed box 80 | stream header 24, then cells of
 *            SEAL_CELL_BYTES (the last one shorter). Every cell is authenticated together with the
 *            whole header. The last one carries TAG_FINAL: without it the blob was cut.
 *            Bytes are pushed in pieces of any size; results leave through the sink: first the file,
 *            whose hash is the name of all, then what is attached to it, which nothing names.
 * Limits     SEAL_FILE_BYTES_MAX of file and attachment together. Memory: one cell.
 * Errors     BATON_CONFLICT: the file is not the one that was named (it changed). BATON_DENIED: not
 *            sealed to this key, for this tenant, or forged. BATON_MALFORMED: cut, or bytes after
 *            the end. What the sink answers goes through.
 * Ownership  Nothing that the opener gave to its sink may be used before seal_open_finish is OK.
 * Threads    One thread at a time for one object.
 * Source     design 3; reliability 4.3. A sealed box says nothing about its sender: orders and
 *            chunks are signed, and name blob and file by hash.
 */
#ifndef BATON_SEAL_H
#define BATON_SEAL_H

#include "common/crypto/crypto.h"

enum {
    SEAL_HEADER_BYTES = 208,
    SEAL_CELL_BYTES = 32768, /* as a chunk on the wire */
    SEAL_CELL_OVERHEAD = 17,
    SEAL_PLAIN_BYTES = SEAL_CELL_BYTES - SEAL_CELL_OVERHEAD,
};
#define SEAL_FILE_BYTES_MAX ((uint64_t)64 << 20)

struct seal_binding {
    struct baton_id tenant;
    struct baton_key recipient; /* X25519 */
    struct baton_hash file;
    uint64_t file_bytes, attached_bytes;
};

struct seal_sink {
    void *ctx;
    enum baton_status (*write)(void *ctx, const uint8_t *bytes, size_t len, struct baton_err *err);
};

/* Size of the whole blob for so many bytes of file and attachment. */
uint64_t seal_blob_bytes(uint64_t plain_bytes);

struct seal;
enum baton_status seal_begin(const struct seal_binding *binding, struct seal_sink sink,
                             struct seal **ret_seal, struct baton_err *err) BATON_MUST_USE;
enum baton_status seal_push(struct seal *s, const void *bytes, size_t len,
                            struct baton_err *err) BATON_MUST_USE;
enum baton_status seal_finish(struct seal *s, struct baton_err *err) BATON_MUST_USE;
void seal_free(struct seal **s);

/* Tenant, recipient and file hash are what the signed order says; the sizes are read from the blob
 * and may be 0 here. */
struct seal_opener;
enum baton_status seal_open_begin(const struct seal_binding *expected,
                                  const uint8_t box_secret[BOX_SECRET_BYTES], struct seal_sink sink,
                                  struct seal_opener **ret_opener,
                                  struct baton_err *err) BATON_MUST_USE;
enum baton_status seal_open_push(struct seal_opener *o, const void *bytes, size_t len,
                                 struct baton_err *err) BATON_MUST_USE;
/* Where the file ends and the attachment begins; UINT64_MAX before the header was read. */
uint64_t seal_opener_file_bytes(const struct seal_opener *o);
enum baton_status seal_open_finish(struct seal_opener *o, struct baton_err *err) BATON_MUST_USE;
void seal_opener_free(struct seal_opener **o);

#endif
