/* Joining and parting: after any history everybody is what she and hers said, and nothing else. */
#include "engine/house_test.h"

static const char *const RULES[] = {
    "{\"id\":\"busy\",\"if\":{\"did\":\"Search\",\"within\":\"3h\",\"count\":{\"op\":\">=\","
    "\"value\":2}}}",
    "{\"id\":\"gold\",\"if\":{\"attribute\":\"a0\",\"op\":\"=\",\"value\":\"v1\"}}",
    "{\"id\":\"either\",\"if\":{\"any\":[{\"tag\":\"t0\"},{\"segment\":\"gold\"}]}}",
};

static u32 count_events(struct house *h, persona head, u32 code)
{
    struct subject who;
    struct event ev;
    u32 n = 0;
    struct arena *a = arena_new();
    engine_subject(h->e, head, &who);
    struct event_iter *it =
        event_iter(who.events, who.personas, who.persona_count, INT64_MIN, NEVER, a);
    while (event_next(it, &ev)) n += ev.code == code;
    arena_free(a);
    return n;
}

static bool is_in(struct house *h, persona head, const char *segment)
{
    u32 code = names_find(engine_names(h->e), NAME_OBJECT, str_of(segment));
    return segment_resolve(engine_segments(h->e), head, code, engine_time(h->e)).holds;
}

/* ---- one by one ---- */

TEST("what was merged by hand is parted again: each has what was hers, also what was overruled")
{
    struct house h;
    house_open(&h, 1, NULL);
    house_publish(&h, OBJECT_SEGMENT, RULES[1]);
    persona a = house_post(
        &h, &(struct post){
                .ids = {"user:ada"}, .attribute = "a0", .v = value_text(S("v0")), .ago_ms = 5000});
    persona b = house_post(
        &h, &(struct post){
                .ids = {"user:bob"}, .attribute = "a0", .v = value_text(S("v1")), .ago_ms = 9000});
    house_post(&h, &(struct post){.ids = {"user:bob"}, .tag = "t0", .consent = 2});
    CHECK(is_in(&h, b, "gold") && !is_in(&h, a, "gold"));
    house_merge(&h, b, a);
    CHECK_EQ(customer_head(engine_customers(h.e), b), a);
    CHECK_STR(house_attribute(&h, a, "a0"), S("v0"));
    CHECK_EQ(count_events(&h, a, EVENT_SEGMENT_ENTERED), 1); /* bob's, from before */
    /* While they are one: older than what is known, and the same again. */
    house_post(
        &h, &(struct post){
                .ids = {"user:bob"}, .attribute = "a1", .v = value_text(S("late")), .ago_ms = 100});
    house_post(
        &h, &(struct post){
                .ids = {"user:ada"}, .attribute = "a1", .v = value_text(S("old")), .ago_ms = 200});
    CHECK_STR(house_attribute(&h, a, "a1"), S("late"));
    house_persona(&h, RECORD_UNMERGE_, b);
    CHECK_EQ(customer_head(engine_customers(h.e), b), b);
    CHECK_STR(house_attribute(&h, a, "a0"), S("v0"));
    CHECK_STR(house_attribute(&h, b, "a0"), S("v1"));
    CHECK_STR(house_attribute(&h, a, "a1"), S("old"));
    CHECK_STR(house_attribute(&h, b, "a1"), S("late"));
    CHECK(is_in(&h, b, "gold") && !is_in(&h, a, "gold"));
    struct customer_view v = {engine_customers(h.e), NULL};
    CHECK_EQ(view_consent(&v, a, CHANNEL_EMAIL, 0), 0);
    CHECK_EQ(view_consent(&v, b, CHANNEL_EMAIL, 0), 2);
    CHECK_EQ(count_events(&h, a, EVENT_UNMERGED), 1);
    CHECK_EQ(count_events(&h, b, EVENT_UNMERGED), 1);
    house_close(&h);
}

