/* sim_swarm_test.c — what only some runs have: each feature is on in half of them, so that bugs
 * which others would hide come out. What it does is told to the oracle (sim_oracle_test.c). */
#include "script/sim_test.h"

#include <stdio.h>

#define SUMMER 1780300800000 /* 2026-06-01T08:00Z */
#define SPRING 1774684800000 /* 2026-03-28T08:00Z: Paris goes on an hour the next night… */
#define AUTUMN 1792828800000 /* 2026-10-24T08:00Z: …and back */

/* ---- rules of contact ---- */

static const struct contact CONTACTS[] = {
    {.caps = {{2, 0}, {4, 0}}, .cap_count = 2, .quiet_from = 22, .quiet_to = 8},
    {.source = "{\"caps\":[],\"quiet\":[]}"},
    {.source = "{\"quiet\":[{\"channel\":\"*\",\"from\":\"23:00\",\"to\":\"02:00\"}],"
               "\"caps\":[{\"channel\":\"*\",\"max\":2,\"per\":\"6h\",\"over\":\"defer\"}]}",
     .caps = {{2, 6 * HOUR}},
     .cap_count = 1,
     .quiet_from = 23,
     .quiet_to = 2},
    {.source = "{\"quiet\":[{\"channel\":\"email\",\"from\":\"12:00\",\"to\":\"15:00\"}],"
               "\"caps\":[{\"channel\":\"email\",\"max\":1,\"per\":\"day\",\"over\":\"defer\"},"
               "{\"channel\":\"*\",\"max\":3,\"per\":\"48h\",\"over\":\"refuse\"}]}",
     .caps = {{1, 0}, {3, 48 * HOUR}},
     .cap_count = 2,
     .quiet_from = 12,
     .quiet_to = 15},
    {.source = "{\"quiet\":[],\"caps\":[{\"channel\":\"each\",\"max\":1,\"per\":\"1h\",\"over\":"
               "\"defer\"},{\"channel\":\"email\",\"max\":3,\"per\":\"5h\"}]}",
     .caps = {{1, HOUR}, {3, 5 * HOUR}},
     .cap_count = 2},
};

const struct contact *swarm_contact(u32 policy)
{
    return &CONTACTS[policy];
}

static u32 policy_version(struct sim *s)
{
    u32 version = 0;
    str source = engine_object(world_engine(s->world), OBJECT_POLICY, S(POLICIES_ID), &version);
    return source.n ? version : 0;
}

/* The era's place is its version: what a crash took is taken back by swarm_opened. */
static void change_policy(struct sim *s, u32 policy)
{
    if (s->era_count == ERAS_MAX || policy_version(s) != s->era_count - 1) return;
    u64 after = engine_applied(world_engine(s->world));
    s->eras[s->era_count++] = (struct era){world_now(s->world), after, policy};
    (void)sim_publish(s, OBJECT_POLICY, CONTACTS[policy].source);
}

void swarm_opened(struct sim *s)
{
    u32 version = policy_version(s);
    MUST(version < s->era_count);
    s->era_count = version + 1;
}

void swarm_stalled(struct sim *s, i64 from, i64 to)
{
    MUST(s->stall_count < STALLS_MAX);
    s->stalls[s->stall_count++] = (struct stall){min_i64(from, to), max_i64(from, to)};
}

/* ---- what is published ---- */

#define OFTEN "\"entry\":{\"again\":\"always\",\"running\":\"parallel\"}"
#define MOVES                                                                                      \
    "{\"id\":\"moves\",\"trigger\":{\"event\":\"Page Viewed\"},\"policy\":{\"category\":"          \
    "\"service\",\"quiet\":\"%s\"}%s,\"steps\":[{\"id\":\"m0\",\"send\":{\"channel\":\"email\","   \
    "\"template\":\"c\"}},{\"id\":\"w\",\"wait\":{\"for\":\"%s\"}},{\"id\":\"m1\",\"send\":{"      \
    "\"channel\":\"email\",\"template\":\"d\",\"expires\":\"2h\"}}]}"

