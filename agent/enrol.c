#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"
#include "agent/adapters/process.h"
#include "common/crypto/keyfile.h"
#include "common/disk/disk.h"
#include "common/log.h"
#include "common/text.h"
#include "common/token.h"
#include "run.h"

enum { ASK_MS = 10000, AGAIN_MS = 2000, TOKEN_FILE_BYTES = 4096 };

struct enrolment {
    struct setup setup;
    struct token token;
    struct crypto_identity identity;
    struct host_port host;
    struct machine machine;
    struct host_product product;
    struct agent_bus *bus;
    struct baton_key once;
    uint8_t once_secret[BOX_SECRET_BYTES];
    bool answered, ended; /* ended: by what answers there, as last seen */
    struct baton_hash fingerprint;
};

/* Whoever reads a token before it is used may enrol in this server's name. */
static enum baton_status
read_token_file(const char *path, char *text, size_t cap, struct baton_err *err)
{
    bool given = strcmp(path, "-") == 0; /* on standard input */
    int fd = given ? STDIN_FILENO : disk_open(path, DISK_READ_LINKED);
    struct stat st;
    if (fd < 0)
        return baton_fail(err, BATON_NOT_FOUND, "cannot read %s: %s", path, strerror(errno));
    ssize_t len = -1;
    bool open_to_others =
        !given && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && !disk_is_closed(fd);
    if (!open_to_others)
        len = disk_read(fd, text, cap - 1);
    char how[BATON_ERR_BYTES / 2];
    disk_how_to_close(path, false, how, sizeof how);
    enum baton_status rc =
        open_to_others ? baton_fail(err, BATON_DENIED, "others can read %s: %s", path, how)
        : len < 0      ? baton_fail(err, BATON_IO, "cannot read %s: %s", path, strerror(errno))
                       : BATON_OK;
    text[len < 0 ? 0 : len] = '\0';
    if (!given)
        close(fd);
    return rc;
}

static enum baton_status
read_token(const struct enrol_options *o, struct token *ret_token, struct baton_err *err)
{
    char text[TOKEN_FILE_BYTES] = "";
    if (o->token != NULL) {
        if (strlen(o->token) >= sizeof text)
            return baton_fail(err, BATON_USAGE, "the token is too long");
        memcpy(text, o->token, strlen(o->token) + 1);
    } else {
        enum baton_status read = read_token_file(o->token_file, text, sizeof text, err);
        if (read != BATON_OK)
            return read;
    }
    enum baton_status rc = token_decode(text, ret_token, err);
    crypto_wipe(text, sizeof text);
    return rc == BATON_MALFORMED ? BATON_USAGE : rc;
}

/* The server's own name: what was given, the lab's name for it, or the system's. */
static void
find_name(const struct enrol_options *o, char out[NAME_BYTES])
{
    char system[NAME_BYTES] = "";
    const char *lab = strncmp(o->host, "lab:", 4) == 0 ? strrchr(o->host, '/') : NULL;
    if (o->name != NULL) {
        text_copy(out, NAME_BYTES, o->name);
    } else if (lab != NULL) {
        text_copy(out, NAME_BYTES, lab + 1);
        char *dot = strrchr(out, '.');
        if (dot != NULL)
            *dot = '\0';
    } else {
        process_host_name(system, sizeof system);
        text_copy(out, NAME_BYTES, system);
    }
}

static enum baton_status
fill_setup(struct enrolment *e, const struct enrol_options *o, struct baton_err *err)
{
    struct setup *s = &e->setup;
    if (strlen(o->dir) >= sizeof s->dir || strlen(o->host) >= sizeof s->host)
        return baton_fail(err, BATON_USAGE, "a path is too long");
    if (o->controller != NULL && strlen(o->controller) >= sizeof s->address)
        return baton_fail(err, BATON_USAGE, "the controller's address is too long");
    text_copy(s->dir, sizeof s->dir, o->dir);
    text_copy(s->host, sizeof s->host, o->host);
    text_copy(s->proxy, sizeof s->proxy, o->proxy == NULL ? "" : o->proxy);
    text_copy(s->address, sizeof s->address,
              o->controller == NULL ? e->token.address : o->controller);
    find_name(o, s->name);
    s->tenant = e->token.tenant;
    s->controller_sign = e->token.controller_sign;
    s->controller_curve = e->token.controller_curve;
    s->root = e->token.root;
    if (!disk_make_folder(o->dir))
        return baton_fail(err, BATON_IO, "cannot make %s: %s", o->dir, strerror(errno));
    char path[SETUP_PATH_BYTES];
    enum baton_status rc = setup_path(o->dir, SETUP_INI, path, err);
    if (rc == BATON_OK && disk_exists(path))
        rc = baton_fail(err, BATON_CONFLICT, "%s is enrolled already; enrol into a new directory",
                        o->dir);
    return rc;
}

