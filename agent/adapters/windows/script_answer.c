#include "script_answer.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baton/host.h"
#include "common/text.h"

static const char answer_head[] = "BATON-ANSWER ", error_head[] = "BATON-ERROR ";

void
answer_init(struct script_answer *a, uint32_t number)
{
    *a = (struct script_answer){.number = number};
}

void
answer_done(struct script_answer *a)
{
    free(a->bytes);
    *a = (struct script_answer){0};
}

static void
drop(struct script_answer *a, size_t len)
{
    memmove(a->bytes, a->bytes + len, a->len - len);
    a->len -= len;
}

static enum baton_status
grow(struct script_answer *a, size_t more, struct baton_err *err)
{
    size_t most = (size_t)HOST_TEXT_MAX + SCRIPT_STRAY_BYTES, need = a->len + more + 1;
    if (need > most)
        return baton_fail(err, BATON_LIMIT, "more than %zu bytes of output", most);
    if (need <= a->cap)
        return BATON_OK;
    size_t cap = need < 4096 ? 4096 : need + need / 2;
    char *grown = realloc(a->bytes, cap);
    if (grown == NULL)
        return baton_fail(err, BATON_NOMEM, "%zu bytes of output", cap);
    a->bytes = grown;
    a->cap = cap;
    return BATON_OK;
}

/* Decimal digits up to the end of the line, or up to a space. */
static bool
number(const char **at, const char *end, size_t *ret_number)
{
    const char *begin = *at;
    *ret_number = 0;
    for (; *at < end && **at >= '0' && **at <= '9' && *at - begin < 9; (*at)++)
        *ret_number = *ret_number * 10 + (size_t)(**at - '0');
    return *at > begin;
}

static bool
begins(const char *line, const char *end, const char *head)
{
    return (size_t)(end - line) > strlen(head) && memcmp(line, head, strlen(head)) == 0;
}

static enum baton_status
read_head(struct script_answer *a, const char *line, const char *end, struct baton_err *err)
{
    size_t of, want;
    a->error = begins(line, end, error_head);
    const char *at = line + strlen(a->error ? error_head : answer_head);
    if (!number(&at, end, &of) || at == end || *at++ != ' ' || !number(&at, end, &want) ||
        at != end)
        return baton_fail(err, BATON_MALFORMED, "the head of an answer is not one");
    if (of != a->number)
        return baton_fail(err, BATON_MALFORMED, "an answer to question %zu, and %u was asked", of,
                          a->number);
    if (want > HOST_TEXT_MAX)
        return baton_fail(err, BATON_LIMIT, "an answer of %zu bytes, at most %d are kept", want,
                          HOST_TEXT_MAX);
    a->begun = true;
    a->want = want;
    return BATON_OK;
}

static void
keep_first_line(struct script_answer *a, const char *line, size_t len)
{
    char text[SCRIPT_FIRST_LINE_BYTES];
    if (a->first_line[0] != '\0' || len == 0)
        return;
    snprintf(text, sizeof text, "%.*s", len < sizeof text ? (int)len : (int)sizeof text - 1, line);
    text_copy(a->first_line, sizeof a->first_line, text);
}

static enum baton_status
read_lines(struct script_answer *a, struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    while (rc == BATON_OK && !a->begun) {
        char *end = a->len == 0 ? NULL : memchr(a->bytes, '\n', a->len);
        if (end == NULL)
            break;
        const char *line = a->bytes;
        const char *last = end > line && end[-1] == '\r' ? end - 1 : end;
        size_t used = (size_t)(end - line) + 1;
        if (begins(line, last, answer_head) || begins(line, last, error_head)) {
            rc = read_head(a, line, last, err);
        } else {
            keep_first_line(a, line, (size_t)(last - line));
            a->stray += used;
        }
        drop(a, used);
    }
    if (rc == BATON_OK && !a->begun && a->stray + a->len > SCRIPT_STRAY_BYTES)
        rc = baton_fail(err, BATON_LIMIT, "%zu bytes that are no answer: %.100s", a->stray + a->len,
                        a->first_line);
    return rc;
}

enum baton_status
answer_push(struct script_answer *a, const void *bytes, size_t len, struct baton_err *err)
{
    enum baton_status rc = grow(a, len, err);
    if (rc != BATON_OK)
        return rc;
    memcpy(a->bytes + a->len, bytes, len);
    a->len += len;
    return read_lines(a, err);
}

bool
answer_take(struct script_answer *a, char **ret_text, size_t *ret_len, bool *ret_error)
{
    if (!a->begun || a->len < a->want)
        return false;
    a->bytes[a->want] = '\0'; /* where the line end stands, or the spare byte of grow */
    *ret_text = a->bytes;
    *ret_len = a->want;
    *ret_error = a->error;
    *a = (struct script_answer){.number = a->number};
    return true;
}

/* --- error records ------------------------------------------------------------------------------- */

struct error_row {
    const char *field, *begin; /* of a property of the record */
    enum baton_status status;
    const char *next;
};

/* The first row that fits; identifiers and categories are not translated, messages are. */
// clang-format off
static const struct error_row error_rows[] = {
    { "id", "CommandNotFoundException", BATON_NOT_FOUND,
      "this build of the product has no such cmdlet" },
    { "id", "Modules_ModuleNotFound",   BATON_NOT_FOUND,
      "the product's PowerShell module is not installed here; see whether its installation has ended" },
    { "id", "NoMatchingEventsFound",    BATON_NOT_FOUND,
      "no event of that provider was logged here" },
    { "category", "PermissionDenied",   BATON_DENIED,
      "the agent's account may not ask; it must be LocalSystem or a member of ADSyncAdmins" },
    { "category", "SecurityError",      BATON_DENIED,
      "Windows refuses the script; look at the machine's script execution and AppLocker policies" },
    { "type", "System.UnauthorizedAccessException", BATON_DENIED,
      "the agent's account may not ask; it must be LocalSystem or a member of ADSyncAdmins" },
    { "type", "System.ServiceModel.",   BATON_FAILED,
      "the synchronization service does not answer; see whether it runs" },
    { "type", "System.OutOfMemoryException", BATON_LIMIT,
      "the answer does not fit the memory that a collector may take" },
    { "type", "",                       BATON_FAILED,
      "run the script named in docs/collectors.md on the server to see more" },
};
// clang-format on

static const char *
field(const json_t *record, const char *name)
{
    const char *text = json_string_value(json_object_get(record, name));
    return text == NULL ? "" : text;
}

static const struct error_row *
row_of(const json_t *record)
{
    size_t i = 0;
    while (strncmp(field(record, error_rows[i].field), error_rows[i].begin,
                   strlen(error_rows[i].begin)) != 0)
        i++;
    return &error_rows[i]; /* the last fits every record */
}

enum baton_status
script_error(const char *text, size_t len, const char *question, struct baton_err *err)
{
    json_t *record = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    char message[256], command[64];
    if (!json_is_object(record) || field(record, "message")[0] == '\0') {
        json_decref(record);
        return baton_fail(err, BATON_MALFORMED,
                          "%s: PowerShell answered with an error that cannot be read; run the "
                          "script by hand to see it",
                          question);
    }
    const struct error_row *row = row_of(record);
    text_copy(message, sizeof message, field(record, "message"));
    text_copy(command, sizeof command, field(record, "command"));
    enum baton_status rc = baton_fail(err, row->status, "%s: %s%s%s: %s", question, command,
                                      command[0] == '\0' ? "" : ": ", message, row->next);
    json_decref(record);
    return rc;
}
