/* http_settings.c — what every HTTP provider is told, and the generic gateway's description. */
#include "channel/http.h"

#include <regex.h>
#include <stdlib.h>

static err refuse(struct diag *why, const char *path, const char *sentence)
{
    return diag_at(why, ERR_REFUSED, str_of(path), "%s", sentence);
}

MUST_USE static err read_number(const struct json *j, const char *name, i64 otherwise, i64 min,
                                i64 max, i64 *out, struct diag *why)
{
    const struct json *n = json_get(j, name);
    char path[64] = "/";
    *out = otherwise;
    if (!n) return ERR_OK;
    if (json_to_i64(n, out) == ERR_OK && *out >= min && *out <= max) return ERR_OK;
    strncat(path, name, sizeof path - 2);
    return diag_at(why, ERR_REFUSED, str_of(path), "%s must be a whole number from %lld to %lld",
                   name, (long long)min, (long long)max);
}

/* What a header may carry. */
static bool is_line(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((u8)s.p[i] < 32 || s.p[i] == 127) return false;
    return true;
}

err http_settings_read(const struct json *j, const struct gateway *g, struct arena *arena,
                       struct http_settings *out, struct diag *why)
{
    i64 connections;
    *out = (struct http_settings){.gateway = g, .json = j};
    if (!json_is(j, JSON_OBJECT)) return diag_set(why, ERR_REFUSED, "settings are an object");
    TRY(read_number(j, "connections", HTTP_CONNECTIONS_DEFAULT, 1, HTTP_CONNECTIONS_MAX,
                    &connections, why));
    TRY(read_number(j, "timeout_ms", HTTP_TIMEOUT_MS, 100, 60000, &out->timeout_ms, why));
    out->connections = (u32)connections;
    out->channel = json_get_str(j, "$channel", S("sms"));
    out->hook_url = json_get_str(j, "$hook_url", (str){0});
    out->phones = str_eq(out->channel, S("sms")) || str_eq(out->channel, S("call"));
    out->from = json_get_str(j, "from", (str){0});
    out->sign = str_trim(json_get_str(j, "sign", (str){0}));
    if (str_starts(out->sign, S("【")) && str_ends(out->sign, S("】")))
        out->sign = str_slice(out->sign, 3, out->sign.n - 3);
    out->user = json_get_str(j, "username", (str){0});
    out->password = json_get_str(j, "password", (str){0});
    out->idempotent = json_get_bool(j, "idempotent", false);
    const struct json *price = json_get(j, "price");
    if (price && price->type != JSON_NUMBER) return refuse(why, "/price", "price is a number");
    if (!is_line(out->user) || !is_line(out->password) || !is_line(out->sign) ||
        !is_line(out->from))
        return refuse(why, "/username", "settings have no control characters");
    return g->open(out, arena, why);
}

/* ---- the generic gateway ---- */

MUST_USE static err read_liquid(str source, struct arena *arena, const char *path,
                                struct liquid **out, struct diag *why)
{
    struct diag inner = {0};
    err e = liquid_compile(source, arena, out, &inner);
    if (e == ERR_OK) return e;
    return diag_at(why, e, str_of(path), "%s%s%s", inner.path, inner.path[0] ? ": " : "",
                   inner.message);
}

static u32 count_texts(const struct json *j)
{
    u32 n = j->type == JSON_STRING;
    for (const struct json *m = j->child; m; m = m->next) n += count_texts(m);
    return n;
}

MUST_USE static err compile_texts(const struct json *j, struct arena *arena, struct liquid ***at,
                                  struct diag *why)
{
    if (j->type == JSON_STRING) TRY(read_liquid(j->text, arena, "/body", (*at)++, why));
    for (const struct json *m = j->child; m; m = m->next) TRY(compile_texts(m, arena, at, why));
    return ERR_OK;
}

MUST_USE static err read_body(struct http_settings *s, const struct json *j, struct arena *arena,
                              struct diag *why)
{
    const struct json *body = json_get(j, "body");
    bool tree = body && (body->type == JSON_OBJECT || body->type == JSON_ARRAY);
    s->content_type = json_get_str(j, "content_type", body ? S("application/json") : (str){0});
    if (!is_line(s->content_type)) return refuse(why, "/content_type", "it is one line");
    if (!body || body->type == JSON_NULL) return ERR_OK;
    if (body->type == JSON_STRING)
        return read_liquid(body->text, arena, "/body", &s->body_text, why);
    if (!tree) return refuse(why, "/body", "body is a text, or an object or list of texts");
    if (str_find(s->content_type, S("form")) >= 0 && body->type != JSON_OBJECT)
        return refuse(why, "/body", "a form's body is an object");
    s->body = body;
    s->body_liquids = arena_alloc(arena, (count_texts(body) + 1) * sizeof *s->body_liquids);
    struct liquid **at = s->body_liquids;
    return compile_texts(body, arena, &at, why);
}

