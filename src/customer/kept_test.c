/* What a customer's fields say of themselves is enough to make the same view again. */
#include "base/test.h"
#include "customer/fixture_test.h"

enum { WRITES = 120, CODES = 6, CONFIRMED = 5 };

static void put_field(void *ctx, const struct change *ch, i64 when)
{
    struct buf *b = ctx;
    buf_printf(b, "%d %u/%u at %lld until %lld: ", ch->field, ch->code, ch->topic, (long long)when,
               (long long)ch->expires_ms);
    value_put(b, ch->new);
    buf_byte(b, '\n');
}

static str fields_of(struct fixture *f, persona head, struct arena *arena)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    customer_each_field(f->c, head, put_field, &b);
    str out = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return out;
}

struct folding {
    struct customers *c;
    persona into;
};

static void fold(void *ctx, const struct change *ch, i64 when)
{
    struct folding *f = ctx;
    customer_fold(f->c, f->into, ch, when);
}

static void write_one(struct fixture *f, persona p, struct rng *rng)
{
    static const char *const TEXTS[] = {"red", "12", "a text that is longer than the others are it",
                                        "2026-06-01"};
    struct change ch;
    i64 when = 1 + (i64)rng_below(rng, 50);
    u32 code = 1 + (u32)rng_below(rng, CODES);
    value v = value_missing();
    switch (rng_below(rng, 4)) {
    case 0: customer_tag(f->c, p, code, rng_percent(rng, 60), when + 9, when, &ch); return;
    case 1:
        customer_consent(f->c, p, code * 8, code & 1 ? 0 : code, (u8)rng_below(rng, 3), when, &ch);
        return;
    case 2: v = value_int((i64)rng_below(rng, 5)); break;
    default:
        if (rng_percent(rng, 80)) v = value_text(str_of(TEXTS[rng_below(rng, COUNT_OF(TEXTS))]));
    }
    customer_set(f->c, p, code, v, when, &ch);
}

static const char *new_user(const struct fixture *f, struct arena *arena)
{
    return arena_printf(arena, "user:%llu", (unsigned long long)f->number).p;
}

TEST("fields folded into an empty view make the same one, with times, misfits and what was removed")
{
    struct fixture f = fixture_new();
    struct rng rng = {test_seed()};
    u64 misfits = 0;
    for (u32 round = 0; round < 40; round++) {
        struct attribute_rule rule = {ATTRIBUTE_INT, true, false, 0};
        persona a = record(&f, 1, new_user(&f, arena), NULL, NULL),
                b = record(&f, 1, new_user(&f, arena), NULL, NULL);
        customer_attribute_set(f.c, CONFIRMED, rule);
        for (u32 i = 0; i < WRITES; i++) write_one(&f, a, &rng);
        struct folding into = {f.c, b};
        customer_each_field(f.c, a, fold, &into);
        CHECK_STR(fields_of(&f, b, arena), fields_of(&f, a, arena));
        customer_attribute(f.c, CONFIRMED, &rule);
        misfits = rule.misfits;
    }
    CHECK(misfits > 40);
    fixture_free(&f);
}

struct joins {
    struct fixture *f;
    u32 count;
};

static void look(void *ctx, persona from, persona to)
{
    struct joins *j = ctx;
    struct customer_view v = {j->f->c, NULL};
    CHECK_EQ(customer_head(j->f->c, from), from);
    CHECK_EQ(view_attribute(&v, from, 1).n, 10 + from);
    CHECK_EQ(view_attribute(&v, to, 1).n, 10 + to);
    j->count++;
}

TEST("whoever wants to know is told of a join while both views are still their own")
{
    struct fixture f = fixture_new();
    struct joins j = {&f, 0};
    struct change ch;
    persona a = somebody(&f, "a"), b = somebody(&f, "b"), m = record(&f, 3, "member:1", NULL, NULL);
    for (persona p = a; p <= m; p++) customer_set(f.c, p, 1, value_int(10 + p), 5, &ch);
    customers_on_join(f.c, look, &j);
    record(&f, 4, "user:a", "member:1", NULL);
    CHECK_EQ(j.count, 1);
    customer_set(f.c, a, 1, value_int(10 + a), 6, &ch);
    CHECK_OK(customer_link(f.c, a, b, LINK_MANUAL, 7, 7, &f.out));
    CHECK_EQ(j.count, 2);
    CHECK_OK(customer_link(f.c, m, b, LINK_MANUAL, 8, 8, &f.out)); /* they are one already */
    CHECK_EQ(j.count, 2);
    fixture_free(&f);
}
