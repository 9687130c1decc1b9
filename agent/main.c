/* baton-agent: one agent on one sync server. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "agent/adapters/managed.h"
#include "agent/adapters/process.h"
#include "agent/windows/service.h"
#include "common/log.h"
#include "preflight.h"
#include "run.h"

static const char usage[] =
    "usage: baton-agent enrol --dir DIR --token-file FILE --host HOST [options]\n"
    "       baton-agent run --dir DIR\n"
    "       baton-agent status --dir DIR [--output table|json]\n"
    "       baton-agent may-stop --dir DIR\n"
    "       baton-agent preflight --host HOST [--side old|new] [--objects N] [options]\n"
    "       baton-agent service install|uninstall|start|stop|repair|status   (Windows)\n"
    "\n"
    "enrol makes this server's keys, shows them to the controller named in the token, once, and\n"
    "prints the fingerprint that an operator compares. run watches the server, keeps its promises\n"
    "over every restart, and says 'ready' when it does. status shows what the agent knows.\n"
    "may-stop fails, and says why, while the server is in the middle of a handoff.\n"
    "preflight holds a server against what the product needs, and changes nothing.\n"
    "service makes this program a service of Windows, shows where it deviates and repairs it.\n"
    "\n"
    "options:\n"
    "  --dir DIR         the agent's own directory: keys, state, settings; on Windows\n"
    "                    %ProgramData%\\Baton unless given\n"
    "  --host HOST       how the server is reached: lab:SOCKET; on Windows 'windows', this very\n"
    "                    server, which need not be said there\n"
    "  --token TEXT      the enrolment token (better: --token-file FILE, or - for standard input)\n"
    "  --name NAME       this server's name, as the token was made for\n"
    "  --controller ADDR tcp://host:port, where it is another one from here than the token says\n"
    "  --proxy URL       http://host:port or socks5://host:port on the way to the controller\n"
    "  --timeout SECONDS how long enrol waits for the controller: 60\n"
    "  --output FORMAT   table or json\n"
    "  --from FILE       preflight: observed values as JSON, in place of a server\n"
    "  --side SIDE       preflight: old or new; by the product there unless given\n"
    "  --objects N       preflight: how many objects will be synchronized\n"
    "  --other NAME      preflight: the pair's other server, known to have synchronized here\n"
    "  --data DIR        preflight: prerequisites from these files, not the built-in ones\n"
    "  --probe           preflight: connect to the hosts that must be reachable\n"
    "  --during-handoff  service stop: also in the middle of a handoff; written to the Event Log\n"
    "  --service         what the service manager of Windows starts this program with\n"
    "  --verbose         log more\n"
    "  --help, --version\n"
    "\n"
    "examples:\n"
    "  baton-agent enrol --dir /var/lib/baton-agent --token-file token --host "
    "lab:/tmp/lab/servers/OLD.sock\n"
    "  baton-agent run --dir /var/lib/baton-agent\n"
    "  baton-agent status --dir /var/lib/baton-agent --output json\n"
    "  baton-agent preflight --host lab:/tmp/lab/servers/NEW.sock --objects 60000\n"
    "\n"
    "Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 not authorised, 5 a\n"
    "prerequisite blocks, 6 a person has to look at one, 7 timed out, 8 controller unreachable,\n"
    "9 conflict. Log level: BATON_LOG=debug|info|warn|error|off.\n"
    "On Windows the values of HKLM\\Software\\Policies\\Baton stand above all of these.\n";

struct options {
    struct enrol_options enrol;
    struct preflight_options preflight;
    const char *dir, *output, *verb; /* verb: of service */
    bool service, during_handoff;
};

enum {
    OPT_DIR = 256,
    OPT_TOKEN,
    OPT_TOKEN_FILE,
    OPT_HOST,
    OPT_NAME,
    OPT_CONTROLLER,
    OPT_PROXY,
    OPT_TIMEOUT,
    OPT_OUTPUT,
    OPT_FROM,
    OPT_SIDE,
    OPT_OBJECTS,
    OPT_OTHER,
    OPT_DATA,
    OPT_PROBE,
    OPT_DURING_HANDOFF,
    OPT_SERVICE,
    OPT_VERBOSE,
    OPT_HELP,
    OPT_VERSION
};

