/* rig_test.h — an engine with a few people, for the tests of this folder: its log is written, its
 * records applied and its slices proposed when the test says so. */
#pragma once
#include "base/test.h"
#include "engine/engine_internal.h"
#include "engine/publish.h"
#include "env/sim.h"
#include "log/fixed.h"

#include <stdio.h>

#define RIG_START 1780300800000 /* 2026-06-01T08:00Z */

struct rig {
    struct env *env; /* simulated */
    struct arena *arena;
    struct engine *engine;
    struct engine_options options;
    struct rng rng;
    u64 number; /* of the last record appended here */
};

static inline void rig_start(struct rig *r)
{
    struct diag why = {0};
    if (engine_open(r->env, &r->options, &r->engine, &why) != ERR_OK) fail_msg("%s", why.message);
}

/* `dir` NULL: in memory. */
static inline struct rig *rig_open(struct arena *arena, const char *dir)
{
    struct rig *r = arena_zalloc(arena, sizeof *r);
    r->arena = arena;
    r->env = env_sim(test_seed());
    sim_set_wall(r->env, RIG_START);
    r->rng = (struct rng){test_seed()};
    r->options.dir = dir;
    rig_start(r);
    return r;
}

static inline void rig_close(struct rig *r)
{
    engine_close(r->engine);
    env_free(r->env);
}

static inline u32 rig_code(struct rig *r, name_kind kind, const char *name)
{
    u32 code;
    CHECK_OK(names_code(engine_names(r->engine), kind, str_of(name), &code));
    return code;
}

static inline void rig_append(struct rig *r, struct record *record)
{
    struct buf b;
    buf_init(&b, RECORD_BYTES_MAX + 4096);
    record->level = ENGINE_LEVEL;
    record->occurred_ms = NEVER;
    record_put(&b, record);
    CHECK_OK(log_append(engine_log(r->engine), buf_str(&b), 1, false, &r->number));
    buf_clear(&b);
}

static inline struct record_id rig_id(struct rig *r, u32 person, struct item *item, u32 at)
{
    char *text = arena_alloc(r->arena, 24);
    int n = snprintf(text, 24, "u%u", person);
    item->values[at] = (str){text, (size_t)n};
    return (struct record_id){
        identifier_hash(engine_key(r->engine), SPACE_USER_ID, item->values[at]), SPACE_USER_ID};
}

/* An event of u<person>, or an identify (event NULL); what `item` has besides is kept. */
static inline void rig_item(struct rig *r, u32 person, const char *event, struct item item)
{
    struct record record = {.kind = RECORD_ITEM_, .id_count = 1};
    struct buf payload;
    buf_init(&payload, RECORD_BYTES_MAX);
    item.what = event ? ITEM_TRACK : ITEM_IDENTIFY;
    if (event) item.event = rig_code(r, NAME_EVENT, event);
    record.ids[0] = rig_id(r, person, &item, 0);
    item_put(&payload, &item, 1);
    record.payload = buf_str(&payload);
    rig_append(r, &record);
    buf_clear(&payload);
}

static inline void rig_has(struct rig *r, u32 person, const char *attribute, value v)
{
    struct buf traits;
    buf_init(&traits, 4096);
    props_put(&traits, rig_code(r, NAME_ATTRIBUTE, attribute), v);
    rig_item(r, person, NULL, (struct item){.traits = buf_str(&traits)});
    buf_clear(&traits);
}

static inline void rig_tags(struct rig *r, u32 person, const char *tag, bool on)
{
    struct buf tags;
    buf_init(&tags, 64);
    buf_varint(&tags, rig_code(r, NAME_TAG, tag));
    buf_byte(&tags, on);
    buf_zigzag(&tags, NEVER);
    rig_item(r, person, NULL, (struct item){.tags = buf_str(&tags)});
    buf_clear(&tags);
}

/* Two users are one, said by a person. */
static inline void rig_merges(struct rig *r, u32 a, u32 b)
{
    struct item item = {0};
    struct record record = {.kind = RECORD_MERGE_, .id_count = 2};
    record.ids[0] = rig_id(r, a, &item, 0);
    record.ids[1] = rig_id(r, b, &item, 1);
    rig_append(r, &record);
}

/* `source` is the JSON of {"id":…,"if":…} with ' for ". */
static inline void rig_publishes(struct rig *r, object_kind kind, const char *source)
{
    struct diag why = {0};
    struct record record = {.kind = RECORD_PUBLISH_};
    struct buf payload;
    const struct json *j;
    char *text = arena_alloc(r->arena, strlen(source) + 1);
    for (size_t i = 0; i <= strlen(source); i++) text[i] = source[i] == '\'' ? '"' : source[i];
    CHECK_OK(json_parse(str_of(text), r->arena, &j, &why));
    buf_init(&payload, RECORD_BYTES_MAX);
    if (publish_object(r->engine, kind, j, &payload, &why) != ERR_OK) fail_msg("%s", why.message);
    record.payload = buf_str(&payload);
    rig_append(r, &record);
    buf_clear(&payload);
}

static inline void rig_removes(struct rig *r, object_kind kind, const char *id)
{
    struct operate_record o = {
        .what = OPERATE_STOP, .code = rig_code(r, NAME_OBJECT, id), .percent = kind};
    struct record record = {.kind = RECORD_REMOVE_};
    struct buf payload;
    buf_init(&payload, 64);
    operate_put(&payload, &o);
    record.payload = buf_str(&payload);
    rig_append(r, &record);
    buf_clear(&payload);
}

/* Writes and applies what was appended. */
static inline void rig_apply(struct rig *r)
{
    bool moved;
    do {
        moved = log_step(engine_log(r->engine)) == ERR_OK;
        moved |= engine_step(r->engine);
    } while (moved);
}

/* Until nothing is left to do now. */
static inline void rig_settle(struct rig *r)
{
    for (bool moved = true; moved;) {
        rig_apply(r);
        moved = engine_background(r->engine, 1000000);
        moved |= engine_propose(r->engine, env_wall_ms(r->env));
    }
}

static inline bool rig_is_member(struct rig *r, const char *id, u32 person)
{
    struct item item = {0};
    struct record_id rid = rig_id(r, person, &item, 0);
    struct customer_view v = {engine_customers(r->engine), NULL};
    persona head = customer_find(engine_customers(r->engine), rid.space, rid.hash);
    return segment_holds(engine_segments(r->engine), &v, rig_code(r, NAME_OBJECT, id), head);
}
