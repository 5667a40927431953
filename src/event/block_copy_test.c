/* block_copy_test.c — merges that take whole blocks over leave what a merge row by row leaves. */
#include "base/hash.h"
#include "base/test.h"
#include "env/sim.h"
#include "event/catalog.h"
#include "event/job.h"

#include <stdio.h>

enum { FILE_ROWS = 20000, PEOPLE = 500, FILES = 4 };

struct shop {
    struct env *env;
    struct events *es;
    u64 record;
    event_persona moved; /* belongs to 1 */
};

static event_persona head_of(void *ctx, event_persona p)
{
    const struct shop *s = ctx;
    return p == s->moved ? 1 : p;
}

static void open_shop(struct shop *s)
{
    *s = (struct shop){.env = env_sim(test_seed())};
    CHECK_OK(env_make_dir(s->env, "/x"));
    s->es = events_new(s->env, &(struct events_options){.dir = "/x", .dedupe_ms = DAY});
    CHECK_OK(events_open(s->es, (str){0}, NULL));
}

static void close_shop(struct shop *s)
{
    events_free(s->es);
    env_free(s->env);
}

static void work_off(struct shop *s, struct seal_job *job)
{
    CHECK(job != NULL);
    while (event_job_step(job, head_of, s, 1000) == ERR_AGAIN) continue;
    event_install(s->es, job);
}

/* An event of that customer. Its texts have numbers that differ from file to file, and now and then
 * one that is nobody else's. */
static void tell(struct shop *s, event_persona p, u32 file, bool with_id)
{
    char city[32], note[40], id[32];
    struct buf props;
    u64 n = ++s->record;
    buf_init(&props, 256);
    snprintf(city, sizeof city, "city%u", (u32)(n * (file + 1) % 300));
    snprintf(note, sizeof note, "note %u of %u", (u32)n, p);
    snprintf(id, sizeof id, "id-%u", (u32)n);
    props_put(&props, 7, value_text(str_of(city)));
    props_put(&props, 8, value_int((i64)(n % 1000) - 500));
    if (n % 3) props_put(&props, 9, value_text(str_of(n % 50 ? "web" : note)));
    struct event ev = {.persona = p,
                       .code = 1 + (u32)(n % 5),
                       .source = 3,
                       .order = event_order(n, 0),
                       .occurred_ms = (i64)n * 1000,
                       .received_ms = (i64)n * 1000 + 7,
                       .message_id = with_id ? str_of(id) : (str){0},
                       .dedupe = with_id ? hash_xxh(str_of(id)) : (hash128){0},
                       .props = buf_str(&props)};
    event_append(s->es, &ev);
    buf_clear(&props);
}

/* Files of which each has customers of its own, or all of them the same ones. */
static void fill(struct shop *s, bool apart, bool with_ids)
{
    for (u32 file = 0; file < FILES; file++) {
        for (u32 i = 0; i < FILE_ROWS; i++)
            tell(s, 1 + (apart ? file * PEOPLE : 0) + i / (FILE_ROWS / PEOPLE), file, with_ids);
        work_off(s, event_job_tidy(s->es, event_order(s->record, 0), UINT64_MAX));
    }
    CHECK_EQ(s->es->catalog->count, FILES);
}

static str name_of(void *ctx, u32 kind, u32 code)
{
    static const char NAMES[] = "abcdefghijklmnopqrstuvwxyz";
    (void)ctx, (void)kind;
    return (str){&NAMES[code % 26], 1};
}

static hash128 digest(struct shop *s)
{
    return events_digest(event_view_live(s->es), name_of, NULL);
}

/* Where blocks begin, in the order of the files. */
static hash128 bounds(struct shop *s)
{
    struct buf b;
    u64 rows = 0;
    buf_init(&b, 1 << 20);
    for (u32 i = 0; i < s->es->catalog->count; i++) {
        const struct sealed *f = s->es->catalog->files[i];
        for (u32 k = 0; k < sealed_blocks(f); k++)
            buf_u64(&b, rows + sealed_block_at(f, k)->first_row);
        rows += f->head.rows;
    }
    hash128 h = hash_xxh(buf_str(&b));
    buf_clear(&b);
    return h;
}

