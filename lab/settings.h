/* settings.h: the exported settings file, as the lab invents it.
 *
 * Shape      DirSync's wizard: DirSync-Settings-YYYYMMDD-HHMMSS.dat, one line of text
 *                BATONLAB-SETTINGS 1 server=OLD tenant=contoso bytes=N sum=16 hex digits
 *            and then N opaque bytes, whose FNV-1a sum that is. Connect's wizard:
 *            Exported-SynchronizationPolicy-YYYYMMDD-HHMMSS.json, with property names that readers
 *            of the real one know. Both are the lab's own inventions: no real DirSync file is
 *            documented, and Baton must treat either as opaque bytes.
 * Source     domain 3, 3.1; formats 7.
 */
#ifndef LAB_SETTINGS_H
#define LAB_SETTINGS_H

#include "world.h"

enum { SETTINGS_BYTES_TOTAL = 200 * 1024, SETTINGS_FILE_MAX = 16 * 1024 * 1024 };

/* ret_path: relative to the server's folder. */
enum baton_status settings_export(struct server *s, char *ret_path, size_t cap,
                                  struct baton_err *err) BATON_MUST_USE;
/* Would the wizard accept this file? */
enum baton_status settings_check(const char *path, struct baton_err *err) BATON_MUST_USE;

#endif
