#include "baton/message.h"

#include <string.h>

#include "common/names.h"

static const char *const type_names[MSG_TYPE_COUNT] = {
    [MSG_NONE] = "none",         [MSG_ENROL] = "enrol",     [MSG_ENROLLED] = "enrolled",
    [MSG_HELLO] = "hello",       [MSG_WELCOME] = "welcome", [MSG_BEAT] = "beat",
    [MSG_ORDER] = "order",       [MSG_ANSWER] = "answer",   [MSG_SAY] = "say",
    [MSG_REPORT] = "report",     [MSG_RECEIPT] = "receipt", [MSG_CHUNK] = "chunk",
    [MSG_WANT] = "want",         [MSG_REFUSED] = "refused", [MSG_HEARD] = "heard",
    [MSG_FINDINGS] = "findings",
};

const char *
message_type_name(enum message_type t)
{
    return NAME_OF(type_names, t);
}

struct baton_id
message_blob_id(const struct baton_hash *blob)
{
    struct baton_id id;
    memcpy(id.b, blob->b, sizeof id.b);
    return id;
}
