#include "client.h"
#include "commands.h"
#include "cutover.h"
#include "live.h"
#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct column cutover_columns[] = {
    {"ID", "id", COLUMN_SHORT},
    {"TENANT", "tenant_name", COLUMN_TEXT},
    {"PATH", "profile", COLUMN_TEXT},
    {"PHASE", "state.phase", COLUMN_TEXT},
    {"STATE", "state.code", COLUMN_TEXT},
    {"TITLE", "state.title", COLUMN_TEXT},
    {"FOR", "since_unix_ms", COLUMN_SINCE},
    {"EXPORTS", "authority.holder.host", COLUMN_TEXT},
    {"OLD", "old.host", COLUMN_TEXT},
    {"NEW", "new.host", COLUMN_TEXT},
    {"LAB", "lab", COLUMN_YES},
};

static const struct column cutover_details[] = {
    {"id", "id", COLUMN_TEXT},
    {"tenant", "tenant_name", COLUMN_TEXT},
    {"lab", "lab", COLUMN_TEXT},
    {"path", "profile", COLUMN_TEXT},
    {"phase", "state.phase", COLUMN_TEXT},
    {"state", "state.code", COLUMN_TEXT},
    {"title", "state.title", COLUMN_TEXT},
    {"for", "since_unix_ms", COLUMN_SINCE},
    {"old", "old.host", COLUMN_TEXT},
    {"new", "new.host", COLUMN_TEXT},
    {"who exports", "authority.holder.host", COLUMN_TEXT},
    {"epoch", "authority.epoch.counter", COLUMN_TEXT},
    {"epoch is for", "authority.recipient.host", COLUMN_TEXT},
    {"authority", "authority.phase", COLUMN_TEXT},
    {"no way back", "point_of_no_return", COLUMN_TEXT},
    {"plan", "plan", COLUMN_TEXT},
    {"verification", "verification.verdict", COLUMN_TEXT},
    {"verification hash", "verification_hash", COLUMN_TEXT},
    {"pending adds", "verification.items.pending_adds", COLUMN_TEXT},
    {"pending updates", "verification.items.pending_updates", COLUMN_TEXT},
    {"pending deletes", "verification.items.pending_deletes", COLUMN_TEXT},
    {"anchor changes", "verification.items.anchor_changes", COLUMN_TEXT},
    {"parity rows open", "verification.items.parity_rows", COLUMN_TEXT},
    {"failed prerequisites", "verification.items.prereq_failed", COLUMN_TEXT},
    {"findings", "review.rows", COLUMN_TEXT},
    {"findings open", "review.open", COLUMN_TEXT},
    {"findings that block", "review.blocking", COLUMN_TEXT},
    {"dispositions", "review.dispositions", COLUMN_TEXT},
    {"approvals", "approvals", COLUMN_TEXT},
    {"gap from", "gap.from_unix_ms", COLUMN_TIME},
    {"gap", "gap.ms", COLUMN_AGE},
    {"grade", "grade", COLUMN_TEXT},
    {"reason", "reason", COLUMN_TEXT},
};

static const struct column member_columns[] = {
    {"SERVER", "host", COLUMN_TEXT},        {"PRODUCT", "product", COLUMN_TEXT},
    {"FENCE", "kind", COLUMN_TEXT},         {"SAID", "said", COLUMN_TEXT},
    {"AWAITED", "awaited", COLUMN_YES},     {"PROMISED", "promise.counter", COLUMN_TEXT},
    {"EVIDENCE", "evidence", COLUMN_SHORT}, {"EXPORTED", "ever_exported", COLUMN_YES},
    {"ALARM", "tamper", COLUMN_YES},        {"GRANT", "grant", COLUMN_TEXT},
    {"REFUSES", "refusal", COLUMN_TEXT},
};

static enum baton_status
list_path(struct cli *c, const char *base, char path[CLIENT_PATH_BYTES])
{
    char guid[ID_TEXT_BYTES];
    snprintf(path, CLIENT_PATH_BYTES, "%s", base);
    if (!cli_has(c, "tenant"))
        return BATON_OK;
    enum baton_status rc = client_tenant(c, cli_option(c, "tenant"), guid);
    snprintf(path, CLIENT_PATH_BYTES, "%s?tenant=%s", base, guid);
    return rc;
}

