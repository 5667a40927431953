/* sealed_texts.c — the texts of a file that repeat, and finding one's number. */
#include "base/hash.h"
#include "base/mem.h"
#include "event/block_write.h"

#include <stdlib.h>

enum {
    SLOTS_FIRST = 1 << 10,
    TEXT_BYTES = 255, /* longer ones stay in the heap */
    PROPERTIES = 1 << 16,
    RECENT = 1 << 10,
    RECENT_BYTES = 16,
    TRIED = 512, /* texts of a property, before it is judged */
    REPEAT = 4,  /* so often each has to come, on average */
};

struct slot {
    u64 hash;
    u32 number, used;
};

/* A short text that came lately, whole: it is found without its hash and its bytes. */
struct recent {
    u64 low, high;
    u32 n, number; /* number + 1 */
};

struct texts {
    struct slot *slots;
    u32 size, count;
    struct buf ends, bytes;
    struct recent recent[RECENT];
    struct {
        u32 seen, added;
    } * properties;
};

struct texts *texts_new(void)
{
    struct texts *t = mem_zalloc(sizeof *t);
    t->size = SLOTS_FIRST;
    t->slots = mem_zalloc(t->size * sizeof *t->slots);
    t->properties = mem_zalloc(PROPERTIES * sizeof *t->properties);
    buf_init(&t->ends, (SEALED_TEXTS_MAX + 1) * sizeof(u32));
    buf_init(&t->bytes, SEALED_TEXTS_BYTES + TEXT_BYTES);
    buf_u32(&t->ends, 0);
    return t;
}

void texts_free(struct texts *t)
{
    if (!t) return;
    buf_clear(&t->ends);
    buf_clear(&t->bytes);
    free(t->slots);
    free(t->properties);
    free(t);
}

str texts_at(const struct texts *t, u32 number)
{
    u32 ends[2];
    memcpy(ends, t->ends.p + number * sizeof(u32), sizeof ends);
    return (str){t->bytes.p + ends[0], ends[1] - ends[0]};
}

str texts_ends(const struct texts *t)
{
    return t->count ? buf_str(&t->ends) : (str){0};
}

str texts_bytes(const struct texts *t)
{
    return buf_str(&t->bytes);
}

static struct slot *slot_of(const struct texts *t, u64 hash, str text)
{
    u32 at = (u32)hash & (t->size - 1);
    for (; t->slots[at].used; at = (at + 1) & (t->size - 1))
        if (t->slots[at].hash == hash && str_eq(texts_at(t, t->slots[at].number), text)) break;
    return &t->slots[at];
}

static void grow(struct texts *t)
{
    struct slot *old = t->slots;
    u32 size = t->size;
    t->size *= 2;
    t->slots = mem_zalloc(t->size * sizeof *t->slots);
    for (u32 i = 0; i < size; i++) {
        u32 at = (u32)old[i].hash & (t->size - 1);
        if (!old[i].used) continue;
        while (t->slots[at].used) at = (at + 1) & (t->size - 1);
        t->slots[at] = old[i];
    }
    free(old);
}

void texts_note(struct texts *t, u32 property)
{
    u32 *seen = &t->properties[property % PROPERTIES].seen;
    *seen += *seen < UINT32_MAX;
}

void texts_note_many(struct texts *t, u32 property, u32 n)
{
    u32 *seen = &t->properties[property % PROPERTIES].seen;
    *seen = n < UINT32_MAX - *seen ? *seen + n : UINT32_MAX;
}

/* The bytes of a text of up to RECENT_BYTES as two words; with its length they are the text. */
static inline struct recent words_of(str s)
{
    struct recent r = {.n = (u32)s.n};
    u32 low, high;
    if (s.n >= 8) {
        memcpy(&r.low, s.p, 8);
        memcpy(&r.high, s.p + s.n - 8, 8);
    } else if (s.n >= 4) {
        memcpy(&low, s.p, 4);
        memcpy(&high, s.p + s.n - 4, 4);
        r.low = low, r.high = high;
    } else if (s.n) {
        r.low = (u64)(u8)s.p[0] << 16 | (u64)(u8)s.p[s.n / 2] << 8 | (u8)s.p[s.n - 1];
    }
    return r;
}

static inline struct recent *recent_of(struct texts *t, const struct recent *r)
{
    u64 mixed = (r->low * 0x9E3779B97F4A7C15u ^ r->high) * 0xC2B2AE3D27D4EB4Fu + r->n;
    return &t->recent[(mixed >> 40) % RECENT];
}

static u32 find_number(struct texts *t, u32 p, str text)
{
    u32 seen = t->properties[p].seen, added = t->properties[p].added;
    bool is_open = seen < TRIED || (u64)added * REPEAT < seen;
    if (seen < UINT32_MAX) t->properties[p].seen++;
    if (!is_open && added * 2 > seen) return TEXT_NONE; /* it will not be found either */
    u64 hash = hash_xxh64(text);
    struct slot *slot = slot_of(t, hash, text);
    if (slot->used) return slot->number;
    if (!is_open || t->count == SEALED_TEXTS_MAX || t->bytes.n + text.n > SEALED_TEXTS_BYTES)
        return TEXT_NONE;
    *slot = (struct slot){hash, t->count++, 1};
    buf_put(&t->bytes, text);
    buf_u32(&t->ends, (u32)t->bytes.n);
    t->properties[p].added++;
    u32 number = slot->number;
    if (t->count > t->size / 2) grow(t);
    return number;
}

u32 texts_number(struct texts *t, u32 property, str text)
{
    u32 p = property % PROPERTIES;
    if (text.n > TEXT_BYTES) return TEXT_NONE;
    if (text.n > RECENT_BYTES) return find_number(t, p, text);
    struct recent r = words_of(text), *known = recent_of(t, &r);
    if (known->number && known->n == r.n && known->low == r.low && known->high == r.high) {
        texts_note(t, property);
        return known->number - 1;
    }
    u32 number = find_number(t, p, text);
    if (number == TEXT_NONE) return number;
    r.number = number + 1;
    *known = r;
    return number;
}
