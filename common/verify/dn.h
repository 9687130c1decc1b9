/* dn.h: distinguished names in a form that can be compared.
 *
 * Shape      The canonical form runs from the root to the leaf, each name ended by a comma, so that
 *            the form of a container is a prefix of the form of everything below it:
 *            "OU=Sales, dc=Contoso,DC=com" -> "dc=com,dc=contoso,ou=sales,".
 *            Case is folded (ASCII, Latin, Greek, Cyrillic), white space around names and values goes,
 *            runs of it inside a value are one space; escapes (`\,`, hex pairs, quotes) are resolved
 *            and what needs one is written as a hex pair again.
 * Limits     Three times the length of the text.
 * Errors     NULL: no memory. A text that is no DN is folded whole, in one piece, and said to be none.
 * Ownership  The form is malloc'd.
 * Source     RFC 4514; formats 1, 2 (escapes seen).
 */
#ifndef VERIFY_DN_H
#define VERIFY_DN_H

#include "baton/status.h"

/* "" is the root of everything, and a good DN. ret_valid may be NULL. */
char *dn_canonical(const char *text, bool *ret_valid);
/* Whether b is a or lies below it; both canonical. */
bool dn_contains(const char *a, const char *b);

#endif
