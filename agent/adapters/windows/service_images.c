#include "service_images.h"

#include <pthread.h>

#include "host_services.h"
#include "registry.h"
#include "win_text.h"

struct kept {
    uint64_t name_hash, asked_ms; /* 0: free */
    const struct service_row *row;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    struct kept item[IMAGES_KEPT];
    size_t count;
} images; /* apart from its lock, so that nothing of it is written into the program */

static uint64_t
hash_of(const wchar_t *text)
{
    uint64_t hash = 14695981039346656037U; /* FNV-1a */
    for (; *text != L'\0'; text++)
        hash = (hash ^ *text) * 1099511628211U;
    return hash;
}

/* NULL: there is no room. */
static struct kept *
place_of(uint64_t hash)
{
    for (size_t i = 0; i < images.count; i++)
        if (images.item[i].name_hash == hash)
            return &images.item[i];
    if (images.count == IMAGES_KEPT)
        return NULL;
    struct kept *k = &images.item[images.count++];
    *k = (struct kept){.name_hash = hash};
    return k;
}

static const struct service_row *
ask(const wchar_t *service_name)
{
    wchar_t key[SERVICE_NAME_UNITS + 64], wide[REGISTRY_TEXT_UNITS];
    char path[REGISTRY_TEXT_UNITS * 3];
    services_key(service_name, key);
    return registry_read_text(key, L"ImagePath", wide) == ERROR_SUCCESS &&
                   win_exact(wide, path, sizeof path)
               ? service_row_of_image(path)
               : NULL;
}

const struct service_row *
service_images_row(const wchar_t *service_name)
{
    uint64_t now_ms = GetTickCount64();
    pthread_mutex_lock(&lock);
    struct kept *k = place_of(hash_of(service_name));
    const struct service_row *row = NULL;
    if (k != NULL && k->asked_ms != 0 && now_ms - k->asked_ms < IMAGES_AGAIN_MS)
        row = k->row;
    else {
        row = ask(service_name);
        if (k != NULL)
            *k = (struct kept){k->name_hash, now_ms, row};
    }
    pthread_mutex_unlock(&lock);
    return row;
}
