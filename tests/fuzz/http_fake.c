#include "http_fake.h"

#include "fuzz.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdarg.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK_BYTES = 4096, PIECE_BYTES = 1500, PATIENCE_S = 30 };

struct MHD_Daemon {
    MHD_AccessHandlerCallback handle;
    void *handle_arg;
    MHD_RequestCompletedCallback completed;
    size_t (*unescape)(void *cls, struct MHD_Connection *conn, char *text);
};

struct MHD_Response {
    unsigned refs;
    char *bytes;
    size_t len;
    MHD_ContentReaderCallback read;
    MHD_ContentReaderFreeCallback free;
    void *arg;
    char type[64];
    bool broken;
};

struct MHD_Connection {
    const struct http_ask *ask;
    struct http_pair argument[HTTP_FAKE_HEADERS];
    size_t arguments;
    struct MHD_Response *response;
    unsigned status;
    bool suspended;
};

static struct MHD_Daemon the_daemon;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;

/* ---- starting ------------------------------------------------------------------------------------ */

/* A text, or a size, which is as wide. */
static bool
carries_pointer(int option)
{
    return option == MHD_OPTION_HTTPS_MEM_KEY || option == MHD_OPTION_HTTPS_MEM_CERT ||
           option == MHD_OPTION_HTTPS_PRIORITIES || option == MHD_OPTION_CONNECTION_MEMORY_LIMIT;
}

/* What an option carries: kept when it is one of ours, else skipped; the others carry a number. */
static void
option_take(int option, va_list *args)
{
    if (option == MHD_OPTION_NOTIFY_COMPLETED) {
        the_daemon.completed = va_arg(*args, MHD_RequestCompletedCallback);
        (void)va_arg(*args, void *);
    } else if (option == MHD_OPTION_UNESCAPE_CALLBACK) {
        the_daemon.unescape = va_arg(*args, size_t(*)(void *, struct MHD_Connection *, char *));
        (void)va_arg(*args, void *);
    } else {
        (void)(carries_pointer(option) ? va_arg(*args, size_t) : va_arg(*args, unsigned));
    }
}

struct MHD_Daemon *
MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback accept, void *accept_arg,
                 MHD_AccessHandlerCallback handle, void *handle_arg, ...)
{
    (void)flags, (void)port, (void)accept, (void)accept_arg;
    va_list args;
    va_start(args, handle_arg);
    the_daemon = (struct MHD_Daemon){.handle = handle, .handle_arg = handle_arg};
    for (int option; (option = va_arg(args, int)) != MHD_OPTION_END;)
        option_take(option, &args);
    va_end(args);
    FUZZ_CHECK(the_daemon.completed != NULL && the_daemon.unescape != NULL);
    return &the_daemon;
}

void
MHD_stop_daemon(struct MHD_Daemon *daemon)
{
    (void)daemon;
}

/* ---- the request, as the handler asks for it ------------------------------------------------------- */

static bool
tell_pair(const struct http_pair *p, enum MHD_ValueKind kind, MHD_KeyValueIterator each, void *arg)
{
    return each(arg, kind, p->name, p->value) == MHD_YES;
}

int
MHD_get_connection_values(struct MHD_Connection *conn, enum MHD_ValueKind kind,
                          MHD_KeyValueIterator each, void *arg)
{
    FUZZ_CHECK(kind == MHD_GET_ARGUMENT_KIND);
    size_t i = 0;
    while (i < conn->arguments && tell_pair(&conn->argument[i], kind, each, arg))
        i++;
    return (int)i;
}

int
MHD_get_connection_values_n(struct MHD_Connection *conn, enum MHD_ValueKind kind,
                            MHD_KeyValueIteratorN each, void *arg)
{
    FUZZ_CHECK(kind == MHD_HEADER_KIND);
    for (size_t i = 0; i < conn->ask->headers; i++) {
        const struct http_pair *p = &conn->ask->header[i];
        if (each(arg, kind, p->name, strlen(p->name), p->value, strlen(p->value)) != MHD_YES)
            return (int)i;
    }
    return (int)conn->ask->headers;
}