static enum baton_status
list_once(struct cli *c)
{
    char path[CLIENT_PATH_BYTES];
    json_t *items;
    enum baton_status rc = list_path(c, "/api/v1/cutovers", path);
    if (rc == BATON_OK)
        rc = client_list(c, path, &items);
    if (rc != BATON_OK)
        return rc;
    rc = output_list(c, cutover_columns, ARRAY_LEN(cutover_columns), items);
    json_decref(items);
    return rc;
}

enum baton_status
cmd_cutover_list(struct cli *c)
{
    return cli_has(c, "watch") ? live_watch(c, list_once, "") : list_once(c);
}

static enum baton_status
get_part(struct cli *c, const char *part, json_t **ret_json)
{
    char id[ID_TEXT_BYTES];
    enum baton_status rc = client_cutover(c, cli_arg(c, 0), id);
    return rc == BATON_OK ? client_get(c, ret_json, "/api/v1/cutovers/%s%s", id, part) : rc;
}

static void
show_lab(const struct cli *c, const json_t *cutover)
{
    if (json_flag(cutover, "lab") && c->output == OUTPUT_TABLE)
        printf("%sLAB: this tenant is a simulation%s\n", paint_on(c, PAINT_RED), paint_off(c));
}

static enum baton_status
show_once(struct cli *c)
{
    json_t *cutover;
    enum baton_status rc = get_part(c, "", &cutover);
    if (rc != BATON_OK)
        return rc;
    show_lab(c, cutover);
    rc = output_one(c, cutover_details, ARRAY_LEN(cutover_details), cutover);
    if (rc == BATON_OK && c->output == OUTPUT_TABLE) {
        putchar('\n');
        rc = output_list(c, member_columns, ARRAY_LEN(member_columns),
                         json_at(cutover, "authority.members"));
    }
    json_decref(cutover);
    return rc;
}

enum baton_status
cmd_cutover_show(struct cli *c)
{
    return cli_has(c, "watch") ? live_watch(c, show_once, "") : show_once(c);
}

static void
print_explain(const struct cli *c, const json_t *o)
{
    size_t i;
    json_t *fact;
    char since[24] = "";
    uint64_t at = (uint64_t)json_number(o, "since_unix_ms");
    const struct column column = {"", "since_unix_ms", COLUMN_SINCE};
    if (at != 0)
        output_cell(o, &column, since, sizeof since);
    bool blocked = json_flag(o, "blocked");
    printf("%s%s%s\n", paint_on(c, blocked ? PAINT_YELLOW : PAINT_GREEN), json_text(o, "title"),
           paint_off(c));
    if (json_text(o, "guard")[0] != '\0')
        printf("  guard  %s\n", json_text(o, "guard"));
    if (json_number(o, "rule") != 0)
        printf("  rule   %" PRId64 "\n", json_number(o, "rule"));
    json_array_foreach(json_object_get(o, "facts"), i, fact)
        printf("  fact   %s\n", json_string_value(fact));
    if (since[0] != '\0')
        printf("  since  %s ago\n", since);
    if (json_text(o, "who")[0] != '\0')
        printf("  who    %s\n", json_text(o, "who"));
    if (json_text(o, "next")[0] != '\0')
        printf("  next   %s%s%s\n", paint_on(c, PAINT_BOLD), json_text(o, "next"), paint_off(c));
}

static enum baton_status
explain_once(struct cli *c)
{
    json_t *o;
    enum baton_status rc = get_part(c, "/explain", &o);
    if (rc != BATON_OK)
        return rc;
    if (c->output == OUTPUT_TABLE)
        print_explain(c, o);
    else
        output_object(c, o);
    json_decref(o);
    return rc;
}

enum baton_status
cmd_cutover_explain(struct cli *c)
{
    return cli_has(c, "watch") ? live_watch(c, explain_once, "") : explain_once(c);
}

static void
print_task(const struct cli *c, const json_t *o)
{
    size_t i;
    json_t *line;
    if (json_text(o, "title")[0] == '\0') {
        puts("Nothing for a person to do now.");
        return;
    }
    printf("%s%s%s\n", paint_on(c, PAINT_BOLD), json_text(o, "title"), paint_off(c));
    if (json_text(o, "host")[0] != '\0')
        printf("on %s\n", json_text(o, "host"));
    json_array_foreach(json_object_get(o, "lines"), i, line)
        printf("  %2zu. %s\n", i + 1, json_string_value(line));
    if (json_text(o, "warning")[0] != '\0')
        printf("%s! %s%s\n", paint_on(c, PAINT_RED), json_text(o, "warning"), paint_off(c));
    if (json_text(o, "done_when")[0] != '\0')
        printf("done when: %s\n", json_text(o, "done_when"));
}

