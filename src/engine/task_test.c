/* task_test.c — what steps do to customers and ask of people, through records, starts and cuts. */
#include "engine/house_test.h"

static u32 told(struct house *h, const char *reference, u32 code, u32 property, str *text)
{
    struct subject who;
    struct event ev;
    u32 n = 0;
    engine_subject(h->e, house_find(h, reference), &who);
    struct event_iter *it =
        event_iter(who.events, who.personas, who.persona_count, INT64_MIN, NEVER, who.scratch);
    while (event_next(it, &ev)) {
        if (ev.code != code) continue;
        n++;
        if (text) *text = props_get(ev.props, property).text;
    }
    return n;
}

static void outcome(struct house *h, str id, const char *word)
{
    struct buf b;
    struct task_record t = {.task = id, .outcome = str_of(word), .by = S("li")};
    buf_init(&b, 4096);
    task_put(&b, &t);
    house_say(h, RECORD_TASK_, buf_str(&b));
    buf_clear(&b);
}

static u32 tasks_of(struct house *h)
{
    struct task_info t;
    u32 n = 0, cursor = 0;
    while (task_next(engine_journeys(h->e), &cursor, &t)) n++;
    return n;
}

#define CALLS                                                                                      \
    "{\"id\":\"calls\",\"trigger\":{\"event\":\"Go\"},\"exit\":[{\"did\":\"Bye\"}],\"steps\":["    \
    "{\"id\":\"s\",\"split\":[{\"percent\":100,\"steps\":[{\"id\":\"t\",\"tag\":\"A/B\","          \
    "\"expires\":\"3h\"}]}]},{\"id\":\"a\",\"set\":{\"city\":\"Xian\"}},"                          \
    "{\"id\":\"k\",\"task\":{\"kind\":\"call\",\"owner\":{\"round_robin\":[\"li\",\"wu\"]},"       \
    "\"outcomes\":[\"yes\",\"no\"]}},"                                                             \
    "{\"id\":\"w\",\"wait\":{\"until\":{\"did\":\"Ping\",\"since\":\"k\"},\"timeout\":\"2h\"}},"   \
    "{\"id\":\"b\",\"branch\":[{\"if\":{\"step\":\"w\",\"result\":\"met\"},\"steps\":["            \
    "{\"id\":\"u\",\"untag\":\"A/B\"},{\"id\":\"n\",\"set\":{\"city\":null}}]}]}]}"

TEST("steps, their marks and tasks are the same after a start, from the log and from a snapshot")
{
    struct house h;
    str id = {0}, by = {0};
    house_open(&h, 1, "/x");
    house_publish(&h, OBJECT_JOURNEY, CALLS);
    persona ada = house_post(&h, &(struct post){.ids = {"user:ada"}, .event = "Go"});
    house_post(&h, &(struct post){.ids = {"user:bob"}, .event = "Go"});
    CHECK_STR(house_attribute(&h, ada, "city"), S("Xian"));
    CHECK_EQ(told(&h, "user:ada", EVENT_TAG_ADDED, PROPERTY_NAME, &id), 1);
    CHECK_STR(id, S("A/B"));
    CHECK_EQ(tasks_of(&h), 2);
    hash128 live = engine_hash(h.e);
    house_again(&h);
    CHECK(hash128_eq(engine_hash(h.e), live));
    CHECK_EQ(tasks_of(&h), 2);
    told(&h, "user:ada", EVENT_TASK_OPENED, PROPERTY_TASK, &id);
    char kept[TASK_ID_BYTES];
    memcpy(kept, id.p, sizeof kept);
    outcome(&h, (str){kept, sizeof kept}, "perhaps");
    CHECK_EQ(told(&h, "user:ada", EVENT_TASK_DONE, PROPERTY_OUTCOME, NULL), 0);
    outcome(&h, (str){kept, sizeof kept}, "yes");
    outcome(&h, (str){kept, sizeof kept}, "no");
    CHECK_EQ(told(&h, "user:ada", EVENT_TASK_DONE, PROPERTY_BY, &by), 1);
    CHECK_STR(by, S("li"));
    sim_advance(h.env, HOUR);
    house_post(&h, &(struct post){.ids = {"user:ada"}, .event = "Ping"});
    CHECK_STR(house_attribute(&h, ada, "city"), S("-"));
    CHECK_EQ(told(&h, "user:ada", EVENT_TAG_REMOVED, PROPERTY_NAME, NULL), 1);
    sim_advance(h.env, HOUR);
    house_settle(&h);
    CHECK_EQ(told(&h, "user:bob", EVENT_JOURNEY_EXITED, PROPERTY_REASON, &by), 1);
    CHECK_STR(by, S("done"));
    live = engine_hash(h.e);
    engine_snapshot(h.e);
    house_settle(&h);
    house_again(&h);
    CHECK(hash128_eq(engine_hash(h.e), live));
    CHECK_EQ(tasks_of(&h), 1);
    house_close(&h);
}

