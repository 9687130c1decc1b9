#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/readers/config_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct config_model *m;

static int
setup(void **state)
{
    (void)state;
    m = config_model_new(CONFIG_SETTINGS);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    config_model_free(&m);
    return 0;
}

static const char document[] =
    "{\"policyMetadata\": {\"productVersion\": \"2.5.79.0\"},"
    "\"deploymentMetadata\": {\"HostName\": \"SYNC02\"},"
    "\"onpremisesDirectoryPolicy\": [{\"uniqueIdentifier\": \"{AA-1}\","
    "\"friendlyName\": \"corp.example\", \"fullyQualifiedDomainName\": \"Corp.Example\","
    "\"partitionFilters\": [{\"distinguishedName\": \"DC=corp,DC=example\","
    "\"containerInclusions\": [\"OU=a,DC=corp,DC=example\"],"
    "\"containerExclusions\": [\"DC=corp,DC=example\"]}],"
    "\"customSynchronizationRules\": [{\"Name\": \"Contoso mail\", \"direction\": \"Inbound\","
    "\"source\": \"user\", \"target\": \"person\", \"linkType\": \"Join\", \"precedence\": 50,"
    "\"disabled\": false, \"unknown\": {\"kept\": true},"
    "\"scopeFilters\": [{\"attribute\": \"c\", \"condition\": \"EQUAL\", \"value\": \"CH\"},"
    "{\"attribute\": \"d\", \"condition\": \"ISNOTNULL\"}],"
    "\"attributeMappings\": [{\"source\": \"ea1\", \"destination\": \"mail\"},"
    "{\"source\": [\"a\", \"b\"], \"destination\": \"cn\", \"expression\": \"[a]&[b]\"}]},"
    "{\"name\": \"Groups\", \"direction\": \"Inbound\", \"attributeMappings\": [],"
    "\"scopeFilters\": [[{\"attribute\": \"a\"}], [{\"attribute\": \"b\"}]]}],"
    "\"standardSynchronizationRules\": [{\"name\": \"In from AD - User Join\","
    "\"uniqueIdentifier\": \"{BB}\", \"immutableTag\": \"Microsoft.InfromADUserJoin.012\","
    "\"precedence\": 100}]}],"
    "\"azureDirectoryPolicy\": {\"uniqueIdentifier\": \"E1\", \"standardSynchronizationRules\": ["
    "{\"name\": \"Out to AAD - User Join\", \"immutableTag\": \"x\", \"precedence\": 110}]}}";

static void
assert_document(void)
{
    assert_string_equal(m->product_version, "2.5.79.0");
    assert_string_equal(m->host, "SYNC02");
    assert_int_equal(m->connector_count, 2);
    const struct config_connector *c = &m->connector[0];
    assert_int_equal(c->kind, CONNECTOR_AD);
    assert_string_equal(c->id, "aa-1");
    assert_string_equal(c->forest, "corp.example");
    assert_int_equal(c->partition[0].selected, YES);
    assert_string_equal(c->partition[0].inclusions.item[0], "OU=a,DC=corp,DC=example");
    assert_string_equal(c->partition[0].exclusions.item[0], "DC=corp,DC=example");
    assert_int_equal(m->connector[1].kind, CONNECTOR_ENTRA);
    assert_int_equal(m->rule_count, 4);
}

static void
forests_filters_and_hosts_come_out(void **state)
{
    (void)state;
    assert_int_equal(config_settings_read(document, strlen(document), m, NULL), BATON_OK);
    assert_document();
    /* what this form cannot say is not said */
    assert_false(m->connector[0].attributes.said);
    assert_false(m->connector[0].partition[0].object_classes.said);
    assert_false(m->parameters_said);
    assert_string_equal(m->source_anchor, "");
    assert_int_equal(m->connector[0].password_sync, UNSAID);
}

static void
custom_rules_come_whole_and_standard_ones_by_name(void **state)
{
    (void)state;
    assert_int_equal(config_settings_read(document, strlen(document), m, NULL), BATON_OK);
    const struct config_rule *r = &m->rule[0];
    assert_true(m->rules_said && r->content_said && r->join_unsaid);
    assert_string_equal(r->name, "Contoso mail");
    assert_string_equal(r->connector, "aa-1");
    assert_string_equal(r->source_type, "user");
    assert_string_equal(r->target_type, "person");
    assert_string_equal(r->link, "Join");
    assert_int_equal(r->precedence, 50);
    assert_int_equal(r->disabled, NO);
    assert_int_equal(r->scope_count, 1);
    assert_int_equal(r->scope[0].condition_count, 2);
    assert_string_equal(r->scope[0].condition[0].value, "CH");
    assert_string_equal(r->flow[0].sources.item[0], "ea1");
    assert_string_equal(r->flow[1].sources.item[1], "b");
    assert_string_equal(r->flow[1].expression, "[a]&[b]");
    assert_int_equal(m->rule[1].scope_count, 2);
    r = &m->rule[2];
    assert_false(r->content_said);
    assert_true(r->standard);
    assert_string_equal(r->direction, "Inbound");
    assert_string_equal(r->id, "bb");
    assert_string_equal(m->rule[3].direction, "Outbound");
    assert_string_equal(m->rule[3].connector, "e1");
}

