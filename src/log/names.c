/* names.c — per kind an array by code and a hash table, both read without a lock.
 *
 * Names are only ever added. A name is written before its entry in the array, that before its slot
 * in the table, each published by a release store; a table that is half full is replaced by one
 * twice its size and kept until the end, since a reader may still be in it. Who adds holds `lock`
 * while the NAME record is queued: what uses the code can only be queued later. */
#include "log/names.h"

#include "base/hash.h"
#include "log/inside.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64, FEW_NAMES_MAX = 256 };

/* Slots: the hash's upper half, then the code; 0 = empty. */
struct table {
    struct table *older;
    u64 mask;
    atomic_ullong slots[];
};

struct name {
    u32 n;
    char text[];
};

struct kind {
    _Atomic(struct table *) table;
    _Atomic(struct name *) *by_code; /* NAMES_MAX + 1 places, reserved; [0] stays NULL */
    atomic_uint count;               /* the highest code */
};

struct names {
    struct log *log;
    struct sip_key key;
    pthread_mutex_t lock;
    struct kind kinds[NAME_KIND_COUNT];
};

static size_t by_code_bytes(void)
{
    return (NAMES_MAX + 1) * sizeof(_Atomic(struct name *));
}

static struct table *table_new(u64 slots, struct table *older)
{
    struct table *t = mem_zalloc(sizeof *t + slots * sizeof *t->slots);
    t->older = older;
    t->mask = slots - 1;
    return t;
}

struct names *names_new(struct log *log)
{
    struct names *n = mem_zalloc(sizeof *n);
    n->log = log;
    if (log) env_random(log->env, &n->key, sizeof n->key);
    pthread_mutex_init(&n->lock, NULL);
    for (u32 k = 1; k < NAME_KIND_COUNT; k++) {
        n->kinds[k].by_code = mem_reserve(by_code_bytes());
        atomic_init(&n->kinds[k].table, table_new(FIRST_SLOTS, NULL));
    }
    return n;
}

static void kind_clear(struct kind *k)
{
    for (u32 code = 1; code <= k->count; code++) free(k->by_code[code]);
    mem_release((void *)(uintptr_t)k->by_code, by_code_bytes());
    for (struct table *t = k->table; t;) {
        struct table *older = t->older;
        free(t);
        t = older;
    }
}

void names_free(struct names *n)
{
    if (!n) return;
    for (u32 k = 1; k < NAME_KIND_COUNT; k++) kind_clear(&n->kinds[k]);
    pthread_mutex_destroy(&n->lock);
    free(n);
}

static struct kind *kind_of(struct names *n, name_kind kind)
{
    MUST(kind >= 1 && kind < NAME_KIND_COUNT);
    return &n->kinds[kind];
}

static str text_of(struct kind *k, u32 code)
{
    if (code == 0 || code > NAMES_MAX) return (str){0};
    struct name *name = atomic_load_explicit(&k->by_code[code], memory_order_acquire);
    return name ? (str){name->text, name->n} : (str){0};
}

static u64 hash_of(const struct names *n, str text)
{
    return hash_sip(n->key, text).lo;
}

/* The home is the hash's upper half too, so that a table grows from its slots alone. */
static u32 find(struct kind *k, u64 hash, str text)
{
    const struct table *t = atomic_load_explicit(&k->table, memory_order_acquire);
    u32 tag = (u32)(hash >> 32);
    for (u64 i = tag & t->mask;; i = (i + 1) & t->mask) {
        u64 slot = atomic_load_explicit(&t->slots[i], memory_order_acquire);
        if (slot == 0) return 0;
        if (slot >> 32 == tag && str_eq(text_of(k, (u32)slot), text)) return (u32)slot;
    }
}

static void table_put(struct table *t, u64 slot)
{
    u64 i = (slot >> 32) & t->mask;
    while (atomic_load_explicit(&t->slots[i], memory_order_relaxed)) i = (i + 1) & t->mask;
    atomic_store_explicit(&t->slots[i], slot, memory_order_release);
}

