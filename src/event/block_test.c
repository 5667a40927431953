#include "event/block_write.h"

#include "base/test.h"
#include "env/sim.h"

#include <stdlib.h>

TEST("numbers of every width come back from wherever they are packed")
{
    enum { N = 300 };
    struct rng rng = {test_seed()};
    u64 values[N];
    i64 out[N];
    u8 small[N];
    u32 middle[N];
    for (u32 width = 0; width <= PACK_WIDTH_MAX; width++) {
        u64 base = rng_next(&rng), unit = 1 + rng_below(&rng, 1000);
        u8 *p = arena_zalloc(arena, pack_bytes(PACK_WIDTH_MAX, N) + 2 * PACK_SLACK);
        if (!pack_width_valid(width)) continue;
        for (u32 i = 0; i < N; i++) values[i] = base + (rng_next(&rng) & pack_mask(width));
        pack_put(p, width, values, base, N);
        for (u32 round = 0; round < 20; round++) {
            u32 from = (u32)rng_below(&rng, N), n = (u32)rng_below(&rng, N - from + 1);
            unpack_i64(p, width, from, n, (i64)base, unit, out);
            if (width <= 8) unpack_u8(p, width, from, n, small);
            if (width <= PACK_NARROW) unpack_u32(p, width, from, n, middle);
            for (u32 i = 0; i < n; i++) {
                u64 v = values[from + i] - base;
                CHECK_EQ(pack_get(p, width, from + i), v);
                CHECK_EQ((u64)out[i], base + unit * v);
                if (width <= 8) CHECK_EQ(small[i], v);
                if (width <= PACK_NARROW) CHECK_EQ(middle[i], v);
            }
        }
    }
}

TEST("bits tell which packed numbers lie between two, and which bytes are among a few")
{
    enum { N = 300 };
    struct rng rng = {test_seed()};
    u64 values[N], bits[N / 64 + 1];
    u8 bytes[N + 64], few[3];
    for (u32 width = 0; width <= PACK_WIDTH_MAX; width++) {
        u8 *p = arena_zalloc(arena, pack_bytes(PACK_WIDTH_MAX, N) + 2 * PACK_SLACK);
        u64 most = pack_mask(width);
        if (!pack_width_valid(width)) continue;
        for (u32 i = 0; i < N; i++) values[i] = rng_next(&rng) & most;
        pack_put(p, width, values, 0, N);
        for (u32 round = 0; round < 20; round++) {
            u32 n = (u32)rng_below(&rng, N + 1);
            u64 low = rng_next(&rng) & most, high = round % 5 ? rng_next(&rng) & most : UINT64_MAX;
            packed_between(p, width, n, low, high, bits);
            for (u32 i = 0; i < n; i++)
                CHECK_EQ(bits[i / 64] >> i % 64 & 1, values[i] >= low && values[i] < high);
            CHECK_EQ(bits[n / 64] >> n % 64, 0);
        }
    }
    for (u32 round = 0; round < 50; round++) {
        u32 n = (u32)rng_below(&rng, N + 1), count = (u32)rng_below(&rng, 4);
        for (u32 i = 0; i < N + 64; i++) bytes[i] = (u8)rng_below(&rng, 9);
        for (u32 k = 0; k < 3; k++) few[k] = (u8)rng_below(&rng, 9);
        bytes_among(bytes, n, few, count, bits);
        for (u32 i = 0; i < n; i++) {
            bool is_one = false;
            for (u32 k = 0; k < count; k++) is_one |= bytes[i] == few[k];
            CHECK_EQ(bits[i / 64] >> i % 64 & 1, is_one);
        }
        CHECK_EQ(bits[n / 64] >> n % 64, 0);
    }
}

TEST("the width of a number is what it takes, or all where one load would not do")
{
    (void)arena;
    CHECK_EQ(pack_width(0), 0);
    CHECK_EQ(pack_width(1), 1);
    CHECK_EQ(pack_width(255), 8);
    CHECK_EQ(pack_width((1ull << 56) - 1), 56);
    CHECK_EQ(pack_width(1ull << 56), 64);
    CHECK_EQ(pack_width(UINT64_MAX), 64);
}

/* ---- properties of all sorts ---- */

