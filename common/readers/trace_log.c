#include "trace_log.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "psjson.h"
#include "text_lines.h"

enum {
    DAY_MS = 86400000,
    HOUR_MS = 3600000,
    MINUTE_MS = 60000,
    ZONE_HOURS_MAX = 14,
    UNTIMED = -1,
    TRACE_PATTERN_BYTES = 96
};

// clang-format off
static const struct trace_marker markers[] = {
    { "started",             "Application starting*",                                       "the wizard was started" },
    { "version",             "Application Version: *",                                      "the version of the wizard" },
    { "opened",              "Opened log file at path *",                                   "somebody opened the log from the wizard" },
    { "changes-allowed",     "AADConnect changes ALLOWED*",                                 "no other wizard is open" },
    { "changes-refused",     "AADConnect changes *",                                        "another wizard, or a cycle, holds the configuration" },

    { "error-page",          "Page transition from * to * [ErrorPageViewModel]*",           "the wizard showed its error page" },
    { "page",                "Page transition from *",                                      "somebody went on to another page: the task that was chosen" },

    { "dirsync-check",       "Checking for DirSync conditions*",                            "the wizard looks for DirSync" },
    { "dirsync-absent",      "DirSync not detected*",                                       "no DirSync: the wizard offers a new installation or an upgrade of Connect, never the DirSync path" },
    { "dirsync-present",     "*Product Microsoft Directory Sync Tool (version *) is installed*","DirSync is installed, in this version" },
    { "dirsync-tool-absent", "*Product Microsoft Directory Sync Tool is not installed*",    "DirSync is not installed on this server" },
    { "dirsync-registered",  "*{bef7e7d9-2ac2-44b9-abfc-3335222b92a7}: verified product code*", "a package of DirSync is registered" },
    { "dirsync-registered",  "*{dc9e604e-37b0-4efc-b429-21721cf49d0d}: verified product code*", "a package of DirSync is registered" },
    { "engine-registered",   "*{545334d7-13cd-4bab-8da1-2775fa8cf7c2}: verified product code*", "a package of the sync engine is registered" },

    { "upgrade-needed",      "*Product * (version *) is installed, needs to be upgraded to version *", "an installed part is older than the wizard's own: the wizard upgrades it" },
    { "engine-absent",       "*Product Azure AD Sync Engine is not installed*",             "no sync engine: this is a new installation" },
    { "installed",           "*Product * (version *) is installed*",                        "a part is installed, in this version" },
    { "clean-install",       "Sync engine is * Performing clean install*",                  "the wizard makes a new installation" },
    { "upgrade",             "Sync engine is * Performing *upgrade*",                       "the wizard upgrades what is there" },
    { "incomplete",          "Initial configuration is incomplete*",                        "an earlier first configuration was not finished" },

    { "result",              "*result of installation operations - *",                      "how the configuration ended" },
    { "failed",              "ExecuteADSyncConfiguration: configuration failed*",           "the configuration failed" },
    { "staging",             "*staging mode*",                                              "staging mode: was read or changed" },
    { "staging",             "*Staging mode*",                                              "staging mode: was read or changed" },
    { "staging",             "*Staging Mode*",                                              "staging mode: was read or changed" },
    { "staging",             "*StagingMode*",                                               "staging mode: was read or changed" },
    { "tenant-state",        "*DirectorySynchronizationEnabled=*",                          "whether synchronization is on in the tenant, as the wizard read it" },
};
// clang-format on

const struct trace_marker *
trace_markers(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(markers);
    return markers;
}

const char *
trace_level_name(enum trace_level l)
{
    static const char *const names[] = {"info", "verbose", "warning", "error", "other"};
    return names[l];
}

struct trace_log {
    struct trace_order order;
    struct trace_summary sum;
    struct text_lines lines;
    bool open, tail_over; /* a record is being put together; its stack trace has begun */
    struct trace_event event;
    size_t len;
    char message[TRACE_MESSAGE_BYTES];
    int64_t last_ms, first_day_ms; /* Unix ms of midnight, as if local were UTC; UNTIMED: unknown */
    int64_t local_ms, utc_ms;      /* of the banner */
};

/* --- one line ------------------------------------------------------------------------------------ */

