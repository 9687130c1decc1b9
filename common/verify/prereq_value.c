#include "prereq_private.h"

#include "common/readers/psjson.h"
#include "common/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_BYTES = 32 };

void
prereq_put(struct prereq_text *t, const char *text)
{
    if (t->len + 1 >= t->cap)
        return;
    text_copy(t->out + t->len, t->cap - t->len, text);
    t->len += strlen(t->out + t->len);
}

const json_t *
prereq_value(const struct prereq_question *q, const char *name, json_t **own)
{
    *own = NULL;
    if (strcmp(name, "objects") == 0 && q->objects >= 0)
        return *own = json_integer(q->objects);
    return json_object_get(q->observed, name);
}

static void
put_list(struct prereq_text *t, const json_t *list)
{
    size_t i;
    json_t *item;
    if (json_array_size(list) == 0)
        prereq_put(t, "none");
    json_array_foreach(list, i, item)
    {
        prereq_put(t, i > 0 ? ", " : "");
        prereq_value_put(t, item);
    }
}

void
prereq_value_put(struct prereq_text *t, const json_t *value)
{
    char number[NUMBER_BYTES];
    snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (json_is_array(value))
        put_list(t, value);
    else if (json_is_string(value))
        prereq_put(t, json_string_value(value));
    else if (json_is_integer(value))
        prereq_put(t, number);
    else if (json_is_boolean(value))
        prereq_put(t, json_is_true(value) ? "yes" : "no");
    else
        prereq_put(t, json_is_null(value) ? "none" : "not known");
}

/* The registry keeps some numbers as text. */
bool
prereq_number(const json_t *value, json_int_t *ret_number)
{
    json_t *pair = json_pack("{s:O}", "n", value);
    int64_t n = 0;
    bool known = ps_count(pair, "n", &n);
    json_decref(pair);
    *ret_number = n;
    return known;
}

bool
prereq_truth(const json_t *value, bool *ret_truth)
{
    const char *text;
    *ret_truth = json_is_true(value);
    return json_is_boolean(value) || (ps_value_text(value, &text) && ps_text_bool(text, ret_truth));
}

/* "2.6.84.0"; parts that are left out are 0. */
bool
prereq_version(const char *text, struct prereq_version *ret_version)
{
    *ret_version = (struct prereq_version){0};
    for (size_t i = 0; i < VERSION_PARTS; i++) {
        uint32_t n = 0;
        if (!isdigit((unsigned char)*text))
            return false;
        for (; isdigit((unsigned char)*text) && n < 1000000; text++)
            n = n * 10 + (uint32_t)(*text - '0');
        ret_version->part[i] = n;
        if (*text == '\0')
            return true;
        if (*text++ != '.')
            return false;
    }
    return false;
}

int
prereq_version_compare(const struct prereq_version *a, const struct prereq_version *b)
{
    for (size_t i = 0; i < VERSION_PARTS; i++)
        if (a->part[i] != b->part[i])
            return a->part[i] < b->part[i] ? -1 : 1;
    return 0;
}

bool
prereq_date(const char *text, uint64_t *ret_unix_ms)
{
    char moment[32];
    int64_t ms;
    if (strlen(text) != strlen("2026-09-30"))
        return false;
    snprintf(moment, sizeof moment, "%sT00:00:00Z", text);
    if (!ps_text_date(moment, &ms) || ms < 0)
        return false;
    *ret_unix_ms = (uint64_t)ms;
    return true;
}
