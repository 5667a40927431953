#include "server/conditions.h"

#include <stdio.h>

enum { TAG_BYTES_MAX = 64 };

static bool is_edit(const struct call *c)
{
    http_verb v = c->route->verb;
    return v == METHOD_PUT || v == METHOD_PATCH || v == METHOD_DELETE;
}

/* ---- tags ---- */

static str tag_of(const struct call *c, char room[TAG_BYTES_MAX])
{
    u64 whole = hash_xxh64(buf_str(&c->out));
    int n = c->tagged ? snprintf(room, TAG_BYTES_MAX, "%016llx-%016llx",
                                 (unsigned long long)c->source_tag, (unsigned long long)whole)
                      : snprintf(room, TAG_BYTES_MAX, "%016llx", (unsigned long long)whole);
    return (str){room, (size_t)n};
}

static str source_half(str tag)
{
    ptrdiff_t dash = str_index(tag, '-');
    return dash < 0 ? tag : str_slice(tag, 0, (size_t)dash);
}

/* Proxies that compress make our tags weak and leave them true, so W/ is no difference here. */
static str bare(str one)
{
    one = str_trim(one);
    if (str_starts(one, S("W/"))) one = str_slice(one, 2, one.n);
    if (one.n >= 2 && one.p[0] == '"' && one.p[one.n - 1] == '"')
        one = str_slice(one, 1, one.n - 1);
    return one;
}

/* Is the tag in a header's list? "*" is every tag. */
static bool lists(str header, str tag, bool by_source)
{
    if (by_source) tag = source_half(tag);
    while (header.n > 0) {
        ptrdiff_t comma = str_index(header, ',');
        str one = bare(str_slice(header, 0, comma < 0 ? header.n : (size_t)comma));
        header = comma < 0 ? (str){0} : str_slice(header, (size_t)comma + 1, header.n);
        if (str_eq(one, S("*")) || str_eq(by_source ? source_half(one) : one, tag)) return true;
    }
    return false;
}

/* ---- one edit of an address at a time ---- */

static bool same_address(const struct call *a, const struct call *b)
{
    return str_eq(a->req->path, b->req->path);
}

/* Whether somebody is ahead of this edit, which stands in line now. */
static bool stand_in_line(struct call *c)
{
    bool waits = false;
    struct call **end = &c->server->edits;
    for (; *end; end = &(*end)->next_edit) waits |= same_address(*end, c);
    *end = c;
    c->editing = true;
    return waits;
}

struct call *conditions_next(struct call *c)
{
    struct call **at = &c->server->edits, *next;
    if (!c->editing) return NULL;
    while (*at != c) at = &(*at)->next_edit;
    *at = next = c->next_edit;
    while (next && !same_address(next, c)) next = next->next_edit;
    return next;
}

/* ---- the look ahead ---- */

static str condition(const struct call *c, bool *must_be)
{
    str match = http_header(c->req, S("if-match")), none = http_header(c->req, S("if-none-match"));
    *must_be = match.n > 0;
    return match.n ? match : none;
}

static err look(struct call *c)
{
    bool must_be;
    if (!condition(c, &must_be).n) return c->go_on(c);
    const struct route *r = call_route_of(c, METHOD_GET);
    if (!r) return diag_set(&c->why, ERR_STALE, "what is at this address has no ETag");
    c->looking = true;
    return r->place == ON_ENGINE ? call_engine(c, r->run) : call_loop(c, r->run);
}

err conditions_looked(struct call *c, err e)
{
    char room[TAG_BYTES_MAX];
    bool must_be, is_there = e == ERR_OK;
    str header = condition(c, &must_be);
    c->looking = false;
    if (e != ERR_OK && e != ERR_NOT_FOUND) return e;
    bool listed = is_there && lists(header, tag_of(c, room), true);
    buf_reset(&c->out);
    buf_reset(&c->headers);
    c->why = (struct diag){0};
    c->data = NULL;
    c->status = 0;
    c->type = (str){0};
    c->tagged = false;
    if (must_be && !is_there)
        return diag_set(&c->why, ERR_STALE, "nothing is at this address any more");
    if (listed != must_be)
        return diag_set(&c->why, ERR_STALE,
                        must_be ? "it has been changed since: read it again, and edit that"
                                : "there is already something at this address");
    return c->go_on(c);
}

err conditions_begin(struct call *c, call_step go_on)
{
    if (!is_edit(c)) return go_on(c);
    c->go_on = go_on;
    if (!stand_in_line(c)) return look(c);
    c->go = GO_WAIT;
    c->next = look;
    return ERR_OK;
}

/* ---- the answer ---- */

void conditions_answer(struct call *c)
{
    char room[TAG_BYTES_MAX];
    struct buf quoted;
    bool is_get = c->route && c->route->verb == METHOD_GET,
         is_good = !c->status || c->status == 200;
    bool is_made = c->status == 201 && c->tagged;
    if (!c->route || !str_starts(c->req->path, S("/api/v1/")) || c->type.n) return;
    if (!is_made && !(is_good && (is_get || is_edit(c) || c->tagged))) return;
    str tag = tag_of(c, room);
    buf_init(&quoted, TAG_BYTES_MAX);
    buf_printf(&quoted, "\"%.*s\"", STR_ARG(tag));
    call_header(c, "ETag", buf_str(&quoted));
    buf_clear(&quoted);
    str known = http_header(c->req, S("if-none-match"));
    if (!is_get || !known.n || !lists(known, tag, false)) return;
    c->status = 304;
    buf_reset(&c->out);
}
