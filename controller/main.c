/* baton-controller: makes, runs and looks after one controller. */
#include "common/log.h"
#include "controller/adapters/api.h"
#include "controller/adapters/store_sqlite.h"
#include "controller/init.h"
#include "controller/rebuild.h"
#include "controller/service.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "baton-controller " BATON_VERSION
    " - hands the export role of Entra tenants from server to server\n"
    "\n"
    "  baton-controller init --dir DIR [--listen tcp://ADDRESS:PORT] [--advertise "
    "tcp://HOST:PORT]\n"
    "                        [--api ADDRESS:PORT] [--operator NAME]\n"
    "                        [--allow NETWORK[,NETWORK...]]\n"
    "  baton-controller run --dir DIR          serve until SIGTERM\n"
    "  baton-controller check --dir DIR        the whole database: integrity, chains, tree, state\n"
    "  baton-controller rebuild --dir DIR      make the state rows again from the audit\n"
    "  baton-controller backup --dir DIR FILE  copy the database while it is in use, and check it\n"
    "  baton-controller fingerprint --dir DIR  of its certificate, as clients pin it\n"
    "  baton-controller config explain --dir DIR\n"
    "  baton-controller --version | --help\n"
    "\n"
    "  --listen, --advertise and --api are accepted by run too, and win over baton.ini.\n"
    "  --allow: who may reach it as a service; without it, the private networks.\n"
    "\n"
    "Examples\n"
    "  baton-controller init --dir /var/lib/baton --listen tcp://192.0.2.7:7400 --api "
    "192.0.2.7:7443\n"
    "  baton-controller run --dir /var/lib/baton\n"
    "  baton-controller backup --dir /var/lib/baton /srv/backup/baton-monday.db\n";

struct arguments {
    struct settings_flags flags;
    const char *operator, * allow;
    const char *word[3]; /* command and what stands behind it */
    int words;
};

