/* host_fake.h: the host port over a server that is a struct. The test sets it and looks at it.
 *
 * Shape      A request is carried out when it is submitted, unless `hold` is set or its limit is 0 ms;
 *            its completion waits for next(). Held requests wait for host_fake_release or cancel.
 * Limits     As host.h: HOST_PENDING_MAX, one mutating request at a time.
 * Threads    The test's.
 */
#ifndef TESTS_HOST_FAKE_H
#define TESTS_HOST_FAKE_H

#include "baton/host.h"

enum { FAKE_FILE_BYTES = 256 * 1024, FAKE_NOTICES_MAX = 8, FAKE_DONE_MAX = 128 };

struct fake_file {
    bool exists;
    size_t len;
    uint64_t written_unix_ms;
    uint8_t bytes[FAKE_FILE_BYTES];
};

struct fake_job {
    bool held;
    struct host_request request;
    struct host_completion *done; /* NULL: free place */
    uint64_t number;
};

struct host_fake {
    /* the server */
    struct host_service service[HOST_SERVICES_MAX];
    struct host_task task[HOST_TASKS_MAX];
    struct host_process process[HOST_PROCESSES_MAX];
    size_t service_count, task_count, process_count;
    struct host_product product;
    struct machine machine;
    const char *text[COLLECT_COUNT]; /* NULL: the collector fails */
    struct fake_file file[PLACE_COUNT], part;
    enum baton_status fail[HOST_OP_COUNT];
    uint64_t now_unix_ms;
    bool hold, hang[HOST_OP_COUNT]; /* hang: held until it is cancelled */
    const char *unwatched;          /* why nobody tells of the services; NULL: they are watched */

    /* what was asked */
    size_t asked[HOST_OP_COUNT];
    struct host_request mutation[64]; /* oldest first */
    size_t mutation_count;

    struct fake_job job[HOST_PENDING_MAX];
    uint32_t last_ticket;
    uint64_t numbers;
    struct host_completion notice[FAKE_NOTICES_MAX];
    size_t notice_count;
    int ready[2];
};

void host_fake_open(struct host_fake *f);
void host_fake_done(struct host_fake *f);
struct host_port host_fake_port(struct host_fake *f);

/* A server with DirSync (two services, running), or with Entra Connect in staging mode. */
void host_fake_dirsync(struct host_fake *f);
void host_fake_connect(struct host_fake *f);
void host_fake_process(struct host_fake *f, enum process_kind kind, const char *session);

void host_fake_release(struct host_fake *f); /* carries out what is held */
void host_fake_notify(struct host_fake *f, enum host_notice notice, const char *note);

#endif
