#include "preflight_print.h"

#include "baton/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MINUTE_MS = 60000, OBJECTS_PER_ESTIMATE = 50000 };

static const char *
side_name(const struct preflight *p)
{
    return p->question.side == PREREQ_OLD ? "old" : "new";
}

/* Hours for every 50,000 objects, as the workflow's policy has them. */
static int64_t
estimate_minutes(int64_t objects)
{
    struct policy policy;
    policy_preset(PRESET_PRODUCTION, &policy);
    return objects * policy.v[POLICY_HOURS_PER_50K_MS] / OBJECTS_PER_ESTIMATE / MINUTE_MS;
}

/* Texts come from a server and from files: control characters stay out of a terminal. */
static void
put(const char *text)
{
    for (; *text != '\0'; text++)
        putchar((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text);
}

static void
put_line(const char *label, const char *text)
{
    printf("         %-10s", label);
    put(text);
    putchar('\n');
}

static void
put_value(const struct preflight *p, const char *label, const char *name)
{
    const json_t *value = json_object_get(p->question.observed, name);
    printf("%s", label);
    put(json_is_string(value) ? json_string_value(value) : value == NULL ? "not known" : "none");
}

static void
put_check(const struct prereq_result *r)
{
    const struct prereq_check *c = r->check;
    bool good = r->state <= PREREQ_NOT_APPLICABLE, applies = r->state != PREREQ_NOT_APPLICABLE;
    printf("%-8s %-29s ", applies ? prereq_verdict_name(r) : "-", c->id);
    put(applies ? r->observed : "does not apply");
    putchar('\n');
    if (good)
        return;
    put_line("wanted", c->what);
    put_line("rule", r->rule);
    if (c->where != NULL)
        put_line("read from", c->where);
    put_line("to do", c->fix);
    printf("         source    ");
    put(c->source);
    printf(" (checked %s)\n", c->checked);
}

static void
put_checks(const struct preflight *p)
{
    const char *area = "";
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(area, p->result[i].check->area) != 0) {
            area = p->result[i].check->area;
            putchar('\n');
            put(area);
            putchar('\n');
        }
        put_check(&p->result[i]);
    }
}

static void
put_ports(const json_t *ports)
{
    size_t i;
    json_t *port;
    json_array_foreach(ports, i, port)
        printf("%s%" JSON_INTEGER_FORMAT, i > 0 ? "," : "", json_integer_value(port));
}

static void
put_hosts(const struct preflight *p)
{
    size_t count;
    const struct prereq_host *h = prereq_hosts(p->data, &count);
    printf("\nHosts that must be reachable\n");
    for (size_t i = 0; i < count; i++)
        if (prereq_host_used(&h[i], p->question.observed)) {
            printf("%-16s %-38s ", h[i].feature, h[i].host);
            put_ports(h[i].ports);
            printf("  %s\n", h[i].why);
        }
}

/* Each file's age once. */
static void
put_old_data(const struct preflight *p)
{
    const char *area = "";
    for (size_t i = 0; i < p->count; i++) {
        const struct prereq_check *c = p->result[i].check;
        if (p->result[i].old_data && strcmp(area, c->area) != 0)
            printf("old data: '%s' was looked up on %s, more than %d days ago\n", c->area,
                   c->checked, PREREQ_OLD_DAYS);
        area = c->area;
    }
}

static size_t
unknown_count(const struct preflight *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->count; i++)
        n += p->result[i].state == PREREQ_UNKNOWN;
    return n;
}

void
preflight_table(const struct preflight *p)
{
    int64_t objects = prereq_objects(&p->question);
    printf("prerequisites, %s side: %s; not known: %zu of %zu\n", side_name(p),
           verdict_name(p->verdict), unknown_count(p), p->count);
    if (objects >= 0)
        printf("objects: %" PRId64 ", about %" PRId64 " minutes for an upgrade\n", objects,
               estimate_minutes(objects));
    else
        printf("objects: not known; --objects N says how many\n");
    put_value(p, "proxy: of the user who installed ", "proxy.user");
    put_value(p, ", of the machine (machine.config) ", "proxy.machine");
    putchar('\n');
    put_old_data(p);
    put_checks(p);
    if (p->question.side == PREREQ_NEW)
        put_hosts(p);
}

/* --- JSON --- */

static json_t *
check_json(const struct prereq_result *r)
{
    const struct prereq_check *c = r->check;
    json_t *o =
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b}", "id", c->id, "area", c->area,
                  "verdict", prereq_verdict_name(r), "state", prereq_state_name(r->state), "what",
                  c->what, "observed", r->observed, "rule", r->rule, "advice", c->fix, "source",
                  c->source, "checked", c->checked, "old_data", (int)r->old_data);
    if (c->where != NULL)
        json_object_set_new(o, "where", json_string(c->where));
    return o;
}

static json_t *
checks_json(const struct preflight *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->count; i++)
        json_array_append_new(list, check_json(&p->result[i]));
    return list;
}

static json_t *
hosts_json(const struct preflight *p)
{
    size_t count;
    const struct prereq_host *h = prereq_hosts(p->data, &count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (prereq_host_used(&h[i], p->question.observed))
            json_array_append_new(list,
                                  json_pack("{s:s,s:s,s:O,s:s}", "feature", h[i].feature, "host",
                                            h[i].host, "ports", h[i].ports, "why", h[i].why));
    return list;
}

static json_t *
proxy_json(const struct preflight *p)
{
    static const char *const names[][2] = {{"user", "proxy.user"}, {"machine", "proxy.machine"}};
    json_t *o = json_object();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) { /* missing: not known; null: none */
        json_t *value = json_object_get(p->question.observed, names[i][1]);
        if (value != NULL)
            json_object_set(o, names[i][0], value);
    }
    return o;
}

enum baton_status
preflight_json(const struct preflight *p, struct baton_err *err)
{
    int64_t objects = prereq_objects(&p->question);
    json_t *o =
        json_pack("{s:s,s:s,s:I,s:o,s:o,s:o,s:O}", "verdict", verdict_name(p->verdict), "side",
                  side_name(p), "unknown", (json_int_t)unknown_count(p), "checks", checks_json(p),
                  "hosts", hosts_json(p), "proxy", proxy_json(p), "observed", p->question.observed);
    if (o == NULL)
        return baton_fail(err, BATON_NOMEM, "preflight");
    if (objects >= 0) {
        json_object_set_new(o, "objects", json_integer(objects));
        json_object_set_new(o, "estimate_minutes", json_integer(estimate_minutes(objects)));
    }
    int failed = json_dumpf(o, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(o);
    return failed == 0 ? BATON_OK : baton_fail(err, BATON_IO, "standard output");
}
