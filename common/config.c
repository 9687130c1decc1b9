#include "common/config.h"

#include "common/disk/disk.h"
#include "common/text.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ORIGIN_BYTES = 320 };

struct value {
    char *text; /* NULL: not set */
    enum config_rank rank;
    unsigned source; /* which file read gave it: finds a key given twice */
    char origin[ORIGIN_BYTES];
};

struct config {
    const struct config_key *keys;
    size_t count;
    unsigned sources;
    struct value value[CONFIG_KEYS_MAX];
};

static const char *const true_words[] = {"true", "yes", "on", "1"};
static const char *const false_words[] = {"false", "no", "off", "0"};

static bool
word_in(const char *const *words, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], text) == 0)
            return true;
    return false;
}

static bool
number_parse(const char *text, int64_t *ret_number)
{
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    bool digit_first = (*text >= '0' && *text <= '9') || *text == '-';
    if (!digit_first || end == text || *end != '\0' || errno != 0)
        return false;
    *ret_number = n;
    return true;
}

static enum baton_status
number_check(const struct config_key *key, const char *text, const char *origin,
             struct baton_err *err)
{
    int64_t n;
    if (!number_parse(text, &n))
        return baton_fail(err, BATON_USAGE, "%s: %s needs a number", origin, key->name);
    bool bounded = key->least != 0 || key->most != 0;
    if (bounded && (n < key->least || n > key->most))
        return baton_fail(err, BATON_USAGE, "%s: %s must be from %lld to %lld", origin, key->name,
                          (long long)key->least, (long long)key->most);
    return BATON_OK;
}

static enum baton_status
value_check(const struct config_key *key, const char *text, const char *origin,
            struct baton_err *err)
{
    size_t len = strlen(text);
    if (len >= CONFIG_VALUE_BYTES)
        return baton_fail(err, BATON_LIMIT, "%s: %s is longer than %d bytes", origin, key->name,
                          CONFIG_VALUE_BYTES - 1);
    if (!text_valid(text, len))
        return baton_fail(err, BATON_USAGE, "%s: %s is not valid text", origin, key->name);
    if (key->kind == CONFIG_NUMBER)
        return number_check(key, text, origin, err);
    bool word = word_in(true_words, ARRAY_LEN(true_words), text) ||
                word_in(false_words, ARRAY_LEN(false_words), text);
    if (key->kind == CONFIG_BOOL && !word)
        return baton_fail(err, BATON_USAGE, "%s: %s needs true or false", origin, key->name);
    return BATON_OK;
}

static enum baton_status
value_set(struct config *c, size_t i, const char *text, enum config_rank rank, const char *origin,
          struct baton_err *err)
{
    enum baton_status rc = value_check(&c->keys[i], text, origin, err);
    if (rc != BATON_OK)
        return rc;
    struct value *v = &c->value[i];
    v->source = c->sources; /* also when a higher rank keeps its value */
    if (v->text != NULL && v->rank > rank)
        return BATON_OK;

    char *copy = malloc(strlen(text) + 1);
    if (copy == NULL)
        return baton_fail(err, BATON_NOMEM, "%s: %s", origin, c->keys[i].name);
    memcpy(copy, text, strlen(text) + 1);
    free(v->text);
    v->text = copy;
    v->rank = rank;
    snprintf(v->origin, sizeof v->origin, "%s", origin);
    return BATON_OK;
}

/* Index of the key, or count. */
static size_t
key_find(const struct config *c, const char *name)
{
    size_t i = 0;
    while (i < c->count && strcmp(c->keys[i].name, name) != 0)
        i++;
    return i;
}

enum baton_status
config_open(const struct config_key *keys, size_t count, struct config **ret_config,
            struct baton_err *err)
{
    BATON_ASSERT(count <= CONFIG_KEYS_MAX);
    struct config *c = calloc(1, sizeof *c);
    if (c == NULL)
        return baton_fail(err, BATON_NOMEM, "configuration");
    c->keys = keys;
    c->count = count;
    for (size_t i = 0; i < count; i++) {
        BATON_ASSERT(strchr(keys[i].name, '.') != NULL && strlen(keys[i].name) < CONFIG_NAME_BYTES);
        if (keys[i].value == NULL)
            continue;
        enum baton_status rc = value_set(c, i, keys[i].value, CONFIG_DEFAULT, "built in", err);
        BATON_ASSERT(rc == BATON_OK || rc == BATON_NOMEM);
        if (rc != BATON_OK) {
            config_close(&c);
            return rc;
        }
    }
    *ret_config = c;
    return BATON_OK;
}

void
config_close(struct config **c)
{
    if (*c == NULL)
        return;
    for (size_t i = 0; i < (*c)->count; i++)
        free((*c)->value[i].text);
    free(*c);
    *c = NULL;
}

struct file_reading { /* what inih hands from its reader to its handler */
    struct config *config;
    enum config_rank rank;
    const char *path;
    FILE *stream;
    unsigned line;
    size_t bytes;
    enum baton_status status;
    struct baton_err *err;
};

/* Keeps the first fault; reading then ends. */
static void
reading_fail(struct file_reading *f, enum baton_status status, const char *what)
{
    if (f->status == BATON_OK)
        f->status = baton_fail(f->err, status, "%s:%u: %s", f->path, f->line, what);
}

