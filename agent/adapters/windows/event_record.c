#include "event_record.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/readers/psjson.h"
#include "common/readers/xml.h"
#include "common/text.h"

static const char service_manager[] = "Service Control Manager";
enum { EVENT_ID_STATE = 7036, EVENT_ID_START_TYPE = 7040, EVENT_ID_INSTALLED = 7045 };
/* What the service manager writes behind the name of a service whose state it tells. */
static const char says_stopped = '1', says_running = '4';

/* --- the log's XML ------------------------------------------------------------------------------- */

struct reading {
    struct event_record *event;
    char leaf[EVENT_BINARY_BYTES];
    size_t leaf_len;
    bool is_event, in_data; /* below EventData or UserData */
};

static void
copy_attribute(const char **attributes, const char *name, char *out, size_t cap)
{
    const char *value = xml_attribute(attributes, name);
    text_copy(out, cap, value == NULL ? "" : value);
}

static void
on_start(void *ctx, int depth, const char *name, const char **attributes)
{
    struct reading *r = ctx;
    struct event_record *e = r->event;
    r->leaf_len = 0;
    if (depth == 1)
        r->is_event = strcmp(name, "Event") == 0;
    if (depth == 2)
        r->in_data = strcmp(name, "EventData") == 0 || strcmp(name, "UserData") == 0;
    if (depth != 3 || r->in_data)
        return;
    if (strcmp(name, "Provider") == 0)
        copy_attribute(attributes, "Name", e->source, sizeof e->source);
    if (strcmp(name, "Security") == 0)
        copy_attribute(attributes, "UserID", e->sid, sizeof e->sid);
    if (strcmp(name, "TimeCreated") == 0) {
        char text[64];
        int64_t unix_ms;
        copy_attribute(attributes, "SystemTime", text, sizeof text);
        e->unix_ms = ps_text_date(text, &unix_ms) && unix_ms > 0 ? (uint64_t)unix_ms : 0;
    }
}

static void
on_text(void *ctx, const char *text, size_t len)
{
    struct reading *r = ctx;
    size_t room = sizeof r->leaf - 1 - r->leaf_len;
    len = len < room ? len : room;
    memcpy(r->leaf + r->leaf_len, text, len);
    r->leaf_len += len;
}

static void
on_end(void *ctx, int depth, const char *name)
{
    struct reading *r = ctx;
    struct event_record *e = r->event;
    r->leaf[r->leaf_len] = '\0';
    if (depth == 3 && !r->in_data && strcmp(name, "EventID") == 0)
        e->id = (uint32_t)strtoul(r->leaf, NULL, 10);
    if (depth == 3 && r->in_data && strcmp(name, "Binary") == 0)
        snprintf(e->binary, sizeof e->binary, "%s", r->leaf);
    else if (depth >= 3 && r->in_data && r->leaf_len > 0 && e->data_count < EVENT_DATA_MAX)
        text_copy(e->data[e->data_count++], NAME_BYTES, r->leaf);
    r->leaf_len = 0;
}

enum baton_status
event_record_read(const char *utf8, size_t len, struct event_record *ret_event,
                  struct baton_err *err)
{
    struct reading r = {.event = ret_event};
    struct xml_handler handler = {&r, on_start, on_text, on_end};
    struct xml *xml = NULL;
    *ret_event = (struct event_record){0};
    enum baton_status rc = xml_open(&handler, &xml, err);
    if (rc == BATON_OK)
        rc = xml_push(xml, utf8, len, err);
    if (rc == BATON_OK)
        rc = xml_finish(xml, err);
    xml_close(&xml);
    if (rc == BATON_OK && (!r.is_event || ret_event->unix_ms == 0 || ret_event->id == 0 ||
                           ret_event->source[0] == '\0'))
        rc = baton_fail(err, BATON_MALFORMED, "an event without time, source or number");
    return rc;
}

/* --- services ------------------------------------------------------------------------------------ */

