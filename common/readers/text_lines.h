/* text_lines.h: bytes of a Windows text in pieces, as lines of UTF-8, in constant memory.
 *
 * Shape      The mark at the beginning decides: UTF-8 with or without one, UTF-16LE or BE with one. A mark
 *            at the beginning of a later line decides for what follows: texts put one behind the other. In
 *            UTF-8, a byte that is none is taken as Windows-1252 and counted as foreign. CR, LF and CRLF
 *            end a line; so does the end. What may not be shown (text.h) becomes a blank.
 * Limits     TEXT_LINE_BYTES of one line, a gigabyte long or not; the rest is passed over and the line is
 *            `cut`.
 * Errors     BATON_MALFORMED with line and byte: a NUL (no text, or two encodings in one), half a unit of
 *            UTF-16 at the end. What the sink answers goes through.
 * Ownership  Caller's memory; a line is valid while the sink looks at it.
 * Source     formats 6.
 */
#ifndef READERS_TEXT_LINES_H
#define READERS_TEXT_LINES_H

#include "baton/status.h"

enum { TEXT_LINE_BYTES = 4096, TEXT_MARK_BYTES = 3 };

struct text_line_sink {
    void *ctx;
    enum baton_status (*line)(void *ctx, const char *text, size_t len, bool cut,
                              struct baton_err *err);
};

enum text_encoding { TEXT_UTF_8, TEXT_UTF_16LE, TEXT_UTF_16BE };

struct text_lines {
    struct text_line_sink sink;
    enum text_encoding encoding;
    uint64_t lines, bytes, foreign; /* finished lines; bytes read; bytes that were no UTF-8 */
    bool at_start, after_cr, cut;
    uint8_t head[TEXT_MARK_BYTES]; /* of a line: may become a mark */
    size_t head_len;
    uint8_t part[4]; /* of a character */
    size_t part_len, part_wanted;
    uint32_t high; /* surrogate that waits for its second half */
    size_t len;
    char text[TEXT_LINE_BYTES];
};

void text_lines_init(struct text_lines *t, const struct text_line_sink *sink);
enum baton_status text_lines_push(struct text_lines *t, const void *bytes, size_t len,
                                  struct baton_err *err) BATON_MUST_USE;
enum baton_status text_lines_finish(struct text_lines *t, struct baton_err *err) BATON_MUST_USE;
const char *text_encoding_name(enum text_encoding e);

#endif