static const struct {
    u32 feature;
    object_kind kind;
    const char *text;
} OBJECTS[] = {
    {FEATURE_SCHEDULE, OBJECT_JOURNEY,
     "{\"id\":\"tick\",\"trigger\":{\"schedule\":{\"cron\":\"0 */6 * * *\"}}," OFTEN
     ",\"steps\":[{\"id\":\"w\",\"wait\":{\"for\":\"1m\"}}]}"},
    {FEATURE_SCHEDULE, OBJECT_JOURNEY,
     "{\"id\":\"morning\",\"trigger\":{\"schedule\":{\"cron\":\"30 9 * * *\",\"zone\":\"customer\"}"
     ",\"audience\":{\"attribute\":\"plan\",\"op\":\"=\",\"value\":\"gold\"}}," OFTEN
     ",\"steps\":[{\"id\":\"w\",\"wait\":{\"for\":\"1m\"}}]}"},
    {FEATURE_SCHEDULE, OBJECT_JOURNEY,
     "{\"id\":\"night\",\"trigger\":{\"schedule\":{\"cron\":\"30 2 * * "
     "*\",\"zone\":\"Europe/Paris\"}"
     "}," OFTEN ",\"steps\":[{\"id\":\"w\",\"wait\":{\"for\":\"1m\"}}]}"},
    {FEATURE_SCHEDULE, OBJECT_JOURNEY,
     "{\"id\":\"once\",\"trigger\":{\"schedule\":{\"at\":\"@1T10:00\"}}," OFTEN
     ",\"steps\":[{\"id\":\"m\",\"send\":{\"channel\":\"email\",\"template\":\"e\"}}]}"},
    {FEATURE_TRIGGERS, OBJECT_JOURNEY,
     "{\"id\":\"golden\",\"trigger\":{\"attribute\":\"plan\",\"to\":\"gold\"}," OFTEN
     ",\"steps\":[{\"id\":\"t\",\"tag\":\"Golden\",\"expires\":\"2h\"}]}"},
    {FEATURE_TRIGGERS, OBJECT_JOURNEY,
     "{\"id\":\"tagged\",\"trigger\":{\"tag\":\"Golden\",\"on\":\"removed\"}," OFTEN
     ",\"active\":{\"from\":\"@0T12:00\",\"to\":\"@2T00:00\"},"
     "\"steps\":[{\"id\":\"w\",\"wait\":{\"until_time\":\"07:00\",\"passed\":\"skip\"}},"
     "{\"id\":\"e\",\"enter\":\"ring\"}]}"},
    {FEATURE_TRIGGERS, OBJECT_JOURNEY,
     "{\"id\":\"ring\",\"trigger\":{\"journey\":true}," OFTEN
     ",\"steps\":[{\"id\":\"w\",\"wait\":{\"for\":\"5m\"}},{\"id\":\"e\",\"enter\":\"ring\"},"
     "{\"id\":\"x\",\"end\":\"round\"}]}"},
    {FEATURE_TRIGGERS, OBJECT_JOURNEY,
     "{\"id\":\"renew\",\"trigger\":{\"date\":\"expires_on\",\"offset\":\"-2d\",\"at\":\"10:00\","
     "\"repeat_until\":\"-1d\"}," OFTEN
     ",\"steps\":[{\"id\":\"w\",\"wait\":{\"until_date\":\"expires_on\"}}]}"},
    {FEATURE_COUPONS, OBJECT_COUPON,
     "{\"id\":\"pool\",\"value\":{\"amount\":10},\"valid\":\"1d\",\"pool\":true}"},
    {FEATURE_COUPONS, OBJECT_COUPON,
     "{\"id\":\"made\",\"value\":{\"percent\":5},\"valid\":\"2d\"}"},
    {FEATURE_COUPONS, OBJECT_JOURNEY,
     "{\"id\":\"gift\",\"trigger\":{\"event\":\"Cart\"}," OFTEN
     ",\"steps\":[{\"id\":\"c1\",\"coupon\":\"made\"},{\"id\":\"c2\",\"coupon\":\"pool\"},"
     "{\"id\":\"w\",\"wait\":{\"for\":\"2h\"}},{\"id\":\"c3\",\"coupon\":\"pool\"}]}"},
    {FEATURE_ROLLOUT, OBJECT_JOURNEY,
     "{\"id\":\"lots\",\"trigger\":{\"event\":\"Search\"},\"release\":{\"percent\":60,\"holdout\":"
     "20}," OFTEN ",\"steps\":[{\"id\":\"x\",\"split\":[{\"percent\":30,\"steps\":[{\"id\":\"xa\","
     "\"wait\":{\"for\":\"1s\"}}]},{\"percent\":30,\"steps\":[{\"id\":\"xb\",\"wait\":{\"for\":"
     "\"1s\"}}]}]}]}"},
    {FEATURE_GOALS, OBJECT_JOURNEY,
     "{\"id\":\"aim\",\"trigger\":{\"event\":\"Search\"},\"goal\":{\"did\":\"Order Completed\","
     "\"within\":\"1d\"}," OFTEN ",\"steps\":[{\"id\":\"w\",\"wait\":{\"for\":\"1h\"}}]}"},
};

