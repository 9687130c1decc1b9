#include "explain_private.h"
#include "line.h"

#include <string.h>

/* --- what the state waits for --------------------------------------------------------------------- */

/* The rule that leads on, per state; where two stand, the first whose guards hold is shown. */
static const uint16_t ways[HANDOFF_STATE_COUNT][2] = {
    [HO_ASSESSED] = {301},
    [HO_PLANNED] = {303},
    [HO_EXPORT_SETTINGS] = {305},
    [HO_SETTINGS_SEALED] = {307},
    [HO_INSTALL_STAGED] = {309},
    [HO_FIRST_SYNC] = {311},
    [HO_VERIFY] = {313},
    [HO_READY] = {315},
    [HO_ARMED] = {317},
    [HO_RELEASING] = {319},
    [HO_GAP] = {320},
    [HO_GRANTING] = {323},
    [HO_ACTIVATING] = {325},
    [HO_PROBATION] = {327},
    [HO_DECOMMISSION] = {329, 328},
    [HO_REVOKING] = {351, 350},
    [HO_RESTORING] = {355},
    [HO_HOLD] = {103},
    [HO_FENCING] = {361},
    [HO_BREACH] = {103, 113},
    [HO_FORWARD_REPAIR] = {331},
    [HO_RECONCILE] = {121},
};

/* Conditions choose among the rows of one rule. */
static bool
row_chosen(const struct rule *r, const struct guard_ctx *g)
{
    struct problem ignored;
    for (size_t i = 0; i < GUARDS_PER_RULE && r->guard[i] != G_NONE; i++)
        if (handoff_guard((enum guard_id)r->guard[i])->title == NULL &&
            !guard_check((enum guard_id)r->guard[i], g, &ignored))
            return false;
    return true;
}

/* Where no row is chosen, the first. */
static const struct rule *
rule_in_state(uint16_t number, const struct guard_ctx *g)
{
    size_t count;
    const struct cutover *c = &g->t->cutover;
    const struct rule *rules = handoff_rules(&count), *first = NULL;
    for (size_t i = 0; i < count; i++) {
        if (rules[i].number != number ||
            !handoff_rule_from(&rules[i], (enum handoff_state)c->state) ||
            (rules[i].profiles & PROFILE_BIT(c->profile)) == 0)
            continue;
        if (row_chosen(&rules[i], g))
            return &rules[i];
        first = first == NULL ? &rules[i] : first;
    }
    return first;
}

static void
add_two(struct problem *p, const char *a, const char *b)
{
    char text[sizeof p->fact[0].text];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, a);
    line_put(&l, b);
    problem_add(p, text);
}

/* Everything holds, and what shall be seen is not there yet. */
static void
explain_awaited(const struct tenant *t, const struct rule *r, struct problem *p)
{
    struct task task;
    struct line l;
    line_start(&l, p->title, sizeof p->title);
    line_put(&l, "not seen yet: ");
    line_put(&l, r->why);
    if (tenant_task(t, &task) && task.host[0] != '\0') {
        line_set(p->who, sizeof p->who,
                 "the administrator of that server; then it goes on by itself");
        tenant_text(t, "baton cutover task TENANT", p->next, sizeof p->next);
    } else
        line_set(p->who, sizeof p->who,
                 "nobody: it goes on by itself with the servers' next report");
}

/* Everything holds: the verb to give, or what it waits to see. */
static void
explain_open(const struct tenant *t, const struct rule *r, struct problem *p)
{
    memset(p, 0, sizeof *p);
    if (!handoff_event_is_verb((enum handoff_event)r->on)) {
        explain_awaited(t, r, p);
        return;
    }
    char text[64];
    struct line l;
    line_start(&l, text, sizeof text);
    line_put(&l, "baton cutover ");
    line_put(&l, handoff_event_name((enum handoff_event)r->on));
    line_put(&l, " TENANT");
    line_set(p->title, sizeof p->title, "nothing is in the way: the next step is yours");
    add_two(p, "then: ", r->why);
    line_set(p->who, sizeof p->who, "any operator");
    tenant_text(t, text, p->next, sizeof p->next);
}

