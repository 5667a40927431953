/* sim_oracle_test.c — what must hold of what the swarm has: told from timelines, from what the
 * provider saw and from what people did, with sums of its own. */
#include "script/sim_test.h"

#include <stdio.h>
#include <stdlib.h>

static bool is(str text, const char *wanted)
{
    return str_eq(text, str_of(wanted));
}

/* ---- rules of contact (I5, I6) ---- */

static category category_of(const struct told *t)
{
    if (is(t->template_id, "bill")) return CATEGORY_TRANSACTIONAL;
    return is(t->journey, "moves") ? CATEGORY_SERVICE : CATEGORY_PROMOTION;
}

static bool is_quiet(const struct contact *c, i64 local)
{
    u32 hour = (u32)(local % DAY / HOUR);
    if (c->quiet_from < c->quiet_to) return hour >= c->quiet_from && hour < c->quiet_to;
    return c->quiet_from > c->quiet_to && (hour >= c->quiet_from || hour < c->quiet_to);
}

/* When her day began; no zone that she has moves its clock at midnight. */
static i64 day_of(const struct told *list, u32 at)
{
    i64 offset = offset_at(list, at), local = list[at].received_ms + offset;
    i64 began = local - local % DAY;
    return began - sim_offset(sim_zone(list, at), began - offset);
}

static bool is_over(const struct contact *c, const struct told *list, u32 n, u32 at)
{
    i64 now = list[at].received_ms, midnight = day_of(list, at);
    for (u32 i = 0; i < c->cap_count; i++) {
        i64 window = c->caps[i].window_ms;
        i64 since = window ? now - window + 1 : midnight;
        u32 before = 0;
        for (u32 k = 0; k < at; k++)
            before += list[k].received_ms >= since && claim_stood(list, n, k) &&
                      category_of(&list[k]) == CATEGORY_PROMOTION;
        if (before >= c->caps[i].max) return true;
    }
    return false;
}

/* Is an era's policy in force at this event? Of two at one millisecond, both. */
static bool in_force(const struct sim *s, u32 era, const struct told *t)
{
    const struct era *next = era + 1 < s->era_count ? &s->eras[era + 1] : NULL;
    u64 record = event_record(t->order);
    return (era == 0 || s->eras[era].after < record) &&
           (!next || next->after >= record || next->from_ms >= t->received_ms);
}

static void check_deferred(struct sim *s, const struct told *list, u32 at)
{
    i64 now = list[at].received_ms;
    bool quiet = false;
    for (u32 i = 0; i < s->era_count; i++)
        quiet |= in_force(s, i, &list[at]) &&
                 is_quiet(swarm_contact(s->eras[i].policy), now + offset_at(list, at));
    HOLDS(s, quiet, "a message was put off for quiet hours that were none");
}

/* Under the rules of then; of two at one millisecond, under one of them. */
static void check_contact(struct sim *s, const struct told *list, u32 n, u32 at)
{
    i64 now = list[at].received_ms;
    bool quiet = true, over = true;
    category kind = category_of(&list[at]);
    if (kind == CATEGORY_TRANSACTIONAL) return;
    for (u32 i = 0; i < s->era_count; i++) {
        const struct contact *c = swarm_contact(s->eras[i].policy);
        if (!in_force(s, i, &list[at])) continue;
        quiet &= is_quiet(c, now + offset_at(list, at));
        over &= is_over(c, list, n, at);
    }
    /* "moves" ignores quiet hours in some versions. */
    HOLDS(s, !quiet || kind == CATEGORY_SERVICE, "a message was claimed in quiet hours");
    HOLDS(s, !over || kind == CATEGORY_SERVICE, "a message was claimed beyond a cap");
}

static void check_consent(struct sim *s, const struct told *list, u32 at)
{
    bool yes = false, asked = false, blocked = false;
    for (u32 i = at; i-- > 0 && !asked;) {
        asked = list[i].code == EVENT_CONSENT_CHANGED && is(list[i].channel, "email");
        yes = asked && is(list[i].value, "true");
    }
    HOLDS(s, category_of(&list[at]) != CATEGORY_PROMOTION || yes,
          "a promotion was claimed without consent");
    for (u32 i = 0; i < at; i++) {
        if (list[i].code == EVENT_ADDRESS_SUPPRESSED) blocked = true;
        if (list[i].code == EVENT_ADDRESS_RELEASED) blocked = false;
    }
    HOLDS(s, !blocked, "a message was claimed to a suppressed address");
}

