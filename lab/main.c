/* baton-lab: a simulated world of sync servers and one tenant. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "generate.h"
#include "operator.h"
#include "print.h"
#include "product.h"
#include "server.h"
#include "socket.h"

static const char usage[] =
    "usage: baton-lab run --dir DIR [options]        a lab in the foreground; says 'ready'\n"
    "       baton-lab do SERVER OP [field=value...]  one operation on a server\n"
    "       baton-lab tenant OP [field=value...]     one operation on the tenant\n"
    "       baton-lab watch [SERVER|tenant...]       events as they happen\n"
    "       baton-lab generate exports [options]     a file of pending exports; no lab needed\n"
    "\n"
    "options of run:\n"
    "  --dir DIR             where sockets and files lie; a lab starts empty (all commands;\n"
    "                        else BATON_LAB_DIR)\n"
    "  --tenant NAME         contoso\n"
    "  --objects N           objects in the tenant: 1000\n"
    "  --old NAME[:PRODUCT]  a server with dirsync, aadsync or connect: OLD:dirsync\n"
    "  --new NAME            an empty server: NEW\n"
    "  --config DIR          a configuration export that the new server's installation gets\n"
    "  --speed FACTOR        simulated work takes 1/FACTOR of its time: 1\n"
    "  --automatic-operator  the export-settings and migrate acts happen by themselves\n"
    "options of the others:\n"
    "  --output table|json   table\n"
    "  --timeout SECONDS     for an answer: 120\n"
    "  --help, --version\n"
    "\n";

static const char examples[] =
    "\n"
    "examples:\n"
    "  baton-lab run --dir /tmp/lab --objects 60000 --old OLD:dirsync --new NEW\n"
    "  baton-lab do OLD services --dir /tmp/lab\n"
    "  baton-lab do NEW wizard act=staging-off by='CONTOSO\\anna'\n"
    "  baton-lab do OLD re-enable by='CONTOSO\\bob via services.msc'\n"
    "  baton-lab do OLD fault kind=slow-stop value=8000\n"
    "  baton-lab tenant status --output json\n"
    "  baton-lab watch\n"
    "  baton-lab generate exports --objects 150000 --seed 7 --out exports.xml\n"
    "\n"
    "Operations and fields: docs/lab-protocol.md. Exit codes: 0 done, 1 failed, 2 usage,\n"
    "3 not found, 5 refused, 7 timed out, 8 no lab runs there, 9 conflict.\n";

struct options {
    struct world_options world;
    struct server_options server[SERVERS_MAX];
    char name[SERVERS_MAX][NAME_BYTES];
    size_t servers;
    bool old_given, new_given, automatic;
    const char *config;
    struct client_options client;
};

static int
complain(const struct baton_err *err)
{
    fprintf(stderr, "baton-lab: %s\n", err->text);
    return baton_status_exit_code(err->status);
}

static enum baton_status
add_server(struct options *o, const char *text, bool old, struct baton_err *err)
{
    if (o->servers == SERVERS_MAX)
        return baton_fail(err, BATON_LIMIT, "a lab has at most %d servers", SERVERS_MAX);
    size_t at = o->servers++;
    const char *colon = strchr(text, ':');
    int len = colon == NULL ? (int)strlen(text) : (int)(colon - text);
    print_format(o->name[at], NAME_BYTES, "%.*s", len, text);
    o->server[at] = (struct server_options){o->name[at], old ? DIRSYNC : NO_PRODUCT, NULL};
    if (colon == NULL)
        return BATON_OK;
    if (!old || !product_kind_parse(colon + 1, &o->server[at].product))
        return baton_fail(err, BATON_USAGE, "'%s' names no product: dirsync, aadsync or connect",
                          colon + 1);
    return BATON_OK;
}

static enum baton_status
parse_number(const char *option, const char *text, double least, double most, double *ret,
             struct baton_err *err)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    bool plain = text[0] != '\0' && text[strspn(text, "0123456789.")] == '\0';
    if (errno != 0 || !plain || *end != '\0' || !(value >= least && value <= most))
        return baton_fail(err, BATON_USAGE, "%s: '%.40s' is not a number from %.9g to %.9g", option,
                          text, least, most);
    *ret = value;
    return BATON_OK;
}

enum {
    OPT_DIR = 256,
    OPT_TENANT,
    OPT_OBJECTS,
    OPT_OLD,
    OPT_NEW,
    OPT_CONFIG,
    OPT_SPEED,
    OPT_AUTOMATIC,
    OPT_OUTPUT,
    OPT_TIMEOUT,
    OPT_HELP,
    OPT_VERSION
};

static enum baton_status
parse_output(struct options *o, const char *text, struct baton_err *err)
{
    o->client.json = strcmp(text, "json") == 0;
    if (!o->client.json && strcmp(text, "table") != 0)
        return baton_fail(err, BATON_USAGE, "--output is table or json, not '%s'", text);
    return BATON_OK;
}

static enum baton_status
parse_option(struct options *o, int option, const char *value, struct baton_err *err)
{
    double number = 0;
    enum baton_status rc = BATON_OK;
    switch (option) {
    case OPT_DIR:
        o->world.dir = o->client.dir = value;
        return BATON_OK;
    case OPT_TENANT:
        o->world.tenant = value;
        return BATON_OK;
    case OPT_OBJECTS:
        rc = parse_number("--objects", value, 0, OBJECTS_MAX, &number, err);
        o->world.objects = rc == BATON_OK ? (uint64_t)number : 0;
        return rc;
    case OPT_OLD:
        o->old_given = true;
        return add_server(o, value, true, err);
    case OPT_NEW:
        o->new_given = true;
        return add_server(o, value, false, err);
    case OPT_CONFIG:
        o->config = value;
        return BATON_OK;
    case OPT_SPEED:
        return parse_number("--speed", value, 0.01, 1000, &o->world.speed, err);
    case OPT_AUTOMATIC:
        o->automatic = true;
        return BATON_OK;
    case OPT_OUTPUT:
        return parse_output(o, value, err);
    case OPT_TIMEOUT:
        rc = parse_number("--timeout", value, 0.001, 86400, &number, err);
        o->client.timeout_ms = rc == BATON_OK ? (unsigned)(number * 1000) : 0;
        return rc;
    default:
        return baton_fail(err, BATON_USAGE, "%s %s; see baton-lab --help",
                          option == ':' ? "a value is missing after" : "no such option:", value);
    }
}

static const struct option long_options[] = {
    {"dir", required_argument, NULL, OPT_DIR},
    {"tenant", required_argument, NULL, OPT_TENANT},
    {"objects", required_argument, NULL, OPT_OBJECTS},
    {"old", required_argument, NULL, OPT_OLD},
    {"new", required_argument, NULL, OPT_NEW},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"speed", required_argument, NULL, OPT_SPEED},
    {"automatic-operator", no_argument, NULL, OPT_AUTOMATIC},
    {"output", required_argument, NULL, OPT_OUTPUT},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

static enum baton_status
default_servers(struct options *o, struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    if (!o->old_given)
        rc = add_server(o, "OLD:dirsync", true, err);
    if (!o->new_given && rc == BATON_OK)
        rc = add_server(o, "NEW", false, err);
    for (size_t i = 0; i < o->servers; i++)
        if (o->server[i].product == NO_PRODUCT)
            o->server[i].config_from = o->config;
    return rc;
}

static enum baton_status
tenant_check(const char *name, struct baton_err *err)
{
    size_t len = strlen(name);
    if (len == 0 || len >= NAME_BYTES - 32 ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
        return baton_fail(err, BATON_USAGE,
                          "'%.64s' is no tenant name: small letters, digits and -", name);
    return BATON_OK;
}

static enum baton_status
furnish(struct world *w, struct options *o, struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; i < o->servers && rc == BATON_OK; i++)
        rc = server_add(w, &o->server[i], err);
    for (size_t i = 0; i < w->server_count && rc == BATON_OK && o->automatic; i++) {
        rc = operator_allow(&w->server[i], "export-settings", err);
        if (rc == BATON_OK)
            rc = operator_allow(&w->server[i], "migrate", err);
        if (rc == BATON_OK)
            operator_start(&w->server[i]);
    }
    return rc;
}

static int stop_write_fd = -1;

static void
on_signal(int number)
{
    (void)number;
    int kept = errno;
    ssize_t written = write(stop_write_fd, "x", 1);
    (void)written; /* a full pipe already says stop */
    errno = kept;
}

