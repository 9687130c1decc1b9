/* fuzz.h: what every fuzz target has in common.
 *
 * Shape      A target reads the bytes and hashes what it was told; fuzz_pieces runs it on the bytes as a
 *            whole and in pieces, in blocks of their exact size so that ASan sees a read past their
 *            end, and holds the two against each other: how bytes arrive may never matter.
 *            Built by libFuzzer (preset fuzz) a target searches; built by every other preset it
 *            replays the files and folders it is given, which is how found input stays tested.
 * Errors     FUZZ_CHECK aborts: for a fuzzer that is a find, for a test a failure.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "common/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(x)                                                                              \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "FUZZ_CHECK %s:%d: %s\n", __FILE__, __LINE__, #x);                     \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* What a run was told. Compared only when it ended well: how far a refused document was told before
 * the fault is nobody's promise. */
struct fuzz_told {
    struct sha256 sum;
    enum baton_status status;
};

static inline void
fuzz_tell(struct fuzz_told *told, const void *bytes, size_t len)
{
    sha256_update(&told->sum, bytes, len);
}

static inline void
fuzz_tell_text(struct fuzz_told *told, const char *text)
{
    fuzz_tell(told, text, strlen(text) + 1);
}

static inline void
fuzz_tell_number(struct fuzz_told *told, uint64_t n)
{
    fuzz_tell(told, &n, sizeof n);
}

/* A reader's push, as long as it goes well: FUZZ_PUSH(status, xml_push, reader, bytes, len, piece). */
#define FUZZ_PUSH(rc, push, reader, bytes, len, piece)                                             \
    for (size_t at_ = 0; (rc) == BATON_OK && at_ < (len); at_ += (piece))                          \
    (rc) = push((reader), (bytes) + at_, (len)-at_ < (piece) ? (len)-at_ : (piece), NULL)

typedef void fuzz_run(const uint8_t *bytes, size_t len, size_t piece, struct fuzz_told *told);

static inline struct baton_hash
fuzz_once(fuzz_run *run, const uint8_t *data, size_t size, size_t piece, enum baton_status *ret_rc)
{
    struct fuzz_told told = {.status = BATON_OK};
    struct baton_hash hash;
    uint8_t *exact = malloc(size > 0 ? size : 1);
    FUZZ_CHECK(exact != NULL);
    if (size > 0)
        memcpy(exact, data, size);
    sha256_init(&told.sum);
    run(exact, size, piece, &told);
    sha256_final(&told.sum, &hash);
    free(exact);
    *ret_rc = told.status;
    return hash;
}

/* The size of the pieces follows from the bytes, so that a file alone says what happens. */
static inline size_t
fuzz_piece_of(const uint8_t *data, size_t size)
{
    uint32_t sum = 1;
    for (size_t i = 0; i < size; i++)
        sum = sum * 31 + data[i];
    return 1 + (sum >> 4) % (sum % 3 == 0 ? 3 : 61);
}

static inline int
fuzz_pieces(fuzz_run *run, const uint8_t *data, size_t size)
{
    enum baton_status whole_rc, pieces_rc;
    struct baton_hash whole = fuzz_once(run, data, size, size > 0 ? size : 1, &whole_rc);
    struct baton_hash pieces = fuzz_once(run, data, size, fuzz_piece_of(data, size), &pieces_rc);
    FUZZ_CHECK(whole_rc == pieces_rc);
    FUZZ_CHECK(whole_rc != BATON_OK || memcmp(whole.b, pieces.b, sizeof whole.b) == 0);
    return 0;
}

/* The same for what reads a text at once: bytes with a NUL behind them, which len does not count. */
typedef void fuzz_text(const char *text, size_t len);

static inline int
fuzz_whole(fuzz_text *run, const uint8_t *data, size_t size)
{
    char *exact = malloc(size + 1);
    FUZZ_CHECK(exact != NULL);
    if (size > 0)
        memcpy(exact, data, size);
    exact[size] = '\0';
    run(exact, size);
    free(exact);
    return 0;
}

#endif
