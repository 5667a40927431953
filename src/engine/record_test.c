/* record_test.c — every kind comes back as it went in, and nothing else comes in. */
#include "engine/record.h"

#include "base/test.h"
#include "log/events.h"

#include <stdlib.h>

/* A codec as the tests see it: write the canonical example, read bytes, compare with the example.
 */
struct codec {
    const char *name;
    void (*put)(struct buf *b);
    bool (*read)(str payload);
    bool (*same)(str payload);
};

static const struct item ITEM = {
    .what = ITEM_IDENTIFY,
    .event = 300,
    .message_id = {"m-1", 3},
    .props = {"\x02\x03\x80\x01\x07\x01\x78", 7}, /* 2: true, 128: "x" */
    .consents = {"\x01\x00\x01\x02\x80\x01\x00", 7},
    .tags = {"\x05\x01\x0e", 3},
    .values = {{"u1", 2}, {"a@x.test", 8}},
    .raws = {{0}, {"A@x.test ", 9}},
};

static void item_example(struct buf *b)
{
    item_put(b, &ITEM, 2);
}

static bool item_reads(str payload)
{
    struct item got;
    return item_read(payload, 2, &got);
}

static bool item_same(str payload)
{
    struct item got;
    if (!item_read(payload, 2, &got)) return false;
    for (u32 i = 0; i < 2; i++)
        if (!str_eq(got.values[i], ITEM.values[i]) || !str_eq(got.raws[i], ITEM.raws[i]))
            return false;
    return got.what == ITEM.what && got.event == ITEM.event && got.traits.n == 0 &&
           str_eq(got.message_id, ITEM.message_id) && str_eq(got.props, ITEM.props) &&
           str_eq(got.consents, ITEM.consents) && str_eq(got.tags, ITEM.tags);
}

static const struct sip_key KEY = {0x0123456789abcdef, UINT64_MAX};

static void key_example(struct buf *b)
{
    key_put(b, KEY);
}

static bool key_reads(str payload)
{
    struct sip_key got;
    return key_read(payload, &got);
}

static bool key_same(str payload)
{
    struct sip_key got;
    return key_read(payload, &got) && got.k0 == KEY.k0 && got.k1 == KEY.k1;
}

static const struct zone_record ZONE = {{"Asia/Shanghai", 13}, {"TZif2\0\0", 7}};

static void zone_example(struct buf *b)
{
    zone_put(b, &ZONE);
}

static bool zone_reads(str payload)
{
    struct zone_record got;
    return zone_read(payload, &got);
}

static bool zone_same(str payload)
{
    struct zone_record got;
    return zone_read(payload, &got) && str_eq(got.name, ZONE.name) && str_eq(got.tzif, ZONE.tzif);
}

static const struct start_record START = {{1, UINT64_MAX}, -5, {"0.1.0", 5}};

static void start_example(struct buf *b)
{
    start_put(b, &START);
}

static bool start_reads(str payload)
{
    struct start_record got;
    return start_read(payload, &got);
}

static bool start_same(str payload)
{
    struct start_record got;
    return start_read(payload, &got) && got.identity[0] == 1 && got.identity[1] == UINT64_MAX &&
           got.wall_ms == -5 && str_eq(got.version, START.version);
}

static void setting_example(struct buf *b)
{
    setting_put(b, &(struct setting_record){S("zone"), value_text(S("Asia/Shanghai"))});
}

static bool setting_reads(str payload)
{
    struct setting_record got;
    return setting_read(payload, &got);
}

static bool setting_same(str payload)
{
    struct setting_record got;
    return setting_read(payload, &got) && str_eq(got.name, S("zone")) &&
           value_eq(got.value, value_text(S("Asia/Shanghai")));
}

static const struct publish_record PUBLISH = {
    OBJECT_JOURNEY, {"cart", 4}, 70000, {"{\"id\":\"cart\"}", 13}, {"\1\2\0\3", 4}};

static void publish_example(struct buf *b)
{
    publish_put(b, &PUBLISH);
}

static bool publish_reads(str payload)
{
    struct publish_record got;
    return publish_read(payload, &got);
}

static bool publish_same(str payload)
{
    struct publish_record got;
    return publish_read(payload, &got) && got.kind == PUBLISH.kind && got.code == PUBLISH.code &&
           str_eq(got.id, PUBLISH.id) && str_eq(got.source, PUBLISH.source) &&
           str_eq(got.compiled, PUBLISH.compiled);
}

