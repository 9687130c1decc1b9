#include "finding_view.h"

#include "common/text.h"
#include "wrap.h"

#include <inttypes.h>
#include <stdio.h>

enum paint
severity_paint(uint8_t severity)
{
    return severity == SEVERITY_BLOCK    ? PAINT_RED
           : severity == SEVERITY_REVIEW ? PAINT_YELLOW
                                         : PAINT_DIM;
}

enum paint
verdict_paint(enum verdict v)
{
    return v == VERDICT_BLOCK ? PAINT_RED : v == VERDICT_REVIEW ? PAINT_YELLOW : PAINT_GREEN;
}

json_t *
plain_json(const char *text)
{
    char shown[FINDING_TEXT_BYTES];
    json_t *plain = json_string(text);
    if (plain != NULL)
        return plain;
    text_copy(shown, sizeof shown, text);
    return json_string(shown);
}

json_t *
finding_json(const struct finding *f)
{
    return json_pack("{s:s, s:s, s:o, s:I, s:o, s:s, s:s}", "rule", f->rule, "severity",
                     finding_severity_name((enum finding_severity)f->severity), "subject",
                     plain_json(f->subject), "count", (json_int_t)f->count, "limit",
                     f->limit == FINDING_NO_LIMIT ? json_null()
                                                  : json_integer((json_int_t)f->limit),
                     "why", f->why, "advice", f->advice);
}

void
finding_print(const struct cli *c, const struct finding *f)
{
    printf("%s%-7s%s %s: %" PRIu64, paint_on(c, severity_paint(f->severity)),
           finding_severity_name((enum finding_severity)f->severity), paint_off(c), f->rule,
           f->count);
    if (f->limit != FINDING_NO_LIMIT)
        printf(" (limit %" PRIu64 ")", f->limit);
    printf("  %s\n", f->subject);
    wrap_print(2, "%s", f->why);
    if (f->severity > SEVERITY_INFO)
        wrap_print(2, "to do: %s", f->advice);
}
