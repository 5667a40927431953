/* import_cut_test.c — files that are read in pieces bring what they bring row by row.
 *
 * The other side is the same file in UTF-16, which is read the plain way. */
#include "base/rng.h"
#include "base/test.h"
#include "intake/fixture_test.h"
#include "intake/import.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 3, LINES_MAX = 1 << 20 };

/* A row as a record has it. */
struct cut_line {
    str who, text;
    u32 place;
};

struct cut_run {
    struct buf records, errors;
    struct import_record progress;
    u32 shares; /* times that threads were asked for */
    struct cut_line *lines;
    u32 line_count;
};

struct cut_task {
    void (*run)(void *work, u32 piece, u32 worker);
    void *work;
    u32 n, worker;
    u32 *taken;
};

static void *run_task(void *arg)
{
    struct cut_task *t = arg;
    for (u32 i; (i = __atomic_fetch_add(t->taken, 1, __ATOMIC_RELAXED)) < t->n;)
        t->run(t->work, i, t->worker);
    return NULL;
}

static void share(void *ctx, u32 n, void (*run)(void *work, u32 piece, u32 worker), void *work)
{
    struct cut_run *r = ctx;
    pthread_t threads[THREADS];
    struct cut_task tasks[THREADS];
    u32 taken = 0;
    r->shares++;
    for (u32 i = 0; i < THREADS; i++) {
        tasks[i] = (struct cut_task){run, work, n, i, &taken};
        CHECK_EQ(pthread_create(&threads[i], NULL, run_task, &tasks[i]), 0);
    }
    for (u32 i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

static void read_errors(const char *dir, struct buf *out)
{
    char path[96];
    struct file *f;
    size_t n;
    snprintf(path, sizeof path, "%s/errors.csv", dir);
    CHECK_OK(env_open(env_real(), path, FILE_READ, &f));
    CHECK_OK(file_read(f, 0, buf_room(out, 32 << 20), 32 << 20, &n));
    out->n = n;
    file_close(f);
    unlink(path);
}

/* ---- what came ---- */

static void put_line(struct arena *arena, struct cut_run *r, const struct bulk_record *bulk,
                     const struct bulk_row *row)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_printf(&b, "%.*s/%.*s %u %lld ", STR_ARG(bulk->value), STR_ARG(bulk->raw), row->event,
               (long long)row->occurred_ms);
    buf_put(&b, row->props);
    CHECK(r->line_count < LINES_MAX);
    r->lines[r->line_count] = (struct cut_line){arena_str(arena, bulk->value),
                                                arena_str(arena, buf_str(&b)), r->line_count};
    r->line_count++;
    buf_clear(&b);
}

static void take_records(struct arena *arena, struct cut_run *r, str records)
{
    struct reader in = reader_of(records);
    struct record record;
    struct bulk_record bulk;
    struct bulk_row row;
    while (record_next(&in, &record)) {
        if (record.kind != RECORD_BULK_) continue;
        CHECK(bulk_read(record.payload, record.occurred_ms, &bulk));
        while (bulk_next(&bulk, &row)) put_line(arena, r, &bulk, &row);
        CHECK(!bulk.rows.bad);
    }
}

/* By customer, her rows in the order they came. */
static int by_customer(const void *a, const void *b)
{
    const struct cut_line *x = a, *y = b;
    int c = str_cmp(x->who, y->who);
    return c ? c : (x->place > y->place) - (x->place < y->place);
}

/* ---- running ---- */

static void put_file(const char *path, str bytes)
{
    struct file *f;
    CHECK_OK(env_open(env_real(), path, FILE_CREATE, &f));
    CHECK_OK(file_write(f, 0, bytes.p, bytes.n));
    file_close(f);
}

static void run_steps(struct arena *arena, struct import *im, struct cut_run *out)
{
    struct buf records;
    struct diag why = {0};
    u32 n;
    err e;
    buf_init(&records, APPEND_BYTES_MAX);
    while ((e = import_step(im, &records, &n, &why)) == ERR_OK) {
        take_records(arena, out, buf_str(&records));
        buf_put(&out->records, buf_str(&records));
    }
    if (e != ERR_NOT_FOUND) fail_msg("%s", why.message);
    out->progress = *import_progress(im);
    buf_clear(&records);
}

/* All that comes of a file of events. */
static void run_file(struct arena *arena, str bytes, bool threads, struct cut_run *out)
{
    static u32 count;
    char dir[64], path[80];
    struct import_request request;
    struct diag why = {0};
    const struct json *j;
    struct import *im;
    struct names *names = names_new(NULL);
    record_fixed_names(names);
    snprintf(dir, sizeof dir, "/tmp/beckon-cut-%d-%u", (int)getpid(), count++);
    snprintf(path, sizeof path, "%s/file", dir);
    CHECK_OK(env_make_dir(env_real(), dir));
    put_file(path, bytes);
    *out = (struct cut_run){.lines = mem_alloc(LINES_MAX * sizeof *out->lines)};
    buf_init(&out->records, (size_t)1 << 30), buf_init(&out->errors, 64 << 20);
    struct import_world w = {.env = env_real(),
                             .names = names,
                             .key = {1, 2},
                             .phone_country = S("CN"),
                             .chunk_rows = 1 << 16,
                             .dir = dir,
                             .ctx = out,
                             .share = threads ? share : NULL,
                             .workers = THREADS};
    str asked = desk_quotes(arena, "{'kind':'events','created_at_ms':1767225600000}");
    CHECK_OK(json_parse(asked, arena, &j, &why));
    CHECK_OK(import_request_read(j, &request, &why));
    request.id = S("i1");
    if (import_open(&w, &request, path, &im, &why) != ERR_OK) fail_msg("%s", why.message);
    run_steps(arena, im, out);
    import_close(im);
    read_errors(dir, &out->errors);
    unlink(path);
    CHECK_EQ(rmdir(dir), 0);
    qsort(out->lines, out->line_count, sizeof *out->lines, by_customer);
    names_free(names);
}

static void run_clear(struct cut_run *r)
{
    buf_clear(&r->records), buf_clear(&r->errors);
    free(r->lines);
}

/* ---- files ---- */

struct maker {
    struct buf b;
    struct rng rng;
    const char *end; /* of lines */
    u32 odd;         /* one row of so many is not plain; 0: all are */
    bool quotes;
};

static void begin_file(struct maker *m, const char *mark, const char *end)
{
    buf_init(&m->b, 64 << 20);
    m->end = end;
    buf_printf(&m->b, "%suser_id,event,occurred_at,n,city,note%s", mark, end);
}

static void put_odd(struct maker *m, u32 i)
{
    u32 who = i % 977;
    switch (rng_below(&m->rng, 13)) {
    case 0: buf_printf(&m->b, " u%u ,Viewed,1767225600,1,x,y", who); break;
    case 1: buf_printf(&m->b, "e\xCC\x81%u,Bought,1767225600,15,x,", who); break;
    case 2: buf_printf(&m->b, ",Viewed,1767225600,1,no one,%u", i); break;
    case 3: buf_printf(&m->b, "u%u,,1767225600,1,no name,", who); break;
    case 4: buf_printf(&m->b, "u%u,Viewed,soon,1,no time,", who); break;
    case 5: buf_printf(&m->b, "u%u,Viewed,1767225600,1", who); break;
    case 6: buf_printf(&m->b, "u%u,Viewed,1767225600,1,x,y,too many", who); break;
    case 7: buf_printf(&m->b, "u%u,New %u,1767225600,,,", who, i % 5); break;
    case 8: buf_printf(&m->b, "u%u,Left,2026-01-02 03:04:05,1234567890123,\t, ", who); break;
    case 9: buf_printf(&m->b, "u%u,Left,0767225600,-5,\xE5\x8C\x97,y", who); break;
    case 10: buf_printf(&m->b, "  "); break;
    case 11: buf_printf(&m->b, "u%u,Left,1767225600,+7,long %0140u,x", who, i); break;
    default: buf_printf(&m->b, "u%0200u,Left,1767225600, 7,-, x", who); break;
    }
}

static void put_row(struct maker *m, u32 i)
{
    static const char *const NAMES[] = {"Viewed", "Bought", "Left", "Met"};
    if (m->odd && rng_below(&m->rng, m->odd) == 0)
        put_odd(m, i);
    else
        buf_printf(&m->b, "u%u,%s,%u,%u,city%u,%s", (u32)rng_below(&m->rng, 900),
                   NAMES[rng_below(&m->rng, 4)], 1767225600 + (u32)rng_below(&m->rng, 99999),
                   (u32)rng_below(&m->rng, 2000), i % 40,
                   i % 3                         ? ""
                   : m->quotes && i % 3000 < 300 ? "\"with, a \"\"quote\"\"\nand a line\""
                                                 : "a note of some length");
    buf_printf(&m->b, "%s", m->end);
}

static void make_file(struct maker *m, const char *mark, const char *end, u32 rows)
{
    begin_file(m, mark, end);
    for (u32 i = 0; i < rows; i++) put_row(m, i);
    m->b.n -= strlen(end); /* the last line ends with the file */
}

/* A code point below 0x10000. */
static u32 next_point(str s, size_t *at)
{
    u32 c = (u8)s.p[(*at)++];
    if (c < 0x80) return c;
    if (c < 0xE0) return (c & 0x1F) << 6 | ((u8)s.p[(*at)++] & 0x3F);
    u32 high = (u8)s.p[(*at)++] & 0x3F, low = (u8)s.p[(*at)++] & 0x3F;
    return (c & 0x0F) << 12 | high << 6 | low;
}

static void put_utf16(struct buf *out, str s)
{
    bool marked = str_starts(s, S("\xEF\xBB\xBF"));
    buf_put(out, S("\xFF\xFE"));
    for (size_t at = marked ? 3 : 0; at < s.n;) buf_u16(out, (u16)next_point(s, &at));
}

static void check_same(const struct cut_run *a, const struct cut_run *b)
{
    CHECK_EQ(a->progress.accepted, b->progress.accepted);
    CHECK_EQ(a->progress.rejected, b->progress.rejected);
    CHECK_EQ(a->progress.warnings, b->progress.warnings);
    CHECK_STR(buf_str(&a->errors), buf_str(&b->errors));
    CHECK_EQ(a->line_count, b->line_count);
    for (u32 i = 0; i < a->line_count; i++) CHECK_STR(a->lines[i].text, b->lines[i].text);
}

/* `shares`: so often at least pieces were read, or put together. */
static void compare(struct arena *arena, struct maker *m, u32 shares)
{
    struct cut_run threads, alone, plain;
    struct buf wide;
    buf_init(&wide, 128 << 20);
    put_utf16(&wide, buf_str(&m->b));
    run_file(arena, buf_str(&m->b), true, &threads);
    run_file(arena, buf_str(&m->b), false, &alone);
    run_file(arena, buf_str(&wide), true, &plain);
    CHECK(threads.shares >= shares);
    CHECK_EQ(alone.shares + plain.shares, 0);
    CHECK(str_eq(buf_str(&threads.records), buf_str(&alone.records)));
    check_same(&threads, &alone);
    check_same(&threads, &plain);
    run_clear(&threads), run_clear(&alone), run_clear(&plain);
    buf_clear(&wide), buf_clear(&m->b);
}

TEST("a file in pieces brings what it brings row by row, whatever its lines end with")
{
    struct maker lf = {.rng = {1}}, crlf = {.rng = {2}, .odd = 50},
                 marked = {.rng = {3}, .odd = 3000};
    make_file(&lf, "", "\n", 40000), compare(arena, &lf, 4);
    make_file(&crlf, "", "\r\n", 120000), compare(arena, &crlf, 4);
    make_file(&marked, "\xEF\xBB\xBF", "\n", 40000), compare(arena, &marked, 4);
}

TEST("a file full of rows that are refused tells each by its number, as row by row")
{
    struct maker m = {.rng = {4}, .odd = 2};
    make_file(&m, "", "\n", 40000);
    compare(arena, &m, 1);
}

TEST("quotes take the usual way, and pieces without them go on behind")
{
    struct maker m = {.rng = {5}, .odd = 500, .quotes = true};
    make_file(&m, "", "\n", 60000);
    compare(arena, &m, 1);
}

TEST("lines that end by CR alone and lines that are too long for a cut are read the usual way")
{
    struct maker m = {.rng = {6}};
    make_file(&m, "", "\r", 20000);
    compare(arena, &m, 1);
    m = (struct maker){.rng = {7}};
    begin_file(&m, "", "\n");
    for (u32 i = 0; i < 60; i++) {
        buf_printf(&m.b, "u%u,Viewed,1767225600,%u,x,", i % 7, i);
        for (u32 k = 0; k < 1700 * (i % 30); k++) buf_put(&m.b, S("a long note"));
        buf_byte(&m.b, '\n');
    }
    compare(arena, &m, 1);
}

TEST("GB18030 is read the usual way")
{
    struct cut_run r;
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_put(&b, S("user_id,event,occurred_at,city\n"));
    for (u32 i = 0; i < 2000; i++)
        buf_printf(&b, "u%u,Viewed,1767225600,\xB1\xB1\xBE\xA9\n", i % 9);
    run_file(arena, buf_str(&b), true, &r);
    CHECK_EQ(r.shares, 0);
    CHECK_EQ(r.line_count, 2000);
    CHECK(str_find(r.lines[0].text, S("\xE5\x8C\x97\xE4\xBA\xAC")) > 0);
    run_clear(&r), buf_clear(&b);
}

TEST("a file whose sample says little of it is dealt anew by hash, and loses nothing")
{
    enum { ROWS = 800000, WIDTH = 51, PLACES = 256, NEAR = 400 /* rows */ };
    struct cut_run r;
    struct buf b;
    u32 met = 0;
    buf_init(&b, 64 << 20);
    buf_put(&b, S("user_id,event,occurred_at,n,note\n"));
    for (u32 i = 0; i < ROWS; i++) {
        u32 who = i % (ROWS / PLACES) < NEAR ? 100000 + i * 7919 % 900000 : 777000 + i % 1000;
        buf_printf(&b, "%06u,Viewed,1767225600,%09u,fill %u%s\n", who, i, i % 9,
                   i == 12345 ? ",refused" : "");
    }
    run_file(arena, buf_str(&b), true, &r);
    CHECK_EQ(r.line_count, ROWS - 1);
    CHECK_EQ(r.progress.accepted, ROWS - 1);
    CHECK_EQ(r.progress.rejected, 1);
    CHECK(str_find(buf_str(&r.errors), S("12346,")) > 0);
    for (u32 i = 0; i < r.line_count; i++) met += str_starts(r.lines[i].who, S("777"));
    CHECK(met > ROWS / 2);
    run_clear(&r), buf_clear(&b);
}

static int by_place(const void *a, const void *b)
{
    const struct cut_line *x = a, *y = b;
    return (x->place > y->place) - (x->place < y->place);
}

TEST("customers come in the order of their identifiers: of length, then of bytes")
{
    struct rng rng = {8};
    struct cut_run r;
    struct buf b;
    u32 customers = 1;
    buf_init(&b, 1 << 20);
    buf_put(&b, S("user_id,event,occurred_at\n"));
    for (u32 i = 0; i < 5000; i++) {
        u32 digits = 1 + (u32)rng_below(&rng, 12);
        for (u32 k = 0; k < digits; k++) buf_byte(&b, (u8)('1' + rng_below(&rng, 3)));
        buf_put(&b, S(",Viewed,1767225600\n"));
    }
    run_file(arena, buf_str(&b), true, &r);
    CHECK_EQ(r.line_count, 5000);
    qsort(r.lines, r.line_count, sizeof *r.lines, by_place);
    for (u32 i = 1; i < r.line_count; i++) {
        str x = r.lines[i - 1].who, y = r.lines[i].who;
        CHECK(x.n < y.n || (x.n == y.n && str_cmp(x, y) <= 0));
        customers += !str_eq(x, y);
    }
    CHECK(customers > 2000);
    run_clear(&r), buf_clear(&b);
}
