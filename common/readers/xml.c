#include "xml.h"

#include <expat.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { MARK_BYTES = 2, PIECE_BYTES = 1 << 20 };

struct xml {
    struct xml_handler handler;
    XML_Parser parser; /* NULL until the first two bytes said which encoding */
    uint8_t head[MARK_BYTES];
    size_t head_len;
    int depth, depth_max;
    uint64_t fed;            /* bytes given to the parser */
    enum baton_status fault; /* why we stopped the parser ourselves */
};

static void
stop(struct xml *x, enum baton_status fault)
{
    x->fault = fault;
    (void)XML_StopParser(x->parser, XML_FALSE);
}

static void XMLCALL
on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct xml *x = ctx;
    if (x->depth == x->depth_max) {
        stop(x, BATON_LIMIT);
        return;
    }
    x->depth++;
    if (x->handler.start != NULL)
        x->handler.start(x->handler.ctx, x->depth, name, attributes);
}

static void XMLCALL
on_end(void *ctx, const XML_Char *name)
{
    struct xml *x = ctx;
    if (x->handler.end != NULL)
        x->handler.end(x->handler.ctx, x->depth, name);
    x->depth--;
}

static void XMLCALL
on_text(void *ctx, const XML_Char *text, int len)
{
    struct xml *x = ctx;
    x->handler.text(x->handler.ctx, text, (size_t)len);
}

static void XMLCALL
on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id,
           int has_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_subset;
    stop(ctx, BATON_REFUSED);
}

enum baton_status
xml_open(const struct xml_handler *handler, struct xml **ret_xml, struct baton_err *err)
{
    struct xml *x = calloc(1, sizeof *x);
    if (x == NULL)
        return baton_fail(err, BATON_NOMEM, "XML reader");
    x->handler = *handler;
    *ret_xml = x;
    return BATON_OK;
}

/* No document holds a NUL: beside one, the first character is one of two bytes. */
enum xml_encoding
xml_encoding_of(const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    if (len >= MARK_BYTES && ((b[0] == 0xFF && b[1] == 0xFE) || (b[0] != 0 && b[1] == 0)))
        return XML_UTF_16LE;
    if (len >= MARK_BYTES && ((b[0] == 0xFE && b[1] == 0xFF) || (b[0] == 0 && b[1] != 0)))
        return XML_UTF_16BE;
    return XML_UTF_8;
}

static void
prepare(struct xml *x, int depth_max)
{
    XML_SetUserData(x->parser, x);
    XML_SetElementHandler(x->parser, on_start, on_end);
    XML_SetStartDoctypeDeclHandler(x->parser, on_doctype);
    xml_want_text(x, true);
    x->depth = 0;
    x->depth_max = depth_max;
    x->fed = 0;
    x->fault = BATON_OK;
}

static enum baton_status
make_parser(struct xml *x, struct baton_err *err)
{
    static const char *const names[] = {"UTF-8", "UTF-16LE", "UTF-16BE"};
    x->parser = XML_ParserCreate(names[xml_encoding_of(x->head, x->head_len)]);
    if (x->parser == NULL)
        return baton_fail(err, BATON_NOMEM, "XML parser");
    prepare(x, XML_DEPTH_MAX);
    return BATON_OK;
}

void
xml_want_text(struct xml *x, bool wanted)
{
    XML_SetCharacterDataHandler(x->parser, wanted && x->handler.text != NULL ? on_text : NULL);
}

static enum baton_status
parse_fault(struct xml *x, struct baton_err *err)
{
    unsigned long line = (unsigned long)XML_GetCurrentLineNumber(x->parser);
    if (x->fault == BATON_LIMIT)
        return baton_fail(err, BATON_LIMIT, "line %lu: XML nested more than %d deep", line,
                          x->depth_max);
    if (x->fault == BATON_REFUSED)
        return baton_fail(err, BATON_REFUSED, "line %lu: a document type is not accepted", line);
    return baton_fail(err, BATON_MALFORMED, "line %lu: %s", line,
                      XML_ErrorString(XML_GetErrorCode(x->parser)));
}

/* What the parser was given and could not use yet is one unfinished token. */
static bool
token_too_long(const struct xml *x)
{
    XML_Index at = XML_GetCurrentByteIndex(x->parser);
    return at >= 0 && x->fed > (uint64_t)at && x->fed - (uint64_t)at > XML_TOKEN_MAX;
}

unsigned long
xml_line(const struct xml *x)
{
    return x->parser == NULL ? 0 : (unsigned long)XML_GetCurrentLineNumber(x->parser);
}

static enum baton_status
feed(struct xml *x, const uint8_t *bytes, size_t len, struct baton_err *err)
{
    while (len > 0) {
        int piece = len > PIECE_BYTES ? PIECE_BYTES : (int)len;
        if (XML_Parse(x->parser, (const char *)bytes, piece, XML_FALSE) != XML_STATUS_OK)
            return parse_fault(x, err);
        x->fed += (uint64_t)piece;
        if (token_too_long(x))
            return baton_fail(err, BATON_LIMIT, "line %lu: one tag or comment of more than %d MiB",
                              xml_line(x), XML_TOKEN_MAX >> 20);
        bytes += piece;
        len -= (size_t)piece;
    }
    return BATON_OK;
}

enum baton_status
xml_push(struct xml *x, const void *bytes, size_t len, struct baton_err *err)
{
    const uint8_t *at = bytes;
    if (x->parser == NULL) {
        while (x->head_len < MARK_BYTES && len > 0) {
            x->head[x->head_len++] = *at++;
            len--;
        }
        if (x->head_len < MARK_BYTES)
            return BATON_OK;
        enum baton_status rc = make_parser(x, err);
        if (rc == BATON_OK)
            rc = feed(x, x->head, MARK_BYTES, err);
        if (rc != BATON_OK)
            return rc;
    }
    return feed(x, at, len, err);
}

enum baton_status
xml_finish(struct xml *x, struct baton_err *err)
{
    if (x->parser == NULL)
        return baton_fail(err, BATON_MALFORMED, "an empty document");
    if (XML_Parse(x->parser, "", 0, XML_TRUE) != XML_STATUS_OK)
        return parse_fault(x, err);
    return BATON_OK;
}

void *
xml_room(struct xml *x, size_t bytes)
{
    if (x->parser == NULL)
        x->parser = XML_ParserCreate("UTF-8");
    else if (XML_ParserReset(x->parser, "UTF-8") == XML_FALSE)
        return NULL;
    if (x->parser == NULL || bytes > INT_MAX)
        return NULL;
    prepare(x, XML_DEPTH_MAX / 2);
    return XML_GetBuffer(x->parser, (int)bytes);
}

enum baton_status
xml_whole(struct xml *x, size_t len, struct baton_err *err)
{
    if (XML_ParseBuffer(x->parser, (int)len, XML_TRUE) != XML_STATUS_OK)
        return parse_fault(x, err);
    return BATON_OK;
}

void
xml_close(struct xml **x)
{
    if (*x == NULL)
        return;
    if ((*x)->parser != NULL)
        XML_ParserFree((*x)->parser);
    free(*x);
    *x = NULL;
}

const char *
xml_attribute(const char **attributes, const char *name)
{
    for (size_t i = 0; attributes[i] != NULL; i += 2)
        if (attributes[i][0] == name[0] && strcmp(attributes[i], name) == 0)
            return attributes[i + 1];
    return NULL;
}
