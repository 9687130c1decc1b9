#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/verify/prereq.h"

#define CHECK                                                                                      \
    "'id':'PRE-A','side':'new','what':'w','rules':[{'observe':'x','is':1}],'otherwise':'block',"   \
    "'unknown':'review','fix':'f','source':'s'"
#define FILE_OF(checks) "{'title':'t','checked':'2026-01-02','checks':[" checks "]}"

static enum baton_status
add(struct prereq *p, const char *text, struct baton_err *err)
{
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", text);
    for (char *c = copy; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    return prereq_add(p, "f.json", copy, strlen(copy), err);
}

static void
refused(const char *text, const char *expected)
{
    struct prereq *p;
    struct baton_err err = {0};
    assert_int_equal(prereq_open(&p, &err), BATON_OK);
    assert_int_equal(add(p, text, &err), BATON_MALFORMED);
    if (strstr(err.text, expected) == NULL)
        fail_msg("'%s' is not in '%s'", expected, err.text);
    assert_non_null(strstr(err.text, "f.json"));
    prereq_close(&p);
    assert_null(p);
}

static void
a_check_is_kept_with_everything_that_was_said_of_it(void **state)
{
    (void)state;
    struct prereq *p;
    size_t n;
    assert_int_equal(prereq_open(&p, NULL), BATON_OK);
    assert_int_equal(add(p,
                         FILE_OF("{" CHECK "},{'id':'PRE-B','side':'both','what':'w2','where':'r',"
                                 "'when':[{'observe':'y','is':2}],'rules':[{'observe':'x','is':1}],"
                                 "'otherwise':'info','unknown':'info','when_unknown':'review',"
                                 "'fix':'f2','source':'s2','checked':'2026-02-03'}"),
                         NULL),
                     BATON_OK);
    const struct prereq_check *c = prereq_checks(p, &n);
    assert_int_equal(n, 2);
    assert_string_equal(c[0].id, "PRE-A");
    assert_string_equal(c[0].area, "t");
    assert_string_equal(c[0].checked, "2026-01-02");
    assert_int_equal(c[0].side, PREREQ_NEW);
    assert_int_equal(c[0].otherwise, SEVERITY_BLOCK);
    assert_int_equal(c[0].unknown, SEVERITY_REVIEW);
    assert_int_equal(c[0].when_unknown, SEVERITY_BLOCK); /* nothing is taken off */
    assert_null(c[0].when);
    assert_null(c[0].where);
    assert_int_equal(c[1].side, PREREQ_BOTH);
    assert_string_equal(c[1].checked, "2026-02-03");
    assert_int_equal(c[1].checked_unix_ms, 1770076800000);
    assert_int_equal(c[1].when_unknown, SEVERITY_REVIEW);
    assert_int_equal(json_array_size(c[1].when), 1);
    assert_string_equal(c[1].fix, "f2");
    prereq_close(&p);
    prereq_close(&p);
}

static void
hosts_are_kept_with_their_ports(void **state)
{
    (void)state;
    struct prereq *p;
    size_t n;
    assert_int_equal(prereq_open(&p, NULL), BATON_OK);
    assert_int_equal(add(p,
                         "{'title':'t','checked':'2026-01-02','checks':[],'hosts':[{'feature':"
                         "'synchronization','host':'a.b','ports':[80,443],'why':'w'}]}",
                         NULL),
                     BATON_OK);
    const struct prereq_host *h = prereq_hosts(p, &n);
    assert_int_equal(n, 1);
    assert_string_equal(h->host, "a.b");
    assert_int_equal(json_array_size(h->ports), 2);
    prereq_close(&p);
}

static void
what_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    refused("{", "line 1");
    refused("{'title':'a','title':'b'}", "duplicate");
    refused("[]", "an object is expected");
    refused("{'title':'t','checks':[]}", "checked is missing");
    refused("{'title':'t','checked':'yesterday','checks':[]}", "checked: a date");
    refused("{'title':'t','checked':'2026-01-02','checks':{}}", "checks: a list");
    refused("{'title':'t','checked':'2026-01-02','checks':[],'x':1}", "x: there is no such key");
    refused(FILE_OF("{" CHECK ",'colour':'red'}"), "PRE-A: colour: there is no such key");
    refused(FILE_OF("{" CHECK "},{" CHECK "}"), "PRE-A: an id");
    refused(FILE_OF("{'id':'PRE-A'}"), "PRE-A: side is missing");
    refused(FILE_OF("{'id':'X-A','side':'new','what':'w','rules':[{'observe':'x','is':1}],"
                    "'otherwise':'block','unknown':'review','fix':'f','source':'s'}"),
            "begins with PRE-");
    refused(FILE_OF("{" CHECK ",'when':[]}"), "when: a list of 1 to 8 rules");
    refused(FILE_OF("{" CHECK ",'when':[{'observe':'x'}]}"), "when: a rule says");
    refused(FILE_OF("{" CHECK ",'when_unknown':'bad'}"), "when_unknown: info, review or block");
    refused(FILE_OF("{'id':'PRE-A','side':'left'}"), "side: new, old or both");
    refused(FILE_OF("4"), "an object is expected");
    refused("{'title':'t','checked':'2026-01-02','checks':[],'hosts':[{'feature':'f','host':'h',"
            "'ports':[0],'why':'w'}]}",
            "hosts: ports: a list of ports");
}

static void
too_much_is_refused(void **state)
{
    (void)state;
    struct prereq *p;
    struct baton_err err;
    char *text = malloc(PREREQ_BYTES_MAX + 1);
    assert_int_equal(prereq_open(&p, NULL), BATON_OK);
    memset(text, ' ', PREREQ_BYTES_MAX + 1);
    assert_int_equal(prereq_add(p, "f.json", text, PREREQ_BYTES_MAX + 1, &err), BATON_LIMIT);
    size_t len = (size_t)sprintf(text, "{\"title\":\"t\",\"checked\":\"2026-01-02\",\"checks\":[");
    for (int i = 0; i <= PREREQ_CHECKS_MAX; i++)
        len += (size_t)sprintf(text + len,
                               "%s{\"id\":\"PRE-%d\",\"side\":\"new\",\"what\":\"w\",\"rules\":[{"
                               "\"observe\":\"x\",\"is\":1}],\"otherwise\":\"block\",\"unknown\":"
                               "\"review\",\"fix\":\"f\",\"source\":\"s\"}",
                               i > 0 ? "," : "", i);
    len += (size_t)sprintf(text + len, "]}");
    assert_int_equal(prereq_add(p, "f.json", text, len, &err), BATON_LIMIT);
    prereq_close(&p);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_is_kept_with_everything_that_was_said_of_it),
        cmocka_unit_test(hosts_are_kept_with_their_ports),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
