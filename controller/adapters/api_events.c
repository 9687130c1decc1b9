#include "api_private.h"
#include "api_views.h"

#include "store_sqlite.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    WATCH_MS = 250,
    PING_MS = 15000,
    STREAM_RECORDS = 64,   /* read at once */
    STREAM_SCANNED = 4096, /* looked at once, with those of other tenants */
    STREAM_BLOCK = 16384,
};

struct api_stream {
    struct api *api;
    struct MHD_Connection *conn;
    struct baton_hash login_key;
    struct login login;
    bool one_tenant;
    struct baton_id tenant;
    uint64_t next_seq, pinged_ms;
    unsigned read, scanned;
    char *text; /* not sent yet */
    size_t len, at, cap;
    bool suspended;
    struct api_stream *next, *before;
};

static bool
stream_append(struct api_stream *s, const char *text, size_t len)
{
    if (s->len + len > s->cap) {
        size_t cap = (s->len + len) * 2;
        char *grown = realloc(s->text, cap);
        if (grown == NULL)
            return false;
        s->text = grown;
        s->cap = cap;
    }
    memcpy(s->text + s->len, text, len);
    s->len += len;
    return true;
}

static bool
stream_sees(const struct api_stream *s, const struct baton_id *tenant)
{
    return login_sees(&s->login, tenant) && (!s->one_tenant || baton_id_eq(&s->tenant, tenant));
}

static bool
stream_record(void *arg, const struct audit_record *record, const uint8_t *bytes, size_t len)
{
    struct api_stream *s = arg;
    (void)bytes;
    (void)len;
    if (s->read == STREAM_RECORDS || s->scanned == STREAM_SCANNED)
        return false;
    s->next_seq = record->seq + 1;
    s->scanned++;
    if (!stream_sees(s, &record->tenant))
        return true;
    s->read++;
    json_t *view = view_audit(record);
    char *data = json_dumps(view, JSON_COMPACT);
    json_decref(view);
    if (data == NULL)
        return false;
    char head[96];
    int n = snprintf(head, sizeof head, "id: %" PRIu64 "\nevent: %s\ndata: ", record->seq,
                     audit_type_name((enum audit_type)record->type));
    bool good = stream_append(s, head, (size_t)n) && stream_append(s, data, strlen(data)) &&
                stream_append(s, "\n\n", 2);
    free(data);
    return good;
}

/* Reads what is new into the buffer. */
static enum baton_status
stream_fill(struct api_stream *s)
{
    struct store_port store;
    struct baton_err err = {0};
    enum baton_status rc =
        store_sqlite_open(s->api->config.store_path, STORE_READ_ONLY, s->api->digest, &store, &err);
    if (rc != BATON_OK)
        return rc;
    uint64_t size;
    struct baton_hash root;
    s->read = s->scanned = 0;
    s->len = s->at = 0;
    rc = api_login_find(&store, &s->login_key, &s->login, &err); /* it may be gone by now */
    if (rc == BATON_OK)
        rc = store.head(store.ctx, &size, &root, &err);
    if (rc == BATON_OK)
        rc = store.records(store.ctx, s->next_seq, s->one_tenant ? &s->tenant : NULL, stream_record,
                           s, &err);
    store.close(store.ctx);
    /* those of other tenants are behind us too */
    bool all = rc == BATON_OK && s->read < STREAM_RECORDS && s->scanned < STREAM_SCANNED;
    if (all && s->next_seq <= size)
        s->next_seq = size + 1;
    atomic_fetch_add(&s->api->counters.events_sent, s->read);
    return rc;
}

/* Nothing to send: a comment now and then keeps proxies from closing; else sleep until woken. */
static bool
stream_idle(struct api_stream *s)
{
    struct api_events *e = &s->api->events;
    uint64_t now = api_now_ms();
    if (now - s->pinged_ms >= PING_MS) {
        s->pinged_ms = now;
        s->len = s->at = 0;
        return stream_append(s, ": alive\n\n", 9);
    }
    pthread_mutex_lock(&e->lock);
    bool sleeps = !e->stopping && e->head < s->next_seq;
    if (sleeps) {
        s->suspended = true;
        MHD_suspend_connection(s->conn);
    }
    pthread_mutex_unlock(&e->lock);
    return true;
}

static ssize_t
stream_read(void *arg, uint64_t pos, char *buf, size_t max)
{
    struct api_stream *s = arg;
    (void)pos;
    pthread_mutex_lock(&s->api->events.lock);
    bool stopping = s->api->events.stopping;
    pthread_mutex_unlock(&s->api->events.lock);
    if (stopping)
        return MHD_CONTENT_READER_END_OF_STREAM;
    enum baton_status rc = s->at == s->len ? stream_fill(s) : BATON_OK;
    if (rc != BATON_OK)
        return rc == BATON_NOT_FOUND ? MHD_CONTENT_READER_END_OF_STREAM
                                     : MHD_CONTENT_READER_END_WITH_ERROR;
    if (s->at == s->len && !stream_idle(s))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t n = s->len - s->at < max ? s->len - s->at : max;
    if (n > 0)
        memcpy(buf, s->text + s->at, n);
    s->at += n;
    return (ssize_t)n;
}

