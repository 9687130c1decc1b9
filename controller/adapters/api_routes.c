#include "api_private.h"

#include <string.h>

#define ROLES_READ                                                                                 \
    (ROLE_VIEW | ROLE_OPERATE | ROLE_APPROVE | ROLE_BREAK_GLASS | ROLE_AUDIT | ROLE_ADMIN)
#define ROLES_SIGN (ROLE_APPROVE | ROLE_BREAK_GLASS)
#define V1         "/api/v1"

static const struct api_field q_page[] = {
    {"limit", FIELD_NUMBER, 0, false, "at most so many, up to 500"},
    {"cursor", FIELD_TEXT, 80, false, "`next` of the page before"},
    {NULL, FIELD_TEXT, 0, false, NULL},
};
static const struct api_field q_page_tenant[] = {
    {"limit", FIELD_NUMBER, 0, false, "at most so many, up to 500"},
    {"cursor", FIELD_TEXT, 80, false, "`next` of the page before"},
    {"tenant", FIELD_GUID, 0, false, "only this tenant"},
    {NULL, FIELD_TEXT, 0, false, NULL},
};
static const struct api_field q_tenant[] = {
    {"tenant", FIELD_GUID, 0, false, "only this tenant; others' records as hashes"},
    {NULL, FIELD_TEXT, 0, false, NULL},
};
static const struct api_field q_events[] = {
    {"tenant", FIELD_GUID, 0, false, "only this tenant"},
    {"after", FIELD_NUMBER, 0, false, "records above this sequence; Last-Event-ID wins"},
    {NULL, FIELD_TEXT, 0, false, NULL},
};
static const struct api_field q_assess[] = {
    {"old", FIELD_HEX, 32, true, "key of the old server's agent"},
    {"new", FIELD_HEX, 32, true, "key of the new server's agent"},
    {NULL, FIELD_TEXT, 0, false, NULL},
};

static const struct api_field b_login[] = {
    {"operator", FIELD_HEX, 16, true, "operator id, as in the trust document"},
    {"name", FIELD_TEXT, NAME_BYTES - 1, true, "shown to others"},
    {"roles", FIELD_TEXT, 80, true, "view,operate,approve,break-glass,audit,admin"},
    {"tenant", FIELD_GUID, 0, false, "limits the login to this tenant"},
    {NULL, FIELD_TEXT, 0, false, NULL},
};
static const struct api_field b_tenant[] = {
    {"id", FIELD_GUID, 0, true, "the Entra tenant's GUID"},
    {"name", FIELD_TEXT, NAME_BYTES - 1, true, "its name"},
    {"lab", FIELD_BOOL, 0, false, "a simulated tenant; the trust document must say lab too"},
    {"policy", FIELD_OBJECT, 0, false, "overrides by name"},
    {NULL, FIELD_TEXT, 0, false, NULL},
};
static const struct api_field b_policy[] = {
    {"policy", FIELD_OBJECT, 0, true, "values by name; see GET"},
    {NULL, FIELD_TEXT, 0, false, NULL},
};
static const struct api_field b_window[] = {
    {"from_unix_ms", FIELD_NUMBER, 0, true, "when it opens"},
    {"until_unix_ms", FIELD_NUMBER, 0, true, "when it is over"},
    {NULL, FIELD_TEXT, 0, false, NULL},
};
static const struct api_field b_limits[] = {
    {"bytes", FIELD_HEX, 0, true, "the policy's text, YAML, in hex: at most 24,576 bytes"},
    {NULL, FIELD_TEXT, 0, false, NULL},
};
static const struct api_field b_token[] = {
    {"role", FIELD_TEXT, 3, true, "old or new"},
    {"host", FIELD_TEXT, NAME_BYTES - 1, true, "host name that the token is for"},
    {"ttl_ms", FIELD_NUMBER, 0, false, "life; 15 minutes unless given, at most 24 hours"},
    {NULL, FIELD_TEXT, 0, false, NULL},
};
static const struct api_field b_confirm[] = {
    {"signature", FIELD_HEX, 64, true, "the operator's, over tenant, host, key and box key"},
    {NULL, FIELD_TEXT, 0, false, NULL},
};
static const struct api_field b_reason[] = {
    {"reason", FIELD_TEXT, AUDIT_TEXT_BYTES - 1, false, "for the audit"},
    {NULL, FIELD_TEXT, 0, false, NULL},
};
static const struct api_field b_cutover[] = {
    {"old", FIELD_HEX, 32, true, "key of the agent that exports now"},
    {"new", FIELD_HEX, 32, true, "key of the agent that shall export"},
    {"profile", FIELD_TEXT, 16, false, "a path other than the recommended one"},
    {"reason", FIELD_TEXT, AUDIT_TEXT_BYTES - 1, false, "why another path"},
    {NULL, FIELD_TEXT, 0, false, NULL},
};
static const struct api_field b_verb[] = {
    {"reason", FIELD_TEXT, AUDIT_TEXT_BYTES - 1, false, "reason, or the host name typed again"},
    {NULL, FIELD_TEXT, 0, false, NULL},
};
static const struct api_field b_trust[] = {
    {"bytes", FIELD_HEX, 0, true, "canonical bytes, as signed"},
    {"signature", FIELD_HEX, 64, true, "by the root key"},
    {"root", FIELD_HEX, 32, false, "the root's public key; needed with the first document"},
    {NULL, FIELD_TEXT, 0, false, NULL},
};
static const struct api_field b_signed[] = {
    {"bytes", FIELD_HEX, 0, true, "canonical bytes, as signed"},
    {"signature", FIELD_HEX, 64, true, "Ed25519 under the domain of these bytes"},
    {NULL, FIELD_TEXT, 0, false, NULL},
};