TEST("crossings that a merge or a cut brings are written down, and start no journey")
{
    struct house h;
    house_open(&h, 1, NULL);
    house_publish(&h, OBJECT_SEGMENT, RULES[0]);
    house_publish(&h, OBJECT_JOURNEY,
                  "{\"id\":\"j\",\"trigger\":{\"segment\":\"busy\",\"on\":\"enter\"},\"steps\":["
                  "{\"id\":\"w\",\"wait\":{\"for\":\"1h\"}}]}");
    persona a = house_post(&h, &(struct post){.ids = {"user:ada"}, .event = "Search"});
    persona b = house_post(&h, &(struct post){.ids = {"user:bob"}, .event = "Search"});
    CHECK(!is_in(&h, a, "busy"));
    house_merge(&h, a, b);
    CHECK(is_in(&h, a, "busy"));
    CHECK_EQ(count_events(&h, a, EVENT_SEGMENT_ENTERED), 1);
    house_persona(&h, RECORD_UNMERGE_, b);
    CHECK(!is_in(&h, a, "busy") && !is_in(&h, b, "busy"));
    CHECK_EQ(count_events(&h, a, EVENT_SEGMENT_LEFT), 1);
    for (persona p = a; p <= b; p++) {
        CHECK_EQ(count_events(&h, p, EVENT_JOURNEY_ENTERED), 0);
        CHECK_EQ(count_events(&h, p, EVENT_JOURNEY_REFUSED), 0);
    }
    /* The same crossing by something that is done does start it. */
    house_post(&h, &(struct post){.ids = {"user:ada"}, .event = "Search"});
    CHECK_EQ(count_events(&h, a, EVENT_JOURNEY_ENTERED), 1);
    house_close(&h);
}

static u32 messages_of(struct house *h, persona head)
{
    u32 n = 0;
    u32 row = customer_at(engine_customers(h->e), head)->messages;
    for (; row; row = message_at(engine_messages(h->e), row)->next) n++;
    return n;
}

static u32 enrolments_of(struct house *h, persona head)
{
    u32 n = 0;
    u32 row = customer_at(engine_customers(h->e), head)->enrolments;
    for (; row; row = enrolment_at(engine_journeys(h->e), row)->next) n++;
    return n;
}

TEST("after a cut each goes on with what she began, and with the messages of her own")
{
    static const char *const EVENTS[] = {"Cart", "Search"};
    struct house h;
    house_open(&h, 1, NULL);
    for (u32 i = 0; i < 2; i++)
        house_publish(&h, OBJECT_JOURNEY,
                      arena_printf(arena,
                                   "{\"id\":\"j%u\",\"trigger\":{\"event\":\"%s\"},\"entry\":"
                                   "{\"again\":\"always\",\"running\":\"parallel\"},\"steps\":[{"
                                   "\"id\":\"m\",\"send\":{\"channel\":\"email\",\"template\":"
                                   "\"t\"}},{\"id\":\"w\",\"wait\":{\"for\":\"1h\"}}]}",
                                   i, EVENTS[i])
                          .p);
    persona a = house_post(&h, &(struct post){.ids = {"user:ada"}, .event = "Cart"});
    persona b = house_post(&h, &(struct post){.ids = {"user:bob"}, .event = "Search"});
    house_merge(&h, a, b);
    CHECK_EQ(messages_of(&h, a), 2);
    house_post(&h, &(struct post){.ids = {"user:bob"}, .event = "Cart"}); /* the survivor's */
    CHECK_EQ(enrolments_of(&h, a), 3);
    house_persona(&h, RECORD_UNMERGE_, b);
    CHECK_EQ(messages_of(&h, a), 2);
    CHECK_EQ(messages_of(&h, b), 1);
    CHECK_EQ(enrolments_of(&h, a), 2);
    CHECK_EQ(enrolments_of(&h, b), 1);
    house_close(&h);
}

TEST("a merge, a cut or an erasure that names nobody changes nothing")
{
    struct house h;
    house_open(&h, 1, NULL);
    persona a = house_post(&h, &(struct post){.ids = {"user:ada"}, .event = "Search"});
    hash128 before = engine_hash(h.e);
    house_merge(&h, a, 77);
    house_merge(&h, a, a);
    house_persona(&h, RECORD_UNMERGE_, a); /* she has no link */
    house_persona(&h, RECORD_UNMERGE_, 77);
    house_persona(&h, RECORD_ERASE_, 77);
    house_say(&h, RECORD_ERASE_, S("?"));
    CHECK(hash128_eq(engine_hash(h.e), before));
    house_close(&h);
}

/* ---- any history, beside a slow and obvious twin ---- */

enum { PEOPLE = 5, DEVICES = 4, FIELDS = 3, PERSONAS = 400, WRITES = 4000, STEPS = 260 };

