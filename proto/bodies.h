/* bodies.h: the body of every message type, as a table of maps. */
#ifndef BATON_BODIES_H
#define BATON_BODIES_H

#include "baton/message.h"
#include "proto/map.h"

struct body {
    struct map map;
    bool (*holds)(const struct message *m); /* across fields; NULL: nothing to say */
    const char *rule;                       /* what holds, for people */
};

/* NULL for what is no message type. */
const struct body *body_of(unsigned type);

#endif
