/* Any history of records, links, cuts and erasures against sets in plain arrays. */
#include "base/test.h"
#include "customer/fixture_test.h"

enum { SPACES = 5, VALUES = 6, STEPS = 300, ROWS = 4000, PEOPLE = 2000 };
static const char *const PREFIX[SPACES] = {"user:", "member:", "tel:", "mail:", "anon:"};

struct twin_row {
    u32 space, val, persona;
    i64 since;
    bool former, alive;
};
struct twin_link {
    u32 a, b;
    u64 number;
    bool cut, alive;
};
static struct {
    u32 head[PEOPLE], end;
    struct twin_row row[ROWS];
    struct twin_link link[ROWS];
    u32 rows, links;
    /* of the last record */
    u32 persona, joins, conflicts;
} w;

static bool strong(u32 space)
{
    return space < 2;
}

static bool belongs(const struct twin_row *r, u32 head)
{
    return r->alive && !r->former && w.head[r->persona] == head;
}

static bool twin_rival(u32 head, u32 space, u32 val)
{
    for (u32 i = 0; i < w.rows; i++)
        if (belongs(&w.row[i], head) && w.row[i].space == space && strong(space) &&
            w.row[i].val != val)
            return true;
    return false;
}

static bool twin_may_join(u32 x, u32 y)
{
    for (u32 i = 0; i < w.rows; i++)
        if (belongs(&w.row[i], x) && strong(w.row[i].space) &&
            twin_rival(y, w.row[i].space, UINT32_MAX))
            return false;
    for (u32 i = 0; i < w.links; i++) {
        u32 a = w.head[w.link[i].a], b = w.head[w.link[i].b];
        if (w.link[i].alive && w.link[i].cut && ((a == x && b == y) || (a == y && b == x)))
            return false;
    }
    return true;
}

/* Lower is stronger: the best namespace among a head's rows, or a leaf's. */
static u32 twin_rank(u32 head, u32 leaf)
{
    u32 best = SPACES;
    for (u32 i = 0; i < w.rows; i++)
        if (belongs(&w.row[i], head) && (!leaf || w.row[i].persona == leaf) &&
            w.row[i].space < best)
            best = w.row[i].space;
    return best;
}

static void twin_join(u32 a, u32 b, u64 number)
{
    u32 x = w.head[a], y = w.head[b], rx = twin_rank(x, 0), ry = twin_rank(y, 0);
    u32 to = rx != ry ? (rx < ry ? x : y) : (x < y ? x : y), from = to == x ? y : x;
    for (u32 p = 1; p < w.end; p++)
        if (w.head[p] == from) w.head[p] = to;
    w.link[w.links++] = (struct twin_link){a, b, number, false, true};
    w.joins++;
}

static struct twin_row *twin_device(u32 val, bool former)
{
    for (u32 i = 0; i < w.rows; i++)
        if (w.row[i].alive && w.row[i].space == 4 && w.row[i].val == val &&
            w.row[i].former == former)
            return &w.row[i];
    return NULL;
}

static struct twin_row *twin_device_at(u32 val, i64 when)
{
    struct twin_row *now = twin_device(val, false), *before = twin_device(val, true);
    if (!now || !before) return now;
    if (when >= now->since + 7 * DAY)
        before->alive = false;
    else if (when < now->since)
        return before;
    return now;
}

static u32 twin_holders(u32 space, u32 val, u32 *list)
{
    u32 n = 0;
    for (u32 h = 1; h < w.end; h++) {
        bool holds = false;
        for (u32 i = 0; i < w.rows; i++)
            holds |= belongs(&w.row[i], h) && w.row[i].space == space && w.row[i].val == val;
        if (holds) list[n++] = h;
    }
    return n;
}

static void twin_add(u32 space, u32 val, u32 p, i64 since, bool former)
{
    w.row[w.rows++] = (struct twin_row){space, val, p, since, former, true};
}

struct twin_id {
    u32 space, val;
};

static bool twin_other(const struct twin_id *fresh, u32 n, u32 head)
{
    for (u32 i = 0; i < n; i++)
        if (twin_rival(head, fresh[i].space, fresh[i].val)) return true;
    return false;
}

static u32 twin_strong_holder(u32 space, u32 val)
{
    for (u32 i = 0; i < w.rows; i++)
        if (w.row[i].alive && w.row[i].space == space && w.row[i].val == val)
            return w.row[i].persona;
    return 0;
}

static void twin_add_strong(struct twin_id id)
{
    u32 at = w.persona;
    if (twin_strong_holder(id.space, id.val)) return;
    if (twin_rival(w.head[at], id.space, id.val))
        w.conflicts++;
    else
        twin_add(id.space, id.val, at, 0, false);
}

static void twin_begin(const struct twin_id *fresh, u32 n)
{
    w.persona = w.end;
    w.head[w.end] = w.end;
    w.end++;
    for (u32 i = 0; i < n; i++) twin_add_strong(fresh[i]);
}

