#include "export_attribute.h"

#include <inttypes.h>
#include <string.h>

#include "pending.h"
#include "print.h"
#include "seed.h"

enum {
    U = 1 << EXPORT_USER,
    G = 1 << EXPORT_GROUP,
    C = 1 << EXPORT_CONTACT,
    D = 1 << EXPORT_DEVICE,
    ALL = U | G | C | D
};

// clang-format off
static const struct export_attribute attributes[] = {
    {"sourceAnchor",                  SHAPE_ANCHOR,      false, ALL,       ODD_NONE},
    {"displayName",                   SHAPE_NAME,        false, ALL,       ODD_NONE},
    {"cn",                            SHAPE_NAME,        false, ALL,       ODD_NONE},
    {"accountEnabled",                SHAPE_BOOLEAN,     false, U | D,     ODD_NONE},
    {"userPrincipalName",             SHAPE_LOGIN,       false, U,         ODD_NONE},
    {"mail",                          SHAPE_MAIL,        false, U | G | C, ODD_NONE},
    {"proxyAddresses",                SHAPE_PROXY,       true,  U | G | C, ODD_NONE},
    {"givenName",                     SHAPE_GIVEN,       false, U | C,     ODD_NONE},
    {"surname",                       SHAPE_FAMILY,      false, U | C,     ODD_NONE},
    {"department",                    SHAPE_WORD,        false, U,         ODD_NONE},
    {"title",                         SHAPE_WORD,        false, U,         ODD_NONE},
    {"telephoneNumber",               SHAPE_PHONE,       false, U | C,     ODD_NONE},
    {"otherTelephone",                SHAPE_PHONE,       true,  U | C,     ODD_NONE},
    {"description",                   SHAPE_PHRASE,      false, G | C | D, ODD_NONE},
    {"physicalIds",                   SHAPE_PHRASE,      true,  D,         ODD_NONE},
    {"securityEnabled",               SHAPE_BOOLEAN,     false, G,         ODD_NONE},
    {"groupType",                     SHAPE_FLAGS,       false, G,         ODD_INTEGERS},
    {"msExchRecipientTypeDetails",    SHAPE_FLAGS,       false, U | G | C, ODD_INTEGERS},
    {"msDS-SupportedEncryptionTypes", SHAPE_COUNTER,     false, U | D,     ODD_INTEGERS},
    {"pwdLastSet",                    SHAPE_FILETIME,    false, U,         ODD_TIMES},
    {"lastPasswordChangeTimestamp",   SHAPE_TIME,        false, U,         ODD_TIMES},
    {"onPremiseSecurityIdentifier",   SHAPE_SID,         false, U | G | D, ODD_BINARIES},
    {"userCertificate",               SHAPE_CERTIFICATE, true,  U | D,     ODD_BINARIES},
    {"manager",                       SHAPE_REFERENCE,   false, U,         ODD_REFERENCES},
    {"member",                        SHAPE_REFERENCE,   true,  G,         ODD_REFERENCES},
    {"registeredOwner",               SHAPE_REFERENCE,   true,  D,         ODD_REFERENCES},
    {"extensionAttribute1",           SHAPE_PHRASE,      false, U | G | C, ODD_NONE},
    {"extensionAttribute2",           SHAPE_PHRASE,      false, U | G | C, ODD_NONE},
    {"extensionAttribute3",           SHAPE_PHRASE,      false, U | G | C, ODD_NONE},
    {"extensionAttribute4",           SHAPE_PHRASE,      false, U | G | C, ODD_NONE},
};
// clang-format on
_Static_assert(ARRAY_LEN(attributes) <= EXPORT_ATTRIBUTES_MAX, "counted per attribute");

const struct export_attribute *
export_attributes(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(attributes);
    return attributes;
}

const char *
export_type_name(enum export_type type)
{
    static const char *const names[EXPORT_TYPE_COUNT] = {"user", "group", "contact", "device"};
    return names[type];
}

const char *
export_oddity_name(enum export_oddity oddity)
{
    static const char *const names[ODD_COUNT] = {
#define X(name, text) text,
        EXPORT_ODDITIES(X)
#undef X
    };
    return names[oddity];
}

