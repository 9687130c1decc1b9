/* sha256_block.h: the inner function of SHA-256 over whole blocks, by the processor's own instructions
 * where it has them, else in plain C.
 *
 * Threads    Reentrant; the processor is asked once.
 * Source     FIPS 180-4, section 6.2.2; the SHA extensions of x86 (CPUID 7.0, EBX bit 29).
 */
#ifndef COMMON_SHA256_BLOCK_H
#define COMMON_SHA256_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void sha256_blocks(uint32_t h[8], const uint8_t *blocks, size_t count);

/* The two ways, apart, so that a test can hold one against the other. */
void sha256_blocks_plain(uint32_t h[8], const uint8_t *blocks, size_t count);
bool sha256_blocks_native(uint32_t h[8], const uint8_t *blocks, size_t count); /* false: has none */

#endif
