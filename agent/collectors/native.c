/* native.c: services, tasks, processes, product and machine, as facts. */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "readers.h"

static const struct host_service *
find_engine(const struct host_completion *done)
{
    for (size_t i = 0; i < done->count; i++)
        if (done->u.service[i].engine)
            return &done->u.service[i];
    return NULL;
}

struct service_sum {
    bool state_known, start_known, registry_known;
    bool stopped, disabled, disabled_registry;
};

static struct service_sum
sum_services(const struct host_completion *done)
{
    struct service_sum sum = {true, true, true, true, true, true};
    for (size_t i = 0; i < done->count; i++) {
        const struct host_service *s = &done->u.service[i];
        sum.state_known = sum.state_known && s->state != SVC_UNKNOWN;
        sum.start_known = sum.start_known && s->start != START_UNKNOWN;
        sum.registry_known = sum.registry_known && s->start_registry != START_UNKNOWN;
        sum.stopped = sum.stopped && s->state == SVC_STOPPED;
        sum.disabled = sum.disabled && s->start == START_DISABLED;
        sum.disabled_registry = sum.disabled_registry && s->start_registry == START_DISABLED;
    }
    return sum;
}

/* "No" needs one service only, "yes" needs all of them to be known. */
static void
set_all(struct collect *c, enum fact_id id, bool all, bool known)
{
    if (known || !all)
        collect_set(c, id, known && all);
    else
        collect_absent(c, id, ABSENT_ERROR);
}

static void
note_service(struct collect *c, const struct host_completion *done)
{
    const struct host_service *newest = NULL;
    for (size_t i = 0; i < done->count; i++)
        if (newest == NULL || done->u.service[i].changed_unix_ms > newest->changed_unix_ms)
            newest = &done->u.service[i];
    c->service_note[0] = '\0';
    if (newest != NULL && newest->changed_by[0] != '\0')
        snprintf(c->service_note, sizeof c->service_note, "%s last changed by %s", newest->name,
                 newest->changed_by);
}

/* A break is said once: one from now on is the next round's. What does not tell at all is said each time. */
static void
set_watch(struct collect *c, const struct host_completion *done)
{
    collect_set(c, FACT_SERVICE_WATCH, !c->watch_broken && !done->unwatched);
    c->watch_broken = false;
    if (done->unwatched)
        text_copy(c->service_note, sizeof c->service_note, done->err.text);
}

static void
set_stop(struct collect *c, const struct host_service *engine)
{
    bool stopped = engine->state == SVC_STOPPED;
    c->engine_stopped_at = stopped ? (int64_t)engine->changed_unix_ms : 0;
    if (stopped && engine->changed_unix_ms > 0)
        collect_set(c, FACT_STOPPED_AT, c->engine_stopped_at);
    else
        collect_absent(c, FACT_STOPPED_AT, stopped ? ABSENT_ERROR : ABSENT_NOT_APPLICABLE);
}

static void
no_services(struct collect *c)
{
    static const enum fact_id facts[] = {FACT_SERVICES_STOPPED, FACT_SERVICES_DISABLED,
                                         FACT_SERVICES_DISABLED_REGISTRY, FACT_STOPPED_AT};
    for (size_t i = 0; i < ARRAY_LEN(facts); i++)
        collect_absent(c, facts[i], ABSENT_NO_PRODUCT);
    c->engine_stopped_at = 0;
}

enum baton_status
collect_services(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    (void)err;
    memcpy(c->service, done->u.service, done->count * sizeof c->service[0]);
    c->service_count = done->count;
    collect_set(c, FACT_SERVICES_PRESENT, (int64_t)done->count);
    note_service(c, done);
    set_watch(c, done);
    const struct host_service *engine = find_engine(done);
    c->engine_missing = engine == NULL;
    if (done->count == 0) {
        no_services(c);
        return BATON_OK;
    }
    struct service_sum sum = sum_services(done);
    set_all(c, FACT_SERVICES_STOPPED, sum.stopped, sum.state_known);
    set_all(c, FACT_SERVICES_DISABLED, sum.disabled, sum.start_known);
    set_all(c, FACT_SERVICES_DISABLED_REGISTRY, sum.disabled_registry, sum.registry_known);
    if (engine != NULL)
        set_stop(c, engine);
    else /* only a scheduler is left: nobody can say when the engine stopped */
        collect_absent(c, FACT_STOPPED_AT, ABSENT_ERROR);
    return BATON_OK;
}

enum baton_status
collect_tasks(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    (void)err;
    bool disabled = true;
    memcpy(c->task, done->u.task, done->count * sizeof c->task[0]);
    c->task_count = done->count;
    for (size_t i = 0; i < done->count; i++)
        disabled = disabled && !done->u.task[i].enabled;
    collect_set(c, FACT_TASKS_DISABLED, disabled);
    return BATON_OK;
}

