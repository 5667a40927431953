/* connector_address.c — which addresses are outside, and which URLs may be asked at all. */
#include "channel/connector.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

struct range {
    u8 bytes[16];
    u8 bits;
};

/* Everything of IPv4 that is no public unicast, and Azure's metadata server, which is. */
static const struct range CLOSED_4[] = {
    {{0}, 8},                 /* this network */
    {{10}, 8},                /* private */
    {{100, 64}, 10},          /* shared by carriers; Alibaba's metadata server */
    {{127}, 8},               /* this machine */
    {{169, 254}, 16},         /* link-local; metadata servers */
    {{172, 16}, 12},          /* private */
    {{192, 0, 0}, 24},        /* protocol assignments */
    {{192, 0, 2}, 24},        /* documentation */
    {{192, 88, 99}, 24},      /* 6to4 relays */
    {{192, 168}, 16},         /* private */
    {{198, 18}, 15},          /* benchmarks */
    {{198, 51, 100}, 24},     /* documentation */
    {{203, 0, 113}, 24},      /* documentation */
    {{168, 63, 129, 16}, 32}, /* Azure's platform server */
    {{224}, 4},               /* multicast */
    {{240}, 4},               /* reserved, broadcast */
};

/* Of IPv6 only 2000::/3 is public unicast, and of that not what carries other addresses or is no
 * destination. IPv4-mapped, NAT64, unique local, link-local and multicast lie outside it. */
static const struct range OPEN_6 = {{0x20}, 3};
static const struct range CLOSED_6[] = {
    {{0x20, 0x01, 0x00, 0x00}, 23}, /* Teredo, ORCHID, protocol assignments */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4 */
    {{0x3f, 0xff}, 20},             /* documentation */
};

static bool within(const u8 *address, const u8 *net, u32 bits)
{
    u32 whole = bits / 8, rest = bits % 8;
    if (memcmp(address, net, whole) != 0) return false;
    return rest == 0 || (address[whole] ^ net[whole]) >> (8 - rest) == 0;
}

static bool is_public(const u8 *a, u32 size)
{
    if (size == 16 && !within(a, OPEN_6.bytes, OPEN_6.bits)) return false;
    const struct range *closed = size == 4 ? CLOSED_4 : CLOSED_6;
    size_t n = size == 4 ? COUNT_OF(CLOSED_4) : COUNT_OF(CLOSED_6);
    for (size_t i = 0; i < n; i++)
        if (within(a, closed[i].bytes, closed[i].bits)) return false;
    return true;
}

static bool may_go(const struct outbound *o, const u8 *a, u32 size)
{
    if (o->allow_private) return true;
    for (u32 i = 0; i < o->net_count; i++)
        if (o->nets[i].size == size && within(a, o->nets[i].bytes, o->nets[i].bits)) return true;
    return is_public(a, size);
}

bool outbound_address(const struct outbound *o, const struct sockaddr *a)
{
    if (a->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)a;
        return may_go(o, (const u8 *)&in->sin_addr, 4);
    }
    if (a->sa_family != AF_INET6) return false;
    const struct sockaddr_in6 *in6 = (const void *)a;
    return may_go(o, in6->sin6_addr.s6_addr, 16);
}

/* ---- the allowed ranges ---- */

static bool put_text(char *out, size_t size, str s)
{
    if (s.n == 0 || s.n >= size) return false;
    memcpy(out, s.p, s.n);
    out[s.n] = 0;
    return true;
}

static bool read_net(str text, struct net *out)
{
    char address[64];
    ptrdiff_t slash = str_index(text, '/');
    str host = slash < 0 ? text : str_slice(text, 0, (size_t)slash);
    i64 bits;
    *out = (struct net){0};
    if (!put_text(address, sizeof address, host)) return false;
    if (inet_pton(AF_INET, address, out->bytes) == 1)
        out->size = 4;
    else if (inet_pton(AF_INET6, address, out->bytes) == 1)
        out->size = 16;
    else
        return false;
    bits = out->size * 8;
    if (slash >= 0 && str_to_i64(str_slice(text, (size_t)slash + 1, text.n), &bits) != ERR_OK)
        return false;
    if (bits < 0 || bits > out->size * 8) return false;
    out->bits = (u8)bits;
    return true;
}

err outbound_nets(struct outbound *o, str list, struct diag *why)
{
    while (list.n) {
        ptrdiff_t comma = str_index(list, ',');
        str one = str_slice(list, 0, comma < 0 ? list.n : (size_t)comma);
        list = comma < 0 ? (str){0} : str_slice(list, (size_t)comma + 1, list.n);
        if (o->net_count == OUTBOUND_NETS_MAX)
            return diag_set(why, ERR_INVALID, "at most %d ranges may be allowed",
                            OUTBOUND_NETS_MAX);
        if (!read_net(str_trim(one), &o->nets[o->net_count]))
            return diag_set(why, ERR_INVALID, "\"%.*s\" is no range of addresses; write 10.0.0.0/8",
                            STR_ARG(one));
        o->net_count++;
    }
    return ERR_OK;
}

/* ---- URLs ---- */

/* Names that mean this machine or its network wherever one is. */
static bool is_inside_name(str host)
{
    static const char *const ENDS[] = {"localhost", "localdomain", "local", "internal",
                                       "intranet",  "home.arpa",   "lan"};
    for (size_t i = 0; i < COUNT_OF(ENDS); i++) {
        str end = str_of(ENDS[i]);
        if (host.n < end.n || !str_eq_nocase(str_slice(host, host.n - end.n, host.n), end))
            continue;
        if (host.n == end.n || host.p[host.n - end.n - 1] == '.') return true;
    }
    return false;
}

