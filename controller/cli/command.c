#include "commands.h"

#include <stdio.h>
#include <string.h>

#define END                                                                                        \
    {                                                                                              \
        NULL, NULL, NULL                                                                           \
    }

static const struct option_row globals[] = {
    {"output", "FORMAT", "table, json, jsonl or csv; reports also html (-o)"},
    {"config", "FILE", "settings other than ~/.config/baton/baton.ini"},
    {"url", "URL", "the controller's https address"},
    {"fingerprint", "HEX", "SHA-256 of the controller's TLS key"},
    {"token-file", "FILE", "file with the bearer token (0600)"},
    {"key-file", "FILE", "your signing key"},
    {"passphrase-file", "FILE", "file with its passphrase (0600)"},
    {"root", "HEX", "public key of the root of trust"},
    {"timeout", "SECONDS", "longest wait; 600 unless given"},
    {"yes", NULL, "answer questions with yes (-y)"},
    {"no-color", NULL, "no colours; so does NO_COLOR"},
    {"help", NULL, "this text (-h)"},
    END,
};

static const struct option_row watchable[] = {
    {"watch", NULL, "keep showing it; stop with Ctrl-C"},
    {"tenant", "TENANT", "only this tenant"},
    END,
};
static const struct option_row rows_options[] = {
    {"rule", "RULE", "only what counts for this rule"},
    END,
};
static const struct option_row watch_only[] = {
    {"watch", NULL, "keep showing it; stop with Ctrl-C"},
    END,
};
static const struct option_row verb_options[] = {
    {"reason", "TEXT", "for the audit"},
    {"wait", NULL, "until it is done, or people are needed"},
    END,
};
static const struct option_row sign_options[] = {
    {"wait", NULL, "until it is done, or people are needed"},
    {"reason", "TEXT", "for the audit"},
    END,
};
static const struct option_row retire_options[] = {
    {"account-gone", "FILE",
     "you say that its account in the tenant is gone; the SHA-256 of what shows it is signed"},
    {"wait", NULL, "until it is done, or people are needed"},
    {"reason", "TEXT", "for the audit"},
    END,
};
static const struct option_row approve_options[] = {
    {"host", "HOST", "with --for retire: a server that the plan leaves out"},
    {"for", "VERB", "plan, adopt, cutover, rollback or retire; what is waited for unless given"},
    END,
};
static const struct option_row attest_options[] = {
    {"host", "HOST", "the server that cannot answer"},
    {"seen", "FILE", "what you saw of it: its SHA-256 is signed"},
    {"reason", "TEXT", "for the audit"},
    END,
};
static const struct option_row create_options[] = {
    {"old", "HOST", "the server that exports now"},
    {"new", "HOST", "the server that shall export"},
    {"profile", "PATH", "another path than the recommended one"},
    {"reason", "TEXT", "why another path"},
    END,
};
static const struct option_row pair_options[] = {
    {"old", "HOST", "the server that exports now"},
    {"new", "HOST", "the server that shall export"},
    END,
};
static const struct option_row dispose_options[] = {
    {"as", "KIND", "accepted, fixed or not-applicable"},
    {"reason", "TEXT", "why; an auditor will read it"},
    END,
};
static const struct option_row wait_options[] = {
    {"for", "STATE", "code or title, several with commas: C3,gap"},
    END,
};
static const struct option_row tenant_options[] = {
    {"lab", NULL, "a simulated tenant"},
    {"set", "NAME=VALUE", "a policy value; may be repeated"},
    END,
};
static const struct option_row set_options[] = {
    {"set", "NAME=VALUE", "a policy value; may be repeated"},
    END,
};
static const struct option_row window_options[] = {
    {"from", "TIME", "with set: when it opens"},
    {"until", "TIME", "with set: when it is over"},
    END,
};
static const struct option_row verification_options[] = {
    {"policy", "FILE", "with set: the policy, YAML"},
    END,
};
static const struct option_row preset_options[] = {
    {"preset", "NAME",
     "of a policy that names none: parity (unless given), parallel-upgrade or unsupported-path"},
    END,
};
static const struct option_row token_options[] = {
    {"role", "ROLE", "old or new"},
    {"ttl", "SECONDS", "how long it may be used; 900 unless given, at most 86400"},
    END,
};
static const struct option_row confirm_options[] = {
    {"expect", "HEX", "fingerprint read on the server's own console"},
    END,
};
static const struct option_row reason_options[] = {
    {"reason", "TEXT", "for the audit"},
    END,
};
static const struct option_row operator_options[] = {
    {"id", "HEX", "operator id of an existing login; that of the login here unless given"},
    {"roles", "ROLES",
     "view,operate,approve,break-glass,audit,admin; view,operate,approve unless given"},
    {"tenant", "GUID", "limited to this tenant; may be repeated"},
    {"card", "FILE", "where the public card goes; KEYFILE.card unless given"},
    {"cost", "COST", "production or least (tests and labs) for the passphrase"},
    END,
};
static const struct option_row init_options[] = {
    {"root-key", "FILE", "where the root key goes (or is)"},
    {"root-passphrase-file", "FILE", "file with its passphrase (0600)"},
    {"operator", "CARD", "an operator's card; may be repeated"},
    {"controller", "HEX", "the controller's key; asked of the controller unless given"},
    {"quorum", "VERB=N", "people needed; may be repeated"},
    {"lab", NULL, "all tenants are simulations"},
    {"cost", "COST", "production or least (tests and labs) for the passphrase"},
    END,
};
static const struct option_row root_options[] = {
    {"root-key", "FILE", "the root key"},
    {"root-passphrase-file", "FILE", "file with its passphrase (0600)"},
    END,
};
static const struct option_row login_options[] = {
    {"token", "FILE", "take the token from this file instead of standard input"},
    END,
};
static const struct option_row login_add_options[] = {
    {"roles", "ROLES", "view,operate,approve,break-glass,audit,admin"},
    {"tenant", "GUID", "limits the login to this tenant"},
    {"id", "HEX", "operator id; by name from the trust document unless given"},
    {"save", "FILE", "write the token to this file (0600) instead of showing it"},
    END,
};
static const struct option_row audit_options[] = {
    {"tenant", "TENANT", "only this tenant"},
    {"after", "SEQ", "records above this one"},
    {"watch", NULL, "keep showing new ones; stop with Ctrl-C"},
    END,
};