static void operate_example(struct buf *b)
{
    operate_put(b, &(struct operate_record){OPERATE_ROLLOUT, 300, 10000});
}

static bool operate_reads(str payload)
{
    struct operate_record got;
    return operate_read(payload, &got);
}

static bool operate_same(str payload)
{
    struct operate_record got;
    return operate_read(payload, &got) && got.what == OPERATE_ROLLOUT && got.code == 300 &&
           got.percent == 10000;
}

static const struct claim_record CLAIM = {
    7, {1, 2}, 1ull << 40, {3, UINT64_MAX}, 5, 300, {"\x0b\x04\x01\x01n\x03", 6}};

static void claim_example(struct buf *b)
{
    claim_put(b, &CLAIM);
}

static bool claim_reads(str payload)
{
    struct claim_record got;
    return claim_read(payload, &got);
}

static bool claim_same(str payload)
{
    struct claim_record got;
    return claim_read(payload, &got) && got.message == 7 && hash128_eq(got.id, CLAIM.id) &&
           got.rendered_at == CLAIM.rendered_at && hash128_eq(got.address, CLAIM.address) &&
           got.fingerprint == 5 && got.content == 300 && str_eq(got.values, CLAIM.values);
}

static const struct send_record SEND = {
    .values_of = {{"a@x.test", 8}, {"u1", 2}},
    .id_low = UINT64_MAX - 1,
    .body = 3,
    .channel = 1,
    .topic = 2,
    .category = 2,
    .template_id = {"order", 5},
    .to = {"a@x.test", 8},
    .values = {"\x0b\x04\x01\x01n\x03", 6},
};

static void send_example(struct buf *b)
{
    send_put(b, &SEND, 2);
}

static bool send_reads(str payload)
{
    struct send_record got;
    return send_read(payload, 2, &got);
}

static bool send_same(str payload)
{
    struct send_record got;
    return send_read(payload, 2, &got) && got.customer.n == 0 &&
           str_eq(got.values_of[0], SEND.values_of[0]) &&
           str_eq(got.values_of[1], SEND.values_of[1]) && got.id_low == SEND.id_low &&
           got.body == 3 && got.channel == 1 && got.topic == 2 && got.category == 2 &&
           str_eq(got.template_id, SEND.template_id) && str_eq(got.to, SEND.to) &&
           str_eq(got.values, SEND.values);
}

static const struct receipt_record RECEIPT = {
    .customer = {"0123456789abcdef0123456789abcdef", 32},
    .id = {1, 2},
    .status = 7,
    .machine = true,
    .detail = {"https://x.test", 14},
};

static void receipt_example(struct buf *b)
{
    receipt_put(b, &RECEIPT);
}

static bool receipt_reads(str payload)
{
    struct receipt_record got;
    return receipt_read(payload, &got);
}

static bool receipt_same(str payload)
{
    struct receipt_record got;
    return receipt_read(payload, &got) && str_eq(got.customer, RECEIPT.customer) &&
           hash128_eq(got.id, RECEIPT.id) && got.status == 7 && got.machine &&
           str_eq(got.detail, RECEIPT.detail);
}

static const struct answer_record ANSWER = {7, {1, 2}, ANSWER_RETRY, 99, {"451 4.7.1 later", 15}};

static void answer_example(struct buf *b)
{
    answer_put(b, &ANSWER);
}

static bool answer_reads(str payload)
{
    struct answer_record got;
    return answer_read(payload, &got);
}

static bool answer_same(str payload)
{
    struct answer_record got;
    return answer_read(payload, &got) && got.message == 7 && hash128_eq(got.id, ANSWER.id) &&
           got.class == ANSWER_RETRY && got.retry_at_ms == 99 && str_eq(got.detail, ANSWER.detail);
}

static void slice_example(struct buf *b)
{
    slice_put(b, &(struct slice_record){3, 100, 109, 12345678901, S("\xff\x01")});
}

static bool slice_reads(str payload)
{
    struct slice_record got;
    return slice_read(payload, &got);
}

static bool slice_same(str payload)
{
    struct slice_record got;
    return slice_read(payload, &got) && got.job == 3 && got.from == 100 && got.to == 109 &&
           got.at == 12345678901 && str_eq(got.answers, S("\xff\x01"));
}

