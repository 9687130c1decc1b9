#include "controller/adapters/door.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 8192, TOKEN = 1000 }; /* a frame costs 1,000 thousandths, so that rates divide */

struct entry {
    struct entry *next_curve, *next_sign;
    struct bus_peer peer;
    uint64_t until_ms; /* 0: for ever */
    bool farewell;     /* revoked: may be answered until until_ms, may not speak */
    bool live;
    struct door_rid rid, earlier[DOOR_EARLIER_MAX];
    unsigned earlier_count;
    bool spoken;   /* whose turn it is has spoken in its session */
    bool returned; /* an earlier one, whose turn it became again after another had spoken */
    int64_t tokens;
    uint64_t filled_ms;
    uint64_t told_ms[DOOR_TELL_COUNT], told_late_ms;
    struct door_rid told_late; /* a dead connection must not use up what the living one needs */
};

struct door {
    pthread_mutex_t lock;
    uint8_t hash_key[crypto_shorthash_KEYBYTES]; /* agents choose their keys: no chosen chains */
    size_t count;
    struct entry *by_curve[BUCKETS], *by_sign[BUCKETS];
};

static size_t
bucket_of(const struct door *d, const struct baton_key *key)
{
    uint64_t hash;
    crypto_shorthash((uint8_t *)&hash, key->b, sizeof key->b, d->hash_key);
    return hash % BUCKETS;
}

static struct entry *
curve_find(const struct door *d, const struct baton_key *key)
{
    struct entry *e = d->by_curve[bucket_of(d, key)];
    while (e != NULL && !baton_key_eq(&e->peer.curve_key, key))
        e = e->next_curve;
    return e;
}

/* A freshly enrolled agent has two entries for one signing key: the live one is meant. */
static struct entry *
sign_find(const struct door *d, const struct baton_key *key)
{
    struct entry *found = NULL;
    for (struct entry *e = d->by_sign[bucket_of(d, key)]; e != NULL; e = e->next_sign)
        if (baton_key_eq(&e->peer.sign_key, key) && e->live &&
            (found == NULL || e->peer.class == BUS_AGENT))
            found = e;
    return found;
}

static void
sign_unlink(struct door *d, struct entry *e)
{
    struct entry **at = &d->by_sign[bucket_of(d, &e->peer.sign_key)];
    while (*at != NULL && *at != e)
        at = &(*at)->next_sign;
    if (*at != NULL)
        *at = e->next_sign;
    e->next_sign = NULL;
}

static void
sign_link(struct door *d, struct entry *e)
{
    if (baton_key_is_zero(&e->peer.sign_key))
        return;
    struct entry **head = &d->by_sign[bucket_of(d, &e->peer.sign_key)];
    e->next_sign = *head;
    *head = e;
}

static void
entry_remove(struct door *d, struct entry *e)
{
    struct entry **at = &d->by_curve[bucket_of(d, &e->peer.curve_key)];
    while (*at != e)
        at = &(*at)->next_curve;
    *at = e->next_curve;
    sign_unlink(d, e);
    d->count--;
    free(e);
}

/* Expired entries leave when somebody looks at them, or all at once when the table is full. */
static void
expired_remove(struct door *d, uint64_t now_ms)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct entry *e = d->by_curve[i], *next; e != NULL; e = next) {
            next = e->next_curve;
            if (e->until_ms != 0 && e->until_ms <= now_ms)
                entry_remove(d, e);
        }
}

static struct entry *
curve_find_valid(struct door *d, const struct baton_key *key, uint64_t now_ms)
{
    struct entry *e = curve_find(d, key);
    if (e != NULL && e->until_ms != 0 && e->until_ms <= now_ms) {
        entry_remove(d, e);
        return NULL;
    }
    return e;
}

enum baton_status
door_new(struct door **ret_door, struct baton_err *err)
{
    struct door *d = calloc(1, sizeof *d);
    if (d == NULL)
        return baton_fail(err, BATON_NOMEM, "door");
    if (pthread_mutex_init(&d->lock, NULL) != 0) {
        free(d);
        return baton_fail(err, BATON_FAILED, "door: no lock");
    }
    crypto_shorthash_keygen(d->hash_key);
    *ret_door = d;
    return BATON_OK;
}

