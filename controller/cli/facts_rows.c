#include "facts_rows.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/readers/config_settings.h"
#include "common/readers/listing.h"
#include "common/readers/psjson.h"
#include "common/readers/server_properties.h"
#include "common/text.h"
#include "finding_view.h"

enum { TEXT_BYTES = 1024, PATH_BYTES = 256, WHY_BYTES = 160 };

struct making {
    const char *path;
    json_t *rows;
    struct facts_file *file;
    size_t first; /* rows that were there before this file */
    bool full;    /* FACTS_ROWS_MAX */
};

/* One value on its way to a row. */
struct said {
    size_t object;
    unsigned line; /* 0: JSON has none */
    enum server_answer answer;
    const char *name, *text;
    json_t *value; /* NULL: not known; stolen */
    enum fact_id fact;
    bool usable;
    const char *why;
};

static json_t *
number_or_null(unsigned n)
{
    return n == 0 ? json_null() : json_integer((json_int_t)n);
}

static void
add(struct making *m, const struct said *s)
{
    json_t *value = s->value == NULL ? json_null() : s->value;
    if (m->file->values == FACTS_ROWS_MAX) {
        m->full = true;
        json_decref(value);
        return;
    }
    m->file->values++;
    m->file->usable += s->usable;
    json_array_append_new(
        m->rows,
        json_pack("{s:o, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:b, s:b, s:o, s:s}", "file",
                  plain_json(m->path), "source", m->file->source, "cmdlet",
                  server_answer_cmdlet(s->answer), "object", (json_int_t)s->object, "line",
                  number_or_null(s->line), "name", plain_json(s->name), "text", plain_json(s->text),
                  "value", value, "known", s->value != NULL, "usable", s->usable, "fact",
                  s->fact == FACT_COUNT ? json_null() : json_string(fact_name(s->fact)), "why",
                  s->why));
}

/* --- JSON of a cmdlet ---------------------------------------------------------------------------- */

static void
value_text(const json_t *value, char out[TEXT_BYTES])
{
    out[0] = '\0';
    if (json_is_string(value))
        text_copy(out, TEXT_BYTES, json_string_value(value));
    else if (json_is_boolean(value))
        text_copy(out, TEXT_BYTES, json_is_true(value) ? "true" : "false");
    else if (json_is_integer(value))
        (void)snprintf(out, TEXT_BYTES, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        (void)snprintf(out, TEXT_BYTES, "%g", json_real_value(value));
    else if (json_is_array(value))
        (void)snprintf(out, TEXT_BYTES, "[%zu]", json_array_size(value));
    else if (json_is_object(value))
        (void)snprintf(out, TEXT_BYTES, "{%zu}", json_object_size(value));
}

static const char *
unknown_why(const json_t *value)
{
    const char *text = json_string_value(value);
    if (value == NULL || json_is_null(value) || (text != NULL && text[0] == '\0'))
        return "nothing stands there";
    if (text != NULL && listing_was_cut(text))
        return "PowerShell cut it: not known";
    if (text != NULL && strncmp(text, "@{", 2) == 0)
        return "PowerShell folded it: not known; collect with a larger -Depth";
    return NULL;
}

/* What the agent would make of it. */
static void
add_collected(struct making *m, size_t object, enum server_answer answer, const char *name,
              const json_t *holder, const char *key)
{
    const struct server_property *p = server_property_find(answer, name);
    const json_t *value = json_object_get(holder, key);
    char text[TEXT_BYTES], why[WHY_BYTES] = "";
    int64_t n;
    const char *unknown = unknown_why(value);
    bool reads = unknown == NULL && p != NULL && server_property_read(p, holder, key, &n);
    if (unknown != NULL)
        text_copy(why, sizeof why, unknown);
    else if (p != NULL && !reads && (p->type != AS_TEXT || p->fact != FACT_COUNT))
        (void)snprintf(why, sizeof why, "not known: it is not %s", property_type_name(p->type));
    else if (p == NULL || p->fact == FACT_COUNT)
        text_copy(why, sizeof why, "no gate reads it");
    bool known =
        p == NULL ? unknown == NULL && !json_is_array(value) && !json_is_object(value) : reads;
    value_text(value, text);
    add(m, &(struct said){.object = object,
                          .answer = answer,
                          .name = name,
                          .text = text,
                          .value = known ? json_deep_copy(value) : NULL,
                          .fact = p == NULL ? FACT_COUNT : p->fact,
                          .usable = reads && p->fact != FACT_COUNT,
                          .why = why});
}

/* {"Name": ..., "Value": ...}: one setting, as the collector lists them. */
static const char *
setting_name(const json_t *item)
{
    const char *name = json_string_value(json_object_get(item, "Name"));
    return json_object_get(item, "Value") != NULL ? name : NULL;
}

static enum server_answer
answer_of(const json_t *item)
{
    const char *name = setting_name(item);
    json_t *value;
    int64_t n;
    if (json_is_string(item) && server_auto_upgrade(json_string_value(item), &n))
        return ANSWER_AUTO_UPGRADE;
    enum server_answer answer = name == NULL ? ANSWER_UNKNOWN : server_answer_of(name);
    json_object_foreach((json_t *)(uintptr_t)item, name, value)
    {
        if (answer == ANSWER_UNKNOWN)
            answer = server_answer_of(name);
    }
    return answer;
}

/* Get-ADSyncGlobalSettings holds its settings in one property. */
static bool
add_parameters(struct making *m, size_t object, const json_t *value)
{
    size_t i;
    json_t *item;
    if (!json_is_array(value) || json_array_size(value) == 0)
        return false;
    json_array_foreach((json_t *)(uintptr_t)value, i, item)
    {
        if (setting_name(item) == NULL)
            return false;
    }
    json_array_foreach((json_t *)(uintptr_t)value, i, item)
    {
        add_collected(m, object, ANSWER_GLOBAL, setting_name(item), item, "Value");
    }
    return true;
}

static void
add_item(struct making *m, size_t object, const json_t *item, enum server_answer answer)
{
    const char *name = setting_name(item);
    json_t *value, *alone;
    if (!json_is_object(item)) {
        alone = json_pack("{s:O}", "", item);
        add_collected(m, object, answer, "", alone, "");
        json_decref(alone);
        return;
    }
    if (name != NULL) {
        add_collected(m, object, answer, name, item, "Value");
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)item, name, value)
    {
        if (strcasecmp(name, "Parameters") != 0 || !add_parameters(m, object, value))
            add_collected(m, object, answer, name, item, name);
    }
}

