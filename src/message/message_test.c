#include "message/message_internal.h"

#include "base/test.h"
#include "log/fixed.h"
#include "predicate/oracle.h"

#include <stdio.h>

/* Customers with consent and an address, and the messages about them. */
struct post {
    struct town *w;
    struct messages *m;
    u64 next_id;
};

static struct post *post_new(struct arena *arena, const char *policy_json)
{
    struct post *p = arena_zalloc(arena, sizeof *p);
    struct buf b;
    struct diag why = {0};
    p->w = town_new(arena, NULL);
    p->m = messages_new(p->w->store, p->w->customers, (struct sip_key){1, 2});
    struct policy_context context = {p->w->names, NULL, NULL};
    buf_init(&b, 1 << 16);
    if (policy_compile(town_json(arena, policy_json), &context, &b, &why) != ERR_OK)
        fail_msg("%s %s", why.path, why.message);
    CHECK_OK(messages_policy(p->m, buf_str(&b)));
    buf_clear(&b);
    return p;
}

static void post_free(struct post *p)
{
    messages_free(p->m);
    town_free(p->w);
}

static persona somebody(struct post *p, const char *name)
{
    struct change ignored;
    persona who = town_customer(p->w, name);
    town_consent(p->w, who, "email", true, &ignored);
    town_consent(p->w, who, "sms", true, &ignored);
    return who;
}

static u32 plan(struct post *p, persona who, u32 channel, category kind)
{
    struct message_plan plan = {.persona = who,
                                .channel = (u8)channel,
                                .lane = LANE_TRIGGERED,
                                .category = kind,
                                .fresh = true,
                                .id_low = ++p->next_id};
    return message_plan(p->m, &plan, p->w->now);
}

/* Everybody has one address; each message says something of its own unless told otherwise. */
static struct claim_check check_of(struct post *p, u32 row, u64 words)
{
    return (struct claim_check){.address = {7, 7},
                                .fingerprint = words ? words : 1000 + row_of(p->m, row)->id_low,
                                .now = p->w->now,
                                .zone = p->w->zone,
                                .rules = message_rules_of((category)row_of(p->m, row)->category)};
}

static refusal ask(struct post *p, u32 row, i64 *until)
{
    struct claim_check check = check_of(p, row, 0);
    return message_check(p->m, row, &check, until);
}

/* As the engine does it. */
static refusal claim(struct post *p, u32 row, u64 words)
{
    i64 until;
    struct claim_check check = check_of(p, row, words);
    refusal why = message_check(p->m, row, &check, &until);
    if (why == REFUSAL_NONE)
        CHECK(message_claim(p->m, row, &check));
    else if (until != NEVER)
        CHECK(message_defer(p->m, row, why, until));
    else
        CHECK(message_refuse(p->m, row, why, p->w->now));
    return why;
}

#define NO_CAPS "{'caps':[],'quiet':[]}"

TEST("a message goes from planned to settled, and is counted at every moment")
{
    struct post *p = post_new(arena, NO_CAPS);
    persona ada = somebody(p, "ada");
    u32 row = plan(p, ada, CHANNEL_EMAIL, CATEGORY_PROMOTION);
    CHECK_EQ(message_tally(p->m).now[MESSAGE_PLANNED], 1);
    CHECK_EQ(message_take(p->m, LANE_TRIGGERED), row);
    CHECK_EQ(message_take(p->m, LANE_TRIGGERED), 0);
    CHECK_EQ(claim(p, row, 0), REFUSAL_NONE);
    CHECK(!message_cancel(p->m, row, p->w->now));
    CHECK(message_settle(p->m, row, MESSAGE_SENT, p->w->now));
    CHECK(message_settle(p->m, row, MESSAGE_OPENED, p->w->now));
    CHECK(!message_settle(p->m, row, MESSAGE_DELIVERED, p->w->now)); /* late: it stays opened */
    CHECK(message_settle(p->m, row, MESSAGE_CLICKED, p->w->now));
    CHECK_EQ(row_of(p->m, row)->status, MESSAGE_CLICKED);
    CHECK_EQ(message_tally(p->m).planned, 1);
    CHECK_EQ(message_tally(p->m).now[MESSAGE_CLICKED], 1);
    CHECK_EQ(message_by_id(p->m, message_id(p->m, row)), row);
    post_free(p);
}

