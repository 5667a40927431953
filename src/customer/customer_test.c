/* Rows, ids, attributes, tags, consent: what one customer is. */
#include "base/test.h"
#include "customer/customer_internal.h"
#include "customer/fixture_test.h"

TEST("an id is 32 hex digits that only its own directory understands")
{
    struct fixture f = fixture_new();
    struct customers *other = customers_new(f.store, (struct sip_key){8, 9});
    struct rng rng = {test_seed()};
    char id[33];
    for (u32 i = 0; i < 2000; i++) {
        persona p = 1 + (u32)rng_below(&rng, PERSONAS_MAX - 1);
        f.c->key = (struct sip_key){1, 2};
        customer_id(f.c, p, id);
        CHECK_EQ(strlen(id), 32);
        CHECK_EQ(customer_by_id(f.c, str_of(id)), p);
        CHECK_EQ(customer_by_id(other, str_of(id)), 0);
        u32 at = (u32)rng_below(&rng, 32);
        id[at] = id[at] == '0' ? '1' : '0';
        CHECK_EQ(customer_by_id(f.c, str_of(id)), 0);
    }
    CHECK_EQ(customer_by_id(f.c, S("")), 0);
    CHECK_EQ(customer_by_id(f.c, S("0123456789ABCDEF0123456789abcdef")), 0);
    CHECK_EQ(customer_by_id(f.c, S("00000000000000000000000000000000")), 0);
    customers_free(other);
    fixture_free(&f);
}

/* ---- attributes ---- */

static value moment(i64 ms, const char *text)
{
    return (value){.type = VALUE_TIME, .n = ms, .text = str_of(text)};
}

static value list_of(const char *bytes, size_t n, u32 count)
{
    return (value){.type = VALUE_LIST, .count = count, .text = {bytes, n}};
}

TEST("an attribute comes back as it was written, of every type")
{
    struct fixture f = fixture_new();
    struct customer_view v = live(f.c);
    persona p = somebody(&f, "u1");
    struct change ch;
    const value VALUES[] = {
        value_bool(true),
        value_bool(false),
        value_int(0),
        value_int(INT64_MAX),
        value_int(INT64_MIN),
        value_fixed(12345),
        {.type = VALUE_NUMBER, .text = S("1e400")},
        value_text(S("")),
        value_text(S("东京")),
        {.type = VALUE_DATE, .n = 3, .text = S("1970-01-04")},
        moment(1000, "1970-01-01T00:00:01Z"),
        moment(5, "five past"),
        list_of("\x07\x01"
                "a",
                3, 1),
    };
    for (u32 i = 0; i < COUNT_OF(VALUES); i++) {
        CHECK(customer_set(f.c, p, i + 1, VALUES[i], 100, &ch));
        CHECK_EQ(ch.old.type, VALUE_MISSING);
        CHECK(value_same(ch.new, VALUES[i]));
        CHECK(value_same(view_attribute(&v, p, i + 1), VALUES[i]));
    }
    u32 cursor = 0, n = 0, attribute;
    value got;
    while (view_next_attribute(&v, p, &cursor, &attribute, &got)) {
        n++;
        CHECK_EQ(attribute, n);
        CHECK(value_same(got, VALUES[n - 1]));
    }
    CHECK_EQ(n, COUNT_OF(VALUES));
    fixture_free(&f);
}

TEST("a number with nothing behind the point is a whole number")
{
    struct fixture f = fixture_new();
    struct customer_view v = live(f.c);
    persona p = somebody(&f, "u1");
    struct change ch;
    CHECK(customer_set(f.c, p, 1, value_fixed(50000), 1, &ch));
    CHECK(value_same(view_attribute(&v, p, 1), value_int(5)));
    CHECK(!customer_set(f.c, p, 1, value_int(5), 2, &ch));
    fixture_free(&f);
}

