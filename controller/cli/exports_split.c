#include "exports_split.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_BYTES = 256 * 1024, HEAD_BYTES = 4096, FIRST_PERCENT = 46 };

static const char object_tag[] = "<cs-object", root_tag[] = "<cs-objects",
                  root_end[] = "</cs-objects>";

struct part {
    int fd;
    uint64_t from, to;
    const char *before, *behind; /* what makes it a document of its own */
    size_t before_len;
    struct exports *e;
    struct sha256_ctx *sha; /* NULL: the other part hashes */
    uint64_t bytes;         /* of the whole file, for the one that hashes */
    uint8_t *piece;
    bool good;
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

static bool
each_piece(struct part *p, uint64_t from, uint64_t to, struct csexport *reader_or_null)
{
    for (uint64_t at = from; at < to;) {
        size_t want = to - at < PIECE_BYTES ? (size_t)(to - at) : PIECE_BYTES;
        ssize_t n = read_at(p->fd, p->piece, want, at);
        if (n <= 0)
            return false;
        if (p->sha != NULL)
            sha256_update(p->sha, (size_t)n, p->piece);
        if (reader_or_null != NULL &&
            csexport_push(reader_or_null, p->piece, (size_t)n, NULL) != BATON_OK)
            return false;
        at += (uint64_t)n;
    }
    return true;
}

static bool
parse(struct part *p)
{
    struct csexport_visitor visitor;
    struct csexport *reader = NULL;
    exports_visitor(p->e, &visitor);
    bool good = csexport_open(&visitor, &reader, NULL) == BATON_OK &&
                csexport_push(reader, p->before, p->before_len, NULL) == BATON_OK &&
                each_piece(p, p->from, p->to, reader) &&
                csexport_push(reader, p->behind, strlen(p->behind), NULL) == BATON_OK &&
                csexport_finish(reader, NULL) == BATON_OK && exports_status(p->e) == BATON_OK;
    csexport_close(&reader);
    return good;
}

static void *
run(void *arg)
{
    struct part *p = arg;
    p->good = parse(p);
    if (p->good && p->sha != NULL)
        p->good = each_piece(p, p->to, p->bytes, NULL);
    return NULL;
}

/* Where an object begins at or behind `at`; 0: not in one piece. */
static uint64_t
next_object(int fd, uint64_t at, uint8_t *piece)
{
    ssize_t n = read_at(fd, piece, PIECE_BYTES, at);
    size_t tag = sizeof object_tag - 1;
    for (ssize_t i = 0; i + (ssize_t)tag < n; i++)
        if (piece[i] == '<' && memcmp(piece + i, object_tag, tag) == 0 &&
            strchr(" \t\r\n", piece[(size_t)i + tag]) != NULL && piece[(size_t)i + tag] != 0)
            return at + (uint64_t)i;
    return 0;
}

/* The root's tag as it stands there, with whatever it declares. */
static size_t
root_of(int fd, char head[HEAD_BYTES + 1], const char **ret_tag)
{
    ssize_t n = read_at(fd, head, HEAD_BYTES, 0);
    head[n > 0 ? n : 0] = '\0';
    *ret_tag = strstr(head, root_tag);
    const char *end = *ret_tag != NULL ? strchr(*ret_tag, '>') : NULL;
    return end != NULL && end[-1] != '/' ? (size_t)(end + 1 - *ret_tag) : 0;
}

static bool
run_both(struct part part[2])
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, &part[1]) != 0)
        return false;
    (void)run(&part[0]);
    (void)pthread_join(thread, NULL);
    return part[0].good && part[1].good;
}

static bool
read_parts(int fd, uint64_t bytes, struct part part[2], struct sha256_ctx *sha)
{
    char head[HEAD_BYTES + 1];
    const char *tag;
    size_t tag_len = root_of(fd, head, &tag);
    uint64_t cut = tag_len == 0 ? 0 : next_object(fd, bytes / 100 * FIRST_PERCENT, part[0].piece);
    if (cut == 0)
        return false;
    sha256_init(sha);
    part[0].fd = part[1].fd = fd;
    part[0].to = part[1].from = cut;
    part[0].before = "", part[0].behind = root_end, part[0].sha = sha, part[0].bytes = bytes;
    part[1].to = bytes;
    part[1].before = tag, part[1].before_len = tag_len, part[1].behind = "";
    return run_both(part);
}

bool
exports_split_read(int fd, uint64_t bytes, struct exports *into, struct baton_hash *ret_hash)
{
    struct part part[2] = {{.fd = fd}, {.fd = fd}};
    struct sha256_ctx sha;
    bool good = bytes >= EXPORTS_SPLIT_BYTES;
    for (size_t i = 0; i < ARRAY_LEN(part); i++) {
        part[i].e = exports_new(NULL);
        part[i].piece = malloc(PIECE_BYTES);
        good = good && part[i].e != NULL && part[i].piece != NULL;
    }
    good = good && read_parts(fd, bytes, part, &sha);
    for (size_t i = 0; i < ARRAY_LEN(part); i++) {
        if (good)
            exports_add(into, part[i].e);
        exports_free(&part[i].e);
        free(part[i].piece);
    }
    if (good)
        sha256_digest(&sha, sizeof ret_hash->b, ret_hash->b);
    return good;
}
