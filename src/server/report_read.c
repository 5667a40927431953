/* report_read.c — an answer of an analysis as a table and figures. */
#include "server/report_spec.h"
#include "server/words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct reading {
    const struct report_spec *spec;
    struct report_part *part;
    struct arena *arena;
    const struct zone *zone;
    bool zh, grouped, hours;
    u32 used[REPORT_COLUMNS_MAX]; /* columns of the spec that some row has */
    u32 room;
    struct report_cell *cells;
};

/* "steps/-1/share" from here. */
static const struct json *at(const struct json *j, const char *path)
{
    char key[48];
    while (j && *path) {
        size_t n = strcspn(path, "/");
        if (n >= sizeof key) return NULL;
        memcpy(key, path, n);
        key[n] = 0;
        path += n + (path[n] == '/');
        if (j->type != JSON_ARRAY) {
            j = json_get(j, key);
            continue;
        }
        u32 i = (u32)strtoul(key + (key[0] == '-'), NULL, 10);
        if (key[0] == '-' && i > j->count) return NULL;
        if (key[0] == '-') i = j->count - i;
        const struct json *e = j->child;
        while (e && i--) e = e->next;
        j = e;
    }
    return j;
}

static bool is_there(const struct json *j)
{
    return j && j->type != JSON_NULL;
}

/* ---- texts ---- */

static void put_grouped(struct buf *b, double n, int decimals)
{
    char digits[64];
    int size = snprintf(digits, sizeof digits, "%.*f", decimals, fabs(n));
    int whole = decimals ? size - decimals - 1 : size;
    if (n < 0 && strspn(digits, "0.") < (size_t)size) buf_byte(b, '-');
    for (int i = 0; i < size; i++) {
        if (i && i < whole && (whole - i) % 3 == 0) buf_byte(b, ',');
        buf_byte(b, (u8)digits[i]);
    }
}

static void put_seconds(struct buf *b, double s, bool zh)
{
    static const struct {
        double size;
        const char *zh, *en;
    } UNITS[] = {
        {86400, " 天", " d"}, {3600, " 小时", " h"}, {60, " 分钟", " min"}, {1, " 秒", " s"}};
    u32 i = 0;
    while (i < 3 && fabs(s) < UNITS[i].size) i++;
    double n = round(s / UNITS[i].size * 10) / 10;
    put_grouped(b, n, n == floor(n) ? 0 : 1);
    buf_put(b, str_of(zh ? UNITS[i].zh : UNITS[i].en));
}

void report_number(struct buf *b, report_as as, double n, bool zh)
{
    if (!isfinite(n)) return;
    switch (as) {
    case AS_SHARE: buf_printf(b, "%.1f%%", n * 100); break;
    case AS_SECONDS: put_seconds(b, n, zh); break;
    case AS_MONEY: put_grouped(b, n, 2); break;
    case AS_HOUR: buf_printf(b, "%02d:00", (int)n); break;
    case AS_WEEKDAY: buf_put(b, report_weekday((u32)n, zh)); break;
    default: put_grouped(b, n, n == floor(n) ? 0 : 1); break;
    }
}

void report_day(struct buf *b, i64 ms, const struct zone *zone, bool with_hour)
{
    civil c = zone_local(zone, ms);
    buf_printf(b, "%04d-%02u-%02u", c.year, c.month, c.day);
    if (with_hour) buf_printf(b, " %02u:%02u", c.hour, c.minute);
}

static str take(struct reading *r, struct buf *b)
{
    str s = arena_str(r->arena, buf_str(b));
    buf_clear(b);
    return s;
}

static str event_name(const struct reading *r, str name)
{
    struct name_words w = words_of(WORDS_EVENT, name);
    return r->zh ? w.zh : w.en;
}

static str text_of(struct reading *r, const struct json *j, report_as as)
{
    struct buf b;
    if (as == AS_GROUP) return report_group_name(j->text, r->zh);
    if (as == AS_ATTRIBUTE) {
        struct name_words w = words_of(WORDS_ATTRIBUTE, j->text);
        return r->zh ? w.zh : w.en;
    }
    if (j->type == JSON_BOOL) return j->boolean ? S("true") : S("false");
    if (as != AS_EVENT && str_starts(j->text, S("import:")))
        return arena_printf(
            r->arena, r->zh ? "导入文件 %.*s" : "Imported file %.*s",
            STR_ARG(str_slice(j->text, j->text.n - min_size(j->text.n, 4), j->text.n)));
    if (as != AS_EVENT) return j->text;
    if (j->type != JSON_ARRAY) return event_name(r, j->text);
    buf_init(&b, 4096);
    for (const struct json *e = j->child; e; e = e->next) {
        buf_put(&b, event_name(r, e->text));
        if (e->next) buf_put(&b, S(" → "));
    }
    return take(r, &b);
}

