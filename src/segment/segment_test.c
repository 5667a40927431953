/* segment_test.c — publishing, bootstrap, edges, dependence, removal, one by one. */
#include "base/test.h"
#include "predicate/oracle.h"
#include "segment/inside.h"
#include "segment/segment.h"

#include <stdio.h>
#include <stdlib.h>

struct stage_set {
    struct town *w;
    struct segments *sg;
    struct edges edges;
    u32 slow; /* edges of a bootstrap */
};

static struct stage_set *opened(struct arena *arena)
{
    struct stage_set *s = arena_zalloc(arena, sizeof *s);
    s->w = town_new(arena, NULL);
    s->sg = segments_new(s->w->store, s->w->customers, s->w->events, s->w->names);
    return s;
}

static void closed(struct stage_set *s)
{
    segments_free(s->sg);
    town_free(s->w);
}

static err compiles(struct stage_set *s, const char *text, struct buf *b, struct diag *why)
{
    *why = (struct diag){0};
    buf_reset(b);
    return segment_compile(s->sg, town_json(s->w->arena, text), NULL, b, why);
}

static u32 code_of(struct stage_set *s, const char *id)
{
    return names_find(s->w->names, NAME_OBJECT, str_of(id));
}

static u32 publish(struct stage_set *s, const char *id, const char *rule)
{
    struct buf b;
    struct diag why;
    char text[1024];
    buf_init(&b, 1 << 16);
    if (rule)
        snprintf(text, sizeof text, "{'id':'%s','if':%s}", id, rule);
    else
        snprintf(text, sizeof text, "{'id':'%s'}", id);
    err e = compiles(s, text, &b, &why);
    if (e != ERR_OK) fprintf(stderr, "%s: %s\n", why.path, why.message);
    CHECK_OK(e);
    CHECK_OK(segment_publish(s->sg, code_of(s, id), buf_str(&b), s->w->number));
    buf_clear(&b);
    return code_of(s, id);
}

static void subject_of(void *ctx, persona head, struct subject *out)
{
    *out = town_subject(((struct stage_set *)ctx)->w, head);
}

static void count_edge(void *ctx, const struct edge *e)
{
    CHECK(!e->fresh);
    ((struct stage_set *)ctx)->slow++;
}

static void bootstrap(struct stage_set *s, u32 code)
{
    town_record(s->w);
    segment_bootstrap(s->sg, code, 1, customers_end(s->w->customers), NULL, 0, subject_of, s,
                      s->w->now, count_edge);
    segment_cursor_set(s->sg, code, PERSONAS_MAX);
}

static bool in(struct stage_set *s, const char *id, persona p)
{
    return segment_holds(s->sg, &s->w->view, code_of(s, id), p);
}

static void does(struct stage_set *s, persona p, const char *name, i64 at)
{
    town_record(s->w);
    struct event ev = town_event(s->w, p, name, at, NULL);
    struct subject who = town_subject(s->w, p);
    s->edges.count = 0;
    segment_touch(s->sg, &who, &(struct touch){.event = &ev, .fresh = true}, s->w->now, &s->edges);
}

static void has(struct stage_set *s, persona p, const char *name, const char *json)
{
    struct change c;
    town_record(s->w);
    s->w->now++;
    s->edges.count = 0;
    if (!town_set(s->w, p, name, town_json(s->w->arena, json), &c)) return;
    struct subject who = town_subject(s->w, p);
    customer_edit(s->w->customers, p)->changed = n48_of((i64)s->w->number);
    segment_touch(s->sg, &who, &(struct touch){.changes = &c, .change_count = 1}, s->w->now,
                  &s->edges);
}

static void due(struct stage_set *s, persona p, i64 now)
{
    town_record(s->w);
    s->w->now = now;
    s->edges.count = 0;
    struct subject who = town_subject(s->w, p);
    segment_due(s->sg, &who, now, &s->edges);
}

