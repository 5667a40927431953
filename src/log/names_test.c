/* names_test.c — codes are given once, stand in the log before their use, and are read without a
 * lock. */
#include "log/log_fixture.h"
#include "log/names.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static u32 code_ok(struct names *n, name_kind kind, str text)
{
    u32 code;
    CHECK_OK(names_code(n, kind, text, &code));
    return code;
}

TEST("codes are dense from 1 in each kind, and a name keeps its own")
{
    struct names *n = names_new(NULL);
    CHECK_EQ(code_ok(n, NAME_EVENT, S("order")), 1);
    CHECK_EQ(code_ok(n, NAME_EVENT, S("view")), 2);
    CHECK_EQ(code_ok(n, NAME_EVENT, S("order")), 1);
    CHECK_EQ(code_ok(n, NAME_TAG, S("view")), 1);
    CHECK_EQ(names_find(n, NAME_EVENT, S("view")), 2);
    CHECK_EQ(names_find(n, NAME_EVENT, S("View")), 0);
    CHECK_EQ(names_find(n, NAME_SPACE, S("view")), 0);
    CHECK_STR(names_text(n, NAME_EVENT, 2), S("view"));
    CHECK_STR(names_text(n, NAME_EVENT, 3), S(""));
    CHECK_STR(names_text(n, NAME_EVENT, 0), S(""));
    CHECK_STR(names_text(n, NAME_EVENT, UINT32_MAX), S(""));
    CHECK_EQ(names_count(n, NAME_EVENT), 2);
    CHECK_EQ(names_count(n, NAME_SPACE), 0);
    names_free(n);
}

TEST("a name is UTF-8 of 1 to 255 bytes")
{
    struct names *n = names_new(NULL);
    char text[256];
    u32 code;
    memset(text, 'x', sizeof text);
    CHECK_EQ(names_code(n, NAME_TAG, S(""), &code), ERR_INVALID);
    CHECK_EQ(names_code(n, NAME_TAG, (str){text, 256}, &code), ERR_INVALID);
    CHECK_EQ(names_code(n, NAME_TAG, S("\xC3"), &code), ERR_INVALID);
    CHECK_EQ(code, 0);
    CHECK_EQ(code_ok(n, NAME_TAG, (str){text, 255}), 1);
    CHECK_EQ(code_ok(n, NAME_TAG, S("\xE4\xB8\xAD")), 2);
    names_free(n);
}

static str numbered(char text[16], u32 i)
{
    return (str){text, (size_t)snprintf(text, 16, "name %u", i)};
}

TEST("a kind is full at its limit; what is known is still found")
{
    struct names *n = names_new(NULL);
    char text[16];
    u32 code;
    for (u32 i = 1; i <= 256; i++) CHECK_EQ(code_ok(n, NAME_SPACE, numbered(text, i)), i);
    CHECK_EQ(names_code(n, NAME_SPACE, S("one more"), &code), ERR_LIMIT);
    CHECK_EQ(code_ok(n, NAME_SPACE, S("name 256")), 256);
    for (u32 i = 1; i <= NAMES_MAX; i++) CHECK_EQ(code_ok(n, NAME_PROPERTY, numbered(text, i)), i);
    CHECK_EQ(names_code(n, NAME_PROPERTY, S("one more"), &code), ERR_LIMIT);
    for (u32 i = 1; i <= NAMES_MAX; i++)
        CHECK_EQ(names_find(n, NAME_PROPERTY, numbered(text, i)), i);
    names_free(n);
}

TEST("a new name is a record in the log, ahead of what uses it; a known one is not")
{
    struct fixture f = fixture_new(1, 4096);
    struct names *n = names_new(f.log);
    struct record r;
    code_ok(n, NAME_EVENT, S("order"));
    code_ok(n, NAME_EVENT, S("order"));
    names_load(n, NAME_TAG, 1, S("vip"));
    code_ok(n, NAME_TAG, S("vip"));
    append_ok(f.log, S("uses it"));
    CHECK_OK(log_step(f.log));
    const struct batch *b = log_next(f.log);
    struct reader in = reader_of(b->records);
    CHECK_EQ(b->count, 2);
    CHECK(record_next(&in, &r));
    CHECK_EQ(r.kind, RECORD_NAME);
    CHECK_EQ(r.id_count, 0);
    CHECK_STR(r.payload, S("\x01\x01\x00\x00\x00order"));
    names_free(n);
    fixture_free(&f);
}

TEST("a name whose record cannot be queued gets no code, and may be tried again")
{
    struct fixture f = fixture_new(1, 4096);
    u32 code;
    u64 last;
    f.o.pending_bytes_max = 64;
    CHECK_OK(fixture_reopen(&f));
    struct names *n = names_new(f.log);
    CHECK_OK(append_text(f.log, S("fills the queue"), 0, false, &last));
    CHECK_EQ(names_code(n, NAME_EVENT, S("order"), &code), ERR_BUSY);
    CHECK_EQ(names_find(n, NAME_EVENT, S("order")), 0);
    CHECK_OK(log_step(f.log));
    CHECK_EQ(code_ok(n, NAME_EVENT, S("order")), 1);
    names_free(n);
    fixture_free(&f);
}

TEST("loaded names keep their codes, in any order and loaded twice, and new ones come behind")
{
    struct names *n = names_new(NULL);
    names_load(n, NAME_TOPIC, 3, S("c"));
    names_load(n, NAME_TOPIC, 1, S("a"));
    names_load(n, NAME_TOPIC, 2, S("b"));
    names_load(n, NAME_TOPIC, 3, S("c"));
    CHECK_EQ(names_count(n, NAME_TOPIC), 3);
    CHECK_EQ(code_ok(n, NAME_TOPIC, S("b")), 2);
    CHECK_EQ(code_ok(n, NAME_TOPIC, S("d")), 4);
    names_free(n);
}

enum { THREADS = 4, NAMES_EACH = 3000 };

struct shared_names {
    struct names *n;
    u32 codes[THREADS][NAMES_EACH];
    atomic_uint next;
};

/* Each thread asks for the same names, in an order of its own. */
static void *ask_all(void *arg)
{
    struct shared_names *s = arg;
    u32 me = atomic_fetch_add(&s->next, 1);
    for (u32 i = 0; i < NAMES_EACH; i++) {
        char text[16];
        u32 which = (i * 7 + me * 500) % NAMES_EACH;
        str name = numbered(text, which);
        MUST(names_code(s->n, NAME_EVENT, name, &s->codes[me][which]) == ERR_OK);
        MUST(str_eq(names_text(s->n, NAME_EVENT, s->codes[me][which]), name));
    }
    return NULL;
}

TEST("threads that meet the same new names agree on their codes, and each is recorded once")
{
    struct log *log;
    struct diag why = {0};
    pthread_t threads[THREADS];
    struct shared_names *s = arena_zalloc(arena, sizeof *s);
    CHECK_OK(log_open(env_real(), &(struct log_options){0}, &log, &why));
    s->n = names_new(log);
    for (u32 i = 0; i < THREADS; i++) CHECK_EQ(pthread_create(&threads[i], NULL, ask_all, s), 0);
    for (u32 i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (u32 t = 1; t < THREADS; t++)
        for (u32 i = 0; i < NAMES_EACH; i++) CHECK_EQ(s->codes[t][i], s->codes[0][i]);
    CHECK_EQ(names_count(s->n, NAME_EVENT), NAMES_EACH);
    while (log_step(log) == ERR_OK) consume(log);
    CHECK_EQ(log_durable(log), NAMES_EACH);
    names_free(s->n);
    log_close(log);
}
