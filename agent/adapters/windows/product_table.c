#include "product_table.h"

#include <string.h>

#include "common/text.h"
#include "service_table.h"

static const struct {
    const char *key, *name; /* either */
    enum product product;
} entries[] = {
    {"Microsoft Online Directory Sync", NULL, PRODUCT_DIRSYNC},
    {NULL, "Windows Azure Active Directory Sync tool", PRODUCT_DIRSYNC},
    {NULL, "Microsoft Online Services Directory Synchronization", PRODUCT_DIRSYNC},
    {NULL, "Microsoft Azure AD Sync", PRODUCT_AADSYNC},
    {"MicrosoftAzureADConnectionTool", NULL, PRODUCT_CONNECT},
    {NULL, "Azure AD Connect", PRODUCT_CONNECT},
    {NULL, "Microsoft Azure AD Connect", PRODUCT_CONNECT},
    {NULL, "Microsoft Azure AD Connect Sync", PRODUCT_CONNECT},
    {NULL, "Microsoft Entra Connect", PRODUCT_CONNECT},
    {NULL, "Microsoft Entra Connect Sync", PRODUCT_CONNECT},
};

enum product
product_of_entry(const char *key, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(entries); i++)
        if ((entries[i].key != NULL && same_name(entries[i].key, key)) ||
            (entries[i].name != NULL && same_name(entries[i].name, name)))
            return entries[i].product;
    return PRODUCT_NONE;
}

int64_t
product_version_of(const char *text)
{
    uint64_t version = 0;
    for (int part = 0; part < 4; part++) {
        uint64_t n = 0;
        const char *begin = text;
        for (; *text >= '0' && *text <= '9' && n <= 0xFFFF; text++)
            n = n * 10 + (uint64_t)(*text - '0');
        bool number = text > begin || (part > 0 && *text == '\0');
        if (!number || n > 0xFFFF || (part == 0 && n > INT16_MAX))
            return -1;
        version = version << 16 | n;
        if (*text == '.')
            text++;
        else if (*text != '\0')
            return -1;
    }
    return *text == '\0' ? (int64_t)version : -1;
}

/* Azure AD Sync ended with 1.0.494; Azure AD Connect, whose engine goes by the same name, began with
 * 1.0.8641. */
static bool
is_aadsync(const struct product_signs *s)
{
    const int64_t first_connect = 1LL << 48 | 8000LL << 16;
    const struct product_entry *e = &s->entry[PRODUCT_AADSYNC];
    int64_t version = product_version_of(e->version);
    return e->found && version >= 0 && version < first_connect;
}

static enum product
class_of(const struct product_signs *s)
{
    if (s->fim_service || s->entry[PRODUCT_DIRSYNC].found)
        return PRODUCT_DIRSYNC;
    if (is_aadsync(s))
        return PRODUCT_AADSYNC;
    bool connect = s->adsync_service || s->entry[PRODUCT_CONNECT].found;
    return connect ? PRODUCT_CONNECT : PRODUCT_NONE;
}

enum baton_status
product_judge(const struct product_signs *s, struct host_product *p, struct baton_err *err)
{
    enum product product = class_of(s);
    p->present = product != PRODUCT_NONE;
    p->product = (uint8_t)product;
    p->version = 0;
    p->version_text[0] = p->entry[0] = '\0';
    if (!p->present)
        return BATON_OK;
    const struct product_entry *e = &s->entry[product];
    /* A program without a version has the version 0. */
    bool wizard = product == PRODUCT_CONNECT && product_version_of(s->wizard_version) > 0;
    if (!e->found && !wizard)
        return baton_fail(err, BATON_MALFORMED,
                          "the service %s is there, but no entry under Programs and Features says "
                          "of which product it is: look there by hand",
                          product == PRODUCT_DIRSYNC ? "FIMSynchronizationService" : "ADSync");
    text_copy(p->entry, sizeof p->entry, e->name);
    text_copy(p->version_text, sizeof p->version_text, wizard ? s->wizard_version : e->version);
    p->version = product_version_of(p->version_text);
    return p->version >= 0 ? BATON_OK
                           : baton_fail(err, BATON_MALFORMED, "%s has no version that can be read",
                                        e->found ? e->name : "the wizard's program");
}

/* --- the database --- */

static bool
starts(const char *text, const char *with)
{
    char head[64];
    size_t len = strlen(with);
    if (strlen(text) < len || len >= sizeof head)
        return false;
    memcpy(head, text, len);
    head[len] = '\0';
    return same_name(head, with);
}

bool
sql_is_here(const char *server, const char *this_host)
{
    static const char *const here[] = {"", ".", "(local)", "localhost", "127.0.0.1"};
    for (size_t i = 0; i < ARRAY_LEN(here); i++)
        if (same_name(server, here[i]))
            return true;
    return same_name(server, this_host) || starts(server, "(localdb)");
}

enum sql_edition
sql_edition_of(const char *server, const char *instance, const char *edition)
{
    if (starts(server, "(localdb)") || starts(instance, "(localdb)"))
        return SQL_LOCAL;
    if (edition[0] == '\0')
        return SQL_UNKNOWN;
    return starts(edition, "Express") ? SQL_EXPRESS : SQL_FULL;
}

/* --- its settings --- */

/* The wizard writes the first by itself after every change, and the second when it is asked to. */
bool
product_exports_settings_as(const char *file_name)
{
    size_t len = strlen(file_name);
    bool json = len > 5 && same_name(file_name + len - 5, ".json");
    return json &&
           (starts(file_name, "Applied-SynchronizationPolicy-") || starts(file_name, "Exported-"));
}

/* --- where the engine lies --- */

bool
engine_folder_of(const char *image_path, char *out, size_t cap)
{
    const char *from = image_path + (image_path[0] == '"');
    const char *bin = NULL;
    for (const char *at = from; *at != '\0' && *at != '"'; at++)
        if (starts(at, "\\Bin\\"))
            bin = at;
    size_t len = bin == NULL ? 0 : (size_t)(bin - from);
    out[0] = '\0';
    if (len == 0 || len >= cap)
        return false;
    memcpy(out, from, len);
    out[len] = '\0';
    return true;
}
