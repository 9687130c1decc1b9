#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "agent/adapters/process.h"
#include "agent/prerequisites.h"
#include "common/crypto/keyfile.h"
#include "common/disk/disk.h"
#include "common/log.h"
#include "common/text.h"

enum { HOST_RETRY_MS = 250, ENROL_LOOK_MS = 1000, MACHINE_LIMIT_MS = 15000 };

struct running {
    struct setup setup;
    int lock_fd, stop_fd;
    bool said_ready;
};

/* One agent in a directory: a second one would be a copy of the first. */
static enum baton_status
take_lock(const char *dir, int *ret_fd, struct baton_err *err)
{
    char path[SETUP_PATH_BYTES];
    enum baton_status rc = setup_path(dir, SETUP_LOCK, path, err);
    if (rc != BATON_OK)
        return rc;
    int fd = disk_open(path, DISK_UPDATE);
    if (fd < 0)
        return baton_fail(err, BATON_IO, "cannot open %s: %s", path, strerror(errno));
    if (!disk_lock(fd, false)) {
        close(fd);
        return baton_fail(err, BATON_CONFLICT, "an agent already runs in %s", dir);
    }
    *ret_fd = fd;
    return BATON_OK;
}

/* --- memory --- */

static enum baton_status
new_memory(struct agent *a, bool damaged, struct baton_err *err)
{
    const char *dir = a->setup->dir;
    enum baton_status rc = damaged ? agent_store_set_aside(dir, err) : BATON_OK;
    if (rc == BATON_OK)
        rc = agent_store_create(dir, err);
    return rc == BATON_OK ? agent_store_open(dir, &a->store, err) : rc;
}

static enum baton_status
open_memory(struct agent *a, enum state_file *ret_state, struct baton_err *err)
{
    *ret_state = STATE_GOOD;
    enum baton_status rc = agent_store_open(a->setup->dir, &a->store, err);
    if (rc == BATON_OK)
        rc = agent_store_promise(a->store, &a->member.promise, err);
    if (rc == BATON_OK)
        return BATON_OK;
    if (rc != BATON_NOT_FOUND && rc != BATON_CORRUPT)
        return rc;
    *ret_state = rc == BATON_NOT_FOUND ? STATE_MISSING : STATE_UNREADABLE;
    log_error("run.memory", "%s: this agent is quarantined; enrol it again", err->text);
    if (a->store != NULL && rc == BATON_NOT_FOUND)
        return BATON_OK; /* a file, but no promise in it */
    agent_store_close(&a->store);
    return new_memory(a, *ret_state == STATE_UNREADABLE, err);
}

static bool
promise_fits(const struct agent *a)
{
    const struct promise *p = &a->member.promise;
    return baton_key_eq(&p->self, &a->identity.sign_key) &&
           baton_id_eq(&p->tenant, &a->setup->tenant);
}

static void
recall_plan(struct agent *a)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct baton_hash hash;
    if (agent_store_get(a->store, "plan", &bytes, &len, NULL) != BATON_OK)
        return;
    crypto_sha256(bytes, len, &hash);
    a->member.plan_known = baton_hash_eq(&hash, &a->member.promise.plan) &&
                           plan_decode(bytes, len, &a->member.plan) == BATON_OK;
    free(bytes);
}

/* A text that an earlier plan left there is nobody's. */
static void
recall_limits(struct agent *a)
{
    uint8_t *text = NULL;
    size_t len = 0;
    if (!a->member.plan_known)
        return;
    if (!baton_hash_is_zero(&a->member.plan.limits) &&
        agent_store_get(a->store, "limits", &text, &len, NULL) != BATON_OK)
        len = 0;
    agent_take_limits(a, text, len);
    free(text);
}

/* Signature before use, as on the first day: the file may have been touched. */
static void
recall_trust(struct agent *a)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct baton_hash hash;
    struct baton_sig sig;
    if (agent_store_get(a->store, "trust", &bytes, &len, NULL) != BATON_OK)
        return;
    if (len > BATON_SIG_BYTES) {
        const uint8_t *doc = bytes + BATON_SIG_BYTES;
        size_t doc_len = len - BATON_SIG_BYTES;
        memcpy(sig.b, bytes, BATON_SIG_BYTES);
        crypto_sha256(doc, doc_len, &hash);
        a->member.trust_known =
            baton_hash_eq(&hash, &a->member.promise.trust_hash) &&
            crypto_verify_domain(&a->setup->root, DOMAIN_TRUST, doc, doc_len, &sig) &&
            trust_decode(doc, doc_len, &a->member.trust) == BATON_OK;
    }
    free(bytes);
}