static char *
next_line(char *out, int cap, void *ctx)
{
    struct file_reading *f = ctx;
    if (f->status != BATON_OK || fgets(out, cap, f->stream) == NULL)
        return NULL;
    f->line++;
    size_t len = strlen(out);
    f->bytes += len;
    bool whole = len > 0 && (out[len - 1] == '\n' || feof(f->stream));
    if (f->bytes > CONFIG_FILE_BYTES)
        reading_fail(f, BATON_LIMIT, "the file is too large");
    else if (!whole)
        reading_fail(f, BATON_LIMIT, "the line is too long, or holds a NUL");
    return f->status == BATON_OK ? out : NULL;
}

/* inih's handler: 0 would let it go on and count, so faults are kept in f alone. */
static int
take_pair(void *ctx, const char *section, const char *name, const char *text)
{
    struct file_reading *f = ctx;
    if (f->status != BATON_OK)
        return 0;

    char full[CONFIG_NAME_BYTES], origin[ORIGIN_BYTES];
    int n = snprintf(full, sizeof full, "%s.%s", section, name);
    size_t i = n < 0 || (size_t)n >= sizeof full ? f->config->count : key_find(f->config, full);
    snprintf(origin, sizeof origin, "%s:%u", f->path, f->line);
    if (i == f->config->count) {
        f->status = baton_fail(f->err, BATON_USAGE, "%s: unknown key %s", origin, full);
        return 0;
    }
    if (f->config->value[i].source == f->config->sources) {
        f->status =
            baton_fail(f->err, BATON_USAGE, "%s: %s was already set in this file", origin, full);
        return 0;
    }
    f->status = value_set(f->config, i, text, f->rank, origin, f->err);
    return f->status == BATON_OK;
}

static enum baton_status
read_stream(struct file_reading *f)
{
    f->config->sources++;
    int line = ini_parse_stream(next_line, f, take_pair, f);
    if (f->status == BATON_OK && ferror(f->stream))
        reading_fail(f, BATON_IO, "cannot be read");
    if (f->status == BATON_OK && line != 0) {
        f->line = (unsigned)line;
        reading_fail(f, BATON_USAGE, "neither [section] nor key = value");
    }
    return f->status;
}

enum baton_status
config_read_file(struct config *c, enum config_rank rank, const char *path, bool required,
                 struct baton_err *err)
{
    FILE *stream = disk_stream(path);
    if (stream == NULL && errno == ENOENT && !required)
        return BATON_OK;
    if (stream == NULL)
        return baton_fail(err, errno == ENOENT ? BATON_NOT_FOUND : BATON_IO, "%s: %s", path,
                          strerror(errno));
    struct file_reading f = {.config = c, .rank = rank, .path = path, .stream = stream, .err = err};
    enum baton_status rc = read_stream(&f);
    fclose(stream);
    return rc;
}

static void
environment_name(const char *name, char out[CONFIG_NAME_BYTES + 8])
{
    size_t n = (size_t)snprintf(out, CONFIG_NAME_BYTES + 8, "BATON_%s", name);
    for (size_t i = 0; i < n; i++) {
        if (out[i] == '.' || out[i] == '-')
            out[i] = '_';
        else if (out[i] >= 'a' && out[i] <= 'z')
            out[i] = (char)(out[i] - 'a' + 'A');
    }
}

enum baton_status
config_read_environment(struct config *c, struct baton_err *err)
{
    c->sources++;
    for (size_t i = 0; i < c->count; i++) {
        char name[CONFIG_NAME_BYTES + 8];
        environment_name(c->keys[i].name, name);
        const char *text = getenv(name);
        if (text == NULL)
            continue;
        enum baton_status rc = value_set(c, i, text, CONFIG_ENVIRONMENT, name, err);
        if (rc != BATON_OK)
            return rc;
    }
    return BATON_OK;
}

enum baton_status
config_set_flag(struct config *c, const char *name, const char *value, const char *flag,
                struct baton_err *err)
{
    size_t i = key_find(c, name);
    if (i == c->count)
        return baton_fail(err, BATON_USAGE, "%s: unknown key %s", flag, name);
    c->sources++;
    return value_set(c, i, value, CONFIG_FLAG, flag, err);
}

static const char *
value_of(const struct config *c, const char *name, enum config_kind kind)
{
    size_t i = key_find(c, name);
    BATON_ASSERT(i < c->count && c->keys[i].kind == kind);
    return c->value[i].text;
}

const char *
config_text(const struct config *c, const char *name)
{
    return value_of(c, name, CONFIG_TEXT);
}

int64_t
config_number(const struct config *c, const char *name)
{
    const char *text = value_of(c, name, CONFIG_NUMBER);
    int64_t n = 0;
    BATON_ASSERT(text == NULL || number_parse(text, &n)); /* checked when it was set */
    return n;
}

bool
config_bool(const struct config *c, const char *name)
{
    const char *text = value_of(c, name, CONFIG_BOOL);
    return text != NULL && word_in(true_words, ARRAY_LEN(true_words), text);
}

bool
config_is_set(const struct config *c, const char *name)
{
    size_t i = key_find(c, name);
    BATON_ASSERT(i < c->count);
    return c->value[i].text != NULL;
}

void
config_each(const struct config *c, void (*visit)(void *arg, const struct config_shown *shown),
            void *arg)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct value *v = &c->value[i];
        bool hide = v->text != NULL && c->keys[i].secret;
        struct config_shown shown = {
            .key = &c->keys[i],
            .value = v->text == NULL ? ""
                     : hide          ? "(hidden)"
                                     : v->text,
            .origin = v->text == NULL ? "not set" : v->origin,
        };
        visit(arg, &shown);
    }
}