static struct report_cell moment(struct reading *r, const struct json *j)
{
    struct report_cell c = {.text = j->text};
    iso_time t;
    struct buf b;
    if (!iso_parse(j->text, &t)) return c;
    i64 ms = t.zoned ? iso_ms(&t) : zone_resolve_iso(r->zone, &t);
    buf_init(&b, 64);
    report_day(&b, ms, r->zone, r->hours);
    c.text = take(r, &b);
    c.counts = true;
    c.number = (double)civil_ms(zone_local(r->zone, ms));
    return c;
}

static struct report_cell cell_of(struct reading *r, const struct json *j, report_as as)
{
    struct report_cell c = {0};
    struct buf b;
    if (!is_there(j)) return c;
    if (as == AS_MOMENT) return moment(r, j);
    bool number = as != AS_TEXT && as != AS_EVENT && as != AS_GROUP && as != AS_ATTRIBUTE;
    if (!number || j->type != JSON_NUMBER) {
        c.text = text_of(r, j, as);
        return c;
    }
    buf_init(&b, 128);
    c.number = json_number(j->text);
    c.counts = isfinite(c.number) != 0;
    report_number(&b, as, c.number, r->zh);
    c.text = take(r, &b);
    return c;
}

/* ---- rows ---- */

/* Of a move between groups of customers: she had not bought. */
static bool is_before(const struct json *j, report_as as)
{
    return as == AS_GROUP && json_is(j, JSON_NULL);
}

static void find_columns(struct reading *r, const struct json *rows)
{
    struct report_part *p = r->part;
    bool there[REPORT_COLUMNS_MAX] = {0};
    for (const struct json *row = rows ? rows->child : NULL; row; row = row->next)
        for (u32 i = 0; i < REPORT_COLUMNS_MAX && r->spec->columns[i].member; i++)
            there[i] |= is_there(at(row, r->spec->columns[i].member)) ||
                        is_before(at(row, r->spec->columns[i].member), r->spec->columns[i].as);
    if (r->grouped) {
        p->heads[p->columns] = r->zh ? S("范围") : S("Of");
        p->as[p->columns++] = AS_TEXT;
    }
    p->bar = REPORT_COLUMNS_MAX;
    for (u32 i = 0; i < REPORT_COLUMNS_MAX && r->spec->columns[i].member; i++) {
        if (!there[i] || p->columns == REPORT_COLUMNS_MAX) continue;
        if (strcmp(r->spec->columns[i].member, r->spec->bar) == 0) p->bar = p->columns;
        p->heads[p->columns] = str_of(r->zh ? r->spec->columns[i].zh : r->spec->columns[i].en);
        p->as[p->columns] = r->spec->columns[i].as;
        r->used[p->columns++] = i;
    }
    if (p->bar == REPORT_COLUMNS_MAX) p->bar = p->columns;
}

static str group_name(const struct reading *r, const struct json *g)
{
    const struct json *name = json_get(g, "group");
    if (name && name->type == JSON_STRING) return name->text;
    if (name && name->type == JSON_BOOL) return name->boolean ? S("true") : S("false");
    if (is_there(name)) return name->text;
    bool missing = str_eq(json_get_str(g, "kind", S("")), S("missing"));
    if (missing) return r->zh ? S("没有填") : S("Without one");
    return r->zh ? S("其余") : S("All others");
}

