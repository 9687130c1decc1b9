/* product_table.h: which sync product a server has, from what its registry and its programs say.
 *
 * Shape      The adapter reads the signs; product_judge decides. A server that only ran the new
 *            wizard, to export its settings, still has its old product: what is older is asked first.
 * Errors     BATON_MALFORMED: an engine is installed as a service, and no entry says of which product.
 * Threads    Reentrant; compiles everywhere.
 * Source     domain 1.1, 1.2, 1.6, 2.1, 2.2.
 */
#ifndef AGENT_WINDOWS_PRODUCT_TABLE_H
#define AGENT_WINDOWS_PRODUCT_TABLE_H

#include "baton/host.h"

struct product_entry { /* under Uninstall */
    bool found;
    char name[NAME_BYTES], version[VERSION_TEXT_BYTES];
};

struct product_signs {
    bool fim_service, adsync_service;
    struct product_entry entry[PRODUCT_COUNT];
    char wizard_version[VERSION_TEXT_BYTES]; /* of the program that WizardPath names; "" without */
};

/* By the entry's key and the name that people see; PRODUCT_NONE: none of ours. */
enum product product_of_entry(const char *key, const char *name);

/* present, product, version, version_text and entry. */
enum baton_status product_judge(const struct product_signs *signs, struct host_product *ret_product,
                                struct baton_err *err) BATON_MUST_USE;

/* "2.6.92.0" as four numbers of 16 bits, what is missing being 0; -1: no version. */
int64_t product_version_of(const char *text);

/* server and instance as the engine's Parameters have them; edition as SQL's own setup calls it, "" when
 * that cannot be asked. */
enum sql_edition sql_edition_of(const char *server, const char *instance, const char *edition);
/* The instance is one of this machine. */
bool sql_is_here(const char *server, const char *this_host);

/* A file of the product's data folder is an export of its settings, by its name. */
bool product_exports_settings_as(const char *file_name);

/* The folder above Bin of a service's program, as the service manager has it: quoted or not, with
 * arguments or not. False: there is no Bin. */
bool engine_folder_of(const char *image_path, char *out, size_t cap);

#endif
