#include "fuzz.h"

#include "common/readers/config_pack.h"

/* The pack is written again from what its reader says: byte for byte the same. */
struct again {
    struct fuzz_told *told;
    uint8_t *bytes;
    size_t len, cap;
    bool inside;
};

static void
put(struct again *a, const void *bytes, size_t len)
{
    if (len == 0)
        return;
    FUZZ_CHECK(len <= a->cap - a->len);
    memcpy(a->bytes + a->len, bytes, len);
    a->len += len;
}

static enum baton_status
on_begin(void *ctx, const char *name, uint64_t bytes, struct baton_err *err)
{
    struct again *a = ctx;
    uint8_t head[CONFIG_PACK_HEAD_BYTES];
    (void)err;
    FUZZ_CHECK(!a->inside && name[0] != '\0' && name[0] != '/' && strstr(name, "..") == NULL);
    a->inside = true;
    put(a, head, config_pack_head(name, bytes, head));
    fuzz_tell_text(a->told, name);
    return BATON_OK;
}

static enum baton_status
on_piece(void *ctx, const void *bytes, size_t len, struct baton_err *err)
{
    struct again *a = ctx;
    (void)err;
    FUZZ_CHECK(a->inside);
    put(a, bytes, len);
    fuzz_tell(a->told, bytes, len);
    return BATON_OK;
}

static enum baton_status
on_end(void *ctx, struct baton_err *err)
{
    struct again *a = ctx;
    (void)err;
    FUZZ_CHECK(a->inside);
    a->inside = false;
    return BATON_OK;
}

static void
run(const uint8_t *bytes, size_t len, size_t piece, struct fuzz_told *told)
{
    struct again a = {.told = told, .cap = len + CONFIG_PACK_HEAD_BYTES};
    struct config_pack_sink sink = {&a, on_begin, on_piece, on_end};
    struct config_pack *p;
    a.bytes = malloc(a.cap);
    FUZZ_CHECK(a.bytes != NULL);
    put(&a, config_pack_magic, CONFIG_PACK_MAGIC_BYTES);
    FUZZ_CHECK(config_pack_open(&sink, &p, NULL) == BATON_OK);
    FUZZ_PUSH(told->status, config_pack_push, p, bytes, len, piece);
    if (told->status == BATON_OK)
        told->status = config_pack_finish(p, NULL);
    if (told->status == BATON_OK)
        FUZZ_CHECK(!a.inside && a.len == len && memcmp(a.bytes, bytes, len) == 0);
    config_pack_close(&p);
    free(a.bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_pieces(run, data, size);
}
