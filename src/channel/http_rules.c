/* http_rules.c — what gateways share: paths, classes, tokens, forms. */
#include "channel/http.h"

#include "content/sms.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- paths ---- */

/* The next step of a path: a name, or an index in brackets. False on what is neither. */
static bool next_step(str *path, str *name, i64 *index)
{
    *index = -1;
    *name = (str){0};
    if (path->p[0] == '[') {
        ptrdiff_t end = str_index(*path, ']');
        if (end < 2 || str_to_i64(str_slice(*path, 1, (size_t)end), index) != ERR_OK || *index < 0)
            return false;
        *path = str_slice(*path, (size_t)end + 1, path->n);
    } else {
        size_t n = 0;
        while (n < path->n && path->p[n] != '.' && path->p[n] != '[') n++;
        *name = str_slice(*path, 0, n);
        *path = str_slice(*path, n, path->n);
        if (n == 0) return false;
    }
    if (path->n && path->p[0] == '.') {
        *path = str_slice(*path, 1, path->n);
        return path->n > 0 && path->p[0] != '[';
    }
    return true;
}

bool path_valid(str path)
{
    str name;
    i64 index;
    while (path.n) {
        str before = path;
        if (!next_step(&path, &name, &index)) return false;
        if (path.n && path.p[0] != '[' && before.n - path.n == name.n && name.n) return false;
    }
    return true;
}

static const struct json *member(const struct json *j, str name)
{
    const struct json *found = NULL;
    if (!json_is(j, JSON_OBJECT)) return NULL;
    for (const struct json *m = j->child; m; m = m->next)
        if (str_eq(m->key, name)) found = m;
    return found;
}

const struct json *path_get(const struct json *j, str path)
{
    str name;
    i64 index;
    while (path.n && j) {
        if (!next_step(&path, &name, &index)) return NULL;
        if (index < 0) {
            j = member(j, name);
            continue;
        }
        if (!json_is(j, JSON_ARRAY) || index >= (i64)j->count) return NULL;
        for (j = j->child; j && index > 0; index--) j = j->next;
    }
    return j;
}

str path_text(const struct json *j, str path)
{
    const struct json *found = path_get(j, path);
    if (!found) return (str){0};
    if (found->type == JSON_BOOL) return found->boolean ? S("true") : S("false");
    return found->type == JSON_STRING || found->type == JSON_NUMBER ? found->text : (str){0};
}

/* ---- settings ---- */

err setting_needed(const struct json *j, const char *name, str *out, struct diag *why)
{
    char path[64] = "/";
    *out = str_trim(json_get_str(j, name, (str){0}));
    strncat(path, name, sizeof path - 2);
    if (out->n) return ERR_OK;
    return diag_at(why, ERR_REFUSED, str_of(path), "%s is needed", name);
}

str url_host(str url)
{
    ptrdiff_t at = str_find(url, S("://"));
    str host = at < 0 ? url : str_slice(url, (size_t)at + 3, url.n);
    ptrdiff_t slash = str_index(host, '/');
    return slash < 0 ? host : str_slice(host, 0, (size_t)slash);
}

/* ---- classes ---- */

static const char *const CLASSES[OUTCOME_COUNT] = {
#define X(name, text) [OUTCOME_##name] = text,
    OUTCOME_LIST(X)
#undef X
};

bool outcome_named(str text, outcome *out)
{
    for (u32 i = OUTCOME_OK; i < OUTCOME_COUNT; i++)
        if (str_eq(text, str_of(CLASSES[i]))) {
            *out = (outcome)i;
            return true;
        }
    return false;
}

outcome outcome_of_status(int status)
{
    if (status >= 200 && status < 300) return OUTCOME_OK;
    if (status == 429) return OUTCOME_RATE;
    if (status == 408 || status >= 500) return OUTCOME_RETRY;
    if (status == 401 || status == 403) return OUTCOME_AUTH;
    if (status == 402) return OUTCOME_BILLING;
    if (status < 400 || status == 404 || status == 405 || status == 407) return OUTCOME_CONFIG;
    return OUTCOME_CONTENT;
}

outcome class_of_code(const struct code_class *table, size_t n, str code, outcome otherwise)
{
    for (size_t i = 0; i < n; i++) {
        str want = str_of(table[i].code);
        bool prefix = str_ends(want, S("*"));
        if (prefix) want.n--;
        if (prefix ? str_starts(code, want) : str_eq(code, want)) return table[i].class;
    }
    return otherwise;
}

