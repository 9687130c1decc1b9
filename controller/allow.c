#include "controller/allow.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char private_networks[] =
    "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7";
static const char head[] =
    "# Who may reach this controller: agents, operators, proxies. Made by `baton-controller "
    "init`.\n"
    "# Change it here, then: systemctl daemon-reload && systemctl restart baton-controller\n"
    "[Service]\n"
    "IPAddressDeny=any\n"
    "IPAddressAllow=localhost\n";

/* No bit behind the first `prefix` ones. */
static bool
is_network(const uint8_t *address, size_t bytes, unsigned long prefix)
{
    for (size_t bit = prefix; bit < bytes * 8; bit++)
        if (address[bit / 8] & 0x80U >> bit % 8)
            return false;
    return true;
}

static enum baton_status
network_check(const char *word, struct baton_err *err)
{
    char host[INET6_ADDRSTRLEN] = "";
    uint8_t address[16];
    const char *slash = strchr(word, '/');
    size_t len = slash == NULL ? strlen(word) : (size_t)(slash - word);
    if (len < sizeof host)
        snprintf(host, sizeof host, "%.*s", (int)len, word);
    size_t bytes = inet_pton(AF_INET, host, address) == 1    ? 4
                   : inet_pton(AF_INET6, host, address) == 1 ? 16
                                                             : 0;
    if (bytes == 0)
        return baton_fail(err, BATON_USAGE,
                          "--allow: '%s' is no address and no network such as 192.0.2.0/24", word);
    char *end = NULL;
    unsigned long prefix = slash == NULL ? bytes * 8 : strtoul(slash + 1, &end, 10);
    if (slash != NULL && (slash[1] < '0' || slash[1] > '9' || *end != '\0' || prefix > bytes * 8))
        return baton_fail(err, BATON_USAGE, "--allow: '%s' has a prefix that is not 0 to %zu", word,
                          bytes * 8);
    if (!is_network(address, bytes, prefix))
        return baton_fail(
            err, BATON_USAGE,
            "--allow: '%s' has bits behind its prefix of %lu: which of the two is meant?", word,
            prefix);
    return BATON_OK;
}

enum baton_status
allow_drop_in(const char *networks, char out[ALLOW_TEXT_BYTES], struct baton_err *err)
{
    char word[128];
    size_t count = 0, at = sizeof head - 1;
    const char *next = networks == NULL ? private_networks : networks;
    memcpy(out, head, sizeof head);
    for (bool more = true; more;) {
        size_t len = strcspn(next, ",");
        snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), next);
        enum baton_status rc = network_check(word, err);
        if (rc != BATON_OK)
            return rc;
        if (++count > ALLOW_NETWORKS_MAX)
            return baton_fail(err, BATON_USAGE, "--allow: more than %d networks",
                              ALLOW_NETWORKS_MAX);
        at += (size_t)snprintf(out + at, ALLOW_TEXT_BYTES - at, "IPAddressAllow=%s\n", word);
        more = next[len] == ',';
        next += len + 1;
    }
    return BATON_OK;
}
