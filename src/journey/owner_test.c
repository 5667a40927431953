/* owner_test.c — customers joined, cut, forgotten while journeys run; and journeys stopped. */
#include "journey/stage_test.h"

#define CART                                                                                       \
    "{'id':'cart','trigger':{'event':'Cart','key':'n'},'entry':{'again':'per_key',"                \
    "'running':'parallel'},'exit':[{'did':'Bought','match':'n'}],"                                 \
    "'steps':[{'id':'w','wait':{'for':'1h'}},"                                                     \
    "{'id':'m','send':{'channel':'email','template':'t'}},{'id':'x','wait':{'for':'1h'}}]}"
#define PLAIN                                                                                      \
    "{'id':'plain','trigger':{'event':'Seen'},'entry':{'again':'always','running':'%s'},"          \
    "'steps':[{'id':'m','send':{'channel':'email','template':'t'}},{'id':'w','wait':{'for':'1d'}}" \
    "]}"

static const char *plain(struct stage *s, const char *running)
{
    return arena_printf(s->w->arena, PLAIN, running).p;
}

static struct journey_info info_of(const struct stage *s, const char *id)
{
    struct journey_info info;
    CHECK(journey_find(s->journeys, str_of(id), &info));
    return info;
}

TEST("forgetting ends every enrolment of hers, frees the rows, and says nothing")
{
    struct stage *s = stage_new(arena, NULL);
    persona ada = town_customer(s->w, "ada"), bob = town_customer(s->w, "bob");
    stage_publish(s, CART);
    stage_event(s, ada, "Cart", "{'n':1}");
    stage_event(s, ada, "Cart", "{'n':2}");
    stage_event(s, ada, "Bought", "{'n':2}");
    stage_event(s, bob, "Cart", "{'n':1}");
    CHECK_EQ(stage_rows(s, ada, ENROLMENT_WAITING), 1);
    CHECK_EQ(stage_rows(s, ada, ENROLMENT_ENDED), 1);
    u32 told = s->told_count;
    journey_forget(s->journeys, ada);
    CHECK_EQ(customer_at(s->w->customers, ada)->enrolments, 0);
    CHECK_EQ(journey_next_due(s->journeys, ada), 0);
    CHECK_EQ(s->told_count, told);
    CHECK_EQ(info_of(s, "cart").waiting, 1);
    CHECK_EQ(info_of(s, "cart").done, 2);
    CHECK_EQ(info_of(s, "cart").entered, 3);
    CHECK_EQ(stage_rows(s, bob, ENROLMENT_WAITING), 1);
    stage_event(s, ada, "Cart", "{'n':1}");
    CHECK_EQ(stage_rows(s, ada, ENROLMENT_WAITING), 1);
    journey_forget(s->journeys, bob);
    journey_forget(s->journeys, bob);
    CHECK_EQ(info_of(s, "cart").waiting, 1);
    stage_free(s);
}

TEST("after a merge the older of one journey and key stays, the other ends merged")
{
    struct stage *s = stage_new(arena, NULL);
    persona ada = town_customer(s->w, "ada"), eve = town_customer(s->w, "eve");
    stage_publish(s, CART);
    stage_event(s, eve, "Cart", "{'n':1}");
    s->w->now += MINUTE;
    stage_event(s, ada, "Cart", "{'n':1}");
    stage_event(s, ada, "Cart", "{'n':2}");
    stage_event(s, eve, "Cart", "{'n':3}");
    s->w->now += MINUTE;
    persona head = stage_merge(s, ada, eve);
    CHECK_EQ(stage_rows(s, head, ENROLMENT_WAITING), 3);
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_EXITED, "cart", NULL), 1);
    const struct told *t = &s->told[s->told_count - 1];
    CHECK_EQ(t->event, EVENT_JOURNEY_EXITED);
    CHECK_STR(t->reason, S("merged"));
    CHECK_STR(t->key, S("1"));
    CHECK_EQ(t->head, head);
    CHECK(!t->fresh);
    bool older_stays = false;
    for (u32 row = customer_at(s->w->customers, head)->enrolments; row;
         row = row_at(s->journeys, row)->next) {
        const struct enrolment_row *r = row_at(s->journeys, row);
        if (r->state == ENROLMENT_ENDED) CHECK_EQ(r->persona, ada);
        older_stays |= enrolment_runs(r) && r->persona == eve && r->started_ms < s->w->now - MINUTE;
    }
    CHECK(older_stays);
    stage_free(s);
}