static void
recall_observed(struct agent *a)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (agent_store_get(a->store, "observed", &bytes, &len, NULL) != BATON_OK)
        return;
    if (collect_recall(&a->collect, bytes, len, agent_now_ms(), agent_unix_ms()) != BATON_OK)
        log_warn("run.observed", "what was observed before cannot be read");
    free(bytes);
}

/* The second copy knows a higher trust document than the database: an older database was put back. */
static void
keep_highest_trust(struct promise *p, const struct second_copy *copy)
{
    if (copy->trust_version <= p->trust_version)
        return;
    p->trust_version = copy->trust_version;
    p->trust_hash = copy->trust_hash;
}

static enum baton_status
store_promise(struct agent *a, struct baton_err *err)
{
    enum baton_status rc = agent_store_begin(a->store, err);
    if (rc != BATON_OK)
        return rc;
    rc = agent_store_put_promise(a->store, &a->member.promise, err);
    if (rc != BATON_OK) {
        agent_store_rollback(a->store);
        return rc;
    }
    return agent_store_commit(a->store, err);
}

static void
fill_member(struct agent *a)
{
    a->member.root = a->setup->root;
    a->member.lab_host = a->host.lab(a->host.ctx);
    a->member.reads_limits = agent_reads_limits;
    text_copy(a->member.version, sizeof a->member.version, BATON_VERSION);
    own_digest(&a->member.binary);
    acceptance_hash(a->digest, &a->table);
}

/* guard_boot ends here, before anything of the network exists. */
enum baton_status
agent_boot_memory(struct agent *a, const struct machine *machine, struct baton_err *err)
{
    enum state_file state;
    struct second_copy copy;
    member_init(&a->member, &a->identity.sign_key, &a->setup->tenant, &a->setup->root);
    const struct promise fresh = a->member.promise;
    enum baton_status rc = agent_store_second_copy(a->setup->dir, &copy, err);
    if (rc == BATON_OK)
        rc = open_memory(a, &state, err);
    if (rc != BATON_OK)
        return rc;
    if (state != STATE_GOOD)
        a->member.promise = fresh;
    else if (!promise_fits(a))
        return baton_fail(err, BATON_CONFLICT, "the state in %s belongs to another key or tenant",
                          a->setup->dir);
    keep_highest_trust(&a->member.promise, &copy);
    promise_recall(&a->member.promise, &copy.epoch, &copy.recipient, copy.tombstone);
    if (guard_boot(&a->member.promise, state, copy.tombstone, machine))
        log_info("run.boot", "role=%s", promise_role(&a->member.promise));
    fill_member(a);
    rc = store_promise(a, err);
    if (rc != BATON_OK)
        return rc;
    recall_plan(a);
    recall_limits(a);
    recall_trust(a);
    recall_observed(a);
    act_recall(a);
    settings_recall(a);
    return BATON_OK;
}

/* --- host --- */

static bool
pause_or_stop(int stop_fd, long wait_ms)
{
    zmq_pollitem_t item = {.fd = (zmq_fd_t)stop_fd, .events = ZMQ_POLLIN};
    return zmq_poll(&item, 1, wait_ms) > 0 && !process_woke();
}

/* *ret_later: it may do better in a moment. A system that is still starting may not know its own disk yet, and an
 * agent that gave up on that would leave its server without a guard. */
static enum baton_status
open_machine(struct agent *a, struct machine *ret_machine, bool *ret_later, struct baton_err *err)
{
    struct host_request request = {.op = HOST_MACHINE, .limit_ms = MACHINE_LIMIT_MS};
    struct host_completion done = {0};
    enum baton_status rc = host_open(a->setup->host, &a->host, err);
    *ret_later = rc == BATON_UNREACHABLE || rc == BATON_TIMEOUT;
    if (rc != BATON_OK)
        return rc;
    *ret_later = true;
    rc = host_ask(&a->host, &request, &done, err);
    *ret_machine = done.u.machine;
    a->host.release(a->host.ctx, &done);
    if (rc != BATON_OK) {
        a->host.close(a->host.ctx);
        a->host = (struct host_port){0};
    }
    return rc;
}

/* A server that is switched off has no agent either: wait for it, and boot with it. */
static enum baton_status
wait_for_machine(struct agent *a, int stop_fd, struct machine *ret_machine, struct baton_err *err)
{
    bool told = false, later;
    for (;;) {
        enum baton_status rc = open_machine(a, ret_machine, &later, err);
        if (rc == BATON_OK || !later)
            return rc;
        if (!told)
            log_warn("run.host", "%s; waiting for it", err->text);
        told = true;
        if (pause_or_stop(stop_fd, HOST_RETRY_MS)) {
            a->end = AGENT_STOPS;
            return BATON_OK;
        }
    }
}

/* --- one life of the machine --- */

