#include "fsm_render.h"

#include "line.h"

#include <string.h>

enum { CELL_BYTES = 256 };

struct sink {
    fsm_put put;
    void *arg;
};

/* Rows one by one, whatever they are made of. */
struct source {
    const char *title;
    size_t count;
    const struct fsm_row *rows; /* FSM_AGENT and everybody else's */
    void (*make)(size_t i, struct fsm_row *ret, char cell[3][CELL_BYTES]);
};

static const char *const machine_names[FSM_MACHINE_COUNT] = {"authority", "handoff", "agent",
                                                             "messages"};
static const char *const format_names[FSM_FORMAT_COUNT] = {"mermaid", "dot", "json", "table"};

const char *
fsm_machine_name(enum fsm_machine m)
{
    return (size_t)m < ARRAY_LEN(machine_names) ? machine_names[m] : "?";
}

const char *
fsm_format_name(enum fsm_format f)
{
    return (size_t)f < ARRAY_LEN(format_names) ? format_names[f] : "?";
}

bool
fsm_machine_parse(const char *name, enum fsm_machine *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(machine_names); i++)
        if (strcmp(machine_names[i], name) == 0) {
            *ret = (enum fsm_machine)i;
            return true;
        }
    return false;
}

bool
fsm_format_parse(const char *name, enum fsm_format *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(format_names); i++)
        if (strcmp(format_names[i], name) == 0) {
            *ret = (enum fsm_format)i;
            return true;
        }
    return false;
}

/* --- rows in words ------------------------------------------------------------------------------ */

static const char *const effect_words[] = {
    "freeze plan",
    "adopt",
    "fence towards new",
    "fence towards old",
    "challenge all",
    "grant",
    "void grant",
    "retire old",
    "seal settings",
    "place settings",
    "verify",
    "gap starts",
    "gap ends",
    "page",
    "remind",
    "certificate",
    "latch",
    "remember",
    "close",
    "watch closely",
    "watch at rest",
    "take baseline",
    "no go",
    "seal verification",
    "late activation",
    "breach",
    "attest",
    "acknowledge",
    "adopt new",
    "reconcile",
    "repeat fence",
};

static const char *const order_words[] = {
    "STATUS", "FENCE", "CHALLENGE", "CHALLENGE void", "GRANT", "RETIRE",
};

static void
join_bits(char *out, uint32_t bits, const char *const *words, size_t count)
{
    struct line l;
    line_start(&l, out, CELL_BYTES);
    for (size_t i = 0; i < count; i++) {
        if ((bits & (1u << i)) == 0)
            continue;
        if (l.len > 0)
            line_put(&l, ", ");
        line_put(&l, words[i]);
    }
}

static const char *
state_word(uint8_t s, const char *same)
{
    if (s == HANDOFF_STATE_COUNT)
        return "any";
    if (s == SAME_STATE)
        return same;
    return s == RESUME_STATE ? "resumed" : handoff_state_code((enum handoff_state)s);
}

static void
handoff_row(size_t i, struct fsm_row *ret, char cell[3][CELL_BYTES])
{
    size_t count;
    const struct rule *r = &handoff_rules(&count)[i];
    struct line l;
    line_start(&l, cell[0], CELL_BYTES);
    for (size_t g = 0; g < GUARDS_PER_RULE && r->guard[g] != G_NONE; g++) {
        line_put(&l, g > 0 ? ", " : "");
        line_put(&l, guard_name((enum guard_id)r->guard[g]));
    }
    join_bits(cell[1], r->effect, effect_words, ARRAY_LEN(effect_words));
    const char *from = state_word(r->from, "");
    *ret = (struct fsm_row){r->number,
                            from,
                            handoff_event_name((enum handoff_event)r->on),
                            cell[0],
                            state_word(r->to, from),
                            cell[1],
                            r->why};
}

static const char *
phase_word(uint8_t p, const char *same)
{
    if (p == AUTHORITY_SAME)
        return same;
    return p == AUTHORITY_ANY ? "any" : authority_phase_name((enum authority_phase)p);
}

