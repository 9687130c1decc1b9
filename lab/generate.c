#include "generate.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "csexport_write.h"
#include "export_expect.h"
#include "export_write.h"
#include "folder.h"

enum { OBJECTS_MOST = 100 * 1000 * 1000, BYTES_LEAST = 500, BYTES_MOST = 1000 * 1000 };
enum { WEIGHT_MOST = 1000 * 1000 };

const char generate_options[] =
    "options of generate exports:\n"
    "  --objects N           objects in the file: 1000\n"
    "  --seed S              another seed, another file: 1\n"
    "  --first N             number of the first object: 0\n"
    "  --server NAME         whose connector space; decides the GUIDs: NEW\n"
    "  --drift N             one in N objects is another one than with the same seed elsewhere\n"
    "  --bytes-per-object N  on average, about: 2000\n"
    "  --operations LIST     add=20,update=60,delete=8,rename=3,delete-add=2,replace=2,none=4,\n"
    "                        obsolete=1; what is not named gets none\n"
    "  --oddities LIST       all, none, or some of: integers,times,binaries,conflicts,escapes,\n"
    "                        pairs,references,anchors,bare,repeated,imports,errors,links,missing\n"
    "  --encoding E          utf-8, utf-8-bom or utf-16le (with its mark): utf-8\n"
    "  --layout L            lf, crlf or one-line: lf\n"
    "  --out FILE            where to; else standard output\n"
    "  --expect FILE         also what an analysis must count, as JSON\n";

struct order {
    struct export_recipe recipe;
    enum xml_encoding encoding;
    enum xml_layout layout;
    const char *out, *expect;
};

static enum baton_status
parse_number(const char *option, const char *text, uint64_t least, uint64_t most,
             uint64_t *ret_value, struct baton_err *err)
{
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    bool digits = text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
    if (!digits || errno != 0 || value < least || value > most)
        return baton_fail(err, BATON_USAGE,
                          "%s: '%.40s' is not a number from %" PRIu64 " to %" PRIu64, option, text,
                          least, most);
    *ret_value = value;
    return BATON_OK;
}

/* Calls `take` for each word between commas. */
static enum baton_status
each_word(const char *list, struct export_recipe *r,
          enum baton_status (*take)(struct export_recipe *r, const char *word,
                                    struct baton_err *err),
          struct baton_err *err)
{
    for (const char *at = list;; at += strcspn(at, ",") + 1) {
        char word[64];
        size_t len = strcspn(at, ",");
        if (len >= sizeof word)
            return baton_fail(err, BATON_USAGE, "'%.20s...' in a list is too long", at);
        memcpy(word, at, len);
        word[len] = '\0';
        enum baton_status rc = take(r, word, err);
        if (rc != BATON_OK || at[len] == '\0')
            return rc;
    }
}

static enum baton_status
take_operation(struct export_recipe *r, const char *word, struct baton_err *err)
{
    size_t len = strcspn(word, "=");
    for (size_t i = 0; i < EXPORT_OPERATION_COUNT; i++) {
        const char *name = export_operation_name((enum export_operation)i);
        uint64_t weight = 1;
        if (strlen(name) != len || memcmp(name, word, len) != 0)
            continue;
        enum baton_status rc = word[len] == '\0' ? BATON_OK
                                                 : parse_number("--operations", word + len + 1, 0,
                                                                WEIGHT_MOST, &weight, err);
        r->weight[i] = (unsigned)weight;
        return rc;
    }
    return baton_fail(err, BATON_USAGE, "--operations: no operation '%s'; see --help", word);
}

static enum baton_status
parse_operations(struct export_recipe *r, const char *list, struct baton_err *err)
{
    memset(r->weight, 0, sizeof r->weight);
    enum baton_status rc = each_word(list, r, take_operation, err);
    if (rc != BATON_OK)
        return rc;
    for (size_t i = 0; i < EXPORT_OPERATION_COUNT; i++)
        if (r->weight[i] > 0)
            return BATON_OK;
    return baton_fail(err, BATON_USAGE, "--operations: at least one must be above 0");
}