static bool
seen_before(const struct collect *c, uint32_t pid)
{
    for (size_t i = 0; i < c->tool_count; i++)
        if (c->tool[i] == pid)
            return true;
    return false;
}

/* A tool that nobody announced and that the round before did not see was started in between. */
static void
remember_tools(struct collect *c, const struct host_completion *done)
{
    uint32_t now[COLLECT_TOOLS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < done->count; i++) {
        const struct host_process *p = &done->u.process[i];
        if (p->kind == PROCESS_ENGINE)
            continue;
        c->tool_started = c->tool_started || (c->tools_known && !seen_before(c, p->pid));
        now[count++] = p->pid;
    }
    memcpy(c->tool, now, count * sizeof now[0]);
    c->tool_count = count;
    c->tools_known = true;
}

static void
note_tool(struct collect *c, const struct host_completion *done)
{
    static const char *const words[] = {[PROCESS_WIZARD] = "configuration wizard",
                                        [PROCESS_CONSOLE] = "Synchronization Service Manager",
                                        [PROCESS_INSTALLER] = "installer",
                                        [PROCESS_SYNC_SHELL] = "sync PowerShell"};
    c->wizard_note[0] = '\0';
    for (size_t i = 0; i < done->count; i++) {
        const struct host_process *p = &done->u.process[i];
        if (p->kind == PROCESS_ENGINE || p->kind >= ARRAY_LEN(words))
            continue;
        snprintf(c->wizard_note, sizeof c->wizard_note, "%s open in the session of %s",
                 words[p->kind], p->session[0] == '\0' ? "nobody known" : p->session);
        return;
    }
}

enum baton_status
collect_processes(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    static const struct {
        uint8_t kind;
        enum fact_id fact;
    } counted[] = {{PROCESS_WIZARD, FACT_WIZARD_OPEN},
                   {PROCESS_CONSOLE, FACT_CONSOLE_OPEN},
                   {PROCESS_INSTALLER, FACT_INSTALLER_OPEN},
                   {PROCESS_SYNC_SHELL, FACT_SYNC_SHELL_OPEN}};
    (void)err;
    int64_t count[PROCESS_SYNC_SHELL + 1] = {0};
    for (size_t i = 0; i < done->count; i++)
        if (done->u.process[i].kind < ARRAY_LEN(count))
            count[done->u.process[i].kind]++;
    c->engine_gone = count[PROCESS_ENGINE] == 0;
    collect_set(c, FACT_ENGINE_GONE, c->engine_gone);
    for (size_t i = 0; i < ARRAY_LEN(counted); i++)
        collect_set(c, counted[i].fact, count[counted[i].kind]);
    remember_tools(c, done);
    collect_set(c, FACT_TOOLS_STARTED, c->tool_started);
    note_tool(c, done);
    return BATON_OK;
}

/* What was read of a product that is gone says nothing about the next one. */
static void
forget_product(struct collect *c)
{
    c->history = (struct history){0};
    c->history_known = c->connectors_known = c->entra_connector = false;
    c->ad_connector_count = 0;
    c->statistics_known = c->pending_read = false;
    c->config_changed_unix_ms = c->connector_changed_unix_ms = 0;
}

enum baton_status
collect_product(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    const struct host_product *p = &done->u.product;
    if (p->product >= PRODUCT_COUNT)
        return baton_fail(err, BATON_MALFORMED, "unknown product class %d", p->product);
    c->product = p->present ? (enum product)p->product : PRODUCT_NONE;
    text_copy(c->product_entry, sizeof c->product_entry, p->entry);
    if (c->product == PRODUCT_NONE)
        forget_product(c);
    collect_set(c, FACT_PRODUCT_PRESENT, p->present);
    collect_set(c, FACT_DISK_FREE_BYTES, (int64_t)p->disk_free_bytes);
    if (p->present) {
        collect_set(c, FACT_PRODUCT_CLASS, p->product);
        collect_set(c, FACT_PRODUCT_VERSION, p->version);
        if (p->sql_edition < SQL_UNKNOWN)
            collect_set(c, FACT_SQL_EDITION, p->sql_edition);
        else
            collect_absent(c, FACT_SQL_EDITION, ABSENT_ERROR);
    } else {
        collect_absent(c, FACT_PRODUCT_CLASS, ABSENT_NO_PRODUCT);
        collect_absent(c, FACT_PRODUCT_VERSION, ABSENT_NO_PRODUCT);
        collect_absent(c, FACT_SQL_EDITION, ABSENT_NO_PRODUCT);
    }
    return BATON_OK;
}

enum baton_status
collect_machine(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    (void)err;
    c->machine = done->u.machine;
    c->machine_known = true;
    return BATON_OK;
}