TEST("the later write wins, in whatever order they come; at one time the later record")
{
    struct fixture f = fixture_new();
    struct customer_view v = live(f.c);
    persona p = somebody(&f, "u1");
    struct change ch;
    CHECK(customer_set(f.c, p, 1, value_int(1), 100, &ch));
    CHECK(!customer_set(f.c, p, 1, value_int(2), 99, &ch));
    CHECK_EQ(view_attribute(&v, p, 1).n, 1);
    CHECK(customer_set(f.c, p, 1, value_int(3), 100, &ch));
    CHECK_EQ(ch.old.n, 1);
    CHECK_EQ(ch.new.n, 3);
    CHECK(!customer_set(f.c, p, 1, value_int(3), 200, &ch)); /* the same, but later */
    CHECK(!customer_set(f.c, p, 1, value_int(4), 199, &ch));
    CHECK_EQ(view_attribute(&v, p, 1).n, 3);
    CHECK(customer_set(f.c, p, 1, (value){VALUE_NULL}, 300, &ch));
    CHECK_EQ(ch.new.type, VALUE_MISSING);
    CHECK(!customer_set(f.c, p, 1, value_int(5), 299, &ch)); /* removed later than that */
    CHECK_EQ(view_attribute(&v, p, 1).type, VALUE_MISSING);
    CHECK(customer_set(f.c, p, 1, value_int(6), 300, &ch));
    CHECK(!customer_set(f.c, p, 2, (value){VALUE_NULL}, 50, &ch)); /* never there */
    CHECK(!customer_set(f.c, p, 2, value_int(7), 49, &ch));
    CHECK(customer_set(f.c, p, 2, value_int(8), 50, &ch));
    fixture_free(&f);
}

TEST("times before 1970 and beyond all calendars order writes like any other")
{
    static const i64 WHEN[] = {INT64_MIN + 1, -5, 0, 1, 1ll << 48, INT64_MAX - 1};
    for (u32 first = 0; first < COUNT_OF(WHEN); first++) {
        struct fixture f = fixture_new();
        struct customer_view v = live(f.c);
        persona p = somebody(&f, "u1");
        struct change ch;
        for (u32 i = 0; i < COUNT_OF(WHEN); i++) {
            u32 k = (first + i) % COUNT_OF(WHEN);
            customer_set(f.c, p, 1, value_int(k), WHEN[k], &ch);
            customer_tag(f.c, p, 1, k & 1, NEVER, WHEN[k], &ch);
        }
        CHECK_EQ(view_attribute(&v, p, 1).n, COUNT_OF(WHEN) - 1);
        i64 expires;
        CHECK(view_tag(&v, p, 1, 0, &expires));
        fixture_free(&f);
    }
}

TEST("an unconfirmed type widens to whatever came, in any order")
{
    const value VALUES[] = {value_bool(true), value_int(7), value_fixed(75000 + 1)};
    const char *const SEEN[] = {"1", "7", "7.5001"};
    u32 orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (u32 o = 0; o < 6; o++) {
        struct fixture f = fixture_new();
        struct customer_view v = live(f.c);
        struct change ch;
        struct attribute_rule rule;
        persona who[3] = {somebody(&f, "a"), somebody(&f, "b"), somebody(&f, "c")};
        for (u32 i = 0; i < 3; i++) {
            u32 k = orders[o][i];
            CHECK(customer_set(f.c, who[k], 1, VALUES[k], 10, &ch));
        }
        CHECK(customer_attribute(f.c, 1, &rule));
        CHECK_EQ(rule.type, ATTRIBUTE_DECIMAL);
        for (u32 k = 0; k < 3; k++) {
            struct buf b;
            buf_init(&b, 100);
            value_display(&b, view_attribute(&v, who[k], 1));
            CHECK_STR(buf_str(&b), str_of(SEEN[k]));
            buf_clear(&b);
        }
        CHECK(customer_set(f.c, who[1], 1, value_text(S("many")), 11, &ch));
        CHECK_STR(ch.old.text, S("7"));
        CHECK_EQ(view_attribute(&v, who[0], 1).type, VALUE_TEXT);
        CHECK_STR(view_attribute(&v, who[0], 1).text, S("true"));
        CHECK_STR(view_attribute(&v, who[2], 1).text, S("7.5001"));
        fixture_free(&f);
    }
}