// clang-format off
static const struct api_route routes[] = {
    {API_GET, "/healthz", 0, SCOPE_PUBLIC, api_site_health, NULL, NULL, "the process answers"},
    {API_GET, "/readyz", 0, SCOPE_PUBLIC, api_site_ready, NULL, NULL, "the store can be read"},
    {API_GET, "/metrics", ROLES_READ, SCOPE_ANY, api_site_metrics, NULL, NULL, "counters, Prometheus text"},
    {API_GET, V1 "/openapi.json", 0, SCOPE_PUBLIC, api_site_openapi, NULL, NULL, "this document"},
    {API_GET, V1 "/controller", ROLES_READ, SCOPE_ANY, api_site_show, NULL, NULL, "the controller: key, version, log head"},
    {API_GET, V1 "/session", ROLES_READ, SCOPE_ANY, api_site_session, NULL, NULL, "who this login is"},
    {API_GET, V1 "/logins", ROLE_ADMIN, SCOPE_SITE, api_login_list, q_page, NULL, "logins, without tokens"},
    {API_POST, V1 "/logins", ROLE_ADMIN, SCOPE_SITE, api_login_add, NULL, b_login, "make a login; its token is shown once"},
    {API_DELETE, V1 "/logins/{operator}", ROLE_ADMIN, SCOPE_SITE, api_login_remove, NULL, NULL, "remove every login of an operator"},
    {API_GET, V1 "/tenants", ROLES_READ, SCOPE_ANY, api_tenant_list, q_page, NULL, "tenants"},
    {API_POST, V1 "/tenants", ROLE_ADMIN, SCOPE_SITE, api_tenant_create, NULL, b_tenant, "add a tenant"},
    {API_GET, V1 "/tenants/{tenant}", ROLES_READ, SCOPE_TENANT, api_tenant_show, NULL, NULL, "one tenant"},
    {API_GET, V1 "/tenants/{tenant}/policy", ROLES_READ, SCOPE_TENANT, api_tenant_policy, NULL, NULL, "its policy, with the origin of each value"},
    {API_PATCH, V1 "/tenants/{tenant}/policy", ROLE_ADMIN, SCOPE_TENANT, api_tenant_policy_set, NULL, b_policy, "change its policy"},
    {API_GET, V1 "/tenants/{tenant}/verification-policy", ROLES_READ, SCOPE_TENANT, api_tenant_limits, NULL, NULL, "the verification policy for its next plan, as it was given"},
    {API_PUT, V1 "/tenants/{tenant}/verification-policy", ROLE_ADMIN, SCOPE_TENANT, api_tenant_limits_set, NULL, b_limits, "set it; refused while a frozen plan names another"},
    {API_DELETE, V1 "/tenants/{tenant}/verification-policy", ROLE_ADMIN, SCOPE_TENANT, api_tenant_limits_clear, NULL, NULL, "the preset of the path counts alone"},
    {API_PUT, V1 "/tenants/{tenant}/window", ROLE_OPERATE | ROLE_ADMIN, SCOPE_TENANT, api_tenant_window_set, NULL, b_window, "set its cutover window: a cutover is armed only inside it"},
    {API_DELETE, V1 "/tenants/{tenant}/window", ROLE_OPERATE | ROLE_ADMIN, SCOPE_TENANT, api_tenant_window_clear, NULL, NULL, "a cutover may be armed at any time"},
    {API_GET, V1 "/tenants/{tenant}/assessment", ROLES_READ, SCOPE_TENANT, api_assess, q_assess, NULL, "which path fits two servers, and why"},
    {API_GET, V1 "/agents", ROLES_READ, SCOPE_ANY, api_agent_list, q_page_tenant, NULL, "agents"},
    {API_GET, V1 "/tenants/{tenant}/agents", ROLES_READ, SCOPE_TENANT, api_agent_list_tenant, q_page, NULL, "agents of one tenant"},
    {API_POST, V1 "/tenants/{tenant}/agents/token", ROLE_OPERATE | ROLE_ADMIN, SCOPE_TENANT, api_agent_token, NULL, b_token, "an enrolment token, shown once"},
    {API_GET, V1 "/tenants/{tenant}/agents/{agent}", ROLES_READ, SCOPE_TENANT, api_agent_show, NULL, NULL, "one agent with its facts"},
    {API_GET, V1 "/tenants/{tenant}/agents/{agent}/statement", ROLES_READ, SCOPE_TENANT, api_agent_statement, NULL, NULL, "its newest signed word, as received"},
    {API_POST, V1 "/tenants/{tenant}/agents/{agent}/confirm", ROLE_OPERATE | ROLE_APPROVE, SCOPE_TENANT, api_agent_confirm, NULL, b_confirm, "confirm an agent's key"},
    {API_POST, V1 "/tenants/{tenant}/agents/{agent}/revoke", ROLE_OPERATE | ROLE_ADMIN, SCOPE_TENANT, api_agent_revoke, NULL, b_reason, "shut an agent out"},
    {API_GET, V1 "/cutovers", ROLES_READ, SCOPE_ANY, api_cutover_list, q_page_tenant, NULL, "the open cutover of each tenant, or its last"},
    {API_POST, V1 "/tenants/{tenant}/cutovers", ROLE_OPERATE, SCOPE_TENANT, api_cutover_create, NULL, b_cutover, "assess and begin a cutover"},
    {API_GET, V1 "/cutovers/{cutover}", ROLES_READ, SCOPE_CUTOVER, api_cutover_show, NULL, NULL, "one cutover"},
    {API_GET, V1 "/cutovers/{cutover}/explain", ROLES_READ, SCOPE_CUTOVER, api_cutover_explain, NULL, NULL, "what it waits for, since when, who can clear it, the command"},
    {API_GET, V1 "/cutovers/{cutover}/task", ROLES_READ, SCOPE_CUTOVER, api_cutover_task, NULL, NULL, "what a person has to do now, with the exact clicks"},
    {API_GET, V1 "/cutovers/{cutover}/plan", ROLES_READ, SCOPE_CUTOVER, api_cutover_plan, NULL, NULL, "the frozen plan, canonical bytes"},
    {API_GET, V1 "/cutovers/{cutover}/verification-policy", ROLES_READ, SCOPE_CUTOVER, api_cutover_limits, NULL, NULL, "the verification policy whose hash the plan names, as it was given"},
    {API_GET, V1 "/cutovers/{cutover}/verification", ROLES_READ, SCOPE_CUTOVER, api_cutover_verification, NULL, NULL, "the accepted verification, canonical bytes"},
    {API_GET, V1 "/cutovers/{cutover}/evidence", ROLES_READ, SCOPE_CUTOVER, api_cutover_evidence, NULL, NULL, "the signed statements that go is about"},
    {API_GET, V1 "/cutovers/{cutover}/approvals", ROLES_READ, SCOPE_CUTOVER, api_cutover_approvals, q_page, NULL, "approvals given"},
    {API_POST, V1 "/cutovers/{cutover}/approvals", ROLES_SIGN, SCOPE_CUTOVER, api_cutover_approve, NULL, b_signed, "give a signed approval"},
    {API_GET, V1 "/cutovers/{cutover}/findings", ROLES_READ, SCOPE_CUTOVER, api_cutover_findings, NULL, NULL, "what the new server's checks found, and what people decided"},
    {API_POST, V1 "/cutovers/{cutover}/dispositions", ROLE_APPROVE, SCOPE_CUTOVER, api_cutover_dispose, NULL, b_signed, "decide about one finding, signed"},
    {API_POST, V1 "/cutovers/{cutover}/rows", ROLE_APPROVE, SCOPE_CUTOVER, api_cutover_rows, NULL, NULL, "the objects behind the findings, sealed by the new server's agent to the people whom it names; who fetches them is on the record"},
    {API_GET, V1 "/cutovers/{cutover}/certificate", ROLES_READ, SCOPE_CUTOVER, api_cutover_certificate, NULL, NULL, "the certificate, signed"},
    {API_GET, V1 "/cutovers/{cutover}/certificate.html", ROLES_READ, SCOPE_CUTOVER, api_cutover_certificate_html, NULL, NULL, "the certificate as a page to print"},
    {API_POST, V1 "/cutovers/{cutover}/{verb}", ROLE_OPERATE | ROLE_APPROVE, SCOPE_CUTOVER, api_cutover_verb, NULL, b_verb, "a verb of the workflow"},
    {API_GET, V1 "/approvals", ROLES_READ, SCOPE_ANY, api_approval_list, q_page_tenant, NULL, "approvals of open cutovers"},
    {API_GET, V1 "/trust", ROLES_READ, SCOPE_ANY, api_trust_show, NULL, NULL, "the newest trust document, as signed"},
    {API_PUT, V1 "/trust", ROLE_ADMIN, SCOPE_SITE, api_trust_put, NULL, b_trust, "a new trust document, signed by the root key"},
    {API_GET, V1 "/operators", ROLES_READ, SCOPE_ANY, api_operator_list, q_page, NULL, "operators of the trust document"},
    {API_GET, V1 "/audit", ROLE_AUDIT | ROLE_ADMIN | ROLE_VIEW, SCOPE_ANY, api_audit_list, q_page_tenant, NULL, "audit records"},
    {API_GET, V1 "/audit/export", ROLE_AUDIT | ROLE_ADMIN, SCOPE_ANY, api_audit_export, q_tenant, NULL, "a bundle that verifies offline"},
    {API_GET, V1 "/events", ROLES_READ, SCOPE_ANY, api_events, q_events, NULL, "audit records as they happen (SSE)"},
};
// clang-format on

