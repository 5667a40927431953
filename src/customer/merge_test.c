/* What joining, forgetting and looking back do to fields. */
#include "base/test.h"
#include "customer/fixture_test.h"
#include "store/snapshot.h"

/* ---- the order does not matter ---- */

enum { PERSONAS = 5, WRITES = 80, FIELDS = 4 };

struct write {
    u32 kind; /* 0 attribute, 1 tag, 2 consent, 3 link */
    u32 who, field, with;
    value v;
    i64 when;
    u8 state;
};

static void apply(struct fixture *f, const struct write *w)
{
    struct change ch;
    switch (w->kind) {
    case 0: customer_set(f->c, w->who, w->field, w->v, w->when, &ch); break;
    case 1: customer_tag(f->c, w->who, w->field, w->state & 1, w->v.n, w->when, &ch); break;
    case 2:
        customer_consent(f->c, w->who, w->field, w->field & 1 ? 0 : 3, w->state, w->when, &ch);
        break;
    default: {
        err e = customer_link(f->c, w->who, w->with, LINK_MANUAL, w->when, 1, &f->out);
        CHECK_OK(e);
    }
    }
}

/* What one sees of the customer, as text. */
static void describe(struct fixture *f, struct buf *b)
{
    struct customer_view v = live(f->c);
    u32 cursor = 0, code;
    value got;
    i64 expires;
    persona head = customer_head(f->c, 1);
    buf_reset(b);
    buf_printf(b, "%u %lld %lld\n", head, (long long)n48_get(customer_at(f->c, head)->first_seen),
               (long long)n48_get(customer_at(f->c, head)->last_seen));
    while (view_next_attribute(&v, head, &cursor, &code, &got)) {
        buf_printf(b, "%u=", code);
        value_json(b, got);
    }
    cursor = 0;
    while (view_next_tag(&v, head, 300, &cursor, &code, &expires))
        buf_printf(b, " #%u until %lld", code, (long long)expires);
    for (u32 k = 1; k <= FIELDS; k++)
        buf_printf(b, " c%u %u", k, view_consent(&v, head, k, k & 1 ? 0 : 3));
}

static void random_write(struct rng *rng, struct write *w, u32 i)
{
    static const char *const TEXTS[] = {"red", "green",
                                        "a text that is longer than the others are"};
    *w = (struct write){.kind = (u32)rng_below(rng, 3),
                        .who = 1 + (u32)rng_below(rng, PERSONAS),
                        .field = 1 + (u32)rng_below(rng, FIELDS),
                        .state = (u8)rng_below(rng, 3)};
    /* Consents may tie; of attributes and tags the later record would win, so their times differ.
     */
    w->when = w->kind == 2 ? (i64)rng_below(rng, 5) : (i64)(rng_below(rng, 200) * 1000 + i);
    if (w->kind == 1) w->v.n = rng_percent(rng, 50) ? NEVER : (i64)rng_below(rng, 600);
    if (w->kind != 0 || rng_percent(rng, 15)) return;
    w->v = w->field & 1 ? value_int((i64)rng_below(rng, 9))
                        : value_text(str_of(TEXTS[rng_below(rng, COUNT_OF(TEXTS))]));
}

static void shuffle(struct rng *rng, struct write *writes, u32 n)
{
    for (u32 i = n - 1; i > 0; i--) {
        u32 with = (u32)rng_below(rng, i + 1);
        struct write t = writes[i];
        writes[i] = writes[with];
        writes[with] = t;
    }
}

/* Applies all of them to new customers u0…, then the late ones; what is seen after each. */
static void run(const struct write *writes, u32 n, const struct write *late, u32 late_n,
                struct buf *out, struct buf *out_late)
{
    struct fixture f = fixture_new();
    for (u32 k = 0; k < PERSONAS; k++) {
        char user[16];
        snprintf(user, sizeof user, "u%u", k);
        somebody(&f, user);
    }
    for (u32 i = 0; i < n; i++) apply(&f, &writes[i]);
    CHECK_EQ(customers_count(f.c), 1);
    describe(&f, out);
    for (u32 i = 0; i < late_n; i++) apply(&f, &late[i]);
    describe(&f, out_late);
    fixture_free(&f);
}

