#include "common/audit/certificate.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAGE_FIRST_BYTES = 16384, HEX_MAX = 2 * BATON_KEY_BYTES + 1, FIELD_BYTES = 128 };

struct page {
    char *text;
    size_t len, cap;
    bool failed;
};

static void page_raw(struct page *p, const char *fmt, ...) BATON_PRINTF(2, 3);

static bool
page_room(struct page *p, size_t more)
{
    if (p->failed)
        return false;
    while (p->len + more + 1 > p->cap) {
        size_t cap = p->cap == 0 ? PAGE_FIRST_BYTES : p->cap * 2;
        char *text = realloc(p->text, cap);
        if (text == NULL) {
            p->failed = true;
            return false;
        }
        p->text = text;
        p->cap = cap;
    }
    return true;
}

static void
page_bytes(struct page *p, const char *bytes, size_t len)
{
    if (!page_room(p, len))
        return;
    memcpy(p->text + p->len, bytes, len);
    p->len += len;
    p->text[p->len] = 0;
}

/* For markup and numbers of our own; whatever comes from outside goes through page_text. */
static void
page_raw(struct page *p, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    if (n >= 0 && page_room(p, (size_t)n + 1)) {
        (void)vsnprintf(p->text + p->len, (size_t)n + 1, fmt, again);
        p->len += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

static void
page_text(struct page *p, const char *text)
{
    static const struct {
        char c;
        const char *escape;
    } escapes[] = {
        {'&', "&amp;"},  {'<', "&lt;"},   {'>', "&gt;"},
        {'"', "&quot;"}, {'\'', "&#39;"}, {'`', "&#96;"},
    };
    for (; *text != 0; text++) {
        const char *escape = NULL;
        for (size_t i = 0; i < ARRAY_LEN(escapes); i++)
            if (escapes[i].c == *text)
                escape = escapes[i].escape;
        if (escape != NULL)
            page_bytes(p, escape, strlen(escape));
        else
            page_bytes(p, text, 1);
    }
}

static void
page_hex(struct page *p, const void *bytes, size_t n)
{
    char hex[HEX_MAX];
    BATON_ASSERT(2 * n < sizeof hex);
    baton_hex(bytes, n, hex);
    page_raw(p, "<code>%s</code>", hex);
}

static void
page_time(struct page *p, uint64_t unix_ms)
{
    char text[FIELD_BYTES];
    struct tm tm;
    time_t t = (time_t)(unix_ms / 1000);
    if (unix_ms == 0 || gmtime_r(&t, &tm) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
        page_raw(p, "not seen");
    else
        page_raw(p, "%s", text);
}

static void
page_span(struct page *p, uint64_t ms)
{
    uint64_t s = ms / 1000;
    if (s >= 3600)
        page_raw(p, "%" PRIu64 " h %02" PRIu64 " min", s / 3600, s / 60 % 60);
    else if (s >= 60)
        page_raw(p, "%" PRIu64 " min %02" PRIu64 " s", s / 60, s % 60);
    else
        page_raw(p, "%" PRIu64 ".%01" PRIu64 " s", s, ms / 100 % 10);
}

static const char style[] =
    "<style>"
    ":root{--ink:#1b2430;--soft:#5b6675;--line:#d8dee6;--paper:#fff;--accent:#1f5fbf}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:#eef1f5;color:var(--ink);font:15px/1.5 system-ui,'Segoe UI',"
    "'DejaVu Sans',sans-serif}"
    "main{max-width:60rem;margin:2rem auto;background:var(--paper);padding:2.5rem 3rem;"
    "border:1px solid var(--line);border-radius:6px}"
    "h1{font-size:1.7rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .6rem;"
    "border-bottom:1px solid var(--line);padding-bottom:.3rem}"
    "header{display:flex;gap:1.5rem;align-items:flex-start;justify-content:space-between}"
    ".sub{color:var(--soft);margin:.2rem 0 0}"
    ".grade{flex:none;width:5.2rem;text-align:center;border:2px solid;border-radius:6px;"
    "padding:.3rem 0}.grade b{display:block;font-size:2.2rem;line-height:1.1}"
    ".grade span{font-size:.7rem;text-transform:uppercase;letter-spacing:.08em}"
    ".gA{color:#14713d}.gB{color:#1f5fbf}.gC{color:#9a5b00}.gX{color:#b3261e}.gnone{color:#5b6675}"
    ".banner{margin:1.2rem 0 0;padding:.7rem 1rem;border-radius:4px;font-weight:600}"
    ".lab{background:#b3261e;color:#fff}.warn{background:#fff4d6;color:#6b4a00}"
    ".good{background:#e3f4ea;color:#14713d}.bad{background:#fbe4e2;color:#8c1d18}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line)}"
    "th{font-weight:600;color:var(--soft);white-space:nowrap}"
    "code{font:.78rem/1.4 ui-monospace,'DejaVu Sans Mono',Consolas,monospace;word-break:break-all}"
    "ul{margin:.3rem "
    "0;padding-left:1.2rem}footer{margin-top:2rem;color:var(--soft);font-size:.85rem}"
    "@media "
    "print{body{background:#fff;font-size:11px}main{border:0;margin:0;padding:0;max-width:none}"
    "h2{break-after:avoid}tr{break-inside:avoid}*{print-color-adjust:exact;"
    "-webkit-print-color-adjust:exact}}"
    "</style>";

static void
row_hash(struct page *p, const char *name, const struct baton_hash *h)
{
    page_raw(p, "<tr><th>%s</th><td>", name);
    if (baton_hash_is_zero(h))
        page_raw(p, "none");
    else
        page_hex(p, h->b, sizeof h->b);
    page_raw(p, "</td></tr>");
}

static void
banners(struct page *p, const struct certificate *c, const struct certificate_report *r)
{
    if (c->lab)
        page_raw(p, "<p class=\"banner lab\">LAB &mdash; made in a simulated world or under a lab "
                    "trust document. It certifies nothing about a real tenant.</p>");
    if (c->local_fence_only)
        page_raw(p, "<p class=\"banner warn\">Local fence only: the old server is stopped and "
                    "disabled, but its own account in the tenant can still sign in.</p>");
    if (r != NULL && r->good)
        page_raw(p, "<p class=\"banner good\">Checked: signature, records and order hold%s.</p>",
                 r->root_pinned ? "" : "; the root key was not pinned by the reader");
    if (r != NULL && !r->good) {
        page_raw(p, "<p class=\"banner bad\">Does not hold: ");
        page_text(p, r->why);
        page_raw(p, "</p>");
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
heading(struct page *p, const struct certificate *c)
{
    const struct certificate_server *from = server_with(c, false), *to = server_with(c, true);
    char guid[37];
    baton_guid_format(&c->tenant, guid);
    page_raw(p, "<header><div><h1>Cutover certificate</h1><p class=\"sub\">");
    page_text(p, c->tenant_name);
    page_raw(p, " &middot; <code>%s</code></p><p>The export role went from <b>", guid);
    page_text(p, from != NULL ? from->host : "a server not named");
    page_raw(p, "</b> to <b>");
    page_text(p, to != NULL ? to->host : "a server not named");
    page_raw(p, "</b>. Outcome: <b>%s</b>, path: <b>%s</b>.</p></div>",
             certificate_outcome_name((enum certificate_outcome)c->outcome),
             profile_name((enum profile)c->profile));
    const char *grade = certificate_grade_name((enum certificate_grade)c->grade);
    page_raw(p, "<div class=\"grade g%s\"><span>Grade</span><b>%s</b></div></header>", grade,
             c->grade == GRADE_NONE ? "&ndash;" : grade);
}

static void
facts(struct page *p, const struct certificate *c)
{
    page_raw(p, "<h2>What happened</h2><table><tr><th>Grade</th><td>%s: %s",
             certificate_grade_name((enum certificate_grade)c->grade),
             certificate_grade_text((enum certificate_grade)c->grade));
    if (c->grade_why[0] != 0)
        page_raw(p, "<br>");
    page_text(p, c->grade_why);
    page_raw(p, "</td></tr><tr><th>Nobody exported for</th><td>");
    if (c->gap_known) {
        page_raw(p, "at least ");
        page_span(p, c->gap_lower_ms);
        page_raw(p, ", at most ");
        page_span(p, c->gap_upper_ms);
    } else {
        page_raw(p, "not known");
    }
    page_raw(p, "</td></tr><tr><th>First export of the new server</th><td>");
    page_time(p, c->first_export_unix_ms);
    page_raw(p, "</td></tr><tr><th>It carried</th><td>");
    if (c->counts_known)
        page_raw(p, "%" PRIu64 " adds, %" PRIu64 " updates, %" PRIu64 " deletes", c->adds,
                 c->updates, c->deletes);
    else
        page_raw(p, "not known");
    page_raw(p, "</td></tr><tr><th>Epoch</th><td>%" PRIu64 ", grant %" PRIu32 "</td></tr>",
             c->epoch.counter, c->serial);
    page_raw(p, "</table>");
}

static void
servers(struct page *p, const struct certificate *c)
{
    page_raw(p, "<h2>Servers</h2><table><tr><th>Host</th><th>Product</th><th>Part</th>"
                "<th>Fenced how</th><th>Key and evidence</th></tr>");
    for (size_t i = 0; i < c->server_count; i++) {
        const struct certificate_server *s = &c->server[i];
        page_raw(p, "<tr><td>");
        page_text(p, s->host);
        page_raw(p, "</td><td>%s</td><td>%s%s</td><td>%s%s</td><td>",
                 product_name((enum product)s->product), s->was_holder ? "had the role " : "",
                 s->is_recipient ? "got the role" : "", fence_kind_name((enum fence_kind)s->kind),
                 s->attested ? ", attested by people" : "");
        page_hex(p, s->key.b, sizeof s->key.b);
        if (!baton_hash_is_zero(&s->evidence)) {
            page_raw(p, "<br>evidence ");
            page_hex(p, s->evidence.b, sizeof s->evidence.b);
        }
        page_raw(p, "</td></tr>");
    }
    page_raw(p, "</table>");
}

static void
people(struct page *p, const struct certificate *c)
{
    char id[2 * BATON_ID_BYTES + 1];
    page_raw(p,
             "<h2>Who decided</h2><p>The trust document asks for %u different people for a "
             "cutover, %u for go, %u to attest.</p>",
             c->quorum_cutover, c->quorum_go, c->quorum_attest);
    if (c->quorum_cutover < 2)
        page_raw(p, "<p class=\"banner warn\">One person alone may approve a cutover here.</p>");
    page_raw(p, "<table><tr><th>Verb</th><th>Operator</th><th>Approval</th></tr>");
    for (size_t i = 0; i < c->person_count; i++) {
        baton_hex(c->person[i].operator.b, BATON_ID_BYTES, id);
        page_raw(p, "<tr><td>%s</td><td><code>%s</code></td><td>",
                 approval_verb_name((enum approval_verb)c->person[i].verb), id);
        page_hex(p, c->person[i].approval.b, sizeof c->person[i].approval.b);
        page_raw(p, "</td></tr>");
    }
    page_raw(p, "</table>");
}

static void
course(struct page *p, const struct certificate *c)
{
    page_raw(p, "<h2>Course</h2><table><tr><th>Record</th><th>Rule</th><th>From</th><th>To</th>"
                "<th>Time (information)</th></tr>");
    for (size_t i = 0; i < c->rule_count; i++) {
        const struct certificate_rule *r = &c->rule[i];
        page_raw(p, "<tr><td>%" PRIu64 "</td><td>%u</td><td>", r->seq, (unsigned)r->rule);
        page_text(p, r->from);
        page_raw(p, "</td><td>");
        page_text(p, r->to);
        page_raw(p, "</td><td>");
        page_time(p, r->unix_ms);
        page_raw(p, "</td></tr>");
    }
    page_raw(p, "</table><h2>Orders and signed words, in the order of the log</h2><table>"
                "<tr><th>Record</th><th>What</th><th>SHA-256</th></tr>");
    for (size_t i = 0; i < c->link_count; i++) {
        const struct certificate_link *l = &c->link[i];
        page_raw(p, "<tr><td>%" PRIu64 "</td><td>%s ", l->seq,
                 l->kind == LINK_ORDER ? "order" : "says");
        page_text(p, l->what);
        page_raw(p, "</td><td>");
        page_hex(p, l->hash.b, sizeof l->hash.b);
        page_raw(p, "</td></tr>");
    }
    page_raw(p, "</table>");
}

static void
proof(struct page *p, const struct certificate *c, const struct certificate_report *r)
{
    page_raw(p,
             "<h2>Proof</h2><p>The grant contains the other servers' signed evidence, so it "
             "cannot have been made before it. %u records of this cutover are proved to lie in "
             "the log whose state over %" PRIu64 " records was signed at ",
             c->proof_count, c->checkpoint.size);
    page_time(p, c->checkpoint.unix_ms);
    page_raw(p, ".</p><table>");
    row_hash(p, "Plan", &c->plan);
    row_hash(p, "Verification", &c->verification);
    row_hash(p, "Root of the log", &c->checkpoint.root);
    if (r != NULL) {
        page_raw(p, "<tr><th>Signed by</th><td>");
        page_hex(p, r->signer.b, sizeof r->signer.b);
        page_raw(p, "</td></tr>");
        row_hash(p, "Fingerprint of this certificate", &r->fingerprint);
    }
    page_raw(p,
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
limits(struct page *p, const struct certificate *c)
{
    page_raw(p, "<h2>What this certificate does not prove</h2><ul>");
    for (size_t i = 0; i < ARRAY_LEN(not_proved); i++) {
        page_raw(p, "<li>");
        page_text(p, not_proved[i]);
        page_raw(p, "</li>");
    }
    page_raw(p, "</ul><footer>Issued ");
    page_time(p, c->issued_unix_ms);
    page_raw(p, " by Baton ");
    page_text(p, c->verifier_version);
    page_raw(p, "</footer>");
}

enum baton_status
certificate_to_html(const struct certificate *c, const struct certificate_report *report_or_null,
                    char **ret_text, struct baton_err *err)
{
    struct page p = {0};
    page_raw(&p, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
                 "<meta name=\"viewport\" content=\"width=device-width\">"
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                 "style-src 'unsafe-inline'\"><title>Cutover certificate: ");
    page_text(&p, c->tenant_name);
    page_raw(&p, "</title>%s</head><body><main>", style);
    heading(&p, c);
    banners(&p, c, report_or_null);
    facts(&p, c);
    servers(&p, c);
    people(&p, c);
    course(&p, c);
    proof(&p, c, report_or_null);
    limits(&p, c);
    page_raw(&p, "</main></body></html>\n");
    if (p.failed) {
        free(p.text);
        return baton_fail(err, BATON_NOMEM, "certificate page");
    }
    *ret_text = p.text;
    return BATON_OK;
}
