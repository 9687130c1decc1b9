#include "api_private.h"
#include "api_views.h"

#include "controller/tenant_rows.h"

#include <stdlib.h>
#include <string.h>

static json_t *
view_trust(const struct trust_doc *d)
{
    json_t *o = json_object(), *controllers = json_array(), *quorum = json_object();
    json_object_set_new(o, "version", json_integer(d->version));
    view_put_hash(o, "previous", &d->previous);
    json_object_set_new(o, "lab", json_boolean(d->lab));
    for (uint8_t i = 0; i < d->controller_count; i++) {
        char hex[65];
        baton_hex(d->controller[i].b, 32, hex);
        json_array_append_new(controllers, json_string(hex));
    }
    json_object_set_new(o, "controllers", controllers);
    for (int v = VERB_NONE + 1; v < VERB_COUNT; v++)
        json_object_set_new(quorum, approval_verb_name((enum approval_verb)v),
                            json_integer(trust_quorum(d, (enum approval_verb)v)));
    json_object_set_new(o, "quorum", quorum);
    json_object_set_new(o, "operators", json_integer(d->operator_count));
    return o;
}

void
api_trust_show(struct api_request *rq)
{
    struct trust_doc *doc = calloc(1, sizeof *doc);
    struct baton_hash hash;
    struct baton_sig sig;
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (doc == NULL || !api_trust(rq, doc, &hash)) {
        free(doc);
        return;
    }
    if (api_object(rq, &hash, &bytes, &len, &sig)) {
        json_t *o = view_trust(doc);
        char *hex = malloc(2 * len + 1);
        if (hex != NULL) {
            baton_hex(bytes, len, hex);
            json_object_set_new(o, "bytes", json_string(hex));
        }
        free(hex);
        view_put_hash(o, "hash", &hash);
        view_put_hex(o, "signature", sig.b, sizeof sig.b);
        api_answer_json(rq, MHD_HTTP_OK, o);
    }
    free(bytes);
    free(doc);
}

void
api_trust_put(struct api_request *rq)
{
    struct engine_call *c = api_call_new(rq, CALL_TRUST_PUT);
    if (c == NULL)
        return;
    c->len = strlen(api_text(rq, "bytes")) / 2;
    if (c->len > TRUST_BYTES_MAX || !api_hex(rq, "bytes", c->bytes, c->len)) {
        api_call_free(c);
        api_answer_status(rq, BATON_MALFORMED, "a trust document has at most %d bytes",
                          (int)TRUST_BYTES_MAX);
        return;
    }
    api_hex(rq, "signature", c->sig.b, sizeof c->sig.b);
    api_hex(rq, "root", c->key.b, sizeof c->key.b);
    api_call_answer(rq, c, MHD_HTTP_CREATED);
}

void
api_operator_list(struct api_request *rq)
{
    struct trust_doc *doc = calloc(1, sizeof *doc);
    if (doc == NULL || !api_trust(rq, doc, NULL)) {
        free(doc);
        return;
    }
    json_t *items = json_array();
    for (uint8_t i = 0; i < doc->operator_count; i++)
        json_array_append_new(items, view_operator(&doc->operator[i]));
    free(doc);
    api_answer_page(rq, items, "");
}
