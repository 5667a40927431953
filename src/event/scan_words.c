/* scan_words.c — the texts of a scan and their codes.
 *
 * One table for all slices, under a lock; texts never move and are published before their codes.
 * Each slice keeps what it met lately in a small table of its own and asks the large one for the
 * rest. */
#include "event/scan_inside.h"

#include <pthread.h>
#include <stdlib.h>

enum { SCAN_WORDS_MAX = 1 << 24, CACHE_SLOTS = 1 << 12, TEXT_BYTES_MAX = 1 << 20 };
#define WORDS_BYTES_MAX ((size_t)1 << 30)

struct word {
    u32 n;
    char text[];
};

struct words {
    pthread_mutex_t lock;
    struct map map;
    struct arena *texts;
    size_t bytes;
    const struct word **by_code; /* reserved; [0] stays NULL */
    u32 count;
};

struct words *words_new(void)
{
    struct words *w = mem_zalloc(sizeof *w);
    pthread_mutex_init(&w->lock, NULL);
    map_init(&w->map);
    w->texts = arena_new();
    w->by_code = mem_reserve((SCAN_WORDS_MAX + 1) * sizeof(struct word *));
    return w;
}

void words_free(struct words *w)
{
    if (!w) return;
    pthread_mutex_destroy(&w->lock);
    map_clear(&w->map);
    arena_free(w->texts);
    mem_release(w->by_code, (SCAN_WORDS_MAX + 1) * sizeof(struct word *));
    free(w);
}

str words_text(const struct words *w, u32 code)
{
    if (code == 0 || code > SCAN_WORDS_MAX) return S("");
    const struct word *word = __atomic_load_n(&w->by_code[code], __ATOMIC_ACQUIRE);
    return word ? (str){word->text, word->n} : S("");
}

u32 words_count(const struct words *w)
{
    return __atomic_load_n(&w->count, __ATOMIC_ACQUIRE);
}

/* `lock` is held. */
static u32 find_or_add(struct words *w, str text, hash128 hash)
{
    struct map_cursor at;
    for (u32 code = map_first(&w->map, hash, &at); code; code = map_next(&w->map, hash, &at))
        if (str_eq(words_text(w, code), text)) return code;
    if (w->count == SCAN_WORDS_MAX || w->bytes + text.n > WORDS_BYTES_MAX) return 0;
    struct word *word = arena_alloc(w->texts, sizeof *word + text.n);
    word->n = (u32)text.n;
    if (text.n) memcpy(word->text, text.p, text.n);
    w->bytes += sizeof *word + text.n;
    u32 code = w->count + 1;
    __atomic_store_n(&w->by_code[code], word, __ATOMIC_RELEASE);
    __atomic_store_n(&w->count, code, __ATOMIC_RELEASE);
    map_put(&w->map, hash, code);
    return code;
}

u32 words_code(struct words *w, str text)
{
    hash128 hash = hash_xxh(text);
    pthread_mutex_lock(&w->lock);
    u32 code = find_or_add(w, text, hash);
    pthread_mutex_unlock(&w->lock);
    return code;
}

/* ---- a slice's own ---- */

struct word_cache {
    struct words *words;
    struct {
        u64 hash;
        u32 code;
    } texts[CACHE_SLOTS];
    struct {
        i64 n;
        u32 type, code;
    } numbers[CACHE_SLOTS];
    struct buf shown;
};

struct word_cache *word_cache_new(struct words *w)
{
    struct word_cache *c = mem_zalloc(sizeof *c);
    c->words = w;
    buf_init(&c->shown, TEXT_BYTES_MAX);
    return c;
}

void word_cache_free(struct word_cache *c)
{
    if (!c) return;
    buf_clear(&c->shown);
    free(c);
}

static u32 code_of_text(struct word_cache *c, str text)
{
    u64 hash = hash_xxh64(text);
    u32 slot = (u32)(hash % CACHE_SLOTS);
    if (c->texts[slot].hash == hash && c->texts[slot].code &&
        str_eq(words_text(c->words, c->texts[slot].code), text))
        return c->texts[slot].code;
    u32 code = words_code(c->words, text);
    c->texts[slot].hash = hash;
    c->texts[slot].code = code;
    return code;
}

static u32 code_of_number(struct word_cache *c, value v)
{
    u32 slot = (u32)(((u64)v.n * 0x9E3779B97F4A7C15u) >> 52);
    if (c->numbers[slot].code && c->numbers[slot].n == v.n && c->numbers[slot].type == (u32)v.type)
        return c->numbers[slot].code;
    buf_reset(&c->shown);
    value_display(&c->shown, v);
    u32 code = code_of_text(c, buf_str(&c->shown));
    c->numbers[slot].n = v.n;
    c->numbers[slot].type = (u32)v.type;
    c->numbers[slot].code = code;
    return code;
}

u32 word_cache_code(struct word_cache *c, value v)
{
    switch (v.type) {
    case VALUE_NUMBER:
    case VALUE_TEXT:
    case VALUE_DATE:
    case VALUE_TIME: return code_of_text(c, v.text);
    case VALUE_FALSE:
    case VALUE_TRUE:
    case VALUE_INT:
    case VALUE_FIXED: return code_of_number(c, v);
    default: return 0;
    }
}