static void import_example(struct buf *b)
{
    import_put(b, &(struct import_record){70000, IMPORT_DONE, 1ull << 40, 20, 3, 2, 1ull << 33});
}

static bool import_reads(str payload)
{
    struct import_record got;
    return import_read(payload, &got);
}

static bool import_same(str payload)
{
    struct import_record got;
    return import_read(payload, &got) && got.source == 70000 && got.state == IMPORT_DONE &&
           got.position == 1ull << 40 && got.accepted == 20 && got.rejected == 3 &&
           got.warnings == 2 && got.error_bytes == 1ull << 33;
}

static void undo_example(struct buf *b)
{
    undo_put(b, &(struct undo_record){70000, 1, 1001});
}

static bool undo_reads(str payload)
{
    struct undo_record got;
    return undo_read(payload, &got);
}

static bool undo_same(str payload)
{
    struct undo_record got;
    return undo_read(payload, &got) && got.source == 70000 && got.from == 1 && got.to == 1001;
}

static void job_example(struct buf *b)
{
    job_put(b, &(struct job_record){JOB_ERASURE, 1, 70000, 1ull << 40});
}

static bool job_reads(str payload)
{
    struct job_record got;
    return job_read(payload, &got);
}

static bool job_same(str payload)
{
    struct job_record got;
    return job_read(payload, &got) && got.kind == JOB_ERASURE && got.on == 1 &&
           got.object == 70000 && got.number == 1ull << 40;
}

#define SOMEBODY S("0123456789abcdef0123456789abcdef")
#define ANOTHER S("fedcba9876543210fedcba9876543210")

static void merge_example(struct buf *b)
{
    merge_put(b, &(struct merge_record){SOMEBODY, ANOTHER});
}

static bool merge_reads(str payload)
{
    struct merge_record got;
    return merge_read(payload, &got);
}

static bool merge_same(str payload)
{
    struct merge_record got;
    return merge_read(payload, &got) && str_eq(got.a, SOMEBODY) && str_eq(got.b, ANOTHER);
}

static void persona_example(struct buf *b)
{
    persona_put(b, SOMEBODY);
}

static bool persona_reads(str payload)
{
    str got;
    return persona_read(payload, &got);
}

static bool persona_same(str payload)
{
    str got;
    return persona_read(payload, &got) && str_eq(got, SOMEBODY);
}

static void attribute_example(struct buf *b)
{
    schema_put(b, &(struct schema_record){
                      .what = SCHEMA_ATTRIBUTE, .code = 300, .type = 5, .confirmed = true});
}

static bool attribute_reads(str payload)
{
    struct schema_record got;
    return schema_read(payload, &got);
}

static bool attribute_same(str payload)
{
    struct schema_record got;
    return schema_read(payload, &got) && got.what == SCHEMA_ATTRIBUTE && got.code == 300 &&
           got.type == 5 && got.confirmed && !got.personal;
}

static void namespace_example(struct buf *b)
{
    schema_put(b, &(struct schema_record){.what = SCHEMA_NAMESPACE,
                                          .code = 12,
                                          .strength = 2,
                                          .unique = true,
                                          .limit = 400,
                                          .priority = 30});
}

static bool namespace_reads(str payload)
{
    return attribute_reads(payload);
}

static bool namespace_same(str payload)
{
    struct schema_record got;
    return schema_read(payload, &got) && got.what == SCHEMA_NAMESPACE && got.code == 12 &&
           got.strength == 2 && got.unique && got.limit == 400 && got.priority == 30;
}

static void codes_example(struct buf *b)
{
    codes_put(b, &(struct codes_record){7, S("\x02"
                                             "A1\x02"
                                             "B2")});
}

static bool codes_reads(str payload)
{
    struct codes_record got;
    return codes_read(payload, &got);
}

static bool codes_same(str payload)
{
    struct codes_record got;
    return codes_read(payload, &got) && got.coupon == 7 &&
           str_eq(got.list, S("\x02"
                              "A1\x02"
                              "B2"));
}

static void list_example(struct buf *b)
{
    list_put(b, &(struct list_record){7, true, S("\x05\x00\x06\x01")});
}

static bool list_reads(str payload)
{
    struct list_record got;
    return list_read(payload, &got);
}

