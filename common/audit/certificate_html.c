#include "common/audit/certificate_read.h"

#include "common/html.h"

#include <inttypes.h>
#include <stdio.h>

static void
page_span(struct html *p, uint64_t ms)
{
    uint64_t s = ms / 1000;
    if (s >= 3600)
        html_raw(p, "%" PRIu64 " h %02" PRIu64 " min", s / 3600, s / 60 % 60);
    else if (s >= 60)
        html_raw(p, "%" PRIu64 " min %02" PRIu64 " s", s / 60, s % 60);
    else
        html_raw(p, "%" PRIu64 ".%01" PRIu64 " s", s, ms / 100 % 10);
}

void
certificate_row_hash(struct html *p, const char *name, const struct baton_hash *h)
{
    html_raw(p, "<tr><th>%s</th><td>", name);
    if (baton_hash_is_zero(h))
        html_raw(p, "none");
    else
        html_hex(p, h->b, sizeof h->b);
    html_raw(p, "</td></tr>");
}

static void
banners(struct html *p, const struct certificate *c, const struct certificate_report *r)
{
    if (c->lab)
        html_raw(p, "<p class=\"banner lab\">LAB &mdash; made in a simulated world or under a lab "
                    "trust document. It certifies nothing about a real tenant.</p>");
    if (c->local_fence_only)
        html_raw(p, "<p class=\"banner warn\">Local fence only: the old server is stopped and "
                    "disabled, but its own account in the tenant can still sign in.</p>");
    if (r != NULL && r->good)
        html_raw(p,
                 "<p class=\"banner good\">Checked: signature, records, verification and order "
                 "hold%s.</p>",
                 r->root_pinned ? "" : "; the root key was not pinned by the reader");
    if (r != NULL && r->good && r->unattributed > 0)
        html_raw(p,
                 "<p class=\"banner warn\">%u dispositions are of people whom the trust document "
                 "inside does not name any more: their signatures could not be checked.</p>",
                 r->unattributed);
    if (r != NULL && !r->good) {
        html_raw(p, "<p class=\"banner bad\">Does not hold: ");
        html_text(p, r->why);
        html_raw(p, "</p>");
    }
}

static const struct certificate_server *
server_with(const struct certificate *c, bool recipient)
{
    for (size_t i = 0; i < c->server_count; i++)
        if (recipient ? c->server[i].is_recipient : c->server[i].was_holder)
            return &c->server[i];
    return NULL;
}

static void
heading(struct html *p, const struct certificate *c)
{
    const struct certificate_server *from = server_with(c, false), *to = server_with(c, true);
    char guid[37];
    baton_guid_format(&c->tenant, guid);
    html_raw(p, "<header><div><h1>Cutover certificate</h1><p class=\"sub\">");
    html_text(p, c->tenant_name);
    html_raw(p, " &middot; <code>%s</code></p><p>The export role went from <b>", guid);
    html_text(p, from != NULL ? from->host : "a server not named");
    html_raw(p, "</b> to <b>");
    html_text(p, to != NULL ? to->host : "a server not named");
    html_raw(p, "</b>. Outcome: <b>%s</b>, path: <b>%s</b>.</p></div>",
             certificate_outcome_name((enum certificate_outcome)c->outcome),
             profile_name((enum profile)c->profile));
    const char *grade = certificate_grade_name((enum certificate_grade)c->grade);
    html_raw(p, "<div class=\"grade g%s\"><span>Grade</span><b>%s</b></div></header>", grade,
             c->grade == GRADE_NONE ? "&ndash;" : grade);
}

