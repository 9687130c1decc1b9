#include "login.h"

#include "common/canon.h"

#include <stdio.h>
#include <string.h>

#define TOKEN_PREFIX "baton-"

static const struct {
    uint16_t bit;
    const char *name;
} role_names[] = {
    {ROLE_VIEW, "view"},       {ROLE_OPERATE, "operate"},
    {ROLE_APPROVE, "approve"}, {ROLE_BREAK_GLASS, "break-glass"},
    {ROLE_AUDIT, "audit"},     {ROLE_ADMIN, "admin"},
};

void
login_token_format(const uint8_t secret[LOGIN_SECRET_BYTES], char out[LOGIN_TOKEN_BYTES])
{
    memcpy(out, TOKEN_PREFIX, sizeof TOKEN_PREFIX - 1);
    baton_hex(secret, LOGIN_SECRET_BYTES, out + sizeof TOKEN_PREFIX - 1);
}

bool
login_token_valid(const char *text)
{
    uint8_t secret[LOGIN_SECRET_BYTES];
    size_t prefix = sizeof TOKEN_PREFIX - 1;
    return strlen(text) == LOGIN_TOKEN_BYTES - 1 && strncmp(text, TOKEN_PREFIX, prefix) == 0 &&
           baton_unhex(text + prefix, secret, sizeof secret);
}

void
login_token_key(const struct digest_port *dp, const char *text, struct baton_hash *ret_key)
{
    dp->sha256(dp->ctx, text, strlen(text), ret_key);
}

bool
login_sees(const struct login *l, const struct baton_id *tenant)
{
    for (uint8_t i = 0; i < l->tenant_count; i++)
        if (baton_id_eq(&l->tenant[i], tenant))
            return true;
    return l->tenant_count == 0;
}

bool
login_may(const struct login *l, uint16_t any_role, const struct baton_id *tenant_or_null)
{
    if ((l->roles & any_role) == 0)
        return false;
    return tenant_or_null == NULL ? l->tenant_count == 0 : login_sees(l, tenant_or_null);
}

size_t
login_encode(const struct login *l, uint8_t out[LOGIN_BYTES_MAX])
{
    struct canon_writer w;
    canon_writer_init(&w, out, LOGIN_BYTES_MAX);
    canon_put_u8(&w, 1);
    canon_put_id(&w, &l->operator);
    canon_put_str(&w, l->name, sizeof l->name);
    canon_put_u16(&w, l->roles);
    canon_put_u64(&w, l->made_unix_ms);
    canon_put_u64(&w, l->expires_unix_ms);
    canon_put_u8(&w, l->tenant_count);
    for (uint8_t i = 0; i < l->tenant_count; i++)
        canon_put_id(&w, &l->tenant[i]);
    size_t len = 0;
    enum baton_status rc = canon_finish(&w, &len);
    BATON_ASSERT(rc == BATON_OK);
    return len;
}

enum baton_status
login_decode(const uint8_t *bytes, size_t len, struct login *ret_login)
{
    struct login l = {0};
    struct canon_reader r;
    canon_reader_init(&r, bytes, len);
    canon_get_enum(&r, 1, 1);
    l.operator= canon_get_id(&r);
    canon_get_str(&r, l.name, sizeof l.name);
    l.roles = canon_get_u16(&r);
    l.made_unix_ms = canon_get_u64(&r);
    l.expires_unix_ms = canon_get_u64(&r);
    l.tenant_count = canon_get_enum(&r, 0, TRUST_TENANTS_MAX);
    for (uint8_t i = 0; i < l.tenant_count; i++)
        l.tenant[i] = canon_get_id(&r);
    if (!canon_finished(&r))
        return BATON_MALFORMED;
    *ret_login = l;
    return BATON_OK;
}

uint16_t
login_role_parse(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(role_names); i++)
        if (strcmp(role_names[i].name, name) == 0)
            return role_names[i].bit;
    return 0;
}

void
login_roles_format(uint16_t roles, char *out, size_t cap)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(role_names) && used < cap; i++) {
        if ((roles & role_names[i].bit) == 0)
            continue;
        int n = snprintf(out + used, cap - used, "%s%s", used > 0 ? "," : "", role_names[i].name);
        used += n > 0 ? (size_t)n : 0;
    }
}
