/* wmi.c: a WMI locator that knows the sync engine's namespace, which no provider can add to Wine's.
 *
 * Registered in place of Wine's locator it hands every other namespace on to that one. In
 * root\MicrosoftIdentityIntegrationServer it answers queries for the objects of a class and calls of
 * their methods, with texts that the site says:
 *
 *   objects CLASS       lines "NAME<tab>VALUE", an empty line after each object
 *   call METHOD PATH    the method's ReturnValue
 *
 * Answers come when the site gives them: a query and a call that returns at once are waited for by the
 * caller, for as long as it wants. Only what a reader of run histories calls is here; the rest answers
 * E_NOTIMPL.
 */
#define COBJMACROS
#include "standin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <wbemcli.h>

static const wchar_t engine_namespace[] = L"root\\MicrosoftIdentityIntegrationServer";

/* On this system a caller clears what it passed: one function stands for methods of any kind. */
static HRESULT STDMETHODCALLTYPE
unsupported(void)
{
    return E_NOTIMPL;
}
#define UNSUPPORTED ((void *)unsupported)

static wchar_t *
widen(const char *text, size_t len)
{
    int units = MultiByteToWideChar(CP_UTF8, 0, text, (int)len, NULL, 0);
    wchar_t *wide = calloc((size_t)units + 1, sizeof *wide);
    if (wide != NULL)
        MultiByteToWideChar(CP_UTF8, 0, text, (int)len, wide, units);
    return wide;
}

static HRESULT
ask(const char *question, struct site_answer *ret_answer)
{
    struct site s;
    if (!site_open(&s))
        return WBEM_E_PROVIDER_FAILURE;
    bool good = site_ask(&s, question, ret_answer);
    site_close(&s);
    if (good)
        return S_OK;
    free(ret_answer->text);
    return WBEM_E_PROVIDER_FAILURE;
}

/* A question on its way. Whoever asked may go before the answer is there. */
struct pending {
    LONG uses;
    HANDLE thread;
    HRESULT rc;
    char question[SITE_LINE_BYTES];
    struct site_answer answer;
};

static void
pending_release(struct pending *p)
{
    if (InterlockedDecrement(&p->uses) > 0)
        return;
    if (p->rc == S_OK)
        free(p->answer.text);
    free(p);
}

static DWORD WINAPI
pending_run(void *ctx)
{
    struct pending *p = ctx;
    p->rc = ask(p->question, &p->answer);
    pending_release(p);
    return 0;
}

static struct pending *
pending_new(const char *question)
{
    struct pending *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    *p = (struct pending){.uses = 2, .rc = E_PENDING};
    snprintf(p->question, sizeof p->question, "%s", question);
    p->thread = CreateThread(NULL, 0, pending_run, p, 0, NULL);
    if (p->thread == NULL) {
        free(p);
        return NULL;
    }
    return p;
}

static void
pending_close(struct pending *p)
{
    CloseHandle(p->thread);
    pending_release(p);
}

/* --- an object: names and texts --- */

enum { PROPERTIES_MAX = 40 };

struct object {
    IWbemClassObject face;
    LONG uses;
    size_t count;
    struct {
        wchar_t *name, *text;
    } property[PROPERTIES_MAX];
};

static HRESULT STDMETHODCALLTYPE
object_query(IWbemClassObject *face, REFIID id, void **ret)
{
    if (!IsEqualGUID(id, &IID_IUnknown) && !IsEqualGUID(id, &IID_IWbemClassObject))
        return E_NOINTERFACE;
    *ret = face;
    return IWbemClassObject_AddRef(face) > 0 ? S_OK : E_FAIL;
}

static ULONG STDMETHODCALLTYPE
object_add(IWbemClassObject *face)
{
    return (ULONG)InterlockedIncrement(&((struct object *)face)->uses);
}