static void
facts(struct html *p, const struct certificate *c)
{
    html_raw(p, "<h2>What happened</h2><table><tr><th>Grade</th><td>%s: %s",
             certificate_grade_name((enum certificate_grade)c->grade),
             c->grade_why[0] == 0 ? certificate_grade_text((enum certificate_grade)c->grade) : "");
    html_text(p, c->grade_why); /* it begins with what the grade means */
    html_raw(p, "</td></tr><tr><th>Nobody exported for</th><td>");
    if (c->gap_known) {
        html_raw(p, "at least ");
        page_span(p, c->gap_lower_ms);
        html_raw(p, ", at most ");
        page_span(p, c->gap_upper_ms);
    } else {
        html_raw(p, "not known");
    }
    html_raw(p, "</td></tr><tr><th>First export of the new server</th><td>");
    html_time(p, c->first_export_unix_ms);
    html_raw(p, "</td></tr><tr><th>It carried</th><td>");
    if (c->counts_known)
        html_raw(p, "%" PRIu64 " adds, %" PRIu64 " updates, %" PRIu64 " deletes", c->adds,
                 c->updates, c->deletes);
    else
        html_raw(p, "not known");
    html_raw(p, "</td></tr><tr><th>Epoch</th><td>%" PRIu64 ", grant %" PRIu32 "</td></tr>",
             c->epoch.counter, c->serial);
    html_raw(p, "</table>");
}

static void
servers(struct html *p, const struct certificate *c)
{
    html_raw(p, "<h2>Servers</h2><table><tr><th>Host</th><th>Product</th><th>Part</th>"
                "<th>Fenced how</th><th>Key and evidence</th></tr>");
    for (size_t i = 0; i < c->server_count; i++) {
        const struct certificate_server *s = &c->server[i];
        html_raw(p, "<tr><td>");
        html_text(p, s->host);
        html_raw(p, "</td><td>%s</td><td>%s%s</td><td>%s%s</td><td>",
                 product_name((enum product)s->product), s->was_holder ? "had the role " : "",
                 s->is_recipient ? "got the role" : "", fence_kind_name((enum fence_kind)s->kind),
                 s->attested ? ", attested by people" : "");
        html_hex(p, s->key.b, sizeof s->key.b);
        if (!baton_hash_is_zero(&s->evidence)) {
            html_raw(p, "<br>evidence ");
            html_hex(p, s->evidence.b, sizeof s->evidence.b);
        }
        html_raw(p, "</td></tr>");
    }
    html_raw(p, "</table>");
}

static const char *
bound_to(const struct certificate *c, const struct certificate_person *p)
{
    if (baton_hash_is_zero(&p->verification))
        return "";
    return baton_hash_eq(&p->verification, &c->verification) ? "shown here" : "an earlier one";
}

static void
people(struct html *p, const struct certificate *c)
{
    char id[2 * BATON_ID_BYTES + 1];
    html_raw(p,
             "<h2>Who decided</h2><p>The trust document asks for %u different people for a "
             "cutover, %u for go, %u to attest.</p>",
             c->quorum_cutover, c->quorum_go, c->quorum_attest);
    if (c->quorum_cutover < 2)
        html_raw(p, "<p class=\"banner warn\">One person alone may approve a cutover here.</p>");
    html_raw(p, "<table><tr><th>Verb</th><th>Operator</th><th>Approval</th>"
                "<th>Over the verification</th></tr>");
    for (size_t i = 0; i < c->person_count; i++) {
        baton_hex(c->person[i].operator.b, BATON_ID_BYTES, id);
        html_raw(p, "<tr><td>%s</td><td><code>%s</code></td><td>",
                 approval_verb_name((enum approval_verb)c->person[i].verb), id);
        html_hex(p, c->person[i].approval.b, sizeof c->person[i].approval.b);
        html_raw(p, "</td><td>%s</td></tr>", bound_to(c, &c->person[i]));
    }
    html_raw(p, "</table>");
}

