#include "agent/adapters/windows/script_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/sha256.h"

static const struct script *
find(const char *name)
{
    for (size_t i = 0; i < script_count; i++)
        if (strcmp(scripts[i].name, name) == 0)
            return &scripts[i];
    return NULL;
}

static void
every_script_has_the_digest_of_its_bytes(void **state)
{
    (void)state;
    assert_in_range(script_count, 2, SCRIPTS_MAX);
    for (size_t i = 0; i < script_count; i++) {
        struct baton_hash hash;
        sha256_of(scripts[i].bytes, scripts[i].len, &hash);
        assert_true(baton_hash_eq(&hash, &scripts[i].sha256));
    }
}

/* Windows PowerShell reads a file without a mark in the code page of the day. */
static void
scripts_are_plain_ascii(void **state)
{
    (void)state;
    for (size_t i = 0; i < script_count; i++)
        for (size_t k = 0; k < scripts[i].len; k++)
            assert_true(scripts[i].bytes[k] < 0x7f &&
                        (scripts[i].bytes[k] >= 0x20 || scripts[i].bytes[k] == '\n'));
}

static void
the_host_loads_every_script_of_the_set(void **state)
{
    (void)state;
    const struct script *host = find("host.ps1");
    assert_non_null(host);
    static char text[65536];
    assert_true(host->len < sizeof text);
    memcpy(text, host->bytes, host->len);
    text[host->len] = '\0';
    for (size_t i = 0; i < script_count; i++) {
        char line[128];
        snprintf(line, sizeof line, ". \"$PSScriptRoot\\%s\"\n", scripts[i].name);
        assert_int_equal(strstr(text, line) == NULL, &scripts[i] == host);
    }
}

static void
the_set_has_a_digest_of_its_own(void **state)
{
    struct baton_hash once, again;
    (void)state;
    scripts_digest(&once);
    scripts_digest(&again);
    assert_true(baton_hash_eq(&once, &again));
    for (size_t i = 0; i < script_count; i++)
        assert_false(baton_hash_eq(&once, &scripts[i].sha256));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_script_has_the_digest_of_its_bytes),
        cmocka_unit_test(scripts_are_plain_ascii),
        cmocka_unit_test(the_host_loads_every_script_of_the_set),
        cmocka_unit_test(the_set_has_a_digest_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