/* Gives a task about her by hand, as the API does. */
static void give(struct house *h, persona who, const char *kind, const char *note)
{
    struct buf b;
    char id[CUSTOMER_ID_BYTES + 1];
    customer_id(engine_customers(h->e), who, id);
    struct task_open_record t = {.customer = {id, CUSTOMER_ID_BYTES},
                                 .kind = str_of(kind),
                                 .owner = S("li"),
                                 .note = str_of(note),
                                 .by = S("mei"),
                                 .outcomes = {S("reached"), S("no answer")},
                                 .outcome_count = 2,
                                 .due_ms = NEVER};
    buf_init(&b, 8192);
    task_open_put(&b, &t);
    house_say(h, RECORD_GIVE_, buf_str(&b));
    buf_clear(&b);
}

static struct task_info only_task(struct house *h)
{
    struct task_info t;
    u32 cursor = 0;
    MUST(task_next(engine_journeys(h->e), &cursor, &t));
    return t;
}

TEST("a task that a person gives stays over starts, and takes one of its outcomes once")
{
    struct house h;
    str text = {0};
    char id[TASK_ID_BYTES + 1];
    house_open(&h, 1, "/x");
    persona ada = house_post(&h, &(struct post){.ids = {"user:ada"}, .event = "Other"});
    give(&h, ada, "call", "asked for a quote");
    CHECK_EQ(tasks_of(&h), 1);
    struct task_info t = only_task(&h);
    memcpy(id, t.id, sizeof id);
    CHECK_STR(t.kind, S("call"));
    CHECK_STR(t.note, S("asked for a quote"));
    CHECK_STR(t.by, S("mei"));
    CHECK_EQ(t.journey.n, 0);
    CHECK_EQ(told(&h, "user:ada", EVENT_TASK_OPENED, PROPERTY_OWNER, &text), 1);
    CHECK_STR(text, S("li"));
    hash128 live = engine_hash(h.e);
    house_again(&h);
    CHECK(hash128_eq(engine_hash(h.e), live));
    outcome(&h, (str){id, TASK_ID_BYTES}, "perhaps");
    CHECK(!only_task(&h).done);
    outcome(&h, (str){id, TASK_ID_BYTES}, "reached");
    outcome(&h, (str){id, TASK_ID_BYTES}, "no answer");
    CHECK(only_task(&h).done);
    CHECK_STR(only_task(&h).outcome, S("reached"));
    CHECK_EQ(told(&h, "user:ada", EVENT_TASK_DONE, PROPERTY_OUTCOME, &text), 1);
    live = engine_hash(h.e);
    engine_snapshot(h.e);
    house_settle(&h);
    house_again(&h);
    CHECK(hash128_eq(engine_hash(h.e), live));
    sim_advance(h.env, 31 * DAY);
    give(&h, ada, "visit", "");
    CHECK_EQ(tasks_of(&h), 1);
    house_close(&h);
}

