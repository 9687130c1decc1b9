#include "config_fim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_content.h"
#include "folder.h"
#include "print.h"

enum { AGENT_NAME_BYTES = 64 };

/* --- files -------------------------------------------------------------------------------------- */

static void
put_crlf(FILE *to, const char *text)
{
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
        fprintf(to, "%.*s\r\n", (int)(end - text), text);
    fputs(text, to);
}

static enum baton_status
save(const char *folder, const char *name, const char *text, struct baton_err *err)
{
    char path[PATH_BYTES];
    if (!print_format(path, sizeof path, "%s/%s", folder, name))
        return baton_fail(err, BATON_LIMIT, "path too long: %.80s...", folder);
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        return baton_fail(err, BATON_IO, "cannot write %s: %s", path, strerror(errno));
    put_crlf(f, text);
    return fclose(f) == 0 ? BATON_OK
                          : baton_fail(err, BATON_IO, "cannot write %s: %s", path, strerror(errno));
}

static void
write_head(FILE *f, const struct server *s, const char *root)
{
    char date[32];
    print_sql_date(s->world->wall_ms, date);
    fprintf(f,
            "<%s server='%s' export-date='%s'>\n<!--WARNING>\nWritten by the lab: a change made "
            "here changes no server.\n</WARNING-->\n",
            root, s->name, date);
}

/* --- flows -------------------------------------------------------------------------------------- */

/* The metaverse of that time had one anchor, made of the identifier by code. */
static bool
makes_anchor(const struct config_rule_row *rule)
{
    return strcmp(rule->dest, "sourceAnchorBinary") == 0;
}

static void
write_import_flow(FILE *f, const struct config_rule_row *rule, const char *ad_id)
{
    char id[GUID_TEXT], agent[GUID_TEXT];
    print_guid_of(ad_id, rule->name, id);
    config_upper_guid(ad_id, agent);
    fprintf(
        f,
        "   <import-flows mv-attribute=\"%s\" type=\"ranked\">\n    <import-flow src-ma=\"{%s}\" "
        "cd-object-type=\"%s\" id=\"{%s}\">\n",
        makes_anchor(rule) ? "sourceAnchor" : rule->dest, agent, rule->source, id);
    if (makes_anchor(rule))
        fprintf(f,
                "     <scripted-mapping>\n      <src-attribute>%s</src-attribute>\n      "
                "<script-context>SourceAnchor</script-context>\n     </scripted-mapping>\n",
                rule->from);
    else
        fprintf(f,
                "     <direct-mapping>\n      <src-attribute>%s</src-attribute>\n     "
                "</direct-mapping>\n",
                rule->from);
    fputs("    </import-flow>\n   </import-flows>\n", f);
}

static void
write_export_flow(FILE *f, const struct config_rule_row *rule, const char *entra_id)
{
    char id[GUID_TEXT];
    print_guid_of(entra_id, rule->name, id);
    fprintf(f,
            "   <export-flow cd-attribute=\"%s\" id=\"{%s}\" suppress-deletions=\"false\">\n"
            "    <direct-mapping>\n     <src-attribute>%s</src-attribute>\n    </direct-mapping>\n"
            "   </export-flow>\n",
            rule->dest, id, rule->from);
}

/* Whether a rule before this one began the same set. */
static bool
set_begun(const struct config_rule_row *rules, size_t at, bool by_source)
{
    for (size_t i = 0; i < at; i++)
        if (rules[i].entra == rules[at].entra && strcmp(rules[i].target, rules[at].target) == 0 &&
            (!by_source || strcmp(rules[i].source, rules[at].source) == 0))
            return true;
    return false;
}

static void
write_export_flows(FILE *f, const struct connector *c)
{
    size_t count;
    const struct config_rule_row *rules = config_rule_rows(&count);
    fputs(" <export-attribute-flow>\n", f);
    for (size_t i = 0; c->entra && i < count; i++) {
        if (!rules[i].entra || set_begun(rules, i, true))
            continue;
        fprintf(f, "  <export-flow-set cd-object-type=\"%s\" mv-object-type=\"%s\">\n",
                rules[i].target, rules[i].source);
        for (size_t j = i; j < count; j++)
            if (rules[j].entra && strcmp(rules[j].target, rules[i].target) == 0 &&
                strcmp(rules[j].source, rules[i].source) == 0)
                write_export_flow(f, &rules[j], c->id);
        fputs("  </export-flow-set>\n", f);
    }
    fputs(" </export-attribute-flow>\n", f);
}

