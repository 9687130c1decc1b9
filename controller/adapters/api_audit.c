#include "api_private.h"
#include "api_views.h"

#include <inttypes.h>
#include <stdio.h>

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