static const struct option long_options[] = {
    {"dir", required_argument, NULL, OPT_DIR},
    {"token", required_argument, NULL, OPT_TOKEN},
    {"token-file", required_argument, NULL, OPT_TOKEN_FILE},
    {"host", required_argument, NULL, OPT_HOST},
    {"name", required_argument, NULL, OPT_NAME},
    {"controller", required_argument, NULL, OPT_CONTROLLER},
    {"proxy", required_argument, NULL, OPT_PROXY},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"output", required_argument, NULL, OPT_OUTPUT},
    {"from", required_argument, NULL, OPT_FROM},
    {"side", required_argument, NULL, OPT_SIDE},
    {"objects", required_argument, NULL, OPT_OBJECTS},
    {"other", required_argument, NULL, OPT_OTHER},
    {"data", required_argument, NULL, OPT_DATA},
    {"probe", no_argument, NULL, OPT_PROBE},
    {"during-handoff", no_argument, NULL, OPT_DURING_HANDOFF},
    {"service", no_argument, NULL, OPT_SERVICE},
    {"verbose", no_argument, NULL, OPT_VERBOSE},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

static enum baton_status
parse_seconds(const char *text, uint64_t *ret_ms, struct baton_err *err)
{
    char *end;
    unsigned long seconds = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || seconds == 0 || seconds > 3600)
        return baton_fail(err, BATON_USAGE, "--timeout takes 1 to 3600 seconds, not '%s'", text);
    *ret_ms = seconds * 1000;
    return BATON_OK;
}

static enum baton_status
take_option(struct options *o, int option, const char *word, struct baton_err *err)
{
    const struct {
        int option;
        const char **text;
    } texts[] = {{OPT_DIR, &o->dir},
                 {OPT_TOKEN, &o->enrol.token},
                 {OPT_HOST, &o->enrol.host},
                 {OPT_TOKEN_FILE, &o->enrol.token_file},
                 {OPT_NAME, &o->enrol.name},
                 {OPT_CONTROLLER, &o->enrol.controller},
                 {OPT_PROXY, &o->enrol.proxy},
                 {OPT_OUTPUT, &o->output},
                 {OPT_FROM, &o->preflight.from},
                 {OPT_SIDE, &o->preflight.side},
                 {OPT_OBJECTS, &o->preflight.objects},
                 {OPT_OTHER, &o->preflight.other},
                 {OPT_DATA, &o->preflight.data}};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (texts[i].option == option) {
            *texts[i].text = optarg;
            return BATON_OK;
        }
    }
    if (option == OPT_TIMEOUT)
        return parse_seconds(optarg, &o->enrol.timeout_ms, err);
    if (option == OPT_PROBE) {
        o->preflight.probe = true;
        return BATON_OK;
    }
    if (option == OPT_DURING_HANDOFF) {
        o->during_handoff = true;
        return BATON_OK;
    }
    if (option == OPT_SERVICE) {
        o->service = true;
        return BATON_OK;
    }
    if (option == OPT_VERBOSE) {
        log_level_set(LEVEL_DEBUG);
        return BATON_OK;
    }
    return baton_fail(err, BATON_USAGE, "%s %s; see baton-agent --help",
                      option == ':' ? "a value is missing after" : "no such option:", word);
}

static enum baton_status
command_enrol(const struct options *o, struct baton_err *err)
{
    struct enrol_options e = o->enrol;
    e.dir = o->dir;
    if (e.host == NULL)
        e.host = host_default();
    if (e.host == NULL)
        return baton_fail(err, BATON_USAGE, "enrol needs --host lab:SOCKET");
    if ((e.token == NULL) == (e.token_file == NULL))
        return baton_fail(err, BATON_USAGE, "enrol needs --token-file FILE or --token TEXT");
    return agent_enrol(&e, err);
}

static enum baton_status
command_run(const struct options *o, struct baton_err *err)
{
    return agent_run(o->dir, err);
}

static enum baton_status
check_output(const struct options *o, struct baton_err *err)
{
    if (strcmp(o->output, "table") != 0 && strcmp(o->output, "json") != 0)
        return baton_fail(err, BATON_USAGE, "--output is table or json, not '%s'", o->output);
    return BATON_OK;
}

static enum baton_status
command_status(const struct options *o, struct baton_err *err)
{
    enum baton_status rc = check_output(o, err);
    return rc == BATON_OK ? status_show(o->dir, o->output, err) : rc;
}

static enum baton_status
command_may_stop(const struct options *o, struct baton_err *err)
{
    return may_stop(o->dir, err);
}