static void
write_import_flows(FILE *f, const char *ad_id)
{
    size_t count;
    const struct config_rule_row *rules = config_rule_rows(&count);
    fputs(" <import-attribute-flow>\n", f);
    for (size_t i = 0; i < count; i++) {
        if (rules[i].entra || set_begun(rules, i, false))
            continue;
        fprintf(f, "  <import-flow-set mv-object-type=\"%s\">\n", rules[i].target);
        for (size_t j = i; j < count; j++)
            if (!rules[j].entra && strcmp(rules[j].target, rules[i].target) == 0)
                write_import_flow(f, &rules[j], ad_id);
        fputs("  </import-flow-set>\n", f);
    }
    fputs(" </import-attribute-flow>\n", f);
}

/* --- management agents --------------------------------------------------------------------------- */

static void
write_private(FILE *f, const struct server *s, const struct connector *c)
{
    fputs(" <private-configuration>\n  <adma-configuration>\n", f);
    if (c->entra)
        fputs("   <password-hash-sync-config>\n    <enabled>1</enabled>\n   "
              "</password-hash-sync-config>\n",
              f);
    else
        fprintf(f,
                "   <forest-name>%s.example</forest-name>\n   <forest-login-user>MSOL_%.12s"
                "</forest-login-user>\n   <sign-and-seal>1</sign-and-seal>\n",
                s->world->tenant.name, c->id);
    fputs("  </adma-configuration>\n </private-configuration>\n", f);
}

static void
write_partition(FILE *f, const struct connector *c, const char *name, bool selected)
{
    char id[GUID_TEXT], upper[GUID_TEXT];
    print_guid_of(c->id, name, id);
    config_upper_guid(id, upper);
    fprintf(f,
            "  <partition>\n   <id>{%s}</id>\n   <name>%s</name>\n   <version>1</version>\n"
            "   <selected>%d</selected>\n   <filter>\n    <object-classes>\n     <object-class>user"
            "</object-class>\n     <object-class>group</object-class>\n     <object-class>contact"
            "</object-class>\n    </object-classes>\n    <containers>\n     <exclusions/>\n"
            "     <inclusions>\n",
            upper, name, selected);
    if (selected)
        fprintf(f, "      <inclusion>%s</inclusion>\n", c->entra ? "" : name);
    fputs("     </inclusions>\n    </containers>\n   </filter>\n  </partition>\n", f);
}

static void
write_partitions(FILE *f, const struct server *s, const struct connector *c)
{
    static const char *const unselected[] = {"CN=Configuration,", "CN=Schema,CN=Configuration,",
                                             "DC=DomainDnsZones,", "DC=ForestDnsZones,"};
    char domain[PATH_BYTES], name[PATH_BYTES];
    print_format(domain, sizeof domain, "DC=%s,DC=example", s->world->tenant.name);
    fputs(" <ma-partition-data>\n", f);
    write_partition(f, c, c->entra ? "default" : domain, true);
    for (size_t i = 0; !c->entra && i < ARRAY_LEN(unselected); i++) {
        print_format(name, sizeof name, "%s%.200s", unselected[i], domain);
        write_partition(f, c, name, false);
    }
    fputs(" </ma-partition-data>\n", f);
}

static void
write_profiles(FILE *f, const struct server *s, const struct connector *c)
{
    size_t count;
    const struct config_profile_row *profiles = config_profile_rows(&count);
    char domain[PATH_BYTES], partition[GUID_TEXT], upper[GUID_TEXT];
    print_format(domain, sizeof domain, "DC=%s,DC=example", s->world->tenant.name);
    print_guid_of(c->id, c->entra ? "default" : domain, partition);
    config_upper_guid(partition, upper);
    fputs(" <ma-run-data>\n", f);
    for (size_t i = 0; i < count; i++) {
        char id[GUID_TEXT];
        print_guid_of(c->id, profiles[i].name, id);
        fprintf(
            f,
            "  <run-configuration>\n   <id>{%s}</id>\n   <name>%s</name>\n   <version>1</version>\n"
            "   <configuration>\n    <step>\n     %s\n     <threshold><batch-size>1</batch-size>"
            "</threshold>\n     <partition>{%s}</partition>\n     <custom-data></custom-data>\n"
            "    </step>\n   </configuration>\n  </run-configuration>\n",
            id, profiles[i].name, profiles[i].step, upper);
    }
    fputs(" </ma-run-data>\n", f);
}

