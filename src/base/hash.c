/* hash.c — SipHash-128 by hand (no packaged library has the 128-bit form), XXH3 from libxxhash. */
#include "base/hash.h"

#include <nmmintrin.h>
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

static inline u64 rotl(u64 v, int by)
{
    return v << by | v >> (64 - by);
}

static inline __attribute__((always_inline)) void sip_round(u64 v[4])
{
    v[0] += v[1], v[1] = rotl(v[1], 13) ^ v[0], v[0] = rotl(v[0], 32);
    v[2] += v[3], v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3], v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1], v[1] = rotl(v[1], 17) ^ v[2], v[2] = rotl(v[2], 32);
}

static u64 load64(const char *p)
{
    u64 v;
    memcpy(&v, p, 8);
    return v;
}

hash128 hash_sip(struct sip_key key, str s)
{
    u64 v[4] = {key.k0 ^ 0x736f6d6570736575, key.k1 ^ 0x646f72616e646f6d ^ 0xee,
                key.k0 ^ 0x6c7967656e657261, key.k1 ^ 0x7465646279746573};
    size_t whole = s.n & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8) {
        u64 m = load64(s.p + i);
        v[3] ^= m;
        sip_round(v), sip_round(v);
        v[0] ^= m;
    }
    u64 last = (u64)s.n << 56;
    for (size_t i = whole; i < s.n; i++) last |= (u64)(u8)s.p[i] << (8 * (i - whole));
    v[3] ^= last;
    sip_round(v), sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xee;
    for (int i = 0; i < 4; i++) sip_round(v);
    hash128 out = {.lo = v[0] ^ v[1] ^ v[2] ^ v[3]};
    v[1] ^= 0xdd;
    for (int i = 0; i < 4; i++) sip_round(v);
    out.hi = v[0] ^ v[1] ^ v[2] ^ v[3];
    return out;
}

hash128 hash_xxh(str s)
{
    XXH128_hash_t h = XXH3_128bits(s.p, s.n);
    return (hash128){h.low64, h.high64};
}

u64 hash_xxh64(str s)
{
    return XXH3_64bits(s.p, s.n);
}

__attribute__((target("sse4.2"))) u32 hash_crc32c(u32 crc, const void *data, size_t n)
{
    const u8 *p = data;
    u64 c = ~crc;
    for (; n >= 8; n -= 8, p += 8) c = _mm_crc32_u64(c, load64((const char *)p));
    for (; n; n--, p++) c = _mm_crc32_u8((u32)c, *p);
    return ~(u32)c;
}

void hash128_hex(hash128 h, char out[33])
{
    static const char DIGITS[] = "0123456789abcdef";
    for (u32 i = 0; i < 16; i++) {
        out[i] = DIGITS[h.hi >> (60 - 4 * i) & 15];
        out[16 + i] = DIGITS[h.lo >> (60 - 4 * i) & 15];
    }
    out[32] = 0;
}

hash128 hash_add(hash128 a, hash128 b)
{
    u128 sum = ((u128)a.hi << 64 | a.lo) + ((u128)b.hi << 64 | b.lo);
    return (hash128){(u64)sum, (u64)(sum >> 64)};
}

hash128 hash_sub(hash128 a, hash128 b)
{
    u128 sum = ((u128)a.hi << 64 | a.lo) - ((u128)b.hi << 64 | b.lo);
    return (hash128){(u64)sum, (u64)(sum >> 64)};
}

bool hash128_of_hex(str hex, hash128 *out)
{
    u64 half[2] = {0, 0};
    if (hex.n != 32) return false;
    for (u32 i = 0; i < 32; i++) {
        char c = hex.p[i];
        bool digit = c >= '0' && c <= '9';
        if (!digit && (c < 'a' || c > 'f')) return false;
        half[i / 16] = half[i / 16] << 4 | (u64)(digit ? c - '0' : c - 'a' + 10);
    }
    *out = (hash128){.hi = half[0], .lo = half[1]};
    return true;
}
