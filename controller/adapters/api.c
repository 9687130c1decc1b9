#include "api_guard.h"
#include "api_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IDLE_TIMEOUT_S = 30, CONNECTION_MEMORY = 32768, PEM_BYTES_MAX = 65536 };

#define PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"

/* --- one request ------------------------------------------------------------------------------ */

static enum MHD_Result
guard_header(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_len,
             const char *value, size_t value_len)
{
    (void)kind;
    api_guard_header(arg, name, name_len, value != NULL ? value : "", value_len);
    return MHD_YES;
}

static bool
guarded(struct api_request *rq)
{
    struct api_guard g = {0};
    MHD_get_connection_values_n(rq->conn, MHD_HEADER_KIND, guard_header, &g);
    const char *fault = api_guard_finish(&g);
    if (fault != NULL) {
        api_answer_status(rq, BATON_MALFORMED, "%s", fault);
        return false;
    }
    if (g.content_length > API_BODY_BYTES) {
        api_answer_as(rq, MHD_HTTP_CONTENT_TOO_LARGE, BATON_LIMIT, "a body has at most 64 KiB");
        return false;
    }
    rq->body_announced = g.content_length > 0;
    return true;
}

static const struct api_asset *
asset_find(const struct api *api, const char *path)
{
    for (size_t i = 0; i < api->config.asset_count; i++)
        if (strcmp(api->config.asset[i].path, path) == 0)
            return &api->config.asset[i];
    return NULL;
}

static bool
routed(struct api_request *rq, const char *method, const char *path)
{
    bool path_known = false, method_known = api_method_parse(method, &rq->method);
    if (method_known)
        rq->route = api_route_find(rq, rq->method, path, &path_known);
    if (rq->route != NULL)
        return true;
    if (path_known || !method_known) {
        api_answer_as(rq, MHD_HTTP_METHOD_NOT_ALLOWED, BATON_USAGE,
                      "this method is not known here");
    } else {
        struct problem p = {
            .status = BATON_NOT_FOUND, .title = "no such path", .next = "GET /api/v1/openapi.json"};
        api_answer_problem(rq, &p);
    }
    return false;
}

static bool
body_wanted(struct api_request *rq)
{
    if (rq->route->body != NULL || !rq->body_announced)
        return true;
    api_answer_status(rq, BATON_MALFORMED, "no body is expected here");
    return false;
}

static enum MHD_Result
serve_asset(struct MHD_Connection *conn, const struct api_asset *a)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(a->len, (void *)(uintptr_t)a->bytes,
                                                             MHD_RESPMEM_PERSISTENT);
    if (r == NULL)
        return MHD_NO;
    MHD_add_response_header(r, "Content-Type", a->type);
    MHD_add_response_header(r, "Cache-Control", "no-cache");
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(r, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(r, "Content-Security-Policy", API_CONTENT_POLICY);
    if (a->encoding != NULL)
        MHD_add_response_header(r, "Content-Encoding", a->encoding);
    enum MHD_Result rc = MHD_queue_response(conn, MHD_HTTP_OK, r);
    MHD_destroy_response(r);
    return rc;
}

/* Everything that can be judged before the body is read. */
static enum MHD_Result
request_begin(struct api *api, struct MHD_Connection *conn, const char *method, const char *path,
              void **ret_request)
{
    struct api_request *rq = calloc(1, sizeof *rq);
    if (rq == NULL)
        return MHD_NO;
    *ret_request = rq;
    rq->api = api;
    rq->conn = conn;
    atomic_fetch_add(&api->counters.requests, 1);
    if (!guarded(rq))
        return api_answer_send(rq); /* and the library closes: the rest is never read */
    const struct api_asset *asset = asset_find(api, path);
    if (asset != NULL && (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)) {
        rq->answered = true;
        return serve_asset(conn, asset);
    }
    if (!routed(rq, method, path) || !body_wanted(rq) || !api_authorise(rq))
        return api_answer_send(rq);
    /* a reader must not stay open while a slow client sends its body */
    if (rq->body_announced && rq->store_is_open) {
        rq->store.close(rq->store.ctx);
        rq->store_is_open = false;
    }
    return MHD_YES;
}

