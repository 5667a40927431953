/* outbox_test.c — the outbox over a real engine in memory, with a provider that does as it is told.
 */
#include "base/test.h"
#include "engine/publish.h"
#include "env/sim.h"
#include "log/events.h"
#include "outbox/inside.h"

#include <stdio.h>
#include <stdlib.h>

#define START 1780300800000 /* 2026-06-01T08:00Z */

/* ---- a provider ---- */

enum { SEEN_MAX = 512 };

struct told {
    bool silent;         /* prepare and go are only noted; the test reports */
    answer_class before; /* 0: ready */
    i64 held_ms;         /* prepare holds the channel */
    answer_class after;  /* 0: SENT */
    u32 connections;
    u32 prepared, gone, dropped, under_way, under_way_max;
    struct delivery *last;
    struct {
        hash128 id;
        char to[320], text[800], from[64], subject[200];
        bool opt_out; /* it may be refused */
    } sent[SEEN_MAX];
};

static void told_prepare(void *provider, struct delivery *d)
{
    struct told *t = provider;
    t->prepared++;
    t->last = d;
    if (++t->under_way > t->under_way_max) t->under_way_max = t->under_way;
    if (t->silent) return;
    if (t->held_ms || t->before) t->under_way--;
    if (t->held_ms)
        delivery_held(d, t->held_ms, S("no connection"));
    else if (t->before)
        delivery_done(d, t->before, 7 * MINUTE, S("450 not now"));
    else
        delivery_ready(d);
}

static void told_go(void *provider, struct delivery *d)
{
    struct told *t = provider;
    MUST(t->gone < SEEN_MAX);
    t->sent[t->gone].id = d->id;
    memcpy(t->sent[t->gone].to, d->to, sizeof d->to);
    snprintf(t->sent[t->gone].text, 800, "%.*s", STR_ARG(d->content.text));
    snprintf(t->sent[t->gone].subject, 200, "%.*s", STR_ARG(d->content.subject));
    t->sent[t->gone].opt_out = d->unsubscribe_url.n > 0;
    snprintf(t->sent[t->gone].from, 64, "%.*s", STR_ARG(d->from));
    t->gone++;
    t->last = d;
    if (t->silent) return;
    t->under_way--;
    delivery_done(d, t->after ? t->after : ANSWER_SENT, 7 * MINUTE, S("done"));
}

static void told_drop(void *provider, struct delivery *d)
{
    struct told *t = provider;
    t->dropped++;
    t->under_way--;
    delivery_dropped(d);
}

static u32 told_connections(void *provider)
{
    return ((struct told *)provider)->connections;
}

static const struct provider_type TOLD = {.name = "told",
                                          .connections = told_connections,
                                          .prepare = told_prepare,
                                          .go = told_go,
                                          .drop = told_drop};

/* ---- an engine with people ---- */

struct rig {
    struct env *env;
    struct engine *engine;
    struct outbox *outbox;
    struct told told;
    u64 next;
};

static void settle(struct rig *r)
{
    for (bool moved = true; moved;) {
        moved = log_step(engine_log(r->engine)) == ERR_OK;
        moved |= engine_step(r->engine);
        moved |= engine_propose(r->engine, env_wall_ms(r->env));
        moved |= outbox_step(r->outbox, env_wall_ms(r->env));
    }
}

static void pass(struct rig *r, i64 ms)
{
    sim_advance(r->env, ms);
    settle(r);
}

static void append(struct rig *r, struct record *record)
{
    struct buf b;
    u64 last;
    buf_init(&b, RECORD_BYTES_MAX + 4096);
    record->level = ENGINE_LEVEL;
    record->occurred_ms = NEVER;
    record_put(&b, record);
    CHECK_OK(log_append(engine_log(r->engine), buf_str(&b), 1, false, &last));
    buf_clear(&b);
}

static u32 code(struct rig *r, name_kind kind, const char *name)
{
    u32 out;
    CHECK_OK(names_code(engine_names(r->engine), kind, str_of(name), &out));
    return out;
}

