/* normal.c — normal forms. ASCII, nearly everything, takes the short way; the rest goes through
 * utf8proc with buffers on the stack. */
#include "intake/normal.h"

#include <utf8proc.h>

enum { POINTS_MAX = 1024 };

static bool is_ascii(str s)
{
    u8 all = 0;
    for (size_t i = 0; i < s.n; i++) all |= (u8)s.p[i];
    return all < 0x80;
}

/* NFC of `s`, in lower case if asked, into `room`; empty if it does not fit. */
static str compose(str s, bool lower, char room[NORMAL_BYTES_MAX])
{
    utf8proc_int32_t points[POINTS_MAX + 1];
    utf8proc_option_t how = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    if (s.n > POINTS_MAX) return (str){0};
    utf8proc_ssize_t n = utf8proc_decompose((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.n,
                                            points, POINTS_MAX, how);
    if (n < 0 || n > POINTS_MAX) return (str){0};
    for (utf8proc_ssize_t i = 0; lower && i < n; i++) points[i] = utf8proc_tolower(points[i]);
    n = utf8proc_reencode(points, n, how);
    if (n <= 0 || n > NORMAL_BYTES_MAX) return (str){0};
    memcpy(room, points, (size_t)n);
    return (str){room, (size_t)n};
}

static str lowered(str s, char room[NORMAL_BYTES_MAX])
{
    bool changed = false;
    if (s.n > NORMAL_BYTES_MAX) return (str){0};
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool upper = c >= 'A' && c <= 'Z';
        room[i] = (char)(upper ? c | 0x20 : c);
        changed |= upper;
    }
    return changed ? (str){room, s.n} : s;
}

str normal_email(str sent, char room[NORMAL_BYTES_MAX])
{
    str s = str_trim(sent);
    ptrdiff_t at = str_index(s, '@');
    if (at <= 0 || str_index(str_slice(s, (size_t)at + 1, s.n), '@') >= 0) return (str){0};
    for (size_t i = 0; i < s.n; i++)
        if ((u8)s.p[i] <= ' ' || s.p[i] == 0x7F) return (str){0};
    s = is_ascii(s) ? lowered(s, room) : compose(s, true, room);
    if (s.n == 0 || s.n > 254) return (str){0};
    at = str_index(s, '@');
    if (at <= 0 || (size_t)at + 1 == s.n || s.p[at + 1] == '.' || s.p[s.n - 1] == '.')
        return (str){0};
    return s;
}

str normal_id(str sent, char room[NORMAL_BYTES_MAX])
{
    str s = str_trim(sent);
    if (!is_ascii(s)) return compose(s, false, room);
    return s.n > NORMAL_BYTES_MAX ? (str){0} : s;
}

/* ---- phones ---- */

/* How a country writes its own numbers: digits without the country's code, after the trunk prefix.
 */
static const struct country {
    char name[3];
    const char *code, *trunk;
    u8 min, max;
} COUNTRIES[] = {
    {"CN", "86", "0", 10, 11}, {"HK", "852", "", 8, 8},  {"MO", "853", "", 8, 8},
    {"TW", "886", "0", 8, 9},  {"JP", "81", "0", 9, 10}, {"KR", "82", "0", 8, 10},
    {"SG", "65", "", 8, 8},    {"MY", "60", "0", 8, 10}, {"TH", "66", "0", 8, 9},
    {"VN", "84", "0", 9, 10},  {"ID", "62", "0", 8, 12}, {"PH", "63", "0", 8, 10},
    {"IN", "91", "0", 10, 10}, {"AU", "61", "0", 9, 9},  {"NZ", "64", "0", 8, 10},
    {"US", "1", "1", 10, 10},  {"CA", "1", "1", 10, 10}, {"MX", "52", "", 10, 10},
    {"BR", "55", "0", 10, 11}, {"GB", "44", "0", 9, 10}, {"IE", "353", "0", 7, 9},
    {"DE", "49", "0", 7, 11},  {"FR", "33", "0", 9, 9},  {"ES", "34", "", 9, 9},
    {"IT", "39", "", 6, 11},   {"PT", "351", "", 9, 9},  {"NL", "31", "0", 9, 9},
    {"BE", "32", "0", 8, 9},   {"CH", "41", "0", 9, 9},  {"AT", "43", "0", 7, 12},
    {"PL", "48", "", 9, 9},    {"SE", "46", "0", 7, 9},  {"AE", "971", "0", 8, 9},
    {"SA", "966", "0", 8, 9},  {"ZA", "27", "0", 9, 9},  {"TR", "90", "0", 10, 10},
};

