#include "engine/rig_test.h"

/* One message asked for by a program, and all that becomes of it. */
struct sending {
    struct rig *r;
    u32 row;
    hash128 id;
    char customer[33];
};

static void append(struct rig *r, u16 kind, const struct buf *payload)
{
    struct record record = {.kind = kind, .payload = buf_str(payload)};
    rig_append(r, &record);
    rig_apply(r);
}

static void ask(struct rig *r, const char *to, u64 id_low, category kind)
{
    struct buf b;
    struct record record = {.kind = RECORD_SEND_, .id_count = 1};
    struct send_record s = {.id_low = id_low,
                            .body = 1,
                            .channel = CHANNEL_EMAIL,
                            .category = (u8)kind,
                            .template_id = S("order"),
                            .to = str_of(to)};
    s.values_of[0] = str_of(to);
    record.ids[0] = (struct record_id){
        identifier_hash(engine_key(r->engine), SPACE_EMAIL, str_of(to)), SPACE_EMAIL};
    buf_init(&b, 4096);
    send_put(&b, &s, 1);
    record.payload = buf_str(&b);
    rig_append(r, &record);
    rig_apply(r);
    buf_clear(&b);
}

static struct sending sent(struct rig *r, const char *to, u64 id_low)
{
    struct sending s = {.r = r};
    struct buf b, values;
    ask(r, to, id_low, CATEGORY_TRANSACTIONAL);
    s.row = message_by_low(r->engine->messages, id_low);
    CHECK(s.row != 0);
    s.id = message_id(r->engine->messages, s.row);
    customer_id(r->engine->customers, message_at(r->engine->messages, s.row)->persona, s.customer);
    buf_init(&b, 4096);
    buf_init(&values, 64);
    value_put(&values, (value){.type = VALUE_MAP, .count = 1, .text = S("\x01n\x07\x01x")});
    claim_put(&b, &(struct claim_record){
                      .message = s.row,
                      .id = s.id,
                      .rendered_at = engine_applied(r->engine),
                      .address = address_key(engine_key(r->engine), CHANNEL_EMAIL, str_of(to)),
                      .fingerprint = 1,
                      .content = 3,
                      .values = buf_str(&values)});
    append(r, RECORD_CLAIM_, &b);
    CHECK_EQ(message_at(r->engine->messages, s.row)->status, MESSAGE_CLAIMED);
    buf_reset(&b);
    answer_put(&b, &(struct answer_record){.message = s.row, .id = s.id, .class = ANSWER_SENT});
    append(r, RECORD_ANSWER_, &b);
    CHECK_EQ(message_at(r->engine->messages, s.row)->status, MESSAGE_SENT);
    buf_clear(&b);
    buf_clear(&values);
    return s;
}

static void receipt(const struct sending *s, message_status status, bool machine, str detail)
{
    struct buf b;
    buf_init(&b, 4096);
    receipt_put(&b, &(struct receipt_record){.customer = {s->customer, 32},
                                             .id = s->id,
                                             .status = (u8)status,
                                             .machine = machine,
                                             .detail = detail});
    append(s->r, RECORD_RECEIPT_, &b);
    buf_clear(&b);
}

static persona head_of(const struct sending *s)
{
    return engine_head_of(s->r->engine, (str){s->customer, 32});
}

/* Events of hers with this code; `last` gets the newest one. */
static u32 told(const struct sending *s, u32 code, struct event *last)
{
    struct subject who;
    struct event ev;
    u32 n = 0;
    engine_subject(s->r->engine, head_of(s), &who);
    struct event_iter *it =
        event_iter(who.events, who.personas, who.persona_count, INT64_MIN, NEVER, s->r->arena);
    while (event_next(it, &ev))
        if (ev.code == code) {
            n++;
            if (last) *last = ev;
        }
    return n;
}

static bool has(str text, const char *part)
{
    return str_find(text, str_of(part)) >= 0;
}

static message_status status_of(const struct sending *s)
{
    return (message_status)message_at(s->r->engine->messages, s->row)->status;
}

