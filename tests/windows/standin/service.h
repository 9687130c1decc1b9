/* service.h: the stand-in's services, and what a person does to them by hand.
 *
 * Shape      A service that starts asks the site "start NAME" and runs once it is told so; told to
 *            stop it asks "stop NAME", is STOP_PENDING until the site has answered and
 *            HKLM\SOFTWARE\Stand-in StopDelayMs has passed, and then stops. The site sees its end,
 *            whatever ended it, by the connection.
 * Errors     Exit codes: 0, or 1 with the system's number on the error output.
 */
#ifndef STANDIN_SERVICE_H
#define STANDIN_SERVICE_H

#include <windows.h>

int service_dispatch(void); /* started by the service manager */

int service_hand_start(const wchar_t *name); /* start type automatic, then started */
int service_hand_auto(const wchar_t *name);  /* start type automatic alone */
int service_stop(const wchar_t *name);       /* waits until it has */
int service_query(const wchar_t *name);      /* prints "STATE START PID" */
/* A hand start, and how long it lasted: prints "MS", from the start to stopped and disabled again. */
int service_react(const wchar_t *name);

/* Says what failed, with the system's number; 1. */
int service_complain(const char *what);

#endif
