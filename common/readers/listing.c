#include "listing.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "utf.h"

enum { WORD_BYTES = 64 };

struct column {
    size_t from, to; /* characters under the dashes: from the first up to behind the last */
    char name[LISTING_NAME_BYTES];
};

struct listing {
    void (*visit)(void *arg, const struct listing_value *value);
    void *arg;
    struct baton_err *err;
    unsigned line;
    size_t object;    /* that is open, or comes next */
    size_t widest;    /* characters of the longest line: where a console ends */
    char *next;       /* the line behind this one; NULL: none */
    bool after_blank; /* nothing stands directly above */
    size_t colon;     /* character in which the colons of the open object stand; 0: none is open */
    size_t column_count; /* of the open table; 0: none is open */
    struct column column[LISTING_COLUMNS_MAX];
    char *value; /* of the list's newest property, put together; room for the whole text */
    size_t value_len;
    char name[LISTING_NAME_BYTES];
    unsigned value_line;
    bool value_open, wrapped;
    bool full; /* its newest line reaches to where the console ends */
};

/* --- characters ---------------------------------------------------------------------------------- */

/* The nth character of a line, or its end. */
static char *
nth(char *line, size_t n)
{
    while (*line != '\0' && n > 0) {
        line++;
        while (((unsigned char)*line & 0xC0) == 0x80)
            line++;
        n--;
    }
    return line;
}

static size_t
width(const char *line)
{
    size_t n = 0;
    for (; *line != '\0'; line++)
        n += ((unsigned char)*line & 0xC0) != 0x80;
    return n;
}

static bool
blank_at(char *line, size_t n)
{
    const char *c = nth(line, n);
    return *c == '\0' || *c == ' ';
}

static char *
trim(char *text)
{
    text += strspn(text, " ");
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == ' ')
        text[--len] = '\0';
    return text;
}

static bool
ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), n = strlen(end);
    return len >= n && strcmp(text + len - n, end) == 0;
}

bool
listing_was_cut(const char *text)
{
    return ends_with(text, "...") || ends_with(text, "...}") || ends_with(text, "\xE2\x80\xA6") ||
           ends_with(text, "\xE2\x80\xA6}");
}

