#include "server/json_diff.h"

enum { PATH_BYTES_MAX = 512 };

struct diff {
    struct buf *out;
    u32 count;
    char path[PATH_BYTES_MAX];
    size_t n;
};

static void tell(struct diff *d, const char *what, const struct json *from, const struct json *to)
{
    if (d->count == JSON_DIFF_MAX) return;
    d->count++;
    json_put_comma(d->out);
    buf_byte(d->out, '{');
    json_put_kv_str(d->out, S("path"), (str){d->path, d->n});
    json_put_kv_str(d->out, S("what"), str_of(what));
    if (from) {
        json_put_key(d->out, S("from"));
        json_put(d->out, from);
    }
    if (to) {
        json_put_key(d->out, S("to"));
        json_put(d->out, to);
    }
    buf_byte(d->out, '}');
}

static bool same_number(str a, str b)
{
    return str_eq(a, b) || json_number(a) == json_number(b);
}

static void compare(struct diff *d, const struct json *a, const struct json *b, u32 depth);

/* One place further down; the path is cut where it would not fit. */
static void below(struct diff *d, str part, const struct json *a, const struct json *b, u32 depth)
{
    size_t was = d->n;
    if (d->n + 1 + part.n <= PATH_BYTES_MAX) {
        d->path[d->n++] = '/';
        if (part.n) memcpy(d->path + d->n, part.p, part.n);
        d->n += part.n;
    }
    if (!a)
        tell(d, "added", NULL, b);
    else if (!b)
        tell(d, "removed", a, NULL);
    else
        compare(d, a, b, depth + 1);
    d->n = was;
}

static const struct json *member(const struct json *object, str key)
{
    for (const struct json *m = object->child; m; m = m->next)
        if (str_eq(m->key, key)) return m;
    return NULL;
}

static void compare_objects(struct diff *d, const struct json *a, const struct json *b, u32 depth)
{
    for (const struct json *m = a->child; m; m = m->next)
        below(d, m->key, m, member(b, m->key), depth);
    for (const struct json *m = b->child; m; m = m->next)
        if (!member(a, m->key)) below(d, m->key, NULL, m, depth);
}

static const struct json *by_id(const struct json *list, str id)
{
    for (const struct json *m = list->child; m; m = m->next)
        if (str_eq(json_get_str(m, "id", (str){0}), id)) return m;
    return NULL;
}

static bool have_ids(const struct json *list)
{
    for (const struct json *m = list->child; m; m = m->next)
        if (!json_get_str(m, "id", (str){0}).n) return false;
    return list->count > 0;
}

static void compare_places(struct diff *d, const struct json *a, const struct json *b, u32 depth)
{
    const struct json *x = a->child, *y = b->child;
    for (u32 i = 0; x || y; i++) {
        char room[12];
        size_t n = sizeof room;
        u32 left = i;
        do room[--n] = (char)('0' + left % 10);
        while (left /= 10);
        below(d, (str){room + n, sizeof room - n}, x, y, depth);
        x = x ? x->next : NULL;
        y = y ? y->next : NULL;
    }
}

static void compare_lists(struct diff *d, const struct json *a, const struct json *b, u32 depth)
{
    if (!have_ids(a) || !have_ids(b)) {
        compare_places(d, a, b, depth);
        return;
    }
    for (const struct json *m = a->child; m; m = m->next) {
        str id = json_get_str(m, "id", (str){0});
        below(d, id, m, by_id(b, id), depth);
    }
    for (const struct json *m = b->child; m; m = m->next) {
        str id = json_get_str(m, "id", (str){0});
        if (!by_id(a, id)) below(d, id, NULL, m, depth);
    }
}

static void compare(struct diff *d, const struct json *a, const struct json *b, u32 depth)
{
    if (a->type == JSON_OBJECT && b->type == JSON_OBJECT && depth < JSON_DEPTH_MAX)
        compare_objects(d, a, b, depth);
    else if (a->type == JSON_ARRAY && b->type == JSON_ARRAY && depth < JSON_DEPTH_MAX)
        compare_lists(d, a, b, depth);
    else if (a->type != b->type || a->type == JSON_ARRAY || a->type == JSON_OBJECT ||
             (a->type == JSON_BOOL && a->boolean != b->boolean) ||
             (a->type == JSON_STRING && !str_eq(a->text, b->text)) ||
             (a->type == JSON_NUMBER && !same_number(a->text, b->text)))
        tell(d, "changed", a, b);
}

u32 json_diff(const struct json *from, const struct json *to, struct buf *out)
{
    struct diff d = {.out = out};
    buf_byte(out, '[');
    compare(&d, from, to, 0);
    buf_byte(out, ']');
    return d.count;
}