TEST("what a confirmed type does not hold is counted and kept for a type that does")
{
    struct fixture f = fixture_new();
    struct customer_view v = live(f.c);
    struct change ch;
    struct attribute_rule rule;
    persona p = somebody(&f, "u1"), q = somebody(&f, "u2");
    customer_attribute_set(f.c, 1, (struct attribute_rule){ATTRIBUTE_INT, true, false, 0});
    CHECK(customer_set(f.c, p, 1, value_int(18), 10, &ch));
    CHECK(!customer_set(f.c, p, 1, value_text(S("adult")), 20, &ch));
    CHECK(!customer_set(f.c, q, 1, value_text(S("child")), 5, &ch));
    CHECK(customer_attribute(f.c, 1, &rule));
    CHECK_EQ(rule.misfits, 2);
    CHECK(rule.confirmed);
    CHECK_EQ(view_attribute(&v, p, 1).n, 18);
    CHECK_EQ(view_attribute(&v, q, 1).type, VALUE_MISSING);
    CHECK(customer_set(f.c, q, 1, value_text(S("21")), 6, &ch)); /* a text that is one */
    CHECK_EQ(view_attribute(&v, q, 1).n, 21);

    customer_attribute_set(f.c, 1, (struct attribute_rule){ATTRIBUTE_TEXT, true, false, 0});
    CHECK_STR(view_attribute(&v, p, 1).text, S("adult")); /* later than 18 */
    CHECK_STR(view_attribute(&v, q, 1).text, S("21"));    /* "child" was before */
    CHECK(customer_set(f.c, p, 1, value_text(S("grown")), 30, &ch));
    CHECK_STR(ch.old.text, S("adult"));
    CHECK_STR(view_attribute(&v, p, 1).text, S("grown"));
    fixture_free(&f);
}

/* A slow twin: who has what, written when, as plain arrays. */
enum { TWINS = 1200, FIELDS = 5 };
struct twin {
    i64 when;
    value v;
    char text[96];
};
static struct twin twins[TWINS][FIELDS];

static value random_value(struct rng *rng, u32 field, char *text)
{
    u64 r = rng_next(rng);
    switch (field) {
    case 0: return value_int((i64)(r % 7));                      /* an enumeration */
    case 1: return value_int((i64)(r % 3 ? r >> 33 : r) - 1000); /* 32 bits, then 64 */
    case 2: {
        int n = sprintf(text, "name %llu", (unsigned long long)(r % 100000));
        if (r % 50 == 0) n += sprintf(text + n, "%060d", 5);
        return value_text((str){text, (size_t)n});
    }
    case 3: return value_fixed((i64)(r % 2000000) - 500);
    default: {
        i64 ms = (i64)(r % 4000000000) * SECOND;
        u64 packed = (u64)2 << 59 | 64ull << 52 | (u64)(ms + (1ll << 51));
        if (r % 40 == 0) return value_text(S("soon"));
        return (value){.type = VALUE_TIME, .n = ms, .text = moment_text(packed, text)};
    }
    }
}

static void check_twins(struct fixture *f, const struct customer_view *v, struct arena *arena)
{
    struct attribute_reader *readers[FIELDS];
    for (u32 k = 0; k < FIELDS; k++) readers[k] = attribute_reader_new(v, k + 1, arena);
    for (u32 i = 0; i < TWINS; i++) {
        for (u32 k = 0; k < FIELDS; k++) {
            value got = view_attribute(v, i + 1, k + 1), want = twins[i][k].v;
            CHECK(value_same(got, attribute_next(readers[k], i + 1)));
            struct attribute_rule rule = {0};
            customer_attribute(f->c, k + 1, &rule);
            if (k == 4 && want.type == VALUE_TIME && rule.type == ATTRIBUTE_TEXT)
                want = value_text(want.text);
            CHECK(value_same(got, value_normal(want)));
        }
    }
}