TEST("a customer enters by doing nothing for thirty days, to the millisecond, and it is fresh")
{
    struct stage_set *s = opened(arena);
    persona ada = town_customer(s->w, "ada");
    u32 quiet = publish(s, "quiet", "{'all':[{'did':'A'},{'not':{'did':'A','within':'30d'}}]}");
    bootstrap(s, quiet);
    i64 t = s->w->now;
    does(s, ada, "A", t);
    CHECK(!in(s, "quiet", ada));
    CHECK_EQ(s->edges.count, 0);
    CHECK_EQ(segment_next(s->sg, ada), t + 30 * DAY);
    due(s, ada, t + 30 * DAY - 1);
    CHECK_EQ(s->edges.count, 0);
    due(s, ada, t + 30 * DAY);
    CHECK(in(s, "quiet", ada));
    CHECK_EQ(s->edges.count, 1);
    CHECK(s->edges.items[0].entered && s->edges.items[0].fresh &&
          s->edges.items[0].segment == quiet);
    CHECK_EQ(segment_next(s->sg, ada), NEVER);
    does(s, ada, "A", s->w->now);
    CHECK(!in(s, "quiet", ada));
    CHECK(!s->edges.items[0].entered);
    closed(s);
}

TEST("nobody is a member before the bootstrap has passed her, and edges it makes are not fresh")
{
    struct stage_set *s = opened(arena);
    persona ada = town_customer(s->w, "ada"), bob = town_customer(s->w, "bob");
    does(s, ada, "A", s->w->now);
    does(s, bob, "A", s->w->now);
    u32 did = publish(s, "did", "{'did':'A'}");
    CHECK_EQ(segment_cursor(s->sg, did), 1);
    does(s, ada, "A", s->w->now);
    CHECK(!in(s, "did", ada));
    CHECK(!segment_judged(s->sg, did, ada));
    segment_bootstrap(s->sg, did, 1, 2, NULL, 0, subject_of, s, s->w->now, count_edge);
    segment_cursor_set(s->sg, did, 2);
    CHECK_EQ(s->slow, 1);
    CHECK(in(s, "did", ada));
    CHECK(!in(s, "did", bob));
    CHECK(segment_judged(s->sg, did, ada));
    CHECK(!segment_judged(s->sg, did, bob));
    bootstrap(s, did);
    CHECK_EQ(s->slow, 2);
    CHECK(in(s, "did", bob));
    CHECK_EQ(segment_count(s->sg, did), 2);
    persona eve = town_customer(s->w, "eve"); /* made later: judged by her first touch */
    does(s, eve, "B", s->w->now);
    CHECK(!in(s, "did", eve));
    does(s, eve, "A", s->w->now);
    CHECK(in(s, "did", eve));
    closed(s);
}

TEST("who comes while a bootstrap is under way was in nothing before: she enters, and it is fresh")
{
    struct stage_set *s = opened(arena);
    town_customer(s->w, "ada");
    u32 did = publish(s, "did", "{'did':'A'}"), other = publish(s, "other", "{'did':'B'}");
    persona eve = town_customer(s->w, "eve");
    town_record(s->w);
    struct event ev = town_event(s->w, eve, "A", s->w->now, NULL);
    struct subject who = town_subject(s->w, eve);
    s->edges.count = 0;
    segment_touch(s->sg, &who, &(struct touch){.event = &ev, .fresh = true, .born = true},
                  s->w->now, &s->edges);
    CHECK(in(s, "did", eve));
    CHECK_EQ(s->edges.count, 1);
    CHECK(s->edges.items[0].fresh && s->edges.items[0].segment == did);
    bootstrap(s, did); /* passes her, and changes nothing */
    CHECK_EQ(s->slow, 0);
    CHECK_EQ(segment_count(s->sg, did), 1);
    does(s, eve, "B", s->w->now);
    CHECK(in(s, "other", eve));
    bootstrap(s, other);
    CHECK_EQ(segment_count(s->sg, other), 1);
    CHECK_EQ(s->slow, 0);
    closed(s);
}

