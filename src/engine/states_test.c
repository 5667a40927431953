/* states_test.c — tags by rule, stages, scores and levels beside a slow, obvious twin. */
#include "engine/rig_test.h"

#include <math.h>
#include <stdlib.h>

enum { PEOPLE = 5, HAPPENED_MAX = 4096 };

static const struct {
    object_kind kind;
    const char *source;
} OBJECTS[] = {
    {OBJECT_SCORE,
     "{'id':'s','rules':[{'did':'A','points':10,'expires':'5h'},{'did':'B','points':-3}]}"},
    {OBJECT_SCORE,
     "{'id':'h','half_life':'3h','rules':[{'did':'A','points':40},{'did':'B','points':-10}]}"},
    {OBJECT_SEGMENT, "{'id':'hot','if':{'score':'h','op':'>=','value':20}}"},
    {OBJECT_STAGES,
     "{'id':'m','stages':[{'id':'one','if':{'did':'A'}},{'id':'two','if':{'did':'A','within':'4h',"
     "'count':{'op':'>=','value':2}}},{'id':'three','if':{'score':'s','op':'>=','value':20}}]}"},
    {OBJECT_STAGES,
     "{'id':'f','only_forward':true,'stages':[{'id':'one','if':{'did':'A'}},{'id':'two','if':{'did'"
     ":'A','within':'4h','count':{'op':'>=','value':2}}},{'id':'three','if':{'stage':'three','in':"
     "'m'}}]}"},
    {OBJECT_TAG, "{'id':'T','if':{'score':'s','op':'>=','value':15}}"},
    {OBJECT_TAG, "{'id':'X','if':{'did':'B','within':'2h'},'expires':'3h'}"},
    {OBJECT_LEVELS,
     "{'id':'tiers','ladder':[{'id':'silver','if':{'tag':'T'}},{'id':'gold','if':{'all':[{'tag':"
     "'T'},{'segment':'hot'}]}}]}"},
    {OBJECT_SEGMENT,
     "{'id':'inner','if':{'all':[{'stage':'three','in':'m'},{'attribute':'level','op':'=','value':"
     "'gold'}]}}"}};

struct twin {
    struct rig *r;
    persona own[PEOPLE];
    bool cut[PEOPLE];
    i32 furthest[PEOPLE];
    struct {
        u32 person;
        char what;
        i64 at;
    } happened[HAPPENED_MAX];
    u32 count;
    i64 live; /* since when there are rules */
};

static persona head_of(const struct twin *t, u32 person)
{
    return customer_head(engine_customers(t->r->engine), t->own[person]);
}

static i64 now_of(const struct twin *t)
{
    return env_wall_ms(t->r->env);
}

/* How often within a time (0: ever), and the last time. */
static u32 often(const struct twin *t, persona head, char what, i64 within, i64 *last)
{
    u32 n = 0;
    *last = INT64_MIN;
    for (u32 i = 0; i < t->count; i++) {
        if (t->happened[i].what != what || head_of(t, t->happened[i].person) != head) continue;
        *last = max_i64(*last, t->happened[i].at);
        n += !within || now_of(t) - t->happened[i].at < within;
    }
    return n;
}

static double decayed(const struct twin *t, persona head)
{
    double sum = 0;
    for (u32 i = 0; i < t->count; i++) {
        if (head_of(t, t->happened[i].person) != head) continue;
        double age = (double)(now_of(t) - t->happened[i].at) / (double)(3 * HOUR);
        sum += (t->happened[i].what == 'A' ? 40 : -10) * exp2(-age);
    }
    return sum;
}

static i32 stage_at(const struct twin *t, const char *model, persona head)
{
    struct segments *sg = engine_segments(t->r->engine);
    const struct standing *st =
        standing_find(sg, STANDING_STAGES, rig_code(t->r, NAME_OBJECT, model));
    return standing_now(sg, st, head);
}

