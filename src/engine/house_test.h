/* house_test.h — an engine in the simulated world, and records for it in a few words. Tests only.
 */
#pragma once
#include "base/json.h"
#include "base/test.h"
#include "engine/engine_internal.h"
#include "engine/publish.h"
#include "env/sim.h"

#include <stdio.h>
#include <stdlib.h>

enum { HOUSE_START_DAYS = 20000 };

struct house {
    struct env *env;
    struct engine_options options;
    struct engine *e;
};

static inline void house_enter(struct house *h)
{
    struct diag why = {0};
    err r = engine_open(h->env, &h->options, &h->e, &why);
    if (r != ERR_OK) fail_msg("the engine does not open: %s", why.message);
}

/* `dir` NULL: in memory. */
static inline void house_open(struct house *h, u64 seed, const char *dir)
{
    *h = (struct house){.env = env_sim(seed), .options = {.dir = dir}};
    sim_set_wall(h->env, HOUSE_START_DAYS * DAY);
    house_enter(h);
}

static inline void house_close(struct house *h)
{
    engine_close(h->e);
    env_free(h->env);
}

static inline void house_again(struct house *h)
{
    engine_close(h->e);
    house_enter(h);
}

static inline i64 house_now(struct house *h)
{
    return env_wall_ms(h->env);
}

/* Until nothing moves at this moment. */
static inline void house_settle(struct house *h)
{
    for (bool moved = true; moved;) {
        moved = log_step(engine_log(h->e)) == ERR_OK;
        moved |= engine_step(h->e);
        moved |= engine_background(h->e, 1000000);
        moved |= engine_propose(h->e, house_now(h));
    }
}

static inline void house_put(struct house *h, const struct record *r)
{
    struct buf b;
    u64 last;
    buf_init(&b, RECORD_BYTES_MAX + 4096);
    record_put(&b, r);
    CHECK_OK(log_append(engine_log(h->e), buf_str(&b), 1, false, &last));
    buf_clear(&b);
    house_settle(h);
}

static inline void house_say(struct house *h, u16 kind, str payload)
{
    house_put(h,
              &(struct record){
                  .kind = kind, .level = ENGINE_LEVEL, .occurred_ms = NEVER, .payload = payload});
}

static inline u32 house_name(struct house *h, name_kind kind, const char *text)
{
    u32 code;
    CHECK_OK(names_code(engine_names(h->e), kind, str_of(text), &code));
    return code;
}

/* "user:ada", "anon:…", "mail:…", "member:…" */
static inline struct identifier house_id(struct house *h, const char *reference)
{
    static const struct {
        const char *prefix;
        u32 space;
    } SPACES[] = {{"user:", SPACE_USER_ID},
                  {"anon:", SPACE_ANONYMOUS_ID},
                  {"mail:", SPACE_EMAIL},
                  {"member:", SPACE_MEMBER_NO}};
    str text = str_of(reference);
    for (u32 i = 0; i < COUNT_OF(SPACES); i++) {
        if (!str_starts(text, str_of(SPACES[i].prefix))) continue;
        text = str_slice(text, strlen(SPACES[i].prefix), text.n);
        return (struct identifier){.space = SPACES[i].space,
                                   .hash = identifier_hash(engine_key(h->e), SPACES[i].space, text),
                                   .value = text};
    }
    fail_msg("no such namespace: %s", reference);
    abort();
}

static inline persona house_find(struct house *h, const char *reference)
{
    struct identifier id = house_id(h, reference);
    return customer_find(engine_customers(h->e), id.space, id.hash);
}

struct post {
    const char *ids[3];
    const char *event; /* NULL: an identify */
    item_what what;    /* 0: by the event */
    const char *attribute;
    value v;
    const char *tag;
    bool off;
    u8 consent; /* of e-mail: 1 yes, 2 no, 3 not recorded */
    i64 ago_ms;
    u16 flags; /* RECORD_* */
};

