/* xml.h: expat as Baton lets it run: streamed, no document type, no entities of its own, bounded depth.
 *
 * Shape      xml_push in pieces of any size, xml_finish once; or xml_room and xml_whole, again and
 *            again, for UTF-8 documents that lie in memory as a whole. The first two bytes decide
 *            between UTF-16 and UTF-8; what the declaration says of the encoding is not believed.
 *            xml_whole is quicker: expat goes over every byte of a piece a second time to know its
 *            line, and over the last piece it does not.
 * Limits     XML_DEPTH_MAX elements deep, half of that in xml_whole; XML_TOKEN_MAX bytes of one tag, comment or instruction, which
 *            the parser has to keep whole. Text comes in pieces and may be of any length.
 * Errors     BATON_MALFORMED with line and reason. BATON_LIMIT: too deep, or a token too long.
 *            BATON_REFUSED: a DOCTYPE.
 * Source     formats 1 to 3; design 8.
 */
#ifndef READERS_XML_H
#define READERS_XML_H

#include "baton/status.h"

enum { XML_DEPTH_MAX = 64, XML_TOKEN_MAX = 4 << 20 };

struct xml_handler { /* any may be NULL; attributes are name, value, ..., NULL */
    void *ctx;
    void (*start)(void *ctx, int depth, const char *name, const char **attributes);
    void (*text)(void *ctx, const char *text, size_t len);
    void (*end)(void *ctx, int depth, const char *name);
};

/* By the first bytes of a document, with a byte order mark or without; two of them suffice. */
enum xml_encoding { XML_UTF_8, XML_UTF_16LE, XML_UTF_16BE };
enum xml_encoding xml_encoding_of(const void *bytes, size_t len);

struct xml;
enum baton_status xml_open(const struct xml_handler *handler, struct xml **ret_xml,
                           struct baton_err *err) BATON_MUST_USE;
enum baton_status xml_push(struct xml *x, const void *bytes, size_t len,
                           struct baton_err *err) BATON_MUST_USE;
enum baton_status xml_finish(struct xml *x, struct baton_err *err) BATON_MUST_USE;
void xml_close(struct xml **x);

/* Memory for one document of at most `bytes`; NULL: none. Whatever was read before is forgotten. */
void *xml_room(struct xml *x, size_t bytes);
enum baton_status xml_whole(struct xml *x, size_t len, struct baton_err *err) BATON_MUST_USE;

/* Whether the handler's `text` is wanted from here on; it is until somebody says otherwise. A document
 * is mostly text that nobody wants. */
void xml_want_text(struct xml *x, bool wanted);
unsigned long xml_line(const struct xml *x); /* where it is; 0 before the first bytes */

/* Value of an attribute, or NULL. */
const char *xml_attribute(const char **attributes, const char *name);

#endif
