#include "config_digest.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/sha256.h"
#include "xml.h"

enum { ATTRIBUTES_MAX = 32, START_MARK = 1, ATTRIBUTE_MARK, TEXT_MARK, END_MARK };

struct config_file {
    struct xml *xml;
    struct sha256 sha;
    int skip_depth;   /* 0: hashing; else the depth of the element that is left out */
    bool text_open;   /* some text of the present run has been hashed */
    size_t space_len; /* white space seen inside it, hashed only if more text follows */
};

static const char *const volatile_elements[] = {
    "version", "creation-time", "last-modification-time", "water-mark",
    "cookie",  "last-dc",       "internal-version",       "internal-id",
};

static const char *const volatile_root_attributes[] = {"server", "export-date"};

static const char *const volatile_parameters[] = {
    "NextStartTime",      "SchedulerSuspended",         "StagingMode",
    "MaintenanceEnabled", "ServerConfigurationVersion", "AutoUpgradeState",
};

static bool
one_of(const char *const *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

static bool
ends_with_one_of(const char *const *list, size_t count, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < count; i++) {
        size_t end = strlen(list[i]);
        if (len >= end && strcmp(name + len - end, list[i]) == 0)
            return true;
    }
    return false;
}

static bool
is_volatile(const char *name, const char **attributes)
{
    if (one_of(volatile_elements, ARRAY_LEN(volatile_elements), name))
        return true;
    const char *parameter = xml_attribute(attributes, "name");
    return strcmp(name, "parameter") == 0 && parameter != NULL &&
           ends_with_one_of(volatile_parameters, ARRAY_LEN(volatile_parameters), parameter);
}

static void
put(struct config_file *f, uint8_t mark, const char *text)
{
    sha256_update(&f->sha, &mark, 1);
    sha256_update(&f->sha, text, strlen(text) + 1);
}

static int
by_name(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

/* Pairs (name, value); beyond ATTRIBUTES_MAX they are hashed in the order of the document. */
static void
put_attributes(struct config_file *f, int depth, const char **attributes)
{
    const char *pairs[ATTRIBUTES_MAX][2];
    size_t count = 0;
    for (size_t i = 0; attributes[i] != NULL; i += 2) {
        if (depth == 1 &&
            one_of(volatile_root_attributes, ARRAY_LEN(volatile_root_attributes), attributes[i]))
            continue;
        if (count == ATTRIBUTES_MAX) {
            put(f, ATTRIBUTE_MARK, attributes[i]);
            put(f, ATTRIBUTE_MARK, attributes[i + 1]);
            continue;
        }
        pairs[count][0] = attributes[i];
        pairs[count++][1] = attributes[i + 1];
    }
    qsort(pairs, count, sizeof pairs[0], by_name);
    for (size_t i = 0; i < count; i++) {
        put(f, ATTRIBUTE_MARK, pairs[i][0]);
        put(f, ATTRIBUTE_MARK, pairs[i][1]);
    }
}

static void
end_text(struct config_file *f)
{
    static const uint8_t nul;
    if (f->text_open)
        sha256_update(&f->sha, &nul, 1);
    f->text_open = false;
    f->space_len = 0;
}

static void
on_start(void *ctx, int depth, const char *name, const char **attributes)
{
    struct config_file *f = ctx;
    end_text(f);
    if (f->skip_depth != 0)
        return;
    if (is_volatile(name, attributes)) {
        f->skip_depth = depth;
        return;
    }
    put(f, START_MARK, name);
    put_attributes(f, depth, attributes);
}

/* Runs of white space count as one blank, and not at all at either end: line ends differ between
 * exports, and expat hands text over in pieces that depend on its buffer. */
static void
on_text(void *ctx, const char *text, size_t len)
{
    struct config_file *f = ctx;
    if (f->skip_depth != 0)
        return;
    for (size_t i = 0; i < len; i++) {
        if (isspace((unsigned char)text[i])) {
            f->space_len++;
            continue;
        }
        static const uint8_t mark = TEXT_MARK, blank = ' ';
        if (!f->text_open)
            sha256_update(&f->sha, &mark, 1);
        else if (f->space_len > 0)
            sha256_update(&f->sha, &blank, 1);
        f->text_open = true;
        f->space_len = 0;
        sha256_update(&f->sha, &text[i], 1);
    }
}

static void
on_end(void *ctx, int depth, const char *name)
{
    struct config_file *f = ctx;
    end_text(f);
    if (f->skip_depth == 0)
        put(f, END_MARK, name);
    else if (f->skip_depth == depth)
        f->skip_depth = 0;
}

enum baton_status
config_file_open(struct config_file **ret_file, struct baton_err *err)
{
    struct config_file *f = calloc(1, sizeof *f);
    if (f == NULL)
        return baton_fail(err, BATON_NOMEM, "configuration reader");
    sha256_init(&f->sha);
    struct xml_handler handler = {.ctx = f, .start = on_start, .text = on_text, .end = on_end};
    enum baton_status rc = xml_open(&handler, &f->xml, err);
    if (rc != BATON_OK) {
        config_file_close(&f);
        return rc;
    }
    *ret_file = f;
    return BATON_OK;
}

enum baton_status
config_file_push(struct config_file *f, const void *bytes, size_t len, struct baton_err *err)
{
    return xml_push(f->xml, bytes, len, err);
}

enum baton_status
config_file_finish(struct config_file *f, struct baton_hash *ret_hash, struct baton_err *err)
{
    enum baton_status rc = xml_finish(f->xml, err);
    if (rc == BATON_OK)
        sha256_final(&f->sha, ret_hash);
    return rc;
}

void
config_file_close(struct config_file **f)
{
    if (*f == NULL)
        return;
    xml_close(&(*f)->xml);
    free(*f);
    *f = NULL;
}

bool
config_entry_name(struct config_entry *e, const char *folder, const char *file)
{
    int len =
        snprintf(e->name, sizeof e->name, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", file);
    if (len < 0 || (size_t)len >= sizeof e->name)
        return false;
    for (char *c = e->name; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return true;
}

static int
by_entry_name(const void *a, const void *b)
{
    const struct config_entry *left = a;
    const struct config_entry *right = b;
    return strcmp(left->name, right->name);
}

void
config_fold(struct config_entry *entries, size_t count, const char *prefix,
            struct baton_hash *ret_hash)
{
    struct sha256 sha;
    sha256_init(&sha);
    qsort(entries, count, sizeof entries[0], by_entry_name);
    for (size_t i = 0; i < count; i++) {
        if (strncmp(entries[i].name, prefix, strlen(prefix)) != 0)
            continue;
        sha256_update(&sha, entries[i].name, strlen(entries[i].name) + 1);
        sha256_update(&sha, entries[i].hash.b, BATON_HASH_BYTES);
    }
    sha256_final(&sha, ret_hash);
}
