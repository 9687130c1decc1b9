#include "run_history_xml.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "psjson.h"
#include "xml.h"

enum { LEAF_BYTES = 160, ROOT_SHOWN_BYTES = 96 };

/* Where in a document something stands; the same names mean other things elsewhere. */
enum place {
    NOWHERE,
    HISTORY,
    RUN,
    MA_ID,
    MA_NAME,
    RUN_NUMBER,
    PROFILE_NAME,
    STEP,
    STEP_BEGIN,
    STEP_END,
    STEP_RESULT,
    DESCRIPTION,
    STEP_TYPE,
    APPLY_SUBTYPE,
    COUNTERS,
    EXPORT_ADD,
    EXPORT_UPDATE,
    EXPORT_RENAME,
    EXPORT_DELETE,
    EXPORT_DELETE_ADD,
};

// clang-format off
static const struct {
    enum place inside;
    const char *name;
    enum place place;
} places[] = {
    { HISTORY,     "run-details",         RUN },
    { RUN,         "ma-id",               MA_ID },
    { RUN,         "ma-name",             MA_NAME },
    { RUN,         "run-number",          RUN_NUMBER },
    { RUN,         "run-profile-name",    PROFILE_NAME },
    { RUN,         "step-details",        STEP },
    { STEP,        "start-date",          STEP_BEGIN },
    { STEP,        "end-date",            STEP_END },
    { STEP,        "step-result",         STEP_RESULT },
    { STEP,        "step-description",    DESCRIPTION },
    { DESCRIPTION, "step-type",           STEP_TYPE },
    { STEP_TYPE,   "apply-rules-subtype", APPLY_SUBTYPE },
    { STEP,        "export-counters",     COUNTERS },
    { COUNTERS,    "export-add",          EXPORT_ADD },
    { COUNTERS,    "export-update",       EXPORT_UPDATE },
    { COUNTERS,    "export-rename",       EXPORT_RENAME },
    { COUNTERS,    "export-delete",       EXPORT_DELETE },
    { COUNTERS,    "export-delete-add",   EXPORT_DELETE_ADD },
};

static const struct {
    const char *type, *subtype;
    unsigned operations;
} types[] = {
    { "full-import",                  "", RUN_DOES(RUN_PROFILE_FULL_IMPORT) },
    { "full-import-reevaluate-rules", "", RUN_DOES(RUN_PROFILE_FULL_IMPORT) | RUN_DOES(RUN_PROFILE_FULL_SYNC) },
    { "delta-import",                 "", RUN_DOES(RUN_PROFILE_DELTA_IMPORT) },
    { "apply-rules", "reevaluate-flow-connectors", RUN_DOES(RUN_PROFILE_FULL_SYNC) },
    { "apply-rules", "apply-pending",              RUN_DOES(RUN_PROFILE_DELTA_SYNC) },
    { "export",                       "", RUN_DOES(RUN_PROFILE_EXPORT) },
};
// clang-format on

struct step {
    int64_t begin_unix_ms, end_unix_ms;
    char type[LEAF_BYTES], subtype[LEAF_BYTES];
    unsigned counters; /* those read, as a set of places */
    bool result_said;
};

struct history_xml {
    struct xml *xml;
    run_visit *visit;
    void *arg;
    enum place place[XML_DEPTH_MAX + 1]; /* by depth */
    char leaf[LEAF_BYTES];
    size_t leaf_len;
    struct run_record run;
    char profile_name[LEAF_BYTES];
    bool connector_said, unfinished, uncounted;
    size_t steps, exports;
    struct step step;
    struct baton_err fault; /* the first thing that is wrong */
};

static void
wrong(struct history_xml *h, const char *what)
{
    if (h->fault.status == BATON_OK)
        (void)baton_fail(&h->fault, BATON_MALFORMED, "line %lu: %s", xml_line(h->xml), what);
}

/* --- steps and runs ------------------------------------------------------------------------------ */

static unsigned
step_operations(const struct step *s)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (strcmp(s->type, types[i].type) == 0 &&
            (types[i].subtype[0] == '\0' || strcmp(s->subtype, types[i].subtype) == 0))
            return types[i].operations;
    return strstr(s->type, "export") != NULL ? RUN_DOES(RUN_PROFILE_EXPORT) : 0;
}