TEST("the same writes and links in any order leave the same customer, also for what comes late")
{
    struct rng rng = {test_seed()};
    struct write writes[WRITES + PERSONAS - 1], late[40];
    struct buf seen[4];
    for (u32 i = 0; i < 4; i++) buf_init(&seen[i], 1 << 16);
    for (u32 round = 0; round < 15; round++) {
        u32 n = 0;
        for (; n < WRITES; n++) random_write(&rng, &writes[n], n);
        for (u32 k = 2; k <= PERSONAS; k++, n++)
            writes[n] = (struct write){
                .kind = 3, .who = k, .with = 1 + (u32)rng_below(&rng, k - 1), .when = 7};
        for (u32 i = 0; i < COUNT_OF(late); i++) random_write(&rng, &late[i], 500 + i);
        run(writes, n, late, COUNT_OF(late), &seen[0], &seen[1]);
        for (u32 order = 0; order < 6; order++) {
            shuffle(&rng, writes, n);
            run(writes, n, late, COUNT_OF(late), &seen[2], &seen[3]);
            CHECK_STR(buf_str(&seen[2]), buf_str(&seen[0]));
            CHECK_STR(buf_str(&seen[3]), buf_str(&seen[1]));
        }
    }
    for (u32 i = 0; i < 4; i++) buf_clear(&seen[i]);
}

TEST("joining at one moment: the same winner whoever joins whom")
{
    for (u32 swapped = 0; swapped < 2; swapped++) {
        struct fixture f = fixture_new();
        struct customer_view v = live(f.c);
        struct change ch;
        i64 expires;
        persona a = somebody(&f, "a"), b = somebody(&f, "b");
        customer_set(f.c, swapped ? b : a, 1, value_text(S("x")), 10, &ch);
        customer_set(f.c, swapped ? a : b, 1, value_text(S("y")), 10, &ch);
        customer_tag(f.c, swapped ? b : a, 1, true, NEVER, 10, &ch);
        customer_tag(f.c, swapped ? a : b, 1, false, NEVER, 10, &ch);
        CHECK_OK(customer_link(f.c, a, b, LINK_MANUAL, 11, 1, &f.out));
        CHECK_STR(view_attribute(&v, a, 1).text, S("y"));
        CHECK(view_tag(&v, a, 1, 11, &expires));
        fixture_free(&f);
    }
}

TEST("a dense column follows its customers when they join, and counts them")
{
    struct fixture f = fixture_new();
    struct customer_view v = live(f.c);
    struct change ch;
    for (u32 i = 0; i < 500; i++) persona_add(f.c, 1, 1);
    for (u32 i = 1; i <= 500; i++) customer_set(f.c, i, 1, value_int((i64)i * 1000), (i64)i, &ch);
    for (u32 i = 1; i <= 250; i++)
        CHECK_OK(customer_link(f.c, i, 501 - i, LINK_MANUAL, 1, 1, &f.out));
    for (u32 i = 1; i <= 250; i++) CHECK_EQ(view_attribute(&v, i, 1).n, (501 - (i64)i) * 1000);
    const struct attribute_row *a = table_at(f.c->attributes, 1);
    CHECK_EQ(a->present, 250);
    for (u32 i = 1; i <= 250; i++) customer_forget(f.c, i);
    CHECK_EQ(a->present, 0);
    CHECK_EQ(customers_count(f.c), 0);
    fixture_free(&f);
}

/* ---- forgetting ---- */

static bool contains(const void *memory, size_t n, str what)
{
    return memmem(memory, n, what.p, what.n) != NULL;
}

/* Everything strings, rows and cells hold, from the first to past the last. */
static bool anywhere(struct fixture *f, u32 first_string, str what)
{
    struct customers *c = f->c;
    u32 last = heap_put(c->text, S("the last string there is"));
    const char *from = heap_view(c->text, first_string).p, *to = heap_view(c->text, last).p;
    bool found = contains(from, (size_t)(to - from), what);
    const struct table *const TABLES[] = {c->rows, c->identifiers, c->lines, c->links};
    for (u32 i = 0; i < COUNT_OF(TABLES); i++) {
        u32 n = table_count(TABLES[i]);
        const char *start = table_at(TABLES[i], 0);
        found |= contains(start, (size_t)((const char *)table_at(TABLES[i], n) - start), what);
    }
    heap_retire(c->text, last);
    return found;
}

