#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "agent/adapters/managed.h"
#include "common/disk/disk.h"

enum { STATUS_EVERY_MS = 1000, STATUS_BYTES_MAX = 65536 };

static void
put_hex(json_t *object, const char *name, const void *bytes, size_t len)
{
    char hex[2 * BATON_HASH_BYTES + 1];
    baton_hex(bytes, len, hex);
    json_object_set_new(object, name, json_string(hex));
}

static json_t *
facts_json(const struct facts *f)
{
    json_t *object = json_object();
    for (size_t i = 0; i < FACT_COUNT; i++) {
        const struct fact *fact = &f->fact[i];
        json_t *value = fact->state == FACT_VALUE ? json_integer(fact->value)
                        : fact->state == FACT_ABSENT
                            ? json_string(fact_reason_name((enum fact_reason)fact->reason))
                            : json_null();
        json_object_set_new(object, fact_name((enum fact_id)i), value);
    }
    return object;
}

/* What `baton agent confirm` compares: over both public keys. */
static void
put_fingerprint(json_t *object, const struct crypto_identity *id)
{
    uint8_t both[2 * BATON_KEY_BYTES];
    struct baton_hash fingerprint;
    memcpy(both, id->sign_key.b, BATON_KEY_BYTES);
    memcpy(both + BATON_KEY_BYTES, id->box_key.b, BATON_KEY_BYTES);
    crypto_sha256(both, sizeof both, &fingerprint);
    put_hex(object, "fingerprint", fingerprint.b, BATON_HASH_BYTES);
}

static json_t *
status_json(const struct agent *a)
{
    const struct promise *p = &a->member.promise;
    char tenant[37], incarnation[37];
    baton_guid_format(&p->tenant, tenant);
    baton_guid_format(&p->epoch.incarnation, incarnation);
    json_t *o = json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:b,s:{s:I,s:s},s:b,s:b,s:b,s:b,s:b,s:s,s:i,s:s,s:I,s:i,s:I,s:s}",
        "version", a->member.version, "name", a->setup->name, "tenant", tenant, "controller",
        a->setup->address, "role", promise_role(p), "session", a->session.open, "epoch", "counter",
        (json_int_t)p->epoch.counter, "incarnation", incarnation, "holding", p->holding,
        "tombstone", p->tombstone, "ever_exported", p->ever_exported, "guard", p->armed,
        "tamper_open", p->tamper_open, "grant", grant_state_name((enum grant_state)p->grant),
        "serial", (int)p->serial, "quarantine",
        quarantine_name((enum quarantine_cause)p->quarantine), "statements", (json_int_t)p->counter,
        "trust_version", (int)p->trust_version, "receipt_size", (json_int_t)p->receipt_size, "note",
        a->member.watch.facts.note);
    if (o == NULL)
        return NULL;
    const char *handoff = promise_handoff(p);
    json_object_set_new(o, "handoff", handoff == NULL ? json_false() : json_string(handoff));
    put_hex(o, "key", p->self.b, BATON_KEY_BYTES);
    put_fingerprint(o, &a->identity);
    put_hex(o, "recipient", p->recipient.b, BATON_KEY_BYTES);
    put_hex(o, "plan", p->plan.b, BATON_HASH_BYTES);
    if (a->collect.product_entry[0] != '\0')
        json_object_set_new(o, "product_entry", json_string(a->collect.product_entry));
    json_object_set_new(o, "facts", facts_json(&a->member.watch.facts));
    return o;
}

static void
replace_file(const char *path, const char *text)
{
    char part[SETUP_PATH_BYTES + 8];
    snprintf(part, sizeof part, "%s.part", path);
    int fd = disk_open(part, DISK_REWRITE);
    if (fd < 0)
        return;
    bool good = disk_write(fd, text, strlen(text));
    close(fd);
    if (!good || !disk_rename(part, path))
        (void)disk_remove(part);
}

void
status_write(struct agent *a)
{
    char path[SETUP_PATH_BYTES];
    struct baton_hash hash;
    uint64_t now = agent_now_ms();
    if (now - a->status_ms < STATUS_EVERY_MS ||
        setup_path(a->setup->dir, SETUP_STATUS, path, NULL) != BATON_OK)
        return;
    a->status_ms = now;
    json_t *o = status_json(a);
    char *text = o == NULL ? NULL : json_dumps(o, JSON_INDENT(2));
    json_decref(o);
    if (text == NULL)
        return;
    crypto_sha256(text, strlen(text), &hash);
    if (!baton_hash_eq(&hash, &a->status_hash))
        replace_file(path, text);
    a->status_hash = hash;
    free(text);
}

/* --- `baton-agent status`, `baton-agent may-stop` --- */

static bool
is_running(const char *dir)
{
    char path[SETUP_PATH_BYTES];
    if (setup_path(dir, SETUP_LOCK, path, NULL) != BATON_OK)
        return false;
    int fd = disk_open(path, DISK_READ);
    if (fd < 0)
        return false;
    bool taken = !disk_lock(fd, true) && errno == EWOULDBLOCK;
    close(fd);
    return taken;
}

