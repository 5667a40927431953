/* liquid_fuzz.c — any bytes as a template: compiles or is refused with a place; renders within its
 * limits or fails with nothing written. What is rendered as HTML from a customer's value holds no
 * tag. */
#include "content/content.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static value lookup(void *ctx, str root, str member)
{
    (void)ctx;
    if (str_eq(root, S("n"))) return value_int(member.n ? (i64)(u8)member.p[0] : -7);
    if (str_eq(root, S("d"))) return value_fixed(12345);
    if (str_eq(root, S("missing"))) return value_missing();
    return value_text(S("\x01<&\"'\xE4\xB8\xAD"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct liquid_values values = {lookup, NULL};
    struct diag why = {0};
    struct liquid *l;
    str source = {(const char *)data, size};
    err e = liquid_compile(source, arena, &l, &why);
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