static bool list_same(str payload)
{
    struct list_record got;
    return list_read(payload, &got) && got.segment == 7 && got.in &&
           str_eq(got.personas, S("\x05\x00\x06\x01"));
}

static void suppress_example(struct buf *b)
{
    suppress_put(b, &(struct suppress_record){CHANNEL_EMAIL, {8, 9}, 2, {{3, 4}, SPACE_EMAIL}});
}

static bool suppress_reads(str payload)
{
    struct suppress_record got;
    return suppress_read(payload, &got);
}

static bool suppress_same(str payload)
{
    struct suppress_record got;
    return suppress_read(payload, &got) && got.channel == CHANNEL_EMAIL && got.address.lo == 8 &&
           got.holder.space == SPACE_EMAIL && got.holder.hash.lo == 3 && got.holder.hash.hi == 4 &&
           got.address.hi == 9 && got.reason == 2;
}

static void task_example(struct buf *b)
{
    task_put(b, &(struct task_record){S("0123"), S("yes"), S("on Monday"), S("li")});
}

static bool task_reads(str payload)
{
    struct task_record got;
    return task_read(payload, &got);
}

static bool task_same(str payload)
{
    struct task_record got;
    return task_read(payload, &got) && str_eq(got.task, S("0123")) &&
           str_eq(got.outcome, S("yes")) && str_eq(got.note, S("on Monday")) &&
           str_eq(got.by, S("li"));
}

static const struct codec CODECS[] = {
#define X(kind)                                                                                    \
    {                                                                                              \
#kind, kind##_example, kind##_reads, kind##_same                                           \
    }
    X(item),    X(key),     X(zone),      X(start),     X(setting), X(publish),
    X(operate), X(claim),   X(send),      X(receipt),   X(answer),  X(slice),
    X(job),     X(import),  X(undo),      X(suppress),  X(codes),   X(list),
    X(merge),   X(persona), X(attribute), X(namespace), X(task),
#undef X
};

/* The example's bytes in an exact allocation, so that a read past the end is seen. */
static str example(const struct codec *c, struct arena *arena)
{
    struct buf b;
    buf_init(&b, 4096);
    c->put(&b);
    str s = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return s;
}

TEST("every kind of record comes back as it was written")
{
    for (u32 i = 0; i < COUNT_OF(CODECS); i++) {
        str bytes = example(&CODECS[i], arena);
        if (!CODECS[i].same(bytes)) print_error("codec %s\n", CODECS[i].name);
        CHECK(CODECS[i].same(bytes));
    }
}

TEST("a record cut anywhere, or with one byte more, is refused whole")
{
    for (u32 i = 0; i < COUNT_OF(CODECS); i++) {
        str bytes = example(&CODECS[i], arena);
        for (size_t n = 0; n < bytes.n; n++) {
            char *cut = mem_alloc(n + 1);
            memcpy(cut, bytes.p, n);
            bool taken = CODECS[i].read((str){cut, n});
            free(cut);
            if (taken) print_error("codec %s cut at %zu\n", CODECS[i].name, n);
            CHECK(!taken);
        }
        str longer = arena_printf(arena, "%*s", (int)bytes.n + 1, "");
        memcpy((void *)(uintptr_t)longer.p, bytes.p, bytes.n);
        CHECK(!CODECS[i].read(longer));
    }
}

TEST("a damaged record is read inside its bounds, and never taken for the one that was written")
{
    struct rng rng = {test_seed()};
    for (u32 round = 0; round < 20000; round++) {
        const struct codec *c = &CODECS[rng_below(&rng, COUNT_OF(CODECS))];
        str bytes = example(c, arena);
        char *p = (char *)(uintptr_t)bytes.p;
        size_t at = rng_below(&rng, bytes.n);
        p[at] = (char)((u8)p[at] ^ (u8)(1 + rng_below(&rng, 255)));
        CHECK(!c->same(bytes));
        if (round % 100 == 0) arena_reset(arena);
    }
}

TEST("a claim of a log from before says nothing of its words, and is a claim")
{
    struct buf b;
    struct claim_record got;
    buf_init(&b, 256);
    buf_u32(&b, 7);
    buf_hash(&b, CLAIM.id);
    buf_u64(&b, 9);
    buf_hash(&b, CLAIM.address);
    buf_u64(&b, 5);
    CHECK(claim_read(buf_str(&b), &got));
    CHECK_EQ(got.message, 7);
    CHECK_EQ(got.content, 0);
    CHECK_EQ(got.values.n, 0);
    CHECK(!claim_read(str_slice(buf_str(&b), 0, b.n - 1), &got));
    buf_clear(&b);
}