static bool publish_moves(struct sim *s)
{
    static const char *const HOW[] = {
        "",
        ",\"publish\":{\"running\":\"move\",\"continue_at\":\"m0\"}",
        ",\"publish\":{\"running\":\"move\",\"continue_at\":\"w\"}",
        ",\"publish\":{\"running\":\"move\",\"continue_at\":\"m1\"}",
        ",\"publish\":{\"running\":\"restart\"}",
    };
    static const char *const WAITS[] = {"10m", "1h", "5h"};
    char text[1024];
    u32 how = s->swarm_ms ? (u32)rng_below(&s->swarm, COUNT_OF(HOW)) : 0;
    snprintf(text, sizeof text, MOVES, rng_percent(&s->swarm, 50) ? "ignore" : "defer", HOW[how],
             WAITS[rng_below(&s->swarm, 3)]);
    return sim_publish(s, OBJECT_JOURNEY, text);
}

/* The day so many after the run's first. */
static i64 day_after(const struct sim *s, u32 days)
{
    return s->start_ms - s->start_ms % DAY + days * DAY;
}

/* "@2" in the text becomes that day. */
static bool publish_dated(struct sim *s, object_kind kind, const char *text)
{
    struct buf b;
    buf_init(&b, 4096);
    for (; *text; text++) {
        civil c = civil_of_ms(day_after(s, (u32)(text[0] == '@' ? text[1] - '0' : 0)));
        if (text[0] == '@')
            buf_printf(&b, "%04d-%02d-%02d", c.year, c.month, c.day), text++;
        else
            buf_byte(&b, (u8)*text);
    }
    buf_byte(&b, 0);
    bool known = sim_publish(s, kind, b.p);
    buf_clear(&b);
    return known;
}

void swarm_draw(struct sim *s)
{
    s->swarm.state = s->seed ^ 0x9E3779B97F4A7C15ull;
    for (u32 i = 0; i < FEATURE_COUNT; i++)
        if (rng_percent(&s->swarm, 50)) s->features |= 1u << i;
    s->lots_least = s->lots_most = 6000;
    s->start_ms = has(s, FEATURE_CLOCKS) ? rng_percent(&s->swarm, 50) ? SPRING : AUTUMN : SUMMER;
}

void swarm_publish(struct sim *s)
{
    s->eras[s->era_count++] = (struct era){INT64_MIN, 0, 0};
    if (!has(s, FEATURE_CAPS)) change_policy(s, 1);
    if (has(s, FEATURE_CAPS) && rng_percent(&s->swarm, 75))
        change_policy(s, 2 + (u32)rng_below(&s->swarm, COUNT_OF(CONTACTS) - 2));
    for (u32 i = 0; i < COUNT_OF(OBJECTS); i++)
        if (has(s, OBJECTS[i].feature)) (void)publish_dated(s, OBJECTS[i].kind, OBJECTS[i].text);
    if (has(s, FEATURE_VERSIONS)) (void)publish_moves(s);
    s->swarm_ms = world_now(s->world);
}

