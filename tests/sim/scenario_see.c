/* What is so in a run: each condition of the scenarios, read where an operator of the lab reads it. */
#define _GNU_SOURCE /* strcasestr */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "controller/adapters/api_views.h"
#include "controller/engine_state.h"
#include "scenario.h"

enum { TEXT_BYTES = 65536 };

/* What cannot be seen now is neither so nor not so. */
enum look { NOT_SO, SO, UNSEEN };

/* --- states and servers ------------------------------------------------------------------------- */

static enum look
state_is(struct scenario *p, const char *const *word)
{
    const struct tenant *t = play_tenant(p);
    if (t == NULL)
        return UNSEEN;
    return strstr(word[0], handoff_state_code((enum handoff_state)t->cutover.state)) != NULL;
}

static bool
service_is(const json_t *service, const char *how)
{
    const char *state = json_string_value(json_object_get(service, "state"));
    const char *start = json_string_value(json_object_get(service, "start"));
    if (strcmp(how, "running") == 0)
        return strcmp(state, "running") == 0;
    return strcmp(state, "stopped") == 0 &&
           (strcmp(how, "stopped") == 0 || strcmp(start, "disabled") == 0);
}

static enum look
server_is(struct scenario *p, const char *const *word)
{
    json_t *answer = play_ask(p, word[0], "services", "{}"), *service;
    const json_t *all = json_object_get(answer, "services");
    bool so = all != NULL;
    size_t i;
    json_array_foreach(all, i, service) so = so && service_is(service, word[1]);
    bool seen = all != NULL;
    json_decref(answer);
    return seen ? (enum look)so : UNSEEN;
}

static int
agent_of(const struct scenario *p, const struct tenant *t, const char *host)
{
    const struct node *n = play_node(p, host);
    for (int i = 0; t != NULL && n != NULL && i < MEMBERS_MAX; i++)
        if (t->agent[i].used && baton_key_eq(&t->agent[i].key, &n->sign_key))
            return i;
    return -1;
}

static enum look
fact_stands(struct scenario *p, const char *const *word)
{
    const struct tenant *t = play_tenant(p);
    int agent = agent_of(p, t, word[0]);
    for (int f = 0; agent >= 0 && f < FACT_COUNT; f++) {
        const struct fact *fact = &t->agent[agent].facts.fact[f];
        if (strcmp(fact_name((enum fact_id)f), word[1]) == 0)
            return fact->state == FACT_VALUE && fact->value == strtoll(word[2], NULL, 10);
    }
    return agent < 0 ? UNSEEN : NOT_SO;
}

/* --- exports ------------------------------------------------------------------------------------ */

static uint64_t
mark_of(const struct scenario *p, const char *name)
{
    for (size_t i = 0; i < p->marks; i++)
        if (strcmp(p->mark[i].name, name) == 0)
            return p->mark[i].end_ms;
    return 0;
}

/* Every server that exported since the mark is named, and every one that is named did. */
static enum look
exporters_are(struct scenario *p, const char *const *word)
{
    json_t *answer = play_ask(p, "tenant", "exports", "{}"), *one;
    uint64_t since = mark_of(p, word[0]);
    size_t i, named = strcmp(word[1], "nobody") == 0 ? 0 : 1;
    bool old = false, new = false;
    for (const char *c = word[1]; *c != '\0' && named > 0; c++)
        named += *c == ' ';
    json_array_foreach(json_object_get(answer, "exports"), i, one)
    {
        bool is_old = strcmp(json_string_value(json_object_get(one, "server")), "OLD") == 0;
        if ((uint64_t)json_integer_value(json_object_get(one, "begin")) <= since)
            continue;
        old = old || is_old;
        new = new || !is_old;
    }
    bool seen = answer != NULL;
    json_decref(answer);
    if (!seen)
        return UNSEEN;
    return named == (size_t)old + (size_t) new && (!old || strstr(word[1], "OLD") != NULL) &&
           (!new || strstr(word[1], "NEW") != NULL);
}

static enum look
last_is(struct scenario *p, const char *const *word)
{
    json_t *answer = play_ask(p, "tenant", "exports", "{}");
    const json_t *all = json_object_get(answer, "exports");
    size_t count = json_array_size(all);
    const json_t *last = count == 0 ? NULL : json_array_get(all, count - 1);
    bool so =
        last != NULL && strcmp(json_string_value(json_object_get(last, "server")), word[0]) == 0;
    bool seen = last != NULL;
    json_decref(answer);
    return seen ? (enum look)so : UNSEEN;
}

/* --- what somebody says ------------------------------------------------------------------------- */

static void
text_of(json_t *json, char *out)
{
    char *text = json == NULL ? NULL : json_dumps(json, JSON_ENCODE_ANY);
    text_copy(out, TEXT_BYTES, text == NULL ? "" : text);
    free(text);
    json_decref(json);
}

static void
explain(const struct scenario *p, char *out)
{
    const struct tenant *t = play_tenant(p);
    const struct site *st = site_of_people(p->sim);
    struct problem why;
    if (t == NULL)
        return;
    tenant_explain(t, clock_mono(&st->clock, p->sim->now_ms), crypto_digest_port(),
                   st->engine->trust_known ? &st->engine->trust : NULL, &why);
    play_tell_problem(&why, out, TEXT_BYTES);
}

