/* wire.h: one look over raw protobuf bytes before anything is unpacked from them.
 *
 * Shape      Walks the bytes along a descriptor. Refuses what protobuf-c would let pass: unknown
 *            fields, singular fields twice (the last would win), numbers in a longer form than
 *            needed or out of their type's range, texts with controls, NUL or bad UTF-8; and, with
 *            a clear word, what it would refuse: missing fields, wrong wire types, cut bytes.
 * Limits     WIRE_REPEATED_MAX of one field, WIRE_TEXT_MAX bytes of text, WIRE_DEPTH_MAX levels,
 *            WIRE_FIELDS_MAX fields in a type. Allocates nothing.
 * Errors     BATON_MALFORMED, BATON_LIMIT, naming type and field.
 * Source     reliability 4.2.
 */
#ifndef BATON_WIRE_H
#define BATON_WIRE_H

#include <protobuf-c/protobuf-c.h>

#include "proto/arena.h"

enum { WIRE_REPEATED_MAX = 256, WIRE_TEXT_MAX = 1024, WIRE_DEPTH_MAX = 4, WIRE_FIELDS_MAX = 32 };

enum baton_status wire_check(const ProtobufCMessageDescriptor *type, const uint8_t *bytes,
                             size_t len, struct baton_err *err) BATON_MUST_USE;

/* The bytes of a length-delimited field of checked bytes; NULL when it is not there. */
const uint8_t *wire_find(const uint8_t *bytes, size_t len, uint32_t id, size_t *ret_len);

/* Checks, then unpacks into the arena. */
enum baton_status wire_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *bytes,
                              size_t len, struct arena *arena, ProtobufCMessage **ret_message,
                              struct baton_err *err) BATON_MUST_USE;

#endif