static void
step_over(struct history_xml *h)
{
    const unsigned all = 1U << EXPORT_ADD | 1U << EXPORT_UPDATE | 1U << EXPORT_DELETE;
    struct step *s = &h->step;
    struct run_record *run = &h->run;
    unsigned operations = step_operations(s);
    if (s->begin_unix_ms == 0)
        wrong(h, "a step without its start-date");
    if (h->steps++ == 0 || s->begin_unix_ms < run->begin_unix_ms)
        run->begin_unix_ms = s->begin_unix_ms;
    if (s->end_unix_ms > run->end_unix_ms)
        run->end_unix_ms = s->end_unix_ms;
    h->unfinished = h->unfinished || s->end_unix_ms == 0;
    if (!s->result_said) /* what nobody said is not known to be good */
        run_result_add(run, s->end_unix_ms == 0 ? "in-progress" : "");
    run->operations |= operations;
    if ((operations & RUN_DOES(RUN_PROFILE_EXPORT)) != 0) {
        h->exports++;
        h->uncounted = h->uncounted || (s->counters & all) != all;
    }
}

/* A run of which one step was only a delta is no full run of all partitions. */
static unsigned
without_half_full(unsigned operations)
{
    if ((operations & RUN_DOES(RUN_PROFILE_DELTA_IMPORT)) != 0)
        operations &= ~RUN_DOES(RUN_PROFILE_FULL_IMPORT);
    if ((operations & RUN_DOES(RUN_PROFILE_DELTA_SYNC)) != 0)
        operations &= ~RUN_DOES(RUN_PROFILE_FULL_SYNC);
    return operations;
}

static enum run_profile
profile_of(unsigned operations, const char *name)
{
    static const enum run_profile order[] = {RUN_PROFILE_EXPORT, RUN_PROFILE_FULL_SYNC,
                                             RUN_PROFILE_DELTA_SYNC, RUN_PROFILE_FULL_IMPORT,
                                             RUN_PROFILE_DELTA_IMPORT};
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        if ((operations & RUN_DOES(order[i])) != 0)
            return order[i];
    return run_profile_of(name);
}

static void
run_over(struct history_xml *h)
{
    struct run_record *run = &h->run;
    if (!h->connector_said || h->profile_name[0] == '\0' || h->steps == 0) {
        wrong(h, "a run lacks its ma-id, run-profile-name or step-details");
        return;
    }
    if (run->operations == 0)
        run->operations = run_operations_of(h->profile_name);
    run->operations = without_half_full(run->operations);
    run->profile = profile_of(run->operations, h->profile_name);
    run->entra = run_connector_is_entra(run->connector_name, &run->connector);
    if (h->unfinished)
        run->end_unix_ms = 0;
    run->complete = !h->unfinished && run->result != RUN_RESULT_RUNNING;
    run->counted = h->exports > 0 && !h->uncounted;
    if (h->fault.status == BATON_OK)
        h->visit(h->arg, run);
}

static void
run_begins(struct history_xml *h)
{
    h->run = (struct run_record){.result = RUN_RESULT_SUCCESS};
    text_copy(h->run.result_text, sizeof h->run.result_text, "success");
    h->profile_name[0] = '\0';
    h->connector_said = h->unfinished = h->uncounted = false;
    h->steps = h->exports = 0;
}

/* --- leaves -------------------------------------------------------------------------------------- */

static int64_t
leaf_date(struct history_xml *h)
{
    int64_t unix_ms = 0;
    if (h->leaf[0] != '\0' && (!ps_text_date(h->leaf, &unix_ms) || unix_ms <= 0))
        wrong(h, "a date that is not of the form 2026-07-01 12:34:56.789");
    return unix_ms;
}

static int64_t
leaf_count(struct history_xml *h)
{
    int64_t n = 0;
    const char *at = h->leaf;
    for (; *at >= '0' && *at <= '9' && n < INT32_MAX; at++)
        n = n * 10 + (*at - '0');
    if (at == h->leaf || *at != '\0')
        wrong(h, "a counter or number that is not one");
    return n;
}

static void
leaf_counter(struct history_xml *h, enum place place)
{
    int64_t n = leaf_count(h);
    h->step.counters |= 1U << place;
    h->run.adds += place == EXPORT_ADD ? n : 0;
    h->run.updates += place == EXPORT_UPDATE ? n : 0;
    h->run.renames += place == EXPORT_RENAME ? n : 0;
    h->run.deletes += place == EXPORT_DELETE ? n : 0;
    h->run.delete_adds += place == EXPORT_DELETE_ADD ? n : 0;
}