TEST("a customer may be judged out of turn, once")
{
    struct stage_set *s = opened(arena);
    persona ada = town_customer(s->w, "ada"), bob = town_customer(s->w, "bob");
    u32 never = publish(s, "never", "{'not':{'did':'A'}}");
    segment_bootstrap(s->sg, never, bob, bob + 1, NULL, 0, subject_of, s, s->w->now, count_edge);
    CHECK(segment_judged(s->sg, never, bob));
    CHECK(!segment_judged(s->sg, never, ada));
    CHECK(in(s, "never", bob));
    does(s, bob, "A", s->w->now);
    CHECK(!in(s, "never", bob));
    bootstrap(s, never);
    CHECK_EQ(s->slow, 2); /* bob and ada, each once */
    CHECK(!in(s, "never", bob));
    closed(s);
}

TEST("answers computed beside are taken for customers unchanged since, and for no rule they cannot "
     "answer")
{
    struct stage_set *s = opened(arena);
    persona ada = town_customer(s->w, "ada"), bob = town_customer(s->w, "bob");
    u32 list = publish(s, "list", NULL);
    bootstrap(s, publish(s, "first", "{'did':'A'}")); /* both are met */
    u32 city = publish(s, "city", "{'attribute':'city','op':'=','value':'x'}");
    u32 named = publish(s, "named", "{'segment':'list'}"),
        aged = publish(s, "aged", "{'did':'A','within':'1d'}");
    u64 at = s->w->number, wrong = 3;
    has(s, bob, "city", "'y'");
    segment_bootstrap(s->sg, city, 1, 3, &wrong, at, subject_of, s, s->w->now, count_edge);
    CHECK(in(s, "city", ada)); /* as the answers said */
    CHECK(!in(s, "city", bob));
    segment_bootstrap(s->sg, named, 1, 3, &wrong, at, subject_of, s, s->w->now, count_edge);
    segment_bootstrap(s->sg, aged, 1, 3, &wrong, at, subject_of, s, s->w->now, count_edge);
    CHECK(!in(s, "named", ada));
    CHECK(!in(s, "aged", ada));
    CHECK(segment_exists(s->sg, list));
    closed(s);
}

TEST("a rule that names another follows it in the same touch, and in the same moment of time")
{
    struct stage_set *s = opened(arena);
    persona ada = town_customer(s->w, "ada");
    u32 base =
        publish(s, "base", "{'did':'A','within':'1d'}"); /* its code is lower than its user's… */
    u32 user = publish(s, "user", "{'not':{'segment':'base'}}");
    u32 top = publish(s, "top", "{'segment':'user'}");
    base = publish(s, "base", "{'did':'A','within':'2d'}"); /* …and it is edited after them */
    bootstrap(s, base);
    bootstrap(s, user);
    bootstrap(s, top);
    CHECK(in(s, "user", ada) && in(s, "top", ada));
    i64 t = s->w->now;
    does(s, ada, "A", t);
    CHECK_EQ(s->edges.count, 3);
    CHECK_EQ(s->edges.items[0].segment, base);
    CHECK_EQ(s->edges.items[1].segment, user);
    CHECK_EQ(s->edges.items[2].segment, top);
    CHECK(!in(s, "user", ada) && !in(s, "top", ada));
    CHECK_EQ(segment_next(s->sg, ada), t + 2 * DAY);
    due(s, ada, t + 2 * DAY);
    CHECK_EQ(s->edges.count, 3);
    CHECK(in(s, "top", ada));
    CHECK_EQ(segment_user(s->sg, base), user);
    CHECK_EQ(segment_user(s->sg, top), 0);
    answer a = segment_resolve(s->sg, ada, top, s->w->now);
    CHECK(a.holds);
    closed(s);
}

