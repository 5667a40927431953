#include "server/hits.h"

#include "base/hash.h"
#include "server/web.h"

#include <arpa/inet.h>
#include <stdlib.h>

enum { HITS_KEPT = 4096, HELD_MS = 2000, DETAIL_MAX = 200 };

struct held {
    i64 at_ms;
    hash128 message;
    u64 target;
    bool is_open, machine;
    char customer[33], detail[DETAIL_MAX + 1];
};

struct hits {
    struct held *ring;
    u32 first, count;
};

struct hits *hits_new(void)
{
    struct hits *h = mem_zalloc(sizeof *h);
    h->ring = mem_zalloc(HITS_KEPT * sizeof *h->ring);
    return h;
}

void hits_free(struct hits *h)
{
    if (!h) return;
    free(h->ring);
    free(h);
}

/* ---- who it was ---- */

/* Parts of names that scanners, crawlers, previews and libraries give themselves. */
static const char *const NAMES[] = {"bot",
                                    "crawler",
                                    "spider",
                                    "scan",
                                    "preview",
                                    "prefetch",
                                    "curl/",
                                    "wget",
                                    "python",
                                    "java/",
                                    "go-http",
                                    "libwww",
                                    "okhttp",
                                    "headless",
                                    "phantomjs",
                                    "barracuda",
                                    "proofpoint",
                                    "mimecast",
                                    "safelinks",
                                    "symantec",
                                    "messagelabs",
                                    "fireeye",
                                    "trendmicro",
                                    "ironport",
                                    "cloudmark",
                                    "forcepoint",
                                    "sophos",
                                    "zscaler",
                                    "urldefense",
                                    "virustotal",
                                    "facebookexternalhit",
                                    "whatsapp",
                                    "skypeuripreview",
                                    "axios",
                                    "node-fetch"};

/* Networks from which mail scanners follow links. IPv4, network and bits. */
static const struct {
    u8 at[4];
    u8 bits;
} NETWORKS[] = {
    {{64, 235, 144, 0}, 20}, {{209, 222, 80, 0}, 21},  /* Barracuda */
    {{67, 231, 144, 0}, 20}, {{148, 163, 128, 0}, 19}, /* Proofpoint */
    {{207, 211, 30, 0}, 24}, {{205, 139, 110, 0}, 24}, /* Mimecast */
    {{40, 94, 0, 0}, 16},    {{104, 47, 0, 0}, 17},    /* Microsoft's safe links */
    {{216, 205, 24, 0}, 24}, {{63, 128, 21, 0}, 24},   /* Mimecast */
};

static bool contains_nocase(str s, str low)
{
    for (size_t i = 0; i + low.n <= s.n; i++)
        if (str_eq_nocase(str_slice(s, i, i + low.n), low)) return true;
    return false;
}

static bool from_scanner(str address)
{
    char text[64];
    struct in_addr a;
    if (address.n >= sizeof text) return false;
    if (address.n) memcpy(text, address.p, address.n);
    text[address.n] = 0;
    if (inet_pton(AF_INET, text, &a) != 1) return false;
    for (size_t i = 0; i < COUNT_OF(NETWORKS); i++) {
        u32 net = (u32)NETWORKS[i].at[0] << 24 | (u32)NETWORKS[i].at[1] << 16 |
                  (u32)NETWORKS[i].at[2] << 8 | NETWORKS[i].at[3];
        u32 mask = ~0u << (32 - NETWORKS[i].bits);
        if ((ntohl(a.s_addr) & mask) == net) return true;
    }
    return false;
}

/* A browser says what it is, takes and reads. The proxies that fetch pictures for readers do so
 * when the mail is opened, and say less; the one that fetches ahead says "Mozilla/5.0" alone. */
bool hit_is_machine(const struct http_request *req, str address, bool is_open)
{
    str agent = http_header(req, S("user-agent"));
    if (req->verb == METHOD_HEAD || !str_starts(agent, S("Mozilla/"))) return true;
    if (str_eq(agent, S("Mozilla/5.0"))) return true;
    for (size_t i = 0; i < COUNT_OF(NAMES); i++)
        if (contains_nocase(agent, str_of(NAMES[i]))) return true;
    if (http_header(req, S("purpose")).n || http_header(req, S("sec-purpose")).n ||
        http_header(req, S("x-moz")).n)
        return true;
    if (!http_header(req, S("accept")).n) return true;
    if (!is_open && !http_header(req, S("accept-language")).n) return true;
    return from_scanner(address);
}

/* ---- into the log ---- */

static void write_one(struct server *s, const struct held *h)
{
    struct receipt_record r = {.customer = {h->customer, 32},
                               .id = h->message,
                               .status = h->is_open ? MESSAGE_OPENED : MESSAGE_CLICKED,
                               .machine = h->machine,
                               .detail = str_of(h->detail)};
    struct buf payload, record;
    u64 number;
    buf_init(&payload, 4096);
    buf_init(&record, 8192);
    receipt_put(&payload, &r);
    struct record whole = {.kind = RECORD_RECEIPT_,
                           .level = ENGINE_LEVEL,
                           .occurred_ms = NEVER,
                           .payload = buf_str(&payload)};
    record_put(&record, &whole);
    /* A full log loses the count, not the reader's way. */
    err e = log_append(engine_log(s->engine), buf_str(&record), 1, false, &number);
    if (e != ERR_OK) server_log(s, "a click was not counted", "why=%s", err_name(e));
    buf_clear(&payload);
    buf_clear(&record);
}

static struct held *at(struct hits *h, u32 i)
{
    return &h->ring[(h->first + i) % HITS_KEPT];
}

static void write_first(struct server *s)
{
    struct hits *h = s->hits;
    write_one(s, at(h, 0));
    h->first = (h->first + 1) % HITS_KEPT;
    h->count--;
}

void hits_flush(struct server *s, bool all)
{
    struct hits *h = s->hits;
    i64 now = env_mono_ns(s->env) / 1000000;
    while (h->count && (all || now - at(h, 0)->at_ms >= HELD_MS)) write_first(s);
}

/* Another link of the same message within the time: all of them are one machine's. */
static void compare(struct hits *h, struct held *with)
{
    bool several = false;
    if (with->is_open) return;
    for (u32 i = 0; i < h->count; i++) {
        struct held *o = at(h, i);
        several |= hash128_eq(o->message, with->message) && !o->is_open &&
                   o->target != with->target && with->at_ms - o->at_ms < HELD_MS;
    }
    if (!several) return;
    with->machine = true;
    for (u32 i = 0; i < h->count; i++) {
        struct held *o = at(h, i);
        if (hash128_eq(o->message, with->message) && with->at_ms - o->at_ms < HELD_MS)
            o->machine = true;
    }
}

void hits_take(struct server *s, const struct http_request *req, const struct hit *hit)
{
    struct hits *h = s->hits;
    char room[64];
    size_t n = min_size(hit->target.n, DETAIL_MAX);
    struct held one = {.at_ms = env_mono_ns(s->env) / 1000000,
                       .message = hit->message,
                       .target = hash_xxh64(hit->target),
                       .is_open = hit->is_open,
                       .machine = hit_is_machine(req, web_address(req, room), hit->is_open)};
    memcpy(one.customer, hit->customer, sizeof one.customer);
    if (n) memcpy(one.detail, hit->target.p, n);
    compare(h, &one);
    if (h->count == HITS_KEPT) write_first(s);
    *at(h, h->count++) = one;
}
