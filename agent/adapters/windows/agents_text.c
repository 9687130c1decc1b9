#include "agents_text.h"

#include <jansson.h>
#include <string.h>

#include "common/readers/run_history.h"

const char *const agent_count_methods[AGENT_COUNTS] = {
    [COUNT_ADDS] = "NumExportAdd",
    [COUNT_UPDATES] = "NumExportUpdate",
    [COUNT_DELETES] = "NumExportDelete",
    [COUNT_CONNECTORS] = "NumTotalConnectors",
};

/* Takes the list over. */
static char *
print(json_t *list)
{
    json_t *value = json_array_size(list) == 0   ? json_string("")
                    : json_array_size(list) == 1 ? json_incref(json_array_get(list, 0))
                                                 : json_incref(list);
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(value);
    json_decref(list);
    return text;
}

/* The engine writes identifiers in braces; the cmdlets do not. */
static const char *
bare(const char *guid, char out[37])
{
    struct baton_id id;
    if (!baton_guid_parse(guid, &id))
        return guid;
    baton_guid_format(&id, out);
    return out;
}

char *
agents_connectors(const struct agent_row *rows, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        char guid[37];
        json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "Name", rows[i].name, "Identifier",
                                              bare(rows[i].guid, guid), "Type", rows[i].type));
    }
    return print(list);
}

/* Only one that says that it rests, or has never run, is at rest. */
static bool
is_busy(const struct agent_row *row)
{
    return strcmp(row->run_status, "in-progress") == 0 ||
           strncmp(row->run_status, "completing-", strlen("completing-")) == 0;
}

char *
agents_run_status(const struct agent_row *rows, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (is_busy(&rows[i]))
            json_array_append_new(
                list, json_pack("{s:s,s:s}", "RunState", "Busy", "ConnectorName", rows[i].name));
    return print(list);
}

static bool
count_of(const char *text, json_int_t *ret_count)
{
    size_t digits = strspn(text, "0123456789");
    *ret_count = 0;
    for (size_t i = 0; i < digits && i < 18; i++)
        *ret_count = *ret_count * 10 + (text[i] - '0');
    return digits > 0 && digits <= 18 && text[digits] == '\0';
}

char *
agents_statistics(const char *const text[AGENT_COUNTS])
{
    json_int_t n[AGENT_COUNTS];
    for (size_t i = 0; i < AGENT_COUNTS; i++)
        if (!count_of(text[i], &n[i]))
            return NULL;
    json_t *object = json_pack("{s:I,s:I,s:I,s:I}", "ExportAdds", n[COUNT_ADDS], "ExportUpdates",
                               n[COUNT_UPDATES], "ExportDeletes", n[COUNT_DELETES],
                               "TotalConnectors", n[COUNT_CONNECTORS]);
    char *out = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return out;
}

const struct agent_row *
agents_entra(const struct agent_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct baton_id id = {{0}};
        (void)baton_guid_parse(rows[i].guid, &id);
        if (run_connector_is_entra(rows[i].name, &id))
            return &rows[i];
    }
    return NULL;
}
