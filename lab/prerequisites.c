#include "prerequisites.h"

#include <string.h>

#include "print.h"
#include "product.h"

enum {
    ON_DIRSYNC = 1 << DIRSYNC,
    ON_CONNECT = 1 << CONNECT,
    ON_OLD = 1 << DIRSYNC | 1 << AADSYNC,
    ON_NEW = 1 << NO_PRODUCT | 1 << CONNECT,
    ON_ALL = ON_OLD | ON_NEW
};

/* Both as JSON with ' for ". */
// clang-format off
static const struct row {
    const char *name;
    int on;
    const char *sound, *faulty;
} rows[] = {
    {"os.name",                       ON_NEW, "'Windows Server 2022 Standard'", "'Windows Server 2012 R2 Standard'"},
    {"os.name",                       ON_OLD, "'Windows Server 2012 Standard'", "'Windows Server 2008 R2 Standard'"},
    {"os.build",                      ON_NEW, "20348", "9600"},
    {"os.build",                      ON_OLD, "9200", "7601"},
    {"os.installation",               ON_ALL, "'Server'", "'Server Core'"},
    {"os.edition",                    ON_ALL, "'ServerStandard'", "'ServerSolution'"},
    {"machine.domain_joined",         ON_ALL, "true", "false"},
    {"machine.renamed",               ON_ALL, "false", "true"},
    {"dotnet.release",                ON_NEW, "528449", "394802"},
    {"dotnet.release",                ON_OLD, "378389", "null"},
    {"powershell.version",            ON_NEW, "'5.1.20348.2849'", "'4.0'"},
    {"powershell.version",            ON_OLD, "'3.0'", "'2.0'"},
    {"powershell.execution_policy",   ON_ALL, "'RemoteSigned'", "'Restricted'"},
    {"powershell.transcription",      ON_ALL, "null", "1"},
    {"tls12.client.enabled",          ON_NEW, "1", "0"},
    {"tls12.client.disabled_by_default", ON_NEW, "0", "1"},
    {"tls12.server.enabled",          ON_NEW, "1", "0"},
    {"tls12.server.disabled_by_default", ON_NEW, "0", "1"},
    {"tls12.net64.system_default",    ON_NEW, "1", "null"},
    {"tls12.net64.strong_crypto",     ON_NEW, "1", "null"},
    {"tls12.net32.system_default",    ON_NEW, "1", "null"},
    {"tls12.net32.strong_crypto",     ON_NEW, "1", "null"},
    {"fips.enabled",                  ON_ALL, "0", "1"},
    {"dcom.machine_access_restriction", ON_NEW, "'O:BAG:BAD:(A;;CCDCLC;;;WD)'", "null"},
    {"dcom.machine_launch_restriction", ON_NEW, "'O:BAG:BAD:(A;;CCDCLCSWRP;;;BA)'", "null"},
    {"dcom.default_launch_permission", ON_NEW, "'O:BAG:BAD:(A;;CCDCLCSWRP;;;SY)'", "null"},
    {"ad.schema_version",             ON_NEW, "88", "13"},
    {"ad.forest_level",               ON_NEW, "7", "0"},
    {"ad.dc_writable",                ON_NEW, "true", "false"},
    {"ad.netbios_dotted",             ON_NEW, "false", "true"},
    {"ad.disjoint_namespace",         ON_NEW, "false", "true"},
    {"cpu.mhz",                       ON_ALL, "2400", "1200"},
    {"memory.mib",                    ON_ALL, "32768", "4096"},
    {"disk.gb",                       ON_ALL, "500", "40"},
    {"sql.shared_with",               ON_NEW, "null", "'FIMSynchronizationService of OLD'"},
    {"proxy.user",                    ON_ALL, "null", "'proxy.contoso.com:8080'"},
    {"proxy.machine",                 ON_ALL, "null", "'proxy.contoso.com:8080'"},
    {"proxy.winhttp",                 ON_ALL, "null", "'proxy.contoso.com:8080'"},
    {"proxy.asks_login",              ON_ALL, "false", "true"},
    {"proxy.default_credentials",     ON_ALL, "false", "false"},
    {"network.ipv4",                  ON_ALL, "true", "false"},
    {"account.local_admin",           ON_NEW, "true", "false"},
    {"account.agent_groups",          ON_CONNECT, "['ADSyncBrowse']", "[]"},
    {"account.ad_privileged",         ON_CONNECT, "false", "true"},
    {"account.ad_replicates",         ON_CONNECT, "true", "false"},
    {"engine.config_edited",          ON_CONNECT, "false", "true"},
    {"features",                      ON_ALL, "['password-hash-sync']", "['password-hash-sync', 'ad-fs']"},
    {"install.version",               ON_NEW, "'2.6.92.0'", "'2.6.79.0'"},
    {"dirsync.attributes_removed",    ON_DIRSYNC, "0", "3"},
    {"dirsync.extensions_added",      ON_DIRSYNC, "0", "1"},
    {"dirsync.agents",                ON_DIRSYNC, "2", "3"},
    {"dirsync.run_profiles_changed",  ON_DIRSYNC, "0", "1"},
    {"dirsync.schedule_changed",      ON_DIRSYNC, "false", "true"},
    {"dirsync.filters",               ON_DIRSYNC, "0", "2"},
    {"dirsync.rejected",              ON_DIRSYNC, "false", "true"},
};
/* Of a full SQL Server. */
static const struct row sql_rows[] = {
    {"sql.major",                     ON_ALL, "16", "13"},
    {"sql.engine_edition",            ON_ALL, "3", "5"},
    {"sql.collation",                 ON_ALL, "'SQL_Latin1_General_CP1_CI_AS'", "'Latin1_General_100_CS_AS'"},
    {"sql.protocol",                  ON_ALL, "'tcp'", "'np'"},
    {"sql.mirrored",                  ON_ALL, "false", "true"},
    {"account.sql_sysadmin",          ON_ALL, "true", "false"},
};
// clang-format on

