/* compile_wait.c — what a step waits for, checked and encoded. */
#include "journey/compiler.h"

static const char *const KINDS[] = {"for", "until_time", "until_date", "until", "until_segment"};

MUST_USE static err wait_for(struct compiler *c, const struct json *w, u32 step)
{
    i64 ms;
    u32 months;
    TRY(compiler_duration(c, json_get(w, "for"), "/wait/for", &ms, &months));
    TRY(compiler_emit(c, OP_WAIT, step));
    buf_zigzag(&c->body, ms);
    buf_varint(&c->body, months);
    return ERR_OK;
}

MUST_USE static err zone_name(struct compiler *c, const struct json *zone, str *out)
{
    *out = (str){0};
    if (!zone) return ERR_OK;
    if (!json_is(zone, JSON_STRING) || zone->text.n == 0)
        return compiler_refuse(c, "/wait/zone",
                               "name a time zone, such as \"Asia/Shanghai\", or \"customer\"");
    *out = zone->text;
    if (str_eq(*out, S("customer")) || !c->context.known ||
        c->context.known(c->context.ctx, "zone", *out))
        return ERR_OK;
    return compiler_refuse(c, "/wait/zone", "there is no time zone of this name");
}

MUST_USE static err until_time(struct compiler *c, const struct json *w, u32 step)
{
    static const char *const PASSED[PASSED_COUNT] = {"next", "now", "skip"};
    i64 clock_ms;
    str zone;
    u8 passed;
    TRY(compiler_clock(c, json_get(w, "until_time"), "/wait/until_time", &clock_ms));
    TRY(zone_name(c, json_get(w, "zone"), &zone));
    TRY(compiler_word(c, json_get(w, "passed"), PASSED, PASSED_COUNT, "/wait/passed", &passed));
    TRY(compiler_emit(c, OP_UNTIL_TIME, step));
    buf_zigzag(&c->body, clock_ms);
    buf_str_varint(&c->body, zone);
    buf_byte(&c->body, passed);
    if (passed == PASSED_SKIP) c->skip = c->body.n;
    buf_u32(&c->body, 0);
    return ERR_OK;
}

/* The day is that on which the date, seen from it, is `offset` behind. */
MUST_USE static err until_date(struct compiler *c, const struct json *w, u32 step)
{
    static const char *const MEMBERS[] = {"until_date", "anniversary", "lunar", "zone"};
    struct json date = {.type = JSON_OBJECT}, members[COUNT_OF(MEMBERS)];
    struct diag inner = {0};
    struct buf days;
    i64 clock_ms;
    i32 offset = 0;
    for (u32 i = 0; i < COUNT_OF(MEMBERS); i++) {
        const struct json *m = json_get(w, MEMBERS[i]);
        if (!m) continue;
        members[date.count] = *m;
        if (i == 0) members[date.count].key = S("date");
        members[date.count].next = date.child;
        date.child = &members[date.count++];
    }
    TRY(compiler_days(c, json_get(w, "offset"), "/wait/offset", &offset));
    TRY(compiler_clock(c, json_get(w, "at"), "/wait/at", &clock_ms));
    TRY(compiler_emit(c, OP_UNTIL_DATE, step));
    buf_init(&days, 1 << 16);
    c->context.place = PREDICATE_SEGMENT;
    err e = predicate_compile_days(&date, -offset, -offset, &c->context, &days, &inner);
    buf_str_varint(&c->body, buf_str(&days));
    buf_clear(&days);
    buf_zigzag(&c->body, clock_ms);
    if (e == ERR_OK) return ERR_OK;
    char path[400];
    snprintf(path, sizeof path, "%s/wait%s", c->path, inner.path);
    return diag_at(c->why, e, str_of(path), "%s", inner.message);
}

MUST_USE static err until(struct compiler *c, const struct json *w, str id, u32 step)
{
    const struct json *test = json_get(w, "until"), *segment = json_get(w, "until_segment");
    const char *at = test ? "/wait/until" : "/wait/until_segment";
    i64 ms = 0;
    u32 months = 0;
    if (segment && (!json_is(segment, JSON_STRING) || segment->text.n == 0))
        return compiler_refuse(c, at, "name the segment");
    struct json named = segment ? *segment : (struct json){0};
    struct json member = {.type = JSON_OBJECT, .count = 1, .child = &named};
    named.key = S("segment");
    named.next = NULL;
    if (json_get(w, "timeout"))
        TRY(compiler_duration(c, json_get(w, "timeout"), "/wait/timeout", &ms, &months));
    if (json_get(w, "timeout") && ms == 0 && months == 0)
        return compiler_refuse(c, "/wait/timeout", "a timeout is longer than nothing");
    TRY(compiler_emit(c, OP_UNTIL, step));
    TRY(compiler_condition(c, test ? test : &member, PREDICATE_SCOPED, at, &c->body));
    buf_zigzag(&c->body, ms);
    buf_varint(&c->body, months);
    buf_byte(&c->body, compiler_asks_result(c, id));
    return ERR_OK;
}

err compiler_wait(struct compiler *c, const struct json *w, str id, u32 step)
{
    u32 kind = 0, kinds = 0;
    for (u32 i = 0; i < COUNT_OF(KINDS); i++)
        if (json_get(w, KINDS[i])) kind = i, kinds++;
    if (kinds != 1)
        return compiler_refuse(c, "/wait",
                               "say what for: {\"for\": \"2d\"}, {\"until_time\": \"09:00\"}, "
                               "{\"until_date\": …}, {\"until\": …, \"timeout\": …} or "
                               "{\"until_segment\": …, \"timeout\": …}");
    switch (kind) {
    case 0: return wait_for(c, w, step);
    case 1: return until_time(c, w, step);
    case 2: return until_date(c, w, step);
    default: return until(c, w, id, step);
    }
}
