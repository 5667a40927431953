#include "analysis/runs.h"

#include "event/keep.h"

#include <stdlib.h>

enum { WORD = 64 };

/* Of bits for n events, one behind them, and a word more. */
static u64 *make_room(struct runs *r, u32 n)
{
    if (n >= r->room) {
        r->room = n + n / 4 + WORD;
        r->bits = mem_realloc(r->bits, (r->room / WORD + 2) * sizeof *r->bits);
        free(r->first);
        r->first = NULL;
    }
    return r->bits;
}

void runs_end(struct runs *r)
{
    free(r->bits), free(r->first);
    *r = (struct runs){0};
}

#ifdef __SSE2__
#include <emmintrin.h>

/* Four masks of four to one bit each. */
static inline u32 bits_of_masks(const __m128i *m)
{
    __m128i low = _mm_packs_epi32(m[0], m[1]), high = _mm_packs_epi32(m[2], m[3]);
    return (u32)_mm_movemask_epi8(_mm_packs_epi16(low, high));
}

static inline __m128i at(const void *p, u32 i)
{
    return _mm_loadu_si128((const void *)((const i32 *)p + i));
}

/* Of 64 units those that the next one equals; 65 are read. */
static u64 equal_64(const i32 *unit)
{
    u64 word = 0;
    for (u32 k = 0; k < WORD; k += 16) {
        __m128i m[4];
        for (u32 j = 0; j < 4; j++)
            m[j] = _mm_cmpeq_epi32(at(unit, k + 4 * j), at(unit, k + 4 * j + 1));
        word |= (u64)bits_of_masks(m) << k;
    }
    return word;
}

static u64 none_64(const u32 *hits, u32 any_of)
{
    __m128i wanted = _mm_set1_epi32((i32)any_of), zero = _mm_setzero_si128();
    u64 word = 0;
    for (u32 k = 0; k < WORD; k += 16) {
        __m128i m[4];
        for (u32 j = 0; j < 4; j++)
            m[j] = _mm_cmpeq_epi32(_mm_and_si128(at(hits, k + 4 * j), wanted), zero);
        word |= (u64)bits_of_masks(m) << k;
    }
    return word;
}
#else
static u64 equal_64(const i32 *unit)
{
    u64 word = 0;
    for (u32 i = 0; i < WORD; i++) word |= (u64)(unit[i] == unit[i + 1]) << i;
    return word;
}

static u64 none_64(const u32 *hits, u32 any_of)
{
    u64 word = 0;
    for (u32 i = 0; i < WORD; i++) word |= (u64) !(hits[i] & any_of) << i;
    return word;
}
#endif

static void put_customers(u64 *bits, const struct timelines *b)
{
    u32 from = b->start[0];
    for (u32 c = 0; c <= b->customers; c++) {
        u32 first = b->start[c] - from;
        bits[first / WORD] |= 1ull << first % WORD;
    }
}

const u64 *runs_customers(struct runs *r, const struct timelines *b)
{
    u32 n = b->start[b->customers] - b->start[0];
    u64 *bits = make_room(r, n);
    memset(bits, 0, (n / WORD + 1) * sizeof *bits);
    put_customers(bits, b);
    return bits;
}

/* The bit of event i + 1 is told by event i, so words are carried over by one. */
static void put_changes(u64 *bits, const i32 *unit, u32 n)
{
    u64 carry = 0;
    u32 i = 0;
    for (; i + WORD < n; i += WORD) {
        u64 changes = ~equal_64(unit + i);
        bits[i / WORD] = changes << 1 | carry;
        carry = changes >> (WORD - 1);
    }
    bits[i / WORD] = carry;
    if (n && n % WORD == 0) bits[n / WORD] = 0;
    for (; i + 1 < n; i++) bits[(i + 1) / WORD] |= (u64)(unit[i] != unit[i + 1]) << (i + 1) % WORD;
}

const u64 *runs_bits(struct runs *r, const struct timelines *b, const i32 *unit)
{
    u32 n = b->start[b->customers] - b->start[0];
    u64 *bits = make_room(r, n);
    put_changes(bits, unit, n);
    put_customers(bits, b);
    return bits;
}

u32 runs_of(struct runs *r, const struct timelines *b, const i32 *unit, const u32 **first)
{
    const u64 *bits = runs_bits(r, b, unit);
    if (!r->first) r->first = mem_alloc((r->room + KEEP_SLACK) * sizeof *r->first);
    *first = r->first;
    return keep_places(bits, b->start[b->customers] - b->start[0] + 1, r->first) - 1;
}

/* By kinds: those that have the hits are looked for. */
static void put_kinds(u64 *bits, const struct timelines *b, u32 n, u32 any_of)
{
    u8 few[256];
    u32 count = 0;
    for (u32 k = 0; k < b->kinds; k++)
        if (b->kind_hits[k] & any_of) few[count++] = (u8)k;
    bytes_among(b->kind + b->start[0], n, few, count, bits);
}

static void put_hits(u64 *bits, const u32 *hits, u32 n, u32 any_of)
{
    u32 i = 0;
    for (; i + WORD <= n; i += WORD) bits[i / WORD] = ~none_64(hits + i, any_of);
    bits[n / WORD] = 0;
    for (; i < n; i++) bits[n / WORD] |= (u64) !!(hits[i] & any_of) << i % WORD;
}

const u64 *runs_hit(struct runs *r, const struct timelines *b, u32 any_of)
{
    u32 n = b->start[b->customers] - b->start[0];
    u64 *bits = make_room(r, n);
    if (b->hits)
        put_hits(bits, b->hits + b->start[0], n, any_of);
    else
        put_kinds(bits, b, n, any_of);
    bits[n / WORD] |= 1ull << n % WORD;
    bits[n / WORD + 1] = 0;
    return bits;
}