static const char census[] = "ad.sync_accounts";

static json_t *
value_of(const char *quoted)
{
    char text[128];
    print_copy(text, sizeof text, quoted);
    for (char *c = text; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    BATON_ASSERT(value != NULL);
    return value;
}

static void
put_rows(json_t *object, const struct server *s, const struct row *row, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if ((row[i].on >> s->disk.product.kind & 1) != 0) {
            bool faulty = strcmp(s->fault.prerequisite, row[i].name) == 0;
            json_object_set_new(object, row[i].name,
                                value_of(faulty ? row[i].faulty : row[i].sound));
        }
}

static void
put_account(json_t *list, const char *computer)
{
    json_array_append_new(
        list, json_sprintf("Account created by the sync tool with installation identifier '1' "
                           "running on computer '%s' configured to synchronize to tenant 'lab'.",
                           computer));
}

/* Accounts in Active Directory, which every server can read: one of each installation, and under the
 * fault one of a server that the lab does not have. */
static void
put_census(json_t *object, const struct server *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->world->server_count; i++)
        if (s->world->server[i].disk.product.configured)
            put_account(list, s->world->server[i].name);
    if (strcmp(s->fault.prerequisite, census) == 0)
        put_account(list, "AADC7");
    json_object_set_new(object, census, list);
    json_object_set_new(object, "machine.name", json_string(s->name));
}

/* What the product itself shows. */
static void
put_product(json_t *object, const struct server *s)
{
    const struct product *p = &s->disk.product;
    bool there = p->kind != NO_PRODUCT;
    json_object_set_new(object, "product.class", json_string(product_class_name(p->kind)));
    json_object_set_new(object, "product.version", there ? json_string(p->version) : json_null());
    json_object_set_new(object, "sql.edition", there ? json_string(p->sql) : json_null());
    if (p->configured)
        json_object_set_new(object, "objects", json_integer((json_int_t)s->world->tenant.objects));
    if (strcmp(p->sql, "full") == 0)
        put_rows(object, s, sql_rows, ARRAY_LEN(sql_rows));
}

json_t *
prerequisites_observed(const struct server *s)
{
    json_t *object = json_object();
    put_rows(object, s, rows, ARRAY_LEN(rows));
    put_product(object, s);
    put_census(object, s);
    return object;
}

static bool
is_among(const struct row *row, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(row[i].name, name) == 0)
            return true;
    return false;
}

bool
prerequisite_known(const char *name)
{
    return strcmp(name, census) == 0 || is_among(rows, ARRAY_LEN(rows), name) ||
           is_among(sql_rows, ARRAY_LEN(sql_rows), name);
}
