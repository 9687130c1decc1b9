/* standin.h: what the programs of the stand-in sync product share: who answers for the product, and its files.
 *
 * Shape      A folder C:\standin. Either a test plays the product behind a TCP port of this machine
 *            that site.txt names ("PORT SERVER"), or, without that file, what lies in
 *            C:\standin\answers is the answer: WORD.json, WORD.error.json, WORD.path.
 *            A question is one line, "SERVER word word..."; the answer "ok BYTES" or "error BYTES", a
 *            line end, and the bytes.
 * Limits     SITE_LINE_BYTES a question, SITE_TEXT_MAX an answer.
 * Errors     false, and the answer's text says why.
 * Ownership  The caller frees the text, which has a NUL after len bytes.
 */
#ifndef STANDIN_H
#define STANDIN_H

#include <stdbool.h>
#include <stddef.h>

#include <windows.h>
#include <winsock2.h>

enum { SITE_LINE_BYTES = 512, SITE_TEXT_MAX = 64 * 1024 * 1024, STANDIN_PATH = 520 };

struct site {
    SOCKET socket; /* INVALID_SOCKET: answers from files */
    char server[64];
};

struct site_answer {
    char *text;
    size_t len;
};

/* false: a site is named and does not answer. */
bool site_open(struct site *s);
void site_close(struct site *s);
bool site_ask(struct site *s, const char *question, struct site_answer *ret_answer);

/* One more line in C:\standin\NAME. */
void standin_note(const char *name, const char *line);

/* A file, or a folder with all that is in it. */
bool standin_copy(const wchar_t *from, const wchar_t *to);
void standin_remove(const wchar_t *path);
/* All folders above the last part. */
void standin_make_way(const wchar_t *path);
/* Where the site says that its file lies, as this system names it: a Unix path lies on Z:. */
void standin_place(const char *text, wchar_t out[STANDIN_PATH]);

#endif
