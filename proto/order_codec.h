/* order_codec.h: how an order stands inside a message's arena. */
#ifndef BATON_ORDER_CODEC_H
#define BATON_ORDER_CODEC_H

#include "baton/order.h"
#include "proto/arena.h"

enum baton_status order_take(const uint8_t *bytes, size_t len, struct arena *arena,
                             struct order *ret_order, struct baton_err *err) BATON_MUST_USE;

#endif
