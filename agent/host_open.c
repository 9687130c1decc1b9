#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/adapters/host_lab.h"
#include "common/crypto/file_digest.h"
#include "run.h"

static volatile sig_atomic_t stop_fd = -1;

enum baton_status
host_open(const char *text, struct host_port *ret_host, struct baton_err *err)
{
    if (strncmp(text, "lab:", 4) == 0)
        return host_lab_open(text + 4, ret_host, err);
    return baton_fail(err, BATON_USAGE, "unknown host '%s': lab:SOCKET is what this system offers",
                      text);
}

static bool
wait_for(const struct host_port *host, uint32_t ticket, struct host_completion *ret_done)
{
    struct pollfd p = {.fd = host->fd(host->ctx), .events = POLLIN};
    for (;;) {
        while (host->next(host->ctx, ret_done)) {
            if (ret_done->ticket == ticket)
                return true;
            host->release(host->ctx, ret_done);
        }
        if (poll(&p, 1, -1) < 0 && errno != EINTR)
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
        return baton_fail(err, BATON_IO, "poll: %s", strerror(errno));
    if (ret_done->status != BATON_OK)
        *err = ret_done->err;
    return ret_done->status;
}

void
own_digest(struct baton_hash *ret_hash)
{
    uint64_t bytes;
    if (file_digest("/proc/self/exe", ret_hash, &bytes, NULL) != BATON_OK)
        memset(ret_hash, 0, sizeof *ret_hash);
}

static void
on_signal(int number)
{
    static const uint64_t one = 1;
    (void)number;
    int kept = errno;
    if (write(stop_fd, &one, sizeof one) < 0)
        _exit(1); /* nobody would ever hear it */
    errno = kept;
}

int
stop_descriptor(struct baton_err *err)
{
    if (stop_fd >= 0)
        return stop_fd;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) {
        (void)baton_fail(err, BATON_IO, "eventfd: %s", strerror(errno));
        return -1;
    }
    stop_fd = fd;
    struct sigaction sa = {.sa_handler = on_signal};
    sigemptyset(&sa.sa_mask);
    (void)sigaction(SIGTERM, &sa, NULL);
    (void)sigaction(SIGINT, &sa, NULL);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    (void)sigaction(SIGXFSZ, &ignore, NULL); /* a file that may not grow is a full disk */
    return fd;
}
