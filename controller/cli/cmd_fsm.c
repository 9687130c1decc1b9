#include "agent/core/promise.h"
#include "baton/message.h"
#include "commands.h"
#include "controller/core/fsm_render.h"
#include "output.h"

#include <stdio.h>
#include <string.h>

static void
print(void *arg, const char *bytes, size_t len)
{
    (void)arg;
    fwrite(bytes, 1, len, stdout);
}

/* The agent's acceptance table: which order may arrive in which role, and what may follow. */
static void
render_agent(enum fsm_format format)
{
    enum { ROWS_MAX = 128 };
    struct fsm_row rows[ROWS_MAX];
    size_t n;
    const struct acceptance_row *from = acceptance_rows(&n);
    BATON_ASSERT(n <= ROWS_MAX);
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct fsm_row){.from = from[i].state,
                                   .on = order_verb_name((enum order_verb)from[i].verb),
                                   .condition = "",
                                   .to = from[i].answer,
                                   .effect = "",
                                   .why = from[i].why};
    fsm_render_rows("agent", rows, n, format, print, NULL);
}

/* Who may say what: every pair that is not here is refused. */
static void
render_messages(enum fsm_format format)
{
    enum { ROWS_MAX = 64 };
    struct fsm_row rows[ROWS_MAX];
    size_t n;
    const struct message_rule *from = message_rules(&n);
    BATON_ASSERT(n <= ROWS_MAX);
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct fsm_row){.from = message_from_name((enum message_from)from[i].from),
                                   .on = message_type_name((enum message_type)from[i].type),
                                   .condition = from[i].session ? "open session" : "",
                                   .to = "taken",
                                   .effect = "",
                                   .why = from[i].why};
    fsm_render_rows("messages", rows, n, format, print, NULL);
}

enum baton_status
cmd_fsm(struct cli *c)
{
    enum fsm_machine machine = FSM_HANDOFF;
    enum fsm_format format = c->output == OUTPUT_JSON ? FSM_JSON : FSM_TABLE;
    const char *named = cli_option(c, "machine"), *as = cli_option(c, "format");
    if (c->output != OUTPUT_TABLE && c->output != OUTPUT_JSON)
        return cli_fail(c, BATON_USAGE,
                        "--output table or json; pictures: --format mermaid or dot");
    if (named != NULL && strcmp(named, "workflow") != 0 && !fsm_machine_parse(named, &machine))
        return cli_fail(c, BATON_USAGE, "--machine workflow, authority, agent or messages");
    if (as != NULL && !fsm_format_parse(as, &format))
        return cli_fail(c, BATON_USAGE, "--format mermaid, dot, json or table");
    if (machine == FSM_AGENT)
        render_agent(format);
    else if (machine == FSM_MESSAGES)
        render_messages(format);
    else
        fsm_render(machine, format, print, NULL);
    return BATON_OK;
}