static const struct option_row export_options[] = {
    {"tenant", "TENANT", "only this tenant; of others the hashes"},
    END,
};
static const struct option_row certificate_options[] = {
    {"save", "FILE", "write it to this new file"},
    {"html", NULL, "as a page to print"},
    END,
};
static const struct option_row analyze_options[] = {
    {"against", "FILE", "what the old server would export; may be repeated"},
    {"policy", "FILE", "limits of a tenant, YAML"},
    {"preset", "NAME",
     "of a policy that names none: parity (unless given), parallel-upgrade or unsupported-path"},
    {"threads", "N", "1 or 2; 2 unless given, for a large file and where there are two processors"},
    {"scope", "OBJECTS", "how many objects the connector has: limits in percent are judged"},
    END,
};
static const struct option_row compare_options[] = {
    {"policy", "FILE", "a tenant's policy: how differences are judged"},
    {"preset", "NAME",
     "of a policy that names none: parity (unless given), parallel-upgrade or unsupported-path"},
    {"dispositions", "FILE", "what people decided about rows, as baton config accept wrote it"},
    {"operator", "CARD", "whose decisions count; may be repeated"},
    END,
};
static const struct option_row runs_options[] = {
    {"after", "TIME", "when the configuration was last changed; full runs have to be newer"},
    {"configuration", "FOLDER",
     "the exported configuration: which connectors, and when they were changed"},
    {"fenced-since", "TIME", "the server may not export since then"},
    {"policy", "FILE", "limits of a tenant, YAML"},
    {"preset", "NAME",
     "of a policy that names none: parity (unless given), parallel-upgrade or unsupported-path"},
    END,
};
static const struct option_row accept_options[] = {
    {"reason", "TEXT", "for an auditor"},
    {"as", "KIND", "accepted (unless given), fixed or not-applicable"},
    {"dispositions", "FILE", "the file it goes to; dispositions.json unless given"},
    {"card", "FILE", "your public card; KEYFILE.card unless given"},
    END,
};
static const struct option_row fsm_options[] = {
    {"machine", "MACHINE", "workflow (unless given), authority, agent or messages"},
    {"format", "FORMAT", "table (unless given), mermaid, dot or json"},
    END,
};