static ULONG STDMETHODCALLTYPE
object_release(IWbemClassObject *face)
{
    struct object *o = (struct object *)face;
    LONG left = InterlockedDecrement(&o->uses);
    for (size_t i = 0; left == 0 && i < o->count; i++) {
        free(o->property[i].name);
        free(o->property[i].text);
    }
    if (left == 0)
        free(o);
    return (ULONG)left;
}

static HRESULT STDMETHODCALLTYPE
object_get(IWbemClassObject *face, LPCWSTR name, LONG flags, VARIANT *value, CIMTYPE *type,
           LONG *flavor)
{
    struct object *o = (struct object *)face;
    (void)flags;
    for (size_t i = 0; i < o->count; i++) {
        if (_wcsicmp(o->property[i].name, name) != 0)
            continue;
        if (value != NULL) {
            V_VT(value) = VT_BSTR;
            V_BSTR(value) = SysAllocString(o->property[i].text);
        }
        if (type != NULL)
            *type = CIM_STRING;
        if (flavor != NULL)
            *flavor = 0;
        return WBEM_S_NO_ERROR;
    }
    return WBEM_E_NOT_FOUND;
}

static IWbemClassObjectVtbl object_table = {
    .QueryInterface = object_query,
    .AddRef = object_add,
    .Release = object_release,
    .Get = object_get,
    .GetQualifierSet = UNSUPPORTED,
    .Put = UNSUPPORTED,
    .Delete = UNSUPPORTED,
    .GetNames = UNSUPPORTED,
    .BeginEnumeration = UNSUPPORTED,
    .Next = UNSUPPORTED,
    .EndEnumeration = UNSUPPORTED,
    .GetPropertyQualifierSet = UNSUPPORTED,
    .Clone = UNSUPPORTED,
    .GetObjectText = UNSUPPORTED,
    .SpawnDerivedClass = UNSUPPORTED,
    .SpawnInstance = UNSUPPORTED,
    .CompareTo = UNSUPPORTED,
    .GetPropertyOrigin = UNSUPPORTED,
    .InheritsFrom = UNSUPPORTED,
    .GetMethod = UNSUPPORTED,
    .PutMethod = UNSUPPORTED,
    .DeleteMethod = UNSUPPORTED,
    .BeginMethodEnumeration = UNSUPPORTED,
    .NextMethod = UNSUPPORTED,
    .EndMethodEnumeration = UNSUPPORTED,
    .GetMethodQualifierSet = UNSUPPORTED,
    .GetMethodOrigin = UNSUPPORTED,
};

static struct object *
object_new(void)
{
    struct object *o = calloc(1, sizeof *o);
    if (o != NULL)
        *o = (struct object){.face = {&object_table}, .uses = 1};
    return o;
}

static void
object_put(struct object *o, const char *name, size_t name_len, const char *text, size_t len)
{
    if (o->count == PROPERTIES_MAX)
        return;
    o->property[o->count].name = widen(name, name_len);
    o->property[o->count++].text = widen(text, len);
}

static const wchar_t *
object_text(const struct object *o, const wchar_t *name)
{
    for (size_t i = 0; i < o->count; i++)
        if (_wcsicmp(o->property[i].name, name) == 0)
            return o->property[i].text;
    return NULL;
}

/* --- the objects of a class, one after the other --- */

/* WHERE NAME = 'VALUE', when the query has one. */
struct condition {
    wchar_t name[64], value[256];
};

struct list {
    IEnumWbemClassObject face;
    LONG uses;
    struct pending *pending; /* NULL: its answer was read */
    struct condition condition;
    size_t at, count, cap;
    struct object **item;
};

static HRESULT STDMETHODCALLTYPE
list_query(IEnumWbemClassObject *face, REFIID id, void **ret)
{
    if (!IsEqualGUID(id, &IID_IUnknown) && !IsEqualGUID(id, &IID_IEnumWbemClassObject))
        return E_NOINTERFACE;
    *ret = face;
    return IEnumWbemClassObject_AddRef(face) > 0 ? S_OK : E_FAIL;
}

