#include "commands.h"
#include "common/crypto/crypto.h"
#include "common/readers/psjson.h"
#include "facts_rows.h"
#include "finding_view.h"
#include "input.h"
#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct facts_view {
    struct cli *c;
    json_t *files, *values;
    size_t usable;
};

static void
add_file(struct facts_view *v, const char *path, const char *text, size_t len,
         const struct facts_file *f)
{
    const struct digest_port *digest = crypto_digest_port();
    struct baton_hash hash;
    char hex[2 * BATON_HASH_BYTES + 1];
    digest->sha256(digest->ctx, text, len, &hash);
    baton_hex(hash.b, sizeof hash.b, hex);
    json_array_append_new(v->files,
                          json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:s}", "path", plain_json(path),
                                    "source", f->source, "bytes", (json_int_t)len, "objects",
                                    (json_int_t)f->objects, "values", (json_int_t)f->values,
                                    "usable", (json_int_t)f->usable, "sha256", hex));
    v->usable += f->usable;
}

static enum baton_status
read_file(struct facts_view *v, const char *path)
{
    struct baton_err err = {0};
    struct facts_file file;
    char *text;
    size_t len;
    enum baton_status rc = input_read(v->c, path, PSJSON_BYTES_MAX, &text, &len);
    if (rc != BATON_OK) /* whatever was wrong with it: nothing is shown */
        return v->c->err.status = BATON_FAILED;
    rc = facts_rows_read(path, text, len, v->values, &file, &err);
    if (rc == BATON_OK)
        add_file(v, path, text, len, &file);
    else
        rc = cli_fail(v->c, BATON_FAILED,
                      "%s: %s. Expected is a whole answer of one of the cmdlets (| ConvertTo-Json "
                      "-Depth 5, or as Format-List and Format-Table print it), or the settings "
                      "that the wizard exported",
                      path, err.text);
    free(text);
    return rc;
}

static enum baton_status
print_values(const struct facts_view *v)
{
    static const struct column columns[] = {
        {"FILE", "file", COLUMN_TEXT},     {"SOURCE", "source", COLUMN_TEXT},
        {"CMDLET", "cmdlet", COLUMN_TEXT}, {"OBJECT", "object", COLUMN_TEXT},
        {"NAME", "name", COLUMN_TEXT},     {"VALUE", "text", COLUMN_TEXT},
        {"KNOWN", "known", COLUMN_TEXT},   {"FACT", "fact", COLUMN_TEXT},
        {"USABLE", "usable", COLUMN_TEXT}, {"WHY NOT", "why", COLUMN_TEXT},
    };
    return output_list(v->c, columns, ARRAY_LEN(columns), v->values);
}

static const char *
source_what(const char *source)
{
    static const char *const rows[][2] = {
        {"collector", "JSON, as an agent collects it"},
        {"listing", "a text listing, display only: it gates nothing, a date in it stays a text"},
        {"settings", "settings that the wizard exported; baton config compare judges them"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i][0], source) == 0)
            return rows[i][1];
    return source;
}

/* The values of one file; they stand one after another. */
static enum baton_status
print_file(const struct facts_view *v, const json_t *file, size_t *first)
{
    static const struct column columns[] = {
        {"CMDLET", "cmdlet", COLUMN_TEXT}, {"OBJECT", "object", COLUMN_TEXT},
        {"NAME", "name", COLUMN_TEXT},     {"VALUE", "text", COLUMN_TEXT},
        {"KNOWN", "known", COLUMN_TEXT},   {"FACT", "fact", COLUMN_TEXT},
        {"USABLE", "usable", COLUMN_TEXT}, {"WHY NOT", "why", COLUMN_TEXT},
    };
    static const struct column plain[] = {{"NAME", "name", COLUMN_TEXT},
                                          {"VALUE", "text", COLUMN_TEXT}};
    bool settings = strcmp(json_text(file, "source"), "settings") == 0;
    json_t *values = json_array();
    size_t end = *first + (size_t)json_number(file, "values");
    for (; *first < end; (*first)++)
        json_array_append(values, json_array_get(v->values, *first));
    output_show(v->c, "%s: %s\n", json_text(file, "path"), source_what(json_text(file, "source")));
    enum baton_status rc = settings ? output_list(v->c, plain, ARRAY_LEN(plain), values)
                                    : output_list(v->c, columns, ARRAY_LEN(columns), values);
    json_decref(values);
    putchar('\n');
    return rc;
}

static enum baton_status
print_table(const struct facts_view *v)
{
    enum baton_status rc = BATON_OK;
    size_t i, first = 0;
    json_t *file;
    json_array_foreach(v->files, i, file)
    {
        if (rc == BATON_OK)
            rc = print_file(v, file, &first);
    }
    printf("%zu values; an agent that collects them makes facts of %zu. A gate takes facts from an "
           "agent, never from a file.\n",
           json_array_size(v->values), v->usable);
    return rc;
}

static enum baton_status
print_view(const struct facts_view *v)
{
    switch (v->c->output) {
    case OUTPUT_TABLE:
        return print_table(v);
    case OUTPUT_CSV:
    case OUTPUT_JSONL:
        return print_values(v);
    case OUTPUT_JSON:
    case OUTPUT_HTML: /* refused before */
        break;
    }
    json_t *o = json_pack("{s:O, s:O}", "files", v->files, "values", v->values);
    output_json(o);
    json_decref(o);
    return BATON_OK;
}

enum baton_status
cmd_facts_show(struct cli *c)
{
    struct facts_view v = {.c = c, .files = json_array(), .values = json_array()};
    enum baton_status rc = BATON_OK;
    for (unsigned i = 0; rc == BATON_OK && i < c->args.count; i++)
        rc = read_file(&v, cli_arg(c, i));
    if (rc == BATON_OK)
        rc = print_view(&v);
    json_decref(v.files);
    json_decref(v.values);
    return rc;
}