/* A record of "u<n>". */
static void post(struct rig *r, u32 person, struct item *it)
{
    struct buf payload;
    char user[16], mail[32];
    struct record record = {.kind = RECORD_ITEM_, .id_count = 2};
    snprintf(user, sizeof user, "u%u", person);
    snprintf(mail, sizeof mail, "u%u@example.com", person);
    buf_init(&payload, 4096);
    it->values[0] = str_of(user), it->values[1] = str_of(mail);
    record.ids[0] = (struct record_id){
        identifier_hash(engine_key(r->engine), SPACE_USER_ID, it->values[0]), SPACE_USER_ID};
    record.ids[1] = (struct record_id){
        identifier_hash(engine_key(r->engine), SPACE_EMAIL, it->values[1]), SPACE_EMAIL};
    record.dedupe = (hash128){++r->next, 99};
    item_put(&payload, it, 2);
    record.payload = buf_str(&payload);
    append(r, &record);
    buf_clear(&payload);
}

/* An identify (event NULL) or an event, with one text trait or property. */
static void item(struct rig *r, u32 person, const char *event, const char *name, const char *text)
{
    struct buf values, consents;
    struct item it = {.what = event ? ITEM_TRACK : ITEM_IDENTIFY};
    buf_init(&values, 4096), buf_init(&consents, 64);
    if (name)
        props_put(&values, code(r, event ? NAME_PROPERTY : NAME_ATTRIBUTE, name),
                  value_text(str_of(text)));
    if (event) it.event = code(r, NAME_EVENT, event), it.props = buf_str(&values);
    if (!event) {
        buf_varint(&consents, CHANNEL_EMAIL), buf_varint(&consents, 0), buf_byte(&consents, 1);
        it.traits = buf_str(&values), it.consents = buf_str(&consents);
    }
    post(r, person, &it);
    buf_clear(&values), buf_clear(&consents);
}

/* An event about a cart or an order with one product. */
static void shops(struct rig *r, u32 person, const char *event, const char *id, bool listed)
{
    struct buf props, product, list;
    struct item it = {.what = ITEM_TRACK, .event = code(r, NAME_EVENT, event)};
    buf_init(&props, 4096), buf_init(&product, 4096), buf_init(&list, 4096);
    props_put(&props, code(r, NAME_PROPERTY, id), value_text(S("n1")));
    if (listed) {
        buf_str_varint(&product, S("name")), value_put(&product, value_text(S("Hat")));
        value map = {.type = VALUE_MAP, .count = 1, .text = buf_str(&product)};
        value_put(&list, map), value_put(&list, map);
        value all = {.type = VALUE_LIST, .count = 2, .text = buf_str(&list)};
        props_put(&props, code(r, NAME_PROPERTY, "products"), all);
    } else {
        props_put(&props, code(r, NAME_PROPERTY, "product_id"), value_text(S("p")));
        props_put(&props, code(r, NAME_PROPERTY, "name"), value_text(S("Cap")));
        props_put(&props, code(r, NAME_PROPERTY, "quantity"), value_int(3));
    }
    it.props = buf_str(&props);
    post(r, person, &it);
    buf_clear(&props), buf_clear(&product), buf_clear(&list);
}

static void publish(struct rig *r, struct arena *arena, object_kind kind, const char *json)
{
    const struct json *j;
    struct diag why = {0};
    struct buf b;
    buf_init(&b, RECORD_BYTES_MAX);
    CHECK_OK(json_parse(str_of(json), arena, &j, &why));
    err e = publish_object(r->engine, kind, j, &b, &why);
    if (e != ERR_OK) print_error("%s: %s\n", why.path, why.message);
    CHECK_OK(e);
    append(r, &(struct record){.kind = RECORD_PUBLISH_, .payload = buf_str(&b)});
    buf_clear(&b);
    settle(r);
}

#define TEMPLATE(text)                                                                             \
    "{\"id\":\"t\",\"channel\":\"email\",\"subject\":\"s\",\"text\":\"" text "\"}"
/* The journey goes on after its message, so that it is still running while an answer is awaited. */
#define JOURNEY(id, event, category)                                                               \
    "{\"id\":\"" id "\",\"trigger\":{\"event\":\"" event "\"},"                                    \
    "\"entry\":{\"again\":\"always\",\"running\":\"parallel\"},"                                   \
    "\"policy\":{\"category\":\"" category "\",\"quiet\":\"ignore\",\"dedupe\":\"0s\"},"           \
    "\"steps\":[{\"id\":\"m1\",\"send\":{\"channel\":\"email\",\"template\":\"t\"}},"              \
    "{\"id\":\"w1\",\"wait\":{\"for\":\"30d\"}}]}"

