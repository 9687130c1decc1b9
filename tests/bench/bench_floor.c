/* What this machine takes by itself, to print beside Baton's figures: flushing a block to the disk, and a
 * message there and back over CURVE. One line each: name, number, and p50 and p99 in microseconds. */
#include "bench.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

enum {
    BLOCK_BYTES = 4096,
    MESSAGE_BYTES = 200,
    ENDPOINT_BYTES = 64,
    KEY_CHARS = 41,
    PATH_BYTES = 512
};

static int
double_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void
report(const char *name, double *seconds, size_t n)
{
    qsort(seconds, n, sizeof *seconds, double_compare);
    printf("%-28s n %zu p50_us %.0f p99_us %.0f\n", name, n, seconds[n / 2] * 1e6,
           seconds[n * 99 / 100] * 1e6);
}

/* The same block again and again, as in a write-ahead log or a journal that is kept. */
static bool
flush(const char *dir, double *seconds, size_t n)
{
    static uint8_t block[BLOCK_BYTES];
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/bench-floor-%ld", dir, (long)getpid());
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool good = fd >= 0 && unlink(path) == 0;
    for (size_t i = 0; i < n && good; i++) {
        double start = bench_now_s();
        block[0] = (uint8_t)i;
        good = pwrite(fd, block, sizeof block, 0) == sizeof block && fdatasync(fd) == 0;
        seconds[i] = bench_now_s() - start;
    }
    if (fd >= 0)
        (void)close(fd);
    if (good)
        report("disk flush, 4 KiB", seconds, n);
    else
        perror(path);
    return good;
}

struct pair {
    void *context, *server, *client;
    size_t count;
};

static void *
echo(void *arg)
{
    struct pair *p = arg;
    uint8_t id[64], body[MESSAGE_BYTES];
    for (size_t i = 0; i < p->count; i++) {
        int id_len = zmq_recv(p->server, id, sizeof id, 0);
        int len = zmq_recv(p->server, body, sizeof body, 0);
        if (id_len <= 0 || len != MESSAGE_BYTES ||
            zmq_send(p->server, id, (size_t)id_len, ZMQ_SNDMORE) < 0 ||
            zmq_send(p->server, body, sizeof body, 0) < 0)
            break;
    }
    return NULL;
}

static bool
pair_open(struct pair *p)
{
    char public_key[KEY_CHARS], secret[KEY_CHARS], own[KEY_CHARS], own_secret[KEY_CHARS];
    char endpoint[ENDPOINT_BYTES];
    size_t len = sizeof endpoint;
    int yes = 1, limit_ms = 10000;
    p->context = zmq_ctx_new();
    p->server = zmq_socket(p->context, ZMQ_ROUTER);
    p->client = zmq_socket(p->context, ZMQ_DEALER);
    return zmq_curve_keypair(public_key, secret) == 0 && zmq_curve_keypair(own, own_secret) == 0 &&
           zmq_setsockopt(p->server, ZMQ_RCVTIMEO, &limit_ms, sizeof limit_ms) == 0 &&
           zmq_setsockopt(p->client, ZMQ_RCVTIMEO, &limit_ms, sizeof limit_ms) == 0 &&
           zmq_setsockopt(p->server, ZMQ_CURVE_SERVER, &yes, sizeof yes) == 0 &&
           zmq_setsockopt(p->server, ZMQ_CURVE_SECRETKEY, secret, KEY_CHARS) == 0 &&
           zmq_setsockopt(p->client, ZMQ_CURVE_SERVERKEY, public_key, KEY_CHARS) == 0 &&
           zmq_setsockopt(p->client, ZMQ_CURVE_PUBLICKEY, own, KEY_CHARS) == 0 &&
           zmq_setsockopt(p->client, ZMQ_CURVE_SECRETKEY, own_secret, KEY_CHARS) == 0 &&
           zmq_bind(p->server, "tcp://127.0.0.1:*") == 0 &&
           zmq_getsockopt(p->server, ZMQ_LAST_ENDPOINT, endpoint, &len) == 0 &&
           zmq_connect(p->client, endpoint) == 0;
}

static bool
ping(struct pair *p, double *seconds)
{
    uint8_t body[MESSAGE_BYTES] = {0};
    for (size_t i = 0; i < p->count; i++) {
        double start = bench_now_s();
        if (zmq_send(p->client, body, sizeof body, 0) < 0 ||
            zmq_recv(p->client, body, sizeof body, 0) != sizeof body)
            return false;
        seconds[i] = bench_now_s() - start;
    }
    return true;
}

static void
pair_close(struct pair *p)
{
    int none = 0;
    (void)zmq_setsockopt(p->server, ZMQ_LINGER, &none, sizeof none);
    (void)zmq_setsockopt(p->client, ZMQ_LINGER, &none, sizeof none);
    (void)zmq_close(p->server);
    (void)zmq_close(p->client);
    (void)zmq_ctx_term(p->context);
}

static bool
round_trip(double *seconds, size_t n)
{
    struct pair p = {.count = n};
    pthread_t thread;
    bool good = pair_open(&p) && pthread_create(&thread, NULL, echo, &p) == 0;
    if (good) {
        good = ping(&p, seconds);
        (void)pthread_join(thread, NULL);
    }
    if (good)
        report("CURVE round trip, 200 B", seconds, n);
    else
        fprintf(stderr, "CURVE: %s\n", zmq_strerror(zmq_errno()));
    pair_close(&p);
    return good;
}

int
main(int argc, char **argv)
{
    struct bench_options o;
    if (!bench_options_parse(argc, argv, &o))
        return 2;
    size_t n = o.is_short ? 200 : 2000;
    double *seconds = calloc(n, sizeof *seconds);
    bool good = seconds != NULL && flush(o.dir, seconds, n) && round_trip(seconds, n);
    free(seconds);
    return good ? 0 : 1;
}
