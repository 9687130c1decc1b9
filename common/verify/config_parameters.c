#include "config_parameters.h"

#include "config_pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    SET_BYTES_MAX = 32 * 1024
}; /* a longer set is compared as text: names times names takes long */

#define WIZARD   "the Entra Connect wizard on NEW, Customize synchronization options"
#define FEATURES WIZARD ", page Optional features: set it as on OLD"

// clang-format off
static const struct parameter_rule rules[] = {
    /* moves by itself, or is another row */
    {"Microsoft.Synchronize.NextStartTime", PARAMETER_IGNORED, SEVERITY_INFO, "the scheduler's next start", ""},
    {"Microsoft.Synchronize.ServerConfigurationVersion", PARAMETER_IGNORED, SEVERITY_INFO, "the product's version", ""},
    {"Microsoft.Synchronize.SynchronizationPolicy", PARAMETER_IGNORED, SEVERITY_INFO, "what the next cycle will be", ""},
    {"Microsoft.Synchronize.SchedulerSuspended", PARAMETER_IGNORED, SEVERITY_INFO, "the wizard is open, or not", ""},
    {"Microsoft.Synchronize.InstanceId", PARAMETER_IGNORED, SEVERITY_INFO, "each server has its own", ""},
    {"Microsoft.SystemInformation.MachineRole", PARAMETER_IGNORED, SEVERITY_INFO, "what kind of Windows server it is", ""},
    {"Microsoft.SynchronizationOption.AnchorAttribute", PARAMETER_IGNORED, SEVERITY_INFO, "compared as the source anchor", ""},
    {"Microsoft.OptionalFeature.PasswordHashSync", PARAMETER_IGNORED, SEVERITY_INFO, "compared as password synchronization", ""},
    /* differs between an old and a new server */
    {"Microsoft.Synchronize.StagingMode", PARAMETER_EXPECTED, SEVERITY_INFO, "the new server is in staging mode until the handoff", ""},
    {"Microsoft.OptionalFeature.AutoUpgradeState", PARAMETER_EXPECTED, SEVERITY_INFO, "automatic upgrade is frozen or not eligible on one of them; the prerequisites look at it", ""},
    {"Microsoft.OptionalFeature.AutoUpgradeSuspensionReason", PARAMETER_EXPECTED, SEVERITY_INFO, "the reason that the product gives for it", ""},
    {"Microsoft.Version.SynchronizationRuleImmutableTag", PARAMETER_EXPECTED, SEVERITY_INFO, "the product's version of its standard rules", ""},
    /* decides about everybody */
    {"Microsoft.SynchronizationOption.UPNAttribute", PARAMETER_COMPARED, SEVERITY_BLOCK, "everybody's user principal name in the tenant would be taken from another attribute", "uninstall NEW and install it again with the attribute of OLD: it cannot be changed later"},
    {"Microsoft.SynchronizationOption.JoinCriteria", PARAMETER_COMPARED, SEVERITY_REVIEW, "people with accounts in several forests are joined in another way", "uninstall NEW and install it again; page Uniquely identifying your users: choose as on OLD"},
    {"Microsoft.SynchronizationOption.CustomAttribute", PARAMETER_COMPARED, SEVERITY_REVIEW, "people with accounts in several forests are joined by another attribute", "uninstall NEW and install it again; page Uniquely identifying your users: choose as on OLD"},
    {"Microsoft.OptionalFeature.ExportDeletionThreshold", PARAMETER_COMPARED, SEVERITY_REVIEW, "one of the servers does not stop an export that deletes too much", "on NEW: Enable-ADSyncExportDeletionThreshold -DeletionThreshold 500"},
    {"Microsoft.OptionalFeature.ExportDeletionThresholdValue", PARAMETER_COMPARED, SEVERITY_REVIEW, "an export is stopped at another number of deletes", "on NEW: Enable-ADSyncExportDeletionThreshold with the number of OLD"},
    /* switches a feature */
    {"Microsoft.OptionalFeature.PasswordWriteback", PARAMETER_COMPARED, SEVERITY_REVIEW, "password reset in the cloud reaches Active Directory on one of them alone", FEATURES},
    {"Microsoft.OptionalFeature.HybridExchange", PARAMETER_COMPARED, SEVERITY_REVIEW, "Exchange hybrid attributes are written back on one of them alone", FEATURES},
    {"Microsoft.OptionalFeature.ExchangeMailPublicFolder", PARAMETER_COMPARED, SEVERITY_REVIEW, "mail-enabled public folders are synchronized by one of them alone", FEATURES},
    {"Microsoft.OptionalFeature.DeviceWriteBack", PARAMETER_COMPARED, SEVERITY_REVIEW, "devices are written back by one of them alone", "the Entra Connect wizard on NEW, Configure device options: set it as on OLD"},
    {"Microsoft.OptionalFeature.DeviceWriteUp", PARAMETER_COMPARED, SEVERITY_REVIEW, "devices are sent to the tenant by one of them alone", "the Entra Connect wizard on NEW, Configure device options: set it as on OLD"},
    {"Microsoft.OptionalFeature.GroupWriteBack", PARAMETER_COMPARED, SEVERITY_REVIEW, "groups are written back by one of them alone", FEATURES},
    {"Microsoft.OptionalFeature.GroupFiltering", PARAMETER_COMPARED, SEVERITY_BLOCK, "only members of one group are in scope on one of the servers: everybody else would be deleted, or appear", WIZARD ", page Filter users and devices: the group of OLD"},
    {"Microsoft.OptionalFeature.UserWriteBack", PARAMETER_COMPARED, SEVERITY_REVIEW, "users are written back by one of them alone", FEATURES},
    {"Microsoft.OptionalFeature.DirectoryExtension", PARAMETER_COMPARED, SEVERITY_REVIEW, "directory extensions are synchronized by one of them alone: their values are emptied, or appear", FEATURES},
    {"Microsoft.OptionalFeature.DirectoryExtensionAttributes", PARAMETER_SET, SEVERITY_REVIEW, "other attributes are synchronized as directory extensions: values are emptied, or appear", WIZARD ", page Directory extensions: the attributes of OLD"},
    {"Microsoft.DirectoryExtension.SourceTargetAttributesMap", PARAMETER_SET, SEVERITY_REVIEW, "directory extensions arrive under other names in the tenant", WIZARD ", page Directory extensions: the attributes of OLD"},
    {"Microsoft.OptionalFeature.FilterAAD", PARAMETER_COMPARED, SEVERITY_REVIEW, "applications and attributes are limited on one of them alone", WIZARD ", page Azure AD apps: set it as on OLD"},
    {"Microsoft.AADFilter.ApplicationList", PARAMETER_SET, SEVERITY_REVIEW, "attributes of other applications are synchronized", WIZARD ", page Azure AD apps: the applications of OLD"},
    {"Microsoft.AADFilter.AttributeExclusionList", PARAMETER_SET, SEVERITY_REVIEW, "other attributes are kept out: values are emptied, or appear", WIZARD ", page Azure AD attributes: the attributes of OLD"},
    {"Microsoft.UserSignIn.SignOnMethod", PARAMETER_COMPARED, SEVERITY_REVIEW, "the wizard of the two servers was told another way to sign in", "the Entra Connect wizard on NEW, Change user sign-in: as on OLD"},
    {"Microsoft.UserSignIn.DesktopSsoEnabled", PARAMETER_COMPARED, SEVERITY_REVIEW, "seamless single sign-on is set up from one of them alone", "the Entra Connect wizard on NEW, Change user sign-in: as on OLD"},
    /* the scheduler; its settings are shared through the tenant */
    {"Microsoft.Synchronize.SynchronizationSchedule", PARAMETER_COMPARED, SEVERITY_REVIEW, "cycles do not start by themselves on one of them", "on NEW: Set-ADSyncScheduler -SyncCycleEnabled as on OLD; it reaches both servers"},
    {"Microsoft.Synchronize.MaintenanceEnabled", PARAMETER_COMPARED, SEVERITY_REVIEW, "keys are not renewed and history is not purged on one of them", "on NEW: Set-ADSyncScheduler -MaintenanceEnabled as on OLD"},
    {"Microsoft.Synchronize.TimeInterval", PARAMETER_COMPARED, SEVERITY_REVIEW, "cycles start at another interval", "on NEW: Set-ADSyncScheduler -CustomizedSyncCycleInterval as on OLD"},
    {"Microsoft.Synchronize.RunHistoryPurgeInterval", PARAMETER_EXPECTED, SEVERITY_INFO, "run history is kept for another time; nothing else changes", ""},
};
// clang-format on

