/* route_shares.c — a board for eyes outside: links that need no sign-in, and its files.
 *
 *   POST /api/v1/dashboards/{id}/shares ─► {url}, told once ─► GET {public_url}/s/{token}
 *
 * The token is random and kept as its hash, so that nobody who reads the office can use it. A link
 * ends on its day, or when it is withdrawn; it shows one board and nothing else: no customer, no
 * list, no name of one. What may tell who somebody is (groups by name, e-mail…) is left out. */
#include "server/board.h"
#include "server/publish.h"
#include "server/rates.h"
#include "server/token.h"
#include "server/web.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#define PREFIX "bk_board_"
enum {
    SHARES_OF_BOARD = 50,
    SHARE_DAYS = 30,
    SHARE_DAYS_MAX = 366,
    LOOKS_A_MINUTE = 30, /* of one address */
    LOOKS_OF_LINK = 120
};

static void hash_of(str token, char hash[65])
{
    static const char HEX[] = "0123456789abcdef";
    u8 bytes[32];
    SHA256((const u8 *)token.p, token.n, bytes);
    for (u32 i = 0; i < 32; i++) {
        hash[i * 2] = HEX[bytes[i] >> 4];
        hash[i * 2 + 1] = HEX[bytes[i] & 15];
    }
    hash[64] = 0;
}

/* Links are found by the beginning of their token's hash. */
static str id_of(struct call *c, const char hash[65])
{
    return arena_printf(c->arena, "share_%.16s", hash);
}

/* ---- those of a board ---- */

struct listing {
    struct call *c;
    str board, found; /* found: of one that is over, to be taken away */
    u32 count;
    bool shown;
};

static const struct json *parse(struct call *c, str source)
{
    const struct json *j;
    return json_parse(source, c->arena, &j, NULL) == ERR_OK ? j : NULL;
}

static void put_share(struct call *c, const struct json *j)
{
    json_put_comma(&c->out);
    buf_byte(&c->out, '{');
    for (const struct json *m = j->child; m; m = m->next) {
        if (str_eq(m->key, S("hash"))) continue;
        json_put_key(&c->out, m->key);
        json_put(&c->out, m);
    }
    buf_byte(&c->out, '}');
}

static void each_share(void *ctx, str id, str source)
{
    struct listing *l = ctx;
    const struct json *j = parse(l->c, source);
    (void)id;
    if (!str_eq(json_get_str(j, "dashboard", (str){0}), l->board)) return;
    l->count++;
    if (l->shown) put_share(l->c, j);
}

static err find_board(struct call *c)
{
    if (office_draft_get(c->server->office, S("dashboard"), c->params[0], c->arena).n)
        return ERR_OK;
    return diag_set(&c->why, ERR_NOT_FOUND, "there is no dashboard of this id");
}

static err list(struct call *c)
{
    struct listing l = {.c = c, .board = c->params[0], .shown = true};
    TRY(find_board(c));
    call_items_begin(c);
    office_drafts(c->server->office, S("share"), each_share, &l);
    call_items_end(c, (str){0});
    return ERR_OK;
}

static err read_end(struct call *c, i64 now, i64 *until)
{
    const struct json *days = json_get(c->body, "days"), *end = json_get(c->body, "until");
    i64 n = SHARE_DAYS;
    iso_time t;
    if (days && (json_to_i64(days, &n) != ERR_OK || n < 1 || n > SHARE_DAYS_MAX))
        return diag_at(&c->why, ERR_REFUSED, S("/days"), "a link lives for 1 to %d days",
                       SHARE_DAYS_MAX);
    *until = now + n * DAY;
    if (!end) return ERR_OK;
    if (!json_is(end, JSON_STRING) || !iso_parse(end->text, &t))
        return diag_at(&c->why, ERR_REFUSED, S("/until"),
                       "a moment is needed, such as 2026-06-01T00:00:00Z");
    *until = zone_resolve_iso(c->server->zone, &t);
    if (*until > now && *until <= now + SHARE_DAYS_MAX * DAY) return ERR_OK;
    return diag_at(&c->why, ERR_REFUSED, S("/until"), "it ends in the future, within %d days",
                   SHARE_DAYS_MAX);
}

static err make(struct call *c)
{
    struct server *s = c->server;
    struct listing l = {.c = c, .board = c->params[0]};
    char token[65], hash[65];
    i64 now = server_now(s), until = 0;
    struct buf b;
    str name = json_get_str(c->body, "name", S(""));
    TRY(find_board(c));
    TRY(read_end(c, now, &until));
    if (name.n > OFFICE_NAME_MAX)
        return diag_at(&c->why, ERR_REFUSED, S("/name"), "a name has up to 200 bytes");
    office_drafts(s->office, S("share"), each_share, &l);
    if (l.count >= SHARES_OF_BOARD)
        return diag_set(&c->why, ERR_CONFLICT, "there are %d links of this board: withdraw some",
                        SHARES_OF_BOARD);
    token_make(s->env, S(PREFIX), token);
    hash_of(str_of(token), hash);
    str id = id_of(c, hash);
    buf_init(&b, 4096);
    buf_byte(&b, '{');
    json_put_kv_str(&b, S("id"), id);
    json_put_kv_str(&b, S("dashboard"), c->params[0]);
    if (name.n) json_put_kv_str(&b, S("name"), name);
    json_put_kv_time(&b, S("created"), now);
    json_put_kv_time(&b, S("until"), until);
    json_put_kv_str(&b, S("hash"), str_of(hash));
    buf_byte(&b, '}');
    str source = arena_str(c->arena, buf_str(&b));
    buf_clear(&b);
    TRY(office_draft_put(s->office, S("share"), id, source, now, &c->why));
    put_share(c, parse(c, source));
    c->out.n--; /* the brace */
    json_put_kv_str(&c->out, S("url"), arena_printf(c->arena, "%s/s/%s", s->public_url, token));
    buf_byte(&c->out, '}');
    c->status = 201;
    return ERR_OK;
}

