/* process_windows.h: what only this system tells a process: the service manager's controls.
 *
 * Shape      process_stop_fd comes before; process.h says how the loop hears of it.
 * Threads    Any.
 */
#ifndef AGENT_PROCESS_WINDOWS_H
#define AGENT_PROCESS_WINDOWS_H

#include "agent/adapters/process.h"

void process_end(void);
void process_wake(void); /* the machine has slept */

#endif
