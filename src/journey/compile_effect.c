/* compile_effect.c — what a step does to the customer and for the staff, checked and encoded. */
#include "journey/compiler.h"

/* ---- the customer ---- */

MUST_USE static err tag_step(struct compiler *c, const struct json *s, u32 step, bool on)
{
    const struct json *tag = json_get(s, on ? "tag" : "untag"), *expires = json_get(s, "expires");
    const char *at = on ? "/tag" : "/untag";
    i64 ms = 0;
    u32 code, months = 0;
    if (!json_is(tag, JSON_STRING)) return compiler_refuse(c, at, "name the tag");
    TRY(compiler_code(c, NAME_TAG, tag->text, at, &code));
    if (expires) TRY(compiler_duration(c, expires, "/expires", &ms, &months));
    if (expires && (!on || (ms == 0 && months == 0)))
        return compiler_refuse(c, "/expires", "a tag that is given expires after a while");
    TRY(compiler_emit(c, on ? OP_TAG : OP_UNTAG, step));
    buf_varint(&c->body, code);
    if (!on) return ERR_OK;
    buf_zigzag(&c->body, ms);
    buf_varint(&c->body, months);
    return ERR_OK;
}

enum { VALUE_DEPTH_MAX = 16 };

static value scalar(const struct compiler *c, const struct json *j, bool top)
{
    iso_time t;
    fixed f;
    i64 n;
    switch (j->type) {
    case JSON_BOOL: return value_bool(j->boolean);
    case JSON_NUMBER:
        if (str_to_i64(j->text, &n) == ERR_OK) return value_int(n);
        if (fixed_parse(j->text, &f) == ERR_OK) return value_fixed(f);
        return (value){.type = VALUE_NUMBER, .text = j->text};
    case JSON_STRING:
        if (!top || !iso_parse(j->text, &t)) return value_text(j->text);
        if (!t.timed)
            return (value){.type = VALUE_DATE, .n = civil_ms(t.local) / DAY, .text = j->text};
        return (value){
            .type = VALUE_TIME, .n = zone_resolve_iso(c->context.zone, &t), .text = j->text};
    default: return (value){.type = VALUE_NULL};
    }
}

/* As the edge makes values of JSON: a date is known as one at the top alone. */
static bool put_value(const struct compiler *c, const struct json *j, u32 depth, struct buf *out)
{
    struct buf members;
    bool good = depth < VALUE_DEPTH_MAX;
    if (j->type != JSON_ARRAY && j->type != JSON_OBJECT) {
        value_put(out, scalar(c, j, depth == 0));
        return true;
    }
    buf_init(&members, 1 << 16);
    for (const struct json *m = j->child; m && good; m = m->next) {
        if (j->type == JSON_OBJECT) buf_str_varint(&members, m->key);
        good = put_value(c, m, depth + 1, &members);
    }
    value_put(out, (value){.type = j->type == JSON_OBJECT ? VALUE_MAP : VALUE_LIST,
                           .count = j->count,
                           .text = buf_str(&members)});
    good &= !members.full;
    buf_clear(&members);
    return good;
}

MUST_USE static err set_step(struct compiler *c, const struct json *set, u32 step)
{
    if (!json_is(set, JSON_OBJECT) || set->count == 0)
        return compiler_refuse(c, "/set", "say which attributes become what: {\"city\": \"Xian\"}");
    for (const struct json *m = set->child; m; m = m->next) {
        struct buf bytes;
        u32 code;
        if (names_find(c->j->names, NAME_SPACE, m->key) || str_eq(m->key, S("level")))
            return compiler_refuse(c, "/set", "identifiers and the level are not set by a step");
        TRY(compiler_code(c, NAME_ATTRIBUTE, m->key, "/set", &code));
        TRY(compiler_emit(c, OP_SET, step));
        buf_varint(&c->body, code);
        buf_init(&bytes, 1 << 16);
        bool good = put_value(c, m, 0, &bytes) && !bytes.full;
        buf_str_varint(&c->body, buf_str(&bytes));
        buf_clear(&bytes);
        if (!good) return compiler_refuse(c, "/set", "this value is too long or nested too deep");
    }
    return ERR_OK;
}

MUST_USE static err enter_step(struct compiler *c, const struct json *s, u32 step)
{
    const struct json *target = json_get(s, "enter"), *key = json_get(s, "key");
    u32 code, property = 0;
    if (!json_is(target, JSON_STRING)) return compiler_refuse(c, "/enter", "name the journey");
    if (key && !json_is(key, JSON_STRING))
        return compiler_refuse(c, "/key",
                               "the key is the name of a property of this journey's event");
    TRY(compiler_code(c, NAME_OBJECT, target->text, "/enter", &code));
    if (key) TRY(compiler_code(c, NAME_PROPERTY, key->text, "/key", &property));
    TRY(compiler_emit(c, OP_ENTER, step));
    buf_varint(&c->body, code);
    buf_varint(&c->body, property);
    return ERR_OK;
}

