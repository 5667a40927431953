/* web.c — the frame of customers' pages, their language, their posts and their addresses. */
#include "server/web.h"

#include "server/embed.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <stdio.h>

/* ---- language and text ---- */

bool web_is_zh(struct call *c)
{
    str asked = call_query(c, "lang"), list = http_header(c->req, S("accept-language"));
    if (asked.n) return str_starts(asked, S("zh"));
    while (list.n) { /* browsers name the best first */
        ptrdiff_t comma = str_index(list, ',');
        str one = str_trim(str_slice(list, 0, comma < 0 ? list.n : (size_t)comma));
        if (str_eq_nocase(str_slice(one, 0, 2), S("zh"))) return true;
        if (str_eq_nocase(str_slice(one, 0, 2), S("en"))) return false;
        list = comma < 0 ? (str){0} : str_slice(list, (size_t)comma + 1, list.n);
    }
    return false;
}

str web_words(const struct json *text, bool zh)
{
    if (!text) return (str){0};
    if (text->type == JSON_STRING) return text->text;
    str one = json_get_str(text, zh ? "zh" : "en", (str){0});
    return one.n ? one : json_get_str(text, zh ? "en" : "zh", (str){0});
}

void web_put(struct buf *b, str text)
{
    for (size_t i = 0; i < text.n; i++) switch (text.p[i]) {
        case '<': buf_put(b, S("&lt;")); break;
        case '>': buf_put(b, S("&gt;")); break;
        case '&': buf_put(b, S("&amp;")); break;
        case '"': buf_put(b, S("&quot;")); break;
        case '\'': buf_put(b, S("&#39;")); break;
        default: buf_byte(b, (u8)text.p[i]);
        }
}

/* ---- the frame ---- */

static void put_headers(struct call *c, str css, str posts_to)
{
    u8 hash[32], text[64];
    MUST(EVP_Digest(css.p, css.n, hash, NULL, EVP_sha256(), NULL) == 1);
    EVP_EncodeBlock(text, hash, sizeof hash);
    call_header(c, "Content-Security-Policy",
                arena_printf(c->arena,
                             "default-src 'none'; style-src 'sha256-%s'; form-action 'self'%s%.*s; "
                             "base-uri 'none'; frame-ancestors 'none'",
                             (char *)text, posts_to.n ? " " : "", STR_ARG(posts_to)));
    call_header(c, "Cache-Control", S("no-store"));
    call_header(c, "X-Content-Type-Options", S("nosniff"));
    call_header(c, "X-Frame-Options", S("DENY"));
    call_header(c, "Referrer-Policy", S("same-origin")); /* a post says where it is from */
    call_header(c, "X-Robots-Tag", S("noindex, nofollow"));
    c->type = S("text/html; charset=utf-8");
}

void web_begin(struct call *c, bool zh, str title, str posts_to)
{
    str css = embed_bytes(S("/public.css"));
    put_headers(c, css, posts_to);
    buf_printf(&c->out, "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">",
               zh ? "zh-CN" : "en");
    buf_put(&c->out, S("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                       "<title>"));
    web_put(&c->out, title);
    buf_put(&c->out, S("</title><style>"));
    buf_put(&c->out, css);
    buf_put(&c->out, S("</style></head><body><main>\n"));
}

void web_end(struct call *c)
{
    buf_put(&c->out, S("</main></body></html>\n"));
}

err web_unknown(struct call *c)
{
    bool zh = web_is_zh(c);
    web_begin(c, zh, zh ? S("链接无效") : S("This link does not work"), (str){0});
    buf_put(&c->out,
            zh ? S("<h1>链接无效</h1><p>链接可能没有复制完整，或已经过期。请从原来的消息中重新"
                   "打开。</p>")
               : S("<h1>This link does not work</h1><p>It may have been cut off, or it is "
                   "too old. Open it again from the message it came with.</p>"));
    web_end(c);
    c->status = 404;
    return ERR_OK;
}

/* ---- what is posted ---- */

err form_body_read(str body, struct arena *arena, struct form_body *out)
{
    out->count = 0;
    if (body.n > FORM_BYTES_MAX) return ERR_LIMIT;
    while (body.n) {
        ptrdiff_t and = str_index(body, '&');
        str pair = str_slice(body, 0, and < 0 ? body.n : (size_t) and);
        body = str_slice(body, pair.n + 1, body.n);
        if (!pair.n) continue;
        ptrdiff_t eq = str_index(pair, '=');
        size_t n = eq < 0 ? pair.n : (size_t)eq;
        if (out->count == FORM_PAIRS_MAX) return ERR_LIMIT;
        struct form_pair *p = &out->pairs[out->count++];
        TRY(url_decode(str_slice(pair, 0, n), true, arena, &p->name));
        TRY(url_decode(str_slice(pair, n + 1, pair.n), true, arena, &p->value));
    }
    return ERR_OK;
}

str form_value(const struct form_body *f, str name)
{
    for (u32 i = f->count; i-- > 0;)
        if (str_eq(f->pairs[i].name, name)) return f->pairs[i].value;
    return (str){0};
}

bool form_has(const struct form_body *f, str name, str wanted)
{
    for (u32 i = 0; i < f->count; i++)
        if (str_eq(f->pairs[i].name, name) && str_eq(f->pairs[i].value, wanted)) return true;
    return false;
}

/* ---- addresses ---- */

str web_address(const struct http_request *req, char room[64])
{
    str said = http_header(req, S("x-forwarded-for"));
    if (req->from_loopback && said.n) {
        for (size_t i = said.n; i-- > 0;)
            if (said.p[i] == ',') {
                said = str_slice(said, i + 1, said.n);
                break;
            }
        said = str_trim(said);
        if (said.n && said.n < 64) {
            memcpy(room, said.p, said.n);
            return (str){room, said.n};
        }
    }
    return http_peer(req, room);
}

str web_address_short(str address, struct arena *arena)
{
    char text[64], out[64];
    struct in6_addr six;
    struct in_addr four;
    if (!address.n || address.n >= sizeof text) return (str){0};
    memcpy(text, address.p, address.n);
    text[address.n] = 0;
    if (inet_pton(AF_INET, text, &four) == 1) {
        four.s_addr &= htonl(0xFFFFFF00);
        inet_ntop(AF_INET, &four, out, sizeof out);
    } else if (inet_pton(AF_INET6, text, &six) == 1) {
        memset(six.s6_addr + 6, 0, 10);
        inet_ntop(AF_INET6, &six, out, sizeof out);
    } else {
        return (str){0};
    }
    return arena_str(arena, str_of(out));
}
