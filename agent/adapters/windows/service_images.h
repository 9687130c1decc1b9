/* service_images.h: services that run the sync engine's program under a name and a display name of their own.
 *
 * Shape      The registry is asked for a service's program at most once in IMAGES_AGAIN_MS; what it
 *            said is kept in between. A service that is new is asked about at once.
 * Limits     IMAGES_KEPT services; what is beyond that is asked about each time.
 * Threads    Any.
 */
#ifndef AGENT_WINDOWS_SERVICE_IMAGES_H
#define AGENT_WINDOWS_SERVICE_IMAGES_H

#include <windows.h>

#include "service_table.h"

enum { IMAGES_KEPT = 1024, IMAGES_AGAIN_MS = 60000 };

/* NULL: its program is none of ours, or cannot be read. */
const struct service_row *service_images_row(const wchar_t *service_name);

#endif
