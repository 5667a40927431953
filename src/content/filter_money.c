/* filter_money.c — {{ price | money }}: an amount as the customer's language writes it; and
 * {{ name | t }}, the text of a {"zh": …, "en": …} in it. */
#include "content/liquid.h"
#include "content/liquid_read.h"

/* ---- languages ---- */

/* "zh-CN", "zh_Hans" and "zh" are of one language. */
static bool is_language(str tag, str language)
{
    return tag.n >= language.n && str_eq_nocase(str_slice(tag, 0, language.n), language) &&
           (tag.n == language.n || tag.p[language.n] == '-' || tag.p[language.n] == '_');
}

static str primary(str tag)
{
    size_t n = 0;
    while (n < tag.n && tag.p[n] != '-' && tag.p[n] != '_') n++;
    return (str){tag.p, n};
}

static str language_of(const struct render *r)
{
    return r->values && r->values->language.n ? r->values->language : S("en");
}

/* ---- t ---- */

/* The language itself, then its relatives, then English, then what there is. */
static value translated(const value *map, str language)
{
    const str wanted[] = {language, primary(language), S("en")};
    for (u32 i = 0; i < COUNT_OF(wanted); i++) {
        const u8 *p = (const u8 *)map->text.p, *end = p + map->text.n;
        str key;
        value v;
        for (u32 k = 0; k < map->count; k++) {
            if (!peek_bytes(&p, end, &key) || !peek_value(&p, end, &v)) break;
            if (is_language(key, wanted[i]) && v.type > VALUE_NULL) return v;
        }
    }
    const u8 *p = (const u8 *)map->text.p, *end = p + map->text.n;
    str key;
    value v = {0};
    if (map->count && peek_bytes(&p, end, &key) && peek_value(&p, end, &v)) return v;
    return value_missing();
}

static err apply_t(struct render *r, datum *d, const datum *args, u32 given)
{
    str language = language_of(r);
    if (given && !datum_text(r, &args[0], &language)) return render_out_of_room(r);
    if (d->kind == DATUM_PLAIN && d->v.type == VALUE_MAP) datum_set(d, translated(&d->v, language));
    return ERR_OK;
}

/* ---- money ---- */

struct currency {
    char code[4];
    const char *sign;
    u8 places;
};
static const struct currency currencies[] = {
    {"CNY", "¥", 2},   {"USD", "$", 2},   {"EUR", "€", 2},   {"GBP", "£", 2},    {"JPY", "¥", 0},
    {"HKD", "HK$", 2}, {"TWD", "NT$", 0}, {"KRW", "₩", 0},   {"INR", "₹", 2},    {"SGD", "S$", 2},
    {"AUD", "A$", 2},  {"CAD", "CA$", 2}, {"NZD", "NZ$", 2}, {"BRL", "R$", 2},   {"MXN", "MX$", 2},
    {"VND", "₫", 0},   {"THB", "฿", 2},   {"PHP", "₱", 2},   {"ILS", "₪", 2},    {"RUB", "₽", 2},
    {"TRY", "₺", 2},   {"UAH", "₴", 2},   {"IDR", "Rp", 0},  {"MOP", "MOP$", 2}, {"CLP", "CLP$", 0},
    {"BHD", "", 3},    {"KWD", "", 3},    {"OMR", "", 3},    {"JOD", "", 3},     {"TND", "", 3},
    {"ISK", "", 0}};

/* How a language writes amounts: 1,234.50 with the sign before, unless it stands here. */
struct style {
    const char *language, *group, *point;
};
static const struct style styles[] = {
    {"de", ".", ","},      {"es", ".", ","},      {"it", ".", ","},      {"nl", ".", ","},
    {"pt", ".", ","},      {"da", ".", ","},      {"id", ".", ","},      {"tr", ".", ","},
    {"vi", ".", ","},      {"el", ".", ","},      {"fr", "\u202f", ","}, {"ru", "\u00a0", ","},
    {"pl", "\u00a0", ","}, {"cs", "\u00a0", ","}, {"sv", "\u00a0", ","}, {"nb", "\u00a0", ","},
    {"fi", "\u00a0", ","}, {"uk", "\u00a0", ","}, {"hu", "\u00a0", ","}, {"sk", "\u00a0", ","}};

/* Letters that differ by their case only are the same. */
static bool same_letters(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((a[i] | 0x20) != (b[i] | 0x20)) return false;
    return true;
}

static const struct style *style_of(str tag)
{
    if (tag.n < 2 || (tag.n > 2 && tag.p[2] != '-' && tag.p[2] != '_')) return NULL;
    for (u32 i = 0; i < COUNT_OF(styles); i++)
        if (same_letters(tag.p, styles[i].language, 2)) return &styles[i];
    return NULL;
}

