/* The suite of the host port over the fake of the unit tests and over the real lab. */
#include "baton/host.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/adapters/host_lab.h"
#include "common/text.h"
#include "host_fake.h"
#include "host_suite.h"

/* --- the fake --- */

static bool
fake_open(struct world *w)
{
    struct host_fake *f = w->own = calloc(1, sizeof *f);
    host_fake_open(f);
    host_fake_dirsync(f);
    w->port = host_fake_port(f);
    return true;
}

static void
fake_shut(struct world *w)
{
    if (w->port.ctx != NULL)
        w->port.close(w->port.ctx);
    free(w->own);
}

static void
fake_start(struct world *w, const char *by)
{
    char note[NOTE_BYTES];
    struct host_fake *f = w->own;
    f->service[0].state = SVC_RUNNING;
    f->service[0].start = f->service[0].start_registry = START_AUTO;
    text_copy(f->service[0].changed_by, NAME_BYTES, by);
    snprintf(note, sizeof note, "service started by %s", by);
    host_fake_notify(f, NOTICE_SERVICE, note);
}

static void
fake_break(struct world *w)
{
    host_fake_notify(w->own, NOTICE_WATCH_BROKEN, "interrupted");
}

static void
fake_slow(struct world *w)
{
    ((struct host_fake *)w->own)->hold = true;
}

static void
fake_export(struct world *w)
{
    struct host_fake *f = w->own;
    f->file[PLACE_SETTINGS_EXPORT].exists = true;
    host_fake_notify(f, NOTICE_FILE, "file settings.json was written");
}

static void
fake_let_go(struct world *w)
{
    host_fake_release(w->own);
}

/* --- the lab --- */

struct lab {
    pid_t process;
    char dir[64];
};

static bool
lab_start(struct lab *lab)
{
    int out[2];
    char line[64] = "";
    if (pipe(out) != 0 || mkdtemp(lab->dir) == NULL)
        return false;
    lab->process = fork();
    if (lab->process == 0) {
        dup2(out[1], STDOUT_FILENO);
        execl(BATON_LAB_PROGRAM, "baton-lab", "run", "--dir", lab->dir, "--objects", "1000",
              "--old", "OLD:dirsync", "--new", "NEW", (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    for (size_t len = 0; len < sizeof line - 1 && read(out[0], &line[len], 1) == 1; len++)
        if (strstr(line, "ready") != NULL)
            break;
    close(out[0]);
    return strstr(line, "ready") != NULL;
}

static void
lab_socket(const struct world *w, char out[128])
{
    const struct lab *lab = w->own;
    snprintf(out, 128, "%s/servers/OLD.sock", lab->dir);
}

static bool
lab_open(struct world *w)
{
    char path[128];
    struct baton_err err = {0};
    struct lab *lab = w->own = calloc(1, sizeof *lab);
    strcpy(lab->dir, "/tmp/baton-host-XXXXXX");
    if (!lab_start(lab))
        return false;
    lab_socket(w, path);
    return host_lab_open(path, &w->port, &err) == BATON_OK;
}

static void
lab_shut(struct world *w)
{
    char command[128];
    int status;
    struct lab *lab = w->own;
    if (w->port.ctx != NULL)
        w->port.close(w->port.ctx);
    kill(lab->process, SIGTERM);
    waitpid(lab->process, &status, 0);
    snprintf(command, sizeof command, "rm -rf %s", lab->dir);
    assert_int_equal(system(command), 0);
    free(lab);
}

/* One act of a person, over a connection of their own; the answer's line is awaited. */
static void
lab_do(struct world *w, const char *fields)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char line[512], path[128];
    lab_socket(w, path);
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    int len = snprintf(line, sizeof line, "{\"id\":1,%s}\n", fields);
    assert_int_equal(write(fd, line, (size_t)len), len);
    int lines = 0; /* greeting, answer */
    for (char c; lines < 2 && read(fd, &c, 1) == 1;)
        lines += c == '\n';
    close(fd);
}

static void
lab_by_hand(struct world *w, const char *by)
{
    char fields[256];
    snprintf(fields, sizeof fields,
             "\"op\":\"re-enable\",\"name\":\"FIMSynchronizationService\",\"by\":\"%s\"", by);
    lab_do(w, fields);
}

static void
lab_break(struct world *w)
{
    lab_do(w, "\"op\":\"power\",\"act\":\"reboot\"");
}

static void
lab_slow(struct world *w)
{
    lab_do(w, "\"op\":\"fault\",\"kind\":\"slow-stop\",\"value\":3000");
}

static void
lab_settings(struct world *w)
{
    lab_do(w, "\"op\":\"wizard\",\"act\":\"export-settings\",\"by\":\"CONTOSO/anna\"");
}

static void
lab_export(struct world *w)
{
    lab_do(w, "\"op\":\"console\",\"act\":\"force-export\"");
}

static bool
lab_reopen(struct world *w)
{
    char path[128];
    w->port.close(w->port.ctx);
    lab_socket(w, path);
    return host_lab_open(path, &w->port, NULL) == BATON_OK;
}

int
main(void)
{
    struct world fake = {.name = "fake",
                         .open = fake_open,
                         .close = fake_shut,
                         .start_by_hand = fake_start,
                         .export_settings = fake_export,
                         .slow_stop = fake_slow,
                         .break_watch = fake_break,
                         .instant = true,
                         .let_go = fake_let_go,
                         .is_lab = true,
                         .tells_who = true,
                         .collector = COLLECT_PREREQUISITES,
                         .collector_says = "os.build"};
    struct world lab = {.name = "lab",
                        .open = lab_open,
                        .close = lab_shut,
                        .start_by_hand = lab_by_hand,
                        .export_settings = lab_settings,
                        .slow_stop = lab_slow,
                        .break_watch = lab_break,
                        .grow_history = lab_export,
                        .reopen = lab_reopen,
                        .is_lab = true,
                        .tells_who = true,
                        .collector = COLLECT_PREREQUISITES,
                        .collector_says = "os.build"};
    return host_suite_run(&fake) + host_suite_run(&lab);
}
