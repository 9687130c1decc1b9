/* listing.h: what PowerShell prints for people (Format-List, Format-Table), as names and values.
 *
 * Shape      Objects one after another, each value told once, in order. Of a list: `Name : value`, the
 *            colons of an object in one column, what is wrapped indented behind it; of a table: a header,
 *            dashes, rows, columns left or right. One word alone (what Get-ADSyncAutoUpgrade prints) is a
 *            value without a name. A prompt that was copied too is passed over.
 *            A value that PowerShell cut (`...`, the ellipsis) or folded (`@{a=b}`) says so, and is not
 *            known. Whether a blank stood where a line was wrapped is not known either: that value is
 *            `wrapped`.
 *            A listing is written for a person, in a person's culture: a date in it is a text, and nobody
 *            may decide on anything that is read here.
 * Limits     LISTING_BYTES_MAX of text; LISTING_NAME_BYTES, LISTING_COLUMNS_MAX.
 * Errors     BATON_FAILED: an error record instead of data. BATON_MALFORMED with the line: bytes that are
 *            no text, or a line that belongs to no object. BATON_LIMIT, BATON_NOMEM. What was told before
 *            is a part, and nobody may show it.
 * Ownership  Texts are valid during the visit.
 * Source     formats 4, 5; about_Format.ps1xml.
 */
#ifndef READERS_LISTING_H
#define READERS_LISTING_H

#include "baton/status.h"

enum { LISTING_BYTES_MAX = 4 * 1024 * 1024, LISTING_NAME_BYTES = 128, LISTING_COLUMNS_MAX = 64 };

struct listing_value {
    unsigned line; /* where it begins */
    size_t object; /* 0, 1, ... */
    const char *name;
    const char *text;          /* "" : nothing stands there, which is a value */
    bool cut, folded, wrapped; /* cut or folded: not known */
};

enum baton_status listing_read(const char *bytes, size_t len,
                               void (*visit)(void *arg, const struct listing_value *value),
                               void *arg, struct baton_err *err) BATON_MUST_USE;

/* True and False, also in languages into which they are known to be translated. */
bool listing_bool(const char *text, bool *ret_value);
/* Ends with dots or the ellipsis where PowerShell had no room. */
bool listing_was_cut(const char *text);

#endif
