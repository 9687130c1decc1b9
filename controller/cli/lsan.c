/* Only in builds with the address sanitizer. Its leak check takes the thread-local storage of a library
 * that was loaded late (libcurl, GnuTLS) for a pointer and crashes while it looks for leaks; without
 * thread-local storage as a root it works. */
const char *__lsan_default_options(void);

const char *
__lsan_default_options(void)
{
    return "use_tls=0:print_suppressions=0";
}