/* How long it may wait (a version that moves plans what was not sent once more, under the same id),
 * and the same words: "a" and "b" are also those of journeys with keys. */
static void check_words(struct sim *s, const struct told *list, u32 n, u32 at)
{
    i64 planned = 0, now = list[at].received_ms;
    for (u32 i = 0; i < at; i++)
        if (list[i].code == EVENT_MESSAGE_PLANNED && str_eq(list[i].message, list[at].message))
            planned = list[i].received_ms;
    HOLDS(s, planned, "a message was claimed that nobody planned");
    HOLDS(s, now - planned <= (is(list[at].template_id, "d") ? 2 * HOUR : DAY),
          "a message went out that had expired");
    if (category_of(&list[at]) != CATEGORY_PROMOTION || is(list[at].journey, "keyed")) return;
    for (u32 k = 0; k < at; k++)
        HOLDS(s,
              !str_eq(list[k].template_id, list[at].template_id) || is(list[k].journey, "keyed") ||
                  now - list[k].received_ms >= 20 * HOUR || !claim_stood(list, n, k),
              "the same words went to her twice");
}

/* ---- versions ---- */

static u32 first_planned(const struct told *list, u32 n, str message)
{
    u32 i = 0;
    while (i < n && (list[i].code != EVENT_MESSAGE_PLANNED || !str_eq(list[i].message, message)))
        i++;
    return i;
}

/* "moves" lets nobody in twice at once: of what was planned between two entries each of its steps
 * sends one. What a provider put off may go once its enrolment was through. */
static void check_moves_once(struct sim *s, const struct told *list, u32 n, const char *step)
{
    str sent = {0};
    u32 running = 0, entered = 0;
    for (u32 i = 0; i < n; i++) {
        if (!is(list[i].journey, "moves")) continue;
        if (list[i].code == EVENT_JOURNEY_EXITED) running--;
        if (list[i].code == EVENT_JOURNEY_ENTERED) {
            HOLDS(s, !running++, "somebody is in a journey twice at once");
            sent = (str){0};
            entered = i;
        }
        if (list[i].code != EVENT_MESSAGE_CLAIMED || !is(list[i].step, step)) continue;
        if (first_planned(list, n, list[i].message) < entered) continue;
        HOLDS(s, !sent.n || str_eq(sent, list[i].message),
              "an enrolment that moved sent the same step again");
        if (claim_stood(list, n, i)) sent = list[i].message;
    }
}

/* ---- lots (I11) ---- */

static u32 lot(struct sim *s, persona head, const char *salt)
{
    char text[64], customer[33];
    customer_id(engine_customers(world_engine(s->world)), head, customer);
    int n = snprintf(text, sizeof text, "lots%c%s%c%s", 0, customer, 0, salt);
    return (u32)(hash_xxh64((str){text, (size_t)n}) % 10000);
}

static void check_lots(struct sim *s, persona head, const struct told *list, u32 n)
{
    u32 gray = lot(s, head, "gray"), arm = lot(s, head, "x");
    bool held = lot(s, head, "holdout") < 2000;
    for (u32 i = 0; i < n; i++) {
        const struct told *t = &list[i];
        if (!is(t->journey, "lots")) continue;
        if (t->code == EVENT_JOURNEY_ENTERED) {
            HOLDS(s, !held, "somebody who is held out entered");
            HOLDS(s, gray < s->lots_most, "somebody entered beyond the released share");
        }
        if (t->code == EVENT_JOURNEY_REFUSED) {
            HOLDS(s, !is(t->reason, "holdout") || held, "somebody was held out by another lot");
            HOLDS(s, !is(t->reason, "gray") || gray >= s->lots_least,
                  "somebody of the released share was turned away");
        }
        if (t->code != EVENT_STEP_DONE) continue;
        HOLDS(s, !is(t->step, "xa") || arm < 3000, "a split went another way");
        HOLDS(s, !is(t->step, "xb") || (arm >= 3000 && arm < 6000), "a split went another way");
    }
}

/* ---- coupons (I15) ---- */