/* li works here; for others the owner stands in. */
static bool staff_of(void *ctx, str owner, struct staff *out)
{
    bool li = str_eq(owner, S("li"));
    (void)ctx;
    snprintf(out->email, sizeof out->email, "%s", li ? "li@shop.test" : "Boss@shop.test");
    snprintf(out->language, sizeof out->language, "%s", li ? "zh" : "");
    out->stands_in = !li;
    return !str_eq(owner, S("nobody"));
}

static void rig_open(struct rig *r, struct arena *arena, u32 connections)
{
    struct engine_options eo = {0};
    struct outbox_options oo = {
        .deliveries_max = 16, .staff = staff_of, .public_url = S("https://b.test")};
    struct diag why = {0};
    *r = (struct rig){.env = env_sim(test_seed())};
    sim_set_wall(r->env, START);
    r->told.connections = connections;
    CHECK_OK(engine_open(r->env, &eo, &r->engine, &why));
    r->outbox = outbox_new(r->engine, r->env, &oo);
    settle(r);
    publish(r, arena, OBJECT_TEMPLATE,
            TEMPLATE("Hi {{ customer.name }}, {{ event.what }} {{ customer.email }}"));
    publish(r, arena, OBJECT_JOURNEY, JOURNEY("j", "Cart", "service"));
    publish(r, arena, OBJECT_JOURNEY, JOURNEY("k", "Receipt", "transactional"));
    outbox_channel(r->outbox, CHANNEL_EMAIL, &TOLD, &r->told, S("Shop <shop@example.com>"));
}

static void rig_close(struct rig *r)
{
    outbox_free(r->outbox);
    engine_close(r->engine);
    env_free(r->env);
}

static u64 now_at(struct rig *r, message_status s)
{
    return message_tally(engine_messages(r->engine)).now[s];
}

/* ---- what it does ---- */

TEST("a planned message is rendered, claimed, handed over and settled")
{
    struct rig r;
    rig_open(&r, arena, 4);
    item(&r, 1, NULL, "name", "Ada");
    item(&r, 1, "Cart", "what", "your cart");
    settle(&r);
    CHECK_EQ(r.told.gone, 1);
    CHECK_STR(str_of(r.told.sent[0].to), S("u1@example.com"));
    CHECK_STR(str_of(r.told.sent[0].text), S("Hi Ada, your cart u1@example.com"));
    CHECK_STR(str_of(r.told.sent[0].from), S("Shop <shop@example.com>"));
    CHECK_EQ(now_at(&r, MESSAGE_SENT), 1);
    CHECK_EQ(outbox_in_flight(r.outbox), 0);
    rig_close(&r);
}

TEST("claims in flight are never more than the connections, and everything goes out once")
{
    struct rig r;
    rig_open(&r, arena, 3);
    for (u32 i = 0; i < 50; i++) item(&r, i, "Cart", "what", "x");
    settle(&r);
    CHECK_EQ(r.told.gone, 50);
    CHECK(r.told.under_way_max <= 3);
    CHECK_EQ(now_at(&r, MESSAGE_SENT), 50);
    for (u32 i = 0; i < 50; i++)
        for (u32 k = 0; k < i; k++) CHECK(!hash128_eq(r.told.sent[i].id, r.told.sent[k].id));
    rig_close(&r);
}

TEST("the customer's change between rendering and claim is in what goes out")
{
    struct rig r;
    rig_open(&r, arena, 1);
    item(&r, 1, NULL, "name", "Ada");
    r.told.silent = true;
    item(&r, 1, "Cart", "what", "x");
    settle(&r);
    CHECK_EQ(r.told.prepared, 1);
    item(&r, 1, NULL, "name", "Countess"); /* queued ahead of the claim */
    delivery_ready(r.told.last);
    settle(&r);
    CHECK_EQ(r.told.gone, 1);
    CHECK_EQ(r.told.prepared, 1); /* on the same connection */
    CHECK_STR(str_of(r.told.sent[0].text), S("Hi Countess, x u1@example.com"));
    r.told.under_way = 0;
    delivery_done(r.told.last, ANSWER_SENT, 0, S(""));
    settle(&r);
    CHECK_EQ(now_at(&r, MESSAGE_SENT), 1);
    rig_close(&r);
}

