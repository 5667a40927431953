/* Who has a tag, told by bits, is who has it by her own list: live, at an epoch, after a load. */
#include "base/test.h"
#include "customer/fixture_test.h"

enum { PEOPLE = 1500, TAGS = 7, HOUR_OF = 50 };

/* Tag 1 is everybody's, each further one is had by a third as many. */
static void write_tag(struct fixture *f, persona p, struct rng *rng)
{
    struct change ch;
    u32 tag = 1;
    while (tag < TAGS && rng_percent(rng, 34)) tag++;
    if (rng_percent(rng, 60)) tag = TAGS + 1 - tag;
    i64 when = 1 + (i64)rng_below(rng, HOUR_OF);
    if (rng_percent(rng, 20)) {
        customer_consent(f->c, p, 1 + tag % 3, rng_percent(rng, 90) ? 0 : 1, (u8)rng_below(rng, 3),
                         when, &ch);
        return;
    }
    i64 expires = rng_percent(rng, 90) ? NEVER : when + (i64)rng_below(rng, HOUR_OF);
    customer_tag(f->c, p, tag, rng_percent(rng, 75), expires, when, &ch);
}

static void check_tag(const struct customer_view *v, u32 tag, persona from, u32 n, i64 now,
                      struct arena *arena)
{
    u32 words = (n + 63) / 64;
    u64 *in = arena_zalloc(arena, words * sizeof *in),
        *out = arena_alloc(arena, words * sizeof *out);
    struct customer_row row;
    i64 expires;
    for (u32 i = 0; i < n; i++) {
        bool is_head = view_row(v, from + i, &row) && row.head == from + i;
        in[i / 64] |= (u64)(is_head && i % 11 != 3) << i % 64;
    }
    memset(out, 0xA5, words * sizeof *out);
    tag_test(tag_reader_new(v, tag, arena), from, n, in, out, now);
    for (u32 i = 0; i < words * 64; i++) {
        bool open = i < n && in[i / 64] >> i % 64 & 1;
        CHECK_EQ(out[i / 64] >> i % 64 & 1, open && view_tag(v, from + i, tag, now, &expires));
    }
}

static void check_consent(const struct customer_view *v, u32 channel, u8 state, persona from, u32 n,
                          struct arena *arena)
{
    u32 words = (n + 63) / 64;
    u64 *in = arena_zalloc(arena, words * sizeof *in), *out = arena_alloc(arena, words * 8);
    u64 *agreed = arena_alloc(arena, words * 8);
    struct customer_row row;
    for (u32 i = 0; i < n; i++) {
        bool is_head = view_row(v, from + i, &row) && row.head == from + i;
        in[i / 64] |= (u64)(is_head && i % 13 != 3) << i % 64;
    }
    CHECK(consent_test(v, channel, 0, state, from, n, in, out));
    reach_agreed(v, 1ull << channel, from, n, agreed);
    for (u32 i = 0; i < words * 64; i++) {
        bool open = i < n && in[i / 64] >> i % 64 & 1;
        u8 is = open ? view_consent(v, from + i, channel, 0) : 0;
        CHECK_EQ(out[i / 64] >> i % 64 & 1, open && is == state);
        if (open) CHECK_EQ(agreed[i / 64] >> i % 64 & 1, is == 1);
    }
}

static void check_all(const struct customer_view *v, struct rng *rng, struct arena *arena)
{
    persona end = customers_end(v->c);
    for (u32 tag = 0; tag <= TAGS + 1; tag++) {
        check_tag(v, tag, 0, end, (i64)rng_below(rng, 2 * HOUR_OF), arena);
        persona from = (persona)rng_below(rng, end);
        check_tag(v, tag, from, 1 + (u32)rng_below(rng, end - from), HOUR_OF, arena);
        check_tag(v, tag, 0, end, NEVER, arena);
        check_consent(v, 1 + tag % 3, (u8)(tag / 3), from, 1 + (u32)rng_below(rng, end - from),
                      arena);
    }
    u64 none[1];
    CHECK(!consent_test(v, 1, 1, 1, 0, 1, none, none) &&
          !consent_test(v, 32, 0, 1, 0, 1, none, none));
}

/* Writes, joins, and somebody whose view is made anew, or who is forgotten, now and then. */
static void live_on(struct fixture *f, persona *people, struct rng *rng, u32 steps)
{
    for (u32 i = 0; i < steps; i++) {
        persona p = people[rng_below(rng, PEOPLE)], q = people[rng_below(rng, PEOPLE)];
        u64 dice = rng_below(rng, 1000);
        if (dice < 985)
            write_tag(f, p, rng);
        else if (dice < 990 && customer_head(f->c, p))
            customer_unfold(f->c, customer_head(f->c, p), ++f->number);
        else if (dice >= 990 && dice < 995 && customer_head(f->c, p) && customer_head(f->c, q) &&
                 customer_head(f->c, p) != customer_head(f->c, q))
            link_heads(f->c, p, q, LINK_MANUAL, 5, ++f->number, &f->out);
        else if (dice >= 995)
            customer_forget(f->c, p);
    }
}

