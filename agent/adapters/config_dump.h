/* config_dump.h: the configuration export that an engine left in a folder: digests of it, and all of it as
 * one pack.
 *
 * Shape      Entra Connect leaves Connectors, GlobalSettings and SynchronizationRules; a FIM engine its
 *            agents and the metaverse side by side, with flows in all of them. Files whose names begin
 *            with a dot do not count.
 * Limits     CONFIG_FILES_MAX files.
 * Errors     BATON_NOT_FOUND, BATON_IO, BATON_LIMIT; BATON_CONFLICT: a file changed while it was read;
 *            as config_digest.h.
 * Ownership  The caller frees *ret_text. The pack is replaced as a whole, or stays.
 * Source     docs/formats.md "Configuration pack".
 */
#ifndef AGENT_CONFIG_DUMP_H
#define AGENT_CONFIG_DUMP_H

#include "baton/status.h"

/* *ret_text: {"config": hex, "rules": hex} */
enum baton_status config_dump_pack(const char *folder, const char *pack, char **ret_text,
                                   size_t *ret_len, struct baton_err *err) BATON_MUST_USE;

#endif
