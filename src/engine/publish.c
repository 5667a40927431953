/* publish.c — an object's JSON into a PUBLISH payload, its end into a REMOVE one. */
#include "engine/publish.h"

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
    buf_init(&text, HEAP_STRING_MAX);
    buf_init(&compiled, HEAP_STRING_MAX);
    err r = encode(e, &p, source, how, &text, &compiled, payload, why);
    buf_clear(&text);
    buf_clear(&compiled);
    return r;
}

err publish_object(struct engine *e, object_kind kind, const struct json *source,
                   struct buf *payload, struct diag *why)
{
    return publish_as(e, kind, source, NULL, payload, why);
}

err publish_journey(struct engine *e, const struct json *source, const struct json *how,
                    struct buf *payload, struct diag *why)
{
    return publish_as(e, OBJECT_JOURNEY, source, how, payload, why);
}

err publish_check(struct engine *e, object_kind kind, const struct json *source, struct diag *why)
{
    struct buf payload;
    buf_init(&payload, RECORD_BYTES_MAX);
    err r = publish_object(e, kind, source, &payload, why);
    buf_clear(&payload);
    return r;
}

/* A journey that could not go on as it is published without this object; 0: none. */
static u32 user_of(struct engine *e, object_kind kind, u32 code)
{
    switch (kind) {
    case OBJECT_SEGMENT: return journey_user(engine_journeys(e), USE_SEGMENT, code);
    case OBJECT_COUPON: return journey_user(engine_journeys(e), USE_COUPON, code);
    case OBJECT_TEMPLATE: return journey_user(engine_journeys(e), USE_TEMPLATE, code);
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
    u32 user = kind == OBJECT_SEGMENT ? segment_user(engine_segments(e), o.code) : 0;
    if (user) {
        str name = names_text(engine_names(e), NAME_OBJECT, user);
        return diag_set(why, ERR_CONFLICT,
                        "the segment \"%.*s\" asks for it: change or remove that one first",
                        STR_ARG(name));
    }
    if ((user = user_of(e, kind, o.code))) {
        str name = names_text(engine_names(e), NAME_OBJECT, user);
        return diag_set(why, ERR_CONFLICT,
                        "the journey \"%.*s\" uses it: publish a version without it, or stop the "
                        "journey first",
                        STR_ARG(name));
    }
    operate_put(payload, &o);
    return ERR_OK;
}
