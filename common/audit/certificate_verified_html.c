#include "common/audit/certificate_read.h"

#include "common/html.h"

#include <inttypes.h>
#include <string.h>

enum { VERSION_FIELD_BITS = 16, VERSION_FIELDS = 4 };

static void
operator_id(struct html *p, const struct baton_id *id)
{
    char hex[2 * BATON_ID_BYTES + 1];
    baton_hex(id->b, BATON_ID_BYTES, hex);
    html_raw(p, "<code>%s</code>", hex);
}

static void
version(struct html *p, int64_t v)
{
    for (int i = VERSION_FIELDS - 1; i >= 0; i--)
        html_raw(p, "%u%s", (unsigned)((uint64_t)v >> (i * VERSION_FIELD_BITS) & 0xffff),
                 i > 0 ? "." : "");
}

static void
facts(struct html *p, const struct certificate_verified *v)
{
    html_raw(p, "<table><tr><th>Fact</th><th>Value</th></tr>");
    for (size_t i = 0; i < v->fact_count; i++) {
        const struct certificate_fact *f = &v->fact[i];
        html_raw(p, "<tr><td>");
        html_text(p, f->name);
        html_raw(p, "</td><td>");
        if (!f->known)
            html_raw(p, "unknown");
        else if (strcmp(f->name, verification_name(VERIFY_NEW_VERSION)) == 0)
            version(p, f->value);
        else
            html_raw(p, "%" PRId64, f->value);
        html_raw(p, "</td></tr>");
    }
    html_raw(p, "</table>");
}

static void
decision(struct html *p, const struct certificate_decision *d)
{
    html_raw(p, "<b>%s</b> by ", disposition_kind_name((enum disposition_kind)d->kind));
    operator_id(p, &d->operator);
    html_raw(p, ", ");
    html_time(p, d->unix_ms);
    html_raw(p, ": ");
    html_text(p, d->reason);
    html_raw(p, "<br>");
}

static void
decisions(struct html *p, const struct certificate_verified *v, const struct certificate_finding *f)
{
    for (size_t i = 0; i < v->decision_count; i++)
        if (baton_hash_eq(&v->decision[i].row, &f->row))
            decision(p, &v->decision[i]);
    if (f->severity == SEVERITY_INFO)
        html_raw(p, "nobody had to decide");
    else if (f->people == 0)
        html_raw(p, "no disposition of its own: taken with the whole");
    else if (f->people > 1)
        html_raw(p, "%u different people", f->people);
}

static void
finding(struct html *p, const struct certificate_verified *v, const struct certificate_finding *f)
{
    html_raw(p, "<tr><td>%s<br><b>", finding_severity_name((enum finding_severity)f->severity));
    html_text(p, f->rule);
    html_raw(p, "</b></td><td>%" PRIu64 "<br>", f->count);
    if (f->limited)
        html_raw(p, "limit %" PRIu64, f->limit);
    html_raw(p, "</td><td>");
    html_text(p, f->subject);
    html_raw(p, "<br>");
    html_text(p, f->why);
    html_raw(p, "</td><td>");
    decisions(p, v, f);
    html_raw(p, "</td></tr>");
}

static void
findings(struct html *p, const struct certificate_verified *v)
{
    if (v->finding_count == 0) {
        html_raw(p, "<p>The new server's checks reported no findings.</p>");
        return;
    }
    html_raw(p, "<table><tr><th>Rule</th><th>Count</th><th>What and why</th>"
                "<th>Who decided what</th></tr>");
    for (size_t i = 0; i < v->finding_count; i++)
        finding(p, v, &v->finding[i]);
    html_raw(p, "</table>");
    if (v->more > 0)
        html_raw(p, "<p class=\"banner warn\">%" PRIu32 " more findings did not fit.</p>", v->more);
}

static bool
listed(const struct certificate_verified *v, const struct baton_hash *row)
{
    for (size_t i = 0; i < v->finding_count; i++)
        if (baton_hash_eq(&v->finding[i].row, row))
            return true;
    return false;
}

/* What was decided earlier about differences that were gone when it was accepted. */
static void
decisions_of_the_gone(struct html *p, const struct certificate_verified *v)
{
    bool any = false;
    for (size_t i = 0; i < v->decision_count; i++) {
        if (listed(v, &v->decision[i].row))
            continue;
        if (!any)
            html_raw(p, "<p>About differences that were gone by then:<br>");
        any = true;
        decision(p, &v->decision[i]);
    }
    if (any)
        html_raw(p, "</p>");
}

void
certificate_verified_html(struct html *p, const struct certificate *c)
{
    const struct certificate_verified *v = &c->verified;
    html_raw(p, "<h2>What verification found</h2>");
    if (baton_hash_is_zero(&c->verification)) {
        html_raw(p, "<p class=\"banner warn\">No verification was accepted.</p>");
        return;
    }
    html_raw(p, "<p>Verdict <b>%s</b>, made ", verdict_name((enum verdict)v->verdict));
    html_time(p, v->taken_unix_ms);
    html_raw(p, ", accepted by ");
    operator_id(p, &v->accepted_by);
    html_raw(p, " at ");
    html_time(p, v->accepted_unix_ms);
    html_raw(p, " (record %" PRIu64 "). The approvals bind to this record.</p>", v->accepted_seq);
    findings(p, v);
    decisions_of_the_gone(p, v);
    facts(p, v);
    html_raw(p, "<table>");
    certificate_row_hash(p, "Verification record", &c->verification);
    certificate_row_hash(p, "Findings", &v->findings);
    certificate_row_hash(p, "Dispositions", &v->dispositions);
    if (!baton_hash_is_zero(&v->policy)) /* else the preset of the path */
        certificate_row_hash(p, "Verification policy", &v->policy);
    html_raw(p, "</table>");
}
