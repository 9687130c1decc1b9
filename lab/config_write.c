#include "config_write.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "config_content.h"
#include "folder.h"
#include "print.h"

static const struct {
    const char *name, *value;
} settings[] = {
    {"Microsoft.AADFilter.ApplicationList", ""},
    {"Microsoft.AADFilter.AttributeExclusionList", ""},
    {"Microsoft.ConnectDirectories.WizardDirectoryMode", "ActiveDirectory"},
    {"Microsoft.DirectoryExtension.SourceTargetAttributesMap", ""},
    {"Microsoft.OptionalFeature.AutoUpgradeState", "Enabled"},
    {"Microsoft.OptionalFeature.AutoUpgradeSuspensionReason", ""},
    {"Microsoft.OptionalFeature.DeviceWriteBack", "False"},
    {"Microsoft.OptionalFeature.DeviceWriteUp", "True"},
    {"Microsoft.OptionalFeature.DirectoryExtension", "False"},
    {"Microsoft.OptionalFeature.DirectoryExtensionAttributes", ""},
    {"Microsoft.OptionalFeature.ExchangeMailPublicFolder", "False"},
    {"Microsoft.OptionalFeature.ExportDeletionThreshold", "True"},
    {"Microsoft.OptionalFeature.ExportDeletionThresholdValue", "500"},
    {"Microsoft.OptionalFeature.FilterAAD", "False"},
    {"Microsoft.OptionalFeature.GroupFiltering", "False"},
    {"Microsoft.OptionalFeature.GroupWriteBack", "False"},
    {"Microsoft.OptionalFeature.HybridExchange", "False"},
    {"Microsoft.OptionalFeature.PasswordHashSync", "True"},
    {"Microsoft.OptionalFeature.PasswordWriteback", "False"},
    {"Microsoft.OptionalFeature.UserWriteBack", "False"},
    {"Microsoft.SynchronizationOption.AnchorAttribute", "objectGUID"},
    {"Microsoft.SynchronizationOption.CustomAttribute", ""},
    {"Microsoft.SynchronizationOption.JoinCriteria", "AlwaysProvision"},
    {"Microsoft.SynchronizationOption.UPNAttribute", "userPrincipalName"},
    {"Microsoft.Synchronize.MaintenanceEnabled", "True"},
    {"Microsoft.Synchronize.NextStartTime", "-"},
    {"Microsoft.Synchronize.RunHistoryPurgeInterval", "7.00:00:00"},
    {"Microsoft.Synchronize.SchedulerSuspended", "False"},
    {"Microsoft.Synchronize.ServerConfigurationVersion", "-"},
    {"Microsoft.Synchronize.StagingMode", "False"},
    {"Microsoft.Synchronize.SynchronizationPolicy", "Delta"},
    {"Microsoft.Synchronize.SynchronizationSchedule", "True"},
    {"Microsoft.Synchronize.TimeInterval", "00:30:00"},
    {"Microsoft.SystemInformation.MachineRole", "RoleMemberServer"},
    {"Microsoft.UserSignIn.DesktopSsoEnabled", "False"},
    {"Microsoft.UserSignIn.SignOnMethod", "PasswordHashSync"},
    {"Microsoft.Version.SynchronizationRuleImmutableTag", "V1"},
};

static void
write_settings(FILE *f, const struct server *s)
{
    char date[32];
    print_sql_date(s->world->wall_ms, date);
    fprintf(f, "<saved-mv-configuration server='%s' export-date='%s'>\n", s->name, date);
    fputs("<mv-data>\n <format-version>1</format-version>\n <version>1</version>\n"
          " <password-change-history-size>24</password-change-history-size>\n"
          " <password-sync />\n <parameter-values>\n",
          f);
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        char value[128];
        if (!config_live_value(s, settings[i].name, value, sizeof value))
            print_copy(value, sizeof value, settings[i].value);
        fprintf(f,
                "    <parameter name=\"%s\" type=\"string\" use=\"SynchronizationGlobal\" "
                "dataType=\"String\"",
                settings[i].name);
        if (value[0] == '\0')
            fputs(" />\n", f);
        else
            fprintf(f, ">%s</parameter>\n", value);
    }
    fputs(" </parameter-values>\n</mv-data>\n</saved-mv-configuration>\n", f);
}

