/* liquid_golden_test.c — the public corpus of the language, where it is there: at least 510 of its
 * 522 cases hold, and every other is named with what came instead. */
#include "base/test.h"
#include "content/values_test.h"

#include <stdio.h>

enum { GOLDEN_MIN = 510, PARTIALS_MAX = 20 };

/* Compiles and renders one case; the error in `why` on failure. */
static err render(struct arena *arena, const struct json *t, str *out, struct diag *why)
{
    const struct json *data = json_get(t, "data"), *templates = json_get(t, "templates");
    value root = data ? value_of(arena, data) : value_missing();
    struct liquid_values values = {test_lookup, &root};
    struct liquid_partial *partials = arena_zalloc(arena, PARTIALS_MAX * sizeof *partials);
    struct liquid_options options = {.partials = partials};
    struct liquid *l;
    struct buf b;
    *out = (str){0};
    for (const struct json *p = templates ? templates->child : NULL; p; p = p->next)
        partials[options.partial_count++] = (struct liquid_partial){p->key, p->text};
    TRY(liquid_compile_with(json_get_str(t, "template", (str){0}), &options, arena, &l, why));
    buf_init(&b, TEMPLATE_OUTPUT_MAX);
    err e = liquid_render(l, &values, LIQUID_TEXT, &b, why);
    *out = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return e;
}

static bool is_result(const struct json *t, str out)
{
    const struct json *one = json_get(t, "result"), *several = json_get(t, "results");
    if (one) return str_eq(one->text, out);
    for (const struct json *c = several ? several->child : NULL; c; c = c->next)
        if (str_eq(c->text, out)) return true;
    return false;
}

static bool holds(struct arena *arena, const struct json *t)
{
    struct diag why = {0};
    str out, nothing = {0};
    err e = render(arena, t, &out, &why);
    bool invalid = json_get_bool(t, "invalid", false);
    if (invalid ? e != ERR_OK : e == ERR_OK && is_result(t, out)) return true;
    print_error("%.*s\n  %.*s\n  wanted %s%.*s\n  gave   %.*s%s %s\n",
                STR_ARG(json_get_str(t, "name", nothing)),
                STR_ARG(json_get_str(t, "template", nothing)), invalid ? "a refusal" : "",
                STR_ARG(json_get_str(t, "result", nothing)), STR_ARG(out), why.path, why.message);
    return false;
}

TEST("the golden cases of Liquid hold")
{
    const char *path = test_shared("data/templates/golden_liquid_half_a.json");
    const struct json *all;
    u32 good = 0, count = 0;
    if (!path) TEST_SKIP("no shared data");
    CHECK_OK(json_parse(test_file(arena, path), arena, &all, NULL));
    for (const struct json *t = json_get(all, "tests")->child; t; t = t->next, count++)
        good += holds(arena, t);
    print_message("golden: %u of %u\n", good, count);
    CHECK(good >= GOLDEN_MIN);
}
