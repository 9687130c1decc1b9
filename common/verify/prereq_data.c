#include "prereq_data.h"

#include "prereq_private.h"

#include <stdlib.h>
#include <string.h>

enum need { NEEDED, OPTIONAL };
enum kind { TEXT, DATE, SIDE, SEVERITY, RULES, FEATURE_PORTS, CHECKS, HOSTS };

struct key {
    const char *name;
    enum need need;
    enum kind kind;
};

// clang-format off
static const struct key file_keys[] = {
    {"title", NEEDED, TEXT}, {"checked", NEEDED, DATE}, {"checks", NEEDED, CHECKS}, {"hosts", OPTIONAL, HOSTS},
};
static const struct key check_keys[] = {
    {"id", NEEDED, TEXT}, {"side", NEEDED, SIDE}, {"what", NEEDED, TEXT}, {"where", OPTIONAL, TEXT},
    {"when", OPTIONAL, RULES}, {"rules", NEEDED, RULES}, {"otherwise", NEEDED, SEVERITY},
    {"unknown", NEEDED, SEVERITY}, {"when_unknown", OPTIONAL, SEVERITY}, {"fix", NEEDED, TEXT},
    {"source", NEEDED, TEXT}, {"checked", OPTIONAL, DATE},
};
static const struct key host_keys[] = {
    {"feature", NEEDED, TEXT}, {"host", NEEDED, TEXT}, {"ports", NEEDED, FEATURE_PORTS}, {"why", NEEDED, TEXT},
};
// clang-format on

static const char *
text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static bool
side_named(const char *name, uint8_t *ret_side)
{
    static const char *const names[] = {[PREREQ_NEW] = "new", "old", "both"};
    for (uint8_t i = PREREQ_NEW; name != NULL && i <= PREREQ_BOTH; i++)
        if (strcmp(names[i], name) == 0) {
            *ret_side = i;
            return true;
        }
    return false;
}

static bool
severity_named(const char *name, uint8_t *ret_severity)
{
    for (uint8_t s = SEVERITY_INFO; name != NULL && s <= SEVERITY_BLOCK; s++)
        if (strcmp(finding_severity_name((enum finding_severity)s), name) == 0) {
            *ret_severity = s;
            return true;
        }
    return false;
}

static const char *
rules_wrong(const json_t *rules)
{
    size_t i;
    json_t *rule;
    if (json_array_size(rules) == 0 || json_array_size(rules) > PREREQ_RULES_MAX)
        return "a list of 1 to 8 rules is expected";
    json_array_foreach(rules, i, rule)
    {
        const char *wrong = prereq_rule_wrong(rule);
        if (wrong != NULL)
            return wrong;
    }
    return NULL;
}

static bool
ports_are_sound(const json_t *ports)
{
    size_t i;
    json_t *port;
    json_array_foreach(ports, i, port) if (json_integer_value(port) < 1 ||
                                           json_integer_value(port) > 65535) return false;
    return json_array_size(ports) > 0;
}

/* NULL: of its kind. */
static const char *
value_wrong(enum kind kind, const json_t *value)
{
    const char *text = json_string_value(value);
    uint64_t ms;
    uint8_t number;
    switch (kind) {
    case TEXT:
        return text != NULL && *text != '\0' && strlen(text) < PREREQ_TEXT_BYTES
                   ? NULL
                   : "a text of at most 511 bytes is expected";
    case DATE:
        return text != NULL && prereq_date(text, &ms) ? NULL : "a date like 2026-09-30 is expected";
    case SIDE:
        return side_named(text, &number) ? NULL : "new, old or both is expected";
    case SEVERITY:
        return severity_named(text, &number) ? NULL : "info, review or block is expected";
    case RULES:
        return rules_wrong(value);
    case FEATURE_PORTS:
        return ports_are_sound(value) ? NULL : "a list of ports is expected";
    case CHECKS:
    case HOSTS:
        break;
    }
    return json_is_array(value) ? NULL : "a list is expected";
}

static const struct key *
key_named(const struct key *keys, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

/* Every key that is needed, none that nobody knows, each value of its kind. */
static enum baton_status
keys_check(const json_t *object, const struct key *keys, size_t count, const char *where,
           struct baton_err *err)
{
    const char *name;
    json_t *value;
    if (!json_is_object(object))
        return baton_fail(err, BATON_MALFORMED, "%s: an object is expected", where);
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        const struct key *key = key_named(keys, count, name);
        const char *wrong = key == NULL ? "there is no such key" : value_wrong(key->kind, value);
        if (wrong != NULL)
            return baton_fail(err, BATON_MALFORMED, "%s: %.40s: %s", where, name, wrong);
    }
    for (size_t i = 0; i < count; i++)
        if (keys[i].need == NEEDED && json_object_get(object, keys[i].name) == NULL)
            return baton_fail(err, BATON_MALFORMED, "%s: %s is missing", where, keys[i].name);
    return BATON_OK;
}

static bool
id_is_taken(const struct prereq *p, const char *id)
{
    for (size_t i = 0; i < p->check_count; i++)
        if (strcmp(p->check[i].id, id) == 0)
            return true;
    return false;
}

