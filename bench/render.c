/* render.c — renderings of one personal mail of 9 kB a second, on one core.
 *
 *   build/release/bench-render [SECONDS] [--print]
 *
 * The mail is what a shop sends: greeting with a fallback, five products with picture, price and
 * discount, conditions, a date in the customer's zone, an address, coupons, a footer; HTML with
 * autoescape on. --print writes it
 * instead. bench/render.mjs renders the same with liquidjs beside it and compares the bytes. */
#include "base/json.h"
#include "content/content.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static str file(struct arena *arena, const char *path)
{
    FILE *f = fopen(path, "rb");
    struct buf b;
    char chunk[4096];
    if (!f) {
        fprintf(stderr, "%s cannot be read; run it in the project's folder\n", path);
        exit(2);
    }
    buf_init(&b, 1 << 20);
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;) buf_put(&b, (str){chunk, n});
    fclose(f);
    str s = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return s;
}

/* A JSON tree as value bytes, as the API's edge makes them. */
static void put_value(struct buf *b, const struct json *j)
{
    struct buf inner;
    fixed f;
    i64 n;
    if (j->type == JSON_NULL) value_put(b, (value){.type = VALUE_NULL});
    if (j->type == JSON_BOOL) value_put(b, value_bool(j->boolean));
    if (j->type == JSON_STRING) value_put(b, value_text(j->text));
    if (j->type == JSON_NUMBER && str_to_i64(j->text, &n) == ERR_OK)
        value_put(b, value_int(n));
    else if (j->type == JSON_NUMBER && fixed_parse(j->text, &f) == ERR_OK)
        value_put(b, value_fixed(f));
    if (j->type != JSON_ARRAY && j->type != JSON_OBJECT) return;
    buf_init(&inner, 1 << 20);
    for (const struct json *m = j->child; m; m = m->next) {
        if (j->type == JSON_OBJECT) buf_str_varint(&inner, m->key);
        put_value(&inner, m);
    }
    value_put(b, (value){.type = j->type == JSON_OBJECT ? VALUE_MAP : VALUE_LIST,
                         .count = j->count,
                         .text = buf_str(&inner)});
    buf_clear(&inner);
}

struct data {
    struct {
        str name;
        value v;
    } roots[16];
    u32 count;
};

static value lookup(void *ctx, str root, str member)
{
    const struct data *d = ctx;
    for (u32 i = 0; i < d->count; i++)
        if (str_eq(d->roots[i].name, root))
            return member.n ? liquid_member(d->roots[i].v, member) : d->roots[i].v;
    return value_missing();
}

static void read_data(struct arena *arena, const struct json *j, struct data *out)
{
    for (const struct json *m = j->child; m && out->count < COUNT_OF(out->roots); m = m->next) {
        struct buf b;
        buf_init(&b, 1 << 20);
        put_value(&b, m);
        struct reader r = reader_of(arena_str(arena, buf_str(&b)));
        out->roots[out->count].name = m->key;
        out->roots[out->count++].v = value_read(&r);
        buf_clear(&b);
    }
}

/* Of the processor, not of the wall: others may be at work on this machine. */
static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(err e, const struct diag *why)
{
    if (e == ERR_OK) return;
    fprintf(stderr, "%s: %s\n", why->path, why->message);
    exit(1);
}

static void measure(const struct liquid *l, const struct liquid_values *values, double limit)
{
    struct diag why = {0};
    struct buf out;
    u64 n = 0;
    double best = 0, start = seconds();
    buf_init(&out, TEMPLATE_OUTPUT_MAX);
    while (seconds() - start < limit) {
        double from = seconds();
        for (u32 i = 0; i < 2000; i++, n++) {
            buf_reset(&out);
            check(liquid_render(l, values, LIQUID_HTML, &out, &why), &why);
        }
        double rate = 2000 / (seconds() - from);
        if (rate > best) best = rate;
    }
    printf("beckon: %.0f renders/s (best %.0f), %zu bytes each\n", (double)n / (seconds() - start),
           best, out.n);
    buf_clear(&out);
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_new();
    struct diag why = {0};
    struct data data = {0};
    const struct json *j;
    struct liquid *l;
    str source = file(arena, "bench/mail.liquid");
    check(json_parse(file(arena, "bench/mail.json"), arena, &j, &why), &why);
    read_data(arena, j, &data);
    struct liquid_values values = {.lookup = lookup,
                                   .ctx = &data,
                                   .now_ms = 1767225600000,
                                   .language = S("en"),
                                   .currency = S("USD")};
    check(liquid_compile(source, arena, &l, &why), &why);
    if (argc > 1 && strcmp(argv[argc - 1], "--print") == 0) {
        struct buf out;
        buf_init(&out, TEMPLATE_OUTPUT_MAX);
        check(liquid_render(l, &values, LIQUID_HTML, &out, &why), &why);
        fwrite(out.p, 1, out.n, stdout);
        buf_clear(&out);
    } else {
        measure(l, &values, argc > 1 ? strtod(argv[1], NULL) : 3.0);
    }
    arena_free(arena);
    return 0;
}