/* Whole characters only. */
static void put_cut(char *out, size_t size, size_t at, str s)
{
    size_t n = min_size(s.n, size - 1 - at);
    while (n && n < s.n && ((u8)s.p[n] & 0xC0) == 0x80) n--;
    if (n) memcpy(out + at, s.p, n);
    out[at + n] = 0;
}

void verdict_set(struct verdict *v, outcome class, str code, str words)
{
    v->class = class;
    put_cut(v->said, sizeof v->said, 0, code);
    size_t at = strlen(v->said);
    if (!words.n || at + 3 >= sizeof v->said) return;
    if (at) put_cut(v->said, sizeof v->said, at, S(": "));
    put_cut(v->said, sizeof v->said, strlen(v->said), words);
}

void verdict_id(struct verdict *v, str id)
{
    put_cut(v->id, sizeof v->id, 0, id);
}

/* ---- texts ---- */

str sms_text_of(const struct asking *a)
{
    const struct delivery *d = a->delivery;
    const struct http_settings *s = a->settings;
    if (!s->phones) return d->content.text;
    struct buf b;
    struct sms_wrap w = {s->sign, d->category == CATEGORY_PROMOTION,
                         sms_is_mainland(str_of(d->to))};
    buf_init(&b, TEMPLATE_OUTPUT_MAX);
    sms_compose(str_trim(d->content.text), &w, &b);
    str text = arena_str(a->arena, buf_str(&b));
    buf_clear(&b);
    return text;
}

/* ---- tokens ---- */

str token_of(const struct asking *a)
{
    char hex[33];
    hash128_hex(a->delivery->id, hex);
    return arena_printf(a->arena, "%s-%s", hex, a->delivery->customer);
}

bool token_read(str text, struct hook_item *out)
{
    hash128 id, customer;
    if (text.n != 65 || text.p[32] != '-') return false;
    if (!hash128_of_hex(str_slice(text, 0, 32), &id) ||
        !hash128_of_hex(str_slice(text, 33, 65), &customer))
        return false;
    out->id = id;
    out->customer = str_slice(text, 33, 65);
    return true;
}

struct hook_item *hook_add(struct hook_items *out)
{
    if (out->count == out->max) return NULL;
    struct hook_item *item = &out->items[out->count++];
    *item = (struct hook_item){0};
    return item;
}

/* ---- forms ---- */

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    char low = (char)(c | 32);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

MUST_USE static err decode(str s, struct arena *arena, str *out)
{
    char *p = arena_alloc(arena, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i] == '+' ? ' ' : s.p[i];
        if (c == '%') {
            int a = i + 2 < s.n ? hex(s.p[i + 1]) : -1, b = i + 2 < s.n ? hex(s.p[i + 2]) : -1;
            if (a < 0 || b < 0) return ERR_INVALID;
            c = (char)(a << 4 | b);
            i += 2;
        }
        p[n++] = c;
    }
    *out = (str){p, n};
    return str_is_utf8(*out) ? ERR_OK : ERR_INVALID;
}

err form_read(str body, struct arena *arena, struct sign_pair *out, u32 max, u32 *n)
{
    *n = 0;
    while (body.n) {
        ptrdiff_t end = str_index(body, '&');
        str pair = str_slice(body, 0, end < 0 ? body.n : (size_t)end);
        body = str_slice(body, pair.n + 1, body.n);
        if (!pair.n) continue;
        if (*n == max) return ERR_INVALID;
        ptrdiff_t eq = str_index(pair, '=');
        str name = str_slice(pair, 0, eq < 0 ? pair.n : (size_t)eq);
        str said = eq < 0 ? (str){0} : str_slice(pair, (size_t)eq + 1, pair.n);
        TRY(decode(name, arena, &out[*n].name));
        TRY(decode(said, arena, &out[*n].value));
        ++*n;
    }
    return ERR_OK;
}

str form_get(const struct sign_pair *pairs, u32 n, const char *name)
{
    for (u32 i = 0; i < n; i++)
        if (str_eq(pairs[i].name, str_of(name))) return pairs[i].value;
    return (str){0};
}

str query_get(str query, const char *name, struct arena *arena)
{
    struct sign_pair pairs[32];
    u32 n;
    return form_read(query, arena, pairs, COUNT_OF(pairs), &n) == ERR_OK ? form_get(pairs, n, name)
                                                                         : (str){0};
}