TEST("a row goes three days after it settled, its place in the caps not before theirs")
{
    struct post *p = post_new(
        arena, "{'quiet':[],'caps':[{'channel':'email','max':1,'per':'7d','over':'defer'}]}");
    persona ada = somebody(p, "ada");
    i64 start = p->w->now;
    u32 row = plan(p, ada, CHANNEL_EMAIL, CATEGORY_PROMOTION);
    hash128 id = message_id(p->m, row);
    CHECK_EQ(claim(p, row, 0), REFUSAL_NONE);
    CHECK(message_settle(p->m, row, MESSAGE_SENT, p->w->now));
    CHECK_EQ(message_next_due(p->m, ada), start + 72 * HOUR);
    p->w->now = start + 72 * HOUR;
    message_retire(p->m, ada, p->w->now, NULL, NULL);
    CHECK_EQ(message_by_id(p->m, id), 0);
    CHECK_EQ(message_next_due(p->m, ada), start + 7 * DAY);
    u32 next = plan(p, ada, CHANNEL_EMAIL, CATEGORY_PROMOTION);
    CHECK_EQ(claim(p, next, 0), REFUSAL_CAPPED);
    CHECK_EQ(row_of(p->m, next)->due_ms, start + 7 * DAY);
    p->w->now = start + 7 * DAY;
    message_retire(p->m, ada, p->w->now, NULL, NULL);
    CHECK(!table_has(p->m->sent, 1));
    post_free(p);
}

TEST("consent, address and words are asked in that order, before caps")
{
    struct post *p =
        post_new(arena, "{'quiet':[],'caps':[{'channel':'*','max':0,'per':'day','category':'*'}]}");
    struct change ignored;
    i64 until;
    persona eve = town_customer(p->w, "eve");
    u32 row = plan(p, eve, CHANNEL_EMAIL, CATEGORY_PROMOTION);
    CHECK_EQ(ask(p, row, &until), REFUSAL_CONSENT);
    u32 service = plan(p, eve, CHANNEL_EMAIL, CATEGORY_SERVICE);
    CHECK_EQ(ask(p, service, &until), REFUSAL_CAPPED);
    town_consent(p->w, eve, "email", false, &ignored);
    CHECK_EQ(ask(p, service, &until), REFUSAL_CONSENT);
    u32 needed = plan(p, eve, CHANNEL_EMAIL, CATEGORY_TRANSACTIONAL);
    CHECK_EQ(ask(p, needed, &until), REFUSAL_NONE);
    struct claim_check check = check_of(p, needed, 0);
    check.address = (hash128){0};
    CHECK_EQ(message_check(p->m, needed, &check, &until), REFUSAL_NO_ADDRESS);
    address_edit(p->w->customers, CHANNEL_EMAIL, (hash128){7, 7})->suppressed =
        SUPPRESSED_COMPLAINT;
    CHECK_EQ(ask(p, needed, &until), REFUSAL_SUPPRESSED);
    CHECK_EQ(ask(p, row, &until), REFUSAL_SUPPRESSED);
    post_free(p);
}

