/* publish.c — an object's JSON into a PUBLISH payload, its end into a REMOVE one. */
#include "engine/publish.h"

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
                            struct buf *out, struct diag *why)
{
    switch (kind) {
    case OBJECT_JOURNEY:
        return journey_compile(engine_journeys(e), source, engine_zone(e), out, why);
    case OBJECT_SEGMENT:
        return segment_compile(engine_segments(e), source, engine_zone(e), out, why);
    case OBJECT_TAG:
    case OBJECT_STAGES:
    case OBJECT_LEVELS:
        return standing_compile(engine_segments(e), standing_kind_of(kind), source,
                                engine_zone(e), out, why);
    case OBJECT_SCORE:
        return score_compile(engine_segments(e), source, engine_zone(e), out, why);
    case OBJECT_POLICY: {
        struct policy_context context = {engine_names(e), zone_known, e};
        return policy_compile(source, &context, out, why);
    }
    case OBJECT_COUPON: return offer_compile(source, out, why);
    default: return ERR_OK;
    }
}

MUST_USE static err encode(struct engine *e, struct publish_record *p, const struct json *source,
                           struct buf *text, struct buf *compiled, struct buf *payload,
                           struct diag *why)
{
    json_put(text, source);
    err r = names_code(engine_names(e), NAME_OBJECT, p->id, &p->code);
    if (r != ERR_OK) return diag_set(why, r, "the name cannot be given now");
    TRY(compile(e, p->kind, source, compiled, why));
    p->source = buf_str(text);
    p->compiled = buf_str(compiled);
    publish_put(payload, p);
    if (!text->full && !compiled->full && !payload->full) return ERR_OK;
    return diag_set(why, ERR_TOO_LARGE, "it is larger than one record may be");
}

err publish_object(struct engine *e, object_kind kind, const struct json *source,
                   struct buf *payload, struct diag *why)
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
    if (p.id.p[0] == '$')
        return diag_at(why, ERR_REFUSED, S("/id"), "an id does not begin with $");
    buf_init(&text, HEAP_STRING_MAX);
    buf_init(&compiled, HEAP_STRING_MAX);
    err r = encode(e, &p, source, &text, &compiled, payload, why);
    buf_clear(&text);
    buf_clear(&compiled);
    return r;
}

err publish_check(struct engine *e, object_kind kind, const struct json *source, struct diag *why)
{
    struct buf payload;
    buf_init(&payload, RECORD_BYTES_MAX);
    err r = publish_object(e, kind, source, &payload, why);
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
