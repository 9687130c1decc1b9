/* service_items.h: the service as the service manager and the registry have it, item by item (service_plan.h).
 *
 * Shape      A site holds the open service and where program and data lie. service_items_read fills what is
 *            found; service_item_write makes one item as wanted.
 * Errors     Of reading: in the item. Of writing: BATON_DENIED and the like; what this system has no setting
 *            for is BATON_NOT_FOUND.
 * Threads    One at a time.
 */
#ifndef AGENT_SERVICE_ITEMS_H
#define AGENT_SERVICE_ITEMS_H

#include <winsock2.h>

#include <windows.h>

#include "agent/adapters/windows/command_line.h"
#include "agent/windows/service_plan.h"

enum { SITE_PATH_BYTES = 1024 };

struct service_site {
    SC_HANDLE manager, service;
    char program[SITE_PATH_BYTES], dir[SITE_PATH_BYTES];
    char image[COMMAND_LINE_BYTES];
    struct service_plan wanted, found;
};

/* Where program and data lie and what is wanted; dir as service_options has it. Opens nothing. */
enum baton_status service_site_init(struct service_site *s, const char *dir,
                                    struct baton_err *err) BATON_MUST_USE;
enum baton_status service_site_open(struct service_site *s, DWORD manager_access,
                                    DWORD service_access, struct baton_err *err) BATON_MUST_USE;
enum baton_status service_site_create(struct service_site *s, struct baton_err *err) BATON_MUST_USE;
void service_site_close(struct service_site *s);

void service_items_read(struct service_site *s);
enum baton_status service_item_write(struct service_site *s, enum service_item item,
                                     struct baton_err *err) BATON_MUST_USE;

#endif