static enum baton_status
no_answer(const json_t *first, struct baton_err *err)
{
    const char *name = json_object_iter_key(json_object_iter((json_t *)(uintptr_t)first));
    char shown[64] = "";
    if (json_object_get(first, "RunHistoryId") != NULL)
        return baton_fail(err, BATON_MALFORMED, "a run history; baton runs check reads it");
    text_copy(shown, sizeof shown, name == NULL ? "" : name);
    return baton_fail(err, BATON_MALFORMED, "no cmdlet that Baton knows prints this%s%s",
                      shown[0] == '\0' ? "" : "; it begins with ", shown);
}

static enum baton_status
add_collector(struct making *m, const struct ps_list *list, struct baton_err *err)
{
    bool any = false;
    m->file->source = "collector";
    if (list->count == 0)
        return baton_fail(err, BATON_MALFORMED, "no object in it");
    for (size_t i = 0; i < list->count; i++) {
        enum server_answer answer = answer_of(ps_list_item(list, i));
        any = any || answer != ANSWER_UNKNOWN;
        add_item(m, i, ps_list_item(list, i), answer);
    }
    m->file->objects = list->count;
    return any ? BATON_OK : no_answer(ps_list_item(list, 0), err);
}

/* --- listing ------------------------------------------------------------------------------------- */

/* The values of one object, kept until it is known whose answer they are. */
struct listing_making {
    struct making *m;
    json_t *object; /* array of values; NULL: none begun */
    size_t nth;
    bool any;
};

static const char *
listing_why(const struct server_property *p, const json_t *v, char out[WHY_BYTES])
{
    const char *more = "";
    if (json_is_true(json_object_get(v, "cut")))
        more = "; PowerShell cut it: not known";
    else if (json_is_true(json_object_get(v, "folded")))
        more = "; PowerShell folded it: not known";
    else if (p != NULL && p->type == AS_DATE)
        more = "; a date of an unknown culture stays a text";
    else if (json_is_true(json_object_get(v, "wrapped")))
        more = "; wrapped: whether blanks stood at the ends of lines is not known";
    (void)snprintf(out, WHY_BYTES, "display only: gates nothing%s", more);
    return out;
}

static json_t *
listing_known(const struct server_property *p, const json_t *v)
{
    const char *text = json_string_value(json_object_get(v, "text"));
    bool truth;
    if (text[0] == '\0' || json_is_true(json_object_get(v, "cut")) ||
        json_is_true(json_object_get(v, "folded")) || json_is_true(json_object_get(v, "wrapped")))
        return NULL;
    if (p != NULL && p->type == AS_BOOL)
        return listing_bool(text, &truth) ? json_boolean(truth) : NULL;
    return p != NULL && p->type == AS_DATE ? NULL : json_string(text);
}