MUST_USE static err read_headers(struct http_settings *s, const struct json *j, struct arena *arena,
                                 struct diag *why)
{
    const struct json *headers = json_get(j, "headers");
    if (!headers) return ERR_OK;
    if (headers->type != JSON_OBJECT || headers->count > HTTP_HEADERS_MAX)
        return refuse(why, "/headers", "headers are an object of at most 16 texts");
    for (const struct json *m = headers->child; m; m = m->next) {
        struct exchange probe = {0};
        exchange_header(&probe, m->key, S("x"));
        bool ours = str_eq_nocase(m->key, S("host")) || str_eq_nocase(m->key, S("connection")) ||
                    str_eq_nocase(m->key, S("content-length")) ||
                    str_eq_nocase(m->key, S("transfer-encoding"));
        if (probe.refused || ours || m->type != JSON_STRING)
            return refuse(why, "/headers",
                          "a header has a name of letters, digits and -, a text, "
                          "and is none of those that the connection needs");
        s->headers[s->header_count].name = m->key;
        TRY(read_liquid(m->text, arena, "/headers", &s->headers[s->header_count++].value, why));
    }
    return ERR_OK;
}

struct pattern {
    regex_t compiled;
};

MUST_USE static err read_status(const struct json *j, struct outcome_rule *r, struct diag *why)
{
    i64 n;
    if (!j) return ERR_OK;
    if (json_to_i64(j, &n) == ERR_OK && n >= 100 && n <= 599) {
        r->status_from = r->status_to = (int)n;
        return ERR_OK;
    }
    if (j->type == JSON_STRING && j->text.n == 3 && str_ends(j->text, S("xx")) &&
        j->text.p[0] >= '1' && j->text.p[0] <= '5') {
        r->status_from = (j->text.p[0] - '0') * 100;
        r->status_to = r->status_from + 99;
        return ERR_OK;
    }
    return refuse(why, "/outcome", "status is a number as 429, or a text as \"5xx\"");
}

MUST_USE static err read_rule(const struct json *j, struct arena *arena, struct outcome_rule *r,
                              struct diag *why)
{
    const struct json *equals = json_get(j, "equals"), *matches = json_get(j, "matches");
    i64 retry = 0;
    TRY(read_status(json_get(j, "status"), r, why));
    r->path = json_get_str(j, "path", (str){0});
    if (!path_valid(r->path)) return refuse(why, "/outcome", "path is written a.b[0].c");
    if (!outcome_named(json_get_str(j, "class", (str){0}), &r->class))
        return refuse(why, "/outcome",
                      "class is one of OK, DUP, RETRY, RATE, AUTH, BAD_ADDR, NO_CONSENT, CONTENT, "
                      "CONFIG, BILLING");
    TRY(read_number(j, "retry_after_s", 0, 0, 86400, &retry, why));
    r->retry_ms = retry * SECOND;
    r->has_equals = equals != NULL;
    if (equals) r->equals = path_text(equals, (str){0});
    if (!matches) return ERR_OK;
    if (matches->type != JSON_STRING || matches->text.n > 500)
        return refuse(why, "/outcome", "matches is a regular expression");
    struct pattern *p = arena_zalloc(arena, sizeof *p);
    if (regcomp(&p->compiled, arena_str(arena, matches->text).p, REG_EXTENDED | REG_NOSUB) != 0)
        return refuse(why, "/outcome", "matches is no regular expression");
    r->matches = p;
    return ERR_OK;
}

/* The compiled expressions do not lie in the arena. */
void http_settings_clear(struct http_settings *s)
{
    for (u32 i = 0; i < s->rule_count; i++)
        if (s->rules[i].matches) regfree(&s->rules[i].matches->compiled);
    s->rule_count = 0;
}

bool rule_matches(const struct pattern *p, str text)
{
    enum { LOOKED_AT = 2000 };
    char *copy = mem_alloc(LOOKED_AT + 1);
    size_t n = min_size(text.n, LOOKED_AT);
    if (n) memcpy(copy, text.p, n);
    copy[n] = 0;
    bool found = regexec(&p->compiled, copy, 0, NULL, 0) == 0;
    free(copy);
    return found;
}

MUST_USE static err read_rules(struct http_settings *s, const struct json *j, struct arena *arena,
                               struct diag *why)
{
    const struct json *rules = json_get(j, "outcome");
    if (!rules) return ERR_OK;
    if (rules->type != JSON_ARRAY || rules->count > HTTP_RULES_MAX)
        return refuse(why, "/outcome", "outcome is a list of at most 64 rules");
    for (const struct json *m = rules->child; m; m = m->next) {
        err e = read_rule(m, arena, &s->rules[s->rule_count], why);
        s->rule_count += e == ERR_OK;
        TRY(e);
    }
    return ERR_OK;
}

static bool status_named(str text, u8 *out)
{
    static const message_status SAID[] = {MESSAGE_SENT,    MESSAGE_DELIVERED, MESSAGE_OPENED,
                                          MESSAGE_CLICKED, MESSAGE_REPLIED,   MESSAGE_REJECTED,
                                          MESSAGE_BOUNCED, MESSAGE_COMPLAINED};
    for (size_t i = 0; i < COUNT_OF(SAID); i++)
        if (str_eq(text, message_status_text(SAID[i]))) {
            *out = (u8)SAID[i];
            return true;
        }
    return false;
}