static void
stream_free(void *arg)
{
    struct api_stream *s = arg;
    struct api_events *e = &s->api->events;
    pthread_mutex_lock(&e->lock);
    if (s->before != NULL)
        s->before->next = s->next;
    else
        e->first = s->next;
    if (s->next != NULL)
        s->next->before = s->before;
    e->count--;
    pthread_mutex_unlock(&e->lock);
    free(s->text);
    free(s);
}

static bool
stream_enlist(struct api_stream *s)
{
    struct api_events *e = &s->api->events;
    pthread_mutex_lock(&e->lock);
    bool room = e->count < API_STREAMS_MAX && !e->stopping;
    if (room) {
        e->count++;
        s->next = e->first;
        if (s->next != NULL)
            s->next->before = s;
        e->first = s;
    }
    pthread_mutex_unlock(&e->lock);
    return room;
}

/* Last-Event-ID of a stream that broke, else `after`, else from now on. */
static bool
stream_start(struct api_request *rq, uint64_t *ret_next)
{
    const char *last = MHD_lookup_connection_value(rq->conn, MHD_HEADER_KIND, "Last-Event-ID");
    struct baton_err err = {0};
    uint64_t size;
    struct baton_hash root;
    enum baton_status rc = rq->store.head(rq->store.ctx, &size, &root, &err);
    if (rc != BATON_OK) {
        api_answer_status(rq, rc, "%s", err.text);
        return false;
    }
    if (last != NULL && last[0] != '\0' && strspn(last, "0123456789") == strlen(last))
        *ret_next = strtoull(last, NULL, 10) + 1;
    else
        *ret_next = api_query_number(rq, "after", size) + 1;
    if (*ret_next > size + 1)
        *ret_next = size + 1; /* the log is shorter than the client thinks: a restore */
    return true;
}

void
api_events(struct api_request *rq)
{
    uint64_t next;
    if (!stream_start(rq, &next))
        return;
    struct api_stream *s = calloc(1, sizeof *s);
    if (s == NULL) {
        api_answer_status(rq, BATON_NOMEM, "no memory for a stream");
        return;
    }
    s->api = rq->api;
    s->conn = rq->conn;
    s->login_key = rq->login_key;
    s->login = rq->login;
    s->one_tenant = api_query_tenant(rq, &s->tenant);
    s->next_seq = next;
    if (!stream_enlist(s)) {
        free(s);
        api_answer_status(rq, BATON_LIMIT, "%d event streams are open already", API_STREAMS_MAX);
        rq->answer.retry_after_s = 10;
        return;
    }
    rq->answer.stream = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK,
                                                          stream_read, s, stream_free);
    if (rq->answer.stream == NULL) {
        stream_free(s);
        api_answer_status(rq, BATON_NOMEM, "no memory for a stream");
        return;
    }
    rq->answered = true;
    rq->answer.http = MHD_HTTP_OK;
    rq->answer.type = "text/event-stream";
}

/* --- the thread that watches the log ---------------------------------------------------------- */

static void
wait_a_bit(struct api_events *e)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WATCH_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    while (!e->stopping && !e->woken)
        if (pthread_cond_timedwait(&e->wake, &e->lock, &until) == ETIMEDOUT)
            break;
    e->woken = false;
}

static void
resume_streams(struct api_events *e, uint64_t now)
{
    for (struct api_stream *s = e->first; s != NULL; s = s->next) {
        if (!s->suspended) /* its worker has it */
            continue;
        if (!e->stopping && e->head < s->next_seq && now - s->pinged_ms < PING_MS)
            continue;
        s->suspended = false;
        MHD_resume_connection(s->conn);
    }
}

static void *
watch(void *arg)
{
    struct api *api = arg;
    struct api_events *e = &api->events;
    pthread_mutex_lock(&e->lock);
    while (!e->stopping) {
        wait_a_bit(e);
        bool any = e->first != NULL && !e->stopping;
        pthread_mutex_unlock(&e->lock);
        uint64_t size = 0;
        struct baton_hash root;
        struct store_port store;
        if (any && store_sqlite_open(api->config.store_path, STORE_READ_ONLY, api->digest, &store,
                                     NULL) == BATON_OK) {
            if (store.head(store.ctx, &size, &root, NULL) != BATON_OK)
                size = 0;
            store.close(store.ctx);
        }
        pthread_mutex_lock(&e->lock);
        if (size > e->head)
            e->head = size;
        resume_streams(e, api_now_ms());
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

enum baton_status
api_events_start(struct api *api, struct baton_err *err)
{
    struct api_events *e = &api->events;
    pthread_condattr_t attr;
    pthread_mutex_init(&e->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&e->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&e->thread, NULL, watch, api) != 0)
        return baton_fail(err, BATON_NOMEM, "no thread to watch the log");
    e->started = true;
    return BATON_OK;
}

void
api_events_stop(struct api *api)
{
    struct api_events *e = &api->events;
    if (!e->started)
        return;
    pthread_mutex_lock(&e->lock);
    e->stopping = true;
    pthread_cond_signal(&e->wake);
    pthread_mutex_unlock(&e->lock);
    pthread_join(e->thread, NULL);
    pthread_mutex_lock(&e->lock);
    resume_streams(e, api_now_ms());
    pthread_mutex_unlock(&e->lock);
    e->started = false;
}

void
api_wake(struct api *api)
{
    pthread_mutex_lock(&api->events.lock);
    api->events.woken = true;
    pthread_cond_signal(&api->events.wake);
    pthread_mutex_unlock(&api->events.lock);
}
