#include "moment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ZONE_BYTES = 64, ZONE_PATH_BYTES = 256 };

static bool
zone_known(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
    const char *folder = getenv("TZDIR");
    char path[ZONE_PATH_BYTES];
    size_t len = strlen(name);
    if (len == 0 || len >= ZONE_BYTES || name[0] == '/' || strspn(name, allowed) != len)
        return false;
    int n =
        snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "/usr/share/zoneinfo", name);
    return n > 0 && (size_t)n < sizeof path && access(path, R_OK) == 0;
}

static bool
same_wall(const struct tm *a, const struct tm *b)
{
    return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon && a->tm_mday == b->tm_mday &&
           a->tm_hour == b->tm_hour && a->tm_min == b->tm_min && a->tm_sec == b->tm_sec;
}

/* How many moments have this wall time in the zone of TZ: none in a gap or on a day that is not in
 * the calendar, two where clocks are set back. */
static unsigned
moments_of(const struct tm *wall, time_t ret_moment[2])
{
    unsigned count = 0;
    for (int summer = 0; summer < 2; summer++) {
        struct tm asked = *wall, got;
        asked.tm_isdst = summer;
        time_t t = mktime(&asked);
        if (t == (time_t)-1 || localtime_r(&t, &got) == NULL || !same_wall(&got, wall))
            continue;
        if (count == 0 || ret_moment[0] != t)
            ret_moment[count++] = t;
    }
    return count;
}

static unsigned
moments_in_zone(const struct tm *wall, const char *zone, time_t ret_moment[2])
{
    const char *before = getenv("TZ");
    char kept[ZONE_PATH_BYTES] = "";
    if (before != NULL)
        snprintf(kept, sizeof kept, "%s", before);
    setenv("TZ", zone, 1);
    tzset();
    unsigned count = moments_of(wall, ret_moment);
    if (before != NULL)
        setenv("TZ", kept, 1);
    else
        unsetenv("TZ");
    tzset();
    return count;
}

/* "Z", "+01:00" or a blank and a name; the offset counts only without a name. */
static bool
zone_parse(const char *at, char zone[ZONE_BYTES], int *ret_offset_min)
{
    int hours, minutes, used = 0;
    char sign;
    *ret_offset_min = 0;
    snprintf(zone, ZONE_BYTES, "UTC0");
    if (strcmp(at, "Z") == 0 || strcmp(at, "z") == 0)
        return true;
    /* NOLINTNEXTLINE(cert-err34-c): two digits fit every int */
    if (sscanf(at, "%c%2d:%2d%n", &sign, &hours, &minutes, &used) == 3 && at[used] == '\0' &&
        (sign == '+' || sign == '-') && strlen(at) == 6) {
        *ret_offset_min = (hours * 60 + minutes) * (sign == '-' ? -1 : 1);
        return hours <= 14 && minutes <= 59;
    }
    if (at[0] != ' ' || !zone_known(at + 1))
        return false;
    snprintf(zone, ZONE_BYTES, "%s", at + 1);
    return true;
}

/* Where the zone begins, or NULL. Exactly as many digits as the pattern has. */
static const char *
wall_parse(const char *text, struct tm *ret_wall)
{
    static const char pattern[] = "0000-00-00T00:00";
    struct tm w = {0};
    size_t at = 0;
    for (; pattern[at] != '\0'; at++) {
        bool digit = text[at] >= '0' && text[at] <= '9';
        bool fits = pattern[at] == '0'   ? digit
                    : pattern[at] == 'T' ? text[at] == 'T' || text[at] == ' '
                                         : text[at] == pattern[at];
        if (!fits)
            return NULL;
    }
    char *mark = NULL;
    w.tm_year = (int)strtol(text, &mark, 10) - 1900;
    w.tm_mon = (int)strtol(text + 5, &mark, 10) - 1;
    w.tm_mday = (int)strtol(text + 8, &mark, 10);
    w.tm_hour = (int)strtol(text + 11, &mark, 10);
    w.tm_min = (int)strtol(text + 14, &mark, 10);
    const char *rest = text + at;
    if (rest[0] == ':' && strspn(rest + 1, "0123456789") == 2) {
        w.tm_sec = (int)strtol(rest + 1, &mark, 10);
        rest += 3;
    }
    *ret_wall = w;
    return w.tm_year < 70 ? NULL : rest;
}

enum baton_status
moment_parse(const char *text, uint64_t *ret_unix_ms, struct baton_err *err)
{
    struct tm wall;
    char zone[ZONE_BYTES];
    int offset_min;
    time_t moment[2] = {0};
    const char *rest = wall_parse(text, &wall);
    if (rest == NULL)
        return baton_fail(err, BATON_USAGE,
                          "'%.40s' is no time: write 2026-12-01T20:00:00Z or "
                          "'2026-12-01 21:00 Europe/Vienna'",
                          text);
    if (!zone_parse(rest, zone, &offset_min))
        return baton_fail(err, BATON_USAGE,
                          "'%.60s' needs a zone that this machine knows: Z, +01:00 or "
                          "Europe/Vienna behind it",
                          text);
    unsigned count = moments_in_zone(&wall, zone, moment);
    if (count == 0)
        return baton_fail(err, BATON_USAGE, "'%.60s' is not in the calendar of that zone", text);
    if (count == 2)
        return baton_fail(err, BATON_USAGE,
                          "'%.60s' comes twice when the clocks are set back: write the offset",
                          text);
    int64_t seconds = (int64_t)moment[0] - (int64_t)offset_min * 60;
    if (seconds < 0)
        return baton_fail(err, BATON_USAGE, "'%.60s' is before 1970", text);
    *ret_unix_ms = (uint64_t)seconds * 1000;
    return BATON_OK;
}
