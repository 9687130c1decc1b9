/* What the new server's checks found, with what people decided about each row of it. */
#include "api_private.h"
#include "api_views.h"

#include <stdlib.h>
#include <string.h>

/* One person's word, read from the object that was signed. false: an error is the answer. */
static bool
put_disposition(struct api_request *rq, json_t *list, const struct review_disposition *d)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct baton_sig sig;
    struct disposition said;
    if (!api_object(rq, &d->digest, &bytes, &len, &sig))
        return false;
    bool whole = disposition_decode(bytes, len, &said) == BATON_OK;
    free(bytes);
    if (!whole) {
        api_answer_status(rq, BATON_CORRUPT, "a stored disposition cannot be read");
        return false;
    }
    json_array_append_new(list, view_disposition(&said, &sig, api_trust_known(rq)));
    return true;
}

static bool
put_row(struct api_request *rq, json_t *items, const struct finding *f, size_t index)
{
    const struct review *r = &rq->tenant->cutover.review;
    json_t *o = view_finding(f), *list = json_array();
    json_object_set_new(o, "open", json_boolean(review_row_open(r, index)));
    json_object_set_new(o, "people_needed", json_integer(r->row[index].two ? 2 : 1));
    json_object_set_new(o, "dispositions", list);
    json_array_append_new(items, o);
    for (size_t i = 0; i < r->disposition_count; i++)
        if (baton_hash_eq(&r->disposition[i].row, &f->row) &&
            !put_disposition(rq, list, &r->disposition[i]))
            return false;
    return true;
}

void
api_cutover_findings(struct api_request *rq)
{
    const struct review *r = &rq->tenant->cutover.review;
    struct findings list = {0};
    uint8_t *bytes = NULL;
    size_t len = 0;
    uint32_t more = 0;
    struct baton_sig sig;
    if (!baton_hash_is_zero(&r->findings)) {
        if (!api_object(rq, &r->findings, &bytes, &len, &sig))
            return;
        enum baton_status rc = findings_decode(bytes, len, &list, &more);
        free(bytes);
        if (rc != BATON_OK) {
            api_answer_status(rq, rc, "the stored findings cannot be read");
            return;
        }
    }
    json_t *o = json_object(), *items = json_array();
    bool whole = true;
    for (size_t i = 0; whole && i < list.count && i < r->row_count; i++)
        whole = put_row(rq, items, &list.item[i], i);
    findings_done(&list);
    view_put_hash(o, "findings", &r->findings);
    json_object_set_new(o, "more", json_integer(more));
    json_object_set_new(o, "open", json_integer(review_open(r, SEVERITY_REVIEW)));
    json_object_set_new(o, "blocking", json_integer(review_open(r, SEVERITY_BLOCK)));
    json_object_set_new(o, "items", items);
    if (!whole) {
        json_decref(o);
        return;
    }
    api_etag_set(rq);
    api_answer_json(rq, MHD_HTTP_OK, o);
}

void
api_cutover_dispose(struct api_request *rq)
{
    struct engine_call *c = api_call_new(rq, CALL_DISPOSITION);
    if (c == NULL)
        return;
    size_t digits = strlen(api_text(rq, "bytes"));
    c->len = digits / 2;
    if (digits % 2 != 0 || c->len > DISPOSITION_BYTES_MAX ||
        !api_hex(rq, "bytes", c->bytes, c->len)) {
        api_call_free(c);
        api_answer_status(rq, BATON_MALFORMED, "a disposition has at most %d bytes",
                          (int)DISPOSITION_BYTES_MAX);
        return;
    }
    api_hex(rq, "signature", c->sig.b, sizeof c->sig.b);
    api_call_answer(rq, c, MHD_HTTP_CREATED);
}
