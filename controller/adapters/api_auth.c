#include "api_private.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

void
api_limit_init(struct api_limit *l)
{
    memset(l, 0, sizeof *l);
    pthread_mutex_init(&l->lock, NULL);
}

/* The slot of this address, or the one to reuse: the oldest of four neighbours. */
static size_t
limit_slot(const struct api_limit *l, uint64_t address)
{
    size_t home = (size_t)(address * 0x9e3779b97f4a7c15u >> 56) % LIMIT_SLOTS;
    size_t oldest = home;
    for (size_t i = 0; i < 4; i++) {
        size_t at = (home + i) % LIMIT_SLOTS;
        if (l->slot[at].address == address)
            return at;
        if (l->slot[at].since_ms < l->slot[oldest].since_ms)
            oldest = at;
    }
    return oldest;
}

bool
api_limit_blocked(struct api_limit *l, uint64_t address, uint64_t now_ms)
{
    pthread_mutex_lock(&l->lock);
    size_t at = limit_slot(l, address);
    bool blocked = l->slot[at].address == address && l->slot[at].fails >= LIMIT_FAILS &&
                   now_ms - l->slot[at].since_ms < LIMIT_WINDOW_MS;
    pthread_mutex_unlock(&l->lock);
    return blocked;
}

void
api_limit_failed(struct api_limit *l, uint64_t address, uint64_t now_ms)
{
    pthread_mutex_lock(&l->lock);
    size_t at = limit_slot(l, address);
    if (l->slot[at].address != address || now_ms - l->slot[at].since_ms >= LIMIT_WINDOW_MS) {
        l->slot[at].address = address;
        l->slot[at].since_ms = now_ms;
        l->slot[at].fails = 0;
    }
    l->slot[at].fails++;
    pthread_mutex_unlock(&l->lock);
}

/* IPv4 address, or the /64 of an IPv6 one; never 0. */
static uint64_t
remote_address(struct MHD_Connection *conn)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    uint64_t address = 1;
    if (info == NULL || info->client_addr == NULL)
        return address;
    if (info->client_addr->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, info->client_addr, sizeof in);
        address = ((uint64_t)1 << 32) | in.sin_addr.s_addr;
    } else if (info->client_addr->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, info->client_addr, sizeof in6);
        memcpy(&address, in6.sin6_addr.s6_addr, sizeof address);
        address |= 1;
    }
    return address;
}

static const char *
bearer(struct MHD_Connection *conn)
{
    const char *h = MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "Authorization");
    if (h == NULL || strncmp(h, "Bearer ", 7) != 0 || !login_token_valid(h + 7))
        return NULL;
    return h + 7;
}

enum baton_status
api_login_find(const struct store_port *store, const struct baton_hash *key,
               struct login *ret_login, struct baton_err *err)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum baton_status rc =
        store->get(store->ctx, TABLE_LOGIN, key->b, sizeof key->b, &bytes, &len, err);
    if (rc == BATON_OK)
        rc = login_decode(bytes, len, ret_login);
    free(bytes);
    if (rc == BATON_OK && ret_login->expires_unix_ms != 0 &&
        ret_login->expires_unix_ms <= api_unix_ms())
        rc = BATON_NOT_FOUND;
    return rc;
}

static bool
unknown_login(struct api_request *rq, uint64_t address)
{
    atomic_fetch_add(&rq->api->counters.login_failed, 1);
    api_limit_failed(&rq->api->limit, address, api_now_ms());
    struct problem p = {.status = BATON_DENIED,
                        .title = "no login, or one that is not known here",
                        .who = "an administrator",
                        .next = "baton login"};
    api_answer_problem_as(rq, MHD_HTTP_UNAUTHORIZED, &p);
    return false;
}

static bool
too_many_failed(struct api_request *rq)
{
    atomic_fetch_add(&rq->api->counters.limited, 1);
    api_answer_as(rq, MHD_HTTP_TOO_MANY_REQUESTS, BATON_LIMIT,
                  "too many failed logins from this address");
    rq->answer.retry_after_s = LIMIT_WINDOW_MS / 1000;
    return false;
}

