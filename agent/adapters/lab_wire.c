#include "lab_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "place_files.h"

struct word {
    const char *text;
    uint8_t value;
};

static const struct word service_states[] = {
    {"stopped", SVC_STOPPED},
    {"starting", SVC_STARTING},
    {"running", SVC_RUNNING},
    {"stopping", SVC_STOPPING},
};
static const struct word start_types[] = {
    {"auto", START_AUTO}, {"manual", START_MANUAL}, {"disabled", START_DISABLED}};
static const struct word process_kinds[] = {
    {"engine", PROCESS_ENGINE},    {"wizard", PROCESS_WIZARD},       {"console", PROCESS_CONSOLE},
    {"shell", PROCESS_SYNC_SHELL}, {"installer", PROCESS_INSTALLER},
};
static const struct word product_classes[] = {{"none", PRODUCT_NONE},
                                              {"dirsync", PRODUCT_DIRSYNC},
                                              {"aadsync", PRODUCT_AADSYNC},
                                              {"connect", PRODUCT_CONNECT}};
static const struct word sql_editions[] = {
    {"local", SQL_LOCAL}, {"express", SQL_EXPRESS}, {"full", SQL_FULL}};
static const struct word places[] = {{"settings-export", PLACE_SETTINGS_EXPORT},
                                     {"settings-import", PLACE_SETTINGS_IMPORT},
                                     {"pending-export", PLACE_PENDING_EXPORT},
                                     {"configuration", PLACE_CONFIGURATION}};

static uint8_t
word_value(const struct word *words, size_t count, const char *text, uint8_t otherwise)
{
    for (size_t i = 0; text != NULL && i < count; i++)
        if (strcmp(words[i].text, text) == 0)
            return words[i].value;
    return otherwise;
}

#define WORD(table, text, otherwise) word_value((table), ARRAY_LEN(table), (text), (otherwise))

static const char *
text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void
copy_text(const json_t *object, const char *name, char out[NAME_BYTES])
{
    const char *text = text_of(object, name);
    text_copy(out, NAME_BYTES, text == NULL ? "" : text);
}

static uint64_t
number_of(const json_t *object, const char *name)
{
    json_int_t n = json_integer_value(json_object_get(object, name));
    return n < 0 ? 0 : (uint64_t)n;
}