static void check_gifts(struct sim *s, const struct told *list, u32 n)
{
    u32 entered = 0, made = 0, given[2] = {0};
    for (u32 i = 0; i < n; i++) {
        const struct told *t = &list[i];
        bool granted = t->code == EVENT_COUPON_GRANTED,
             missed = t->code == EVENT_COUPON_REJECTED && is(t->reason, "pool_empty");
        entered += t->code == EVENT_JOURNEY_ENTERED && is(t->journey, "gift");
        made += granted && is(t->coupon, "made");
        given[0] += (granted || missed) && is(t->coupon, "pool");
        given[1] += t->code == EVENT_STEP_DONE && is(t->journey, "gift") &&
                    (is(t->step, "c2") || is(t->step, "c3"));
        if (t->code != EVENT_COUPON_USED || !t->coupon_code.n) continue;
        bool hers = false;
        for (u32 k = 0; k < i; k++)
            hers |= list[k].code == EVENT_COUPON_GRANTED &&
                    str_eq(list[k].coupon_code, t->coupon_code) &&
                    t->occurred_ms - list[k].received_ms < DAY;
        HOLDS(s, hers || !is(t->coupon, "pool"), "a coupon was used that she did not have");
    }
    HOLDS(s, made == entered, "a coupon was not given once for each enrolment");
    HOLDS(s, given[0] == given[1], "a pool gave other than once for each step");
}

/* ---- one customer ---- */

void check_swarm_alone(struct sim *s, persona head, const struct told *list, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        bool deferred = list[i].code == EVENT_MESSAGE_DEFERRED;
        if (deferred && is(list[i].reason, "quiet")) check_deferred(s, list, i);
        if (list[i].code != EVENT_MESSAGE_CLAIMED) continue;
        check_contact(s, list, n, i);
        check_consent(s, list, i);
        check_words(s, list, n, i);
    }
    check_moves_once(s, list, n, "m0");
    check_moves_once(s, list, n, "m1");
    if (has(s, FEATURE_ROLLOUT)) check_lots(s, head, list, n);
    if (has(s, FEATURE_SCHEDULE)) check_schedules(s, list, n);
    if (has(s, FEATURE_COUPONS)) check_gifts(s, list, n);
}

/* ---- statuses ---- */

static bool was_said(const struct told *list, u32 n, const char *hex, u8 status)
{
    u32 code = EVENT_MESSAGE_PLANNED + (u32)status - MESSAGE_PLANNED;
    for (u32 i = 0; i < n; i++) {
        bool notice = list[i].code == EVENT_STAFF_NOTICE &&
                      str_eq(list[i].result, message_status_text((message_status)status));
        if ((notice || list[i].code == code) && !list[i].machine && is(list[i].message, hex))
            return true;
    }
    return false;
}

void check_statuses(struct sim *s)
{
    struct messages *m = engine_messages(world_engine(s->world));
    persona of = 0;
    struct arena *a = NULL;
    struct told *list = NULL;
    u32 n = 0;
    for (u32 row = 1; has(s, FEATURE_RECEIPTS) && row < messages_end(m); row++) {
        const struct message_row *r = message_at(m, row);
        char hex[33];
        if (!r || r->status <= MESSAGE_SENT) continue;
        persona head = customer_head(engine_customers(world_engine(s->world)), r->persona);
        if (head != of || !a) {
            if (a) arena_free(a);
            a = arena_new();
            of = head;
            n = timeline(s, head, a, &list);
        }
        hash128 id = message_id(m, row);
        hash128_hex(id, hex);
        HOLDS(s, was_said(list, n, hex, r->status), "a message has a status that nobody told of");
    }
    if (a) arena_free(a);
}

/* ---- all of them ---- */

enum { CODES_MAX = 20000, NAMED_MAX = 64 };
struct recount {
    struct {
        u64 coupon, used;
        char code[24];
    } codes[CODES_MAX];
    u32 code_count;
    struct {
        str id;
        u64 entered, refused, ended;
    } journeys[NAMED_MAX];
    u32 journey_count;
    u64 planned, granted, used, expired, reached;
};

static void count_code(struct sim *s, struct recount *r, const struct told *t)
{
    u32 i = 0;
    if (!t->coupon_code.n || t->coupon_code.n >= sizeof r->codes[0].code) return;
    while (i < r->code_count && !is(t->coupon_code, r->codes[i].code)) i++;
    if (t->code == EVENT_COUPON_GRANTED) {
        HOLDS(s, i == r->code_count, "a coupon's code was given twice");
        MUST(i < CODES_MAX);
        memcpy(r->codes[i].code, t->coupon_code.p, t->coupon_code.n);
        r->code_count++;
    } else if (t->code == EVENT_COUPON_USED && i < r->code_count) {
        HOLDS(s, !r->codes[i].used++, "a coupon was used twice");
    }
}

