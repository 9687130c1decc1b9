/* tsan.h: what ThreadSanitizer shall not report. Debian's libraries are not instrumented, so their
 * own hand-overs between threads look like races; ours do not pass through here.
 * Included by exactly one file of a program.
 */
#ifndef TESTS_TSAN_H
#define TESTS_TSAN_H

#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif

#ifdef UNDER_TSAN
const char *__tsan_default_suppressions(void);
const char *
__tsan_default_suppressions(void)
{
    return "called_from_lib:libzmq.so\n"
           "called_from_lib:libczmq.so\n"
           "called_from_lib:libsodium.so\n"
           "mutex:process_init\n"; /* czmq's unlock, tail-called into our frame */
}
#endif

#endif
