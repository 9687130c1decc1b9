#define COBJMACROS
#include "wmi.h"

#include <objbase.h>
#include <oleauto.h>
#include <stdlib.h>
#include <wbemcli.h>

enum { PATH_UNITS = 512, METHOD_UNITS = 64, SLICE_MS = 250 };

struct wmi {
    HANDLE cancel;
    uint64_t end_ms;
    bool entered; /* the apartment is ours to leave */
    IWbemServices *services;
};

struct wmi_object {
    IWbemClassObject *object;
};

static enum baton_status
hresult_fail(struct baton_err *err, HRESULT hr, const char *what)
{
    static const struct {
        HRESULT hr;
        enum baton_status status;
        const char *why;
    } known[] = {
        {WBEM_E_INVALID_NAMESPACE, BATON_NOT_FOUND,
         "there is no such namespace: the engine's WMI provider is not installed here"},
        {WBEM_E_INVALID_CLASS, BATON_NOT_FOUND,
         "there is no such class: the engine's WMI provider is not installed here"},
        {WBEM_E_NOT_FOUND, BATON_NOT_FOUND, "there is no such object or method"},
        {WBEM_E_PROVIDER_LOAD_FAILURE, BATON_FAILED,
         "the engine's WMI provider does not load: see whether the engine's service runs"},
        {WBEM_E_ACCESS_DENIED, BATON_DENIED,
         "refused: the agent's account must be LocalSystem or in the engine's Admins group"},
        {E_ACCESSDENIED, BATON_DENIED,
         "refused: the agent's account must be LocalSystem or in the engine's Admins group"},
        {REGDB_E_CLASSNOTREG, BATON_NOT_FOUND, "this system has no WMI"},
        {WBEM_E_OUT_OF_MEMORY, BATON_NOMEM, "out of memory"},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (known[i].hr == hr)
            return baton_fail(err, known[i].status, "%s: WMI error 0x%08lx: %s", what,
                              (unsigned long)hr, known[i].why);
    return baton_fail(
        err, BATON_IO,
        "%s: WMI error 0x%08lx: see whether the services winmgmt and the engine's run", what,
        (unsigned long)hr);
}

/* What one call hands out knows nothing of how its maker was secured. In the same process there is no proxy
 * to secure. */
static HRESULT
secure(void *proxy)
{
    HRESULT hr = CoSetProxyBlanket(proxy, RPC_C_AUTHN_WINNT, RPC_C_AUTHZ_NONE, NULL,
                                   RPC_C_AUTHN_LEVEL_PKT_PRIVACY, RPC_C_IMP_LEVEL_IMPERSONATE, NULL,
                                   EOAC_NONE);
    return hr == E_NOINTERFACE ? S_OK : hr;
}

/* A provider that hangs is waited for in slices, or nothing could end the question. */
static enum baton_status
slice(const struct wmi *w, const char *what, LONG *ret_ms, struct baton_err *err)
{
    uint64_t now_ms = GetTickCount64();
    if (WaitForSingleObject(w->cancel, 0) == WAIT_OBJECT_0)
        return baton_fail(err, BATON_TIMEOUT, "%s: the question was withdrawn", what);
    if (now_ms >= w->end_ms)
        return baton_fail(err, BATON_TIMEOUT, "%s: WMI has not answered all in time", what);
    uint64_t left_ms = w->end_ms - now_ms;
    *ret_ms = left_ms < SLICE_MS ? (LONG)left_ms : SLICE_MS;
    return BATON_OK;
}

static enum baton_status
space_open(struct wmi *w, const wchar_t *name, struct baton_err *err)
{
    IWbemLocator *locator = NULL;
    char shown[128];
    win_utf8(name, shown, sizeof shown);
    HRESULT hr = CoCreateInstance(&CLSID_WbemLocator, NULL, CLSCTX_INPROC_SERVER, &IID_IWbemLocator,
                                  (void **)&locator);
    if (FAILED(hr))
        return hresult_fail(err, hr, shown);
    BSTR space = SysAllocString(name);
    hr = space == NULL
             ? (HRESULT)WBEM_E_OUT_OF_MEMORY
             : IWbemLocator_ConnectServer(locator, space, NULL, NULL, NULL,
                                          WBEM_FLAG_CONNECT_USE_MAX_WAIT, NULL, NULL, &w->services);
    SysFreeString(space);
    IWbemLocator_Release(locator);
    if (FAILED(hr))
        return hresult_fail(err, hr, shown);
    hr = secure(w->services);
    return FAILED(hr) ? hresult_fail(err, hr, shown) : BATON_OK;
}

enum baton_status
wmi_open(const wchar_t *name, HANDLE cancel, uint32_t limit_ms, struct wmi **ret_wmi,
         struct baton_err *err)
{
    struct wmi *w = calloc(1, sizeof *w);
    if (w == NULL)
        return baton_fail(err, BATON_NOMEM, "WMI");
    w->cancel = cancel;
    w->end_ms = GetTickCount64() + limit_ms;
    HRESULT hr = CoInitializeEx(NULL, COINIT_MULTITHREADED);
    w->entered = SUCCEEDED(hr);
    enum baton_status rc = FAILED(hr) && hr != RPC_E_CHANGED_MODE ? hresult_fail(err, hr, "COM")
                                                                  : space_open(w, name, err);
    if (rc != BATON_OK) {
        wmi_close(&w);
        return rc;
    }
    *ret_wmi = w;
    return BATON_OK;
}

void
wmi_close(struct wmi **wmi)
{
    struct wmi *w = *wmi;
    *wmi = NULL;
    if (w == NULL)
        return;
    if (w->services != NULL)
        IWbemServices_Release(w->services);
    if (w->entered)
        CoUninitialize();
    free(w);
}

static enum baton_status
visit_all(struct wmi *w, IEnumWbemClassObject *list, wmi_visit *visit, void *ctx,
          struct baton_err *err)
{
    for (;;) {
        struct wmi_object o = {NULL};
        ULONG count = 0;
        LONG ms;
        enum baton_status rc = slice(w, "reading instances", &ms, err);
        if (rc != BATON_OK)
            return rc;
        HRESULT hr = IEnumWbemClassObject_Next(list, ms, 1, &o.object, &count);
        if (FAILED(hr))
            return hresult_fail(err, hr, "reading instances");
        if (count == 0 && hr == WBEM_S_TIMEDOUT)
            continue;
        if (count == 0)
            return BATON_OK;
        rc = visit(ctx, &o, err);
        IWbemClassObject_Release(o.object);
        if (rc != BATON_OK)
            return rc;
    }
}

enum baton_status
wmi_query(struct wmi *w, const wchar_t *query, wmi_visit *visit, void *ctx, struct baton_err *err)
{
    IEnumWbemClassObject *list = NULL;
    BSTR language = SysAllocString(L"WQL"), text = SysAllocString(query);
    HRESULT hr = language == NULL || text == NULL
                     ? (HRESULT)WBEM_E_OUT_OF_MEMORY
                     : IWbemServices_ExecQuery(
                           w->services, language, text,
                           WBEM_FLAG_FORWARD_ONLY | WBEM_FLAG_RETURN_IMMEDIATELY, NULL, &list);
    SysFreeString(language);
    SysFreeString(text);
    if (SUCCEEDED(hr)) {
        hr = secure(list);
        if (FAILED(hr))
            IEnumWbemClassObject_Release(list);
    }
    if (FAILED(hr)) {
        char shown[128];
        win_utf8(query, shown, sizeof shown);
        return hresult_fail(err, hr, shown);
    }
    enum baton_status rc = visit_all(w, list, visit, ctx, err);
    IEnumWbemClassObject_Release(list);
    return rc;
}

/* Of whatever kind; NULL: it has no value. */
static char *
variant_text(VARIANT *v)
{
    char *out = NULL;
    if (V_VT(v) == VT_NULL || V_VT(v) == VT_EMPTY)
        return NULL;
    if (V_VT(v) == VT_BSTR ||
        SUCCEEDED(VariantChangeTypeEx(v, v, LOCALE_INVARIANT, VARIANT_ALPHABOOL, VT_BSTR)))
        out = win_utf8_copy(V_BSTR(v) == NULL ? L"" : V_BSTR(v));
    return out;
}

static char *
value_of(IWbemClassObject *object, const wchar_t *name)
{
    VARIANT v;
    VariantInit(&v);
    char *text = NULL;
    if (SUCCEEDED(IWbemClassObject_Get(object, name, 0, &v, NULL, NULL)))
        text = variant_text(&v);
    VariantClear(&v);
    return text;
}

void
wmi_property(struct wmi_object *object, const wchar_t *name, char *out, size_t cap)
{
    char *text = value_of(object->object, name);
    size_t len = text == NULL ? 0 : strlen(text);
    if (len >= cap)
        for (len = cap - 1; len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80;)
            len--;
    if (len > 0)
        memcpy(out, text, len);
    out[len] = '\0';
    free(text);
}

/* The call's answer, as soon as it has one. */
static enum baton_status
await(struct wmi *w, IWbemCallResult *call, const char *method, IWbemClassObject **ret_answer,
      struct baton_err *err)
{
    HRESULT hr = secure(call);
    for (LONG ms; SUCCEEDED(hr) && *ret_answer == NULL;) {
        enum baton_status rc = slice(w, method, &ms, err);
        if (rc != BATON_OK)
            return rc;
        hr = IWbemCallResult_GetResultObject(call, ms, ret_answer);
        if (SUCCEEDED(hr) && hr != (HRESULT)WBEM_S_TIMEDOUT && *ret_answer == NULL)
            hr = WBEM_E_FAILED;
    }
    return FAILED(hr) ? hresult_fail(err, hr, method) : BATON_OK;
}

static enum baton_status
begin(struct wmi *w, const wchar_t *path, const wchar_t *method, IWbemCallResult **ret_call,
      struct baton_err *err)
{
    char shown[METHOD_UNITS];
    BSTR of = SysAllocString(path), what = SysAllocString(method);
    HRESULT hr = of == NULL || what == NULL
                     ? (HRESULT)WBEM_E_OUT_OF_MEMORY
                     : IWbemServices_ExecMethod(w->services, of, what, WBEM_FLAG_RETURN_IMMEDIATELY,
                                                NULL, NULL, NULL, ret_call);
    SysFreeString(of);
    SysFreeString(what);
    win_utf8(method, shown, sizeof shown);
    return FAILED(hr) || *ret_call == NULL ? hresult_fail(err, FAILED(hr) ? hr : E_FAIL, shown)
                                           : BATON_OK;
}

enum baton_status
wmi_call(struct wmi *w, const char *object_path, const char *method, char **ret_text,
         struct baton_err *err)
{
    wchar_t path[PATH_UNITS], name[METHOD_UNITS];
    IWbemCallResult *call = NULL;
    IWbemClassObject *answer = NULL;
    LONG unused;
    if (!win_wide(object_path, path, PATH_UNITS) || !win_wide(method, name, METHOD_UNITS))
        return baton_fail(err, BATON_LIMIT, "%s: the instance's path is too long", method);
    enum baton_status rc = slice(w, method, &unused, err);
    if (rc == BATON_OK)
        rc = begin(w, path, name, &call, err);
    if (rc != BATON_OK)
        return rc;
    rc = await(w, call, method, &answer, err);
    IWbemCallResult_Release(call);
    if (rc != BATON_OK)
        return rc;
    char *text = value_of(answer, L"ReturnValue");
    IWbemClassObject_Release(answer);
    if (text == NULL)
        return baton_fail(err, BATON_MALFORMED, "%s of %s returned nothing", method, object_path);
    *ret_text = text;
    return BATON_OK;
}