static enum MHD_Result
request_body(struct api_request *rq, const char *bytes, size_t len)
{
    if (rq->body_len + len > API_BODY_BYTES)
        return MHD_NO;
    char *grown = realloc(rq->body, rq->body_len + len);
    if (grown == NULL)
        return MHD_NO;
    rq->body = grown;
    memcpy(rq->body + rq->body_len, bytes, len);
    rq->body_len += len;
    return MHD_YES;
}

static enum MHD_Result
request_finish(struct api_request *rq)
{
    if (api_check_query(rq) && api_check_body(rq))
        rq->route->handle(rq);
    if (rq->aside)
        return MHD_YES; /* not ours until it is resumed */
    BATON_ASSERT(rq->answered);
    api_request_close(rq);
    return api_answer_send(rq);
}

static enum MHD_Result
handle(void *cls, struct MHD_Connection *conn, const char *url, const char *method,
       const char *version, const char *upload_data, size_t *upload_data_size, void **con_cls)
{
    (void)version;
    struct api_request *rq = *con_cls;
    if (rq == NULL)
        return request_begin(cls, conn, method, url, con_cls);
    if (rq->aside && rq->answered) {
        rq->aside = false;
        return api_answer_send(rq);
    }
    if (rq->answered)
        return MHD_YES;
    if (*upload_data_size > 0) {
        size_t len = *upload_data_size;
        *upload_data_size = 0;
        return request_body(rq, upload_data, len);
    }
    return request_finish(rq);
}

static void
completed(void *cls, struct MHD_Connection *conn, void **con_cls,
          enum MHD_RequestTerminationCode toe)
{
    (void)cls;
    (void)conn;
    (void)toe;
    struct api_request *rq = *con_cls;
    if (rq == NULL)
        return;
    api_request_close(rq);
    free(rq->body);
    free(rq->answer.text);
    free(rq);
    *con_cls = NULL;
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* As the library's own, but a control character becomes DEL, which no route and no value accepts:
 * "%00" must not cut a path short. */
static size_t
unescape(void *cls, struct MHD_Connection *conn, char *s)
{
    (void)cls;
    (void)conn;
    char *out = s;
    for (const char *in = s; *in != '\0'; in++) {
        int high = *in == '%' ? hex_digit(in[1]) : -1;
        int low = high >= 0 ? hex_digit(in[2]) : -1;
        unsigned char c = (unsigned char)*in;
        if (low >= 0) {
            c = (unsigned char)(high * 16 + low);
            in += 2;
        }
        *out++ = (char)(c < 0x20 ? 0x7f : c);
    }
    *out = '\0';
    return (size_t)(out - s);
}

/* --- opening and closing ---------------------------------------------------------------------- */

static enum baton_status
read_pem(const char *path, char **ret_text, struct baton_err *err)
{
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return baton_fail(err, errno == ENOENT ? BATON_NOT_FOUND : BATON_IO, "%s: %s", path,
                          strerror(errno));
    char *text = calloc(1, PEM_BYTES_MAX);
    size_t n = text != NULL ? fread(text, 1, PEM_BYTES_MAX - 1, f) : 0;
    bool failed = ferror(f) != 0;
    fclose(f);
    if (text == NULL)
        return baton_fail(err, BATON_NOMEM, "%s", path);
    if (failed || n == 0) {
        free(text);
        return baton_fail(err, BATON_IO, "%s: nothing to read", path);
    }
    *ret_text = text;
    return BATON_OK;
}

static enum baton_status
key_is_closed(const char *path, struct baton_err *err)
{
    struct stat st;
    if (stat(path, &st) != 0 || (st.st_mode & 077) == 0)
        return BATON_OK; /* one that is not there is named when it is read */
    return baton_fail(err, BATON_DENIED, "others can read %s: chmod 600 %s", path, path);
}

static bool
address_of(const char *host, uint16_t port, struct sockaddr_storage *ret_address,
           socklen_t *ret_len)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    memset(ret_address, 0, sizeof *ret_address);
    if (inet_pton(AF_INET, host, &in.sin_addr) == 1) {
        memcpy(ret_address, &in, sizeof in);
        *ret_len = sizeof in;
        return true;
    }
    if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1) {
        memcpy(ret_address, &in6, sizeof in6);
        *ret_len = sizeof in6;
        return true;
    }
    return false;
}