bool
listing_bool(const char *text, bool *ret_value)
{
    static const struct {
        const char *yes, *no;
    } rows[] = {{"true", "false"},  {"wahr", "falsch"},     {"vrai", "faux"},
                {"vero", "falso"},  {"verdadero", "falso"}, {"verdadeiro", "falso"},
                {"waar", "onwaar"}, {"sant", "falskt"},     {"prawda", "fa\xC5\x82sz"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        *ret_value = strcasecmp(text, rows[i].yes) == 0;
        if (*ret_value || strcasecmp(text, rows[i].no) == 0)
            return true;
    }
    return false;
}

/* --- telling ------------------------------------------------------------------------------------- */

static void
tell(const struct listing *l, unsigned line, const char *name, const char *text, bool wrapped)
{
    l->visit(l->arg, &(struct listing_value){.line = line,
                                             .object = l->object,
                                             .name = name,
                                             .text = text,
                                             .cut = listing_was_cut(text),
                                             .folded = strncmp(text, "@{", 2) == 0,
                                             .wrapped = wrapped});
}

static void
value_over(struct listing *l)
{
    if (l->value_open)
        tell(l, l->value_line, l->name, trim(l->value), l->wrapped);
    l->value_open = false;
}

static void
object_over(struct listing *l)
{
    value_over(l);
    l->object += l->colon != 0;
    l->colon = 0;
    l->column_count = 0;
}

static enum baton_status
unexpected(const struct listing *l, const char *line)
{
    char shown[WORD_BYTES];
    text_copy(shown, sizeof shown, line);
    return baton_fail(l->err, BATON_MALFORMED,
                      "line %u: neither \"Name : value\" nor a row under a header: %s", l->line,
                      shown);
}

/* --- lists --------------------------------------------------------------------------------------- */

static void
value_append(struct listing *l, const char *text)
{
    size_t len = strlen(text);
    if (l->value_len > 0 && !l->full)
        l->value[l->value_len++] = ' ';
    memcpy(l->value + l->value_len, text, len + 1);
    l->value_len += len;
}

/* The colon of `Name : value`, a blank before it and one (or nothing) behind; NULL: no such line. */
static char *
property_colon(char *line)
{
    for (char *c = strchr(line, ':'); c != NULL; c = strchr(c + 1, ':'))
        if (c > line && c[-1] == ' ' && (c[1] == ' ' || c[1] == '\0'))
            return c;
    return NULL;
}

static enum baton_status
take_property(struct listing *l, char *line, char *colon)
{
    size_t line_width = width(line);
    *colon = '\0';
    const char *name = trim(line);
    if (strlen(name) >= sizeof l->name)
        return baton_fail(l->err, BATON_LIMIT, "line %u: a name of more than %d bytes", l->line,
                          LISTING_NAME_BYTES - 1);
    value_over(l);
    text_copy(l->name, sizeof l->name, name);
    l->value_line = l->line;
    l->value_len = 0;
    l->value_open = true;
    l->wrapped = false;
    value_append(l, colon + 1 + strspn(colon + 1, " "));
    l->full = line_width == l->widest;
    return BATON_OK;
}

static enum baton_status
take_wrapped(struct listing *l, char *line)
{
    value_append(l, line + strspn(line, " "));
    l->full = width(line) == l->widest;
    l->wrapped = true;
    return BATON_OK;
}

static enum baton_status
take_list_line(struct listing *l, char *line)
{
    char *colon = nth(line, l->colon);
    if (line[0] != ' ' && *colon == ':' && colon[-1] == ' ')
        return take_property(l, line, colon);
    if (strspn(line, " ") >= l->colon + 2)
        return take_wrapped(l, line);
    return unexpected(l, line);
}

/* --- tables -------------------------------------------------------------------------------------- */

static bool
is_dashes(const char *line)
{
    return line != NULL && strchr(line, '-') != NULL && line[strspn(line, " -")] == '\0';
}

/* Where the cell before this column ends: a blank of the gap, next to the column where its values stand
 * left, further left where they stand right and are longer than the header. 0: the cells touch. */
static size_t
gap_before(const struct listing *l, char *line, size_t column)
{
    size_t at = l->column[column].from - 1;
    while (at > l->column[column - 1].to && !blank_at(line, at))
        at--;
    return blank_at(line, at) ? at : 0;
}

/* From the right, so that what is cut off does not move what is still to be found. */
static bool
split_row(const struct listing *l, char *line, char *ret_cell[])
{
    for (size_t i = l->column_count - 1; i > 0; i--) {
        size_t gap = gap_before(l, line, i);
        if (gap == 0)
            return false;
        char *end = nth(line, gap);
        ret_cell[i] = trim(*end == '\0' ? end : end + 1);
        *end = '\0';
    }
    ret_cell[0] = trim(line);
    return true;
}

static enum baton_status
take_dashes(struct listing *l, const char *dashes)
{
    for (size_t at = strspn(dashes, " "); dashes[at] != '\0'; at += strspn(dashes + at, " ")) {
        size_t n = strspn(dashes + at, "-");
        if (l->column_count == LISTING_COLUMNS_MAX)
            return baton_fail(l->err, BATON_LIMIT, "line %u: more than %d columns", l->line + 1,
                              LISTING_COLUMNS_MAX);
        l->column[l->column_count++] = (struct column){.from = at, .to = at + n};
        at += n;
    }
    return BATON_OK;
}

static enum baton_status
take_header(struct listing *l, char *line)
{
    char *cell[LISTING_COLUMNS_MAX];
    enum baton_status rc = take_dashes(l, l->next);
    if (rc != BATON_OK)
        return rc;
    if (!split_row(l, line, cell))
        return baton_fail(l->err, BATON_MALFORMED,
                          "line %u: a header that does not stand above its dashes", l->line);
    for (size_t i = 0; i < l->column_count; i++) {
        if (*cell[i] == '\0' || strlen(cell[i]) >= LISTING_NAME_BYTES)
            return baton_fail(l->err, BATON_MALFORMED, "line %u: column %zu has no usable name",
                              l->line, i + 1);
        text_copy(l->column[i].name, sizeof l->column[i].name, cell[i]);
    }
    return BATON_OK;
}

static enum baton_status
take_row(struct listing *l, char *line)
{
    char *cell[LISTING_COLUMNS_MAX];
    if (is_dashes(line))
        return BATON_OK;
    if (!split_row(l, line, cell))
        return baton_fail(l->err, BATON_MALFORMED,
                          "line %u: a row whose values do not stand under their header", l->line);
    for (size_t i = 0, count = l->column_count; i < count; i++)
        tell(l, l->line, l->column[i].name, cell[i], false);
    l->object++;
    return BATON_OK;
}

/* --- lines --------------------------------------------------------------------------------------- */

static bool
is_prompt(const char *line)
{
    return strncmp(line, ">>", 2) == 0 ||
           (strncmp(line, "PS ", 3) == 0 && strchr(line, '>') != NULL);
}

/* One word, and nothing beside it: what a cmdlet prints that answers with one value. */
static bool
is_word(const struct listing *l, const char *line)
{
    return l->after_blank && strchr(line, ' ') == NULL && strlen(line) < WORD_BYTES &&
           (l->next == NULL || *l->next == '\0' || is_prompt(l->next));
}

static enum baton_status
take_first(struct listing *l, char *line)
{
    char *colon = property_colon(line);
    if (is_dashes(l->next))
        return take_header(l, line);
    if (colon != NULL && line[0] != ' ') {
        char after = *colon;
        *colon = '\0';
        l->colon = width(line);
        *colon = after;
        return take_property(l, line, colon);
    }
    if (!is_word(l, line))
        return unexpected(l, line);
    tell(l, l->line, "", line, false);
    l->object++;
    return BATON_OK;
}

static enum baton_status
take_line(struct listing *l, char *line)
{
    if (*line == '\0' || is_prompt(line)) {
        object_over(l);
        return BATON_OK;
    }
    if (l->column_count > 0)
        return take_row(l, line);
    return l->colon > 0 ? take_list_line(l, line) : take_first(l, line);
}

/* Ends the line, without blanks at its end; where the next one begins, NULL: none does. */
static char *
end_line(char *line)
{
    size_t n = strcspn(line, "\r\n");
    char *next = line[n] == '\0' ? NULL : line + n + 1;
    if (line[n] == '\r' && line[n + 1] == '\n')
        next++;
    line[n] = '\0';
    while (n > 0 && line[n - 1] == ' ')
        line[--n] = '\0';
    return next;
}

static void
tabs_to_blanks(char *text)
{
    for (char *tab = strchr(text, '\t'); tab != NULL; tab = strchr(tab + 1, '\t'))
        *tab = ' ';
}

static size_t
widest_of(const char *text)
{
    size_t widest = 0, n = 0;
    for (; *text != '\0'; text++) {
        bool end = *text == '\r' || *text == '\n';
        n = end ? 0 : n + (((unsigned char)*text & 0xC0) != 0x80);
        widest = n > widest ? n : widest;
    }
    return widest;
}

static enum baton_status
checked(const struct listing *l, const char *line)
{
    if (line == NULL || text_valid(line, strlen(line)))
        return BATON_OK;
    return baton_fail(l->err, BATON_MALFORMED,
                      "line %u: bytes that are no text in UTF-8, or in UTF-16 with its mark",
                      l->line);
}

static enum baton_status
take_lines(struct listing *l, char *text)
{
    char *at = text, *after = end_line(text);
    enum baton_status rc = BATON_OK;
    l->after_blank = true;
    for (l->line = 1; rc == BATON_OK && at != NULL; l->line++) {
        bool blank = *at == '\0' || is_prompt(at);
        char *behind = after == NULL ? NULL : end_line(after);
        l->next = after;
        rc = checked(l, at);
        if (rc == BATON_OK)
            rc = take_line(l, at);
        l->after_blank = blank;
        at = after;
        after = behind;
    }
    if (rc == BATON_OK)
        object_over(l);
    return rc;
}

/* Anywhere in the text: what stands before an error may be anything but a whole answer. */
static enum baton_status
refuse_error(const char *text, struct baton_err *err)
{
    static const char *const marks[] = {"CategoryInfo", "FullyQualifiedErrorId"};
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        const char *mark = strstr(text, marks[i]);
        unsigned line = 1;
        for (const char *c = text; mark != NULL && c < mark; c++)
            line += *c == '\n';
        if (mark != NULL)
            return baton_fail(err, BATON_FAILED, "line %u: PowerShell printed an error, no data",
                              line);
    }
    return BATON_OK;
}

