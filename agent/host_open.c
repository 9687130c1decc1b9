#include <string.h>

#include "agent/adapters/bus_zmq.h"
#include "agent/adapters/process.h"
#include "common/crypto/file_digest.h"
#include "run.h"

enum { PROGRAM_PATH_BYTES = 4096 };

static bool
wait_for(const struct host_port *host, uint32_t ticket, struct host_completion *ret_done)
{
    zmq_pollitem_t item = {.fd = (zmq_fd_t)host->fd(host->ctx), .events = ZMQ_POLLIN};
    for (;;) {
        while (host->next(host->ctx, ret_done)) {
            if (ret_done->ticket == ticket)
                return true;
            host->release(host->ctx, ret_done);
        }
        if (zmq_poll(&item, 1, -1) < 0 && zmq_errno() != EINTR)
            return false;
    }
}

enum baton_status
host_ask(const struct host_port *host, const struct host_request *request,
         struct host_completion *ret_done, struct baton_err *err)
{
    uint32_t ticket;
    enum baton_status rc = host->submit(host->ctx, request, &ticket, err);
    if (rc != BATON_OK)
        return rc;
    if (!wait_for(host, ticket, ret_done))
        return baton_fail(err, BATON_IO, "waiting for the host: %s", zmq_strerror(zmq_errno()));
    if (ret_done->status != BATON_OK)
        *err = ret_done->err;
    return ret_done->status;
}

void
own_digest(struct baton_hash *ret_hash)
{
    char path[PROGRAM_PATH_BYTES];
    uint64_t bytes;
    if (!process_program(path, sizeof path) ||
        file_digest(path, ret_hash, &bytes, NULL) != BATON_OK)
        memset(ret_hash, 0, sizeof *ret_hash);
}
