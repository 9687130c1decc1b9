/* exports_view.h: an analysis of pending exports, as whoever asked for it reads it.
 *
 * Shape      cmd_exports.c fills the view; exports_json.c, exports_table.c and exports_html.c show it.
 *            Samples and names are shown to who reads the files on the server anyway; the page has
 *            neither.
 * Limits     FILES_MAX files on each side.
 */
#ifndef BATON_EXPORTS_VIEW_H
#define BATON_EXPORTS_VIEW_H

#include "cli.h"
#include "common/verify/exports.h"
#include "exports_files.h"

enum { FILES_MAX = 64 };

struct exports_view {
    struct cli *c;
    struct exports *e;
    struct exports_index *index; /* NULL: nothing to hold it against */
    struct exports_difference difference;
    struct exports_file file[2 * FILES_MAX];
    size_t file_count, old_count; /* the first old_count files are those of --against */
    struct limits limits;
    uint64_t scope;
    unsigned threads;
    struct exports_report report;
    enum verdict verdict;
};

json_t *exports_json(const struct exports_view *v);
json_t *exports_attributes_json(const struct exports_view *v);
void exports_table(const struct exports_view *v);
enum baton_status exports_csv(const struct exports_view *v);
enum baton_status exports_html(const struct exports_view *v);

#endif
