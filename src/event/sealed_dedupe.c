/* sealed_dedupe.c — message ids of a sealed file: a blocked Bloom filter before a sorted list.
 *
 * The filter's block comes from the low half of the hash, its seven bits from nine bits each of the
 * high half: one cache line for an answer (Putze, Sanders, Singler 2007). The hashes are keyed, so
 * nobody outside can crowd a block. */
#include "event/sealed.h"

enum { PROBES = 7, PROBE_BITS = 9 };

u64 filter_bytes(u64 hashes)
{
    u64 blocks = (hashes * FILTER_BITS + FILTER_BLOCK * 8 - 1) / (FILTER_BLOCK * 8);
    return (blocks ? blocks : 1) * FILTER_BLOCK;
}

void filter_add(u64 *words, u64 bytes, hash128 h)
{
    u64 *block = words + filter_block(bytes, h);
    for (u32 i = 0; i < PROBES; i++, h.hi >>= PROBE_BITS)
        block[h.hi >> 6 & 7] |= 1ull << (h.hi & 63);
}

bool filter_has(const u64 *words, u64 bytes, hash128 h)
{
    const u64 *block = words + filter_block(bytes, h);
    u64 missing = 0;
    for (u32 i = 0; i < PROBES; i++, h.hi >>= PROBE_BITS)
        missing |= ~block[h.hi >> 6 & 7] & 1ull << (h.hi & 63);
    return missing == 0;
}

const struct sealed_hash *sealed_hashes(const struct sealed *s, u64 *count)
{
    const struct sealed_hash *all = (const void *)sealed_section(s, SECTION_DEDUPE, count);
    *count /= sizeof *all;
    return all;
}

static bool may_have(const struct sealed *s, hash128 dedupe)
{
    u64 bytes;
    const u64 *words = (const void *)sealed_section(s, SECTION_FILTER, &bytes);
    if (bytes == 0) return false;
    sealed_touch(s, words + filter_block(bytes, dedupe), FILTER_BLOCK);
    return filter_has(words, bytes, dedupe);
}

static const struct sealed_hash *hash_at(const struct sealed *s, const struct sealed_hash *h)
{
    sealed_touch(s, h, sizeof *h);
    return h;
}

const struct sealed_hash *sealed_seen(const struct sealed *s, hash128 dedupe, u64 *count)
{
    u64 high, low = 0;
    const struct sealed_hash *all = sealed_hashes(s, &high);
    u64 end = high;
    *count = 0;
    if (!may_have(s, dedupe)) return NULL;
    while (low < high) {
        u64 middle = low + (high - low) / 2;
        if (hash128_cmp(hash_at(s, &all[middle])->dedupe, dedupe) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    while (low + *count < end && hash128_eq(hash_at(s, &all[low + *count])->dedupe, dedupe))
        ++*count;
    return *count ? &all[low] : NULL;
}

void sealed_seen_prefetch(const struct sealed *s, hash128 dedupe)
{
    u64 bytes;
    const u64 *words = (const void *)sealed_section(s, SECTION_FILTER, &bytes);
    if (bytes) __builtin_prefetch(words + filter_block(bytes, dedupe));
}