static const struct country *country_of(str name)
{
    for (u32 i = 0; i < COUNT_OF(COUNTRIES); i++)
        if (str_eq_nocase(name, (str){COUNTRIES[i].name, 2})) return &COUNTRIES[i];
    return NULL;
}

str phone_country_named(str country)
{
    const struct country *c = country.n == 2 ? country_of(country) : NULL;
    return c ? (str){c->name, 2} : (str){0};
}

/* By whole name; a name that ends with a slash stands for all that begin so. */
static const struct {
    const char *zone;
    char country[3];
} ZONE_COUNTRIES[] = {
    {"UTC", "CN"},
    {"Etc/", "CN"},
    {"GMT", "CN"},
    {"PRC", "CN"},
    {"Asia/Shanghai", "CN"},
    {"Asia/Urumqi", "CN"},
    {"Asia/Chongqing", "CN"},
    {"Asia/Harbin", "CN"},
    {"Asia/Kashgar", "CN"},
    {"Asia/Hong_Kong", "HK"},
    {"Hongkong", "HK"},
    {"Asia/Macau", "MO"},
    {"Asia/Taipei", "TW"},
    {"Asia/Tokyo", "JP"},
    {"Japan", "JP"},
    {"Asia/Seoul", "KR"},
    {"Asia/Singapore", "SG"},
    {"Singapore", "SG"},
    {"Asia/Kuala_Lumpur", "MY"},
    {"Asia/Kuching", "MY"},
    {"Asia/Bangkok", "TH"},
    {"Asia/Ho_Chi_Minh", "VN"},
    {"Asia/Saigon", "VN"},
    {"Asia/Jakarta", "ID"},
    {"Asia/Makassar", "ID"},
    {"Asia/Manila", "PH"},
    {"Asia/Kolkata", "IN"},
    {"Asia/Calcutta", "IN"},
    {"Australia/", "AU"},
    {"Pacific/Auckland", "NZ"},
    {"US/", "US"},
    {"America/New_York", "US"},
    {"America/Chicago", "US"},
    {"America/Denver", "US"},
    {"America/Phoenix", "US"},
    {"America/Los_Angeles", "US"},
    {"America/Detroit", "US"},
    {"America/Anchorage", "US"},
    {"America/Boise", "US"},
    {"Pacific/Honolulu", "US"},
    {"Canada/", "CA"},
    {"America/Toronto", "CA"},
    {"America/Vancouver", "CA"},
    {"America/Montreal", "CA"},
    {"America/Winnipeg", "CA"},
    {"America/Edmonton", "CA"},
    {"America/Halifax", "CA"},
    {"America/Mexico_City", "MX"},
    {"America/Monterrey", "MX"},
    {"America/Sao_Paulo", "BR"},
    {"Europe/London", "GB"},
    {"GB", "GB"},
    {"Europe/Dublin", "IE"},
    {"Europe/Berlin", "DE"},
    {"Europe/Paris", "FR"},
    {"Europe/Madrid", "ES"},
    {"Europe/Rome", "IT"},
    {"Europe/Lisbon", "PT"},
    {"Europe/Amsterdam", "NL"},
    {"Europe/Brussels", "BE"},
    {"Europe/Zurich", "CH"},
    {"Europe/Vienna", "AT"},
    {"Europe/Warsaw", "PL"},
    {"Europe/Stockholm", "SE"},
    {"Asia/Dubai", "AE"},
    {"Asia/Riyadh", "SA"},
    {"Africa/Johannesburg", "ZA"},
    {"Europe/Istanbul", "TR"},
};

str phone_country_of_zone(str zone)
{
    for (u32 i = 0; i < COUNT_OF(ZONE_COUNTRIES); i++) {
        str name = str_of(ZONE_COUNTRIES[i].zone);
        if (str_eq(zone, name) || (name.p[name.n - 1] == '/' && str_starts(zone, name)))
            return (str){ZONE_COUNTRIES[i].country, 2};
    }
    return zone.n ? (str){0} : S("CN");
}

/* The digits and a leading plus of `s` in ASCII; false with anything that no number is written
 * with. */