static void add_rows(struct reading *r, const struct json *rows, str of)
{
    struct report_part *p = r->part;
    for (const struct json *row = rows ? rows->child : NULL; row; row = row->next) {
        if (p->rows == r->room) return;
        struct report_cell *c = r->cells + (size_t)p->rows++ * p->columns;
        for (u32 i = 0; i < p->columns; i++) {
            bool name = r->grouped && i == 0;
            const char *member = name ? "" : r->spec->columns[r->used[i]].member;
            c[i] = name ? (struct report_cell){.text = of} : cell_of(r, at(row, member), p->as[i]);
            bool none = !name && p->as[i] == AS_EVENT && !c[i].text.n;
            none |= !name && !c[i].text.n && strcmp(member, "group") == 0;
            if (is_before(at(row, member), p->as[i]))
                c[i].text = r->zh ? S("还没买过") : S("Had not bought");
            if (none)
                c[i].text = p->as[i] == AS_TEXT ? group_name(r, row)
                            : r->zh             ? S("都没有")
                                                : S("None of them");
        }
    }
}

static u32 count_rows(const struct reading *r, const struct json *answer, const struct json *groups)
{
    const struct json *rows = json_get(answer, r->spec->rows);
    u64 n = rows ? rows->count : 0;
    for (const struct json *g = groups ? groups->child : NULL; g; g = g->next) {
        rows = json_get(g, r->spec->rows);
        n += rows ? rows->count : 0;
    }
    return (u32)(n < REPORT_ROWS_MAX ? n : REPORT_ROWS_MAX);
}

static int larger_first(const void *x, const void *y, void *ctx)
{
    const struct report_part *p = ctx;
    double a = ((const struct report_cell *)x)[p->bar].number,
           b = ((const struct report_cell *)y)[p->bar].number;
    return a > b ? -1 : a < b;
}

static void read_figures(struct reading *r, const struct json *answer)
{
    struct report_part *p = r->part;
    const struct json *before = json_get(answer, "compare");
    for (u32 i = 0; i < REPORT_FIGURES_MAX && r->spec->figures[i].member; i++) {
        const struct json *now = at(answer, r->spec->figures[i].member),
                          *then = at(before, r->spec->figures[i].member);
        if (!json_is(now, JSON_NUMBER)) continue;
        struct report_figure *f = &p->figure[p->figures++];
        *f = (struct report_figure){
            .name = str_of(r->zh ? r->spec->figures[i].zh : r->spec->figures[i].en),
            .as = r->spec->figures[i].as,
            .now = json_number(now->text)};
        f->has_before = json_is(then, JSON_NUMBER);
        if (f->has_before) f->before = json_number(then->text);
    }
}

/* Rows of hours are told by an hour that is no midnight. */
static bool has_hours(const struct json *rows, const struct zone *zone)
{
    iso_time t;
    for (const struct json *row = rows ? rows->child : NULL; row; row = row->next)
        if (iso_parse(json_get_str(row, "at", (str){0}), &t) && t.zoned &&
            zone_local(zone, iso_ms(&t)).hour)
            return true;
    return false;
}

void report_read(str analysis, const struct json *answer, bool zh, const struct zone *zone,
                 struct arena *arena, struct report_part *part)
{
    const struct json *groups = json_get(answer, "groups"), *rows;
    if (str_eq(analysis, S("rfm")) && json_get(answer, "moves")) analysis = S("rfm_moves");
    struct reading r = {.spec = report_spec(analysis),
                        .part = part,
                        .arena = arena,
                        .zone = zone,
                        .zh = zh,
                        .grouped = groups && groups->count};
    report_words(analysis, zh, part);
    if (!r.spec) return;
    rows = json_get(answer, r.spec->rows);
    bool products = r.grouped && !json_get(groups->child, r.spec->rows);
    if (products) { /* the groups are the rows: of products, which have no times of their own */
        rows = groups;
        groups = NULL;
        r.grouped = false;
    }
    r.hours = has_hours(rows, zone);
    find_columns(&r, rows);
    r.room = products ? min_u32(rows->count, REPORT_ROWS_MAX) : count_rows(&r, answer, groups);
    r.cells = arena_zalloc(arena, ((size_t)r.room * part->columns + 1) * sizeof *r.cells);
    add_rows(&r, rows, zh ? S("所有人") : S("Everybody"));
    part->drawn = part->rows;
    if (r.spec->does & LARGEST_ && part->bar < part->columns && part->rows)
        qsort_r(r.cells, part->rows, part->columns * sizeof *r.cells, larger_first, part);
    for (const struct json *g = groups ? groups->child : NULL; g; g = g->next)
        add_rows(&r, json_get(g, r.spec->rows), group_name(&r, g));
    part->cells = r.cells;
    part->series = (r.spec->does & SERIES_) != 0 && !products;
    read_figures(&r, answer);
}