/* True: nothing blocks this rule. */
static bool
explain_rule(const struct guard_ctx *g, const struct rule *r, struct problem *p)
{
    memset(p, 0, sizeof *p);
    for (size_t i = 0; i < GUARDS_PER_RULE && r->guard[i] != G_NONE; i++) {
        if (guard_check((enum guard_id)r->guard[i], g, p))
            continue;
        if (handoff_guard((enum guard_id)r->guard[i])->title == NULL)
            line_set(p->title, sizeof p->title, r->why);
        p->rule = r->number;
        return false;
    }
    if (!tenant_authority_takes(g->t, g->now_ms, r->effect)) {
        problem_by_authority(g->t, r, p);
        return false;
    }
    explain_open(g->t, r, p);
    p->rule = r->number;
    return true;
}

/* Why it stands where it stands: the rule that led here, time-outs aside. */
static const struct rule *
how_it_came(const struct cutover *c)
{
    size_t count;
    const struct rule *rules = handoff_rules(&count);
    for (uint32_t n = c->rules_fired_count; n > 0; n--) {
        uint16_t number = c->rules_fired[n - 1];
        if (number / 100 == 4)
            continue;
        for (size_t i = 0; i < count; i++)
            if (rules[i].number == number && rules[i].to == c->state)
                return &rules[i];
    }
    return NULL;
}

/* States in which people stopped the machine: say why, and where it would go on. */
static void
explain_stop(const struct tenant *t, struct problem *p)
{
    const struct cutover *c = &t->cutover;
    const struct rule *how = how_it_came(c);
    if (how != NULL)
        line_set(p->title, sizeof p->title, how->why);
    if (p->status == BATON_OK) { /* only people are missing */
        p->status = BATON_WAITING;
        p->fact_count = 0;
    }
    if (how != NULL && how->on == HEV_HOLD && c->reason[0] != '\0')
        add_two(p, "reason given: ", c->reason);
    if (c->state == HO_FENCING)
        tenant_text(t, "baton cutover task TENANT", p->next, sizeof p->next);
    else if (c->resume_to != HO_NONE)
        add_two(p, "it was in ", handoff_state_title((enum handoff_state)c->resume_to));
}

static bool
state_is_stop(uint8_t s)
{
    return s == HO_HOLD || s == HO_BREACH || s == HO_RECONCILE || s == HO_FENCING ||
           s == HO_FORWARD_REPAIR;
}

static void
explain_terminal(const struct tenant *t, struct problem *p)
{
    enum handoff_state s = (enum handoff_state)t->cutover.state;
    line_set(p->title, sizeof p->title, handoff_state_title(s));
    const struct agent_view *old = tenant_old(t);
    if (old_written_off(t))
        problem_add(p,
                    "people attested that the old server's machine is gone: no guard watches it");
    else if (s == HO_DONE && old->statement_known && old->statement.armed)
        problem_add(p, "the guard on the old server goes on for guard_ms");
    else if (s == HO_DONE)
        problem_add(p, "the guard on the old server is off");
    line_set(p->who, sizeof p->who, "any operator");
    const char *next = "baton cutover create TENANT --old OLD_HOST --new NEW_HOST";
    if (s == HO_NONE) /* nobody has said yet which server is which */
        next = "baton cutover create TENANT --old HOST --new HOST";
    tenant_text(t, s == HO_DONE ? "baton cutover certificate TENANT" : next, p->next,
                sizeof p->next);
}

/* An upgrade in place and an audit move no role between two servers. */
static void
explain_no_way(const struct tenant *t, struct problem *p)
{
    p->status = BATON_REFUSED;
    line_set(p->title, sizeof p->title,
             "this path moves no role between two servers: the assessment is all of it");
    problem_add(p, "for a handoff, give it up and choose another path");
    line_set(p->who, sizeof p->who, "any operator");
    tenant_text(t, "baton cutover abandon TENANT --reason '...'", p->next, sizeof p->next);
}

/* Where one rule leads on, or what keeps it from that. */
static void
explain_ways(const struct guard_ctx *g, struct problem *p)
{
    uint8_t state = g->t->cutover.state;
    bool any = state == HO_NONE;
    for (size_t i = 0; i < ARRAY_LEN(ways[0]) && ways[state][i] != 0; i++) {
        const struct rule *r = rule_in_state(ways[state][i], g);
        if (r == NULL || (any && !row_chosen(r, g))) /* what blocks the way before it is the news */
            continue;
        any = true;
        if (explain_rule(g, r, p))
            return;
    }
    if (!any)
        explain_no_way(g->t, p);
}

