/* mime.c — quoted-printable, base64, encoded words. */
#include "content/mime.h"

#include "base/time.h"

#include <string.h>

enum { LINE_MAX = 76, WORD_MAX = 75, FOLD_AT = 78, TOKEN_MAX = 200 };

static const char hex[] = "0123456789ABCDEF";
static const char digits64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- bodies ---- */

/* Printable ASCII but for the equals sign, and white space: may stand in quoted-printable. */
static const bool plain[256] = {
    ['\t'] = true, [' ' ... '<'] = true, ['>' ... '~'] = true, /* without '=' */
};

/* ---- eight bytes at once: nearly all of a mail is plain ---- */

#define EACH(byte) (0x0101010101010101ull * (byte))

static u64 eight(const char *p)
{
    u64 x;
    memcpy(&x, p, sizeof x);
    return x;
}

/* Every byte is plain, and none a tab, of which there are few. */
static bool are_plain(u64 x)
{
    u64 low = x & EACH(0x7F);
    u64 printable = low + EACH(0x60), del = low + EACH(1), other = (low ^ EACH('=')) + EACH(0x7F);
    return ((x | ~printable | del | ~other) & EACH(0x80)) == 0;
}

static bool has_byte(u64 x, char c)
{
    u64 y = x ^ EACH((u8)c);
    return ((y - EACH(1)) & ~y & EACH(0x80)) != 0;
}

/* How many bytes from here go out as they are: at most `room`. White space must not end the line,
 * and a dot or "From " not begin it: relays have eaten them. */
static size_t plain_run(str rest, size_t room, bool starts)
{
    size_t n = 0, max = min_size(rest.n, room);
    if (starts && (rest.p[0] == '.' || str_starts(rest, S("From ")))) return 0;
    while (n + 8 <= max && are_plain(eight(rest.p + n))) n += 8;
    while (n < max && plain[(u8)rest.p[n]]) n++;
    if (n == rest.n && (rest.p[n - 1] == ' ' || rest.p[n - 1] == '\t')) n--;
    return n;
}

/* One line without its end; soft breaks keep the written ones within the limit. */
static void put_qp_line(struct buf *out, str line)
{
    size_t column = 0;
    while (line.n) {
        size_t room = LINE_MAX - 1 - column, n = plain_run(line, room, column == 0);
        u8 ch = (u8)line.p[0];
        if (n) {
            buf_put(out, str_slice(line, 0, n));
            column += n;
        } else if (room < 3) {
            buf_put(out, S("=\r\n"));
            column = 0;
        } else {
            const char coded[3] = {'=', hex[ch >> 4], hex[ch & 15]};
            if (ch) buf_put(out, (str){coded, 3});
            column += ch ? 3 : 0;
            n = 1;
        }
        line = str_slice(line, n, line.n);
    }
    buf_put(out, S("\r\n"));
}

/* The next line of a text that may end its lines in CRLF, LF or CR. */
static str next_line(str *rest)
{
    size_t n = 0;
    for (u64 x; n + 8 <= rest->n; n += 8) {
        x = eight(rest->p + n);
        if (has_byte(x, '\n') || has_byte(x, '\r')) break;
    }
    while (n < rest->n && rest->p[n] != '\n' && rest->p[n] != '\r') n++;
    str line = str_slice(*rest, 0, n);
    if (n < rest->n) n += rest->p[n] == '\r' && n + 1 < rest->n && rest->p[n + 1] == '\n' ? 2 : 1;
    *rest = str_slice(*rest, n, rest->n);
    return line;
}

struct base64 {
    struct buf *out;
    u8 held[3];
    u32 count, column;
    bool binary; /* NUL bytes stay */
};

static void put_group(struct base64 *b)
{
    u32 bits = (u32)b->held[0] << 16 | (u32)b->held[1] << 8 | b->held[2];
    char four[4];
    for (u32 i = 0; i < 4; i++) four[i] = i > b->count ? '=' : digits64[bits >> (18 - 6 * i) & 63];
    buf_put(b->out, (str){four, 4});
    *b = (struct base64){.out = b->out, .column = b->column + 4, .binary = b->binary};
}

static void put_base64(struct base64 *b, str s, bool wrap)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!s.p[i] && !b->binary) continue;
        b->held[b->count++] = (u8)s.p[i];
        if (b->count < 3) continue;
        put_group(b);
        if (!wrap || b->column < LINE_MAX) continue;
        buf_put(b->out, S("\r\n"));
        b->column = 0;
    }
}

static void end_base64(struct base64 *b)
{
    if (b->count) put_group(b);
}

static void put_base64_body(struct buf *out, str text)
{
    struct base64 b = {.out = out};
    while (text.n) {
        str before = text, line = next_line(&text);
        put_base64(&b, line, true);
        if (line.n < before.n) put_base64(&b, S("\r\n"), true);
    }
    end_base64(&b);
    if (b.column) buf_put(out, S("\r\n"));
}

/* How many bytes may not stand in quoted-printable as they are. */
static size_t coded_bytes(str text)
{
    size_t coded = 0;
    for (size_t i = 0; i < text.n;) {
        size_t end = min_size(i + 8, text.n);
        bool plain_all = end == i + 8 && are_plain(eight(text.p + i));
        for (; !plain_all && i < end; i++)
            coded += !plain[(u8)text.p[i]] && text.p[i] != '\n' && text.p[i] != '\r';
        i = end;
    }
    return coded;
}

void mime_part(struct buf *out, const char *type, str text)
{
    size_t coded = coded_bytes(text);
    /* Quoted-printable costs two more bytes for each coded one, base64 a third of all. */
    bool base64 = coded * 2 > text.n / 3;
    buf_printf(out, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
               type, base64 ? "base64" : "quoted-printable");
    if (base64) {
        put_base64_body(out, text);
        return;
    }
    while (text.n) put_qp_line(out, next_line(&text));
}

