#include "server/channel_mask.h"

static char low(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

static bool holds(str text, const char *needle)
{
    size_t n = strlen(needle);
    for (size_t at = 0; at + n <= text.n; at++) {
        size_t i = 0;
        while (i < n && low(text.p[at + i]) == needle[i]) i++;
        if (i == n) return true;
    }
    return false;
}

/* Names that say so themselves. */
static bool is_secret_name(str name)
{
    static const char *const WORDS[] = {"auth",   "token", "secret", "key",  "password",
                                        "passwd", "pwd",   "cookie", "sign", "credential"};
    bool is = false;
    for (size_t i = 0; i < COUNT_OF(WORDS); i++) is |= holds(name, WORDS[i]);
    return is;
}

static bool is_named(str value)
{
    return str_find(value, S("{{")) >= 0;
}

bool mask_hides_header(str name, str value)
{
    return value.n && is_secret_name(name) && !is_named(value);
}

static str authority(str url)
{
    ptrdiff_t at = str_find(url, S("://"));
    if (at < 0) return (str){0};
    str rest = str_slice(url, (size_t)at + 3, url.n);
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?' && rest.p[n] != '#') n++;
    return str_slice(rest, 0, n);
}

str mask_host(str url)
{
    str a = authority(url);
    for (size_t i = a.n; i-- > 0;)
        if (a.p[i] == '@') return str_slice(a, i + 1, a.n);
    return a;
}

/* name=value of a query. */
static void put_pair(struct buf *b, str pair)
{
    ptrdiff_t eq = str_index(pair, '=');
    str name = str_slice(pair, 0, eq < 0 ? pair.n : (size_t)eq);
    str value = eq < 0 ? (str){0} : str_slice(pair, (size_t)eq + 1, pair.n);
    buf_put(b, name);
    if (eq >= 0) buf_byte(b, '=');
    buf_put(b, mask_hides_header(name, value) ? MASK : value);
}

str mask_url(str url, struct arena *a)
{
    struct buf b;
    str where = authority(url), host = mask_host(url);
    if (!where.n) return url;
    size_t begin = (size_t)(where.p - url.p), end = begin + where.n;
    str user = str_slice(where, 0, where.n - host.n), rest = str_slice(url, end, url.n);
    ptrdiff_t mark = str_index(rest, '?');
    buf_init(&b, 1 << 20);
    buf_put(&b, str_slice(url, 0, begin));
    if (user.n && !is_named(user)) {
        buf_put(&b, MASK);
        buf_byte(&b, '@');
    } else {
        buf_put(&b, user);
    }
    buf_put(&b, host);
    buf_put(&b, str_slice(rest, 0, mark < 0 ? rest.n : (size_t)mark + 1));
    str query = mark < 0 ? (str){0} : str_slice(rest, (size_t)mark + 1, rest.n);
    while (query.n) {
        ptrdiff_t and = str_index(query, '&');
        str pair = str_slice(query, 0, and < 0 ? query.n : (size_t) and);
        put_pair(&b, pair);
        if (and >= 0) buf_byte(&b, '&');
        query = str_slice(query, pair.n + 1, query.n);
    }
    str masked = str_eq(buf_str(&b), url) ? url : arena_str(a, buf_str(&b));
    buf_clear(&b);
    return masked;
}

static bool is_url(const struct json *m)
{
    return str_eq(m->key, S("url")) && m->type == JSON_STRING;
}

static bool is_headers(const struct json *m)
{
    return str_eq(m->key, S("headers")) && m->type == JSON_OBJECT;
}

static void put_headers(struct buf *b, const struct json *headers)
{
    buf_byte(b, '{');
    for (const struct json *h = headers->child; h; h = h->next) {
        json_put_key(b, h->key);
        if (h->type == JSON_STRING && mask_hides_header(h->key, h->text))
            json_put_str(b, MASK);
        else
            json_put(b, h);
    }
    buf_byte(b, '}');
}

void mask_put_settings(struct buf *b, const struct json *settings, struct arena *a)
{
    for (const struct json *m = settings ? settings->child : NULL; m; m = m->next) {
        json_put_key(b, m->key);
        if (is_url(m))
            json_put_str(b, mask_url(m->text, a));
        else if (is_headers(m))
            put_headers(b, m);
        else
            json_put(b, m);
    }
}

bool mask_concerns(const struct json *m, struct arena *a)
{
    if (is_url(m)) return !str_eq(mask_url(m->text, a), m->text) || str_find(m->text, MASK) >= 0;
    if (!is_headers(m)) return false;
    for (const struct json *h = m->child; h; h = h->next)
        if (h->type == JSON_STRING && mask_hides_header(h->key, h->text)) return true;
    return false;
}

static err restore_url(struct buf *b, str url, const struct json *before, struct arena *a,
                       struct diag *why)
{
    str old = json_get_str(before, "url", (str){0});
    if (str_find(url, MASK) < 0) {
        json_put_str(b, url);
        return ERR_OK;
    }
    if (!old.n || !str_eq(mask_url(old, a), url))
        return diag_at(why, ERR_REFUSED, S("/settings/url"),
                       "the address was changed: write its hidden parts again");
    json_put_str(b, old);
    return ERR_OK;
}

static err restore_headers(struct buf *b, const struct json *headers, const struct json *before,
                           struct arena *a, struct diag *why)
{
    const struct json *old = json_get(before, "headers");
    buf_byte(b, '{');
    for (const struct json *h = headers->child; h; h = h->next) {
        const struct json *was = h;
        if (h->type == JSON_STRING && str_find(h->text, MASK) >= 0) {
            was = old ? json_get(old, arena_str(a, h->key).p) : NULL;
            if (!was)
                return diag_at(why, ERR_REFUSED,
                               arena_printf(a, "/settings/headers/%.*s",
                                            (int)min_size(h->key.n, 100), h->key.p),
                               "nothing is kept of this header: write its value");
        }
        json_put_key(b, h->key);
        json_put(b, was);
    }
    buf_byte(b, '}');
    return ERR_OK;
}

err mask_restore(struct buf *b, const struct json *m, const struct json *before, struct arena *a,
                 struct diag *why)
{
    json_put_key(b, m->key);
    return is_url(m) ? restore_url(b, m->text, before, a, why)
                     : restore_headers(b, m, before, a, why);
}