/* ---- what happens ---- */

static u32 somebody(struct sim *s)
{
    return (u32)rng_below(&s->swarm, PEOPLE);
}

static void trait(struct sim *s, const char *name, const char *json)
{
    char body[256];
    snprintf(body, sizeof body, "{\"type\":\"identify\",\"userId\":\"u%u\",\"traits\":{\"%s\":%s}}",
             somebody(s), name, json);
    (void)!sim_call(s, body);
}

/* Late, doubled, out of turn, by machines, of rows long gone and of those erased. */
static void receipt(struct sim *s)
{
    if (!s->handed_count) return;
    u32 back = rng_percent(&s->swarm, 50) ? min_u32(s->handed_count, 4) : s->handed_count;
    const struct handed *h = &s->handed[s->handed_count - 1 - rng_below(&s->swarm, back)];
    if (!h->customer[0]) return;
    struct receipt_record r = {
        .customer = {h->customer, 32},
        .id = h->id,
        .machine = rng_percent(&s->swarm, 30),
        .status = (u8)(MESSAGE_DELIVERED +
                       rng_below(&s->swarm, MESSAGE_REPLIED - MESSAGE_DELIVERED + 1))};
    if (rng_percent(&s->swarm, 6))
        r.status = (u8)(MESSAGE_BOUNCED +
                        rng_below(&s->swarm, MESSAGE_UNSUBSCRIBED - MESSAGE_BOUNCED + 1));
    struct buf b;
    buf_init(&b, 1024);
    receipt_put(&b, &r);
    (void)!world_record(s->world, RECORD_RECEIPT_, buf_str(&b));
    buf_clear(&b);
}

static void zone(struct sim *s)
{
    static const char *const ZONES[] = {"\"Asia/Shanghai\"", "\"America/Phoenix\"",
                                        "\"Asia/Kolkata\"", "\"Europe/Paris\"", "null"};
    trait(s, "timezone", ZONES[rng_below(&s->swarm, COUNT_OF(ZONES))]);
}

static void date(struct sim *s)
{
    char day[32];
    civil c = civil_of_ms(day_after(s, 1 + (u32)rng_below(&s->swarm, 20)));
    snprintf(day, sizeof day, "\"%04d-%02d-%02d\"", c.year, c.month, c.day);
    trait(s, "expires_on", rng_percent(&s->swarm, 20) ? "null" : day);
}

/* Few numbers: most are brought twice. */
static void bring_codes(struct sim *s)
{
    struct buf list, b;
    u32 coupon = names_find(engine_names(world_engine(s->world)), NAME_OBJECT, S("pool"));
    buf_init(&list, 256);
    buf_init(&b, 512);
    for (u32 i = 0; i < 3; i++) {
        char code[16];
        int n = snprintf(code, sizeof code, "P%u", (u32)rng_below(&s->swarm, 24));
        buf_str_varint(&list, (str){code, (size_t)n});
    }
    codes_put(&b, &(struct codes_record){coupon, buf_str(&list)});
    if (coupon) (void)!world_record(s->world, RECORD_CODES_, buf_str(&b));
    buf_clear(&b);
    buf_clear(&list);
}

static void use_coupon(struct sim *s)
{
    char body[256], code[32] = "";
    bool pool = rng_percent(&s->swarm, 70);
    if (pool && rng_percent(&s->swarm, 70))
        snprintf(code, sizeof code, ",\"code\":\"P%u\"", (u32)rng_below(&s->swarm, 24));
    snprintf(body, sizeof body,
             "{\"type\":\"track\",\"userId\":\"u%u\",\"event\":\"%s\",\"properties\":{\"coupon\":"
             "\"%s\"%s}}",
             somebody(s), rng_percent(&s->swarm, 80) ? "Coupon Used" : "Coupon Claimed",
             pool ? "pool" : "made", code);
    (void)!sim_call(s, body);
}

