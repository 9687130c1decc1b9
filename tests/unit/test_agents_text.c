#include "agent/adapters/windows/agents_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct agent_row agents[] = {
    {.name = "Active Directory Connector",
     .guid = "{6B9A0F51-1111-4222-8333-444455556666}",
     .type = "AD",
     .run_status = "success"},
    {.name = "Windows Azure Active Directory Connector",
     .guid = "{0A1B2C3D-1111-4222-8333-444455556666}",
     .type = "FIM",
     .run_status = "in-progress"},
};

static void
said(char *text, const char *wanted)
{
    assert_non_null(text);
    assert_string_equal(text, wanted);
    free(text);
}

static void
agents_are_connectors_whose_identifiers_have_no_braces(void **state)
{
    (void)state;
    said(agents_connectors(agents, 2),
         "[{\"Name\":\"Active Directory Connector\",\"Identifier\":"
         "\"6b9a0f51-1111-4222-8333-444455556666\",\"Type\":\"AD\"},"
         "{\"Name\":\"Windows Azure Active Directory Connector\",\"Identifier\":"
         "\"0a1b2c3d-1111-4222-8333-444455556666\",\"Type\":\"FIM\"}]");
    said(agents_connectors(agents, 0), "\"\"");
}

static void
an_agent_at_work_is_told_alone(void **state)
{
    (void)state;
    said(agents_run_status(agents, 2),
         "{\"RunState\":\"Busy\",\"ConnectorName\":\"Windows Azure Active Directory Connector\"}");
    said(agents_run_status(agents, 1), "\"\"");
    struct agent_row late = agents[0];
    snprintf(late.run_status, sizeof late.run_status, "completing-obsoletion");
    said(agents_run_status(&late, 1),
         "{\"RunState\":\"Busy\",\"ConnectorName\":\"Active Directory Connector\"}");
}

static void
counts_are_numbers_or_nothing_is_said(void **state)
{
    (void)state;
    const char *const good[AGENT_COUNTS] = {"1", "20", "0", "1234"};
    said(agents_statistics(good), "{\"ExportAdds\":1,\"ExportUpdates\":20,\"ExportDeletes\":0,"
                                  "\"TotalConnectors\":1234}");
    static const char *const bad[] = {"", "x", "-1", "1 ", "access-denied", "1234567890123456789"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const char *const counts[AGENT_COUNTS] = {"1", bad[i], "0", "1234"};
        assert_null(agents_statistics(counts));
    }
}

static void
the_agent_for_entra_is_found_by_identifier_or_by_a_name_of_its_time(void **state)
{
    (void)state;
    assert_ptr_equal(agents_entra(agents, 2), &agents[1]);
    assert_null(agents_entra(agents, 1));
    struct agent_row renamed = agents[0];
    snprintf(renamed.guid, sizeof renamed.guid, "{B891884F-051E-4A83-95AF-2544101C9083}");
    assert_ptr_equal(agents_entra(&renamed, 1), &renamed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agents_are_connectors_whose_identifiers_have_no_braces),
        cmocka_unit_test(an_agent_at_work_is_told_alone),
        cmocka_unit_test(counts_are_numbers_or_nothing_is_said),
        cmocka_unit_test(the_agent_for_entra_is_found_by_identifier_or_by_a_name_of_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