TEST("a circle of segments is refused with its path, when written and when applied")
{
    struct stage_set *s = opened(arena);
    struct buf b;
    struct diag why;
    buf_init(&b, 1 << 16);
    publish(s, "a", "{'did':'A'}");
    publish(s, "b", "{'segment':'a'}");
    publish(s, "c", "{'any':[{'tag':'x'},{'segment':'b'}]}");
    CHECK_EQ(compiles(s, "{'id':'a','if':{'segment':'a'}}", &b, &why), ERR_REFUSED);
    CHECK_STR(str_of(why.message), S("the segments would name each other in a circle: a → a"));
    CHECK_EQ(compiles(s, "{'id':'a','if':{'all':[{'did':'A'},{'segment':'c'}]}}", &b, &why),
             ERR_REFUSED);
    CHECK_STR(str_of(why.message),
              S("the segments would name each other in a circle: a → c → b → a"));
    CHECK_STR(str_of(why.path), S("/if"));
    /* Two that were checked apart and together make a circle: the second is refused in apply. */
    publish(s, "d", "{'did':'A'}");
    struct buf two;
    buf_init(&two, 1 << 16);
    CHECK_OK(compiles(s, "{'id':'a','if':{'segment':'d'}}", &b, &why));
    CHECK_OK(segment_compile(s->sg, town_json(arena, "{'id':'d','if':{'segment':'c'}}"), NULL, &two,
                             &why));
    CHECK_OK(segment_publish(s->sg, code_of(s, "a"), buf_str(&b), s->w->number));
    CHECK_EQ(segment_publish(s->sg, code_of(s, "d"), buf_str(&two), s->w->number), ERR_CONFLICT);
    CHECK_EQ(segment_publish(s->sg, code_of(s, "d"), S("\x01\x00nonsense"), s->w->number),
             ERR_CORRUPT);
    CHECK_EQ(predicate_inputs(segment_predicate(s->sg, code_of(s, "d")))->event_count, 1);
    buf_clear(&two);
    buf_clear(&b);
    closed(s);
}

TEST("what cannot be live is refused with the reason, and what it names must be there")
{
    struct stage_set *s = opened(arena);
    struct buf b;
    struct diag why;
    buf_init(&b, 1 << 16);
    CHECK_EQ(compiles(s, "{'id':'a','if':{'all':[{'tag':'x'},{'segment':'nobody'}]}}", &b, &why),
             ERR_REFUSED);
    CHECK_STR(str_of(why.path), S("/if/all/1/segment"));
    CHECK_STR(str_of(why.message), S("there is no segment \"nobody\""));
    CHECK_EQ(compiles(s, "{'if':{'tag':'x'}}", &b, &why), ERR_REFUSED);
    CHECK_STR(str_of(why.path), S("/id"));
    struct buf heavy;
    buf_init(&heavy, 1 << 16);
    buf_put(&heavy, S("{'id':'h','if':{'all':["));
    for (u32 i = 0; i < 20; i++)
        buf_printf(&heavy, "%s{'did':'*','aggregate':{'distinct':'p%u','op':'>','value':3}}",
                   i ? "," : "", i);
    buf_put(&heavy, S("]}}"));
    buf_byte(&heavy, 0);
    CHECK_EQ(compiles(s, heavy.p, &b, &why), ERR_REFUSED);
    CHECK(str_starts(str_of(why.message), S("this asks for too much of each customer's past")));
    buf_clear(&heavy);
    buf_clear(&b);
    closed(s);
}

TEST("a hand-made list changes by put alone, and rules that name it are asked by a touch")
{
    struct stage_set *s = opened(arena);
    persona ada = town_customer(s->w, "ada");
    u32 list = publish(s, "list", NULL);
    bootstrap(s, publish(s, "user", "{'segment':'list'}"));
    CHECK_EQ(segment_cursor(s->sg, list), PERSONAS_MAX);
    CHECK(segment_put(s->sg, list, ada, true));
    CHECK(!segment_put(s->sg, list, ada, true));
    CHECK(!segment_put(s->sg, code_of(s, "user"), ada, true));
    CHECK_EQ(segment_count(s->sg, list), 1);
    struct subject who = town_subject(s->w, ada);
    segment_touch(s->sg, &who, &(struct touch){.segments = &list, .segment_count = 1}, s->w->now,
                  &s->edges);
    CHECK_EQ(s->edges.count, 1);
    CHECK(in(s, "user", ada));
    CHECK(segment_predicate(s->sg, list) == NULL);
    closed(s);
}

