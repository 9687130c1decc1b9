/* config_pack.h: the files of a configuration export as one stream of bytes.
 *
 * Shape      magic 4 "BCP1", then per file: u16 length of its name, the name, u64 bytes, the bytes;
 *            numbers big-endian, files in rising byte order of their names. Push pieces of any size;
 *            the sink gets each file as begin, pieces, end.
 * Limits     CONFIG_FILES_MAX files, names shorter than CONFIG_NAME_BYTES, CONFIG_PACK_BYTES_MAX in
 *            all. Memory: one head.
 * Errors     BATON_MALFORMED: no pack, a name that is no plain relative name, names that do not rise,
 *            or cut. BATON_LIMIT. What the sink answers goes through.
 * Source     docs/formats.md "Configuration pack".
 */
#ifndef READERS_CONFIG_PACK_H
#define READERS_CONFIG_PACK_H

#include "config_digest.h"

enum { CONFIG_PACK_MAGIC_BYTES = 4, CONFIG_PACK_HEAD_BYTES = 2 + CONFIG_NAME_BYTES + 8 };
#define CONFIG_PACK_BYTES_MAX ((uint64_t)48 << 20)

extern const uint8_t config_pack_magic[CONFIG_PACK_MAGIC_BYTES];

struct config_pack_sink {
    void *ctx;
    enum baton_status (*begin)(void *ctx, const char *name, uint64_t bytes, struct baton_err *err);
    enum baton_status (*piece)(void *ctx, const void *bytes, size_t len, struct baton_err *err);
    enum baton_status (*end)(void *ctx, struct baton_err *err);
};

/* What stands before the bytes of one file. */
size_t config_pack_head(const char *name, uint64_t bytes, uint8_t out[CONFIG_PACK_HEAD_BYTES]);

struct config_pack;
enum baton_status config_pack_open(const struct config_pack_sink *sink,
                                   struct config_pack **ret_pack,
                                   struct baton_err *err) BATON_MUST_USE;
enum baton_status config_pack_push(struct config_pack *p, const void *bytes, size_t len,
                                   struct baton_err *err) BATON_MUST_USE;
enum baton_status config_pack_finish(struct config_pack *p, struct baton_err *err) BATON_MUST_USE;
void config_pack_close(struct config_pack **p);

#endif
