#include "baton/order.h"

#include "common/names.h"

static const char *const verb_names[ORDER_VERB_COUNT] = {
    [ORDER_NONE] = "none",           [ORDER_STATUS] = "status", [ORDER_FENCE] = "fence",
    [ORDER_CHALLENGE] = "challenge", [ORDER_GRANT] = "grant",   [ORDER_RETIRE] = "retire",
    [ORDER_SEAL] = "seal",           [ORDER_PLACE] = "place",   [ORDER_WATCH] = "watch",
};

const char *
order_verb_name(enum order_verb v)
{
    return NAME_OF(verb_names, v);
}
