#include "base/test.h"
#include "event/erased.h"
#include "event/place.h"
#include "event/tail.h"

static u32 append(struct tail *t, event_persona p, u64 order, size_t bytes)
{
    static const char BLOB[1 << 20];
    return tail_append(t, &(struct event){.persona = p, .order = order, .props = {BLOB, bytes}});
}

/* Moves the empty end of a tail forward, as if as much had been appended and sealed. */
static void skip_to(struct tail *t, u64 offset)
{
    tail_keep(t, t->end + TAIL_CHUNK, TAIL_CHUNKS);
    t->kept = t->end = offset;
}

TEST("units wrap after 32 GiB, and no row is lost or named 0 on the way")
{
    enum { ROWS = 3000 };
    struct tail t;
    u32 last[4] = {0}, n = 0;
    (void)arena;
    tail_init(&t);
    skip_to(&t, ((u64)TAIL_CHUNKS - 2) * TAIL_CHUNK);
    for (u32 i = 0; i < ROWS; i++) {
        last[1 + i % 3] = append(&t, 1 + i % 3, i, 4000);
        CHECK(last[1 + i % 3] != 0);
    }
    CHECK(t.end > (u64)TAIL_CHUNKS * TAIL_CHUNK);
    for (event_persona p = 1; p <= 3; p++) {
        u32 unit = tail_newest(&t, p, t.kept, t.end);
        CHECK_EQ(unit, last[p]);
        for (u64 order = ROWS - 4 + p; unit; unit = tail_before(&t, unit, t.kept), order -= 3, n++)
            CHECK_EQ(tail_row(&t, unit)->order, order);
    }
    CHECK_EQ(n, ROWS);
    u64 at = t.kept;
    for (u32 i = 0; i < ROWS; i++) CHECK_EQ(tail_next(&t, &at, t.end)->order, i);
    CHECK(!tail_next(&t, &at, t.end));
    tail_clear(&t);
}

TEST("a head left alone for 32 GiB does not name a stranger's row")
{
    struct tail t;
    (void)arena;
    tail_init(&t);
    for (event_persona p = 1; p < 9000; p++) append(&t, p, p, 0);
    u32 old = t.heads[5];
    for (u64 chunk = 1; chunk <= TAIL_CHUNKS; chunk++) {
        skip_to(&t, chunk * TAIL_CHUNK);
        append(&t, 9001, chunk, 8);
        CHECK(tail_newest(&t, 9001, t.kept, t.end));
        CHECK(!tail_newest(&t, 5, t.kept, t.end));
    }
    CHECK_EQ(t.heads[5], 0);
    for (u32 i = 0; i < 20000; i++) append(&t, 9002, i, 0);
    CHECK((u32)(old - tail_unit(t.kept)) < tail_unit(t.end) - tail_unit(t.kept));
    CHECK(!tail_newest(&t, 5, t.kept, t.end));
    tail_clear(&t);
}

TEST("a reader of an older length does not see what came later")
{
    struct tail t;
    (void)arena;
    tail_init(&t);
    append(&t, 1, 10, 5);
    u64 end = t.end;
    CHECK(!tail_newest(&t, 2, t.kept, end));
    append(&t, 1, 11, 5);
    append(&t, 2, 12, 5);
    CHECK_EQ(tail_row(&t, tail_newest(&t, 1, t.kept, end))->order, 10);
    CHECK(!tail_newest(&t, 2, t.kept, end));
    CHECK_EQ(tail_row(&t, tail_newest(&t, 1, t.kept, t.end))->order, 11);
    CHECK(!tail_newest(&t, EVENT_PERSONAS_MAX, t.kept, t.end));
    CHECK_EQ(tail_newest(&t, 1, end, end), 0);
    tail_clear(&t);
}

