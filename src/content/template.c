/* template.c — a published template: its parts compiled, then rendered into one content. */
#include "base/hash.h"
#include "content/liquid.h"

#include <stdio.h>

/* Puts the part's name before the place: "/html:3:14". */
MUST_USE static err at_part(err e, const char *part, const struct diag *inner, struct diag *why)
{
    char path[sizeof inner->path + 16];
    snprintf(path, sizeof path, "/%s%s%s", part, inner->path[0] ? ":" : "", inner->path);
    return diag_at(why, e, str_of(path), "%s", inner->message);
}

MUST_USE static err compile_part(const struct json *source, const char *name, struct arena *arena,
                                 struct liquid **out, struct diag *why)
{
    const struct json *j = json_get(source, name);
    struct diag inner = {0};
    *out = NULL;
    if (!j || j->type == JSON_NULL) return ERR_OK;
    if (j->type != JSON_STRING) {
        diag_set(&inner, ERR_REFUSED, "%s must be a text", name);
        return at_part(ERR_REFUSED, name, &inner, why);
    }
    struct liquid_options *options = arena_zalloc(arena, sizeof *options);
    options->fallbacks = json_get(source, "fallbacks");
    err e = liquid_compile_with(j->text, options, arena, out, &inner);
    return e == ERR_OK ? ERR_OK : at_part(e, name, &inner, why);
}

err template_compile(const struct json *source, struct arena *arena, struct template **out,
                     struct diag *why)
{
    if (!json_is(source, JSON_OBJECT)) return diag_set(why, ERR_REFUSED, "a template is an object");
    struct template *t = arena_zalloc(arena, sizeof *t);
    t->id = json_get_str(source, "id", (str){0});
    t->channel = json_get_str(source, "channel", (str){0});
    if (!t->id.n) return diag_at(why, ERR_REFUSED, S("/id"), "the template needs an id");
    if (!t->channel.n)
        return diag_at(why, ERR_REFUSED, S("/channel"), "the template needs a channel");
    const struct json *fallbacks = json_get(source, "fallbacks");
    if (fallbacks && fallbacks->type != JSON_NULL && fallbacks->type != JSON_OBJECT)
        return diag_at(why, ERR_REFUSED, S("/fallbacks"),
                       "fallbacks are texts by the names they stand in for");
    TRY(compile_part(source, "subject", arena, &t->subject, why));
    TRY(compile_part(source, "html", arena, &t->html, why));
    TRY(compile_part(source, "text", arena, &t->text, why));
    TRY(compile_part(source, "from", arena, &t->from, why));
    TRY(compile_part(source, "reply_to", arena, &t->reply_to, why));
    t->no_clicks = !json_get_bool(source, "track_clicks", true);
    t->no_opens = !json_get_bool(source, "track_opens", true);
    if (!t->html && !t->text)
        return diag_at(why, ERR_REFUSED, S("/html"), "the template needs a text: html or text");
    *out = t;
    return ERR_OK;
}

/* One part into `arena`, through `b`, which is reused. */
MUST_USE static err render_part(const struct liquid *l, const char *name, liquid_format format,
                                const struct liquid_values *values, struct buf *b,
                                struct arena *arena, u64 *hash, str *out, struct diag *why)
{
    struct diag inner = {0};
    *out = (str){0};
    if (!l) return ERR_OK;
    buf_reset(b);
    err e = liquid_render_hashed(l, values, format, b, hash, &inner);
    if (e != ERR_OK) return at_part(e, name, &inner, why);
    *out = arena_str(arena, buf_str(b));
    return ERR_OK;
}

MUST_USE static err render_parts(const struct template *t, const struct liquid_values *values,
                                 struct buf *b, struct arena *arena, struct rendered *out,
                                 struct diag *why)
{
    u64 seed[2] = {hash_xxh64(t->channel), hash_xxh64(t->id)};
    u64 *hash = &out->fingerprint;
    *hash = hash_xxh64((str){(const char *)seed, sizeof seed});
    TRY(render_part(t->subject, "subject", LIQUID_TEXT, values, b, arena, hash, &out->subject,
                    why));
    TRY(render_part(t->html, "html", LIQUID_HTML, values, b, arena, hash, &out->html, why));
    TRY(render_part(t->text, "text", LIQUID_TEXT, values, b, arena, hash, &out->text, why));
    TRY(render_part(t->from, "from", LIQUID_TEXT, values, b, arena, hash, &out->from, why));
    TRY(render_part(t->reply_to, "reply_to", LIQUID_TEXT, values, b, arena, hash, &out->reply_to,
                    why));
    if (t->text || !t->html) return ERR_OK;
    buf_reset(b);
    html_text(out->html, b);
    if (b->full)
        return diag_at(why, ERR_LIMIT, S("/html"), "its plain text grows beyond %d bytes",
                       TEMPLATE_OUTPUT_MAX);
    out->text = arena_str(arena, buf_str(b));
    return ERR_OK;
}

err template_render(const struct template *t, const struct liquid_values *values,
                    struct arena *arena, struct rendered *out, struct diag *why)
{
    struct buf b;
    struct rendered made = {0};
    buf_init(&b, TEMPLATE_OUTPUT_MAX);
    err e = render_parts(t, values, &b, arena, &made, why);
    buf_clear(&b);
    *out = e == ERR_OK ? made : (struct rendered){0};
    return e;
}
