/* A pack becomes the model and the digest that the agent on the other server reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "common/readers/config_packed.h"

#include <cmocka.h>
#include <string.h>

static const char connector[] =
    "<ma-data><id>{b891884f-051e-4a83-95af-2544101c9083}</id><name>contoso - AAD</name>"
    "<category>Extensible2</category><version>%</version></ma-data>";
static const char settings[] =
    "<saved-mv-configuration server='A' export-date='x'><mv-data>"
    "<parameter-values><parameter name=\"Microsoft.X\" type=\"string\""
    ">1</parameter></parameter-values></mv-data></saved-mv-configuration>";
static const char rule[] =
    "<synchronizationRule><name>In</name><direction>Inbound</direction></synchronizationRule>";
static const char agent[] =
    "<saved-ma-configuration server='B' export-date='x'><ma-data><id>{AA}</id><name>Active "
    "Directory "
    "Connector</name><category>AD</category></ma-data></saved-ma-configuration>";

static uint8_t pack[8192];
static size_t pack_len;
static struct baton_err err;

static void
add(const char *name, const char *content)
{
    pack_len += config_pack_head(name, strlen(content), pack + pack_len);
    memcpy(pack + pack_len, content, strlen(content));
    pack_len += strlen(content);
}

static void
begin(void)
{
    memcpy(pack, config_pack_magic, CONFIG_PACK_MAGIC_BYTES);
    pack_len = CONFIG_PACK_MAGIC_BYTES;
}

static enum baton_status
read_pack(size_t piece, struct config_model **ret_model, struct baton_hash *ret_digest)
{
    struct config_packed *p;
    assert_int_equal(config_packed_open(&p, &err), BATON_OK);
    enum baton_status rc = BATON_OK;
    for (size_t at = 0; rc == BATON_OK && at < pack_len; at += piece)
        rc = config_packed_push(p, pack + at, pack_len - at < piece ? pack_len - at : piece, &err);
    if (rc == BATON_OK)
        rc = config_packed_finish(p, ret_model, ret_digest, &err);
    config_packed_close(&p);
    assert_null(p);
    return rc;
}

/* As the agent's collector on the other server does it. */
static struct baton_hash
folded(const char *const content[], const char *const folder[], const char *const file[], size_t n)
{
    struct config_entry entry[4];
    struct baton_hash digest;
    for (size_t i = 0; i < n; i++) {
        struct config_file *f;
        assert_int_equal(config_file_open(&f, &err), BATON_OK);
        assert_int_equal(config_file_push(f, content[i], strlen(content[i]), &err), BATON_OK);
        assert_int_equal(config_file_finish(f, &entry[i].hash, &err), BATON_OK);
        config_file_close(&f);
        assert_true(config_entry_name(&entry[i], folder[i], file[i]));
    }
    config_fold(entry, n, "", &digest);
    return digest;
}

static void
model_and_digest_come_out_whatever_the_pieces(void **state)
{
    (void)state;
    const char *const content[] = {connector, settings, rule},
                      *const folder[] = {"Connectors", "GlobalSettings", "SynchronizationRules"},
                      *const file[] = {"a.xml", "MV.xml", "r.xml"};
    struct baton_hash wanted = folded(content, folder, file, 3), digest;
    begin();
    add("Connectors/a.xml", connector);
    add("GlobalSettings/MV.xml", settings);
    add("SynchronizationRules/r.xml", rule);
    for (size_t piece = 1; piece < pack_len; piece += 37) {
        struct config_model *m = NULL;
        assert_int_equal(read_pack(piece, &m, &digest), BATON_OK);
        assert_int_equal(m->connector_count, 1);
        assert_int_equal(m->connector[0].kind, CONNECTOR_ENTRA);
        assert_int_equal(m->parameter_count, 1);
        assert_int_equal(m->source, CONFIG_SERVER_EXPORT);
        assert_true(baton_hash_eq(&digest, &wanted));
        config_model_free(&m);
    }
}

static void
files_in_no_folder_are_of_a_dirsync_era_server(void **state)
{
    (void)state;
    const char *const content[] = {agent, settings}, *const folder[] = {"", ""},
                      *const file[] = {"MA-{AA}.XML", "MV.XML"};
    struct baton_hash wanted = folded(content, folder, file, 2), digest;
    struct config_model *m = NULL;
    begin();
    add("MA-{AA}.XML", agent);
    add("MV.XML", settings);
    assert_int_equal(read_pack(50, &m, &digest), BATON_OK);
    assert_int_equal(m->source, CONFIG_FIM_EXPORT);
    assert_string_equal(m->connector[0].id, "aa");
    assert_true(baton_hash_eq(&digest, &wanted));
    config_model_free(&m);
}

static void
half_a_configuration_gives_no_model(void **state)
{
    (void)state;
    static const struct {
        const char *name[3], *content[3], *says;
    } rows[] = {
        {{"Connectors/a.xml", "GlobalSettings/MV.xml", NULL}, {connector, settings}, "0 rules"},
        {{"Connectors/a.xml", "SynchronizationRules/r.xml", NULL},
         {connector, rule},
         "0 global settings"},
        {{"GlobalSettings/MV.xml", "SynchronizationRules/r.xml", NULL},
         {settings, rule},
         "0 connectors"},
        {{"MV.XML", NULL, NULL}, {settings}, "0 connectors"},
        {{"MA.XML", "r.xml", NULL}, {agent, rule}, "1 rules"},
        {{"Connectors/a.xml", "MA.XML", NULL}, {connector, agent}, "another form"},
        {{"MA1.XML", "MA2.XML", NULL}, {agent, agent}, "two files of the configuration"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct config_model *m = NULL;
        struct baton_hash digest;
        begin();
        for (size_t k = 0; k < 3 && rows[i].name[k] != NULL; k++)
            add(rows[i].name[k], rows[i].content[k]);
        assert_int_equal(read_pack(50, &m, &digest), BATON_MALFORMED);
        if (strstr(err.text, rows[i].says) == NULL)
            fail_msg("'%s' does not say '%s'", err.text, rows[i].says);
        assert_null(m);
    }
}

static void
a_damaged_file_is_told_by_its_name_and_gives_no_model(void **state)
{
    (void)state;
    struct config_model *m = NULL;
    struct baton_hash digest;
    begin();
    add("Connectors/a.xml", "<ma-data><id>");
    assert_int_equal(read_pack(50, &m, &digest), BATON_MALFORMED);
    assert_non_null(strstr(err.text, "Connectors/a.xml"));
    begin();
    add("Connectors/a.xml", connector);
    pack_len -= 3;
    assert_int_equal(read_pack(50, &m, &digest), BATON_MALFORMED);
    assert_null(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(model_and_digest_come_out_whatever_the_pieces),
        cmocka_unit_test(files_in_no_folder_are_of_a_dirsync_era_server),
        cmocka_unit_test(half_a_configuration_gives_no_model),
        cmocka_unit_test(a_damaged_file_is_told_by_its_name_and_gives_no_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
