#include "fuzz.h"

#include "common/verify/limits.h"

static void
run(const char *bytes, size_t len)
{
    struct limits l;
    struct baton_err err = {.status = BATON_OK};
    size_t count;
    const struct verify_rule *rules = verify_rules(&count);
    if (limits_read(bytes, len, PRESET_UNSUPPORTED_PATH, &l, &err) != BATON_OK) {
        FUZZ_CHECK(err.text[0] != '\0');
        return;
    }
    FUZZ_CHECK(l.preset < PRESET_COUNT && l.attribute_count <= LIMITS_ATTRIBUTES_MAX);
    for (size_t i = 0; i < count; i++) {
        uint64_t limit;
        const struct limit *of = limits_of(&l, rules[i].id);
        FUZZ_CHECK(of != NULL && of->value.severity <= SEVERITY_BLOCK);
        FUZZ_CHECK(of->value.percent_max <= 100);
        FUZZ_CHECK(!limits_passed(&l, rules[i].id, 0, 1000, &limit));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
