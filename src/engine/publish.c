/* publish.c — an object's JSON into a PUBLISH payload, its end into a REMOVE one. */
#include "engine/publish.h"

#include "engine/engine_internal.h"

#include "segment/score.h"
#include "segment/standing.h"

static standing_kind standing_kind_of(object_kind kind)
{
    return kind == OBJECT_TAG      ? STANDING_TAG
           : kind == OBJECT_STAGES ? STANDING_STAGES
                                   : STANDING_LEVELS;
}

static bool zone_known(void *ctx, str name)
{
    return engine_zone_known(ctx, name);
}

MUST_USE static err compile(struct engine *e, object_kind kind, const struct json *source,
                            const struct json *how, struct buf *out, struct diag *why)
{
    switch (kind) {
    case OBJECT_JOURNEY:
        return journey_compile_as(engine_journeys(e), source, how, engine_zone(e), out, why);
    case OBJECT_SEGMENT:
        return segment_compile(engine_segments(e), source, engine_zone(e), out, why);
    case OBJECT_TAG:
    case OBJECT_STAGES:
    case OBJECT_LEVELS:
        return standing_compile(engine_segments(e), standing_kind_of(kind), source, engine_zone(e),
                                out, why);
    case OBJECT_SCORE: return score_compile(engine_segments(e), source, engine_zone(e), out, why);
    case OBJECT_POLICY: {
        struct policy_context context = {engine_names(e), zone_known, e};
        return policy_compile(source, &context, out, why);
    }
    case OBJECT_COUPON: return offer_compile(source, out, why);
    default: return ERR_OK;
    }
}

MUST_USE static err encode(struct engine *e, struct publish_record *p, const struct json *source,
                           const struct json *how, struct buf *text, struct buf *compiled,
                           struct buf *payload, struct diag *why)
{
    json_put(text, source);
    err r = names_code(engine_names(e), NAME_OBJECT, p->id, &p->code);
    if (r != ERR_OK) return diag_set(why, r, "the name cannot be given now");
    TRY(compile(e, p->kind, source, how, compiled, why));
    p->source = buf_str(text);
    p->compiled = buf_str(compiled);
    publish_put(payload, p);
    if (!text->full && !compiled->full && !payload->full) return ERR_OK;
    return diag_set(why, ERR_TOO_LARGE, "it is larger than one record may be");
}

MUST_USE static err publish_as(struct engine *e, object_kind kind, const struct json *source,
                               const struct json *how, struct buf *payload, struct diag *why)
{
    bool policy = kind == OBJECT_POLICY; /* there is one: it needs not say its name */
    str otherwise = policy ? S(POLICIES_ID) : S("");
    struct publish_record p = {.kind = kind, .id = json_get_str(source, "id", otherwise)};
    struct buf text, compiled;
    if (policy && !str_eq(p.id, S(POLICIES_ID)))
        return diag_at(why, ERR_REFUSED, S("/id"), "there is one policy, with the id \"policies\"");
    if (p.id.n == 0 || p.id.n > NAME_BYTES_MAX)
        return diag_at(why, ERR_REFUSED, S("/id"), "give it an id of 1 to %d bytes",
                       NAME_BYTES_MAX);
    if (p.id.p[0] == '$') return diag_at(why, ERR_REFUSED, S("/id"), "an id does not begin with $");
    buf_init(&text, HEAP_STRING_MAX);
    buf_init(&compiled, HEAP_STRING_MAX);
    err r = encode(e, &p, source, how, &text, &compiled, payload, why);
    buf_clear(&text);
    buf_clear(&compiled);
    return r;
}

/* The rule behind a score trigger is there before the journey that waits for it, and stays: others
 * may wait for the same. */
