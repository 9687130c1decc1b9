#include "preflight.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "preflight_print.h"
#include "prerequisites.h"
#include "probe.h"
#include "run.h"
#include "setup.h"

enum { ASK_MS = 60000, PROBE_MS = 5000 };

/* --- what was observed --- */

static enum baton_status
host_name_of(const struct preflight_options *o, struct setup *setup, const char **ret_host,
             struct baton_err *err)
{
    *ret_host = o->host;
    if (o->host != NULL)
        return BATON_OK;
    if (o->dir == NULL) {
        *ret_host = host_default();
        return *ret_host != NULL
                   ? BATON_OK
                   : baton_fail(err, BATON_USAGE,
                                "preflight needs --host HOST, --dir DIR or --from FILE");
    }
    *ret_host = setup->host;
    return setup_read(o->dir, setup, err);
}

/* Whatever kept the host from answering, nothing was judged. */
static enum baton_status
observed_from_host(const char *name, json_t **ret_observed, struct baton_err *err)
{
    struct host_port host;
    struct host_completion done;
    struct host_request request = {
        .op = HOST_COLLECT, .collector = COLLECT_PREREQUISITES, .limit_ms = ASK_MS};
    enum baton_status rc = host_open(name, &host, err);
    if (rc != BATON_OK)
        return rc == BATON_USAGE ? rc : baton_wrap(err, BATON_IO, "%s", name);
    rc = host_ask(&host, &request, &done, err);
    if (rc == BATON_OK) {
        rc = prereq_observed_read(done.text, done.text_len, ret_observed, err);
        host.release(host.ctx, &done);
    }
    host.close(host.ctx);
    return rc == BATON_OK ? rc : baton_wrap(err, BATON_IO, "%s", name);
}

/* Observed values alone, or all that preflight printed as JSON elsewhere. */
static enum baton_status
observed_from_file(const char *path, json_t **ret_observed, struct baton_err *err)
{
    char *text = NULL;
    size_t len;
    enum baton_status rc = prerequisites_text(path, &text, &len, err);
    if (rc != BATON_OK)
        return rc;
    json_t *whole = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    json_t *inside = json_object_get(whole, "observed");
    char *inner = inside != NULL ? json_dumps(inside, JSON_ENCODE_ANY) : NULL;
    rc = prereq_observed_read(inner != NULL ? inner : text, inner != NULL ? strlen(inner) : len,
                              ret_observed, err);
    free(inner);
    json_decref(whole);
    free(text);
    return rc == BATON_OK ? rc : baton_wrap(err, rc, "%s", path);
}

static enum baton_status
observe(const struct preflight_options *o, json_t **ret_observed, struct baton_err *err)
{
    struct setup setup;
    const char *host;
    if (o->from != NULL && (o->host != NULL || o->probe))
        return baton_fail(err, BATON_USAGE, "--from takes the place of the server: leave %s out",
                          o->probe ? "--probe" : "--host");
    if (o->from != NULL)
        return observed_from_file(o->from, ret_observed, err);
    enum baton_status rc = host_name_of(o, &setup, &host, err);
    return rc == BATON_OK ? observed_from_host(host, ret_observed, err) : rc;
}

/* --- reaching the hosts --- */

static void
probe_host(const struct prereq_host *h, json_t *unreachable)
{
    size_t i;
    json_t *port;
    json_array_foreach(h->ports, i, port)
    {
        if (!probe_tcp(h->host, (uint16_t)json_integer_value(port), PROBE_MS))
            json_array_append_new(unreachable, json_sprintf("%s:%" JSON_INTEGER_FORMAT, h->host,
                                                            json_integer_value(port)));
    }
}

/* Behind a proxy a connection of our own says nothing about the product's. */
static enum baton_status
probe_hosts(const struct prereq *data, json_t *observed, struct baton_err *err)
{
    size_t count;
    const struct prereq_host *h = prereq_hosts(data, &count);
    if (!json_is_null(json_object_get(observed, "proxy.machine")))
        return baton_fail(err, BATON_USAGE,
                          "--probe connects by itself, but this server %s: leave it out",
                          json_object_get(observed, "proxy.machine") != NULL
                              ? "uses a proxy"
                              : "did not say whether it uses a proxy");
    json_t *unreachable = json_array();
    for (size_t i = 0; i < count; i++)
        if (prereq_host_used(&h[i], observed) && probe_possible(h[i].host))
            probe_host(&h[i], unreachable);
    json_object_set_new(observed, "network.unreachable", unreachable);
    return BATON_OK;
}

