#include "prereq_rows.h"

#include "baton/status.h"

#define WINDOWS   "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
#define FRAMEWORK "SOFTWARE\\Microsoft\\NET Framework Setup\\NDP\\v4\\Full"
#define SHELL(n)  "SOFTWARE\\Microsoft\\PowerShell\\" n "\\PowerShellEngine"
#define SHELL_IDS "SOFTWARE\\Microsoft\\PowerShell\\1\\ShellIds\\Microsoft.PowerShell"
#define SCRIBE    "SOFTWARE\\Policies\\Microsoft\\Windows\\PowerShell\\Transcription"
#define FIPS      "SYSTEM\\CurrentControlSet\\Control\\Lsa\\FipsAlgorithmPolicy"
#define TLS(side)                                                                                  \
    "SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\" side
#define NET64 "SOFTWARE\\Microsoft\\.NETFramework\\v4.0.30319"
#define NET32 "SOFTWARE\\WOW6432Node\\Microsoft\\.NETFramework\\v4.0.30319"
#define OLE   "SOFTWARE\\Microsoft\\Ole"
#define CPU   "HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0"

// clang-format off
static const struct prereq_row rows[] = {
    { "os.name",                          WINDOWS,   "ProductName",              PREREQ_TEXT },
    { "os.installation",                  WINDOWS,   "InstallationType",         PREREQ_TEXT },
    { "os.edition",                       WINDOWS,   "EditionID",                PREREQ_TEXT },
    { "os.build",                         WINDOWS,   "CurrentBuildNumber",       PREREQ_DIGITS },
    { "dotnet.release",                   FRAMEWORK, "Release",                  PREREQ_NUMBER },
    { "powershell.version",               SHELL("3"), "PowerShellVersion",       PREREQ_TEXT },
    { "powershell.version",               SHELL("1"), "PowerShellVersion",       PREREQ_TEXT }, /* before 3.0 */
    { "powershell.execution_policy",      SHELL_IDS, "ExecutionPolicy",          PREREQ_TEXT },
    { "powershell.transcription",         SCRIBE,    "EnableTranscripting",      PREREQ_NUMBER },
    { "fips.enabled",                     FIPS,      "Enabled",                  PREREQ_NUMBER },
    { "tls12.client.enabled",             TLS("Client"), "Enabled",              PREREQ_NUMBER },
    { "tls12.client.disabled_by_default", TLS("Client"), "DisabledByDefault",    PREREQ_NUMBER },
    { "tls12.server.enabled",             TLS("Server"), "Enabled",              PREREQ_NUMBER },
    { "tls12.server.disabled_by_default", TLS("Server"), "DisabledByDefault",    PREREQ_NUMBER },
    { "tls12.net64.system_default",       NET64,     "SystemDefaultTlsVersions", PREREQ_NUMBER },
    { "tls12.net64.strong_crypto",        NET64,     "SchUseStrongCrypto",       PREREQ_NUMBER },
    { "tls12.net32.system_default",       NET32,     "SystemDefaultTlsVersions", PREREQ_NUMBER },
    { "tls12.net32.strong_crypto",        NET32,     "SchUseStrongCrypto",       PREREQ_NUMBER },
    { "dcom.machine_access_restriction",  OLE,       "MachineAccessRestriction", PREREQ_IS_SET },
    { "dcom.machine_launch_restriction",  OLE,       "MachineLaunchRestriction", PREREQ_IS_SET },
    { "dcom.default_launch_permission",   OLE,       "DefaultLaunchPermission",  PREREQ_IS_SET },
    { "cpu.mhz",                          CPU,       "~MHz",                     PREREQ_NUMBER },
};
// clang-format on

const struct prereq_row *
prereq_rows(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(rows);
    return rows;
}

/* NULL: it is not what the row says. */
static json_t *
digits(const char *text)
{
    json_int_t n = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '9' || n > INT32_MAX)
            return NULL;
        n = n * 10 + (*c - '0');
    }
    return text[0] == '\0' ? NULL : json_integer(n);
}

static json_t *
value_of(const struct prereq_row *row, const struct prereq_seen *seen)
{
    switch ((enum prereq_kind)row->kind) {
    case PREREQ_TEXT:
        return json_string(seen->text);
    case PREREQ_DIGITS:
        return digits(seen->text);
    case PREREQ_NUMBER:
        return json_integer(seen->number);
    case PREREQ_IS_SET:
        return json_string("set");
    }
    return NULL;
}

void
prereq_row_put(json_t *observed, const struct prereq_row *row, const struct prereq_seen *seen)
{
    const json_t *known = json_object_get(observed, row->name);
    json_t *value = !seen->read ? NULL : seen->there ? value_of(row, seen) : json_null();
    if (value != NULL && (known == NULL || json_is_null(known)))
        json_object_set_new(observed, row->name, value);
    else
        json_decref(value);
}