TEST("who is forgotten leaves no string anywhere, and her number stays unused")
{
    struct fixture f = fixture_new();
    struct customer_view v = live(f.c);
    struct change ch;
    u32 first = heap_put(f.c->text, S("the first string"));
    char bulk[200];
    memset(bulk, 'z', sizeof bulk);
    memcpy(bulk + 100, "CANARY", 6);
    persona a = record(&f, 1, "user:CANARY", "mail:CANARY@example.com", "anon:CANARY-device");
    persona b = record(&f, 2, "member:CANARY7", NULL, NULL);
    CHECK_OK(customer_link(f.c, a, b, LINK_MANUAL, 3, 3, &f.out));
    for (u32 i = 0; i < 100; i++) persona_add(f.c, 1, 1);
    for (u32 i = 0; i < 100; i++) /* some columns get cells, of all kinds */
        for (u32 k = 1; k <= 3; k++) customer_set(f.c, 3 + i, k, value_text(S("plain")), 5, &ch);
    CHECK(customer_set(f.c, a, 1, value_text(S("CANARY")), 6, &ch));
    CHECK(customer_set(f.c, b, 2, value_text((str){bulk, sizeof bulk}), 6, &ch));
    CHECK(customer_set(f.c, a, 3, value_text(S("a CANARY sings a rather long song")), 6, &ch));
    CHECK(customer_set(f.c, a, 40, value_text(S("CANARY, sparse")), 6, &ch));
    CHECK(customer_set(f.c, a, 41, value_text((str){bulk, 120}), 6, &ch));
    customer_attribute_set(f.c, 42, (struct attribute_rule){ATTRIBUTE_INT, true, false, 0});
    CHECK(!customer_set(f.c, a, 42, value_text(S("CANARY, aside")), 6, &ch));
    CHECK(customer_tag(f.c, a, 1, true, NEVER, 6, &ch));
    CHECK(anywhere(&f, first, S("CANARY")));
    CHECK_STR(view_attribute(&v, 3, 1).text, S("plain"));
    u32 before = customers_count(f.c);
    customer_forget(f.c, b);
    CHECK(!anywhere(&f, first, S("CANARY")));
    CHECK_EQ(customers_count(f.c), before - 1);
    CHECK_EQ(customer_head(f.c, a), 0);
    CHECK_EQ(customer_head(f.c, b), 0);
    CHECK(customer_at(f.c, a)->flags & CUSTOMER_ERASED);
    struct customer_row row;
    CHECK(!view_row(&v, a, &row));
    CHECK(!customer_set(f.c, a, 1, value_int(1), 9, &ch));
    CHECK(!customer_tag(f.c, a, 1, true, NEVER, 9, &ch));
    CHECK_EQ(holder(&f, "user:CANARY"), 0);
    CHECK_EQ(record(&f, 10, "user:CANARY", NULL, NULL), 103);
    customers_rebuild(f.c);
    CHECK_EQ(holder(&f, "user:CANARY"), 103);
    fixture_free(&f);
}

/* ---- epochs ---- */