const struct parameter_rule *
parameter_rules(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(rules);
    return rules;
}

const struct parameter_rule *
parameter_rule_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (strcasecmp(rules[i].name, name) == 0)
            return &rules[i];
    return NULL;
}

const char *
parameter_value(const struct config_model *m, const char *name)
{
    for (size_t i = 0; i < m->parameter_count; i++)
        if (!m->parameter[i].secret && strcasecmp(m->parameter[i].name, name) == 0)
            return m->parameter[i].value;
    return NULL;
}

/* --- values ----------------------------------------------------------------------------------- */

/* 1 and true are one value, and so are 0 and false. */
static const char *
plain_value(const char *value)
{
    static const struct {
        const char *said, *plain;
    } words[] = {{"1", "True"}, {"true", "True"}, {"0", "False"}, {"false", "False"}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcasecmp(value, words[i].said) == 0)
            return words[i].plain;
    return value;
}

/* The next name of a set, without white space around it; 0 at its end. */
static size_t
set_next(const char **at, const char **ret_name)
{
    *at += strspn(*at, " ,;");
    size_t len = strcspn(*at, ",;");
    *ret_name = *at;
    *at += len;
    while (len > 0 && (*ret_name)[len - 1] == ' ')
        len--;
    return len;
}

static bool
set_holds(const char *set, const char *name, size_t len)
{
    const char *other;
    for (size_t n = set_next(&set, &other); n > 0; n = set_next(&set, &other))
        if (n == len && strncasecmp(other, name, len) == 0)
            return true;
    return false;
}

