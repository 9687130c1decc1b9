#include "agent/windows/service.h"

static enum baton_status
refuse(struct baton_err *err)
{
    return baton_fail(err, BATON_USAGE,
                      "this system's services are not managed by their programs: let a unit run "
                      "`baton-agent run --dir DIR`");
}

enum baton_status
service_command(const struct service_options *o, struct baton_err *err)
{
    (void)o;
    return refuse(err);
}

enum baton_status
service_dispatch(const struct service_job *job, struct baton_err *err)
{
    (void)job;
    return refuse(err);
}