/* 0 is a digit; any other character is itself. */
static bool
looks_like(const char *text, const char *shape)
{
    for (; *shape != '\0'; text++, shape++)
        if (*shape == '0' ? !isdigit((unsigned char)*text) : *text != *shape)
            return false;
    return true;
}

static int64_t
number_at(const char *text, size_t digits)
{
    int64_t n = 0;
    for (size_t i = 0; i < digits; i++)
        n = n * 10 + (text[i] - '0');
    return n;
}

static const char *
skip_blanks(const char *text)
{
    return text + strspn(text, " ");
}

/* "[HH:MM:SS.mmm] ", or nothing of the kind. */
static int64_t
take_time(const char **at)
{
    const char *t = *at;
    if (!looks_like(t, "[00:00:00.000]"))
        return UNTIMED;
    int64_t h = number_at(t + 1, 2), m = number_at(t + 4, 2), s = number_at(t + 7, 2);
    if (h > 23 || m > 59 || s > 60)
        return UNTIMED;
    *at = skip_blanks(t + strlen("[00:00:00.000]"));
    return ((h * 60 + m) * 60 + s) * 1000 + number_at(t + 10, 3);
}

static bool
take_thread(const char **at)
{
    const char *t = *at;
    if (*t != '[')
        return false;
    t = skip_blanks(t + 1);
    size_t digits = strspn(t, "0123456789");
    if (digits == 0 || t[digits] != ']')
        return false;
    *at = skip_blanks(t + digits + 1);
    return true;
}

static bool
take_level(const char **at, enum trace_level *ret_level)
{
    static const char *const words[] = {"INFO", "VERB", "WARN", "ERROR"};
    const char *t = *at + 1;
    size_t len = **at == '[' ? strspn(t, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") : 0;
    const char *end = skip_blanks(t + len);
    if (len == 0 || *end != ']')
        return false;
    *ret_level = TRACE_OTHER;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strlen(words[i]) == len && strncmp(t, words[i], len) == 0)
            *ret_level = (enum trace_level)i;
    *at = skip_blanks(end + 1);
    return true;
}

/* A record whose time stamp is missing has its thread and level still. */
static bool
record_begins(const char *line, int64_t *ret_ms, enum trace_level *ret_level,
              const char **ret_message)
{
    const char *at = line;
    *ret_ms = take_time(&at);
    if (!take_thread(&at) || !take_level(&at, ret_level))
        return false;
    *ret_message = at;
    return true;
}

static bool
is_stack(const char *line)
{
    return strncmp(line, "at ", 3) == 0 || strncmp(line, "---", 3) == 0 ||
           strncmp(line, "Parameter name:", 15) == 0 || line[0] == '<';
}

/* --- what a message says ------------------------------------------------------------------------- */

/* A star stands at the end of every pattern. What is between stars is looked for from left to right. */
static bool
matches(const char *pattern, const char *text)
{
    char part[TRACE_PATTERN_BYTES];
    for (bool first = true; *pattern != '\0'; first = false) {
        size_t n = strcspn(pattern, "*");
        BATON_ASSERT(n < sizeof part);
        memcpy(part, pattern, n);
        part[n] = '\0';
        const char *at = first ? strncmp(text, part, n) == 0 ? text : NULL : strstr(text, part);
        if (at == NULL)
            return false;
        text = at + n;
        pattern += n + (pattern[n] == '*');
    }
    return true;
}

static const struct trace_marker *
marker_of(const char *message)
{
    for (size_t i = 0; i < ARRAY_LEN(markers); i++)
        if (matches(markers[i].pattern, message))
            return &markers[i];
    return NULL;
}

/* The next "version 1.2.3" from here on; where it ends, NULL: there is none. */
static const char *
take_version(const char *text, char out[TRACE_VERSION_BYTES])
{
    const char *at = text == NULL ? NULL : strstr(text, "ersion");
    if (at == NULL)
        return NULL;
    at += strlen("ersion");
    at += strspn(at, ": ");
    size_t n = strspn(at, "0123456789.");
    const char *end = at + n;
    while (n > 0 && at[n - 1] == '.')
        n--;
    if (n == 0 || n >= TRACE_VERSION_BYTES)
        return NULL;
    memcpy(out, at, n);
    out[n] = '\0';
    return end;
}

