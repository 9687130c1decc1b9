#include "host_changes.h"

#include <string.h>

#include "common/log.h"
#include "common/text.h"

/* Without logs nobody knows who did what; the rest is known all the same. */
static enum baton_status
open_events(struct changes *c, struct baton_err *err)
{
    enum baton_status rc = events_open(&c->events, err);
    if (rc == BATON_OK || rc == BATON_NOMEM)
        return rc;
    log_warn("host.events", "%s", err->text);
    c->events = NULL;
    return BATON_OK;
}

enum baton_status
changes_open(struct changes *c, struct baton_err *err)
{
    *c = (struct changes){.looked = CreateEventW(NULL, FALSE, FALSE, NULL)};
    pthread_mutex_init(&c->lock, NULL);
    return c->looked == NULL ? baton_fail(err, BATON_NOMEM, "event logs") : open_events(c, err);
}

void
changes_close(struct changes *c)
{
    events_close(&c->events);
    if (c->looked != NULL)
        CloseHandle(c->looked);
    pthread_mutex_destroy(&c->lock);
}

bool
changes_ask(struct changes *c, const struct sync_services *services)
{
    if (c->events == NULL)
        return false;
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < services->count; i++) {
        const struct host_service *s = &services->item[i].record;
        size_t at = 0;
        while (at < c->count && strcmp(c->item[at].name, s->name) != 0)
            at++;
        if (at < c->count || at == HOST_SERVICES_MAX)
            continue;
        text_copy(c->item[at].name, NAME_BYTES, s->name);
        text_copy(c->item[at].display, NAME_BYTES, s->display);
        c->count++;
    }
    bool wakes = !c->wanted;
    c->wanted = true;
    c->held_up = c->looking;
    ResetEvent(c->looked);
    pthread_mutex_unlock(&c->lock);
    return wakes;
}

void
changes_wait(struct changes *c)
{
    pthread_mutex_lock(&c->lock);
    bool waits = c->events != NULL && !c->held_up; /* else nobody knows for how long */
    pthread_mutex_unlock(&c->lock);
    if (waits)
        (void)WaitForSingleObject(c->looked, CHANGES_WAIT_MS);
}

void
changes_newest(struct changes *c, const char *name, struct events_change *ret_change)
{
    *ret_change = (struct events_change){0};
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->item[i].name, name) == 0)
            *ret_change = c->item[i].change;
    pthread_mutex_unlock(&c->lock);
}

static bool
begin_look(struct changes *c)
{
    pthread_mutex_lock(&c->lock);
    bool begins = c->wanted;
    c->looking = begins;
    c->wanted = false;
    for (size_t i = 0; begins && i < c->count; i++)
        events_follow(c->events, c->item[i].name, c->item[i].display);
    pthread_mutex_unlock(&c->lock);
    return begins;
}

void
changes_look(struct changes *c)
{
    struct events_change found[HOST_SERVICES_MAX];
    if (c->events == NULL || !begin_look(c))
        return;
    pthread_mutex_lock(&c->lock);
    size_t count = c->count; /* it only grows, and no name moves */
    pthread_mutex_unlock(&c->lock);
    for (size_t i = 0; i < count; i++)
        events_change(c->events, c->item[i].name, &found[i]);
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < count; i++)
        c->item[i].change = found[i];
    c->looking = false;
    pthread_mutex_unlock(&c->lock);
    SetEvent(c->looked);
}

enum baton_status
changes_read(struct changes *c, char **ret_text, size_t *ret_len, struct baton_err *err)
{
    if (c->events == NULL)
        return baton_fail(err, BATON_NOT_FOUND, "this system keeps no event logs that can be read");
    return events_read(c->events, ret_text, ret_len, err);
}