TEST("the same words to one address are refused for 20 hours, and no longer")
{
    struct post *p = post_new(arena, NO_CAPS);
    persona ada = somebody(p, "ada"), eve = somebody(p, "eve");
    i64 start = p->w->now;
    CHECK_EQ(claim(p, plan(p, ada, CHANNEL_EMAIL, CATEGORY_PROMOTION), 5), REFUSAL_NONE);
    CHECK_EQ(claim(p, plan(p, ada, CHANNEL_EMAIL, CATEGORY_PROMOTION), 6), REFUSAL_NONE);
    CHECK_EQ(claim(p, plan(p, ada, CHANNEL_EMAIL, CATEGORY_SERVICE), 5), REFUSAL_NONE);
    p->w->now = start + 20 * HOUR - 1;
    CHECK_EQ(claim(p, plan(p, eve, CHANNEL_EMAIL, CATEGORY_PROMOTION), 5), REFUSAL_DUPLICATE);
    p->w->now = start + 20 * HOUR;
    CHECK_EQ(claim(p, plan(p, eve, CHANNEL_EMAIL, CATEGORY_PROMOTION), 5), REFUSAL_NONE);
    post_free(p);
}

TEST("what was rejected was not said: neither caps nor the same words hold anything back")
{
    struct post *p =
        post_new(arena, "{'quiet':[],'caps':[{'channel':'email','max':1,'per':'24h'}]}");
    persona ada = somebody(p, "ada");
    u32 row = plan(p, ada, CHANNEL_EMAIL, CATEGORY_PROMOTION);
    CHECK_EQ(claim(p, row, 5), REFUSAL_NONE);
    u32 second = plan(p, ada, CHANNEL_EMAIL, CATEGORY_PROMOTION);
    CHECK_EQ(claim(p, second, 5), REFUSAL_DUPLICATE);
    CHECK(message_settle(p->m, row, MESSAGE_REJECTED, p->w->now));
    u32 third = plan(p, ada, CHANNEL_EMAIL, CATEGORY_PROMOTION);
    CHECK_EQ(claim(p, third, 5), REFUSAL_NONE);
    CHECK(message_defer(p->m, third, REFUSAL_NONE, p->w->now + MINUTE)); /* a provider's "later" */
    u32 fourth = plan(p, ada, CHANNEL_EMAIL, CATEGORY_PROMOTION);
    CHECK_EQ(claim(p, fourth, 5), REFUSAL_NONE);
    CHECK_EQ(message_settle(p->m, fourth, MESSAGE_UNKNOWN, p->w->now), true);
    CHECK_EQ(claim(p, plan(p, ada, CHANNEL_EMAIL, CATEGORY_PROMOTION), 0), REFUSAL_CAPPED);
    post_free(p);
}

TEST("what waited exactly as long as it may is sent, a millisecond longer and it expires")
{
    struct post *p = post_new(arena, NO_CAPS);
    persona ada = somebody(p, "ada");
    i64 start = p->w->now;
    u32 one = plan(p, ada, CHANNEL_EMAIL, CATEGORY_PROMOTION),
        two = plan(p, ada, CHANNEL_EMAIL, CATEGORY_PROMOTION);
    p->w->now = start + DAY;
    CHECK_EQ(claim(p, one, 0), REFUSAL_NONE);
    p->w->now++;
    CHECK_EQ(claim(p, two, 0), REFUSAL_EXPIRED);
    CHECK_EQ(row_of(p->m, two)->status, MESSAGE_EXPIRED);
    post_free(p);
}

TEST("in quiet hours promotion waits or is dropped, and what need not wait goes")
{
    struct post *p =
        post_new(arena, "{'caps':[],'quiet':[{'channel':'*','from':'00:00','to':'23:59'}]}");
    persona ada = somebody(p, "ada");
    i64 until, end;
    u32 row = plan(p, ada, CHANNEL_EMAIL, CATEGORY_PROMOTION),
        needed = plan(p, ada, CHANNEL_EMAIL, CATEGORY_TRANSACTIONAL);
    struct claim_check check = check_of(p, row, 0);
    i64 from;
    zone_period(NULL, p->w->now, PERIOD_DAY, &from, &end);
    CHECK_EQ(message_check(p->m, row, &check, &until), REFUSAL_QUIET);
    CHECK_EQ(until, end - MINUTE);
    check.rules.quiet = QUIET_DROP;
    CHECK_EQ(message_check(p->m, row, &check, &until), REFUSAL_QUIET);
    CHECK_EQ(until, NEVER);
    check.rules.quiet = QUIET_IGNORE;
    CHECK_EQ(message_check(p->m, row, &check, &until), REFUSAL_NONE);
    CHECK_EQ(ask(p, needed, &until), REFUSAL_NONE);
    check.rules = message_rules_of(CATEGORY_PROMOTION);
    check.now += 2 * DAY; /* it has waited too long to wait again */
    CHECK_EQ(message_check(p->m, row, &check, &until), REFUSAL_EXPIRED);
    post_free(p);
}