TEST("who has a tag, told by bits, is who has it by her own list: now, at an epoch, after a load")
{
    struct fixture f = fixture_new();
    struct rng rng = {test_seed()};
    persona people[PEOPLE];
    for (u32 i = 0; i < PEOPLE; i++) people[i] = somebody(&f, arena_printf(arena, "u%u", i).p);
    struct customer_view now = live(f.c);
    for (u32 round = 0; round < 6; round++) {
        live_on(&f, people, &rng, round < 3 ? 500 : 4000);
        struct epoch *e = epoch_pin(f.store);
        struct customer_view then = {f.c, e};
        check_all(&now, &rng, arena);
        live_on(&f, people, &rng, 300);
        check_all(&then, &rng, arena);
        epoch_drop(e);
        store_collect(f.store);
    }
    f.c->tagged = table_new(f.store, "customer.tag.anew", TAG_ROW_BYTES, TAGS + 1);
    f.c->consented = table_new(f.store, "customer.consent.anew", TAG_ROW_BYTES, 31);
    tagged_rebuild(f.c);
    CHECK(table_count(f.c->consented) > 1);
    CHECK(table_count(f.c->tagged) > 1);
    check_all(&now, &rng, arena);
    fixture_free(&f);
}

TEST("a tag that few have needs no line, and one that many had gives its lines back")
{
    struct fixture f = fixture_new();
    struct change ch;
    persona people[PEOPLE];
    for (u32 i = 0; i < PEOPLE; i++) people[i] = somebody(&f, arena_printf(arena, "u%u", i).p);
    for (u32 i = 0; i < 3; i++) customer_tag(f.c, people[i], 1, true, NEVER, 5, &ch);
    CHECK_EQ(table_count(f.c->lines), 1);
    for (u32 i = 0; i < PEOPLE; i++) customer_tag(f.c, people[i], 1, true, NEVER, 5, &ch);
    u32 lines = table_count(f.c->lines);
    CHECK(lines >= 1 + PEOPLE / CHUNK && lines <= 2 + (PEOPLE + CHUNK) / CHUNK);
    for (u32 i = 0; i < PEOPLE; i++) customer_tag(f.c, people[i], 1, false, 0, 6, &ch);
    CHECK(meta_at(f.c)->line != 0);
    for (u32 i = 0; i < PEOPLE; i++) customer_tag(f.c, people[i], 2, true, NEVER, 7, &ch);
    CHECK_EQ(table_count(f.c->lines), lines);
    struct customer_view now = live(f.c);
    check_tag(&now, 1, 0, customers_end(f.c), 9, arena);
    check_tag(&now, 2, 0, customers_end(f.c), 9, arena);
    fixture_free(&f);
}

/* ---- attributes, many at once ---- */

static bool is_odd(void *ctx, value v)
{
    u32 *asked = ctx;
    ++*asked;
    if (v.type == VALUE_INT) return v.n & 1;
    return v.type == VALUE_TEXT && v.text.p[v.text.n - 1] & 1;
}

static void write_attributes(struct fixture *f, persona p, u32 i, struct rng *rng)
{
    struct change ch;
    char text[64];
    int n = snprintf(text, sizeof text, "city %u", (u32)rng_below(rng, 40));
    customer_set(f->c, p, 1, value_text((str){text, (size_t)n}), 5, &ch);
    n = snprintf(text, sizeof text, "by herself %u", i);
    customer_set(f->c, p, 2, value_text((str){text, (size_t)n}), 5, &ch);
    customer_set(f->c, p, 3, value_int((i64)rng_below(rng, 100000)), 5, &ch);
    if (i % 7 == 0) customer_set(f->c, p, 4, value_int(i), 5, &ch);
    if (i % 90 == 0) customer_set(f->c, p, 5, value_int(i), 5, &ch);
}

TEST("a column answers for many as one by one, from any customer on, and asks of equal codes once")
{
    struct fixture f = fixture_new();
    struct rng rng = {test_seed()};
    for (u32 i = 0; i < PEOPLE; i++)
        write_attributes(&f, somebody(&f, arena_printf(arena, "u%u", i).p), i, &rng);
    struct epoch *e = epoch_pin(f.store);
    struct customer_view v = {f.c, e};
    persona end = customers_end(f.c);
    for (u32 round = 0; round < 60; round++) {
        u32 code = 1 + round % 6, asked = 0, ignored = 0;
        persona from = round < 6 ? 0 : (persona)rng_below(&rng, end);
        u32 n = round < 6 ? end : 1 + (u32)rng_below(&rng, end - from), words = (n + 63) / 64;
        u64 *in = arena_zalloc(arena, words * sizeof *in), *out = arena_alloc(arena, words * 8);
        for (u32 i = 0; i < n; i++) in[i / 64] |= (u64)(rng_below(&rng, 10) < round % 11) << i % 64;
        attribute_test(attribute_reader_new(&v, code, arena), from, n, in, out, is_odd, &asked);
        for (u32 i = 0; i < words * 64; i++) {
            bool open = i < n && in[i / 64] >> i % 64 & 1;
            CHECK_EQ(out[i / 64] >> i % 64 & 1,
                     open && is_odd(&ignored, view_attribute(&v, from + i, code)));
        }
        if (code == 1) CHECK(asked <= 41);
    }
    epoch_drop(e);
    fixture_free(&f);
}