TEST("segments beyond the bits of the hot row are members as well, live and at an epoch")
{
    struct stage_set *s = opened(arena);
    persona ada = town_customer(s->w, "ada"), bob = town_customer(s->w, "bob");
    char id[16];
    for (u32 i = 0; i < 400; i++) {
        snprintf(id, sizeof id, "l%u", i);
        publish(s, id, NULL);
    }
    u32 did = publish(s, "did", "{'did':'A','within':'1d'}");
    bootstrap(s, did);
    does(s, ada, "A", s->w->now);
    segment_put(s->sg, code_of(s, "l300"), ada, true);
    struct epoch *e = epoch_pin(s->w->store);
    struct customer_view then = {s->w->customers, e};
    segment_put(s->sg, code_of(s, "l300"), ada, false);
    segment_put(s->sg, code_of(s, "l301"), ada, true);
    due(s, ada, s->w->now + DAY);
    CHECK(!in(s, "did", ada) && !in(s, "l300", ada) && in(s, "l301", ada));
    CHECK(segment_holds(s->sg, &then, did, ada));
    CHECK(segment_holds(s->sg, &then, code_of(s, "l300"), ada));
    CHECK(!segment_holds(s->sg, &then, code_of(s, "l301"), ada));
    CHECK(!segment_holds(s->sg, &then, did, bob));
    struct segments_at at = {s->sg, &then};
    CHECK(segment_resolve_at(&at, ada, did, 0).holds);
    epoch_drop(e);
    closed(s);
}

TEST("a removed segment gives back its members' bits, its state and its slot")
{
    struct stage_set *s = opened(arena);
    persona p[40];
    char name[16];
    for (u32 i = 0; i < COUNT_OF(p); i++) {
        snprintf(name, sizeof name, "c%u", i);
        p[i] = town_customer(s->w, name);
    }
    u32 did = publish(s, "did",
                      "{'any':[{'did':'A','within':'9d'},{'did':'A','aggregate':{'sum':'n','op':'>'"
                      ",'value':1}}]}");
    u32 user = publish(s, "user", "{'segment':'did'}");
    bootstrap(s, did);
    bootstrap(s, user);
    for (u32 i = 0; i < COUNT_OF(p); i++) does(s, p[i], "A", s->w->now);
    CHECK_EQ(segment_count(s->sg, user), COUNT_OF(p));
    CHECK(customer_at(s->w->customers, p[39])->leaves);
    segment_remove(s->sg, did, s->w->number);
    CHECK(!segment_exists(s->sg, did));
    CHECK(!in(s, "did", p[0]));
    CHECK_EQ(segment_cursor(s->sg, user), 1); /* to be judged again, without it */
    bootstrap(s, user);
    CHECK_EQ(segment_count(s->sg, user), 0);
    for (u32 i = 0; i < 5; i++) does(s, p[0], "B", s->w->now);
    for (u32 i = 0; i < COUNT_OF(p); i++) CHECK_EQ(customer_at(s->w->customers, p[i])->leaves, 0);
    CHECK_EQ(table_has(s->sg->members[0], p[39]), 0);
    u32 again = publish(s, "again", "{'did':'B'}");
    CHECK_EQ(segment_at(s->sg, again)->slot, 1); /* the slot that was did's */
    bootstrap(s, again);
    CHECK(in(s, "again", p[0]));
    CHECK(!in(s, "again", p[1]));
    closed(s);
}

