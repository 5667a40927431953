/* fixture_test.h — intake as its tests see it: a body in, one line of text for each record out.
 *
 *   track "Order Completed" user_id=u1 at=… props={"total":12.5} traits={} consent=email:yes
 *
 * Single quotes stand for double ones in JSON given to `take`. Parts that are empty are left out.
 */
#pragma once
#include "base/test.h"
#include "engine/record.h"
#include "env/env.h"
#include "intake/intake.h"

#include <stdio.h>

struct desk {
    struct env *env;
    struct names *names;
    struct intake *in;
    struct intake_source from;
    struct buf records, text;
    struct intake_result result;
    struct diag why;
    i64 now_ms;
};

/* 2026-06-01T12:00:00Z */
#define DESK_NOW ((i64)1780315200000)

static const char *const DESK_WHAT[] = {"?",      "track", "identify", "page",
                                        "screen", "group", "alias"};

static inline struct desk *desk_new(struct arena *arena, struct intake_options o, bool browser)
{
    struct desk *d = arena_zalloc(arena, sizeof *d);
    d->env = o.env = env_sim(1);
    d->names = o.names = names_new(NULL);
    record_fixed_names(d->names);
    o.key = (struct sip_key){1, 2};
    d->in = intake_new(&o);
    d->from = (struct intake_source){.code = 7, .browser = browser};
    d->now_ms = DESK_NOW;
    buf_init(&d->records, APPEND_BYTES_MAX);
    buf_init(&d->text, 8 << 20);
    return d;
}

static inline void desk_free(struct desk *d)
{
    intake_free(d->in);
    names_free(d->names);
    env_free(d->env);
    buf_clear(&d->records), buf_clear(&d->text);
}

static inline void desk_props(struct desk *d, name_kind kind, const char *label, str props)
{
    struct reader r = reader_of(props);
    u32 code;
    value v;
    if (props.n == 0) return;
    buf_printf(&d->text, " %s={", label);
    for (bool first = true; props_next(&r, &code, &v); first = false) {
        if (!first) buf_byte(&d->text, ',');
        buf_put(&d->text, code ? names_text(d->names, kind, code) : S("(rest)"));
        buf_put(&d->text, v.type == VALUE_DATE   ? S("=date ")
                          : v.type == VALUE_TIME ? S("=time ")
                                                 : S(":"));
        value_json(&d->text, v);
    }
    CHECK(!r.bad);
    buf_byte(&d->text, '}');
}

static inline void desk_consents(struct desk *d, str consents)
{
    static const char *const SAID[] = {"no", "yes", "unknown"};
    struct reader r = reader_of(consents);
    while (r.p < r.end) {
        str channel = names_text(d->names, NAME_CHANNEL, (u32)read_varint(&r));
        u32 topic = (u32)read_varint(&r);
        buf_printf(&d->text, " %.*s%s%.*s:%s", STR_ARG(channel), topic ? "/" : "",
                   STR_ARG(names_text(d->names, NAME_TOPIC, topic)), SAID[read_byte(&r) % 3]);
    }
}

static inline void desk_record(struct desk *d, const struct record *r)
{
    struct item item;
    CHECK_EQ(r->kind, RECORD_ITEM_);
    CHECK(item_read(r->payload, r->id_count, &item) && item_valid(&item));
    CHECK(item.message_id.n > 0 && !hash128_is_zero(r->dedupe));
    buf_printf(&d->text, "%s", DESK_WHAT[item.what]);
    if (item.event)
        buf_printf(&d->text, " \"%.*s\"", STR_ARG(names_text(d->names, NAME_EVENT, item.event)));
    for (u32 i = 0; i < r->id_count; i++) {
        buf_printf(&d->text, " %.*s=%.*s",
                   STR_ARG(names_text(d->names, NAME_SPACE, r->ids[i].space)),
                   STR_ARG(item.values[i]));
        if (item.raws[i].n) buf_printf(&d->text, "(%.*s)", STR_ARG(item.raws[i]));
    }
    if (r->occurred_ms != NEVER) {
        buf_put(&d->text, S(" at="));
        iso_put(&d->text, r->occurred_ms);
    }
    desk_props(d, NAME_PROPERTY, "props", item.props);
    desk_props(d, NAME_ATTRIBUTE, "traits", item.traits);
    if (item.consents.n) buf_put(&d->text, S(" consent"));
    desk_consents(d, item.consents);
    buf_byte(&d->text, '\n');
}

/* Takes a body as it is: what became of it, a line a record, then "refused N: reason" lines. */
static inline err desk_body(struct desk *d, intake_call call, str body)
{
    struct record r;
    u32 count = 0;
    buf_reset(&d->records), buf_reset(&d->text);
    d->why = (struct diag){0};
    err e = intake_batch(d->in, &d->from, call, body, d->now_ms, &d->records, &d->result, &d->why);
    struct reader in = reader_of(buf_str(&d->records));
    for (; record_next(&in, &r); count++) desk_record(d, &r);
    CHECK(!in.bad);
    if (e != ERR_OK) {
        CHECK_EQ(count, 0);
        return e;
    }
    CHECK_EQ(count, d->result.accepted);
    for (u32 i = 0; i < d->result.kept; i++)
        buf_printf(&d->text, "refused %u: %s\n", d->result.rejections[i].index,
                   d->result.rejections[i].reason);
    return e;
}

static inline str desk_quotes(struct arena *arena, const char *json)
{
    char *copy = (char *)(uintptr_t)arena_str(arena, str_of(json)).p;
    for (char *p = copy; *p; p++)
        if (*p == '\'') *p = '"';
    return str_of(copy);
}

/* As desk_body with quotes changed; the text of what came out. */
static inline str desk_take(struct desk *d, struct arena *arena, intake_call call, const char *json)
{
    err e = desk_body(d, call, desk_quotes(arena, json));
    return e == ERR_OK ? buf_str(&d->text)
                       : arena_printf(arena, "%s: %s", err_name(e), d->why.message);
}
