#include "live.h"

#include "client.h"
#include "controller/core/handoff.h"
#include "output.h"
#include "settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { REDRAW_MS = 2000, POLL_MS = 250, EVENT_BYTES = 262144 };

static uint64_t
now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
sleep_ms(long ms)
{
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&ts, NULL);
}

struct live {
    struct cli *c;
    enum baton_status (*draw)(struct cli *c);
    enum baton_status rc;
    uint64_t until_ms, drawn_ms;
    bool dirty;
    char last_id[24];
    char *text; /* of the event that is being received */
    size_t len;
};

static void
draw(struct live *l)
{
    fputs("\033[H\033[2J\033[3J", stdout);
    l->rc = l->draw(l->c);
    fflush(stdout);
    l->drawn_ms = now_ms();
    l->dirty = false;
}

static void
print_event(const struct live *l, const json_t *event)
{
    char time[32], text[300];
    const struct column columns[] = {{"", "unix_ms", COLUMN_TIME}, {"", "text", COLUMN_TEXT}};
    if (l->c->output == OUTPUT_JSON || l->c->output == OUTPUT_JSONL) {
        json_dumpf(event, stdout, JSON_COMPACT);
        putchar('\n');
        return;
    }
    output_cell(event, &columns[0], time, sizeof time);
    output_cell(event, &columns[1], text, sizeof text);
    printf("%s  %8" PRId64 "  %-11s %s%s%s  %s\n", time, json_number(event, "seq"),
           json_text(event, "type"), json_text(event, "from"),
           json_text(event, "to")[0] != '\0' ? "->" : "", json_text(event, "to"), text);
}

/* One event: lines "id: 12", "data: {...}". */
static void
take_event(struct live *l)
{
    for (char *line = l->text; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        if (end != NULL)
            *end = '\0';
        if (strncmp(line, "id: ", 4) == 0)
            snprintf(l->last_id, sizeof l->last_id, "%s", line + 4);
        if (strncmp(line, "data: ", 6) == 0) {
            json_t *event = json_loads(line + 6, 0, NULL);
            l->dirty = true;
            if (event != NULL && !l->c->terminal)
                print_event(l, event);
            json_decref(event);
        }
        line = end != NULL ? end + 1 : NULL;
    }
    if (!l->c->terminal)
        fflush(stdout);
}

static bool
on_bytes(void *ctx, const char *bytes, size_t len)
{
    struct live *l = ctx;
    for (size_t i = 0; i < len; i++) {
        if (l->len + 2 > EVENT_BYTES)
            return false; /* no event is that long */
        l->text[l->len++] = bytes[i];
        l->text[l->len] = '\0';
        if (l->len >= 2 && l->text[l->len - 1] == '\n' && l->text[l->len - 2] == '\n') {
            take_event(l);
            l->len = 0;
            l->text[0] = '\0';
        }
    }
    return true;
}

static bool
on_tick(void *ctx)
{
    struct live *l = ctx;
    if (l->c->terminal && (l->dirty || now_ms() - l->drawn_ms >= REDRAW_MS))
        draw(l);
    return l->rc == BATON_OK && (l->until_ms == 0 || now_ms() < l->until_ms);
}

/* The stream has a connection of its own: drawing asks the controller meanwhile. */
static enum baton_status
stream_once(struct live *l, const char *query)
{
    struct cli stream = {.config = l->c->config};
    struct http_answer answer;
    char path[CLIENT_PATH_BYTES];
    enum baton_status rc = client_open(&stream);
    snprintf(path, sizeof path, "/api/v1/events%s%s", query[0] != '\0' ? "?" : "", query);
    struct http_sink sink = {.ctx = l, .bytes = on_bytes, .tick = on_tick};
    struct http_request q = {
        .method = "GET", .path = path, .last_event = l->last_id[0] != '\0' ? l->last_id : NULL};
    if (rc == BATON_OK)
        rc = http_stream(stream.http, &q, &sink, &answer, &stream.err);
    if (rc == BATON_OK && answer.status != 200)
        rc = client_refused(&stream, &answer);
    if (rc != BATON_OK)
        l->c->err = stream.err;
    else
        http_answer_done(&answer);
    json_decref(stream.problem);
    http_close(&stream.http);
    return rc;
}

