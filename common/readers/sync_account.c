#include "sync_account.h"

#include <string.h>

bool
sync_account_computer(const char *description, char out[SYNC_ACCOUNT_COMPUTER_BYTES])
{
    static const char before[] = "running on computer ", after[] = " configured to synchronize to ";
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *at = strstr(description, before);
    if (at == NULL)
        return false;
    at += sizeof before - 1;
    char quote = '\0';
    if (*at == '\'' || *at == '"')
        quote = *at++;
    size_t len = strspn(at, letters);
    const char *end = at + len;
    if (len == 0 || len >= SYNC_ACCOUNT_COMPUTER_BYTES || (quote != '\0' && *end++ != quote) ||
        strncmp(end, after, sizeof after - 1) != 0)
        return false;
    memcpy(out, at, len);
    out[len] = '\0';
    return true;
}
