#include "analysis/groups.h"

#include <stdlib.h>

/* ---- tallies ---- */

void tally_begin(struct tally_of *t)
{
    *t = (struct tally_of){.mask = 255, .arena = arena_new()};
    t->table = mem_zalloc((t->mask + 1) * sizeof *t->table);
}

void tally_end(struct tally_of *t)
{
    free(t->table);
    if (t->arena) arena_free(t->arena);
    *t = (struct tally_of){0};
}

static struct counted_text *place(const struct tally_of *t, str text, u64 hash)
{
    u64 at = hash & t->mask;
    for (; t->table[at].count; at = (at + 1) & t->mask)
        if (t->table[at].hash == hash && str_eq(t->table[at].text, text)) break;
    return &t->table[at];
}

static void grow(struct tally_of *t)
{
    struct counted_text *old = t->table;
    u64 places = t->mask + 1;
    t->mask = places * 2 - 1;
    t->table = mem_zalloc((t->mask + 1) * sizeof *t->table);
    for (u64 i = 0; i < places; i++)
        if (old[i].count) *place(t, old[i].text, old[i].hash) = old[i];
    free(old);
}

void tally_put(struct tally_of *t, str text, u64 times)
{
    u64 hash = hash_xxh64(text);
    struct counted_text *c = place(t, text, hash);
    if (c->count) {
        c->count += times;
        return;
    }
    if (t->count == VALUES_MAX) {
        t->full = true;
        return;
    }
    *c = (struct counted_text){arena_str(t->arena, text), hash, times};
    if (++t->count * 2 > t->mask) grow(t);
}

/* ---- what a customer has ---- */

void value_reader_begin(struct value_reader *v, const struct plan *p,
                        const struct analysis_source *source)
{
    *v = (struct value_reader){.p = p, .source = source, .arena = arena_new()};
    u32 code = p->by.path.whole ? p->by.path.whole : p->by.path.head;
    if (p->by.kind == BY_ATTRIBUTE && code)
        v->attribute = attribute_reader_new(&source->view, code, v->arena);
    if (p->by.kind == BY_STAGE)
        v->stage_count = stage_lists(p->names, p->by.text, v->arena, &v->stages, &v->stage_names);
}

void value_reader_end(struct value_reader *v)
{
    arena_free(v->arena);
}

/* A list counts for each of its members. */
static bool each_value(value v, void (*each)(void *ctx, str text), void *ctx)
{
    char room[48];
    str text;
    bool some = false;
    if (v.type == VALUE_LIST) {
        struct reader r = reader_of(v.text);
        for (u32 i = 0; i < v.count && !r.bad; i++)
            if (value_as_text(value_read(&r), room, &text)) each(ctx, text), some = true;
        return some;
    }
    if (!value_as_text(v, room, &text)) return false;
    each(ctx, text);
    return true;
}

static bool each_attribute(struct value_reader *v, persona head, void (*each)(void *ctx, str text),
                           void *ctx)
{
    if (!v->attribute) return false;
    value found = attribute_next(v->attribute, head);
    str rest = v->p->by.path.text;
    if (v->p->by.path.whole) return each_value(found, each, ctx);
    for (ptrdiff_t dot = str_index(rest, '.'); dot >= 0 && found.type == VALUE_MAP;) {
        rest = str_slice(rest, (size_t)dot + 1, rest.n);
        dot = str_index(rest, '.');
        found = value_member(found, dot < 0 ? rest : str_slice(rest, 0, (size_t)dot));
    }
    return each_value(found, each, ctx);
}

static bool each_tag(struct value_reader *v, persona head, void (*each)(void *ctx, str text),
                     void *ctx)
{
    u32 cursor = 0, tag;
    i64 expires;
    bool some = false;
    str tree = v->p->by.text;
    while (view_next_tag(&v->source->view, head, v->p->as_of, &cursor, &tag, &expires)) {
        str path = names_text(v->p->names, NAME_TAG, tag);
        bool in =
            !tree.n || (str_starts(path, tree) && (path.n == tree.n || path.p[tree.n] == '/'));
        if (in) each(ctx, path), some = true;
    }
    return some;
}

bool value_reader_each(struct value_reader *v, persona head, void (*each)(void *ctx, str text),
                       void *ctx)
{
    const struct resolver *r = v->source->resolver;
    bool some = false;
    if (v->p->by.kind == BY_ATTRIBUTE) return each_attribute(v, head, each, ctx);
    if (v->p->by.kind == BY_TAG) return each_tag(v, head, each, ctx);
    for (u32 i = 0; i < v->stage_count && r && r->segment; i++)
        if (r->segment(r->ctx, head, v->stages[i], v->p->as_of).holds)
            each(ctx, v->stage_names[i]), some = true;
    return some;
}

/* ---- choosing ---- */

static int by_count(const void *a, const void *b)
{
    const struct counted_text *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return str_cmp(x->text, y->text);
}

void groups_choose(struct groups *g, struct tally_of *tallies, u32 n, u32 limit,
                   struct arena *arena)
{
    struct tally_of *all = &tallies[0];
    u64 found = 0;
    for (u32 i = 1; i < n; i++)
        for (u64 k = 0; k <= tallies[i].mask; k++)
            if (tallies[i].table[k].count)
                tally_put(all, tallies[i].table[k].text, tallies[i].table[k].count);
    struct counted_text *list = mem_alloc((all->count + 1) * sizeof *list);
    for (u64 k = 0; k <= all->mask; k++)
        if (all->table[k].count) list[found++] = all->table[k];
    qsort(list, found, sizeof *list, by_count);
    g->count = (u32)(found < limit ? found : limit);
    g->rest = found - g->count;
    for (u32 i = 0; i < g->count; i++) g->texts[i] = arena_str(arena, list[i].text);
    free(list);
}

u32 groups_find(const struct groups *g, str text)
{
    for (u32 i = 0; i < g->count; i++)
        if (str_eq(g->texts[i], text)) return i;
    return groups_rest(g);
}
