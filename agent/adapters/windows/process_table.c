#include "process_table.h"

#include <string.h>

#include "service_table.h"

static const struct {
    const char *image;
    enum process_kind kind;
} images[] = {
    {"miiserver.exe", PROCESS_ENGINE},
    {"AzureADConnect.exe", PROCESS_WIZARD},
    {"ConfigWizard.exe", PROCESS_WIZARD},      /* DirSync's */
    {"DirectorySyncTool.exe", PROCESS_WIZARD}, /* Azure AD Sync's */
    {"miisclient.exe", PROCESS_CONSOLE},
    {"SyncRulesEditor.exe", PROCESS_CONSOLE},
    {"DirectorySyncClientCmd.exe", PROCESS_SYNC_SHELL}, /* runs a cycle, exports too */
};

static const char *const shells[] = {"powershell.exe", "powershell_ise.exe", "pwsh.exe",
                                     "wsmprovhost.exe"}; /* the far end of Enter-PSSession */

bool
process_is_shell(const char *image)
{
    for (size_t i = 0; i < ARRAY_LEN(shells); i++)
        if (same_name(shells[i], image))
            return true;
    return false;
}

static const char installer[] = "msiexec.exe";

bool
process_needs_session(const char *image)
{
    return same_name(installer, image);
}

bool
process_list_is_whole(uint32_t code)
{
    enum { NO_MORE_FILES = 18 };
    return code == NO_MORE_FILES;
}

static bool
found(enum process_kind kind, enum process_kind *ret_kind)
{
    *ret_kind = kind;
    return true;
}

bool
process_kind_of(const struct process_view *v, enum process_kind *ret_kind)
{
    if (v->engine)
        return found(PROCESS_ENGINE, ret_kind);
    if (v->wizard[0] != '\0' && same_name(v->wizard, v->image))
        return found(PROCESS_WIZARD, ret_kind);
    for (size_t i = 0; i < ARRAY_LEN(images); i++)
        if (same_name(images[i].image, v->image))
            return found(images[i].kind, ret_kind);
    if (same_name(installer, v->image) && (v->interactive || v->installing))
        return found(PROCESS_INSTALLER, ret_kind);
    if (process_is_shell(v->image) && (v->sync_files || v->unseen))
        return found(PROCESS_SYNC_SHELL, ret_kind);
    return false;
}

static bool
holds(const char *text, const char *part)
{
    char head[512];
    size_t len = strlen(part);
    if (len == 0 || len >= sizeof head)
        return false;
    for (; strlen(text) >= len; text++) {
        memcpy(head, text, len);
        head[len] = '\0';
        if (same_name(head, part))
            return true;
    }
    return false;
}

bool
process_file_is_sync(const char *path, const char *engine_folder)
{
    static const char *const modules[] = {"\\Bin\\ADSync\\", "\\Modules\\ADSync\\",
                                          "Microsoft.Online.Coexistence.",
                                          "Microsoft.IdentityManagement.PowerShell."};
    const char *colon = strchr(engine_folder, ':');
    if (colon != NULL && holds(path, colon + 1))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(modules); i++)
        if (holds(path, modules[i]))
            return true;
    return false;
}