static void
the_encoding_of_windows_makes_no_difference(void **state)
{
    (void)state;
    static char wide[2 * sizeof document + 2];
    size_t n = 0;
    wide[n++] = '\xff';
    wide[n++] = '\xfe';
    for (const char *p = document; *p != '\0'; p++) {
        wide[n++] = *p;
        wide[n++] = '\0';
    }
    assert_int_equal(config_settings_read(wide, n, m, NULL), BATON_OK);
    assert_document();
}

static void
expect_fault(const char *text, enum baton_status rc, const char *says)
{
    struct baton_err err = {0};
    assert_int_equal(config_settings_read(text, strlen(text), m, &err), rc);
    if (strstr(err.text, says) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, says);
}

static void
what_is_cut_or_something_else_is_an_error(void **state)
{
    (void)state;
    expect_fault("{\n\"a\": ", BATON_MALFORMED, "line 2");
    expect_fault("[]", BATON_MALFORMED, "onpremisesDirectoryPolicy");
    expect_fault("{\"azureDirectoryPolicy\": {}}", BATON_MALFORMED, "onpremisesDirectoryPolicy");
    expect_fault("{\"a\": 1, \"a\": 2}", BATON_MALFORMED, "line 1");
    char *text = calloc(1, (size_t)CONFIG_SETTINGS_BYTES_MAX + 2);
    memset(text, ' ', (size_t)CONFIG_SETTINGS_BYTES_MAX + 1);
    expect_fault(text, BATON_LIMIT, "at most");
    free(text);
}

static void
what_would_be_read_in_part_is_refused(void **state)
{
    (void)state;
    static const char *const faults[][2] = {
        {"7", "no object"},
        {"{\"friendlyName\": \"x\"}", "fullyQualifiedDomainName"},
        {"{\"fullyQualifiedDomainName\": \"x\", \"customSynchronizationRules\": [{\"name\": "
         "\"x\"}]}",
         "custom rule"},
        {"{\"fullyQualifiedDomainName\": \"x\", \"standardSynchronizationRules\": [1]}",
         "standard rule"},
    };
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "{\"onpremisesDirectoryPolicy\": [%s], \"azureDirectoryPolicy\": {}}",
                 faults[i][0]);
        expect_fault(text, BATON_MALFORMED, faults[i][1]);
    }
}

static void
a_migrated_policy_says_whose_it_is_and_what_lies_beside_it(void **state)
{
    (void)state;
    static const char policy[] =
        "{\"PolicyMetadata\": {\"type\": \"Migration\", \"azureADConnectVersion\": \"1.6.16.0\"},"
        "\"deploymentMetadata\": {\"hostName\": \"SYNC01\", \"connectorIds\": [\"{AA-1}\", 7, "
        "\"bb-2\"]}}";
    assert_int_equal(config_settings_migrated(policy, strlen(policy), m, NULL), BATON_OK);
    assert_string_equal(m->host, "SYNC01");
    assert_string_equal(m->product_version, "1.6.16.0");
    assert_int_equal(m->promised.count, 2);
    assert_string_equal(m->promised.item[0], "aa-1");
    assert_string_equal(m->promised.item[1], "bb-2");
    static const char one[] = "{\"policyMetadata\": {\"type\": \"migration\"},"
                              "\"deploymentMetadata\": {\"connectorIds\": \"{CC-3}\"}}";
    assert_int_equal(config_settings_migrated(one, strlen(one), m, NULL), BATON_OK);
    assert_string_equal(m->promised.item[2], "cc-3");
    struct baton_err err = {0};
    assert_int_equal(config_settings_migrated(document, strlen(document), m, &err),
                     BATON_MALFORMED);
    assert_non_null(strstr(err.text, "type migration"));
    expect_fault(policy, BATON_MALFORMED, "whole folder");
}

static void
values_of_other_types_are_not_said(void **state)
{
    (void)state;
    expect_fault("{\"onpremisesDirectoryPolicy\": [{\"friendlyName\": 1, "
                 "\"fullyQualifiedDomainName\": \"x\", \"partitionFilters\": {},"
                 "\"customSynchronizationRules\": [{\"name\": \"n\", \"direction\": \"Inbound\","
                 "\"precedence\": \"x\", \"scopeFilters\": [3], \"attributeMappings\": [null]}]}], "
                 "\"azureDirectoryPolicy\": {}}",
                 BATON_OK, "");
    assert_int_equal(m->connector_count, 2);
    assert_int_equal(m->rule[0].precedence, -1);
    assert_int_equal(m->rule[0].scope_count, 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(forests_filters_and_hosts_come_out),
        T(custom_rules_come_whole_and_standard_ones_by_name),
        T(the_encoding_of_windows_makes_no_difference),
        T(what_is_cut_or_something_else_is_an_error),
        T(what_would_be_read_in_part_is_refused),
        T(a_migrated_policy_says_whose_it_is_and_what_lies_beside_it),
        T(values_of_other_types_are_not_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
