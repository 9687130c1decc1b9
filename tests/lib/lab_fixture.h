/* lab_fixture.h: a whole lab without sockets and without waiting, for the lab's own unit tests.
 *
 * Shape      The real world with a clock that the test turns, and a port that keeps what was said.
 *            The folder is made by mkdtemp and removed at the end.
 */
#ifndef LAB_FIXTURE_H
#define LAB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lab/server.h"
#include "lab/world.h"

struct lab {
    struct world world;
    struct server *old, *new;
    char dir[64];
    json_t *events;  /* of all servers and the tenant, each with "from" */
    json_t *answers; /* not yet taken */
    size_t hung_up;
    json_int_t ids;
};

void lab_open(struct lab *lab, enum product_kind old, enum product_kind new);
void lab_close(struct lab *lab);

/* Time passes; whatever is due happens at its own instant. */
void lab_run(struct lab *lab, uint64_t ms);
/* Sends one request ("'op':'services'", with ' for ") to a server (NULL: the tenant); gives its
 * answer, letting up to a minute pass. The caller drops the reference. */
json_t *lab_ask(struct lab *lab, struct server *server, const char *fields);
bool lab_do(struct lab *lab, struct server *server, const char *fields); /* was it ok? */
/* Sends without waiting; the answer lands in lab->answers. */
json_int_t lab_send(struct lab *lab, struct server *server, const char *fields);
/* How many events from that server (NULL: the tenant) have key = value. */
size_t lab_count(const struct lab *lab, const char *from, const char *key, const char *value);
/* A finished staged installation on NEW from OLD's settings, first cycle done. */
void lab_migrate(struct lab *lab);

#endif