TEST("columns of every kind of cell hold what a plain array holds, after any history")
{
    struct fixture f = fixture_new();
    struct customer_view v = live(f.c);
    struct rng rng = {test_seed()};
    struct change ch;
    memset(twins, 0, sizeof twins);
    for (u32 i = 0; i < TWINS; i++)
        for (u32 k = 0; k < FIELDS; k++) twins[i][k].when = INT64_MIN;
    for (u32 i = 0; i < TWINS; i++) CHECK_EQ(persona_add(f.c, 1, 1), i + 1);
    for (u32 step = 0; step < 30000; step++) {
        u32 field = (u32)rng_below(&rng, FIELDS), who = (u32)rng_below(&rng, TWINS);
        if (step < 4000) who = (u32)rng_below(&rng, 60) * 20; /* sparse at first */
        struct twin *t = &twins[who][field];
        char text[96];
        value val = random_value(&rng, field, text);
        if (rng_percent(&rng, 8)) val = value_missing();
        i64 when = (i64)rng_below(&rng, 4) == 0 ? 500 : (i64)rng_below(&rng, 1000);
        customer_set(f.c, who + 1, field + 1, val, when, &ch);
        if (when >= t->when) {
            t->when = when;
            t->v = val;
            if (val.text.n) {
                memcpy(t->text, val.text.p, val.text.n);
                t->v.text.p = t->text;
            }
        }
        if (step % 10000 == 9999) check_twins(&f, &v, arena);
    }
    customers_rebuild(f.c);
    check_twins(&f, &v, arena);
    struct epoch *e = epoch_pin(f.store);
    struct customer_view then = {f.c, e};
    for (u32 i = 0; i < TWINS; i++) {
        customer_set(f.c, i + 1, 1 + i % FIELDS, value_int(77), 5000, &ch);
        if (i % 5 == 0) customer_forget(f.c, i + 1);
    }
    store_collect(f.store);
    check_twins(&f, &then, arena);
    epoch_drop(e);
    fixture_free(&f);
}

TEST("a dictionary's codes and strings come back when nobody has the value")
{
    struct fixture f = fixture_new();
    struct change ch;
    char text[32];
    for (u32 i = 0; i < 600; i++) persona_add(f.c, 1, 1);
    u32 end = 0;
    for (u32 round = 0; round < 8; round++) {
        for (u32 i = 0; i < 600; i++) {
            int n = sprintf(text, "city %u of %u", i % 30, round);
            customer_set(f.c, i + 1, 1, value_text((str){text, (size_t)n}), round, &ch);
        }
        const struct attribute_row *a = table_at(f.c->attributes, 1);
        CHECK(a->word_count >= 30 && a->word_count < 62);
        if (round == 1) end = a->word_end;
        if (round > 1) CHECK_EQ(a->word_end, end);
    }
    for (u32 i = 0; i < 600; i++) customer_set(f.c, i + 1, 1, value_missing(), 99, &ch);
    CHECK_EQ(((const struct attribute_row *)table_at(f.c->attributes, 1))->word_count, 0);
    CHECK_EQ(((const struct attribute_row *)table_at(f.c->attributes, 1))->present, 0);
    fixture_free(&f);
}

TEST("a personal attribute has no dictionary")
{
    struct fixture f = fixture_new();
    struct change ch;
    customer_attribute_set(f.c, 1, (struct attribute_rule){ATTRIBUTE_TEXT, true, true, 0});
    for (u32 i = 0; i < 600; i++) persona_add(f.c, 1, 1);
    for (u32 i = 0; i < 600; i++) customer_set(f.c, i + 1, 1, value_text(S("Ada")), 1, &ch);
    CHECK_EQ(((const struct attribute_row *)table_at(f.c->attributes, 1))->word_end, 0);
    struct customer_view v = live(f.c);
    CHECK_STR(view_attribute(&v, 600, 1).text, S("Ada"));
    fixture_free(&f);
}