static void
write_agent(FILE *f, const struct server *s, const struct connector *c)
{
    char id[GUID_TEXT], date[32];
    config_upper_guid(c->id, id);
    print_sql_date(s->disk.product.installed_ms, date);
    write_head(f, s, "saved-ma-configuration");
    fprintf(
        f,
        "<ma-data>\n <format-version>1</format-version>\n <id>{%s}</id>\n <name>%s</name>\n"
        " <category>%s</category>\n <subtype>%s</subtype>\n <ma-listname/>\n <ma-companyname/>\n"
        " <creation-time>%s</creation-time>\n <last-modification-time>%s"
        "</last-modification-time>\n <version>1</version>\n <internal-version>0"
        "</internal-version>\n <password-sync-allowed>0</password-sync-allowed>\n"
        " <attribute-inclusion>\n  <attribute>displayName</attribute>\n  <attribute>objectGUID"
        "</attribute>\n  <attribute>userPrincipalName</attribute>\n </attribute-inclusion>\n"
        " <stay-disconnector/>\n <join/>\n <projection/>\n",
        id, c->name, c->type, c->subtype, date, date);
    write_export_flows(f, c);
    fputs(" <provisioning-cleanup type=\"declared\">\n  <action>delete-object</action>\n"
          " </provisioning-cleanup>\n <extension/>\n",
          f);
    write_private(f, s, c);
    write_partitions(f, s, c);
    write_profiles(f, s, c);
    fputs(" <dn-construction/>\n <component_mappings/>\n</ma-data>\n</saved-ma-configuration>\n",
          f);
}

static enum baton_status
agent_file(const struct server *s, const char *folder, const struct connector *c,
           struct baton_err *err)
{
    char name[AGENT_NAME_BYTES], id[GUID_TEXT], *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    if (f == NULL)
        return baton_fail(err, BATON_NOMEM, "a management agent");
    write_agent(f, s, c);
    enum baton_status rc = fclose(f) == 0 ? BATON_OK : baton_fail(err, BATON_NOMEM, "an agent");
    config_upper_guid(c->id, id);
    print_format(name, sizeof name, "MA-{%s}.XML", id);
    if (rc == BATON_OK)
        rc = save(folder, name, text, err);
    free(text);
    return rc;
}

static enum baton_status
metaverse_file(const struct server *s, const char *folder, const char *ad_id, struct baton_err *err)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    if (f == NULL)
        return baton_fail(err, BATON_NOMEM, "a metaverse");
    write_head(f, s, "saved-mv-configuration");
    fputs("<mv-data>\n <format-version>1</format-version>\n <version>1</version>\n", f);
    write_import_flows(f, ad_id);
    fputs(" <provisioning type=\"none\"/>\n <mv-deletion/>\n <extension/>\n"
          " <password-change-history-size>24</password-change-history-size>\n <password-sync/>\n"
          "</mv-data>\n</saved-mv-configuration>\n",
          f);
    enum baton_status rc = fclose(f) == 0 ? save(folder, "MV.XML", text, err)
                                          : baton_fail(err, BATON_NOMEM, "a metaverse");
    free(text);
    return rc;
}

enum baton_status
config_fim_write(const struct server *s, const char *folder, struct baton_err *err)
{
    struct connector connector[2];
    config_connectors(s, connector);
    enum baton_status rc = folder_make(folder, err);
    for (size_t i = 0; i < ARRAY_LEN(connector) && rc == BATON_OK; i++)
        rc = agent_file(s, folder, &connector[i], err);
    return rc == BATON_OK ? metaverse_file(s, folder, connector[0].id, err) : rc;
}