/* What one persona said of one field: 0…2 attributes, 3…5 tags, 6 consent. */
struct said_once {
    persona who;
    u32 field;
    value v;
    i64 when;
};

struct twin {
    struct house h;
    struct rng rng;
    struct said_once said[WRITES];
    u32 said_count;
    i64 seen[PERSONAS][2];
    i64 clock; /* every write has a time of its own */
};

static void random_ids(struct twin *t, struct post *p, char room[2][32])
{
    u64 dice = rng_below(&t->rng, 10);
    u32 person = (u32)rng_below(&t->rng, PEOPLE), device = (u32)rng_below(&t->rng, DEVICES);
    snprintf(room[0], 32, "user:u%u", person);
    snprintf(room[1], 32, dice < 8 ? "anon:d%u" : "member:m%u", device);
    p->ids[0] = dice < 5 ? room[0] : room[1];
    if (dice > 6) p->ids[1] = room[0];
    if (dice == 9) p->ids[0] = room[1];
}

static void random_field(struct twin *t, struct post *p, u32 field, char room[3][8])
{
    snprintf(room[0], 8, "a%u", field % FIELDS);
    snprintf(room[1], 8, "t%u", field % FIELDS);
    snprintf(room[2], 8, "v%u", (u32)rng_below(&t->rng, 3));
    if (field < FIELDS) {
        p->attribute = room[0];
        if (rng_percent(&t->rng, 85)) p->v = value_text(str_of(room[2]));
    } else if (field < 2 * FIELDS) {
        p->tag = room[1];
        p->off = rng_percent(&t->rng, 40);
    } else {
        p->consent = 1 + (u8)rng_below(&t->rng, 3);
    }
}

static void note_write(struct twin *t, persona who, u32 field, const struct post *p, i64 when)
{
    MUST(t->said_count < WRITES && who < PERSONAS);
    struct said_once *w = &t->said[t->said_count++];
    *w = (struct said_once){.who = who, .field = field, .when = when};
    if (field < FIELDS && p->v.type) w->v = value_int(p->v.text.p[1]);
    if (field >= FIELDS && field < 2 * FIELDS && !p->off) w->v = value_bool(true);
    if (field == 2 * FIELDS && p->consent < 3) w->v = value_bool(p->consent == 1);
}

static void say_something(struct twin *t)
{
    char ids[2][32], texts[3][8];
    struct post p = {.event = rng_percent(&t->rng, 50) ? "Search" : NULL};
    u32 field = (u32)rng_below(&t->rng, 2 * FIELDS + 1);
    random_ids(t, &p, ids);
    random_field(t, &p, field, texts);
    t->clock += 2;
    sim_advance(t->h.env, 2);
    /* Odd moments of the past belong to late ones, each to one. */
    if (rng_percent(&t->rng, 30)) p.ago_ms = (i64)rng_below(&t->rng, 500) * 1000000 + t->clock + 1;
    i64 when = house_now(&t->h) - p.ago_ms;
    persona who = house_post(&t->h, &p);
    note_write(t, who, field, &p, when);
    i64 *seen = t->seen[who];
    if (!seen[0] || when < seen[0]) seen[0] = when;
    if (when > seen[1]) seen[1] = when;
}

static persona random_persona(struct twin *t)
{
    return 1 + (persona)rng_below(&t->rng, customers_end(engine_customers(t->h.e)) - 1);
}

static void erase_one(struct twin *t, persona p)
{
    struct customers *c = engine_customers(t->h.e);
    persona head = customer_head(c, p);
    for (u32 i = 0; i < t->said_count; i++)
        if (customer_head(c, t->said[i].who) == head) t->said[i].who = 0;
    house_persona(&t->h, RECORD_ERASE_, p);
}

/* The last write of each field, by whoever of hers: what the row must hold, and since when. */
static void twin_fields(const struct twin *t, persona head, struct said_once out[])
{
    for (u32 field = 0; field <= 2 * FIELDS; field++) out[field] = (struct said_once){0};
    for (u32 i = 0; i < t->said_count; i++) {
        const struct said_once *w = &t->said[i];
        struct said_once *best = &out[w->field];
        if (!w->who || customer_head(engine_customers(t->h.e), w->who) != head) continue;
        if (!best->who || w->when > best->when) *best = *w;
    }
}

struct seeing {
    struct twin *t;
    struct said_once *out;
};