enum baton_status
listing_read(const char *bytes, size_t len,
             void (*visit)(void *arg, const struct listing_value *value), void *arg,
             struct baton_err *err)
{
    char *text = NULL;
    if (len > LISTING_BYTES_MAX)
        return baton_fail(err, BATON_LIMIT, "%zu bytes of listing, at most %d are read", len,
                          LISTING_BYTES_MAX);
    enum baton_status rc = utf_to_utf8(bytes, len, &text, err);
    if (rc == BATON_OK)
        rc = refuse_error(text, err);
    if (rc != BATON_OK) {
        free(text);
        return rc;
    }
    struct listing *l = calloc(1, sizeof *l);
    char *value = malloc(2 * strlen(text) + 2); /* every line may add a blank */
    if (l != NULL && value != NULL) {
        tabs_to_blanks(text);
        *l = (struct listing){.visit = visit, .arg = arg, .err = err, .value = value};
        l->widest = widest_of(text);
        rc = take_lines(l, text);
        if (rc == BATON_OK && l->object == 0)
            rc = baton_fail(err, BATON_MALFORMED, "no value in it, only %u empty lines",
                            l->line - 1);
    } else {
        rc = baton_fail(err, BATON_NOMEM, "listing of %zu bytes", len);
    }
    free(value);
    free(l);
    free(text);
    return rc;
}
