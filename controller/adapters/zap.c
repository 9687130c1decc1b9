#include "controller/adapters/zap.h"

#include <czmq.h>
#include <pthread.h>
#include <stdatomic.h>

#define ZAP_ADDRESS "inproc://zeromq.zap.01"

enum { PULSE_MS = 100, PARTS = 7 };

/* ZAP 1.0, after the empty delimiter that REP takes away */
enum {
    PART_VERSION,
    PART_REQUEST,
    PART_DOMAIN,
    PART_ADDRESS,
    PART_IDENTITY,
    PART_MECHANISM,
    PART_KEY
};

struct zap {
    zactor_t *thread;
    struct door *door;
    uint64_t (*now_ms)(void *ctx);
    void *ctx;
    atomic_uint_least64_t pulse;
    pthread_mutex_t lock;
    struct zap_refusals refusals;
};

static bool
part_is(zframe_t *part, const char *text)
{
    return zframe_size(part) == strlen(text) &&
           memcmp(zframe_data(part), text, zframe_size(part)) == 0;
}

/* The key that asks, when the question is one of ours. */
static bool
question_read(zframe_t *const part[PARTS], struct baton_key *ret_key)
{
    if (!part_is(part[PART_VERSION], "1.0") || !part_is(part[PART_DOMAIN], ZAP_DOMAIN) ||
        !part_is(part[PART_MECHANISM], "CURVE") || zframe_size(part[PART_KEY]) != sizeof ret_key->b)
        return false;
    memcpy(ret_key->b, zframe_data(part[PART_KEY]), sizeof ret_key->b);
    return true;
}

static void
refusal_note(struct zap *z, const struct baton_key *key, zframe_t *address)
{
    size_t len = zframe_size(address);
    pthread_mutex_lock(&z->lock);
    z->refusals.count++;
    z->refusals.newest = *key;
    len = len < NAME_BYTES ? len : NAME_BYTES - 1;
    memcpy(z->refusals.address, zframe_data(address), len);
    z->refusals.address[len] = '\0';
    pthread_mutex_unlock(&z->lock);
}

/* User-Id becomes the hex of the key: what libzmq verified, on every later message. */
static void
answer_send(zsock_t *socket, zframe_t *request, bool admitted, const struct baton_key *key)
{
    char user[2 * BATON_KEY_BYTES + 1] = "";
    if (admitted)
        baton_hex(key->b, sizeof key->b, user);
    zmsg_t *answer = zmsg_new();
    zmsg_addstr(answer, "1.0");
    zmsg_addmem(answer, zframe_data(request), zframe_size(request));
    zmsg_addstr(answer, admitted ? "200" : "400");
    zmsg_addstr(answer, admitted ? "OK" : "no such key");
    zmsg_addstr(answer, user);
    zmsg_addmem(answer, "", 0);
    zmsg_send(&answer, socket);
}

static void
question_answer(struct zap *z, zsock_t *socket, zframe_t *const part[PARTS])
{
    struct baton_key key = {0};
    bool admitted = question_read(part, &key) && door_admits(z->door, &key, z->now_ms(z->ctx));
    if (!admitted)
        refusal_note(z, &key, part[PART_ADDRESS]);
    answer_send(socket, part[PART_REQUEST], admitted, &key);
}

/* Only libzmq itself can ask here; a question of another shape is answered with no. */
static void
question_take(struct zap *z, zsock_t *socket)
{
    zmsg_t *m = zmsg_recv(socket);
    if (m == NULL)
        return;
    zframe_t *part[PARTS];
    size_t count = 0;
    for (zframe_t *f = zmsg_first(m); f != NULL && count < PARTS; f = zmsg_next(m))
        part[count++] = f;
    if (count == PARTS && zmsg_size(m) == PARTS) {
        question_answer(z, socket, part);
    } else {
        zframe_t *nothing = zframe_new_empty();
        answer_send(socket, count > PART_REQUEST ? part[PART_REQUEST] : nothing, false, NULL);
        zframe_destroy(&nothing);
    }
    zmsg_destroy(&m);
}

static void
zap_run(zsock_t *pipe, void *arg)
{
    struct zap *z = arg;
    zsock_t *socket = zsock_new_rep("@" ZAP_ADDRESS);
    if (socket == NULL)
        atomic_store(&z->pulse, 0); /* before the signal: zap_open looks then */
    zsock_signal(pipe, 0);
    zpoller_t *poller = socket == NULL ? NULL : zpoller_new(pipe, socket, NULL);
    if (poller != NULL)
        zpoller_set_nonstop(poller, true);
    while (poller != NULL) {
        void *ready = zpoller_wait(poller, PULSE_MS);
        atomic_fetch_add(&z->pulse, 1);
        if (ready == socket)
            question_take(z, socket);
        else if (ready != NULL || zpoller_terminated(poller))
            break; /* the pipe says one thing only: end */
    }
    zpoller_destroy(&poller);
    if (socket != NULL)
        zsock_unbind(socket, ZAP_ADDRESS); /* closing alone frees the address some time later */
    zsock_destroy(&socket);
    atomic_store(&z->pulse, 0); /* the last touch */
}

enum baton_status
zap_open(struct door *door, uint64_t (*now_ms)(void *ctx), void *ctx, struct zap **ret_zap,
         struct baton_err *err)
{
    struct zap *z = calloc(1, sizeof *z);
    if (z == NULL)
        return baton_fail(err, BATON_NOMEM, "zap");
    if (pthread_mutex_init(&z->lock, NULL) != 0) {
        free(z);
        return baton_fail(err, BATON_FAILED, "zap: no lock");
    }
    z->door = door;
    z->now_ms = now_ms;
    z->ctx = ctx;
    atomic_init(&z->pulse, 1);
    z->thread = zactor_new(zap_run, z);
    if (z->thread == NULL || zap_pulse(z) == 0) {
        zap_close(&z);
        return baton_fail(err, BATON_CONFLICT, "another ZAP handler runs in this process");
    }
    *ret_zap = z;
    return BATON_OK;
}

uint64_t
zap_pulse(const struct zap *z)
{
    return atomic_load(&z->pulse);
}

void
zap_refusals(struct zap *z, struct zap_refusals *ret_refusals)
{
    pthread_mutex_lock(&z->lock);
    *ret_refusals = z->refusals;
    pthread_mutex_unlock(&z->lock);
}

void
zap_end(struct zap *z)
{
    if (z->thread == NULL)
        return;
    zactor_destroy(&z->thread);
    BATON_ASSERT(zap_pulse(z) == 0);
}

void
zap_close(struct zap **z)
{
    if (*z == NULL)
        return;
    zap_end(*z);
    pthread_mutex_destroy(&(*z)->lock);
    free(*z);
    *z = NULL;
}