static bool tagged(const struct twin *t, const char *tag, persona head)
{
    i64 expires;
    struct customer_view v = {engine_customers(t->r->engine), NULL};
    return view_tag(&v, head, rig_code(t->r, NAME_TAG, tag), now_of(t), &expires);
}

static bool member(const struct twin *t, const char *segment, persona head)
{
    struct customer_view v = {engine_customers(t->r->engine), NULL};
    return segment_holds(engine_segments(t->r->engine), &v, rig_code(t->r, NAME_OBJECT, segment),
                         head);
}

static str level_of(const struct twin *t, persona head)
{
    struct customer_view v = {engine_customers(t->r->engine), NULL};
    value level = view_attribute(&v, head, rig_code(t->r, NAME_ATTRIBUTE, "level"));
    return level.type == VALUE_TEXT ? level.text : (str){0};
}

/* What was ever reached by one of hers stays reached. */
static i32 furthest(struct twin *t, persona head, i32 due)
{
    for (u32 i = 0; i < PEOPLE; i++)
        if (head_of(t, i) == head && t->furthest[i] > due) due = t->furthest[i];
    for (u32 i = 0; i < PEOPLE; i++)
        if (head_of(t, i) == head) t->furthest[i] = due;
    return due;
}

static bool was_cut(const struct twin *t, persona head)
{
    for (u32 i = 0; i < PEOPLE; i++)
        if (head_of(t, i) == head && t->cut[i]) return true;
    return false;
}

static void check(struct twin *t, persona head)
{
    i64 last_a, last_b;
    u32 counted = often(t, head, 'A', 5 * HOUR, &last_a);
    i64 s = 10 * (i64)counted - 3 * (i64)often(t, head, 'B', 0, &last_b);
    double h = decayed(t, head), shown;
    bool hot = h >= 20;
    u32 ever = often(t, head, 'A', 0, &last_a), two = often(t, head, 'A', 4 * HOUR, &last_a);
    i32 due = s >= 20 ? 2 : two >= 2 ? 1 : ever ? 0 : -1;
    shown = (double)engine_score(t->r->engine, head, rig_code(t->r, NAME_OBJECT, "h")) / 10000;
    CHECK_EQ(engine_score(t->r->engine, head, rig_code(t->r, NAME_OBJECT, "s")), s * FIXED_ONE);
    CHECK(fabs(shown - h) < 0.0001);
    CHECK_EQ(stage_at(t, "m", head), due);
    CHECK_EQ(tagged(t, "T", head), s >= 15);
    if (!was_cut(t, head)) {
        CHECK_EQ(stage_at(t, "f", head), furthest(t, head, due));
        CHECK_EQ(tagged(t, "X", head),
                 last_b > t->live - 2 * HOUR && now_of(t) - last_b < 5 * HOUR);
    }
    if (fabs(h - 20) < 0.000001) return;
    CHECK_EQ(member(t, "hot", head), hot);
    str level = s < 15 ? (str){0} : hot ? S("gold") : S("silver");
    CHECK(str_eq(level_of(t, head), level));
    CHECK_EQ(member(t, "inner", head), due == 2 && hot);
}

static void happens(struct twin *t, u32 person, char what)
{
    rig_item(t->r, person, what == 'A' ? "A" : "B", (struct item){0});
    t->happened[t->count].person = person;
    t->happened[t->count].what = what;
    t->happened[t->count++].at = now_of(t);
}

static void parts(struct twin *t, u32 person)
{
    struct record record = {.kind = RECORD_UNMERGE_};
    struct buf payload;
    char id[33];
    for (u32 i = 0; i < PEOPLE; i++)
        if (head_of(t, i) == head_of(t, person)) t->cut[i] = true;
    customer_id(engine_customers(t->r->engine), t->own[person], id);
    buf_init(&payload, 64);
    persona_put(&payload, (str){id, 32});
    record.payload = buf_str(&payload);
    rig_append(t->r, &record);
    buf_clear(&payload);
}

