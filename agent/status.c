#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
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
    put_hex(o, "key", p->self.b, BATON_KEY_BYTES);
    put_fingerprint(o, &a->identity);
    put_hex(o, "recipient", p->recipient.b, BATON_KEY_BYTES);
    put_hex(o, "plan", p->plan.b, BATON_HASH_BYTES);
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

/* --- `baton-agent status` --- */

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
    char path[SETUP_PATH_BYTES];
    struct setup setup;
    json_error_t why;
    enum baton_status rc = setup_read(dir, &setup, err);
    if (rc == BATON_OK)
        rc = setup_path(dir, SETUP_STATUS, path, err);
    if (rc != BATON_OK)
        return rc;
    int fd = disk_open(path, DISK_READ);
    json_t *status = fd < 0 ? NULL : json_loadfd(fd, 0, &why);
    if (fd >= 0)
        close(fd);
    if (status == NULL)
        status = json_pack("{s:s,s:s}", "name", setup.name, "controller", setup.address);
    if (status == NULL)
        return baton_fail(err, BATON_NOMEM, "status");
    json_object_set_new(status, "running", json_boolean(is_running(dir)));
    if (strcmp(output, "json") == 0) {
        json_dumpf(status, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
        printf("\n");
    } else {
        print_table(status);
    }
    json_decref(status);
    return BATON_OK;
}
