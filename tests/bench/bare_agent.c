/* A process with the agent's libraries and nothing else: what they take by being there. With --open it has
 * also opened each as an agent must: a socket with CURVE, a database, a parser. It says that it is ready and
 * waits until its standard input ends. */
#include <expat.h>
#include <jansson.h>
#include <nettle/sha2.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

static bool
socket_open(void)
{
    char public_key[41], secret[41];
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_DEALER);
    return zmq_curve_keypair(public_key, secret) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, public_key, sizeof public_key) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key, sizeof public_key) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, sizeof secret) == 0 &&
           zmq_connect(socket, "tcp://127.0.0.1:9") == 0; /* nobody is there: discard */
}

static bool
database_open(void)
{
    sqlite3 *db = NULL;
    return sqlite3_open(":memory:", &db) == SQLITE_OK &&
           sqlite3_exec(db,
                        "CREATE TABLE kept(name TEXT PRIMARY KEY, value BLOB);"
                        "BEGIN; INSERT INTO kept VALUES('promise', x'00'); COMMIT;"
                        "SELECT value FROM kept WHERE name = 'promise';",
                        NULL, NULL, NULL) == SQLITE_OK;
}

static bool
readers_open(void)
{
    struct sha256_ctx sha;
    uint8_t hash[SHA256_DIGEST_SIZE], key[crypto_sign_PUBLICKEYBYTES],
        secret[crypto_sign_SECRETKEYBYTES], sig[crypto_sign_BYTES];
    XML_Parser parser = XML_ParserCreate(NULL);
    json_t *json = json_loads("{\"a\": [1, \"b\"]}", 0, NULL);
    sha256_init(&sha);
    sha256_update(&sha, 3, (const uint8_t *)"abc");
    sha256_digest(&sha, sizeof hash, hash);
    return parser != NULL && XML_Parse(parser, "<a/>", 4, 1) == XML_STATUS_OK && json != NULL &&
           sodium_init() >= 0 && crypto_sign_keypair(key, secret) == 0 &&
           crypto_sign_detached(sig, NULL, hash, sizeof hash, secret) == 0 &&
           crypto_sign_verify_detached(sig, hash, sizeof hash, key) == 0;
}

int
main(int argc, char **argv)
{
    bool opens = argc == 2 && strcmp(argv[1], "--open") == 0;
    if (opens && !(socket_open() && database_open() && readers_open()))
        return 1;
    puts("ready");
    (void)fflush(stdout);
    while (getchar() != EOF)
        continue;
    return 0;
}
