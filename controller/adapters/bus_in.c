#include "controller/adapters/bus_private.h"

struct frame_in {
    zmq_msg_t route, body;
};

static bool
peer_key_find(void *ctx, const uint8_t key_id[KEY_ID_BYTES], struct baton_key *ret_key)
{
    const struct bus_peer *peer = ctx;
    uint8_t id[KEY_ID_BYTES];
    codec_key_id(&peer->sign_key, id);
    *ret_key = peer->sign_key;
    return memcmp(id, key_id, sizeof id) == 0;
}

static enum baton_status
type_check(const struct bus_peer *peer, enum message_type type, struct baton_err *err)
{
    if (message_rule(peer->class == BUS_ENROL ? FROM_ENROLLING : FROM_AGENT, type) != NULL)
        return BATON_OK;
    return baton_fail(err, BATON_DENIED, "a peer that %s may not send %s",
                      peer->class == BUS_ENROL ? "enrols" : "is an agent", message_type_name(type));
}

static enum baton_status
envelope_check(const struct bus *b, const struct bus_peer *peer, const struct message *m,
               struct baton_err *err)
{
    if (!baton_key_eq(&m->env.recipient, &b->o.identity->sign_key))
        return baton_fail(err, BATON_DENIED, "the frame is for another controller");
    if (!baton_id_eq(&m->env.tenant, &peer->tenant))
        return baton_fail(err, BATON_DENIED, "the frame names another tenant than its key's");
    return BATON_OK;
}

/* In the documents' order: shape, type, signature, fields, recipient, tenant. */
static enum baton_status
frame_decode(const struct bus *b, struct bus_peer *peer, const uint8_t *bytes, size_t len,
             struct message **ret_message, struct baton_err *err)
{
    enum message_type type;
    uint8_t key_id[KEY_ID_BYTES];
    enum baton_status rc = codec_peek(bytes, len, &type, key_id, err);
    if (rc == BATON_OK)
        rc = type_check(peer, type, err);
    if (rc != BATON_OK)
        return rc;
    struct codec_keys keys = {peer, peer->class == BUS_AGENT ? peer_key_find : NULL};
    struct message *m = NULL;
    rc = codec_decode(bytes, len, &keys, crypto_digest_port(), &m, err);
    if (rc == BATON_OK)
        rc = envelope_check(b, peer, m, err);
    if (rc != BATON_OK) {
        message_free(&m);
        return rc;
    }
    *ret_message = m;
    return BATON_OK;
}

static void
peer_complain(struct bus *b, const struct bus_peer *peer, enum door_complaint what,
              enum bus_event event, const char *text)
{
    if (door_tell(b->door, &peer->curve_key, what, bus_now(b)))
        bus_tell(b, event, peer, text);
}

static void
stranger_complain(struct bus *b, const char *text)
{
    uint64_t now = bus_now(b);
    if (b->told_ms != 0 && now - b->told_ms < BUS_TELL_MS)
        return;
    b->told_ms = now;
    bus_tell(b, BUS_REFUSED, NULL, text);
}

/* What a network kept of a connection that was given up is nobody's any more. A copy of that agent
 * would take the hint, and show itself. */
static void
late_answer(struct bus *b, const struct bus_peer *peer, const struct door_rid *rid)
{
    struct message m = {.type = MSG_REFUSED};
    bus_add(b, COUNT_LATE);
    if (!door_tell_late(b->door, &peer->curve_key, rid, bus_now(b)))
        return;
    m.env.sender = b->o.identity->sign_key;
    m.env.recipient = peer->sign_key;
    m.env.tenant = peer->tenant;
    m.u.refused.status = BATON_DENIED;
    snprintf(m.u.refused.text, sizeof m.u.refused.text,
             "not over this connection: say hello again");
    bus_answer(b, peer, rid, &m);
}

/* Whether what came over this connection counts. */
static bool
session_note(struct bus *b, const struct bus_peer *peer, const struct door_rid *rid, bool opens)
{
    switch (door_seen(b->door, peer, rid, opens)) {
    case DOOR_SAME:
        break;
    case DOOR_NEW:
        bus_add(b, COUNT_CONNECTED);
        bus_tell(b, BUS_CONNECTED, peer, "connected");
        break;
    case DOOR_LATE:
        late_answer(b, peer, rid);
        return false;
    case DOOR_SECOND:
        bus_add(b, COUNT_SECOND);
        peer_complain(b, peer, DOOR_TELL_SECOND, BUS_SECOND_SESSION,
                      "two connections with this key speak by turns");
        break;
    }
    return true;
}