MUST_USE static err coupon_step(struct compiler *c, const struct json *coupon, u32 step)
{
    const struct journey_host *h = &c->j->host;
    u32 code;
    if (!json_is(coupon, JSON_STRING) || !h->coupon ||
        (h->known && !h->known(h->ctx, "coupon", coupon->text)))
        return compiler_refuse(c, "/coupon", "there is no coupon of this id");
    TRY(compiler_code(c, NAME_OBJECT, coupon->text, "/coupon", &code));
    TRY(compiler_emit(c, OP_COUPON, step));
    buf_varint(&c->body, code);
    return ERR_OK;
}

MUST_USE static err stage_step(struct compiler *c, const struct json *s, u32 step)
{
    const struct json *stage = json_get(s, "stage"), *in = json_get(s, "in");
    const struct journey_host *h = &c->j->host;
    char name[NAME_BYTES_MAX + 1];
    u32 code;
    if (!json_is(stage, JSON_STRING)) return compiler_refuse(c, "/stage", "name the stage");
    if (in && !json_is(in, JSON_STRING)) return compiler_refuse(c, "/in", "name the model");
    str list = predicate_stage_list(in ? in->text : S("default"), stage->text, name);
    if (list.n == 0 || (h->known && !h->known(h->ctx, "stage", list)))
        return compiler_refuse(c, "/stage", "there is no such stage in this model");
    TRY(compiler_code(c, NAME_OBJECT, list, "/stage", &code));
    TRY(compiler_emit(c, OP_STAGE, step));
    buf_varint(&c->body, code);
    return ERR_OK;
}

/* 30, or "+30" as people write it. */
static bool points_of(const struct json *j, fixed *out)
{
    str text = j->text;
    if (!json_is(j, JSON_NUMBER) && !json_is(j, JSON_STRING)) return false;
    if (str_starts(text, S("+"))) text = str_slice(text, 1, text.n);
    return fixed_parse(text, out) == ERR_OK && *out <= 1000000 * FIXED_ONE &&
           *out >= -1000000 * FIXED_ONE;
}

MUST_USE static err score_step(struct compiler *c, const struct json *scores, u32 step)
{
    const struct journey_host *h = &c->j->host;
    if (!json_is(scores, JSON_OBJECT) || scores->count == 0)
        return compiler_refuse(c, "/score", "say which score gets how much: {\"lead\": 30}");
    for (const struct json *m = scores->child; m; m = m->next) {
        u32 code;
        fixed points;
        if (h->known && !h->known(h->ctx, "score", m->key))
            return compiler_refuse(c, "/score", "there is no score of this id");
        if (!points_of(m, &points))
            return compiler_refuse(c, "/score", "points are a number up to a million");
        TRY(compiler_code(c, NAME_OBJECT, m->key, "/score", &code));
        TRY(compiler_emit(c, OP_SCORE, step));
        buf_varint(&c->body, code);
        buf_zigzag(&c->body, points);
    }
    return ERR_OK;
}

/* ---- the staff ---- */

/* A list of texts at `at`, none of them empty. */
MUST_USE static err put_texts(struct compiler *c, const struct json *list, u32 max, const char *at,
                              const char *sentence)
{
    if (list && (!json_is(list, JSON_ARRAY) || list->count > max))
        return compiler_refuse(c, at, sentence);
    buf_varint(&c->body, list ? list->count : 0);
    for (const struct json *m = list ? list->child : NULL; m; m = m->next) {
        if (!json_is(m, JSON_STRING) || m->text.n == 0) return compiler_refuse(c, at, sentence);
        buf_str_varint(&c->body, m->text);
    }
    return ERR_OK;
}

MUST_USE static err put_owner(struct compiler *c, const struct json *o, const char *at)
{
    static const char *HOW = "an owner is an id, {\"attribute\": …, \"else\": …} or "
                             "{\"round_robin\": […]} with 1 to 256 ids";
    const struct json *attribute = json_get(o, "attribute"), *robin = json_get(o, "round_robin");
    u32 code;
    if (!o) {
        buf_byte(&c->body, OWNER_NONE);
        return ERR_OK;
    }
    if (json_is(o, JSON_STRING) && o->text.n) {
        buf_byte(&c->body, OWNER_ID);
        buf_str_varint(&c->body, o->text);
        return ERR_OK;
    }
    if (json_is(attribute, JSON_STRING) && !robin) {
        TRY(compiler_code(c, NAME_ATTRIBUTE, attribute->text, at, &code));
        buf_byte(&c->body, OWNER_ATTRIBUTE);
        buf_varint(&c->body, code);
        buf_str_varint(&c->body, json_get_str(o, "else", S("")));
        return ERR_OK;
    }
    if (!json_is(robin, JSON_ARRAY) || robin->count == 0 || attribute)
        return compiler_refuse(c, at, HOW);
    buf_byte(&c->body, OWNER_ROBIN);
    return put_texts(c, robin, ROBIN_MAX, at, HOW);
}