enum baton_status
live_watch(struct cli *c, enum baton_status (*draw_once)(struct cli *c), const char *query)
{
    struct live l = {.c = c, .draw = draw_once, .dirty = true};
    enum baton_status rc = BATON_OK;
    l.until_ms = cli_has(c, "timeout") ? now_ms() + c->timeout_ms : 0;
    l.text = calloc(1, EVENT_BYTES);
    if (l.text == NULL)
        return cli_fail(c, BATON_NOMEM, "watch");
    if (!c->terminal) /* what there is now; then line by line */
        l.rc = l.draw(c);
    while (l.rc == BATON_OK && (l.until_ms == 0 || now_ms() < l.until_ms)) {
        rc = stream_once(&l, query);
        if (rc != BATON_OK && rc != BATON_UNREACHABLE && rc != BATON_TIMEOUT)
            break;
        if (on_tick(&l))
            sleep_ms(1000); /* the controller restarts: come back */
        rc = BATON_OK;
    }
    free(l.text);
    return l.rc != BATON_OK ? l.rc : rc;
}

/* --- waiting for a state ---------------------------------------------------------------------- */

static const char *const path_codes[] = {"P1", "P2", "S1", "S2", "S3", "S4", "S5", "S6",
                                         "C1", "C2", "C3", "C4", "C5", "D1", "D2", "D3"};

static int
place_of(const char *code)
{
    for (size_t i = 0; i < ARRAY_LEN(path_codes); i++)
        if (strcasecmp(path_codes[i], code) == 0)
            return (int)i;
    return -1;
}

static bool
state_fits(const char *code, const char *title, const char *states, bool or_later)
{
    char one[64];
    while (*states != '\0') {
        size_t n = strcspn(states, ",");
        snprintf(one, sizeof one, "%.*s", (int)n, states);
        if (strcasecmp(one, code) == 0 || strcasecmp(one, title) == 0)
            return true;
        if (or_later && place_of(one) >= 0 && place_of(code) > place_of(one))
            return true;
        states += n + (states[n] == ',');
    }
    return false;
}

/* Where a cutover does not go on by itself. */
static bool
needs_people(const char *code)
{
    return strcmp(code, "X1") == 0 || strcmp(code, "X3") == 0 || strcmp(code, "X5") == 0;
}

/* X2 goes on by itself once a server's evidence, or people's word for it, is in: only while that is what
 * is missing are people needed. The answer is what `explain` says. */
static enum baton_status
judge_fencing(struct cli *c, const char *cutover_id, bool *ret_done)
{
    json_t *why;
    enum baton_status rc = client_get(c, &why, "/api/v1/cutovers/%s/explain", cutover_id);
    if (rc != BATON_OK)
        return rc;
    const char *fact = json_string_value(json_array_get(json_object_get(why, "facts"), 0));
    *ret_done = strcmp(json_text(why, "guard"), guard_name(G_OLD_STOPPED)) == 0;
    if (*ret_done)
        rc = cli_fail(c, BATON_WAITING, "it is in X2 (%s): %s", json_text(why, "title"),
                      fact != NULL ? fact : json_text(why, "next"));
    json_decref(why);
    return rc;
}

static enum baton_status
judge_state(struct cli *c, const json_t *cutover, const char *states, bool or_later, bool *ret_done)
{
    const char *code = json_text(cutover, "state.code"), *title = json_text(cutover, "state.title");
    *ret_done = true;
    if (state_fits(code, title, states, or_later))
        return BATON_OK;
    if (needs_people(code))
        return cli_fail(c, BATON_WAITING, "it is in %s (%s) and waits for people", code, title);
    if (strcmp(code, "X2") == 0)
        return judge_fencing(c, json_text(cutover, "id"), ret_done);
    if (json_flag(cutover, "state.terminal"))
        return cli_fail(c, BATON_FAILED, "it ended in %s (%s)", code, title);
    *ret_done = false;
    return BATON_OK;
}

enum baton_status
live_wait(struct cli *c, const char *cutover_id, const char *states, bool reached_or_later)
{
    uint64_t until = now_ms() + c->timeout_ms;
    char code[16] = "";
    for (;;) {
        json_t *cutover;
        bool done;
        enum baton_status rc = client_get(c, &cutover, "/api/v1/cutovers/%s", cutover_id);
        if (rc != BATON_OK)
            return rc;
        rc = judge_state(c, cutover, states, reached_or_later, &done);
        if (strcmp(code, json_text(cutover, "state.code")) != 0)
            output_say(c, "%s %s", json_text(cutover, "state.code"),
                       json_text(cutover, "state.title"));
        fflush(stdout);
        snprintf(code, sizeof code, "%s", json_text(cutover, "state.code"));
        json_decref(cutover);
        if (done)
            return rc;
        if (now_ms() >= until)
            return cli_fail(c, BATON_TIMEOUT, "still in %s; see baton cutover explain", code);
        sleep_ms(POLL_MS);
    }
}