/* Merges all, proves the file and its events; whether its blocks are the ones there were. */
static bool merge(struct shop *s)
{
    struct diag why = {0};
    hash128 was = digest(s), blocks = bounds(s);
    u64 count = events_count(s->es);
    work_off(s, event_job_tidy(s->es, 1, UINT64_MAX));
    CHECK_EQ(s->es->catalog->count, 1);
    if (events_check(s->es, &why) != ERR_OK) fail_msg("%s", why.message);
    CHECK(hash128_eq(digest(s), was));
    CHECK_EQ(events_count(s->es), count);
    return hash128_eq(bounds(s), blocks);
}

TEST("files of different customers are merged by their blocks, texts and all")
{
    struct shop s;
    (void)arena;
    open_shop(&s);
    fill(&s, true, false);
    CHECK(merge(&s));
    CHECK(!event_job_tidy(s.es, 1, UINT64_MAX) && !event_tidy_due(s.es, 1, UINT64_MAX));
    close_shop(&s);
}

TEST("files of the same customers are merged row by row")
{
    struct shop s;
    (void)arena;
    open_shop(&s);
    fill(&s, false, false);
    CHECK(!merge(&s));
    close_shop(&s);
}

TEST("message ids that are young go along with a block, old ones are left out")
{
    struct shop s;
    u64 hashes;
    (void)arena;
    open_shop(&s);
    fill(&s, true, true);
    CHECK(merge(&s));
    sealed_hashes(s.es->catalog->files[0], &hashes);
    CHECK_EQ(hashes, FILES * FILE_ROWS); /* of the last day: all */
    s.record += 200 * 3600;              /* days later */
    tell(&s, 1, 0, true);
    work_off(&s, event_job_tidy(s.es, event_order(s.record, 0), UINT64_MAX));
    CHECK(!merge(&s));
    sealed_hashes(s.es->catalog->files[0], &hashes);
    CHECK_EQ(hashes, 1);
    close_shop(&s);
}

TEST("what was deleted and who moved is not taken over with a block")
{
    struct shop s;
    (void)arena;
    open_shop(&s);
    fill(&s, true, false);
    event_forget(s.es, PEOPLE + 5, UINT64_MAX >> 1);
    s.moved = 2 * PEOPLE + 9;
    u64 all = events_count(s.es);
    CHECK(!merge(&s));
    CHECK_EQ(s.es->catalog->files[0]->head.rows, all);
    CHECK_EQ(events_deleted(s.es), 0);
    u32 from, to;
    sealed_rows(s.es->catalog->files[0], 1, &from, &to);
    CHECK_EQ(to - from, 2 * FILE_ROWS / PEOPLE);
    close_shop(&s);
}

TEST("tidying ends with the range that it was asked for")
{
    struct shop s;
    (void)arena;
    open_shop(&s);
    fill(&s, true, false);
    u64 end = event_order(s.record, 0);
    for (u32 i = 0; i < 50; i++) tell(&s, 1, 0, false);
    u64 first = s.es->catalog->files[2]->head.first_order;
    work_off(&s, event_job_tidy(s.es, first, end));
    CHECK_EQ(s.es->catalog->count, FILES - 1);
    CHECK_EQ(s.es->tail_rows, 50); /* what came later stays where it is */
    CHECK(!event_tidy_due(s.es, first, end));
    close_shop(&s);
}

TEST("small files have no index by event and day, what they are merged to has one")
{
    struct shop s = {.env = env_sim(test_seed())};
    u64 bytes;
    (void)arena;
    CHECK_OK(env_make_dir(s.env, "/x"));
    s.es = events_new(s.env, &(struct events_options){.dir = "/x",
                                                      .dedupe_ms = DAY,
                                                      .tail_bytes_seal = 1 << 20,
                                                      .indexed_rows = 15000});
    CHECK_OK(events_open(s.es, (str){0}, NULL));
    for (u32 file = 0; file < 2; file++) {
        CHECK(!event_job_rough(s.es));
        for (u32 i = 0; !event_seal_due(s.es); i++)
            tell(&s, 1 + file * PEOPLE + i / 40, file, false);
        work_off(&s, event_job_rough(s.es));
        sealed_section(s.es->catalog->files[file], SECTION_DAYS, &bytes);
        CHECK_EQ(bytes, 0);
    }
    merge(&s);
    sealed_section(s.es->catalog->files[0], SECTION_DAYS, &bytes);
    CHECK(bytes > 0);
    close_shop(&s);
}
