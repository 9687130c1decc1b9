/* The data files of deploy/prerequisites, without their indentation, taken in when this is assembled. */
#include "prereq.h"

// clang-format off
#define PREREQ_FILES(X) X(host) X(hardware) X(sql) X(network) X(accounts) X(versions) X(dirsync)

#ifdef _WIN32 /* its object files have no stack of sections */
#define READ_ONLY ".section .rdata,\"dr\"\n"
#define BACK      ".text\n"
#else
#define READ_ONLY ".pushsection .rodata\n"
#define BACK      ".popsection\n"
#endif
#define INCLUDE(name)                                                                              \
    __asm__(READ_ONLY                                                                              \
            ".global prereq_" #name "\n"                                                           \
            "prereq_" #name ":\n"                                                                  \
            ".incbin \"" PREREQ_DIR "/" #name ".json\"\n"                                          \
            ".global prereq_" #name "_end\n"                                                       \
            "prereq_" #name "_end:\n"                                                              \
            ".byte 0\n"                                                                            \
            BACK);                                                                                 \
    extern const char prereq_##name[], prereq_##name##_end[];
PREREQ_FILES(INCLUDE)

#define ROW(name) {#name ".json", prereq_##name, prereq_##name##_end},
static const struct {
    const char *name, *begin, *end;
} files[] = {PREREQ_FILES(ROW)};
// clang-format on

enum baton_status
prereq_builtin(struct prereq **ret_data, struct baton_err *err)
{
    struct prereq *p;
    enum baton_status rc = prereq_open(&p, err);
    if (rc != BATON_OK)
        return rc;
    for (size_t i = 0; i < ARRAY_LEN(files) && rc == BATON_OK; i++)
        rc = prereq_add(p, files[i].name, files[i].begin,
                        (size_t)((uintptr_t)files[i].end - (uintptr_t)files[i].begin), err);
    if (rc == BATON_OK)
        *ret_data = p;
    else
        prereq_close(&p);
    return rc;
}
