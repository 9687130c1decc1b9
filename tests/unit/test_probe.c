#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/probe.h"

/* A port of our own: listening, or bound so that nobody else listens there. */
static int
own_port(bool listening, uint16_t *ret_port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    if (listening)
        assert_int_equal(listen(fd, 4), 0);
    *ret_port = ntohs(a.sin_port);
    return fd;
}

static void
a_port_that_listens_is_reached_and_another_is_not(void **state)
{
    (void)state;
    uint16_t open_port, closed_port;
    int a = own_port(true, &open_port), b = own_port(false, &closed_port);
    assert_true(probe_tcp("127.0.0.1", open_port, 5000));
    assert_false(probe_tcp("127.0.0.1", closed_port, 5000));
    close(a);
    close(b);
}

static void
a_name_that_does_not_resolve_is_not_reached(void **state)
{
    (void)state;
    assert_false(probe_tcp("no such host.invalid", 443, 100));
}

static void
families_and_descriptions_are_not_probed(void **state)
{
    (void)state;
    assert_true(probe_possible("login.microsoftonline.com"));
    assert_false(probe_possible("*.windows.net"));
    assert_false(probe_possible("each domain controller"));
    assert_false(probe_possible("localhost"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_that_listens_is_reached_and_another_is_not),
        cmocka_unit_test(a_name_that_does_not_resolve_is_not_reached),
        cmocka_unit_test(families_and_descriptions_are_not_probed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
