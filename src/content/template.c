/* template.c — a published template: its parts compiled, then rendered into one content. */
#include "base/hash.h"
#include "content/blocks.h"
#include "content/liquid.h"
#include "content/sms.h"

#include <stdio.h>

/* Puts the part's name before the place: "/html:3:14". */
MUST_USE static err at_part(err e, const char *part, const struct diag *inner, struct diag *why)
{
    char path[sizeof inner->path + 16];
    snprintf(path, sizeof path, "/%s%s%s", part, inner->path[0] ? ":" : "", inner->path);
    return diag_at(why, e, str_of(path), "%s", inner->message);
}

/* One text of the template, in the language at hand: a plain one, or {"zh", "en"}. */
MUST_USE static err take_part(const struct json *source, const char *name, bool zh, str *out,
                              const char **place, struct diag *why)
{
    const struct json *j = json_get(source, name);
    struct diag inner = {0};
    bool good = j->type == JSON_STRING || (j->type == JSON_OBJECT && j->count > 0);
    for (const struct json *m = j->child; m && good; m = m->next)
        good = m->type == JSON_STRING && (str_eq(m->key, S("zh")) || str_eq(m->key, S("en")));
    *out = content_words(j, zh);
    *place = j->type == JSON_STRING          ? ""
             : json_get(j, zh ? "zh" : "en") ? (zh ? "/zh" : "/en")
                                             : (zh ? "/en" : "/zh");
    if (good) return ERR_OK;
    diag_set(&inner, ERR_REFUSED, "%s must be a text, or {\"zh\": …, \"en\": …}", name);
    return at_part(ERR_REFUSED, name, &inner, why);
}

MUST_USE static err compile_text(str text, const struct json *source, const char *name,
                                 struct arena *arena, struct liquid **out, struct diag *why)
{
    struct diag inner = {0};
    struct liquid_options *options = arena_zalloc(arena, sizeof *options);
    options->fallbacks = json_get(source, "fallbacks");
    err e = liquid_compile_with(text, options, arena, out, &inner);
    return e == ERR_OK ? ERR_OK : at_part(e, name, &inner, why);
}

MUST_USE static err compile_part(const struct json *source, const char *name, bool zh,
                                 struct arena *arena, struct liquid **out, struct diag *why)
{
    const struct json *j = json_get(source, name);
    const char *place;
    char path[32];
    str text;
    *out = NULL;
    if (!j || j->type == JSON_NULL) return ERR_OK;
    TRY(take_part(source, name, zh, &text, &place, why));
    snprintf(path, sizeof path, "%s%s", name, place);
    return compile_text(text, source, path, arena, out, why);
}

/* The document as HTML, and that as Liquid. */
MUST_USE static err compile_blocks(const struct json *source, bool zh, struct arena *arena,
                                   struct liquid **out, struct diag *why)
{
    struct buf html;
    buf_init(&html, BLOCKS_HTML_MAX + 1);
    err e = blocks_html(source, zh, &html, why);
    if (e == ERR_OK)
        e = compile_text(arena_str(arena, buf_str(&html)), source, "blocks", arena, out, why);
    buf_clear(&html);
    return e;
}

MUST_USE static err compile_provider(const struct json *source, struct arena *arena,
                                     struct template *t, struct diag *why)
{
    const struct json *j = json_get(source, "provider_template");
    if (!j || j->type == JSON_NULL) return ERR_OK;
    const struct json *params = json_get(j, "params");
    t->provider_code = json_get_str(j, "code", (str){0});
    if (!t->provider_code.n)
        return diag_at(why, ERR_REFUSED, S("/provider_template/code"),
                       "the code under which the provider has approved it is needed");
    if (params && params->type != JSON_OBJECT)
        return diag_at(why, ERR_REFUSED, S("/provider_template/params"),
                       "params is an object of names and texts");
    for (const struct json *m = params ? params->child : NULL; m; m = m->next) {
        struct diag inner = {0};
        str path = arena_printf(arena, "provider_template/params/%.*s", STR_ARG(m->key));
        if (m->type != JSON_STRING || t->param_count == TEMPLATE_PARAMS_MAX)
            return diag_at(why, ERR_REFUSED, S("/provider_template/params"),
                           "at most %d texts are possible", TEMPLATE_PARAMS_MAX);
        struct liquid_options *options = arena_zalloc(arena, sizeof *options);
        options->fallbacks = json_get(source, "fallbacks");
        t->params[t->param_count].name = m->key;
        err e = liquid_compile_with(m->text, options, arena, &t->params[t->param_count++].value,
                                    &inner);
        if (e != ERR_OK) return at_part(e, path.p, &inner, why);
    }
    return ERR_OK;
}

/* A short message whose length is known already has to go in so many parts. */
MUST_USE static err check_parts(const struct json *source, bool zh, const struct template *t,
                                struct diag *why)
{
    bool sms = str_eq(t->channel, S("sms"));
    str text = content_words(json_get(source, "text"), zh);
    struct sms_count n = sms_count(text, true);
    if (sms && str_index(text, '{') < 0 && n.parts > SMS_PARTS_MAX)
        return diag_at(why, ERR_REFUSED, S("/text"),
                       "a short message has at most %d parts, this one %u", SMS_PARTS_MAX, n.parts);
    if (t->html || t->text || t->provider_code.n) return ERR_OK;
    return diag_at(why, ERR_REFUSED, sms ? S("/text") : S("/html"), "the template needs a text: %s",
                   sms ? "text, or provider_template" : "html, blocks or text");
}