TEST("what a chunk held before is not in the stream of the one that takes its memory")
{
    struct tail t;
    (void)arena;
    tail_init(&t);
    for (u32 i = 0; i < 5; i++) {
        static char secret[1 << 20];
        memset(secret, 'x', sizeof secret);
        tail_append(&t,
                    &(struct event){.persona = 1, .order = i, .props = {secret, sizeof secret}});
    }
    tail_keep(&t, t.end + TAIL_CHUNK, TAIL_CHUNKS);
    t.kept = t.end = 4 * (u64)TAIL_CHUNK;
    CHECK(t.spare_count > 0);
    for (u32 i = 0; i < 9; i++) append(&t, 2, i, 900000 + i);
    CHECK(t.end > 5 * (u64)TAIL_CHUNK);
    for (u64 at = t.kept; at < t.end; at++) {
        char c;
        tail_read(&t, at, &c, 1);
        CHECK(c != 'x');
    }
    tail_clear(&t);
}

TEST("a stream is taken back from any pieces, but not with a gap")
{
    struct tail t, u;
    struct rng rng = {test_seed()};
    tail_init(&t);
    for (u32 i = 0; i < 9000; i++)
        append(&t, 1 + (u32)rng_below(&rng, 50), i + 1, rng_below(&rng, 2000));
    size_t n = (size_t)(t.end - t.kept);
    CHECK(n > 2 * (size_t)TAIL_CHUNK);
    char *bytes = arena_alloc(arena, n);
    tail_read(&t, t.kept, bytes, n);
    tail_init(&u);
    for (size_t at = 0, part; at < n; at += part) {
        part = min_size(1 + rng_below(&rng, 3000000), n - at);
        CHECK_OK(tail_load(&u, t.kept + at, (str){bytes + at, part}));
    }
    CHECK_EQ(tail_load(&u, u.end + 8, S("12345678")), ERR_CORRUPT);
    tail_link(&u);
    for (event_persona p = 1; p <= 50; p++) {
        u32 a = tail_newest(&t, p, t.kept, t.end), b = tail_newest(&u, p, u.kept, u.end);
        for (; a || b; a = tail_before(&t, a, t.kept), b = tail_before(&u, b, u.kept))
            CHECK_EQ(tail_row(&t, a)->order, tail_row(&u, b)->order);
    }
    tail_clear(&t);
    tail_clear(&u);
}

TEST("places sort by key, time and order, few or many, negative times first")
{
    struct rng rng = {test_seed()};
    for (u32 n = 0; n < 600; n = n < 40 ? n + 1 : n * 2) {
        struct place *a = arena_alloc(arena, (n + 1) * sizeof *a);
        struct place *spare = arena_alloc(arena, (n + 1) * sizeof *a);
        u64 sum = 0, again = 0;
        for (u32 i = 0; i < n; i++) {
            a[i] =
                (struct place){(i64)rng_below(&rng, 9) - 4, rng_next(&rng) >> rng_below(&rng, 60),
                               (u32)rng_below(&rng, 5) << 14, i};
            if (n % 2) a[i].order = i;
            sum += a[i].order ^ a[i].at;
        }
        place_sort(a, spare, n);
        for (u32 i = 0; i < n; i++) again += a[i].order ^ a[i].at;
        for (u32 i = 1; i < n; i++) CHECK(place_cmp(&a[i - 1], &a[i]) <= 0);
        CHECK_EQ(sum, again);
    }
}

TEST("a set of deletions answers as of each moment at which it was asked")
{
    enum { N = 3000 };
    struct erased *e = erased_new();
    struct erased_entry *all = arena_zalloc(arena, N * sizeof *all);
    struct rng rng = {test_seed()};
    for (u32 i = 0; i < N; i++) {
        bool one = rng_percent(&rng, 90);
        all[i] = (struct erased_entry){rng_below(&rng, 500), i, 1 + (u32)rng_below(&rng, 20),
                                       one ? ERASED_ONE : ERASED_BEFORE};
        if (!one) all[i].order /= 10;
        erased_add(e, all[i]);
        for (u32 k = 0; k < 5; k++) {
            u32 n = (u32)rng_below(&rng, i + 2);
            event_persona p = 1 + (u32)rng_below(&rng, 21);
            u64 order = rng_below(&rng, 500);
            bool expected = false;
            for (u32 j = 0; j < n; j++)
                expected |=
                    all[j].persona == p &&
                    (all[j].kind == ERASED_ONE ? all[j].order == order : order < all[j].order);
            struct erased_of of = erased_of(e, n, p);
            CHECK_EQ(is_erased(&of, order), expected);
        }
    }
    erased_free(e);
}