/* Keys of an attempt that got no answer are used again: the controller may have stored them. */
static enum baton_status
make_keys(struct enrolment *e, struct baton_err *err)
{
    char path[SETUP_PATH_BYTES];
    enum baton_status rc = setup_path(e->setup.dir, SETUP_KEY, path, err);
    if (rc != BATON_OK)
        return rc;
    if (disk_exists(path))
        return keyfile_load(path, &e->identity, err);
    rc = crypto_identity_new(&e->identity, err);
    return rc == BATON_OK ? keyfile_save(path, &e->identity, err) : rc;
}

static enum baton_status
look_at_server(struct enrolment *e, struct baton_err *err)
{
    struct host_completion done = {0};
    struct host_request machine = {.op = HOST_MACHINE, .limit_ms = ASK_MS};
    struct host_request product = {.op = HOST_PRODUCT, .limit_ms = ASK_MS};
    enum baton_status rc = host_open(e->setup.host, &e->host, err);
    if (rc == BATON_OK)
        rc = host_ask(&e->host, &machine, &done, err);
    if (rc != BATON_OK)
        return rc;
    e->machine = done.u.machine;
    e->host.release(e->host.ctx, &done);
    rc = host_ask(&e->host, &product, &done, err);
    if (rc != BATON_OK)
        return rc;
    e->product = done.u.product;
    e->host.release(e->host.ctx, &done);
    return BATON_OK;
}

static enum baton_status
make_memory(struct enrolment *e, struct baton_err *err)
{
    struct agent_store *store = NULL;
    struct member *member = calloc(1, sizeof *member);
    if (member == NULL)
        return baton_fail(err, BATON_NOMEM, "agent");
    member_init(member, &e->identity.sign_key, &e->setup.tenant, &e->setup.root);
    member->promise.machine = e->machine;
    enum baton_status rc = agent_store_create(e->setup.dir, err);
    if (rc == BATON_CONFLICT)
        rc = BATON_OK; /* of an attempt before */
    if (rc == BATON_OK)
        rc = agent_store_open(e->setup.dir, &store, err);
    if (rc == BATON_OK)
        rc = agent_store_begin(store, err);
    if (rc == BATON_OK)
        rc = agent_store_put_promise(store, &member->promise, err);
    if (rc == BATON_OK)
        rc = agent_store_commit(store, err);
    agent_store_close(&store);
    free(member);
    return rc;
}

/* --- asking --- */

static void
send_enrol(struct enrolment *e)
{
    struct message m = {.type = MSG_ENROL,
                        .env = {.sender = e->identity.sign_key,
                                .recipient = e->setup.controller_sign,
                                .tenant = e->setup.tenant}};
    m.u.enrol =
        (struct msg_enrol){.sign_key = e->identity.sign_key,
                           .curve_key = e->identity.curve_key,
                           .box_key = e->identity.box_key,
                           .product = e->product.present ? e->product.product : PRODUCT_NONE,
                           .machine = e->machine};
    text_copy(m.u.enrol.host, sizeof m.u.enrol.host, e->setup.name);
    text_copy(m.u.enrol.version, sizeof m.u.enrol.version, BATON_VERSION);
    own_digest(&m.u.enrol.binary);
    acceptance_hash(crypto_digest_port(), &m.u.enrol.table);
    uint8_t *frame;
    size_t len;
    struct baton_err err = {0};
    if (codec_encode(&m, e->identity.secret->sign, &frame, &len, &err) != BATON_OK) {
        log_error("enrol.encode", "%s", err.text);
        return;
    }
    if (agent_bus_send(e->bus, frame, len) != BATON_OK)
        log_debug("enrol.send", "not yet");
    free(frame);
}

static bool
controller_key(void *ctx, const uint8_t key_id[KEY_ID_BYTES], struct baton_key *ret_key)
{
    const struct enrolment *e = ctx;
    uint8_t id[KEY_ID_BYTES];
    codec_key_id(&e->setup.controller_sign, id);
    *ret_key = e->setup.controller_sign;
    return memcmp(id, key_id, sizeof id) == 0;
}

static enum baton_status
take_answer(struct enrolment *e, const uint8_t *frame, size_t len, struct baton_err *err)
{
    struct codec_keys keys = {.ctx = e, .find = controller_key};
    struct message *m = NULL;
    enum baton_status rc = codec_decode(frame, len, &keys, crypto_digest_port(), &m, err);
    if (rc != BATON_OK)
        return rc;
    if (m->type == MSG_ENROLLED && baton_key_eq(&m->env.recipient, &e->identity.sign_key)) {
        e->answered = true;
        if (!m->u.enrolled.accepted)
            rc = baton_fail(err, BATON_DENIED,
                            "the controller refused: the token is used, expired, or made for "
                            "another host than '%s'",
                            e->setup.name);
        else if (!baton_hash_eq(&m->u.enrolled.fingerprint, &e->fingerprint))
            rc = baton_fail(err, BATON_DENIED, "the controller stored other keys than were sent");
    }
    message_free(&m);
    return rc;
}