void
tenant_explain(const struct tenant *t, uint64_t now_ms, const struct digest_port *dp,
               const struct trust_doc *trust, struct problem *ret_problem)
{
    const struct cutover *c = &t->cutover;
    uint64_t since = now_ms > t->clock_ms ? now_ms - t->clock_ms : 0;
    uint64_t unix_ms = t->clock_unix_ms + since;
    struct guard_ctx g = {.t = t,
                          .now_ms = now_ms,
                          .approvals = {.trust = trust, .dp = dp, .unix_ms = unix_ms},
                          .reason = ""};
    memset(ret_problem, 0, sizeof *ret_problem);
    if (handoff_state_terminal((enum handoff_state)c->state)) {
        explain_terminal(t, ret_problem);
    } else {
        explain_ways(&g, ret_problem);
        explain_verification(&g, ret_problem);
        explain_no_plan(&g, ret_problem);
        explain_halted(&g, ret_problem);
        explain_spoilt(&g, ret_problem);
        if (c->state == HO_RELEASING || c->state == HO_REVOKING)
            explain_unfenced(&g, ret_problem);
        if (c->state == HO_RELEASING || c->state == HO_GAP || c->state == HO_REVOKING)
            explain_other_plan(&g, ret_problem);
        if (c->state == HO_GRANTING || c->state == HO_GAP)
            explain_grant_forgotten(&g, ret_problem);
        if (c->state == HO_PROBATION || c->state == HO_DECOMMISSION)
            explain_dead(&g, ret_problem);
        if (c->state == HO_BREACH)
            explain_breach(&g, ret_problem);
        if (state_is_stop(c->state))
            explain_stop(t, ret_problem);
        if (c->state == HO_BREACH)
            explain_breach_title(&g, ret_problem);
        if (c->state == HO_FENCING)
            explain_fencing(&g, ret_problem);
        explain_leads_on(&g, ret_problem);
    }
    explain_outlaws(&g, ret_problem);
    if (ret_problem->guard != G_RECONCILED) /* which names them itself */
        problem_add_unheard(t, ret_problem);
    ret_problem->since_unix_ms = c->entered_unix_ms;
}

/* --- what a person has to do ---------------------------------------------------------------------- */

#define LEGACY  (PROFILE_BIT(PROFILE_PARALLEL) | PROFILE_BIT(PROFILE_DEAD_SOURCE))
#define SWING   PROFILE_BIT(PROFILE_SWING)
#define BY_HAND PROFILE_BIT(PROFILE_UNSUPPORTED)
#define ALL     PROFILE_ALL

enum where { ON_OLD, ON_NEW, ON_CONSOLE };
enum size { ANY_SIZE, SMALL, LARGE }; /* the wizard offers the export from WIZARD_OFFERS_FROM up */
enum { WIZARD_OFFERS_FROM = 50000 };