static ULONG STDMETHODCALLTYPE
list_add(IEnumWbemClassObject *face)
{
    return (ULONG)InterlockedIncrement(&((struct list *)face)->uses);
}

static ULONG STDMETHODCALLTYPE
list_release(IEnumWbemClassObject *face)
{
    struct list *l = (struct list *)face;
    LONG left = InterlockedDecrement(&l->uses);
    if (left > 0)
        return (ULONG)left;
    if (l->pending != NULL)
        pending_close(l->pending);
    for (size_t i = 0; i < l->count; i++)
        IWbemClassObject_Release(&l->item[i]->face);
    free(l->item);
    free(l);
    return 0;
}

static HRESULT STDMETHODCALLTYPE
list_reset(IEnumWbemClassObject *face)
{
    ((struct list *)face)->at = 0;
    return WBEM_S_NO_ERROR;
}

static HRESULT list_await(struct list *l, LONG timeout);

static HRESULT STDMETHODCALLTYPE
list_next(IEnumWbemClassObject *face, LONG timeout, ULONG wanted, IWbemClassObject **ret,
          ULONG *ret_count)
{
    struct list *l = (struct list *)face;
    ULONG given = 0;
    HRESULT rc = list_await(l, timeout);
    if (ret_count != NULL)
        *ret_count = 0;
    if (rc != WBEM_S_NO_ERROR)
        return rc;
    for (; given < wanted && l->at < l->count; l->at++) {
        ret[given] = &l->item[l->at]->face;
        IWbemClassObject_AddRef(ret[given]);
        given++;
    }
    if (ret_count != NULL)
        *ret_count = given;
    return given == wanted ? WBEM_S_NO_ERROR : WBEM_S_FALSE;
}

static IEnumWbemClassObjectVtbl list_table = {
    .QueryInterface = list_query,
    .AddRef = list_add,
    .Release = list_release,
    .Reset = list_reset,
    .Next = list_next,
    .NextAsync = UNSUPPORTED,
    .Clone = UNSUPPORTED,
    .Skip = UNSUPPORTED,
};

static bool
list_push(struct list *l, struct object *o)
{
    if (l->count == l->cap) {
        size_t cap = l->cap == 0 ? 64 : 2 * l->cap;
        struct object **more = realloc((void *)l->item, cap * sizeof *more);
        if (more == NULL)
            return false;
        l->item = more;
        l->cap = cap;
    }
    l->item[l->count++] = o;
    return true;
}

static bool
meets(const struct object *o, const struct condition *c)
{
    const wchar_t *text = c->name[0] == L'\0' ? L"" : object_text(o, c->name);
    return c->name[0] == L'\0' || (text != NULL && _wcsicmp(text, c->value) == 0);
}

static void
read_objects(struct list *l, const char *text, const struct condition *c)
{
    struct object *o = NULL;
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        const char *tab = memchr(text, '\t', (size_t)(end - text));
        if (tab != NULL) {
            o = o == NULL ? object_new() : o;
            object_put(o, text, (size_t)(tab - text), tab + 1, (size_t)(end - tab - 1));
        } else if (o != NULL) {
            if (!meets(o, c) || !list_push(l, o))
                IWbemClassObject_Release(&o->face);
            o = NULL;
        }
    }
}

static HRESULT
list_await(struct list *l, LONG timeout)
{
    if (l->pending == NULL)
        return WBEM_S_NO_ERROR;
    if (WaitForSingleObject(l->pending->thread, (DWORD)timeout) != WAIT_OBJECT_0)
        return WBEM_S_TIMEDOUT;
    HRESULT rc = l->pending->rc;
    if (rc == S_OK)
        read_objects(l, l->pending->answer.text, &l->condition);
    pending_close(l->pending);
    l->pending = NULL;
    return rc;
}