/* A name in quotes for old readers, and as RFC 5987 has it for those of other scripts. */
static void put_file_name(struct buf *out, str name)
{
    buf_put(out, S(" filename=\""));
    for (size_t i = 0; i < name.n; i++) {
        u8 c = (u8)name.p[i];
        bool tame = c >= 32 && c < 127 && c != '"' && c != '\\' && c != '/';
        if (tame || c < 0x80 || c >= 0xC0) buf_byte(out, tame ? c : '_');
    }
    buf_put(out, S("\";\r\n filename*=UTF-8''"));
    for (size_t i = 0; i < name.n; i++) {
        u8 c = (u8)name.p[i];
        bool word =
            (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '.' || c == '-';
        if (word)
            buf_byte(out, c);
        else
            buf_printf(out, "%%%02X", c);
    }
    buf_put(out, S("\r\n"));
}

void mime_file(struct buf *out, str type, str name, str bytes)
{
    struct base64 b = {.out = out, .binary = true};
    buf_printf(out, "Content-Type: %.*s\r\nContent-Transfer-Encoding: base64\r\n", STR_ARG(type));
    buf_put(out, S("Content-Disposition: attachment;\r\n"));
    put_file_name(out, name);
    buf_put(out, S("\r\n"));
    put_base64(&b, bytes, true);
    end_base64(&b);
    if (b.column) buf_put(out, S("\r\n"));
}

/* ---- headers ---- */

/* A character that may stand in a header as it is; anything that controls becomes a space. */
static u8 tame(char ch)
{
    u8 c = (u8)ch;
    return c < 32 || c == 127 ? ' ' : c;
}

static size_t character(str s, size_t i)
{
    size_t n = 1;
    while (n < 4 && i + n < s.n && ((u8)s.p[i + n] & 0xC0) == 0x80) n++;
    return n;
}

/* Encoded words of at most 75 bytes, whole characters each, on lines of their own but for the
 * first. */
static void put_encoded_words(struct buf *out, str text, size_t column)
{
    static const size_t around = sizeof "=?UTF-8?B?"
                                        "?=" -
                                 1;
    for (size_t i = 0; i < text.n;) {
        size_t limit = column > 1 && column < WORD_MAX - 24 ? WORD_MAX - column : WORD_MAX;
        size_t room = (limit - around) / 4 * 3, n = 0;
        while (i + n < text.n && n + character(text, i + n) <= room) n += character(text, i + n);
        struct base64 b = {.out = out};
        buf_put(out, S("=?UTF-8?B?"));
        for (size_t k = 0; k < n; k++) {
            char tamed = (char)tame(text.p[i + k]);
            put_base64(&b, (str){&tamed, 1}, false);
        }
        end_base64(&b);
        buf_put(out, S("?="));
        i += n;
        column = 1;
        if (i < text.n) buf_put(out, S("\r\n "));
    }
}

/* Plain ASCII whose words fit lines, and nothing that looks like an encoded word. */
static bool is_plain_text(str text)
{
    size_t word = 0;
    for (size_t i = 0; i < text.n; i++) {
        u8 c = tame(text.p[i]);
        if (c >= 128) return false;
        word = c == ' ' ? 0 : word + 1;
        if (word > TOKEN_MAX) return false;
    }
    return str_find(text, S("=?")) < 0;
}

/* Words with one space between, folded before the line grows long. */
static void put_folded(struct buf *out, str text, size_t column)
{
    bool first = true;
    for (size_t i = 0; i < text.n;) {
        while (i < text.n && tame(text.p[i]) == ' ') i++;
        size_t from = i;
        while (i < text.n && tame(text.p[i]) != ' ') i++;
        if (i == from) break;
        if (!first) {
            bool fold = column + 1 + (i - from) > FOLD_AT;
            buf_put(out, fold ? S("\r\n ") : S(" "));
            column = fold ? 1 : column + 1;
        }
        buf_put(out, str_slice(text, from, i));
        column += i - from;
        first = false;
    }
}

void mime_header_text(struct buf *out, str name, str text)
{
    buf_put(out, name);
    buf_put(out, S(": "));
    if (is_plain_text(text))
        put_folded(out, text, name.n + 2);
    else
        put_encoded_words(out, text, name.n + 2);
    buf_put(out, S("\r\n"));
}

static bool is_atoms(str text)
{
    for (size_t i = 0; i < text.n; i++) {
        u8 c = (u8)text.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && !(c && memchr(" !#$%&'*+-/=?^_`{|}~", c, 20))) return false;
    }
    return true;
}

/* A quoted text is not folded, so only a short one is quoted. */
void mime_phrase(struct buf *out, str text, size_t column)
{
    if (!is_plain_text(text) || (!is_atoms(text) && text.n > TOKEN_MAX)) {
        put_encoded_words(out, text, column);
        return;
    }
    if (is_atoms(text)) {
        put_folded(out, text, column);
        return;
    }
    buf_byte(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        u8 c = tame(text.p[i]);
        if (c == '"' || c == '\\') buf_byte(out, '\\');
        buf_byte(out, c);
    }
    buf_byte(out, '"');
}

void mime_date(struct buf *out, i64 ms)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static const i64 last = 253402300799000; /* the year has four digits */
    ms = min_i64(max_i64(ms, 0), last);
    civil c = civil_of_ms(ms);
    buf_printf(out, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[weekday_of(days_of_ms(ms)) - 1],
               c.day, months[c.month - 1], c.year, c.hour, c.minute, c.second);
}
