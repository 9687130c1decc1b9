/* run_history_xml.h: run-history documents, as RunDetails() of the engine's WMI provider returns them.
 *
 * Shape      Text that is UTF-8 by now, whatever its declaration says; one document after another
 *            (a script appends what each run returned), one or more runs in each. Steps may stand in
 *            any order: a run begins with its first and ends with its last, and its operations are
 *            those of the steps' types, not of the profile's name.
 * Units      Dates without a zone are UTC, as the engine keeps them.
 * Errors     BATON_MALFORMED with the line in the document: not XML, another root, a run without
 *            connector, profile or start, a date or number that is none. As xml.h otherwise.
 * Source     formats 3; domain 2.8.
 */
#ifndef READERS_RUN_HISTORY_XML_H
#define READERS_RUN_HISTORY_XML_H

#include "run_history.h"

enum baton_status run_history_xml_read(const char *utf8, run_visit *visit, void *arg,
                                       struct baton_err *err) BATON_MUST_USE;

#endif