static void roll_out(struct sim *s)
{
    u32 percent = 100 * (u32)rng_below(&s->swarm, 101);
    u32 code = names_find(engine_names(world_engine(s->world)), NAME_OBJECT, S("lots"));
    s->lots_least = min_u32(s->lots_least, percent);
    if (percent > s->lots_most) s->lots_most = percent;
    if (code) (void)!world_operate(s->world, OPERATE_ROLLOUT, code, percent);
}

/* A program asks for a message, often again with the same key. */
static void send(struct sim *s)
{
    char to[16];
    struct buf b, records;
    bool again = s->sends && rng_percent(&s->swarm, 40);
    u32 key = again ? s->sends - 1 : s->sends++;
    bool bill = key % 2;
    int n = snprintf(to, sizeof to, "p%u@x.test", key / 2 % PEOPLE);
    str email = {to, (size_t)n};
    struct send_record said = {.id_low = (bill ? SEND_BILL : SEND_OFFER) << 32 | key,
                               .body = key,
                               .channel = CHANNEL_EMAIL,
                               .category = bill ? CATEGORY_TRANSACTIONAL : CATEGORY_PROMOTION,
                               .template_id = bill ? S("bill") : S("offer"),
                               .to = email};
    struct record r = {
        .kind = RECORD_SEND_, .level = ENGINE_LEVEL, .occurred_ms = NEVER, .id_count = 1};
    said.values_of[0] = email;
    r.ids[0] = (struct record_id){
        identifier_hash(engine_key(world_engine(s->world)), SPACE_EMAIL, email), SPACE_EMAIL};
    buf_init(&b, 1024);
    buf_init(&records, 4096);
    send_put(&b, &said, 1);
    r.payload = buf_str(&b);
    record_put(&records, &r);
    (void)!world_append(s->world, buf_str(&records), 1, NULL);
    buf_clear(&b);
    buf_clear(&records);
}

/* STOP by the address; now and then it is blocked by hand, or let go again. */
static void stop(struct sim *s)
{
    char to[16];
    u32 person = somebody(s);
    struct sip_key key = engine_key(world_engine(s->world));
    str email = {to, (size_t)snprintf(to, sizeof to, "p%u@x.test", person)};
    bool out = rng_percent(&s->swarm, 50), block = rng_percent(&s->swarm, 50);
    struct suppress_record said = {CHANNEL_EMAIL,
                                   address_key(key, CHANNEL_EMAIL, email),
                                   (u8)(out     ? SUPPRESSED_OPTED_OUT
                                        : block ? SUPPRESSED_MANUAL
                                                : SUPPRESSED_NOT),
                                   {identifier_hash(key, SPACE_EMAIL, email), SPACE_EMAIL}};
    struct buf b;
    buf_init(&b, 256);
    suppress_put(&b, &said);
    if (world_record(s->world, RECORD_SUPPRESS_, buf_str(&b)) == ERR_OK && out)
        s->opted_out[person] = world_now(s->world);
    buf_clear(&b);
}

