/* settings.h: one controller's directory and its settings.
 *
 * Shape      DIR is 0700 and holds everything: baton.ini, baton.db, controller.key, tls-cert.pem,
 *            tls-key.pem. Values: flag, BATON_* environment, DIR/baton.ini, the system's file, built in.
 * Errors     BATON_USAGE, BATON_NOT_FOUND, BATON_DENIED (others can read the directory): what, where
 *            and what to do, in one sentence.
 * Ownership  settings_open, settings_close; paths live in the struct.
 */
#ifndef BATON_SETTINGS_H
#define BATON_SETTINGS_H

#include "common/config.h"

enum { SETTINGS_PATH_BYTES = 1024, SETTINGS_HOST_BYTES = 128 };

#define SETTINGS_SYSTEM_FILE "/etc/baton/controller.ini"

struct settings {
    struct config *config;
    char dir[SETTINGS_PATH_BYTES / 2];
    char ini[SETTINGS_PATH_BYTES], store[SETTINGS_PATH_BYTES], keys[SETTINGS_PATH_BYTES];
    char cert[SETTINGS_PATH_BYTES], cert_key[SETTINGS_PATH_BYTES];
    char api_host[SETTINGS_HOST_BYTES];
    uint16_t api_port;
};

struct settings_flags { /* NULL: not given */
    const char *dir, *listen, *advertise, *api;
};

/* Names the files of a directory; reads nothing. */
enum baton_status settings_paths(struct settings *s, const char *dir,
                                 struct baton_err *err) BATON_MUST_USE;
/* Paths and every value, of a directory that `init` made. */
enum baton_status settings_open(struct settings *s, const struct settings_flags *flags,
                                struct baton_err *err) BATON_MUST_USE;
/* The same without a file: what `init` writes down. */
enum baton_status settings_new(struct settings *s, const struct settings_flags *flags,
                               struct baton_err *err) BATON_MUST_USE;
void settings_close(struct settings *s);

const char *settings_listen(const struct settings *s);
const char *settings_advertise(const struct settings *s);

/* "tcp://HOST:PORT" with a chosen address. */
bool settings_endpoint_valid(const char *endpoint);

#endif
