#include "torture.h"

#include "controller/allow.h"

static char text[ALLOW_TEXT_BYTES];
static struct baton_err err;

static void
everybody_but_the_named_networks_and_this_machine_is_denied(void **state)
{
    (void)state;
    assert_int_equal(allow_drop_in("192.0.2.0/24,2001:db8::/32,198.51.100.7", text, &err),
                     BATON_OK);
    assert_non_null(strstr(text, "[Service]\nIPAddressDeny=any\nIPAddressAllow=localhost\n"
                                 "IPAddressAllow=192.0.2.0/24\nIPAddressAllow=2001:db8::/32\n"
                                 "IPAddressAllow=198.51.100.7\n"));
}

static void
without_a_list_the_private_networks_are_allowed(void **state)
{
    (void)state;
    assert_int_equal(allow_drop_in(NULL, text, &err), BATON_OK);
    assert_non_null(strstr(text, "IPAddressAllow=10.0.0.0/8\n"));
    assert_non_null(strstr(text, "IPAddressAllow=fc00::/7\n"));
}

static void
refused(const char *networks, const char *says)
{
    assert_int_equal(allow_drop_in(networks, text, &err), BATON_USAGE);
    if (strstr(err.text, says) == NULL)
        fail_msg("'%s' is refused with: %s", networks, err.text);
}

static void
what_is_no_network_is_named(void **state)
{
    (void)state;
    refused("", "'' is no address");
    refused("10.0.0.0/8,", "'' is no address");
    refused("10.0.0.0/8,office", "'office' is no address");
    refused("10.0.0.0/8\nIPAddressAllow=any", "0 to 32");
    refused("2001:db8::1%eth0", "no address");
    refused("10.0.0.0/33", "0 to 32");
    refused("::/129", "0 to 128");
    refused("10.0.0.0/", "0 to 32");
    refused("10.0.0.0/-1", "0 to 32");
    refused("10.0.0.0/8x", "0 to 32");
}

static void
an_address_with_a_shorter_prefix_is_not_cut_silently(void **state)
{
    (void)state;
    refused("10.1.2.3/8", "bits behind its prefix of 8");
    assert_int_equal(allow_drop_in("10.1.2.3/32,0.0.0.0/0,10.128.0.0/9", text, &err), BATON_OK);
    refused("10.192.0.0/9", "bits behind");
}

static void
a_list_has_a_limit_that_fits_the_text(void **state)
{
    (void)state;
    static const char longest[] = "1111:2222:3333:4444:5555:6666:7777:8888/128";
    char list[(sizeof longest) * (ALLOW_NETWORKS_MAX + 1)] = "";
    for (int i = 0; i < ALLOW_NETWORKS_MAX; i++) {
        strcat(list, longest);
        strcat(list, i + 1 < ALLOW_NETWORKS_MAX ? "," : "");
    }
    assert_int_equal(allow_drop_in(list, text, &err), BATON_OK);
    assert_string_equal(text + strlen(text) - sizeof longest - 1 - strlen("IPAddressAllow=") + 1,
                        "IPAddressAllow=1111:2222:3333:4444:5555:6666:7777:8888/128\n");
    strcat(list, ",::1");
    refused(list, "more than 64");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_but_the_named_networks_and_this_machine_is_denied),
        cmocka_unit_test(without_a_list_the_private_networks_are_allowed),
        cmocka_unit_test(what_is_no_network_is_named),
        cmocka_unit_test(an_address_with_a_shorter_prefix_is_not_cut_silently),
        cmocka_unit_test(a_list_has_a_limit_that_fits_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