static void
course(struct html *p, const struct certificate *c)
{
    html_raw(p, "<h2>Course</h2><table><tr><th>Record</th><th>Rule</th><th>From</th><th>To</th>"
                "<th>Time (information)</th></tr>");
    for (size_t i = 0; i < c->rule_count; i++) {
        const struct certificate_rule *r = &c->rule[i];
        html_raw(p, "<tr><td>%" PRIu64 "</td><td>%u</td><td>", r->seq, (unsigned)r->rule);
        html_text(p, r->from);
        html_raw(p, "</td><td>");
        html_text(p, r->to);
        html_raw(p, "</td><td>");
        html_time(p, r->unix_ms);
        html_raw(p, "</td></tr>");
    }
    html_raw(p, "</table><h2>Orders and signed words, in the order of the log</h2><table>"
                "<tr><th>Record</th><th>What</th><th>SHA-256</th></tr>");
    for (size_t i = 0; i < c->link_count; i++) {
        const struct certificate_link *l = &c->link[i];
        html_raw(p, "<tr><td>%" PRIu64 "</td><td>%s ", l->seq,
                 l->kind == LINK_ORDER ? "order" : "says");
        html_text(p, l->what);
        html_raw(p, "</td><td>");
        html_hex(p, l->hash.b, sizeof l->hash.b);
        html_raw(p, "</td></tr>");
    }
    html_raw(p, "</table>");
}

static void
proof(struct html *p, const struct certificate *c, const struct certificate_report *r)
{
    html_raw(p,
             "<h2>Proof</h2><p>The grant contains the other servers' signed evidence, so it "
             "cannot have been made before it. %u records of this cutover are proved to lie in "
             "the log whose state over %" PRIu64 " records was signed at ",
             c->proof_count, c->checkpoint.size);
    html_time(p, c->checkpoint.unix_ms);
    html_raw(p, ".</p><table>");
    certificate_row_hash(p, "Plan", &c->plan);
    certificate_row_hash(p, "Root of the log", &c->checkpoint.root);
    if (r != NULL) {
        html_raw(p, "<tr><th>Signed by</th><td>");
        html_hex(p, r->signer.b, sizeof r->signer.b);
        html_raw(p, "</td></tr>");
        certificate_row_hash(p, "Fingerprint of this certificate", &r->fingerprint);
    }
    html_raw(p,
             "</table><p>Check it without us: <code>baton audit verify</code> with the JSON form "
             "of this certificate and the root key's fingerprint.</p>");
}

static const char *const not_proved[] = {
    "It does not prove that nobody with administrator rights on both servers lied to both agents.",
    "It does not prove what a Global Administrator of the tenant did beside both servers.",
    "Times are information; what is proved is order, by hashes.",
    "Tokens that were issued before a revocation can outlive it by about an hour.",
    "Counts are what was verified before the first export, not what the tenant's service did.",
};

const char *const *
certificate_not_proved(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(not_proved);
    return not_proved;
}

static void
limits(struct html *p, const struct certificate *c)
{
    html_raw(p, "<h2>What this certificate does not prove</h2><ul>");
    for (size_t i = 0; i < ARRAY_LEN(not_proved); i++) {
        html_raw(p, "<li>");
        html_text(p, not_proved[i]);
        html_raw(p, "</li>");
    }
    html_raw(p, "</ul><footer>Issued ");
    html_time(p, c->issued_unix_ms);
    html_raw(p, " by Baton ");
    html_text(p, c->verifier_version);
    html_raw(p, "</footer>");
}

enum baton_status
certificate_to_html(const struct certificate *c, const struct certificate_report *report_or_null,
                    char **ret_text, struct baton_err *err)
{
    struct html p;
    char title[NAME_BYTES + sizeof "Cutover certificate: "];
    (void)snprintf(title, sizeof title, "Cutover certificate: %s", c->tenant_name);
    html_begin(&p, title);
    heading(&p, c);
    banners(&p, c, report_or_null);
    facts(&p, c);
    servers(&p, c);
    certificate_verified_html(&p, c);
    people(&p, c);
    course(&p, c);
    proof(&p, c, report_or_null);
    limits(&p, c);
    return html_end(&p, "certificate page", ret_text, err);
}