static bool
set_within(const char *a, const char *b)
{
    const char *name;
    for (size_t n = set_next(&a, &name); n > 0; n = set_next(&a, &name))
        if (!set_holds(b, name, n))
            return false;
    return true;
}

static bool
values_equal(const struct parameter_rule *r, const char *a, const char *b)
{
    if (r != NULL && r->treatment == PARAMETER_SET && strlen(a) < SET_BYTES_MAX &&
        strlen(b) < SET_BYTES_MAX)
        return set_within(a, b) && set_within(b, a);
    return strcasecmp(plain_value(a), plain_value(b)) == 0;
}

/* A parameter that another version lacks, and that switches nothing on where it is. */
static bool
value_is_idle(const char *value)
{
    return value[0] == '\0' || strcasecmp(plain_value(value), "False") == 0 ||
           strcasecmp(value, "None") == 0;
}

/* --- rows ------------------------------------------------------------------------------------- */

static void
row_parameter(struct comparison *cmp, const char *name, const char *a, const char *b)
{
    const struct parameter_rule *r = parameter_rule_named(name);
    const char *only = a != NULL ? a : b;
    bool one_sided = a == NULL || b == NULL;
    BATON_ASSERT(only != NULL);
    bool expected =
        (r != NULL && r->treatment == PARAMETER_EXPECTED) || (one_sided && value_is_idle(only));
    struct config_row *row =
        config_row_add(cmp->rows, expected ? CONFIG_EXPECTED : CONFIG_PARAMETER,
                       a != NULL ? a : "not known", b != NULL ? b : "not known", "%s", name);
    if (!expected && r != NULL)
        row->least = one_sided ? SEVERITY_REVIEW : r->least;
    if (one_sided && expected)
        config_row_why(row, "only one version knows it, and it switches nothing on");
    else if (r != NULL)
        config_row_why(row, "%s", r->why);
    else if (one_sided)
        config_row_why(row, "only one version knows this parameter");
    else
        config_row_why(row, "the two servers behave differently in what this parameter names");
    if (expected)
        config_row_advice(row, "nothing");
    else
        config_row_advice(row, "%s",
                          r != NULL ? r->advice
                                    : "find out what set it on OLD, and set it on NEW or "
                                      "accept it");
}

static int
compare_parameters_by_name(const void *a, const void *b)
{
    const struct config_parameter *const *x = a, *const *y = b;
    return strcasecmp((*x)->name, (*y)->name);
}

static enum baton_status
sorted_parameters(const struct config_model *m, const struct config_parameter ***ret_list)
{
    const struct config_parameter **list =
        malloc((m->parameter_count + 1) * sizeof(const struct config_parameter *));
    if (list == NULL)
        return BATON_NOMEM;
    for (size_t i = 0; i < m->parameter_count; i++)
        list[i] = &m->parameter[i];
    // NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are sorted, not what they point to
    qsort((void *)list, m->parameter_count, sizeof *list, compare_parameters_by_name);
    *ret_list = list;
    return BATON_OK;
}

static void
compare_parameter(struct comparison *cmp, const struct config_parameter *a,
                  const struct config_parameter *b)
{
    BATON_ASSERT(a != NULL || b != NULL);
    const char *name = a != NULL ? a->name : b->name;
    const struct parameter_rule *r = parameter_rule_named(name);
    if ((r != NULL && r->treatment == PARAMETER_IGNORED) || (a != NULL && a->secret) ||
        (b != NULL && b->secret))
        return;
    if (a == NULL || b == NULL)
        row_parameter(cmp, name, a != NULL ? a->value : NULL, b != NULL ? b->value : NULL);
    else if (!values_equal(r, a->value, b->value))
        row_parameter(cmp, name, a->value, b->value);
}

enum baton_status
compare_parameters(struct comparison *cmp)
{
    const struct config_model *o = cmp->old_model, *n = cmp->new_model;
    const struct config_parameter **x = NULL, **y = NULL;
    if (!o->parameters_said || !n->parameters_said) {
        config_row_unsaid(cmp, CONFIG_EXPECTED, o->parameters_said, n->parameters_said,
                          "global parameters", "the server");
        return BATON_OK;
    }
    enum baton_status rc = sorted_parameters(o, &x);
    if (rc == BATON_OK)
        rc = sorted_parameters(n, &y);
    for (size_t i = 0, j = 0;
         rc == BATON_OK && (i < o->parameter_count || j < n->parameter_count);) {
        int order = i == o->parameter_count   ? 1
                    : j == n->parameter_count ? -1
                                              : strcasecmp(x[i]->name, y[j]->name);
        compare_parameter(cmp, order <= 0 ? x[i] : NULL, order >= 0 ? y[j] : NULL);
        i += order <= 0;
        j += order >= 0;
    }
    free((void *)x);
    free((void *)y);
    return rc;
}
