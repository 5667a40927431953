#include "server/auth.h"

#include <openssl/crypto.h>
#include <stdio.h>

static str bearer(const struct http_request *req)
{
    str h = http_header(req, S("authorization"));
    if (h.n < 7 || !str_eq_nocase(str_slice(h, 0, 7), S("bearer "))) return (str){0};
    return str_trim(str_slice(h, 7, h.n));
}

static void name_caller(struct caller *who, const char *id, const char *name)
{
    snprintf(who->id, sizeof who->id, "%s", id);
    snprintf(who->name, sizeof who->name, "%s", name);
}

err auth_check(struct server *s, const struct http_request *req, scope wanted, struct diag *why)
{
    struct caller who;
    return auth_caller(s, req, wanted, &who, why);
}

err auth_caller(struct server *s, const struct http_request *req, scope wanted, struct caller *who,
                struct diag *why)
{
    str key = bearer(req), page = str_of(s->page_token);
    if (key.n == 0) return diag_set(why, ERR_AUTH, "send a key: Authorization: Bearer bk_live_…");
    if (key.n == page.n && CRYPTO_memcmp(key.p, page.p, page.n) == 0) {
        name_caller(who, "page", "the page on this machine");
        if (req->from_loopback && auth_host_is_ours(s, http_header(req, S("host")))) return ERR_OK;
        return diag_set(why, ERR_AUTH, "this token works on the server's own machine only");
    }
    const struct office_key *k = office_key_check(s->office, key, server_now(s));
    if (!k) return diag_set(why, ERR_AUTH, "this key is not known here");
    if (!scope_allows(k->scopes, wanted))
        return diag_set(why, ERR_FORBIDDEN, "the key \"%s\" may not do this", k->name);
    name_caller(who, k->id, k->name);
    return ERR_OK;
}

static str without_port(str host)
{
    if (host.n > 0 && host.p[0] == '[') {
        ptrdiff_t end = str_index(host, ']');
        return end < 0 ? host : str_slice(host, 0, (size_t)end + 1);
    }
    ptrdiff_t colon = str_index(host, ':');
    return colon < 0 ? host : str_slice(host, 0, (size_t)colon);
}

/* "http://name:port/path" → "name:port" */
static str authority(str url)
{
    ptrdiff_t at = str_find(url, S("://"));
    if (at < 0) return (str){0};
    url = str_slice(url, (size_t)at + 3, url.n);
    ptrdiff_t slash = str_index(url, '/');
    return slash < 0 ? url : str_slice(url, 0, (size_t)slash);
}

bool auth_host_is_ours(const struct server *s, str host)
{
    str name = without_port(host), own = authority(str_of(s->public_url));
    return str_eq_nocase(name, S("localhost")) || str_eq(name, S("127.0.0.1")) ||
           str_eq(name, S("[::1]")) || (own.n > 0 && str_eq_nocase(host, own));
}

bool auth_is_local_page(const struct server *s, const struct http_request *req)
{
    str host = http_header(req, S("host")), origin = http_header(req, S("origin"));
    str site = http_header(req, S("sec-fetch-site"));
    bool loopback =
        str_eq(str_of(s->address), S("127.0.0.1")) || str_eq(str_of(s->address), S("::1"));
    if (!loopback || !req->from_loopback || !auth_host_is_ours(s, host)) return false;
    if (site.n > 0 && !str_eq(site, S("same-origin"))) return false;
    return origin.n == 0 || str_eq_nocase(authority(origin), host);
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

bool auth_basic_user(str header, char out[128], str *user)
{
    if (header.n < 6 || !str_eq_nocase(str_slice(header, 0, 6), S("basic "))) return false;
    str text = str_trim(str_slice(header, 6, header.n));
    size_t n = 0;
    u32 bits = 0, have = 0;
    for (size_t i = 0; i < text.n && text.p[i] != '='; i++) {
        int v = sextet(text.p[i]);
        if (v < 0) return false;
        bits = bits << 6 | (u32)v;
        have += 6;
        if (have < 8) continue;
        have -= 8;
        if (n == 128) return false;
        out[n++] = (char)(bits >> have);
    }
    const char *colon = memchr(out, ':', n);
    *user = (str){out, colon ? (size_t)(colon - out) : n};
    return true;
}
