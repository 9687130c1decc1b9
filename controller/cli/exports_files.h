/* exports_files.h: csexport files from disk into an analysis.
 *
 * Shape      One pass over the bytes: hashed as they lie there, unpacked, parsed, counted. A large plain
 *            UTF-8 file first tries exports_split.h, by two threads where there are two processors.
 *            On a terminal, whoever waits for more than a second sees how far it is.
 * Errors     What stands in cli.err names the file, the line or byte, and how many objects had been
 *            counted; there is no result for a file that was not read whole, or that changed meanwhile.
 */
#ifndef BATON_EXPORTS_FILES_H
#define BATON_EXPORTS_FILES_H

#include "cli.h"
#include "common/verify/exports.h"

struct exports_file {
    const char *path;
    const char *encoding; /* of the document inside; static text */
    const char *packed;   /* "gzip", "zstd" or "" */
    uint64_t bytes, objects;
    struct baton_hash hash; /* of the file as it lies there */
};

struct exports_reading {
    unsigned threads;            /* 1 or 2 */
    unsigned nth;                /* file of the set: orders samples */
    struct exports_index *index; /* that of the analysis, or NULL */
};

enum baton_status exports_file_read(struct cli *c, const char *path,
                                    const struct exports_reading *how, struct exports *e,
                                    struct exports_file *ret_file);

#endif
