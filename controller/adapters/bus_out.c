#include "controller/adapters/bus_private.h"

#include <fcntl.h>
#include <unistd.h>

enum baton_status
outbound_init(struct outbound *o, struct baton_err *err)
{
    o->end = &o->first;
    if (pipe(o->wake) != 0) {
        o->wake[0] = o->wake[1] = -1;
        return baton_fail(err, BATON_IO, "pipe: %s", strerror(errno));
    }
    for (int i = 0; i < 2; i++)
        if (fcntl(o->wake[i], F_SETFL, O_NONBLOCK) != 0 ||
            fcntl(o->wake[i], F_SETFD, FD_CLOEXEC) != 0)
            return baton_fail(err, BATON_IO, "pipe: %s", strerror(errno));
    return BATON_OK;
}

void
outbound_done(struct outbound *o)
{
    for (struct parcel *p = o->first, *next; p != NULL; p = next) {
        next = p->next;
        free(p);
    }
    for (int i = 0; i < 2; i++)
        if (o->wake[i] >= 0)
            close(o->wake[i]);
}

static enum baton_status
parcel_queue(struct outbound *o, struct parcel *p)
{
    pthread_mutex_lock(&o->lock);
    bool was_empty = o->first == NULL, fits = o->bytes + p->len <= BUS_OUT_BYTES_MAX;
    if (fits) {
        *o->end = p;
        o->end = &p->next;
        o->bytes += p->len;
    }
    pthread_mutex_unlock(&o->lock);
    if (!fits) {
        free(p);
        return BATON_LIMIT;
    }
    /* a full pipe has woken the thread already */
    if (was_empty && write(o->wake[1], "", 1) < 0 && errno != EAGAIN)
        return BATON_IO;
    return BATON_OK;
}

static enum baton_status
parcel_to(struct bus *b, const struct bus_peer *peer, const struct door_rid *rid,
          const uint8_t *frame, size_t len)
{
    struct parcel *p = malloc(sizeof *p + len);
    if (p == NULL)
        return BATON_NOMEM;
    p->next = NULL;
    p->curve_key = peer->curve_key;
    p->rid = *rid;
    p->len = len;
    memcpy(p->bytes, frame, len);
    return parcel_queue(&b->out, p);
}

enum baton_status
bus_send(struct bus *b, const struct baton_key *agent, const uint8_t *frame, size_t len)
{
    struct bus_peer peer;
    struct door_rid rid;
    if (len > FRAME_BYTES_MAX)
        return BATON_LIMIT;
    if (!door_route(b->door, agent, bus_now(b), &peer, &rid))
        return BATON_UNREACHABLE;
    return parcel_to(b, &peer, &rid, frame, len);
}

void
bus_answer(struct bus *b, const struct bus_peer *peer, const struct door_rid *rid,
           const struct message *m)
{
    uint8_t *frame = NULL;
    size_t len = 0;
    enum baton_status rc = codec_encode(m, b->o.identity->secret->sign, &frame, &len, NULL);
    if (rc == BATON_OK)
        rc = parcel_to(b, peer, rid, frame, len);
    if (rc != BATON_OK)
        bus_add(b, COUNT_UNSENT);
    free(frame);
}

static struct parcel *
parcels_take(struct outbound *o)
{
    uint8_t woken[64];
    while (read(o->wake[0], woken, sizeof woken) > 0)
        ;
    pthread_mutex_lock(&o->lock);
    struct parcel *all = o->first;
    o->first = NULL;
    o->end = &o->first;
    o->bytes = 0;
    pthread_mutex_unlock(&o->lock);
    return all;
}

/* The door is asked again: the key may have been revoked while the frame waited. */
static bool
parcel_send(struct bus *b, const struct parcel *p)
{
    struct bus_peer peer;
    void *socket = zsock_resolve(b->router);
    if (b->down || !door_hears(b->door, &p->curve_key, bus_now(b), &peer))
        return false;
    if (zmq_send(socket, p->rid.b, sizeof p->rid.b, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
        if (zmq_errno() == EHOSTUNREACH && door_left(b->door, &p->curve_key, &p->rid))
            bus_tell(b, BUS_LOST, &peer, "the connection is gone");
        return false;
    }
    return zmq_send(socket, p->bytes, p->len, ZMQ_DONTWAIT) >= 0;
}

void
bus_flush(struct bus *b)
{
    for (struct parcel *p = parcels_take(&b->out), *next; p != NULL; p = next) {
        next = p->next;
        bus_add(b, parcel_send(b, p) ? COUNT_SENT : COUNT_UNSENT);
        free(p);
    }
}
