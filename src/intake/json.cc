/* json.cc — simdjson's on-demand parser, walked once.
 *
 * Its first stage finds the structure of the whole body and checks UTF-8; what is left is to step
 * from token to token, and encode.c reads them. What a batch says of itself stands mostly behind
 * its items, so those are encoded first and held. Where the body as a whole is no JSON, cut.c finds
 * the items and each is parsed by itself, in place. */
#include "intake/body.h"

#include "intake/cut.h"
#include "intake/encode.h"

/* The library asserts what it assumes; that is for the builds that look for mistakes. */
#if !defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__)
#define NDEBUG
#endif
#include <new>
#include <simdjson.h>

struct body {
    simdjson::ondemand::parser parser;
    struct buf padded, member, outer, item, items, text;
};

namespace
{
namespace od = simdjson::ondemand;

constexpr char ZEROS[simdjson::SIMDJSON_PADDING] = {};
constexpr str PADDING = {ZEROS, sizeof ZEROS};

bool fail(struct encoder *e, simdjson::error_code code)
{
    return encode_fail(e, simdjson::error_message(code), true);
}

simdjson::padded_string_view view_of(str text)
{
    return simdjson::padded_string_view(text.p, text.n, text.n + simdjson::SIMDJSON_PADDING);
}

/* ---- the walk ---- */

bool walk(struct encoder *e, od::value &v, u32 depth);

bool walk_members(struct encoder *e, od::object &object, u32 depth, u32 *count)
{
    for (auto member : object) {
        if (auto code = member.error()) return fail(e, code);
        od::field &&field = std::move(member).value_unsafe();
        if (!encode_count(e, true, ++*count) || !encode_key(e, field.key().raw()) ||
            !walk(e, field.value(), depth))
            return false;
    }
    return true;
}

bool walk_elements(struct encoder *e, od::array &array, u32 depth, u32 *count)
{
    for (auto element : array) {
        if (auto code = element.error()) return fail(e, code);
        od::value &&v = std::move(element).value_unsafe();
        if (!walk(e, v, depth)) return false;
        ++*count;
    }
    return true;
}

bool walk_container(struct encoder *e, od::value &v, u32 depth, bool is_map)
{
    u32 count = 0;
    u8 *at;
    od::object object;
    od::array array;
    if (!encode_open(e, is_map, depth, &at)) return false;
    if (auto code = is_map ? v.get_object().get(object) : v.get_array().get(array))
        return fail(e, code);
    if (is_map ? !walk_members(e, object, depth + 1, &count)
               : !walk_elements(e, array, depth + 1, &count))
        return false;
    encode_close(e, at, count);
    return true;
}

bool walk(struct encoder *e, od::value &v, u32 depth)
{
    std::string_view raw = v.raw_json_token();
    char c = raw.empty() ? 0 : raw[0];
    if (c == '{' || c == '[') return walk_container(e, v, depth, c == '{');
    return encode_scalar(e, str{raw.data(), raw.size()});
}

/* Writes into `out`, which gets the room for `text_bytes` of JSON from now on. */
struct encoder encoder_of(struct body *b, struct buf *out, size_t text_bytes)
{
    buf_reset(out);
    char *room = buf_room(out, encode_room(text_bytes));
    MUST(room);
    return {reinterpret_cast<u8 *>(room), &b->text, nullptr, false};
}

str between(const u8 *from, const u8 *to)
{
    return str{reinterpret_cast<const char *>(from), (size_t)(to - from)};
}

/* An item's object: its members, without the sizes that a MAP inside another has. */
template <class V> bool walk_item(struct encoder *e, V &&v, struct body_map *out)
{
    const u8 *from = e->p;
    od::object object;
    *out = {};
    if (auto code = v.get_object().get(object)) {
        if (code == simdjson::INCORRECT_TYPE) return encode_fail(e, "it is no JSON object", false);
        return fail(e, code);
    }
    if (!walk_members(e, object, 2, &out->count)) return false;
    out->members = between(from, e->p);
    return true;
}

/* Reads `text`, a piece of a padded buffer, as one item. */
bool read_piece(struct body *b, str text, struct encoder *e, struct body_map *out)
{
    od::document doc;
    const char *rest;
    if (auto code = b->parser.iterate(view_of(text)).get(doc)) return fail(e, code);
    if (!walk_item(e, doc, out)) return false;
    if (!doc.current_location().get(rest)) return fail(e, simdjson::TRAILING_CONTENT);
    return true;
}

err pass_on(const struct body_reader *r, str text, const struct encoder *e,
            const struct body_map &map)
{
    struct body_item item = {str_trim(text), map, e->problem};
    return r->on_item(r->ctx, &item);
}

/* ---- a batch, whole ---- */

/* What was sent as the item at `from`: up to the next token, if it was walked to its end. */
str item_text(od::document &doc, const char *from, const char *body_end, bool walked)
{
    const char *at;
    if (!walked) return cut_element(str{from, (size_t)(body_end - from)});
    if (doc.current_location().get(at)) at = body_end;
    return str_trim(str{from, (size_t)(at - from)});
}

/* Encodes the array's items one behind the other and notes each in b->items. ERR_AGAIN if the JSON
 * is broken, ERR_TOO_LARGE if there are too many. */
err hold_items(struct body *b, struct encoder *e, od::document &doc, od::value &array,
               const char *body_end)
{
    od::array items;
    if (array.get_array().get(items)) return ERR_AGAIN;
    for (auto element : items) {
        if (element.error()) return ERR_AGAIN;
        if (b->items.n == BODY_ITEMS_MAX * sizeof(struct body_item)) return ERR_TOO_LARGE;
        od::value &&v = std::move(element).value_unsafe();
        struct body_item item = {};
        const char *from = v.raw_json_token().data();
        bool walked = walk_item(e, v, &item.map);
        if (e->broken) return ERR_AGAIN;
        item.text = item_text(doc, from, body_end, walked);
        item.broken = e->problem;
        e->problem = nullptr;
        buf_put(&b->items, str{reinterpret_cast<const char *>(&item), sizeof item});
    }
    return ERR_OK;
}

/* The whole body in one walk: the items are held until the members behind them are known. ERR_AGAIN
 * if the body is no JSON, or has not one such array. */
err hold_whole(struct body *b, str text, str array, struct body_map *outer)
{
    od::document doc;
    od::object object;
    const char *rest;
    bool found = false;
    struct encoder items = encoder_of(b, &b->item, text.n);
    struct encoder others = encoder_of(b, &b->outer, text.n);
    buf_reset(&b->items);
    if (b->parser.iterate(view_of(text)).get(doc) || doc.get_object().get(object)) return ERR_AGAIN;
    for (auto member : object) {
        if (member.error()) return ERR_AGAIN;
        od::field &&field = std::move(member).value_unsafe();
        if (field.key() == std::string_view(array.p, array.n)) {
            if (found) return ERR_AGAIN;
            TRY(hold_items(b, &items, doc, field.value(), text.p + text.n));
            found = true;
        } else {
            if (!encode_key(&others, field.key().raw()) || !walk(&others, field.value(), 2))
                return ERR_AGAIN;
            outer->count++;
        }
    }
    outer->members = between(reinterpret_cast<u8 *>(b->outer.p), others.p);
    return found && doc.current_location().get(rest) ? ERR_OK : ERR_AGAIN;
}

err pass_held(struct body *b, const struct body_map *outer, const struct body_reader *r)
{
    r->on_outer(r->ctx, outer);
    for (size_t at = 0; at < b->items.n; at += sizeof(struct body_item)) {
        struct body_item item;
        memcpy(&item, b->items.p + at, sizeof item);
        TRY(r->on_item(r->ctx, &item));
    }
    return ERR_OK;
}

/* ---- a batch, piece by piece ---- */

/* One member of the top level, put in braces of its own; left out if it is broken. */
void outer_piece(struct body *b, str member, struct body_map *outer)
{
    struct encoder e = encoder_of(b, &b->item, member.n + 2);
    struct body_map map;
    buf_reset(&b->member);
    buf_byte(&b->member, '{');
    buf_put(&b->member, member);
    buf_byte(&b->member, '}');
    size_t n = b->member.n;
    buf_put(&b->member, PADDING);
    if (!read_piece(b, str{b->member.p, n}, &e, &map)) return;
    buf_put(&b->outer, map.members);
    outer->count += map.count;
}

/* The top level's members but the array. The array's text, or empty. */
str outer_pieces(struct body *b, str text, str array, struct body_map *outer, bool *closed)
{
    str member, key, piece, found = {};
    struct cut c = cut_open(text);
    if (c.close != '}') c.bad = true;
    buf_reset(&b->outer);
    while (cut_next(&c, &member)) {
        if (!cut_member(member, &key, &piece)) continue;
        if (str_eq(key, array))
            found = piece;
        else
            outer_piece(b, member, outer);
    }
    *closed = cut_closed(&c);
    buf_room(&b->outer, encode_room(0));
    outer->members = buf_str(&b->outer);
    return found;
}

err refuse(struct diag *why, const char *what)
{
    return diag_set(why, ERR_INVALID, "the body cannot be read: %s", what);
}

err refuse_many(struct diag *why)
{
    return diag_set(why, ERR_TOO_LARGE, "there are more than %d events in one body",
                    BODY_ITEMS_MAX);
}

/* Looked at before the first item is passed on, so that nothing is taken of a body that is cut off.
 */
err check_pieces(str items, struct diag *why)
{
    str piece;
    u32 count = 0;
    struct cut c = cut_open(items);
    while (c.close == ']' && cut_next(&c, &piece)) count++;
    if (!cut_closed(&c)) return refuse(why, "there is no array of events in it");
    return count > BODY_ITEMS_MAX ? refuse_many(why) : ERR_OK;
}

err read_pieces(struct body *b, str text, str array, const struct body_reader *r, struct diag *why)
{
    struct body_map outer = {};
    bool closed;
    str piece;
    str items = outer_pieces(b, text, array, &outer, &closed);
    if (!closed) return refuse(why, "it is no JSON object, or brackets or quotes do not close");
    TRY(check_pieces(items, why));
    r->on_outer(r->ctx, &outer);
    struct cut c = cut_open(items);
    while (cut_next(&c, &piece)) {
        struct encoder e = encoder_of(b, &b->item, piece.n);
        struct body_map map = {};
        read_piece(b, piece, &e, &map);
        TRY(pass_on(r, piece, &e, map));
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

void each_buf(struct body *b, void (*act)(struct buf *))
{
    for (struct buf *one : {&b->padded, &b->member, &b->outer, &b->item, &b->items, &b->text})
        act(one);
}
} // namespace

extern "C" struct body *body_new(void)
{
    auto *b = new (std::nothrow) struct body;
    MUST(b);
    each_buf(b, [](struct buf *one) { buf_init(one, SIZE_MAX); });
    return b;
}

extern "C" void body_free(struct body *b)
{
    if (!b) return;
    each_buf(b, buf_clear);
    delete b;
}

extern "C" err body_read_batch(struct body *b, str text, str array, const struct body_reader *r,
                               struct diag *why)
{
    struct body_map outer = {};
    text = padded(b, text);
    err e = hold_whole(b, text, array, &outer);
    if (e == ERR_OK) return pass_held(b, &outer, r);
    return e == ERR_AGAIN ? read_pieces(b, text, array, r, why) : refuse_many(why);
}

extern "C" err body_read_item(struct body *b, str text, const struct body_reader *r,
                              struct diag *why)
{
    struct body_map map = {};
    text = padded(b, text);
    struct encoder e = encoder_of(b, &b->item, text.n);
    if (!read_piece(b, text, &e, &map) && e.broken) return refuse(why, e.problem);
    return pass_on(r, text, &e, map);
}
