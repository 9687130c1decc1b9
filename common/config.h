/* config.h: one program's settings, each with the place it came from.
 *
 * Shape      A program states its keys as a table ("section.key"); all else is refused. A value
 *            comes from the highest of: flag, BATON_SECTION_KEY in the environment, user's file,
 *            system's file, the table's default. Order of the calls does not matter.
 *            Files are INI: [section], key = value, comments after ; or # at the start of a line
 *            and after " ;" behind a value.
 * Limits     CONFIG_FILE_BYTES a file, CONFIG_LINE_BYTES a line, CONFIG_VALUE_BYTES a value,
 *            CONFIG_KEYS_MAX keys. A key may stand once in a file.
 * Errors     BATON_USAGE with file, line and key: unknown key, wrong kind, out of range, twice.
 *            BATON_NOT_FOUND: a required file is missing. BATON_LIMIT, BATON_IO, BATON_NOMEM.
 * Ownership  config_open, config_close. The table outlives it; texts live until set again.
 * Threads    One thread sets; afterwards any may read.
 * Source     design 7 (order of precedence, `config explain`).
 */
#ifndef COMMON_CONFIG_H
#define COMMON_CONFIG_H

#include "baton/status.h"

enum {
    CONFIG_FILE_BYTES = 65536,
    CONFIG_LINE_BYTES = 198, /* inih's buffer, less line end and NUL */
    CONFIG_VALUE_BYTES = 1024,
    CONFIG_NAME_BYTES = 64,
    CONFIG_KEYS_MAX = 128,
};

enum config_kind { CONFIG_TEXT, CONFIG_NUMBER, CONFIG_BOOL };

enum config_rank { /* a higher one wins */
                   CONFIG_DEFAULT,
                   CONFIG_SYSTEM,
                   CONFIG_USER,
                   CONFIG_ENVIRONMENT,
                   CONFIG_FLAG
};

struct config_key {
    const char *name; /* "section.key", lower case, digits, dashes */
    enum config_kind kind;
    const char *value;   /* default; NULL: none */
    int64_t least, most; /* of a number; both 0: any */
    bool secret;         /* never shown by config_each */
    const char *what;    /* one sentence for `config explain` */
};

struct config;

/* Checks the table too: a default that its own key would refuse is a bug. */
enum baton_status config_open(const struct config_key *keys, size_t count,
                              struct config **ret_config, struct baton_err *err) BATON_MUST_USE;
void config_close(struct config **c);

enum baton_status config_read_file(struct config *c, enum config_rank rank, const char *path,
                                   bool required, struct baton_err *err) BATON_MUST_USE;
enum baton_status config_read_environment(struct config *c, struct baton_err *err) BATON_MUST_USE;
/* "--data-dir" and the like as the program spells its flag; it is named in errors and as origin. */
enum baton_status config_set_flag(struct config *c, const char *name, const char *value,
                                  const char *flag, struct baton_err *err) BATON_MUST_USE;

/* A name that is not in the table is a bug. Not set: NULL, 0, false. */
const char *config_text(const struct config *c, const char *name);
int64_t config_number(const struct config *c, const char *name);
bool config_bool(const struct config *c, const char *name);
bool config_is_set(const struct config *c, const char *name);

struct config_shown {
    const struct config_key *key;
    const char *value;  /* "(hidden)" for a secret, "" when nobody set one */
    const char *origin; /* "/etc/baton/agent.ini:7", "BATON_BUS_PORT", "--port", "built in" */
};
void config_each(const struct config *c, void (*visit)(void *arg, const struct config_shown *shown),
                 void *arg);

#endif
