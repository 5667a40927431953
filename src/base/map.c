/* map.c — linear probing with backward-shift deletion, growth by instalments.
 *
 * A slot's home depends only on the 32 tag bits it holds, so that moving it (growth, deletion)
 * never needs the full key. While an old table is being emptied, look-ups try the new one, then the
 * old. */
#include "base/map.h"

#include "base/mem.h"

/* A table of n slots is emptied before the next one, half as large again, is full after 3 n / 8
 * puts; each of its entries takes two steps, each empty slot one. A large one is in huge pages,
 * which the system takes long to clear: the next one's are touched one by one while the last
 * twentieth of this one fills, and this one's go as they are emptied. */
enum {
    FIRST_SLOTS = 512,
    MOVE_AT_ONCE = 16,
    HUGE_SLOTS = (2 << 20) / 8,
    DENSE_SLOTS = 2 * HUGE_SLOTS,
    TOUCH_EVERY = 4096, /* puts */
};

static u32 tag_of(hash128 key)
{
    return (u32)(key.hi >> 32);
}

/* The tag, mixed, as a fraction of the table: sizes need not be powers of two. */
static u64 home(u32 tag, u64 size)
{
    return (u64)(tag * 0x9E3779B1u) * size >> 32;
}

static u64 after(u64 at, u64 size)
{
    return at + 1 == size ? 0 : at + 1;
}

static u64 distance(u64 from, u64 to, u64 size)
{
    return to >= from ? to - from : to + size - from;
}

void map_init(struct map *m)
{
    *m = (struct map){0};
}

void map_clear(struct map *m)
{
    if (m->slots) mem_release(m->slots, m->size * sizeof(u64));
    if (m->old_slots) mem_release(m->old_slots, m->old_size * sizeof(u64));
    if (m->next_slots) mem_release(m->next_slots, m->next_size * sizeof(u64));
    *m = (struct map){0};
}

static void insert(u64 *slots, u64 size, u64 slot)
{
    u64 at = home((u32)(slot >> 32), size);
    while (slots[at]) at = after(at, size);
    slots[at] = slot;
}

/* Empties the slot, and pulls later slots of the run back over the hole they may fill. */
static void erase(u64 *slots, u64 size, u64 hole)
{
    for (u64 at = after(hole, size); slots[at]; at = after(at, size)) {
        u64 want = home((u32)(slots[at] >> 32), size);
        if (distance(want, at, size) >= distance(hole, at, size)) {
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
            mem_release(m->old_slots, m->old_size * sizeof(u64));
            m->old_slots = NULL;
            m->old_size = 0;
            return;
        }
        u64 at = m->old_left - 1;
        u64 slot = m->old_slots[at];
        if (slot == 0) {
            m->old_left--;
            if (m->old_size > DENSE_SLOTS && at % HUGE_SLOTS == 0)
                mem_discard(m->old_slots + at, HUGE_SLOTS * sizeof(u64));
            continue;
        }
        insert(m->slots, m->size, slot);
        erase(m->old_slots, m->old_size, at);
    }
}

static void reserve_next(struct map *m)
{
    m->next_size = m->slots ? m->size + m->size / 2 : FIRST_SLOTS;
    bool dense = m->next_size > DENSE_SLOTS;
    if (dense) m->next_size = (m->next_size + HUGE_SLOTS - 1) / HUGE_SLOTS * HUGE_SLOTS;
    size_t bytes = m->next_size * sizeof(u64);
    m->next_slots = dense ? mem_reserve_dense(bytes, 0) : mem_reserve(bytes);
}

static void make_ready(struct map *m)
{
    if (m->size <= DENSE_SLOTS || m->count % TOUCH_EVERY || m->count * 10 < m->size * 7) return;
    if (!m->next_slots) reserve_next(m);
    if (m->next_touched == m->next_size) return;
    *(volatile u64 *)&m->next_slots[m->next_touched] = 0;
    m->next_touched += HUGE_SLOTS;
}

static void grow(struct map *m)
{
    while (m->old_slots) move_some(m, 1u << 20);
    if (!m->next_slots) reserve_next(m);
    m->old_slots = m->slots;
    m->old_size = m->old_left = m->size;
    m->slots = m->next_slots;
    m->size = m->next_size;
    m->next_slots = NULL;
    m->next_size = m->next_touched = 0;
}

void map_put(struct map *m, hash128 key, u32 row)
{
    MUST(row != 0);
    if (!m->slots || (m->count + 1) * 4 > m->size * 3) grow(m);
    move_some(m, MOVE_AT_ONCE);
    make_ready(m);
    insert(m->slots, m->size, (u64)tag_of(key) << 32 | row);
    m->count++;
}

static bool remove_from(u64 *slots, u64 size, u64 slot)
{
    if (!slots) return false;
    for (u64 at = home((u32)(slot >> 32), size); slots[at]; at = after(at, size)) {
        if (slots[at] != slot) continue;
        erase(slots, size, at);
        return true;
    }
    return false;
}

bool map_remove(struct map *m, hash128 key, u32 row)
{
    u64 slot = (u64)tag_of(key) << 32 | row;
    if (!remove_from(m->slots, m->size, slot) && !remove_from(m->old_slots, m->old_size, slot))
        return false;
    m->count--;
    return true;
}

static u32 scan(const u64 *slots, u64 size, u32 tag, u64 *at)
{
    for (; slots[*at]; *at = after(*at, size))
        if ((u32)(slots[*at] >> 32) == tag) return (u32)slots[*at];
    return 0;
}

static u32 scan_both(const struct map *m, u32 tag, struct map_cursor *at)
{
    if (!at->in_old) {
        u32 row = m->slots ? scan(m->slots, m->size, tag, &at->at) : 0;
        if (row || !m->old_slots) return row;
        *at = (struct map_cursor){home(tag, m->old_size), true};
    }
    return scan(m->old_slots, m->old_size, tag, &at->at);
}

u32 map_first(const struct map *m, hash128 key, struct map_cursor *at)
{
    *at = (struct map_cursor){home(tag_of(key), m->size), false};
    return scan_both(m, tag_of(key), at);
}

u32 map_next(const struct map *m, hash128 key, struct map_cursor *at)
{
    at->at = after(at->at, at->in_old ? m->old_size : m->size);
    return scan_both(m, tag_of(key), at);
}

void map_prefetch(const struct map *m, hash128 key)
{
    if (m->slots) __builtin_prefetch(&m->slots[home(tag_of(key), m->size)]);
}

u64 map_bytes(const struct map *m)
{
    u64 old = m->old_size > DENSE_SLOTS ? m->old_left : m->old_size;
    return (m->size + old + m->next_touched) * sizeof(u64);
}