// clang-format off
static const struct task_row {
    uint8_t state, where, size;
    unsigned profiles;
    const char *title;
    const char *line[TASK_LINES_MAX];
    const char *warning, *done_when;
} tasks[] = {
    {HO_PLANNED, ON_CONSOLE, ANY_SIZE, ALL, "Approve the plan",
     {"Read the plan: baton cutover show TENANT",
      "Sign it: baton cutover approve TENANT --for plan"},
     "",
     "enough people have approved the plan"},
    {HO_EXPORT_SETTINGS, ON_OLD, SMALL, LEGACY | BY_HAND, "Export the settings of DirSync",
     {"Run AzureADConnect.msi on the DirSync server.",
      "When the page Welcome opens, close the wizard with the X.",
      "Open a command prompt as administrator in the wizard's folder: %ProgramFiles%\\Microsoft Entra Connect, or %ProgramFiles%\\Microsoft Azure Active Directory Connect.",
      "Run: AzureADConnect.exe /ForceExport",
      "Press Export settings and save the file on this server.",
      "Close the wizard. Do not press Upgrade."},
     "Do not uninstall DirSync yourself before the upgrade: its settings would be lost.",
     "the agent sees the settings file, newer than this task, with one hash twice"},
    {HO_EXPORT_SETTINGS, ON_OLD, LARGE, LEGACY | BY_HAND, "Export the settings of DirSync",
     {"Run AzureADConnect.msi on the DirSync server.",
      "On the page Welcome agree to the terms and press Continue; the wizard analyses DirSync.",
      "From 50,000 objects up the wizard itself offers the export: press Export settings.",
      "Save the file on this server, then close the wizard."},
     "Do not uninstall DirSync yourself before the upgrade: its settings would be lost.",
     "the agent sees the settings file, newer than this task, with one hash twice"},
    {HO_EXPORT_SETTINGS, ON_OLD, ANY_SIZE, SWING, "Export the settings of the old server",
     {"Open Entra Connect (Azure AD Connect) from the Start menu and press Configure.",
      "Choose View or export current configuration, press Next, then Export settings.",
      "If the version does not offer it: run MigrateSettings.ps1 from the wizard folder's Tools and keep the whole folder it writes.",
      "Close the wizard: while it is open the scheduler is suspended."},
     "Do not switch the sync cycle off: that setting is shared by both servers through the tenant.",
     "the agent sees the settings file, newer than this task, with one hash twice"},
    {HO_SETTINGS_SEALED, ON_NEW, ANY_SIZE, ALL, "Let the settings file arrive",
     {"The agents carry the sealed file to the new server; nothing is to be done when both are connected.",
      "If they cannot: copy the exported file to the new server's Baton folder by hand.",
      "Fix what blocks, as baton-agent preflight on the new server shows it."},
     "",
     "the same hash is seen on the new server and its prerequisites hold"},
    {HO_INSTALL_STAGED, ON_NEW, ANY_SIZE, LEGACY, "Install Entra Connect in staging mode",
     {"Run AzureADConnect.msi on the new server; when the page Welcome opens, close the wizard with the X.",
      "Open a command prompt as administrator in the wizard's folder and run: AzureADConnect.exe /migrate",
      "Select the settings file that the agent put on this server.",
      "Advanced options: another SQL instance than the one DirSync uses; a domain service account if SQL is remote.",
      "Sign in to Entra and to each forest as the wizard asks.",
      "On Ready to configure leave \"Start the synchronization process as soon as the configuration completes\" ticked; staging mode is on. Press Install.",
      "Sign out of Windows and in again before you use the tools.",
      "Later open the wizard from the Start menu; never run the MSI again."},
     "Leave staging mode on: Baton says when it may be left.",
     "product found, staging mode on by two sources, no export ever"},
    {HO_INSTALL_STAGED, ON_NEW, ANY_SIZE, BY_HAND, "Install Entra Connect clean, in staging mode",
     {"Run AzureADConnect.msi on the new server and choose Customize; do not use /migrate.",
      "Enter the same domains, organizational units and features as the old server has.",
      "On Ready to configure tick Enable staging mode, leave the synchronization start ticked, press Install.",
      "Re-create each unsupported change of the old server as a custom rule in the Synchronization Rules Editor.",
      "Sign out of Windows and in again before you use the tools. Never run the MSI again."},
     "Leave staging mode on: Baton says when it may be left.",
     "product found, staging mode on by two sources, no export ever"},
    {HO_INSTALL_STAGED, ON_NEW, ANY_SIZE, SWING, "Install Entra Connect from the old server's settings",
     {"Run AzureADConnect.msi on the new server and choose Customize.",
      "Tick Import synchronization settings and select the file (or the whole exported folder).",
      "Staging mode is pre-selected: leave it on, leave the synchronization start ticked, press Install.",
      "Sign out of Windows and in again before you use the tools. Never run the MSI again."},
     "Leave staging mode on: Baton says when it may be left.",
     "product found, staging mode on by two sources"},
    {HO_VERIFY, ON_CONSOLE, ANY_SIZE, ALL, "Review what the new server would export",
     {"Read the verification: baton cutover show TENANT",
      "Look at each deletion and at every difference of the configuration.",
      "Accept it: baton cutover accept TENANT --reason '...'"},
     "",
     "a person has accepted the verification"},
    {HO_READY, ON_CONSOLE, ANY_SIZE, ALL, "Approve the cutover and arm it",
     {"Two people sign: baton cutover approve TENANT --for cutover",
      "Exempt the old server's sync service from monitoring that restarts services.",
      "Close wizards and consoles on both servers, then: baton cutover arm TENANT"},
     "",
     "armed under the approvals of different people"},
    {HO_ARMED, ON_CONSOLE, ANY_SIZE, ALL, "Start when somebody is at both consoles",
     {"Start: baton cutover start TENANT"},
     "From here until the new server's first export nobody exports.",
     "the old server is asked to stop"},
    {HO_RELEASING, ON_OLD, ANY_SIZE, SWING, "Put the old server into staging mode",
     {"Open Entra Connect from the Start menu and press Configure.",
      "Choose Configure staging mode, press Next and sign in.",
      "Tick Enable staging mode, press Next, then Configure; close the wizard."},
     "",
     "staging mode on by two sources, no run in progress, no wizard open"},
    {HO_GAP, ON_CONSOLE, ANY_SIZE, ALL, "Go or no go",
     {"Go: baton cutover go TENANT (everybody is challenged, then you sign over their evidence)",
      "Back: baton cutover rollback TENANT"},
     "After the new server has left staging mode there is only forward.",
     "go is signed, or it is rolled back"},
    {HO_GRANTING, ON_NEW, ANY_SIZE, ALL, "Leave staging mode on the new server",
     {"Open Entra Connect from the Start menu (never run the MSI again) and press Configure.",
      "Choose Configure staging mode, press Next and sign in.",
      "Untick Enable staging mode and press Next.",
      "Leave \"Start the synchronization process when configuration completes\" ticked and press Configure."},
     "Only now, while the grant is live. After this there is only forward.",
     "staging mode is seen off under the live grant"},
    {HO_ACTIVATING, ON_NEW, ANY_SIZE, ALL, "Watch the first export",
     {"Wait for the first export to end.",
      "If it stops at the deletion threshold: look at the deletions before anything else."},
     "",
     "an export run of the new server ended with success"},
    {HO_DECOMMISSION, ON_OLD, ANY_SIZE, LEGACY | BY_HAND, "Remove the old server",
     {"Uninstall DirSync (Windows Azure Active Directory Sync tool) in Programs and Features.",
      "Find its own account: Entra admin center, Users, All users, search Sync_OLD_HOST.",
      "On the new server (NEW_HOST) open PowerShell as administrator: Import-Module ADSync",
      "Then, with that account's name: Remove-ADSyncAADServiceAccount -AADCredential (Get-Credential) -Name Sync_OLD_HOST_...",
      "If DirSync signed in with another account: Users, that account, Edit properties, Settings, untick Account enabled, Save; then Revoke sessions.",
      "Sign and retire it: baton cutover retire TENANT",
      "Where Baton cannot see the removal, keep the page as a file and sign for it: baton cutover retire TENANT --account-gone FILE",
      "Is its machine gone for good: two with the break-glass role sign what shows it: baton cutover attest TENANT --host OLD_HOST --seen FILE",
      "Then retire it as above."},
     "Until its own account is gone the certificate says: local fence only. Tokens already issued live about an hour longer.",
     "product absent, the removal of its account logged on the new server (or signed for), tombstone confirmed"},
    {HO_DECOMMISSION, ON_OLD, ANY_SIZE, SWING, "Remove the old server",
     {"Uninstall Entra Connect in Programs and Features; sign in when asked, so that its cloud side is removed too.",
      "Look whether its account is left: Entra admin center, Users, All users, search Sync_OLD_HOST; and, under App registrations, ConnectSyncProvisioning_OLD_HOST.",
      "If it is, on the new server (NEW_HOST) as administrator: Import-Module ADSync",
      "Then: Remove-ADSyncAADServiceAccount -AADCredential (Get-Credential) -Name Sync_OLD_HOST_...",
      "Sign and retire it: baton cutover retire TENANT",
      "Where Baton cannot see the removal, keep the page as a file and sign for it: baton cutover retire TENANT --account-gone FILE",
      "Is its machine gone for good: two with the break-glass role sign what shows it: baton cutover attest TENANT --host OLD_HOST --seen FILE",
      "Then retire it as above."},
     "Until its own account is gone the certificate says: local fence only. Tokens already issued live about an hour longer.",
     "product absent, the removal of its account logged on the new server (or signed for), tombstone confirmed"},
    {HO_REVOKING, ON_NEW, ANY_SIZE, SWING, "Put the new server into staging mode",
     {"Open Entra Connect from the Start menu and press Configure.",
      "Choose Configure staging mode, press Next and sign in.",
      "Tick Enable staging mode if it is not ticked, press Next, then Configure; close the wizard."},
     "A late click in an open wizard is how two exporters happen.",
     "the new server proved that it is quiet in staging mode"},
    {HO_RESTORING, ON_OLD, ANY_SIZE, SWING, "Leave staging mode on the old server",
     {"Open Entra Connect from the Start menu and press Configure.",
      "Choose Configure staging mode, press Next and sign in.",
      "Untick Enable staging mode, press Next, then Configure."},
     "Only now, while the grant is live.",
     "an export run of the old server ended with success"},
    {HO_REVOKING, ON_NEW, ANY_SIZE, LEGACY | BY_HAND, "Keep hands off the new server",
     {"Close wizard, console and PowerShell windows on it; change nothing."},
     "A late click in an open wizard is how two exporters happen.",
     "the new server proved that it is quiet"},
    {HO_FENCING, ON_CONSOLE, ANY_SIZE, ALL, "Fence the server that does not answer",
     {"Bring its agent back if you can: its own evidence is the best fence.",
      "Remove or disable its connector account or certificate in the tenant, then wait 90 minutes for tokens to end.",
      "Or power it off, or cut its network, at the hypervisor.",
      "Two people with the break-glass role sign what they saw: baton cutover attest TENANT --host OLD_HOST --seen FILE"},
     "With a tenant-side fence rollback is given up.",
     "evidence or two attestations stand for every server"},
    {HO_FORWARD_REPAIR, ON_NEW, ANY_SIZE, ALL, "Repair the new server",
     {"Read the export error in the Synchronization Service Manager.",
      "stopped-deletion-threshold-exceeded: check each deletion; only then raise or lift the threshold.",
      "Run a delta synchronization when it is repaired."},
     "Do not start the old server.",
     "an export run of the new server ended with success"},
};
// clang-format on