/* A chunk of an import: rows of some in a record each, and how far it is; now and then the last. */
static void import_chunk(struct sim *s, u32 source)
{
    struct names *names = engine_names(world_engine(s->world));
    struct buf records, payload, props;
    char who[16];
    u32 event, n, count = 0, people = 1 + (u32)rng_below(&s->swarm, 4);
    if (names_code(names, NAME_EVENT, S("Bought Before"), &event) != ERR_OK ||
        names_code(names, NAME_PROPERTY, S("n"), &n) != ERR_OK)
        return;
    buf_init(&records, 1 << 20), buf_init(&payload, 1 << 16), buf_init(&props, 64);
    props_put(&props, n, value_int(1));
    for (; count < people; count++) {
        str user = {
            who, (size_t)snprintf(who, sizeof who, "u%u", (u32)rng_below(&s->swarm, PEOPLE + 3))};
        struct bulk_row row = {
            .event = event, .occurred_ms = world_now(s->world), .props = buf_str(&props)};
        buf_reset(&payload);
        bulk_put(&payload, user, (str){0});
        for (u32 k = 1 + (u32)rng_below(&s->swarm, 20); k; k--)
            bulk_row_put(&payload, &row, row.occurred_ms);
        struct record r = {.kind = RECORD_BULK_,
                           .level = ENGINE_LEVEL,
                           .source = source,
                           .flags = RECORD_IMPORT | RECORD_FILE | RECORD_HISTORY,
                           .occurred_ms = row.occurred_ms,
                           .id_count = 1,
                           .payload = buf_str(&payload)};
        r.ids[0] = (struct record_id){
            identifier_hash(engine_key(world_engine(s->world)), SPACE_USER_ID, user),
            SPACE_USER_ID};
        record_put(&records, &r);
    }
    buf_reset(&payload);
    import_put(&payload, &(struct import_record){
                             .source = source,
                             .state = rng_percent(&s->swarm, 30) ? IMPORT_DONE : IMPORT_RUNNING});
    struct record r = {.kind = RECORD_IMPORT_, .level = ENGINE_LEVEL, .occurred_ms = NEVER};
    r.payload = buf_str(&payload);
    record_put(&records, &r);
    (void)!world_append(s->world, buf_str(&records), count + 1, NULL);
    buf_clear(&records), buf_clear(&payload), buf_clear(&props);
}

/* The past of some, known by its source, and gone again. */
static void import(struct sim *s)
{
    char body[256];
    struct buf b;
    u32 source;
    if (names_code(engine_names(world_engine(s->world)), NAME_SOURCE, S("import:1"), &source) !=
        ERR_OK)
        return;
    buf_init(&b, 512);
    if (rng_percent(&s->swarm, 25)) {
        s->undos++;
        undo_put(&b, &(struct undo_record){source, 1, 0});
        (void)!world_record(s->world, RECORD_UNDO_, buf_str(&b));
    } else if (rng_percent(&s->swarm, 50)) {
        import_chunk(s, source);
    } else {
        struct intake_result result = {0};
        struct diag why = {0};
        snprintf(body, sizeof body,
                 "{\"type\":\"track\",\"userId\":\"u%u\",\"event\":\"Bought Before\","
                 "\"properties\":{\"n\":1}}",
                 (u32)rng_below(&s->swarm, PEOPLE + 3));
        (void)!world_import_as(s->world, source, str_of(body), &result, &why);
    }
    buf_clear(&b);
}

static void change_contact(struct sim *s)
{
    change_policy(s, 1 + (u32)rng_below(&s->swarm, COUNT_OF(CONTACTS) - 1));
}

static void change_moves(struct sim *s)
{
    (void)publish_moves(s);
}

static const struct {
    u32 feature, weight;
    void (*act)(struct sim *s);
} ACTS[] = {
    {FEATURE_RECEIPTS, 8, receipt},
    {FEATURE_CAPS, 1, change_contact},
    {FEATURE_ZONES, 6, zone},
    {FEATURE_TRIGGERS, 2, date},
    {FEATURE_COUPONS, 6, bring_codes},
    {FEATURE_COUPONS, 5, use_coupon},
    {FEATURE_VERSIONS, 3, change_moves},
    {FEATURE_ROLLOUT, 2, roll_out},
    {FEATURE_SENDS, 6, send},
    {FEATURE_STOPS, 2, stop},
    {FEATURE_IMPORTS, 4, import},
};

void swarm_act(struct sim *s)
{
    u32 weights = 0, drawn;
    for (u32 i = 0; i < COUNT_OF(ACTS); i++)
        if (has(s, ACTS[i].feature)) weights += ACTS[i].weight;
    if (!weights) return;
    drawn = (u32)rng_below(&s->swarm, weights);
    for (u32 i = 0; i < COUNT_OF(ACTS); i++) {
        if (!has(s, ACTS[i].feature)) continue;
        if (drawn < ACTS[i].weight) {
            ACTS[i].act(s);
            return;
        }
        drawn -= ACTS[i].weight;
    }
}