/* Its keys are known to be sound. */
static void
take_check(struct prereq *p, const json_t *file, const json_t *o)
{
    struct prereq_check *c = &p->check[p->check_count++];
    const char *checked = text_at(o, "checked");
    *c = (struct prereq_check){.area = text_at(file, "title"),
                               .id = text_at(o, "id"),
                               .what = text_at(o, "what"),
                               .where = text_at(o, "where"),
                               .fix = text_at(o, "fix"),
                               .source = text_at(o, "source"),
                               .checked = checked != NULL ? checked : text_at(file, "checked"),
                               .rules = json_object_get(o, "rules"),
                               .when = json_object_get(o, "when"),
                               .when_unknown = SEVERITY_BLOCK};
    (void)prereq_date(c->checked, &c->checked_unix_ms);
    (void)side_named(text_at(o, "side"), &c->side);
    (void)severity_named(text_at(o, "otherwise"), &c->otherwise);
    (void)severity_named(text_at(o, "unknown"), &c->unknown);
    (void)severity_named(text_at(o, "when_unknown"), &c->when_unknown);
}

static enum baton_status
add_check(struct prereq *p, const char *name, const json_t *file, const json_t *o,
          struct baton_err *err)
{
    const char *id = text_at(o, "id");
    char where[128];
    snprintf(where, sizeof where, "%.60s: %.40s", name, id != NULL ? id : "a check");
    if (p->check_count == PREREQ_CHECKS_MAX)
        return baton_fail(err, BATON_LIMIT, "%s: there are more than %d checks", where,
                          PREREQ_CHECKS_MAX);
    enum baton_status rc = keys_check(o, check_keys, ARRAY_LEN(check_keys), where, err);
    if (rc != BATON_OK)
        return rc;
    if (id == NULL || strncmp(id, "PRE-", 4) != 0 || id_is_taken(p, id))
        return baton_fail(err, BATON_MALFORMED, "%s: an id begins with PRE- and stands there once",
                          where);
    take_check(p, file, o);
    return BATON_OK;
}

static enum baton_status
add_host(struct prereq *p, const char *name, const json_t *o, struct baton_err *err)
{
    char where[128];
    snprintf(where, sizeof where, "%.60s: hosts", name);
    if (p->host_count == PREREQ_HOSTS_MAX)
        return baton_fail(err, BATON_LIMIT, "%s: there are more than %d", where, PREREQ_HOSTS_MAX);
    enum baton_status rc = keys_check(o, host_keys, ARRAY_LEN(host_keys), where, err);
    if (rc != BATON_OK)
        return rc;
    p->host[p->host_count++] = (struct prereq_host){.feature = text_at(o, "feature"),
                                                    .host = text_at(o, "host"),
                                                    .why = text_at(o, "why"),
                                                    .ports = json_object_get(o, "ports")};
    return BATON_OK;
}

static enum baton_status
add_file(struct prereq *p, const char *name, const json_t *file, struct baton_err *err)
{
    size_t i;
    json_t *o;
    enum baton_status rc = keys_check(file, file_keys, ARRAY_LEN(file_keys), name, err);
    if (rc != BATON_OK)
        return rc;
    json_array_foreach(json_object_get(file, "checks"), i, o)
    {
        rc = add_check(p, name, file, o, err);
        if (rc != BATON_OK)
            return rc;
    }
    json_array_foreach(json_object_get(file, "hosts"), i, o)
    {
        rc = add_host(p, name, o, err);
        if (rc != BATON_OK)
            return rc;
    }
    return BATON_OK;
}

enum baton_status
prereq_open(struct prereq **ret_data, struct baton_err *err)
{
    struct prereq *p = calloc(1, sizeof *p);
    json_t *files = json_array();
    if (p == NULL || files == NULL) {
        free(p);
        json_decref(files);
        return baton_fail(err, BATON_NOMEM, "prerequisites");
    }
    p->files = files;
    *ret_data = p;
    return BATON_OK;
}

enum baton_status
prereq_add(struct prereq *p, const char *file, const char *text, size_t len, struct baton_err *err)
{
    json_error_t why;
    if (len > PREREQ_BYTES_MAX)
        return baton_fail(err, BATON_LIMIT, "%.60s: at most %d bytes are read", file,
                          PREREQ_BYTES_MAX);
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL)
        return baton_fail(err, BATON_MALFORMED, "%.60s: line %d: %s", file, why.line, why.text);
    if (json_array_append_new(p->files, root) != 0)
        return baton_fail(err, BATON_NOMEM, "prerequisites");
    return add_file(p, file, root, err);
}

void
prereq_close(struct prereq **p)
{
    if (*p == NULL)
        return;
    json_decref((*p)->files);
    free(*p);
    *p = NULL;
}

const struct prereq_check *
prereq_checks(const struct prereq *p, size_t *ret_count)
{
    *ret_count = p->check_count;
    return p->check;
}

const struct prereq_host *
prereq_hosts(const struct prereq *p, size_t *ret_count)
{
    *ret_count = p->host_count;
    return p->host;
}
