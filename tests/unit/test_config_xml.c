#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/readers/config_xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct config_model *m;

static int
setup(void **state)
{
    (void)state;
    m = config_model_new(CONFIG_SERVER_EXPORT);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    config_model_free(&m);
    return 0;
}

/* In pieces of that many bytes. */
static enum baton_status
read_pieces(const char *bytes, size_t len, size_t piece, enum config_xml_root *ret_root,
            struct baton_err *err)
{
    struct config_xml *x = NULL;
    assert_int_equal(config_xml_open(m, &x, err), BATON_OK);
    enum baton_status rc = BATON_OK;
    for (size_t at = 0; at < len && rc == BATON_OK; at += piece)
        rc = config_xml_push(x, bytes + at, len - at < piece ? len - at : piece, err);
    if (rc == BATON_OK)
        rc = config_xml_finish(x, ret_root, err);
    config_xml_close(&x);
    return rc;
}

static enum config_xml_root
read_text(const char *text)
{
    enum config_xml_root root = CONFIG_ROOT_NONE;
    struct baton_err err = {0};
    if (read_pieces(text, strlen(text), 7, &root, &err) != BATON_OK)
        fail_msg("%s", err.text);
    return root;
}

static void
expect_fault(const char *text, enum baton_status rc, const char *says)
{
    enum config_xml_root root = CONFIG_ROOT_NONE;
    struct baton_err err = {0};
    assert_int_equal(read_pieces(text, strlen(text), 4096, &root, &err), rc);
    if (strstr(err.text, says) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, says);
}

static const char connector[] =
    "<ma-data>\n <id>{AE4DB4CC-0000}</id>\n <name> corp.example </name>\n <category>AD</category>"
    "<last-modification-time>2026-07-01 09:00:00.500</last-modification-time><version>12</version>"
    "<schema><dsml:class xmlns:dsml='x' id='user'><name>never</name></dsml:class></schema>"
    "<private-configuration><adma-configuration><forest-name>CORP.example</forest-name>"
    "<password-hash-sync-config><enabled>1</enabled></password-hash-sync-config>"
    "</adma-configuration></private-configuration>"
    "<attribute-inclusion><attribute>mail</attribute><attribute>cn</attribute>"
    "</attribute-inclusion>"
    "<ma-partition-data><partition><id>{2C25}</id><name>DC=corp,DC=example</name>"
    "<selected>1</selected><filter><object-classes><object-class>user</object-class>"
    "</object-classes><containers><exclusions><exclusion>DC=corp,DC=example</exclusion>"
    "</exclusions><inclusions><inclusion>OU=a&amp;b,DC=corp,DC=example</inclusion></inclusions>"
    "</containers></filter><custom-data><dn>never</dn></custom-data></partition>"
    "<partition><name>DC=other</name><selected>0</selected></partition></ma-partition-data>"
    "<ma-run-data><run-configuration><name>Export</name><configuration><step>"
    "<step-type type='export'/><threshold><object>500</object><delete>10</delete>"
    "<batch-size>1</batch-size></threshold><partition>{2c25}</partition></step><step>"
    "<step-type type='apply-rules'><apply-rules-subtype>apply-pending</apply-rules-subtype>"
    "</step-type></step></configuration></run-configuration></ma-run-data></ma-data>";

static void
assert_connector(void)
{
    assert_int_equal(m->connector_count, 1);
    const struct config_connector *c = &m->connector[0];
    assert_int_equal(c->kind, CONNECTOR_AD);
    assert_string_equal(c->id, "ae4db4cc-0000");
    assert_string_equal(c->name, "corp.example");
    assert_string_equal(c->forest, "corp.example");
    assert_string_equal(c->modified, "2026-07-01 09:00:00.500");
    assert_int_equal(c->password_sync, YES);
    assert_int_equal(c->attributes.count, 2);
    assert_string_equal(c->attributes.item[1], "cn");
    assert_int_equal(c->partition_count, 2);
    assert_string_equal(c->partition[0].dn, "DC=corp,DC=example");
    assert_int_equal(c->partition[0].selected, YES);
    assert_string_equal(c->partition[0].object_classes.item[0], "user");
    assert_string_equal(c->partition[0].inclusions.item[0], "OU=a&b,DC=corp,DC=example");
    assert_string_equal(c->partition[0].exclusions.item[0], "DC=corp,DC=example");
    assert_int_equal(c->partition[1].selected, NO);
    assert_false(c->partition[1].inclusions.said);
    const struct config_run_profile *p = &c->profile[0];
    assert_string_equal(p->name, "Export");
    assert_string_equal(p->step[0].type, "export");
    assert_string_equal(p->step[0].partition, "DC=corp,DC=example");
    assert_int_equal(p->step[0].object_limit, 500);
    assert_int_equal(p->step[0].delete_limit, 10);
    assert_string_equal(p->step[1].type, "delta-sync");
    assert_int_equal(p->step[1].delete_limit, -1);
}