static enum baton_status
take_oddity(struct export_recipe *r, const char *word, struct baton_err *err)
{
    for (enum export_oddity i = 0; i < ODD_COUNT; i++)
        if (strcmp(export_oddity_name(i), word) == 0) {
            r->odd[i] = true;
            return BATON_OK;
        }
    return baton_fail(err, BATON_USAGE, "--oddities: no oddity '%s'; see --help", word);
}

static enum baton_status
parse_oddities(struct export_recipe *r, const char *list, struct baton_err *err)
{
    bool all = strcmp(list, "all") == 0;
    for (size_t i = 0; i < ODD_COUNT; i++)
        r->odd[i] = all;
    return all || strcmp(list, "none") == 0 ? BATON_OK : each_word(list, r, take_oddity, err);
}

/* Index of text among names, in the order of an enum. */
static enum baton_status
parse_choice(const char *option, const char *text, const char *const names[3], unsigned *ret_index,
             struct baton_err *err)
{
    for (unsigned i = 0; i < 3; i++)
        if (strcmp(names[i], text) == 0) {
            *ret_index = i;
            return BATON_OK;
        }
    return baton_fail(err, BATON_USAGE, "%s is %s, %s or %s, not '%.40s'", option, names[0],
                      names[1], names[2], text);
}

enum {
    OPT_OBJECTS = 256,
    OPT_SEED,
    OPT_FIRST,
    OPT_SERVER,
    OPT_DRIFT,
    OPT_BYTES,
    OPT_OPERATIONS,
    OPT_ODDITIES,
    OPT_ENCODING,
    OPT_LAYOUT,
    OPT_OUT,
    OPT_EXPECT,
    OPT_HELP
};

