#include "api_private.h"

#include "controller/tenant_rows.h"
#include "store_sqlite.h"

#include <stdlib.h>
#include <string.h>

bool
api_store(struct api_request *rq)
{
    if (rq->store_is_open)
        return true;
    struct baton_err err = {0};
    enum baton_status rc = store_sqlite_open(rq->api->config.store_path, STORE_READ_ONLY,
                                             rq->api->digest, &rq->store, &err);
    if (rc != BATON_OK) {
        api_answer_status(rq, rc, "the store cannot be read now");
        return false;
    }
    rq->store_is_open = true;
    return true;
}

/* The client hashes it again. */
void
api_answer_document(struct api_request *rq, const struct baton_hash *hash, const char *none)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct baton_sig sig;
    char *etag = rq->answer.etag;
    if (baton_hash_is_zero(hash)) {
        api_answer_status(rq, BATON_NOT_FOUND, "%s", none);
        return;
    }
    if (!api_object(rq, hash, &bytes, &len, &sig))
        return;
    etag[0] = '"';
    baton_hex(hash->b, 16, etag + 1);
    etag[33] = '"';
    etag[34] = '\0';
    api_answer_bytes(rq, "application/octet-stream", bytes, len);
    free(bytes);
}

void
api_request_close(struct api_request *rq)
{
    if (rq->store_is_open)
        rq->store.close(rq->store.ctx);
    rq->store_is_open = false;
    free(rq->tenant);
    rq->tenant = NULL;
    free(rq->trust);
    rq->trust = NULL;
    json_decref(rq->json);
    rq->json = NULL;
}

/* Guards compare with now, and with what this run of the controller has heard: no row carries that. */
static void
put_present(struct api_request *rq)
{
    struct tenant *t = rq->tenant;
    struct authority_run run;
    t->clock_ms = api_now_ms();
    t->clock_unix_ms = api_unix_ms();
    engine_heard(rq->api->engine, &t->info.id, &run, &t->started_unix_ms);
    authority_run_put(&run, &t->authority);
}

bool
api_tenant(struct api_request *rq, const struct baton_id *tenant)
{
    if (!api_store(rq))
        return false;
    struct baton_err err = {0};
    free(rq->tenant);
    rq->tenant = calloc(1, sizeof *rq->tenant);
    enum baton_status rc =
        rq->tenant == NULL ? BATON_NOMEM : tenant_load(&rq->store, tenant, rq->tenant, &err);
    if (rc == BATON_OK) {
        put_present(rq);
        return true;
    }
    free(rq->tenant);
    rq->tenant = NULL;
    api_answer_status(rq, rc, "%s", rc == BATON_NOT_FOUND ? "no such tenant" : err.text);
    return false;
}

struct cutover_search {
    const struct api_request *rq;
    const struct baton_id *cutover;
    struct baton_id tenant;
    bool found;
};

/* A row that does not contain the id anywhere cannot name it: decoding all of them costs more. */
static bool
contains(const uint8_t *value, size_t len, const struct baton_id *id)
{
    for (size_t i = 0; i + sizeof id->b <= len; i++)
        if (value[i] == id->b[0] && memcmp(value + i, id->b, sizeof id->b) == 0)
            return true;
    return false;
}

static bool
search_cutover(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct cutover_search *s = arg;
    struct tenant_row row;
    (void)key;
    (void)key_len;
    if (!contains(value, len, s->cutover) || tenant_row_decode(value, len, &row) != BATON_OK ||
        !baton_id_eq(&row.cutover, s->cutover) || !login_sees(&s->rq->login, &row.info.id))
        return true;
    s->tenant = row.info.id;
    s->found = true;
    return false;
}

bool
api_cutover(struct api_request *rq, const struct baton_id *cutover)
{
    if (!api_store(rq))
        return false;
    struct baton_err err = {0};
    struct cutover_search s = {.rq = rq, .cutover = cutover};
    enum baton_status rc = BATON_OK;
    if (!baton_id_is_zero(cutover))
        rc = rq->store.each(rq->store.ctx, TABLE_TENANT, NULL, 0, search_cutover, &s, &err);
    if (rc == BATON_OK && s.found) {
        rq->tenant_id = s.tenant;
        return api_tenant(rq, &s.tenant);
    }
    if (rc == BATON_OK)
        api_answer_status(rq, BATON_NOT_FOUND, "no such cutover, or a later one took its place");
    else
        api_answer_status(rq, rc, "%s", err.text);
    return false;
}

bool
api_trust(struct api_request *rq, struct trust_doc *ret_doc, struct baton_hash *ret_hash)
{
    if (!api_store(rq))
        return false;
    struct baton_err err = {0};
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct baton_sig sig;
    enum baton_status rc = trust_load(&rq->store, ret_doc, &bytes, &len, &sig, &err);
    if (rc == BATON_OK && ret_hash != NULL)
        rq->api->digest->sha256(rq->api->digest->ctx, bytes, len, ret_hash);
    free(bytes);
    if (rc == BATON_OK)
        return true;
    struct problem p = {
        .status = rc, .who = "the owner of the root key", .next = "baton trust init"};
    snprintf(p.title, sizeof p.title, "%.*s", (int)sizeof p.title - 1,
             rc == BATON_NOT_FOUND ? "there is no trust document yet" : err.text);
    api_answer_problem(rq, &p);
    return false;
}

const struct trust_doc *
api_trust_known(struct api_request *rq)
{
    struct baton_err err = {0};
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct baton_sig sig;
    if (rq->trust != NULL)
        return rq->trust;
    rq->trust = calloc(1, sizeof *rq->trust);
    if (rq->trust == NULL)
        return NULL;
    if (trust_load(&rq->store, rq->trust, &bytes, &len, &sig, &err) != BATON_OK) {
        free(rq->trust);
        rq->trust = NULL;
    }
    free(bytes);
    return rq->trust;
}

bool
api_object(struct api_request *rq, const struct baton_hash *hash, uint8_t **ret_bytes,
           size_t *ret_len, struct baton_sig *ret_sig)
{
    if (!api_store(rq))
        return false;
    struct baton_err err = {0};
    enum baton_status rc =
        rq->store.object_get(rq->store.ctx, hash, ret_bytes, ret_len, ret_sig, &err);
    if (rc != BATON_OK)
        api_answer_status(rq, rc, "%s", rc == BATON_NOT_FOUND ? "not stored here" : err.text);
    return rc == BATON_OK;
}

enum baton_status
api_checkpoint(struct api_request *rq, struct audit_checkpoint *ret_checkpoint,
               struct baton_err *err)
{
    static const char key[] = "checkpoint";
    struct checkpoint_row row;
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum baton_status rc =
        rq->store.get(rq->store.ctx, TABLE_META, key, sizeof key - 1, &bytes, &len, err);
    if (rc == BATON_OK)
        rc = checkpoint_row_decode(bytes, len, &row);
    free(bytes);
    if (rc == BATON_OK)
        *ret_checkpoint = (struct audit_checkpoint){
            .size = row.size, .unix_ms = row.unix_ms, .root = row.root, .sig = row.sig};
    return rc;
}