TEST("of two entries at one moment that of the earlier record stays after a merge")
{
    struct stage *s = stage_new(arena, NULL);
    persona ada = town_customer(s->w, "ada"), eve = town_customer(s->w, "eve");
    stage_publish(s, CART);
    stage_event(s, eve, "Cart", "{'n':1}");
    stage_event(s, ada, "Cart", "{'n':'1'}");
    persona head = stage_merge(s, ada, eve);
    u32 ended = 0;
    for (u32 row = customer_at(s->w->customers, head)->enrolments; row;
         row = row_at(s->journeys, row)->next)
        if (row_at(s->journeys, row)->state == ENROLMENT_ENDED) ended = row;
    CHECK_EQ(row_at(s->journeys, ended)->persona, ada);
    CHECK_EQ(row_at(s->journeys, ended)->exit, EXIT_MERGED);
    stage_free(s);
}

TEST("what the one that ends merged had planned is cancelled, what was claimed is not")
{
    struct stage *s = stage_new(arena, NULL);
    persona ada = town_customer(s->w, "ada"), eve = town_customer(s->w, "eve"),
            zoe = town_customer(s->w, "zoe");
    stage_publish(s, plain(s, "ignore"));
    stage_event(s, ada, "Seen", NULL);
    s->w->now += MINUTE;
    stage_event(s, eve, "Seen", NULL);
    stage_event(s, zoe, "Seen", NULL);
    u32 claimed = customer_at(s->w->customers, zoe)->messages;
    CHECK(message_claim(s->messages, claimed, &(struct claim_check){.now = s->w->now}));
    persona head = stage_merge(s, ada, eve);
    head = stage_merge(s, head, zoe);
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_EXITED, "plain", "merged"), 2);
    CHECK_EQ(stage_count(s, EVENT_MESSAGE_CANCELLED, "plain", NULL), 1);
    CHECK_EQ(message_at(s->messages, claimed)->status, MESSAGE_CLAIMED);
    CHECK_EQ(message_tally(s->messages).now[MESSAGE_PLANNED], 1);
    CHECK_EQ(message_tally(s->messages).now[MESSAGE_CANCELLED], 1);
    /* A provider that puts the claimed one off does not get it again. */
    CHECK(message_defer(s->messages, claimed, REFUSAL_NONE, s->w->now));
    message_wake(s->messages, head, s->w->now);
    CHECK_EQ(journey_may_send(s->journeys, claimed, s->w->now), REFUSAL_EXIT);
    stage_free(s);
}

TEST("of the same side both stay where they run in parallel")
{
    struct stage *s = stage_new(arena, NULL);
    persona ada = town_customer(s->w, "ada"), eve = town_customer(s->w, "eve");
    stage_publish(s, plain(s, "parallel"));
    stage_event(s, ada, "Seen", NULL);
    s->w->now += MINUTE;
    stage_event(s, ada, "Seen", NULL);
    stage_event(s, eve, "Seen", NULL);
    stage_event(s, eve, "Seen", NULL);
    persona head = stage_merge(s, ada, eve);
    CHECK_EQ(stage_rows(s, head, ENROLMENT_SENDING), 2);
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_EXITED, "plain", "merged"), 2);
    stage_free(s);
}

TEST("a cut gives each enrolment back to the side that began it")
{
    struct stage *s = stage_new(arena, NULL);
    persona ada = town_customer(s->w, "ada"), eve = town_customer(s->w, "eve"), a, b;
    stage_publish(s, CART);
    for (int i = 0; i < 3; i++) {
        char props[32];
        snprintf(props, sizeof props, "{'n':%d}", i);
        stage_event(s, ada, "Cart", props);
        snprintf(props, sizeof props, "{'n':%d}", i + 10);
        stage_event(s, eve, "Cart", props);
    }
    persona head = stage_merge(s, ada, eve);
    stage_event(s, head, "Cart", "{'n':20}");
    CHECK_EQ(stage_rows(s, head, ENROLMENT_WAITING), 7);
    CHECK_OK(customer_cut(s->w->customers, head == ada ? eve : ada, s->w->number, &a, &b));
    journey_cut(s->journeys, a, b);
    CHECK_EQ(stage_rows(s, head, ENROLMENT_WAITING), 4);
    CHECK_EQ(stage_rows(s, head == ada ? eve : ada, ENROLMENT_WAITING), 3);
    stage_until(s, s->w->now + HOUR);
    CHECK_EQ(stage_rows(s, ada, ENROLMENT_WAITING) + stage_rows(s, eve, ENROLMENT_WAITING), 0);
    stage_free(s);
}

