/* erased.c — an insert-only table of entry numbers, probed in line.
 *
 * A BEFORE entry lies under its persona; a ONE entry under (persona, order), and the first of a
 * persona under the persona too, so that one probe tells whether any further one is needed. */
#include "event/erased.h"

#include <stdlib.h>

#define ENTRIES_MAX ((u32)1 << 26)
enum { FIRST_SLOTS = 256 };

struct table {
    struct table *older;
    u32 mask, used;
    u32 slots[]; /* entry + 1; 0 = empty */
};

struct erased {
    struct erased_entry *entries;
    struct table *table;
    u32 count;
};

static u64 mix(u64 z)
{
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static u64 hash_persona(event_persona p)
{
    return mix(p * 0x9E3779B97F4A7C15u);
}

static u64 hash_one(event_persona p, u64 order)
{
    return mix(hash_persona(p) ^ order);
}

static struct table *table_of(u32 slots, struct table *older)
{
    struct table *t = mem_zalloc(sizeof *t + (size_t)slots * sizeof t->slots[0]);
    t->mask = slots - 1;
    t->older = older;
    return t;
}

struct erased *erased_new(void)
{
    struct erased *e = mem_zalloc(sizeof *e);
    e->entries = mem_reserve(ENTRIES_MAX * sizeof e->entries[0]);
    e->table = table_of(FIRST_SLOTS, NULL);
    return e;
}

void erased_free(struct erased *e)
{
    if (!e) return;
    for (struct table *t = e->table, *older; t; t = older) {
        older = t->older;
        free(t);
    }
    mem_release(e->entries, ENTRIES_MAX * sizeof e->entries[0]);
    free(e);
}

static void insert(struct table *t, u64 hash, u32 entry)
{
    u32 at = (u32)hash & t->mask;
    while (t->slots[at]) at = (at + 1) & t->mask;
    t->used++;
    __atomic_store_n(&t->slots[at], entry + 1, __ATOMIC_RELEASE);
}

/* True if a ONE entry already lies under its persona. */
static bool is_marked(const struct erased *e, const struct table *t, event_persona p)
{
    for (u32 at = (u32)hash_persona(p) & t->mask; t->slots[at]; at = (at + 1) & t->mask) {
        const struct erased_entry *entry = &e->entries[t->slots[at] - 1];
        if (entry->persona == p && entry->kind == ERASED_ONE) return true;
    }
    return false;
}

/* The run of slots at hash(persona) may hold a ONE entry of the persona that lies there under its
 * order's hash. Then it marks the persona as well as the first one would, but for views older than
 * it: so the mark is only spared where an entry at least as old is met, and entries are put in
 * their order. */
static void index_entry(const struct erased *e, struct table *t, u32 i)
{
    const struct erased_entry *entry = &e->entries[i];
    u64 persona = hash_persona(entry->persona);
    if (entry->kind == ERASED_BEFORE) {
        insert(t, persona, i);
        return;
    }
    if (!is_marked(e, t, entry->persona)) insert(t, persona, i);
    insert(t, hash_one(entry->persona, entry->order), i);
}

static void grow(struct erased *e)
{
    struct table *t = table_of((e->table->mask + 1) * 2, e->table);
    for (u32 i = 0; i < e->count; i++) index_entry(e, t, i);
    __atomic_store_n(&e->table, t, __ATOMIC_RELEASE);
}

void erased_add(struct erased *e, struct erased_entry entry)
{
    MUST(e->count < ENTRIES_MAX);
    if (e->table->used + 2 > e->table->mask / 2) grow(e);
    e->entries[e->count] = entry;
    index_entry(e, e->table, e->count);
    e->count++;
}

u32 erased_count(const struct erased *e)
{
    return e->count;
}

const struct erased_entry *erased_at(const struct erased *e, u32 i)
{
    return &e->entries[i];
}

u64 erased_bytes(const struct erased *e)
{
    u64 bytes = e->count * sizeof e->entries[0];
    for (const struct table *t = e->table; t; t = t->older)
        bytes += sizeof *t + ((u64)t->mask + 1) * sizeof t->slots[0];
    return bytes;
}

struct erased_of erased_of(const struct erased *e, u32 n, event_persona p)
{
    struct erased_of of = {.n = n, .persona = p};
    if (n == 0) return of;
    const struct table *t = __atomic_load_n(&e->table, __ATOMIC_ACQUIRE);
    u32 at = (u32)hash_persona(p) & t->mask;
    for (u32 slot; (slot = __atomic_load_n(&t->slots[at], __ATOMIC_ACQUIRE));
         at = (at + 1) & t->mask) {
        const struct erased_entry *entry = &e->entries[slot - 1];
        if (slot > n || entry->persona != p) continue;
        if (entry->kind == ERASED_ONE)
            of.set = e;
        else if (entry->order > of.before)
            of.before = entry->order;
    }
    return of;
}

bool erased_single(const struct erased_of *of, u64 order)
{
    const struct table *t = __atomic_load_n(&of->set->table, __ATOMIC_ACQUIRE);
    u32 at = (u32)hash_one(of->persona, order) & t->mask;
    for (u32 slot; (slot = __atomic_load_n(&t->slots[at], __ATOMIC_ACQUIRE));
         at = (at + 1) & t->mask) {
        const struct erased_entry *entry = &of->set->entries[slot - 1];
        if (slot <= of->n && entry->persona == of->persona && entry->order == order &&
            entry->kind == ERASED_ONE)
            return true;
    }
    return false;
}
