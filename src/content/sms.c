#include "content/sms.h"

/* The basic set of GSM 03.38 beyond ASCII, and what it lacks of ASCII. */
static const u16 BASIC[] = {0xA3,  0xA5,  0xE8,  0xE9,  0xF9,  0xEC,  0xF2,  0xC7,  0xD8,  0xF8,
                            0xC5,  0xE5,  0x394, 0x3A6, 0x393, 0x39B, 0x3A9, 0x3A0, 0x3A8, 0x3A3,
                            0x398, 0x39E, 0xC6,  0xE6,  0xDF,  0xC9,  0xA4,  0xA1,  0xC4,  0xD6,
                            0xD1,  0xDC,  0xA7,  0xBF,  0xE4,  0xF6,  0xF1,  0xFC,  0xE0};

/* The next character; bytes that are no UTF-8 count as one each. */
static u32 next_character(str *s)
{
    u8 c = (u8)s->p[0];
    size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    u32 code = n == 1 ? c : c & (0xFFu >> (n + 1));
    if (n > s->n || (c >= 0x80 && c < 0xC0)) n = 1;
    for (size_t i = 1; i < n; i++) code = code << 6 | ((u8)s->p[i] & 0x3F);
    *s = str_slice(*s, n, s->n);
    return code;
}

/* Septets of a character: 1, 2 for an extension, 0 if GSM-7 does not have it. */
static u32 septets(u32 c)
{
    switch (c) {
    case '^':
    case '{':
    case '}':
    case '\\':
    case '[':
    case '~':
    case ']':
    case '|':
    case '\f':
    case 0x20AC: return 2;
    case '`': return 0;
    case '\n':
    case '\r': return 1;
    default: break;
    }
    if (c >= ' ' && c < 127) return 1;
    for (size_t i = 0; i < COUNT_OF(BASIC); i++)
        if (BASIC[i] == c) return 1;
    return 0;
}

static bool is_gsm7(str text)
{
    while (text.n)
        if (!septets(next_character(&text))) return false;
    return true;
}

static u32 units_of(u32 c, sms_encoding e)
{
    return e == SMS_GSM7 ? septets(c) : c > 0xFFFF ? 2 : 1;
}

struct sms_count sms_count(str text, bool mainland)
{
    struct sms_count out = {.encoding = !mainland && is_gsm7(text) ? SMS_GSM7 : SMS_UCS2};
    u32 whole = out.encoding == SMS_GSM7 ? 160 : 70, part = out.encoding == SMS_GSM7 ? 153 : 67;
    u32 parts = 0, room = 0;
    while (text.n) {
        u32 n = units_of(next_character(&text), out.encoding);
        out.length += n;
        if (n > room) {
            parts++;
            room = part;
        }
        room -= n;
    }
    out.parts = out.length == 0 ? 0 : out.length <= whole ? 1 : parts;
    return out;
}

str sms_encoding_text(sms_encoding e)
{
    return e == SMS_GSM7 ? S("gsm7") : S("ucs2");
}

bool sms_is_mainland(str number)
{
    if (str_starts(number, S("+86"))) return number.n == 14;
    return number.n == 11 && number.p[0] == '1';
}

/* "…看看。" takes no comma behind it. */
static bool ends_a_sentence(str text)
{
    static const char *const ENDS[] = {"。", "！", "？", "；", "~", ".", "!", "?"};
    text = str_trim(text);
    for (size_t i = 0; i < COUNT_OF(ENDS); i++)
        if (str_ends(text, str_of(ENDS[i]))) return true;
    return false;
}

static bool offers_a_way_out(str text)
{
    static const char *const WORDS[] = {"拒收请回复", "退订回", "回复TD", "回TD",  "回T退",
                                        "回复R",      "回R",    "拒收回", "回复T", "退订请回"};
    for (size_t i = 0; i < COUNT_OF(WORDS); i++)
        if (str_find(text, str_of(WORDS[i])) >= 0) return true;
    return false;
}

void sms_compose(str text, const struct sms_wrap *w, struct buf *out)
{
    if (w->sign.n && !str_starts(text, S("【"))) {
        buf_put(out, S("【"));
        buf_put(out, w->sign);
        buf_put(out, S("】"));
    }
    buf_put(out, text);
    if (w->promotion && w->mainland && !offers_a_way_out(text))
        buf_put(out, ends_a_sentence(text) ? S("拒收请回复R") : S("，拒收请回复R"));
}

/* Upper-case ASCII of a character, full-width forms too; 0 for what may stand around words. */
static u32 plain(u32 c)
{
    if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;
    if (c >= 'a' && c <= 'z') return c - 32;
    bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (c > 127)
        kept = c != 0x3000 && c != 0x3002 && c != 0x3010 && c != 0x3011 && c != 0xA0 && c != 0xFEFF;
    return kept ? c : 0;
}

bool sms_is_stop(str text)
{
    static const char *const WORDS[] = {"R",      "TD",   "T",      "STOP",    "UNSUBSCRIBE",
                                        "CANCEL", "END",  "QUIT",   "STOPALL", "N退订",
                                        "退订",   "拒收", "TUIDING"};
    char word[32];
    size_t n = 0;
    bool over = false;
    while (text.n) {
        str before = text;
        u32 c = plain(next_character(&text));
        if (!c) {
            over |= n > 0;
            continue;
        }
        size_t bytes = c < 128 ? 1 : before.n - text.n;
        if (over || n + bytes > sizeof word) return false; /* a second word: a sentence */
        if (c < 128)
            word[n] = (char)c;
        else
            memcpy(word + n, before.p, bytes);
        n += bytes;
    }
    for (size_t i = 0; i < COUNT_OF(WORDS); i++)
        if (str_eq((str){word, n}, str_of(WORDS[i]))) return true;
    return false;
}
