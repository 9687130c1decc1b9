#include "common/html.h"

#include "baton/ids.h"
#include "common/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HTML_HEX_BYTES_MAX = 64, HTML_TIME_BYTES = 64 };

void
html_raw(struct html *h, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    draft_format_list(&h->page, fmt, args);
    va_end(args);
}

static const char *
escape_of(char c)
{
    static const struct {
        char c;
        const char *escape;
    } escapes[] = {
        {'&', "&amp;"},  {'<', "&lt;"},  {'>', "&gt;"},  {'"', "&quot;"},
        {'\'', "&#39;"}, {'`', "&#96;"}, {'\n', "<br>"}, {'\t', " "},
    };
    for (size_t i = 0; i < ARRAY_LEN(escapes); i++)
        if (escapes[i].c == c)
            return escapes[i].escape;
    return NULL;
}

/* How many bytes a character takes by its first one; the text may end earlier. */
static size_t
character_bytes(const char *text)
{
    unsigned char first = (unsigned char)text[0];
    size_t len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    return strnlen(text, len);
}

void
html_text(struct html *h, const char *text)
{
    static const char replacement[] = "\xef\xbf\xbd";
    while (*text != 0) {
        const char *escape = escape_of(*text);
        size_t len = character_bytes(text);
        bool valid = text_valid(text, len);
        if (escape != NULL)
            draft_put(&h->page, escape);
        else if (valid)
            draft_bytes(&h->page, text, len);
        else
            draft_put(&h->page, replacement);
        /* After what is refused, the next byte that may begin a character is looked at again. */
        size_t skip = 1;
        while (!valid && ((unsigned char)text[skip] & 0xc0) == 0x80)
            skip++;
        text += valid || escape != NULL ? len : skip;
    }
}

void
html_hex(struct html *h, const void *bytes, size_t n)
{
    char hex[2 * HTML_HEX_BYTES_MAX + 1];
    BATON_ASSERT(n <= HTML_HEX_BYTES_MAX);
    baton_hex(bytes, n, hex);
    html_raw(h, "<code>%s</code>", hex);
}

void
html_time(struct html *h, uint64_t unix_ms)
{
    char text[HTML_TIME_BYTES];
    struct tm tm;
    time_t t = (time_t)(unix_ms / 1000);
    if (unix_ms == 0 || gmtime_r(&t, &tm) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
        html_raw(h, "not seen");
    else
        html_raw(h, "%s", text);
}

/* Colours are variables, so that the dark form is one block; paper is always light. */
static const char style[] =
    "<style>"
    ":root{color-scheme:light dark;--ink:#1b2430;--soft:#5b6675;--line:#d8dee6;--paper:#fff;"
    "--desk:#eef1f5;--good:#14713d;--goodbg:#e3f4ea;--warn:#6b4a00;--warnbg:#fff4d6;"
    "--bad:#8c1d18;--badbg:#fbe4e2;--alarm:#b3261e;--blue:#1f5fbf;--amber:#9a5b00}"
    "@media screen and (prefers-color-scheme:dark){:root{--ink:#e4e9f0;--soft:#9aa7b8;"
    "--line:#343d4a;--paper:#1a2029;--desk:#11151b;--good:#7fd6a3;--goodbg:#173325;"
    "--warn:#f1cf7a;--warnbg:#3a2f12;--bad:#ffb1aa;--badbg:#421c1a;--blue:#8ab4f8;"
    "--amber:#f0b45a}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--desk);color:var(--ink);font:15px/1.5 system-ui,'Segoe UI',"
    "'DejaVu Sans',sans-serif}"
    "main{max-width:60rem;margin:2rem auto;background:var(--paper);padding:2.5rem 3rem;"
    "border:1px solid var(--line);border-radius:6px}"
    "h1{font-size:1.7rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .6rem;"
    "border-bottom:1px solid var(--line);padding-bottom:.3rem}"
    "header{display:flex;gap:1.5rem;align-items:flex-start;justify-content:space-between}"
    ".sub{color:var(--soft);margin:.2rem 0 0}"
    ".grade{flex:none;width:5.2rem;text-align:center;border:2px solid;border-radius:6px;"
    "padding:.3rem 0}.grade b{display:block;font-size:2.2rem;line-height:1.1}"
    ".grade.word{width:auto;padding:.3rem .9rem}.grade.word b{font-size:1.3rem}"
    ".grade span{font-size:.7rem;text-transform:uppercase;letter-spacing:.08em}"
    ".gA{color:var(--good)}.gB{color:var(--blue)}.gC{color:var(--amber)}.gX{color:var(--bad)}"
    ".gnone{color:var(--soft)}"
    ".banner{margin:1.2rem 0 0;padding:.7rem 1rem;border-radius:4px;font-weight:600}"
    ".lab{background:var(--alarm);color:#fff}.warn{background:var(--warnbg);color:var(--warn)}"
    ".good{background:var(--goodbg);color:var(--good)}.bad{background:var(--badbg);"
    "color:var(--bad)}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line)}"
    "td{overflow-wrap:anywhere}td.n,th.n{text-align:right}td.s{white-space:nowrap}"
    "th{font-weight:600;color:var(--soft);white-space:nowrap}"
    ".tag{display:inline-block;padding:0 .5rem;border-radius:3px;font-size:.8rem;font-weight:600}"
    "code{font:.78rem/1.4 ui-monospace,'DejaVu Sans Mono',Consolas,monospace;word-break:break-all}"
    "ul{margin:.3rem 0;padding-left:1.2rem}"
    "footer{margin-top:2rem;color:var(--soft);font-size:.85rem}"
    "@media print{body{background:#fff;font-size:11px}main{border:0;margin:0;padding:0;"
    "max-width:none}h2{break-after:avoid}tr{break-inside:avoid}thead{display:table-header-group}"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}"
    "</style>";

void
html_begin(struct html *h, const char *title)
{
    *h = (struct html){0};
    html_raw(h, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
                "<meta name=\"viewport\" content=\"width=device-width\">"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                "style-src 'unsafe-inline'\"><title>");
    html_text(h, title);
    html_raw(h, "</title>%s</head><body><main>", style);
}

enum baton_status
html_end(struct html *h, const char *what, char **ret_text, struct baton_err *err)
{
    html_raw(h, "</main></body></html>\n");
    char *text = draft_end(&h->page);
    if (text == NULL)
        return baton_fail(err, BATON_NOMEM, "%s", what);
    *ret_text = text;
    return BATON_OK;
}
