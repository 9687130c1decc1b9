#include "host_places.h"

#include <winsock2.h>

#include <windows.h>

#include <errno.h>
#include <shlobj.h>
#include <stdio.h>
#include <string.h>

#include "common/disk/disk.h"
#include "product_table.h"
#include "win_text.h"

static enum baton_status
below(char out[PLACE_PATH_BYTES], const char *folder, const char *name, struct baton_err *err)
{
    int len = snprintf(out, PLACE_PATH_BYTES, "%s\\%s", folder, name);
    return len < 0 || len >= PLACE_PATH_BYTES
               ? baton_fail(err, BATON_LIMIT, "path too long: %s", folder)
               : BATON_OK;
}

static enum baton_status
make(const char *folder, struct baton_err *err)
{
    return disk_make_folder(folder) ? BATON_OK : place_fail(err, "make the folder", folder);
}

enum baton_status
places_open(struct places *p, struct baton_err *err)
{
    wchar_t wide[MAX_PATH];
    char data[PLACE_PATH_BYTES];
    HRESULT hr = SHGetFolderPathW(NULL, CSIDL_COMMON_APPDATA, NULL, SHGFP_TYPE_CURRENT, wide);
    if (hr != S_OK || !win_exact(wide, data, sizeof data))
        return win_fail(err, (DWORD)hr, "where programs keep their data (ProgramData)");
    enum baton_status rc = below(p->own, data, "Baton", err);
    if (rc == BATON_OK)
        rc = below(p->product, data, "AADConnect", err);
    if (rc == BATON_OK)
        rc = below(p->out, p->own, SETTINGS_OUT, err);
    if (rc == BATON_OK)
        rc = below(p->in, p->own, SETTINGS_IN, err);
    const char *const own[] = {p->own, p->out, p->in};
    for (size_t i = 0; rc == BATON_OK && i < ARRAY_LEN(own); i++)
        rc = make(own[i], err);
    return rc;
}

/* --- the newest export --- */

struct newest {
    const char *folder;
    bool any_name; /* else only names that a wizard gives */
    struct exported *found;
    struct baton_err *err;
    enum baton_status rc;
};

static bool
consider(void *ctx, const struct disk_entry *entry)
{
    struct newest *n = ctx;
    bool counts = n->any_name ? entry->name[0] != '.' : product_exports_settings_as(entry->name);
    if (!counts || (n->found->path[0] != '\0' && entry->written_ns <= n->found->written_ns))
        return true;
    n->found->written_ns = entry->written_ns;
    n->rc = below(n->found->path, n->folder, entry->name, n->err);
    return n->rc == BATON_OK;
}

static enum baton_status
consider_folder(struct newest *n, const char *folder, bool any_name)
{
    n->folder = folder;
    n->any_name = any_name;
    if (!disk_list(folder, consider, n) && errno != ENOENT)
        return place_fail(n->err, "list", folder);
    return n->rc;
}

enum baton_status
places_newest(const struct places *p, struct exported *ret_newest, struct baton_err *err)
{
    struct newest n = {.found = ret_newest, .err = err};
    *ret_newest = (struct exported){.written_ns = 0};
    enum baton_status rc = consider_folder(&n, p->product, false);
    return rc == BATON_OK ? consider_folder(&n, p->out, true) : rc;
}

enum baton_status
places_run(const struct places *p, const struct collector_host *collectors,
           const struct host_request *r, struct host_completion *done, struct baton_err *err)
{
    struct exported newest;
    char path[PLACE_PATH_BYTES];
    struct place place = {.file = path};
    enum baton_status rc = BATON_OK;
    switch (r->place) {
    case PLACE_SETTINGS_EXPORT:
        rc = places_newest(p, &newest, err);
        place.file = newest.path[0] == '\0' ? NULL : newest.path;
        break;
    case PLACE_SETTINGS_IMPORT:
        place.folder = p->in;
        rc = below(path, p->in, PLACED_NAME, err);
        break;
    default:
        if (collectors == NULL ||
            !collector_place(collectors, (enum host_place)r->place, path, sizeof path))
            place.file = NULL;
        break;
    }
    return rc == BATON_OK ? place_file_run(r, &place, done, err) : rc;
}
