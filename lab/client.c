#include "client.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "print.h"

enum { WATCHED_MAX = 16 };

static int
complain(const struct baton_err *err)
{
    fprintf(stderr, "baton-lab: %s\n", err->text);
    return baton_status_exit_code(err->status);
}

static enum baton_status
dial(const struct client_options *options, const char *server, FILE **ret, struct baton_err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    bool fits = server == NULL ? print_format(address.sun_path, sizeof address.sun_path,
                                              "%s/tenant.sock", options->dir)
                               : print_format(address.sun_path, sizeof address.sun_path,
                                              "%s/servers/%s.sock", options->dir, server);
    if (!fits)
        return baton_fail(err, BATON_LIMIT, "the path of --dir is too long for a socket");
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) {
        struct timeval limit = {.tv_sec = options->timeout_ms / 1000,
                                .tv_usec = (suseconds_t)(options->timeout_ms % 1000) * 1000};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        *ret = fdopen(fd, "r+");
        if (*ret != NULL)
            return BATON_OK;
    }
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (why == ENOENT && server != NULL)
        return baton_fail(err, BATON_NOT_FOUND, "no server %s in the lab at %s", server,
                          options->dir);
    return baton_fail(err, BATON_UNREACHABLE, "no lab runs at %s: %s", address.sun_path,
                      strerror(why));
}

static json_t *
field_value(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    if (value != NULL && !json_is_real(value)) /* 1.10 is a version, not a number */
        return value;
    json_decref(value);
    return json_string(text);
}

static enum baton_status
build_request(const char *op, char *const *fields, size_t count, json_t **ret,
              struct baton_err *err)
{
    json_t *request = json_pack("{s:i,s:s}", "id", 1, "op", op);
    for (size_t i = 0; i < count; i++) {
        const char *equals = strchr(fields[i], '=');
        if (equals == NULL || equals == fields[i]) {
            json_decref(request);
            return baton_fail(err, BATON_USAGE, "'%s' is not field=value", fields[i]);
        }
        char name[64];
        print_format(name, sizeof name, "%.*s", (int)(equals - fields[i]), fields[i]);
        json_t *value = field_value(equals + 1);
        if (value == NULL || json_object_set_new(request, name, value) != 0) {
            json_decref(request);
            return baton_fail(err, BATON_USAGE, "'%s' is not UTF-8", fields[i]);
        }
    }
    *ret = request;
    return BATON_OK;
}

static enum baton_status
send_line(FILE *lab, json_t *request, struct baton_err *err)
{
    bool sent =
        json_dumpf(request, lab, JSON_COMPACT) == 0 && fputc('\n', lab) != EOF && fflush(lab) == 0;
    json_decref(request);
    fseek(lab, 0, SEEK_CUR); /* between writing and reading one stream */
    return sent ? BATON_OK : baton_fail(err, BATON_UNREACHABLE, "the lab hung up");
}

static enum baton_status
read_line(FILE *lab, char **line, size_t *cap, json_t **ret, struct baton_err *err)
{
    errno = 0;
    ssize_t len = getline(line, cap, lab);
    if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return baton_fail(err, BATON_TIMEOUT, "no answer in time");
    if (len < 0)
        return baton_fail(err, BATON_UNREACHABLE, "the lab hung up");
    *ret = json_loadb(*line, (size_t)len, 0, NULL);
    return *ret != NULL ? BATON_OK
                        : baton_fail(err, BATON_MALFORMED, "the lab answered with no JSON");
}

/* The answer to request 1, past the greeting and events. */
static enum baton_status
read_answer(FILE *lab, json_t **ret, struct baton_err *err)
{
    char *line = NULL;
    size_t cap = 0;
    enum baton_status rc;
    json_t *got = NULL;
    while ((rc = read_line(lab, &line, &cap, &got, err)) == BATON_OK &&
           json_object_get(got, "ok") == NULL)
        json_decref(got);
    free(line);
    if (rc == BATON_OK)
        *ret = got;
    return rc;
}

static void
print_plain(const json_t *value)
{
    if (json_is_string(value)) {
        fputs(json_string_value(value), stdout);
        return;
    }
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    fputs(text == NULL ? "" : text, stdout);
    free(text);
}

static void
print_row(json_t *row, const char *indent)
{
    const char *key;
    json_t *value;
    fputs(indent, stdout);
    json_object_foreach(row, key, value)
    {
        printf("%s=", key);
        print_plain(value);
        fputs("  ", stdout);
    }
    putchar('\n');
}

static void
print_list(const char *name, json_t *list)
{
    size_t i;
    json_t *item;
    printf("%s: %zu\n", name, json_array_size(list));
    json_array_foreach(list, i, item)
    {
        if (json_is_object(item)) {
            print_row(item, "  ");
            continue;
        }
        fputs("  ", stdout);
        print_plain(item);
        putchar('\n');
    }
}

static void
print_answer(json_t *answer)
{
    const char *key;
    json_t *value;
    json_object_foreach(answer, key, value)
    {
        if (strcmp(key, "id") == 0 || strcmp(key, "ok") == 0)
            continue;
        if (json_is_array(value)) {
            print_list(key, value);
        } else {
            if (strcmp(key, "text") != 0)
                printf("%s: ", key);
            print_plain(value);
            putchar('\n');
        }
    }
}

