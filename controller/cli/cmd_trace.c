#include "commands.h"
#include "common/crypto/crypto.h"
#include "common/readers/trace_log.h"
#include "common/sha256.h"
#include "finding_view.h"
#include "input.h"
#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 64 * 1024, EVENTS_MAX = 2000, MS_PER_DAY = 86400000 };

/* What an event was told for; of each kind only so many are kept, so that memory does not follow the file. */
enum shown_kind { SHOWN_MARKER, SHOWN_ERROR, SHOWN_WARNING, SHOWN_KINDS };

struct trace_view {
    struct cli *c;
    json_t *files, *events;
    const char *path;         /* being read */
    json_int_t shown;         /* events of this file */
    size_t kept[SHOWN_KINDS]; /* of all files */
    json_int_t left_out;      /* events of this file that no room was for */
    struct baton_hash salt;
};

/* --- events -------------------------------------------------------------------------------------- */

static enum shown_kind
kind_of(const struct trace_event *e)
{
    if (e->level == TRACE_ERROR)
        return SHOWN_ERROR;
    return e->marker != NULL ? SHOWN_MARKER : SHOWN_WARNING;
}

/* "23:59:58.010", of a later day "+1d 00:00:01.250". */
static json_t *
clock_json(const struct trace_event *e)
{
    char text[48], day[16] = "";
    int64_t ms = e->day_ms % MS_PER_DAY;
    if (!e->timed)
        return json_null();
    if (e->day_ms >= MS_PER_DAY)
        (void)snprintf(day, sizeof day, "+%dd ", (int)(e->day_ms / MS_PER_DAY));
    (void)snprintf(text, sizeof text, "%s%02d:%02d:%02d.%03d", day, (int)(ms / 3600000),
                   (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), (int)(ms % 1000));
    return json_string(text);
}

static json_t *
text_or_null(const char *text)
{
    return text == NULL || text[0] == '\0' ? json_null() : plain_json(text);
}

static bool
wants(void *arg, const struct trace_event *e)
{
    struct trace_view *v = arg;
    bool room = v->kept[kind_of(e)] < EVENTS_MAX;
    v->left_out += !room;
    return room;
}

static void
on_event(void *arg, const struct trace_event *e)
{
    struct trace_view *v = arg;
    v->kept[kind_of(e)]++;
    v->shown++;
    json_array_append_new(
        v->events,
        json_pack("{s:o, s:I, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "file", plain_json(v->path),
                  "line", (json_int_t)e->line, "time", clock_json(e), "unix_ms",
                  e->dated ? json_integer(e->unix_ms) : json_null(), "level",
                  trace_level_name(e->level), "marker",
                  text_or_null(e->marker == NULL ? NULL : e->marker->id), "meaning",
                  text_or_null(e->marker == NULL ? NULL : e->marker->meaning), "version",
                  text_or_null(e->version), "wanted", text_or_null(e->wanted), "text",
                  plain_json(e->text)));
}

static void
add_file(struct trace_view *v, const struct trace_summary *s, const struct baton_hash *hash)
{
    char hex[2 * BATON_HASH_BYTES + 1];
    baton_hex(hash->b, sizeof hash->b, hex);
    json_t *o =
        json_pack("{s:o, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "path",
                  plain_json(v->path), "bytes", (json_int_t)s->bytes, "encoding", s->encoding,
                  "sha256", hex, "lines", (json_int_t)s->lines, "records", (json_int_t)s->records,
                  "markers", (json_int_t)s->markers, "warnings", (json_int_t)s->warnings, "errors",
                  (json_int_t)s->errors, "shown", v->shown, "left_out", v->left_out);
    json_object_set_new(o, "untimed", json_integer((json_int_t)s->untimed));
    json_object_set_new(o, "stray_lines", json_integer((json_int_t)s->stray));
    json_object_set_new(o, "cut_lines", json_integer((json_int_t)s->cut));
    json_object_set_new(o, "foreign_bytes", json_integer((json_int_t)s->foreign));
    json_object_set_new(o, "days", json_integer(s->days));
    json_object_set_new(o, "date", text_or_null(s->date));
    json_object_set_new(o, "zone_minutes",
                        s->zone_known ? json_integer(s->zone_minutes) : json_null());
    json_object_set_new(o, "version", text_or_null(s->version));
    json_array_append_new(v->files, o);
}

/* --- files --------------------------------------------------------------------------------------- */

static enum baton_status
read_pieces(struct trace_log *log, FILE *f, struct sha256 *sum, struct baton_err *err)
{
    static char piece[PIECE_BYTES];
    enum baton_status rc = BATON_OK;
    for (size_t n; rc == BATON_OK && (n = fread(piece, 1, sizeof piece, f)) > 0;) {
        sha256_update(sum, piece, n);
        rc = trace_log_push(log, piece, n, err);
    }
    if (rc == BATON_OK && ferror(f))
        rc = baton_fail(err, BATON_IO, "cannot be read to its end");
    return rc;
}