TEST("times are packed with the text they came as, or not at all")
{
    static const struct {
        const char *text;
        i64 ms;
        bool packs;
    } TIMES[] = {
        {"2026-06-01T10:00:00.123Z", 1780308000123, true},
        {"2026-06-01T10:00:00Z", 1780308000000, true},
        {"2026-06-01T18:00:00+08:00", 1780308000000, true},
        {"2026-06-01T15:45:00.007+05:45", 1780308000007, true},
        {"2026-06-01T04:30:00-05:30", 1780308000000, true},
        {"2026-06-01 18:00:00", 1780308000000, true}, /* of a zone eight hours east */
        {"2026-06-01T18:00:00", 1780308000000, true},
        {"2026-06-01 18:00", 1780308000000, true},
        {"1780308000", 1780308000000, true},
        {"-1", -1000, true},
        {"0000-01-01T00:00:00Z", -62167219200000, true},
        {"2026-06-01t10:00:00Z", 1780308000000, false},
        {"2026-06-01 18:07:00", 1780308000000, false},
        {"1780308000.5", 1780308000500, false},
        {"yesterday", 0, false},
        {"", 0, false},
    };
    for (u32 i = 0; i < COUNT_OF(TIMES); i++) {
        u64 packed = 0;
        char text[MOMENT_TEXT_MAX];
        CHECK_EQ(moment_pack(TIMES[i].ms, str_of(TIMES[i].text), &packed), TIMES[i].packs);
        if (!TIMES[i].packs) continue;
        CHECK_EQ(moment_ms(packed), TIMES[i].ms);
        CHECK_STR(moment_text(packed, text), str_of(TIMES[i].text));
    }
}

/* ---- tags and consent ---- */

TEST("a tag holds until it expires, and a later write wins")
{
    struct fixture f = fixture_new();
    struct customer_view v = live(f.c);
    persona p = somebody(&f, "u1");
    struct change ch;
    i64 expires;
    CHECK(customer_tag(f.c, p, 9, true, 500, 100, &ch));
    CHECK_EQ(ch.new.type, VALUE_TRUE);
    CHECK_EQ(ch.expires_ms, 500);
    CHECK(view_tag(&v, p, 9, 499, &expires));
    CHECK_EQ(expires, 500);
    CHECK(!view_tag(&v, p, 9, 500, &expires));
    CHECK_EQ(customer_until(f.c, p, 100), 500);
    CHECK_EQ(customer_until(f.c, p, 500), NEVER);
    CHECK(!customer_tag(f.c, p, 9, false, NEVER, 99, &ch));
    CHECK(view_tag(&v, p, 9, 100, &expires));
    CHECK(customer_tag(f.c, p, 9, true, 600, 100, &ch)); /* another expiry is a change */
    CHECK(!customer_tag(f.c, p, 9, true, 600, 100, &ch));
    CHECK(customer_tag(f.c, p, 9, false, NEVER, 100, &ch));
    CHECK(!customer_tag(f.c, p, 9, true, NEVER, 99, &ch));
    CHECK(!view_tag(&v, p, 9, 0, &expires));
    CHECK(customer_tag(f.c, p, 3, true, NEVER, 1, &ch));
    CHECK(customer_tag(f.c, p, 70000, true, NEVER, 7, &ch));
    CHECK(customer_tag(f.c, p, 5, true, 200, 7, &ch));
    u32 cursor = 0, tag, seen[4], n = 0;
    while (view_next_tag(&v, p, 150, &cursor, &tag, &expires)) seen[n++] = tag;
    CHECK_EQ(n, 3);
    CHECK_EQ(seen[0], 3);
    CHECK_EQ(seen[1], 5);
    CHECK_EQ(seen[2], 70000);
    fixture_free(&f);
}