/* Does it end in a number, so that somebody takes it for an address? */
static bool ends_in_number(str host)
{
    size_t at = host.n;
    while (at && host.p[at - 1] != '.') at--;
    str last = str_slice(host, at, host.n);
    bool digits = last.n > 0;
    if (last.n > 1 && last.p[0] == '0' && (last.p[1] | 32) == 'x') return true;
    for (size_t i = 0; i < last.n; i++) digits &= last.p[i] >= '0' && last.p[i] <= '9';
    return digits;
}

MUST_USE static err check_host(const struct outbound *o, str host, struct diag *why)
{
    char text[256];
    struct in_addr four;
    u8 six[16];
    if (host.n > 1 && host.p[host.n - 1] == '.') host.n--;
    if (!put_text(text, sizeof text, host) || host.p[host.n - 1] == '.' || host.p[0] == '.')
        return diag_set(why, ERR_REFUSED, "the URL needs a host");
    if (host.p[0] == '[') {
        text[host.n - 1] = 0;
        if (host.p[host.n - 1] != ']' || inet_pton(AF_INET6, text + 1, six) != 1)
            return diag_set(why, ERR_REFUSED, "the URL's host is no IPv6 address");
        if (may_go(o, six, 16)) return ERR_OK;
    } else if (inet_aton(text, &four)) {
        if (may_go(o, (const u8 *)&four, 4)) return ERR_OK;
    } else if (ends_in_number(host)) {
        return diag_set(why, ERR_REFUSED, "the URL's host is neither a name nor an address");
    } else {
        for (size_t i = 0; i < host.n; i++) {
            char c = host.p[i];
            bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
                         c == '-' || c == '.' || c == '_';
            if (!plain || (c == '.' && i && host.p[i - 1] == '.'))
                return diag_set(why, ERR_REFUSED,
                                "the URL's host may have letters, digits, - and . only; other "
                                "scripts as xn--…");
        }
        if (o->allow_private || o->net_count || !is_inside_name(host)) return ERR_OK;
    }
    return diag_set(why, ERR_REFUSED,
                    "the URL leads to an address that is not public; who runs the server can allow "
                    "it (--allow-outbound)");
}

/* Web ports, and those above the system's that no database listens on. */
MUST_USE static err check_port(const struct outbound *o, str port, struct diag *why)
{
    static const u16 CLOSED[] = {1433, 1521,  2049,  2375,  2379,  3306,  3389, 5432,
                                 5900, 5984,  6000,  6379,  6667,  9042,  9092, 9200,
                                 9300, 10250, 11211, 15672, 27017, 50070, 2181, 4369};
    i64 n;
    if (str_to_i64(port, &n) != ERR_OK || n < 1 || n > 65535)
        return diag_set(why, ERR_REFUSED, "the URL's port is a number from 1 to 65535");
    if (o->allow_private || n == 80 || n == 443) return ERR_OK;
    for (size_t i = 0; i < COUNT_OF(CLOSED); i++)
        if (n == CLOSED[i]) n = 0;
    if (n >= 1024) return ERR_OK;
    return diag_set(why, ERR_REFUSED, "the URL's port is not one of the web's");
}

/* The text between // and the next / ? or #. */
static str authority_of(str url, size_t from)
{
    size_t to = from;
    while (to < url.n && url.p[to] != '/' && url.p[to] != '?' && url.p[to] != '#') to++;
    return str_slice(url, from, to);
}

MUST_USE static err check_text(str url, str *authority, str *usual_port, struct diag *why)
{
    if (url.n > OUTBOUND_URL_MAX)
        return diag_set(why, ERR_REFUSED, "a URL has at most %d bytes", OUTBOUND_URL_MAX);
    for (size_t i = 0; i < url.n; i++)
        if ((u8)url.p[i] <= 32 || (u8)url.p[i] >= 127 || url.p[i] == '\\')
            return diag_set(why, ERR_REFUSED,
                            "a URL has no spaces, backslashes or characters "
                            "beyond ASCII: write them as %%XX");
    bool tls = url.n > 8 && str_eq_nocase(str_slice(url, 0, 8), S("https://"));
    bool plain = url.n > 7 && str_eq_nocase(str_slice(url, 0, 7), S("http://"));
    if (!tls && !plain) return diag_set(why, ERR_REFUSED, "a URL begins with https:// or http://");
    *usual_port = tls ? S("443") : S("80");
    *authority = authority_of(url, tls ? 8 : 7);
    if (str_index(*authority, '@') >= 0)
        return diag_set(why, ERR_REFUSED,
                        "a URL has no user name or password: give them as settings");
    if (str_index(*authority, '%') >= 0)
        return diag_set(why, ERR_REFUSED, "the URL's host has no %%: neither a zone nor an escape");
    return ERR_OK;
}

err outbound_check(const struct outbound *o, str url, struct diag *why)
{
    str authority, port;
    TRY(check_text(url, &authority, &port, why));
    ptrdiff_t end = authority.n && authority.p[0] == '[' ? str_index(authority, ']') : 0;
    if (end < 0) return diag_set(why, ERR_REFUSED, "the URL's host is no IPv6 address");
    str tail = str_slice(authority, (size_t)end, authority.n);
    ptrdiff_t colon = str_index(tail, ':');
    str host = colon < 0 ? authority : str_slice(authority, 0, (size_t)(end + colon));
    if (colon >= 0) port = str_slice(tail, (size_t)colon + 1, tail.n);
    TRY(check_port(o, port, why));
    return check_host(o, host, why);
}
