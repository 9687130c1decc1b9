#include "agent/adapters/process.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/text.h"

static volatile sig_atomic_t stop_fd = -1;

void
process_prepare(int *argc, char ***argv)
{
    struct rlimit none = {0, 0};
    (void)argc;
    (void)argv;
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_TRIM_THRESHOLD, 65536);
    (void)mallopt(M_MMAP_THRESHOLD, 65536);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
    int fd;
    while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
        continue;
    if (fd > STDERR_FILENO)
        close(fd);
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
process_stop_fd(struct baton_err *err)
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

bool
process_woke(void)
{
    return false;
}

void
process_give_back(void)
{
    (void)malloc_trim(0);
}

bool
process_program(char *out, size_t cap)
{
    text_copy(out, cap, "/proc/self/exe"); /* right even after the file was replaced */
    return true;
}

bool
process_home(char *out, size_t cap)
{
    (void)out;
    (void)cap;
    return false;
}

void
process_host_name(char *out, size_t cap)
{
    if (gethostname(out, cap) != 0)
        out[0] = '\0';
    out[cap - 1] = '\0';
}