static HRESULT
list_objects(const wchar_t *class, const struct condition *c, IEnumWbemClassObject **ret)
{
    char question[160];
    snprintf(question, sizeof question, "objects %ls", class);
    struct list *l = calloc(1, sizeof *l);
    if (l == NULL)
        return E_OUTOFMEMORY;
    *l = (struct list){.face = {&list_table}, .uses = 1, .condition = *c};
    l->pending = pending_new(question);
    if (l->pending == NULL) {
        free(l);
        return E_OUTOFMEMORY;
    }
    *ret = &l->face;
    return WBEM_S_NO_ERROR;
}

/* --- a call that was begun --- */

struct call {
    IWbemCallResult face;
    LONG uses;
    struct pending *pending;
};

static HRESULT STDMETHODCALLTYPE
call_query(IWbemCallResult *face, REFIID id, void **ret)
{
    if (!IsEqualGUID(id, &IID_IUnknown) && !IsEqualGUID(id, &IID_IWbemCallResult))
        return E_NOINTERFACE;
    *ret = face;
    return IWbemCallResult_AddRef(face) > 0 ? S_OK : E_FAIL;
}

static ULONG STDMETHODCALLTYPE
call_add(IWbemCallResult *face)
{
    return (ULONG)InterlockedIncrement(&((struct call *)face)->uses);
}

static ULONG STDMETHODCALLTYPE
call_release(IWbemCallResult *face)
{
    struct call *c = (struct call *)face;
    LONG left = InterlockedDecrement(&c->uses);
    if (left == 0) {
        pending_close(c->pending);
        free(c);
    }
    return (ULONG)left;
}

static HRESULT STDMETHODCALLTYPE
call_object(IWbemCallResult *face, LONG timeout, IWbemClassObject **ret)
{
    struct pending *p = ((struct call *)face)->pending;
    if (WaitForSingleObject(p->thread, (DWORD)timeout) != WAIT_OBJECT_0)
        return WBEM_S_TIMEDOUT;
    if (p->rc != S_OK)
        return p->rc;
    struct object *o = object_new();
    if (o == NULL)
        return E_OUTOFMEMORY;
    object_put(o, "ReturnValue", strlen("ReturnValue"), p->answer.text, p->answer.len);
    *ret = &o->face;
    return WBEM_S_NO_ERROR;
}

static IWbemCallResultVtbl call_table = {
    .QueryInterface = call_query,
    .AddRef = call_add,
    .Release = call_release,
    .GetResultObject = call_object,
    .GetResultString = UNSUPPORTED,
    .GetResultServices = UNSUPPORTED,
    .GetCallStatus = UNSUPPORTED,
};

/* --- the namespace --- */

static const wchar_t *
behind(const wchar_t *text, const wchar_t *word)
{
    size_t len = wcslen(word);
    for (; *text != L'\0'; text++)
        if (_wcsnicmp(text, word, len) == 0)
            return text + len;
    return NULL;
}

static HRESULT STDMETHODCALLTYPE
services_exec_query(IWbemServices *face, const BSTR language, const BSTR query, LONG flags,
                    IWbemContext *ctx, IEnumWbemClassObject **ret)
{
    wchar_t class[64];
    struct condition c = {.name = L""};
    (void)face;
    (void)flags;
    (void)ctx;
    const wchar_t *from = behind(query, L" from "), *where = behind(query, L" where ");
    if (_wcsicmp(language, L"WQL") != 0 || from == NULL || swscanf(from, L"%63ls", class) != 1)
        return WBEM_E_INVALID_QUERY;
    if (where != NULL &&
        swscanf(where, L" %63l[A-Za-z_] = %*1l['\"]%255l[^'\"]", c.name, c.value) != 2)
        return WBEM_E_INVALID_QUERY;
    return list_objects(class, &c, ret);
}

