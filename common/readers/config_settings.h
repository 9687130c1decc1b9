/* config_settings.h: the settings that the wizard exports as JSON, into the model; and the policy that lies
 * in a folder of migrated settings.
 *
 * Shape      One document. Keys are found in any case; what is not known is passed over. It says
 *            forests, container filters, custom rules whole, and standard rules by name, tag and
 *            precedence alone; it says no object classes, attributes, run profiles or parameters.
 *            A standard rule's direction follows from its tag or name, which both begin with it.
 * Limits     CONFIG_SETTINGS_BYTES_MAX.
 * Errors     BATON_MALFORMED with line: not JSON, or not such a document. BATON_LIMIT, BATON_NOMEM.
 * Ownership  The model is the caller's; texts are copied.
 * Source     formats 7 (property names from readers; no document could be had).
 */
#ifndef READERS_CONFIG_SETTINGS_H
#define READERS_CONFIG_SETTINGS_H

#include "common/verify/config_model.h"

enum { CONFIG_SETTINGS_BYTES_MAX = 32 * 1024 * 1024 };

/* UTF-8, or UTF-16 with its mark. */
enum baton_status config_settings_read(const char *bytes, size_t len, struct config_model *model,
                                       struct baton_err *err) BATON_MUST_USE;
/* MigratedPolicy.json: the server, its version, and which connectors the folder beside it must hold; the
 * settings themselves are in that folder. */
enum baton_status config_settings_migrated(const char *bytes, size_t len,
                                           struct config_model *model,
                                           struct baton_err *err) BATON_MUST_USE;

#endif