/* --- days ---------------------------------------------------------------------------------------- */

/* Days since 1970-01-01 as a date; Howard Hinnant's algorithm, for years from 1970 on. */
static void
date_text(int64_t midnight_ms, char out[TRACE_DATE_BYTES])
{
    int64_t z = midnight_ms / DAY_MS + 719468, era = z / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
    char wide[64];
    (void)snprintf(wide, sizeof wide, "%04" PRId64 "-%02" PRId64 "-%02" PRId64,
                   yoe + era * 400 + (month <= 2), month, day);
    text_copy(out, TRACE_DATE_BYTES, wide);
}

/* "Fri, 08 May 2020 22:30:12 GMT", as if it were UTC. */
static int64_t
banner_moment(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *at = strchr(text, ',');
    char iso[32], month[4] = "";
    int64_t unix_ms;
    at = at == NULL ? "" : skip_blanks(at + 1);
    if (!looks_like(at, "00 ") || strlen(at) < strlen("08 May 2020 22:30:12"))
        return UNTIMED;
    memcpy(month, at + 3, 3);
    const char *found = strstr(months, month);
    if (found == NULL || (found - months) % 3 != 0 || !looks_like(at + 6, " 0000 00:00:00"))
        return UNTIMED;
    (void)snprintf(iso, sizeof iso, "%.4s-%02d-%.2s %.8s", at + 7, (int)(found - months) / 3 + 1,
                   at, at + 12);
    return ps_text_date(iso, &unix_ms) ? unix_ms : UNTIMED;
}

/* The banner calls both times GMT; only the second is. */
static void
read_banner(struct trace_log *t)
{
    static const char local[] = "Start Time (Local):", utc[] = "Start Time (UTC):";
    if (strncmp(t->message, local, strlen(local)) == 0)
        t->local_ms = banner_moment(t->message);
    else if (strncmp(t->message, utc, strlen(utc)) == 0)
        t->utc_ms = banner_moment(t->message);
    else
        return;
    if (t->local_ms == UNTIMED)
        return;
    int64_t apart = t->local_ms - t->utc_ms;
    t->first_day_ms = t->local_ms / DAY_MS * DAY_MS - (int64_t)(t->sum.days - 1) * DAY_MS;
    date_text(t->first_day_ms, t->sum.date);
    t->sum.zone_known = t->utc_ms != UNTIMED && llabs(apart) <= (int64_t)ZONE_HOURS_MAX * HOUR_MS;
    t->sum.zone_minutes = t->sum.zone_known ? (int)(apart / MINUTE_MS) : 0;
}

/* trace-20260701-223012.log */
static void
read_name(struct trace_log *t, const char *name)
{
    const char *slash = name == NULL ? NULL : strrchr(name, '/');
    char iso[32];
    int64_t unix_ms;
    name = name == NULL ? "" : slash != NULL ? slash + 1 : name;
    if (!looks_like(name, "trace-00000000-"))
        return;
    (void)snprintf(iso, sizeof iso, "%.4s-%.2s-%.2s 00:00:00", name + 6, name + 10, name + 12);
    if (!ps_text_date(iso, &unix_ms))
        return;
    t->first_day_ms = unix_ms;
    date_text(unix_ms, t->sum.date);
}

/* Threads write a little out of order; a clock that falls by half a day has passed midnight. */
static void
record_time(struct trace_log *t, int64_t ms)
{
    struct trace_event *e = &t->event;
    if (ms == UNTIMED) {
        t->sum.untimed++;
        return;
    }
    t->sum.days += t->last_ms != UNTIMED && ms + DAY_MS / 2 < t->last_ms;
    t->last_ms = ms;
    e->timed = true;
    e->day_ms = ms + (int64_t)(t->sum.days - 1) * DAY_MS;
}

/* --- records ------------------------------------------------------------------------------------- */

