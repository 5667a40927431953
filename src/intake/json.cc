/* json.cc — simdjson's on-demand parser walked once, straight into value bytes.
 *
 * Its first stage finds the structure of the whole body and checks UTF-8; texts and numbers are taken
 * as raw tokens and read here, because a number of 400 digits is a number, and because a text must
 * not cost a copy. A MAP's or LIST's size stands before its members: they are written first and moved
 * up by the size's few bytes. */
#include "intake/body.h"

#include "intake/cut.h"

#include <new>
#include <simdjson.h>

struct body {
    simdjson::ondemand::parser parser;
    struct buf padded, member, outer, item, text;
};

namespace
{
namespace od = simdjson::ondemand;

constexpr size_t OUT_MAX = 64u << 20;
constexpr char ZEROS[simdjson::SIMDJSON_PADDING] = {};
constexpr str PADDING = {ZEROS, sizeof ZEROS};

struct walk {
    struct buf *out, *text;
    const char *problem;
    bool broken; /* the JSON itself: the parser cannot go on */
};

bool fail(walk *w, const char *problem, bool broken)
{
    if (!w->problem) w->problem = problem, w->broken = broken;
    return false;
}

bool fail(walk *w, simdjson::error_code e)
{
    return fail(w, simdjson::error_message(e), true);
}

std::string_view trimmed(std::string_view s)
{
    while (!s.empty() && (u8)s.back() <= ' ') s.remove_suffix(1);
    return s;
}

/* ---- texts ---- */

int hex4(const char *p)
{
    int v = 0;
    for (int i = 0; i < 4; i++) {
        int c = p[i], low = c | 0x20;
        int digit = c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
        if (digit < 0) return -1;
        v = v << 4 | digit;
    }
    return v;
}

void put_utf8(struct buf *b, u32 c)
{
    if (c < 0x80) {
        buf_byte(b, (u8)c);
    } else if (c < 0x800) {
        buf_byte(b, (u8)(0xC0 | c >> 6));
        buf_byte(b, (u8)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        buf_byte(b, (u8)(0xE0 | c >> 12));
        buf_byte(b, (u8)(0x80 | (c >> 6 & 0x3F)));
        buf_byte(b, (u8)(0x80 | (c & 0x3F)));
    } else {
        buf_byte(b, (u8)(0xF0 | c >> 18));
        buf_byte(b, (u8)(0x80 | (c >> 12 & 0x3F)));
        buf_byte(b, (u8)(0x80 | (c >> 6 & 0x3F)));
        buf_byte(b, (u8)(0x80 | (c & 0x3F)));
    }
}

/* \uXXXX at p + 2, with its second half where it is the first of a pair. */
bool unicode_escape(walk *w, const char *&p, const char *end)
{
    static const char HALF[] = "a text holds half of a surrogate pair";
    int c = end - p >= 6 ? hex4(p + 2) : -1;
    if (c < 0) return fail(w, "a text holds an unfinished \\u escape", true);
    p += 6;
    if (c >= 0xDC00 && c < 0xE000) return fail(w, HALF, true);
    if (c >= 0xD800 && c < 0xDC00) {
        int low = end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? hex4(p + 2) : -1;
        if (low < 0xDC00 || low >= 0xE000) return fail(w, HALF, true);
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        p += 6;
    }
    put_utf8(w->text, (u32)c);
    return true;
}

/* What stands between the quotes, into w->text. */
bool unescape(walk *w, std::string_view raw)
{
    static const char FROM[] = "\"\\/bfnrt", TO[] = "\"\\/\b\f\n\r\t";
    const char *p = raw.data(), *end = p + raw.size();
    buf_reset(w->text);
    while (p < end) {
        auto *next = static_cast<const char *>(memchr(p, '\\', (size_t)(end - p)));
        buf_put(w->text, str{p, (size_t)((next ? next : end) - p)});
        if (!next) break;
        p = next;
        if (end - p < 2) return fail(w, "a text ends in a backslash", true);
        if (p[1] == 'u') {
            if (!unicode_escape(w, p, end)) return false;
            continue;
        }
        const char *at = strchr(FROM, p[1]);
        if (!at || !p[1]) return fail(w, "a text holds an unknown escape", true);
        buf_byte(w->text, (u8)TO[at - FROM]);
        p += 2;
    }
    return true;
}

/* The text of a token that begins with a quote: a view of the body where nothing is escaped. */
bool text_of(walk *w, std::string_view raw, str *out)
{
    raw = trimmed(raw);
    if (raw.size() < 2 || raw.back() != '"') return fail(w, "a text is not closed", true);
    raw = raw.substr(1, raw.size() - 2);
    *out = str{raw.data(), raw.size()};
    if (!memchr(raw.data(), '\\', raw.size())) return true;
    if (!unescape(w, raw)) return false;
    *out = buf_str(w->text);
    return true;
}

/* ---- numbers ---- */

/* Up to four digits from `i` to the end, behind the whole part already in *n. */
bool short_decimal(str text, size_t i, i64 *n)
{
    size_t places = 0;
    if (text.n > 14 || i == text.n) return false;
    for (; i < text.n && (u8)(text.p[i] - '0') <= 9; i++, places++) *n = *n * 10 + (text.p[i] - '0');
    if (i < text.n || places > 4) return false;
    for (; places < 4; places++) *n *= 10;
    return true;
}

/* Small integers and decimals at once; the rest by fixed_parse, and what that cannot hold verbatim. */
bool put_number(walk *w, std::string_view raw)
{
    raw = trimmed(raw);
    str text = {raw.data(), raw.size()};
    size_t start = text.p[0] == '-', i = start;
    i64 n = 0;
    if (text.n - start <= 18) {
        while (i < text.n && (u8)(text.p[i] - '0') <= 9) n = n * 10 + (text.p[i++] - '0');
        bool shaped = i > start && (text.p[start] != '0' || i == start + 1);
        if (shaped && i == text.n) {
            value_put(w->out, value_int(start ? -n : n));
            return true;
        }
        if (shaped && text.p[i] == '.' && short_decimal(text, i + 1, &n)) {
            value_put(w->out, value_fixed(start ? -n : n));
            return true;
        }
    }
    fixed decimal;
    err e = fixed_parse(text, &decimal);
    if (e == ERR_INVALID) return fail(w, "there is something that is no JSON value", true);
    if (str_to_i64(text, &n) == ERR_OK) value_put(w->out, value_int(n));
    else if (e == ERR_OK) value_put(w->out, value_fixed(decimal));
    else {
        value v = {};
        v.type = VALUE_NUMBER;
        v.text = text;
        value_put(w->out, v);
    }
    return true;
}

bool put_scalar(walk *w, std::string_view raw)
{
    std::string_view s = trimmed(raw);
    value_type word = s == "true"    ? VALUE_TRUE
                      : s == "false" ? VALUE_FALSE
                      : s == "null"  ? VALUE_NULL
                                     : VALUE_MISSING;
    if (s.empty()) return fail(w, "a value is missing", true);
    if (!word) return put_number(w, raw);
    buf_byte(w->out, (u8)word);
    return true;
}

/* ---- containers ---- */

size_t varint_bytes(u64 v)
{
    size_t n = 1;
    while (v >= 0x80) v >>= 7, n++;
    return n;
}

/* Puts the sizes of a container before its members, which begin at `at`. */
void close_container(struct buf *b, size_t at, u32 count)
{
    size_t members = b->n - at, inner = members + varint_bytes(count);
    size_t head = varint_bytes(inner) + varint_bytes(count);
    if (!buf_room(b, head)) return;
    memmove(b->p + at + head, b->p + at, members);
    b->n = at;
    buf_varint(b, inner);
    buf_varint(b, count);
    b->n = at + head + members;
}

bool put_value(walk *w, od::value v, u32 depth);

/* A key's raw text runs to the first quote that no backslash stands before. */
bool put_key(walk *w, const char *raw)
{
    const char *p = raw;
    bool escaped = false;
    for (; *p != '"'; p++) {
        if (*p != '\\') continue;
        escaped = true;
        p++;
    }
    str key = {raw, (size_t)(p - raw)};
    if (escaped) {
        if (!unescape(w, std::string_view(raw, key.n))) return false;
        key = buf_str(w->text);
    }
    if (key.n > BODY_KEY_MAX) return fail(w, "a name is longer than 128 bytes", false);
    buf_str_varint(w->out, key);
    return true;
}

bool put_members(walk *w, od::object &object, u32 depth, u32 *count)
{
    for (auto member : object) {
        od::field field;
        if (auto e = std::move(member).get(field)) return fail(w, e);
        if (++*count > BODY_MEMBERS_MAX)
            return fail(w, "an object has more than 1,000 members", false);
        if (!put_key(w, field.key().raw()) || !put_value(w, field.value(), depth)) return false;
    }
    return true;
}

bool put_container(walk *w, od::value v, u32 depth, bool is_map)
{
    u32 count = 0;
    if (depth > BODY_DEPTH_MAX) return fail(w, "it is nested more than 32 deep", false);
    buf_byte(w->out, is_map ? VALUE_MAP : VALUE_LIST);
    size_t at = w->out->n;
    if (is_map) {
        od::object object;
        if (auto e = v.get_object().get(object)) return fail(w, e);
        if (!put_members(w, object, depth + 1, &count)) return false;
    } else {
        od::array array;
        if (auto e = v.get_array().get(array)) return fail(w, e);
        for (auto element : array) {
            od::value inner;
            if (auto e = element.get(inner)) return fail(w, e);
            if (!put_value(w, inner, depth + 1)) return false;
            count++;
        }
    }
    close_container(w->out, at, count);
    return true;
}

bool put_value(walk *w, od::value v, u32 depth)
{
    std::string_view raw = v.raw_json_token();
    str text;
    switch (raw.empty() ? 0 : raw[0]) {
    case '{': return put_container(w, v, depth, true);
    case '[': return put_container(w, v, depth, false);
    case '"':
        if (!text_of(w, raw, &text)) return false;
        if (text.n > BODY_TEXT_MAX) return fail(w, "a text is longer than 32 KB", false);
        buf_byte(w->out, VALUE_TEXT);
        buf_str_varint(w->out, text);
        return true;
    default: return put_scalar(w, raw);
    }
}

/* One item: the members of its object, as a MAP whose sizes are not written. */
template <class V> bool put_item(walk *w, V &&v, value *out)
{
    u32 count = 0;
    od::object object;
    buf_reset(w->out);
    *out = value{};
    if (auto e = v.get_object().get(object)) {
        if (e == simdjson::INCORRECT_TYPE) return fail(w, "it is no JSON object", false);
        return fail(w, e);
    }
    if (!put_members(w, object, 2, &count)) return false;
    if (w->out->full) return fail(w, "it is too large", false);
    out->type = VALUE_MAP;
    out->count = count;
    out->text = buf_str(w->out);
    return true;
}

/* ---- one item by itself ---- */

/* Reads `text`, a piece of the padded body, as one item. */
bool read_piece(struct body *b, str text, walk *w, value *out)
{
    od::document doc;
    const char *rest;
    simdjson::padded_string_view view(text.p, text.n, text.n + simdjson::SIMDJSON_PADDING);
    if (auto e = b->parser.iterate(view).get(doc)) return fail(w, e);
    if (!put_item(w, doc, out)) return false;
    if (!doc.current_location().get(rest)) return fail(w, simdjson::TRAILING_CONTENT);
    return true;
}

err pass_on(const struct body_reader *r, str text, const walk *w, value map)
{
    struct body_item item = {text, w->problem ? value{} : map, w->problem};
    return r->on_item(r->ctx, &item);
}

/* ---- a batch, whole ---- */

/* The end of the item at `from`, for its text: the next structural character is past it. */
const char *item_end(od::document &doc, const char *body_end)
{
    const char *at;
    return doc.current_location().get(at) ? body_end : at;
}

/* Everything of the top level but the array. */
bool read_outer(struct body *b, od::document &doc, str array, walk *w, value *out)
{
    od::object object;
    u32 count = 0;
    buf_reset(&b->outer);
    if (auto e = doc.get_object().get(object)) return fail(w, e);
    for (auto member : object) {
        od::field field;
        if (auto e = std::move(member).get(field)) return fail(w, e);
        if (field.key() == std::string_view(array.p, array.n)) continue;
        if (!put_key(w, field.key().raw()) || !put_value(w, field.value(), 2)) return false;
        count++;
    }
    const char *rest;
    if (!doc.current_location().get(rest)) return fail(w, simdjson::TRAILING_CONTENT);
    out->type = VALUE_MAP;
    out->count = count;
    out->text = buf_str(&b->outer);
    return true;
}

/* The fast way: one parse for all. `done` counts the items passed on when it had to stop; ERR_AGAIN says
 * that the rest must be read piece by piece. */
err read_whole(struct body *b, str text, str array, const struct body_reader *r, u32 *done)
{
    od::document doc;
    od::array items;
    value outer = {};
    walk w = {&b->outer, &b->text, nullptr, false};
    simdjson::padded_string_view view(text.p, text.n, text.n + simdjson::SIMDJSON_PADDING);
    if (b->parser.iterate(view).get(doc) || !read_outer(b, doc, array, &w, &outer))
        return ERR_AGAIN;
    doc.rewind();
    if (doc[std::string_view(array.p, array.n)].get_array().get(items)) return ERR_AGAIN;
    r->on_outer(r->ctx, outer);
    for (auto element : items) {
        od::value item;
        value map;
        w = walk{&b->item, &b->text, nullptr, false};
        if (element.get(item)) return ERR_AGAIN;
        const char *from = item.raw_json_token().data(), *end = text.p + text.n;
        bool taken = put_item(&w, item, &map);
        if (w.broken) return ERR_AGAIN;
        str whole = taken ? str{from, (size_t)(item_end(doc, end) - from)}
                          : cut_element(str{from, (size_t)(end - from)});
        TRY(pass_on(r, str_trim(whole), &w, map));
        ++*done;
    }
    return ERR_OK;
}

/* ---- a batch, piece by piece ---- */

/* One member of the top level, put in braces of its own. */
void outer_piece(struct body *b, str member, value *outer)
{
    walk w = {&b->item, &b->text, nullptr, false};
    value map;
    buf_reset(&b->member);
    buf_byte(&b->member, '{');
    buf_put(&b->member, member);
    buf_byte(&b->member, '}');
    size_t n = b->member.n;
    buf_put(&b->member, PADDING);
    if (!read_piece(b, str{b->member.p, n}, &w, &map)) return;
    buf_put(&b->outer, map.text);
    outer->count += map.count;
}

/* The top level's members but the array; a broken one is left out. The array's text, or empty. */
str outer_pieces(struct body *b, str text, str array, value *outer, bool *closed)
{
    str member, key, piece, found = {};
    struct cut c = cut_open(text);
    if (c.close != '}') c.bad = true;
    buf_reset(&b->outer);
    outer->type = VALUE_MAP;
    while (cut_next(&c, &member)) {
        if (!cut_member(member, &key, &piece)) continue;
        if (str_eq(key, array)) found = piece;
        else outer_piece(b, member, outer);
    }
    *closed = cut_closed(&c);
    outer->text = buf_str(&b->outer);
    return found;
}

err refuse(struct diag *why, const char *what)
{
    return diag_set(why, ERR_INVALID, "the body cannot be read: %s", what);
}

/* Every piece's brackets are checked before the first is passed on, so that nothing of a body that is not
 * closed is taken. */
bool pieces_close(str items)
{
    str piece;
    struct cut c = cut_open(items);
    if (c.close != ']') return false;
    while (cut_next(&c, &piece)) {
    }
    return cut_closed(&c);
}

err read_pieces(struct body *b, str text, str array, const struct body_reader *r, u32 done,
                struct diag *why)
{
    value outer = {};
    bool closed;
    str piece;
    str items = outer_pieces(b, text, array, &outer, &closed);
    if (!closed) return refuse(why, "it is no JSON object, or its brackets and quotes do not close");
    if (!pieces_close(items)) return refuse(why, "there is no array of events in it");
    if (done == 0) r->on_outer(r->ctx, outer);
    struct cut c = cut_open(items);
    for (u32 i = 0; cut_next(&c, &piece); i++) {
        walk w = {&b->item, &b->text, nullptr, false};
        value map = {};
        if (i < done) continue;
        read_piece(b, piece, &w, &map);
        TRY(pass_on(r, piece, &w, map));
    }
    return ERR_OK;
}

/* The body with the bytes behind it that the parser may read, without a byte order mark. */
str padded(struct body *b, str text)
{
    if (str_starts(text, S("\xEF\xBB\xBF"))) text = str_slice(text, 3, text.n);
    buf_reset(&b->padded);
    buf_put(&b->padded, text);
    buf_put(&b->padded, PADDING);
    return str{b->padded.p, text.n};
}
} // namespace

extern "C" struct body *body_new(void)
{
    auto *b = new (std::nothrow) struct body;
    MUST(b);
    buf_init(&b->padded, SIZE_MAX);
    buf_init(&b->member, SIZE_MAX);
    buf_init(&b->outer, OUT_MAX);
    buf_init(&b->item, OUT_MAX);
    buf_init(&b->text, OUT_MAX);
    return b;
}

extern "C" void body_free(struct body *b)
{
    if (!b) return;
    for (struct buf *each : {&b->padded, &b->member, &b->outer, &b->item, &b->text}) buf_clear(each);
    delete b;
}

extern "C" err body_read_batch(struct body *b, str text, str array, const struct body_reader *r,
                               struct diag *why)
{
    u32 done = 0;
    text = padded(b, text);
    err e = read_whole(b, text, array, r, &done);
    return e == ERR_AGAIN ? read_pieces(b, text, array, r, done, why) : e;
}

extern "C" err body_read_item(struct body *b, str text, const struct body_reader *r, struct diag *why)
{
    walk w = {&b->item, &b->text, nullptr, false};
    value map = {};
    text = padded(b, text);
    if (!read_piece(b, text, &w, &map) && w.broken) return refuse(why, w.problem);
    return pass_on(r, str_trim(text), &w, map);
}