static void
a_connector_comes_out_as_it_is(void **state)
{
    (void)state;
    assert_int_equal(read_text(connector), CONFIG_ROOT_CONNECTOR);
    assert_connector();
}

static void
utf_16_and_windows_line_ends_make_no_difference(void **state)
{
    (void)state;
    static char wide[4 * sizeof connector];
    enum config_xml_root root;
    size_t n = 0;
    wide[n++] = '\xff';
    wide[n++] = '\xfe';
    for (const char *p = connector; *p != '\0'; p++) {
        if (*p == '\n') {
            wide[n++] = '\r';
            wide[n++] = '\0';
        }
        wide[n++] = *p;
        wide[n++] = '\0';
    }
    assert_int_equal(read_pieces(wide, n, 13, &root, NULL), BATON_OK);
    assert_connector();
}

static void
a_rule_comes_out_as_it_is(void **state)
{
    (void)state;
    assert_int_equal(
        read_text("<synchronizationRule><id>{A1}</id><internal-id>{B2}</internal-id>"
                  "<name>In from AD</name><immutable-tag>Rule.003</immutable-tag>"
                  "<direction>Inbound</direction><disabled>True</disabled>"
                  "<connector>{C3}</connector><sourceObjectType>user</sourceObjectType>"
                  "<targetObjectType>person</targetObjectType><linkType>Join</linkType>"
                  "<precedence>102</precedence><EnablePasswordSync>true</EnablePasswordSync>"
                  "<attribute-mappings><mapping><dest>mail</dest><src><attr>a</attr><attr>b</attr>"
                  "</src><expression>Trim([a])</expression><valueMergeType>Update</valueMergeType>"
                  "</mapping></attribute-mappings><relationshipCriteria><conditions><condition>"
                  "<csAttribute>sid</csAttribute><ilmAttribute>objectSid</ilmAttribute>"
                  "<caseSensitive>True</caseSensitive></condition></conditions>"
                  "</relationshipCriteria><synchronizationCriteria><conditions><scope>"
                  "<csAttribute>x</csAttribute><csOperator>EQUAL</csOperator><csValue>1</csValue>"
                  "</scope></conditions><conditions/></synchronizationCriteria>"
                  "</synchronizationRule>"),
        CONFIG_ROOT_RULE);
    const struct config_rule *r = &m->rule[0];
    assert_true(m->rules_said && r->content_said && r->standard);
    assert_string_equal(r->id, "a1");
    assert_string_equal(r->tag, "Rule.003");
    assert_string_equal(r->connector, "c3");
    assert_int_equal(r->disabled, YES);
    assert_int_equal(r->password_sync, YES);
    assert_int_equal(r->precedence, 102);
    assert_string_equal(r->link, "Join");
    assert_string_equal(r->flow[0].expression, "Trim([a])");
    assert_string_equal(r->flow[0].sources.item[1], "b");
    assert_string_equal(r->flow[0].merge, "Update");
    assert_string_equal(r->join[0].condition[0].value, "objectSid");
    assert_int_equal(r->join[0].condition[0].case_sensitive, YES);
    assert_int_equal(r->scope_count, 2);
    assert_string_equal(r->scope[0].condition[0].operator, "EQUAL");
    assert_string_equal(r->scope[0].condition[0].value, "1");
}