TEST("a message may name its order, the products of it or of the cart, and the coupon given last")
{
    struct rig r;
    rig_open(&r, arena, 1);
    publish(&r, arena, OBJECT_TEMPLATE,
            TEMPLATE("{{ order.id }}:{{ products[0].name }}{{ products[0].quantity }},"
                     "{{ products.size }},{{ order.items.size }} {{ coupon.code }} "
                     "{% if coupon %}{{ coupon.value }}{% endif %}"));
    publish(&r, arena, OBJECT_JOURNEY, JOURNEY("o", "Order Completed", "service"));
    publish(&r, arena, OBJECT_JOURNEY, JOURNEY("a", "Product Added", "service"));
    publish(&r, arena, OBJECT_COUPON,
            "{\"id\":\"c\",\"value\":{\"percent\":15},\"valid\":\"3d\",\"code\":\"SAVE\"}");
    item(&r, 1, NULL, "name", "Ada");
    shops(&r, 1, "Order Completed", "order_id", true);
    settle(&r);
    CHECK_STR(str_of(r.told.sent[0].text), S("n1:Hat,2,2  "));
    r.told.held_ms = HOUR;
    shops(&r, 1, "Product Added", "cart_id", false);
    settle(&r);
    r.told.held_ms = 0;
    persona head = message_at(engine_messages(r.engine), r.told.last->message)->persona;
    const struct enrolment_row *row = enrolment_at(
        engine_journeys(r.engine), customer_at(engine_customers(r.engine), head)->enrolments);
    struct message_content asked;
    CHECK(journey_content(engine_journeys(r.engine), r.told.last->message, &asked));
    CHECK(offer_grant(engine_offers(r.engine), head, code(&r, NAME_OBJECT, "c"),
                      &(struct offer_giver){asked.journey, 1, row->trigger_order}, NULL,
                      env_wall_ms(r.env)));
    shops(&r, 1, "Product Added", "cart_id", false);
    pass(&r, HOUR);
    CHECK_EQ(r.told.gone, 3);
    CHECK_STR(str_of(r.told.sent[1].text), S(":Cap6,1, SAVE 15%"));
    CHECK_STR(str_of(r.told.sent[2].text), S(":Cap6,1,  "));
    rig_close(&r);
}

TEST("what fails before the claim is claimed and answered, and comes back after its time")
{
    struct rig r;
    rig_open(&r, arena, 1);
    r.told.before = ANSWER_RETRY;
    item(&r, 1, "Cart", "what", "x");
    settle(&r);
    CHECK_EQ(r.told.prepared, 1);
    CHECK_EQ(now_at(&r, MESSAGE_DEFERRED), 1);
    pass(&r, 7 * MINUTE - SECOND);
    CHECK_EQ(r.told.prepared, 1);
    r.told.before = 0;
    pass(&r, 2 * SECOND);
    CHECK_EQ(r.told.gone, 1);
    CHECK_EQ(r.told.last->attempts, 1);
    CHECK_EQ(now_at(&r, MESSAGE_SENT), 1);
    r.told.before = ANSWER_BOUNCED;
    item(&r, 2, "Cart", "what", "x");
    settle(&r);
    CHECK_EQ(now_at(&r, MESSAGE_BOUNCED), 1);
    CHECK_EQ(r.told.gone, 1);
    r.told.before = 0; /* the address is suppressed: refused without a connection */
    u32 prepared = r.told.prepared;
    item(&r, 2, "Cart", "what", "x");
    settle(&r);
    CHECK_EQ(r.told.prepared, prepared);
    CHECK_EQ(now_at(&r, MESSAGE_REFUSED), 1);
    rig_close(&r);
}