static bool digits_of(str s, char out[NORMAL_BYTES_MAX], size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < s.n; i++) {
        u8 c = (u8)s.p[i];
        if (c == 0xEF && i + 2 < s.n && (u8)s.p[i + 1] == 0xBC) { /* U+FF0B, U+FF10…FF19 */
            u8 last = (u8)s.p[i + 2];
            c = last == 0x8B ? '+' : last >= 0x90 && last <= 0x99 ? (u8)('0' + last - 0x90) : 0;
            i += 2;
        }
        if ((c >= '0' && c <= '9') || (c == '+' && *n == 0)) {
            if (*n == 32) return false;
            out[(*n)++] = (char)c;
        } else if (c == 0 || !strchr(" -./()\t", c)) {
            return false;
        }
    }
    return true;
}

static str prefixed(const char *code, str digits, char room[NORMAL_BYTES_MAX])
{
    size_t n = strlen(code);
    memmove(room + 1 + n, digits.p, digits.n);
    room[0] = '+';
    memcpy(room + 1, code, n);
    return (str){room, 1 + n + digits.n};
}

/* China's mobiles are 11 digits from 1 on and have no trunk prefix, and nothing else of hers is
 * taken without one; elsewhere the length decides. */
static bool fits(const struct country *c, str digits)
{
    if (c->code[0] == '8' && c->code[1] == '6' && c->code[2] == 0)
        return digits.n == 11 && *digits.p == '1';
    return digits.n >= c->min && digits.n <= c->max;
}

/* A national number of `c`, or one that has its code but no plus; empty if it is neither. */
static str national(const struct country *c, str digits, char room[NORMAL_BYTES_MAX])
{
    str code = str_of(c->code), trunk = str_of(c->trunk);
    if (trunk.n && str_starts(digits, trunk)) {
        str rest = str_slice(digits, trunk.n, digits.n);
        if (rest.n >= c->min && rest.n <= c->max) return prefixed(c->code, rest, room);
    }
    if (fits(c, digits)) return prefixed(c->code, digits, room);
    if (str_starts(digits, code) && fits(c, str_slice(digits, code.n, digits.n)))
        return prefixed("", digits, room);
    return (str){0};
}

str normal_phone(str sent, str country, char room[NORMAL_BYTES_MAX])
{
    char text[NORMAL_BYTES_MAX];
    size_t n;
    if (!digits_of(str_trim(sent), text, &n)) return (str){0};
    str digits = {text, n};
    const struct country *c = country_of(country);
    bool plus = str_starts(digits, S("+")), zeros = str_starts(digits, S("00"));
    if (plus || zeros) {
        digits = str_slice(digits, plus ? 1 : 2, n);
        if (digits.n < 7 || digits.n > 15 || *digits.p == '0') return (str){0};
        return prefixed("", digits, room);
    }
    if (digits.n < 3 || digits.n > 15) return (str){0};
    str e164 = c ? national(c, digits, room) : (str){0};
    if (e164.n) return e164;
    memcpy(room, digits.p, digits.n);
    return (str){room, digits.n};
}

/* ---- times ---- */

value normal_time(value v, const struct zone *zone)
{
    iso_time t;
    if (v.type != VALUE_TEXT || v.text.n < 10 || v.text.n > 64 || v.text.p[4] != '-' ||
        v.text.p[7] != '-' || !iso_parse(v.text, &t))
        return v;
    v.type = t.timed ? VALUE_TIME : VALUE_DATE;
    v.n = t.timed ? zone_resolve_iso(zone, &t) : days_of_ms(civil_ms(t.local));
    return v;
}

/* Numbers below 10^11 are seconds (up to the year 5138), others milliseconds (from 1973 on). */
static i64 since_1970(i64 n)
{
    bool is_ms = n >= 100000000000 || n <= -100000000000;
    return is_ms ? n : n * SECOND;
}

bool normal_moment(value v, const struct zone *zone, i64 *ms)
{
    iso_time t;
    i64 n;
    if (v.type == VALUE_INT)
        *ms = since_1970(v.n);
    else if (v.type == VALUE_FIXED)
        *ms = v.n / (FIXED_ONE / SECOND);
    else if (v.type != VALUE_TEXT)
        return false;
    else if (str_to_i64(v.text, &n) == ERR_OK)
        *ms = since_1970(n);
    else if (iso_parse(str_trim(v.text), &t))
        *ms = zone_resolve_iso(zone, &t);
    else
        return false;
    return *ms >= -62135596800000 && *ms < 253402300800000;
}
