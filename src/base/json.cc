/* json.cc — the tree reader: simdjson's on-demand parser walked once, copied into the arena.
 *
 * Numbers are taken as raw text and checked here against RFC 8259, so that 1e400 or a number of 400
 * digits is only a number nobody computes with, not the end of the document. */
#include "base/json.h"

#include <charconv>
#include <cmath>
#include <simdjson.h>

namespace
{
using simdjson::ondemand::value;

struct walk {
    struct arena *arena;
    struct diag *why;
    const char *start;
};

bool digits(std::string_view s, size_t &i)
{
    size_t from = i;
    while (i < s.size() && s[i] >= '0' && s[i] <= '9') i++;
    return i > from;
}

/* The number at the head of `s`, RFC 8259 section 6; empty if there is none. */
std::string_view number_of(std::string_view s)
{
    size_t i = !s.empty() && s[0] == '-', start = i;
    if (!digits(s, i) || (s[start] == '0' && i > start + 1)) return {};
    if (i < s.size() && s[i] == '.' && !digits(s, ++i)) return {};
    if (i < s.size() && (s[i] == 'e' || s[i] == 'E')) {
        i++;
        if (i < s.size() && (s[i] == '+' || s[i] == '-')) i++;
        if (!digits(s, i)) return {};
    }
    size_t end = i;
    while (i < s.size() && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r')) i++;
    return i == s.size() ? s.substr(0, end) : std::string_view{};
}

err refuse(struct walk *w, simdjson::error_code code, const char *at)
{
    return diag_set(w->why, ERR_INVALID, "this is not valid JSON (%s, near byte %td)",
                    simdjson::error_message(code), at ? at - w->start : 0);
}

str keep(struct walk *w, std::string_view s)
{
    return arena_str(w->arena, str{s.data(), s.size()});
}

template <class V> err node(struct walk *w, V &&v, u32 depth, struct json *out);

template <class V> err array(struct walk *w, V &v, u32 depth, struct json *out)
{
    const struct json **link = &out->child;
    simdjson::ondemand::array items;
    if (auto e = v.get_array().get(items)) return refuse(w, e, nullptr);
    for (auto item : items) {
        value inner;
        if (auto e = item.get(inner)) return refuse(w, e, nullptr);
        auto *child = static_cast<struct json *>(arena_zalloc(w->arena, sizeof(struct json)));
        TRY(node(w, inner, depth + 1, child));
        *link = child;
        link = &child->next;
        out->count++;
    }
    return ERR_OK;
}

template <class V> err object(struct walk *w, V &v, u32 depth, struct json *out)
{
    const struct json **link = &out->child;
    simdjson::ondemand::object members;
    if (auto e = v.get_object().get(members)) return refuse(w, e, nullptr);
    for (auto member : members) {
        simdjson::ondemand::field field;
        if (auto e = std::move(member).get(field)) return refuse(w, e, nullptr);
        std::string_view key;
        if (auto e = field.unescaped_key().get(key)) return refuse(w, e, nullptr);
        auto *child = static_cast<struct json *>(arena_zalloc(w->arena, sizeof(struct json)));
        child->key = keep(w, key);
        TRY(node(w, field.value(), depth + 1, child));
        *link = child;
        link = &child->next;
        out->count++;
    }
    return ERR_OK;
}

template <class V> err scalar(struct walk *w, V &v, struct json *out)
{
    std::string_view raw;
    if (auto e = simdjson::simdjson_result<std::string_view>(v.raw_json_token()).get(raw))
        return refuse(w, e, nullptr);
    while (!raw.empty() && (u8)raw.back() <= ' ') raw.remove_suffix(1);
    if (raw == "true" || raw == "false") {
        out->type = JSON_BOOL;
        out->boolean = raw == "true";
    } else if (raw != "null") {
        std::string_view number = number_of(raw);
        if (number.empty()) return refuse(w, simdjson::NUMBER_ERROR, raw.data());
        out->type = JSON_NUMBER;
        out->text = keep(w, number);
    }
    return ERR_OK;
}

template <class V> err node(struct walk *w, V &&v, u32 depth, struct json *out)
{
    if (depth > JSON_DEPTH_MAX)
        return diag_set(w->why, ERR_LIMIT, "JSON may be nested %d deep at most", JSON_DEPTH_MAX);
    simdjson::ondemand::json_type type;
    if (auto e = v.type().get(type)) return refuse(w, e, nullptr);
    if (type == simdjson::ondemand::json_type::array) {
        out->type = JSON_ARRAY;
        return array(w, v, depth, out);
    }
    if (type == simdjson::ondemand::json_type::object) {
        out->type = JSON_OBJECT;
        return object(w, v, depth, out);
    }
    if (type != simdjson::ondemand::json_type::string) return scalar(w, v, out);
    std::string_view text;
    if (auto e = v.get_string().get(text)) return refuse(w, e, nullptr);
    out->type = JSON_STRING;
    out->text = keep(w, text);
    return ERR_OK;
}
} // namespace

extern "C" err json_parse(str text, struct arena *a, const struct json **out, struct diag *why)
{
    simdjson::ondemand::parser parser;
    simdjson::padded_string padded(text.p ? text.p : "", text.n);
    struct walk w = {a, why, padded.data()};
    simdjson::ondemand::document doc;
    *out = nullptr;
    if (auto e = parser.iterate(padded).get(doc)) return refuse(&w, e, nullptr);
    auto *root = static_cast<struct json *>(arena_zalloc(a, sizeof(struct json)));
    TRY(node(&w, doc, 0, root));
    const char *rest;
    if (!doc.current_location().get(rest)) return refuse(&w, simdjson::TRAILING_CONTENT, rest);
    *out = root;
    return ERR_OK;
}

extern "C" double json_number(str text)
{
    double value = 0;
    auto done = std::from_chars(text.p, text.p + text.n, value);
    if (done.ec == std::errc::result_out_of_range) {
        bool tiny = text.n && memmem(text.p, text.n, "e-", 2) != nullptr;
        value = tiny ? 0 : text.n && text.p[0] == '-' ? -HUGE_VAL : HUGE_VAL;
    }
    return value;
}