static enum baton_status
task_once(struct cli *c)
{
    json_t *o;
    enum baton_status rc = get_part(c, "/task", &o);
    if (rc != BATON_OK)
        return rc;
    if (c->output == OUTPUT_TABLE)
        print_task(c, o);
    else
        output_object(c, o);
    json_decref(o);
    return rc;
}

enum baton_status
cmd_cutover_task(struct cli *c)
{
    return cli_has(c, "watch") ? live_watch(c, task_once, "") : task_once(c);
}

static enum baton_status
view_once(struct cli *c)
{
    enum baton_status rc = show_once(c);
    if (c->output == OUTPUT_TABLE)
        putchar('\n');
    if (rc == BATON_OK)
        rc = explain_once(c);
    if (c->output == OUTPUT_TABLE)
        putchar('\n');
    return rc == BATON_OK ? task_once(c) : rc;
}

enum baton_status
cmd_cutover_watch(struct cli *c)
{
    char query[80];
    json_t *cutover;
    enum baton_status rc = get_part(c, "", &cutover);
    if (rc != BATON_OK)
        return rc;
    snprintf(query, sizeof query, "tenant=%s", json_text(cutover, "tenant"));
    json_decref(cutover);
    return live_watch(c, view_once, query);
}

enum baton_status
cmd_cutover_wait(struct cli *c)
{
    char id[ID_TEXT_BYTES];
    if (!cli_has(c, "for"))
        return cli_fail(c, BATON_USAGE, "--for STATE is needed");
    enum baton_status rc = client_cutover(c, cli_arg(c, 0), id);
    return rc == BATON_OK ? live_wait(c, id, cli_option(c, "for"), false) : rc;
}

/* --- beginning one ---------------------------------------------------------------------------- */

static enum baton_status
pair_keys(struct cli *c, const char *guid, json_t **ret_old, json_t **ret_new)
{
    if (!cli_has(c, "old") || !cli_has(c, "new"))
        return cli_fail(c, BATON_USAGE, "--old HOST and --new HOST are needed");
    enum baton_status rc = client_agent(c, guid, cli_option(c, "old"), ret_old);
    if (rc != BATON_OK)
        return rc;
    rc = client_agent(c, guid, cli_option(c, "new"), ret_new);
    if (rc != BATON_OK)
        json_decref(*ret_old);
    return rc;
}

static void
print_assessment(const struct cli *c, const json_t *o)
{
    size_t i;
    json_t *reason;
    char expected[24];
    format_duration((uint64_t)json_number(o, "expected_ms"), expected, sizeof expected);
    printf("%s%s%s recommended", paint_on(c, PAINT_BOLD), json_text(o, "recommended"),
           paint_off(c));
    int64_t objects = json_number(o, "objects");
    if (objects >= 0)
        printf(", %" PRId64 " objects, about %s of synchronisation", objects, expected);
    else
        printf(", number of objects unknown");
    puts(json_flag(o, "blocked") ? ", BLOCKED" : "");
    json_array_foreach(json_object_get(o, "reasons"), i, reason)
        printf("  %-24s %s\n", json_text(reason, "code"), json_text(reason, "text"));
}

enum baton_status
cmd_cutover_assess(struct cli *c)
{
    char guid[ID_TEXT_BYTES];
    json_t *old_agent = NULL, *new_agent = NULL, *o;
    enum baton_status rc = client_tenant(c, cli_arg(c, 0), guid);
    if (rc == BATON_OK)
        rc = pair_keys(c, guid, &old_agent, &new_agent);
    if (rc != BATON_OK)
        return rc;
    rc = client_get(c, &o, "/api/v1/tenants/%s/assessment?old=%s&new=%s", guid,
                    json_text(old_agent, "key"), json_text(new_agent, "key"));
    json_decref(old_agent);
    json_decref(new_agent);
    if (rc != BATON_OK)
        return rc;
    if (c->output == OUTPUT_TABLE)
        print_assessment(c, o);
    else
        output_object(c, o);
    json_decref(o);
    return rc;
}