static void passes(struct twin *t)
{
    static const i64 STEPS[] = {1, HOUR - 1, HOUR, 2 * HOUR, 4755209, 17 * MINUTE};
    i64 until = now_of(t) + STEPS[rng_below(&t->r->rng, COUNT_OF(STEPS))];
    while (now_of(t) < until) {
        i64 next = min_i64(until, engine_next_due(t->r->engine));
        sim_advance(t->r->env, max_i64(next - now_of(t), 1));
        rig_settle(t->r);
    }
}

static void anything(struct twin *t)
{
    u32 what = (u32)rng_below(&t->r->rng, 40), person = (u32)rng_below(&t->r->rng, PEOPLE);
    if (what < 16)
        happens(t, person, what < 11 ? 'A' : 'B');
    else if (what == 16)
        rig_merges(t->r, person, (person + 1) % PEOPLE);
    else if (what == 17)
        parts(t, person);
    else
        passes(t);
    rig_settle(t->r);
}

static void publish_all(struct twin *t)
{
    for (u32 i = 0; i < COUNT_OF(OBJECTS); i++) {
        rig_publishes(t->r, OBJECTS[i].kind, OBJECTS[i].source);
        rig_settle(t->r);
    }
}

TEST("tags, stages, scores and levels are what her timeline says, after any history and restart")
{
    struct twin *t = arena_zalloc(arena, sizeof *t);
    t->r = rig_open(arena, "states");
    for (u32 i = 0; i < PEOPLE; i++) {
        struct item item = {0};
        t->furthest[i] = -1;
        rig_item(t->r, i, NULL, (struct item){0});
        rig_settle(t->r);
        struct record_id id = rig_id(t->r, i, &item, 0);
        t->own[i] = customer_find(engine_customers(t->r->engine), id.space, id.hash);
    }
    for (u32 i = 0; i < 30; i++) anything(t); /* a rule finds a history */
    publish_all(t);
    t->live = now_of(t);
    for (u32 i = 0; i < PEOPLE; i++) check(t, head_of(t, i));
    for (u32 round = 0; round < 300; round++) {
        anything(t);
        for (u32 i = 0; i < PEOPLE; i++) check(t, head_of(t, i));
    }
    hash128 before = engine_hash(t->r->engine);
    engine_close(t->r->engine);
    rig_start(t->r);
    hash128 after = engine_hash(t->r->engine);
    CHECK(hash128_eq(before, after));
    for (u32 i = 0; i < PEOPLE; i++) check(t, head_of(t, i));
    rig_close(t->r);
}

static err try_publish(struct rig *r, object_kind kind, const char *source, struct diag *why)
{
    struct buf payload;
    const struct json *j;
    char *text = arena_alloc(r->arena, strlen(source) + 1);
    for (size_t i = 0; i <= strlen(source); i++) text[i] = source[i] == '\'' ? '"' : source[i];
    *why = (struct diag){0};
    CHECK_OK(json_parse(str_of(text), r->arena, &j, why));
    buf_init(&payload, RECORD_BYTES_MAX);
    err e = publish_object(r->engine, kind, j, &payload, why);
    buf_clear(&payload);
    return e;
}