static void see_field(void *ctx, const struct change *ch, i64 when)
{
    struct seeing *s = ctx;
    name_kind kind = ch->field == FIELD_TAG ? NAME_TAG : NAME_ATTRIBUTE;
    u32 field = 2 * FIELDS;
    if (ch->field != FIELD_CONSENT) {
        str name = names_text(engine_names(s->t->h.e), kind, ch->code);
        field = (u32)(name.p[1] - '0') + (kind == NAME_TAG ? FIELDS : 0);
    }
    struct said_once *out = &s->out[field];
    *out = (struct said_once){.who = 1, .field = field, .v = ch->new, .when = when};
    if (ch->new.type == VALUE_TEXT) out->v = value_int(ch->new.text.p[1]);
}

static void check_customer(struct twin *t, persona head)
{
    struct customers *c = engine_customers(t->h.e);
    i64 first = NEVER, last = 0;
    struct said_once wants[2 * FIELDS + 1], has[2 * FIELDS + 1] = {0};
    struct seeing see = {t, has};
    twin_fields(t, head, wants);
    customer_each_field(c, head, see_field, &see);
    for (u32 field = 0; field <= 2 * FIELDS; field++) {
        const struct said_once *want = &wants[field], *have = &has[field];
        if (want->v.type != have->v.type || want->v.n != have->v.n || want->when != have->when)
            fail_msg("seed %llu: persona %u, field %u", (unsigned long long)test_seed(), head,
                     field);
    }
    for (persona p = 1; p < customers_end(c); p++) {
        if (customer_head(c, p) != head || !t->seen[p][0]) continue;
        first = min_i64(first, t->seen[p][0]);
        last = max_i64(last, t->seen[p][1]);
    }
    CHECK_EQ(n48_get(customer_at(c, head)->first_seen), first);
    CHECK_EQ(n48_get(customer_at(c, head)->last_seen), last);
}

static void check_rules(struct twin *t, persona head)
{
    struct segments *sg = engine_segments(t->h.e);
    i64 now = engine_time(t->h.e),
        due = n48_get(customer_at(engine_customers(t->h.e), head)->next_due);
    for (u32 i = 0; i < COUNT_OF(RULES); i++) {
        static const char *const IDS[] = {"busy", "gold", "either"};
        u32 code = names_find(engine_names(t->h.e), NAME_OBJECT, str_of(IDS[i]));
        struct subject who;
        struct arena *a = arena_new();
        engine_subject(t->h.e, head, &who);
        who.scratch = a;
        if (!(due && due <= now) && segment_judged(sg, code, head))
            CHECK_EQ(predicate_eval(segment_predicate(sg, code), &who, now).holds,
                     segment_resolve(sg, head, code, now).holds);
        arena_free(a);
    }
}

static void check_all(struct twin *t)
{
    for (persona p = 1; p < customers_end(engine_customers(t->h.e)); p++) {
        if (customer_head(engine_customers(t->h.e), p) != p) continue;
        check_customer(t, p);
        check_rules(t, p);
    }
}

static void one_step(struct twin *t)
{
    u64 dice = rng_below(&t->rng, 100);
    if (dice < 70)
        say_something(t);
    else if (dice < 80)
        house_merge(&t->h, random_persona(t), random_persona(t));
    else if (dice < 92)
        house_persona(&t->h, RECORD_UNMERGE_, random_persona(t));
    else if (dice < 95)
        erase_one(t, random_persona(t));
    else
        sim_advance(t->h.env, (i64)rng_below(&t->rng, (u64)HOUR));
    house_settle(&t->h);
}

TEST("after any history of joining, parting and forgetting everybody is what her personas said")
{
    struct twin *t = mem_zalloc(sizeof *t);
    u32 heads = 0;
    house_open(&t->h, test_seed(), "/x");
    t->rng.state = test_seed();
    for (u32 i = 0; i < COUNT_OF(RULES); i++) house_publish(&t->h, OBJECT_SEGMENT, RULES[i]);
    say_something(t);
    for (u32 step = 0; step < STEPS; step++) {
        one_step(t);
        check_all(t);
        if (step % 97 == 96) {
            hash128 live = engine_hash(t->h.e);
            house_again(&t->h);
            CHECK(hash128_eq(engine_hash(t->h.e), live));
        }
    }
    heads = customers_count(engine_customers(t->h.e));
    CHECK(heads > 2);
    house_close(&t->h);
    free(t);
}
