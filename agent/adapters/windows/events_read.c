#include "events_read.h"

#include <winsock2.h>

#include <windows.h>

#include <sddl.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <winevt.h>

#include "account_names.h"
#include "common/text.h"
#include "event_record.h"
#include "win_text.h"

enum { XML_UNITS_MAX = 65536, BATCH = 16, NEXT_MS = 5000, UNITS = 512 };
_Static_assert((int)EVENTS_KEPT == (int)EVENT_LIST_MAX, "what is kept is what is answered");

/* The logs, and what of them is of interest. A provider that is not there asks for nothing. */
// clang-format off
static const struct log_row {
    const wchar_t *channel, *query;
} logs[] = {
    { L"System",
      L"*[System[Provider[@Name='Service Control Manager'] and (EventID=7036 or EventID=7040 or EventID=7045)]]" },
    { L"Application",
      L"*[System[Provider[@Name='Directory Synchronization' or @Name='ADSync' or @Name='FIMSynchronizationService'"
      L" or @Name='Entra Connect Admin Actions' or @Name='Microsoft Entra Connect Upgrade'"
      L" or @Name='Azure AD Connect Upgrade']]]" },
};
// clang-format on

struct followed {
    char name[NAME_BYTES], display[NAME_BYTES];
    struct events_change change;
};

struct events {
    EVT_HANDLE bookmark[ARRAY_LEN(logs)]; /* NULL: nothing was seen yet */
    struct event_list list;
    struct followed followed[HOST_SERVICES_MAX];
    size_t followed_count;
    struct account_names names;
    uint64_t looked_ms; /* 0: never */
};

enum baton_status
events_open(struct events **ret_events, struct baton_err *err)
{
    *ret_events = calloc(1, sizeof **ret_events);
    return *ret_events == NULL ? baton_fail(err, BATON_NOMEM, "event logs") : BATON_OK;
}

void
events_close(struct events **events)
{
    struct events *e = *events;
    *events = NULL;
    for (size_t i = 0; e != NULL && i < ARRAY_LEN(logs); i++)
        if (e->bookmark[i] != NULL)
            EvtClose(e->bookmark[i]);
    free(e);
}

void
events_follow(struct events *events, const char *service_name, const char *display_name)
{
    for (size_t i = 0; i < events->followed_count; i++)
        if (strcmp(events->followed[i].name, service_name) == 0)
            return;
    if (events->followed_count == HOST_SERVICES_MAX)
        return;
    struct followed *f = &events->followed[events->followed_count++];
    text_copy(f->name, sizeof f->name, service_name);
    text_copy(f->display, sizeof f->display, display_name);
}

/* --- one event ----------------------------------------------------------------------------------- */

/* As the log writes it; the caller frees. NULL: it cannot be had. */
static char *
render(EVT_HANDLE event)
{
    DWORD bytes = 0, count = 0;
    if (EvtRender(NULL, event, EvtRenderEventXml, 0, NULL, &bytes, &count) ||
        GetLastError() != ERROR_INSUFFICIENT_BUFFER || bytes > XML_UNITS_MAX * sizeof(wchar_t))
        return NULL;
    wchar_t *wide = calloc(1, bytes + sizeof *wide);
    char *text = NULL;
    if (wide != NULL && EvtRender(NULL, event, EvtRenderEventXml, bytes, wide, &bytes, &count))
        text = win_utf8_copy(wide);
    free(wide);
    return text;
}

/* The provider's sentence in this system's language; false: it has none here. */
static bool
message_of(EVT_HANDLE event, const char *source, char *out, size_t cap)
{
    wchar_t name[NAME_BYTES], text[UNITS * 4];
    DWORD used = 0;
    if (!win_wide(source, name, NAME_BYTES))
        return false;
    EVT_HANDLE publisher = EvtOpenPublisherMetadata(NULL, name, NULL, 0, 0);
    if (publisher == NULL)
        return false;
    bool got = EvtFormatMessage(publisher, event, 0, 0, NULL, EvtFormatMessageEvent,
                                (DWORD)ARRAY_LEN(text), text, &used) != 0;
    EvtClose(publisher);
    if (!got)
        return false;
    char line[EVENT_TEXT_BYTES];
    win_utf8(text, line, sizeof line);
    text_copy(out, cap, line);
    return out[0] != '\0';
}

/* May ask a domain controller; without an answer it is its SID. */
static const char *
look_up(struct events *e, PSID sid, const char *sid_text)
{
    wchar_t name[UNITS / 2], domain[UNITS / 2], both[UNITS];
    char text[NAME_BYTES] = "";
    DWORD name_units = (DWORD)ARRAY_LEN(name), domain_units = (DWORD)ARRAY_LEN(domain);
    SID_NAME_USE use;
    DWORD sid_len = GetLengthSid(sid);
    const char *known = account_names_find(&e->names, sid, sid_len, GetTickCount64());
    if (known != NULL)
        return known;
    if (LookupAccountSidW(NULL, sid, name, &name_units, domain, &domain_units, &use)) {
        _snwprintf(both, UNITS, L"%ls%ls%ls", domain, domain[0] == L'\0' ? L"" : L"\\", name);
        both[UNITS - 1] = L'\0';
        win_utf8(both, text, sizeof text);
    }
    return account_names_keep(&e->names, sid, sid_len, text[0] == '\0' ? sid_text : text,
                              GetTickCount64());
}

static void
account_of(struct events *e, const char *sid_text, char out[NAME_BYTES])
{
    wchar_t wide[NAME_BYTES];
    PSID sid = NULL;
    text_copy(out, NAME_BYTES, sid_text);
    if (sid_text[0] == '\0' || !win_wide(sid_text, wide, NAME_BYTES) ||
        !ConvertStringSidToSidW(wide, &sid))
        return;
    text_copy(out, NAME_BYTES, look_up(e, sid, sid_text));
    LocalFree(sid);
}