TEST("an epoch sees everything as it was, whatever comes after")
{
    struct fixture f = fixture_new();
    struct change ch;
    i64 expires;
    persona a = somebody(&f, "a"), b = somebody(&f, "b");
    customer_set(f.c, a, 1, value_text(S("before")), 10, &ch);
    customer_set(f.c, b, 1, value_text(S("other")), 10, &ch);
    customer_tag(f.c, a, 1, true, NEVER, 10, &ch);
    customer_consent(f.c, a, CHANNEL_SMS, 0, 1, 10, &ch);
    customer_consent(f.c, a, CHANNEL_SMS, 5, 2, 10, &ch);
    struct epoch *e = epoch_pin(f.store);
    struct customer_view then = {f.c, e}, now = live(f.c);
    customer_set(f.c, a, 1, value_text(S("after")), 20, &ch);
    customer_set(f.c, a, 2, value_int(5), 20, &ch);
    customer_tag(f.c, a, 1, false, NEVER, 20, &ch);
    customer_consent(f.c, a, CHANNEL_SMS, 0, 2, 20, &ch);
    customer_consent(f.c, a, CHANNEL_SMS, 5, 1, 20, &ch);
    CHECK_OK(customer_link(f.c, a, b, LINK_MANUAL, 30, 9, &f.out));
    persona c = somebody(&f, "c");
    customer_forget(f.c, a);
    store_collect(f.store);

    struct customer_row row;
    CHECK(view_row(&then, a, &row) && row.head == a && !view_row(&now, a, &row));
    CHECK(view_row(&then, b, &row) && row.head == b);
    CHECK(!view_row(&then, c, &row) && view_row(&now, c, &row));
    CHECK_STR(view_attribute(&then, a, 1).text, S("before"));
    CHECK_STR(view_attribute(&then, b, 1).text, S("other"));
    CHECK_EQ(view_attribute(&then, a, 2).type, VALUE_MISSING);
    CHECK(view_tag(&then, a, 1, 10, &expires) && !view_tag(&now, a, 1, 10, &expires));
    CHECK_EQ(view_consent(&then, a, CHANNEL_SMS, 0), 1);
    CHECK_EQ(view_consent(&then, a, CHANNEL_SMS, 5), 2);
    u32 cursor = 0, attribute;
    value got;
    CHECK(view_next_attribute(&then, a, &cursor, &attribute, &got));
    CHECK(!view_next_attribute(&then, a, &cursor, &attribute, &got));
    CHECK(!view_next_attribute(&now, a, (cursor = 0, &cursor), &attribute, &got));
    epoch_drop(e);
    fixture_free(&f);
}

/* ---- the canonical hash ---- */

/* The process ends; another loads what the snapshot of this one holds. */
static void restart_from_snapshot(struct fixture *f)
{
    struct env *env = env_sim(1);
    struct snapshot_options o = {"/data", 0};
    struct diag why = {0};
    struct snapshot *sn;
    bool found;
    CHECK_OK(env_make_dir(env, o.dir));
    CHECK_OK(snapshot_open(env, f->store, &o, &sn, &found, &why));
    struct epoch *e = epoch_pin(f->store);
    CHECK_OK(snapshot_begin(sn, e, &(struct manifest){.position = 1}));
    epoch_drop(e);
    err result;
    do result = snapshot_step(sn, 100000);
    while (result == ERR_AGAIN);
    CHECK_OK(result);
    snapshot_close(sn);
    fixture_free(f);
    f->store = store_new(&(struct store_options){0});
    f->c = customers_new(f->store, (struct sip_key){0});
    CHECK_OK(snapshot_open(env, f->store, &o, &sn, &found, &why));
    CHECK(found);
    CHECK_OK(snapshot_load(sn, &why));
    customers_rebuild(f->c);
    snapshot_close(sn);
    env_free(env);
}

struct codes {
    u32 shift; /* the code of name k is k + shift */
};

static str name_of_code(void *ctx, u32 kind, u32 code)
{
    static char text[32];
    const struct codes *codes = ctx;
    int n = snprintf(text, sizeof text, "%u/%u", kind,
                     kind == 3 || kind == 6 ? code - codes->shift : code);
    return (str){text, (size_t)n};
}

