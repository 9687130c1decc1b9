#include "agent/windows/service_report.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "agent/adapters/managed.h"

static bool
was_changed(const struct service_report *r, enum service_item item)
{
    return r->before != NULL && service_item_state(r->wanted, r->before, item) == ITEM_DEVIATES &&
           service_item_state(r->wanted, r->found, item) == ITEM_MATCHES;
}

static json_t *
items_json(const struct service_report *r)
{
    json_t *items = json_object();
    for (size_t i = 0; i < ITEM_COUNT; i++) {
        enum service_item id = (enum service_item)i;
        const struct plan_value *found = &r->found->item[i];
        json_object_set_new(items, service_item_name(id),
                            json_pack("{s:s,s:s,s:s}", "state",
                                      item_state_name(service_item_state(r->wanted, r->found, id)),
                                      "found", found->text, "wanted", r->wanted->item[i].text));
    }
    return items;
}

static json_t *
changed_json(const struct service_report *r)
{
    json_t *names = json_array();
    for (size_t i = 0; i < ITEM_COUNT; i++)
        if (was_changed(r, (enum service_item)i))
            json_array_append_new(names, json_string(service_item_name((enum service_item)i)));
    return names;
}

static json_t *
policy_json(void)
{
    struct managed m;
    struct baton_err err = {0};
    json_t *policy = json_object();
    if (managed_read(&m, &err) != BATON_OK)
        json_object_set_new(policy, "error", json_string(err.text));
    for (size_t i = 0; i < MANAGED_COUNT; i++)
        if (m.set[i])
            json_object_set_new(policy, managed_name((enum managed_id)i), json_string(m.text[i]));
    return policy;
}

static void
print_json(const struct service_report *r)
{
    json_t *o = json_pack("{s:s,s:b,s:s,s:s,s:b,s:o}", "service", SERVICE_NAME, "installed",
                          r->found != NULL, "state", r->state, "data", r->dir, "enrolled",
                          r->enrolled, "policy", policy_json());
    if (r->pid != 0)
        json_object_set_new(o, "pid", json_integer(r->pid));
    if (r->found != NULL) {
        json_object_set_new(o, "items", items_json(r));
        json_object_set_new(o, "deviations",
                            json_integer((json_int_t)service_deviations(r->wanted, r->found)));
    }
    if (r->before != NULL)
        json_object_set_new(o, "changed", changed_json(r));
    json_dumpf(o, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
    printf("\n");
    json_decref(o);
}

static void
print_item(const struct service_report *r, enum service_item id)
{
    enum item_state state = service_item_state(r->wanted, r->found, id);
    printf("  %-18s %-12s %s", service_item_name(id), item_state_name(state),
           r->found->item[id].text);
    if (state == ITEM_DEVIATES)
        printf("; wanted: %s", r->wanted->item[id].text);
    printf("\n");
}

static void
print_table(const struct service_report *r)
{
    const char *name;
    json_t *value, *policy = policy_json();
    printf("service  %s\nstate    %s", SERVICE_NAME, r->state);
    if (r->pid != 0)
        printf(" (process %u)", (unsigned)r->pid);
    printf("\ndata     %s (%s)\n", r->dir, r->enrolled ? "enrolled" : "not enrolled");
    json_object_foreach(policy, name, value)
        printf("policy   %s = %s\n", name, json_string_value(value));
    json_decref(policy);
    for (size_t i = 0; r->found != NULL && i < ITEM_COUNT; i++)
        print_item(r, (enum service_item)i);
    for (size_t i = 0; r->before != NULL && i < ITEM_COUNT; i++)
        if (was_changed(r, (enum service_item)i))
            printf("changed  %s: was %s\n", service_item_name((enum service_item)i),
                   r->before->item[i].text);
}

void
service_report_print(const struct service_report *r, bool json)
{
    if (json)
        print_json(r);
    else
        print_table(r);
}
