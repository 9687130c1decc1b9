#include "api_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A bundle of a long log takes seconds: its request waits aside while a thread of its own writes, one
 * bundle at a time, and the worker goes on serving everybody else. */

static void
pinned_root(struct api_request *rq, struct baton_key *ret_root)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct baton_err err = {0};
    enum baton_status rc = rq->store.get(rq->store.ctx, TABLE_META, "root", 4, &bytes, &len, &err);
    if (rc == BATON_OK && len == sizeof ret_root->b)
        memcpy(ret_root->b, bytes, len);
    free(bytes);
}

/* Which tenant a bundle is about: the one asked for; the only one of a limited login. */
static bool
export_tenant(struct api_request *rq, struct baton_id *ret_tenant)
{
    memset(ret_tenant, 0, sizeof *ret_tenant);
    if (!api_query_tenant(rq, ret_tenant) && rq->login.tenant_count == 1)
        *ret_tenant = rq->login.tenant[0];
    if (baton_id_is_zero(ret_tenant) ? rq->login.tenant_count == 0
                                     : login_sees(&rq->login, ret_tenant))
        return true;
    api_answer_status(rq, BATON_DENIED, "name one tenant of this login with ?tenant=");
    return false;
}

/* A file that has no name any more: it goes when the last byte is sent, or the process ends. */
static int
write_bundle(struct api_request *rq, const struct audit_bundle_source *source,
             struct audit_bundle_counts *ret_counts, struct baton_err *err,
             enum baton_status *ret_status)
{
    char path[512], id[2 * 8 + 1];
    uint64_t unique = api_now_ms() ^ (uint64_t)(uintptr_t)rq;
    baton_hex(&unique, sizeof unique, id);
    snprintf(path, sizeof path, "%s.export-%s", rq->api->config.store_path, id);
    *ret_status = audit_bundle_write(&rq->store, source, path, ret_counts, err);
    if (*ret_status != BATON_OK)
        return -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    unlink(path);
    if (fd < 0)
        *ret_status = baton_fail(err, BATON_IO, "the bundle cannot be read again");
    return fd;
}

static void
export_answer(struct api_request *rq)
{
    const struct api_export *x = &rq->api->export;
    struct audit_checkpoint checkpoint;
    struct audit_bundle_source source = {.now_unix_ms = api_unix_ms(), .tenant = x->tenant};
    struct audit_bundle_counts counts = {0};
    struct baton_err err = {0};
    struct stat st;
    enum baton_status rc;
    pinned_root(rq, &source.root);
    if (api_checkpoint(rq, &checkpoint, &err) == BATON_OK) {
        source.checkpoint = &checkpoint;
        source.checkpoint_count = 1;
    }
    int fd = write_bundle(rq, &source, &counts, &err, &rc);
    if (fd < 0 || fstat(fd, &st) != 0) {
        api_answer_status(rq, rc, "%.100s", err.text);
        return;
    }
    rq->answer.stream = MHD_create_response_from_fd64((uint64_t)st.st_size, fd);
    if (rq->answer.stream == NULL) {
        close(fd);
        api_answer_status(rq, BATON_NOMEM, "no memory for a bundle");
        return;
    }
    rq->answered = true;
    rq->answer.http = MHD_HTTP_OK;
    rq->answer.type = "application/octet-stream";
}

/* The request is this thread's until it is resumed, and the worker's again after that. */
static void *
export_thread(void *arg)
{
    struct api_request *rq = arg;
    struct api_export *x = &rq->api->export;
    struct MHD_Connection *conn = rq->conn;
    export_answer(rq);
    api_request_close(rq);
    pthread_mutex_lock(&x->lock);
    x->busy = false;
    pthread_mutex_unlock(&x->lock);
    MHD_resume_connection(conn);
    return NULL;
}

/* The place of the one bundle that is written; whoever had it before has ended. */
static bool
export_begin(struct api_export *x, const struct baton_id *tenant)
{
    pthread_mutex_lock(&x->lock);
    bool mine = !x->busy && !x->stopping;
    if (mine && x->started)
        pthread_join(x->thread, NULL);
    if (mine) {
        x->started = false;
        x->busy = true;
        x->tenant = *tenant;
    }
    pthread_mutex_unlock(&x->lock);
    return mine;
}

void
api_audit_export(struct api_request *rq)
{
    struct api_export *x = &rq->api->export;
    struct baton_id tenant;
    if (!export_tenant(rq, &tenant))
        return;
    if (!export_begin(x, &tenant)) {
        rq->answer.retry_after_s = EXPORT_RETRY_S;
        api_answer_status(rq, BATON_LIMIT,
                          "another bundle is being written: ask again in a moment");
        return;
    }
    rq->aside = true;
    MHD_suspend_connection(rq->conn);
    pthread_mutex_lock(&x->lock);
    x->started = !x->stopping && pthread_create(&x->thread, NULL, export_thread, rq) == 0;
    x->busy = x->started;
    bool started = x->started;
    pthread_mutex_unlock(&x->lock);
    if (started)
        return;
    api_answer_status(rq, BATON_NOMEM, "no thread for a bundle");
    api_request_close(rq);
    MHD_resume_connection(rq->conn);
}

void
api_export_stop(struct api_export *x)
{
    pthread_mutex_lock(&x->lock);
    x->stopping = true;
    bool join = x->started;
    x->started = false;
    pthread_mutex_unlock(&x->lock);
    if (join)
        pthread_join(x->thread, NULL);
}