TEST("of two consents of one moment the stricter counts, in either order")
{
    static const u32 PLACES[][2] = {{CHANNEL_SMS, 0}, {CHANNEL_SMS, 7}, {40, 0}, {31, 0}, {32, 0}};
    for (u32 i = 0; i < COUNT_OF(PLACES); i++) {
        u32 channel = PLACES[i][0], topic = PLACES[i][1];
        for (u32 first = 1; first <= 2; first++) {
            struct fixture f = fixture_new();
            struct customer_view v = live(f.c);
            struct change ch;
            persona p = somebody(&f, "u1");
            CHECK_EQ(view_consent(&v, p, channel, topic), 0);
            CHECK(customer_consent(f.c, p, channel, topic, (u8)first, 10, &ch));
            CHECK_EQ(ch.topic, topic);
            CHECK_EQ(customer_consent(f.c, p, channel, topic, (u8)(3 - first), 10, &ch),
                     first == 1);
            CHECK_EQ(view_consent(&v, p, channel, topic), 2);
            CHECK(!customer_consent(f.c, p, channel, topic, 0, 10, &ch));
            CHECK(!customer_consent(f.c, p, channel, topic, 1, 9, &ch));
            CHECK(customer_consent(f.c, p, channel, topic, 1, 11, &ch));
            CHECK_EQ(ch.old.type, VALUE_FALSE);
            CHECK_EQ(ch.new.type, VALUE_TRUE);
            CHECK(customer_consent(f.c, p, channel, topic, 0, 12, &ch));
            CHECK_EQ(view_consent(&v, p, channel, topic), 0);
            CHECK(!customer_consent(f.c, p, channel, topic, 1, 11, &ch));
            CHECK(customer_consent(f.c, p, channel, topic, 1, 12, &ch));
            CHECK(!customer_consent(f.c, p, channel, topic, 3, 13, &ch));
            fixture_free(&f);
        }
    }
}

TEST("more fields than a customer may have are refused, not written in part")
{
    struct fixture f = fixture_new();
    struct customer_view v = live(f.c);
    struct change ch;
    persona p = somebody(&f, "u1");
    u32 tags = 0, attributes = 0;
    for (u32 i = 1; i < 4000; i++)
        tags += customer_tag(f.c, p, i, true, (i64)1 << 60, (i64)i << 40, &ch);
    CHECK(tags > FIELDS_BYTES_MAX / 20 && tags < FIELDS_BYTES_MAX / 15);
    for (u32 i = 1; i < 1000; i++)
        attributes += customer_set(
            f.c, p, i, value_text(S("a value of forty-four letters, a value of it")), 5, &ch);
    CHECK(attributes > 300 && attributes < 400);
    CHECK_EQ(view_attribute(&v, p, attributes).text.n, 44);
    CHECK_EQ(view_attribute(&v, p, attributes + 1).type, VALUE_MISSING);
    CHECK(customer_set(f.c, p, 1, value_int(1), 6, &ch)); /* what is there may change */
    CHECK(customer_tag(f.c, p, 1, false, NEVER, (i64)2 << 40, &ch));
    char *long_text = mem_zalloc(VALUE_BYTES_MAX + 1);
    CHECK(!customer_set(f.c, p, 1, value_text((str){long_text, VALUE_BYTES_MAX + 1}), 7, &ch));
    free(long_text);
    fixture_free(&f);
}

/* ---- addresses ---- */

TEST("an address is one row for everybody who has it, also after a restart")
{
    struct fixture f = fixture_new();
    hash128 key = address_key(f.c->key, CHANNEL_SMS, S("+8613800138000"));
    CHECK(address_of(f.c, key) == NULL);
    address_edit(f.c, CHANNEL_SMS, key)->opted_out = 1;
    CHECK(!hash128_eq(key, address_key(f.c->key, CHANNEL_CALL, S("+8613800138000"))));
    CHECK(!hash128_eq(key, identifier_hash(f.c->key, SPACE_PHONE, S("+8613800138000"))));
    address_edit(f.c, CHANNEL_SMS, key)->suppressed = SUPPRESSED_BOUNCE;
    customers_rebuild(f.c);
    CHECK_EQ(address_of(f.c, key)->opted_out, 1);
    CHECK_EQ(address_of(f.c, key)->suppressed, SUPPRESSED_BOUNCE);
    CHECK_EQ(address_of(f.c, key)->channel, CHANNEL_SMS);
    fixture_free(&f);
}
