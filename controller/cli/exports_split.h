/* exports_split.h: one large csexport file, read object by object in whole documents, by one thread or two.
 *
 * Shape      The file is cut before a "<cs-object" every 256 KiB or so. Each block gets the root's tag
 *            before it and its end tag behind it, and the library parses that as a document of its own;
 *            threads take the next block as they come, and parse what csexport_thin.h leaves of it. Content that is well-formed block by block is
 *            well-formed as a whole, because a block can end neither inside another construct nor
 *            above the root. Where a cut lay in a comment, a CDATA section or anywhere but between
 *            two objects, a block is not well-formed: then nothing is taken over, and the caller reads
 *            the file in one pass, which also knows the line of a mistake. So both ways accept and
 *            refuse the same files, and count the same.
 * Limits     Plain UTF-8 of at least EXPORTS_SPLIT_BYTES, whose root's tag stands in its first bytes and
 *            whose objects have less than two MiB each; two threads.
 * Threads    One more, which ends before the call does.
 */
#ifndef BATON_EXPORTS_SPLIT_H
#define BATON_EXPORTS_SPLIT_H

#include "common/verify/exports.h"

enum { EXPORTS_SPLIT_BYTES = 1 << 20, EXPORTS_SPLIT_THREADS = 2 };

struct exports_split {
    int fd;
    uint64_t bytes;
    unsigned threads;            /* 1 or 2; one where there is an index */
    uint64_t place;              /* of the first block */
    struct exports_index *index; /* or NULL */
    void *ctx;
    void (*progress)(void *ctx, uint64_t bytes); /* by one thread at a time */
};

/* True: the whole file is in `into`, and *ret_hash is its SHA-256. False: nothing happened, except that
 * an index may hold objects of the file's beginning: they stand there as the whole file has them. */
bool exports_split_read(const struct exports_split *order, struct exports *into,
                        struct baton_hash *ret_hash);

#endif