static bool
asks_for_a_session(const struct bus_peer *peer, enum message_type type)
{
    return !message_rule(peer->class == BUS_ENROL ? FROM_ENROLLING : FROM_AGENT, type)->session;
}

static void
frame_admitted(struct bus *b, struct bus_peer *peer, struct frame_in *f)
{
    struct baton_err err = {0};
    struct message *m = NULL;
    struct door_rid rid;
    memcpy(rid.b, zmq_msg_data(&f->route), sizeof rid.b);
    enum baton_status rc =
        frame_decode(b, peer, zmq_msg_data(&f->body), zmq_msg_size(&f->body), &m, &err);
    if (rc != BATON_OK) {
        bus_add(b, rc == BATON_DENIED ? COUNT_DENIED : COUNT_MALFORMED);
        peer_complain(b, peer, DOOR_TELL_REFUSED, BUS_REFUSED, err.text);
        return;
    }
    if (peer->class == BUS_ENROL)
        peer->sign_key = m->env.sender;
    if (!session_note(b, peer, &rid, asks_for_a_session(peer, m->type))) {
        message_free(&m);
        return;
    }
    bus_add(b, COUNT_DELIVERED);
    b->o.on_message(b->o.ctx, peer, m);
}

/* Who sent it, as libzmq verified. From the body: 4.3.4 loses it on the first part after a poll. */
static bool
sender_key(struct frame_in *f, struct baton_key *ret_key)
{
    const char *user = zmq_msg_gets(&f->body, "User-Id");
    return user != NULL && strlen(user) == 2 * sizeof ret_key->b &&
           baton_unhex(user, ret_key->b, sizeof ret_key->b);
}

/* A peer that chose its routing id could squat on another's. */
static bool
route_is_ours(struct frame_in *f)
{
    return zmq_msg_size(&f->route) == DOOR_RID_BYTES &&
           *(const uint8_t *)zmq_msg_data(&f->route) == 0;
}

static void
frame_take(struct bus *b, struct frame_in *f)
{
    struct baton_key curve_key;
    struct bus_peer peer;
    bus_add(b, COUNT_RECEIVED);
    if (!sender_key(f, &curve_key) || !route_is_ours(f)) {
        bus_add(b, COUNT_UNIDENTIFIED);
        stranger_complain(b, "a frame without a verified key, or with a routing id of its own");
        return;
    }
    switch ((int)door_enter(b->door, &curve_key, bus_now(b), &peer)) {
    case BATON_OK:
        frame_admitted(b, &peer, f);
        break;
    case BATON_LIMIT:
        bus_add(b, COUNT_FLOODED);
        peer_complain(b, &peer, DOOR_TELL_FLOODED, BUS_FLOODED, "frames come too fast; dropped");
        break;
    default:
        bus_add(b, COUNT_UNKNOWN);
        stranger_complain(b, "a connection whose key is no longer allowed still speaks");
        break;
    }
}

/* Exactly a route and a body; more parts are read away. 0: nothing there, 1: good, -1: not ours. */
static int
frame_read(void *socket, struct frame_in *f)
{
    if (zmq_msg_recv(&f->route, socket, ZMQ_DONTWAIT) < 0)
        return 0;
    if (!zmq_msg_more(&f->route) || zmq_msg_recv(&f->body, socket, ZMQ_DONTWAIT) < 0)
        return -1;
    bool good = !zmq_msg_more(&f->body);
    while (zmq_msg_more(&f->body))
        if (zmq_msg_recv(&f->body, socket, ZMQ_DONTWAIT) < 0)
            break;
    return good ? 1 : -1;
}

static bool
frame_next(struct bus *b)
{
    struct frame_in f;
    zmq_msg_init(&f.route);
    zmq_msg_init(&f.body);
    int got = frame_read(zsock_resolve(b->router), &f);
    if (got > 0)
        frame_take(b, &f);
    if (got < 0) {
        bus_add(b, COUNT_MALFORMED);
        stranger_complain(b, "a message of more than one part");
    }
    zmq_msg_close(&f.route);
    zmq_msg_close(&f.body);
    return got != 0;
}

void
bus_read(struct bus *b)
{
    for (unsigned i = 0; i < BUS_DRAIN_MAX && frame_next(b); i++)
        ;
}
