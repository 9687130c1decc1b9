/* handshake.c: what a first message over CURVE takes on this machine, to hold an agent's start against.
 *
 * Both ends are in this program, on loopback. Prints the microseconds from making the client's socket to
 * the answer to its first message.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <zmq.h>

#include <windows.h>

enum { KEY_CHARS = 41, ENDPOINT_CHARS = 64, LIMIT_MS = 10000 };

struct keys {
    char public_key[KEY_CHARS], secret[KEY_CHARS];
};

static void *
server_open(void *context, const struct keys *keys, char endpoint[ENDPOINT_CHARS])
{
    void *socket = zmq_socket(context, ZMQ_ROUTER);
    int yes = 1;
    size_t len = ENDPOINT_CHARS;
    bool good = zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &yes, sizeof yes) == 0 &&
                zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret, KEY_CHARS) == 0 &&
                zmq_bind(socket, "tcp://127.0.0.1:*") == 0 &&
                zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &len) == 0;
    return good ? socket : NULL;
}

static DWORD WINAPI
answer_one(void *socket)
{
    char id[256], body[16];
    int id_len = zmq_recv(socket, id, sizeof id, 0);
    int len = zmq_recv(socket, body, sizeof body, 0);
    if (id_len <= 0 || len <= 0 || zmq_send(socket, id, (size_t)id_len, ZMQ_SNDMORE) < 0)
        return 1;
    return zmq_send(socket, body, (size_t)len, 0) < 0;
}

static bool
ask_one(void *context, const char *endpoint, const char *server_key)
{
    struct keys own;
    char body[16];
    int limit = LIMIT_MS;
    void *socket = zmq_socket(context, ZMQ_DEALER);
    return zmq_curve_keypair(own.public_key, own.secret) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_key, KEY_CHARS) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, own.public_key, KEY_CHARS) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own.secret, KEY_CHARS) == 0 &&
           zmq_setsockopt(socket, ZMQ_RCVTIMEO, &limit, sizeof limit) == 0 &&
           zmq_connect(socket, endpoint) == 0 && zmq_send(socket, "first", 5, 0) == 5 &&
           zmq_recv(socket, body, sizeof body, 0) == 5;
}

int
main(void)
{
    LARGE_INTEGER rate, began, ended;
    struct keys keys;
    char endpoint[ENDPOINT_CHARS];
    void *context = zmq_ctx_new();
    if (context == NULL || zmq_curve_keypair(keys.public_key, keys.secret) != 0)
        return 1;
    void *server = server_open(context, &keys, endpoint);
    if (server == NULL || CreateThread(NULL, 0, answer_one, server, 0, NULL) == NULL)
        return 1;
    QueryPerformanceFrequency(&rate);
    QueryPerformanceCounter(&began);
    if (!ask_one(context, endpoint, keys.public_key)) {
        fprintf(stderr, "no answer: %s\n", zmq_strerror(zmq_errno()));
        return 1;
    }
    QueryPerformanceCounter(&ended);
    printf("%lld\n", (ended.QuadPart - began.QuadPart) * 1000000 / rate.QuadPart);
    return 0;
}