static enum baton_status
read_open(struct trace_view *v, FILE *f, struct baton_err *err)
{
    struct trace_order order = {
        .wants = wants, .visit = on_event, .arg = v, .name = v->path, .salt = v->salt};
    struct trace_log *log = NULL;
    struct trace_summary summary;
    struct sha256 sum;
    struct baton_hash hash;
    sha256_init(&sum);
    v->shown = v->left_out = 0;
    enum baton_status rc = trace_log_open(&order, &log, err);
    if (rc == BATON_OK)
        rc = read_pieces(log, f, &sum, err);
    if (rc == BATON_OK)
        rc = trace_log_finish(log, &summary, err);
    if (rc == BATON_OK) {
        sha256_final(&sum, &hash);
        add_file(v, &summary, &hash);
    }
    trace_log_close(&log);
    return rc;
}

static enum baton_status
read_file(struct trace_view *v, const char *path)
{
    struct baton_err err = {0};
    FILE *f = NULL;
    if (input_open(v->c, path, &f) != BATON_OK || f == NULL) /* whatever was wrong with it */
        return v->c->err.status = BATON_FAILED;
    v->path = path;
    enum baton_status rc = read_open(v, f, &err);
    fclose(f);
    if (rc != BATON_OK)
        return cli_fail(v->c, BATON_FAILED,
                        "%s: %s. Expected is a whole trace log of the wizard "
                        "(trace-YYYYMMDD-HHMMSS.log in ProgramData\\AADConnect)",
                        path, err.text);
    return BATON_OK;
}

/* --- for people ---------------------------------------------------------------------------------- */

static enum baton_status
print_events(const struct trace_view *v)
{
    static const struct column columns[] = {
        {"FILE", "file", COLUMN_TEXT},       {"LINE", "line", COLUMN_TEXT},
        {"TIME", "time", COLUMN_TEXT},       {"UTC", "unix_ms", COLUMN_TIME},
        {"LEVEL", "level", COLUMN_TEXT},     {"MARKER", "marker", COLUMN_TEXT},
        {"VERSION", "version", COLUMN_TEXT}, {"WANTED", "wanted", COLUMN_TEXT},
        {"TEXT", "text", COLUMN_TEXT},
    };
    return output_list(v->c, columns, ARRAY_LEN(columns), v->events);
}

static void
print_summary(const struct trace_view *v, const json_t *file)
{
    const char *version = json_text(file, "version"), *date = json_text(file, "date");
    const json_t *zone = json_at(file, "zone_minutes");
    int64_t minutes = json_number(file, "zone_minutes"), left = json_number(file, "left_out");
    output_show(v->c, "%s: wizard %s, %s", json_text(file, "path"),
                version[0] == '\0' ? "of unknown version" : version,
                date[0] == '\0' ? "on an unknown day" : date);
    if (json_is_integer(zone))
        output_show(v->c, " at UTC%+03d:%02d", (int)(minutes / 60), (int)llabs(minutes % 60));
    else
        output_show(v->c, " in an unknown zone");
    output_show(v->c, "; %" PRId64 " records, %" PRId64 " errors, %" PRId64 " warnings\n",
                json_number(file, "records"), json_number(file, "errors"),
                json_number(file, "warnings"));
    if (left > 0)
        output_show(v->c, "%" PRId64 " events are not shown: of each kind at most %d are kept\n",
                    left, EVENTS_MAX);
}

/* The events of one file; they stand one after another. */
static enum baton_status
print_file(const struct trace_view *v, const json_t *file, size_t *first)
{
    static const struct column columns[] = {
        {"LINE", "line", COLUMN_TEXT},   {"TIME", "time", COLUMN_TEXT},
        {"LEVEL", "level", COLUMN_TEXT}, {"MARKER", "marker", COLUMN_TEXT},
        {"TEXT", "text", COLUMN_TEXT},
    };
    json_t *events = json_array();
    size_t end = *first + (size_t)json_number(file, "shown");
    for (; *first < end; (*first)++)
        json_array_append(events, json_array_get(v->events, *first));
    print_summary(v, file);
    enum baton_status rc = output_list(v->c, columns, ARRAY_LEN(columns), events);
    json_decref(events);
    putchar('\n');
    return rc;
}

static enum baton_status
print_table(const struct trace_view *v)
{
    enum baton_status rc = BATON_OK;
    size_t i, first = 0;
    json_t *file;
    json_array_foreach(v->files, i, file)
    {
        if (rc == BATON_OK)
            rc = print_file(v, file, &first);
    }
    puts("Display only: a log gates nothing. Texts are redacted; equal digests are equal names in "
         "this output alone.");
    return rc;
}

static enum baton_status
print_view(const struct trace_view *v)
{
    switch (v->c->output) {
    case OUTPUT_TABLE:
        return print_table(v);
    case OUTPUT_CSV:
    case OUTPUT_JSONL:
        return print_events(v);
    case OUTPUT_JSON:
    case OUTPUT_HTML: /* refused before */
        break;
    }
    json_t *o = json_pack("{s:O, s:O}", "files", v->files, "events", v->events);
    output_json(o);
    json_decref(o);
    return BATON_OK;
}

enum baton_status
cmd_trace_show(struct cli *c)
{
    struct trace_view v = {.c = c, .files = json_array(), .events = json_array()};
    enum baton_status rc = BATON_OK;
    crypto_random(v.salt.b, sizeof v.salt.b);
    for (unsigned i = 0; rc == BATON_OK && i < c->args.count; i++)
        rc = read_file(&v, cli_arg(c, i));
    if (rc == BATON_OK)
        rc = print_view(&v);
    json_decref(v.files);
    json_decref(v.events);
    return rc;
}
