/* import_deal_test.c — rows dealt out by customer leave each customer what rows taken as they stand
 * leave her; and go on where they were. */
#include "base/test.h"
#include "intake/fixture_test.h"
#include "intake/import.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DEAL_ROWS = 30000, PEOPLE = 700, CHUNK = 4000, LINES_MAX = 2 * DEAL_ROWS };

/* A row as a record has it. */
struct line {
    str who, text;
    u32 place;
};

struct dealing {
    struct arena *arena;
    struct names *names;
    struct import_world world;
    struct import_request request;
    char dir[64], path[80];
    struct line *lines;
    u32 line_count, record_count;
    struct import_record progress; /* as the last IMPORT record says */
};

/* A file of more than a part. With a column of message ids, all of them empty, no row is dealt. */
static str rows_of(struct arena *arena, bool with_ids)
{
    static const char *const NAMES[] = {"Viewed", "Bought", "Left"};
    struct buf b;
    char filler[161];
    buf_init(&b, 32 << 20);
    memset(filler, 'x', 160);
    filler[160] = 0;
    buf_printf(&b, "user_id,event,occurred_at,n,city,note%s\n", with_ids ? ",message_id" : "");
    for (u32 i = 0; i < DEAL_ROWS; i++) {
        char who[16];
        snprintf(who, sizeof who, "%su%u", i % 11 ? "" : " ", i * 31 % PEOPLE);
        buf_printf(&b, "%s,%s,%u,%u,\xC3\xA9%u,%s%s\n", i % 900 == 3 ? " " : who,
                   i % 1000 == 7 ? "" : NAMES[i * 7 % 3], 1767225600 - i * 37 % 5000, i, i % 9,
                   i % 500 ? filler : "\"a, \"\"b\"\"\n\"", with_ids ? "," : "");
    }
    str s = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return s;
}

static void desk_open(struct dealing *d, struct arena *arena, str bytes)
{
    const struct json *j;
    struct diag why = {0};
    struct file *f;
    static u32 count;
    *d = (struct dealing){.arena = arena, .names = names_new(NULL)};
    record_fixed_names(d->names);
    snprintf(d->dir, sizeof d->dir, "/tmp/beckon-deal-%d-%u", (int)getpid(), count++);
    snprintf(d->path, sizeof d->path, "%s/file", d->dir);
    CHECK_OK(env_make_dir(env_real(), d->dir));
    CHECK_OK(env_open(env_real(), d->path, FILE_CREATE, &f));
    CHECK_OK(file_write(f, 0, bytes.p, bytes.n));
    file_close(f);
    d->world = (struct import_world){.env = env_real(),
                                     .names = d->names,
                                     .key = {1, 2},
                                     .phone_country = S("CN"),
                                     .chunk_rows = CHUNK};
    CHECK_OK(json_parse(desk_quotes(arena, "{'kind':'events','created_at_ms':1767225600000}"),
                        arena, &j, &why));
    CHECK_OK(import_request_read(j, &d->request, &why));
    d->request.id = S("i1");
    d->lines = mem_alloc(LINES_MAX * sizeof *d->lines);
}

static struct import *begin(struct dealing *d, const struct import_record *at)
{
    struct diag why = {0};
    struct import *im;
    char dir[64];
    memcpy(dir, d->dir, sizeof dir); /* the caller's, and gone after the call */
    d->world.dir = dir;
    if (import_open(&d->world, &d->request, d->path, &im, &why) != ERR_OK)
        fail_msg("%s", why.message);
    if (at) CHECK_OK(import_resume(im, at, &why));
    memset(dir, '?', sizeof dir - 1);
    return im;
}

static void put_line(struct dealing *d, str who, str raw, const struct bulk_row *row)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    buf_printf(&b, "%.*s/%.*s %u %lld ", STR_ARG(who), STR_ARG(raw), row->event,
               (long long)row->occurred_ms);
    buf_put(&b, row->props);
    CHECK(d->line_count < LINES_MAX);
    d->lines[d->line_count] =
        (struct line){arena_str(d->arena, who), arena_str(d->arena, buf_str(&b)), d->line_count};
    d->line_count++;
    buf_clear(&b);
}

static void take(struct dealing *d, const struct record *r)
{
    struct bulk_record bulk;
    struct bulk_row row;
    if (r->kind == RECORD_IMPORT_) {
        CHECK(import_read(r->payload, &d->progress));
        return;
    }
    d->record_count++;
    CHECK(r->kind == RECORD_BULK_ && bulk_read(r->payload, r->occurred_ms, &bulk));
    while (bulk_next(&bulk, &row)) put_line(d, bulk.value, bulk.raw, &row);
    CHECK(!bulk.rows.bad);
}

/* One chunk; false at the end. */
static bool step(struct dealing *d, struct import *im)
{
    struct buf records;
    struct record r;
    struct diag why = {0};
    u32 count;
    buf_init(&records, APPEND_BYTES_MAX);
    err e = import_step(im, &records, &count, &why);
    CHECK(e == ERR_OK || e == ERR_NOT_FOUND);
    struct reader in = reader_of(e == ERR_OK ? buf_str(&records) : (str){0});
    while (record_next(&in, &r)) take(d, &r);
    buf_clear(&records);
    return e == ERR_OK;
}