const char *
export_attribute_type(const struct export_attribute *a)
{
    switch (a->shape) {
    case SHAPE_BOOLEAN:
        return "boolean";
    case SHAPE_COUNTER:
    case SHAPE_FLAGS:
    case SHAPE_FILETIME:
        return "integer";
    case SHAPE_SID:
    case SHAPE_CERTIFICATE:
        return "binary";
    case SHAPE_REFERENCE:
        return "reference";
    case SHAPE_NAME:
    case SHAPE_GIVEN:
    case SHAPE_FAMILY:
    case SHAPE_WORD:
    case SHAPE_LOGIN:
    case SHAPE_MAIL:
    case SHAPE_PROXY:
    case SHAPE_PHONE:
    case SHAPE_PHRASE:
    case SHAPE_ANCHOR:
    case SHAPE_TIME:
    default:
        return "string";
    }
}

const char *
export_attribute_encoding(const struct export_attribute *a)
{
    return strcmp(export_attribute_type(a), "binary") == 0 ? "base64" : NULL;
}

static const char *const given[] = {"Anna",  "Bruno", "Chloé",  "Dmitri",  "Elif",  "Łukasz",
                                    "Grace", "Hugo",  "Zoë",    "李娜",    "Yusuf", "Ingrid",
                                    "Marek", "Noor",  "Øyvind", "𠮷田 Kei"};
static const char *const family[] = {
    "Berger", "Costa",  "Dubois", "Egorov", "Fidan",  "Ghali",  "O'Hara",       "Ibsen",
    "Müller", "Nguyen", "Novák",  "Ortega", "Petrov", "Quispe", "van der Berg", "Smith & Sons"};
static const char *const department[] = {"Finance", "Sales",   "Research",  "Operations",
                                         "Legal",   "Support", "Logistics", "R&D <lab>"};
static const char *const phrase[] = {
    "moved from the Lisbon site", "kept until the audit ends",     "cost centre",
    "shared with partners",       "owner unknown, ask facilities", "created by the HR feed"};

/* Version 1 of a value differs from version 0 and is as plausible. */
static struct seed
stream(const struct export_attribute *a, const struct export_value_key *key)
{
    uint64_t which = (uint64_t)(a - attributes) << 32 | (uint64_t)key->nth << 8 | key->version;
    return seed_of(seed_mix(key->seed) ^ key->index, which);
}

static uint64_t
of_object(const struct export_value_key *key, uint64_t salt, size_t count)
{
    return seed_mix(seed_mix(key->seed ^ salt) ^ key->index) % count;
}

void
export_anchor(const struct export_value_key *key, char out[EXPORT_VALUE_BYTES])
{
    struct seed s = seed_of(key->seed ^ 0x616e63686f72u, key->index * 2 + (key->version & 1));
    uint64_t half[2];
    half[0] = seed_next(&s); /* in this order: an initializer leaves it to the compiler */
    half[1] = seed_next(&s);
    uint8_t bytes[16];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(half[i / 8] >> i % 8 * 8);
    print_base64(bytes, sizeof bytes, out);
}

void
export_entra_dn(const char *anchor, char out[EXPORT_VALUE_BYTES])
{
    char dn[ENTRA_DN_BYTES];
    pending_dn(anchor, dn);
    memcpy(out, dn, sizeof dn);
}

static void
name_value(const struct export_value_key *key, char *out)
{
    const char *suffix = key->version == 0 ? "" : " (new)";
    char guid[40] = "", index[24];
    print_format(index, sizeof index, "%" PRIu64, key->index);
    if (key->conflict)
        print_guid_of("conflict", index, guid);
    print_format(out, EXPORT_VALUE_BYTES, "%s %s %s%s%s%s",
                 given[of_object(key, 1, ARRAY_LEN(given))],
                 family[of_object(key, 2, ARRAY_LEN(family))], index, suffix,
                 key->conflict ? "\nCNF:" : "", guid);
}

static void
binary_value(struct seed *s, size_t len, char *out)
{
    uint8_t bytes[90];
    BATON_ASSERT(len <= sizeof bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)seed_next(s);
    print_base64(bytes, len, out);
}

static void
reference_value(const struct export_value_key *key, struct seed *s, char *out)
{
    struct export_value_key other = {.seed = key->seed, .index = seed_below(s, 1000000)};
    char anchor[EXPORT_VALUE_BYTES];
    export_anchor(&other, anchor);
    export_entra_dn(anchor, out);
}

