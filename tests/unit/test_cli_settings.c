/* Settings, secrets and keys on the operator's machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "common/crypto/keyfile.h"
#include "controller/cli/settings.h"
#include "controller/cli/trust_client.h"

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char home[64];
static const struct command some_command = {.noun = "cutover", .verb = "show"};

static int
setup(void **state)
{
    (void)state;
    snprintf(home, sizeof home, "/tmp/baton-cli-XXXXXX");
    assert_non_null(mkdtemp(home));
    setenv("HOME", home, 1);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("BATON_URL");
    unsetenv("BATON_CONFIG");
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", home);
    return system(command);
}

static void
place(const char *name, const char *text, mode_t mode, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/%s", home, name);
    FILE *f = fopen(out, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(out, mode), 0);
}

static void
a_secret_that_others_can_read_is_refused(void **state)
{
    (void)state;
    struct cli c = {0};
    char path[PATH_BYTES], out[64];
    place("token", "word\n", 0640, path);
    assert_int_equal(secret_read_file(&c, path, out, sizeof out), BATON_DENIED);
    assert_non_null(strstr(c.err.text, "chmod 600"));
    chmod(path, 0604);
    assert_int_equal(secret_read_file(&c, path, out, sizeof out), BATON_DENIED);
    chmod(path, 0600);
    assert_int_equal(secret_read_file(&c, path, out, sizeof out), BATON_OK);
    assert_string_equal(out, "word");
}

static void
an_empty_or_missing_secret_is_said(void **state)
{
    (void)state;
    struct cli c = {0};
    char path[PATH_BYTES], out[64];
    place("empty", "\n", 0600, path);
    assert_int_equal(secret_read_file(&c, path, out, sizeof out), BATON_MALFORMED);
    assert_int_equal(secret_read_file(&c, "/nonexistent/x", out, sizeof out), BATON_NOT_FOUND);
}

static void
a_written_secret_is_private_and_replaces_the_old_one(void **state)
{
    (void)state;
    struct cli c = {0};
    struct stat st;
    char path[PATH_BYTES], out[64];
    place("token", "old\n", 0600, path);
    assert_int_equal(secret_write_file(&c, path, "new"), BATON_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(secret_read_file(&c, path, out, sizeof out), BATON_OK);
    assert_string_equal(out, "new");
}

static void
a_setting_is_stored_without_losing_the_others(void **state)
{
    (void)state;
    struct cli c = {.command = &some_command};
    char path[PATH_BYTES];
    place("b.ini", "; mine\n[controller]\nurl = https://one\n\n[output]\nformat = json\n", 0600,
          path);
    snprintf(c.config_path, sizeof c.config_path, "%s", path);
    assert_int_equal(settings_store(&c, "controller.url", "https://two"), BATON_OK);
    assert_int_equal(settings_store(&c, "controller.fingerprint", "ab"), BATON_OK);
    assert_int_equal(settings_store(&c, "operator.key-file", "k"), BATON_OK);
    setenv("BATON_CONFIG", path, 1);
    assert_int_equal(settings_open(&c), BATON_OK);
    assert_string_equal(config_text(c.config, "controller.url"), "https://two");
    assert_string_equal(config_text(c.config, "controller.fingerprint"), "ab");
    assert_string_equal(config_text(c.config, "operator.key-file"), "k");
    assert_string_equal(config_text(c.config, "output.format"), "json");
    config_close(&c.config);
    char text[512] = "";
    FILE *f = fopen(path, "r");
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    assert_true(n > 0 && strstr(text, "; mine") != NULL);
}

static void
the_first_setting_makes_folder_and_file(void **state)
{
    (void)state;
    struct cli c = {.command = &some_command};
    struct stat st;
    assert_int_equal(settings_open(&c), BATON_OK);
    assert_int_equal(settings_store(&c, "controller.url", "https://a"), BATON_OK);
    config_close(&c.config);
    assert_int_equal(stat(c.config_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_non_null(strstr(c.config_path, "/.config/baton/baton.ini"));
}

static void
environment_beats_the_file_and_a_flag_beats_both(void **state)
{
    (void)state;
    static const struct option_row url = {"url", "URL", ""};
    struct cli c = {.command = &some_command};
    char path[PATH_BYTES];
    place("b.ini", "[controller]\nurl = https://file\n", 0600, path);
    setenv("BATON_CONFIG", path, 1);
    setenv("BATON_URL", "https://environment", 1);
    assert_int_equal(settings_open(&c), BATON_OK);
    assert_string_equal(config_text(c.config, "controller.url"), "https://environment");
    config_close(&c.config);
    c.args.option[0].row = &url;
    c.args.option[0].value = "https://flag";
    c.args.option_count = 1;
    assert_int_equal(settings_open(&c), BATON_OK);
    assert_string_equal(config_text(c.config, "controller.url"), "https://flag");
    config_close(&c.config);
    unsetenv("BATON_URL");
}

static void
a_setting_that_nobody_knows_is_an_error(void **state)
{
    (void)state;
    struct cli c = {.command = &some_command};
    char path[PATH_BYTES];
    place("b.ini", "[controller]\nurll = x\n", 0600, path);
    setenv("BATON_CONFIG", path, 1);
    assert_int_equal(settings_open(&c), BATON_USAGE);
    config_close(&c.config);
}

static void
a_key_opens_only_under_its_passphrase(void **state)
{
    (void)state;
    struct cli c = {.command = &some_command};
    struct crypto_signer made, opened;
    char path[PATH_BYTES], pass[PATH_BYTES], ini[PATH_BYTES], text[1200];
    snprintf(path, sizeof path, "%s/operator.key", home);
    place("pass", "right words\n", 0600, pass);
    assert_int_equal(crypto_signer_new(&made, &c.err), BATON_OK);
    assert_int_equal(keyfile_seal(path, &made, "right words", keyfile_cost_least(), &c.err),
                     BATON_OK);
    snprintf(text, sizeof text, "[operator]\nkey-file = %s\npassphrase-file = %s\n", path, pass);
    place("b.ini", text, 0600, ini);
    setenv("BATON_CONFIG", ini, 1);
    assert_int_equal(settings_open(&c), BATON_OK);
    assert_int_equal(signer_unlock(&c, &opened), BATON_OK);
    assert_true(baton_key_eq(&opened.key, &made.key));
    crypto_signer_done(&opened);
    place("pass", "wrong words\n", 0600, pass);
    assert_int_equal(signer_unlock(&c, &opened), BATON_DENIED);
    place("pass", "right words\n", 0644, pass);
    assert_int_equal(signer_unlock(&c, &opened), BATON_DENIED);
    config_close(&c.config);
    crypto_signer_done(&made);
}

#define WITH_HOME(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOME(a_secret_that_others_can_read_is_refused),
        WITH_HOME(an_empty_or_missing_secret_is_said),
        WITH_HOME(a_written_secret_is_private_and_replaces_the_old_one),
        WITH_HOME(a_setting_is_stored_without_losing_the_others),
        WITH_HOME(the_first_setting_makes_folder_and_file),
        WITH_HOME(environment_beats_the_file_and_a_flag_beats_both),
        WITH_HOME(a_setting_that_nobody_knows_is_an_error),
        WITH_HOME(a_key_opens_only_under_its_passphrase),
    };
    struct baton_err err;
    if (crypto_init(&err) != BATON_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