TEST("a circle through tags, stages or levels is refused, and what is asked for stays")
{
    static const struct {
        object_kind kind;
        const char *source, *at;
    } BAD[] = {
        {OBJECT_TAG, "{'id':'P/a','if':{'tag':'P/a'}}", ""},
        {OBJECT_TAG, "{'id':'P/b','if':{'tag':'P/*'}}", ""},
        {OBJECT_TAG, "{'id':'seed','if':{'attribute':'level','op':'exists'}}", ""},
        {OBJECT_STAGES,
         "{'id':'default','stages':[{'id':'a','if':{'did':'A'}},{'id':'b','if':{'stage':'a'}}]}",
         "/stages/1/if/stage"},
        {OBJECT_STAGES, "{'id':'default','stages':[{'id':'a'},{'id':'a'}]}", "/stages/1/id"},
        {OBJECT_STAGES, "{'id':'default','stages':[]}", "/stages"},
        {OBJECT_SEGMENT, "{'id':'g','if':{'stage':'nowhere'}}", "/if/stage"},
        {OBJECT_SEGMENT, "{'id':'g','if':{'score':'none','op':'>','value':1}}", "/if/score"},
        {OBJECT_SCORE, "{'id':'z','rules':[{'did':'A','points':'x'}]}", "/rules/0/points"},
        {OBJECT_SCORE, "{'id':'z','rules':[{'did':'A','points':1,'expires':'soon'}]}",
         "/rules/0/expires"},
        {OBJECT_SCORE, "{'id':'z','half_life':'1mo'}", "/half_life"},
        {OBJECT_LEVELS, "{'id':'l','ladder':[{'id':'a'}]}", "/ladder/0/if"},
        {OBJECT_LEVELS, "{'id':'l','ladder':[{'id':'a','if':{'did':'A'}}],'keep':'x'}", "/keep"},
        {OBJECT_SEGMENT, "{'id':'$stage:m/one'}", "/id"},
    };
    struct rig *r = rig_open(arena, NULL);
    struct diag why = {0};
    rig_publishes(r, OBJECT_TAG, "{'id':'seed','if':{'did':'A'}}");
    rig_settle(r);
    rig_publishes(r, OBJECT_LEVELS, "{'id':'tiers','ladder':[{'id':'one','if':{'tag':'seed'}}]}");
    rig_settle(r);
    for (u32 i = 0; i < COUNT_OF(BAD); i++) {
        CHECK_EQ(try_publish(r, BAD[i].kind, BAD[i].source, &why), ERR_REFUSED);
        if (strcmp(why.path, BAD[i].at) != 0)
            fail_msg("%s: %s %s", BAD[i].source, why.path, why.message);
    }
    struct buf payload;
    buf_init(&payload, 256);
    why = (struct diag){0};
    CHECK_EQ(publish_removal(r->engine, OBJECT_TAG, S("seed"), &payload, &why), ERR_CONFLICT);
    CHECK(strstr(why.message, "tiers"));
    CHECK_OK(publish_removal(r->engine, OBJECT_LEVELS, S("tiers"), &payload, &why));
    buf_clear(&payload);
    rig_close(r);
}

TEST("a tag that somebody set stays when a rule ends; one that she lost by hand comes by the next")
{
    struct twin *t = arena_zalloc(arena, sizeof *t);
    struct rig *r = t->r = rig_open(arena, NULL);
    rig_publishes(r, OBJECT_TAG, "{'id':'T','if':{'did':'A','within':'1h'}}");
    rig_tags(r, 0, "T", true);
    rig_item(r, 1, NULL, (struct item){0});
    rig_settle(r);
    for (u32 i = 0; i < 2; i++) {
        struct item item = {0};
        struct record_id id = rig_id(r, i, &item, 0);
        t->own[i] = customer_find(engine_customers(r->engine), id.space, id.hash);
        happens(t, i, 'A');
    }
    rig_settle(r);
    CHECK(tagged(t, "T", t->own[0]) && tagged(t, "T", t->own[1]));
    sim_advance(r->env, HOUR - 1);
    rig_settle(r);
    CHECK(tagged(t, "T", t->own[1]));
    sim_advance(r->env, 1);
    rig_settle(r);
    CHECK(tagged(t, "T", t->own[0]) && !tagged(t, "T", t->own[1]));
    happens(t, 1, 'A');
    rig_tags(r, 1, "T", false);
    rig_settle(r);
    CHECK(!tagged(t, "T", t->own[1]));
    rig_tags(r, 1, "T", true);
    sim_advance(r->env, HOUR);
    rig_settle(r);
    CHECK(tagged(t, "T", t->own[1])); /* now it is hers */
    rig_close(r);
}
