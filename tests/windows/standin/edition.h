/* edition.h: which product the stand-in is installed as, with all that discovery looks for.
 *
 * Shape      dirsync, aadconnect (1.x) or connect (2.x): services with their names, display names and
 *            programs, an uninstall entry, the registry values of domain.md 1.2 and 2.2, programs that
 *            carry the product's version, and the folders that they lie in.
 * Errors     Exit codes: 0, or 1 with the system's number on the error output.
 */
#ifndef STANDIN_EDITION_H
#define STANDIN_EDITION_H

#include <windows.h>

int edition_install(const wchar_t *name);
int edition_remove(const wchar_t *name);

#endif
