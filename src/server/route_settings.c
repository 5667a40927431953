/* route_settings.c — the workspace's settings: its name, address and language, how its times,
 * amounts and phone numbers are meant, and how long visitors are kept. */
#include "server/settings.h"

#include "content/blocks.h"
#include "server/limits.h"
#include "server/show.h"

#include <stdio.h>

enum { VISITOR_DAYS_MAX = 36500, SETTING_BYTES_MAX = 200 };

/* ---- what each may be ---- */

static bool is_any(struct call *c, str text, u64 *number)
{
    (void)c, (void)number;
    return text.n <= SETTING_BYTES_MAX;
}

/* Its record goes ahead of the setting that names it. */
static bool is_zone(struct call *c, str text, u64 *number)
{
    return engine_add_zone(c->server->engine, text, number) == ERR_OK;
}

static bool is_currency(struct call *c, str text, u64 *number)
{
    (void)c, (void)number;
    bool good = text.n == 3;
    for (size_t i = 0; i < text.n; i++) good &= text.p[i] >= 'A' && text.p[i] <= 'Z';
    return good || text.n == 0;
}

/* BCP 47 as far as its parts go: letters and digits, the first of two or three letters. */
static bool is_language(struct call *c, str text, u64 *number)
{
    (void)c, (void)number;
    size_t part = 0, first = 0;
    if (text.n == 0) return true;
    for (size_t i = 0; i < text.n; i++) {
        char x = (char)(text.p[i] | 32);
        bool is_letter = x >= 'a' && x <= 'z', is_digit = text.p[i] >= '0' && text.p[i] <= '9';
        if (text.p[i] == '-') {
            if (part == 0) return false;
            if (!first) first = part;
            part = 0;
            continue;
        }
        if (!is_letter && (!is_digit || !first)) return false;
        if (++part > 8) return false;
    }
    if (!first) first = part;
    return part > 0 && first >= 2 && first <= 3 && text.n <= 35;
}

static bool is_url(struct call *c, str text, u64 *number)
{
    (void)c, (void)number;
    bool good = text.n <= SETTING_BYTES_MAX;
    size_t begin = str_starts(text, S("https://")) ? 8 : str_starts(text, S("http://")) ? 7 : 0;
    for (size_t i = 0; i < text.n; i++)
        good &= (u8)text.p[i] > ' ' && text.p[i] != '"' && text.p[i] != '<' && text.p[i] != '>';
    return text.n == 0 || (good && begin && text.n > begin && text.p[begin] != '/');
}

static bool is_country(struct call *c, str text, u64 *number)
{
    (void)c, (void)number;
    bool upper = true;
    for (size_t i = 0; i < text.n; i++) upper &= text.p[i] >= 'A' && text.p[i] <= 'Z';
    return text.n == 0 || (upper && phone_country_named(text).n);
}

static const struct setting {
    const char *name, *otherwise;
    bool (*good)(struct call *c, str text, u64 *number);
    const char *needed;
} SETTINGS[] = {
    {"name", "", is_any, "a text of at most 200 bytes is needed"},
    {"url", "", is_url, "an address such as https://shop.example is needed"},
    {"zone", "UTC", is_zone, "a time zone of this system is needed, such as Asia/Shanghai"},
    {"currency", "", is_currency, "a currency of three capital letters is needed, such as CNY"},
    {"language", "", is_language, "a language such as zh, en or zh-Hant is needed"},
    {"phone_country", "", is_country,
     "a country of two capital letters whose numbers are known here is needed, such as CN; empty: "
     "the zone's"},
};

static const struct setting *setting_named(str name)
{
    for (u32 i = 0; i < COUNT_OF(SETTINGS); i++)
        if (str_eq(name, str_of(SETTINGS[i].name))) return &SETTINGS[i];
    return NULL;
}

/* "brand": what mails made of blocks look like. Kept as settings of their own, "brand.name". */
static bool is_color(struct call *c, str text, u64 *number)
{
    (void)c, (void)number;
    return text.n == 0 || blocks_is_color(text);
}

static bool is_font(struct call *c, str text, u64 *number)
{
    (void)c, (void)number;
    return text.n == 0 || blocks_fonts(text).n > 0;
}

