/* wmi.h: questions to Windows Management Instrumentation, over COM.
 *
 * Shape      wmi_open connects to a namespace of this machine; wmi_query gives one instance after
 *            another; wmi_call calls a method without arguments and gives its ReturnValue. Every value
 *            is text.
 * Units      limit_ms from wmi_open, for all that is asked until wmi_close.
 * Errors     BATON_NOT_FOUND: no such namespace or class, or no WMI on this system. BATON_DENIED,
 *            BATON_TIMEOUT (also soon after the cancel event is set), BATON_IO.
 * Ownership  wmi_close; the caller frees texts.
 * Threads    The one that opened it, in a multithreaded apartment that is entered and left here.
 * Source     domain 1.5.
 */
#ifndef AGENT_WINDOWS_WMI_H
#define AGENT_WINDOWS_WMI_H

#include "win_text.h"

struct wmi;
struct wmi_object;

enum baton_status wmi_open(const wchar_t *name, HANDLE cancel, uint32_t limit_ms,
                           struct wmi **ret_wmi, struct baton_err *err) BATON_MUST_USE;
void wmi_close(struct wmi **wmi);

typedef enum baton_status wmi_visit(void *ctx, struct wmi_object *object, struct baton_err *err);
enum baton_status wmi_query(struct wmi *w, const wchar_t *query, wmi_visit *visit, void *ctx,
                            struct baton_err *err) BATON_MUST_USE;

/* Empty: the property has no value, or the class has no such property. Cut to what fits. */
void wmi_property(struct wmi_object *object, const wchar_t *name, char *out, size_t cap);

enum baton_status wmi_call(struct wmi *w, const char *object_path, const char *method,
                           char **ret_text, struct baton_err *err) BATON_MUST_USE;

#endif
