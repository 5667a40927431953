/* map.c — linear probing with backward-shift deletion, growth by instalments.
 *
 * A slot's home depends only on the 32 tag bits it holds, so that moving it (growth, deletion)
 * never needs the full key. While an old table is being emptied, look-ups try the new one, then the
 * old. */
#include "base/map.h"

#include "base/mem.h"

enum { FIRST_SLOTS = 512, MOVE_AT_ONCE = 64, DENSE_BYTES = 4 << 20 };

static u32 tag_of(hash128 key)
{
    return (u32)(key.hi >> 32);
}

static u64 home(u32 tag, u64 mask)
{
    return ((u64)tag * 0x9E3779B97F4A7C15u >> 20) & mask;
}

static size_t size_of(u64 mask)
{
    return (size_t)(mask + 1) * sizeof(u64);
}

void map_init(struct map *m)
{
    *m = (struct map){0};
}

void map_clear(struct map *m)
{
    if (m->slots) mem_release(m->slots, size_of(m->mask));
    if (m->old_slots) mem_release(m->old_slots, size_of(m->old_mask));
    *m = (struct map){0};
}

static void insert(u64 *slots, u64 mask, u64 slot)
{
    u64 at = home((u32)(slot >> 32), mask);
    while (slots[at]) at = (at + 1) & mask;
    slots[at] = slot;
}

/* Empties the slot, and pulls later slots of the run back over the hole they may fill. */
static void erase(u64 *slots, u64 mask, u64 hole)
{
    for (u64 at = (hole + 1) & mask; slots[at]; at = (at + 1) & mask) {
        u64 want = home((u32)(slots[at] >> 32), mask);
        if (((at - want) & mask) >= ((at - hole) & mask)) {
            slots[hole] = slots[at];
            hole = at;
        }
    }
    slots[hole] = 0;
}

/* The old table is emptied from its end. Erasing at the cursor may pull another slot into it, so
 * the cursor stays until its slot is empty. */
static void move_some(struct map *m, u32 budget)
{
    while (m->old_slots && budget--) {
        if (m->old_left == 0) {
            mem_release(m->old_slots, size_of(m->old_mask));
            m->old_slots = NULL;
            return;
        }
        u64 at = m->old_left - 1;
        u64 slot = m->old_slots[at];
        if (slot == 0) {
            m->old_left--;
            continue;
        }
        insert(m->slots, m->mask, slot);
        erase(m->old_slots, m->old_mask, at);
    }
}

static void grow(struct map *m)
{
    while (m->old_slots) move_some(m, 1u << 20);
    u64 slots = m->slots ? (m->mask + 1) * 2 : FIRST_SLOTS;
    m->old_slots = m->slots;
    m->old_mask = m->mask;
    m->old_left = m->slots ? m->mask + 1 : 0;
    m->slots = mem_reserve_dense((size_t)slots * sizeof(u64), DENSE_BYTES);
    m->mask = slots - 1;
}

void map_put(struct map *m, hash128 key, u32 row)
{
    MUST(row != 0);
    if (!m->slots || (m->count + 1) * 10 > (m->mask + 1) * 7) grow(m);
    move_some(m, MOVE_AT_ONCE);
    insert(m->slots, m->mask, (u64)tag_of(key) << 32 | row);
    m->count++;
}

static bool remove_from(u64 *slots, u64 mask, u64 slot)
{
    if (!slots) return false;
    for (u64 at = home((u32)(slot >> 32), mask); slots[at]; at = (at + 1) & mask) {
        if (slots[at] != slot) continue;
        erase(slots, mask, at);
        return true;
    }
    return false;
}

bool map_remove(struct map *m, hash128 key, u32 row)
{
    u64 slot = (u64)tag_of(key) << 32 | row;
    if (!remove_from(m->slots, m->mask, slot) && !remove_from(m->old_slots, m->old_mask, slot))
        return false;
    m->count--;
    return true;
}

static u32 scan(const u64 *slots, u64 mask, u32 tag, u64 *at)
{
    for (; slots[*at]; *at = (*at + 1) & mask)
        if ((u32)(slots[*at] >> 32) == tag) return (u32)slots[*at];
    return 0;
}

static u32 scan_both(const struct map *m, u32 tag, struct map_cursor *at)
{
    if (!at->in_old) {
        u32 row = m->slots ? scan(m->slots, m->mask, tag, &at->at) : 0;
        if (row || !m->old_slots) return row;
        *at = (struct map_cursor){home(tag, m->old_mask), true};
    }
    return scan(m->old_slots, m->old_mask, tag, &at->at);
}

u32 map_first(const struct map *m, hash128 key, struct map_cursor *at)
{
    *at = (struct map_cursor){home(tag_of(key), m->mask), false};
    return scan_both(m, tag_of(key), at);
}

u32 map_next(const struct map *m, hash128 key, struct map_cursor *at)
{
    at->at = (at->at + 1) & (at->in_old ? m->old_mask : m->mask);
    return scan_both(m, tag_of(key), at);
}

void map_prefetch(const struct map *m, hash128 key)
{
    if (m->slots) __builtin_prefetch(&m->slots[home(tag_of(key), m->mask)]);
}

u64 map_bytes(const struct map *m)
{
    return (m->slots ? size_of(m->mask) : 0) + (m->old_slots ? size_of(m->old_mask) : 0);
}
