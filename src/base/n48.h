/* n48.h — a signed number in six bytes: moments and counts in rows where every byte is there a
 * million times. As a moment in ms it reaches from the year −2490 to 6429; what is beyond is
 * clamped. */
#pragma once
#include "base/base.h"

struct n48 {
    u16 part[3]; /* little-endian */
};

enum { N48_BITS = 48 };
#define N48_MAX (((i64)1 << (N48_BITS - 1)) - 1)

static inline i64 n48_get(struct n48 n)
{
    u64 bits = (u64)n.part[0] | (u64)n.part[1] << 16 | (u64)n.part[2] << 32;
    return (i64)(bits << 16) >> 16;
}

static inline struct n48 n48_of(i64 n)
{
    n = n > N48_MAX ? N48_MAX : n < -N48_MAX - 1 ? -N48_MAX - 1 : n;
    return (struct n48){{(u16)n, (u16)((u64)n >> 16), (u16)((u64)n >> 32)}};
}
