/* sources.c — where customers come from, what they are worth, and who follows and leaves.
 *
 * A customer belongs to the source of her first event; what she does later counts for it. */
#include "analysis/fold.h"

#include <stdlib.h>

enum { PAGE_OF_SOURCES = 256 };
#define NOBODYS UINT32_MAX

struct cell {
    u32 source; /* 0: events that name none */
    bool buyers;
};

struct sources {
    u32 any, order, follow, leave; /* filters */
};

struct row {
    u64 customers, events, buyers, orders, follows, unfollows;
    decimal amount;
};

struct state {
    const struct plan *p;
    const struct sources *a;
    struct row *rows; /* by source */
    u32 count;
    u32 hers; /* the last customer's source; NOBODYS: she has none of these events */
    bool bought;
};

static err parse(struct ask *a)
{
    struct sources *x = ask_room(a, sizeof *x);
    struct json any = {.type = JSON_STRING, .key = S("did"), .text = S("*")};
    struct json order = {.type = JSON_STRING, .key = S("did"), .text = S("Order Completed")};
    struct json all[2], *texts = ask_room(a, 2 * sizeof *texts);
    if (a->plan->by.kind != BY_NOTHING)
        return REFUSE_AT(a, "by", "this analysis goes by source already");
    texts[0] = any, texts[1] = order;
    for (u32 i = 0; i < 2; i++)
        all[i] = (struct json){.type = JSON_OBJECT, .count = 1, .child = &texts[i]};
    TRY(ask_filter(a, &all[0], a->at, &x->any));
    if (json_get(a->body, "order"))
        TRY(ask_event(a, "order", &x->order));
    else
        TRY(ask_filter(a, &all[1], a->at, &x->order));
    TRY(ask_event(a, "follow", &x->follow));
    TRY(ask_event(a, "unfollow", &x->leave));
    TRY(ask_path(a, "amount", (str){0}, &a->plan->has_amount, &a->plan->amount));
    TRY(ask_orders(a));
    a->plan->source = true;
    a->plan->args = x;
    return ERR_OK;
}

static struct row *row_of(struct state *s, u32 source)
{
    if (source >= s->count) {
        u32 count = source + PAGE_OF_SOURCES;
        s->rows = mem_realloc(s->rows, count * sizeof *s->rows);
        memset(s->rows + s->count, 0, (count - s->count) * sizeof *s->rows);
        s->count = count;
    }
    return &s->rows[source];
}

static bool hit(u32 hits, u32 filter)
{
    return filter != FILTER_NONE && hits >> filter & 1;
}

static void one(struct state *s, const struct timelines *b, u32 from, u32 to)
{
    while (from < to && !hit(b->hits[from], s->a->any)) from++;
    if (from == to) return;
    struct row *r = row_of(s, s->hers = b->source[from]);
    u64 orders = r->orders;
    r->customers++;
    for (u32 i = from; i < to; i++) {
        u32 hits = b->hits[i];
        r->events += hit(hits, s->a->any);
        r->follows += hit(hits, s->a->follow);
        r->unfollows += hit(hits, s->a->leave);
        if (!hit(hits, s->a->order)) continue;
        r->orders++;
        r->amount = decimal_add(r->amount, b->amount[i]);
    }
    s->bought = r->orders != orders;
    r->buyers += s->bought;
}

static void add(void *state, const struct timelines *b)
{
    for (u32 c = 0; c < b->customers; c++) one(state, b, b->start[c], b->start[c + 1]);
}

static void merge(void *state, void *other)
{
    struct state *s = state;
    const struct state *o = other;
    for (u32 i = 0; i < o->count; i++) {
        const struct row *from = &o->rows[i];
        if (!from->customers) continue;
        struct row *into = row_of(s, i);
        into->customers += from->customers;
        into->events += from->events;
        into->buyers += from->buyers;
        into->orders += from->orders;
        into->follows += from->follows;
        into->unfollows += from->unfollows;
        into->amount = decimal_add(into->amount, from->amount);
    }
}

struct named {
    str name;
    const struct row *row;
};

static int by_customers(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    if (x->row->customers != y->row->customers)
        return x->row->customers > y->row->customers ? -1 : 1;
    return str_cmp(x->name, y->name);
}

static void put_row(const struct state *s, const struct named *n, struct buf *out)
{
    const struct row *r = n->row;
    json_put_comma(out);
    buf_byte(out, '{');
    json_put_kv_str(out, S("source"), n->name);
    json_put_kv_i64(out, S("customers"), (i64)r->customers);
    json_put_kv_i64(out, S("events"), (i64)r->events);
    json_put_kv_i64(out, S("buyers"), (i64)r->buyers);
    json_put_kv_i64(out, S("orders"), (i64)r->orders);
    put_decimal(out, S("amount"), r->amount);
    put_ratio(out, S("rate"), r->buyers, r->customers);
    if (s->a->follow != FILTER_NONE) json_put_kv_i64(out, S("follows"), (i64)r->follows);
    if (s->a->leave != FILTER_NONE) json_put_kv_i64(out, S("unfollows"), (i64)r->unfollows);
    if (s->a->follow != FILTER_NONE && s->a->leave != FILTER_NONE)
        json_put_kv_i64(out, S("net_follows"), (i64)r->follows - (i64)r->unfollows);
    buf_byte(out, '}');
}

static err finish(void *state, struct buf *out, struct diag *why)
{
    struct state *s = state;
    struct named *all = mem_alloc((s->count + 1) * sizeof *all);
    u32 n = 0;
    (void)why;
    for (u32 i = 0; i < s->count; i++)
        if (s->rows[i].customers)
            all[n++] = (struct named){names_text(s->p->names, NAME_SOURCE, i), &s->rows[i]};
    qsort(all, n, sizeof *all, by_customers);
    json_put_key(out, S("rows"));
    buf_byte(out, '[');
    for (u32 i = 0; i < n; i++) put_row(s, &all[i], out);
    buf_byte(out, ']');
    free(all);
    return ERR_OK;
}

static void close(void *state)
{
    struct state *s = state;
    free(s->rows);
}

static err cell(struct ask *a)
{
    struct cell *c = ask_room(a, sizeof *c);
    const struct json *j = json_get(a->body, "source");
    a->plan->cell = c;
    if (!j || (j->type != JSON_STRING && j->type != JSON_NULL))
        return REFUSE_AT(a, "source", "\"source\" is a row's: its name, or null for none");
    c->source = names_find(a->cx->names, NAME_SOURCE, j->text);
    if (!c->source && j->text.n) return REFUSE_AT(a, "source", "there is no source of this name");
    return ask_flag(a, "buyers", &c->buyers);
}

static void reset(void *state)
{
    struct state *s = state;
    s->hers = NOBODYS;
    s->bought = false;
}

static bool counts(const void *state)
{
    const struct state *s = state;
    const struct cell *c = s->p->cell;
    return s->hers == c->source && (s->bought || !c->buyers);
}

const struct analysis SOURCES = {
    .name = S("sources"),
    .keys = " order follow unfollow amount ",
    .parse = parse,
    .state_size = sizeof(struct state),
    .add = add,
    .merge = merge,
    .finish = finish,
    .close = close,
    .cell_keys = " source buyers ",
    .cell = cell,
    .reset = reset,
    .counts = counts,
};