static enum size
size_of(const struct tenant *t)
{
    int64_t objects = fact_or(&tenant_old(t)->facts, FACT_OBJECTS, 0);
    return objects >= WIZARD_OFFERS_FROM ? LARGE : SMALL;
}

/* Held because OLD went away too early: say again what would have been right. */
static bool
task_after_early_removal(const struct tenant *t, struct task *ret)
{
    const struct cutover *c = &t->cutover;
    if (c->state != HO_HOLD || c->settings_sealed || c->resume_to >= HO_INSTALL_STAGED ||
        !fact_is(&tenant_old(t)->facts, FACT_PRODUCT_PRESENT, 0))
        return false;
    line_set(ret->title, sizeof ret->title, "Do not uninstall DirSync yourself before the upgrade");
    line_set(ret->host, sizeof ret->host, tenant_old(t)->host);
    line_set(ret->line[0].text, sizeof ret->line[0].text,
             "Reinstall DirSync or restore the server, so that its settings can be exported.");
    tenant_text(t, "Then: baton cutover resume TENANT", ret->line[1].text,
                sizeof ret->line[1].text);
    line_set(ret->line[2].text, sizeof ret->line[2].text,
             "If that cannot be done: abandon, and install clean on the unsupported path.");
    ret->line_count = 3;
    line_set(
        ret->warning, sizeof ret->warning,
        "A restored server may export at once: keep it off the network until its agent is seen.");
    line_set(ret->done_when, sizeof ret->done_when, "the product is seen on the old server again");
    return true;
}

