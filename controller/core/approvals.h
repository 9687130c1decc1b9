/* approvals.h: which signed approvals a cutover keeps, and which of them still count.
 *
 * Shape      Kept as signed. Counted per verb as different people, authentic under the present trust
 *            document, not expired, for this plan and this recipient. A new epoch towards the other
 *            server drops what it makes worthless: agents would refuse it too.
 * Errors     approvals_add: BATON_DENIED (signature, role, expiry), BATON_CONFLICT (other plan,
 *            members, recipient, verification or epoch; nothing seen), BATON_REFUSED (its life is
 *            longer than agents take), BATON_LIMIT (no room).
 * Threads    The engine's.
 * Source     protocol 5.
 */
#ifndef BATON_APPROVALS_H
#define BATON_APPROVALS_H

#include "tenant.h"

struct approvals_view {            /* what counting needs beside the tenant */
    const struct trust_doc *trust; /* NULL: nothing counts */
    const struct digest_port *dp;
    uint64_t unix_ms;
};

/* *ret_why (static): the sentence for the person. */
enum baton_status approvals_add(struct tenant *t, const struct signed_approval *sa,
                                const struct approvals_view *v,
                                const char **ret_why) BATON_MUST_USE;
/* Different people whose approval of this verb stands now. */
unsigned approvals_count(const struct tenant *t, enum approval_verb verb,
                         const struct approvals_view *v);
/* A go that names exactly the open epoch, the next serial and the evidence of this moment. */
bool approvals_go_fits(const struct tenant *t, const struct signed_approval *sa);
/* How many people sign, with this plan, that a server which it leaves out is gone. */
unsigned approvals_leave(const struct tenant *t, const struct baton_key *member,
                         const struct baton_key *towards, const struct approvals_view *v);
/* How many of those who sign the retirement say, with the digest of what shows it, that the old server's
 * own account in the tenant is gone. */
unsigned approvals_account_gone(const struct tenant *t, const struct approvals_view *v);
/* Who signed the same as this one about one server (disarm, readmit), this one among them: all of them
 * travel together, since the agent counts people itself. Borrowed from the tenant. */
size_t approvals_alike(const struct tenant *t, const struct approval *wanted,
                       const struct approvals_view *v,
                       const struct signed_approval *ret_list[CUTOVER_APPROVALS_MAX]);
/* How many people attest for this member now. */
unsigned approvals_attests(const struct tenant *t, const struct baton_key *member,
                           const struct approvals_view *v);
/* Two different people's attestations for one member: their hashes, the member's index; -1: none. */
int approvals_attested(const struct tenant *t, const struct approvals_view *v,
                       struct baton_hash ret_hash[2]);
/* How many different people it takes: two, or more when the trust document says so. */
unsigned approvals_attest_quorum(const struct approvals_view *v);
/* A fence towards the new (or old) server leaves: forget what spoke for the other direction. */
void approvals_drop(struct cutover *c, bool towards_new);
/* The new server holds: no recipient of a grant judges any more what people attest. */
bool approvals_judged_here(const struct cutover *c);
/* A server whose guard just raised an alarm runs, and who is heard can answer: forget who attested otherwise. NULL: of anybody.
 * True: somebody had. */
bool approvals_overtaken(struct cutover *c, const struct baton_key *member);
/* What records and the authority name an approval by. */
void approval_digest(const struct signed_approval *sa, const struct digest_port *dp,
                     struct baton_hash *ret_hash);

#endif