static HRESULT STDMETHODCALLTYPE
services_list(IWbemServices *face, const BSTR class, LONG flags, IWbemContext *ctx,
              IEnumWbemClassObject **ret)
{
    struct condition c = {.name = L""};
    (void)face;
    (void)flags;
    (void)ctx;
    return list_objects(class, &c, ret);
}

static HRESULT STDMETHODCALLTYPE
services_exec_method(IWbemServices *face, const BSTR path, const BSTR method, LONG flags,
                     IWbemContext *ctx, IWbemClassObject *in, IWbemClassObject **ret_out,
                     IWbemCallResult **ret_result)
{
    char question[SITE_LINE_BYTES];
    (void)face;
    (void)ctx;
    (void)in;
    if (flags != WBEM_FLAG_RETURN_IMMEDIATELY || ret_out != NULL || ret_result == NULL)
        return E_NOTIMPL;
    snprintf(question, sizeof question, "call %ls %ls", method, path);
    struct call *c = calloc(1, sizeof *c);
    if (c == NULL)
        return E_OUTOFMEMORY;
    *c = (struct call){{&call_table}, 1, pending_new(question)};
    if (c->pending == NULL) {
        free(c);
        return E_OUTOFMEMORY;
    }
    *ret_result = &c->face;
    return WBEM_S_NO_ERROR;
}