enum baton_status
cmd_cutover_create(struct cli *c)
{
    char guid[ID_TEXT_BYTES], path[CLIENT_PATH_BYTES];
    json_t *old_agent = NULL, *new_agent = NULL, *answer;
    enum baton_status rc = client_tenant(c, cli_arg(c, 0), guid);
    if (rc == BATON_OK)
        rc = pair_keys(c, guid, &old_agent, &new_agent);
    if (rc != BATON_OK)
        return rc;
    json_t *body = json_pack("{s:s, s:s}", "old", json_text(old_agent, "key"), "new",
                             json_text(new_agent, "key"));
    json_decref(old_agent);
    json_decref(new_agent);
    if (cli_has(c, "profile"))
        json_object_set_new(body, "profile", json_string(cli_option(c, "profile")));
    if (cli_has(c, "reason"))
        json_object_set_new(body, "reason", json_string(cli_option(c, "reason")));
    snprintf(path, sizeof path, "/api/v1/tenants/%s/cutovers", guid);
    rc = client_send(c, "POST", path, body, NULL, &answer);
    if (rc != BATON_OK)
        return rc;
    if (c->output == OUTPUT_TABLE)
        puts(json_text(answer, "id"));
    else
        output_object(c, answer);
    json_decref(answer);
    return rc;
}

/* --- verbs ------------------------------------------------------------------------------------ */

/* Where each verb leads, for --wait. */
static const struct {
    const char *verb, *states;
    bool or_later;
} targets[] = {
    {"plan", "P2", true},         {"accept", "S6", true},
    {"arm", "C1", true},          {"start", "C3", true},
    {"go", "D1", true},           {"hold", "X1", false},
    {"reverify", "S5,S6", false}, {"rollback", "R3,S6,X6", false},
    {"abandon", "X6", false},     {"adopt", "D1", true},
    {"retire", "D3", false},      {"resume", "P1", true},
    {"fence", "X2", false},
};

enum baton_status
cutover_wait_after(struct cli *c, const char *id, const char *verb)
{
    if (!cli_has(c, "wait"))
        return BATON_OK;
    for (size_t i = 0; i < ARRAY_LEN(targets); i++)
        if (strcmp(targets[i].verb, verb) == 0)
            return live_wait(c, id, targets[i].states, targets[i].or_later);
    return BATON_OK;
}

enum baton_status
cutover_send_verb(struct cli *c, const char *id, const char *verb, const char *etag)
{
    char path[CLIENT_PATH_BYTES];
    const char *reason = cli_option(c, "reason");
    json_t *body = json_object(), *answer;
    if (reason != NULL)
        json_object_set_new(body, "reason", json_string(reason));
    snprintf(path, sizeof path, "/api/v1/cutovers/%s/%s", id, verb);
    enum baton_status rc = client_send(c, "POST", path, body, etag, &answer);
    if (rc != BATON_OK)
        return rc;
    if (c->output != OUTPUT_TABLE)
        output_object(c, answer);
    else if (json_text(answer, "next")[0] != '\0')
        printf("%s: done; next: %s\n", verb, json_text(answer, "next"));
    else
        printf("%s: done\n", verb);
    json_decref(answer);
    return rc;
}

enum baton_status
cmd_cutover_verb(struct cli *c)
{
    char id[ID_TEXT_BYTES];
    enum baton_status rc = client_cutover(c, cli_arg(c, 0), id);
    if (rc == BATON_OK)
        rc = cutover_send_verb(c, id, c->command->verb, NULL);
    return rc == BATON_OK ? cutover_wait_after(c, id, c->command->verb) : rc;
}

/* --- approvals -------------------------------------------------------------------------------- */

static const struct column approval_columns[] = {
    {"VERB", "verb", COLUMN_TEXT},
    {"TENANT", "tenant_name", COLUMN_TEXT},
    {"BY", "name", COLUMN_TEXT},
    {"OPERATOR", "operator", COLUMN_SHORT},
    {"EPOCH", "base.counter", COLUMN_TEXT},
    {"PLAN", "plan", COLUMN_SHORT},
    {"VALID UNTIL", "not_after_unix_ms", COLUMN_TIME},
};

static enum baton_status
approvals_once(struct cli *c)
{
    char path[CLIENT_PATH_BYTES];
    json_t *items;
    enum baton_status rc = list_path(c, "/api/v1/approvals", path);
    if (rc == BATON_OK)
        rc = client_list(c, path, &items);
    if (rc != BATON_OK)
        return rc;
    rc = output_list(c, approval_columns, ARRAY_LEN(approval_columns), items);
    json_decref(items);
    return rc;
}

enum baton_status
cmd_approval_list(struct cli *c)
{
    return cli_has(c, "watch") ? live_watch(c, approvals_once, "") : approvals_once(c);
}
