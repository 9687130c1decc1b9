#include "api_private.h"
#include "api_views.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct audit_page {
    const struct api_request *rq;
    json_t *items;
    size_t limit;
    uint64_t last;
    bool more;
};

static bool
visit_record(void *arg, const struct audit_record *record, const uint8_t *bytes, size_t len)
{
    struct audit_page *page = arg;
    (void)bytes;
    (void)len;
    if (!login_sees(&page->rq->login, &record->tenant))
        return true;
    if (json_array_size(page->items) == page->limit) {
        page->more = true;
        return false;
    }
    json_array_append_new(page->items, view_audit(record));
    page->last = record->seq;
    return true;
}

/* Records after the cursor. A login limited to one tenant reads only that tenant's. */
void
api_audit_list(struct api_request *rq)
{
    struct baton_err err = {0};
    struct baton_id tenant;
    struct audit_page page = {.rq = rq, .items = json_array(), .limit = api_query_limit(rq)};
    bool one = api_query_tenant(rq, &tenant);
    if (!one && rq->login.tenant_count == 1) {
        tenant = rq->login.tenant[0];
        one = true;
    }
    uint64_t after = api_query_number(rq, "cursor", 0);
    enum baton_status rc = rq->store.records(rq->store.ctx, after + 1, one ? &tenant : NULL,
                                             visit_record, &page, &err);
    if (rc != BATON_OK) {
        json_decref(page.items);
        api_answer_status(rq, rc, "%s", err.text);
        return;
    }
    char next[24] = "";
    if (page.more)
        snprintf(next, sizeof next, "%" PRIu64, page.last);
    api_answer_page(rq, page.items, next);
}

/* --- export ----------------------------------------------------------------------------------- */

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

void
api_audit_export(struct api_request *rq)
{
    struct audit_checkpoint checkpoint;
    struct audit_bundle_source source = {.now_unix_ms = api_unix_ms()};
    struct audit_bundle_counts counts = {0};
    struct baton_err err = {0};
    struct stat st;
    enum baton_status rc;
    if (!export_tenant(rq, &source.tenant))
        return;
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