MUST_USE static err publish_crossing(struct engine *e, const struct json *trigger, str name,
                                     struct diag *why)
{
    struct buf text, compiled, payload;
    struct publish_record p = {.kind = OBJECT_SEGMENT, .id = name};
    struct json limit = *json_get(trigger, "value");
    struct json op = {
        .type = JSON_STRING, .key = S("op"), .text = json_get_str(trigger, "op", S(">="))};
    struct json score = *json_get(trigger, "score");
    score.next = &op, op.next = &limit, limit.next = NULL;
    struct json rule = {.type = JSON_OBJECT, .key = S("if"), .count = 3, .child = &score};
    struct json id = {.type = JSON_STRING, .key = S("id"), .text = name, .next = &rule};
    struct json whole = {.type = JSON_OBJECT, .count = 2, .child = &id};
    u64 number;
    buf_init(&text, HEAP_STRING_MAX);
    buf_init(&compiled, HEAP_STRING_MAX);
    buf_init(&payload, RECORD_BYTES_MAX);
    err r = encode(e, &p, &whole, NULL, &text, &compiled, &payload, why);
    if (r == ERR_OK) r = engine_append(e, RECORD_PUBLISH_, buf_str(&payload), &number);
    buf_clear(&text);
    buf_clear(&compiled);
    buf_clear(&payload);
    return r;
}

MUST_USE static err with_crossing(struct engine *e, object_kind kind, const struct json *source,
                                  struct diag *why)
{
    char name[NAME_BYTES_MAX + 1];
    const struct json *trigger = json_get(source, "trigger");
    if (kind != OBJECT_JOURNEY || !json_get(trigger, "score")) return ERR_OK;
    str crossing = predicate_crossing(trigger, name);
    u32 code = names_find(engine_names(e), NAME_OBJECT, crossing);
    if (crossing.n == 0 || (code && segment_exists(engine_segments(e), code))) return ERR_OK;
    return publish_crossing(e, trigger, crossing, why);
}

err publish_object(struct engine *e, object_kind kind, const struct json *source,
                   struct buf *payload, struct diag *why)
{
    TRY(publish_as(e, kind, source, NULL, payload, why));
    return with_crossing(e, kind, source, why);
}

err publish_journey(struct engine *e, const struct json *source, const struct json *how,
                    struct buf *payload, struct diag *why)
{
    TRY(publish_as(e, OBJECT_JOURNEY, source, how, payload, why));
    return with_crossing(e, OBJECT_JOURNEY, source, why);
}

err publish_check(struct engine *e, object_kind kind, const struct json *source, struct diag *why)
{
    struct buf payload;
    buf_init(&payload, RECORD_BYTES_MAX);
    err r = publish_as(e, kind, source, NULL, &payload, why);
    buf_clear(&payload);
    return r;
}

/* A rule that asks for the object; 0: none. */
static u32 user_of(struct segments *sg, object_kind kind, u32 code)
{
    const struct standing *st;
    switch (kind) {
    case OBJECT_SEGMENT: return segment_user(sg, code);
    case OBJECT_SCORE: return score_user(sg, code);
    case OBJECT_TAG:
    case OBJECT_STAGES:
    case OBJECT_LEVELS:
        st = standing_find(sg, standing_kind_of(kind), code);
        return st ? standing_user(sg, st) : 0;
    default: return 0;
    }
}

err publish_removal(struct engine *e, object_kind kind, str id, struct buf *payload,
                    struct diag *why)
{
    if (engine_object(e, kind, id, NULL).n == 0)
        return diag_set(why, ERR_NOT_FOUND, "there is none of this id");
    struct operate_record o = {.what = OPERATE_STOP,
                               .code = names_find(engine_names(e), NAME_OBJECT, id),
                               .percent = kind};
    u32 user = user_of(engine_segments(e), kind, o.code);
    if (user) {
        const struct standing *by = standing_of(engine_segments(e), user);
        str name = names_text(engine_names(e), NAME_OBJECT, by ? by->code : user);
        return diag_set(why, ERR_CONFLICT,
                        "%s \"%.*s\" asks for it: change or remove that one first",
                        by ? "the condition of" : "the segment", STR_ARG(name));
    }
    operate_put(payload, &o);
    return ERR_OK;
}