static i32 priority_by_program(void *ctx, u32 program)
{
    (void)ctx;
    return program == 3 ? 5 : 0;
}

static str journey_by_program(void *ctx, u32 program)
{
    static const char *const IDS[] = {"", "zebra", "ant", "cat", "bee"};
    (void)ctx;
    return str_of(IDS[program]);
}

TEST("of one instant the more important journey goes first, then what was due first, then by id")
{
    struct post *p = post_new(arena, NO_CAPS);
    messages_host(p->m, (struct message_host){.priority = priority_by_program,
                                              .journey = journey_by_program});
    persona ada = somebody(p, "ada");
    u32 rows[5];
    for (u16 i = 1; i <= 4; i++) {
        struct message_plan plan = {.persona = ada,
                                    .program = i,
                                    .channel = CHANNEL_EMAIL,
                                    .lane = LANE_TRIGGERED,
                                    .id_low = i};
        if (i == 4) p->w->now -= MINUTE;
        rows[i] = message_plan(p->m, &plan, p->w->now);
    }
    message_defer(p->m, rows[4], REFUSAL_QUIET, p->w->now + MINUTE);
    message_wake(p->m, ada, p->w->now + MINUTE);
    for (u32 round = 0; round < 2; round++) {
        CHECK_EQ(message_take(p->m, LANE_TRIGGERED), rows[3]);
        CHECK_EQ(message_take(p->m, LANE_TRIGGERED), rows[4]);
        CHECK_EQ(message_take(p->m, LANE_TRIGGERED), rows[2]);
        CHECK_EQ(message_take(p->m, LANE_TRIGGERED), rows[1]);
        CHECK_EQ(message_take(p->m, LANE_TRIGGERED), 0);
        messages_rebuild(p->m);
    }
    post_free(p);
}

TEST("what is ready comes out in order, whatever the order it came in")
{
    struct post *p = post_new(arena, NO_CAPS);
    struct rng rng = {test_seed()};
    persona ada = somebody(p, "ada");
    i64 start = p->w->now, last = 0;
    for (u32 i = 0; i < 3000; i++) {
        p->w->now = start + (i64)rng_below(&rng, 500);
        plan(p, ada, CHANNEL_EMAIL, CATEGORY_PROMOTION);
    }
    for (u32 row, n = 0; (row = message_take(p->m, LANE_TRIGGERED)); n++) {
        CHECK(row_of(p->m, row)->due_ms >= last);
        last = row_of(p->m, row)->due_ms;
        if (n % 7 == 0) message_put_back(p->m, row), (void)message_take(p->m, LANE_TRIGGERED);
    }
    CHECK_EQ(message_ready(p->m, LANE_TRIGGERED), 0);
    post_free(p);
}

