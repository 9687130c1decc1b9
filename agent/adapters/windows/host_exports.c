#include "host_exports.h"

#include <string.h>

#include "common/log.h"
#include "win_text.h"

static HANDLE
watch_folder(const char *path)
{
    wchar_t wide[PLACE_PATH_BYTES];
    if (!win_wide(path, wide, ARRAY_LEN(wide)))
        return NULL;
    HANDLE h = FindFirstChangeNotificationW(
        wide, FALSE, FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_LAST_WRITE);
    return h == INVALID_HANDLE_VALUE ? NULL : h;
}

/* True: something in there has moved since it was asked, or may have. */
static bool
folder_moved(HANDLE *folder, const char *path)
{
    if (*folder == NULL) {
        *folder = watch_folder(path);
        return *folder != NULL;
    }
    if (WaitForSingleObject(*folder, 0) != WAIT_OBJECT_0)
        return false;
    if (!FindNextChangeNotification(*folder)) { /* the folder has gone, perhaps */
        (void)FindCloseChangeNotification(*folder);
        *folder = NULL;
    }
    return true;
}

static bool
any_moved(struct exports *e)
{
    bool own = folder_moved(&e->folder[0], e->places->out);
    return folder_moved(&e->folder[1], e->places->product) || own;
}

/* True: the newest is another one than before. */
static bool
look(struct exports *e)
{
    struct exported now;
    struct baton_err err;
    if (places_newest(e->places, &now, &err) != BATON_OK) {
        log_warn("host.exports", "%s", err.text);
        return false;
    }
    bool same = strcmp(now.path, e->newest.path) == 0 && now.written_ns == e->newest.written_ns;
    e->newest = now;
    return !same && now.path[0] != '\0';
}

void
exports_begin(struct exports *e, const struct places *places, struct host_queue *queue)
{
    *e = (struct exports){.places = places, .queue = queue};
    (void)any_moved(e);
    (void)look(e); /* what is there already is no news */
}

void
exports_end(struct exports *e)
{
    for (size_t i = 0; i < EXPORTS_HANDLES; i++)
        if (e->folder[i] != NULL)
            (void)FindCloseChangeNotification(e->folder[i]);
}

size_t
exports_handles(const struct exports *e, HANDLE out[EXPORTS_HANDLES])
{
    size_t count = 0;
    for (size_t i = 0; i < EXPORTS_HANDLES; i++)
        if (e->folder[i] != NULL)
            out[count++] = e->folder[i];
    return count;
}

void
exports_turn(struct exports *e)
{
    if (!any_moved(e) || !look(e))
        return;
    struct host_completion notice = {
        .notice = NOTICE_FILE, .place = PLACE_SETTINGS_EXPORT, .count = 1};
    (void)baton_fail(&notice.err, BATON_OK, "file %s was written", e->newest.path);
    host_queue_notify(e->queue, &notice);
}