/* The exit code of an answer: 0, or that of the status it names. */
static int
exit_code(const json_t *answer)
{
    if (json_is_true(json_object_get(answer, "ok")))
        return 0;
    const char *name = json_string_value(json_object_get(answer, "status"));
    for (int i = 0; name != NULL && i < BATON_STATUS_COUNT; i++)
        if (strcmp(baton_status_name((enum baton_status)i), name) == 0)
            return baton_status_exit_code((enum baton_status)i);
    return 1;
}

static int
show(const struct client_options *options, json_t *answer)
{
    int code = exit_code(answer);
    if (options->json) {
        json_dumpf(answer, stdout, JSON_INDENT(2));
        putchar('\n');
    } else if (code == 0) {
        print_answer(answer);
    } else {
        fprintf(stderr, "baton-lab: %s\n", json_string_value(json_object_get(answer, "error")));
    }
    json_decref(answer);
    return code;
}

int
client_do(const struct client_options *options, const char *server, const char *op,
          char *const *fields, size_t field_count)
{
    struct baton_err err;
    FILE *lab;
    json_t *request = NULL, *answer = NULL;
    enum baton_status rc = build_request(op, fields, field_count, &request, &err);
    if (rc != BATON_OK)
        return complain(&err);
    rc = dial(options, server, &lab, &err);
    if (rc != BATON_OK) {
        json_decref(request);
        return complain(&err);
    }
    rc = send_line(lab, request, &err);
    if (rc == BATON_OK)
        rc = read_answer(lab, &answer, &err);
    fclose(lab);
    return rc == BATON_OK ? show(options, answer) : complain(&err);
}

struct watched {
    char name[64];
    FILE *lab;
    char *line;
    size_t cap;
};

static enum baton_status
watch_one(const struct client_options *options, const char *name, struct watched *ret,
          struct baton_err *err)
{
    bool tenant = strcmp(name, "tenant") == 0;
    print_copy(ret->name, sizeof ret->name, name);
    enum baton_status rc = dial(options, tenant ? NULL : name, &ret->lab, err);
    if (rc != BATON_OK)
        return rc;
    setvbuf(ret->lab, NULL, _IONBF, 0); /* so that poll sees what is left to read */
    return send_line(ret->lab, json_pack("{s:i,s:s}", "id", 1, "op", "watch"), err);
}

static size_t
all_names(const struct client_options *options, char names[WATCHED_MAX][64])
{
    char path[1024];
    size_t count = 0;
    print_copy(names[count++], 64, "tenant");
    print_format(path, sizeof path, "%s/servers", options->dir);
    DIR *dir = opendir(path);
    for (struct dirent *e; dir != NULL && count < WATCHED_MAX && (e = readdir(dir)) != NULL;) {
        size_t len = strlen(e->d_name);
        if (len > 5 && len < 64 && strcmp(e->d_name + len - 5, ".sock") == 0)
            print_format(names[count++], 64, "%.*s", (int)(len - 5), e->d_name);
    }
    if (dir != NULL)
        closedir(dir);
    return count;
}

static void
print_event(const struct client_options *options, const char *name, json_t *line)
{
    if (json_object_get(line, "event") == NULL)
        return;
    if (options->json) {
        json_object_set_new(line, "from", json_string(name));
        json_dumpf(line, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        time_t at = (time_t)(json_integer_value(json_object_get(line, "at")) / 1000);
        char clock[16];
        struct tm tm;
        localtime_r(&at, &tm);
        strftime(clock, sizeof clock, "%H:%M:%S", &tm);
        json_object_del(line, "at");
        printf("%s %-8s ", clock, name);
        print_row(line, "");
    }
    fflush(stdout);
}

static int
watch_loop(const struct client_options *options, struct watched *watched, size_t count)
{
    struct baton_err err;
    for (;;) {
        struct pollfd fds[WATCHED_MAX];
        for (size_t i = 0; i < count; i++)
            fds[i] = (struct pollfd){.fd = fileno(watched[i].lab), .events = POLLIN};
        if (poll(fds, (nfds_t)count, -1) < 0)
            return 1;
        for (size_t i = 0; i < count; i++) {
            json_t *line;
            if (fds[i].revents == 0)
                continue;
            if (read_line(watched[i].lab, &watched[i].line, &watched[i].cap, &line, &err) !=
                BATON_OK)
                return complain(&err);
            print_event(options, watched[i].name, line);
            json_decref(line);
        }
    }
}

int
client_watch(const struct client_options *options, char *const *names, size_t name_count)
{
    static struct watched watched[WATCHED_MAX];
    char all[WATCHED_MAX][64];
    size_t count = name_count == 0 ? all_names(options, all) : name_count;
    struct baton_err err;
    if (count > WATCHED_MAX)
        count = WATCHED_MAX;
    for (size_t i = 0; i < count; i++)
        if (watch_one(options, name_count == 0 ? all[i] : names[i], &watched[i], &err) != BATON_OK)
            return complain(&err);
    return watch_loop(options, watched, count);
}