static void
add_listed(struct listing_making *l, enum server_answer answer, const char *name, const json_t *v)
{
    const struct server_property *p = server_property_find(answer, name);
    char why[WHY_BYTES];
    add(l->m, &(struct said){.object = l->nth,
                             .line = (unsigned)json_integer_value(json_object_get(v, "line")),
                             .answer = answer,
                             .name = name,
                             .text = json_string_value(json_object_get(v, "text")),
                             .value = listing_known(p, v),
                             .fact = FACT_COUNT,
                             .why = listing_why(p, v, why)});
}

static const char *
listed_name(const json_t *object, size_t i)
{
    return json_string_value(json_object_get(json_array_get(object, i), "name"));
}

static enum server_answer
listed_answer(const json_t *object)
{
    enum server_answer answer = ANSWER_UNKNOWN;
    const char *text = json_string_value(json_object_get(json_array_get(object, 0), "text"));
    int64_t n;
    if (json_array_size(object) == 1 && listed_name(object, 0)[0] == '\0')
        return server_auto_upgrade(text, &n) ? ANSWER_AUTO_UPGRADE : ANSWER_UNKNOWN;
    for (size_t i = 0; i < json_array_size(object) && answer == ANSWER_UNKNOWN; i++)
        answer = server_answer_of(listed_name(object, i));
    return answer;
}

/* A row of the table Name, Value is one setting. */
static bool
listed_setting(const json_t *object)
{
    return json_array_size(object) == 2 && strcasecmp(listed_name(object, 0), "Name") == 0 &&
           strcasecmp(listed_name(object, 1), "Value") == 0;
}

static void
listed_over(struct listing_making *l)
{
    if (l->object == NULL)
        return;
    if (listed_setting(l->object)) {
        const char *name = json_string_value(json_object_get(json_array_get(l->object, 0), "text"));
        enum server_answer answer = server_answer_of(name);
        l->any = l->any || answer != ANSWER_UNKNOWN;
        add_listed(l, answer, name, json_array_get(l->object, 1));
    } else {
        enum server_answer answer = listed_answer(l->object);
        l->any = l->any || answer != ANSWER_UNKNOWN;
        for (size_t i = 0; i < json_array_size(l->object); i++)
            add_listed(l, answer, listed_name(l->object, i), json_array_get(l->object, i));
    }
    json_decref(l->object);
    l->object = NULL;
    l->m->file->objects++;
}

static void
on_listed(void *arg, const struct listing_value *v)
{
    struct listing_making *l = arg;
    if (l->object == NULL || v->object != l->nth) {
        listed_over(l);
        l->object = json_array();
        l->nth = v->object;
    }
    json_array_append_new(l->object,
                          json_pack("{s:I, s:s, s:s, s:b, s:b, s:b}", "line", (json_int_t)v->line,
                                    "name", v->name, "text", v->text, "cut", v->cut, "folded",
                                    v->folded, "wrapped", v->wrapped));
}

static enum baton_status
add_listing(struct making *m, const char *bytes, size_t len, struct baton_err *err)
{
    struct listing_making l = {.m = m};
    m->file->source = "listing";
    enum baton_status rc = listing_read(bytes, len, on_listed, &l, err);
    listed_over(&l);
    if (rc == BATON_OK && !l.any)
        rc = baton_fail(
            err, BATON_MALFORMED,
            "line %" JSON_INTEGER_FORMAT ": no cmdlet that Baton knows prints this",
            json_integer_value(json_object_get(json_array_get(m->rows, m->first), "line")));
    return rc;
}

/* --- settings ------------------------------------------------------------------------------------ */

static bool
contains(const char *text, const char *part)
{
    size_t n = strlen(part);
    for (; *text != '\0'; text++)
        if (strncasecmp(text, part, n) == 0)
            return true;
    return false;
}

static bool
names_secret(const char *key)
{
    static const char *const words[] = {"password", "secret", "credential", "token", "privatekey"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (contains(key, words[i]))
            return true;
    return false;
}

static const json_t *
get_any_case(const json_t *object, const char *name)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (strcasecmp(key, name) == 0)
            return value;
    }
    return NULL;
}

static void
add_setting(struct making *m, const char *path, const char *text, json_t *value)
{
    add(m, &(struct said){.answer = ANSWER_UNKNOWN,
                          .name = path,
                          .text = text,
                          .value = value,
                          .fact = FACT_COUNT,
                          .why = "baton config compare reads it; it gates nothing by itself"});
}

