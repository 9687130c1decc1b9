/* request.h: one request on its way through the lab: its fields, and how it is answered.
 *
 * Shape      Each reader of a field gives the value, the `otherwise` when the field is absent, or a
 *            refusal that names the field.
 * Ownership  Texts point into the request's JSON and live as long as it.
 */
#ifndef LAB_REQUEST_H
#define LAB_REQUEST_H

#include "operation.h"
#include "world.h"

enum { FIELD_BYTES = 256 };

struct request {
    struct world *world;
    struct server *server; /* NULL: the tenant */
    json_t *json;
    struct reply reply;
    enum operation_effect effect;
};

void request_answer(struct request *r, json_t *fields); /* takes the reference; NULL: just ok */
void request_refuse(struct request *r, const struct baton_err *err);
void request_finish(struct request *r, enum baton_status rc, const struct baton_err *err);

/* otherwise NULL: the field must be there. */
enum baton_status request_text(struct request *r, const char *name, const char *otherwise,
                               const char **ret, struct baton_err *err) BATON_MUST_USE;
enum baton_status request_flag(struct request *r, const char *name, bool otherwise, bool *ret,
                               struct baton_err *err) BATON_MUST_USE;
enum baton_status request_count(struct request *r, const char *name, uint64_t otherwise,
                                uint64_t most, uint64_t *ret, struct baton_err *err) BATON_MUST_USE;
/* "by", or who does this kind of thing when nobody is named. */
enum baton_status request_by(struct request *r, const char *otherwise, const char **ret_by,
                             struct baton_err *err) BATON_MUST_USE;

#endif