TEST("a program's key plans one message, however often it is asked")
{
    struct post *p = post_new(arena, NO_CAPS);
    persona ada = somebody(p, "ada");
    struct message_send what = {.persona = ada,
                                .id_low = 99,
                                .body = 5,
                                .channel = CHANNEL_EMAIL,
                                .category = CATEGORY_TRANSACTIONAL,
                                .template_id = S("order"),
                                .to = S("ada@x.test"),
                                .values = S("\x09")},
                        got;
    u32 row = message_send(p->m, &what, p->w->now);
    CHECK(row != 0);
    CHECK_EQ(message_send(p->m, &what, p->w->now), row);
    CHECK_EQ(message_tally(p->m).planned, 1);
    messages_rebuild(p->m);
    CHECK(message_sending(p->m, row, &got));
    CHECK_EQ(got.body, 5);
    CHECK_STR(got.to, S("ada@x.test"));
    CHECK_STR(got.template_id, S("order"));
    CHECK_STR(got.values, S("\x09"));
    CHECK_EQ(message_take(p->m, LANE_TRANSACTIONAL), row);
    u32 other = plan(p, ada, CHANNEL_EMAIL, CATEGORY_SERVICE);
    CHECK(!message_sending(p->m, other, &got));
    message_forget(p->m, ada);
    CHECK_EQ(message_by_low(p->m, 99), 0);
    CHECK_EQ(table_has(p->m->sends, 1), false);
    post_free(p);
}

/* ---- caps against a slow reading of SEMANTICS ---- */

enum { TWINS = 4, CLAIMS = 1500 };

struct twin_claim {
    persona who;
    u32 channel, row;
    category kind;
    i64 at;
    bool gone;
};

struct twin {
    struct twin_claim claims[CLAIMS];
    u32 count;
};

static bool twin_counts(const struct post *p, const struct twin_claim *c, const struct cap *cap,
                        persona head, u32 channel, i64 now, const struct zone *z)
{
    static const period PERIODS[] = {
        [CAP_DAY] = PERIOD_DAY, [CAP_WEEK] = PERIOD_WEEK, [CAP_MONTH] = PERIOD_MONTH};
    if (c->gone || customer_head(p->w->customers, c->who) != head) return false;
    if (!(cap->categories & 1u << c->kind)) return false;
    if (cap->channel == CHANNELS_EACH ? c->channel != channel
                                      : cap->channel && c->channel != cap->channel)
        return false;
    if (cap->per == CAP_SLIDES) return now - c->at < cap->window_ms;
    i64 from, to, from_then, to_then;
    zone_period(z, now, PERIODS[cap->per], &from, &to);
    zone_period(z, c->at, PERIODS[cap->per], &from_then, &to_then);
    return from == from_then;
}

static bool twin_over(const struct post *p, const struct twin *t, const struct cap *cap,
                      persona who, u32 channel, category kind, i64 now)
{
    u32 n = 0;
    persona head = customer_head(p->w->customers, who);
    if (!(cap->categories & 1u << kind)) return false;
    if (cap->channel != CHANNELS_ALL && cap->channel != CHANNELS_EACH && cap->channel != channel)
        return false;
    for (u32 i = 0; i < t->count; i++)
        n += twin_counts(p, &t->claims[i], cap, head, channel, now, p->w->zone);
    return n >= cap->max;
}

/* NONE: she may have it. `until`: when the last of the caps frees that make it wait. */
static refusal twin_asks(const struct post *p, const struct twin *t, persona who, u32 channel,
                         category kind, i64 now, bool *waits)
{
    const struct policy *policy = messages_policies(p->m);
    bool over = false;
    *waits = true;
    for (u32 i = 0; i < policy->cap_count; i++) {
        if (!twin_over(p, t, &policy->caps[i], who, channel, kind, now)) continue;
        over = true;
        *waits &= policy->caps[i].defers;
    }
    return over ? REFUSAL_CAPPED : REFUSAL_NONE;
}

/* Of the caps that hold it back now, none does at `until`, and one does a millisecond before. */
static void check_until(const struct post *p, const struct twin *t, persona who, u32 channel,
                        category kind, i64 now, i64 until)
{
    const struct policy *policy = messages_policies(p->m);
    bool before = false;
    for (u32 i = 0; i < policy->cap_count; i++) {
        if (!twin_over(p, t, &policy->caps[i], who, channel, kind, now)) continue;
        CHECK(!twin_over(p, t, &policy->caps[i], who, channel, kind, until));
        before |= twin_over(p, t, &policy->caps[i], who, channel, kind, until - 1);
    }
    CHECK(before);
}