TEST("what a person did moves a message on; what a machine did is written down and moves nothing")
{
    struct rig *r = rig_open(arena, NULL);
    struct sending s = sent(r, "ada@x.test", 5);
    struct event ev;
    receipt(&s, MESSAGE_OPENED, true, S("scanner"));
    CHECK_EQ(status_of(&s), MESSAGE_SENT);
    CHECK_EQ(told(&s, EVENT_MESSAGE_OPENED, &ev), 1);
    CHECK_EQ(props_get(ev.props, PROPERTY_MACHINE).type, VALUE_TRUE);
    receipt(&s, MESSAGE_DELIVERED, false, S(""));
    receipt(&s, MESSAGE_CLICKED, false, S("https://x.test/a"));
    receipt(&s, MESSAGE_CLICKED, false, S("https://x.test/b"));
    receipt(&s, MESSAGE_OPENED, false, S(""));
    CHECK_EQ(status_of(&s), MESSAGE_CLICKED);
    CHECK_EQ(told(&s, EVENT_MESSAGE_CLICKED, &ev), 2);
    CHECK_STR(props_get(ev.props, PROPERTY_URL).text, S("https://x.test/b"));
    CHECK_STR(props_get(ev.props, PROPERTY_TEMPLATE).text, S("order"));
    receipt(&s, MESSAGE_DELIVERED, false, S("again"));
    CHECK_EQ(told(&s, EVENT_MESSAGE_DELIVERED, NULL), 1);
    rig_close(r);
}

TEST("a complaint and a hard bounce suppress the address it went to, and no other")
{
    static const message_status WHICH[] = {MESSAGE_COMPLAINED, MESSAGE_BOUNCED};
    for (u32 i = 0; i < 2; i++) {
        struct rig *r = rig_open(arena, NULL);
        struct sending s = sent(r, "ada@x.test", 5);
        hash128 key = address_key(engine_key(r->engine), CHANNEL_EMAIL, S("ada@x.test"));
        receipt(&s, WHICH[i], true, S(""));
        CHECK(!address_of(r->engine->customers, key));
        receipt(&s, WHICH[i], false, S("550"));
        const struct address_row *a = address_of(r->engine->customers, key);
        CHECK(a && a->suppressed == (i ? SUPPRESSED_BOUNCE : SUPPRESSED_COMPLAINT));
        CHECK_EQ(told(&s, EVENT_ADDRESS_SUPPRESSED, NULL), 1);
        ask(r, "eve@x.test", 6, CATEGORY_TRANSACTIONAL);
        CHECK(!address_of(r->engine->customers,
                          address_key(engine_key(r->engine), CHANNEL_EMAIL, S("eve@x.test"))));
        rig_close(r);
    }
}

TEST("who unsubscribes has consent false, with the reason and the message")
{
    struct rig *r = rig_open(arena, NULL);
    struct sending s = sent(r, "ada@x.test", 5);
    struct customer_view live = {r->engine->customers, NULL};
    struct event ev;
    CHECK_EQ(view_consent(&live, head_of(&s), CHANNEL_EMAIL, 0), 0);
    receipt(&s, MESSAGE_UNSUBSCRIBED, false, S(""));
    CHECK_EQ(view_consent(&live, head_of(&s), CHANNEL_EMAIL, 0), 2);
    CHECK_EQ(told(&s, EVENT_CONSENT_CHANGED, &ev), 1);
    CHECK_STR(props_get(ev.props, PROPERTY_REASON).text, S("unsubscribed"));
    CHECK_EQ(props_get(ev.props, PROPERTY_MESSAGE).text.n, 32);
    receipt(&s, MESSAGE_UNSUBSCRIBED, false, S(""));
    CHECK_EQ(told(&s, EVENT_CONSENT_CHANGED, NULL), 1);
    CHECK_EQ(told(&s, EVENT_MESSAGE_UNSUBSCRIBED, NULL), 1);
    rig_close(r);
}

