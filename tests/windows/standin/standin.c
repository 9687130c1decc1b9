#include "standin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static const char folder[] = "C:\\standin\\";

/* --- files --- */

void
standin_note(const char *name, const char *line)
{
    char path[STANDIN_PATH];
    snprintf(path, sizeof path, "%s%s", folder, name);
    FILE *out = fopen(path, "ab");
    if (out == NULL)
        return;
    fprintf(out, "%s\n", line);
    fclose(out);
}

static bool
read_file(const char *path, struct site_answer *a)
{
    FILE *in = fopen(path, "rb");
    if (in == NULL)
        return false;
    fseek(in, 0, SEEK_END);
    long len = ftell(in);
    rewind(in);
    bool fits = len >= 0 && len <= SITE_TEXT_MAX;
    a->text = fits ? calloc(1, (size_t)len + 1) : NULL;
    bool read = a->text != NULL && fread(a->text, 1, (size_t)len, in) == (size_t)len;
    a->len = read ? (size_t)len : 0;
    fclose(in);
    return read;
}

void
standin_make_way(const wchar_t *path)
{
    wchar_t part[STANDIN_PATH];
    wcsncpy(part, path, STANDIN_PATH - 1);
    part[STANDIN_PATH - 1] = L'\0';
    for (wchar_t *c = wcschr(part, L'\\'); c != NULL; c = wcschr(c + 1, L'\\')) {
        *c = L'\0';
        CreateDirectoryW(part, NULL); /* there already, or the next step fails */
        *c = L'\\';
    }
}

