#include "lab_reply.h"

#include <stdlib.h>
#include <string.h>

#include "host_queue.h"
#include "lab_files.h"
#include "lab_wire.h"

/* Work that belongs to us once the lab has said where: done without the lock, on a copy. */
static enum baton_status
run_locally(const char *folder, const struct host_request *request, const json_t *answer,
            struct host_completion *done)
{
    if (request->op == HOST_COLLECT) {
        enum baton_status rc = lab_answer(answer, done, &done->err);
        if (rc != BATON_OK || request->collector != COLLECT_CONFIGURATION)
            return rc;
        json_t *text = json_loadb(done->text, done->text_len, 0, NULL);
        const char *path = json_string_value(json_object_get(text, "path"));
        free(done->text);
        done->text = NULL;
        rc = path == NULL
                 ? baton_fail(&done->err, BATON_MALFORMED, "the lab names no configuration folder")
                 : lab_config_collect(folder, path, &done->text, &done->text_len, &done->err);
        json_decref(text);
        return rc;
    }
    struct place place = {.file = json_string_value(json_object_get(answer, "path")),
                          .folder = json_string_value(json_object_get(answer, "dir"))};
    return lab_file_run(folder, request, &place, done, &done->err);
}

static bool
is_local(enum host_op op)
{
    return op == HOST_COLLECT || host_is_file_op(op);
}

/* A server without power is one that does not answer, whatever carries the words. */
static enum baton_status
read_refusal(enum host_op op, const json_t *answer, struct baton_err *err)
{
    const char *why = json_string_value(json_object_get(answer, "error"));
    const char *status = json_string_value(json_object_get(answer, "status"));
    bool off = status != NULL && strcmp(status, baton_status_name(BATON_UNREACHABLE)) == 0;
    return baton_fail(err, off ? BATON_UNREACHABLE : BATON_FAILED, "%s: %s", host_op_name(op),
                      why == NULL ? "refused" : why);
}

enum baton_status
lab_reply(const char *folder, const struct host_request *request, const json_t *answer,
          struct host_completion *done)
{
    if (!json_is_true(json_object_get(answer, "ok")))
        return read_refusal(request->op, answer, &done->err);
    return is_local(request->op) ? run_locally(folder, request, answer, done)
                                 : lab_answer(answer, done, &done->err);
}
