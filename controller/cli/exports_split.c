#include "exports_split.h"

#include "common/readers/csexport_thin.h"
#include "common/readers/xml.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PIECE_BYTES = 256 * 1024,
    BLOCK_MAX_BYTES =
        XML_TOKEN_MAX / 2, /* no token of a block is one that the single pass refuses */
    HEAD_BYTES = 4096,
    ROOM_BYTES = HEAD_BYTES + BLOCK_MAX_BYTES + 3 * PIECE_BYTES, /* for more than ever is filled */
};

static const char object_tag[] = "<cs-object", root_tag[] = "<cs-objects",
                  root_end[] = "</cs-objects>";

enum { OBJECT_TAG_BYTES = sizeof object_tag - 1, ROOT_END_BYTES = sizeof root_end - 1 };

/* What the threads share; a block is taken under the lock, and parsed outside it. */
struct cutting {
    const struct exports_split *order;
    pthread_mutex_t lock;
    struct sha256_ctx sha;
    uint64_t at;    /* bytes read and hashed */
    uint64_t taken; /* blocks */
    bool bad, over;
    size_t root_len, rest_len;
    char root[HEAD_BYTES + 1]; /* the root's tag as it stands there, with whatever it declares */
    char rest[PIECE_BYTES + sizeof object_tag]; /* behind the last cut */
};

struct part {
    struct cutting *cutting;
    struct exports *e;
    struct csexport *reader;
    char *room; /* the reader's memory, for one block */
};

static ssize_t
read_at(int fd, void *into, size_t len, uint64_t at)
{
    ssize_t n;
    do
        n = pread(fd, into, len, (off_t)at);
    while (n < 0 && errno == EINTR);
    return n;
}

/* --- cutting ------------------------------------------------------------------------------------- */

static bool
begins_object(const char *text, size_t len)
{
    return len > OBJECT_TAG_BYTES && memcmp(text, object_tag, OBJECT_TAG_BYTES) == 0 &&
           text[OBJECT_TAG_BYTES] != '\0' && strchr(" \t\r\n", text[OBJECT_TAG_BYTES]) != NULL;
}

/* Where the last object of the text begins; `len`: none does. */
static size_t
last_object(const char *text, size_t len)
{
    for (size_t at = len; at-- > 0;)
        if (text[at] == '<' && begins_object(text + at, len - at))
            return at;
    return len;
}

/* The next bytes of the file behind what is in the room; 0 at its end. */
static size_t
read_more(struct cutting *c, char *room, size_t len)
{
    uint64_t left = c->order->bytes - c->at;
    size_t want = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
    if (want == 0)
        return 0;
    ssize_t n = read_at(c->order->fd, room + len, want, c->at);
    if (n <= 0) {
        c->bad = true; /* shorter than it was */
        return 0;
    }
    sha256_update(&c->sha, (size_t)n, (const uint8_t *)room + len);
    c->at += (uint64_t)n;
    if (c->order->progress != NULL)
        c->order->progress(c->order->ctx, c->at);
    return (size_t)n;
}

/* From the last cut to the next; *len bytes are in the room. False: no cut where one must be. */
static bool
fill(struct cutting *c, char *room, size_t *len)
{
    size_t from = *len;
    memcpy(room + *len, c->rest, c->rest_len);
    *len += c->rest_len;
    c->rest_len = 0;
    for (size_t more; (more = read_more(c, room, *len)) > 0;) {
        /* A tag may have begun in the bytes before. */
        size_t old = *len - from < OBJECT_TAG_BYTES ? *len - from : OBJECT_TAG_BYTES;
        size_t first = *len - old;
        size_t cut = last_object(room + first, old + more);
        *len += more;
        if (cut < old + more && first + cut > from && c->at < c->order->bytes) {
            cut += first;
            c->rest_len = *len - cut;
            memcpy(c->rest, room + cut, c->rest_len);
            memcpy(room + cut, root_end, ROOT_END_BYTES);
            *len = cut + ROOT_END_BYTES;
            return true;
        }
        if (*len - from > BLOCK_MAX_BYTES)
            return false;
    }
    c->over = true;
    return !c->bad;
}