/* Two become one: what both had counts. And are two again: each has her own. */
static void join(struct post *p, persona a, persona b, persona *joined)
{
    struct resolved out;
    CHECK_OK(customer_link(p->w->customers, a, b, LINK_MANUAL, p->w->now, p->w->number, &out));
    message_moved(p->m, out.links[0].from, out.links[0].to);
    *joined = out.links[0].from;
}

static void part(struct post *p, persona joined)
{
    struct change ignored;
    persona sides[2];
    CHECK_OK(customer_cut(p->w->customers, joined, p->w->number, &sides[0], &sides[1]));
    message_cut(p->m, sides[0], sides[1]);
    for (u32 k = 0; k < 2; k++) {
        town_consent(p->w, sides[k], "sms", true, &ignored);
        town_consent(p->w, sides[k], "email", true, &ignored);
    }
}

static void claims_like_the_twin(struct arena *arena, struct rng *rng, const char *policy_json)
{
    static const u32 CHANNELS[] = {CHANNEL_EMAIL, CHANNEL_SMS};
    struct post *p = post_new(arena, policy_json);
    struct twin *t = mem_zalloc(sizeof *t);
    persona who[TWINS], joined = 0;
    char name[8];
    p->w->zone = town_zone(arena, "America/New_York");
    for (u32 i = 0; i < TWINS; i++) {
        snprintf(name, sizeof name, "c%u", i);
        who[i] = somebody(p, name);
    }
    for (u32 i = 0; i < 600; i++) {
        if (i == 300) join(p, who[0], who[1], &joined);
        if (i == 450) part(p, joined);
        persona one = who[rng_below(rng, TWINS)];
        u32 channel = CHANNELS[rng_below(rng, 2)];
        category kind = (category)rng_below(rng, 3);
        bool waits = false;
        i64 until;
        /* Whole hours often, so that edges are met. */
        p->w->now +=
            rng_below(rng, 3) ? HOUR * (i64)rng_below(rng, 8) : 1 + (i64)rng_below(rng, (u64)DAY);
        persona head = customer_head(p->w->customers, one);
        message_retire(p->m, head, p->w->now, NULL, NULL);
        if (rng_below(rng, 150) == 0) messages_rebuild(p->m);
        u32 row = plan(p, one, channel, kind);
        refusal why = ask(p, row, &until);
        refusal want = kind == CATEGORY_TRANSACTIONAL
                           ? REFUSAL_NONE
                           : twin_asks(p, t, one, channel, kind, p->w->now, &waits);
        CHECK_EQ(why, want);
        if (why == REFUSAL_CAPPED) {
            CHECK_EQ(until != NEVER, waits);
            if (waits) check_until(p, t, one, channel, kind, p->w->now, until);
        }
        CHECK_EQ(claim(p, row, 0), want);
        if (want != REFUSAL_NONE) {
            message_cancel(p->m, row, p->w->now);
            continue;
        }
        struct twin_claim *c = &t->claims[t->count++];
        *c = (struct twin_claim){one, channel, row, kind, p->w->now, false};
        if (rng_below(rng, 5) == 0)
            c->gone = message_settle(p->m, row, MESSAGE_REJECTED, p->w->now);
        else
            CHECK(message_settle(p->m, row, MESSAGE_SENT, p->w->now));
    }
    free(t);
    post_free(p);
}