static enum baton_status
stop_on_signals(int *ret_fd, struct baton_err *err)
{
    int fds[2];
    struct sigaction action = {.sa_handler = on_signal};
    if (pipe(fds) != 0)
        return baton_fail(err, BATON_IO, "pipe: %s", strerror(errno));
    stop_write_fd = fds[1];
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    *ret_fd = fds[0];
    return BATON_OK;
}

static enum baton_status
serve(struct world *w, struct baton_err *err)
{
    struct hub *hub = NULL;
    int stop_fd = -1;
    enum baton_status rc = hub_open(w, &hub, err);
    if (rc != BATON_OK)
        return rc;
    rc = stop_on_signals(&stop_fd, err);
    if (rc == BATON_OK) {
        puts("ready");
        fflush(stdout);
        rc = hub_run(hub, stop_fd, err);
    }
    hub_close(&hub);
    return rc;
}

/* Until the sockets listen nobody hears. */
static void
drop_answer(void *ctx, struct reply reply, json_t *answer)
{
    (void)ctx;
    (void)reply;
    json_decref(answer);
}

static void
drop_event(void *ctx, const struct server *from, json_t *event)
{
    (void)ctx;
    (void)from;
    json_decref(event);
}

static void
drop_hang_up(void *ctx, const struct server *of)
{
    (void)ctx;
    (void)of;
}