TEST("a task given by hand follows whom it is about, and goes with her")
{
    struct house h;
    house_open(&h, 1, "/x");
    persona ada = house_post(&h, &(struct post){.ids = {"user:ada"}, .event = "Other"});
    persona bob = house_post(&h, &(struct post){.ids = {"user:bob"}, .event = "Other"});
    give(&h, bob, "call", "");
    house_merge(&h, ada, bob);
    persona head = house_find(&h, "user:ada");
    CHECK_EQ(only_task(&h).head, head);
    house_persona(&h, RECORD_UNMERGE_, head == ada ? bob : ada);
    CHECK_EQ(only_task(&h).head, house_find(&h, "user:bob"));
    house_persona(&h, RECORD_ERASE_, house_find(&h, "user:bob"));
    CHECK_EQ(tasks_of(&h), 0);
    hash128 live = engine_hash(h.e);
    house_again(&h);
    CHECK(hash128_eq(engine_hash(h.e), live));
    CHECK_EQ(tasks_of(&h), 0);
    give(&h, bob, "call", "nobody is there any more");
    CHECK_EQ(tasks_of(&h), 0);
    house_close(&h);
}

TEST("the outcome of a task starts what waits for it")
{
    struct house h;
    str id = {0};
    house_open(&h, 1, NULL);
    house_publish(&h, OBJECT_JOURNEY, CALLS);
    house_publish(&h, OBJECT_JOURNEY,
                  "{\"id\":\"thanks\",\"trigger\":{\"event\":\"Task Done\"},\"entry\":{\"if\":"
                  "{\"attribute\":\"city\",\"op\":\"=\",\"value\":\"Xian\"}},\"steps\":["
                  "{\"id\":\"x\",\"tag\":\"Thanked\"}]}");
    house_post(&h, &(struct post){.ids = {"user:ada"}, .event = "Go"});
    told(&h, "user:ada", EVENT_TASK_OPENED, PROPERTY_TASK, &id);
    char kept[TASK_ID_BYTES];
    memcpy(kept, id.p, sizeof kept);
    outcome(&h, (str){kept, sizeof kept}, "yes");
    CHECK_EQ(told(&h, "user:ada", EVENT_TAG_ADDED, PROPERTY_NAME, &id), 2);
    CHECK_STR(id, S("Thanked"));
    house_close(&h);
}

TEST("an exit closes the task, and a forgotten customer leaves none")
{
    struct house h;
    str why = {0};
    house_open(&h, 1, "/x");
    house_publish(&h, OBJECT_JOURNEY, CALLS);
    house_post(&h, &(struct post){.ids = {"user:ada"}, .event = "Go"});
    house_post(&h, &(struct post){.ids = {"user:ada"}, .event = "Bye"});
    CHECK_EQ(told(&h, "user:ada", EVENT_TASK_CLOSED, PROPERTY_REASON, &why), 1);
    CHECK_STR(why, S("exit"));
    CHECK_EQ(tasks_of(&h), 0);
    persona bob = house_post(&h, &(struct post){.ids = {"user:bob"}, .event = "Go"});
    CHECK_EQ(tasks_of(&h), 1);
    house_persona(&h, RECORD_ERASE_, bob);
    CHECK_EQ(tasks_of(&h), 0);
    hash128 live = engine_hash(h.e);
    house_again(&h);
    CHECK(hash128_eq(engine_hash(h.e), live));
    house_close(&h);
}

TEST("what a step did goes with the persona whose enrolment it was, when two are cut again")
{
    struct house h;
    house_open(&h, 1, NULL);
    house_publish(&h, OBJECT_JOURNEY, CALLS);
    persona ada = house_post(&h, &(struct post){.ids = {"user:ada"}, .event = "Other"});
    persona bob = house_post(&h, &(struct post){.ids = {"user:bob"}, .event = "Other"});
    house_merge(&h, ada, bob);
    persona head = house_find(&h, "user:ada"), part = head == ada ? bob : ada;
    house_post(&h, &(struct post){.ids = {"user:bob"}, .event = "Go"});
    CHECK_STR(house_attribute(&h, head, "city"), S("Xian"));
    house_persona(&h, RECORD_UNMERGE_, part);
    CHECK_STR(house_attribute(&h, head, "city"), S("Xian"));
    CHECK_STR(house_attribute(&h, part, "city"), S("-"));
    house_close(&h);
}