/* "name/4" in UTF-16, as hexadecimal digits: the last character; '\0': it is not about that service. */
static char
state_digit(const char *hex, const char *service_name)
{
    char name[NAME_BYTES + 2];
    uint8_t pair[2];
    size_t n = 0;
    for (; n + 1 < sizeof name && strlen(hex) >= 4; hex += 4) {
        char four[5];
        snprintf(four, sizeof four, "%.4s", hex);
        if (!baton_unhex(four, pair, 2) || pair[1] != 0 || pair[0] == 0)
            break;
        memcpy(&name[n++], pair, 1);
    }
    name[n] = '\0';
    size_t len = strlen(service_name);
    if (n != len + 2 || strncmp(name, service_name, len) != 0 || name[len] != '/')
        return '\0';
    return name[n - 1];
}

static bool
says(const struct event_record *e, size_t at, const char *text)
{
    return at < e->data_count && text[0] != '\0' && strcmp(e->data[at], text) == 0;
}

static enum event_what
about_state(const struct event_record *e, const char *service_name, const char *display_name)
{
    char digit = state_digit(e->binary, service_name);
    if (digit == says_stopped)
        return EVENT_STOPPED;
    if (digit == says_running)
        return EVENT_STARTED;
    return digit != '\0' || says(e, 0, display_name) ? EVENT_STATE : EVENT_OTHER;
}

enum event_what
event_about(const struct event_record *e, const char *service_name, const char *display_name)
{
    if (strcmp(e->source, service_manager) != 0)
        return EVENT_OTHER;
    bool named = says(e, 0, display_name) || says(e, 0, service_name);
    switch (e->id) {
    case EVENT_ID_STATE:
        return about_state(e, service_name, display_name);
    case EVENT_ID_START_TYPE: /* newer systems put the service's own name last */
        return named || says(e, 3, service_name) ? EVENT_START_TYPE : EVENT_OTHER;
    case EVENT_ID_INSTALLED:
        return named ? EVENT_INSTALLED : EVENT_OTHER;
    default:
        return EVENT_OTHER;
    }
}

void
event_sentence(const struct event_record *e, char out[EVENT_SENTENCE_BYTES])
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < e->data_count && len < EVENT_SENTENCE_BYTES; i++) {
        int n =
            snprintf(out + len, EVENT_SENTENCE_BYTES - len, "%s%s", i == 0 ? "" : ", ", e->data[i]);
        len += n < 0 ? 0 : (size_t)n;
    }
}

/* --- the newest ---------------------------------------------------------------------------------- */

static bool
is_managers(const struct event_line *line)
{
    return strcmp(line->source, service_manager) == 0;
}

/* The oldest of those that have more than half of the places. */
static size_t
least(const struct event_list *list)
{
    size_t managers = 0, i = list->count - 1;
    for (size_t n = 0; n < list->count; n++)
        managers += is_managers(&list->line[n]);
    bool manager = managers > EVENT_LIST_MAX / 2;
    while (is_managers(&list->line[i]) != manager)
        i--;
    return i;
}

static void
drop(struct event_list *list, size_t at)
{
    list->count--;
    memmove(&list->line[at], &list->line[at + 1], (list->count - at) * sizeof list->line[0]);
}

/* A log that is read anew says what it said before. */
static bool
is_listed(const struct event_list *list, size_t at, const struct event_line *line)
{
    for (; at < list->count && list->line[at].unix_ms == line->unix_ms; at++)
        if (list->line[at].id == line->id && strcmp(list->line[at].source, line->source) == 0 &&
            strcmp(list->line[at].text, line->text) == 0)
            return true;
    return false;
}

void
event_list_add(struct event_list *list, const struct event_line *line)
{
    size_t at = 0;
    while (at < list->count && list->line[at].unix_ms > line->unix_ms)
        at++;
    if (is_listed(list, at, line))
        return;
    memmove(&list->line[at + 1], &list->line[at], (list->count - at) * sizeof list->line[0]);
    list->line[at] = *line;
    list->count++;
    if (list->count > EVENT_LIST_MAX)
        drop(list, least(list));
}

char *
event_list_json(const struct event_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const struct event_line *l = &list->line[i];
        json_t *object = json_pack("{s:I,s:s,s:i,s:s,s:s}", "at", (json_int_t)l->unix_ms, "source",
                                   l->source, "id", (int)l->id, "text", l->text, "by", l->by);
        if (json_array_append_new(array, object) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    char *text = json_dumps(array, JSON_COMPACT);
    json_decref(array);
    return text;
}
