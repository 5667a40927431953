/* heap.c — strings in cells of whole 8-byte units; a handle is the number of the first unit.
 *
 * A cell:  0xxxxxxx                    length ≤ 127
 *          10xxxxxx xxxxxxxx           length ≤ 16,383, high bits first
 *          11xxxxxx xxxxxxxx xxxxxxxx  longer
 *          then the bytes
 *
 * Cells have one of 304 sizes: every multiple of 8 up to 1 KiB, then 16 steps for each doubling, so
 * that a string costs its length byte, the rounding to 8 and one bit in 64. That bit stands in the
 * table
 * "<name>.cells", one bit per unit, set where a living string begins. Being rows, the bits have
 * before-images, marks and a place in snapshots: whatever an epoch sees, it sees which strings
 * lived. The free lists are derived from them: they run through the free cells in memory, and are
 * built anew, neighbours joined, after a load.
 *
 * A retired string's bit goes at once, its cell only when no epoch can see it: until then it waits
 * in `retired`. A freed cell is wiped, so that nothing erased stays behind. A cell is never freed
 * while a snapshot's epoch sees it, so a snapshot copies lines while others on the same line
 * change: what it copies of those is no living string then, and is not looked at after a load. */
#include "store/store_internal.h"

#include <stdlib.h>

enum {
    CELL_ROW = 64, /* bytes of a row of cells: word 0 and bits */
    CELL_BITS = (CELL_ROW - 8) * 8,
    EXACT = 128, /* units up to which every size is a class */
    STEPS = 16,  /* classes for each doubling beyond */
    SHORT_MAX = 127,
    MIDDLE_MAX = 16383,
    COLLECT_MIN = 1024,
    RETIRED_MIN = 1024,
};
#define UNITS_MAX ((u64)1 << 32)
#define RESERVED (UNITS_MAX * HEAP_UNIT + PAGE_BYTES)

/* ---- sizes ---- */

/* The class whose cells hold `units`, and the size of its cells. */
static u32 class_of(u64 units, u64 *size)
{
    *size = units;
    if (units <= EXACT) return (u32)units - 1;
    u32 k = 63 - (u32)__builtin_clzll(units - 1);
    u64 step = ((u64)1 << k) / STEPS, q = (units - 1 - ((u64)1 << k)) / step;
    *size = ((u64)1 << k) + (q + 1) * step;
    return EXACT + (k - 7) * STEPS + (u32)q;
}

static u64 size_of_class(u32 class)
{
    if (class < EXACT) return class + 1;
    u64 base = (u64)EXACT << (class - EXACT) / STEPS;
    return base + base / STEPS * ((class - EXACT) % STEPS + 1);
}

static u32 header_bytes(size_t length)
{
    return length <= SHORT_MAX ? 1 : length <= MIDDLE_MAX ? 2 : 3;
}

/* ---- cells ---- */

static u64 *cell(const struct heap *h, u32 handle)
{
    return (u64 *)(void *)(h->base + (u64)handle * HEAP_UNIT);
}

str heap_view(const struct heap *h, u32 handle)
{
    if (!handle) return (str){"", 0};
    const u8 *p = (const u8 *)h->base + (u64)handle * HEAP_UNIT;
    if (p[0] < 0x80) return (str){(const char *)p + 1, p[0]};
    if (p[0] < 0xC0) return (str){(const char *)p + 2, (size_t)(p[0] & 0x3F) << 8 | p[1]};
    return (str){(const char *)p + 3, (size_t)(p[0] & 0x3F) << 16 | (size_t)p[1] << 8 | p[2]};
}

/* The class and the units of a living cell, by its length. */
static u32 class_at(const struct heap *h, u32 handle, u64 *size)
{
    size_t n = heap_view(h, handle).n;
    return class_of((header_bytes(n) + n + HEAP_UNIT - 1) / HEAP_UNIT, size);
}

static void mark_units(struct heap *h, u64 from, u64 units)
{
    enum { PER_LINE = HEAP_LINE / HEAP_UNIT };
    for (u64 line = from / PER_LINE; line <= (from + units - 1) / PER_LINE; line++)
        mark(&h->marks, line);
}

/* Header and bytes as whole words, because a snapshot may be copying the line. */
static void write_cell(struct heap *h, u32 handle, str s)
{
    u64 *to = cell(h, handle);
    u8 first[8] = {0};
    u32 head = header_bytes(s.n);
    if (head == 1) first[0] = (u8)s.n;
    if (head == 2) first[0] = (u8)(0x80 | s.n >> 8), first[1] = (u8)s.n;
    if (head == 3) first[0] = (u8)(0xC0 | s.n >> 16), first[1] = (u8)(s.n >> 8), first[2] = (u8)s.n;
    size_t at = min_size(s.n, HEAP_UNIT - head);
    memcpy(first + head, s.p, at);
    u64 word;
    memcpy(&word, first, 8);
    word_set(to++, word);
    for (; at < s.n; at += HEAP_UNIT) {
        word = 0;
        memcpy(&word, s.p + at, min_size(s.n - at, HEAP_UNIT));
        word_set(to++, word);
    }
}

