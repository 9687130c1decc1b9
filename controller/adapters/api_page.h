/* api_page.h: one page of tenants that a login sees, for every list that goes by tenant. */
#ifndef BATON_API_PAGE_H
#define BATON_API_PAGE_H

#include "api_private.h"

#include "controller/tenant_rows.h"

struct tenant_page {
    struct api_request *rq;
    bool (*wants)(const struct tenant_row *row);
    size_t limit, count;
    bool only_one, after_set, more;
    struct baton_id only, after;
    struct baton_id id[API_PAGE_MAX];
};

/* false: a problem is the answer. wants may be NULL. */
bool tenant_page_read(struct api_request *rq, bool (*wants)(const struct tenant_row *row),
                      struct tenant_page *ret_page);
/* Loads each tenant into rq->tenant, lets view append to items, answers. */
void tenant_page_answer(struct tenant_page *page,
                        void (*view)(struct api_request *rq, json_t *items));

#endif