static void twin_add_device(struct twin_id id, i64 when)
{
    struct twin_row *now = twin_device(id.val, false), *then = twin_device_at(id.val, when);
    u32 head = w.head[w.persona];
    if (!now) {
        twin_add(4, id.val, w.persona, when, false);
    } else if (w.head[now->persona] == head) {
        if (when < now->since) now->since = when;
    } else if (w.head[then->persona] != head) {
        struct twin_row *before = twin_device(id.val, true);
        bool late = when < now->since;
        if (late && before && when < before->since) return;
        if (before) before->alive = false;
        if (!late) now->former = true;
        twin_add(4, id.val, w.persona, when, late);
    }
}

static void twin_add_weak(struct twin_id id)
{
    u32 rows = 0;
    for (u32 i = 0; i < w.rows; i++) {
        if (!belongs(&w.row[i], w.head[w.persona]) || w.row[i].space != id.space ||
            w.row[i].val != id.val)
            continue;
        if (w.row[i].persona == w.persona) return;
        rows++;
    }
    if (rows < ROWS_PER_HEAD) twin_add(id.space, id.val, w.persona, 0, false);
}

/* `ids` come strongest first. */
static void twin_record(const struct twin_id *ids, u32 n, i64 when, u64 number)
{
    struct twin_id fresh[3];
    u32 fresh_count = 0, list[PEOPLE];
    w.persona = w.joins = w.conflicts = 0;
    for (u32 i = 0; i < n; i++) {
        u32 held = 0;
        if (strong(ids[i].space)) {
            held = twin_strong_holder(ids[i].space, ids[i].val);
            if (!held) fresh[fresh_count++] = ids[i];
        } else if (ids[i].space == 4) {
            struct twin_row *r = twin_device_at(ids[i].val, when);
            if (r) held = r->persona;
        } else if (twin_holders(ids[i].space, ids[i].val, list) == 1) {
            for (u32 k = 0; k < w.rows; k++)
                if (belongs(&w.row[k], list[0]) && w.row[k].space == ids[i].space &&
                    w.row[k].val == ids[i].val && (!held || w.row[k].persona < held))
                    held = w.row[k].persona;
        }
        if (!held) continue;
        u32 head = w.head[held], at = w.persona ? w.head[w.persona] : 0;
        if (twin_other(fresh, fresh_count, head) ||
            (at && at != head && !twin_may_join(at, head))) {
            w.conflicts += strong(ids[i].space);
            continue;
        }
        bool guess = ids[i].space == 2 || ids[i].space == 3;
        if (!w.persona && fresh_count && guess && twin_rank(head, 0) < 2) {
            twin_begin(fresh, fresh_count);
            fresh_count = 0;
        }
        if (!w.persona)
            w.persona = held;
        else if (w.head[w.persona] != head)
            twin_join(w.persona, held, number);
    }
    for (u32 i = 0; i < n && !w.persona && !fresh_count; i++) {
        if (ids[i].space != 2 && ids[i].space != 3) continue;
        u32 holders = twin_holders(ids[i].space, ids[i].val, list);
        for (u32 k = 0; k < holders && !w.persona; k++)
            if (twin_rank(list[k], 0) >= 2) w.persona = list[k];
    }
    if (!w.persona) twin_begin(fresh, fresh_count);
    for (u32 i = 0; i < n; i++) {
        if (strong(ids[i].space))
            twin_add_strong(ids[i]);
        else if (ids[i].space == 4)
            twin_add_device(ids[i], when);
        else
            twin_add_weak(ids[i]);
    }
}

static void twin_reach(u32 from, bool *in)
{
    memset(in, 0, PEOPLE);
    in[from] = true;
    for (bool more = true; more;) {
        more = false;
        for (u32 i = 0; i < w.links; i++) {
            const struct twin_link *l = &w.link[i];
            if (!l->alive || l->cut || in[l->a] == in[l->b]) continue;
            in[l->a] = in[l->b] = more = true;
        }
    }
}

/* The link whose cut parts p from the head: tried one by one. */
static bool twin_cut(u32 p, u32 *x, u32 *y)
{
    static bool in[PEOPLE];
    u32 head = w.head[p], best = UINT32_MAX;
    for (u32 i = 0; i < w.links; i++) {
        struct twin_link *l = &w.link[i];
        if (!l->alive || l->cut || (l->a != p && l->b != p)) continue;
        if (p == head) {
            if (best == UINT32_MAX || l->number >= w.link[best].number) best = i;
            continue;
        }
        l->cut = true;
        twin_reach(p, in);
        l->cut = false;
        if (!in[head]) best = i;
    }
    if (!head || best == UINT32_MAX) return false;
    w.link[best].cut = true;
    twin_reach(p != head ? p : w.link[best].a == p ? w.link[best].b : w.link[best].a, in);
    u32 part = 0;
    for (u32 q = 1; q < w.end; q++)
        if (in[q] && (!part || twin_rank(head, q) < twin_rank(head, part))) part = q;
    for (u32 q = 1; q < w.end; q++)
        if (in[q]) w.head[q] = part;
    *x = head;
    *y = part;
    return true;
}