struct gathered {
    char *out;
    size_t len;
};

static bool
gather(void *arg, const struct audit_record *record, const uint8_t *bytes, size_t len)
{
    struct gathered *g = arg;
    (void)bytes;
    (void)len;
    int n = snprintf(g->out + g->len, TEXT_BYTES - g->len, "%s %u %s\n",
                     audit_type_name((enum audit_type)record->type), record->rule, record->text);
    if (n > 0 && g->len + (size_t)n < TEXT_BYTES)
        g->len += (size_t)n;
    return true;
}

static void
audit(const struct scenario *p, char *out)
{
    struct site *st = site_of_people(p->sim);
    struct gathered g = {out, 0};
    if (st == NULL)
        return;
    const struct store_port *store = &st->engine->p.store;
    (void)store->records(store->ctx, 0, &p->realm->id, gather, &g, NULL);
}

static void
agent_view(const struct scenario *p, const char *host, char *out)
{
    const struct tenant *t = play_tenant(p);
    int agent = agent_of(p, t, host);
    if (agent >= 0)
        text_of(view_agent(t, (uint8_t)agent, crypto_digest_port(),
                           site_of_people(p->sim)->engine->now_ms, true),
                out);
}

static void
heard_of(const struct scenario *p, const char *host, char *out)
{
    size_t at = 0;
    for (size_t i = 0; i < HEARD_MAX; i++)
        if (strcmp(p->heard[i].who, host) == 0)
            at += (size_t)snprintf(out + at, TEXT_BYTES - at, "%s\n", p->heard[i].text);
}

static enum look
says(struct scenario *p, const char *const *word)
{
    char *said = calloc(1, TEXT_BYTES);
    const char *host = strrchr(word[0], ' ');
    BATON_ASSERT(said != NULL);
    if (strcmp(word[0], "explain") == 0)
        explain(p, said);
    else if (strcmp(word[0], "audit") == 0)
        audit(p, said);
    else if (strncmp(word[0], "agent ", 6) == 0)
        agent_view(p, host + 1, said);
    else if (strncmp(word[0], "events of ", 10) == 0)
        text_of(play_ask(p, host + 1, "events", "{}"), said);
    else
        heard_of(p, host + 1, said);
    enum look look = said[0] == '\0' ? UNSEEN : strcasestr(said, word[1]) != NULL ? SO : NOT_SO;
    free(said);
    return look;
}

/* --- documents ---------------------------------------------------------------------------------- */

/* The first value of that name, at whatever depth; borrowed. */
static const json_t *
value_named(const json_t *in, const char *name)
{
    const char *key;
    json_t *value;
    size_t i;
    const json_t *found = json_is_object(in) ? json_object_get(in, name) : NULL;
    if (found != NULL)
        return found;
    if (json_is_object(in))
        json_object_foreach((json_t *)in, key, value) if (found == NULL) found =
            value_named(value, name);
    if (json_is_array(in))
        json_array_foreach(in, i, value) if (found == NULL) found = value_named(value, name);
    return found;
}

/* Of the certificate the run has what goes into it: the handoff as the controller shows it. */
static json_t *
document_of(struct scenario *p, const char *name)
{
    static const char memory[] = "memory of ";
    bool of_agent = strncmp(name, memory, sizeof memory - 1) == 0;
    struct node *n = of_agent ? play_node(p, name + sizeof memory - 1) : NULL;
    if (of_agent)
        return n == NULL ? NULL : node_status(n);
    if (strcmp(name, "tenant") == 0)
        return play_ask(p, "tenant", "status", "{}");
    return play_tenant(p) == NULL ? NULL : view_cutover(play_tenant(p));
}

static enum look
value_is(struct scenario *p, const char *const *word)
{
    json_t *document = document_of(p, word[0]);
    const json_t *value = value_named(document, word[1]);
    char *text = value == NULL ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    bool so = json_is_string(value) ? strcasecmp(json_string_value(value), word[2]) == 0
                                    : text != NULL && strcasecmp(text, word[2]) == 0;
    bool seen = document != NULL;
    free(text);
    json_decref(document);
    return seen ? (enum look)so : UNSEEN;
}

/* --- the table ---------------------------------------------------------------------------------- */

static const struct {
    const char *kind;
    size_t words;
    enum look (*look)(struct scenario *p, const char *const *word);
} looks[] = {{"state", 1, state_is},          {"server", 2, server_is}, {"fact", 3, fact_stands},
             {"exporters", 2, exporters_are}, {"last", 1, last_is},     {"says", 2, says},
             {"value", 3, value_is}};

/* "yes" or "no", a kind, its words. */
bool
play_holds(struct scenario *p, size_t count, const char *const *word, bool *ret_known)
{
    for (size_t i = 0; count > 2 && i < ARRAY_LEN(looks); i++)
        if (strcmp(looks[i].kind, word[1]) == 0 && count == 2 + looks[i].words) {
            *ret_known = true;
            return looks[i].look(p, word + 2) == (strcmp(word[0], "yes") == 0 ? SO : NOT_SO);
        }
    *ret_known = false;
    return false;
}
