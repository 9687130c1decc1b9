/* xml_out.h: an XML document written as it comes, in the encodings and layouts that Windows writes.
 *
 * Shape      xml_out_begin opens an element, xml_out_attribute adds to the element just opened,
 *            xml_out_end closes the innermost. An element with elements in it stands on lines of its
 *            own, one blank per level; one with text stays on its line.
 *            Names and texts come in as UTF-8; texts and values are escaped here. A line feed in a
 *            text stays one line feed whatever the layout.
 * Limits     XML_OUT_DEPTH elements deep. Memory does not depend on the document.
 * Errors     BATON_IO, once, at xml_out_close: the stream did not take all of it.
 * Ownership  The stream stays the caller's and is not closed. Names borrow until their end.
 */
#ifndef LAB_XML_OUT_H
#define LAB_XML_OUT_H

#include <stdio.h>

#include "baton/status.h"

enum { XML_OUT_DEPTH = 16 };

enum xml_encoding { XML_UTF8, XML_UTF8_MARK, XML_UTF16LE }; /* UTF-16 always has its mark */
enum xml_layout { XML_LF, XML_CRLF, XML_ONE_LINE };

struct xml_out;
enum baton_status xml_out_open(FILE *f, enum xml_encoding encoding, enum xml_layout layout,
                               struct xml_out **ret_out, struct baton_err *err) BATON_MUST_USE;
void xml_out_begin(struct xml_out *x, const char *name);
void xml_out_attribute(struct xml_out *x, const char *name, const char *value);
void xml_out_text(struct xml_out *x, const char *text);
void xml_out_end(struct xml_out *x);
void xml_out_leaf(struct xml_out *x, const char *name, const char *text);
uint64_t xml_out_bytes(const struct xml_out *x); /* so far, counted as UTF-8 */
/* Every element must be closed. */
enum baton_status xml_out_close(struct xml_out **x, struct baton_err *err) BATON_MUST_USE;

#endif