TEST("a channel that cannot connect rests, and its messages are as they were")
{
    struct rig r;
    struct channel_state state;
    rig_open(&r, arena, 2);
    r.told.held_ms = MINUTE;
    for (u32 i = 0; i < 5; i++) item(&r, i, "Cart", "what", "x");
    settle(&r);
    CHECK(r.told.prepared <= 2);
    CHECK_EQ(now_at(&r, MESSAGE_PLANNED), 5);
    outbox_channel_state(r.outbox, CHANNEL_EMAIL, &state);
    CHECK_EQ(state.rests_until_ms, START + MINUTE);
    CHECK_STR(str_of(state.detail), S("no connection"));
    CHECK_EQ(outbox_next_due(r.outbox), START + MINUTE);
    r.told.held_ms = 0;
    pass(&r, MINUTE - 1);
    CHECK_EQ(now_at(&r, MESSAGE_PLANNED), 5);
    pass(&r, 1);
    CHECK_EQ(now_at(&r, MESSAGE_SENT), 5);
    CHECK_EQ(outbox_next_due(r.outbox), NEVER);
    rig_close(&r);
}

TEST("each answer settles the message as it says")
{
    static const struct {
        answer_class answer;
        message_status status;
    } cases[] = {{ANSWER_SENT, MESSAGE_SENT},
                 {ANSWER_REJECTED, MESSAGE_REJECTED},
                 {ANSWER_BOUNCED, MESSAGE_BOUNCED},
                 {ANSWER_RETRY, MESSAGE_DEFERRED},
                 {ANSWER_UNKNOWN, MESSAGE_UNKNOWN}};
    struct rig r;
    rig_open(&r, arena, 1);
    for (u32 i = 0; i < COUNT_OF(cases); i++) {
        r.told.after = cases[i].answer;
        item(&r, i, "Cart", "what", "x");
        settle(&r);
        CHECK_EQ(now_at(&r, cases[i].status), 1);
    }
    r.told.after = 0;
    pass(&r, 7 * MINUTE + SECOND); /* only "later" comes back; "unknown" never by itself */
    CHECK_EQ(r.told.gone, 6);
    CHECK_EQ(now_at(&r, MESSAGE_SENT), 2);
    CHECK_EQ(now_at(&r, MESSAGE_UNKNOWN), 1);
    rig_close(&r);
}

TEST("a template that fails sends nothing, and says why")
{
    struct rig r;
    rig_open(&r, arena, 1);
    publish(&r, arena, OBJECT_TEMPLATE, TEMPLATE("Hi {{ customer.name | nope }}"));
    item(&r, 1, "Cart", "what", "x");
    settle(&r);
    publish(&r, arena, OBJECT_TEMPLATE, TEMPLATE("{{ 1 | divided_by: 0 }}"));
    item(&r, 2, "Cart", "what", "x");
    settle(&r);
    CHECK_EQ(r.told.prepared, 0);
    CHECK_EQ(now_at(&r, MESSAGE_REJECTED), 2);
    publish(&r, arena, OBJECT_TEMPLATE, TEMPLATE("fine"));
    item(&r, 3, "Cart", "what", "x");
    settle(&r);
    CHECK_EQ(r.told.gone, 1);
    CHECK_STR(str_of(r.told.sent[0].text), S("fine"));
    rig_close(&r);
}

TEST("transactional messages go first")
{
    struct rig r;
    rig_open(&r, arena, 1);
    outbox_pause(r.outbox, true);
    for (u32 i = 0; i < 6; i++)
        item(&r, i, i < 3 ? "Cart" : "Receipt", "what", i < 3 ? "cart" : "receipt");
    settle(&r);
    CHECK_EQ(r.told.prepared, 0);
    outbox_pause(r.outbox, false);
    settle(&r);
    CHECK_EQ(r.told.gone, 6);
    for (u32 i = 0; i < 6; i++)
        CHECK((str_find(str_of(r.told.sent[i].text), S("receipt")) >= 0) == (i < 3));
    rig_close(&r);
}

TEST("of one customer's messages the next one starts when the one before has been judged")
{
    struct rig r;
    rig_open(&r, arena, 4);
    item(&r, 1, NULL, "name", "Ada");
    r.told.silent = true;
    item(&r, 1, "Cart", "what", "one");
    item(&r, 1, "Cart", "what", "two");
    item(&r, 2, "Cart", "what", "hers");
    settle(&r);
    CHECK_EQ(r.told.prepared, 2); /* u1's first, and u2's */
    item(&r, 1, "Receipt", "what", "at once");
    settle(&r);
    CHECK_EQ(r.told.prepared, 3);
    rig_close(&r);
}