enum baton_status
agent_open_bus(struct agent *a, struct baton_err *err)
{
    struct agent_bus_options o = {.endpoint = a->setup->address,
                                  .proxy = a->setup->proxy[0] == '\0' ? NULL : a->setup->proxy,
                                  .server_key = a->setup->controller_curve,
                                  .key = a->identity.curve_key,
                                  .secret = a->identity.secret->curve};
    return agent_bus_open(&o, &a->bus, err);
}

static void
say_ready(struct running *r)
{
    if (r->said_ready)
        return;
    r->said_ready = true;
    printf("ready\n");
    fflush(stdout);
}

static enum baton_status
live(struct running *r, struct agent *a, struct baton_err *err)
{
    struct machine machine;
    enum baton_status rc = wait_for_machine(a, r->stop_fd, &machine, err);
    if (rc != BATON_OK || !agent_runs(a))
        return rc;
    rc = agent_boot_memory(a, &machine, err);
    if (rc != BATON_OK)
        return rc;
    agent_boot(a, r->stop_fd);
    if (agent_runs(a))
        rc = agent_open_bus(a, err);
    if (rc == BATON_OK && agent_runs(a)) {
        say_ready(r);
        agent_loop(a, r->stop_fd);
    }
    if (a->end == AGENT_FAILS) {
        *err = a->err;
        return a->err.status;
    }
    return rc;
}

void
agent_close(struct agent **agent)
{
    struct agent *a = *agent;
    if (a == NULL)
        return;
    *agent = NULL;
    agent_bus_close(&a->bus);
    settings_done(&a->settings);
    review_done(&a->review);
    rows_done(&a->rows);
    if (a->host.ctx != NULL)
        a->host.close(a->host.ctx);
    collect_done(&a->collect);
    prereq_close(&a->prereq);
    agent_store_close(&a->store);
    crypto_identity_done(&a->identity);
    free(a);
}

enum baton_status
agent_new(const struct setup *setup, struct crypto_identity *identity, struct agent **ret_agent,
          struct baton_err *err)
{
    struct baton_err why;
    struct agent *a = calloc(1, sizeof *a);
    if (a == NULL) {
        (void)baton_fail(err, BATON_NOMEM, "agent");
        return BATON_NOMEM;
    }
    a->setup = setup;
    a->digest = crypto_digest_port();
    a->identity = *identity;
    *identity = (struct crypto_identity){0};
    collect_init(&a->collect, a->digest);
    settings_init(&a->settings);
    if (prerequisites_of(setup->dir, &a->prereq, &why) != BATON_OK)
        log_error("run.prerequisites", "%s: they stay unknown", why.text);
    *ret_agent = a;
    return BATON_OK;
}

static enum baton_status
one_life(struct running *r, enum agent_end *ret_end, struct baton_err *err)
{
    char key[SETUP_PATH_BYTES];
    struct crypto_identity identity = {0};
    struct agent *a = NULL;
    enum baton_status rc = setup_path(r->setup.dir, SETUP_KEY, key, err);
    if (rc == BATON_OK)
        rc = keyfile_load(key, &identity, err);
    if (rc == BATON_OK)
        rc = agent_new(&r->setup, &identity, &a, err);
    if (rc == BATON_OK)
        rc = live(r, a, err);
    *ret_end = rc == BATON_OK ? a->end : AGENT_FAILS;
    agent_close(&a);
    crypto_identity_done(&identity);
    return rc;
}

enum baton_status
agent_run(const char *dir, struct baton_err *err)
{
    struct running r = {.lock_fd = -1};
    enum agent_end end = AGENT_RESTARTS;
    enum baton_status rc = setup_read(dir, &r.setup, err);
    if (rc == BATON_OK)
        rc = take_lock(dir, &r.lock_fd, err);
    r.stop_fd = rc == BATON_OK ? process_stop_fd(err) : -1;
    if (rc == BATON_OK && r.stop_fd < 0)
        rc = BATON_IO;
    while (rc == BATON_OK && end == AGENT_RESTARTS) {
        rc = one_life(&r, &end, err);
        if (rc == BATON_OK && end == AGENT_RESTARTS && pause_or_stop(r.stop_fd, HOST_RETRY_MS))
            end = AGENT_STOPS;
    }
    if (r.lock_fd >= 0)
        close(r.lock_fd);
    return rc;
}

enum baton_status
agent_serve(const char *dir, struct baton_err *err)
{
    bool told = false;
    int stop_fd = process_stop_fd(err);
    if (stop_fd < 0)
        return BATON_IO;
    for (;;) {
        enum baton_status rc = agent_run(dir, err);
        if (rc != BATON_NOT_FOUND)
            return rc;
        if (!told)
            log_warn("service.waiting", "%s; waiting for that", err->text);
        told = true;
        if (pause_or_stop(stop_fd, ENROL_LOOK_MS))
            return BATON_OK;
    }
}
