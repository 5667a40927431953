#include "event/catalog.h"
#include "event/twin.h"
#include "event/village_test.h"

#include "base/hash.h"

#include <stdlib.h>

/* ---- damage ---- */

/* A small file with all that a file can have: moved personas, message ids, several blocks. */
static str some_file(struct arena *arena, struct env **env)
{
    struct timeline *t = timeline_new(test_seed(), 7 * DAY);
    timeline_act(t, 150);
    for (event_persona p = 2; p < 9; p++) t->heads[p] = p - 1;
    for (event_persona p = 1; p < 12; p++) timeline_append(t, p, t->now, 9000);
    timeline_seal(t);
    MUST(t->es->catalog->count == 1);
    const struct sealed *s = t->es->catalog->files[0];
    str bytes = arena_str(arena, (str){(const char *)s->map, s->mapped});
    timeline_free(t);
    *env = env_sim(1);
    return bytes;
}

TEST("a flipped bit anywhere in a sealed file is found")
{
    struct env *env;
    str sound = some_file(arena, &env);
    char *bytes = arena_alloc(arena, sound.n);
    struct rng rng = {test_seed()};
    CHECK_OK(sealed_found(env, sound));
    for (u32 i = 0; i < 1200; i++) {
        u64 bit = i < 600 ? rng_below(&rng, 8 * 400) : rng_below(&rng, 8 * sound.n);
        memcpy(bytes, sound.p, sound.n);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        CHECK(sealed_found(env, (str){bytes, sound.n}) != ERR_OK);
    }
    env_free(env);
}

TEST("a sealed file cut off or grown is refused, and one of another version by name")
{
    struct env *env;
    str sound = some_file(arena, &env);
    char *bytes = arena_alloc(arena, sound.n + 1);
    memcpy(bytes, sound.p, sound.n);
    bytes[sound.n] = 0;
    CHECK_EQ(sealed_found(env, (str){bytes, sound.n + 1}), ERR_CORRUPT);
    for (size_t n = 0; n < sound.n; n += 1 + n / 3)
        CHECK_EQ(sealed_found(env, (str){bytes, n}), ERR_CORRUPT);
    for (i8 other = -1; other <= 1; other += 2) {
        bytes[offsetof(struct sealed_header, version)] = (char)(SEALED_VERSION + other);
        u64 hash = hash_xxh64((str){bytes, SEALED_HEADER - sizeof hash});
        memcpy(bytes + SEALED_HEADER - sizeof hash, &hash, sizeof hash);
        CHECK_EQ(sealed_found(env, (str){bytes, sound.n}), ERR_UNSUPPORTED);
    }
    env_free(env);
}

TEST("damage under right checksums is refused, found or harmless, but never read out of bounds")
{
    struct env *env;
    str sound = some_file(arena, &env);
    char *bytes = arena_alloc(arena, sound.n);
    struct rng rng = {test_seed()};
    struct sealed_header h;
    u32 found = 0;
    memcpy(&h, sound.p, sizeof h);
    u64 checks = h.sections[SECTION_CHECKS].offset;
    for (u32 i = 0; i < 2000; i++) {
        section_kind kind = (section_kind)rng_below(&rng, SECTION_COUNT);
        u64 from = h.sections[kind].offset, n = h.sections[kind].bytes;
        u64 at = i % 3 ? from + rng_below(&rng, n < 300 ? n : 300) : rng_below(&rng, checks);
        memcpy(bytes, sound.p, sound.n);
        bytes[at] = (char)rng_next(&rng);
        if (at != offsetof(struct sealed_header, bytes)) sealed_sign(bytes);
        found += sealed_found(env, (str){bytes, sound.n}) != ERR_OK;
    }
    CHECK(found > 700);
    env_free(env);
}

/* ---- what is written is read ---- */

struct wanted {
    struct event ev;
    event_persona head;
};

static struct event extreme(struct rng *rng, u64 order, struct arena *arena)
{
    static const i64 TIMES[] = {INT64_MIN, -1, 0, 1, 1700000000000, INT64_MAX - 1};
    size_t n = rng_percent(rng, 5) ? 100000 : rng_below(rng, 40);
    char *blob = arena_zalloc(arena, n);
    return (struct event){.persona = 1 + (u32)rng_below(rng, 3),
                          .code = rng_percent(rng, 50) ? (u32)rng_next(rng) : 7,
                          .source = (u32)rng_below(rng, 1u << 24),
                          .flags = (u32)rng_below(rng, 256),
                          .occurred_ms = TIMES[rng_below(rng, COUNT_OF(TIMES))],
                          .received_ms = TIMES[rng_below(rng, COUNT_OF(TIMES))],
                          .order = order,
                          .message_id = {blob, n / 3},
                          .props = {blob + n / 3, n - n / 3}};
}

