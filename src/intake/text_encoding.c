#include "intake/text_encoding.h"

#include "base/mem.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

struct text_in {
    struct file *file;
    u64 at, size;
    const char *encoding; /* iconv's name; "UTF-8" is not converted */
    iconv_t convert;
    char *raw; /* what was read and is not converted yet */
    size_t raw_n;
};

static const struct {
    const char *said, *name;
} ENCODINGS[] = {
    {"utf-8", "UTF-8"},        {"utf8", "UTF-8"},          {"utf-8-sig", "UTF-8"},
    {"utf-8-bom", "UTF-8"},    {"utf-16", "UTF-16LE"},     {"utf-16le", "UTF-16LE"},
    {"utf-16-le", "UTF-16LE"}, {"utf-16be", "UTF-16BE"},   {"utf-16-be", "UTF-16BE"},
    {"gb18030", "GB18030"},    {"gbk", "GB18030"},         {"gb2312", "GB18030"},
    {"cp936", "GB18030"},      {"windows-1252", "CP1252"}, {"cp1252", "CP1252"},
    {"latin1", "CP1252"},      {"iso-8859-1", "CP1252"},   {"ascii", "UTF-8"},
};

/* ---- guessing ---- */

static bool converts(const char *encoding, str sample)
{
    char out[4096];
    char *in = (char *)(uintptr_t)sample.p;
    size_t left = sample.n, r = 0;
    iconv_t cd = iconv_open("UTF-8", encoding);
    if (cd == (iconv_t)-1) return false;
    while (left) {
        char *to = out;
        size_t room = sizeof out;
        r = iconv(cd, &in, &left, &to, &room);
        if (r == (size_t)-1 && errno != E2BIG) break;
    }
    iconv_close(cd);
    return !left || errno == EINVAL; /* cut within its last character */
}

/* UTF-8, but for a character that the end cuts. */
static bool is_cut_utf8(str s)
{
    for (size_t cut = 0; cut < 4 && cut <= s.n; cut++)
        if (str_is_utf8(str_slice(s, 0, s.n - cut))) return true;
    return false;
}

static const char *by_zeros(str s)
{
    size_t even = 0, odd = 0;
    for (size_t i = 0; i < s.n; i++)
        if (!s.p[i]) *(i & 1 ? &odd : &even) += 1;
    if (even + odd < s.n / 8) return NULL;
    return odd > even ? "UTF-16LE" : "UTF-16BE";
}

static size_t first_foreign(str s)
{
    enum { STRIDE = 64 };
    size_t i = 0;
    for (; i + STRIDE <= s.n; i += STRIDE) {
        u64 words[STRIDE / 8], all = 0;
        memcpy(words, s.p + i, sizeof words);
        for (u32 k = 0; k < COUNT_OF(words); k++) all |= words[k];
        if (all & 0x8080808080808080u) break;
    }
    while (i < s.n && !((u8)s.p[i] & 0x80)) i++;
    return i;
}

/* Looks at the first 64 KiB from the first byte on that is not ASCII, wherever that stands. */
MUST_USE static err guess(struct text_in *t, const char **out)
{
    size_t n;
    *out = "UTF-8";
    TRY(file_read(t->file, 0, t->raw, TEXT_PIECE, &n));
    const char *wide = by_zeros((str){t->raw, min_size(n, 4096)});
    if (wide) {
        *out = wide;
        return ERR_OK;
    }
    for (u64 at = 0; n; at += n) {
        TRY(file_read(t->file, at, t->raw, TEXT_PIECE, &n));
        size_t from = first_foreign((str){t->raw, n});
        if (from == n) continue;
        TRY(file_read(t->file, at + from, t->raw, 64 << 10, &n));
        str sample = {t->raw, n};
        if (!is_cut_utf8(sample)) *out = converts("GB18030", sample) ? "GB18030" : "CP1252";
        return ERR_OK;
    }
    return ERR_OK;
}

/* The mark at a file's start, which is then left out. */
static const char *by_mark(struct text_in *t, str head)
{
    if (str_starts(head, S("\xEF\xBB\xBF"))) {
        t->at = 3;
        return "UTF-8";
    }
    bool little = str_starts(head, S("\xFF\xFE")), big = str_starts(head, S("\xFE\xFF"));
    if (little || big) t->at = 2;
    return little ? "UTF-16LE" : big ? "UTF-16BE" : NULL;
}