static enum baton_status
one_round(struct enrolment *e, struct baton_err *err)
{
    zmq_pollitem_t items[AGENT_BUS_ITEMS];
    const uint8_t *frame;
    size_t len;
    agent_bus_poll(e->bus, items);
    (void)zmq_poll(items, AGENT_BUS_ITEMS, AGAIN_MS);
    for (enum agent_bus_event ev; (ev = agent_bus_event(e->bus)) != LINK_NOTHING;) {
        log_info("enrol.link", "%s", agent_bus_event_name(ev));
        e->ended = ev != LINK_UP;
        if (ev == LINK_REFUSED)
            return baton_fail(err, BATON_DENIED,
                              "the controller does not know this token: used, expired or revoked");
    }
    enum baton_status rc = BATON_OK;
    while (rc == BATON_OK && !e->answered && agent_bus_recv(e->bus, &frame, &len) == BATON_OK)
        rc = take_answer(e, frame, len, err);
    return rc;
}

static enum baton_status
no_answer(const struct enrolment *e, const char *address, struct baton_err *err)
{
    const char *trouble = agent_bus_trouble(e->bus);
    if (trouble[0] == '\0' && e->ended)
        trouble = "what answers there ends each connection: another program, or a controller with "
                  "another key than this token names";
    return baton_fail(err, BATON_UNREACHABLE, "no answer from the controller at %s%s%s", address,
                      trouble[0] != '\0' ? ": " : "", trouble);
}

static enum baton_status
ask_controller(struct enrolment *e, uint64_t timeout_ms, struct baton_err *err)
{
    crypto_curve_from_seed(e->token.seed, &e->once, e->once_secret);
    struct setup way = e->setup; /* the file keeps what the token and the flag said */
    enum baton_status rc = setup_manage(&way, err);
    if (rc != BATON_OK)
        return rc;
    struct agent_bus_options o = {.endpoint = way.address,
                                  .proxy = way.proxy[0] == '\0' ? NULL : way.proxy,
                                  .server_key = e->setup.controller_curve,
                                  .key = e->once,
                                  .secret = e->once_secret};
    rc = agent_bus_open(&o, &e->bus, err);
    uint64_t until = agent_now_ms() + timeout_ms, again = 0;
    while (rc == BATON_OK && !e->answered) {
        uint64_t now = agent_now_ms();
        if (now >= until)
            return no_answer(e, way.address, err);
        rc = one_round(e, err);
        if (rc == BATON_OK && !e->answered && agent_bus_up(e->bus) && now >= again) {
            send_enrol(e);
            again = now + AGAIN_MS;
        }
    }
    return rc;
}

/* Of the two keys that an operator's confirmation will bind; shown on both sides. */
static void
find_fingerprint(struct enrolment *e)
{
    uint8_t both[2 * BATON_KEY_BYTES];
    memcpy(both, e->identity.sign_key.b, BATON_KEY_BYTES);
    memcpy(both + BATON_KEY_BYTES, e->identity.box_key.b, BATON_KEY_BYTES);
    crypto_sha256(both, sizeof both, &e->fingerprint);
}

static void
print_result(const struct enrolment *e)
{
    char fingerprint[65], key[65];
    baton_hex(e->fingerprint.b, BATON_HASH_BYTES, fingerprint);
    baton_hex(e->identity.sign_key.b, BATON_KEY_BYTES, key);
    printf("enrolled     %s\nkey          %s\nfingerprint  %s\n", e->setup.name, key, fingerprint);
    printf("\nAn operator now compares this fingerprint with what the controller shows for %s\n"
           "and confirms it: baton agent confirm TENANT %s. Until then this agent only observes.\n",
           e->setup.name, e->setup.name);
}

static void
close_all(struct enrolment *e)
{
    agent_bus_close(&e->bus);
    if (e->host.ctx != NULL)
        e->host.close(e->host.ctx);
    crypto_identity_done(&e->identity);
    crypto_wipe(&e->token, sizeof e->token);
    crypto_wipe(e->once_secret, sizeof e->once_secret);
}

enum baton_status
agent_enrol(const struct enrol_options *o, struct baton_err *err)
{
    struct enrolment e = {0};
    enum baton_status rc = read_token(o, &e.token, err);
    if (rc == BATON_OK)
        rc = fill_setup(&e, o, err);
    if (rc == BATON_OK)
        rc = look_at_server(&e, err);
    if (rc == BATON_OK)
        rc = make_keys(&e, err);
    if (rc == BATON_OK) {
        find_fingerprint(&e);
        rc = ask_controller(&e, o->timeout_ms, err);
    }
    if (rc == BATON_OK)
        rc = make_memory(&e, err);
    if (rc == BATON_OK)
        rc = setup_write(&e.setup, err);
    if (rc == BATON_OK)
        print_result(&e);
    close_all(&e);
    return rc;
}
