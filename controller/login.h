/* login.h: who a bearer token speaks for: one row of TABLE_LOGIN.
 *
 * Shape      The token is 32 random bytes, shown once as text; the row's key is the SHA-256 of that
 *            text, so that the database gives no token away. An operator may have several tokens.
 * Limits     TRUST_TENANTS_MAX tenants (0 = every tenant).
 * Errors     Decoding: BATON_MALFORMED.
 * Ownership  Plain values.
 * Threads    Reentrant.
 * Source     design 7: roles and tenant scope are enforced from the first day.
 */
#ifndef BATON_LOGIN_H
#define BATON_LOGIN_H

#include "baton/trust.h"

enum {
    LOGIN_SECRET_BYTES = 32,
    LOGIN_TOKEN_BYTES = 6 + 2 * LOGIN_SECRET_BYTES + 1, /* "baton-", hex, NUL */
    LOGIN_BYTES_MAX = 512,
};

struct login {
    struct baton_id operator;
    char name[NAME_BYTES];
    uint16_t roles;       /* enum operator_role bits */
    uint8_t tenant_count; /* 0: every tenant */
    struct baton_id tenant[TRUST_TENANTS_MAX];
    uint64_t made_unix_ms;
    uint64_t expires_unix_ms; /* 0: never */
};

void login_token_format(const uint8_t secret[LOGIN_SECRET_BYTES], char out[LOGIN_TOKEN_BYTES]);
bool login_token_valid(const char *text);
/* Key of the row: SHA-256 over the token's text. */
void login_token_key(const struct digest_port *dp, const char *text, struct baton_hash *ret_key);

/* At least one of these roles, and this tenant (NULL: the site itself, for unlimited logins). */
bool login_may(const struct login *l, uint16_t any_role, const struct baton_id *tenant_or_null);
bool login_sees(const struct login *l, const struct baton_id *tenant);

size_t login_encode(const struct login *l, uint8_t out[LOGIN_BYTES_MAX]);
enum baton_status login_decode(const uint8_t *bytes, size_t len,
                               struct login *ret_login) BATON_MUST_USE;

/* "view", "operate", "approve", "break-glass", "audit", "admin": one bit each. 0 when unknown. */
uint16_t login_role_parse(const char *name);
/* All names of the bits, with commas; cut to fit. */
void login_roles_format(uint16_t roles, char *out, size_t cap);

#endif