static str errors_of(struct dealing *d)
{
    struct file *f;
    char *text = arena_alloc(d->arena, 1 << 20);
    size_t n;
    snprintf(d->path, sizeof d->path, "%s/errors.csv", d->dir);
    CHECK_OK(env_open(env_real(), d->path, FILE_READ, &f));
    CHECK_OK(file_read(f, 0, text, 1 << 20, &n));
    file_close(f);
    snprintf(d->path, sizeof d->path, "%s/file", d->dir);
    return (str){text, n};
}

static u32 parts_of(const struct dealing *d)
{
    DIR *dir = opendir(d->dir);
    u32 n = 0;
    CHECK(dir != NULL);
    for (struct dirent *e; (e = readdir(dir));) n += strncmp(e->d_name, "part-", 5) == 0;
    closedir(dir);
    return n;
}

/* By customer, her rows in the order they came. */
static int by_customer(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int c = str_cmp(x->who, y->who);
    return c ? c : (x->place > y->place) - (x->place < y->place);
}

static str sorted(struct dealing *d)
{
    struct buf b;
    buf_init(&b, 64 << 20);
    qsort(d->lines, d->line_count, sizeof *d->lines, by_customer);
    for (u32 i = 0; i < d->line_count; i++) buf_put(&b, d->lines[i].text), buf_byte(&b, '\n');
    str s = arena_str(d->arena, buf_str(&b));
    buf_clear(&b);
    return s;
}

static void desk_close(struct dealing *d)
{
    snprintf(d->path, sizeof d->path, "%s/errors.csv", d->dir);
    unlink(d->path);
    snprintf(d->path, sizeof d->path, "%s/file", d->dir);
    unlink(d->path);
    CHECK_EQ(rmdir(d->dir), 0); /* nothing else is left in it */
    names_free(d->names);
    free(d->lines);
}

TEST("rows dealt out by customer are those that come as they stand, and fewer records")
{
    struct dealing dealt, plain;
    desk_open(&dealt, arena, rows_of(arena, false));
    desk_open(&plain, arena, rows_of(arena, true));
    struct import *a = begin(&dealt, NULL), *b = begin(&plain, NULL);
    CHECK(parts_of(&dealt) >= 2 && parts_of(&plain) == 0);
    while (step(&dealt, a)) continue;
    while (step(&plain, b)) continue;
    CHECK_EQ(dealt.progress.state, IMPORT_DONE);
    CHECK_EQ(dealt.progress.position, DEAL_ROWS);
    CHECK_EQ(dealt.progress.accepted, plain.progress.accepted);
    CHECK_EQ(dealt.progress.rejected, plain.progress.rejected);
    CHECK(dealt.progress.rejected > 40 && dealt.line_count == dealt.progress.accepted);
    CHECK(dealt.record_count < plain.record_count);
    import_close(a), import_close(b);
    str errors = errors_of(&dealt);
    CHECK(str_find(errors, S("there is no identifier")) > 0);
    CHECK_STR(sorted(&dealt), sorted(&plain));
    desk_close(&dealt), desk_close(&plain);
}

TEST("an import of dealt rows goes on where its last chunk ended, whenever it was cut off")
{
    struct dealing whole, cut;
    desk_open(&whole, arena, rows_of(arena, false));
    struct import *im = begin(&whole, NULL);
    while (step(&whole, im)) continue;
    import_close(im);
    str errors = errors_of(&whole), want = sorted(&whole);
    desk_open(&cut, arena, rows_of(arena, false));
    struct import *left = begin(&cut, NULL); /* a process that is gone left its parts */
    CHECK(parts_of(&cut) >= 2);
    import_clean(env_real(), cut.dir);
    CHECK_EQ(parts_of(&cut), 0);
    import_close(left);
    for (u32 steps = 1, rounds = 0;; steps = steps * 3 % 7 + 1, rounds++) {
        struct import_record at = cut.progress;
        bool more = true;
        im = begin(&cut, at.position ? &at : NULL);
        /* Pass 1 takes eight steps here: at first it is cut off within. */
        for (u32 i = 0; more && i < steps + (rounds > 2 ? 9 : 0); i++) more = step(&cut, im);
        import_close(im);
        CHECK(rounds < 40);
        if (!more) break;
        CHECK(rounds > 0 || cut.progress.position == 0);
    }
    CHECK_STR(errors_of(&cut), errors);
    CHECK_EQ(cut.progress.rejected, whole.progress.rejected);
    CHECK_EQ(cut.progress.warnings, whole.progress.warnings);
    CHECK_EQ(cut.record_count, whole.record_count);
    CHECK_STR(sorted(&cut), want);
    desk_close(&whole), desk_close(&cut);
}

TEST("a file that changed between two starts is told from the one it was")
{
    struct dealing d;
    struct diag why = {0};
    struct buf records;
    u32 count;
    err e = ERR_OK;
    desk_open(&d, arena,
              S("user_id,event,occurred_at\nu1,Viewed,1767225600\nu1,Left,1767225601\n"));
    struct import *im = begin(&d, &(struct import_record){.position = 1, .accepted = 1});
    buf_init(&records, APPEND_BYTES_MAX);
    while (e == ERR_OK) e = import_step(im, &records, &count, &why);
    CHECK_EQ(e, ERR_CONFLICT);
    buf_clear(&records);
    import_close(im);
    desk_close(&d);
}
