/* word.c — dictionaries: a column whose values repeat keeps each once, and codes in its cells.
 *
 * Codes are dense from 1 and given again when no cell has them any more, so that a value of one
 * person goes with her. A dictionary closes when it has grown past 255 values of which most are had
 * by few: such a column is cheaper without. What is in it then stays as long as cells have it. */
#include "base/hash.h"
#include "customer/customer_internal.h"

enum { WORDS_SMALL = 255, SHARED_BY = 4 };

static hash128 word_key(u32 attribute, str bytes)
{
    hash128 h = hash_xxh(bytes);
    h.hi += (u64)attribute * 0x9E3779B97F4A7C15u;
    return h;
}

str word_view(const struct customer_view *v, const struct attribute_row *a, u32 code)
{
    return heap_view(v->c->text, tree_get(v, a->words, 2 * code));
}

static u32 find(const struct customers *c, u32 attribute, const struct attribute_row *a,
                hash128 key, str bytes)
{
    struct customer_view now = live(c);
    struct map_cursor at;
    for (u32 row = map_first(&c->by_word, key, &at); row; row = map_next(&c->by_word, key, &at))
        if (row >> 16 == attribute && str_eq(word_view(&now, a, row & 0xFFFF), bytes))
            return row & 0xFFFF;
    return 0;
}

/* Closed once most words are had by few; asked whenever their number doubles. */
static bool takes_more(struct attribute_row *a)
{
    u32 count = a->word_count + 1;
    if (a->flags & (COLUMN_NO_WORDS | COLUMN_PERSONAL)) return false;
    if (count > WORDS_SMALL && (count & (count - 1)) == 0 && a->present < SHARED_BY * count)
        a->flags |= COLUMN_NO_WORDS;
    if (count > WORDS_MAX) a->flags |= COLUMN_NO_WORDS;
    return !(a->flags & COLUMN_NO_WORDS);
}

u32 word_take(struct customers *c, u32 attribute, struct attribute_row *a, str bytes, u32 max)
{
    if (attribute >> 16 || bytes.n > WORD_BYTES_MAX) return 0;
    struct customer_view now = live(c);
    hash128 key = word_key(attribute, bytes);
    u32 code = find(c, attribute, a, key, bytes);
    if (code) {
        if (code > max) return 0;
        tree_set(c, &a->words, 2 * code + 1, tree_get(&now, a->words, 2 * code + 1) + 1);
        return code;
    }
    code = a->word_free ? a->word_free : a->word_end ? a->word_end : 1;
    if (code > max || !takes_more(a)) return 0;
    if (a->word_free)
        a->word_free = tree_get(&now, a->words, 2 * code + 1);
    else
        a->word_end = code + 1;
    a->word_count++;
    tree_set(c, &a->words, 2 * code, heap_put(c->text, bytes));
    tree_set(c, &a->words, 2 * code + 1, 1);
    map_put(&c->by_word, key, attribute << 16 | code);
    return code;
}

void word_drop(struct customers *c, u32 attribute, struct attribute_row *a, u32 code)
{
    struct customer_view now = live(c);
    u32 uses = tree_get(&now, a->words, 2 * code + 1);
    MUST(uses);
    if (uses > 1) {
        tree_set(c, &a->words, 2 * code + 1, uses - 1);
        return;
    }
    u32 handle = tree_get(&now, a->words, 2 * code);
    MUST(map_remove(&c->by_word, word_key(attribute, heap_view(c->text, handle)),
                    attribute << 16 | code));
    heap_retire(c->text, handle);
    tree_set(c, &a->words, 2 * code, 0);
    tree_set(c, &a->words, 2 * code + 1, a->word_free);
    a->word_free = code;
    a->word_count--;
}

void words_rebuild(struct customers *c, u32 attribute)
{
    struct customer_view now = live(c);
    const struct attribute_row *a = table_at(c->attributes, attribute);
    for (u32 code = 1; code < a->word_end; code++) {
        u32 handle = tree_get(&now, a->words, 2 * code);
        if (handle)
            map_put(&c->by_word, word_key(attribute, heap_view(c->text, handle)),
                    attribute << 16 | code);
    }
}