// clang-format off
static const struct command commands[] = {
    {"login", "", "[URL]", 0, 1, login_options, cmd_login_set, "keep address, fingerprint and token of a controller, after trying them",
     "baton login https://controller:7443 --fingerprint 5f3c… < token"},
    {"login", "show", "", 0, 0, NULL, cmd_login_show, "who you are there", "baton login show"},
    {"login", "list", "", 0, 0, NULL, cmd_login_list, "all logins", "baton login list"},
    {"login", "add", "NAME", 1, 1, login_add_options, cmd_login_add, "make a login for an operator",
     "baton login add bob --roles view,operate,approve --save bob.token"},
    {"login", "remove", "NAME|ID", 1, 1, NULL, cmd_login_remove, "remove an operator's logins", "baton login remove bob"},
    {"tenant", "list", "", 0, 0, watch_only, cmd_tenant_list, "tenants, who exports, what is open", "baton tenant list\nbaton tenant list -o csv"},
    {"tenant", "create", "GUID NAME", 2, 2, tenant_options, cmd_tenant_create, "add a tenant",
     "baton tenant create 8f7a9d6e-0000-4000-8000-5d7c2a6b1f00 contoso"},
    {"tenant", "show", "TENANT", 1, 1, watch_only, cmd_tenant_show, "one tenant", "baton tenant show contoso"},
    {"tenant", "policy", "TENANT", 1, 1, NULL, cmd_tenant_policy, "its policy and where each value comes from", "baton tenant policy contoso"},
    {"tenant", "set", "TENANT", 1, 1, set_options, cmd_tenant_set, "change its policy", "baton tenant set contoso --set deletes_count=20"},
    {"tenant", "verification", "set|clear|show TENANT", 2, 2, verification_options, cmd_tenant_verification, "by which verification policy its next handoff is judged",
     "baton tenant verification set contoso --policy contoso.yaml\nbaton tenant verification show contoso"},
    {"tenant", "window", "set|clear|show TENANT", 2, 2, window_options, cmd_tenant_window, "when a cutover may be armed; times in RFC 3339, or local with a zone behind them",
     "baton tenant window set contoso --from 2026-12-05T20:00:00Z --until 2026-12-06T02:00:00Z\nbaton tenant window set contoso --from '2026-12-05 21:00 Europe/Vienna' --until '2026-12-06 03:00 Europe/Vienna'"},
    {"agent", "list", "", 0, 0, watchable, cmd_agent_list, "agents", "baton agent list --tenant contoso"},
    {"agent", "show", "TENANT HOST", 2, 2, watch_only, cmd_agent_show, "one agent with its facts", "baton agent show contoso SYNC01"},
    {"agent", "token", "TENANT HOST", 2, 2, token_options, cmd_agent_token, "a token with which one server enrols",
     "baton agent token contoso SYNC01 --role old"},
    {"agent", "confirm", "TENANT HOST", 2, 2, confirm_options, cmd_agent_confirm, "sign that this key is that server's",
     "baton agent confirm contoso SYNC01 --expect 3d41…"},
    {"agent", "revoke", "TENANT HOST", 2, 2, reason_options, cmd_agent_revoke, "shut an agent out", "baton agent revoke contoso SYNC01 --reason 'reinstalled'"},
    {"agent", "disarm", "TENANT HOST", 2, 2, NULL, cmd_agent_disarm, "sign that its guard may stop watching", "baton agent disarm contoso SYNC01"},
    {"agent", "readmit", "TENANT HOST", 2, 2, NULL, cmd_agent_readmit, "sign that a quarantined server counts again", "baton agent readmit contoso SYNC01"},
    {"operator", "new", "NAME", 1, 1, operator_options, cmd_operator_new, "make your signing key on this machine",
     "baton operator new alice --roles view,operate,approve"},
    {"operator", "show", "", 0, 0, NULL, cmd_operator_show, "the public part of your key", "baton operator show"},
    {"operator", "list", "", 0, 0, NULL, cmd_operator_list, "operators of the trust document", "baton operator list"},
    {"trust", "init", "", 0, 0, init_options, cmd_trust_init, "make the root key and the first trust document",
     "baton trust init --root-key root.key --operator alice.card --operator bob.card"},
    {"trust", "show", "", 0, 0, NULL, cmd_trust_show, "the trust document, checked", "baton trust show"},
    {"trust", "pin", "HEX", 1, 1, NULL, cmd_trust_pin, "believe documents of this root key from now on", "baton trust pin 5b0c…"},
    {"trust", "add-operator", "CARD...", 1, 8, root_options, cmd_trust_add_operator, "add operators, or replace one", "baton trust add-operator carol.card"},
    {"trust", "remove-operator", "NAME", 1, 1, root_options, cmd_trust_remove_operator, "remove an operator", "baton trust remove-operator bob"},
    {"trust", "add-controller", "HEX", 1, 1, root_options, cmd_trust_add_controller, "add a controller's key", "baton trust add-controller 77aa…"},
    {"trust", "quorum", "VERB=N...", 1, 8, root_options, cmd_trust_quorum, "how many people a verb needs", "baton trust quorum cutover=2 go=1"},
    {"cutover", "list", "", 0, 0, watchable, cmd_cutover_list, "cutovers", "baton cutover list --watch"},
    {"cutover", "assess", "TENANT", 1, 1, pair_options, cmd_cutover_assess, "which path fits, and why", "baton cutover assess contoso --old SYNC01 --new SYNC02"},
    {"cutover", "create", "TENANT", 1, 1, create_options, cmd_cutover_create, "begin a cutover", "baton cutover create contoso --old SYNC01 --new SYNC02"},
    {"cutover", "show", "CUTOVER", 1, 1, watch_only, cmd_cutover_show, "one cutover", "baton cutover show contoso"},
    {"cutover", "explain", "CUTOVER", 1, 1, watch_only, cmd_cutover_explain, "what it waits for, since when, who can clear it, and the command", "baton cutover explain contoso"},
    {"cutover", "task", "CUTOVER", 1, 1, watch_only, cmd_cutover_task, "what a person has to do now, with the exact clicks", "baton cutover task contoso"},
    {"cutover", "watch", "CUTOVER", 1, 1, NULL, cmd_cutover_watch, "live view", "baton cutover watch contoso"},
    {"cutover", "wait", "CUTOVER", 1, 1, wait_options, cmd_cutover_wait, "until it is in a state", "baton cutover wait contoso --for C3 --timeout 900"},
    {"cutover", "plan", "CUTOVER", 1, 1, verb_options, cmd_cutover_verb, "freeze the plan", "baton cutover plan contoso"},
    {"cutover", "approve", "CUTOVER", 1, 1, approve_options, cmd_cutover_approve, "look at it and sign", "baton cutover approve contoso"},
    {"cutover", "findings", "CUTOVER", 1, 1, watch_only, cmd_cutover_findings, "what the new server's checks found, and what people decided", "baton cutover findings contoso"},
    {"cutover", "rows", "CUTOVER", 1, 1, rows_options, cmd_cutover_rows, "the objects behind the findings, opened with your own key", "baton cutover rows contoso --rule EX-DELETES\nbaton cutover rows contoso -o csv > rows.csv"},
    {"cutover", "dispose", "CUTOVER ROW", 2, 2, dispose_options, cmd_cutover_dispose, "decide about one finding, and sign", "baton cutover dispose contoso 3f9a12cd --as accepted --reason 'the container is empty'"},
    {"cutover", "accept", "CUTOVER", 1, 1, verb_options, cmd_cutover_verb, "accept the verification", "baton cutover accept contoso"},
    {"cutover", "arm", "CUTOVER", 1, 1, verb_options, cmd_cutover_verb, "get ready to fence", "baton cutover arm contoso"},
    {"cutover", "start", "CUTOVER", 1, 1, verb_options, cmd_cutover_verb, "fence the old server", "baton cutover start contoso --wait"},
    {"cutover", "go", "CUTOVER", 1, 1, sign_options, cmd_cutover_go, "ask everybody, look at the evidence, sign", "baton cutover go contoso"},
    {"cutover", "no-go", "CUTOVER", 1, 1, verb_options, cmd_cutover_verb, "stay in the gap, on the record", "baton cutover no-go contoso --reason 'pending deletes'"},
    {"cutover", "hold", "CUTOVER", 1, 1, verb_options, cmd_cutover_verb, "stop where it is", "baton cutover hold contoso --reason 'network work'"},
    {"cutover", "resume", "CUTOVER", 1, 1, verb_options, cmd_cutover_verb, "go on after a hold", "baton cutover resume contoso"},
    {"cutover", "reverify", "CUTOVER", 1, 1, verb_options, cmd_cutover_verb, "verify again", "baton cutover reverify contoso"},
    {"cutover", "challenge", "CUTOVER", 1, 1, verb_options, cmd_cutover_verb, "fresh evidence now", "baton cutover challenge contoso"},
    {"cutover", "fence", "CUTOVER", 1, 1, verb_options, cmd_cutover_verb, "the old server cannot answer", "baton cutover fence contoso"},
    {"cutover", "attest", "CUTOVER", 1, 1, attest_options, cmd_cutover_attest, "break-glass: sign for a server that cannot answer", "baton cutover attest contoso --host SYNC01 --seen photo.jpg"},
    {"cutover", "rollback", "CUTOVER", 1, 1, sign_options, cmd_cutover_rollback, "sign and give the role back to the old server", "baton cutover rollback contoso --reason 'wrong rules'"},
    {"cutover", "abandon", "CUTOVER", 1, 1, verb_options, cmd_cutover_verb, "give up before anything was fenced", "baton cutover abandon contoso --reason 'not this month'"},
    {"cutover", "adopt", "CUTOVER", 1, 1, sign_options, cmd_cutover_adopt, "sign and record a cutover that was made by hand", "baton cutover adopt contoso"},
    {"cutover", "acknowledge", "CUTOVER", 1, 1, verb_options, cmd_cutover_verb, "a guard's alarm was seen by you", "baton cutover acknowledge contoso"},
    {"cutover", "confirm-foreign", "CUTOVER", 1, 1, verb_options, cmd_cutover_verb, "accept what agents know and this controller forgot", "baton cutover confirm-foreign contoso"},
    {"cutover", "retire", "CUTOVER", 1, 1, retire_options, cmd_cutover_retire, "sign and retire the old server for good", "baton cutover retire contoso"},
    {"cutover", "certificate", "CUTOVER", 1, 1, certificate_options, cmd_cutover_certificate, "what happened, on paper, checked here", "baton cutover certificate contoso --save contoso.json\nbaton cutover certificate contoso --html --save contoso.html"},
    {"approval", "list", "", 0, 0, watchable, cmd_approval_list, "approvals of open cutovers", "baton approval list"},
    {"audit", "list", "", 0, 0, audit_options, cmd_audit_list, "audit records", "baton audit list --tenant contoso\nbaton audit list --watch"},
    {"audit", "export", "FILE", 1, 1, export_options, cmd_audit_export, "records and all that proves them, in one file", "baton audit export contoso.bundle --tenant contoso"},
    {"audit", "verify", "FILE", 1, 1, NULL, cmd_audit_verify, "check a bundle or a certificate; needs no controller", "baton audit verify contoso.bundle --root 5b0c…"},
    {"fsm", "", "", 0, 0, fsm_options, cmd_fsm, "the tables that decide, as diagrams", "baton fsm --machine authority --format mermaid"},
    {"policy", "check", "FILE", 1, 1, preset_options, cmd_policy_check, "whether a verification policy can be read, and what it changes; needs no controller",
     "baton policy check contoso.yaml"},
    {"policy", "show", "[FILE]", 0, 1, preset_options, cmd_policy_show, "every rule of verification under a policy, or under a preset alone; needs no controller",
     "baton policy show --preset parallel-upgrade\nbaton policy show contoso.yaml -o json"},
    {"policy", "explain", "[NAME]", 0, 1, NULL, cmd_policy_explain, "every duration and limit, with its source", "baton policy explain gap_decide_ms"},
    {"config", "explain", "", 0, 0, NULL, cmd_config_explain, "this program's settings and where each comes from", "baton config explain"},
    {"exports", "analyze", "FILE...", 1, ARGS_MAX, analyze_options, cmd_exports_analyze, "what a server would change in the tenant; needs no controller",
     "baton exports analyze pending.xml --scope 60000\nbaton exports analyze new.xml --against old.xml --output html > exports.html"},
    {"config", "compare", "OLD NEW", 2, 2, compare_options, cmd_config_compare, "what a new server is configured to do otherwise than the old one; needs no controller",
     "baton config compare old/ new/\nbaton config compare old/ new/ --output html > parity.html"},
    {"config", "accept", "REPORT ROW", 2, 2, accept_options, cmd_config_accept, "sign that a difference is accepted, and why",
     "baton config accept parity.json 1f0c22 --reason 'the container was emptied last year'"},
    {"runs", "check", "FILE...", 1, ARGS_MAX, runs_options, cmd_runs_check, "whether a server's run history has all that a handoff needs; needs no controller",
     "baton runs check runs.json --after 2026-07-01T12:00:00Z\nbaton runs check runs.json --configuration new/\nbaton runs check old.xml --fenced-since 2026-07-02T20:00:00Z"},
    {"facts", "show", "FILE...", 1, ARGS_MAX, NULL, cmd_facts_show, "what answers of a server's cmdlets say, and what a gate could use; needs no controller",
     "baton facts show scheduler.json statistics.json\nbaton facts show scheduler.txt -o json\nbaton facts show Exported-SynchronizationPolicy.json"},
    {"trace", "show", "FILE...", 1, ARGS_MAX, NULL, cmd_trace_show, "what the configuration wizard's logs say, redacted; needs no controller",
     "baton trace show trace-20260701-223012.log\nbaton trace show trace-*.log -o json"},
    {"doctor", "", "", 0, 0, NULL, cmd_doctor, "check settings, files, controller and trust", "baton doctor"},
    {"version", "", "", 0, 0, NULL, cmd_version, "the version of this program", "baton version"},
    {"completion", "", "SHELL", 1, 1, NULL, cmd_completion, "completion for bash or zsh", "baton completion bash > /etc/bash_completion.d/baton"},
};
// clang-format on

