/* liquid_fuzz.c — any bytes as a template: compiles or is refused with a place; renders within its
 * limits or fails with nothing written. What is rendered as HTML from a customer's value holds no
 * tag. The template is its own partial, too. */
#include "content/content.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A list of what there is: a text, numbers, nil, a map, a list. */
static value some_list(char *room, size_t n)
{
    struct buf b = {.p = room, .cap = n, .max = n};
    char inner_room[64];
    struct buf inner = {.p = inner_room, .cap = sizeof inner_room, .max = sizeof inner_room};
    buf_str_varint(&inner, S("a"));
    value_put(&inner, value_int(3));
    buf_str_varint(&inner, S("b"));
    value_put(&inner, value_text(S("\x01<x>")));
    value_put(&b, value_text(S("\x01<&\"'\xE4\xB8\xAD")));
    value_put(&b, value_fixed(-12345));
    value_put(&b, (value){.type = VALUE_NULL});
    value_put(&b, (value){.type = VALUE_MAP, .count = 2, .text = buf_str(&inner)});
    value_put(&b, (value){.type = VALUE_MAP, .count = 2, .text = buf_str(&inner)});
    return (value){.type = VALUE_LIST, .count = 5, .text = buf_str(&b)};
}

static value lookup(void *ctx, str root, str member)
{
    if (str_eq(root, S("n"))) return value_int(member.n ? (i64)(u8)member.p[0] : -7);
    if (str_eq(root, S("d"))) return value_fixed(12345);
    if (str_eq(root, S("l"))) return *(value *)ctx;
    if (str_eq(root, S("m"))) return value_element(*(value *)ctx, 3);
    if (str_eq(root, S("missing"))) return value_missing();
    if (str_eq(root, S("o")) && !member.n) return value_missing(); /* by its members only */
    return value_text(S("\x01<&\"'\xE4\xB8\xAD"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    char room[256];
    value list = some_list(room, sizeof room);
    struct liquid_values values = {lookup, &list, 1767225600000, NULL, S("de"), S("EUR")};
    struct diag why = {0};
    struct liquid *l;
    str source = {(const char *)data, size};
    struct liquid_partial self = {S("p"), source};
    struct liquid_options options = {&self, 1, NULL};
    err e = liquid_compile_with(source, &options, arena, &l, &why);
    MUST(e == ERR_OK || (e == why.code && why.message[0]));
    for (int format = LIQUID_TEXT; e == ERR_OK && format <= LIQUID_HTML; format++) {
        struct buf out;
        buf_init(&out, TEMPLATE_OUTPUT_MAX);
        buf_put(&out, S("before"));
        why = (struct diag){0};
        err rendered = liquid_render(l, &values, (liquid_format)format, &out, &why);
        MUST(rendered == ERR_OK || (out.n == 6 && why.message[0]));
        bool tame = str_index(source, 1) < 0 && str_find(source, S("raw")) < 0 &&
                    str_find(source, S("safe")) < 0;
        if (format == LIQUID_HTML && tame) MUST(str_find(buf_str(&out), S("\x01<")) < 0);
        buf_clear(&out);
    }
    arena_free(arena);
    return 0;
}