static err withdraw(struct call *c)
{
    str source = office_draft_get(c->server->office, S("share"), c->params[1], c->arena);
    if (!source.n || !str_eq(json_get_str(parse(c, source), "dashboard", (str){0}), c->params[0]))
        return diag_set(&c->why, ERR_NOT_FOUND, "there is no link of this id");
    TRY(office_draft_delete(c->server->office, S("share"), c->params[1], &c->why));
    return answer_nothing(c);
}

/* ---- the page ---- */

static void put_choice(struct call *c, const struct board *b, u32 days, const char *zh,
                       const char *en)
{
    bool now = b->look.days == days;
    buf_printf(&c->out, "<a href=\"?lang=%s%s", b->look.zh ? "zh" : "en", "");
    if (days) buf_printf(&c->out, "&amp;days=%u", days);
    buf_printf(&c->out, "\"%s>%s</a>", now ? " aria-current=\"true\"" : "", b->look.zh ? zh : en);
}

static void put_choices(struct call *c, const struct board *b)
{
    buf_put(&c->out, S("<nav class=\"choices\">"));
    put_choice(c, b, 7, "7 天", "7 days");
    put_choice(c, b, 30, "30 天", "30 days");
    put_choice(c, b, 90, "90 天", "90 days");
    if (b->look.days != 7 && b->look.days != 30 && b->look.days != 90)
        put_choice(c, b, b->look.days, "原来的时间", "As set");
    buf_printf(&c->out, "<a class=\"lang\" hreflang=\"%s\" href=\"?lang=%s",
               b->look.zh ? "en" : "zh", b->look.zh ? "en" : "zh");
    if (b->look.days) buf_printf(&c->out, "&amp;days=%u", b->look.days);
    buf_printf(&c->out, "\">%s</a></nav>\n", b->look.zh ? "English" : "中文");
}

static err page(struct call *c)
{
    const struct board *b = c->outer;
    const struct report *r = board_report(c, b);
    web_begin(c, b->look.zh, r->title, (str){0});
    buf_put(&c->out, S("<div class=\"board\">\n"));
    put_choices(c, b);
    report_page(&c->out, r);
    buf_put(&c->out, S("</div>\n"));
    web_end(c);
    return ERR_OK;
}

static err page_aside(struct call *c)
{
    return call_crew(c, page);
}

/* The share of this token; NULL: unknown, or over. */
static const struct json *share_of(struct call *c, str token)
{
    char hash[65];
    iso_time until;
    if (!token_valid(S(PREFIX), token)) return NULL;
    hash_of(token, hash);
    str source = office_draft_get(c->server->office, S("share"), id_of(c, hash), c->arena);
    const struct json *j = source.n ? parse(c, source) : NULL;
    str kept = json_get_str(j, "hash", (str){0});
    if (kept.n != 64 || CRYPTO_memcmp(kept.p, hash, 64) != 0) return NULL;
    if (!iso_parse(json_get_str(j, "until", (str){0}), &until)) return NULL;
    return server_now(c->server) < iso_ms(&until) ? j : NULL;
}

static err look(struct call *c)
{
    char room[64];
    struct server *s = c->server;
    i64 now = server_now(s), days = 0;
    str address = web_address(c->req, room), asked = call_query(c, "days");
    struct board *b;
    if (s->state != SERVER_READY)
        return diag_set(&c->why, ERR_UNAVAILABLE, "the server is starting or stopping");
    str who = arena_printf(c->arena, "board %.*s", STR_ARG(address));
    if (!rates_take(s->rates, who, LOOKS_A_MINUTE, MINUTE, now)) {
        call_header(c, "Retry-After", S("60"));
        return diag_set(&c->why, ERR_BUSY, "too many looks from here: wait a minute");
    }
    const struct json *share = share_of(c, c->params[0]);
    if (!share) return web_unknown(c);
    str link = json_get_str(share, "id", S(""));
    if (!rates_take(s->rates, link, LOOKS_OF_LINK, MINUTE, now)) {
        call_header(c, "Retry-After", S("60"));
        return diag_set(&c->why, ERR_BUSY, "too many look at this board now: wait a minute");
    }
    struct board_look how = {.zh = web_is_zh(c), .compare = true, .open = true};
    if (asked.n && str_to_i64(asked, &days) == ERR_OK && days > 0 && days <= SHARE_DAYS_MAX)
        how.days = (u32)days;
    if (board_read(c, json_get_str(share, "dashboard", S("")), &how, &b) != ERR_OK)
        return web_unknown(c);
    return board_ask(c, b, page_aside);
}

extern const struct route ROUTES_SHARES[];
const struct route ROUTES_SHARES[] = {
    {METHOD_GET, "/api/v1/dashboards/{id}/shares", NEEDS_SCOPE, SCOPE_REPORTS_READ, ON_LOOP, list},
    {METHOD_POST, "/api/v1/dashboards/{id}/shares", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_LOOP, make},
    {METHOD_DELETE, "/api/v1/dashboards/{id}/shares/{share}", NEEDS_SCOPE, SCOPE_CONFIG_WRITE,
     ON_LOOP, withdraw},
    {METHOD_GET, "/s/{token}", OPEN_TO_ALL, SCOPE_ADMIN, ON_LOOP, look},
    {0}};
