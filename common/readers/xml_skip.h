/* xml_skip.h: the end of an element, found and checked without a parser.
 *
 * Shape      Plain XML alone, as programs write it: ASCII names without colons, text and attributes in
 *            UTF-8 with the five named entities and numbered characters. All of it is held to what a parser demands: characters,
 *            matching tags, quotes, no attribute twice. What is not plain (comments, sections,
 *            instructions) is not judged here: a parser has to read it.
 *            So what is accepted here is well-formed; what is not may be either.
 * Limits     XML_SKIP_DEPTH elements deep, XML_SKIP_ATTRIBUTES of one tag; more is not plain.
 * Errors     NULL: not plain, or the text ends first.
 * Threads    Reentrant. No allocation; nothing behind `end` is touched.
 */
#ifndef READERS_XML_SKIP_H
#define READERS_XML_SKIP_H

#include "baton/status.h"

enum { XML_SKIP_DEPTH = 16, XML_SKIP_ATTRIBUTES = 16 };

struct xml_tag {
    const char *name;
    size_t name_len;
    bool empty; /* <name/> */
};

/* `at` is the "<" of a start tag; behind its ">". */
const char *xml_tag_end(const char *at, const char *end, struct xml_tag *ret_tag);
/* `at` is behind a start tag; the "<" of the end tag that belongs to it. */
const char *xml_content_end(const char *at, const char *end);
/* `at` is the "<" of the end tag of `tag`; behind its ">". */
const char *xml_close_end(const char *at, const char *end, const struct xml_tag *tag);
/* Behind white space. */
const char *xml_space_end(const char *at, const char *end);

#endif