TEST("a channel that is not connected holds up nothing, and its messages wait")
{
    struct rig r;
    rig_open(&r, arena, 1);
    publish(
        &r, arena, OBJECT_JOURNEY,
        "{\"id\":\"p\",\"trigger\":{\"event\":\"Push\"},\"entry\":{\"again\":\"always\"},"
        "\"policy\":"
        "{\"category\":\"transactional\"},\"steps\":[{\"id\":\"m1\",\"send\":{\"channel\":\"sms\","
        "\"template\":\"t\"}}]}");
    for (u32 i = 0; i < 3; i++) item(&r, i, "Push", "what", "x");
    item(&r, 4, "Cart", "what", "x");
    settle(&r);
    CHECK_EQ(r.told.gone, 1);
    CHECK_EQ(now_at(&r, MESSAGE_PLANNED), 3);
    /* They have no phone: connected, they are refused by the claim, without a connection. */
    struct told sms = {.connections = 1};
    outbox_channel(r.outbox, CHANNEL_SMS, &TOLD, &sms, S(""));
    settle(&r);
    CHECK_EQ(now_at(&r, MESSAGE_REFUSED), 3);
    CHECK_EQ(sms.prepared, 0);
    CHECK(outbox_uses(r.outbox, &sms));
    outbox_channel(r.outbox, CHANNEL_SMS, NULL, NULL, S(""));
    CHECK(!outbox_uses(r.outbox, &sms));
    rig_close(&r);
}

TEST("a crash between claim and answer is unknown, before the claim it is as if nothing had been")
{
    struct rig r;
    rig_open(&r, arena, 2);
    r.told.silent = true;
    item(&r, 1, "Cart", "what", "x");
    settle(&r);
    delivery_ready(r.told.last);
    settle(&r); /* claimed, handed over, not answered */
    item(&r, 2, "Cart", "what", "x");
    settle(&r); /* at the provider, not claimed */
    CHECK_EQ(now_at(&r, MESSAGE_CLAIMED), 1);
    CHECK_EQ(now_at(&r, MESSAGE_PLANNED), 1);
    CHECK_EQ(outbox_in_flight(r.outbox), 2);
    CHECK(outbox_uses(r.outbox, &r.told));
    rig_close(&r);
}

/* ---- random days: nothing lost, nothing twice ---- */

struct chance {
    struct rig rig;
    struct rng rng;
    struct delivery *ready[64], *going[64];
    u32 ready_n, going_n;
};

static struct chance *dice;

static void chance_prepare(void *provider, struct delivery *d)
{
    struct told *t = provider;
    if (++t->under_way > t->under_way_max) t->under_way_max = t->under_way;
    dice->ready[dice->ready_n++] = d;
}

static void chance_go(void *provider, struct delivery *d)
{
    told_go(provider, d);
    dice->going[dice->going_n++] = d;
}

static const struct provider_type CHANCE = {.name = "chance",
                                            .connections = told_connections,
                                            .prepare = chance_prepare,
                                            .go = chance_go,
                                            .drop = told_drop};

static struct delivery *draw(struct chance *c, struct delivery **list, u32 *n)
{
    u32 i = (u32)rng_below(&c->rng, *n);
    struct delivery *d = list[i];
    list[i] = list[--*n];
    return d;
}

static void report_one(struct chance *c)
{
    static const answer_class after[] = {ANSWER_SENT, ANSWER_SENT, ANSWER_SENT, ANSWER_REJECTED,
                                         ANSWER_UNKNOWN};
    struct told *t = &c->rig.told;
    if (c->ready_n && (!c->going_n || rng_percent(&c->rng, 50))) {
        struct delivery *d = draw(c, c->ready, &c->ready_n);
        u64 what = rng_below(&c->rng, 10);
        if (what < 3) t->under_way--;
        if (what == 0)
            delivery_held(d, SECOND, S("no connection"));
        else if (what < 3)
            delivery_done(d, ANSWER_RETRY, MINUTE, S("450"));
        else
            delivery_ready(d);
    } else if (c->going_n) {
        t->under_way--;
        delivery_done(draw(c, c->going, &c->going_n), after[rng_below(&c->rng, COUNT_OF(after))], 0,
                      S(""));
    }
}

