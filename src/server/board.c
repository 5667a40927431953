#include "server/board.h"

#include "server/analyses.h"
#include "server/consents.h"
#include "server/web.h"

#include <stdio.h>

/* ---- what stands for all of it ---- */

err board_look_read(struct call *c, const struct json *controls, str at, struct board_look *out)
{
    const struct json *days = json_get(controls, "days"), *segment = json_get(controls, "segment"),
                      *by = json_get(controls, "by");
    i64 n = 0;
    if (days && (json_to_i64(days, &n) != ERR_OK || n < 0 || n > BOARD_DAYS_MAX))
        return diag_at(&c->why, ERR_REFUSED, arena_printf(c->arena, "%.*s/days", STR_ARG(at)),
                       "\"days\" is a whole number up to %d; 0: as each question says",
                       BOARD_DAYS_MAX);
    if (segment && segment->type != JSON_STRING)
        return diag_at(&c->why, ERR_REFUSED, arena_printf(c->arena, "%.*s/segment", STR_ARG(at)),
                       "\"segment\" is the id of a segment");
    str text = json_is(by, JSON_STRING) ? by->text : (str){0};
    bool known = !text.n || str_eq(text, S("channel")) || str_eq(text, S("source")) ||
                 (str_starts(text, S("attribute:")) && text.n > 10);
    if (by && (by->type != JSON_STRING || !known))
        return diag_at(&c->why, ERR_REFUSED, arena_printf(c->arena, "%.*s/by", STR_ARG(at)),
                       "\"by\" is channel, source or attribute:NAME");
    if (days) out->days = (u32)n;
    if (segment) out->segment = segment->text;
    if (by) out->by = text;
    return ERR_OK;
}

/* ---- reading ---- */

/* A number of days that the page's own words of the question say; 0: none. */
static u32 days_of_chart(const struct json *chart, const char *word)
{
    i64 n;
    const struct json *days = json_get(json_get(chart, "ask"), word);
    bool good = days && json_to_i64(days, &n) == ERR_OK && n > 0 && n <= BOARD_DAYS_MAX;
    return good ? (u32)n : 0;
}

/* What may tell who somebody is, by its name. */
static bool is_personal(str name)
{
    static const char *const NAMES[] = {"name",      "email",    "phone",   "address", "birth",
                                        "openid",    "unionid",  "user_id", "mobile",  "id_card",
                                        "firstname", "lastname", "姓名",    "电话",    "手机",
                                        "地址",      "邮箱",     "生日",    "身份证"};
    char low[128];
    size_t n = min_size(name.n, sizeof low);
    for (size_t i = 0; i < n; i++)
        low[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] + 32) : name.p[i];
    for (u32 i = 0; i < COUNT_OF(NAMES); i++)
        if (str_find((str){low, n}, str_of(NAMES[i])) >= 0) return true;
    return false;
}

static bool names_somebody(const struct board_item *it, const struct board_look *look)
{
    const struct json *by = json_get(it->request, "by"),
                      *attributes = json_get(it->request, "attributes");
    bool groups = report_groups(it->analysis);
    if (groups && str_starts(look->by, S("attribute:")) &&
        is_personal(str_slice(look->by, 10, look->by.n)))
        return true;
    if (is_personal(json_get_str(by, "attribute", S(""))) ||
        is_personal(json_get_str(by, "property", S(""))))
        return true;
    if (str_eq(it->analysis, S("profile")) && !json_is(attributes, JSON_ARRAY)) return true;
    for (const struct json *a = attributes ? attributes->child : NULL; a; a = a->next)
        if (is_personal(a->text)) return true;
    return false;
}

static err read_item(struct call *c, struct board *b, const struct json *item)
{
    struct board_item *it = &b->items[b->count++];
    str saved = json_get_str(item, "saved", (str){0});
    const struct json *of = item, *chart = json_get(item, "chart");
    it->title = web_words(json_get(item, "title"), b->look.zh);
    if (saved.n) {
        str source = office_draft_get(c->server->office, S("analysis"), saved, c->arena);
        if (!source.n) {
            it->result = diag_set(&it->why, ERR_NOT_FOUND, "the kept question is gone");
            return ERR_OK;
        }
        TRY(json_parse(source, c->arena, &of, &c->why));
        if (!it->title.n) it->title = web_words(json_get(of, "name"), b->look.zh);
        if (!chart) chart = json_get(of, "chart");
    }
    it->analysis = json_get_str(of, "analysis", S(""));
    it->request = json_get(of, "request");
    it->days = days_of_chart(chart, "days");
    if (str_eq(it->analysis, S("rfm"))) it->moved = days_of_chart(chart, "moved");
    it->hidden = b->look.open && names_somebody(it, &b->look);
    return ERR_OK;
}