/* The same story under any key and any codes; `twist` changes one thing about it. */
static hash128 story(struct sip_key key, u32 shift, u32 twist, bool restart)
{
    struct fixture f = fixture_new();
    struct codes codes = {shift};
    struct change ch;
    customers_set_key(f.c, key);
    persona a = record(&f, twist == 1 ? 11 : 10, "user:a", "mail:a@x.cn", NULL);
    persona b = record(&f, 20, "member:b", "anon:long-device-id", NULL);
    persona d = record(&f, 21, twist == 2 ? "anon:e" : "anon:d", NULL, NULL);
    for (u32 i = 0; i < 40; i++) persona_add(f.c, 22, 1);
    for (u32 i = 0; i < 40; i++)
        customer_set(f.c, d + 1 + i, shift + 1, value_text(S("dense")), 30, &ch);
    customer_set(f.c, a, shift + 1, value_text(twist == 3 ? S("x") : S("y")), 30, &ch);
    customer_set(f.c, a, shift + 2, value_int(5), twist == 4 ? 31 : 30, &ch);
    customer_set(f.c, a, shift + 3, value_missing(), twist == 5 ? 31 : 30, &ch);
    customer_tag(f.c, b, shift + 1, true, twist == 6 ? 99 : NEVER, 30, &ch);
    customer_tag(f.c, b, shift + 2, twist == 7, NEVER, 30, &ch);
    customer_consent(f.c, b, CHANNEL_SMS, 0, twist == 8 ? 1 : 2, 30, &ch);
    customer_consent(f.c, b, CHANNEL_SMS, 0, 2, twist == 9 ? 41 : 40, &ch);
    if (restart) restart_from_snapshot(&f);
    CHECK_EQ(holder(&f, "user:a"), a);
    CHECK_EQ(record(&f, 45, "anon:long-device-id", NULL, NULL), b);
    CHECK_EQ(record(&f, 46, "user:new", NULL, NULL), d + 41);
    customer_set(f.c, d + 2, shift + 1, value_text(S("thin")), 47, &ch);
    link_why why = twist == 10 ? LINK_ALIAS : LINK_MANUAL;
    CHECK_OK(customer_link(f.c, a, b, why, 50, 7, &f.out));
    if (twist == 11) customer_forget(f.c, d);
    address_edit(f.c, CHANNEL_EMAIL, (hash128){1, 2})->soft_bounces = twist == 12;
    customer_attribute_set(f.c, shift + 9,
                           (struct attribute_rule){ATTRIBUTE_INT, twist == 13, false, 0});
    hash128 h = customers_digest(f.c, 60, name_of_code, &codes);
    fixture_free(&f);
    return h;
}

TEST("the canonical hash knows neither keys nor codes, and misses nothing")
{
    hash128 plain = story((struct sip_key){1, 2}, 0, 0, false);
    CHECK(!hash128_is_zero(plain));
    CHECK(hash128_eq(plain, story((struct sip_key){1, 2}, 0, 0, true)));
    CHECK(hash128_eq(plain, story((struct sip_key){77, 5}, 0, 0, false)));
    CHECK(hash128_eq(plain, story((struct sip_key){77, 5}, 1000, 0, true)));
    for (u32 twist = 1; twist <= 13; twist++)
        CHECK_EQ(hash128_eq(plain, story((struct sip_key){1, 2}, 0, twist, false)), twist == 8);
}

TEST("a number given back is somebody else's: with another id, and nothing of the one before")
{
    struct fixture f = fixture_new();
    struct change change;
    char first[33], second[33];
    persona old = record(&f, 1000, "anon:one", NULL, NULL);
    customer_id(f.c, old, first);
    CHECK(customer_set(f.c, old, 7, value_text(S("x")), 1000, &change));
    customer_forget(f.c, old);
    CHECK_EQ(customer_by_id(f.c, (str){first, 32}), old); /* an id for which nobody is there */
    CHECK_EQ(customer_head(f.c, old), 0);
    CHECK(record(&f, 2000, "anon:two", NULL, NULL) != old); /* not before it is given back */
    customer_give_back(f.c, old);
    persona new = record(&f, 3000, "anon:three", NULL, NULL);
    CHECK_EQ(new, old);
    CHECK(f.out.is_new);
    customer_id(f.c, new, second);
    CHECK_EQ(customer_by_id(f.c, (str){second, 32}), new);
    CHECK_EQ(customer_by_id(f.c, (str){first, 32}), 0);
    struct customer_view now = {f.c, NULL};
    CHECK_EQ(view_attribute(&now, new, 7).type, VALUE_MISSING);
    CHECK_EQ(n48_get(customer_at(f.c, new)->first_seen), 3000);
    CHECK_EQ(customer_at(f.c, new)->flags & (CUSTOMER_ERASED | CUSTOMER_KNOWN), 0);
    CHECK_EQ(customers_count(f.c), 2);
    CHECK(record(&f, 4000, "anon:four", NULL, NULL) != old);
    fixture_free(&f);
}

TEST("a number is given back so often, and then it stays unused")
{
    struct fixture f = fixture_new();
    persona p = record(&f, 1000, "anon:one", NULL, NULL);
    for (u32 life = 0; life < 0xFFF; life++) {
        customer_forget(f.c, p);
        customer_give_back(f.c, p);
        CHECK_EQ(record(&f, 1000, "anon:one", NULL, NULL), p);
    }
    customer_forget(f.c, p);
    customer_give_back(f.c, p);
    CHECK(record(&f, 1000, "anon:one", NULL, NULL) != p);
    fixture_free(&f);
}