MUST_USE static err task_step(struct compiler *c, const struct json *t, u32 step)
{
    str kind = json_get_str(t, "kind", S(""));
    const struct json *due = json_get(t, "due");
    i64 ms = 0;
    u32 months = 0;
    if (kind.n == 0)
        return compiler_refuse(c, "/task",
                               "say what is to be done: {\"kind\": \"call\", \"owner\": …, "
                               "\"due\": \"1d\", \"outcomes\": […]}");
    if (due) TRY(compiler_duration(c, due, "/task/due", &ms, &months));
    TRY(compiler_emit(c, OP_TASK, step));
    buf_str_varint(&c->body, kind);
    TRY(put_owner(c, json_get(t, "owner"), "/task/owner"));
    buf_zigzag(&c->body, ms);
    buf_varint(&c->body, months);
    return put_texts(c, json_get(t, "outcomes"), OUTCOMES_MAX, "/task/outcomes",
                     "\"outcomes\" is a list of at most 32 words");
}

MUST_USE static err notify_step(struct compiler *c, const struct json *n, u32 step)
{
    str channel = json_get_str(n, "channel", S("")), template = json_get_str(n, "template", S(""));
    u32 code = channel.n ? names_find(c->j->names, NAME_CHANNEL, channel) : 0;
    if (!json_get(n, "to")) return compiler_refuse(c, "/notify/to", "say who is told");
    if (!code)
        return compiler_refuse(c, "/notify/channel",
                               "name the channel: email, sms, push, wechat, wecom, alipay…");
    if (template.n == 0)
        return compiler_refuse(c, "/notify/template", "name the template that is sent");
    TRY(compiler_emit(c, OP_NOTIFY, step));
    TRY(put_owner(c, json_get(n, "to"), "/notify/to"));
    buf_varint(&c->body, code);
    buf_str_varint(&c->body, template);
    return ERR_OK;
}

MUST_USE static err webhook_step(struct compiler *c, const struct json *w, u32 step)
{
    str endpoint = json_get_str(w, "endpoint", S(""));
    u32 code;
    if (endpoint.n == 0)
        return compiler_refuse(c, "/webhook/endpoint", "name the webhook that is called");
    TRY(compiler_code(c, NAME_OBJECT, endpoint, "/webhook/endpoint", &code));
    TRY(compiler_emit(c, OP_WEBHOOK, step));
    buf_varint(&c->body, code);
    return ERR_OK;
}

/* What is meant and not there yet: refused by its name. */
MUST_USE static err not_yet(struct compiler *c, const struct json *s)
{
    static const struct {
        const char *member, *sentence;
    } LATER[] = {
        {"experiment", "experiments are not there yet; \"split\" divides by percent"},
        {"reach", "\"reach\" is not there yet; use a send and a wait for each channel"},
        {"points", "points are not there yet"},
        {"ad_audience", "ad audiences are not there yet"},
    };
    for (u32 i = 0; i < COUNT_OF(LATER); i++) {
        char at[32];
        if (!json_get(s, LATER[i].member)) continue;
        snprintf(at, sizeof at, "/%s", LATER[i].member);
        return compiler_refuse(c, at, LATER[i].sentence);
    }
    return ERR_OK;
}

err compiler_effect(struct compiler *c, const struct json *s, u32 step, bool *found)
{
    *found = true;
    if (json_get(s, "tag")) return tag_step(c, s, step, true);
    if (json_get(s, "untag")) return tag_step(c, s, step, false);
    if (json_get(s, "set")) return set_step(c, json_get(s, "set"), step);
    if (json_get(s, "enter")) return enter_step(c, s, step);
    if (json_get(s, "task")) return task_step(c, json_get(s, "task"), step);
    if (json_get(s, "notify")) return notify_step(c, json_get(s, "notify"), step);
    if (json_get(s, "coupon")) return coupon_step(c, json_get(s, "coupon"), step);
    if (json_get(s, "stage")) return stage_step(c, s, step);
    if (json_get(s, "score")) return score_step(c, json_get(s, "score"), step);
    if (json_get(s, "webhook")) return webhook_step(c, json_get(s, "webhook"), step);
    *found = false;
    return not_yet(c, s);
}
