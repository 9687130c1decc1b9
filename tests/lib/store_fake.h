/* store_fake.h: the storage port in memory, for tests of what stands on it.
 *
 * Shape      Behaves like the real store in everything the port promises, transactions included; a
 *            walk sees the rows as they were when it began. Nothing survives close.
 * Errors     As store.h; and the nth call from now can be told to fail with a chosen status.
 * Ownership  store.close frees.
 */
#ifndef BATON_STORE_FAKE_H
#define BATON_STORE_FAKE_H

#include "baton/store.h"

enum baton_status store_fake_open(struct store_port *ret_store,
                                  struct baton_err *err) BATON_MUST_USE;
/* Calls that can fail count from 1; 0 switches it off. After a fatal status every write fails. */
void store_fake_fail(const struct store_port *store, unsigned nth, enum baton_status status);
bool store_fake_failed(const struct store_port *store); /* whether that call was reached */

#endif
