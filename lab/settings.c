#include "settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "print.h"
#include "server.h"

enum { HEADER_BYTES = 256 };

static const char magic[] = "BATONLAB-SETTINGS 1 ";

static uint64_t
fnv(const uint8_t *bytes, size_t len)
{
    uint64_t sum = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ bytes[i]) * 0x100000001b3u;
    return sum;
}

static void
write_opaque(FILE *f, const struct server *s)
{
    size_t len = SETTINGS_BYTES_TOTAL;
    uint8_t *bytes = malloc(len);
    BATON_ASSERT(bytes != NULL);
    uint64_t x = fnv((const uint8_t *)s->name, strlen(s->name)) ^ s->world->wall_ms;
    for (size_t i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        bytes[i] = (uint8_t)(x >> 32);
    }
    fprintf(f, "%sserver=%s tenant=%s bytes=%zu sum=%016" PRIx64 "\n", magic, s->name,
            s->world->tenant.name, len, fnv(bytes, len));
    fwrite(bytes, 1, len, f);
    free(bytes);
}

static json_t *
policy_of(const struct connector *c)
{
    return json_pack("{s:s,s:s,s:s,s:[],s:[],s:[]}", "uniqueIdentifier", c->id, "friendlyName",
                     c->name, "fullyQualifiedDomainName", c->name, "partitionFilters",
                     "customSynchronizationRules", "standardSynchronizationRules");
}

static void
write_policy(FILE *f, const struct server *s)
{
    json_t *onpremises = json_array(), *cloud = NULL;
    for (size_t i = 0; i < s->disk.connectors.count; i++) {
        const struct connector *c = &s->disk.connectors.item[i];
        if (c->entra)
            cloud = policy_of(c);
        else
            json_array_append_new(onpremises, policy_of(c));
    }
    json_t *all = json_pack("{s:{s:s,s:s},s:{s:s,s:s},s:o,s:o}", "policyMetadata", "type", "export",
                            "azureADConnectVersion", s->disk.product.version, "deploymentMetadata",
                            "hostName", s->name, "serviceAccount", "NT SERVICE\\ADSync",
                            "onpremisesDirectoryPolicy", onpremises, "azureDirectoryPolicy", cloud);
    json_dumpf(all, f, JSON_INDENT(2));
    fputc('\n', f);
    json_decref(all);
}

enum baton_status
settings_export(struct server *s, char *ret_path, size_t cap, struct baton_err *err)
{
    char stamp[24], path[PATH_BYTES];
    bool connect = s->disk.product.kind == CONNECT;
    print_stamp(s->world->wall_ms, stamp);
    const char *format = connect ? "Exported-SynchronizationPolicy" : "DirSync-Settings";
    if (!print_format(ret_path, cap, "%s/%s-%s.%s", place_folder(SETTINGS_EXPORT), format, stamp,
                      connect ? "json" : "dat") ||
        !print_format(path, sizeof path, "%s/%s", s->dir, ret_path))
        return baton_fail(err, BATON_LIMIT, "path too long below %s", s->name);
    struct draft draft;
    enum baton_status rc = draft_open(&draft, path, err);
    if (rc != BATON_OK)
        return rc;
    if (connect)
        write_policy(draft.file, s);
    else
        write_opaque(draft.file, s);
    return draft_commit(&draft, s->world->wall_ms, err);
}

static enum baton_status
damaged(struct baton_err *err, const char *path, const char *why)
{
    return baton_fail(err, BATON_MALFORMED, "the wizard cannot read %s: %s", path, why);
}

static enum baton_status
check_opaque(const char *path, const char *header, FILE *f, struct baton_err *err)
{
    const char *bytes_at = strstr(header, " bytes="), *sum_at = strstr(header, " sum=");
    if (bytes_at == NULL || sum_at == NULL)
        return damaged(err, path, "its first line is incomplete");
    uint64_t len = strtoull(bytes_at + 7, NULL, 10), sum = strtoull(sum_at + 5, NULL, 16);
    if (len > SETTINGS_FILE_MAX)
        return damaged(err, path, "it says that it is too large");
    uint8_t *bytes = malloc((size_t)len + 1);
    if (bytes == NULL)
        return baton_fail(err, BATON_NOMEM, "%s", path);
    size_t got = fread(bytes, 1, (size_t)len + 1, f);
    bool whole = got == len, intact = whole && fnv(bytes, got) == sum;
    free(bytes);
    if (!whole)
        return damaged(err, path, "its length is not what its first line says");
    return intact ? BATON_OK : damaged(err, path, "its content does not fit its sum");
}

static enum baton_status
check_policy(const char *path, struct baton_err *err)
{
    json_error_t at;
    json_t *all = json_load_file(path, 0, &at);
    if (all == NULL)
        return damaged(err, path, at.text);
    bool fits = json_is_object(json_object_get(all, "policyMetadata")) &&
                json_is_object(json_object_get(all, "azureDirectoryPolicy"));
    json_decref(all);
    return fits ? BATON_OK : damaged(err, path, "it is no synchronization policy");
}

enum baton_status
settings_check(const char *path, struct baton_err *err)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return damaged(err, path, strerror(errno));
    char header[HEADER_BYTES];
    bool opaque =
        fgets(header, sizeof header, f) != NULL && strncmp(header, magic, sizeof magic - 1) == 0;
    enum baton_status rc = opaque ? check_opaque(path, header, f, err) : check_policy(path, err);
    fclose(f);
    return rc;
}