/* False: it is about no service that is followed. Events come in any order: the newest counts. */
static bool
take_change(struct events *e, const struct event_record *r)
{
    bool taken = false;
    for (size_t i = 0; i < e->followed_count; i++) {
        struct followed *f = &e->followed[i];
        enum event_what what = event_about(r, f->name, f->display);
        if (what == EVENT_OTHER)
            continue;
        taken = true;
        if (what == EVENT_STOPPED && r->unix_ms > f->change.stopped_unix_ms)
            f->change.stopped_unix_ms = r->unix_ms;
        if (r->unix_ms < f->change.unix_ms)
            continue;
        f->change.unix_ms = r->unix_ms;
        account_of(e, r->sid, f->change.by);
    }
    return taken;
}

static void
take_event(struct events *e, EVT_HANDLE event)
{
    struct event_record r;
    struct event_line line = {0};
    char *xml = render(event);
    bool read = xml != NULL && event_record_read(xml, strlen(xml), &r, NULL) == BATON_OK;
    free(xml);
    if (!read)
        return;
    bool manager = strcmp(r.source, "Service Control Manager") == 0;
    if (!take_change(e, &r) && manager)
        return;
    line.unix_ms = r.unix_ms;
    line.id = r.id;
    text_copy(line.source, sizeof line.source, r.source);
    account_of(e, r.sid, line.by);
    if (!message_of(event, r.source, line.text, sizeof line.text))
        event_sentence(&r, line.text);
    event_list_add(&e->list, &line);
}

/* --- one log ------------------------------------------------------------------------------------- */

static void
mark(struct events *e, size_t log, EVT_HANDLE event)
{
    if (e->bookmark[log] == NULL)
        e->bookmark[log] = EvtCreateBookmark(NULL);
    if (e->bookmark[log] != NULL)
        (void)EvtUpdateBookmark(e->bookmark[log], event);
}

/* The first look goes back from the newest event and marks that one; later ones go on from the mark. */
static void
take_batch(struct events *e, size_t log, EVT_HANDLE *event, DWORD count, bool first, size_t *taken)
{
    for (DWORD i = 0; i < count; i++) {
        take_event(e, event[i]);
        if (!first || *taken == 0)
            mark(e, log, event[i]);
        (*taken)++;
        EvtClose(event[i]);
    }
}

enum { FIRST_LOOK_MAX = 2000, LATER_LOOK_MAX = 2000 };

static enum baton_status
read_log(struct events *e, size_t log, struct baton_err *err)
{
    bool first = e->bookmark[log] == NULL;
    char name[64];
    win_utf8(logs[log].channel, name, sizeof name);
    SetLastError(ERROR_SUCCESS);
    EVT_HANDLE found = EvtQuery(NULL, logs[log].channel, logs[log].query,
                                EvtQueryChannelPath |
                                    (first ? EvtQueryReverseDirection : EvtQueryForwardDirection));
    if (found == NULL) {
        DWORD code = GetLastError(); /* none: the call is there, and nothing behind it */
        return win_fail(err, code == ERROR_SUCCESS ? ERROR_CALL_NOT_IMPLEMENTED : code,
                        "cannot read the event log %s", name);
    }
    if (!first && !EvtSeek(found, 1, e->bookmark[log], 0, EvtSeekRelativeToBookmark)) {
        DWORD code = GetLastError();
        EvtClose(found);
        EvtClose(e->bookmark[log]); /* of a log that was cleared: the next look begins anew */
        e->bookmark[log] = NULL;
        return win_fail(err, code, "cannot find the place of the last look in the event log %s",
                        name);
    }
    size_t taken = 0, most = first ? FIRST_LOOK_MAX : LATER_LOOK_MAX;
    enum baton_status rc = BATON_OK;
    while (taken < most) {
        EVT_HANDLE event[BATCH];
        DWORD count = 0;
        if (!EvtNext(found, BATCH, event, NEXT_MS, 0, &count)) {
            if (GetLastError() != ERROR_NO_MORE_ITEMS)
                rc = win_fail(err, GetLastError(), "cannot read on in the event log %s", name);
            break;
        }
        take_batch(e, log, event, count, first, &taken);
    }
    EvtClose(found);
    return rc;
}

/* One log that cannot be read hides the others' events from nobody, but the look was not whole. */
static enum baton_status
look(struct events *e, struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
        struct baton_err one = {BATON_OK, ""};
        enum baton_status of_one = read_log(e, i, &one);
        if (of_one != BATON_OK && rc == BATON_OK)
            rc = baton_fail(err, of_one, "%s", one.text);
    }
    e->looked_ms = GetTickCount64();
    return rc;
}

enum baton_status
events_read(struct events *events, char **ret_text, size_t *ret_len, struct baton_err *err)
{
    enum baton_status rc = look(events, err);
    if (rc != BATON_OK)
        return rc;
    char *text = event_list_json(&events->list);
    if (text == NULL)
        return baton_fail(err, BATON_NOMEM, "events");
    *ret_text = text;
    *ret_len = strlen(text);
    return BATON_OK;
}

void
events_change(struct events *events, const char *service_name, struct events_change *ret_change)
{
    *ret_change = (struct events_change){0};
    if (events->looked_ms == 0 || GetTickCount64() - events->looked_ms >= EVENTS_LOOK_MS)
        (void)look(events, NULL); /* what is not known stays unknown */
    for (size_t i = 0; i < events->followed_count; i++)
        if (strcmp(events->followed[i].name, service_name) == 0)
            *ret_change = events->followed[i].change;
}