/* A document of blocks stands in the place of html, and only in a mail. */
MUST_USE static err check_blocks(const struct json *source, str channel, struct diag *why)
{
    const struct json *blocks = json_get(source, "blocks"), *html = json_get(source, "html"),
                      *preheader = json_get(source, "preheader");
    if (!blocks || blocks->type == JSON_NULL) {
        if (!preheader || preheader->type == JSON_NULL) return ERR_OK;
        return diag_at(why, ERR_REFUSED, S("/preheader"),
                       "a preheader goes with blocks; in html it is written into the text");
    }
    if (!str_eq(channel, S("email")))
        return diag_at(why, ERR_REFUSED, S("/blocks"), "only mails are made of blocks");
    if (html && html->type != JSON_NULL)
        return diag_at(why, ERR_REFUSED, S("/html"), "a mail has either blocks or html");
    return ERR_OK;
}

/* Does a customer's language make a difference? */
static bool is_bilingual(const struct json *source)
{
    static const char *const PARTS[] = {"subject", "html", "text"};
    const struct json *blocks = json_get(source, "blocks");
    if (blocks && blocks->type != JSON_NULL) return true;
    for (u32 i = 0; i < COUNT_OF(PARTS); i++)
        if (json_is(json_get(source, PARTS[i]), JSON_OBJECT)) return true;
    return false;
}

MUST_USE static err compile_in(const struct json *source, bool zh, struct arena *arena,
                               struct template **out, struct diag *why)
{
    struct template *t = arena_zalloc(arena, sizeof *t);
    const struct json *blocks = json_get(source, "blocks");
    t->id = json_get_str(source, "id", (str){0});
    t->channel = json_get_str(source, "channel", (str){0});
    TRY(compile_part(source, "subject", zh, arena, &t->subject, why));
    if (blocks && blocks->type != JSON_NULL)
        TRY(compile_blocks(source, zh, arena, &t->html, why));
    else
        TRY(compile_part(source, "html", zh, arena, &t->html, why));
    TRY(compile_part(source, "text", zh, arena, &t->text, why));
    TRY(compile_part(source, "from", zh, arena, &t->from, why));
    TRY(compile_part(source, "reply_to", zh, arena, &t->reply_to, why));
    t->no_clicks = !json_get_bool(source, "track_clicks", true);
    t->no_opens = !json_get_bool(source, "track_opens", true);
    TRY(compile_provider(source, arena, t, why));
    TRY(check_parts(source, zh, t, why));
    *out = t;
    return ERR_OK;
}

err template_compile(const struct json *source, struct arena *arena, struct template **out,
                     struct diag *why)
{
    struct template *zh = NULL;
    if (!json_is(source, JSON_OBJECT)) return diag_set(why, ERR_REFUSED, "a template is an object");
    str channel = json_get_str(source, "channel", (str){0});
    if (!json_get_str(source, "id", (str){0}).n)
        return diag_at(why, ERR_REFUSED, S("/id"), "the template needs an id");
    if (!channel.n) return diag_at(why, ERR_REFUSED, S("/channel"), "the template needs a channel");
    const struct json *fallbacks = json_get(source, "fallbacks");
    if (fallbacks && fallbacks->type != JSON_NULL && fallbacks->type != JSON_OBJECT)
        return diag_at(why, ERR_REFUSED, S("/fallbacks"),
                       "fallbacks are texts by the names they stand in for");
    TRY(check_blocks(source, channel, why));
    if (is_bilingual(source)) TRY(compile_in(source, true, arena, &zh, why));
    TRY(compile_in(source, false, arena, out, why));
    (*out)->zh = zh;
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

/* The values that go into a provider's text, as a JSON object. */
MUST_USE static err render_params(const struct template *t, const struct liquid_values *values,
                                  struct arena *arena, struct rendered *out, struct diag *why)
{
    struct buf json, one;
    err e = ERR_OK;
    out->provider_code = t->provider_code;
    out->fingerprint ^= hash_xxh64(t->provider_code);
    buf_init(&json, TEMPLATE_OUTPUT_MAX);
    buf_init(&one, TEMPLATE_OUTPUT_MAX);
    buf_byte(&json, '{');
    for (u32 i = 0; i < t->param_count && e == ERR_OK; i++) {
        str text;
        e = render_part(t->params[i].value, "provider_template/params", LIQUID_TEXT, values, &one,
                        arena, &out->fingerprint, &text, why);
        json_put_kv_str(&json, t->params[i].name, text);
    }
    buf_byte(&json, '}');
    out->params = arena_str(arena, buf_str(&json));
    buf_clear(&json);
    buf_clear(&one);
    return e;
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
    if (t->provider_code.n) TRY(render_params(t, values, arena, out, why));
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
    if (t->zh && content_is_zh(values->language)) t = t->zh;
    buf_init(&b, TEMPLATE_OUTPUT_MAX);
    err e = render_parts(t, values, &b, arena, &made, why);
    buf_clear(&b);
    *out = e == ERR_OK ? made : (struct rendered){0};
    return e;
}
