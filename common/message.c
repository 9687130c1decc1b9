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

static const char *const from_names[] = {
    [FROM_ENROLLING] = "one-time key",
    [FROM_AGENT] = "agent",
    [FROM_CONTROLLER] = "controller",
};

// clang-format off
static const struct message_rule rules[] = {
    /* from            type          session  why */
    { FROM_ENROLLING,  MSG_ENROL,    false,   "asks for a seat; a one-time key may do nothing else" },
    { FROM_AGENT,      MSG_HELLO,    false,   "opens a session" },
    { FROM_AGENT,      MSG_BEAT,     true,    "is alive" },
    { FROM_AGENT,      MSG_ANSWER,   true,    "answers an order with a signed statement" },
    { FROM_AGENT,      MSG_SAY,      true,    "a signed statement that nobody asked for" },
    { FROM_AGENT,      MSG_REPORT,   true,    "facts for the workflow; they move no authority" },
    { FROM_AGENT,      MSG_CHUNK,    true,    "part of a sealed file" },
    { FROM_AGENT,      MSG_WANT,     true,    "asks for a part of a sealed file" },
    { FROM_AGENT,      MSG_REFUSED,  true,    "a frame or an order that it does not take" },
    { FROM_AGENT,      MSG_FINDINGS, true,    "what its checks found" },
    { FROM_CONTROLLER, MSG_ENROLLED, false,   "answers an enrolment" },
    { FROM_CONTROLLER, MSG_WELCOME,  false,   "opens the session that a HELLO asked for" },
    { FROM_CONTROLLER, MSG_REFUSED,  false,   "a frame that it does not take; it may be the first" },
    { FROM_CONTROLLER, MSG_ORDER,    true,    "what the agent verifies itself before it obeys" },
    { FROM_CONTROLLER, MSG_RECEIPT,  true,    "a signed checkpoint of the audit" },
    { FROM_CONTROLLER, MSG_CHUNK,    true,    "part of a sealed file" },
    { FROM_CONTROLLER, MSG_WANT,     true,    "asks for a part of a sealed file" },
    { FROM_CONTROLLER, MSG_HEARD,    true,    "what was said is on the record" },
};
// clang-format on

const struct message_rule *
message_rules(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(rules);
    return rules;
}

const struct message_rule *
message_rule(enum message_from from, enum message_type type)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (rules[i].from == from && rules[i].type == type)
            return &rules[i];
    return NULL;
}

const char *
message_from_name(enum message_from from)
{
    return NAME_OF(from_names, from);
}

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
