#include "fuzz.h"

#include <zstd.h>

#include "common/verify/object_rows.h"

enum { PLAIN_MAX = 1 << 20 };

/* One document has one form: what could be read is written as it was. */
static void
write_again(const struct object_rows *rows, const uint8_t *plain, size_t len)
{
    uint8_t *packed = NULL, *back = malloc(len + 1);
    size_t packed_len = 0;
    FUZZ_CHECK(back != NULL);
    FUZZ_CHECK(object_rows_write(rows, &packed, &packed_len, NULL) == BATON_OK);
    FUZZ_CHECK(ZSTD_decompress(back, len + 1, packed, packed_len) == len);
    FUZZ_CHECK(memcmp(back, plain, len) == 0);
    free(packed);
    free(back);
}

static void
read_packed(const uint8_t *packed, size_t len, const uint8_t *plain, size_t plain_len)
{
    struct object_rows rows = {0};
    if (object_rows_read(packed, len, &rows, NULL) != BATON_OK)
        return;
    FUZZ_CHECK(rows.count <= OBJECT_ROWS_MAX && rows.rule_count <= OBJECT_ROWS_RULES_MAX);
    if (plain != NULL)
        write_again(&rows, plain, plain_len);
    object_rows_done(&rows);
}

/* The bytes as they are, which is about the packing; and packed, which is about the document. */
static void
run(const char *text, size_t len)
{
    const uint8_t *bytes = (const uint8_t *)text;
    if (len > PLAIN_MAX)
        return;
    size_t cap = ZSTD_compressBound(len);
    uint8_t *packed = malloc(cap);
    FUZZ_CHECK(packed != NULL);
    size_t n = ZSTD_compress(packed, cap, bytes, len, 1);
    FUZZ_CHECK(!ZSTD_isError(n));
    read_packed(bytes, len, NULL, 0);
    read_packed(packed, n, bytes, len);
    free(packed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
