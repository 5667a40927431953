/* The index by event and by day: it has every row once, damage to it is found, and what is counted
 * by it is what a scan counts. */
#include "event/count.h"

#include "event/daily.h"
#include "event/village_test.h"
#include "log/names.h"

#include <stdlib.h>

enum { STEP = 15000 /* ms: 120,000 rows are three weeks */ };

/* By a scan, one by one. */
static void count_plainly(struct village *t, const struct scan_want *w, u8 *counts)
{
    struct scan_batch s;
    struct event_scan *scan = event_scan_new(event_view_live(t->es), w, village_head, t, 1);
    memset(counts, 0, VILLAGE_PEOPLE + 1);
    while (event_scan_next(scan, 0, &s) == ERR_OK)
        for (u32 i = 0; i < s.customers; i++)
            counts[s.head[i]] = (u8)min_u32(s.start[i + 1] - s.start[i], EVENT_COUNT_MAX);
    event_scan_free(scan);
}

/* Whole days, spans that begin and end within one, and spans beyond all. */
static void draw_span(struct village *t, u32 round, struct scan_want *w)
{
    i64 from = (i64)rng_below(&t->rng, 2 * VILLAGE_ROWS) * STEP,
        ms = (i64)rng_below(&t->rng, 9 * DAILY_MS);
    if (round % 3 == 0) from -= from % DAILY_MS, ms -= ms % DAILY_MS;
    w->from = round % 7 == 6 ? INT64_MIN : from;
    w->to = round % 5 == 4 ? INT64_MAX : from + ms;
}

static u32 check_counts(struct village *t, u32 round, u32 *marks)
{
    u64 who[VILLAGE_PEOPLE / 64 + 1] = {0};
    u8 plain[VILLAGE_PEOPLE + 1], counts[VILLAGE_PEOPLE + 1];
    u32 code = round % 4 ? 1 + (u32)rng_below(&t->rng, VILLAGE_CODES) : VILLAGE_SYSTEM, met = 0;
    struct scan_want w = {.marks = marks};
    draw_span(t, round, &w);
    for (event_persona p = 1; p <= VILLAGE_PEOPLE; p++)
        who[p / 64] |= (u64)rng_percent(&t->rng, 60) << p % 64;
    if (round % 2) w.who = who, w.who_end = VILLAGE_PEOPLE + 1;
    marks[code] = 1;
    count_plainly(t, &w, plain);
    struct event_crowd *crowd = event_crowd_new(event_view_live(t->es), &w, village_head, t);
    event_crowd_counts(crowd);
    for (event_persona from = 0, to; from <= VILLAGE_PEOPLE; from = to) {
        to = min_u32(from + 1 + (u32)rng_below(&t->rng, VILLAGE_PEOPLE), VILLAGE_PEOPLE + 1);
        CHECK_EQ(event_count(crowd, &w, code, from, to, counts), ERR_NOT_FOUND);
        for (event_persona p = from; p < to; p++) {
            bool is_asked = !w.who || who[p / 64] >> p % 64 & 1;
            if (is_asked && t->heads[p] == p) CHECK_EQ(counts[p - from], plain[p]);
            met += plain[p] != 0;
        }
    }
    event_crowd_free(crowd);
    marks[code] = 0;
    return met;
}

TEST("how often each did something is counted by days as a scan counts it")
{
    struct village *t = village_new(arena, STEP, 500);
    u32 *marks = mem_zalloc((NAMES_MAX + 1) * sizeof *marks), met = 0;
    struct daily_index x;
    for (u32 f = 0; f < t->es->catalog->count; f++)
        CHECK(daily_open(&x, t->es->catalog->files[f]) && x.count > 10);
    for (u32 round = 0; round < 80; round++) {
        if (round == 20) /* lost rows */
            for (event_persona p = 3; p < VILLAGE_PEOPLE; p += 41)
                event_forget(t->es, p, event_order(VILLAGE_ROWS + 9000, 0));
        if (round == 40) { /* joined, torn apart, gone */
            t->heads[101] = t->heads[102] = 100;
            t->heads[57] = 57;
            t->heads[500] = 0;
        }
        if (round == 60) { /* a file without an index: more days than rows for them */
            for (u32 i = 0; i < 40; i++)
                village_append(t, 2 * VILLAGE_ROWS + 1000 + i * 40000, 1 + i % VILLAGE_CODES);
            village_seal(t);
        }
        met += check_counts(t, round, marks);
    }
    CHECK(met > 10 * VILLAGE_PEOPLE);
    free(marks);
    village_free(t);
}

TEST("an index by day holds every row of its file, and only those")
{
    struct village *t = village_new(arena, STEP, 0);
    for (u32 f = 0; f < t->es->catalog->count; f++) {
        const struct sealed *s = t->es->catalog->files[f];
        struct diag why = {0};
        struct daily_index x;
        u64 rows = 0, bytes = 0;
        CHECK_OK(sealed_check(s, &why));
        CHECK(daily_open(&x, s));
        for (u32 i = 0; i < x.count; i++) rows += x.days[i].rows;
        for (u32 i = 0; i < x.chunk_count; i++)
            bytes += pack_bytes(x.chunks[i].width, x.chunks[i].rows) +
                     pack_bytes(x.chunks[i].row_width, x.chunks[i].rows) + sizeof x.chunks[i];
        CHECK_EQ(rows, s->head.rows);
        CHECK(bytes < 4 * rows);
    }
    village_free(t);
}

/* ---- damage ---- */

/* Rows of two events on three days. */
static str small_file(struct arena *arena, struct env *env)
{
    struct sealed_place place = {3, 1, UINT64_MAX};
    struct sealed_writer *w;
    struct sealed *s;
    struct diag why = {0};
    u32 n = 0;
    CHECK_OK(sealed_writer_new(env, "/small", place, &w));
    for (event_persona head = 5; head < 85; head += 1 + head % 3)
        for (u32 i = 0; i < 9; i++, n++) {
            struct event ev = {.persona = head,
                               .code = 1 + n % 2,
                               .occurred_ms = (i64)(i / 3) * DAILY_MS + i,
                               .received_ms = 1000 + n,
                               .order = event_order(1 + n, 0)};
            CHECK_OK(sealed_add(w, head, &ev));
        }
    CHECK_OK(sealed_finish(w, "/"));
    sealed_writer_free(w);
    CHECK_OK(sealed_open(env, "/small", &s, &why));
    str bytes = arena_str(arena, (str){(const char *)s->map, s->mapped});
    sealed_close(s);
    return bytes;
}

TEST("damage to an index by day is found under right checksums, byte by byte")
{
    struct env *env = env_sim(1);
    str sound = small_file(arena, env);
    char *bytes = arena_alloc(arena, sound.n);
    struct rng rng = {test_seed()};
    struct sealed_header h;
    memcpy(&h, sound.p, sizeof h);
    CHECK_OK(sealed_found(env, sound));
    for (section_kind kind = SECTION_DAYS; kind <= SECTION_CHUNKS; kind++) {
        CHECK(h.sections[kind].bytes > 0);
        for (u64 i = 0; i < h.sections[kind].bytes; i++) {
            memcpy(bytes, sound.p, sound.n);
            bytes[h.sections[kind].offset + i] ^= (char)(1u << rng_below(&rng, 8));
            sealed_sign(bytes);
            CHECK(sealed_found(env, (str){bytes, sound.n}) != ERR_OK);
        }
    }
    env_free(env);
}