TEST("a merge moves lists and nothing else, and forgetting leaves nothing behind")
{
    struct stage_set *s = opened(arena);
    struct resolved out = {0};
    persona ada = town_customer(s->w, "ada"), bob = town_customer(s->w, "bob");
    u32 list = publish(s, "list", NULL), did = publish(s, "did", "{'did':'A','within':'1d'}");
    bootstrap(s, did);
    does(s, ada, "A", s->w->now);
    does(s, bob, "A", s->w->now);
    segment_put(s->sg, list, bob, true);
    segment_put(s->sg, list, ada, true);
    CHECK_EQ(segment_count(s->sg, did), 2);
    CHECK_OK(customer_link(s->w->customers, ada, bob, LINK_MANUAL, s->w->now, 9, &out));
    segment_moved(s->sg, out.links[0].from, out.links[0].to);
    CHECK_EQ(segment_count(s->sg, did), 1);
    CHECK_EQ(segment_count(s->sg, list), 1);
    CHECK_EQ(customer_at(s->w->customers, out.links[0].from)->leaves, 0);
    persona head = out.links[0].to;
    segment_forget(s->sg, head);
    CHECK_EQ(segment_count(s->sg, did), 0);
    CHECK_EQ(segment_count(s->sg, list), 0);
    CHECK_EQ(segment_next(s->sg, head), NEVER);
    closed(s);
}

static str name_by(void *ctx, u32 kind, u32 code)
{
    return names_text(ctx, (name_kind)kind, code);
}

TEST("the digest is of names and members, the same whatever the slots, codes and order of events "
     "were")
{
    hash128 sums[2];
    for (u32 turn = 0; turn < 2; turn++) {
        struct stage_set *s = opened(arena);
        persona ada = town_customer(s->w, "ada");
        u32 unused;
        if (turn) CHECK_OK(names_code(s->w->names, NAME_OBJECT, S("other"), &unused));
        if (turn) segment_remove(s->sg, publish(s, "gone", "{'tag':'x'}"), s->w->number);
        bootstrap(s, publish(s, turn ? "one" : "two", turn ? "{'did':'A'}" : "{'did':'B'}"));
        bootstrap(s, publish(s, turn ? "two" : "one", turn ? "{'did':'B'}" : "{'did':'A'}"));
        sums[turn] = segments_digest(s->sg, name_by, s->w->names);
        does(s, ada, "A", s->w->now);
        hash128 with = segments_digest(s->sg, name_by, s->w->names);
        CHECK(!hash128_eq(with, sums[turn]));
        sums[turn] = with;
        closed(s);
    }
    CHECK(hash128_eq(sums[0], sums[1]));
}

TEST("leaves that are the same are kept once, whatever the window and the rule")
{
    struct stage_set *s = opened(arena);
    persona ada = town_customer(s->w, "ada");
    u32 base = table_count(s->sg->leaves);
    bootstrap(s, publish(s, "a", "{'did':'A','within':'1d'}"));
    bootstrap(s, publish(s, "b", "{'not':{'did':'A','within':'7d'}}"));
    bootstrap(s, publish(s, "c", "{'all':[{'did':'A','within':'30d'},{'tag':'x'}]}"));
    CHECK_EQ(table_count(s->sg->leaves), base + 1);
    bootstrap(s, publish(s, "d", "{'did':'A','within':'1d','count':{'op':'>=','value':2}}"));
    CHECK_EQ(table_count(s->sg->leaves), base + 2);
    i64 t = s->w->now;
    does(s, ada, "A", t);
    CHECK(in(s, "a", ada) && !in(s, "b", ada));
    due(s, ada, t + DAY);
    CHECK(!in(s, "a", ada) && !in(s, "b", ada));
    due(s, ada, t + 7 * DAY);
    CHECK(in(s, "b", ada));
    segment_remove(s->sg, code_of(s, "a"), s->w->number);
    does(s, ada, "A", s->w->now);
    CHECK(!in(s, "b", ada));
    closed(s);
}