MUST_USE static err read_path(const struct json *j, const char *name, str *out, struct diag *why)
{
    *out = json_get_str(j, name, (str){0});
    return path_valid(*out) ? ERR_OK : refuse(why, "/receipts", "a path is written a.b[0].c");
}

MUST_USE static err read_statuses(struct hook_paths *p, const struct json *j, struct diag *why)
{
    const struct json *map = json_get(j, "statuses");
    if (!json_is(map, JSON_OBJECT) || !map->count || map->count > HTTP_STATUSES_MAX)
        return refuse(why, "/receipts/statuses",
                      "it is an object of their words and ours: {\"DELIVRD\": \"delivered\"}");
    for (const struct json *m = map->child; m; m = m->next) {
        p->statuses[p->status_count].said = m->key;
        if (m->type != JSON_STRING || !status_named(m->text, &p->statuses[p->status_count].status))
            return refuse(why, "/receipts/statuses",
                          "ours are sent, delivered, opened, clicked, replied, rejected, bounced, "
                          "complained");
        p->status_count++;
    }
    return ERR_OK;
}

MUST_USE static err read_hooks(struct http_settings *s, const struct json *j, struct diag *why)
{
    const struct json *r = json_get(j, "receipts"), *i = json_get(j, "inbound");
    if (r) {
        struct hook_paths *p = &s->receipts;
        p->used = true;
        TRY(read_path(r, "items", &p->items, why));
        TRY(read_path(r, "message_path", &p->message, why));
        TRY(read_path(r, "id_path", &p->id, why));
        TRY(read_path(r, "to_path", &p->to, why));
        TRY(read_path(r, "status_path", &p->status, why));
        TRY(read_path(r, "detail_path", &p->detail, why));
        if (!p->status.n || (!p->message.n && !(p->id.n && p->to.n)))
            return refuse(why, "/receipts",
                          "status_path is needed, and message_path (where our {{ token }} comes "
                          "back) or id_path and to_path");
        TRY(read_statuses(p, r, why));
    }
    if (i) {
        struct hook_paths *p = &s->inbound;
        p->used = true;
        TRY(read_path(i, "items", &p->items, why));
        TRY(read_path(i, "from_path", &p->from, why));
        TRY(read_path(i, "text_path", &p->text, why));
        TRY(read_path(i, "id_path", &p->id, why));
        if (!p->from.n || !p->text.n)
            return refuse(why, "/inbound", "from_path and text_path are needed");
    }
    return ERR_OK;
}

MUST_USE static err read_signature(struct http_settings *s, const struct json *j, struct diag *why)
{
    const struct json *sig = json_get(j, "signature");
    if (!sig) return ERR_OK;
    str algorithm = json_get_str(sig, "algorithm", S("hmac-sha256"));
    str encoding = json_get_str(sig, "encoding", S("hex"));
    s->signature_header = json_get_str(sig, "header", (str){0});
    s->signature_prefix = json_get_str(sig, "prefix", (str){0});
    s->signature_secret = json_get_str(j, "signature_secret", (str){0});
    s->signature_sha1 = str_eq(algorithm, S("hmac-sha1"));
    s->signature_base64 = str_eq(encoding, S("base64"));
    if (!s->signature_sha1 && !str_eq(algorithm, S("hmac-sha256")))
        return refuse(why, "/signature/algorithm", "it is hmac-sha256 or hmac-sha1");
    if (!s->signature_base64 && !str_eq(encoding, S("hex")))
        return refuse(why, "/signature/encoding", "it is hex or base64");
    if (!s->signature_header.n) return refuse(why, "/signature/header", "it is needed");
    if (!s->signature_secret.n)
        return refuse(why, "/signature_secret", "the key of the signature is needed");
    return ERR_OK;
}

err generic_open(struct http_settings *s, struct arena *arena, struct diag *why)
{
    static const char *const METHODS[] = {"GET", "POST", "PUT", "PATCH"};
    const struct json *j = s->json;
    str url = json_get_str(j, "url", (str){0});
    bool known = false;
    s->method = json_get_str(j, "method", S("POST"));
    for (size_t i = 0; i < COUNT_OF(METHODS); i++) known |= str_eq(s->method, str_of(METHODS[i]));
    if (!known) return refuse(why, "/method", "method is GET, POST, PUT or PATCH");
    if (!str_starts(url, S("http://")) && !str_starts(url, S("https://")))
        return refuse(why, "/url", "url begins with https:// or http://");
    TRY(read_liquid(url, arena, "/url", &s->url, why));
    TRY(read_body(s, j, arena, why));
    if (str_eq(s->method, S("GET")) && (s->body || s->body_text))
        return refuse(why, "/body", "a GET has no body");
    TRY(read_headers(s, j, arena, why));
    s->id_path = json_get_str(j, "id_path", (str){0});
    if (!path_valid(s->id_path)) return refuse(why, "/id_path", "a path is written a.b[0].c");
    TRY(read_hooks(s, j, why));
    TRY(read_signature(s, j, why));
    return read_rules(s, j, arena, why);
}