static enum baton_status
command_preflight(const struct options *o, struct baton_err *err)
{
    struct preflight_options p = o->preflight;
    p.dir = o->dir;
    p.host = o->enrol.host;
    p.output = o->output;
    enum baton_status rc = check_output(o, err);
    return rc == BATON_OK ? agent_preflight(&p, err) : rc;
}

static enum baton_status
command_service(const struct options *o, struct baton_err *err)
{
    struct service_options s = {
        .verb = o->verb, .dir = o->dir, .output = o->output, .during_handoff = o->during_handoff};
    enum baton_status rc = check_output(o, err);
    return rc == BATON_OK ? service_command(&s, err) : rc;
}

static const struct command {
    const char *name;
    enum baton_status (*run)(const struct options *o, struct baton_err *err);
    bool needs_dir;
} commands[] = {{"enrol", command_enrol, true},          {"run", command_run, true},
                {"status", command_status, true},        {"may-stop", command_may_stop, true},
                {"preflight", command_preflight, false}, {"service", command_service, false}};

/* What the machine's administrator fixed, the flag, or where this system keeps such things. */
static enum baton_status
find_dir(const struct options *o, char out[SETUP_PATH_BYTES], struct baton_err *err)
{
    struct managed m;
    enum log_level level;
    enum baton_status rc = managed_read(&m, err);
    if (rc == BATON_USAGE)
        log_error("settings.wrong", "%s", err->text);
    if (rc != BATON_OK)
        return rc;
    if (m.set[MANAGED_LOG_LEVEL] && log_level_parse(m.text[MANAGED_LOG_LEVEL], &level))
        log_level_set(level);
    return managed_dir(&m, o->dir, out, SETUP_PATH_BYTES, err);
}

static enum baton_status
run_command(const struct command *c, const struct options *o, struct baton_err *err)
{
    char dir[SETUP_PATH_BYTES];
    struct options found = *o;
    enum baton_status rc = c->needs_dir ? find_dir(o, dir, err) : BATON_OK;
    if (c->needs_dir)
        found.dir = dir;
    if (rc == BATON_OK)
        rc = crypto_init(err);
    return rc == BATON_OK ? c->run(&found, err) : rc;
}

static const struct command *
find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* Words that are no options: a command, and after service what to do with it. */
static enum baton_status
take_words(struct options *o, int count, char **words, struct baton_err *err)
{
    const struct command *c = count == 0 ? NULL : find_command(words[0]);
    if (count > 0 && c == NULL)
        return baton_fail(err, BATON_USAGE, "there is no command '%s': see baton-agent --help",
                          words[0]);
    bool verb = c != NULL && c->run == command_service;
    if (c == NULL || count != (verb ? 2 : 1))
        return baton_fail(err, BATON_USAGE,
                          verb ? "service install, uninstall, start, stop, repair or status"
                               : "one command: enrol, run, status, may-stop, preflight or service; "
                                 "see --help");
    o->verb = verb ? words[1] : NULL;
    return run_command(c, o, err);
}

/* --- as a service --- */

static enum baton_status
serve(void *ctx, struct baton_err *err)
{
    char dir[SETUP_PATH_BYTES];
    enum baton_status rc = find_dir(ctx, dir, err);
    if (rc == BATON_OK)
        rc = crypto_init(err);
    return rc == BATON_OK ? agent_serve(dir, err) : rc;
}

static enum baton_status
be_service(struct options *o, struct baton_err *err)
{
    const struct service_job job = {.run = serve, .ctx = o, .dir = o->dir};
    return service_dispatch(&job, err);
}

static int
finish(enum baton_status rc, const struct baton_err *err)
{
    if (rc != BATON_OK)
        fprintf(stderr, "baton-agent: %s\n",
                err->text[0] == '\0' ? baton_status_text(rc) : err->text);
    return baton_status_exit_code(rc);
}

int
main(int argc, char **argv)
{
    struct options o = {.output = "table", .enrol = {.timeout_ms = 60000}};
    struct baton_err err = {0};
    process_prepare(&argc, &argv);
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":", long_options, NULL)) != -1;) {
        if (option == OPT_HELP || option == OPT_VERSION) {
            if (option == OPT_HELP)
                fputs(usage, stdout);
            else
                puts("baton-agent " BATON_VERSION);
            return 0;
        }
        enum baton_status rc = take_option(&o, option, argv[optind - 1], &err);
        if (rc != BATON_OK)
            return finish(rc, &err);
    }
    enum baton_status rc =
        o.service ? be_service(&o, &err) : take_words(&o, argc - optind, argv + optind, &err);
    return finish(rc, &err);
}
