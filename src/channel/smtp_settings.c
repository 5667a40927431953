/* smtp_settings.c — {host, port, security, username, password, from, reply_to, connections, verify,
 * dkim {domain, selector}, dkim_private_key}. */
#include "channel/smtp.h"

#include <stdlib.h>

static bool is_host(str s)
{
    bool fine = s.n > 0 && s.n <= 255 && s.p[0] != '-';
    for (size_t i = 0; fine && i < s.n; i++) {
        char c = s.p[i];
        fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == ':';
    }
    return fine;
}

static bool is_loopback(str host)
{
    return str_eq_nocase(host, S("localhost")) || str_eq(host, S("::1")) ||
           (str_starts(host, S("127.")) && str_index(host, ':') < 0);
}

/* A number between two bounds, or what is the rule without it. */
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

MUST_USE static err read_security(const struct json *j, smtp_security *out, struct diag *why)
{
    str s = json_get_str(j, "security", S("starttls"));
    if (str_eq(s, S("none")))
        *out = SMTP_PLAIN;
    else if (str_eq(s, S("starttls")))
        *out = SMTP_STARTTLS;
    else if (str_eq(s, S("tls")))
        *out = SMTP_TLS;
    else
        return diag_at(why, ERR_REFUSED, S("/security"), "security is none, starttls or tls");
    return ERR_OK;
}

MUST_USE static err read_credentials(const struct json *j, struct arena *arena, str host,
                                     struct smtp_settings *out, struct diag *why)
{
    str user = json_get_str(j, "username", (str){0}),
        password = json_get_str(j, "password", (str){0});
    if (!user.n) return ERR_OK;
    if (str_index(user, 0) >= 0 || str_index(password, 0) >= 0)
        return diag_at(why, ERR_REFUSED, S("/username"), "the user name or password is not text");
    if (out->security == SMTP_PLAIN && !is_loopback(host))
        return diag_at(why, ERR_REFUSED, S("/security"),
                       "a password needs security starttls or tls");
    /* arena_str ends what it copies; it is ours to hand to curl, which wants plain char. */
    out->username = (char *)(uintptr_t)arena_str(arena, user).p;
    out->password = (char *)(uintptr_t)arena_str(arena, password).p;
    return ERR_OK;
}

/* Signing is asked for by a domain; the key is made by the server and kept among the secrets. */
MUST_USE static err read_dkim(const struct json *j, struct arena *arena, struct smtp_settings *out,
                              struct diag *why)
{
    const struct json *dkim = json_get(j, "dkim");
    if (!dkim || dkim->type == JSON_NULL) return ERR_OK;
    str domain = json_get_str(dkim, "domain", (str){0});
    if (!domain.n)
        return diag_at(why, ERR_REFUSED, S("/dkim/domain"),
                       "dkim needs the domain that signs, that of the sender");
    out->dkim_domain = arena_str(arena, domain);
    out->dkim_selector = arena_str(arena, json_get_str(dkim, "selector", S("beckon")));
    out->dkim_key = arena_str(arena, json_get_str(j, "dkim_private_key", (str){0}));
    return ERR_OK;
}

/* The name we greet with: the sender's domain, which people have set up; else an address literal.
 */
static str greeting_name(str from)
{
    str address;
    if (mail_address(from, &address, NULL) != ERR_OK) return S("localhost");
    str domain = str_slice(address, (size_t)str_index(address, '@') + 1, address.n);
    return is_host(domain) ? domain : S("localhost");
}

err smtp_settings_read(const struct json *j, struct arena *arena, struct smtp_settings *out,
                       struct diag *why)
{
    i64 port, connections;
    str address, host = json_get_str(j, "host", (str){0});
    *out = (struct smtp_settings){.verify = json_get_bool(j, "verify", true)};
    if (!json_is(j, JSON_OBJECT)) return diag_set(why, ERR_REFUSED, "smtp needs its settings");
    if (!is_host(host))
        return diag_at(why, ERR_REFUSED, S("/host"), "host must be a server's name");
    TRY(read_security(j, &out->security, why));
    i64 usual = out->security == SMTP_TLS ? 465 : out->security == SMTP_STARTTLS ? 587 : 25;
    TRY(read_number(j, "port", usual, 1, 65535, &port, why));
    TRY(read_number(j, "connections", SMTP_CONNECTIONS_DEFAULT, 1, SMTP_CONNECTIONS_MAX,
                    &connections, why));
    TRY(read_number(j, "connect_timeout_ms", 30 * SECOND, 10, HOUR, &out->connect_ms, why));
    TRY(read_number(j, "reply_timeout_ms", 2 * MINUTE, 10, HOUR, &out->reply_ms, why));
    TRY(read_number(j, "final_timeout_ms", 11 * MINUTE, 10, HOUR, &out->final_ms, why));
    TRY(read_number(j, "idle_timeout_ms", 20 * SECOND, 10, HOUR, &out->idle_ms, why));
    if (!out->verify && !is_loopback(host))
        return diag_at(why, ERR_REFUSED, S("/verify"),
                       "verify may be false for a server on this machine only");
    str from = json_get_str(j, "from", (str){0});
    if (from.n && mail_address(from, &address, NULL) != ERR_OK)
        return diag_at(why, ERR_REFUSED, S("/from"), "from must be a mail address");
    str reply_to = json_get_str(j, "reply_to", (str){0});
    if (reply_to.n && mail_address(reply_to, &address, NULL) != ERR_OK)
        return diag_at(why, ERR_REFUSED, S("/reply_to"), "reply_to must be a mail address");
    TRY(read_credentials(j, arena, host, out, why));
    TRY(read_dkim(j, arena, out, why));
    bool six = str_index(host, ':') >= 0;
    str url = arena_printf(arena, "%s://%s%.*s%s:%d/%.*s",
                           out->security == SMTP_TLS ? "smtps" : "smtp", six ? "[" : "",
                           STR_ARG(host), six ? "]" : "", (int)port, STR_ARG(greeting_name(from)));
    out->url = (char *)(uintptr_t)url.p;
    out->from = arena_str(arena, from);
    out->connections = (u32)connections;
    return ERR_OK;
}
