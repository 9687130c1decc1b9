#include "fuzz.h"

#include "common/readers/psjson.h"

static void
ask(const json_t *item, const char *name)
{
    const char *text = NULL;
    bool truth;
    int64_t n;
    if (ps_text(item, name, &text)) {
        FUZZ_CHECK(text != NULL && text[0] != '\0');
        (void)ps_text_bool(text, &truth);
        (void)ps_text_date(text, &n);
    }
    (void)ps_bool(item, name, &truth);
    (void)ps_count(item, name, &n);
    (void)ps_date(item, name, &n);
    (void)ps_timespan(item, name, &n);
}

static void
run(const char *bytes, size_t len)
{
    struct ps_list list;
    if (ps_list_read(bytes, len, &list, NULL) != BATON_OK)
        return;
    for (size_t i = 0; i < list.count; i++) {
        const json_t *item = ps_list_item(&list, i);
        const char *name, *text;
        json_t *value;
        FUZZ_CHECK(item != NULL);
        (void)ps_value_text(item, &text);
        if (json_is_object(item))
            json_object_foreach((json_t *)item, name, value) ask(item, name);
    }
    ps_list_done(&list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