static const struct option long_options[] = {
    {"objects", required_argument, NULL, OPT_OBJECTS},
    {"seed", required_argument, NULL, OPT_SEED},
    {"first", required_argument, NULL, OPT_FIRST},
    {"server", required_argument, NULL, OPT_SERVER},
    {"drift", required_argument, NULL, OPT_DRIFT},
    {"bytes-per-object", required_argument, NULL, OPT_BYTES},
    {"operations", required_argument, NULL, OPT_OPERATIONS},
    {"oddities", required_argument, NULL, OPT_ODDITIES},
    {"encoding", required_argument, NULL, OPT_ENCODING},
    {"layout", required_argument, NULL, OPT_LAYOUT},
    {"out", required_argument, NULL, OPT_OUT},
    {"expect", required_argument, NULL, OPT_EXPECT},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static enum baton_status
parse_form(struct order *o, int option, const char *value, struct baton_err *err)
{
    static const char *const encodings[3] = {"utf-8", "utf-8-bom", "utf-16le"};
    static const char *const layouts[3] = {"lf", "crlf", "one-line"};
    unsigned index = 0;
    enum baton_status rc = option == OPT_ENCODING
                               ? parse_choice("--encoding", value, encodings, &index, err)
                               : parse_choice("--layout", value, layouts, &index, err);
    if (option == OPT_ENCODING)
        o->encoding = (enum xml_encoding)index;
    else
        o->layout = (enum xml_layout)index;
    return rc;
}

static enum baton_status
parse_option(struct order *o, int option, const char *value, struct baton_err *err)
{
    struct export_recipe *r = &o->recipe;
    uint64_t number = 0;
    enum baton_status rc;
    switch (option) {
    case OPT_OBJECTS:
        return parse_number("--objects", value, 0, OBJECTS_MOST, &r->objects, err);
    case OPT_SEED:
        return parse_number("--seed", value, 0, UINT64_MAX, &r->seed, err);
    case OPT_FIRST:
        return parse_number("--first", value, 0, OBJECTS_MOST, &r->first, err);
    case OPT_DRIFT:
        return parse_number("--drift", value, 0, OBJECTS_MOST, &r->drift, err);
    case OPT_BYTES:
        rc = parse_number("--bytes-per-object", value, BYTES_LEAST, BYTES_MOST, &number, err);
        r->bytes_per_object = (unsigned)number;
        return rc;
    case OPT_SERVER:
        r->server = value;
        return BATON_OK;
    case OPT_OPERATIONS:
        return parse_operations(r, value, err);
    case OPT_ODDITIES:
        return parse_oddities(r, value, err);
    case OPT_ENCODING:
    case OPT_LAYOUT:
        return parse_form(o, option, value, err);
    case OPT_OUT:
        o->out = value;
        return BATON_OK;
    case OPT_EXPECT:
        o->expect = value;
        return BATON_OK;
    default:
        return baton_fail(err, BATON_USAGE, "%s %s; see baton-lab generate --help",
                          option == ':' ? "a value is missing after" : "no such option:", value);
    }
}

static enum baton_status
write_document(const struct order *o, FILE *f, struct export_expect *expect, struct baton_err *err)
{
    struct xml_out *x = NULL;
    enum baton_status rc = xml_out_open(f, o->encoding, o->layout, &x, err);
    if (rc != BATON_OK)
        return rc;
    cs_document_begin(x);
    for (uint64_t i = 0; i < o->recipe.objects && !ferror(f); i++) {
        struct export_object object;
        export_object_make(&o->recipe, o->recipe.first + i, &object);
        export_object_write(x, &o->recipe, &object);
        export_expect_add(expect, &object);
    }
    cs_document_end(x);
    return xml_out_close(&x, err);
}

static enum baton_status
write_to_file(const struct order *o, struct export_expect *expect, struct baton_err *err)
{
    struct draft draft;
    enum baton_status rc = draft_open(&draft, o->out, err);
    if (rc != BATON_OK)
        return rc;
    rc = write_document(o, draft.file, expect, err);
    if (rc != BATON_OK) {
        draft_abandon(&draft);
        return baton_wrap(err, rc, "%s", o->out);
    }
    return draft_commit(&draft, DRAFT_NOW, err);
}

static enum baton_status
write_expect(const char *path, const struct export_expect *expect, struct baton_err *err)
{
    struct draft draft;
    enum baton_status rc = draft_open(&draft, path, err);
    if (rc != BATON_OK)
        return rc;
    json_t *json = export_expect_json(expect);
    int failed = json_dumpf(json, draft.file, JSON_INDENT(1));
    json_decref(json);
    fputc('\n', draft.file);
    if (failed != 0) {
        draft_abandon(&draft);
        return baton_fail(err, BATON_IO, "%s: cannot be written", path);
    }
    return draft_commit(&draft, DRAFT_NOW, err);
}

static enum baton_status
generate(const struct order *o, struct baton_err *err)
{
    struct export_expect expect = {0};
    enum baton_status rc =
        o->out == NULL ? write_document(o, stdout, &expect, err) : write_to_file(o, &expect, err);
    return rc == BATON_OK && o->expect != NULL ? write_expect(o->expect, &expect, err) : rc;
}

int
generate_command(int argc, char **argv)
{
    struct order o = {.encoding = XML_UTF8};
    struct baton_err err;
    enum baton_status rc = BATON_OK;
    export_recipe_default(&o.recipe);
    opterr = 0;
    for (int option;
         rc == BATON_OK && (option = getopt_long(argc, argv, ":", long_options, NULL)) != -1;) {
        if (option == OPT_HELP) {
            printf("usage: baton-lab generate exports [options]\n\n%s", generate_options);
            return 0;
        }
        rc = parse_option(&o, option, option == '?' || option == ':' ? argv[optind - 1] : optarg,
                          &err);
    }
    if (rc == BATON_OK && (argc - optind != 1 || strcmp(argv[optind], "exports") != 0))
        rc = baton_fail(&err, BATON_USAGE, "generate what? exports; see baton-lab generate --help");
    if (rc == BATON_OK)
        rc = generate(&o, &err);
    if (rc == BATON_OK)
        return 0;
    fprintf(stderr, "baton-lab: %s\n", err.text);
    return baton_status_exit_code(rc);
}