/* What the agent wrote last; NULL when there is nothing to be read. */
static json_t *
read_status(const char *dir)
{
    char path[SETUP_PATH_BYTES];
    json_error_t why;
    if (setup_path(dir, SETUP_STATUS, path, NULL) != BATON_OK)
        return NULL;
    int fd = disk_open(path, DISK_READ);
    json_t *status = fd < 0 ? NULL : json_loadfd(fd, 0, &why);
    if (fd >= 0)
        close(fd);
    return status;
}

static enum baton_status
in_handoff(const char *dir, const char *why, struct baton_err *err)
{
    if (why == NULL)
        return BATON_OK;
    return baton_fail(
        err, BATON_REFUSED,
        "the agent in %s is in the middle of a handoff: %s. Finish it, or lead it back; "
        "'baton cutover explain' says what is missing",
        dir, why);
}

/* Its memory is its own while it runs: then it is asked by what it wrote last. */
static enum baton_status
may_stop_running(const char *dir, struct baton_err *err)
{
    json_t *status = read_status(dir);
    const json_t *handoff = json_object_get(status, "handoff");
    enum baton_status rc =
        json_is_false(handoff) || json_is_string(handoff)
            ? in_handoff(dir, json_string_value(handoff), err)
            : baton_fail(err, BATON_REFUSED,
                         "whether the agent in %s is in the middle of a handoff is not known: "
                         "status.json does not say. Stop the agent, then ask again",
                         dir);
    json_decref(status);
    return rc;
}

static enum baton_status
may_stop_stopped(const char *dir, struct baton_err *err)
{
    struct agent_store *store = NULL;
    struct promise p;
    enum baton_status rc = agent_store_open(dir, &store, err);
    if (rc == BATON_OK)
        rc = agent_store_promise(store, &p, err);
    agent_store_close(&store);
    return rc == BATON_OK ? in_handoff(dir, promise_handoff(&p), err) : rc;
}

enum baton_status
may_stop(const char *dir, struct baton_err *err)
{
    char path[SETUP_PATH_BYTES];
    enum baton_status rc = setup_path(dir, SETUP_INI, path, err);
    if (rc != BATON_OK)
        return rc;
    if (!disk_exists(path) && errno == ENOENT)
        return BATON_OK; /* never enrolled: it has promised nothing */
    return is_running(dir) ? may_stop_running(dir, err) : may_stop_stopped(dir, err);
}

/* What of the settings is not the agent's own; absent when nothing is. */
static void
put_managed(json_t *status)
{
    struct managed m;
    struct baton_err err = {0};
    json_t *fixed = json_object();
    if (managed_read(&m, &err) != BATON_OK)
        json_object_set_new(fixed, "error", json_string(err.text));
    for (size_t i = 0; i < MANAGED_COUNT; i++)
        if (m.set[i])
            json_object_set_new(fixed, managed_name((enum managed_id)i), json_string(m.text[i]));
    if (json_object_size(fixed) > 0)
        json_object_set(status, "policy", fixed);
    json_decref(fixed);
}

static void
print_value(const json_t *value)
{
    if (json_is_string(value))
        printf("%s\n", json_string_value(value));
    else if (json_is_integer(value))
        printf("%" JSON_INTEGER_FORMAT "\n", json_integer_value(value));
    else if (json_is_boolean(value))
        printf("%s\n", json_is_true(value) ? "yes" : "no");
    else
        printf("unknown\n");
}

static void
print_table(json_t *status)
{
    const char *name;
    json_t *value;
    json_object_foreach(status, name, value)
    {
        if (json_is_object(value))
            continue;
        printf("%-16s ", name);
        print_value(value);
    }
    json_t *epoch = json_object_get(status, "epoch");
    printf("%-16s ", "epoch");
    print_value(json_object_get(epoch, "counter"));
    json_object_foreach(json_object_get(status, "policy"), name, value)
    {
        printf("%-16s %s = ", "policy", name);
        print_value(value);
    }
    printf("\nfacts\n");
    json_object_foreach(json_object_get(status, "facts"), name, value)
    {
        printf("  %-28s ", name);
        print_value(value);
    }
}

enum baton_status
status_show(const char *dir, const char *output, struct baton_err *err)
{
    struct setup setup;
    enum baton_status rc = setup_read(dir, &setup, err);
    if (rc != BATON_OK)
        return rc;
    json_t *status = read_status(dir);
    if (status == NULL)
        status = json_pack("{s:s,s:s}", "name", setup.name, "controller", setup.address);
    if (status == NULL)
        return baton_fail(err, BATON_NOMEM, "status");
    json_object_set_new(status, "running", json_boolean(is_running(dir)));
    put_managed(status);
    if (strcmp(output, "json") == 0) {
        json_dumpf(status, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
        printf("\n");
    } else {
        print_table(status);
    }
    json_decref(status);
    return BATON_OK;
}