static bool is_picture(struct call *c, str text, u64 *number)
{
    if (!str_starts(text, S("/a/"))) return is_url(c, text, number);
    return is_any(c, text, number) && str_index(text, '"') < 0;
}

static bool is_long(struct call *c, str text, u64 *number)
{
    (void)c, (void)number;
    return text.n <= 1000;
}

static const struct setting BRAND[] = {
    {"name", "", is_any, "a text of at most 200 bytes is needed"},
    {"logo", "", is_picture,
     "an address such as https://shop.example/logo.png is needed, or the "
     "/a/… of an uploaded picture"},
    {"accent", "", is_color, "a colour is written #rrggbb"},
    {"background", "", is_color, "a colour is written #rrggbb"},
    {"font", "", is_font, "the font is sans, serif or mono"},
    {"address", "", is_long, "a text of at most 1,000 bytes is needed"},
    {"footer", "", is_long, "a text of at most 1,000 bytes is needed"},
};

static str brand_name(const char *name, char room[40])
{
    int n = snprintf(room, 40, "brand.%s", name);
    return (str){room, (size_t)n};
}

static void show_brand(struct call *c)
{
    char room[40];
    json_put_key(&c->out, S("brand"));
    buf_byte(&c->out, '{');
    for (u32 i = 0; i < COUNT_OF(BRAND); i++) {
        value v = engine_setting(c->server->engine, brand_name(BRAND[i].name, room));
        json_put_kv_str(&c->out, str_of(BRAND[i].name), v.type == VALUE_TEXT ? v.text : (str){0});
    }
    value width = engine_setting(c->server->engine, S("brand.width"));
    json_put_kv_i64(&c->out, S("width"), width.type == VALUE_INT ? width.n : BLOCKS_WIDTH);
    buf_byte(&c->out, '}');
}

static err check_brand(struct call *c, const struct json *brand)
{
    if (brand->type != JSON_OBJECT)
        return diag_at(&c->why, ERR_REFUSED, S("/brand"), "an object is needed");
    for (const struct json *m = brand->child; m; m = m->next) {
        const struct setting *s = NULL;
        i64 width;
        u64 ignored;
        str path = arena_printf(c->arena, "/brand/%.*s", (int)min_size(m->key.n, 100), m->key.p);
        for (u32 i = 0; i < COUNT_OF(BRAND); i++)
            if (str_eq(m->key, str_of(BRAND[i].name))) s = &BRAND[i];
        if (str_eq(m->key, S("width"))) {
            if (json_to_i64(m, &width) == ERR_OK && width >= BLOCKS_WIDTH_MIN &&
                width <= BLOCKS_WIDTH_MAX)
                continue;
            return diag_at(&c->why, ERR_REFUSED, path, "a mail is %d to %d wide", BLOCKS_WIDTH_MIN,
                           BLOCKS_WIDTH_MAX);
        }
        if (!s)
            return diag_at(&c->why, ERR_REFUSED, path,
                           "brand has name, logo, accent, background, font, width, address and "
                           "footer");
        if (!json_is(m, JSON_STRING) || !s->good(c, m->text, &ignored))
            return diag_at(&c->why, ERR_REFUSED, path, "%s", s->needed);
    }
    return ERR_OK;
}

/* "limits": a second, and at once. Kept as settings of their own, "limits.key_rate". */
static const char *const LIMITS[] = {"key_rate", "key_burst", "source_rate", "source_burst"};

static str limit_name(const char *name, char room[40])
{
    int n = snprintf(room, 40, "limits.%s", name);
    return (str){room, (size_t)n};
}

void settings_limits(struct engine *e, struct limit out[LIMIT_KIND_COUNT])
{
    static const u32 DEFAULTS[] = {LIMIT_API_RATE, LIMIT_API_BURST, LIMIT_SOURCE_RATE,
                                   LIMIT_SOURCE_BURST};
    u32 now[COUNT_OF(LIMITS)];
    char room[40];
    for (u32 i = 0; i < COUNT_OF(LIMITS); i++) {
        value v = engine_setting(e, limit_name(LIMITS[i], room));
        now[i] = v.type == VALUE_INT ? (u32)v.n : DEFAULTS[i];
    }
    out[LIMIT_API] = (struct limit){now[0], now[1]};
    out[LIMIT_SOURCE] = (struct limit){now[2], now[3]};
}

