/* Questions to the handler that decides who may connect: each part is a length and its bytes. Whatever is asked,
 * there is an answer, and it is yes for a key of the door in a question of ours alone. */
#include "fuzz.h"

#include "controller/adapters/zap.h"

#include <czmq.h>

enum { PARTS_MAX = 12, PARTS = 7, ANSWER_MS = 20000 };

static uint64_t
still(void *ctx)
{
    (void)ctx;
    return 1000;
}

static struct baton_key
admitted_key(void)
{
    struct baton_key k;
    memset(k.b, 'k', sizeof k.b);
    return k;
}

static struct {
    struct door *door;
    struct zap *zap;
    zsock_t *socket;
} asked;

/* Before czmq's own end, which was registered first. */
static void
close_all(void)
{
    zsock_destroy(&asked.socket);
    zap_close(&asked.zap);
    door_free(&asked.door);
}

static zsock_t *
opened(void)
{
    if (asked.socket != NULL)
        return asked.socket;
    const struct bus_peer peer = {.curve_key = admitted_key(), .class = BUS_AGENT};
    FUZZ_CHECK(door_new(&asked.door, NULL) == BATON_OK);
    FUZZ_CHECK(door_allow(asked.door, &peer, 0, 1000) == BATON_OK);
    FUZZ_CHECK(zap_open(asked.door, still, NULL, &asked.zap, NULL) == BATON_OK);
    asked.socket = zsock_new_req(">inproc://zeromq.zap.01");
    FUZZ_CHECK(asked.socket != NULL && atexit(close_all) == 0);
    zsock_set_rcvtimeo(asked.socket, ANSWER_MS);
    return asked.socket;
}

struct part {
    const char *bytes;
    size_t len;
};

static bool
is(const struct part *p, const char *text)
{
    return p->len == strlen(text) && memcmp(p->bytes, text, p->len) == 0;
}

static bool
is_ours(const struct part part[PARTS_MAX], size_t count)
{
    struct baton_key key = admitted_key();
    return count == PARTS && is(&part[0], "1.0") && is(&part[2], ZAP_DOMAIN) &&
           is(&part[5], "CURVE") && part[6].len == sizeof key.b &&
           memcmp(part[6].bytes, key.b, sizeof key.b) == 0;
}

static size_t
split(const char *text, size_t len, struct part part[PARTS_MAX])
{
    size_t count = 0;
    for (size_t at = 0; at < len && count < PARTS_MAX;) {
        size_t want = (uint8_t)text[at++];
        part[count].bytes = text + at;
        part[count].len = want < len - at ? want : len - at;
        at += part[count++].len;
    }
    return count;
}

static void
run(const char *text, size_t len)
{
    struct part part[PARTS_MAX];
    size_t count = split(text, len, part);
    zsock_t *socket = opened();
    if (count == 0)
        return;
    zmsg_t *question = zmsg_new();
    for (size_t i = 0; i < count; i++)
        zmsg_addmem(question, part[i].bytes, part[i].len);
    FUZZ_CHECK(zmsg_send(&question, socket) == 0);
    zmsg_t *answer = zmsg_recv(socket);
    FUZZ_CHECK(answer != NULL && zmsg_size(answer) == 6);
    (void)zmsg_first(answer);
    (void)zmsg_next(answer);
    FUZZ_CHECK(zframe_streq(zmsg_next(answer), is_ours(part, count) ? "200" : "400"));
    zmsg_destroy(&answer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
