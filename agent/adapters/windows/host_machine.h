/* host_machine.h: which machine this is, and since which boot.
 *
 * Shape      boot: made anew by whoever asks first after a boot, and kept in a key of the registry that
 *            does not outlive one. generation: of the hypervisor's device, zero where there is none.
 *            disk: the system disk's own identity (GPT disk id or MBR signature) and its volume's serial
 *            number.
 * Errors     BATON_DENIED, BATON_IO: not read is an error, never another machine.
 * Threads    Any.
 * Source     protocol 4 (quarantine); statement.h.
 */
#ifndef AGENT_WINDOWS_HOST_MACHINE_H
#define AGENT_WINDOWS_HOST_MACHINE_H

#include "baton/host.h"

enum baton_status machine_look(struct machine *ret_machine, struct baton_err *err) BATON_MUST_USE;

#endif
