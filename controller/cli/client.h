/* client.h: requests to the controller, and finding what a person means by a name.
 *
 * Shape      client_get, client_send: JSON in, JSON out. A problem that the controller answers becomes
 *            the command's status; its members stay in cli.problem for the last lines on the screen.
 * Ownership  JSON answers are new references.
 */
#ifndef BATON_CLIENT_H
#define BATON_CLIENT_H

#include "cli.h"
#include "http_client.h"

enum { CLIENT_PATH_BYTES = 512, ID_TEXT_BYTES = 40 };

/* Opens the connection when it is not open yet. */
enum baton_status client_open(struct cli *c);
enum baton_status client_get(struct cli *c, json_t **ret_json, const char *fmt, ...)
    BATON_PRINTF(3, 4);
enum baton_status client_get_etag(struct cli *c, const char *path, json_t **ret_json,
                                  char ret_etag[64]);
enum baton_status client_bytes(struct cli *c, const char *path, uint8_t **ret_bytes,
                               size_t *ret_len);
/* The same where asking is itself put on the record. */
enum baton_status client_post_bytes(struct cli *c, const char *path, uint8_t **ret_bytes,
                                    size_t *ret_len);
/* Takes over body (may be NULL). if_match may be NULL. ret_json may be NULL. */
enum baton_status client_send(struct cli *c, const char *method, const char *path, json_t *body,
                              const char *if_match, json_t **ret_json);
/* Every page of a list, as one array. */
enum baton_status client_list(struct cli *c, const char *path, json_t **ret_items);
/* Status of an answer that is no success; keeps the problem. */
enum baton_status client_refused(struct cli *c, const struct http_answer *answer);

/* A tenant by GUID or name: its GUID. */
enum baton_status client_tenant(struct cli *c, const char *name, char ret_guid[ID_TEXT_BYTES]);
/* A cutover by id, the beginning of an id, or its tenant's name or GUID. */
enum baton_status client_cutover(struct cli *c, const char *name, char ret_id[ID_TEXT_BYTES]);
/* An agent of a tenant by host name, key, or the beginning of a key. */
enum baton_status client_agent(struct cli *c, const char *tenant_guid, const char *name,
                               json_t **ret_agent);

#endif