static void
write_partition(FILE *f, const struct server *s, const struct connector *c)
{
    char id[GUID_TEXT];
    print_guid_of(c->id, "partition", id);
    fprintf(f, "  <ma-partition-data>\n    <partition>\n      <id>{%s}</id>\n", id);
    if (c->entra)
        fputs("      <name>default</name>\n", f);
    else
        fprintf(f, "      <name>DC=%s,DC=example</name>\n", s->world->tenant.name);
    fputs("      <selected>1</selected>\n      <filter>\n        <object-classes>"
          "<object-class>user</object-class><object-class>group</object-class>"
          "<object-class>contact</object-class></object-classes>\n"
          "        <containers><exclusions></exclusions><inclusions>",
          f);
    if (c->entra)
        fputs("<inclusion />", f);
    else
        fprintf(f, "<inclusion>DC=%s,DC=example</inclusion>", s->world->tenant.name);
    fputs("</inclusions></containers>\n      </filter>\n    </partition>\n"
          "  </ma-partition-data>\n",
          f);
}

static void
write_profiles(FILE *f, const struct connector *c)
{
    fputs("  <ma-run-data>\n", f);
    size_t count;
    const struct config_profile_row *profiles = config_profile_rows(&count);
    for (size_t i = 0; i < count; i++) {
        char id[GUID_TEXT];
        print_guid_of(c->id, profiles[i].name, id);
        fprintf(f,
                "    <run-configuration><id>{%s}</id><name>%s</name><version>1</version>"
                "<configuration><step>%s<threshold><object>0</object><batch-size>50</batch-size>"
                "</threshold></step></configuration></run-configuration>\n",
                id, profiles[i].name, profiles[i].step);
    }
    fputs("  </ma-run-data>\n", f);
}

static void
write_connector(FILE *f, const struct server *s, const struct connector *c)
{
    char id[GUID_TEXT], date[32];
    config_upper_guid(c->id, id);
    print_sql_date(s->disk.product.installed_ms, date);
    fprintf(f,
            "<ma-data>\n  <format-version>1</format-version>\n  <id>{%s}</id>\n"
            "  <name>%s</name>\n  <category>%s</category>\n  <description />\n"
            "  <subtype>%s</subtype>\n  <creation-time>%s</creation-time>\n"
            "  <last-modification-time>%s</last-modification-time>\n  <version>1</version>\n"
            "  <internal-version>1</internal-version>\n"
            "  <password-sync-allowed>0</password-sync-allowed>\n",
            id, c->name, c->type, c->subtype, date, date);
    if (!c->entra)
        fprintf(f,
                "  <private-configuration><adma-configuration><forest-name>%s.example"
                "</forest-name><forest-login-user>MSOL_%.12s</forest-login-user>"
                "</adma-configuration></private-configuration>\n",
                s->world->tenant.name, c->id);
    fputs("  <attribute-inclusion><attribute>displayName</attribute><attribute>objectGUID"
          "</attribute><attribute>userPrincipalName</attribute></attribute-inclusion>\n",
          f);
    write_partition(f, s, c);
    write_profiles(f, c);
    fputs("  <component_mappings />\n  <encrypted-attributes />\n</ma-data>\n", f);
}

