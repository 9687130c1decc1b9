/* exports_files.h: csexport files from disk into an analysis.
 *
 * Shape      One pass over the bytes: hashed as they lie there, unpacked, parsed, counted.
 * Errors     What stands in cli.err names the file, the line or byte, and how many objects had been
 *            counted; there is no result for a file that was not read whole.
 * Threads    A large plain UTF-8 file is read by two threads where there are two processors.
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

enum baton_status exports_file_read(struct cli *c, const char *path, unsigned threads,
                                    struct exports *e, struct exports_file *ret_file);

#endif