static bool
truth_of(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

static char *
dump_line(json_t *object)
{
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (text == NULL)
        return NULL;
    size_t len = strlen(text);
    char *line = realloc(text, len + 2);
    if (line == NULL) {
        free(text);
        return NULL;
    }
    line[len] = '\n';
    line[len + 1] = '\0';
    return line;
}

char *
lab_request_line(uint32_t id, const struct host_request *request)
{
    const char *op = host_is_file_op(request->op) ? "file" : host_op_name(request->op);
    json_t *object = json_pack("{s:I,s:s}", "id", (json_int_t)id, "op", op);
    int rc = 0;
    if (host_is_file_op(request->op))
        rc = json_object_set_new(object, "place",
                                 json_string(host_place_name((enum host_place)request->place)));
    else if (request->op == HOST_COLLECT)
        rc = json_object_set_new(
            object, "collector",
            json_string(host_collector_name((enum host_collector)request->collector)));
    else if (request->name[0] != '\0')
        rc = json_object_set_new(object, "name", json_string(request->name));
    if (rc != 0) {
        json_decref(object);
        return NULL;
    }
    return dump_line(object);
}

char *
lab_watch_line(void)
{
    return dump_line(json_pack("{s:i,s:s}", "id", 0, "op", "watch"));
}

bool
lab_greeting(const json_t *line)
{
    return json_integer_value(json_object_get(line, "lab")) == 1 && text_of(line, "server") != NULL;
}

/* The lab's products have their engine under one of these names. */
static bool
is_engine(const char *name)
{
    return strcmp(name, "ADSync") == 0 || strcmp(name, "FIMSynchronizationService") == 0;
}

static void
read_service(const json_t *item, struct host_service *s)
{
    copy_text(item, "name", s->name);
    copy_text(item, "display", s->display);
    copy_text(item, "changed_by", s->changed_by);
    s->engine = is_engine(s->name);
    s->state = WORD(service_states, text_of(item, "state"), SVC_UNKNOWN);
    s->start = WORD(start_types, text_of(item, "start"), START_UNKNOWN);
    s->start_registry = WORD(start_types, text_of(item, "start_registry"), START_UNKNOWN);
    s->changed_unix_ms = number_of(item, "changed");
}

static void
read_task(const json_t *item, struct host_task *t)
{
    copy_text(item, "name", t->name);
    t->enabled = truth_of(item, "enabled");
}

/* An unknown kind counts as a sync shell: something that may act, which nobody can name. */
static void
read_process(const json_t *item, struct host_process *p)
{
    p->kind = WORD(process_kinds, text_of(item, "kind"), PROCESS_SYNC_SHELL);
    p->pid = (uint32_t)number_of(item, "pid");
    copy_text(item, "session", p->session);
    p->started_unix_ms = number_of(item, "started");
}

static enum baton_status
list_of(const json_t *answer, const char *name, size_t most, const json_t **ret_list,
        size_t *ret_count, struct baton_err *err)
{
    *ret_list = json_object_get(answer, name);
    if (!json_is_array(*ret_list))
        return baton_fail(err, BATON_MALFORMED, "the lab's answer has no list \"%s\"", name);
    *ret_count = json_array_size(*ret_list);
    if (*ret_count > most)
        return baton_fail(err, BATON_LIMIT, "%zu %s, at most %zu are read", *ret_count, name, most);
    return BATON_OK;
}

static enum baton_status
answer_services(const json_t *answer, struct host_completion *done, struct baton_err *err)
{
    const json_t *list;
    enum baton_status rc = list_of(answer, "services", HOST_SERVICES_MAX, &list, &done->count, err);
    for (size_t i = 0; rc == BATON_OK && i < done->count; i++)
        read_service(json_array_get(list, i), &done->u.service[i]);
    return rc;
}

static enum baton_status
answer_tasks(const json_t *answer, struct host_completion *done, struct baton_err *err)
{
    const json_t *list;
    enum baton_status rc = list_of(answer, "tasks", HOST_TASKS_MAX, &list, &done->count, err);
    for (size_t i = 0; rc == BATON_OK && i < done->count; i++)
        read_task(json_array_get(list, i), &done->u.task[i]);
    return rc;
}

static enum baton_status
answer_processes(const json_t *answer, struct host_completion *done, struct baton_err *err)
{
    const json_t *list;
    enum baton_status rc =
        list_of(answer, "processes", HOST_PROCESSES_MAX, &list, &done->count, err);
    for (size_t i = 0; rc == BATON_OK && i < done->count; i++)
        read_process(json_array_get(list, i), &done->u.process[i]);
    return rc;
}

/* "2.6.92.0" as four numbers of 16 bits; what is missing counts as 0. */
static int64_t
version_of(const char *text)
{
    uint64_t version = 0;
    for (int part = 0; part < 4; part++) {
        char *end;
        unsigned long n = strtoul(text, &end, 10);
        version = version << 16 | (n & 0xFFFF);
        text = *end == '.' ? end + 1 : end;
    }
    return (int64_t)version;
}

static enum baton_status
answer_product(const json_t *answer, struct host_completion *done, struct baton_err *err)
{
    struct host_product *p = &done->u.product;
    const char *version = text_of(answer, "version");
    p->present = truth_of(answer, "present");
    p->product = WORD(product_classes, text_of(answer, "class"), PRODUCT_NONE);
    if (p->present && p->product == PRODUCT_NONE)
        return baton_fail(err, BATON_MALFORMED, "the lab names no product class");
    text_copy(p->version_text, sizeof p->version_text, version == NULL ? "" : version);
    p->version = version_of(p->version_text);
    p->sql_edition = WORD(sql_editions, text_of(answer, "sql"), 0);
    p->disk_free_bytes = number_of(answer, "disk_free");
    return BATON_OK;
}

static enum baton_status
answer_machine(const json_t *answer, struct host_completion *done, struct baton_err *err)
{
    struct machine *m = &done->u.machine;
    const struct {
        const char *name;
        struct baton_id *id;
        bool needed;
    } rows[] = {{"boot", &m->boot, true},
                {"generation", &m->generation, false},
                {"guid", &m->guid, true},
                {"disk", &m->disk, true}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *text = text_of(answer, rows[i].name);
        bool good = text == NULL ? !rows[i].needed : baton_guid_parse(text, rows[i].id);
        if (!good)
            return baton_fail(err, BATON_MALFORMED, "the lab's \"%s\" is not a GUID", rows[i].name);
    }
    return BATON_OK;
}

static enum baton_status
keep_text(char *text, struct host_completion *done, struct baton_err *err)
{
    if (text == NULL)
        return baton_fail(err, BATON_NOMEM, "answer of the lab");
    done->text = text;
    done->text_len = strlen(text);
    return BATON_OK;
}

static enum baton_status
answer_events(const json_t *answer, struct host_completion *done, struct baton_err *err)
{
    const json_t *events = json_object_get(answer, "events");
    if (!json_is_array(events))
        return baton_fail(err, BATON_MALFORMED, "the lab's answer has no list \"events\"");
    return keep_text(json_dumps(events, JSON_COMPACT), done, err);
}

static enum baton_status
answer_collect(const json_t *answer, struct host_completion *done, struct baton_err *err)
{
    const json_t *text = json_object_get(answer, "text");
    if (!json_is_string(text) || json_string_length(text) > HOST_TEXT_MAX)
        return baton_fail(err, BATON_MALFORMED, "the lab's answer has no text");
    return keep_text(strdup(json_string_value(text)), done, err);
}

static enum baton_status
answer_nothing(const json_t *answer, struct host_completion *done, struct baton_err *err)
{
    (void)answer;
    (void)done;
    (void)err;
    return BATON_OK;
}

typedef enum baton_status answer_fn(const json_t *answer, struct host_completion *done,
                                    struct baton_err *err);

static answer_fn *const answers[HOST_OP_COUNT] = {
    [HOST_SERVICES] = answer_services,
    [HOST_SERVICE_STOP] = answer_nothing,
    [HOST_SERVICE_DISABLE] = answer_nothing,
    [HOST_SERVICE_ENABLE] = answer_nothing,
    [HOST_TASKS] = answer_tasks,
    [HOST_TASK_DISABLE] = answer_nothing,
    [HOST_TASK_ENABLE] = answer_nothing,
    [HOST_PROCESSES] = answer_processes,
    [HOST_PRODUCT] = answer_product,
    [HOST_EVENTS] = answer_events,
    [HOST_MACHINE] = answer_machine,
    [HOST_COLLECT] = answer_collect,
};

enum baton_status
lab_answer(const json_t *answer, struct host_completion *done, struct baton_err *err)
{
    BATON_ASSERT(done->op < HOST_OP_COUNT && answers[done->op] != NULL);
    return answers[done->op](answer, done, err);
}

static void
event_service(const json_t *event, struct host_completion *notice)
{
    struct host_service *s = &notice->u.service[0];
    read_service(event, s);
    copy_text(event, "by", s->changed_by);
    s->changed_unix_ms = number_of(event, "at");
    const char *state = text_of(event, "state");
    (void)baton_fail(&notice->err, BATON_OK, "service %s %s by %s", s->name,
                     state == NULL ? "changed" : state,
                     s->changed_by[0] == '\0' ? "nobody known" : s->changed_by);
}

static void
event_process(const json_t *event, struct host_completion *notice)
{
    struct host_process *p = &notice->u.process[0];
    read_process(event, p);
    const char *state = text_of(event, "state"), *kind = text_of(event, "kind");
    if (p->session[0] == '\0')
        copy_text(event, "by", p->session);
    (void)baton_fail(&notice->err, BATON_OK, "%s %s in the session of %s",
                     kind == NULL ? "a sync tool" : kind, state == NULL ? "moved" : state,
                     p->session[0] == '\0' ? "nobody known" : p->session);
}

static void
event_run(const json_t *event, struct host_completion *notice)
{
    const char *profile = text_of(event, "profile"), *connector = text_of(event, "connector");
    const char *state = text_of(event, "state");
    (void)baton_fail(&notice->err, BATON_OK, "run %s on %s %s", profile == NULL ? "?" : profile,
                     connector == NULL ? "?" : connector, state == NULL ? "moved" : state);
}

static void
event_file(const json_t *event, struct host_completion *notice)
{
    const char *path = text_of(event, "path");
    notice->place = WORD(places, text_of(event, "place"), PLACE_NONE);
    (void)baton_fail(&notice->err, BATON_OK, "file %s was written", path == NULL ? "?" : path);
}

static void
event_product(const json_t *event, struct host_completion *notice)
{
    const char *name = text_of(event, "class"), *version = text_of(event, "version");
    (void)baton_fail(&notice->err, BATON_OK, "the product is now %s %s", name == NULL ? "?" : name,
                     version == NULL ? "" : version);
}

static const struct {
    const char *event;
    enum host_notice notice;
    void (*read)(const json_t *event, struct host_completion *notice);
} event_rows[] = {
    {"service", NOTICE_SERVICE, event_service},
    {"process", NOTICE_PROCESS, event_process},
    {"run", NOTICE_RUN, event_run},
    {"file", NOTICE_FILE, event_file},
    {"product", NOTICE_SERVICE, event_product},
};

bool
lab_event(const json_t *event, struct host_completion *ret_notice)
{
    const char *name = text_of(event, "event");
    for (size_t i = 0; name != NULL && i < ARRAY_LEN(event_rows); i++) {
        if (strcmp(event_rows[i].event, name) != 0)
            continue;
        *ret_notice = (struct host_completion){.notice = event_rows[i].notice, .count = 1};
        event_rows[i].read(event, ret_notice);
        return true;
    }
    return false;
}