/* Turns the bit of a unit: a string begins to live there, or ends. */
static void set_living(struct heap *h, u32 handle, bool living)
{
    u32 row = handle / CELL_BITS + 1, at = handle % CELL_BITS;
    u64 *words = table_has(h->cells, row) ? table_edit(h->cells, row) : table_claim(h->cells, row);
    u64 *word = words + 1 + (at >> 6), bit = (u64)1 << (at & 63);
    MUST(!!(*word & bit) != living);
    word_set(word, *word ^ bit);
}

/* ---- free cells ---- */

static void push_free(struct heap *h, u32 class, u32 handle)
{
    word_set(cell(h, handle), h->free[class]);
    h->free[class] = handle;
    if (class >= EXACT) h->free_classes[class >> 6] |= (u64)1 << (class & 63);
}

static u32 pop_free(struct heap *h, u32 class)
{
    u32 handle = h->free[class];
    if (!handle) return 0;
    h->free[class] = (u32)word_get(cell(h, handle));
    if (!h->free[class] && class >= EXACT) h->free_classes[class >> 6] &= ~((u64)1 << (class & 63));
    return handle;
}

/* Free space of any length becomes cells, the largest first. */
static void push_gap(struct heap *h, u64 from, u64 units)
{
    while (units) {
        u64 size;
        u32 class = class_of(min_size(units, size_of_class(HEAP_CLASSES - 1)), &size);
        if (size > units) size = size_of_class(--class);
        push_free(h, class, (u32)from);
        from += size;
        units -= size;
    }
}

/* Takes a cell off the free space being cut up; when that is too short, off the smallest large free
 * cell that holds it. Only cells above 1 KiB are cut: small ones are soon wanted again as they are.
 */
static u32 cut_free(struct heap *h, u32 class, u64 size)
{
    u32 from = class < EXACT ? EXACT : class + 1, found = 0;
    if (h->cut_end - h->cut < size) {
        for (u32 w = from >> 6; w < COUNT_OF(h->free_classes) && !found; w++) {
            u64 bits = h->free_classes[w];
            if (w == from >> 6) bits &= ~(u64)0 << (from & 63);
            if (bits) found = w << 6 | (u32)__builtin_ctzll(bits);
        }
        if (!found) return 0;
        u64 rest = h->cut, rest_end = h->cut_end;
        h->cut = pop_free(h, found);
        h->cut_end = h->cut + size_of_class(found);
        word_set(cell(h, (u32)h->cut), 0);
        push_gap(h, rest, rest_end - rest);
    }
    h->cut += size;
    return (u32)(h->cut - size);
}

static u32 append_cell(struct heap *h, u64 size)
{
    u64 handle = h->end, page = (h->end * HEAP_UNIT + PAGE_BYTES - 1) / PAGE_BYTES;
    MUST(size <= UNITS_MAX - h->end);
    h->end += size;
    h->store->bytes += ((h->end * HEAP_UNIT + PAGE_BYTES - 1) / PAGE_BYTES - page) * PAGE_BYTES;
    return (u32)handle;
}

/* Wipes a cell nobody can see, and gives it back. */
static void free_cell(struct heap *h, u32 handle)
{
    u64 size;
    u32 class = class_at(h, handle, &size);
    words_zero(cell(h, handle), size);
    mark_units(h, handle, size);
    push_free(h, class, handle);
}

static void wait_retired(struct heap *h, u32 handle)
{
    if (h->retired_to - h->retired_from == h->retired_cap) {
        u64 cap = h->retired_cap ? h->retired_cap * 2 : RETIRED_MIN;
        struct retired *ring = mem_alloc(cap * sizeof *ring);
        for (u64 i = h->retired_from; i < h->retired_to; i++)
            ring[i & (cap - 1)] = h->retired[i & (h->retired_cap - 1)];
        free(h->retired);
        h->retired = ring;
        h->retired_cap = cap;
    }
    h->retired[h->retired_to++ & (h->retired_cap - 1)] = (struct retired){h->store->number, handle};
}

/* At most an eighth of what waits, so that many strings retired at once do not stop the engine
 * once. */
void heap_collect(struct heap *h, u64 oldest_held)
{
    u64 budget = COLLECT_MIN + (h->retired_to - h->retired_from) / 8;
    for (; budget && h->retired_from < h->retired_to; budget--) {
        struct retired r = h->retired[h->retired_from & (h->retired_cap - 1)];
        if (r.number > oldest_held) break;
        h->retired_from++;
        free_cell(h, r.handle);
    }
}

