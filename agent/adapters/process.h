/* process.h: this process and the system it runs on. One source for each system.
 *
 * Shape      process_prepare comes first in main; process_stop_fd may be asked for as often as wanted.
 * Errors     process_stop_fd: -1 and err.
 * Threads    The main thread's; the stop descriptor may become readable at any time.
 * Source     design 3; reliability 5 (one arena, no core file with keys inside).
 */
#ifndef AGENT_PROCESS_H
#define AGENT_PROCESS_H

#include "baton/status.h"

#include <stdbool.h>
#include <stddef.h>

/* Small and closed: memory given back early, no image of it left behind by a crash, nothing of ours on the
 * descriptors that others take for their output. Arguments are UTF-8 afterwards. */
void process_prepare(int *argc, char ***argv);
/* Readable once the process is asked to end: SIGTERM or SIGINT, on Windows Ctrl-C, the window's end or a
 * control of the service manager; and when the machine woke. */
int process_stop_fd(struct baton_err *err);
/* What made it readable: true, once, that the machine has slept since. What was seen before is old then. A
 * Linux machine, where the lab runs, is not asked. */
bool process_woke(void);
/* Much memory was freed; the system may have it. */
void process_give_back(void);
/* Of the file that this program was started from; false: it cannot be had. */
bool process_program(char *out, size_t cap);
/* Where an agent's things lie when nobody says it; false: this system has no such place. */
bool process_home(char *out, size_t cap);
/* The system's name for this machine; empty when it has none. */
void process_host_name(char *out, size_t cap);

#endif
