#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/verify/scope.h"

#include <stdio.h>
#include <string.h>

#define ROOT "DC=contoso,DC=com"

enum { LIST_MAX = 6, TEXT_MAX = 512 };

/* What two filters differ in, as one text: "in>out DN [DN DN]; ...". A list ends with NULL. */
static const char *
difference(const char *const old_in[], const char *const old_out[], const char *const new_in[],
           const char *const new_out[])
{
    static char text[TEXT_MAX];
    const char *const *from[] = {old_in, old_out, new_in, new_out};
    const char *copy[4][LIST_MAX];
    struct text_list list[4] = {0};
    for (size_t i = 0; i < ARRAY_LEN(list); i++) {
        list[i] = (struct text_list){.item = copy[i], .said = true};
        for (; from[i][list[i].count] != NULL; list[i].count++)
            copy[i][list[i].count] = from[i][list[i].count];
    }
    struct config_partition o = {.inclusions = list[0], .exclusions = list[1]},
                            n = {.inclusions = list[2], .exclusions = list[3]};
    struct scope_changes changes;
    assert_int_equal(scope_compare(ROOT, &o, &n, &changes), BATON_OK);
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < changes.count; i++) {
        const struct scope_change *c = &changes.item[i];
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s>%s %s", i > 0 ? "; " : "",
                               c->old_in ? "in" : "out", c->new_in ? "in" : "out", c->dn);
        for (size_t j = 0; j < c->except_count; j++)
            at += (size_t)snprintf(text + at, sizeof text - at, " -%s", c->except[j]);
    }
    scope_changes_done(&changes);
    return text;
}

#define L(...)                                                                                     \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define NOTHING ((const char *const[]){NULL})

static void
a_filter_written_differently_is_no_difference(void **state)
{
    (void)state;
    static const char corp[] = "OU=CORP," ROOT, same[] = "ou=corp, dc=CONTOSO,dc=com";
    /* order, case, redundant entries, a list that names the root or does not */
    assert_string_equal(difference(L(corp), L(ROOT), L(same), L("dc=contoso,dc=com")), "");
    assert_string_equal(difference(L(corp), L(ROOT), L(corp), NOTHING), "");
    assert_string_equal(difference(L(ROOT), NOTHING, NOTHING, NOTHING), "");
    assert_string_equal(
        difference(L("OU=A," ROOT, "OU=B," ROOT), NOTHING, L("OU=B," ROOT, "OU=A," ROOT), NOTHING),
        "");
    assert_string_equal(difference(L(corp, "OU=X,"
                                           "OU=CORP," ROOT),
                                   L(ROOT), L(corp), L(ROOT)),
                        "");
    assert_string_equal(difference(L(""), NOTHING, L(ROOT), NOTHING), "");
}

static void
a_narrower_filter_names_the_root_and_what_stays(void **state)
{
    (void)state;
    assert_string_equal(difference(L(ROOT), NOTHING, L("OU=CORP," ROOT), L(ROOT)),
                        "in>out " ROOT " -OU=CORP," ROOT);
    assert_string_equal(difference(L(ROOT), NOTHING, L("OU=A," ROOT, "OU=B," ROOT), NOTHING),
                        "in>out " ROOT " -OU=A," ROOT " -OU=B," ROOT);
}

static void
one_container_more_or_less_is_one_change(void **state)
{
    (void)state;
    static const char a[] = "OU=A," ROOT, b[] = "OU=B," ROOT, under[] = "OU=U,OU=A," ROOT;
    assert_string_equal(difference(L(a, b), L(ROOT), L(a), L(ROOT)), "in>out OU=B," ROOT);
    assert_string_equal(difference(L(a), L(ROOT), L(a, b), L(ROOT)), "out>in OU=B," ROOT);
    assert_string_equal(difference(L(a), L(ROOT), L(a), L(ROOT, under)), "in>out OU=U,OU=A," ROOT);
    assert_string_equal(difference(L(ROOT), L(under), L(ROOT), NOTHING), "out>in OU=U,OU=A," ROOT);
}

static void
the_most_specific_entry_wins_at_any_depth(void **state)
{
    (void)state;
    static const char a[] = "OU=A," ROOT, b[] = "OU=B,OU=A," ROOT, c[] = "OU=C,OU=B,OU=A," ROOT;
    assert_string_equal(difference(L(a, c), L(ROOT, b), L(a), L(ROOT, b)),
                        "in>out OU=C,OU=B,OU=A," ROOT);
    /* out at A and B, in again at C on both sides: the change at A ends there */
    assert_string_equal(difference(L(ROOT, c), L(b), L(ROOT, c), L(a)),
                        "in>out OU=A," ROOT " -OU=B,OU=A," ROOT);
    /* the two swap places */
    assert_string_equal(difference(L(ROOT), L(a), L(a), L(ROOT)),
                        "in>out " ROOT " -OU=A," ROOT "; out>in OU=A," ROOT);
}

static void
an_exclusion_of_the_same_container_counts_before_its_inclusion(void **state)
{
    (void)state;
    static const char a[] = "OU=A," ROOT;
    assert_string_equal(difference(L(ROOT, a), L(a), L(ROOT), L(a)), "");
}

static void
a_name_that_begins_alike_is_another_container(void **state)
{
    (void)state;
    assert_string_equal(difference(L("OU=A," ROOT), L(ROOT), L("OU=AB," ROOT), L(ROOT)),
                        "in>out OU=A," ROOT "; out>in OU=AB," ROOT);
    assert_string_equal(difference(L("OU=A\\, B," ROOT), L(ROOT), L("OU=a\\2C b," ROOT), L(ROOT)),
                        "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_written_differently_is_no_difference),
        cmocka_unit_test(a_narrower_filter_names_the_root_and_what_stays),
        cmocka_unit_test(one_container_more_or_less_is_one_change),
        cmocka_unit_test(the_most_specific_entry_wins_at_any_depth),
        cmocka_unit_test(an_exclusion_of_the_same_container_counts_before_its_inclusion),
        cmocka_unit_test(a_name_that_begins_alike_is_another_container),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