TEST("a receipt finds its message also when the row is gone, and one of nobody's changes nothing")
{
    struct rig *r = rig_open(arena, NULL);
    struct sending s = sent(r, "ada@x.test", 5);
    struct event ev;
    sim_set_wall(r->env, RIG_START + 80 * HOUR);
    rig_settle(r);
    CHECK_EQ(message_by_low(r->engine->messages, 5), 0);
    receipt(&s, MESSAGE_CLICKED, false, S("https://x.test/a"));
    CHECK_EQ(told(&s, EVENT_MESSAGE_CLICKED, &ev), 1);
    CHECK_STR(props_get(ev.props, PROPERTY_TEMPLATE).text, S("order"));
    CHECK_STR(props_get(ev.props, PROPERTY_CHANNEL).text, S("email"));
    receipt(&s, MESSAGE_COMPLAINED, false, S(""));
    receipt(&s, MESSAGE_COMPLAINED, false, S(""));
    CHECK_EQ(told(&s, EVENT_MESSAGE_COMPLAINED, NULL), 1);
    hash128 before = engine_hash(r->engine);
    struct sending forged = s;
    forged.id.hi ^= 1;
    receipt(&forged, MESSAGE_CLICKED, false, S(""));
    memset(forged.customer, 'f', 32);
    receipt(&forged, MESSAGE_CLICKED, false, S(""));
    CHECK(hash128_eq(before, engine_hash(r->engine)));
    rig_close(r);
}

TEST(
    "the story of a message has its values and the version of its template, and its words are kept")
{
    struct rig *r = rig_open(arena, NULL);
    struct message_story story;
    for (u32 i = 0; i < 60; i++)
        rig_publishes(
            r, OBJECT_TEMPLATE,
            arena_printf(arena, "{'id':'order','channel':'email','text':'v%u'}", i + 1).p);
    rig_apply(r);
    struct sending s = sent(r, "ada@x.test", 5);
    CHECK(engine_message_story(r->engine, head_of(&s), s.id, arena, &story));
    CHECK_EQ(story.content, 3);
    CHECK_STR(story.values, S("\x01n\x07\x01x"));
    CHECK_STR(story.to, S("ada@x.test"));
    CHECK_EQ(story.status, MESSAGE_SENT);
    CHECK(has(engine_object_version(r->engine, OBJECT_TEMPLATE, S("order"), 60), "v60"));
    CHECK(has(engine_object_version(r->engine, OBJECT_TEMPLATE, S("order"), 59), "v59"));
    CHECK(has(engine_object_version(r->engine, OBJECT_TEMPLATE, S("order"), 10), "v10"));
    CHECK_EQ(engine_object_version(r->engine, OBJECT_TEMPLATE, S("order"), 9).n, 0);
    rig_close(r);
}

TEST("receipts, sends, policies and old templates come back from snapshot and log to the same hash")
{
    struct rig *r = rig_open(arena, "/data");
    rig_publishes(r, OBJECT_POLICY,
                  "{'caps':[{'channel':'email','max':2,'per':'week','category':'*'}]}");
    rig_publishes(r, OBJECT_TEMPLATE, "{'id':'order','channel':'email','text':'one'}");
    rig_publishes(r, OBJECT_TEMPLATE, "{'id':'order','channel':'email','text':'two'}");
    rig_apply(r);
    struct sending s = sent(r, "ada@x.test", 5);
    receipt(&s, MESSAGE_CLICKED, false, S("https://x.test"));
    engine_snapshot(r->engine);
    rig_settle(r);
    ask(r, "eve@x.test", 6, CATEGORY_SERVICE);
    ask(r, "eve@x.test", 6, CATEGORY_PROMOTION); /* the same key: nothing */
    receipt(&s, MESSAGE_UNSUBSCRIBED, false, S(""));
    hash128 before = engine_hash(r->engine);
    CHECK_EQ(message_tally(r->engine->messages).planned, 2);
    engine_close(r->engine);
    rig_start(r);
    CHECK(hash128_eq(before, engine_hash(r->engine)));
    CHECK_EQ(messages_policies(r->engine->messages)->caps[0].per, CAP_WEEK);
    CHECK(message_by_low(r->engine->messages, 6) != 0);
    CHECK_EQ(status_of(&s), MESSAGE_UNSUBSCRIBED);
    CHECK(has(engine_object_version(r->engine, OBJECT_TEMPLATE, S("order"), 1), "one"));
    rig_close(r);
}
