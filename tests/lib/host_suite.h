/* host_suite.h: what every adapter of the host port must do, as one suite over a server with DirSync.
 *
 * Shape      A world is an adapter, opened, and the hands of a person at its server. Each test opens it
 *            anew: both services run and start automatically, no settings were put down or exported.
 */
#ifndef TESTS_HOST_SUITE_H
#define TESTS_HOST_SUITE_H

#include "baton/host.h"

struct world {
    const char *name;
    bool (*open)(struct world *w);
    void (*close)(struct world *w);
    void (*start_by_hand)(struct world *w, const char *by);
    void (*export_settings)(struct world *w);
    void (*slow_stop)(struct world *w); /* by three seconds from now on */

    /* NULL: cannot be done there */
    void (*break_watch)(struct world *w);
    void (*grow_history)(struct world *w);
    bool (*reopen)(struct world *w); /* the port alone, as after a restart of the agent */

    bool instant; /* requests are carried out at once, or wait for let_go */
    void (*let_go)(struct world *w);
    bool is_lab, tells_who, no_events; /* no_events: it keeps no logs */
    enum host_collector collector;     /* one that answers, and a part of what it says */
    const char *collector_says;

    struct host_port port;
    void *own;
};

/* The number of tests that failed. */
int host_suite_run(struct world *w);

#endif
