/* blocks_fuzz.c — any JSON as a mail made of blocks: refused with a place, or HTML in which nothing
 * but a code block or Liquid has brought a tag that runs, and that compiles and renders. */
#include "content/blocks.h"
#include "content/content.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static value nothing(void *ctx, str root, str member)
{
    (void)ctx, (void)member;
    return str_eq(root, S("customer")) ? value_text(S("<script>")) : value_missing();
}

/* Has it HTML or Liquid of its own? */
static bool has_own(const struct json *j)
{
    for (const struct json *m = j->child; m; m = m->next) {
        if (m->type == JSON_STRING &&
            (str_eq(m->text, S("code")) || str_find(m->text, S("{{")) >= 0 ||
             str_find(m->text, S("{%")) >= 0))
            return true;
        if (has_own(m)) return true;
    }
    return false;
}

/* Has an attribute that runs? What a text says is only shown, since its quotes are escaped. */
static bool has_running(str html)
{
    for (ptrdiff_t at; (at = str_find(html, S("=\""))) >= 0;) {
        html = str_slice(html, (size_t)at + 2, html.n);
        while (html.n && (u8)html.p[0] <= ' ') html = str_slice(html, 1, html.n);
        if (html.n > 11 && str_eq_nocase(str_slice(html, 0, 11), S("javascript:"))) return true;
    }
    return false;
}

static void check(const struct json *j, struct arena *a)
{
    struct template *t;
    struct rendered out;
    struct diag why = {0};
    struct liquid_values values = {.lookup = nothing, .language = S("zh")};
    if (template_compile(j, a, &t, &why) != ERR_OK) {
        MUST(why.message[0]);
        return;
    }
    for (int zh = 0; zh < 2; zh++) {
        values.language = zh ? S("zh") : S("en");
        if (template_render(t, &values, a, &out, &why) != ERR_OK) continue;
        if (has_own(j) || json_get(j, "html")) continue;
        MUST(str_find(out.html, S("<script")) < 0 && !has_running(out.html));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    const struct json *j;
    struct diag why = {0};
    if (json_parse((str){(const char *)data, size}, a, &j, &why) == ERR_OK) check(j, a);
    arena_free(a);
    return 0;
}
