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
    str sign;
    u8 places;
};
static const struct currency currencies[] = {
    {"CNY", LIQUID_NAME("¥"), 2},   {"USD", LIQUID_NAME("$"), 2},   {"EUR", LIQUID_NAME("€"), 2},   {"GBP", LIQUID_NAME("£"), 2},    {"JPY", LIQUID_NAME("¥"), 0},
    {"HKD", LIQUID_NAME("HK$"), 2}, {"TWD", LIQUID_NAME("NT$"), 0}, {"KRW", LIQUID_NAME("₩"), 0},   {"INR", LIQUID_NAME("₹"), 2},    {"SGD", LIQUID_NAME("S$"), 2},
    {"AUD", LIQUID_NAME("A$"), 2},  {"CAD", LIQUID_NAME("CA$"), 2}, {"NZD", LIQUID_NAME("NZ$"), 2}, {"BRL", LIQUID_NAME("R$"), 2},   {"MXN", LIQUID_NAME("MX$"), 2},
    {"VND", LIQUID_NAME("₫"), 0},   {"THB", LIQUID_NAME("฿"), 2},   {"PHP", LIQUID_NAME("₱"), 2},   {"ILS", LIQUID_NAME("₪"), 2},    {"RUB", LIQUID_NAME("₽"), 2},
    {"TRY", LIQUID_NAME("₺"), 2},   {"UAH", LIQUID_NAME("₴"), 2},   {"IDR", LIQUID_NAME("Rp"), 0},  {"MOP", LIQUID_NAME("MOP$"), 2}, {"CLP", LIQUID_NAME("CLP$"), 0},
    {"BHD", LIQUID_NAME(""), 3},    {"KWD", LIQUID_NAME(""), 3},    {"OMR", LIQUID_NAME(""), 3},    {"JOD", LIQUID_NAME(""), 3},     {"TND", LIQUID_NAME(""), 3},
    {"ISK", LIQUID_NAME(""), 0}};

/* How a language writes amounts: 1,234.50 with the sign before, unless it stands here. */
struct style {
    char language[3];
    str group, point;
};
static const struct style styles[] = {
    {"de", LIQUID_NAME("."), LIQUID_NAME(",")},      {"es", LIQUID_NAME("."), LIQUID_NAME(",")},      {"it", LIQUID_NAME("."), LIQUID_NAME(",")},      {"nl", LIQUID_NAME("."), LIQUID_NAME(",")},
    {"pt", LIQUID_NAME("."), LIQUID_NAME(",")},      {"da", LIQUID_NAME("."), LIQUID_NAME(",")},      {"id", LIQUID_NAME("."), LIQUID_NAME(",")},      {"tr", LIQUID_NAME("."), LIQUID_NAME(",")},
    {"vi", LIQUID_NAME("."), LIQUID_NAME(",")},      {"el", LIQUID_NAME("."), LIQUID_NAME(",")},      {"fr", LIQUID_NAME("\u202f"), LIQUID_NAME(",")}, {"ru", LIQUID_NAME("\u00a0"), LIQUID_NAME(",")},
    {"pl", LIQUID_NAME("\u00a0"), LIQUID_NAME(",")}, {"cs", LIQUID_NAME("\u00a0"), LIQUID_NAME(",")}, {"sv", LIQUID_NAME("\u00a0"), LIQUID_NAME(",")}, {"nb", LIQUID_NAME("\u00a0"), LIQUID_NAME(",")},
    {"fi", LIQUID_NAME("\u00a0"), LIQUID_NAME(",")}, {"uk", LIQUID_NAME("\u00a0"), LIQUID_NAME(",")}, {"hu", LIQUID_NAME("\u00a0"), LIQUID_NAME(",")}, {"sk", LIQUID_NAME("\u00a0"), LIQUID_NAME(",")}};

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
static char *put_amount(char *p, u64 rest, u32 places, const struct style *style)
{
    str group = style ? style->group : S(","), point = style ? style->point : S(".");
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
        r->style = style_of(language_of(r));
    }
    const struct currency *c = given ? currency_of(code) : r->currency;
    const struct style *style = r->style;
    if (code.n > 16) code.n = 0;
    u32 places = c ? c->places : 2;
    bool negative = amount < 0, has_sign = c && c->sign.n;
    str sign = has_sign ? c->sign : code;
    u64 whole;
    if (!in_units((u128)(negative ? -amount : amount), places, &whole)) return ERR_OK;
    char *room = render_bytes(r, MONEY_MAX);
    if (!room) return render_out_of_room(r);
    char *end = room + MONEY_MAX, *p = end;
    if (style && sign.n) {
        p = put_back(p, sign);
        p = put_back(p, S("\u00a0"));
    }
    p = put_amount(p, whole, places, style);
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