static void some_steps(struct chance *c)
{
    struct rig *r = &c->rig;
    for (u64 n = rng_below(&c->rng, 6); n; n--) {
        switch (rng_below(&c->rng, 6)) {
        case 0: CHECK(log_step(engine_log(r->engine)) != ERR_IO); break;
        case 1: engine_step(r->engine); break;
        case 2: outbox_step(r->outbox, env_wall_ms(r->env)); break;
        case 3: report_one(c); break;
        case 4: engine_propose(r->engine, env_wall_ms(r->env)); break;
        default: sim_advance(r->env, (i64)rng_below(&c->rng, 20 * SECOND));
        }
    }
}

TEST("in random days every message ends once, and no id is handed over twice")
{
    struct chance c = {.rng = {test_seed()}};
    u32 events = 0;
    dice = &c;
    rig_open(&c.rig, arena, 5);
    c.rig.told.silent = true;
    outbox_channel(c.rig.outbox, CHANNEL_EMAIL, &CHANCE, &c.rig.told, S("shop@example.com"));
    for (u32 i = 0; i < 900; i++) {
        if (events < 200 && rng_percent(&c.rng, 30))
            item(&c.rig, (u32)rng_below(&c.rng, 9), "Cart", "what", "x"), events++;
        if (rng_percent(&c.rng, 20))
            item(&c.rig, (u32)rng_below(&c.rng, 9), NULL, "name", i % 2 ? "a" : "b");
        some_steps(&c);
    }
    for (u32 turns = 0; turns < 20000; turns++) {
        struct message_tally t = message_tally(engine_messages(c.rig.engine));
        settle(&c.rig);
        if (!t.now[MESSAGE_PLANNED] && !t.now[MESSAGE_DEFERRED] && !t.now[MESSAGE_CLAIMED] &&
            t.planned == events)
            break;
        report_one(&c);
        if (!c.ready_n && !c.going_n) sim_advance(c.rig.env, MINUTE);
    }
    struct message_tally t = message_tally(engine_messages(c.rig.engine));
    CHECK_EQ(t.planned, events);
    CHECK_EQ(t.now[MESSAGE_SENT] + t.now[MESSAGE_REJECTED] + t.now[MESSAGE_UNKNOWN], events);
    CHECK(t.now[MESSAGE_SENT] > 0 && t.now[MESSAGE_UNKNOWN] > 0);
    CHECK(c.rig.told.under_way_max <= 5);
    CHECK_EQ(outbox_in_flight(c.rig.outbox), 0);
    for (u32 i = 0; i < c.rig.told.gone; i++)
        for (u32 k = 0; k < i; k++)
            CHECK(!hash128_eq(c.rig.told.sent[i].id, c.rig.told.sent[k].id));
    rig_close(&c.rig);
}

/* ---- notices to the staff ---- */

#define NOTIFY(id, event, to, template)                                                            \
    "{\"id\":\"" id "\",\"name\":{\"zh\":\"售后\",\"en\":\"After sales\"},"                      \
    "\"trigger\":{\"event\":\"" event "\"},\"entry\":{\"again\":\"always\"},\"steps\":["           \
    "{\"id\":\"n\",\"notify\":{\"to\":\"" to                                                       \
    "\",\"channel\":\"sms\",\"template\":\"" template "\"}}]}"

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

TEST("a notice goes to the colleague named, in her language, without consent, and once")
{
    struct rig r;
    rig_open(&r, arena, 4);
    publish(&r, arena, OBJECT_JOURNEY, NOTIFY("after", "Returned", "li", "t"));
    item(&r, 1, NULL, "name", "Ada");
    item(&r, 1, "Returned", "what", "the hat");
    settle(&r);
    CHECK_EQ(r.told.gone, 1);
    CHECK_STR(str_of(r.told.sent[0].to), S("li@shop.test"));
    CHECK_STR(str_of(r.told.sent[0].subject), S("s"));
    CHECK(has(r.told.sent[0].text, "Hi Ada, the hat u1@example.com"));
    CHECK(has(r.told.sent[0].text, "客户：Ada (https://b.test/customers/"));
    CHECK(has(r.told.sent[0].text, "来自旅程“售后”"));
    CHECK(!r.told.sent[0].opt_out);
    CHECK_EQ(now_at(&r, MESSAGE_SENT), 1);
    pass(&r, 2 * DAY);
    CHECK_EQ(r.told.gone, 1);
    rig_close(&r);
}

