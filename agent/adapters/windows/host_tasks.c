#define COBJMACROS
#include <initguid.h>

#include "host_tasks.h"

#include <windows.h>

#include <oleauto.h>
#include <taskschd.h>

#include "common/text.h"
#include "service_table.h"
#include "win_text.h"

enum { TASK_UNITS = 128 };

/* The scheduler's codes are those of the system behind a common head. */
static DWORD
code_of(HRESULT hr)
{
    return HRESULT_FACILITY(hr) == FACILITY_WIN32 ? (DWORD)HRESULT_CODE(hr) : (DWORD)hr;
}

static enum baton_status
open_root(struct tasks *t, struct baton_err *err)
{
    ITaskService *service = NULL;
    if (t->root != NULL)
        return BATON_OK;
    VARIANT here;
    VariantInit(&here);
    HRESULT hr = CoCreateInstance(&CLSID_TaskScheduler, NULL, CLSCTX_INPROC_SERVER,
                                  &IID_ITaskService, (void **)&service);
    if (SUCCEEDED(hr))
        hr = ITaskService_Connect(service, here, here, here, here);
    BSTR path = SysAllocString(L"\\");
    if (SUCCEEDED(hr))
        hr = path == NULL ? E_OUTOFMEMORY : ITaskService_GetFolder(service, path, &t->root);
    SysFreeString(path);
    if (service != NULL)
        ITaskService_Release(service);
    return SUCCEEDED(hr) ? BATON_OK
                         : win_fail(err, code_of(hr), "the Task Scheduler does not answer");
}

/* *ret_task NULL: there is none. */
static enum baton_status
find_task(ITaskFolder *folder, const char *name, IRegisteredTask **ret_task, struct baton_err *err)
{
    wchar_t wide[TASK_UNITS];
    *ret_task = NULL;
    if (!win_wide(name, wide, TASK_UNITS))
        return baton_fail(err, BATON_LIMIT, "no task has such a name: %s", name);
    BSTR path = SysAllocString(wide);
    HRESULT hr = path == NULL ? E_OUTOFMEMORY : ITaskFolder_GetTask(folder, path, ret_task);
    SysFreeString(path);
    DWORD code = code_of(hr);
    if (SUCCEEDED(hr) || code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND)
        return BATON_OK;
    *ret_task = NULL;
    return win_fail(err, code, "the task %s", name);
}

static enum baton_status
look_task(ITaskFolder *folder, const char *name, struct host_completion *done,
          struct baton_err *err)
{
    IRegisteredTask *task;
    VARIANT_BOOL enabled = VARIANT_TRUE;
    enum baton_status rc = find_task(folder, name, &task, err);
    if (rc != BATON_OK || task == NULL)
        return rc;
    HRESULT hr = IRegisteredTask_get_Enabled(task, &enabled);
    IRegisteredTask_Release(task);
    if (FAILED(hr))
        return win_fail(err, code_of(hr), "whether the task %s is enabled", name);
    struct host_task *t = &done->u.task[done->count++];
    text_copy(t->name, sizeof t->name, name);
    t->enabled = enabled != VARIANT_FALSE;
    return BATON_OK;
}

void
tasks_close(struct tasks *t)
{
    if (t->root != NULL)
        ITaskFolder_Release(t->root);
    t->root = NULL;
}

enum baton_status
tasks_look(struct tasks *t, struct host_completion *done, struct baton_err *err)
{
    enum baton_status rc = open_root(t, err);
    for (size_t i = 0; rc == BATON_OK && i < sync_task_count; i++)
        rc = look_task(t->root, sync_task_names[i], done, err);
    if (rc != BATON_OK)
        tasks_close(t); /* a scheduler that was started again is another one */
    return rc;
}

/* Read back: the call alone proves nothing. */
static enum baton_status
set_task(IRegisteredTask *task, const char *name, bool enabled, struct baton_err *err)
{
    VARIANT_BOOL wanted = enabled ? VARIANT_TRUE : VARIANT_FALSE, is = !wanted;
    HRESULT hr = IRegisteredTask_put_Enabled(task, wanted);
    if (SUCCEEDED(hr))
        hr = IRegisteredTask_get_Enabled(task, &is);
    if (FAILED(hr))
        return win_fail(err, code_of(hr), "%s the task %s", enabled ? "enabling" : "disabling",
                        name);
    return (is != VARIANT_FALSE) == enabled
               ? BATON_OK
               : baton_fail(err, BATON_FAILED, "the task %s is still %s", name,
                            enabled ? "disabled" : "enabled");
}

static bool
is_sync_task(const char *name)
{
    for (size_t i = 0; i < sync_task_count; i++)
        if (same_name(sync_task_names[i], name))
            return true;
    return false;
}

enum baton_status
tasks_set(struct tasks *t, const char *name, bool enabled, struct baton_err *err)
{
    IRegisteredTask *task = NULL;
    if (!is_sync_task(name))
        return baton_fail(err, BATON_NOT_FOUND, "%s is no task of a sync product", name);
    enum baton_status rc = open_root(t, err);
    if (rc == BATON_OK)
        rc = find_task(t->root, name, &task, err);
    if (rc == BATON_OK)
        rc = task == NULL ? baton_fail(err, BATON_NOT_FOUND, "this server has no task %s", name)
                          : set_task(task, name, enabled, err);
    if (task != NULL)
        IRegisteredTask_Release(task);
    if (rc != BATON_OK)
        tasks_close(t);
    return rc;
}
