/* certificate_read.h: what checking a certificate needs beyond its public face: the signed bytes. */
#ifndef BATON_CERTIFICATE_READ_H
#define BATON_CERTIFICATE_READ_H

#include "common/audit/certificate.h"

char *certificate_canonical(const json_t *certificate);
/* *ret_canonical is malloc'd: exactly what the signature covers. */
enum baton_status certificate_read(const char *text, size_t len, struct certificate *ret_c,
                                   struct baton_key *ret_key, struct baton_sig *ret_sig,
                                   char **ret_canonical, struct baton_err *err) BATON_MUST_USE;

#endif