static void
authority_row_words(size_t i, struct fsm_row *ret, char cell[3][CELL_BYTES])
{
    size_t count;
    const struct authority_row *r = &authority_rows(&count)[i];
    join_bits(cell[1], r->effect, order_words, ARRAY_LEN(order_words));
    const char *from = phase_word(r->from, "");
    *ret = (struct fsm_row){0,
                            from,
                            authority_event_name((enum authority_event)r->event),
                            r->condition,
                            phase_word(r->to, from),
                            cell[1],
                            r->why};
}

static void
row_at(const struct source *s, size_t i, struct fsm_row *ret, char cell[3][CELL_BYTES])
{
    BATON_ASSERT(s->rows != NULL || s->make != NULL);
    if (s->rows != NULL)
        *ret = s->rows[i];
    else
        s->make(i, ret, cell);
}

/* --- formats ------------------------------------------------------------------------------------ */

static void
say(const struct sink *k, const char *text)
{
    k->put(k->arg, text, strlen(text));
}

static void
say_number(const struct sink *k, int64_t v)
{
    char text[24];
    struct line l;
    line_start(&l, text, sizeof text);
    line_int(&l, v);
    say(k, text);
}

/* Text inside double quotes; both JSON and dot escape quotes and backslashes alike. */
static void
say_quoted(const struct sink *k, const char *text)
{
    say(k, "\"");
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            say(k, "\\");
        if ((unsigned char)*c >= 0x20)
            k->put(k->arg, c, 1);
    }
    say(k, "\"");
}

/* A node's name: what these languages take without quotes. */
static void
say_node(const struct sink *k, const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        k->put(k->arg,
               (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z')
                   ? c
                   : "_",
               1);
}

/* Mermaid ends a label at a line's end and trips over these. */
static void
say_label(const struct sink *k, const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        k->put(k->arg, *c == ':' || *c == ';' || *c == '#' ? "," : c, 1);
}

static void
say_edge_label(const struct sink *k, const struct fsm_row *r,
               void (*text)(const struct sink *, const char *))
{
    if (r->number != 0) {
        say_number(k, r->number);
        say(k, " ");
    }
    text(k, r->on);
    if (r->condition[0] == '\0')
        return;
    say(k, " [");
    text(k, r->condition);
    say(k, "]");
}

static void
say_plain(const struct sink *k, const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (*c != '"' && *c != '\\')
            k->put(k->arg, c, 1);
}

static void
mermaid_row(const struct sink *k, const struct fsm_row *r, bool last)
{
    (void)last;
    say(k, "    ");
    say_node(k, r->from);
    say(k, " --> ");
    say_node(k, r->to);
    say(k, " : ");
    say_edge_label(k, r, say_label);
    say(k, "\n");
}

static void
dot_row(const struct sink *k, const struct fsm_row *r, bool last)
{
    (void)last;
    say(k, "    ");
    say_quoted(k, r->from);
    say(k, " -> ");
    say_quoted(k, r->to);
    say(k, " [label=\"");
    say_edge_label(k, r, say_plain);
    say(k, "\", tooltip=");
    say_quoted(k, r->why);
    say(k, "];\n");
}

static void
json_row(const struct sink *k, const struct fsm_row *r, bool last)
{
    const struct {
        const char *key, *value;
    } fields[] = {{"from", r->from}, {"on", r->on},          {"guards", r->condition},
                  {"to", r->to},     {"effects", r->effect}, {"why", r->why}};
    say(k, "  {\"rule\": ");
    say_number(k, r->number);
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        say(k, ", ");
        say_quoted(k, fields[i].key);
        say(k, ": ");
        say_quoted(k, fields[i].value);
    }
    say(k, last ? "}\n" : "},\n");
}

static void
say_column(const struct sink *k, const char *text, size_t width)
{
    say(k, text);
    for (size_t n = strlen(text); n < width; n++)
        say(k, " ");
    say(k, " ");
}