/* ---- showing ---- */

static str setting_text(struct call *c, const struct setting *s)
{
    value v = engine_setting(c->server->engine, str_of(s->name));
    if (s->good == is_country) return phone_country(c->server->engine);
    return v.type == VALUE_TEXT && v.text.n ? v.text : str_of(s->otherwise);
}

static void show_limits(struct call *c)
{
    struct limit l[LIMIT_KIND_COUNT];
    settings_limits(c->server->engine, l);
    json_put_key(&c->out, S("limits"));
    buf_byte(&c->out, '{');
    json_put_kv_i64(&c->out, S("key_rate"), l[LIMIT_API].rate);
    json_put_kv_i64(&c->out, S("key_burst"), l[LIMIT_API].burst);
    json_put_kv_i64(&c->out, S("source_rate"), l[LIMIT_SOURCE].rate);
    json_put_kv_i64(&c->out, S("source_burst"), l[LIMIT_SOURCE].burst);
    buf_byte(&c->out, '}');
}

static err show(struct call *c)
{
    buf_byte(&c->out, '{');
    for (u32 i = 0; i < COUNT_OF(SETTINGS); i++)
        json_put_kv_str(&c->out, str_of(SETTINGS[i].name), setting_text(c, &SETTINGS[i]));
    json_put_kv_i64(&c->out, S("visitor_days"), engine_visitor_days(c->server->engine));
    show_brand(c);
    show_limits(c);
    json_put_kv_str(&c->out, S("public_url"), str_of(c->server->public_url));
    json_put_kv_bool(&c->out, S("sending_held"), engine_sending_held(c->server->engine));
    buf_byte(&c->out, '}');
    return ERR_OK;
}

/* ---- changing: all is looked at before anything is written ---- */

static str place(struct call *c, const struct json *m)
{
    return arena_printf(c->arena, "/%.*s", (int)min_size(m->key.n, 100), m->key.p);
}

static err check_days(struct call *c, const struct json *m)
{
    i64 kept;
    if (json_to_i64(m, &kept) == ERR_OK && kept >= 0 && kept <= VISITOR_DAYS_MAX) return ERR_OK;
    return diag_at(&c->why, ERR_REFUSED, S("/visitor_days"),
                   "a whole number of days is needed, at most %d; 0 keeps visitors for ever",
                   VISITOR_DAYS_MAX);
}

static err check_limits(struct call *c, const struct json *limits)
{
    if (limits->type != JSON_OBJECT)
        return diag_at(&c->why, ERR_REFUSED, S("/limits"), "an object is needed");
    for (const struct json *m = limits->child; m; m = m->next) {
        i64 n;
        bool known = false, is_burst = str_ends(m->key, S("_burst"));
        str path = arena_printf(c->arena, "/limits/%.*s", (int)min_size(m->key.n, 100), m->key.p);
        for (u32 i = 0; i < COUNT_OF(LIMITS); i++) known |= str_eq(m->key, str_of(LIMITS[i]));
        if (!known)
            return diag_at(&c->why, ERR_REFUSED, path,
                           "use key_rate, key_burst, source_rate and source_burst");
        if (json_to_i64(m, &n) != ERR_OK || n < is_burst || n > LIMIT_RATE_MAX)
            return diag_at(&c->why, ERR_REFUSED, path,
                           is_burst ? "a whole number from 1 to %d is needed"
                                    : "a whole number up to %d is needed; 0: no limit",
                           LIMIT_RATE_MAX);
    }
    return ERR_OK;
}

/* What is shown and cannot be set may come back as it was read. */
static bool is_shown_only(str name)
{
    return str_eq(name, S("public_url")) || str_eq(name, S("sending_held"));
}