static void
global_settings_keep_no_secret(void **state)
{
    (void)state;
    assert_int_equal(
        read_text("<saved-mv-configuration server='S1' export-date='x'><!-- no --><mv-data>"
                  "<schema/><parameter-values>"
                  "<parameter name='Microsoft.SynchronizationOption.AnchorAttribute' type='string'>"
                  "objectGUID</parameter><parameter name='Empty' type='string' />"
                  "<parameter name='Key' type='encrypted-string'>c2VjcmV0</parameter>"
                  "<parameter name='Microsoft.Synchronize.ServerConfigurationVersion'>2.5.79.0"
                  "</parameter></parameter-values></mv-data></saved-mv-configuration>"),
        CONFIG_ROOT_SETTINGS);
    assert_true(m->parameters_said);
    assert_string_equal(m->source_anchor, "objectGUID");
    assert_string_equal(m->product_version, "2.5.79.0");
    assert_string_equal(m->host, "S1");
    assert_int_equal(m->parameter_count, 4);
    assert_string_equal(m->parameter[1].value, "");
    assert_true(m->parameter[2].secret);
    assert_string_equal(m->parameter[2].value, "");
}

static void
filters_of_the_fim_era_come_out_with_all_their_conditions(void **state)
{
    (void)state;
    read_text(
        "<saved-ma-configuration server='OLD'><ma-data><id>{AA}</id><stay-disconnector>"
        "<filter-set cd-object-type='user' type='declared'>"
        "<filter-alternative id='{1}'><condition cd-attribute='cn' operator='substring-start'>"
        "<value ui-radix='10'>SUPPORT_</value></condition></filter-alternative>"
        "<filter-alternative id='{2}'><condition cd-attribute='mail' operator='not-present'>"
        "<value></value></condition><condition cd-attribute='c' operator='equality'><value>CH"
        "</value></condition></filter-alternative></filter-set>"
        "<filter-set cd-object-type='contact' type='scripted'/></stay-disconnector></ma-data>"
        "</saved-ma-configuration>");
    const struct text_list *filters = &m->connector[0].filters;
    assert_int_equal(filters->count, 3);
    assert_string_equal(filters->item[0], "user: cn substring-start SUPPORT_");
    assert_string_equal(filters->item[1], "user: mail not-present and c equality CH");
    assert_string_equal(filters->item[2], "contact: scripted");
}

static void
flows_of_the_fim_era_become_one_rule_per_set(void **state)
{
    (void)state;
    read_text("<saved-ma-configuration server='OLD'><ma-data><export-attribute-flow>"
              "<export-flow-set cd-object-type='user' mv-object-type='person'>"
              "<export-flow cd-attribute='mail'><direct-mapping><src-attribute>mail"
              "</src-attribute></direct-mapping></export-flow>"
              "<export-flow cd-attribute='upn'><scripted-mapping><src-attribute>cn</src-attribute>"
              "<script-context>upn:cn</script-context></scripted-mapping></export-flow>"
              "</export-flow-set></export-attribute-flow><id>{E1}</id>"
              "<name>Windows Azure Active Directory Connector</name><category>Extensible</category>"
              "</ma-data></saved-ma-configuration>");
    assert_false(m->rules_said);
    assert_int_equal(m->connector[0].kind, CONNECTOR_ENTRA);
    assert_int_equal(m->rule_count, 1);
    assert_string_equal(m->rule[0].direction, "Outbound");
    assert_string_equal(m->rule[0].connector, "e1");
    assert_string_equal(m->rule[0].target_type, "user");
    assert_int_equal(m->rule[0].flow_count, 2);
    assert_string_equal(m->rule[0].flow[1].expression, "upn:cn");
    read_text("<saved-mv-configuration><mv-data><import-attribute-flow>"
              "<import-flow-set mv-object-type='person'><import-flows mv-attribute='mail'>"
              "<import-flow src-ma='{A1}' cd-object-type='user'><direct-mapping><src-attribute>mail"
              "</src-attribute></direct-mapping></import-flow>"
              "<import-flow src-ma='{B1}' cd-object-type='user'/></import-flows>"
              "<import-flows mv-attribute='cn'><import-flow src-ma='{a1}' cd-object-type='user'/>"
              "</import-flows></import-flow-set></import-attribute-flow></mv-data>"
              "</saved-mv-configuration>");
    assert_int_equal(m->rule_count, 3);
    assert_string_equal(m->rule[1].connector, "a1");
    assert_string_equal(m->rule[1].name, "user -> person");
    assert_int_equal(m->rule[1].flow_count, 2);
    assert_string_equal(m->rule[1].flow[1].target, "cn");
}