static enum baton_status
arguments_parse(int argc, char **argv, struct arguments *a, struct baton_err *err)
{
    static const struct option options[] = {
        {"dir", required_argument, NULL, 'd'},
        {"listen", required_argument, NULL, 'l'},
        {"advertise", required_argument, NULL, 'a'},
        {"api", required_argument, NULL, 'p'},
        {"operator", required_argument, NULL, 'o'},
        {"allow", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    int option;
    opterr = 0;
    *a = (struct arguments){.operator= "admin" };
    while ((option = getopt_long(argc, argv, ":hv", options, NULL)) != -1) {
        switch (option) {
        case 'd':
            a->flags.dir = optarg;
            break;
        case 'l':
            a->flags.listen = optarg;
            break;
        case 'a':
            a->flags.advertise = optarg;
            break;
        case 'p':
            a->flags.api = optarg;
            break;
        case 'o':
            a->operator= optarg;
            break;
        case 'w':
            a->allow = optarg;
            break;
        case 'h':
            a->word[a->words++] = "help";
            return BATON_OK;
        case 'v':
            a->word[a->words++] = "version";
            return BATON_OK;
        default:
            return baton_fail(err, BATON_USAGE, "%s: %s; see baton-controller --help",
                              argv[optind - 1],
                              option == ':' ? "a value is missing" : "no such option");
        }
    }
    for (; optind < argc && a->words < (int)ARRAY_LEN(a->word); optind++)
        a->word[a->words++] = argv[optind];
    if (optind < argc)
        return baton_fail(err, BATON_USAGE, "%s: too many words; see baton-controller --help",
                          argv[optind]);
    return BATON_OK;
}

static enum baton_status
command_help(const struct arguments *a, struct baton_err *err)
{
    (void)a;
    (void)err;
    fputs(usage, stdout);
    return BATON_OK;
}

static enum baton_status
command_version(const struct arguments *a, struct baton_err *err)
{
    (void)a;
    (void)err;
    puts("baton-controller " BATON_VERSION);
    return BATON_OK;
}

static enum baton_status
command_init(const struct arguments *a, struct baton_err *err)
{
    struct init_wish wish = {.flags = a->flags, .operator= a->operator, .allow = a->allow };
    log_level_set(LEVEL_WARN);
    return init_run(&wish, err);
}

static void
log_level_apply(const struct settings *s)
{
    enum log_level level;
    if (getenv("BATON_LOG") == NULL && log_level_parse(config_text(s->config, "log.level"), &level))
        log_level_set(level);
}

static enum baton_status
command_run(const struct arguments *a, struct baton_err *err)
{
    struct settings settings;
    struct service service;
    enum baton_status rc = settings_open(&settings, &a->flags, err);
    if (rc != BATON_OK)
        return rc;
    log_level_apply(&settings);
    rc = service_open(&service, &settings, err);
    if (rc == BATON_OK) {
        rc = service_run(&service, err);
        service_close(&service);
    }
    settings_close(&settings);
    return rc;
}

/* Progress is for a person who waits at a terminal, not for a file. */
static void
progress_tell(void *arg, uint64_t done, uint64_t total)
{
    (void)arg;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%llu of %llu records", (unsigned long long)done,
                (unsigned long long)total);
}

static enum baton_status
scratch_open(const struct settings *s, char path[SETTINGS_PATH_BYTES],
             struct store_port *ret_scratch, struct baton_err *err)
{
    snprintf(path, SETTINGS_PATH_BYTES, "%s/rebuild-%ld.db", s->dir, (long)getpid());
    return store_sqlite_open(path, STORE_READ_WRITE, crypto_digest_port(), ret_scratch, err);
}

static void
scratch_remove(const char *path)
{
    static const char *const side[] = {"", "-wal", "-shm", ".lock", "-lock"};
    char name[SETTINGS_PATH_BYTES + 16];
    for (size_t i = 0; i < ARRAY_LEN(side); i++) {
        snprintf(name, sizeof name, "%s%s", path, side[i]);
        unlink(name);
    }
}

static enum baton_status
rebuild_open(const struct settings *s, bool repair, struct rebuild_result *ret_result,
             struct baton_err *err)
{
    struct store_progress progress = {progress_tell, NULL};
    struct store_port store, scratch;
    struct store_check check;
    char path[SETTINGS_PATH_BYTES];
    enum baton_status rc = store_sqlite_open_watched(s->store, STORE_READ_WRITE,
                                                     crypto_digest_port(), &progress, &store, err);
    if (rc != BATON_OK)
        return rc;
    rc = scratch_open(s, path, &scratch, err);
    if (rc == BATON_OK) {
        rc = store_sqlite_check(&store, NULL, &check, err);
        if (rc == BATON_OK)
            rc = rebuild_run(&store, &scratch, repair, ret_result, err);
        scratch.close(scratch.ctx);
        scratch_remove(path);
    }
    store.close(store.ctx);
    return rc;
}

static enum baton_status
command_rebuild(const struct arguments *a, struct baton_err *err)
{
    struct settings s;
    struct rebuild_result r;
    bool repair = strcmp(a->word[0], "rebuild") == 0;
    enum baton_status rc = settings_open(&s, &a->flags, err);
    if (rc != BATON_OK)
        return rc;
    rc = rebuild_open(&s, repair, &r, err);
    settings_close(&s);
    if (rc == BATON_OK)
        printf("%llu records, %llu rows, %llu %s\n", (unsigned long long)r.records,
               (unsigned long long)r.rows, (unsigned long long)r.different,
               repair ? "repaired" : "different");
    return rc;
}

static enum baton_status
command_backup(const struct arguments *a, struct baton_err *err)
{
    struct settings s;
    struct store_port store;
    struct store_check check;
    if (a->words != 2)
        return baton_fail(err, BATON_USAGE, "baton-controller backup --dir DIR FILE");
    enum baton_status rc = settings_open(&s, &a->flags, err);
    if (rc != BATON_OK)
        return rc;
    rc = store_sqlite_open(s.store, STORE_READ_ONLY, crypto_digest_port(), &store, err);
    if (rc == BATON_OK) {
        rc = store_sqlite_backup(&store, a->word[1], &check, err);
        store.close(store.ctx);
    }
    if (rc == BATON_OK)
        printf("%s: %llu records of %llu tenants, checked. Keep %s apart from it.\n", a->word[1],
               (unsigned long long)check.records, (unsigned long long)check.tenants, s.keys);
    settings_close(&s);
    return rc;
}

static enum baton_status
command_fingerprint(const struct arguments *a, struct baton_err *err)
{
    struct settings s;
    char fingerprint[API_FINGERPRINT_BYTES];
    enum baton_status rc = settings_open(&s, &a->flags, err);
    if (rc != BATON_OK)
        return rc;
    rc = api_tls_ensure(s.cert, s.cert_key, s.api_host, fingerprint, err);
    if (rc == BATON_OK)
        puts(fingerprint);
    settings_close(&s);
    return rc;
}

static void
explain_one(void *arg, const struct config_shown *shown)
{
    (void)arg;
    printf("%-16s %-32s %-28s %s\n", shown->key->name, shown->value, shown->origin,
           shown->key->what);
}

static enum baton_status
command_config(const struct arguments *a, struct baton_err *err)
{
    struct settings s;
    if (a->words != 2 || strcmp(a->word[1], "explain") != 0)
        return baton_fail(err, BATON_USAGE, "baton-controller config explain --dir DIR");
    enum baton_status rc = settings_open(&s, &a->flags, err);
    if (rc != BATON_OK)
        return rc;
    config_each(s.config, explain_one, NULL);
    settings_close(&s);
    return BATON_OK;
}

static const struct {
    const char *name;
    int words; /* most that may stand, the name included */
    enum baton_status (*run)(const struct arguments *a, struct baton_err *err);
} commands[] = {
    {"init", 1, command_init},
    {"run", 1, command_run},
    {"check", 1, command_rebuild},
    {"rebuild", 1, command_rebuild},
    {"backup", 2, command_backup},
    {"config", 2, command_config},
    {"fingerprint", 1, command_fingerprint},
    {"help", 1, command_help},
    {"version", 1, command_version},
};

static enum baton_status
command_run_named(const struct arguments *a, struct baton_err *err)
{
    if (a->words == 0)
        return baton_fail(err, BATON_USAGE, "what shall it do? See baton-controller --help");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (strcmp(commands[i].name, a->word[0]) != 0)
            continue;
        if (a->words > commands[i].words)
            return baton_fail(err, BATON_USAGE, "%s: too many words; see baton-controller --help",
                              a->word[commands[i].words]);
        return commands[i].run(a, err);
    }
    return baton_fail(err, BATON_USAGE, "%s: no such command; see baton-controller --help",
                      a->word[0]);
}

/* Keys must not reach a core file or another process of the same user. */
static void
process_harden(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
    umask(077);
}

int
main(int argc, char **argv)
{
    struct arguments a;
    struct baton_err err = {0};
    process_harden();
    enum baton_status rc = crypto_init(&err);
    if (rc == BATON_OK)
        rc = arguments_parse(argc, argv, &a, &err);
    if (rc == BATON_OK)
        rc = command_run_named(&a, &err);
    if (rc == BATON_OK)
        return 0;
    fprintf(stderr, "baton-controller: %s\n",
            err.text[0] != '\0' ? err.text : baton_status_text(rc));
    return baton_status_exit_code(rc);
}
