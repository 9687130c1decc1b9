/* config_packed.h: a configuration pack, read into the model and into the digest that agents report.
 *
 * Shape      Push pieces, finish once: every file goes into the model (config_xml.h) and into its own
 *            digest (config_digest.h); the digests are folded at the end. Files in folders are an
 *            export of Entra Connect, files in none one of a DirSync-era server.
 * Errors     As config_pack.h, config_xml.h and config_digest.h, with the file's name.
 *            BATON_MALFORMED: files of both forms, or not a whole configuration.
 * Ownership  The model is the caller's from finish on.
 * Source     docs/formats.md "Configuration pack".
 */
#ifndef READERS_CONFIG_PACKED_H
#define READERS_CONFIG_PACKED_H

#include "config_pack.h"
#include "config_xml.h"

struct config_packed;
enum baton_status config_packed_open(struct config_packed **ret_packed,
                                     struct baton_err *err) BATON_MUST_USE;
enum baton_status config_packed_push(struct config_packed *p, const void *bytes, size_t len,
                                     struct baton_err *err) BATON_MUST_USE;
enum baton_status config_packed_finish(struct config_packed *p, struct config_model **ret_model,
                                       struct baton_hash *ret_digest,
                                       struct baton_err *err) BATON_MUST_USE;
void config_packed_close(struct config_packed **p);

#endif
