#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/verify/prereq.h"

static const char folder[] = BATON_SOURCE_DIR "/deploy/prerequisites";

static void
add_from_disk(struct prereq *p, const char *name)
{
    char path[512];
    char *text = malloc(PREREQ_BYTES_MAX);
    struct baton_err err;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t len = fread(text, 1, PREREQ_BYTES_MAX, f);
    fclose(f);
    if (prereq_add(p, name, text, len, &err) != BATON_OK)
        fail_msg("%s", err.text);
    free(text);
}

static const struct prereq_check *
named(const struct prereq *p, const char *id)
{
    size_t n;
    const struct prereq_check *c = prereq_checks(p, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(c[i].id, id) == 0)
            return &c[i];
    return NULL;
}

static void
every_file_of_the_folder_is_built_in_as_it_stands(void **state)
{
    (void)state;
    struct prereq *built, *read;
    struct baton_err err;
    size_t in_built, in_read, hosts_built, hosts_read;
    if (prereq_builtin(&built, &err) != BATON_OK)
        fail_msg("%s", err.text);
    assert_int_equal(prereq_open(&read, NULL), BATON_OK);
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (strstr(e->d_name, ".json") != NULL)
            add_from_disk(read, e->d_name);
    closedir(d);
    const struct prereq_check *c = prereq_checks(read, &in_read);
    (void)prereq_checks(built, &in_built);
    (void)prereq_hosts(built, &hosts_built);
    (void)prereq_hosts(read, &hosts_read);
    assert_int_equal(in_built, in_read);
    assert_int_equal(hosts_built, hosts_read);
    for (size_t i = 0; i < in_read; i++) {
        const struct prereq_check *b = named(built, c[i].id);
        assert_non_null(b);
        assert_true(json_equal(b->rules, c[i].rules));
        assert_string_equal(b->fix, c[i].fix);
    }
    prereq_close(&built);
    prereq_close(&read);
}

static void
every_part_of_the_prerequisites_is_covered_on_its_side(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        uint8_t side;
    } expected[] = {
        {"PRE-OS-VERSION", PREREQ_NEW},     {"PRE-OS-GUI", PREREQ_NEW},
        {"PRE-DOTNET", PREREQ_NEW},         {"PRE-TLS12-SCHANNEL", PREREQ_NEW},
        {"PRE-MEMORY", PREREQ_NEW},         {"PRE-DISK", PREREQ_NEW},
        {"PRE-SQL-SHARED", PREREQ_NEW},     {"PRE-PROXY-MACHINE", PREREQ_NEW},
        {"PRE-ACCOUNT-AGENT", PREREQ_BOTH}, {"PRE-VERSION-NEW", PREREQ_NEW},
        {"PRE-VERSION-STOP", PREREQ_OLD},   {"PRE-DIRSYNC-EXTENSIONS", PREREQ_OLD},
    };
    struct prereq *p;
    assert_int_equal(prereq_builtin(&p, NULL), BATON_OK);
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        const struct prereq_check *c = named(p, expected[i].id);
        assert_non_null(c);
        assert_int_equal(c->side, expected[i].side);
    }
    prereq_close(&p);
}

/* What decides about an installation blocks when nobody can say it. */
static void
a_server_of_which_nothing_is_known_never_passes(void **state)
{
    (void)state;
    static struct prereq_result result[PREREQ_CHECKS_MAX];
    struct prereq *p;
    json_t *nothing = json_object();
    assert_int_equal(prereq_builtin(&p, NULL), BATON_OK);
    struct prereq_question q = {nothing, PREREQ_NEW, -1, 1790000000000};
    size_t n = prereq_judge(p, &q, result);
    assert_int_equal(prereq_verdict(result, n), VERDICT_BLOCK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(result[i].state, PREREQ_UNKNOWN);
    q.side = PREREQ_OLD;
    n = prereq_judge(p, &q, result);
    assert_int_equal(prereq_verdict(result, n), VERDICT_REVIEW);
    json_decref(nothing);
    prereq_close(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_of_the_folder_is_built_in_as_it_stands),
        cmocka_unit_test(every_part_of_the_prerequisites_is_covered_on_its_side),
        cmocka_unit_test(a_server_of_which_nothing_is_known_never_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