TEST("kinds and states this binary does not know are refused")
{
    struct buf b;
    struct item item;
    struct operate_record operate;
    buf_init(&b, 256);
    item_put(&b, &(struct item){.what = ITEM_EDIT}, 0);
    CHECK(item_read(buf_str(&b), 0, &item));
    CHECK(!item_read(buf_str(&b), 1, &item));
    b.p[0] = ITEM_EDIT + 1;
    CHECK(!item_read(buf_str(&b), 0, &item));
    b.p[0] = ITEM_EDIT, b.p[1] = 1 << 5;
    CHECK(!item_read(buf_str(&b), 0, &item));
    CHECK(!item_read((str){0}, 0, &item));

    buf_reset(&b);
    item_put(&b, &(struct item){.what = ITEM_EDIT, .consents = S("\x01\x00\x04")}, 0);
    CHECK(!item_read(buf_str(&b), 0, &item));
    static const str DAMAGED[] = {{"\x01\x00\x11", 3},
                                  {"\x01\x00\x11\0\0\0\0", 7},
                                  {"\x01\x00\x21", 3},
                                  {"\x01\x00\x11\x01x\0\0", 7}};
    for (size_t i = 0; i < COUNT_OF(DAMAGED); i++) {
        buf_reset(&b);
        item_put(&b, &(struct item){.what = ITEM_EDIT, .consents = DAMAGED[i]}, 0);
        CHECK(!item_read(buf_str(&b), 0, &item));
    }
    buf_reset(&b);
    item_put(&b, &(struct item){.what = ITEM_EDIT, .tags = S("\x00\x01\x00")}, 0);
    CHECK(!item_read(buf_str(&b), 0, &item));

    buf_reset(&b);
    operate_put(&b, &(struct operate_record){OPERATE_ROLLOUT, 1, 10001});
    CHECK(!operate_read(buf_str(&b), &operate));
    buf_clear(&b);
}

TEST("an item's values are valid to the last nesting level, and not one deeper")
{
    struct buf list, outer, props;
    buf_init(&list, 4096), buf_init(&outer, 4096), buf_init(&props, 4096);
    value v = value_int(1);
    for (u32 depth = 0; depth <= ITEM_DEPTH_MAX; depth++) {
        buf_reset(&props);
        props_put(&props, 7, v);
        CHECK(item_valid(&(struct item){.props = buf_str(&props)}));
        buf_reset(&list);
        value_put(&list, v);
        buf_reset(&outer);
        buf_put(&outer, buf_str(&list));
        v = (value){.type = VALUE_LIST, .count = 1, .text = buf_str(&outer)};
    }
    buf_reset(&props);
    props_put(&props, 7, v);
    CHECK(!item_valid(&(struct item){.traits = buf_str(&props)}));
    CHECK(!item_valid(&(struct item){.props = S("\x00\x02")})); /* code 0 carries a MAP only */
    CHECK(!item_valid(&(struct item){.props = S("\x05")}));
    buf_clear(&list), buf_clear(&outer), buf_clear(&props);
}

TEST("a provider's words are cut between characters")
{
    struct buf b, words;
    struct answer_record got;
    buf_init(&b, 1024), buf_init(&words, 1024);
    for (u32 i = 0; i < 100; i++) buf_put(&words, S("频"));
    answer_put(&b, &(struct answer_record){.class = ANSWER_REJECTED, .detail = buf_str(&words)});
    CHECK(answer_read(buf_str(&b), &got));
    CHECK_EQ(got.detail.n, 198);
    CHECK(str_is_utf8(got.detail));
    buf_clear(&b), buf_clear(&words);
}

TEST("a slice carries one bit for each persona of its range, or no answers")
{
    struct buf b;
    struct slice_record got;
    buf_init(&b, 256);
    slice_put(&b, &(struct slice_record){1, 0, 8, 0, S("\xff")});
    CHECK(slice_read(buf_str(&b), &got));
    buf_reset(&b);
    slice_put(&b, &(struct slice_record){1, 0, 9, 0, S("\xff")});
    CHECK(!slice_read(buf_str(&b), &got));
    buf_reset(&b);
    slice_put(&b, &(struct slice_record){1, 9, 8, 0, {0}});
    CHECK(!slice_read(buf_str(&b), &got));
    buf_clear(&b);
}