MUST_USE static err settle(struct text_in *t, str said, struct diag *why)
{
    size_t n;
    TRY(file_size(t->file, &t->size));
    TRY(file_read(t->file, 0, t->raw, 4, &n));
    const char *marked = by_mark(t, (str){t->raw, n});
    for (size_t i = 0; i < COUNT_OF(ENCODINGS) && said.n; i++)
        if (str_eq_nocase(said, str_of(ENCODINGS[i].said))) t->encoding = ENCODINGS[i].name;
    if (said.n && !t->encoding)
        return diag_at(why, ERR_INVALID, S("/options/encoding"),
                       "\"%.*s\" is no encoding that is read here: utf-8, utf-16le, utf-16be, "
                       "gb18030, windows-1252",
                       (int)min_size(said.n, 40), said.p);
    if (marked) t->encoding = marked;
    if (!t->encoding) TRY(guess(t, &t->encoding));
    if (strcmp(t->encoding, "UTF-8") != 0) t->convert = iconv_open("UTF-8", t->encoding);
    if (t->convert == (iconv_t)-1)
        return diag_set(why, ERR_UNSUPPORTED, "this system cannot read %s", t->encoding);
    return ERR_OK;
}

err text_open(struct env *env, const char *path, str encoding, struct text_in **out,
              struct diag *why)
{
    struct text_in *t = mem_zalloc(sizeof *t);
    t->raw = mem_alloc(TEXT_PIECE + 16);
    err e = env_open(env, path, FILE_READ, &t->file);
    if (e == ERR_OK) e = settle(t, encoding, why);
    if (e != ERR_OK) {
        text_close(t);
        return diag_set(why, e, "the file cannot be read");
    }
    t->raw_n = 0;
    *out = t;
    return ERR_OK;
}

void text_close(struct text_in *t)
{
    if (!t) return;
    if (t->convert && t->convert != (iconv_t)-1) iconv_close(t->convert);
    file_close(t->file);
    free(t->raw);
    free(t);
}

const char *text_encoding(const struct text_in *t)
{
    return t->encoding;
}

/* ---- reading ---- */

/* One broken byte becomes U+FFFD, and the reading goes on behind it. */
static void convert(struct text_in *t, struct buf *out, bool last)
{
    char *in = t->raw;
    size_t left = t->raw_n;
    while (left) {
        char *to = buf_room(out, left * 3 + 16), *start = to;
        size_t room = left * 3 + 16;
        if (!to) return;
        size_t r = iconv(t->convert, &in, &left, &to, &room);
        out->n += (size_t)(to - start);
        if (r != (size_t)-1 || errno == E2BIG) continue;
        if (errno == EINVAL && !last) break;
        buf_put(out, S("\xEF\xBF\xBD"));
        in++, left--;
    }
    memmove(t->raw, in, left);
    t->raw_n = left;
}

err text_more(struct text_in *t, struct buf *out)
{
    size_t n = 0;
    if (t->at >= t->size && !t->raw_n) return ERR_NOT_FOUND;
    if (!t->convert) {
        char *to = buf_room(out, TEXT_PIECE);
        if (!to) return ERR_TOO_LARGE;
        TRY(file_read(t->file, t->at, to, TEXT_PIECE, &n));
        out->n += n;
    } else {
        TRY(file_read(t->file, t->at, t->raw + t->raw_n, TEXT_PIECE - t->raw_n, &n));
        t->raw_n += n;
        convert(t, out, t->at + n >= t->size);
    }
    t->at += n;
    return n || !t->raw_n ? ERR_OK : ERR_IO;
}

/* ---- in pieces ---- */

bool text_is_plain(const struct text_in *t)
{
    return !t->convert;
}

u64 text_size(const struct text_in *t)
{
    return t->size;
}

u64 text_at(const struct text_in *t)
{
    return t->at;
}

void text_seek(struct text_in *t, u64 at)
{
    t->at = at;
}

err text_peek(const struct text_in *t, u64 at, void *out, size_t n, size_t *got)
{
    return file_read(t->file, at, out, n, got);
}