static struct board *new_board(struct call *c, u32 items)
{
    struct board *b = arena_zalloc(c->arena, sizeof *b);
    b->now = server_now(c->server);
    b->zone = c->server->zone;
    b->items = arena_zalloc(c->arena, (items + 1) * sizeof *b->items);
    return b;
}

err board_read(struct call *c, str id, const struct board_look *look, struct board **out)
{
    const struct json *j;
    struct board_look kept = *look;
    str source = office_draft_get(c->server->office, S("dashboard"), id, c->arena);
    if (!source.n) return diag_set(&c->why, ERR_NOT_FOUND, "there is no dashboard of this id");
    TRY(json_parse(source, c->arena, &j, &c->why));
    const struct json *items = json_get(j, "items");
    struct board *b = new_board(c, items ? min_u32(items->count, BOARD_ITEMS_MAX) : 0);
    TRY(board_look_read(c, json_get(j, "controls"), S("/controls"), &kept));
    if (look->days) kept.days = look->days;
    if (look->segment.n) kept.segment = look->segment;
    if (look->by.n) kept.by = look->by;
    b->id = id;
    b->look = kept;
    b->name = web_words(json_get(j, "name"), look->zh);
    for (const struct json *e = items ? items->child : NULL; e && b->count < BOARD_ITEMS_MAX;
         e = e->next)
        TRY(read_item(c, b, e));
    *out = b;
    return ERR_OK;
}

struct board *board_of_one(struct call *c, str analysis, const struct json *request)
{
    struct board *b = new_board(c, 1);
    b->items[b->count++] = (struct board_item){.analysis = analysis, .request = request};
    return b;
}

/* ---- a request for now ---- */

/* These look at the latest time only where they are told to themselves: a day of them says nothing.
 */
static bool is_slow(str analysis)
{
    static const char *const NAMES[] = {"retention", "lifecycle", "interval"};
    for (u32 i = 0; i < COUNT_OF(NAMES); i++)
        if (str_eq(analysis, str_of(NAMES[i]))) return true;
    return false;
}

static void put_moment(struct buf *out, str key, i64 ms)
{
    json_put_key(out, key);
    buf_byte(out, '"');
    iso_put(out, ms);
    buf_byte(out, '"');
}

static void put_ago(const struct board *b, str key, u32 days, struct buf *out)
{
    put_moment(out, key, b->now / MINUTE * MINUTE - (i64)days * DAY);
}

/* Beginning at a local day, so that every day shown is a whole one. */
static bool put_period(const struct board *b, const struct board_item *it, struct buf *out)
{
    u32 days = b->look.days ? b->look.days : it->days;
    if (!report_has_period(it->analysis)) return false;
    if (b->look.to && !is_slow(it->analysis)) {
        put_moment(out, S("from"), b->look.from);
        put_moment(out, S("to"), b->look.to);
        return true;
    }
    if (!days) return false;
    put_ago(b, S("from"), days, out);
    return true;
}

static void put_predicate(const struct board *b, const struct json *own, struct buf *out)
{
    if (!b->look.segment.n && !own) return;
    json_put_key(out, S("predicate"));
    if (b->look.segment.n) buf_put(out, own ? S("{\"all\":[{\"segment\":") : S("{\"segment\":"));
    if (b->look.segment.n) json_put_str(out, b->look.segment);
    if (b->look.segment.n) buf_put(out, own ? S("},") : S("}"));
    if (own) json_put(out, own);
    if (b->look.segment.n && own) buf_put(out, S("]}"));
}

static void put_by(const struct board *b, struct buf *out)
{
    str by = b->look.by;
    json_put_key(out, S("by"));
    if (!str_starts(by, S("attribute:"))) {
        json_put_str(out, by);
        return;
    }
    buf_put(out, S("{\"attribute\":"));
    json_put_str(out, str_slice(by, 10, by.n));
    buf_put(out, S(",\"limit\":8}"));
}

static bool among(str key, const char *keys)
{
    char text[64];
    snprintf(text, sizeof text, " %.*s ", (int)min_size(key.n, 60), key.p);
    return strstr(keys, text) != NULL;
}