/* The next block as a document in the reader's memory, and its length; 0: there is none. */
static size_t
take(struct part *p)
{
    struct cutting *c = p->cutting;
    size_t len = 0;
    if (c->taken > 0) {
        memcpy(p->room, c->root, c->root_len);
        len = c->root_len;
    }
    exports_at(p->e, c->order->place + c->taken++);
    return fill(c, p->room, &len) ? len : 0;
}

static bool
parse(struct part *p, size_t len)
{
    return csexport_whole(p->reader, csexport_thin(p->room, len), NULL) == BATON_OK &&
           exports_status(p->e) == BATON_OK;
}

static void *
run(void *arg)
{
    struct part *p = arg;
    struct cutting *c = p->cutting;
    for (bool good = true;;) {
        p->room = csexport_room(p->reader, ROOM_BYTES);
        pthread_mutex_lock(&c->lock);
        c->bad = c->bad || !good || p->room == NULL;
        size_t len = c->bad || c->over ? 0 : take(p);
        c->bad = c->bad || (len == 0 && !c->over);
        pthread_mutex_unlock(&c->lock);
        if (len == 0)
            return NULL;
        good = parse(p, len);
    }
}

/* --- the file ------------------------------------------------------------------------------------ */

static bool
find_root(struct cutting *c)
{
    char head[HEAD_BYTES + 1];
    ssize_t n = read_at(c->order->fd, head, HEAD_BYTES, 0);
    head[n > 0 ? n : 0] = '\0';
    const char *tag = strstr(head, root_tag), *end = tag != NULL ? strchr(tag, '>') : NULL;
    if (end == NULL)
        return false;
    c->root_len = (size_t)(end + 1 - tag);
    memcpy(c->root, tag, c->root_len);
    return true;
}

static void
part_done(struct part *p)
{
    csexport_close(&p->reader);
    exports_free(&p->e);
}

static bool
part_init(struct part *p, struct cutting *c)
{
    struct csexport_visitor visitor;
    *p = (struct part){.cutting = c, .e = exports_new(c->order->index)};
    if (p->e == NULL)
        return false;
    exports_visitor(p->e, &visitor);
    return csexport_open(&visitor, &p->reader, NULL) == BATON_OK;
}

/* Fewer threads than wished are slower, nothing else. */
static void
run_all(struct part *part, unsigned count)
{
    pthread_t thread;
    bool started = count > 1 && pthread_create(&thread, NULL, run, &part[1]) == 0;
    (void)run(&part[0]);
    if (started)
        (void)pthread_join(thread, NULL);
}

static bool
read_blocks(struct cutting *c, struct exports *into)
{
    struct part part[EXPORTS_SPLIT_THREADS] = {{0}};
    unsigned count = c->order->threads < 2 || c->order->index != NULL ? 1 : 2;
    bool good = find_root(c);
    for (unsigned i = 0; i < count; i++)
        good = good && part_init(&part[i], c);
    if (good)
        run_all(part, count);
    good = good && !c->bad && c->over;
    for (unsigned i = 0; i < count; i++) {
        if (good)
            exports_add(into, part[i].e);
        part_done(&part[i]);
    }
    return good;
}

bool
exports_split_read(const struct exports_split *order, struct exports *into,
                   struct baton_hash *ret_hash)
{
    struct cutting *c = order->bytes < EXPORTS_SPLIT_BYTES ? NULL : calloc(1, sizeof *c);
    if (c == NULL)
        return false;
    c->order = order;
    sha256_init(&c->sha);
    if (pthread_mutex_init(&c->lock, NULL) != 0) {
        free(c);
        return false;
    }
    bool good = read_blocks(c, into);
    if (good)
        sha256_digest(&c->sha, sizeof ret_hash->b, ret_hash->b);
    pthread_mutex_destroy(&c->lock);
    free(c);
    return good;
}
