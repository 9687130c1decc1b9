/* life.h: the inside of a node, for the files that know an agent from within. */
#ifndef SIM_LIFE_H
#define SIM_LIFE_H

#include "agent/agent.h"
#include "sim.h"

enum { NOTICES_MAX = 64 };

struct job { /* one request to the server */
    enum { JOB_FREE, JOB_QUEUED, JOB_ASKED, JOB_DONE } state;
    uint32_t ticket;
    uint64_t at_ms, until_ms, order;
    struct host_request request;
    uint8_t *bytes;
    struct host_completion *done;
};

struct seen_file { /* the disk's own times are of the machine that simulates */
    uint64_t bytes, disk_ms, unix_ms;
};

struct life {
    struct setup setup;
    struct agent *agent;
    bool boots;
    uint64_t boot_until_ms; /* on its own clock */
    struct job job[HOST_PENDING_MAX];
    uint32_t tickets;
    struct host_completion *notice[NOTICES_MAX];
    size_t notice_count;
    struct seen_file file[PLACE_COUNT];
};

/* host.c */
struct host_port life_host(struct node *n);
void life_host_close(struct node *n);
bool life_machine(struct node *n, struct machine *ret_machine); /* false: it has no power */

#endif
