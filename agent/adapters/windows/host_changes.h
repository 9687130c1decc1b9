/* host_changes.h: who changed each sync service last and when it stopped, as the event logs say, for a
 * thread that may wait for nobody.
 *
 * Shape      One thread asks (changes_ask) and takes what is known (changes_newest); another one looks
 *            (changes_look), which may take as long as the logs and a domain controller do. Who asked
 *            may wait a moment: not at all while the look before is still under way.
 * Units      Milliseconds.
 * Limits     HOST_SERVICES_MAX services, CHANGES_WAIT_MS.
 * Errors     Where there are no logs that could be read, nothing is known: not an error.
 * Ownership  changes_open, changes_close once both threads are gone.
 * Threads    changes_look, changes_wanted and changes_read: one; changes_ask and changes_newest: one.
 * Source     protocol 4 (record who and what).
 */
#ifndef AGENT_WINDOWS_HOST_CHANGES_H
#define AGENT_WINDOWS_HOST_CHANGES_H

#include <pthread.h>

#include "events_read.h"
#include "host_services.h"

enum { CHANGES_WAIT_MS = 150 };

struct changes {
    struct events *events; /* of who looks; NULL: this system keeps no logs that could be read */
    HANDLE looked;
    pthread_mutex_t lock; /* everything below */
    bool wanted, looking;
    bool held_up; /* when it was asked, the look before was still under way */
    size_t count;
    struct {
        char name[NAME_BYTES], display[NAME_BYTES];
        struct events_change change;
    } item[HOST_SERVICES_MAX];
};

enum baton_status changes_open(struct changes *c, struct baton_err *err) BATON_MUST_USE;
void changes_close(struct changes *c);

/* True: there is a look to wake the other thread for. */
bool changes_ask(struct changes *c, const struct sync_services *services);
void changes_wait(struct changes *c);
void changes_newest(struct changes *c, const char *name, struct events_change *ret_change);

void changes_look(struct changes *c); /* when one is wanted */
enum baton_status changes_read(struct changes *c, char **ret_text, size_t *ret_len,
                               struct baton_err *err) BATON_MUST_USE;

#endif
