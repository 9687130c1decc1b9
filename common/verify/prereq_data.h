/* prereq_data.h: the checks and hosts of every file, which the files themselves keep alive. */
#ifndef VERIFY_PREREQ_DATA_H
#define VERIFY_PREREQ_DATA_H

#include "prereq.h"

struct prereq {
    json_t *files;
    struct prereq_check check[PREREQ_CHECKS_MAX];
    size_t check_count;
    struct prereq_host host[PREREQ_HOSTS_MAX];
    size_t host_count;
};

#endif
