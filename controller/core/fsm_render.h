/* fsm_render.h: the tables as text: for `baton fsm`, for docs/, for people.
 *
 * Shape      One machine, one format, written piece by piece to the caller. The agent's own table is
 *            not linked here: its rows come in as generic ones.
 * Source     design 2: dispatch, diagrams, explain and tests come from the same rows.
 */
#ifndef BATON_FSM_RENDER_H
#define BATON_FSM_RENDER_H

#include "handoff.h"

enum fsm_machine { FSM_AUTHORITY, FSM_HANDOFF, FSM_AGENT, FSM_MESSAGES, FSM_MACHINE_COUNT };
enum fsm_format { FSM_MERMAID, FSM_DOT, FSM_JSON, FSM_TABLE, FSM_FORMAT_COUNT };

struct fsm_row {     /* a transition in words; texts are borrowed */
    uint16_t number; /* 0: the machine does not number its rows */
    const char *from, *on, *condition, *to, *effect, *why;
};

typedef void (*fsm_put)(void *arg, const char *bytes, size_t len);

const char *fsm_machine_name(enum fsm_machine m);
const char *fsm_format_name(enum fsm_format f);
bool fsm_machine_parse(const char *name, enum fsm_machine *ret);
bool fsm_format_parse(const char *name, enum fsm_format *ret);

/* FSM_AUTHORITY or FSM_HANDOFF. */
void fsm_render(enum fsm_machine machine, enum fsm_format format, fsm_put put, void *arg);
/* Any rows, under this title. */
void fsm_render_rows(const char *title, const struct fsm_row *rows, size_t count,
                     enum fsm_format format, fsm_put put, void *arg);

#endif