static void
record_over(struct trace_log *t)
{
    struct trace_event *e = &t->event;
    if (!t->open)
        return;
    t->open = false;
    read_banner(t);
    e->marker = marker_of(t->message);
    t->sum.markers += e->marker != NULL;
    t->sum.warnings += e->level == TRACE_WARNING;
    t->sum.errors += e->level == TRACE_ERROR;
    if (e->marker == NULL && e->level != TRACE_WARNING && e->level != TRACE_ERROR)
        return;
    if (e->marker != NULL)
        (void)take_version(take_version(t->message, e->version), e->wanted);
    if (e->marker != NULL && strcmp(e->marker->id, "version") == 0)
        text_copy(t->sum.version, sizeof t->sum.version, e->version);
    e->dated = e->timed && t->sum.zone_known;
    if (e->dated)
        e->unix_ms = t->first_day_ms + e->day_ms - (int64_t)t->sum.zone_minutes * MINUTE_MS;
    if (t->order.wants != NULL && !t->order.wants(t->order.arg, e))
        return;
    redact(t->message, &t->order.salt, e->text, sizeof e->text);
    t->order.visit(t->order.arg, e);
}

static void
append(struct trace_log *t, const char *text)
{
    size_t room = sizeof t->message - 1 - t->len, len = strlen(text);
    if (t->len > 0 && room > 0) {
        t->message[t->len++] = ' ';
        room--;
    }
    len = len < room ? len : room;
    memcpy(t->message + t->len, text, len);
    t->len += len;
    t->message[t->len] = '\0';
}

static void
continue_record(struct trace_log *t, const char *line)
{
    line = skip_blanks(line);
    t->tail_over = t->tail_over || is_stack(line);
    if (!t->open)
        t->sum.stray += *line != '\0';
    else if (!t->tail_over && *line != '\0')
        append(t, line);
}

static enum baton_status
on_line(void *ctx, const char *line, size_t len, bool cut, struct baton_err *err)
{
    struct trace_log *t = ctx;
    enum trace_level level;
    const char *message;
    int64_t ms;
    (void)len;
    (void)err;
    t->sum.cut += cut;
    if (!record_begins(skip_blanks(line), &ms, &level, &message)) {
        continue_record(t, line);
        return BATON_OK;
    }
    record_over(t);
    t->open = true;
    t->tail_over = false;
    t->event = (struct trace_event){.line = t->lines.lines, .level = level};
    t->sum.records++;
    record_time(t, ms);
    t->len = 0;
    t->message[0] = '\0';
    append(t, message);
    return BATON_OK;
}

/* --- the whole ----------------------------------------------------------------------------------- */

enum baton_status
trace_log_open(const struct trace_order *order, struct trace_log **ret_log, struct baton_err *err)
{
    struct trace_log *t = malloc(sizeof *t);
    if (t == NULL)
        return baton_fail(err, BATON_NOMEM, "trace log");
    *t = (struct trace_log){.order = *order,
                            .sum = {.days = 1},
                            .last_ms = UNTIMED,
                            .first_day_ms = UNTIMED,
                            .local_ms = UNTIMED,
                            .utc_ms = UNTIMED};
    text_lines_init(&t->lines, &(struct text_line_sink){t, on_line});
    read_name(t, order->name);
    *ret_log = t;
    return BATON_OK;
}

enum baton_status
trace_log_push(struct trace_log *t, const void *bytes, size_t len, struct baton_err *err)
{
    return text_lines_push(&t->lines, bytes, len, err);
}

enum baton_status
trace_log_finish(struct trace_log *t, struct trace_summary *ret_summary, struct baton_err *err)
{
    enum baton_status rc = text_lines_finish(&t->lines, err);
    if (rc != BATON_OK)
        return rc;
    record_over(t);
    t->sum.bytes = t->lines.bytes;
    t->sum.lines = t->lines.lines;
    t->sum.foreign = t->lines.foreign;
    t->sum.encoding = text_encoding_name(t->lines.encoding);
    if (t->sum.records == 0)
        return baton_fail(err, BATON_MALFORMED,
                          "not one record `[HH:MM:SS.mmm] [thread] [LEVEL] message` in %" PRIu64
                          " lines",
                          t->sum.lines);
    *ret_summary = t->sum;
    return BATON_OK;
}

void
trace_log_close(struct trace_log **t)
{
    free(*t);
    *t = NULL;
}