TEST(
    "caps are a count of what was claimed, whatever the history: 4 customers, 600 claims each time")
{
    static const char *const POLICIES[] = {
        "{'quiet':[]}",
        "{'quiet':[],'caps':[{'channel':'*','max':3,'per':'48h','over':'defer'}]}",
        "{'quiet':[],'caps':[{'channel':'each','max':2,'per':'day','over':'defer','category':'*'},"
        "{'channel':'sms','max':5,'per':'week','over':'defer'},"
        "{'channel':'*','max':9,'per':'month','category':'*'}]}",
        "{'quiet':[],'caps':[{'channel':'email','max':1,'per':'6h','over':'defer'},"
        "{'channel':'*','max':12,'per':'month','over':'defer'}]}",
    };
    struct rng rng = {test_seed()};
    for (u32 round = 0; round < 3; round++)
        for (u32 i = 0; i < COUNT_OF(POLICIES); i++) claims_like_the_twin(arena, &rng, POLICIES[i]);
}

/* ---- when something is due, known or walked ---- */

/* What is known must be what a walk over all that is hers finds; the known stays. */
static void check_due(struct post *p, persona who)
{
    static struct due kept[DUES];
    persona head = customer_head(p->w->customers, who);
    i64 known = message_next_due(p->m, head);
    memcpy(kept, p->m->dues, sizeof kept);
    messages_held_changed(p->m);
    CHECK_EQ(known, message_next_due(p->m, head));
    memcpy(p->m->dues, kept, sizeof kept);
}

static bool half_open(void *ctx, u32 enrolment)
{
    (void)ctx;
    return enrolment % 2;
}

static void do_something(struct post *p, struct rng *rng, u32 row, persona who)
{
    static const message_status ENDS[] = {MESSAGE_SENT, MESSAGE_REJECTED, MESSAGE_BOUNCED,
                                          MESSAGE_UNKNOWN, MESSAGE_OPENED};
    i64 now = p->w->now;
    persona head = customer_head(p->w->customers, who);
    switch (rng_below(rng, 8)) {
    case 0: (void)message_defer(p->m, row, REFUSAL_QUIET, now + (i64)rng_below(rng, DAY)); break;
    case 1: (void)message_refuse(p->m, row, REFUSAL_CAPPED, now); break;
    case 2: (void)message_cancel(p->m, row, now); break;
    case 3:
    case 4:
        if (message_at(p->m, row)->status == MESSAGE_PLANNED) (void)claim(p, row, 0);
        break;
    case 5: (void)message_settle(p->m, row, ENDS[rng_below(rng, COUNT_OF(ENDS))], now); break;
    case 6: message_wake(p->m, head, now); break;
    default: message_retire(p->m, head, now, half_open, NULL);
    }
}

TEST("when her messages are due next is known as a walk over all of them finds it")
{
    enum { PEOPLE = 3, STEPS = 4000 };
    struct post *p = post_new(arena, "{\"caps\":[],\"quiet\":[]}");
    struct rng rng = {test_seed()};
    persona who[PEOPLE] = {somebody(p, "a"), somebody(p, "b"), somebody(p, "c")}, joined = 0;
    for (u32 i = 0; i < STEPS; i++) {
        persona one = who[rng_below(&rng, PEOPLE)];
        p->w->now += (i64)rng_below(&rng, 2 * HOUR);
        if (rng_below(&rng, 3) == 0) plan(p, one, CHANNEL_EMAIL, rng_below(&rng, 3));
        u32 row = 1 + (u32)rng_below(&rng, messages_end(p->m));
        const struct message_row *r = message_at(p->m, row);
        if (r) do_something(p, &rng, row, r->persona);
        if (rng_below(&rng, 400) == 0) messages_rebuild(p->m);
        if (rng_below(&rng, 300) == 0) message_forget(p->m, customer_head(p->w->customers, one));
        if (!joined && rng_below(&rng, 200) == 0)
            join(p, who[0], who[1], &joined);
        else if (joined && rng_below(&rng, 100) == 0)
            part(p, joined), joined = 0;
        for (u32 k = 0; k < PEOPLE; k++) check_due(p, who[k]);
    }
    post_free(p);
}
