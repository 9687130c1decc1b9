/* map.h: which wire field goes to which member of our structs, as rows that serve both directions.
 *
 * Shape      One row per field of the descriptor, in its order. A kind knows how to take a wire
 *            value (checking size and range) and how to give one.
 * Errors     The first fault stays in the mapper and the rest does nothing: callers look once.
 * Ownership  Taken pointers borrow from the arena; given wire values borrow from our struct or the
 *            arena, until the message is packed.
 */
#ifndef BATON_MAP_H
#define BATON_MAP_H

#include <protobuf-c/protobuf-c.h>

#include "baton/digest.h"
#include "proto/arena.h"

struct mapper {
    struct arena *arena;
    const ProtobufCMessageDescriptor *type;
    enum baton_status rc;
    struct baton_err *err;
};

struct map;
struct map_row;
struct map_kind {
    /* wire and own point to the field itself; `there` to its presence or count, NULL if required */
    void (*take)(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
                 const void *wire, const void *there, void *own);
    void (*give)(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
                 void *wire, void *there, const void *own);
};

struct map_row {
    const struct map_kind *kind;
    size_t own_at;
    size_t len_at;   /* blobs: where the length is, from own_at */
    size_t size;     /* fixed, texts: exact room; blobs: most bytes */
    unsigned lo, hi; /* small numbers */
    const struct map *inner;
};

struct map {
    const ProtobufCMessageDescriptor *type;
    const struct map_row *rows;
    size_t count;
};

extern const struct map_kind map_fixed, map_text, map_u64, map_u32, map_u8, map_bool, map_blob,
    map_signed, map_inner;

#define MAP_SIZE(T, f) sizeof(((T *)0)->f)
#define MAP_FIXED(T, f)                                                                            \
    {                                                                                              \
        .kind = &map_fixed, .own_at = offsetof(T, f), .size = MAP_SIZE(T, f)                       \
    }
#define MAP_TEXT(T, f)                                                                             \
    {                                                                                              \
        .kind = &map_text, .own_at = offsetof(T, f), .size = MAP_SIZE(T, f)                        \
    }
#define MAP_U64(T, f)                                                                              \
    {                                                                                              \
        .kind = &map_u64, .own_at = offsetof(T, f)                                                 \
    }
#define MAP_U32(T, f)                                                                              \
    {                                                                                              \
        .kind = &map_u32, .own_at = offsetof(T, f)                                                 \
    }
#define MAP_BOOL(T, f)                                                                             \
    {                                                                                              \
        .kind = &map_bool, .own_at = offsetof(T, f)                                                \
    }
#define MAP_U8(T, f, least, most)                                                                  \
    {                                                                                              \
        .kind = &map_u8, .own_at = offsetof(T, f), .lo = (least), .hi = (most)                     \
    }
#define MAP_BLOB(T, f, n, most)                                                                    \
    {                                                                                              \
        .kind = &map_blob, .own_at = offsetof(T, f), .len_at = offsetof(T, n) - offsetof(T, f),    \
        .size = (most)                                                                             \
    }
#define MAP_SIGNED(T, f, most)                                                                     \
    {                                                                                              \
        .kind = &map_signed, .own_at = offsetof(T, f), .size = (most)                              \
    }
#define MAP_INNER(T, f, m)                                                                         \
    {                                                                                              \
        .kind = &map_inner, .own_at = offsetof(T, f), .inner = (m)                                 \
    }

extern const struct map map_machine, map_epoch, map_envelope;

void map_take(struct mapper *m, const struct map *map, const ProtobufCMessage *wire, void *own);
/* The wire struct is made in the arena; NULL with the fault in the mapper. */
ProtobufCMessage *map_give(struct mapper *m, const struct map *map, const void *own);

void map_fault(struct mapper *m, enum baton_status rc, const ProtobufCFieldDescriptor *d,
               const char *fmt, ...) BATON_PRINTF(4, 5);
void map_take_signed(struct mapper *m, const ProtobufCFieldDescriptor *d, const void *wire_signed,
                     size_t most, struct signed_bytes *own);
ProtobufCMessage *map_give_signed(struct mapper *m, const ProtobufCFieldDescriptor *d, size_t most,
                                  const struct signed_bytes *own);
/* Room in the arena, or NULL with the fault in the mapper. */
void *map_room(struct mapper *m, size_t bytes);

/* Whole messages: check, unpack, take; and give, pack into room that `place` names. */
enum baton_status map_unpack(const struct map *map, const uint8_t *bytes, size_t len,
                             struct arena *arena, void *own, struct baton_err *err) BATON_MUST_USE;
/* malloc'd: head bytes left free, then the packed message; at most `most` in all. */
enum baton_status map_pack(const struct map *map, const void *own, size_t head, size_t most,
                           uint8_t **ret_bytes, size_t *ret_len,
                           struct baton_err *err) BATON_MUST_USE;

#endif