static void twin_forget(u32 head)
{
    for (u32 i = 0; i < w.links; i++)
        if (w.head[w.link[i].a] == head || w.head[w.link[i].b] == head) w.link[i].alive = false;
    for (u32 i = 0; i < w.rows; i++)
        if (w.head[w.row[i].persona] == head) w.row[i].alive = false;
    for (u32 p = 1; p < w.end; p++)
        if (w.head[p] == head) w.head[p] = 0;
}

static void compare_worlds(const struct fixture *f)
{
    u32 count = 0, list[PEOPLE];
    persona got[HOLDERS_MAX];
    CHECK_EQ(customers_end(f->c), w.end);
    for (u32 p = 1; p < w.end; p++) {
        CHECK_EQ(customer_head(f->c, p), w.head[p]);
        count += w.head[p] == p;
    }
    CHECK_EQ(customers_count(f->c), count);
    for (u32 space = 0; space < SPACES; space++) {
        for (u32 val = 0; val < VALUES; val++) {
            char reference[32];
            snprintf(reference, sizeof reference, "%s%u", PREFIX[space], val);
            struct identifier id = identifier(f, reference);
            u32 n = twin_holders(space, val, list);
            CHECK_EQ(customer_holders(f->c, id.space, id.hash, got, HOLDERS_MAX), n);
            for (u32 i = 0; i < n; i++) CHECK_EQ(got[i], list[i]);
            CHECK_EQ(customer_find(f->c, id.space, id.hash), n == 1 ? list[0] : 0);
        }
    }
}

static void random_record(struct fixture *f, struct rng *rng, i64 now)
{
    struct twin_id ids[3];
    char texts[3][32];
    u32 n = 0, want = 1 + (u32)rng_below(rng, 3);
    for (u32 space = 0; space < SPACES && n < want; space++) {
        if (!rng_percent(rng, 40)) continue;
        ids[n] = (struct twin_id){space, (u32)rng_below(rng, VALUES)};
        snprintf(texts[n], sizeof texts[n], "%s%u", PREFIX[space], ids[n].val);
        n++;
    }
    if (!n) return;
    i64 when = now - (i64)rng_below(rng, 2) * (i64)rng_below(rng, 2 * DAY);
    /* The record names them in another order than their rank. */
    persona p = record(f, when, texts[n - 1], n > 2 ? texts[1] : NULL, n > 1 ? texts[0] : NULL);
    twin_record(ids, n, when, f->number);
    CHECK_EQ(p, w.persona);
    CHECK_EQ(f->out.link_count, w.joins);
    CHECK_EQ(f->out.conflict_count, w.conflicts);
    CHECK_EQ(f->out.head, w.head[p]);
}

static void random_history(u64 seed)
{
    struct fixture f = fixture_new();
    struct rng rng = {seed};
    i64 now = 1000 * DAY;
    memset(&w, 0, sizeof w);
    w.end = 1;
    for (u32 step = 0; step < STEPS; step++) {
        now += (i64)rng_below(&rng, 100) < 3 ? 8 * DAY : (i64)rng_below(&rng, 3 * HOUR);
        u32 what = (u32)rng_below(&rng, 100);
        u32 p = 1 + (u32)rng_below(&rng, w.end), q = 1 + (u32)rng_below(&rng, w.end);
        if (what < 75) {
            random_record(&f, &rng, now);
        } else if (what < 80) {
            err e = customer_link(f.c, p, q, LINK_MANUAL, now, ++f.number, &f.out);
            bool both = p < w.end && q < w.end && w.head[p] && w.head[q];
            CHECK_EQ(e, both ? ERR_OK : ERR_NOT_FOUND);
            if (both && w.head[p] != w.head[q]) twin_join(p, q, f.number);
        } else if (what < 96) {
            persona x, y;
            u32 tx = 0, ty = 0;
            err e = customer_cut(f.c, p, ++f.number, &x, &y);
            CHECK_EQ(e == ERR_OK, p < w.end && w.head[p] && twin_cut(p, &tx, &ty));
            CHECK_EQ(x, tx);
            CHECK_EQ(y, ty);
        } else if (p < w.end && w.head[p]) {
            customer_forget(f.c, p);
            twin_forget(w.head[p]);
        }
        if (step % 50 == 20) customers_rebuild(f.c);
        if (step % 10 == 9) compare_worlds(&f);
    }
    fixture_free(&f);
}

TEST("after any history of records, links, cuts and erasures everybody is whom plain sets say")
{
    for (u64 k = 0; k < 12; k++) random_history(test_seed() * 1000 + k);
}