/* --- the question --- */

static enum baton_status
take_side(const struct preflight_options *o, struct prereq_question *q, struct baton_err *err)
{
    const char *product = json_string_value(json_object_get(q->observed, "product.class"));
    bool ended =
        product != NULL && (strcmp(product, "dirsync") == 0 || strcmp(product, "aadsync") == 0);
    q->side = ended ? PREREQ_OLD : PREREQ_NEW;
    if (o->side == NULL)
        return BATON_OK;
    q->side = strcmp(o->side, "old") == 0 ? PREREQ_OLD : PREREQ_NEW;
    if (q->side == PREREQ_NEW && strcmp(o->side, "new") != 0)
        return baton_fail(err, BATON_USAGE, "--side is old or new, not '%.40s'", o->side);
    return BATON_OK;
}

static enum baton_status
take_objects(const struct preflight_options *o, struct prereq_question *q, struct baton_err *err)
{
    char *end;
    q->objects = -1;
    if (o->objects == NULL)
        return BATON_OK;
    errno = 0;
    long long n = strtoll(o->objects, &end, 10);
    if (errno != 0 || *o->objects < '0' || *o->objects > '9' || *end != '\0' || n > 100000000)
        return baton_fail(err, BATON_USAGE, "--objects is a number up to 100000000, not '%.40s'",
                          o->objects);
    q->objects = n;
    return BATON_OK;
}

/* Active Directory knows computers by the first part of their name. */
static void
take_other(const struct preflight_options *o, json_t *observed)
{
    if (o->other != NULL)
        json_object_set_new(observed, "pair.other", json_stringn(o->other, strcspn(o->other, ".")));
}

static enum baton_status
ask(const struct preflight_options *o, const struct prereq *data, struct prereq_question *q,
    struct baton_err *err)
{
    json_t *observed = NULL;
    q->now_unix_ms = (uint64_t)time(NULL) * 1000;
    enum baton_status rc = take_objects(o, q, err);
    if (rc == BATON_OK)
        rc = observe(o, &observed, err);
    q->observed = observed;
    if (rc == BATON_OK)
        take_other(o, observed);
    if (rc == BATON_OK && o->probe)
        rc = probe_hosts(data, observed, err);
    return rc == BATON_OK ? take_side(o, q, err) : rc;
}

/* --- the answer --- */

static enum baton_status
answer(const struct preflight_options *o, const struct prereq *data,
       const struct prereq_question *q, struct prereq_result *result, struct baton_err *err)
{
    struct preflight p = {.data = data, .question = *q, .result = result};
    p.count = prereq_judge(data, q, result);
    p.verdict = prereq_verdict(result, p.count);
    if (strcmp(o->output, "json") == 0) {
        enum baton_status rc = preflight_json(&p, err);
        if (rc != BATON_OK)
            return rc;
    } else {
        preflight_table(&p);
    }
    if (p.verdict == VERDICT_PASS)
        return BATON_OK;
    if (p.verdict == VERDICT_REVIEW)
        return baton_fail(err, BATON_WAITING, "a person has to look at these prerequisites");
    return baton_fail(err, BATON_REFUSED, "prerequisites that block: %zu",
                      prereq_blocking(result, p.count));
}

enum baton_status
agent_preflight(const struct preflight_options *o, struct baton_err *err)
{
    struct prereq *data = NULL;
    struct prereq_question q = {0};
    struct prereq_result *result = calloc(PREREQ_CHECKS_MAX, sizeof *result);
    if (result == NULL)
        return baton_fail(err, BATON_NOMEM, "preflight");
    enum baton_status rc = o->data != NULL ? prerequisites_read(o->data, &data, err)
                                           : prerequisites_of(o->dir, &data, err);
    if (rc == BATON_OK)
        rc = ask(o, data, &q, err);
    if (rc == BATON_OK)
        rc = answer(o, data, &q, result, err);
    json_decref((json_t *)(uintptr_t)q.observed);
    prereq_close(&data);
    free(result);
    return rc;
}