TEST("no two system events share a name, and clients may send but two of them")
{
    static const char *const NAMES[] = {
#define X(constant, code, name, client) name,
        SYSTEM_EVENTS(X)
#undef X
    };
    u32 allowed = 0;
    for (u32 i = 0; i < COUNT_OF(NAMES); i++)
        for (u32 k = 0; k < i; k++) CHECK(strcmp(NAMES[i], NAMES[k]) != 0);
    for (u32 code = 0; code < EVENT_FIXED_END; code++) allowed += event_for_clients(code);
    CHECK_EQ(allowed, 2);
    CHECK(event_for_clients(EVENT_COUPON_USED) && event_for_clients(EVENT_COUPON_CLAIMED));
}

TEST("fixed names have their codes, and those given later begin behind what is reserved")
{
    struct names *names = names_new(NULL);
    u32 code;
    record_fixed_names(names);
    record_fixed_names(names);
    CHECK_STR(names_text(names, NAME_SPACE, SPACE_WECOM), S("wecom_external_userid"));
    CHECK_STR(names_text(names, NAME_CHANNEL, CHANNEL_WEBHOOK), S("webhook"));
    CHECK_EQ(names_find(names, NAME_ATTRIBUTE, S("timezone")), ATTRIBUTE_TIMEZONE);
    CHECK_EQ(names_find(names, NAME_PROPERTY, S("$context")), PROPERTY_CONTEXT);
    CHECK_EQ(names_find(names, NAME_EVENT, S("Coupon Used")), EVENT_COUPON_USED);
    CHECK_OK(names_code(names, NAME_EVENT, S("Order Completed"), &code));
    CHECK_EQ(code, EVENT_FIXED_END);
    CHECK_OK(names_code(names, NAME_PROPERTY, S("price"), &code));
    CHECK_EQ(code, PROPERTY_FIXED_END);
    CHECK_OK(names_code(names, NAME_SPACE, S("loyalty_card"), &code));
    CHECK_EQ(code, SPACE_FIXED_COUNT);
    names_free(names);
}

TEST("a type, a strength or a code there is not is refused")
{
    struct schema_record got;
    struct buf b;
    buf_init(&b, 256);
    const struct schema_record wrong[] = {
        {.what = SCHEMA_ATTRIBUTE, .code = 1, .type = 8},
        {.what = SCHEMA_ATTRIBUTE, .code = 0, .type = 1},
        {.what = SCHEMA_ATTRIBUTE, .code = 1, .confirmed = true}, /* confirmed as what? */
        {.what = SCHEMA_NAMESPACE, .code = 1, .strength = 3},
        {.what = 3, .code = 1},
    };
    for (u32 i = 0; i < COUNT_OF(wrong); i++) {
        buf_reset(&b);
        schema_put(&b, &wrong[i]);
        CHECK(!schema_read(buf_str(&b), &got));
    }
    buf_clear(&b);
}

TEST("a consent keeps how it came about, and texts no longer than they may be")
{
    char *text = arena_alloc(arena, 3000);
    for (u32 i = 0; i < 1000; i++) memcpy(text + 3 * i, "茶", 3);
    const struct consent_proof proof = {S("form"), {text, 3000}, S("form news"), S("customer")};
    struct item_consent got;
    struct buf b;
    buf_init(&b, 1 << 16);
    item_consent_put(&b, 1, 7, CONSENT_YES, &proof);
    item_consent_put(&b, 2, 0, CONSENT_UNSET, NULL);
    struct reader r = reader_of(buf_str(&b));
    CHECK(item_consent_next(&r, &got));
    CHECK_EQ(got.channel, 1);
    CHECK_EQ(got.topic, 7);
    CHECK_EQ(got.state, CONSENT_YES);
    CHECK_STR(got.proof.reason, proof.reason);
    CHECK_STR(got.proof.text, ((str){text, 999})); /* whole characters */
    CHECK_STR(got.proof.by, proof.by);
    CHECK(item_consent_next(&r, &got));
    CHECK_EQ(got.state, CONSENT_UNSET);
    CHECK_EQ(got.proof.reason.n, 0);
    CHECK(!item_consent_next(&r, &got) && !r.bad);
    buf_clear(&b);
}