static struct table *grown(struct table *old)
{
    struct table *t = table_new((old->mask + 1) * 2, old);
    for (u64 i = 0; i <= old->mask; i++)
        if (old->slots[i]) table_put(t, old->slots[i]);
    return t;
}

/* Publishes a name. `lock` is held. */
static void add(struct kind *k, u32 code, u64 hash, str text)
{
    struct name *name = mem_alloc(sizeof *name + text.n);
    name->n = (u32)text.n;
    memcpy(name->text, text.p, text.n);
    atomic_store_explicit(&k->by_code[code], name, memory_order_release);
    if (code > k->count) atomic_store(&k->count, code);
    struct table *t = k->table;
    if (k->count * 2 > t->mask) t = grown(t);
    table_put(t, (hash >> 32) << 32 | code);
    atomic_store_explicit(&k->table, t, memory_order_release);
}

static u32 codes_max(name_kind kind)
{
    return kind == NAME_SPACE || kind == NAME_CHANNEL ? FEW_NAMES_MAX : NAMES_MAX;
}

/* Urgent: it is small, its number is bounded, and an urgent record may need it. */
static err write_record(struct names *n, name_kind kind, u32 code, str text)
{
    struct buf payload, record;
    u64 number;
    if (!n->log) return ERR_OK;
    buf_init(&payload, 5 + NAME_BYTES_MAX);
    buf_init(&record, RECORD_BYTES_MAX);
    buf_byte(&payload, (u8)kind);
    buf_u32(&payload, code);
    buf_put(&payload, text);
    struct record r = {.kind = RECORD_NAME, .occurred_ms = NEVER, .payload = buf_str(&payload)};
    record_put(&record, &r);
    err e = log_append(n->log, buf_str(&record), 1, true, &number);
    buf_clear(&payload);
    buf_clear(&record);
    return e;
}

/* Another thread may have added it since the caller looked. `lock` is held. */
static err find_or_add(struct names *n, name_kind kind, u64 hash, str text, u32 *out)
{
    struct kind *k = kind_of(n, kind);
    *out = find(k, hash, text);
    if (*out) return ERR_OK;
    u32 code = k->count + 1;
    if (code > codes_max(kind)) return ERR_LIMIT;
    TRY(write_record(n, kind, code, text));
    add(k, code, hash, text);
    *out = code;
    return ERR_OK;
}

err names_code(struct names *n, name_kind kind, str text, u32 *out)
{
    u64 hash = hash_of(n, text);
    *out = find(kind_of(n, kind), hash, text);
    if (LIKELY(*out)) return ERR_OK;
    if (text.n == 0 || text.n > NAME_BYTES_MAX || !str_is_utf8(text)) return ERR_INVALID;
    pthread_mutex_lock(&n->lock);
    err e = find_or_add(n, kind, hash, text, out);
    pthread_mutex_unlock(&n->lock);
    return e;
}

u32 names_find(struct names *n, name_kind kind, str text)
{
    return find(kind_of(n, kind), hash_of(n, text), text);
}

str names_text(struct names *n, name_kind kind, u32 code)
{
    return text_of(kind_of(n, kind), code);
}

u32 names_count(struct names *n, name_kind kind)
{
    return atomic_load(&kind_of(n, kind)->count);
}

void names_load(struct names *n, name_kind kind, u32 code, str text)
{
    struct kind *k = kind_of(n, kind);
    MUST(code >= 1 && code <= codes_max(kind) && text.n > 0 && text.n <= NAME_BYTES_MAX);
    pthread_mutex_lock(&n->lock);
    str there = text_of(k, code);
    MUST(there.n == 0 || str_eq(there, text));
    if (there.n == 0) add(k, code, hash_of(n, text), text);
    pthread_mutex_unlock(&n->lock);
}
