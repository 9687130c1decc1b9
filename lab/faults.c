#include "faults.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "prerequisites.h"
#include "print.h"

enum { SLOW_STOP_MAX_MS = 3600 * 1000 };

enum field_type { MILLIS, RESULT, NAME, VALUE, FLAG };

static const struct row {
    const char *kind, *otherwise; /* the value when none is given */
    enum field_type type;
    size_t offset;
} rows[] = {
    {"slow-stop", "5000", MILLIS, offsetof(struct faults, slow_stop_ms)},
    {"run-error", "completed-export-errors", RESULT, offsetof(struct faults, run_error)},
    {"import-error", "stopped-connectivity", RESULT, offsetof(struct faults, import_error)},
    {"collector-error", "all", NAME, offsetof(struct faults, collector)},
    {"prerequisite", "dotnet.release", VALUE, offsetof(struct faults, prerequisite)},
    {"wizard-left-open", "on", FLAG, offsetof(struct faults, wizard_left_open)},
    {"engine-required", "on", FLAG, offsetof(struct faults, engine_required)},
    {"no-generation", "on", FLAG, offsetof(struct faults, no_generation)},
};

static enum baton_status
set_millis(uint64_t *field, const char *value, struct baton_err *err)
{
    char *end;
    errno = 0;
    unsigned long long ms = strtoull(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || value[0] == '-' || ms > SLOW_STOP_MAX_MS)
        return baton_fail(err, BATON_USAGE, "'%.40s' is no time in milliseconds up to %d", value,
                          SLOW_STOP_MAX_MS);
    *field = ms;
    return BATON_OK;
}

static enum baton_status
set_text(char *field, size_t cap, const char *value, struct baton_err *err)
{
    if (strlen(value) >= cap)
        return baton_fail(err, BATON_LIMIT, "a value has at most %zu bytes", cap - 1);
    print_copy(field, cap, value);
    return BATON_OK;
}

static enum baton_status
set_flag(bool *field, const char *value, struct baton_err *err)
{
    bool on = strcmp(value, "on") == 0 || strcmp(value, "true") == 0;
    if (!on && value[0] != '\0')
        return baton_fail(err, BATON_USAGE, "this fault is on or off, not '%.40s'", value);
    *field = on;
    return BATON_OK;
}

static enum baton_status
set_row(struct server *s, const struct row *row, const char *value, struct baton_err *err)
{
    void *field = (char *)&s->fault + row->offset;
    bool off = strcmp(value, "off") == 0 || strcmp(value, "false") == 0;
    switch (row->type) {
    case MILLIS:
        return set_millis(field, off ? "0" : value, err);
    case RESULT:
        return set_text(field, RESULT_BYTES, off ? "" : value, err);
    case NAME:
        return set_text(field, NAME_BYTES, off ? "" : value, err);
    case VALUE:
        if (!off && !prerequisite_known(value))
            return baton_fail(err, BATON_USAGE,
                              "'%.40s' is no value of the collector prerequisites", value);
        return set_text(field, NAME_BYTES, off ? "" : value, err);
    case FLAG:
        return set_flag(field, off ? "" : value, err);
    }
    return BATON_OK;
}

enum baton_status
fault_set(struct server *s, const char *kind, const char *value, struct baton_err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].kind, kind) == 0)
            return set_row(s, &rows[i], value[0] == '\0' ? rows[i].otherwise : value, err);
    return baton_fail(err, BATON_USAGE,
                      "no fault '%.40s'; there are slow-stop, run-error, import-error, "
                      "collector-error, prerequisite, wizard-left-open, engine-required, "
                      "no-generation",
                      kind);
}

json_t *
faults_json(const struct server *s)
{
    json_t *set = json_object();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const void *field = (const char *)&s->fault + rows[i].offset;
        switch (rows[i].type) {
        case MILLIS:
            if (*(const uint64_t *)field != 0)
                json_object_set_new(set, rows[i].kind,
                                    json_integer((json_int_t) * (const uint64_t *)field));
            break;
        case RESULT:
        case NAME:
        case VALUE:
            if (*(const char *)field != '\0')
                json_object_set_new(set, rows[i].kind, json_string(field));
            break;
        case FLAG:
            if (*(const bool *)field)
                json_object_set_new(set, rows[i].kind, json_true());
            break;
        }
    }
    return set;
}
