/* settings.h: where this person's controller is, and with which keys to talk to it.
 *
 * Shape      ~/.config/baton/baton.ini over /etc/baton/baton.ini; BATON_URL and the like over both;
 *            flags over all. The token is in a file of its own that nobody else may read.
 * Errors     BATON_USAGE (setting), BATON_DENIED (a token file that others can read).
 */
#ifndef BATON_SETTINGS_H
#define BATON_SETTINGS_H

#include "cli.h"

enum { PATH_BYTES = 512, TOKEN_MAX = 256, PASSPHRASE_MAX = 256 };

enum baton_status settings_open(struct cli *c);
/* A path with ~/ in front made whole. */
void settings_path(const char *text, char out[PATH_BYTES]);
/* The folders above a file, 0700 where they are new. */
enum baton_status settings_make_folders(struct cli *c, const char *path);
/* Writes one value into the user's file, keeping everything else; makes folders as needed (0700). */
enum baton_status settings_store(struct cli *c, const char *name, const char *value);
/* false, with the error set, when it is not set or not a key. */
bool settings_key(struct cli *c, const char *name, struct baton_key *ret_key);

/* A file of one line that only its owner may read. */
enum baton_status secret_read_file(struct cli *c, const char *path, char *out, size_t cap);
enum baton_status secret_write_file(struct cli *c, const char *path, const char *text);
/* From `path` when given, else asked for without echo; twice when it is a new one. */
enum baton_status secret_passphrase(struct cli *c, const char *path, const char *what, bool twice,
                                    char out[PASSPHRASE_MAX]);
/* A question on the terminal; false without one. --yes answers it. */
bool secret_confirmed(struct cli *c, const char *question);
/* "" when the person typed nothing, or there is no terminal. */
void secret_ask(const char *question, char *out, size_t cap);

#endif