static bool
is_folder(const wchar_t *path)
{
    DWORD is = GetFileAttributesW(path);
    return is != INVALID_FILE_ATTRIBUTES && (is & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

typedef bool each_fn(const wchar_t *path, const wchar_t *name, void *ctx);

static bool
each_in(const wchar_t *path, each_fn *each, void *ctx)
{
    wchar_t all[STANDIN_PATH];
    WIN32_FIND_DATAW found;
    _snwprintf(all, STANDIN_PATH, L"%ls\\*", path);
    HANDLE look = FindFirstFileW(all, &found);
    bool well = true;
    if (look == INVALID_HANDLE_VALUE)
        return true;
    do {
        wchar_t inner[STANDIN_PATH];
        if (wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0)
            continue;
        _snwprintf(inner, STANDIN_PATH, L"%ls\\%ls", path, found.cFileName);
        well = each(inner, found.cFileName, ctx);
    } while (well && FindNextFileW(look, &found));
    FindClose(look);
    return well;
}

static bool
copy_into(const wchar_t *path, const wchar_t *name, void *ctx)
{
    wchar_t to[STANDIN_PATH];
    _snwprintf(to, STANDIN_PATH, L"%ls\\%ls", (const wchar_t *)ctx, name);
    return standin_copy(path, to);
}

bool
standin_copy(const wchar_t *from, const wchar_t *to)
{
    standin_make_way(to);
    if (!is_folder(from))
        return CopyFileW(from, to, FALSE) != 0;
    CreateDirectoryW(to, NULL);
    wchar_t target[STANDIN_PATH];
    wcsncpy(target, to, STANDIN_PATH - 1);
    target[STANDIN_PATH - 1] = L'\0';
    return each_in(from, copy_into, target);
}

static bool
remove_one(const wchar_t *path, const wchar_t *name, void *ctx)
{
    (void)name;
    (void)ctx;
    standin_remove(path);
    return true;
}

void
standin_remove(const wchar_t *path)
{
    if (!is_folder(path)) {
        DeleteFileW(path);
        return;
    }
    (void)each_in(path, remove_one, NULL);
    RemoveDirectoryW(path);
}

void
standin_place(const char *text, wchar_t out[STANDIN_PATH])
{
    wchar_t wide[STANDIN_PATH];
    if (MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, STANDIN_PATH) == 0)
        wide[0] = L'\0';
    _snwprintf(out, STANDIN_PATH, L"%ls%ls", wide[0] == L'/' ? L"Z:" : L"", wide);
    out[STANDIN_PATH - 1] = L'\0';
    for (wchar_t *c = out; *c != L'\0'; c++)
        if (*c == L'/' || *c == L'\r' || *c == L'\n')
            *c = *c == L'/' ? L'\\' : L'\0';
}

/* --- the site --- */

static bool
send_all(SOCKET to, const char *bytes, size_t len)
{
    while (len > 0) {
        int sent = send(to, bytes, (int)len, 0);
        if (sent <= 0)
            return false;
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

static bool
receive_all(SOCKET from, char *bytes, size_t len)
{
    while (len > 0) {
        int got = recv(from, bytes, (int)(len > 65536 ? 65536 : len), 0);
        if (got <= 0)
            return false;
        bytes += got;
        len -= (size_t)got;
    }
    return true;
}

static bool
receive_line(SOCKET from, char *out, size_t cap)
{
    size_t len = 0;
    while (len + 1 < cap && receive_all(from, out + len, 1)) {
        if (out[len] == '\n') {
            out[len] = '\0';
            return true;
        }
        len++;
    }
    return false;
}

static bool
say_failure(struct site_answer *a, const char *text)
{
    a->text = strdup(text);
    a->len = a->text == NULL ? 0 : strlen(text);
    return false;
}

static bool
receive_answer(SOCKET from, struct site_answer *a)
{
    char head[64], verdict[16];
    size_t len;
    if (!receive_line(from, head, sizeof head) || sscanf(head, "%15s %zu", verdict, &len) != 2 ||
        len > SITE_TEXT_MAX)
        return say_failure(a, "the site has gone");
    a->text = calloc(1, len + 1);
    a->len = len;
    if (a->text == NULL || !receive_all(from, a->text, len)) {
        free(a->text);
        return say_failure(a, "the site has gone in the middle of an answer");
    }
    return strcmp(verdict, "ok") == 0;
}

static bool
reach(struct site *s, unsigned port)
{
    WSADATA data;
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
        return false;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((u_short)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (s->socket == INVALID_SOCKET)
        return false;
    if (connect(s->socket, (struct sockaddr *)&at, sizeof at) == 0)
        return true;
    site_close(s);
    return false;
}

bool
site_open(struct site *s)
{
    *s = (struct site){.socket = INVALID_SOCKET};
    char path[STANDIN_PATH];
    unsigned port = 0;
    struct site_answer named = {0};
    snprintf(path, sizeof path, "%ssite.txt", folder);
    if (!read_file(path, &named))
        return true;
    bool good = sscanf(named.text, "%u %63s", &port, s->server) == 2;
    free(named.text);
    return good && reach(s, port);
}

void
site_close(struct site *s)
{
    if (s->socket != INVALID_SOCKET)
        closesocket(s->socket);
    s->socket = INVALID_SOCKET;
}

/* "collect scheduler" is scheduler.json; what a file says of starts and stops is always yes. */
static bool
answer_from_files(const char *question, struct site_answer *a)
{
    static const struct {
        const char *end;
        bool good;
    } kinds[] = {{".json", true}, {".path", true}, {".error.json", false}};
    const char *word = strrchr(question, ' ');
    char path[STANDIN_PATH];
    word = word == NULL ? question : word + 1;
    if (strncmp(question, "start ", 6) == 0 || strncmp(question, "stop ", 5) == 0)
        return !say_failure(a, "");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        snprintf(path, sizeof path, "%sanswers\\%s%s", folder, word, kinds[i].end);
        if (read_file(path, a))
            return kinds[i].good;
    }
    snprintf(path, sizeof path, "no file answers '%s'", word);
    return say_failure(a, path);
}

bool
site_ask(struct site *s, const char *question, struct site_answer *ret_answer)
{
    char line[SITE_LINE_BYTES];
    *ret_answer = (struct site_answer){0};
    if (s->server[0] == '\0')
        return answer_from_files(question, ret_answer);
    int len = snprintf(line, sizeof line, "%s %s\n", s->server, question);
    if (len <= 0 || (size_t)len >= sizeof line || s->socket == INVALID_SOCKET ||
        !send_all(s->socket, line, (size_t)len))
        return say_failure(ret_answer, "the site does not answer");
    return receive_answer(s->socket, ret_answer);
}