static const char *const method_names[API_METHOD_COUNT] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

const struct api_route *
api_routes(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(routes);
    return routes;
}

const char *
api_method_name(enum api_method m)
{
    return method_names[m];
}

bool
api_method_parse(const char *text, enum api_method *ret_method)
{
    if (strcmp(text, "HEAD") == 0)
        text = "GET"; /* the library leaves the body out */
    for (size_t i = 0; i < API_METHOD_COUNT; i++)
        if (strcmp(method_names[i], text) == 0) {
            *ret_method = (enum api_method)i;
            return true;
        }
    return false;
}

static char *
param_of(struct api_request *rq, const char *name, size_t len)
{
    static const struct {
        const char *name;
        size_t at;
    } params[] = {
        {"tenant", offsetof(struct api_request, param_tenant)},
        {"agent", offsetof(struct api_request, param_agent)},
        {"cutover", offsetof(struct api_request, param_cutover)},
        {"verb", offsetof(struct api_request, param_verb)},
        {"operator", offsetof(struct api_request, param_agent)},
    };
    for (size_t i = 0; i < ARRAY_LEN(params); i++)
        if (strlen(params[i].name) == len && strncmp(params[i].name, name, len) == 0)
            return (char *)rq + params[i].at;
    return NULL;
}

/* One segment of pattern and path; both point behind it afterwards. */
static bool
segment_matches(struct api_request *rq, const char **pattern, const char **path)
{
    size_t n = strcspn(*pattern, "/"), m = strcspn(*path, "/");
    const char *p = *pattern, *q = *path;
    *pattern += n;
    *path += m;
    if (p[0] != '{')
        return n == m && strncmp(p, q, n) == 0;
    char *param = param_of(rq, p + 1, n - 2);
    BATON_ASSERT(param != NULL);
    if (m == 0 || m >= API_PARAM_BYTES)
        return false;
    memcpy(param, q, m);
    param[m] = '\0';
    return true;
}

static bool
path_matches(struct api_request *rq, const char *pattern, const char *path)
{
    while (*pattern == '/' && *path == '/') {
        pattern++;
        path++;
        if (!segment_matches(rq, &pattern, &path))
            return false;
    }
    return *pattern == '\0' && *path == '\0';
}

const struct api_route *
api_route_find(struct api_request *rq, enum api_method method, const char *path,
               bool *ret_path_known)
{
    *ret_path_known = false;
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        if (!path_matches(rq, routes[i].pattern, path))
            continue;
        *ret_path_known = true;
        if (routes[i].method == method)
            return &routes[i];
    }
    return NULL;
}