static void
task_fill(const struct tenant *t, const struct task_row *row, struct task *ret)
{
    line_set(ret->title, sizeof ret->title, row->title);
    line_set(ret->warning, sizeof ret->warning, row->warning);
    line_set(ret->done_when, sizeof ret->done_when, row->done_when);
    if (row->where != ON_CONSOLE)
        line_set(ret->host, sizeof ret->host,
                 row->where == ON_OLD ? tenant_old(t)->host : tenant_new(t)->host);
    for (size_t i = 0; i < TASK_LINES_MAX && row->line[i] != NULL; i++) {
        tenant_text(t, row->line[i], ret->line[i].text, sizeof ret->line[i].text);
        ret->line_count++;
    }
}

/* A grant is on its way until the new server's own word, heard in this run, says that it lives there: who leaves staging mode
 * before that exports without one, and its guard stops it. */
static bool
grant_awaited(const struct tenant *t)
{
    const struct authority *a = &t->authority;
    int m = tenant_member(t, tenant_new(t));
    return t->cutover.state == HO_GRANTING &&
           (m < 0 || a->member[m].grant != GRANT_LIVE || (a->recovering && !a->member[m].heard));
}

bool
tenant_task(const struct tenant *t, struct task *ret_task)
{
    memset(ret_task, 0, sizeof *ret_task);
    if (task_after_early_removal(t, ret_task))
        return true;
    if (grant_awaited(t))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
        const struct task_row *row = &tasks[i];
        if (row->state != t->cutover.state ||
            (row->profiles & PROFILE_BIT(t->cutover.profile)) == 0 ||
            (row->size != ANY_SIZE && row->size != size_of(t)))
            continue;
        task_fill(t, row, ret_task);
        return true;
    }
    return false;
}
