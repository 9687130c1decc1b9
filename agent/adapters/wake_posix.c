#include "agent/adapters/wake.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/log.h"

enum baton_status
wake_open(struct wake *w, struct baton_err *err)
{
    w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return w->fd >= 0 ? BATON_OK : baton_fail(err, BATON_IO, "eventfd: %s", strerror(errno));
}

void
wake_ring(const struct wake *w)
{
    static const uint64_t one = 1;
    if (write(w->fd, &one, sizeof one) < 0 && errno != EAGAIN)
        log_error("wake.ring", "%s", strerror(errno));
}

void
wake_clear(const struct wake *w)
{
    uint64_t count;
    if (read(w->fd, &count, sizeof count) < 0 && errno != EAGAIN)
        log_error("wake.clear", "%s", strerror(errno));
}

void
wake_close(struct wake *w)
{
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}