static void
the_entra_connector_is_known_by_its_identifier(void **state)
{
    (void)state;
    read_text("<ma-data><id>{B891884F-051E-4A83-95AF-2544101C9083}</id><name>renamed</name>"
              "<category>Extensible2</category></ma-data>");
    read_text("<ma-data><id>{1}</id><name>HR</name><category>Extensible2</category></ma-data>");
    assert_int_equal(m->connector[0].kind, CONNECTOR_ENTRA);
    assert_int_equal(m->connector[1].kind, CONNECTOR_OTHER);
}

static void
what_is_not_whole_or_something_else_is_an_error(void **state)
{
    (void)state;
    expect_fault("<ma-data>\n<id>{1}</id>", BATON_MALFORMED, "line 2");
    expect_fault("", BATON_MALFORMED, "empty");
    expect_fault("<html/>", BATON_MALFORMED, "ma-data");
    expect_fault("<ma-data><name>x</name></ma-data>", BATON_MALFORMED, "without an id");
    expect_fault("<synchronizationRule><id>1</id></synchronizationRule>", BATON_MALFORMED,
                 "without a name");
    expect_fault("<!DOCTYPE a [<!ENTITY b 'c'>]><ma-data/>", BATON_REFUSED, "document type");
}

static void
a_text_without_end_is_a_limit_and_not_memory(void **state)
{
    (void)state;
    size_t len = 8 * (size_t)CONFIG_TEXT_MAX;
    char *text = malloc(len);
    enum config_xml_root root;
    memset(text, 'x', len);
    memcpy(text, "<ma-data><name>", 15);
    assert_int_equal(read_pieces(text, len, 65536, &root, NULL), BATON_LIMIT);
    free(text);
}

static void
what_came_first_is_told_in_whatever_pieces_it_came(void **state)
{
    (void)state;
    static const char begin[] = "<ma-data><name>", end[] = "</other>";
    size_t len = 2 * (size_t)CONFIG_TEXT_MAX;
    char *text = malloc(len);
    enum config_xml_root root;
    memset(text, 'x', len);
    memcpy(text, begin, sizeof begin - 1);
    memcpy(text + len - (sizeof end - 1), end, sizeof end - 1);
    assert_int_equal(read_pieces(text, len, 4096, &root, NULL), BATON_LIMIT);
    assert_int_equal(read_pieces(text, len, len, &root, NULL), BATON_LIMIT);
    free(text);
}

static void
more_sets_of_flows_than_are_reasonable_are_a_limit(void **state)
{
    (void)state;
    static const char begin[] =
        "<saved-mv-configuration><mv-data><import-attribute-flow>"
        "<import-flow-set mv-object-type='p'><import-flows mv-attribute='a'>";
    size_t cap = sizeof begin + 5000 * 64, at = sizeof begin - 1;
    char *text = malloc(cap);
    enum config_xml_root root;
    memcpy(text, begin, sizeof begin);
    for (int i = 0; i < 5000; i++)
        at += (size_t)snprintf(text + at, cap - at, "<import-flow src-ma='%d' cd-object-type='u'/>",
                               i);
    assert_int_equal(read_pieces(text, at, 4096, &root, NULL), BATON_LIMIT);
    free(text);
}

static void
elements_that_are_deep_or_long_named_are_skipped_with_all_below(void **state)
{
    (void)state;
    char name[600], text[2048];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    snprintf(text, sizeof text, "<ma-data><%s><id>no</id></%s><id>{yes}</id></ma-data>", name,
             name);
    read_text(text);
    assert_string_equal(m->connector[0].id, "yes");
    read_text("<ma-data><id>{1}</id><name>a<b>no</b>c</name></ma-data>");
    assert_string_equal(m->connector[1].name, "ac");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_connector_comes_out_as_it_is),
        T(utf_16_and_windows_line_ends_make_no_difference),
        T(a_rule_comes_out_as_it_is),
        T(global_settings_keep_no_secret),
        T(filters_of_the_fim_era_come_out_with_all_their_conditions),
        T(flows_of_the_fim_era_become_one_rule_per_set),
        T(the_entra_connector_is_known_by_its_identifier),
        T(what_is_not_whole_or_something_else_is_an_error),
        T(a_text_without_end_is_a_limit_and_not_memory),
        T(what_came_first_is_told_in_whatever_pieces_it_came),
        T(more_sets_of_flows_than_are_reasonable_are_a_limit),
        T(elements_that_are_deep_or_long_named_are_skipped_with_all_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