/* A known login passes whatever others did from its address: tokens are too long to guess, so the
 * limit spares work and noise and must not shut anybody out. */
static bool
authenticate(struct api_request *rq)
{
    uint64_t address = remote_address(rq->conn);
    const char *token = bearer(rq->conn);
    struct baton_err err = {0};
    enum baton_status rc = BATON_NOT_FOUND;
    if (token != NULL) {
        if (!api_store(rq))
            return false;
        login_token_key(rq->api->digest, token, &rq->login_key);
        rc = api_login_find(&rq->store, &rq->login_key, &rq->login, &err);
    }
    if (rc != BATON_OK && rc != BATON_NOT_FOUND)
        api_answer_status(rq, rc, "logins cannot be read");
    if (rc != BATON_NOT_FOUND)
        return rc == BATON_OK;
    if (api_limit_blocked(&rq->api->limit, address, api_now_ms()))
        return too_many_failed(rq);
    return unknown_login(rq, address);
}

static bool
not_allowed(struct api_request *rq, const char *what)
{
    char have[96], need[96];
    login_roles_format(rq->login.roles, have, sizeof have);
    login_roles_format(rq->route->roles, need, sizeof need);
    struct problem p = {.status = BATON_DENIED,
                        .who = "an administrator, with the root key's owner"};
    snprintf(p.title, sizeof p.title, "%s", what);
    snprintf(p.fact[0].text, sizeof p.fact[0].text, "your roles: %s", have);
    snprintf(p.fact[1].text, sizeof p.fact[1].text, "one of these is needed: %s", need);
    snprintf(p.next, sizeof p.next, "baton login show");
    p.fact_count = 2;
    api_answer_problem(rq, &p);
    return false;
}

static bool
in_scope(struct api_request *rq)
{
    switch (rq->route->scope) {
    case SCOPE_PUBLIC:
    case SCOPE_ANY:
        return true;
    case SCOPE_SITE:
        if (rq->login.tenant_count == 0)
            return true;
        return not_allowed(rq, "this concerns all tenants; the login is limited to some");
    case SCOPE_TENANT:
        if (!baton_guid_parse(rq->param_tenant, &rq->tenant_id)) {
            api_answer_status(rq, BATON_MALFORMED, "a tenant is named by its GUID");
            return false;
        }
        /* as if it did not exist: what others have is nobody's business */
        if (!login_sees(&rq->login, &rq->tenant_id))
            api_answer_status(rq, BATON_NOT_FOUND, "no such tenant");
        return login_sees(&rq->login, &rq->tenant_id);
    case SCOPE_CUTOVER:
        if (!baton_unhex(rq->param_cutover, rq->cutover_id.b, sizeof rq->cutover_id.b) ||
            strlen(rq->param_cutover) != 2 * sizeof rq->cutover_id.b) {
            api_answer_status(rq, BATON_MALFORMED, "a cutover is named by 32 hex digits");
            return false;
        }
        return api_cutover(rq, &rq->cutover_id);
    }
    return false;
}

static bool
agent_param(struct api_request *rq)
{
    if (rq->param_agent[0] == '\0' || strstr(rq->route->pattern, "{agent}") == NULL)
        return true;
    if (strlen(rq->param_agent) == 2 * sizeof rq->agent_key.b &&
        baton_unhex(rq->param_agent, rq->agent_key.b, sizeof rq->agent_key.b))
        return true;
    api_answer_status(rq, BATON_MALFORMED, "an agent is named by its key, 64 hex digits");
    return false;
}

bool
api_authorise(struct api_request *rq)
{
    if (rq->route->scope == SCOPE_PUBLIC)
        return true;
    if (!authenticate(rq))
        return false;
    if ((rq->login.roles & rq->route->roles) == 0)
        return not_allowed(rq, "this login's roles do not allow that");
    return in_scope(rq) && agent_param(rq);
}