static void
write_rule(FILE *f, const struct config_rule_row *rule, const char *id, const char *connector,
           int precedence)
{
    fprintf(f,
            "<synchronizationRule>\n  <id>{%s}</id>\n  <internal-id>{%s}</internal-id>\n"
            "  <version>1</version>\n  <name>%s</name>\n  <description />\n"
            "  <immutable-tag>%s</immutable-tag>\n  <direction>%s</direction>\n"
            "  <disabled>False</disabled>\n  <connector>{%s}</connector>\n"
            "  <sourceObjectType>%s</sourceObjectType>\n"
            "  <targetObjectType>%s</targetObjectType>\n  <linkType>%s</linkType>\n"
            "  <precedence>%d</precedence>\n"
            "  <precedence-after>{00000000-0000-0000-0000-000000000000}</precedence-after>\n"
            "  <precedence-before>{00000000-0000-0000-0000-000000000000}</precedence-before>\n"
            "  <softDeleteExpiryInterval>00:00:00</softDeleteExpiryInterval>\n"
            "  <EnablePasswordSync>false</EnablePasswordSync>\n  <attribute-mappings>\n"
            "    <mapping><dest>%s</dest><src><attr>%s</attr></src>"
            "<valueMergeType>Update</valueMergeType></mapping>\n  </attribute-mappings>\n"
            "  <relationshipCriteria />\n  <synchronizationCriteria />\n</synchronizationRule>\n",
            id, id, rule->name, rule->tag, rule->direction, connector, rule->source, rule->target,
            rule->link, precedence, rule->dest, rule->from);
}

static enum baton_status
open_file(const char *path, FILE **ret_file, struct baton_err *err)
{
    *ret_file = fopen(path, "wb");
    return *ret_file == NULL
               ? baton_fail(err, BATON_IO, "cannot write %s: %s", path, strerror(errno))
               : BATON_OK;
}

static enum baton_status
close_file(FILE *f, const char *path, struct baton_err *err)
{
    return fclose(f) == 0 ? BATON_OK
                          : baton_fail(err, BATON_IO, "cannot write %s: %s", path, strerror(errno));
}

static enum baton_status
settings_file(const struct server *s, const char *folder, struct baton_err *err)
{
    char path[PATH_BYTES];
    FILE *f;
    print_format(path, sizeof path, "%s/GlobalSettings/MV.xml", folder);
    enum baton_status rc = open_file(path, &f, err);
    if (rc != BATON_OK)
        return rc;
    write_settings(f, s);
    return close_file(f, path, err);
}

static enum baton_status
connector_file(const struct server *s, const char *folder, const struct connector *c,
               struct baton_err *err)
{
    char path[PATH_BYTES];
    FILE *f;
    print_format(path, sizeof path, "%s/Connectors/Connector_{%s}.xml", folder, c->id);
    enum baton_status rc = open_file(path, &f, err);
    if (rc != BATON_OK)
        return rc;
    write_connector(f, s, c);
    return close_file(f, path, err);
}

static enum baton_status
rule_file(const char *folder, const struct config_rule_row *rule, const char *connector,
          int precedence, struct baton_err *err)
{
    char path[PATH_BYTES], id[GUID_TEXT];
    FILE *f;
    print_guid_of(connector, rule->tag, id);
    print_format(path, sizeof path, "%s/SynchronizationRules/SynchronizationRule_{%s}.xml", folder,
                 id);
    enum baton_status rc = open_file(path, &f, err);
    if (rc != BATON_OK)
        return rc;
    write_rule(f, rule, id, connector, precedence);
    return close_file(f, path, err);
}

static enum baton_status
make_folders(const char *folder, struct baton_err *err)
{
    static const char *const names[] = {"Connectors", "GlobalSettings", "SynchronizationRules"};
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; i < ARRAY_LEN(names) && rc == BATON_OK; i++) {
        char path[PATH_BYTES];
        if (!print_format(path, sizeof path, "%s/%s", folder, names[i]))
            return baton_fail(err, BATON_LIMIT, "path too long: %.80s...", folder);
        rc = folder_make(path, err);
    }
    return rc;
}

enum baton_status
config_write(struct server *s, const char *folder, struct baton_err *err)
{
    struct connector connector[2];
    size_t count;
    const struct config_rule_row *rules = config_rule_rows(&count);
    config_connectors(s, connector);
    enum baton_status rc = make_folders(folder, err);
    if (rc == BATON_OK)
        rc = settings_file(s, folder, err);
    for (size_t i = 0; i < ARRAY_LEN(connector) && rc == BATON_OK; i++)
        rc = connector_file(s, folder, &connector[i], err);
    for (size_t i = 0; i < count && rc == BATON_OK; i++)
        rc = rule_file(folder, &rules[i], connector[rules[i].entra].id, 100 + (int)i, err);
    return rc;
}
