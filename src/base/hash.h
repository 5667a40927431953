/* hash.h — the three hashes: keyed (SipHash), fast (XXH3), checksum (CRC32C). */
#pragma once
#include "base/base.h"

struct sip_key {
    u64 k0, k1;
};

/* SipHash-2-4 with 128 bits of output (Aumasson & Bernstein, and its -128 variant): for whatever
 * comes from outside and lands in a table. About 1 ns a byte. */
hash128 hash_sip(struct sip_key key, str s);
/* XXH3-128 and XXH3-64, unkeyed: for state hashes, fingerprints and splits. */
hash128 hash_xxh(str s);
u64 hash_xxh64(str s);
/* CRC32C (Castagnoli, RFC 3720 B.4), by instruction where there is one. `crc` starts at 0. */
u32 hash_crc32c(u32 crc, const void *p, size_t n);

/* 32 hex digits, and a NUL. */
void hash128_hex(hash128 h, char out[33]);
bool hash128_of_hex(str hex, hash128 *out); /* false: not 32 lower-case hex digits */

/* Sums of hashes, mod 2^128: an order-free digest of a set of objects. */
hash128 hash_add(hash128 a, hash128 b);
hash128 hash_sub(hash128 a, hash128 b);