/* A client sets how it is known to the server behind a proxy; here there is none to tell. */
static HRESULT STDMETHODCALLTYPE
security_set(IClientSecurity *face, IUnknown *proxy, DWORD authn, DWORD authz, OLECHAR *principal,
             DWORD level, DWORD impersonation, void *info, DWORD capabilities)
{
    (void)face;
    (void)proxy;
    (void)authn;
    (void)authz;
    (void)principal;
    (void)level;
    (void)impersonation;
    (void)info;
    (void)capabilities;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE
static_use(void *face)
{
    (void)face;
    return 1; /* lives as long as the library */
}

static HRESULT STDMETHODCALLTYPE services_query(IWbemServices *face, REFIID id, void **ret);

static IClientSecurityVtbl security_table = {
    .QueryInterface = UNSUPPORTED,
    .AddRef = (void *)static_use,
    .Release = (void *)static_use,
    .QueryBlanket = UNSUPPORTED,
    .SetBlanket = security_set,
    .CopyProxy = UNSUPPORTED,
};
static IClientSecurity security = {&security_table};

static IWbemServicesVtbl services_table = {
    .QueryInterface = services_query,
    .AddRef = (void *)static_use,
    .Release = (void *)static_use,
    .OpenNamespace = UNSUPPORTED,
    .CancelAsyncCall = UNSUPPORTED,
    .QueryObjectSink = UNSUPPORTED,
    .GetObject = UNSUPPORTED,
    .GetObjectAsync = UNSUPPORTED,
    .PutClass = UNSUPPORTED,
    .PutClassAsync = UNSUPPORTED,
    .DeleteClass = UNSUPPORTED,
    .DeleteClassAsync = UNSUPPORTED,
    .CreateClassEnum = UNSUPPORTED,
    .CreateClassEnumAsync = UNSUPPORTED,
    .PutInstance = UNSUPPORTED,
    .PutInstanceAsync = UNSUPPORTED,
    .DeleteInstance = UNSUPPORTED,
    .DeleteInstanceAsync = UNSUPPORTED,
    .CreateInstanceEnum = services_list,
    .CreateInstanceEnumAsync = UNSUPPORTED,
    .ExecQuery = services_exec_query,
    .ExecQueryAsync = UNSUPPORTED,
    .ExecNotificationQuery = UNSUPPORTED,
    .ExecNotificationQueryAsync = UNSUPPORTED,
    .ExecMethod = services_exec_method,
    .ExecMethodAsync = UNSUPPORTED,
};
static IWbemServices services = {&services_table};

static HRESULT STDMETHODCALLTYPE
services_query(IWbemServices *face, REFIID id, void **ret)
{
    if (IsEqualGUID(id, &IID_IClientSecurity))
        *ret = &security;
    else if (IsEqualGUID(id, &IID_IUnknown) || IsEqualGUID(id, &IID_IWbemServices))
        *ret = face;
    else
        return E_NOINTERFACE;
    return S_OK;
}

/* --- the locator --- */

typedef HRESULT WINAPI class_object_fn(REFCLSID, REFIID, void **);

static HRESULT
wines_locator(IWbemLocator **ret)
{
    HMODULE library = LoadLibraryW(L"C:\\windows\\system32\\wbem\\wbemprox.dll");
    class_object_fn *get =
        library == NULL ? NULL
                        : (class_object_fn *)(void *)GetProcAddress(library, "DllGetClassObject");
    IClassFactory *factory;
    if (get == NULL)
        return E_FAIL;
    HRESULT rc = get(&CLSID_WbemLocator, &IID_IClassFactory, (void **)&factory);
    if (FAILED(rc))
        return rc;
    rc = IClassFactory_CreateInstance(factory, NULL, &IID_IWbemLocator, (void **)ret);
    IClassFactory_Release(factory);
    return rc;
}

static HRESULT STDMETHODCALLTYPE
locator_connect(IWbemLocator *face, const BSTR where, const BSTR user, const BSTR password,
                const BSTR locale, LONG flags, const BSTR authority, IWbemContext *ctx,
                IWbemServices **ret)
{
    IWbemLocator *wines;
    (void)face;
    if (behind(where, engine_namespace) != NULL) {
        *ret = &services;
        return WBEM_S_NO_ERROR;
    }
    HRESULT rc = wines_locator(&wines);
    if (FAILED(rc))
        return rc;
    rc = IWbemLocator_ConnectServer(wines, where, user, password, locale, flags, authority, ctx,
                                    ret);
    IWbemLocator_Release(wines);
    return rc;
}

static HRESULT STDMETHODCALLTYPE
locator_query(IWbemLocator *face, REFIID id, void **ret)
{
    if (!IsEqualGUID(id, &IID_IUnknown) && !IsEqualGUID(id, &IID_IWbemLocator))
        return E_NOINTERFACE;
    *ret = face;
    return S_OK;
}

static IWbemLocatorVtbl locator_table = {
    .QueryInterface = locator_query,
    .AddRef = (void *)static_use,
    .Release = (void *)static_use,
    .ConnectServer = locator_connect,
};
static IWbemLocator locator = {&locator_table};

static HRESULT STDMETHODCALLTYPE
factory_create(IClassFactory *face, IUnknown *outer, REFIID id, void **ret)
{
    (void)face;
    return outer != NULL ? CLASS_E_NOAGGREGATION : locator_query(&locator, id, ret);
}

static HRESULT STDMETHODCALLTYPE
factory_query(IClassFactory *face, REFIID id, void **ret)
{
    if (!IsEqualGUID(id, &IID_IUnknown) && !IsEqualGUID(id, &IID_IClassFactory))
        return E_NOINTERFACE;
    *ret = face;
    return S_OK;
}

static IClassFactoryVtbl factory_table = {
    .QueryInterface = factory_query,
    .AddRef = (void *)static_use,
    .Release = (void *)static_use,
    .CreateInstance = factory_create,
    .LockServer = UNSUPPORTED,
};
static IClassFactory factory = {&factory_table};

HRESULT WINAPI
DllGetClassObject(REFCLSID class, REFIID id, void **ret)
{
    if (!IsEqualGUID(class, &CLSID_WbemLocator))
        return CLASS_E_CLASSNOTAVAILABLE;
    return factory_query(&factory, id, ret);
}

HRESULT WINAPI
DllCanUnloadNow(void)
{
    return S_FALSE;
}