const struct command *
command_rows(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(commands);
    return commands;
}

const struct option_row *
command_globals(void)
{
    return globals;
}

const struct command *
command_find(const char *noun, const char *verb)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].noun, noun) == 0 && strcmp(commands[i].verb, verb) == 0)
            return &commands[i];
    return NULL;
}

bool
command_noun_known(const char *noun)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].noun, noun) == 0)
            return true;
    return false;
}

bool
command_makes_page(const struct command *k)
{
    static const struct {
        const char *noun, *verb;
    } pages[] = {{"config", "compare"}, {"exports", "analyze"}};
    for (size_t i = 0; i < ARRAY_LEN(pages); i++)
        if (strcmp(pages[i].noun, k->noun) == 0 && strcmp(pages[i].verb, k->verb) == 0)
            return true;
    return false;
}

static void
help_options(const char *title, const struct option_row *rows)
{
    printf("\n%s\n", title);
    for (; rows->name != NULL; rows++) {
        char left[48];
        snprintf(left, sizeof left, "--%s%s%s", rows->name, rows->value != NULL ? " " : "",
                 rows->value != NULL ? rows->value : "");
        printf("  %-30s %s\n", left, rows->what);
    }
}

static void
help_examples(const char *text)
{
    printf("\nExamples\n");
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        printf("  %.*s\n", (int)n, text);
        text += n + (text[n] == '\n');
    }
}