void
door_free(struct door **d)
{
    if (*d == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        while ((*d)->by_curve[i] != NULL)
            entry_remove(*d, (*d)->by_curve[i]);
    pthread_mutex_destroy(&(*d)->lock);
    free(*d);
    *d = NULL;
}

static enum baton_status
entry_add(struct door *d, const struct bus_peer *peer, uint64_t until_ms, uint64_t now_ms)
{
    if (d->count == DOOR_PEERS_MAX)
        expired_remove(d, now_ms);
    if (d->count == DOOR_PEERS_MAX)
        return BATON_LIMIT;
    struct entry *e = calloc(1, sizeof *e);
    if (e == NULL)
        return BATON_NOMEM;
    e->peer = *peer;
    e->until_ms = until_ms;
    e->tokens = (int64_t)DOOR_BURST * TOKEN;
    struct entry **head = &d->by_curve[bucket_of(d, &peer->curve_key)];
    e->next_curve = *head;
    *head = e;
    sign_link(d, e);
    d->count++;
    return BATON_OK;
}

static bool
peer_same(const struct bus_peer *a, const struct bus_peer *b)
{
    return a->class == b->class && baton_id_eq(&a->tenant, &b->tenant) &&
           (a->class == BUS_ENROL || baton_key_eq(&a->sign_key, &b->sign_key));
}

enum baton_status
door_allow(struct door *d, const struct bus_peer *peer, uint64_t until_ms, uint64_t now_ms)
{
    enum baton_status rc = BATON_OK;
    pthread_mutex_lock(&d->lock);
    struct entry *e = curve_find_valid(d, &peer->curve_key, now_ms);
    if (e != NULL && !e->farewell && peer_same(&e->peer, peer)) {
        e->until_ms = until_ms; /* said again: whoever is connected stays so */
    } else {
        if (e != NULL)
            entry_remove(d, e);
        rc = entry_add(d, peer, until_ms, now_ms);
    }
    pthread_mutex_unlock(&d->lock);
    return rc;
}

void
door_revoke(struct door *d, const struct baton_key *curve_key, uint64_t now_ms)
{
    pthread_mutex_lock(&d->lock);
    struct entry *e = curve_find(d, curve_key);
    if (e != NULL && e->peer.class == BUS_ENROL && e->live) {
        e->farewell = true;
        e->until_ms = now_ms + DOOR_FAREWELL_MS;
    } else if (e != NULL) {
        entry_remove(d, e);
    }
    pthread_mutex_unlock(&d->lock);
}

bool
door_admits(struct door *d, const struct baton_key *curve_key, uint64_t now_ms)
{
    pthread_mutex_lock(&d->lock);
    const struct entry *e = curve_find_valid(d, curve_key, now_ms);
    bool admits = e != NULL && !e->farewell;
    pthread_mutex_unlock(&d->lock);
    return admits;
}

static bool
token_take(struct entry *e, uint64_t now_ms)
{
    uint64_t passed = now_ms > e->filled_ms ? now_ms - e->filled_ms : 0;
    int64_t most = (int64_t)DOOR_BURST * TOKEN;
    e->filled_ms = now_ms;
    if (passed > (uint64_t)DOOR_BURST * 1000 / DOOR_RATE)
        e->tokens = most;
    else
        e->tokens += (int64_t)passed * DOOR_RATE * TOKEN / 1000;
    if (e->tokens > most)
        e->tokens = most;
    if (e->tokens < TOKEN)
        return false;
    e->tokens -= TOKEN;
    return true;
}

enum baton_status
door_enter(struct door *d, const struct baton_key *curve_key, uint64_t now_ms,
           struct bus_peer *ret_peer)
{
    enum baton_status rc = BATON_DENIED;
    pthread_mutex_lock(&d->lock);
    struct entry *e = curve_find_valid(d, curve_key, now_ms);
    if (e != NULL && !e->farewell) {
        *ret_peer = e->peer;
        rc = token_take(e, now_ms) ? BATON_OK : BATON_LIMIT;
    }
    pthread_mutex_unlock(&d->lock);
    return rc;
}

static bool
is_earlier(const struct entry *e, const struct door_rid *rid)
{
    for (unsigned i = 0; i < e->earlier_count; i++)
        if (memcmp(&e->earlier[i], rid, sizeof *rid) == 0)
            return true;
    return false;
}

static bool
is_newest(const struct entry *e, const struct door_rid *rid)
{
    return e->live && memcmp(&e->rid, rid, sizeof *rid) == 0;
}

/* rid's turn. What a dead connection still delivers can take it, and never speaks in the session that
 * it would be given: so it does not count as having come between. */
static void
turn_begin(struct entry *e, const struct door_rid *rid)
{
    static const struct door_rid nobody = {{0}};
    e->returned = is_earlier(e, rid) && e->spoken;
    e->spoken = false;
    if (memcmp(&e->rid, &nobody, sizeof nobody) != 0 && !is_earlier(e, &e->rid)) {
        memmove(&e->earlier[1], &e->earlier[0], sizeof e->earlier[0] * (DOOR_EARLIER_MAX - 1));
        e->earlier[0] = e->rid;
        if (e->earlier_count < DOOR_EARLIER_MAX)
            e->earlier_count++;
    }
    e->rid = *rid;
    e->live = true;
}

static enum door_session
entry_seen(struct entry *e, const struct door_rid *rid, bool opens)
{
    bool newest = is_newest(e, rid);
    if (opens && !newest) {
        turn_begin(e, rid);
        return DOOR_NEW;
    }
    if (!newest)
        return DOOR_LATE;
    if (opens)
        return DOOR_SAME;
    bool second = e->returned;
    e->spoken = true;
    e->returned = false;
    return second ? DOOR_SECOND : DOOR_SAME;
}

enum door_session
door_seen(struct door *d, const struct bus_peer *peer, const struct door_rid *rid, bool opens)
{
    enum door_session what = DOOR_SAME;
    pthread_mutex_lock(&d->lock);
    struct entry *e = curve_find(d, &peer->curve_key);
    if (e != NULL) {
        if (e->peer.class == BUS_ENROL && !baton_key_eq(&e->peer.sign_key, &peer->sign_key)) {
            sign_unlink(d, e);
            e->peer.sign_key = peer->sign_key;
            sign_link(d, e);
        }
        what = entry_seen(e, rid, opens);
    }
    pthread_mutex_unlock(&d->lock);
    return what;
}

bool
door_route(struct door *d, const struct baton_key *key, uint64_t now_ms, struct bus_peer *ret_peer,
           struct door_rid *ret_rid)
{
    pthread_mutex_lock(&d->lock);
    struct entry *e = sign_find(d, key);
    if (e == NULL)
        e = curve_find(d, key);
    bool there = e != NULL && e->live && (e->until_ms == 0 || e->until_ms > now_ms);
    if (there) {
        *ret_peer = e->peer;
        *ret_rid = e->rid;
    }
    pthread_mutex_unlock(&d->lock);
    return there;
}

bool
door_left(struct door *d, const struct baton_key *curve_key, const struct door_rid *rid)
{
    pthread_mutex_lock(&d->lock);
    struct entry *e = curve_find(d, curve_key);
    bool newest = e != NULL && e->live && memcmp(&e->rid, rid, sizeof *rid) == 0;
    if (newest)
        e->live = false;
    pthread_mutex_unlock(&d->lock);
    return newest;
}

bool
door_tell(struct door *d, const struct baton_key *curve_key, enum door_complaint what,
          uint64_t now_ms)
{
    pthread_mutex_lock(&d->lock);
    struct entry *e = curve_find(d, curve_key);
    bool tell = e != NULL && (e->told_ms[what] == 0 || now_ms - e->told_ms[what] >= DOOR_TELL_MS);
    if (tell)
        e->told_ms[what] = now_ms == 0 ? 1 : now_ms;
    pthread_mutex_unlock(&d->lock);
    return tell;
}

bool
door_tell_late(struct door *d, const struct baton_key *curve_key, const struct door_rid *rid,
               uint64_t now_ms)
{
    pthread_mutex_lock(&d->lock);
    struct entry *e = curve_find(d, curve_key);
    bool tell = e != NULL && (memcmp(&e->told_late, rid, sizeof *rid) != 0 ||
                              now_ms - e->told_late_ms >= DOOR_TELL_LATE_MS);
    if (tell) {
        e->told_late = *rid;
        e->told_late_ms = now_ms;
    }
    pthread_mutex_unlock(&d->lock);
    return tell;
}

bool
door_hears(struct door *d, const struct baton_key *curve_key, uint64_t now_ms,
           struct bus_peer *ret_peer)
{
    pthread_mutex_lock(&d->lock);
    const struct entry *e = curve_find_valid(d, curve_key, now_ms);
    if (e != NULL)
        *ret_peer = e->peer;
    pthread_mutex_unlock(&d->lock);
    return e != NULL;
}