static const struct currency *currency_of(str code)
{
    for (u32 i = 0; i < COUNT_OF(currencies) && code.n == 3; i++)
        if (same_letters(code.p, currencies[i].code, 3)) return &currencies[i];
    return NULL;
}

/* The amount in ten-thousandths; false for what is no number, or none that money has. */
static bool amount_of(const datum *d, __int128 *out)
{
    if (d->kind != DATUM_PLAIN || d->v.type <= VALUE_TRUE || d->v.type >= VALUE_DATE) return false;
    if (LIKELY(d->v.type == VALUE_FIXED || d->v.type == VALUE_INT)) {
        *out = d->v.type == VALUE_FIXED ? d->v.n : (__int128)d->v.n * FIXED_ONE;
        return true;
    }
    if (d->v.type == VALUE_TEXT) {
        fixed f;
        if (fixed_parse(str_trim(d->v.text), &f) != ERR_OK) return false;
        *out = f;
        return true;
    }
    struct number n = number_of(d);
    if (n.kind == NUMBER_DOUBLE) {
        if (!(n.d < 9e14 && n.d > -9e14)) return false;
        *out = (__int128)(n.d * 10000.0 + (n.d < 0.0 ? -0.5 : 0.5));
        return true;
    }
    *out = n.kind == NUMBER_FIXED ? n.i : (__int128)n.i * FIXED_ONE;
    return true;
}

static char *put_back(char *p, str s)
{
    for (size_t i = s.n; i-- > 0;) *--p = s.p[i];
    return p;
}

/* Digits from the last to the first, so that the room is filled from its end. */
static char *put_amount(char *p, u64 rest, u32 places, str group, str point)
{
    for (u32 i = 0; i < places; i++, rest /= 10) *--p = (char)('0' + rest % 10);
    if (places) p = put_back(p, point);
    for (u32 i = 0; i == 0 || rest; i++, rest /= 10) {
        if (i && i % 3 == 0) p = put_back(p, group);
        *--p = (char)('0' + rest % 10);
    }
    return p;
}

/* Ten-thousandths to the smallest unit that the currency has; false: too many of them. */
static bool in_units(u128 amount, u32 places, u64 *out)
{
    static const u64 units[] = {10000, 1000, 100, 10};
    u64 unit = units[places];
    if (LIKELY(amount <= UINT64_MAX - unit)) {
        u64 rounded = (u64)amount + unit / 2;
        *out = LIKELY(places == 2) ? rounded / 100 : rounded / unit;
        return true;
    }
    amount = (amount + unit / 2) / unit;
    *out = (u64)amount;
    return amount <= UINT64_MAX;
}

enum { MONEY_MAX = 112 };

/* -¥1,234.50, -1.234,50 €, CHF 12.50: a currency without a sign of its own has its code. */
static err apply_money(struct render *r, datum *d, const datum *args, u32 given)
{
    __int128 amount;
    str code = r->values ? r->values->currency : (str){0};
    if (!amount_of(d, &amount)) return ERR_OK;
    if (given && !datum_is_nil(&args[0]) && !datum_text(r, &args[0], &code))
        return render_out_of_room(r);
    /* Nearly always the workspace's currency and the customer's language: found once. */
    if (!r->money_known) {
        r->money_known = true;
        r->currency = currency_of(r->values ? r->values->currency : (str){0});
        const struct style *found = style_of(language_of(r));
        r->style = found;
        r->group = found ? str_of(found->group) : S(",");
        r->point = found ? str_of(found->point) : S(".");
    }
    const struct currency *c = given ? currency_of(code) : r->currency;
    const struct style *style = r->style;
    if (code.n > 16) code.n = 0;
    u32 places = c ? c->places : 2;
    bool negative = amount < 0, has_sign = c && c->sign[0];
    str sign = has_sign ? str_of(c->sign) : code;
    u64 whole;
    if (!in_units((u128)(negative ? -amount : amount), places, &whole)) return ERR_OK;
    char *room = render_bytes(r, MONEY_MAX);
    if (!room) return render_out_of_room(r);
    char *end = room + MONEY_MAX, *p = end;
    if (style && sign.n) {
        p = put_back(p, sign);
        p = put_back(p, S("\u00a0"));
    }
    p = put_amount(p, whole, places, r->group, r->point);
    if (!style && sign.n) {
        if (!has_sign) p = put_back(p, S("\u00a0"));
        p = put_back(p, sign);
    }
    if (negative && whole) *--p = '-';
    datum_set(d, value_text((str){p, (size_t)(end - p)}));
    return ERR_OK;
}

const struct liquid_filter liquid_money_filters[] = {
    {LIQUID_NAME("money"), 0, 1, SAFE_ENDS, {0}, apply_money},
    {LIQUID_NAME("t"), 0, 1, SAFE_ENDS, {0}, apply_t},
    {{0}, 0, 0, 0, {0}, NULL},
};