const char *
MHD_lookup_connection_value(struct MHD_Connection *conn, enum MHD_ValueKind kind, const char *key)
{
    const struct http_pair *pair = kind == MHD_HEADER_KIND ? conn->ask->header : conn->argument;
    size_t count = kind == MHD_HEADER_KIND ? conn->ask->headers : conn->arguments;
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(pair[i].name, key) == 0)
            return pair[i].value;
    return NULL;
}

const union MHD_ConnectionInfo *
MHD_get_connection_info(struct MHD_Connection *conn, enum MHD_ConnectionInfoType type, ...)
{
    (void)conn, (void)type;
    return NULL; /* an address that is not known */
}

void
MHD_suspend_connection(struct MHD_Connection *conn)
{
    pthread_mutex_lock(&lock);
    conn->suspended = true;
    pthread_mutex_unlock(&lock);
}

void
MHD_resume_connection(struct MHD_Connection *conn)
{
    pthread_mutex_lock(&lock);
    conn->suspended = false;
    pthread_cond_broadcast(&moved);
    pthread_mutex_unlock(&lock);
}

/* ---- answers ----------------------------------------------------------------------------------------- */

static struct MHD_Response *
response_new(void)
{
    struct MHD_Response *r = calloc(1, sizeof *r);
    FUZZ_CHECK(r != NULL);
    r->refs = 1;
    return r;
}

struct MHD_Response *
MHD_create_response_from_buffer(size_t len, void *bytes, enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *r = response_new();
    r->bytes = malloc(len + 1);
    FUZZ_CHECK(r->bytes != NULL);
    memcpy(r->bytes, bytes, len);
    r->len = len;
    if (mode == MHD_RESPMEM_MUST_FREE)
        free(bytes);
    return r;
}

struct MHD_Response *
MHD_create_response_from_callback(uint64_t size, size_t block, MHD_ContentReaderCallback read,
                                  void *arg, MHD_ContentReaderFreeCallback end)
{
    (void)size, (void)block;
    struct MHD_Response *r = response_new();
    r->read = read;
    r->free = end;
    r->arg = arg;
    return r;
}

struct MHD_Response *
MHD_create_response_from_fd64(uint64_t size, int fd)
{
    struct MHD_Response *r = response_new();
    r->bytes = malloc((size_t)size + 1);
    FUZZ_CHECK(r->bytes != NULL && pread(fd, r->bytes, (size_t)size, 0) == (ssize_t)size);
    r->len = (size_t)size;
    FUZZ_CHECK(close(fd) == 0);
    return r;
}

void
MHD_destroy_response(struct MHD_Response *r)
{
    if (--r->refs > 0)
        return;
    if (r->free != NULL)
        r->free(r->arg);
    free(r->bytes);
    free(r);
}

enum MHD_Result
MHD_add_response_header(struct MHD_Response *r, const char *name, const char *value)
{
    r->broken = r->broken || strpbrk(name, "\r\n: ") != NULL || strpbrk(value, "\r\n") != NULL;
    if (strcmp(name, "Content-Type") == 0)
        (void)snprintf(r->type, sizeof r->type, "%s", value);
    return MHD_YES;
}

enum MHD_Result
MHD_queue_response(struct MHD_Connection *conn, unsigned status, struct MHD_Response *r)
{
    FUZZ_CHECK(conn->response == NULL && status >= 200 && status < 600);
    conn->status = status;
    conn->response = r;
    r->refs++;
    return MHD_YES;
}