/* Our own socket, so that the error is ours to tell and nothing else is bound. */
static enum baton_status
listen_on(const struct api_config *config, int *ret_fd, struct baton_err *err)
{
    struct sockaddr_storage address;
    socklen_t len;
    int on = 1;
    if (!address_of(config->host, config->port, &address, &len))
        return baton_fail(err, BATON_USAGE, "%s is not a numeric address", config->host);
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return baton_fail(err, BATON_IO, "socket: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 128) != 0) {
        int saved = errno;
        close(fd);
        return baton_fail(err, BATON_IO, "cannot listen on %s port %u: %s", config->host,
                          (unsigned)config->port, strerror(saved));
    }
    *ret_fd = fd;
    return BATON_OK;
}

static enum baton_status
daemon_start(struct api *api, int fd, struct baton_err *err)
{
    unsigned flags =
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME;
    api->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, handle, api, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_HTTPS_MEM_KEY,
        api->key, MHD_OPTION_HTTPS_MEM_CERT, api->cert, MHD_OPTION_HTTPS_PRIORITIES, PRIORITIES,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)API_CONNECTIONS_MAX,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)API_CONNECTIONS_MAX / 2,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)API_THREADS,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
        MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_END);
    if (api->daemon == NULL) {
        close(fd);
        return baton_fail(err, BATON_IO,
                          "the HTTPS server does not start: %s and %s are no certificate and key",
                          api->config.cert_path, api->config.key_path);
    }
    return BATON_OK;
}

enum baton_status
api_open(const struct api_config *config, struct engine *engine, const struct digest_port *digest,
         struct api **ret_api, struct baton_err *err)
{
    int fd = -1;
    struct api *api = calloc(1, sizeof *api);
    if (api == NULL)
        return baton_fail(err, BATON_NOMEM, "api");
    api->config = *config;
    api->engine = engine;
    api->digest = digest;
    api->started_ms = api_now_ms();
    api_limit_init(&api->limit);
    pthread_mutex_init(&api->export.lock, NULL);
    api->store_path = strdup(config->store_path);
    api->config.store_path = api->store_path;
    enum baton_status rc = api->store_path != NULL ? BATON_OK : baton_fail(err, BATON_NOMEM, "api");
    if (rc == BATON_OK)
        rc = read_pem(config->cert_path, &api->cert, err);
    if (rc == BATON_OK)
        rc = key_is_closed(config->key_path, err);
    if (rc == BATON_OK)
        rc = read_pem(config->key_path, &api->key, err);
    if (rc == BATON_OK)
        rc = api_events_start(api, err);
    if (rc == BATON_OK)
        rc = listen_on(config, &fd, err);
    if (rc == BATON_OK)
        rc = daemon_start(api, fd, err);
    if (rc != BATON_OK) {
        api_close(&api);
        return rc;
    }
    *ret_api = api;
    return BATON_OK;
}

void
api_stop(struct api *api)
{
    api_events_stop(api);
    api_export_stop(&api->export);
    if (api->daemon != NULL)
        MHD_stop_daemon(api->daemon);
    api->daemon = NULL;
}

void
api_close(struct api **api)
{
    struct api *a = *api;
    if (a == NULL)
        return;
    api_stop(a);
    if (a->key != NULL)
        memset(a->key, 0, strlen(a->key));
    free(a->key);
    free(a->cert);
    free(a->store_path);
    free(a);
    *api = NULL;
}

uint16_t
api_port(const struct api *api)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(api->daemon, MHD_DAEMON_INFO_LISTEN_FD);
    if (info == NULL || getsockname(info->listen_fd, (struct sockaddr *)&address, &len) != 0)
        return 0;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    memcpy(&in, &address, sizeof in);
    memcpy(&in6, &address, sizeof in6 < sizeof address ? sizeof in6 : sizeof address);
    return ntohs(address.ss_family == AF_INET6 ? in6.sin6_port : in.sin_port);
}
