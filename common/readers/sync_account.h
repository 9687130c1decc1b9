/* sync_account.h: which computer an account in Active Directory was made for, by its description.
 *
 * Shape      "Account created by ... with installation identifier '...' running on computer 'NAME'
 *            configured to synchronize to tenant '...'", as every installation of a sync product leaves one.
 * Limits     SYNC_ACCOUNT_COMPUTER_BYTES; a name is letters, digits, '-' and '_', whatever else somebody
 *            wrote into a description.
 * Errors     false: it names no computer in that way.
 * Threads    Reentrant.
 * Source     domain 1.8.
 */
#ifndef READERS_SYNC_ACCOUNT_H
#define READERS_SYNC_ACCOUNT_H

#include <stdbool.h>

enum { SYNC_ACCOUNT_COMPUTER_BYTES = 64 };

bool sync_account_computer(const char *description, char out[SYNC_ACCOUNT_COMPUTER_BYTES]);

#endif
