/* facts_rows.h: what one file says of a server, value by value, and whether a gate could use it.
 *
 * Shape      Three kinds of file, told apart by their bytes: JSON of a cmdlet as an agent collects it (the
 *            truth); a text listing, which a person may read and no gate ever; and the settings that the
 *            wizard exports. A row has file, source, cmdlet, object, line (null where JSON has none), name,
 *            text, value (null: not known), known, usable, fact and why.
 *            Usable: an agent that collects this makes that fact of it. Why: what speaks against it.
 *            Settings: every key is kept, known to Baton or not; a synchronization rule is one row; what a
 *            key calls a secret is not shown.
 * Limits     PSJSON_BYTES_MAX, LISTING_BYTES_MAX; FACTS_DEPTH_MAX levels and FACTS_ROWS_MAX rows.
 * Errors     As psjson.h, listing.h and config_settings.h; BATON_MALFORMED also for what no cmdlet prints
 *            that Baton knows. Rows of such a file are a part: nobody may show them.
 * Ownership  Rows are appended to the caller's array; counts and source are the file's own.
 * Source     domain 2.4; formats 5, 7.
 */
#ifndef BATON_FACTS_ROWS_H
#define BATON_FACTS_ROWS_H

#include <jansson.h>

#include "baton/status.h"

enum { FACTS_DEPTH_MAX = 16, FACTS_ROWS_MAX = 50000 };

struct facts_file {
    const char *source; /* "collector", "listing" or "settings"; static text */
    size_t objects, values, usable;
};

enum baton_status facts_rows_read(const char *path, const char *bytes, size_t len, json_t *rows,
                                  struct facts_file *ret_file,
                                  struct baton_err *err) BATON_MUST_USE;

#endif
