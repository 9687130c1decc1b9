#include "config_content.h"

#include "print.h"
#include "product.h"

static const struct config_rule_row rules[] = {
    {"In from AD - User Join", "Microsoft.InfromADUserJoin.012", "Inbound", "user", "person",
     "Provision", "sourceAnchorBinary", "objectGUID", false},
    {"In from AD - User Common", "Microsoft.InfromADUserCommon.012", "Inbound", "user", "person",
     "Join", "displayName", "displayName", false},
    {"In from AD - User Account", "Microsoft.InfromADUserAccount.012", "Inbound", "user", "person",
     "Join", "userPrincipalName", "userPrincipalName", false},
    {"In from AD - Group Join", "Microsoft.InfromADGroupJoin.012", "Inbound", "group", "group",
     "Provision", "sourceAnchorBinary", "objectGUID", false},
    {"In from AD - Contact Join", "Microsoft.InfromADContactJoin.012", "Inbound", "contact",
     "person", "Provision", "sourceAnchorBinary", "objectGUID", false},
    {"Out to AAD - User Join", "Microsoft.OuttoAADUserJoin.012", "Outbound", "person", "user",
     "Provision", "sourceAnchor", "sourceAnchor", true},
    {"Out to AAD - User Identity", "Microsoft.OuttoAADUserIdentity.012", "Outbound", "person",
     "user", "Join", "userPrincipalName", "userPrincipalName", true},
    {"Out to AAD - User Common", "Microsoft.OuttoAADUserCommon.012", "Outbound", "person", "user",
     "Join", "displayName", "displayName", true},
    {"Out to AAD - Group Join", "Microsoft.OuttoAADGroupJoin.012", "Outbound", "group", "group",
     "Provision", "sourceAnchor", "sourceAnchor", true},
};

static const struct config_profile_row profiles[] = {
    {"Full Import", "<step-type type=\"full-import\"><import-subtype>to-cs</import-subtype>"
                    "</step-type>"},
    {"Full Synchronization", "<step-type type=\"apply-rules\"><apply-rules-subtype>"
                             "reevaluate-flow-connectors</apply-rules-subtype></step-type>"},
    {"Delta Import", "<step-type type=\"delta-import\"><import-subtype>to-cs</import-subtype>"
                     "</step-type>"},
    {"Delta Synchronization", "<step-type type=\"apply-rules\"><apply-rules-subtype>apply-pending"
                              "</apply-rules-subtype></step-type>"},
    {"Export", "<step-type type=\"export\" />"},
};

const struct config_rule_row *
config_rule_rows(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(rules);
    return rules;
}

const struct config_profile_row *
config_profile_rows(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(profiles);
    return profiles;
}

void
config_upper_guid(const char *id, char out[GUID_TEXT])
{
    for (size_t i = 0; i < GUID_TEXT; i++)
        out[i] = (char)(id[i] >= 'a' && id[i] <= 'f' ? id[i] - 'a' + 'A' : id[i]);
}

void
config_connectors(const struct server *s, struct connector ret_connector[2])
{
    const struct product_row *row = product_row(s->disk.product.kind);
    const char *tenant = s->world->tenant.name;
    struct connector *ad = &ret_connector[0], *entra = &ret_connector[1];
    *ad = (struct connector){.type = "AD"};
    print_guid_of(s->name, "Active Directory", ad->id);
    *entra = (struct connector){.type = "Extensible2",
                                .subtype = "Windows Azure Active Directory (Microsoft)",
                                .id = ENTRA_CONNECTOR_ID,
                                .entra = true};
    if (row->ad_connector != NULL)
        print_copy(ad->name, sizeof ad->name, row->ad_connector);
    else
        print_format(ad->name, sizeof ad->name, "%s.example", tenant);
    if (row->entra_connector != NULL)
        print_copy(entra->name, sizeof entra->name, row->entra_connector);
    else
        print_format(entra->name, sizeof entra->name, "%s.onmicrosoft.com - AAD", tenant);
}
