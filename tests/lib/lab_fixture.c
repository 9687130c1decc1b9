#include "lab_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "lab/folder.h"
#include "lab/operation.h"
#include "lab/print.h"

enum { START_WALL_MS = 1764092400, ASK_MS = 60 * 1000, CONNECTION = 7 };

static void
keep_answer(void *ctx, struct reply reply, json_t *answer)
{
    struct lab *lab = ctx;
    (void)reply;
    json_array_append_new(lab->answers, answer);
}

static void
keep_event(void *ctx, const struct server *from, json_t *event)
{
    struct lab *lab = ctx;
    json_object_set_new(event, "from", json_string(from == NULL ? "tenant" : from->name));
    json_array_append_new(lab->events, event);
}

static void
keep_hang_up(void *ctx, const struct server *of)
{
    struct lab *lab = ctx;
    (void)of;
    lab->hung_up++;
}

void
lab_open(struct lab *lab, enum product_kind old, enum product_kind new)
{
    struct baton_err err;
    *lab = (struct lab){.events = json_array(), .answers = json_array()};
    strcpy(lab->dir, "/tmp/baton-lab-XXXXXX");
    assert_non_null(mkdtemp(lab->dir));
    struct world_options options = {
        .dir = lab->dir, .tenant = "contoso", .objects = 60000, .speed = 1};
    assert_int_equal(world_open(&lab->world, &options, &err), BATON_OK);
    lab->world.port = (struct port){lab, keep_answer, keep_event, keep_hang_up};
    lab->world.wall_ms = (uint64_t)START_WALL_MS * 1000;
    lab->world.mono_ms = 1000;
    struct server_options first = {.name = "OLD", .product = old};
    struct server_options second = {.name = "NEW", .product = new};
    assert_int_equal(server_add(&lab->world, &first, &err), BATON_OK);
    assert_int_equal(server_add(&lab->world, &second, &err), BATON_OK);
    lab->old = world_server(&lab->world, "OLD");
    lab->new = world_server(&lab->world, "NEW");
}

void
lab_close(struct lab *lab)
{
    struct baton_err err;
    world_close(&lab->world);
    assert_int_equal(folder_remove(lab->dir, &err), BATON_OK);
    json_decref(lab->events);
    json_decref(lab->answers);
}

/* To the next timer, or to `until` when that is sooner. */
static void
step(struct lab *lab, uint64_t until)
{
    struct world *w = &lab->world;
    uint64_t ms = world_wait(w, until - w->mono_ms);
    w->mono_ms += ms;
    w->wall_ms += ms;
    world_tick(w);
}

void
lab_run(struct lab *lab, uint64_t ms)
{
    uint64_t until = lab->world.mono_ms + ms;
    world_tick(&lab->world);
    while (lab->world.mono_ms < until)
        step(lab, until);
}

static json_t *
take_answer(struct lab *lab, json_int_t id)
{
    size_t i;
    json_t *answer;
    json_array_foreach(lab->answers, i, answer)
    {
        if (json_integer_value(json_object_get(answer, "id")) != id)
            continue;
        json_incref(answer);
        json_array_remove(lab->answers, i);
        return answer;
    }
    return NULL;
}

json_int_t
lab_send(struct lab *lab, struct server *server, const char *fields)
{
    char line[1024];
    json_int_t id = ++lab->ids;
    assert_true(print_format(line, sizeof line, "{\"id\":%lld,%s}", (long long)id, fields));
    for (char *c = line; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    operation_run(&lab->world, server, CONNECTION, line, strlen(line));
    return id;
}

json_t *
lab_ask(struct lab *lab, struct server *server, const char *fields)
{
    json_int_t id = lab_send(lab, server, fields);
    uint64_t until = lab->world.mono_ms + ASK_MS;
    json_t *answer;
    while ((answer = take_answer(lab, id)) == NULL && lab->world.mono_ms < until)
        step(lab, until);
    if (answer == NULL)
        fail_msg("no answer to %s", fields);
    return answer;
}

bool
lab_do(struct lab *lab, struct server *server, const char *fields)
{
    json_t *answer = lab_ask(lab, server, fields);
    bool ok = json_is_true(json_object_get(answer, "ok"));
    json_decref(answer);
    return ok;
}

size_t
lab_count(const struct lab *lab, const char *from, const char *key, const char *value)
{
    size_t i, count = 0;
    json_t *event;
    json_array_foreach(lab->events, i, event)
    {
        const char *who = json_string_value(json_object_get(event, "from"));
        const char *text = json_string_value(json_object_get(event, key));
        count += strcmp(who, from == NULL ? "tenant" : from) == 0 && text != NULL &&
                 strcmp(text, value) == 0;
    }
    return count;
}

void
lab_migrate(struct lab *lab)
{
    char from[PATH_BYTES], to[PATH_BYTES];
    struct baton_err err;
    assert_true(lab_do(lab, lab->old, "'op':'wizard','act':'export-settings'"));
    assert_true(print_format(from, sizeof from, "%s/settings-export", lab->old->dir));
    assert_true(print_format(to, sizeof to, "%s/settings-import", lab->new->dir));
    assert_int_equal(folder_copy(from, to, &err), BATON_OK);
    assert_true(lab_do(lab, lab->new, "'op':'wizard','act':'migrate'"));
    lab_run(lab, 4000);
}