static inline void post_fields(struct house *h, const struct post *p, struct item *item,
                               struct buf traits_tags_consents[3])
{
    struct buf *b = traits_tags_consents;
    for (u32 i = 0; i < 3; i++) buf_init(&b[i], 1 << 16);
    if (p->attribute)
        props_put(&b[0], house_name(h, NAME_ATTRIBUTE, p->attribute),
                  p->v.type ? p->v : (value){.type = VALUE_NULL});
    if (p->tag) {
        buf_varint(&b[1], house_name(h, NAME_TAG, p->tag));
        buf_byte(&b[1], !p->off);
        buf_zigzag(&b[1], NEVER);
    }
    if (p->consent) {
        buf_varint(&b[2], CHANNEL_EMAIL);
        buf_varint(&b[2], 0);
        buf_byte(&b[2], p->consent == 1 ? 1 : p->consent == 2 ? 0 : 2);
    }
    item->traits = buf_str(&b[0]);
    item->tags = buf_str(&b[1]);
    item->consents = buf_str(&b[2]);
}

/* Puts an item into the log and applies it; the persona it went to. */
static inline persona house_post(struct house *h, const struct post *p)
{
    struct record r = {.kind = RECORD_ITEM_, .level = ENGINE_LEVEL, .flags = p->flags};
    struct item item = {.what = p->what ? p->what : p->event ? ITEM_TRACK : ITEM_IDENTIFY};
    struct buf fields[3], payload;
    struct event ev[8];
    post_fields(h, p, &item, fields);
    for (u32 i = 0; i < 3 && p->ids[i]; i++) {
        struct identifier id = house_id(h, p->ids[i]);
        r.ids[r.id_count] = (struct record_id){id.hash, id.space};
        item.values[r.id_count++] = id.value;
    }
    if (p->event) item.event = house_name(h, NAME_EVENT, p->event);
    if (item.what == ITEM_ALIAS) r.flags |= RECORD_ALIAS;
    r.occurred_ms = house_now(h) - p->ago_ms;
    buf_init(&payload, 1 << 16);
    item_put(&payload, &item, r.id_count);
    r.payload = buf_str(&payload);
    house_put(h, &r);
    for (u32 i = 0; i < 3; i++) buf_clear(&fields[i]);
    buf_clear(&payload);
    struct arena *arena = arena_new();
    u32 n = event_latest(event_view_live(engine_events(h->e)), ev, COUNT_OF(ev), arena);
    arena_free(arena);
    for (u32 i = 0; i < n; i++)
        if (!(ev[i].flags & EVENT_SYSTEM)) return ev[i].persona;
    return 0;
}

static inline void house_persona(struct house *h, u16 kind, persona p)
{
    struct buf b;
    buf_init(&b, 128);
    char id[33];
    customer_id(engine_customers(h->e), p, id);
    persona_put(&b, (str){id, 32});
    house_say(h, kind, buf_str(&b));
    buf_clear(&b);
}

static inline void house_merge(struct house *h, persona a, persona b)
{
    struct buf payload;
    buf_init(&payload, 128);
    char ids[2][33];
    customer_id(engine_customers(h->e), a, ids[0]);
    customer_id(engine_customers(h->e), b, ids[1]);
    merge_put(&payload, &(struct merge_record){{ids[0], 32}, {ids[1], 32}});
    house_say(h, RECORD_MERGE_, buf_str(&payload));
    buf_clear(&payload);
}

static inline void house_publish(struct house *h, object_kind kind, const char *json)
{
    struct arena *a = arena_new();
    const struct json *j;
    struct diag why = {0};
    struct buf b;
    buf_init(&b, RECORD_BYTES_MAX);
    CHECK_OK(json_parse(str_of(json), a, &j, &why));
    err r = publish_object(h->e, kind, j, &b, &why);
    if (r != ERR_OK) fail_msg("%s %s", why.path, why.message);
    house_say(h, RECORD_PUBLISH_, buf_str(&b));
    buf_clear(&b);
    arena_free(a);
}

/* A text attribute as it is seen; "-" if there is none. */
static inline str house_attribute(struct house *h, persona head, const char *name)
{
    struct customer_view v = {engine_customers(h->e), NULL};
    value x = view_attribute(&v, head, house_name(h, NAME_ATTRIBUTE, name));
    return x.type == VALUE_TEXT ? x.text : S("-");
}