static int
run(struct options *o)
{
    static struct world world;
    struct baton_err err;
    enum baton_status rc = tenant_check(o->world.tenant, &err);
    if (rc == BATON_OK)
        rc = default_servers(o, &err);
    if (rc == BATON_OK && hub_runs_at(o->world.dir))
        rc = baton_fail(&err, BATON_CONFLICT, "a lab runs already in %s", o->world.dir);
    if (rc == BATON_OK)
        rc = world_open(&world, &o->world, &err);
    if (rc != BATON_OK)
        return complain(&err);
    world.port = (struct port){NULL, drop_answer, drop_event, drop_hang_up};
    world_look_at_clock(&world);
    rc = furnish(&world, o, &err);
    if (rc == BATON_OK)
        rc = serve(&world, &err);
    world_close(&world);
    return rc == BATON_OK ? 0 : complain(&err);
}

static int
command(struct options *o, int count, char **words)
{
    const char *verb = count > 0 ? words[0] : "";
    struct baton_err err;
    if (o->client.dir == NULL)
        o->world.dir = o->client.dir = getenv("BATON_LAB_DIR");
    bool known = strcmp(verb, "run") == 0 || strcmp(verb, "do") == 0 ||
                 strcmp(verb, "tenant") == 0 || strcmp(verb, "watch") == 0;
    if (!known)
        (void)baton_fail(&err, BATON_USAGE, "no such command: '%.40s'; see baton-lab --help", verb);
    else if (o->client.dir == NULL)
        (void)baton_fail(&err, BATON_USAGE, "which lab? Give --dir DIR or set BATON_LAB_DIR");
    else if (strcmp(verb, "run") == 0 && count == 1)
        return run(o);
    else if (strcmp(verb, "do") == 0 && count >= 3)
        return client_do(&o->client, words[1], words[2], words + 3, (size_t)count - 3);
    else if (strcmp(verb, "tenant") == 0 && count >= 2)
        return client_do(&o->client, NULL, words[1], words + 2, (size_t)count - 2);
    else if (strcmp(verb, "watch") == 0)
        return client_watch(&o->client, words + 1, (size_t)count - 1);
    else
        (void)baton_fail(&err, BATON_USAGE, "'%s' needs other words; see baton-lab --help", verb);
    return complain(&err);
}

int
main(int argc, char **argv)
{
    struct options o = {.world = {.tenant = "contoso", .objects = 1000, .speed = 1},
                        .client = {.timeout_ms = 120000}};
    struct baton_err err;
    if (argc > 1 && strcmp(argv[1], "generate") == 0)
        return generate_command(argc - 1, argv + 1);
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":", long_options, NULL)) != -1;) {
        if (option == OPT_HELP) {
            printf("%s%s%s", usage, generate_options, examples);
            return 0;
        }
        if (option == OPT_VERSION) {
            puts("baton-lab " BATON_VERSION);
            return 0;
        }
        const char *value = option == '?' || option == ':' ? argv[optind - 1] : optarg;
        if (parse_option(&o, option, value, &err) != BATON_OK)
            return complain(&err);
    }
    return command(&o, argc - optind, argv + optind);
}
