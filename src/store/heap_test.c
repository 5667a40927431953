/* heap_test.c — strings: what they cost, when their place is used again, what stays of them. */
#include "base/test.h"
#include "store/store_internal.h"

#include <stdlib.h>

static str pattern(char *out, size_t n, char c)
{
    memset(out, c, n);
    return (str){out, n};
}

TEST("a string comes back whole at every length where its header or its cell changes")
{
    static char text[HEAP_STRING_MAX];
    static const u32 LENGTHS[] = {1,
                                  6,
                                  7,
                                  8,
                                  127,
                                  128,
                                  1021,
                                  1022,
                                  1023,
                                  1024,
                                  1025,
                                  16383,
                                  16384,
                                  65535,
                                  HEAP_STRING_MAX - 1,
                                  HEAP_STRING_MAX};
    u32 handles[COUNT_OF(LENGTHS)];
    struct store *s = store_new(&(struct store_options){0});
    struct heap *h = heap_new(s, "h");
    CHECK_EQ(heap_put(h, S("")), 0);
    CHECK_EQ(heap_view(h, 0).n, 0);
    for (size_t i = 0; i < COUNT_OF(LENGTHS); i++)
        handles[i] = heap_put(h, pattern(text, LENGTHS[i], (char)('a' + i)));
    for (size_t i = 0; i < COUNT_OF(LENGTHS); i++)
        CHECK_STR(heap_view(h, handles[i]), pattern(text, LENGTHS[i], (char)('a' + i)));
    store_free(s);
}

TEST("a string of up to 127 bytes costs one byte and the rounding to 8, a longer one at most a "
     "sixteenth")
{
    static char text[HEAP_STRING_MAX];
    struct store *s = store_new(&(struct store_options){0});
    struct heap *h = heap_new(s, "h");
    for (u32 n = 1; n < 40000; n += n < 1200 ? 1 : 997) {
        u64 before = h->end;
        heap_put(h, pattern(text, n, 'x'));
        u64 bytes = (h->end - before) * HEAP_UNIT, exact = (n + (n < 128 ? 1u : 2u) + 7) / 8 * 8;
        if (n <= 1022)
            CHECK_EQ(bytes, exact);
        else
            CHECK(bytes >= n + 2 && bytes <= exact + exact / 16 + 8);
    }
    store_free(s);
}

TEST("a retired string's place is used again at once if no epoch is pinned")
{
    struct store *s = store_new(&(struct store_options){0});
    struct heap *h = heap_new(s, "h");
    u32 a = heap_put(h, S("aaaaaaaaaa")), b = heap_put(h, S("bbbbbbbbbb"));
    heap_retire(h, a);
    CHECK_EQ(heap_put(h, S("cccccccccc")), a);
    CHECK_STR(heap_view(h, b), S("bbbbbbbbbb"));
    heap_retire(h, 0);
    store_free(s);
}

TEST("a retired string stays as long as an epoch that saw it is held, cancelled or not")
{
    struct store *s = store_new(&(struct store_options){0});
    struct heap *h = heap_new(s, "h");
    u32 a = heap_put(h, S("aaaaaaaaaa"));
    struct epoch *saw = epoch_pin(s);
    heap_retire(h, a);
    struct epoch *later = epoch_pin(s);
    CHECK(later != saw);
    epoch_cancel_older(s, epoch_number(later));
    CHECK(epoch_cancelled(saw) && !epoch_cancelled(later));
    store_collect(s);
    CHECK(heap_put(h, S("cccccccccc")) != a);
    CHECK_STR(heap_view(h, a), S("aaaaaaaaaa"));
    epoch_drop(saw);
    store_collect(s);
    CHECK_EQ(heap_put(h, S("dddddddddd")), a);
    epoch_drop(later);
    store_free(s);
}

TEST("a freed string leaves nothing behind")
{
    struct store *s = store_new(&(struct store_options){0});
    struct heap *h = heap_new(s, "h");
    u32 a = heap_put(h, S("secret-secret-secret"));
    heap_retire(h, a);
    for (u32 i = 8; i < 24; i++) CHECK_EQ(h->base[(size_t)a * HEAP_UNIT + i], 0);
    store_free(s);
}

TEST("a large free cell is cut for small strings before the heap grows")
{
    static char text[100000];
    struct store *s = store_new(&(struct store_options){0});
    struct heap *h = heap_new(s, "h");
    u32 large = heap_put(h, pattern(text, sizeof text, 'x'));
    u64 end = h->end;
    heap_retire(h, large);
    for (u32 i = 0; i < 4000; i++) heap_put(h, S("twenty bytes of text"));
    CHECK_EQ(h->end, end);
    store_free(s);
}

TEST("no two living strings ever share a byte, whatever is put and retired")
{
    enum { N = 600 };
    static char text[70000];
    struct store *s = store_new(&(struct store_options){0});
    struct heap *h = heap_new(s, "h");
    struct rng rng = {test_seed()};
    u32 handles[N] = {0}, lengths[N] = {0};
    for (u32 step = 0; step < 20000; step++) {
        u32 i = (u32)rng_below(&rng, N);
        if (lengths[i]) {
            CHECK_STR(heap_view(h, handles[i]), pattern(text, lengths[i], (char)i));
            heap_retire(h, handles[i]);
            lengths[i] = 0;
            continue;
        }
        u64 most = rng_percent(&rng, 2) ? sizeof text : 60;
        lengths[i] = 1 + (u32)rng_below(&rng, most);
        handles[i] = heap_put(h, pattern(text, lengths[i], (char)i));
    }
    for (u32 i = 0; i < N; i++)
        if (lengths[i]) CHECK_STR(heap_view(h, handles[i]), pattern(text, lengths[i], (char)i));
    store_free(s);
}

TEST("what was retired is wiped as soon as no epoch sees it, and the store says so")
{
    struct store *s = store_new(&(struct store_options){0});
    struct heap *h = heap_new(s, "texts");
    u32 one = heap_put(h, S("somebody's name")), two = heap_put(h, S("a later one"));
    CHECK(store_is_wiped(s, store_moment(s)));
    struct epoch *e = epoch_pin(s);
    heap_retire(h, one);
    u64 moment = store_moment(s);
    store_collect(s);
    CHECK(!store_is_wiped(s, moment));
    struct epoch *later = epoch_pin(s);
    heap_retire(h, two);
    epoch_drop(e);
    store_collect(s);
    CHECK(store_is_wiped(s, moment)); /* what came after is not asked for */
    CHECK(!store_is_wiped(s, store_moment(s)));
    epoch_drop(later);
    store_collect(s);
    CHECK(store_is_wiped(s, store_moment(s)));
    store_free(s);
}