/* "mail (Inbound, precedence 90, Join)". */
static void
add_rule(struct making *m, const char *path, const json_t *rule)
{
    char text[TEXT_BYTES], name[PATH_BYTES], direction[32], link[32], precedence[32];
    value_text(get_any_case(rule, "name"), text);
    text_copy(name, sizeof name, text);
    value_text(get_any_case(rule, "direction"), text);
    text_copy(direction, sizeof direction, text);
    value_text(get_any_case(rule, "linkType"), text);
    text_copy(link, sizeof link, text);
    value_text(get_any_case(rule, "precedence"), text);
    text_copy(precedence, sizeof precedence, text);
    (void)snprintf(text, sizeof text, "%s (%s%sprecedence %s%s%s)", name, direction,
                   direction[0] == '\0' ? "" : ", ", precedence[0] == '\0' ? "unsaid" : precedence,
                   link[0] == '\0' ? "" : ", ", link);
    add_setting(m, path, text, plain_json(text));
}

static void add_tree(struct making *m, const char *path, const json_t *value, unsigned depth);

static void
add_array(struct making *m, const char *path, const json_t *array, unsigned depth)
{
    char inner[PATH_BYTES];
    size_t i;
    json_t *item;
    bool rules = contains(path, "SynchronizationRules");
    if (json_array_size(array) == 0)
        add_setting(m, path, "none", json_array());
    json_array_foreach((json_t *)(uintptr_t)array, i, item)
    {
        (void)snprintf(inner, sizeof inner, "%s[%zu]", path, i);
        if (rules && json_is_object(item))
            add_rule(m, inner, item);
        else
            add_tree(m, inner, item, depth + 1);
    }
}

static void
add_object(struct making *m, const char *path, const json_t *object, unsigned depth)
{
    char inner[PATH_BYTES];
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        (void)snprintf(inner, sizeof inner, "%s%s%s", path, path[0] == '\0' ? "" : ".", key);
        if (names_secret(key))
            add_setting(m, inner, "not shown", NULL);
        else
            add_tree(m, inner, value, depth + 1);
    }
}

static void
add_tree(struct making *m, const char *path, const json_t *value, unsigned depth)
{
    char text[TEXT_BYTES];
    value_text(value, text);
    if (depth < FACTS_DEPTH_MAX && json_is_object(value))
        add_object(m, path, value, depth);
    else if (depth < FACTS_DEPTH_MAX && json_is_array(value))
        add_array(m, path, value, depth);
    else
        add_setting(m, path, text,
                    json_is_null(value) || json_is_object(value) || json_is_array(value)
                        ? NULL
                        : json_deep_copy(value));
}

static bool
is_settings(const json_t *root)
{
    static const char *const names[] = {"policyMetadata", "deploymentMetadata",
                                        "onpremisesDirectoryPolicy", "azureDirectoryPolicy"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (json_is_object(root) && get_any_case(root, names[i]) != NULL)
            return true;
    return false;
}

/* Shown is only what the comparison would read too. */
static enum baton_status
add_settings(struct making *m, const char *bytes, size_t len, const json_t *root,
             struct baton_err *err)
{
    struct config_model *model = config_model_new(CONFIG_SETTINGS);
    m->file->source = "settings";
    if (model == NULL)
        return baton_fail(err, BATON_NOMEM, "settings");
    enum baton_status rc = config_settings_read(bytes, len, model, err);
    config_model_free(&model);
    if (rc != BATON_OK)
        return rc;
    m->file->objects = 1;
    add_tree(m, "", root, 0);
    return BATON_OK;
}

/* --- which of the three -------------------------------------------------------------------------- */

/* JSON begins with one of these; no listing does. The mark of the encoding is passed over. */
static bool
looks_like_json(const char *bytes, size_t len)
{
    static const char before[] = " \t\r\n\0\xEF\xBB\xBF\xFF\xFE";
    size_t i = 0;
    while (i < len && memchr(before, bytes[i], sizeof before - 1) != NULL)
        i++;
    return i < len && strchr("{[\"", bytes[i]) != NULL;
}

static enum baton_status
add_json(struct making *m, const char *bytes, size_t len, struct baton_err *err)
{
    struct ps_list list;
    enum baton_status rc = ps_list_read(bytes, len, &list, err);
    if (rc == BATON_OK && list.count == 1 && is_settings(ps_list_item(&list, 0)))
        rc = add_settings(m, bytes, len, ps_list_item(&list, 0), err);
    else if (rc == BATON_OK)
        rc = add_collector(m, &list, err);
    ps_list_done(&list);
    return rc;
}

enum baton_status
facts_rows_read(const char *path, const char *bytes, size_t len, json_t *rows,
                struct facts_file *ret_file, struct baton_err *err)
{
    struct making m = {
        .path = path, .rows = rows, .file = ret_file, .first = json_array_size(rows)};
    *ret_file = (struct facts_file){.source = ""};
    enum baton_status rc = looks_like_json(bytes, len) ? add_json(&m, bytes, len, err)
                                                       : add_listing(&m, bytes, len, err);
    if (rc == BATON_OK && m.full)
        rc = baton_fail(err, BATON_LIMIT, "more than %d values", FACTS_ROWS_MAX);
    return rc;
}
