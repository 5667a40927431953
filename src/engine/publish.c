/* publish.c — an object's JSON into a PUBLISH payload. */
#include "engine/publish.h"

MUST_USE static err compile(struct engine *e, object_kind kind, const struct json *source,
                            struct buf *out, struct diag *why)
{
    switch (kind) {
    case OBJECT_JOURNEY:
        return journey_compile(engine_journeys(e), source, engine_zone(e), out, why);
    case OBJECT_SEGMENT:
        return segment_compile(engine_segments(e), source, engine_zone(e), out, why);
    default: return ERR_OK;
    }
}

err publish_object(struct engine *e, object_kind kind, const struct json *source,
                   struct buf *payload, struct diag *why)
{
    struct publish_record p = {.kind = kind, .id = json_get_str(source, "id", S(""))};
    struct buf text, compiled;
    if (p.id.n == 0 || p.id.n > NAME_BYTES_MAX)
        return diag_at(why, ERR_REFUSED, S("/id"), "give it an id of 1 to %d bytes",
                       NAME_BYTES_MAX);
    buf_init(&text, HEAP_STRING_MAX);
    buf_init(&compiled, HEAP_STRING_MAX);
    json_put(&text, source);
    err r = names_code(engine_names(e), NAME_OBJECT, p.id, &p.code);
    if (r == ERR_OK) r = compile(e, kind, source, &compiled, why);
    p.source = buf_str(&text);
    p.compiled = buf_str(&compiled);
    if (r == ERR_OK) publish_put(payload, &p);
    if (r == ERR_OK && (text.full || compiled.full || payload->full)) r = ERR_LIMIT;
    if (r != ERR_OK) diag_set(why, r, "this cannot be published: it is too large");
    buf_clear(&text);
    buf_clear(&compiled);
    return r;
}