TEST("an exit has the key of the entry as the trigger wrote it")
{
    struct stage *s = stage_new(arena, NULL);
    persona ada = town_customer(s->w, "ada");
    stage_publish(s, CART);
    stage_event(s, ada, "Cart", "{'n':'a-7'}");
    stage_event(s, ada, "Cart", "{'n':7}");
    s->w->now += MINUTE;
    stage_event(s, ada, "Bought", "{'n':'7'}");
    const struct told *t = &s->told[s->told_count - 1];
    CHECK_EQ(t->event, EVENT_JOURNEY_EXITED);
    CHECK_STR(t->reason, S("exit"));
    CHECK_STR(t->key, S("7"));
    stage_event(s, ada, "Bought", "{'n':'a-7'}");
    CHECK_STR(s->told[s->told_count - 1].key, S("a-7"));
    stage_free(s);
}

TEST("stopping refuses at once, and its pass ends what runs, of every version")
{
    struct stage *s = stage_new(arena, NULL);
    persona who[8];
    for (u32 i = 0; i < COUNT_OF(who); i++) {
        char name[8];
        snprintf(name, sizeof name, "c%u", i);
        who[i] = town_customer(s->w, name);
    }
    u32 code = stage_publish(s, CART);
    for (u32 i = 0; i < 4; i++) stage_event(s, who[i], "Cart", "{'n':1}");
    stage_publish(s, CART);
    for (u32 i = 4; i < 8; i++) stage_event(s, who[i], "Cart", "{'n':1}");
    stage_until(s, s->w->now + HOUR);
    CHECK_EQ(info_of(s, "cart").waiting, 8);
    CHECK(message_claim(s->messages, customer_at(s->w->customers, who[7])->messages,
                        &(struct claim_check){.now = s->w->now}));
    CHECK(journey_stop(s->journeys, code));
    CHECK(!journey_stop(s->journeys, code + 1000));
    u32 planned = customer_at(s->w->customers, who[0])->messages;
    CHECK_EQ(journey_may_send(s->journeys, planned, s->w->now), REFUSAL_STOPPED);
    stage_event(s, who[0], "Cart", "{'n':2}");
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_REFUSED, "cart", "inactive"), 1);
    stage_event(s, who[0], "Bought", "{'n':1}"); /* too late for an exit */
    stage_publish(s, CART);
    CHECK_EQ(info_of(s, "cart").waiting, 0);
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_EXITED, "cart", "stopped"), 8);
    CHECK_EQ(stage_count(s, EVENT_MESSAGE_CANCELLED, "cart", NULL), 7);
    stage_event(s, who[1], "Cart", "{'n':3}");
    CHECK_EQ(info_of(s, "cart").waiting, 1);
    CHECK_EQ(stage_rows(s, who[1], ENROLMENT_WAITING), 1);
    struct version_info v[3];
    u32 cursor = 0;
    for (u32 i = 0; i < 3; i++) CHECK(journey_next_version(s->journeys, code, &cursor, &v[i]));
    CHECK(!journey_next_version(s->journeys, code, &cursor, &v[0]));
    CHECK_EQ(v[0].number, 1);
    CHECK_EQ(v[0].entered, 4);
    CHECK_EQ(v[0].ended[EXIT_STOPPED], 4);
    CHECK_EQ(v[0].messages[MESSAGE_CANCELLED], 4);
    CHECK_EQ(v[1].ended[EXIT_STOPPED], 4);
    CHECK_EQ(v[1].refused[ENTRY_INACTIVE], 1);
    CHECK_EQ(v[1].messages[MESSAGE_CANCELLED], 3);
    CHECK_EQ(v[1].messages[MESSAGE_CLAIMED], 1);
    CHECK_EQ(v[2].entered, 1);
    CHECK_EQ(v[2].ended[EXIT_STOPPED] + v[2].refused[ENTRY_INACTIVE], 0);
    stage_free(s);
}

TEST("who joins somebody already passed ends with the stop all the same")
{
    struct stage *s = stage_new(arena, NULL);
    persona ada = town_customer(s->w, "ada"), eve = town_customer(s->w, "eve");
    u32 code = stage_publish(s, plain(s, "ignore")), passing;
    persona from;
    stage_event(s, eve, "Seen", NULL);
    journey_stop(s->journeys, code);
    journey_pass(s->journeys, code, 1, ada + 1, s->w->now);
    CHECK(journey_pass_next(s->journeys, &passing, &from));
    CHECK_EQ(from, ada + 1);
    CHECK_EQ(stage_merge(s, ada, eve), ada);
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_EXITED, "plain", "stopped"), 1);
    stage_pass(s);
    CHECK_EQ(stage_count(s, EVENT_JOURNEY_EXITED, "plain", "stopped"), 1);
    stage_free(s);
}