static void put_random(struct rng *rng, struct buf *b)
{
    static const char *const TEXTS[] = {"", "red", "blue", "a text that comes again"};
    char unique[24] = {0};
    u32 property = 1 + (u32)rng_below(rng, 9);
    u64 n = rng_next(rng) >> rng_below(rng, 64);
    value v = {.type = (value_type)(1 + rng_below(rng, VALUE_TYPE_COUNT - 1)), .n = (i64)n};
    for (u32 i = 0; i < 20; i++) unique[i] = (char)('a' + rng_below(rng, 26));
    v.text = rng_percent(rng, 60) ? str_of(TEXTS[rng_below(rng, 4)]) : str_of(unique);
    if (v.type == VALUE_LIST || v.type == VALUE_MAP) v.text = (str){0};
    props_put(b, property, v);
}

/* Properties as they come: of a few shapes, of many, and bytes that are none. */
static str random_props(struct rng *rng, struct arena *arena)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    if (rng_percent(rng, 60)) {
        props_put(&b, 1, value_int((i64)rng_below(rng, 100000)));
        props_put(&b, 2, value_text(rng_percent(rng, 50) ? S("app") : S("web")));
    } else if (rng_percent(rng, 90)) {
        for (u64 n = rng_below(rng, 5); n; n--) put_random(rng, &b);
    } else if (rng_percent(rng, 50)) {
        for (u32 i = 0; i < 70; i++) put_random(rng, &b); /* more than a shape has */
    } else {
        buf_put(&b, S("\x01\x84\x80\x00\x05")); /* a varint longer than it need be; half a value */
    }
    str props = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return props;
}

static struct sealed *written(struct env *env, const char *path, struct sealed_writer *w)
{
    struct sealed *s;
    struct diag why = {0};
    CHECK_OK(sealed_finish(w, "/"));
    sealed_writer_free(w);
    CHECK_OK(sealed_open(env, path, &s, &why));
    CHECK_OK(sealed_check(s, &why));
    return s;
}

static void check_rows(const struct sealed *s, const struct event *events, u32 n,
                       struct arena *arena)
{
    struct block b = {0};
    struct event ev;
    CHECK_EQ(s->head.rows, n);
    for (u32 k = 0; k < 2 * n; k++) {
        u32 i = k < n ? k : 2 * n - 1 - k; /* there and back */
        block_at(&b, s, i);
        block_event(&b, i, arena, &ev);
        CHECK(str_eq(ev.props, events[i].props) && str_eq(ev.message_id, events[i].message_id));
        CHECK(ev.order == events[i].order && ev.occurred_ms == events[i].occurred_ms);
        CHECK(ev.received_ms == events[i].received_ms && ev.code == events[i].code);
        CHECK(ev.source == events[i].source && ev.flags == events[i].flags);
    }
}

TEST("properties of every type and shape come back byte for byte, also from a merged file")
{
    enum { ROWS = 20000, HEADS = 700 };
    struct env *env = env_sim(1);
    struct rng rng = {test_seed()};
    struct event *events = arena_alloc(arena, ROWS * sizeof *events);
    struct sealed_writer *w;
    struct sealed_place place = {1, 1, UINT64_MAX};
    CHECK_OK(sealed_writer_new(env, "/one", place, &w));
    for (u32 i = 0; i < ROWS; i++) {
        events[i] = (struct event){.persona = 1 + i * HEADS / ROWS,
                                   .code = 1 + (u32)rng_below(&rng, 40),
                                   .source = (u32)rng_below(&rng, 2),
                                   .flags = (u32)rng_below(&rng, 2),
                                   .occurred_ms = 1700000000000 + i * 1000,
                                   .received_ms = 1700000000000 + i / 8 * 8000,
                                   .order = event_order(10 + i / 8, i % 8),
                                   .message_id = i % 3 ? S("") : S("message"),
                                   .props = random_props(&rng, arena)};
        CHECK_OK(sealed_add(w, events[i].persona, &events[i]));
    }
    struct sealed *s = written(env, "/one", w);
    check_rows(s, events, ROWS, arena);
    struct block b = {0};
    CHECK_OK(sealed_writer_new(env, "/two", (struct sealed_place){2, 1, UINT64_MAX}, &w));
    i64 young_from = events[ROWS / 2].received_ms;
    for (u32 i = 0; i < ROWS; i++) {
        block_at(&b, s, i);
        CHECK_OK(sealed_add_row(w, events[i].persona, &b, i, 3, young_from));
        if (events[i].received_ms <= young_from) events[i].message_id = S("");
    }
    struct sealed *merged = written(env, "/two", w);
    check_rows(merged, events, ROWS, arena);
    sealed_close(s);
    sealed_close(merged);
    env_free(env);
}