static void
leaf_over(struct history_xml *h, enum place place)
{
    switch (place) {
    case MA_ID:
        h->connector_said = baton_guid_parse(h->leaf, &h->run.connector);
        break;
    case MA_NAME:
        text_copy(h->run.connector_name, sizeof h->run.connector_name, h->leaf);
        break;
    case RUN_NUMBER:
        h->run.run_number = leaf_count(h);
        break;
    case PROFILE_NAME:
        text_copy(h->profile_name, sizeof h->profile_name, h->leaf);
        break;
    case STEP_BEGIN:
        h->step.begin_unix_ms = leaf_date(h);
        break;
    case STEP_END:
        h->step.end_unix_ms = leaf_date(h);
        break;
    case STEP_RESULT:
        h->step.result_said = h->leaf[0] != '\0';
        if (h->step.result_said)
            run_result_add(&h->run, h->leaf);
        break;
    case APPLY_SUBTYPE:
        text_copy(h->step.subtype, sizeof h->step.subtype, h->leaf);
        break;
    case EXPORT_ADD:
    case EXPORT_UPDATE:
    case EXPORT_RENAME:
    case EXPORT_DELETE:
    case EXPORT_DELETE_ADD:
        leaf_counter(h, place);
        break;
    case NOWHERE:
    case HISTORY:
    case RUN:
    case STEP:
    case DESCRIPTION:
    case STEP_TYPE:
    case COUNTERS:
        break;
    }
}

/* --- the document -------------------------------------------------------------------------------- */

static enum place
place_of(enum place inside, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (places[i].inside == inside && strcmp(places[i].name, name) == 0)
            return places[i].place;
    return NOWHERE;
}

static void
on_start(void *ctx, int depth, const char *name, const char **attributes)
{
    struct history_xml *h = ctx;
    enum place place;
    h->leaf_len = 0;
    if (depth == 1) {
        place = strcmp(name, "run-history") == 0 ? HISTORY : NOWHERE;
        if (place == NOWHERE) {
            char what[ROOT_SHOWN_BYTES];
            (void)snprintf(what, sizeof what, "the root is not run-history but %.60s", name);
            wrong(h, what);
        }
    } else {
        place = place_of(h->place[depth - 1], name);
    }
    h->place[depth] = place;
    if (place == RUN)
        run_begins(h);
    if (place == STEP)
        h->step = (struct step){0};
    if (place == STEP_TYPE) {
        const char *type = xml_attribute(attributes, "type");
        text_copy(h->step.type, sizeof h->step.type, type == NULL ? "" : type);
    }
}

/* White space in front is not kept, so that a value is never cut for its sake. */
static void
on_text(void *ctx, const char *text, size_t len)
{
    struct history_xml *h = ctx;
    for (size_t i = 0; i < len; i++) {
        bool blank = strchr(" \t\r\n", text[i]) != NULL;
        if ((h->leaf_len > 0 || !blank) && h->leaf_len + 1 < sizeof h->leaf)
            h->leaf[h->leaf_len++] = text[i];
    }
}

static void
on_end(void *ctx, int depth, const char *name)
{
    struct history_xml *h = ctx;
    enum place place = h->place[depth];
    (void)name;
    while (h->leaf_len > 0 && strchr(" \t\r\n", h->leaf[h->leaf_len - 1]) != NULL)
        h->leaf_len--;
    h->leaf[h->leaf_len] = '\0';
    leaf_over(h, place);
    h->leaf_len = 0;
    if (place == STEP)
        step_over(h);
    if (place == RUN)
        run_over(h);
}

static enum baton_status
read_document(const char *text, size_t len, run_visit *visit, void *arg, struct baton_err *err)
{
    struct history_xml h = {.visit = visit, .arg = arg};
    struct xml_handler handler = {&h, on_start, on_text, on_end};
    enum baton_status rc = xml_open(&handler, &h.xml, err);
    if (rc == BATON_OK)
        rc = xml_push(h.xml, text, len, err);
    if (rc == BATON_OK)
        rc = xml_finish(h.xml, err);
    xml_close(&h.xml);
    if (h.fault.status != BATON_OK && (rc == BATON_OK || rc == BATON_MALFORMED))
        rc = baton_fail(err, h.fault.status, "%s", h.fault.text); /* it came first */
    return rc;
}

/* Where a document ends: after the end of its root. Inside, that text cannot stand unescaped. */
static size_t
document_len(const char *text)
{
    static const char last[] = "</run-history>";
    const char *at = strstr(text, last);
    return at == NULL ? strlen(text) : (size_t)(at - text) + strlen(last);
}

static size_t
between(const char *text)
{
    size_t n = strspn(text, " \t\r\n");
    while (strncmp(text + n, "\xef\xbb\xbf", 3) == 0) /* each file that was joined had its mark */
        n += 3 + strspn(text + n + 3, " \t\r\n");
    return n;
}

enum baton_status
run_history_xml_read(const char *utf8, run_visit *visit, void *arg, struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    unsigned document = 0;
    for (utf8 += between(utf8); rc == BATON_OK && (*utf8 != '\0' || document == 0);
         utf8 += between(utf8)) {
        size_t len = document_len(utf8);
        document++;
        rc = read_document(utf8, len, visit, arg, err);
        if (rc != BATON_OK && document > 1)
            rc = baton_wrap(err, rc, "document %u", document);
        utf8 += len;
    }
    return rc;
}
