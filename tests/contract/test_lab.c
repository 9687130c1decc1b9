/* The lab's protocol as a client sees it: the real program, its sockets, its files. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "baton/status.h"
#include "lab/folder.h"

enum { PATH_CAP = 256, LINE_CAP = 2 * 1024 * 1024, WAIT_MS = 20000 };

struct lab {
    char dir[64];
    pid_t pid;
    int out;
};

struct client {
    int fd;
    char *bytes;
    size_t len;
    json_int_t ids;
};

static uint64_t
now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Runs the program with its standard output on a pipe. */
static pid_t
spawn(char *const argv[], int *ret_out)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(fds[1], STDOUT_FILENO);
        close(fds[0]);
        close(fds[1]);
        execv(LAB_PROGRAM, argv);
        _exit(127);
    }
    close(fds[1]);
    *ret_out = fds[0];
    return pid;
}

static int
exit_code_of(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
wait_ready(struct lab *lab)
{
    char text[6] = "";
    for (size_t got = 0; got < 6;) {
        struct pollfd p = {.fd = lab->out, .events = POLLIN};
        assert_int_equal(poll(&p, 1, WAIT_MS), 1);
        ssize_t n = read(lab->out, text + got, 6 - got);
        assert_true(n > 0);
        got += (size_t)n;
    }
    assert_memory_equal(text, "ready\n", 6);
}

/* The lab of the test at hand, so that a failed test leaves no process behind. */
static struct lab *running;

static int
stop_left_over(void **state)
{
    (void)state;
    struct baton_err err;
    if (running == NULL)
        return 0;
    kill(running->pid, SIGKILL);
    waitpid(running->pid, NULL, 0);
    int rc = folder_remove(running->dir, &err) == BATON_OK ? 0 : -1;
    running = NULL;
    return rc;
}

static void
lab_start(struct lab *lab, const char *old, const char *speed)
{
    strcpy(lab->dir, "/tmp/baton-lab-XXXXXX");
    assert_non_null(mkdtemp(lab->dir));
    char *const argv[] = {"baton-lab", "run",   "--dir",   lab->dir,      "--old", (char *)old,
                          "--objects", "60000", "--speed", (char *)speed, NULL};
    static struct lab kept;
    lab->pid = spawn(argv, &lab->out);
    kept = *lab; /* the test's own is gone when it fails */
    running = &kept;
    wait_ready(lab);
}

static int
lab_stop(struct lab *lab)
{
    struct baton_err err;
    kill(lab->pid, SIGTERM);
    running = NULL;
    int code = exit_code_of(lab->pid);
    close(lab->out);
    assert_int_equal(folder_remove(lab->dir, &err), BATON_OK);
    return code;
}

static bool
try_connect(const struct lab *lab, const char *name, int *ret_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/%s.sock", lab->dir, name);
    *ret_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(*ret_fd >= 0);
    if (connect(*ret_fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return true;
    close(*ret_fd);
    return false;
}

/* The next line as JSON; NULL when the lab hung up. */
static json_t *
next_line(struct client *c)
{
    for (;;) {
        char *end = memchr(c->bytes, '\n', c->len);
        if (end != NULL) {
            json_t *json = json_loadb(c->bytes, (size_t)(end - c->bytes), 0, NULL);
            assert_non_null(json);
            c->len -= (size_t)(end + 1 - c->bytes);
            memmove(c->bytes, end + 1, c->len);
            return json;
        }
        struct pollfd p = {.fd = c->fd, .events = POLLIN};
        if (poll(&p, 1, WAIT_MS) != 1)
            fail_msg("the lab says nothing");
        assert_true(c->len < LINE_CAP);
        ssize_t n = recv(c->fd, c->bytes + c->len, LINE_CAP - c->len, 0);
        if (n <= 0)
            return NULL;
        c->len += (size_t)n;
    }
}

static struct client
client_open(const struct lab *lab, const char *name)
{
    struct client c = {.bytes = malloc(LINE_CAP)};
    assert_non_null(c.bytes);
    assert_true(try_connect(lab, name, &c.fd));
    json_t *greeting = next_line(&c);
    assert_int_equal(json_integer_value(json_object_get(greeting, "lab")), 1);
    json_decref(greeting);
    return c;
}

static void
client_close(struct client *c)
{
    close(c->fd);
    free(c->bytes);
}

static void
send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        assert_true(n > 0);
        bytes += n;
        len -= (size_t)n;
    }
}

static json_int_t
client_send(struct client *c, const char *fields)
{
    char line[1024];
    int len = snprintf(line, sizeof line, "{\"id\":%lld,%s}\n", (long long)++c->ids, fields);
    assert_true(len > 0 && (size_t)len < sizeof line);
    for (char *at = line; *at != '\0'; at++)
        if (*at == '\'')
            *at = '"';
    send_all(c->fd, line, (size_t)len);
    return c->ids;
}

static json_t *
client_ask(struct client *c, const char *fields)
{
    json_int_t id = client_send(c, fields);
    for (json_t *line; (line = next_line(c)) != NULL; json_decref(line))
        if (json_integer_value(json_object_get(line, "id")) == id)
            return line;
    fail_msg("the lab hung up at %s", fields);
    return NULL;
}

static bool
client_do(struct client *c, const char *fields)
{
    json_t *answer = client_ask(c, fields);
    bool ok = json_is_true(json_object_get(answer, "ok"));
    json_decref(answer);
    return ok;
}

/* Reads on until an event has this key and text. */
static void
wait_event(struct client *c, const char *key, const char *text)
{
    for (json_t *line; (line = next_line(c)) != NULL;) {
        const char *got = json_string_value(json_object_get(line, key));
        bool found = got != NULL && strcmp(got, text) == 0;
        json_decref(line);
        if (found)
            return;
    }
    fail_msg("the lab hung up before %s=%s", key, text);
}

static size_t
overlaps(struct client *tenant)
{
    json_t *status = client_ask(tenant, "'op':'status'");
    json_t *judge = json_object_get(status, "judge");
    size_t count = json_array_size(json_object_get(judge, "overlaps"));
    assert_int_equal(json_is_true(json_object_get(judge, "ok")), count == 0);
    json_decref(status);
    return count;
}

static void
a_lab_of_60000_objects_is_ready_within_a_second(void **state)
{
    (void)state;
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 3 && best >= 1000; i++) { /* a busy machine may be late once or twice */
        struct lab lab;
        uint64_t from = now_ms();
        lab_start(&lab, "OLD:dirsync", "1");
        uint64_t took = now_ms() - from;
        best = took < best ? took : best;
        assert_int_equal(lab_stop(&lab), 0);
    }
    assert_true(best < 1000);
}

