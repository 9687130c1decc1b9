/* redact.h: text of a server's log, without what names people, tenants, machines and secrets.
 *
 * Shape      What is known to be harmless stays: words of letters, numbers of up to six digits, error
 *            codes, versions that are announced as such, names of .NET types and of cmdlets. All else goes,
 *            and leaves its kind behind: <id>, <account>, <name>, <path>, <dn>, <number>, <text>; of a
 *            secret (behind "password=", "token:", "Bearer") only <secret>, up to the end. What stands in
 *            quotes, behind `=`, or behind a word that announces a name ("tenant", "user") has to be of a
 *            kind that cannot be one. Of a path and a DN the rest goes too, since both may have blanks.
 *            Where equality matters a digest follows the kind, <account:1f0c22ab>, salted: equal means
 *            equal within one salt, and nobody can try names without it.
 *            What cannot be told from a sentence stays: a name in plain words that nothing announces.
 * Limits     What does not fit into `cap` is cut; REDACT_BYTES is enough for most.
 * Threads    Reentrant. No allocation.
 * Source     formats 6; design 8 (nothing personal leaves a server).
 */
#ifndef READERS_REDACT_H
#define READERS_REDACT_H

#include "baton/ids.h"

enum { REDACT_BYTES = 512, REDACT_DIGEST_BYTES = 4 };

void redact(const char *text, const struct baton_hash *salt, char *out, size_t cap);

#endif
