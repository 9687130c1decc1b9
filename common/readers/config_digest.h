/* config_digest.h: one SHA-256 over a server's configuration export that stays the same while nothing
 * that a person decides has changed.
 *
 * Shape      Per file of the export: elements, attributes in alphabetical order and text without
 *            surrounding white space are hashed as they come; what changes by itself is left out:
 *              - elements (with all below) named version, creation-time, last-modification-time,
 *                water-mark, cookie, last-dc, internal-version, internal-id;
 *              - attributes server and export-date of the root;
 *              - parameters whose name ends in NextStartTime, SchedulerSuspended, StagingMode,
 *                MaintenanceEnabled, ServerConfigurationVersion or AutoUpgradeState: they move with
 *                the clock, an open wizard or the handoff itself, and are facts of their own.
 *            The files are then folded by name: lower-case name, NUL, digest of each, in byte order.
 * Limits     CONFIG_FILES_MAX files.
 * Errors     As xml.h; BATON_LIMIT.
 * Ownership  Folding sorts the caller's array in place.
 * Source     formats 1.
 */
#ifndef READERS_CONFIG_DIGEST_H
#define READERS_CONFIG_DIGEST_H

#include "baton/ids.h"

enum { CONFIG_FILES_MAX = 4096, CONFIG_NAME_BYTES = 160 };

struct config_file; /* one file being read */
enum baton_status config_file_open(struct config_file **ret_file,
                                   struct baton_err *err) BATON_MUST_USE;
enum baton_status config_file_push(struct config_file *f, const void *bytes, size_t len,
                                   struct baton_err *err) BATON_MUST_USE;
enum baton_status config_file_finish(struct config_file *f, struct baton_hash *ret_hash,
                                     struct baton_err *err) BATON_MUST_USE;
void config_file_close(struct config_file **f);

struct config_entry {
    char name[CONFIG_NAME_BYTES]; /* "Connectors/Connector_{...}.xml" */
    struct baton_hash hash;
};

/* folder "": the file lies in none. False: the name is too long to stand in an entry. */
bool config_entry_name(struct config_entry *e, const char *folder, const char *file);
/* Over every entry whose name starts with prefix ("" = all). */
void config_fold(struct config_entry *entries, size_t count, const char *prefix,
                 struct baton_hash *ret_hash);

#endif