static str request_of(struct call *c, const struct board *b, const struct board_item *it)
{
    struct buf out;
    buf_init(&out, API_BODY_MAX);
    buf_byte(&out, '{');
    bool timed = put_period(b, it, &out), has_from = timed;
    bool by = b->look.by.n && report_groups(it->analysis);
    if (by) put_by(b, &out);
    if (it->moved) put_ago(b, S("since"), it->moved, &out);
    put_predicate(b, json_get(it->request, "predicate"), &out);
    for (const struct json *m = it->request ? it->request->child : NULL; m; m = m->next) {
        bool said = among(m->key, " predicate drill save_as compare ") ||
                    (by && among(m->key, " by ")) || (timed && among(m->key, " from to ")) ||
                    (it->moved && among(m->key, " since "));
        if (said) continue;
        has_from |= str_eq(m->key, S("from"));
        json_put_key(&out, m->key);
        json_put(&out, m);
    }
    if (b->look.compare && has_from && report_compares(it->analysis))
        buf_put(&out, S(",\"compare\":{\"previous\":true}"));
    buf_byte(&out, '}');
    str s = arena_str(c->arena, buf_str(&out));
    buf_clear(&out);
    return s;
}

/* ---- asking, one after the other ---- */

static err ask_next(struct call *c);

static err answered(struct call *c, err e)
{
    struct board *b = c->outer;
    struct board_item *it = &b->items[b->at++];
    it->result = e;
    if (e == ERR_OK)
        it->answer = arena_str(c->arena, buf_str(&c->out));
    else
        it->why = c->why;
    buf_reset(&c->out);
    c->why = (struct diag){0};
    c->body = NULL;
    return ask_next(c);
}

static err ask_next(struct call *c)
{
    struct board *b = c->outer;
    while (b->at < b->count && (b->items[b->at].hidden || b->items[b->at].result != ERR_OK))
        b->at++;
    if (b->at == b->count || atomic_load(&c->gone)) return b->then(c);
    struct board_item *it = &b->items[b->at];
    it->asked = request_of(c, b, it);
    c->params[0] = it->analysis;
    err e = json_parse(it->asked, c->arena, &c->body, &c->why);
    return e == ERR_OK ? analyses_ask_then(c, answered) : answered(c, e);
}

static err begin(struct call *c)
{
    struct board *b = c->outer;
    b->shop = consents_shop(c);
    return ask_next(c);
}

err board_ask(struct call *c, struct board *b, call_step then)
{
    c->outer = b;
    b->then = then;
    return call_engine(c, begin);
}

/* ---- in words ---- */

static str period_text(struct call *c, const struct board *b, const struct json *asked)
{
    iso_time from, to;
    struct buf out;
    if (!iso_parse(json_get_str(asked, "from", (str){0}), &from)) return (str){0};
    bool ends = iso_parse(json_get_str(asked, "to", (str){0}), &to);
    buf_init(&out, 128);
    report_day(&out, zone_resolve_iso(b->zone, &from), b->zone, false);
    buf_put(&out, S(" – "));
    report_day(&out, ends ? zone_resolve_iso(b->zone, &to) - 1 : b->now, b->zone, false);
    str s = arena_str(c->arena, buf_str(&out));
    buf_clear(&out);
    return s;
}

static void read_part(struct call *c, const struct board *b, const struct board_item *it,
                      struct report_part *p)
{
    const struct json *said = NULL, *asked = NULL;
    p->title = it->title;
    if (it->asked.n && json_parse(it->asked, c->arena, &asked, NULL) == ERR_OK)
        p->period = period_text(c, b, asked);
    report_words(it->analysis, b->look.zh, p);
    if (it->hidden)
        p->refused = b->look.zh ? S("这一项可能涉及个人信息，不对外显示。")
                                : S("This one may tell who somebody is, so it is not shown here.");
    else if (it->result != ERR_OK)
        p->refused = arena_printf(
            c->arena, b->look.zh ? "现在答不了：%s" : "It cannot be answered: %s", it->why.message);
    else if (json_parse(it->answer, c->arena, &said, NULL) == ERR_OK)
        report_read(it->analysis, said, b->look.zh, b->zone, c->arena, p);
}

const struct report *board_report(struct call *c, const struct board *b)
{
    struct report *r = arena_zalloc(c->arena, sizeof *r);
    r->title = b->name;
    r->shop = b->shop;
    r->zh = b->look.zh;
    r->made_ms = b->now;
    r->zone = b->zone;
    r->count = b->count;
    r->parts = arena_zalloc(c->arena, (b->count + 1) * sizeof *r->parts);
    for (u32 i = 0; i < b->count; i++) read_part(c, b, &b->items[i], &r->parts[i]);
    return r;
}
