/* What two XML parsers take for a file by themselves: handlers that do nothing, pieces of the size that
 * Baton reads.
 *   bare_xml expat|libxml2 FILE */
#include <expat.h>
#include <libxml/parser.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PIECE_BYTES = 256 * 1024 };

static char piece[PIECE_BYTES];

static void XMLCALL
expat_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    (void)ctx, (void)name, (void)attributes;
}

static void XMLCALL
expat_end(void *ctx, const XML_Char *name)
{
    (void)ctx, (void)name;
}

static void XMLCALL
expat_text(void *ctx, const XML_Char *text, int len)
{
    (void)ctx, (void)text, (void)len;
}

static bool
read_expat(FILE *f)
{
    XML_Parser parser = XML_ParserCreate("UTF-8");
    if (parser == NULL)
        return false;
    XML_SetElementHandler(parser, expat_start, expat_end);
    XML_SetCharacterDataHandler(parser, expat_text);
    bool good = true;
    for (size_t n; good && (n = fread(piece, 1, PIECE_BYTES, f)) > 0;)
        good = XML_Parse(parser, piece, (int)n, XML_FALSE) == XML_STATUS_OK;
    good = good && XML_Parse(parser, "", 0, XML_TRUE) == XML_STATUS_OK;
    XML_ParserFree(parser);
    return good;
}

static void
libxml2_start(void *ctx, const xmlChar *name, const xmlChar **attributes)
{
    (void)ctx, (void)name, (void)attributes;
}

static void
libxml2_end(void *ctx, const xmlChar *name)
{
    (void)ctx, (void)name;
}

static void
libxml2_text(void *ctx, const xmlChar *text, int len)
{
    (void)ctx, (void)text, (void)len;
}

static bool
read_libxml2(FILE *f)
{
    xmlSAXHandler handler = {
        .startElement = libxml2_start, .endElement = libxml2_end, .characters = libxml2_text};
    xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&handler, NULL, NULL, 0, NULL);
    if (parser == NULL)
        return false;
    xmlCtxtUseOptions(parser, XML_PARSE_HUGE);
    bool good = true;
    for (size_t n; good && (n = fread(piece, 1, PIECE_BYTES, f)) > 0;)
        good = xmlParseChunk(parser, piece, (int)n, 0) == 0;
    good = good && xmlParseChunk(parser, "", 0, 1) == 0 && parser->wellFormed;
    xmlFreeParserCtxt(parser);
    return good;
}

int
main(int argc, char **argv)
{
    FILE *f = argc == 3 ? fopen(argv[2], "rb") : NULL;
    bool good = f != NULL && (strcmp(argv[1], "expat") == 0 ? read_expat(f) : read_libxml2(f));
    if (!good)
        fprintf(stderr, "usage: bare_xml expat|libxml2 FILE, and the file must be well-formed\n");
    if (f != NULL)
        fclose(f);
    return good ? 0 : 1;
}