/* Whoever reads an endless answer goes away when there is nothing more for now. */
static void
stream_read(struct MHD_Connection *conn)
{
    struct MHD_Response *r = conn->response;
    r->bytes = malloc(HTTP_FAKE_STREAM + 1);
    FUZZ_CHECK(r->bytes != NULL);
    while (r->len + BLOCK_BYTES <= HTTP_FAKE_STREAM && !conn->suspended) {
        ssize_t n = r->read(r->arg, r->len, r->bytes + r->len, BLOCK_BYTES);
        if (n <= 0)
            break;
        FUZZ_CHECK(n <= BLOCK_BYTES);
        r->len += (size_t)n;
    }
}

static void
answer_take(struct MHD_Connection *conn, struct http_said *ret_said)
{
    struct MHD_Response *r = conn->response;
    if (r == NULL)
        return;
    if (r->read != NULL)
        stream_read(conn);
    ret_said->answered = true;
    ret_said->status = conn->status;
    ret_said->broken_header = r->broken;
    memcpy(ret_said->type, r->type, sizeof ret_said->type);
    ret_said->len = r->len;
    ret_said->body = r->bytes;
    ret_said->body[r->len] = '\0';
    r->bytes = NULL;
    MHD_destroy_response(r);
}

/* ---- one request -------------------------------------------------------------------------------------- */

static char *
unescaped(struct MHD_Connection *conn, char *text)
{
    (void)the_daemon.unescape(NULL, conn, text);
    return text;
}

static char *
argument_text(struct MHD_Connection *conn, char *text)
{
    for (char *c = text; *c != '\0'; c++)
        if (*c == '+')
            *c = ' ';
    return unescaped(conn, text);
}

static void
read_arguments(struct MHD_Connection *conn, char *text)
{
    while (text != NULL && conn->arguments < HTTP_FAKE_HEADERS) {
        char *rest = strchr(text, '&');
        if (rest != NULL)
            *rest++ = '\0';
        char *value = strchr(text, '=');
        if (value != NULL)
            *value++ = '\0';
        if (text[0] != '\0' || value != NULL)
            conn->argument[conn->arguments++] = (struct http_pair){
                argument_text(conn, text), value != NULL ? argument_text(conn, value) : NULL};
        text = rest;
    }
}

static void
wait_resumed(struct MHD_Connection *conn)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&lock);
    while (conn->suspended)
        FUZZ_CHECK(pthread_cond_timedwait(&moved, &lock, &until) == 0);
    pthread_mutex_unlock(&lock);
}

static void
serve(struct MHD_Connection *conn, void **request)
{
    const struct http_ask *a = conn->ask;
    const struct MHD_Daemon *d = &the_daemon;
    enum MHD_Result more;
    size_t none = 0;
    more = d->handle(d->handle_arg, conn, a->path, a->method, "HTTP/1.1", NULL, &none, request);
    for (size_t at = 0; more == MHD_YES && conn->response == NULL && at < a->body_len;) {
        size_t len = a->body_len - at < PIECE_BYTES ? a->body_len - at : PIECE_BYTES, left = len;
        more = d->handle(d->handle_arg, conn, a->path, a->method, "HTTP/1.1",
                         (const char *)a->body + at, &left, request);
        at += len - left;
    }
    while (more == MHD_YES && conn->response == NULL) {
        more = d->handle(d->handle_arg, conn, a->path, a->method, "HTTP/1.1", NULL, &none, request);
        wait_resumed(conn);
    }
}

void
http_fake_request(struct http_ask *ask, struct http_said *ret_said)
{
    struct MHD_Connection conn = {.ask = ask};
    void *request = NULL;
    memset(ret_said, 0, sizeof *ret_said);
    char *query = strchr(ask->path, '?');
    if (query != NULL)
        *query++ = '\0';
    read_arguments(&conn, query);
    (void)unescaped(&conn, ask->path);
    serve(&conn, &request);
    answer_take(&conn, ret_said);
    the_daemon.completed(NULL, &conn, &request, MHD_REQUEST_TERMINATED_COMPLETED_OK);
}
