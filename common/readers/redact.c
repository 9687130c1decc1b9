#include "redact.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/sha256.h"
#include "common/text.h"

enum { GUID_LEN = 36, NUMBER_DIGITS = 6, WORD_LEN = 40, HEX_LEN = 16, VERSION_PARTS = 4 };

struct word {
    const char *at;
    size_t len;
};

struct redaction {
    const struct baton_hash *salt;
    char *out;
    size_t cap, len;
    enum { NO_NAME, NAME_NEXT, NAME_LONGER } announced; /* longer: it goes on in capitals */
    bool version;                                       /* the next number is a version */
    bool over;                                          /* nothing more may be shown */
};

/* --- letters ------------------------------------------------------------------------------------- */

static bool
is_letter(char c)
{
    return isalpha((unsigned char)c) || ((unsigned char)c & 0x80) != 0;
}

static bool
is_edge(char c) /* of a word, never of its inside */
{
    return c != '\0' && strchr("()[]{}<>,;:!?.\"'`*|=-", c) != NULL;
}

static bool
equals(const struct word *w, const char *text)
{
    return strlen(text) == w->len && strncasecmp(w->at, text, w->len) == 0;
}

static bool
one_of(const struct word *w, const char *const words[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (equals(w, words[i]))
            return true;
    return false;
}

static bool
begins(const struct word *w, const char *text)
{
    return w->len >= strlen(text) && strncasecmp(w->at, text, strlen(text)) == 0;
}

static bool
has(const struct word *w, char c)
{
    return memchr(w->at, c, w->len) != NULL;
}

/* --- what stays ---------------------------------------------------------------------------------- */

/* Letters, with a hyphen or an apostrophe inside. */
static bool
is_plain(const struct word *w)
{
    bool letters = w->len > 0 && w->len <= WORD_LEN;
    for (size_t i = 0; letters && i < w->len; i++) {
        bool inside = i > 0 && i + 1 < w->len;
        letters = is_letter(w->at[i]) || (inside && (w->at[i] == '-' || w->at[i] == '\''));
    }
    return letters;
}

static bool
is_number(const struct word *w)
{
    size_t digits = 0;
    while (digits < w->len && isdigit((unsigned char)w->at[digits]))
        digits++;
    return digits == w->len && digits > 0 && digits <= NUMBER_DIGITS;
}

/* 0x80230703, AADSTS50079: what people search for. */
static bool
is_code(const struct word *w)
{
    size_t begin = begins(w, "0x") ? 2 : begins(w, "AADSTS") ? 6 : 0, i = begin;
    while (i < w->len && isxdigit((unsigned char)w->at[i]))
        i++;
    return begin > 0 && i == w->len && i > begin && i - begin <= HEX_LEN;
}

static bool
is_version(const struct word *w)
{
    unsigned dots = 0;
    bool digit = false;
    for (size_t i = 0; i < w->len; i++) {
        if (w->at[i] == '.' && digit) {
            dots++;
            digit = false;
        } else if (isdigit((unsigned char)w->at[i])) {
            digit = true;
        } else {
            return false;
        }
    }
    return digit && dots > 0 && dots < VERSION_PARTS;
}

static bool
ends(const struct word *w, const char *text)
{
    size_t n = strlen(text);
    return w->len >= n && strncmp(w->at + w->len - n, text, n) == 0;
}

/* System.Exception, ErrorPageViewModel.Load: letters and dots, and a beginning that no host has. */
static bool
is_type(const struct word *w)
{
    static const char *const kinds[] = {"ViewModel", "Provider", "Component", "Exception"};
    struct word first = {w->at, 0};
    for (size_t i = 0; i < w->len; i++) {
        if (!isalpha((unsigned char)w->at[i]) && w->at[i] != '.' && w->at[i] != ':')
            return false;
        first.len += first.len == i && isalpha((unsigned char)w->at[i]);
    }
    bool kind = false;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        kind = kind || (first.len > strlen(kinds[i]) && ends(&first, kinds[i]));
    return (kind || (first.len < w->len && (strncmp(w->at, "System.", 7) == 0 ||
                                            strncmp(w->at, "Microsoft.", 10) == 0))) &&
           isupper((unsigned char)w->at[0]);
}

/* Get-ADSyncScheduler */
static bool
is_cmdlet(const struct word *w)
{
    static const char *const verbs[] = {"Get-",    "Set-",     "New-",   "Add-",
                                        "Remove-", "Invoke-",  "Start-", "Stop-",
                                        "Enable-", "Disable-", "Test-"};
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (strncmp(w->at, verbs[i], w->len < strlen(verbs[i]) ? w->len : strlen(verbs[i])) == 0 &&
            w->len > strlen(verbs[i]))
            return is_plain(w);
    return false;
}

/* A value that names nobody, wherever it stands. */
static bool
is_neutral(const struct word *w)
{
    static const char *const words[] = {"true",     "false",   "null",        "none",    "enabled",
                                        "disabled", "success", "succeeded",   "failed",  "error",
                                        "running",  "stopped", "unspecified", "unknown", "delta",
                                        "initial",  "manual",  "automatic",   "ADSync"};
    return one_of(w, words, ARRAY_LEN(words)) || is_number(w) || is_code(w) || is_type(w) ||
           is_cmdlet(w);
}

static bool
announces(const struct word *w)
{
    static const char *const words[] = {
        "user",         "username",     "upn",       "account",       "accounts",    "tenant",
        "tenantname",   "company",      "domain",    "domainname",    "forest",      "forestname",
        "server",       "servername",   "machine",   "machinename",   "computer",    "host",
        "hostname",     "group",        "container", "administrator", "admin",       "customer",
        "organization", "organisation", "connector", "identifier",    "displayname", "database",
        "instance",     "object",       "member",    "owner",         "password",    "passwd",
        "pwd",          "secret",       "token",     "credential",    "credentials", "bearer"};
    return one_of(w, words, ARRAY_LEN(words));
}

/* Behind a word that announces: the sentence goes on, no name comes. */
static bool
goes_on(const struct word *w)
{
    static const char *const words[] = {
        "is",         "are",        "was",        "were",        "has",
        "have",       "had",        "does",       "did",         "do",
        "not",        "no",         "cannot",     "can",         "could",
        "may",        "must",       "will",       "shall",       "should",
        "or",         "and",        "to",         "in",          "of",
        "on",         "at",         "by",         "for",         "from",
        "with",       "as",         "that",       "which",       "who",
        "the",        "a",          "an",         "this",        "interface",
        "name",       "names",      "type",       "mode",        "sign-in",
        "count",      "exists",     "already",    "failed",      "found",
        "service",    "engine",     "hash",       "sync",        "synchronization",
        "validation", "credential", "controller", "controllers", "writeback",
        "write-back", "cache",      "request",    "response",    "acquisition",
        "expired",    "policy",     "state"};
    return one_of(w, words, ARRAY_LEN(words));
}

/* --- what goes ----------------------------------------------------------------------------------- */

static bool
is_secret(const struct word *w)
{
    static const char *const words[] = {
        "password",      "passwd",        "pwd",         "secret",
        "token",         "credential",    "credentials", "bearer",
        "authorization", "apikey",        "assertion",   "cookie",
        "clientsecret",  "client_secret", "accesstoken", "access_token",
        "refreshtoken",  "refresh_token", "id_token",    "privatekey",
        "passphrase",    "sas",           "sig"};
    return one_of(w, words, ARRAY_LEN(words));
}

static bool
is_rdn(const struct word *key)
{
    static const char *const words[] = {"cn", "ou", "dc", "uid", "o", "l", "st", "c", "mvid", "dn"};
    return one_of(key, words, ARRAY_LEN(words));
}

static bool
is_guid(const struct word *w)
{
    char text[GUID_LEN + 1];
    struct baton_id id;
    if (w->len != GUID_LEN)
        return false;
    memcpy(text, w->at, GUID_LEN);
    text[GUID_LEN] = '\0';
    return baton_guid_parse(text, &id);
}

static const char *
kind_of(const struct word *w)
{
    bool number = true, name = false;
    for (size_t i = 0; i < w->len; i++) {
        number = number && !is_letter(w->at[i]);
        name = name || w->at[i] == '.' || w->at[i] == '_' || w->at[i] == '-';
    }
    if (is_guid(w))
        return "id";
    if (has(w, '@'))
        return "account";
    if (has(w, '\\') || has(w, '/'))
        return "path";
    if (number)
        return "number";
    return name || is_plain(w) ? "name" : "text";
}

/* --- writing ------------------------------------------------------------------------------------- */

static void
put(struct redaction *r, const char *text, size_t len)
{
    size_t room = r->cap - 1 - r->len;
    size_t n = len < room ? len : room;
    memcpy(r->out + r->len, text, n);
    r->len += n;
}

static void
put_text(struct redaction *r, const char *text)
{
    put(r, text, strlen(text));
}

/* Names compare without case on Windows, and so do their digests. */
static void
put_digest(struct redaction *r, const char *kind, const struct word *w)
{
    struct sha256 sum;
    struct baton_hash hash;
    char hex[2 * REDACT_DIGEST_BYTES + 1];
    sha256_init(&sum);
    sha256_update(&sum, r->salt->b, sizeof r->salt->b);
    sha256_update(&sum, kind, strlen(kind) + 1);
    for (size_t i = 0; i < w->len; i++) {
        char lower = (char)tolower((unsigned char)w->at[i]);
        sha256_update(&sum, &lower, 1);
    }
    sha256_final(&sum, &hash);
    baton_hex(hash.b, REDACT_DIGEST_BYTES, hex);
    put_text(r, "<");
    put_text(r, kind);
    put_text(r, ":");
    put_text(r, hex);
    put_text(r, ">");
}

static void
put_over(struct redaction *r, const char *kind)
{
    put_text(r, kind);
    r->over = true;
}

/* --- word by word -------------------------------------------------------------------------------- */

/* A name may come: behind "tenant", and as long as it goes on in capitals. */
static bool
expects_name(const struct redaction *r, const struct word *w)
{
    return r->announced == NAME_NEXT ||
           (r->announced == NAME_LONGER && !islower((unsigned char)w->at[0]));
}

/* `unsure`: only what names nobody may stay. */
static void
put_value(struct redaction *r, const struct word *w, bool unsure)
{
    bool version = r->version && is_version(w);
    bool stays = is_neutral(w) || version ||
                 (is_plain(w) && (!unsure || (r->announced != NO_NAME && goes_on(w))));
    r->version = equals(w, "version") || (r->version && equals(w, "is"));
    if (stays)
        put(r, w->at, w->len);
    else
        put_digest(r, kind_of(w), w);
    r->announced = announces(w) ? NAME_NEXT : unsure && !stays ? NAME_LONGER : NO_NAME;
}

/* The key before `=`; before `:` only where a name or a secret follows, since types have colons too. */
static struct word
key_of(const struct word *w)
{
    struct word key = {w->at, 0};
    while (key.len < w->len && w->at[key.len] != '=' && w->at[key.len] != ':')
        key.len++;
    bool colon = key.len < w->len && w->at[key.len] == ':';
    if (key.len == w->len || (!is_plain(&key) && !is_secret(&key)) ||
        (colon && !announces(&key) && !is_secret(&key)))
        key.len = 0;
    return key;
}

/* What is between edges: a word, or a key with its value. */
static void
put_core(struct redaction *r, struct word w)
{
    struct word key = key_of(&w);
    if (key.len == 0) {
        put_value(r, &w, expects_name(r, &w));
        return;
    }
    put(r, w.at, key.len + 1);
    if (is_secret(&key)) {
        put_over(r, "<secret>");
        return;
    }
    r->version = equals(&key, "version");
    w = (struct word){w.at + key.len + 1, w.len - key.len - 1};
    if (w.len > 0)
        put_value(r, &w, true);
}

/* "CN=" and the like anywhere in it. */
static bool
has_rdn(const struct word *w)
{
    for (size_t i = 0; i < w->len; i++) {
        size_t begin = i;
        while (w->at[i] == '=' && begin > 0 && is_letter(w->at[begin - 1]))
            begin--;
        if (begin < i && is_rdn(&(struct word){w->at + begin, i - begin}))
            return true;
    }
    return false;
}

static void
put_chunk(struct redaction *r, struct word w)
{
    size_t back = w.len;
    if (has_rdn(&w) || has(&w, '\\')) { /* may go on behind a blank, nobody knows how far */
        put_over(r, has(&w, '\\') ? "<path>" : "<dn>");
        return;
    }
    while (back > 0 && is_edge(w.at[back - 1]))
        back--;
    struct word core = {w.at, back};
    bool rest = back < w.len && (w.at[back] == ':' || w.at[back] == '=');
    put_core(r, core);
    if (r->over)
        return;
    put(r, w.at + back, w.len - back);
    if ((rest && is_secret(&core)) || equals(&core, "bearer")) {
        put_text(r, " ");
        put_over(r, "<secret>");
    }
}

/* What stands in quotes is a name unless it cannot be one. */
static void
put_quoted(struct redaction *r, const struct word *inside)
{
    bool version = r->version && is_version(inside);
    if (is_neutral(inside) || version || inside->len == 0)
        put(r, inside->at, inside->len);
    else if (has_rdn(inside))
        put_digest(r, "dn", inside);
    else
        put_digest(r, kind_of(inside), inside);
    r->announced = NO_NAME;
    r->version = false;
}

/* An apostrophe inside or at the end of a word opens nothing. */
static bool
opens_quote(const char *at, const char *before)
{
    return *at == '"' || (*at == '\'' && (before == NULL || !is_letter(*before)));
}

/* The closing one; NULL: it was cut, and whatever follows may be the name. */
static const char *
quote_end(const char *at)
{
    for (const char *end = strchr(at + 1, *at); end != NULL; end = strchr(end + 1, *at))
        if (*at == '"' || !is_letter(end[1]))
            return end;
    return NULL;
}

static const char *
take_quote(struct redaction *r, const char *at)
{
    const char *end = quote_end(at);
    put(r, at, 1);
    if (end == NULL) {
        put_over(r, "<text>");
        return at + strlen(at);
    }
    put_quoted(r, &(struct word){at + 1, (size_t)(end - at - 1)});
    put(r, at, 1);
    return end + 1;
}

void
redact(const char *text, const struct baton_hash *salt, char *out, size_t cap)
{
    char whole[REDACT_BYTES];
    struct redaction r = {.salt = salt, .out = whole, .cap = sizeof whole};
    const char *before = NULL;
    for (const char *at = text; *at != '\0' && !r.over && r.len + 1 < r.cap;) {
        if (opens_quote(at, before)) {
            at = take_quote(&r, at);
        } else if (*at == ' ' || is_edge(*at)) {
            put(&r, at, 1);
            at++;
        } else {
            size_t n = strcspn(at, " \"");
            put_chunk(&r, (struct word){at, n});
            at += n;
        }
        before = at - 1;
    }
    whole[r.len] = '\0';
    text_copy(out, cap, whole);
}
