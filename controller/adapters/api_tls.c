#include "api.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DAYS_VALID = 3650, PEM_BYTES = 16384 };

static enum baton_status
tls_fail(struct baton_err *err, int code, const char *doing)
{
    return baton_fail(err, BATON_FAILED, "%s: %s", doing, gnutls_strerror(code));
}

static enum baton_status
write_new(const char *path, mode_t mode, const char *text, size_t len, struct baton_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return baton_fail(err, BATON_IO, "%s: %s", path, strerror(errno));
    bool good = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
    if (close(fd) != 0 || !good) {
        unlink(path);
        return baton_fail(err, BATON_IO, "%s cannot be written", path);
    }
    return BATON_OK;
}

static int
fill_certificate(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *host)
{
    uint8_t serial[8] = {1};
    time_t now = time(NULL);
    int rc = gnutls_rnd(GNUTLS_RND_NONCE, serial + 1, sizeof serial - 1);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_version(crt, 3);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_serial(crt, serial, sizeof serial);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_activation_time(crt, now - 86400);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_expiration_time(crt, now + (time_t)DAYS_VALID * 86400);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_key(crt, key);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, "baton-controller",
                                           16);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, host,
                                                  (unsigned)strlen(host), GNUTLS_FSAN_SET);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
    if (rc >= 0)
        rc = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
    return rc;
}

/* Key first: a certificate never stands without its key. */
static enum baton_status
write_pair(const char *cert_path, const char *key_path, gnutls_x509_crt_t crt,
           gnutls_x509_privkey_t key, struct baton_err *err)
{
    char pem[PEM_BYTES];
    size_t len = sizeof pem;
    int rc = gnutls_x509_privkey_export(key, GNUTLS_X509_FMT_PEM, pem, &len);
    if (rc < 0)
        return tls_fail(err, rc, "export the key");
    enum baton_status st = write_new(key_path, 0600, pem, len, err);
    gnutls_memset(pem, 0, sizeof pem);
    if (st != BATON_OK)
        return st;
    len = sizeof pem;
    rc = gnutls_x509_crt_export(crt, GNUTLS_X509_FMT_PEM, pem, &len);
    if (rc < 0)
        return tls_fail(err, rc, "export the certificate");
    return write_new(cert_path, 0644, pem, len, err);
}

static enum baton_status
make_pair(const char *cert_path, const char *key_path, const char *host, struct baton_err *err)
{
    gnutls_x509_crt_t crt = NULL;
    gnutls_x509_privkey_t key = NULL;
    int rc = gnutls_x509_privkey_init(&key);
    if (rc >= 0)
        rc = gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                          GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    if (rc >= 0)
        rc = gnutls_x509_crt_init(&crt);
    if (rc >= 0)
        rc = fill_certificate(crt, key, host);
    enum baton_status st = rc < 0 ? tls_fail(err, rc, "make a certificate")
                                  : write_pair(cert_path, key_path, crt, key, err);
    if (crt != NULL)
        gnutls_x509_crt_deinit(crt);
    if (key != NULL)
        gnutls_x509_privkey_deinit(key);
    return st;
}

static enum baton_status
fingerprint_of(const char *cert_path, char ret_fingerprint[API_FINGERPRINT_BYTES],
               struct baton_err *err)
{
    gnutls_datum_t pem = {0};
    gnutls_x509_crt_t crt = NULL;
    uint8_t id[32];
    size_t len = sizeof id;
    int rc = gnutls_load_file(cert_path, &pem);
    if (rc >= 0)
        rc = gnutls_x509_crt_init(&crt);
    if (rc >= 0)
        rc = gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM);
    if (rc >= 0) /* SHA-256 over the SubjectPublicKeyInfo */
        rc = gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, id, &len);
    if (crt != NULL)
        gnutls_x509_crt_deinit(crt);
    gnutls_free(pem.data);
    if (rc < 0)
        return tls_fail(err, rc, cert_path);
    baton_hex(id, sizeof id, ret_fingerprint);
    return BATON_OK;
}

enum baton_status
api_tls_ensure(const char *cert_path, const char *key_path, const char *host,
               char ret_fingerprint[API_FINGERPRINT_BYTES], struct baton_err *err)
{
    bool cert = access(cert_path, F_OK) == 0, key = access(key_path, F_OK) == 0;
    if (cert != key)
        return baton_fail(err, BATON_CONFLICT, "%s and %s belong together; one of them is missing",
                          cert_path, key_path);
    if (!cert) {
        enum baton_status rc = make_pair(cert_path, key_path, host, err);
        if (rc != BATON_OK)
            return rc;
    }
    return fingerprint_of(cert_path, ret_fingerprint, err);
}