bool heap_is_wiped(const struct heap *h, u64 moment)
{
    return h->retired_from == h->retired_to ||
           h->retired[h->retired_from & (h->retired_cap - 1)].number > moment;
}

/* ---- the owner's calls ---- */

struct heap *heap_find(struct store *s, const char *name)
{
    for (u32 i = 0; i < s->heap_count; i++)
        if (strcmp(s->heaps[i]->name, name) == 0) return s->heaps[i];
    return NULL;
}

struct heap *heap_new(struct store *s, const char *name)
{
    static const char SUFFIX[] = ".cells";
    char cells[STORE_NAME_MAX];
    size_t n = strlen(name);
    MUST(n && n + sizeof SUFFIX <= sizeof cells && s->heap_count < HEAPS_MAX);
    struct heap *h = heap_find(s, name);
    if (h) return h;
    h = mem_zalloc(sizeof *h);
    h->store = s;
    h->end = 1;
    memcpy(h->name, name, n + 1);
    memcpy(cells, name, n);
    memcpy(cells + n, SUFFIX, sizeof SUFFIX);
    h->cells = table_new(s, cells, CELL_ROW, (u32)(UNITS_MAX / CELL_BITS + 1));
    h->base = mem_reserve(RESERVED);
    marks_init(&h->marks, RESERVED / HEAP_LINE);
    s->heaps = mem_realloc(s->heaps, (s->heap_count + 1) * sizeof(struct heap *));
    s->heaps[s->heap_count++] = h;
    return h;
}

void heap_free(struct heap *h)
{
    mem_release(h->base, RESERVED);
    marks_clear(&h->marks);
    free(h->retired);
    free(h);
}

u32 heap_put(struct heap *h, str s)
{
    if (!s.n) return 0;
    MUST(s.n <= HEAP_STRING_MAX);
    u64 size;
    u32 class = class_of((header_bytes(s.n) + s.n + HEAP_UNIT - 1) / HEAP_UNIT, &size);
    u32 handle = pop_free(h, class);
    if (!handle) handle = cut_free(h, class, size);
    if (!handle) handle = append_cell(h, size);
    write_cell(h, handle, s);
    mark_units(h, handle, size);
    set_living(h, handle, true);
    return handle;
}

void heap_retire(struct heap *h, u32 handle)
{
    if (!handle) return;
    set_living(h, handle, false);
    if (h->store->oldest)
        wait_retired(h, handle);
    else
        free_cell(h, handle);
}

/* ---- loading ---- */

err heap_put_loaded(struct heap *h, u64 first_line, const char *lines, u64 count)
{
    if (count == 0) return ERR_OK;
    if (count > RESERVED / HEAP_LINE || first_line > RESERVED / HEAP_LINE - count)
        return ERR_CORRUPT;
    memcpy(h->base + first_line * HEAP_LINE, lines, count * HEAP_LINE);
    u64 end = (first_line + count) * (HEAP_LINE / HEAP_UNIT);
    if (h->end < end) h->end = end;
    return ERR_OK;
}

/* What lies between living cells is wiped, unless it is empty; the next snapshot has it then. */
static void wipe_gap(struct heap *h, u64 from, u64 to)
{
    for (u64 i = from; i < to; i++) {
        u64 *word = cell(h, (u32)i);
        if (!*word) continue;
        *word = 0;
        mark_units(h, i, 1);
    }
}

err heap_rebuild(struct heap *h, struct diag *why)
{
    u64 end = 1, loaded_end = h->end < UNITS_MAX ? h->end : UNITS_MAX;
    u32 rows = table_count(h->cells);
    if (rows > 1 && !table_is_by_index(h->cells))
        return diag_set(why, ERR_CORRUPT, "heap %s: its cells are no table by index", h->name);
    for (u32 row = 1; (row = table_next_touched(h->cells, row, rows)) < rows; row++) {
        const u64 *words = table_at(h->cells, row);
        if (!table_has(h->cells, row)) continue;
        for (u32 at = 0; at < CELL_BITS; at++) {
            u64 size, unit = (u64)(row - 1) * CELL_BITS + at;
            if (!(words[1 + (at >> 6)] >> (at & 63) & 1)) continue;
            if (unit >= end && unit < loaded_end) class_at(h, (u32)unit, &size);
            if (unit < end || unit >= loaded_end || size > loaded_end - unit)
                return diag_set(why, ERR_CORRUPT, "heap %s: a string lies where none can", h->name);
            wipe_gap(h, end, unit);
            push_gap(h, end, unit - end);
            end = unit + size;
        }
    }
    wipe_gap(h, end, loaded_end);
    h->end = 1;
    append_cell(h, end - 1);
    return ERR_OK;
}