static void
a_clean_end_leaves_no_socket(void **state)
{
    (void)state;
    static const char *const sockets[] = {"tenant", "servers/OLD", "servers/NEW"};
    struct lab lab;
    struct baton_err err;
    struct stat st;
    char path[PATH_CAP];
    lab_start(&lab, "OLD:dirsync", "1");
    for (size_t i = 0; i < ARRAY_LEN(sockets); i++) {
        snprintf(path, sizeof path, "%s/%s.sock", lab.dir, sockets[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_true(S_ISSOCK(st.st_mode));
    }
    kill(lab.pid, SIGTERM);
    assert_int_equal(exit_code_of(lab.pid), 0);
    running = NULL;
    for (size_t i = 0; i < ARRAY_LEN(sockets); i++) {
        snprintf(path, sizeof path, "%s/%s.sock", lab.dir, sockets[i]);
        assert_int_equal(stat(path, &st), -1);
    }
    close(lab.out);
    assert_int_equal(folder_remove(lab.dir, &err), BATON_OK);
}

static void
a_second_lab_in_the_same_directory_is_refused(void **state)
{
    (void)state;
    struct lab lab;
    lab_start(&lab, "OLD:dirsync", "1");
    char *const argv[] = {"baton-lab", "run", "--dir", lab.dir, NULL};
    int out;
    pid_t pid = spawn(argv, &out);
    assert_int_equal(exit_code_of(pid), 9);
    close(out);
    struct client c = client_open(&lab, "tenant"); /* the first still serves */
    assert_true(client_do(&c, "'op':'status'"));
    client_close(&c);
    assert_int_equal(lab_stop(&lab), 0);
}

static void
every_reading_operation_answers_on_both_servers(void **state)
{
    (void)state;
    static const char *const asks[][2] = {{"'op':'services'", "services"},
                                          {"'op':'tasks'", "tasks"},
                                          {"'op':'processes'", "processes"},
                                          {"'op':'product'", "present"},
                                          {"'op':'events'", "events"},
                                          {"'op':'machine'", "boot"},
                                          {"'op':'file','place':'settings-export'", "dir"},
                                          {"'op':'file','place':'settings-import'", "dir"},
                                          {"'op':'file','place':'pending-export'", "dir"},
                                          {"'op':'collect','collector':'prerequisites'", "text"},
                                          {"'op':'state'", "powered"}};
    static const char *const servers[] = {"servers/OLD", "servers/NEW"};
    struct lab lab;
    lab_start(&lab, "OLD:dirsync", "4");
    for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
        struct client c = client_open(&lab, servers[i]);
        for (size_t j = 0; j < ARRAY_LEN(asks); j++) {
            json_t *answer = client_ask(&c, asks[j][0]);
            assert_true(json_is_true(json_object_get(answer, "ok")));
            assert_non_null(json_object_get(answer, asks[j][1]));
            json_decref(answer);
        }
        client_close(&c);
    }
    assert_int_equal(lab_stop(&lab), 0);
}

static void
bad_lines_get_one_clear_error_and_the_connection_lives_on(void **state)
{
    (void)state;
    struct lab lab;
    lab_start(&lab, "OLD:dirsync", "4");
    struct client c = client_open(&lab, "servers/OLD");
    static const char *const bad[] = {"nonsense\n", "[1,2]\n", "{\"op\":\"services\"}\n",
                                      "\xc3\x28\n"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        send_all(c.fd, bad[i], strlen(bad[i]));
        json_t *answer = next_line(&c);
        assert_true(json_is_null(json_object_get(answer, "id")));
        assert_true(json_is_false(json_object_get(answer, "ok")));
        assert_true(json_string_length(json_object_get(answer, "error")) > 0);
        json_decref(answer);
    }
    send_all(c.fd, "\n\n", 2); /* empty lines are nothing */
    assert_true(client_do(&c, "'op':'services'"));
    client_close(&c);
    assert_int_equal(lab_stop(&lab), 0);
}

static void
a_line_beyond_one_mebibyte_is_refused_once(void **state)
{
    (void)state;
    struct lab lab;
    lab_start(&lab, "OLD:dirsync", "4");
    struct client c = client_open(&lab, "servers/OLD");
    size_t len = (size_t)3 * 1024 * 1024;
    char *line = malloc(len);
    assert_non_null(line);
    memset(line, 'x', len);
    line[len - 1] = '\n';
    send_all(c.fd, line, len);
    free(line);
    json_t *answer = next_line(&c);
    assert_string_equal(json_string_value(json_object_get(answer, "status")), "BATON_LIMIT");
    json_decref(answer);
    json_int_t id = client_send(&c, "'op':'services'");
    answer = next_line(&c); /* the very next line answers the next request */
    assert_int_equal(json_integer_value(json_object_get(answer, "id")), id);
    json_decref(answer);
    client_close(&c);
    assert_int_equal(lab_stop(&lab), 0);
}

static void
a_request_may_come_in_pieces_and_several_in_one(void **state)
{
    (void)state;
    struct lab lab;
    lab_start(&lab, "OLD:dirsync", "4");
    struct client c = client_open(&lab, "servers/OLD");
    static const char text[] = "{\"id\":1,\"op\":\"services\"}\n{\"id\":2,\"op\":\"tasks\"}\n{"
                               "\"id\":3,\"op\":\"machine\"}\n";
    for (size_t i = 0; i < 10; i++)
        send_all(c.fd, text + i, 1);
    send_all(c.fd, text + 10, sizeof text - 11);
    for (json_int_t id = 1; id <= 3; id++) {
        json_t *answer = next_line(&c);
        assert_int_equal(json_integer_value(json_object_get(answer, "id")), id);
        json_decref(answer);
    }
    client_close(&c);
    assert_int_equal(lab_stop(&lab), 0);
}

static void
answers_may_come_out_of_order(void **state)
{
    (void)state;
    struct lab lab;
    lab_start(&lab, "OLD:dirsync", "1");
    struct client c = client_open(&lab, "servers/OLD");
    json_int_t slow = client_send(&c, "'op':'wizard','act':'export-settings'");
    json_int_t quick = client_send(&c, "'op':'services'");
    json_t *first = next_line(&c), *second = next_line(&c);
    assert_int_equal(json_integer_value(json_object_get(first, "id")), quick);
    assert_int_equal(json_integer_value(json_object_get(second, "id")), slow);
    json_decref(first);
    json_decref(second);
    client_close(&c);
    assert_int_equal(lab_stop(&lab), 0);
}

static void
a_reader_that_never_reads_loses_its_watch_and_harms_nobody(void **state)
{
    (void)state;
    struct lab lab;
    lab_start(&lab, "OLD:dirsync", "4");
    struct client deaf = client_open(&lab, "servers/OLD");
    struct client c = client_open(&lab, "servers/OLD");
    char line[64];
    bool dropped = false;
    fcntl(deaf.fd, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 200000 && !dropped; i++) {
        int len = snprintf(line, sizeof line, "{\"id\":%d,\"op\":\"services\"}\n", i);
        ssize_t sent = send(deaf.fd, line, (size_t)len, MSG_NOSIGNAL);
        dropped = sent < 0 && (errno == EPIPE || errno == ECONNRESET);
        if (sent < 0 && errno == EAGAIN) {
            struct pollfd p = {.fd = deaf.fd, .events = POLLOUT};
            poll(&p, 1, 1000);
        }
    }
    assert_true(dropped);
    assert_true(client_do(&c, "'op':'services'"));
    client_close(&deaf);
    client_close(&c);
    assert_int_equal(lab_stop(&lab), 0);
}

/* What an agent and a person do together, start to end, over the sockets. */
static void
a_whole_handoff_leaves_one_exporter_at_every_instant(void **state)
{
    (void)state;
    struct lab lab;
    char from[PATH_CAP], to[PATH_CAP];
    struct baton_err err;
    lab_start(&lab, "OLD:dirsync", "4");
    struct client old = client_open(&lab, "servers/OLD"), new = client_open(&lab, "servers/NEW"),
                  tenant = client_open(&lab, "tenant"), watch = client_open(&lab, "tenant");
    assert_true(client_do(&watch, "'op':'watch'"));
    wait_event(&watch, "event", "export"); /* OLD is alive */
    assert_true(client_do(&old, "'op':'wizard','act':'export-settings'"));
    snprintf(from, sizeof from, "%s/servers/OLD/settings-export", lab.dir);
    snprintf(to, sizeof to, "%s/servers/NEW/settings-import", lab.dir);
    assert_int_equal(folder_copy(from, to, &err), BATON_OK);
    assert_true(client_do(&new, "'op':'wizard','act':'migrate'"));

    static const char *const fence[] = {
        "'op':'service-stop','name':'MSOnlineSyncScheduler'",
        "'op':'service-stop','name':'FIMSynchronizationService'",
        "'op':'service-disable','name':'MSOnlineSyncScheduler'",
        "'op':'service-disable','name':'FIMSynchronizationService'"};
    for (size_t i = 0; i < ARRAY_LEN(fence); i++)
        assert_true(client_do(&old, fence[i]));
    assert_true(client_do(&new, "'op':'wizard','act':'staging-off'"));
    wait_event(&watch, "server", "NEW");
    wait_event(&watch, "event", "export");
    assert_true(client_do(&old, "'op':'uninstall'"));
    assert_true(client_do(&tenant, "'op':'account','server':'OLD','act':'disable'"));
    assert_int_equal(overlaps(&tenant), 0);

    json_t *answer = client_ask(&tenant, "'op':'exports','from':1"), *record;
    bool seen_new = false;
    size_t i;
    json_array_foreach(json_object_get(answer, "exports"), i, record)
    {
        bool is_new = strcmp(json_string_value(json_object_get(record, "server")), "NEW") == 0;
        assert_false(seen_new && !is_new); /* never back again */
        seen_new |= is_new;
    }
    assert_true(seen_new);
    json_decref(answer);
    client_close(&old);
    client_close(&new);
    client_close(&tenant);
    client_close(&watch);
    assert_int_equal(lab_stop(&lab), 0);
}

static void
two_exporters_are_seen_and_written_down_with_both_names(void **state)
{
    (void)state;
    struct lab lab;
    lab_start(&lab, "OLD:connect", "4");
    struct client old = client_open(&lab, "servers/OLD"), new = client_open(&lab, "servers/NEW"),
                  tenant = client_open(&lab, "tenant");
    assert_true(client_do(&new, "'op':'wizard','act':'install','staging':true"));
    assert_int_equal(overlaps(&tenant), 0);
    assert_true(client_do(&new, "'op':'wizard','act':'staging-off'"));
    assert_int_equal(overlaps(&tenant), 1);
    assert_true(client_do(&old, "'op':'wizard','act':'staging-on'"));
    json_t *status = client_ask(&tenant, "'op':'status'");
    json_t *list = json_object_get(json_object_get(status, "judge"), "overlaps");
    json_t *overlap = json_array_get(list, 0);
    assert_int_equal(json_array_size(json_object_get(overlap, "servers")), 2);
    assert_true(json_integer_value(json_object_get(overlap, "to")) >=
                json_integer_value(json_object_get(overlap, "from")));
    json_decref(status);
    client_close(&old);
    client_close(&new);
    client_close(&tenant);
    assert_int_equal(lab_stop(&lab), 0);
}

static void
exports_are_on_disk_as_they_happen(void **state)
{
    (void)state;
    struct lab lab;
    char path[PATH_CAP], line[1024];
    lab_start(&lab, "OLD:dirsync", "4");
    struct client watch = client_open(&lab, "tenant");
    assert_true(client_do(&watch, "'op':'watch'"));
    wait_event(&watch, "event", "export");
    snprintf(path, sizeof path, "%s/tenant/exports.jsonl", lab.dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    fclose(f);
    json_t *record = json_loads(line, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(record, "n")), 1);
    assert_string_equal(json_string_value(json_object_get(record, "server")), "OLD");
    json_decref(record);
    client_close(&watch);
    assert_int_equal(lab_stop(&lab), 0);
}

static void
a_watch_tells_of_services_processes_runs_and_files(void **state)
{
    (void)state;
    struct lab lab;
    lab_start(&lab, "OLD:dirsync", "1");
    struct client c = client_open(&lab, "servers/OLD"), watch = client_open(&lab, "servers/OLD");
    assert_true(client_do(&watch, "'op':'watch'"));
    wait_event(&watch, "event", "run");
    client_send(&c, "'op':'wizard','act':'export-settings'");
    wait_event(&watch, "kind", "wizard");
    wait_event(&watch, "place", "settings-export");
    client_send(&c, "'op':'service-disable','name':'MSOnlineSyncScheduler'");
    wait_event(&watch, "start", "disabled");
    client_close(&c);
    client_close(&watch);
    assert_int_equal(lab_stop(&lab), 0);
}

static void
losing_the_power_breaks_every_watch_and_the_services_return_after_boot(void **state)
{
    (void)state;
    struct lab lab;
    lab_start(&lab, "OLD:dirsync", "4");
    struct client watch = client_open(&lab, "servers/OLD"), c = client_open(&lab, "servers/OLD");
    assert_true(client_do(&watch, "'op':'watch'"));
    assert_true(client_do(&c, "'op':'power','act':'off'"));
    for (json_t *line; (line = next_line(&watch)) != NULL;)
        json_decref(line);
    client_close(&watch);
    client_close(&c);
    c = client_open(&lab, "servers/OLD");
    assert_false(client_do(&c, "'op':'services'"));
    assert_true(client_do(&c, "'op':'power','act':'on'"));
    assert_true(client_do(&c, "'op':'watch'"));
    wait_event(&c, "state", "starting");
    wait_event(&c, "state", "running");
    client_close(&c);
    assert_int_equal(lab_stop(&lab), 0);
}

static void
snapshot_and_revert_bring_the_machine_back_and_drop_its_watches(void **state)
{
    (void)state;
    struct lab lab;
    lab_start(&lab, "OLD:dirsync", "4");
    struct client c = client_open(&lab, "servers/OLD");
    assert_true(client_do(&c, "'op':'snapshot'"));
    assert_true(client_do(&c, "'op':'uninstall'"));
    assert_true(client_do(&c, "'op':'revert','generation':true"));
    client_close(&c);
    c = client_open(&lab, "servers/OLD");
    json_t *answer = client_ask(&c, "'op':'product'");
    assert_true(json_is_true(json_object_get(answer, "present")));
    json_decref(answer);
    client_close(&c);
    assert_int_equal(lab_stop(&lab), 0);
}

static void
the_client_of_the_program_has_the_exit_codes_of_the_design(void **state)
{
    (void)state;
    struct lab lab;
    lab_start(&lab, "OLD:dirsync", "4");
    char *const commands[][8] = {
        {"baton-lab", "do", "OLD", "services", "--dir", lab.dir, NULL},
        {"baton-lab", "tenant", "status", "--dir", lab.dir, "--output", "json", NULL},
        {"baton-lab", "do", "OLD", "fly", "--dir", lab.dir, NULL},
        {"baton-lab", "do", "NOBODY", "services", "--dir", lab.dir, NULL},
        {"baton-lab", "do", "NEW", "uninstall", "--dir", lab.dir, NULL},
        {"baton-lab", "do", "OLD", "wizard", "act=staging-on", "--dir", lab.dir, NULL},
        {"baton-lab", "do", "OLD", "wizard", "act=close", "--dir", lab.dir, NULL},
        {"baton-lab", "tenant", "status", "--dir", "/nowhere", NULL},
        {"baton-lab", "tenant", "status", "--output", "poem", NULL},
        {"baton-lab", "--help", NULL}};
    static const int codes[] = {0, 0, 2, 3, 3, 5, 9, 8, 2, 0};
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        int out;
        pid_t pid = spawn(commands[i], &out);
        char text[65536];
        size_t total = 0;
        for (ssize_t n; (n = read(out, text, sizeof text)) > 0;)
            total += (size_t)n;
        close(out);
        assert_int_equal(exit_code_of(pid), codes[i]);
        assert_int_equal(total > 0, codes[i] == 0); /* errors go to standard error */
    }
    assert_int_equal(lab_stop(&lab), 0);
}

#define T(test) cmocka_unit_test_teardown(test, stop_left_over)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_lab_of_60000_objects_is_ready_within_a_second),
        T(a_clean_end_leaves_no_socket),
        T(a_second_lab_in_the_same_directory_is_refused),
        T(every_reading_operation_answers_on_both_servers),
        T(bad_lines_get_one_clear_error_and_the_connection_lives_on),
        T(a_line_beyond_one_mebibyte_is_refused_once),
        T(a_request_may_come_in_pieces_and_several_in_one),
        T(answers_may_come_out_of_order),
        T(a_reader_that_never_reads_loses_its_watch_and_harms_nobody),
        T(a_whole_handoff_leaves_one_exporter_at_every_instant),
        T(two_exporters_are_seen_and_written_down_with_both_names),
        T(exports_are_on_disk_as_they_happen),
        T(a_watch_tells_of_services_processes_runs_and_files),
        T(losing_the_power_breaks_every_watch_and_the_services_return_after_boot),
        T(snapshot_and_revert_bring_the_machine_back_and_drop_its_watches),
        T(the_client_of_the_program_has_the_exit_codes_of_the_design),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