static err check(struct call *c, const struct json *m, u64 *number)
{
    const struct setting *s = setting_named(m->key);
    if (str_eq(m->key, S("visitor_days"))) return check_days(c, m);
    if (str_eq(m->key, S("limits"))) return check_limits(c, m);
    if (str_eq(m->key, S("brand"))) return check_brand(c, m);
    if (is_shown_only(m->key)) return ERR_OK;
    if (!s) return diag_at(&c->why, ERR_REFUSED, place(c, m), "there is no setting of this name");
    if (m->type == JSON_STRING && s->good(c, m->text, number)) return ERR_OK;
    return diag_at(&c->why, ERR_REFUSED, place(c, m), "%s", s->needed);
}

static err put_setting(struct call *c, str name, value v, u64 *number)
{
    struct setting_record r = {name, v};
    struct buf b;
    buf_init(&b, 4096);
    setting_put(&b, &r);
    err e = call_append(c, RECORD_SETTING_, buf_str(&b), number);
    buf_clear(&b);
    return e;
}

static err put_down(struct call *c, const struct json *m, u64 *number)
{
    i64 n = 0;
    if (is_shown_only(m->key)) return ERR_OK;
    if (m->type == JSON_STRING) return put_setting(c, m->key, value_text(m->text), number);
    if (m->type == JSON_NUMBER && json_to_i64(m, &n) == ERR_OK)
        return put_setting(c, m->key, value_int(n), number);
    for (const struct json *one = m->child; one; one = one->next) {
        str name = arena_printf(c->arena, "%.*s.%.*s", STR_ARG(m->key), STR_ARG(one->key));
        if (one->type == JSON_STRING) {
            TRY(put_setting(c, name, value_text(one->text), number));
            continue;
        }
        TRY(json_to_i64(one, &n));
        TRY(put_setting(c, name, value_int(n), number));
    }
    return ERR_OK;
}

struct settled {
    const struct zone *zone;
    str country;
    struct limit limits[LIMIT_KIND_COUNT];
    call_step then;
    void *data; /* the steps' own */
};

/* Times and numbers that come without a zone or a country are read in the workspace's from now on.
 */
static err tell_intake(struct call *c)
{
    const struct settled *now = c->data;
    c->server->zone = now->zone;
    for (u32 i = 0; i < LIMIT_KIND_COUNT; i++)
        limits_set(c->server->limits, (limit_kind)i, now->limits[i]);
    intake_settings(c->server->intake, now->zone, now->country);
    c->data = now->data;
    return now->then ? now->then(c) : ERR_OK;
}

err settings_heed(struct call *c, call_step then)
{
    struct settled *now = arena_alloc(c->arena, sizeof *now);
    now->then = then;
    now->data = c->data;
    now->zone = engine_zone(c->server->engine);
    now->country = arena_str(c->arena, phone_country(c->server->engine));
    settings_limits(c->server->engine, now->limits);
    c->data = now;
    return call_loop(c, tell_intake);
}

static err changed(struct call *c)
{
    (void)!show(c);
    return settings_heed(c, NULL);
}

err settings_check(struct call *c, const struct json *wanted, u64 *number)
{
    *number = engine_applied(c->server->engine);
    for (const struct json *m = wanted ? wanted->child : NULL; m; m = m->next)
        TRY(check(c, m, number));
    return ERR_OK;
}

err settings_write(struct call *c, const struct json *wanted, u64 *number)
{
    for (const struct json *m = wanted ? wanted->child : NULL; m; m = m->next)
        TRY(put_down(c, m, number));
    return ERR_OK;
}

static err change(struct call *c)
{
    u64 number;
    if (!c->body) return diag_set(&c->why, ERR_INVALID, "the body has to be a JSON object");
    TRY(settings_check(c, c->body, &number));
    TRY(settings_write(c, c->body, &number));
    return call_applied(c, number, changed);
}

extern const struct route ROUTES_SETTINGS[];
const struct route ROUTES_SETTINGS[] = {
    {METHOD_GET, "/api/v1/settings", NEEDS_SCOPE, SCOPE_CONFIG_READ, ON_ENGINE, show},
    {METHOD_PATCH, "/api/v1/settings", NEEDS_SCOPE, SCOPE_CONFIG_WRITE, ON_ENGINE, change},
    {0}};