static void count_journey(struct recount *r, const struct told *t)
{
    u32 i = 0;
    while (i < r->journey_count && !str_eq(t->journey, r->journeys[i].id)) i++;
    if (i == r->journey_count) return;
    r->journeys[i].entered += t->code == EVENT_JOURNEY_ENTERED;
    r->journeys[i].refused += t->code == EVENT_JOURNEY_REFUSED;
    r->journeys[i].ended += t->code == EVENT_JOURNEY_EXITED;
}

/* An entry reached its goal if she ordered after it, in time. */
static void count_goals(struct sim *s, struct recount *r, const struct told *list, u32 n)
{
    u32 order = names_find(engine_names(world_engine(s->world)), NAME_EVENT, S("Order Completed"));
    for (u32 i = 0; i < n; i++) {
        if (list[i].code != EVENT_JOURNEY_ENTERED || !is(list[i].journey, "aim")) continue;
        i64 began = list[i].received_ms;
        bool reached = false;
        for (u32 k = i + 1; k < n; k++)
            reached |= order && list[k].code == order && list[k].received_ms < began + DAY &&
                       event_record(list[k].order) > event_record(list[i].order) &&
                       list[k].occurred_ms >= began;
        r->reached += reached;
    }
}

static void recount_all(struct sim *s, struct recount *r)
{
    struct customers *c = engine_customers(world_engine(s->world));
    for (persona head = 1; head < customers_end(c); head++) {
        if (customer_head(c, head) != head) continue;
        struct arena *a = arena_new();
        struct told *list;
        u32 n = timeline(s, head, a, &list);
        for (u32 i = 0; i < n; i++) {
            count_code(s, r, &list[i]);
            count_journey(r, &list[i]);
            r->planned +=
                list[i].code == EVENT_MESSAGE_PLANNED || list[i].code == EVENT_OWNER_NOTIFIED;
            r->granted += list[i].code == EVENT_COUPON_GRANTED;
            r->used += list[i].code == EVENT_COUPON_USED && list[i].coupon_code.n;
            r->expired += list[i].code == EVENT_COUPON_EXPIRED;
        }
        count_goals(s, r, list, n);
        arena_free(a);
    }
}

static void compare_journeys(struct sim *s, const struct recount *r,
                             const struct journey_info *info)
{
    struct journeys *j = engine_journeys(world_engine(s->world));
    for (u32 i = 0; i < r->journey_count; i++) {
        struct version_info v;
        u64 entered = 0, refused = 0, ended = 0, reached = 0;
        for (u32 cursor = 0; journey_next_version(j, info[i].code, &cursor, &v);) {
            entered += v.entered;
            reached += v.reached;
            for (u32 k = 0; k < ENTRY_COUNT; k++) refused += v.refused[k];
            for (u32 k = 0; k < EXIT_COUNT; k++) ended += v.ended[k];
        }
        HOLDS(s, entered == r->journeys[i].entered, "a count of entries is no recount");
        HOLDS(s, refused == r->journeys[i].refused, "a count of refusals is no recount");
        HOLDS(s, ended == r->journeys[i].ended, "a count of exits is no recount");
        if (is(info[i].id, "aim") && !has(s, FEATURE_JOINS))
            HOLDS(s, reached == r->reached, "a goal's count is no recount");
    }
}

static void compare_coupons(struct sim *s, const struct recount *r)
{
    struct engine *e = world_engine(s->world);
    static const char *const IDS[] = {"pool", "made"};
    struct offer_info sum = {0};
    for (u32 i = 0; i < COUNT_OF(IDS); i++) {
        struct offer_info one;
        u32 code = names_find(engine_names(e), NAME_OBJECT, str_of(IDS[i]));
        if (!code || !offer_info(engine_offers(e), code, &one)) continue;
        sum.granted += one.granted;
        sum.expired += one.expired;
    }
    HOLDS(s, sum.granted == r->granted, "a count of coupons is no recount");
    HOLDS(s, sum.expired == r->expired, "a count of expired coupons is no recount");
}

void check_swarm(struct sim *s)
{
    struct engine *e = world_engine(s->world);
    struct journey_info info[NAMED_MAX];
    struct recount *r = mem_zalloc(sizeof *r);
    r->journey_count = journey_list(engine_journeys(e), info, NAMED_MAX);
    for (u32 i = 0; i < r->journey_count; i++) r->journeys[i].id = info[i].id;
    recount_all(s, r);
    /* What was erased, or taken back, is counted, and in nobody's timeline. */
    if (!s->erasing && !s->undos) {
        compare_journeys(s, r, info);
        compare_coupons(s, r);
        HOLDS(s, message_tally(engine_messages(e)).planned == r->planned,
              "a count of messages is no recount");
    }
    free(r);
}