TEST("a colleague whom nobody is has the owner stand in, and a template without words says so")
{
    struct rig r;
    rig_open(&r, arena, 4);
    publish(&r, arena, OBJECT_JOURNEY, NOTIFY("after", "Returned", "wu", "gone"));
    item(&r, 1, "Returned", "what", "the hat");
    settle(&r);
    CHECK_EQ(r.told.gone, 1);
    CHECK_STR(str_of(r.told.sent[0].to), S("boss@shop.test"));
    CHECK_STR(str_of(r.told.sent[0].subject), S("Please have a look: u1@example.com"));
    CHECK(has(r.told.sent[0].text, "It was meant for “wu”"));
    CHECK(has(r.told.sent[0].text, "there is no such template"));
    CHECK(has(r.told.sent[0].text, "From the journey “After sales”"));
    rig_close(&r);
}

TEST("an address is told as it is, nobody is refused, and neither is a message of the customer's")
{
    struct rig r;
    struct message_story story;
    struct rendered again;
    struct diag why = {0};
    rig_open(&r, arena, 4);
    publish(&r, arena, OBJECT_JOURNEY, NOTIFY("a", "Returned", "Ann@Else.test", "t"));
    publish(&r, arena, OBJECT_JOURNEY, NOTIFY("b", "Returned", "nobody", "t"));
    item(&r, 1, "Returned", "what", "the hat");
    settle(&r);
    CHECK_EQ(r.told.gone, 1);
    CHECK_STR(str_of(r.told.sent[0].to), S("ann@else.test"));
    CHECK_EQ(now_at(&r, MESSAGE_REFUSED), 1);
    persona head = customer_find(engine_customers(r.engine), SPACE_USER_ID,
                                 identifier_hash(engine_key(r.engine), SPACE_USER_ID, S("u1")));
    CHECK(engine_message_story(r.engine, head, r.told.sent[0].id, arena, &story));
    CHECK_STR(story.to, S("ann@else.test"));
    CHECK_STR(story.journey, S("a"));
    CHECK_EQ(story.status, MESSAGE_SENT);
    CHECK_OK(outbox_again(r.engine, &story, arena, &again, &why));
    CHECK_STR(again.text, str_of(r.told.sent[0].text));
    struct event ev;
    persona all[4];
    u32 n = customer_personas(engine_customers(r.engine), head, all, 4), told = 0;
    struct event_iter *it =
        event_iter(event_view_live(engine_events(r.engine)), all, n, INT64_MIN, NEVER, arena);
    while (event_next(it, &ev)) {
        CHECK(ev.code < EVENT_MESSAGE_PLANNED || ev.code > EVENT_MESSAGE_CANCELLED);
        told += ev.code == EVENT_STAFF_NOTICE;
    }
    CHECK_EQ(told, 3); /* claimed and sent; refused */
    rig_close(&r);
}

TEST("a notice that was claimed when the process ended is unknown, one that was not goes then")
{
    struct rig r;
    rig_open(&r, arena, 1);
    publish(&r, arena, OBJECT_JOURNEY, NOTIFY("a", "Returned", "li", "t"));
    r.told.silent = true;
    item(&r, 1, "Returned", "what", "one");
    item(&r, 2, "Returned", "what", "two");
    settle(&r);
    delivery_ready(r.told.last);
    settle(&r); /* one is claimed and under way, the other waits for its connection */
    CHECK_EQ(now_at(&r, MESSAGE_CLAIMED), 1);
    CHECK_EQ(now_at(&r, MESSAGE_PLANNED), 1);
    struct buf b;
    buf_init(&b, 4096);
    start_put(&b, &(struct start_record){.identity = {1, 2}, .wall_ms = START, .version = S("x")});
    append(&r, &(struct record){.kind = RECORD_START_, .payload = buf_str(&b)});
    buf_clear(&b);
    settle(&r);
    CHECK_EQ(now_at(&r, MESSAGE_UNKNOWN), 1);
    CHECK_EQ(now_at(&r, MESSAGE_PLANNED), 1);
    r.told.under_way = 0;
    delivery_done(r.told.last, ANSWER_SENT, 0, S(""));
    settle(&r);
    rig_close(&r);
}