static void
table_row(const struct sink *k, const struct fsm_row *r, bool last)
{
    (void)last;
    char number[8];
    struct line l;
    line_start(&l, number, sizeof number);
    if (r->number != 0)
        line_int(&l, r->number);
    say_column(k, number, 4);
    say_column(k, r->from, 9);
    say_column(k, r->on, 16);
    say_column(k, r->to, 9);
    say_column(k, r->condition, 0);
    if (r->effect[0] != '\0') {
        say(k, "=> ");
        say_column(k, r->effect, 0);
    }
    say(k, "-- ");
    say(k, r->why);
    say(k, "\n");
}

/* What the codes stand for, beside the edges of the workflow. */
static void
mermaid_head(const struct sink *k, const struct source *s)
{
    say(k, "stateDiagram-v2\n");
    if (s->make != handoff_row)
        return;
    for (int i = HO_ASSESSED; i < HANDOFF_STATE_COUNT; i++) {
        say(k, "    ");
        say_node(k, handoff_state_code((enum handoff_state)i));
        say(k, " : ");
        say(k, handoff_state_code((enum handoff_state)i));
        say(k, " ");
        say_label(k, handoff_state_title((enum handoff_state)i));
        say(k, "\n");
    }
}

static void
dot_head(const struct sink *k, const struct source *s)
{
    say(k, "digraph ");
    say_quoted(k, s->title);
    say(k, " {\n    rankdir=LR;\n    node [shape=box, fontname=\"sans-serif\"];\n");
    if (s->make != handoff_row)
        return;
    for (int i = HO_ASSESSED; i < HANDOFF_STATE_COUNT; i++) {
        say(k, "    ");
        say_quoted(k, handoff_state_code((enum handoff_state)i));
        say(k, " [label=\"");
        say(k, handoff_state_code((enum handoff_state)i));
        say(k, " ");
        say_plain(k, handoff_state_title((enum handoff_state)i));
        say(k, "\"];\n");
    }
}

static void
json_head(const struct sink *k, const struct source *s)
{
    say(k, "{\"machine\": ");
    say_quoted(k, s->title);
    say(k, ", \"rows\": [\n");
}

static void
table_head(const struct sink *k, const struct source *s)
{
    say(k, s->title);
    say(k, "\n");
    table_row(k, &(struct fsm_row){0, "from", "on", "guards", "to", "effects", "why"}, false);
}

static const struct {
    void (*head)(const struct sink *, const struct source *);
    void (*row)(const struct sink *, const struct fsm_row *, bool last);
    const char *foot;
} formats[FSM_FORMAT_COUNT] = {
    [FSM_MERMAID] = {mermaid_head, mermaid_row, ""},
    [FSM_DOT] = {dot_head, dot_row, "}\n"},
    [FSM_JSON] = {json_head, json_row, "]}\n"},
    [FSM_TABLE] = {table_head, table_row, ""},
};

static void
render(const struct source *s, enum fsm_format format, fsm_put put, void *arg)
{
    const struct sink k = {put, arg};
    BATON_ASSERT((size_t)format < ARRAY_LEN(formats));
    formats[format].head(&k, s);
    for (size_t i = 0; i < s->count; i++) {
        struct fsm_row r;
        char cell[3][CELL_BYTES] = {{0}};
        row_at(s, i, &r, cell);
        formats[format].row(&k, &r, i + 1 == s->count);
    }
    say(&k, formats[format].foot);
}

void
fsm_render(enum fsm_machine machine, enum fsm_format format, fsm_put put, void *arg)
{
    struct source s = {.title = fsm_machine_name(machine)};
    BATON_ASSERT(machine == FSM_AUTHORITY || machine == FSM_HANDOFF);
    s.make = machine == FSM_AUTHORITY ? authority_row_words : handoff_row;
    if (machine == FSM_AUTHORITY)
        (void)authority_rows(&s.count);
    else
        (void)handoff_rules(&s.count);
    render(&s, format, put, arg);
}

void
fsm_render_rows(const char *title, const struct fsm_row *rows, size_t count, enum fsm_format format,
                fsm_put put, void *arg)
{
    const struct source s = {.title = title, .count = count, .rows = rows};
    render(&s, format, put, arg);
}
