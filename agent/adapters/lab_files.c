#include "lab_files.h"

#include <stdio.h>
#include <string.h>

#include "config_dump.h"

static bool
stays_inside(const char *path)
{
    if (path[0] == '/')
        return false;
    for (const char *part = path; part != NULL; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return false;
    }
    return true;
}

static enum baton_status
lab_path(char out[PLACE_PATH_BYTES], const char *folder, const char *path, const char *name,
         struct baton_err *err)
{
    if (!stays_inside(path))
        return baton_fail(err, BATON_REFUSED, "%s leaves the server's folder", path);
    int len = snprintf(out, PLACE_PATH_BYTES, "%s/%s%s%s", folder, path, name[0] ? "/" : "", name);
    return len < 0 || len >= PLACE_PATH_BYTES
               ? baton_fail(err, BATON_LIMIT, "path too long: %s", path)
               : BATON_OK;
}

enum baton_status
lab_file_run(const char *folder, const struct host_request *request, const struct place *place,
             struct host_completion *done, struct baton_err *err)
{
    char file[PLACE_PATH_BYTES], dir[PLACE_PATH_BYTES];
    struct place whole = {place->file == NULL ? NULL : file, place->folder == NULL ? NULL : dir};
    enum baton_status rc = BATON_OK;
    if (place->file != NULL)
        rc = lab_path(file, folder, place->file, "", err);
    if (rc == BATON_OK && place->folder != NULL)
        rc = lab_path(dir, folder, place->folder, "", err);
    return rc == BATON_OK ? place_file_run(request, &whole, done, err) : rc;
}

enum baton_status
lab_config_collect(const char *folder, const char *path, char **ret_text, size_t *ret_len,
                   struct baton_err *err)
{
    char dir[PLACE_PATH_BYTES], pack[PLACE_PATH_BYTES];
    enum baton_status rc = lab_path(dir, folder, path, "", err);
    if (rc == BATON_OK)
        rc = lab_path(pack, folder, "configuration.pack", "", err);
    return rc == BATON_OK ? config_dump_pack(dir, pack, ret_text, ret_len, err) : rc;
}