TEST("the widest and the narrowest values of every column come back from a file")
{
    enum { ROWS = 400 };
    struct env *env = env_sim(1);
    struct rng rng = {test_seed()};
    struct sealed_writer *w;
    struct sealed *s;
    struct diag why = {0};
    struct event events[ROWS];
    struct place places[ROWS], spare[ROWS];
    struct sealed_place place = {3, 1, UINT64_MAX};
    CHECK_OK(sealed_writer_new(env, "/file", place, &w));
    for (u32 i = 0; i < ROWS; i++) {
        events[i] = extreme(&rng, i % 2 ? UINT64_MAX - i : i + 1, arena);
        places[i] = (struct place){events[i].occurred_ms, events[i].order, 2, i};
    }
    place_sort(places, spare, ROWS);
    for (u32 i = 0; i < ROWS; i++) CHECK_OK(sealed_add(w, 2, &events[places[i].at]));
    CHECK_OK(sealed_finish(w, "/"));
    sealed_writer_free(w);
    CHECK_OK(sealed_open(env, "/file", &s, &why));
    CHECK_OK(sealed_check(s, &why));
    struct block b = {0};
    for (u32 i = 0; i < ROWS; i++) {
        const struct event *want = &events[places[i].at];
        struct event ev;
        block_at(&b, s, i);
        block_event(&b, i, arena, &ev);
        CHECK(ev.persona == want->persona && ev.code == want->code && ev.source == want->source);
        CHECK(ev.flags == want->flags && ev.occurred_ms == want->occurred_ms);
        CHECK(ev.received_ms == want->received_ms && ev.order == want->order);
        CHECK(str_eq(ev.message_id, want->message_id) && str_eq(ev.props, want->props));
    }
    sealed_close(s);
    env_free(env);
}

TEST("every customer of a large file is found, and nobody who is not there")
{
    enum { HEADS = 3000 };
    struct env *env = env_sim(1);
    struct sealed_writer *w;
    struct sealed *s;
    struct diag why = {0};
    CHECK_OK(sealed_writer_new(env, "/file", (struct sealed_place){1, 1, HEADS * 4}, &w));
    (void)arena;
    for (u32 i = 0; i < HEADS; i++) {
        struct event ev = {.persona = 3 * i + 3, .order = 4 * i + 1};
        CHECK_OK(sealed_add(w, ev.persona, &ev));
        ev = (struct event){.persona = 3 * i + 4, .order = 4 * i + 2};
        if (i % 2) CHECK_OK(sealed_add(w, 3 * i + 3, &ev));
    }
    CHECK_OK(sealed_finish(w, "/"));
    sealed_writer_free(w);
    CHECK_OK(sealed_open(env, "/file", &s, &why));
    CHECK_OK(sealed_check(s, &why));
    struct sealed_keys moved = sealed_moved(s);
    CHECK_EQ(moved.count, HEADS / 2);
    for (u32 p = 0, row = 0; p < 3 * HEADS + 9; p++) {
        u32 from, to, i = p / 3 - 1;
        bool is_head = p >= 3 && p % 3 == 0 && i < HEADS,
             is_moved = p % 3 == 1 && i < HEADS && i % 2;
        sealed_rows(s, p, &from, &to);
        CHECK_EQ(to - from, is_head ? 1 + i % 2 : 0);
        if (is_head) CHECK_EQ(from, row);
        row = is_head ? to : row;
        CHECK_EQ(sealed_head_of(&moved, p), is_moved ? p - 1 : p);
    }
    sealed_close(s);
    env_free(env);
}

TEST("a filter has no false misses, and at most one false hit in fifty")
{
    enum { N = 20000 };
    u64 bytes = filter_bytes(N), *words = arena_zalloc(arena, bytes);
    u32 hits = 0;
    for (u64 i = 0; i < N; i++)
        filter_add(words, bytes, hash_xxh((str){(const char *)&i, sizeof i}));
    for (u64 i = 0; i < N; i++)
        CHECK(filter_has(words, bytes, hash_xxh((str){(const char *)&i, sizeof i})));
    for (u64 i = N; i < 2 * N; i++)
        hits += filter_has(words, bytes, hash_xxh((str){(const char *)&i, sizeof i}));
    CHECK(hits < N / 50);
    CHECK_EQ(filter_bytes(0), FILTER_BLOCK);
}