static void
help_command(const struct command *k)
{
    printf("baton %s%s%s%s%s [options]\n\n%s\n", k->noun, k->verb[0] != '\0' ? " " : "", k->verb,
           k->args[0] != '\0' ? " " : "", k->args, k->what);
    if (k->options != NULL)
        help_options("Options", k->options);
    help_options("Options of every command", globals);
    help_examples(k->examples);
}

static void
help_noun(const char *noun)
{
    const char *example = NULL;
    printf("baton %s VERB\n\n", noun);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].noun, noun) == 0) {
            char left[48];
            snprintf(left, sizeof left, "%s%s%s", commands[i].verb,
                     commands[i].verb[0] != '\0' ? " " : "", commands[i].args);
            printf("  %-26s %s\n", left, commands[i].what);
            example = example == NULL ? commands[i].examples : example;
        }
    const struct command *bare = command_find(noun, "");
    if (bare != NULL && bare->options != NULL)
        help_options("Options without a verb", bare->options);
    help_examples(example);
}

static void
help_all(void)
{
    printf("baton NOUN VERB [ARGUMENTS] [options]\n\n"
           "Hands the export role of a tenant from one sync server to another.\n\nCommands\n");
    const char *last = "";
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (strcmp(last, commands[i].noun) != 0)
            printf("%s  %-11s", i > 0 ? "\n" : "", commands[i].noun);
        last = commands[i].noun;
        printf(" %s", commands[i].verb);
    }
    help_options("\nOptions of every command", globals);
    printf(
        "\nExit codes\n  0 done  1 failed  2 usage  3 not found  4 not authorised  5 refused by a "
        "safety rule\n  6 waits for people  7 timed out  8 controller unreachable  9 conflict\n");
    help_examples(
        "baton cutover list --watch\nbaton cutover explain contoso\nbaton cutover --help");
}

static bool
command_has_verbs(const char *noun)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].noun, noun) == 0 && commands[i].verb[0] != '\0')
            return true;
    return false;
}

void
command_help(const struct args *args, const struct command *command)
{
    if (args->noun == NULL)
        help_all();
    else if (command != NULL && (args->verb != NULL || !command_has_verbs(args->noun)))
        help_command(command);
    else
        help_noun(args->noun);
}