static void
address_value(const struct export_value_key *key, const char *prefix, char *out)
{
    print_format(out, EXPORT_VALUE_BYTES, "%suser%" PRIu64 ".%u%s@fabrikam.example", prefix,
                 key->index, key->nth, key->version == 0 ? "" : ".new");
}

static void
time_value(struct seed *s, unsigned version, char *out)
{
    unsigned year = 2015 + version, month = 1 + (unsigned)seed_below(s, 12);
    unsigned day = 1 + (unsigned)seed_below(s, 28), second = (unsigned)seed_below(s, 86400);
    print_format(out, EXPORT_VALUE_BYTES, "%u%02u%02u%02u%02u%02u.0Z", year, month, day,
                 second / 3600, second / 60 % 60, second % 60);
}

static void
integer_value(enum export_shape shape, struct seed *s, unsigned version, char *out)
{
    uint64_t value = seed_below(s, 1u << 20) << 1 | (version & 1);
    if (shape == SHAPE_FLAGS && (value >> 1) % 2 == 0)
        value |= 0xffffffff80000000u; /* a negative number, as groupType of a security group */
    if (shape == SHAPE_FILETIME)
        value |= 0x01d0000000000000u; /* 2014 and later */
    print_format(out, EXPORT_VALUE_BYTES, "0x%" PRIx64, value);
}

static void
phrase_value(struct seed *s, unsigned version, char *out)
{
    const char *text = phrase[seed_below(s, ARRAY_LEN(phrase))];
    unsigned number = (unsigned)seed_below(s, 100000);
    print_format(out, EXPORT_VALUE_BYTES, "%s %u%c", text, number, version == 0 ? 'a' : 'b');
}

static void
phone_value(struct seed *s, unsigned version, char *out)
{
    unsigned area = (unsigned)seed_below(s, 1000), number = (unsigned)seed_below(s, 10000000);
    print_format(out, EXPORT_VALUE_BYTES, "+49 %03u %07u-%u", area, number, version);
}

static void
text_value(const struct export_attribute *a, const struct export_value_key *key, struct seed *s,
           char *out)
{
    const char *suffix = key->version == 0 ? "" : "-new";
    if (a->shape == SHAPE_GIVEN)
        print_format(out, EXPORT_VALUE_BYTES, "%s%s", given[of_object(key, 1, ARRAY_LEN(given))],
                     suffix);
    else if (a->shape == SHAPE_FAMILY)
        print_format(out, EXPORT_VALUE_BYTES, "%s%s", family[of_object(key, 2, ARRAY_LEN(family))],
                     suffix);
    else
        print_format(out, EXPORT_VALUE_BYTES, "%s%s",
                     department[seed_below(s, ARRAY_LEN(department))], suffix);
}

void
export_value(const struct export_attribute *a, const struct export_value_key *key,
             char out[EXPORT_VALUE_BYTES])
{
    struct seed s = stream(a, key);
    switch (a->shape) {
    case SHAPE_NAME:
        name_value(key, out);
        return;
    case SHAPE_LOGIN:
        address_value(key, "", out);
        return;
    case SHAPE_MAIL:
        address_value(key, "mail.", out);
        return;
    case SHAPE_PROXY:
        address_value(key, key->nth == 0 ? "SMTP:" : "smtp:", out);
        return;
    case SHAPE_PHRASE:
        phrase_value(&s, key->version, out);
        return;
    case SHAPE_ANCHOR:
        export_anchor(key, out);
        return;
    case SHAPE_BOOLEAN:
        print_copy(out, EXPORT_VALUE_BYTES, key->version == 0 ? "true" : "false");
        return;
    case SHAPE_COUNTER:
    case SHAPE_FLAGS:
    case SHAPE_FILETIME:
        integer_value(a->shape, &s, key->version, out);
        return;
    case SHAPE_TIME:
        time_value(&s, key->version, out);
        return;
    case SHAPE_SID:
        binary_value(&s, 28, out);
        return;
    case SHAPE_CERTIFICATE:
        binary_value(&s, 90, out);
        return;
    case SHAPE_REFERENCE:
        reference_value(key, &s, out);
        return;
    case SHAPE_PHONE:
        phone_value(&s, key->version, out);
        return;
    case SHAPE_GIVEN:
    case SHAPE_FAMILY:
    case SHAPE_WORD:
    default:
        text_value(a, key, &s, out);
        return;
    }
}
