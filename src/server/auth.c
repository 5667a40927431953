#include "server/auth.h"

#include "server/sessions.h"
#include "server/users.h"

#include <openssl/crypto.h>
#include <stdio.h>

static str bearer(const struct http_request *req)
{
    str h = http_header(req, S("authorization"));
    if (h.n < 7 || !str_eq_nocase(str_slice(h, 0, 7), S("bearer "))) return (str){0};
    return str_trim(str_slice(h, 7, h.n));
}

static err by_key(struct server *s, str key, struct caller *who, struct diag *why)
{
    const struct office_key *k = office_key_check(s->office, key, server_now(s));
    if (!k) return diag_set(why, ERR_AUTH, "this key is not known here");
    snprintf(who->id, sizeof who->id, "%s", k->id);
    snprintf(who->name, sizeof who->name, "%s", k->name);
    who->scopes = k->scopes;
    return ERR_OK;
}

err auth_check(struct server *s, const struct http_request *req, scope wanted, struct diag *why)
{
    struct caller who;
    return auth_caller(s, req, wanted, &who, why);
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

/* A proxy on this machine stands for the whole world. */
static bool is_forwarded(const struct http_request *req)
{
    static const char *const SAYS[] = {"forwarded",         "via",
                                       "x-forwarded-for",   "x-forwarded-host",
                                       "x-forwarded-proto", "x-real-ip"};
    bool forwarded = false;
    for (u32 i = 0; i < COUNT_OF(SAYS); i++) forwarded |= http_header(req, str_of(SAYS[i])).n > 0;
    return forwarded;
}

bool auth_is_local(const struct server *s, const struct http_request *req)
{
    str host = http_header(req, S("host")), origin = http_header(req, S("origin"));
    str site = http_header(req, S("sec-fetch-site"));
    bool loopback =
        str_eq(str_of(s->address), S("127.0.0.1")) || str_eq(str_of(s->address), S("::1"));
    if (!loopback || !req->from_loopback || is_forwarded(req)) return false;
    if (!auth_host_is_ours(s, host)) return false;
    if (site.n > 0 && !str_eq(site, S("same-origin"))) return false;
    return origin.n == 0 || str_eq_nocase(authority(origin), host);
}

bool auth_is_secure(const struct server *s, const struct http_request *req)
{
    str said = http_header(req, S("x-forwarded-proto"));
    if (req->tls || (req->from_loopback && str_eq_nocase(said, S("https")))) return true;
    return str_starts(str_of(s->public_url), S("https://")) && !auth_is_local(s, req);
}

/* ---- cookies and sessions ---- */

static str plain_name(const struct server *s, char room[32])
{
    int n = snprintf(room, 32, "beckon_%d", server_port(s));
    return (str){room, (size_t)n};
}

static const str SAFE_NAME = {"__Host-beckon", 13};

static str cookie_named(const struct http_request *req, str name)
{
    for (u32 i = 0; i < req->field_count; i++) {
        if (!str_eq_nocase(req->fields[i].name, S("cookie"))) continue;
        str rest = req->fields[i].value;
        while (rest.n) {
            ptrdiff_t end = str_index(rest, ';');
            str one = str_trim(str_slice(rest, 0, end < 0 ? rest.n : (size_t)end));
            rest = end < 0 ? (str){0} : str_slice(rest, (size_t)end + 1, rest.n);
            if (one.n > name.n && str_starts(one, name) && one.p[name.n] == '=')
                return str_slice(one, name.n + 1, one.n);
        }
    }
    return (str){0};
}

void auth_cookie(const struct server *s, const struct http_request *req, str token, struct buf *out)
{
    char room[32];
    bool secure = auth_is_secure(s, req);
    buf_put(out, S("Set-Cookie: "));
    buf_put(out, secure ? SAFE_NAME : plain_name(s, room));
    buf_printf(out, "=%.*s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s\r\n", STR_ARG(token),
               token.n ? (int)(SESSION_MS / 1000) : 0, secure ? "; Secure" : "");
}

/* What a foreign page could have sent is refused: it cannot know the token, and browsers say where
 * a request is from. */
static err check_origin(const struct server *s, const struct http_request *req, const char *csrf,
                        struct diag *why)
{
    str said = http_header(req, S("x-csrf-token")), origin = http_header(req, S("origin"));
    str site = http_header(req, S("sec-fetch-site")), from = authority(origin);
    bool ours =
        origin.n == 0 || (from.n && (str_eq_nocase(from, http_header(req, S("host"))) ||
                                     str_eq_nocase(from, authority(str_of(s->public_url)))));
    if (site.n && !str_eq(site, S("same-origin")) && !str_eq(site, S("none"))) ours = false;
    if (!ours) return diag_set(why, ERR_FORBIDDEN, "a page of another address may not do this");
    if (said.n == CSRF_BYTES && CRYPTO_memcmp(said.p, csrf, CSRF_BYTES) == 0) return ERR_OK;
    return diag_set(why, ERR_FORBIDDEN,
                    "X-CSRF-Token is missing or not this session's: GET /api/v1/session has it");
}

static err by_session(struct server *s, const struct http_request *req, str token,
                      struct caller *who, struct diag *why)
{
    const struct user *u;
    const struct session *x = session_check(s->office, token, server_now(s), &u);
    if (!x) return diag_set(why, ERR_AUTH, "the session is over: sign in again");
    session_csrf(token, who->csrf);
    bool changes = req->verb != METHOD_GET && req->verb != METHOD_HEAD;
    if (changes) TRY(check_origin(s, req, who->csrf, why));
    memcpy(who->id, u->id, sizeof who->id);
    memcpy(who->session, x->id, sizeof who->session);
    snprintf(who->name, sizeof who->name, "%.*s", OFFICE_NAME_MAX, u->name[0] ? u->name : u->email);
    who->scopes = role_scopes(u->role);
    return ERR_OK;
}

err auth_who(struct server *s, const struct http_request *req, struct caller *who, struct diag *why)
{
    char room[32];
    str key = bearer(req), token = cookie_named(req, SAFE_NAME);
    *who = (struct caller){0};
    if (key.n) return by_key(s, key, who, why);
    if (!token.n) token = cookie_named(req, plain_name(s, room));
    if (token.n) return by_session(s, req, token, who, why);
    return diag_set(why, ERR_AUTH, "sign in, or send a key: Authorization: Bearer bk_live_…");
}

err auth_caller(struct server *s, const struct http_request *req, scope wanted, struct caller *who,
                struct diag *why)
{
    TRY(auth_who(s, req, who, why));
    if (scope_allows(who->scopes, wanted)) return ERR_OK;
    return diag_set(why, ERR_FORBIDDEN,
                    who->session[0]
                        ? "your role does not allow this; an administrator can change it"
                        : "the key \"%s\" may not do this",
                    who->name);
}

/* ---- Basic ---- */

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
