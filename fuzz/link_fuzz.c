/* link_fuzz.c — any bytes as a token, as a posted form, and as a mail's HTML: refused or read, and
 * what was read once is written again as the same text. */
#include "content/link.h"
#include "server/web.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sip_key KEY = {1, 2};

/* A token that is taken is the only text of what it says. */
static void check_token(str text, signed_purpose purpose, struct arena *arena)
{
    struct signed_link link;
    struct buf again;
    if (!signed_link_read(text, KEY, purpose, arena, &link)) return;
    buf_init(&again, 1 << 16);
    signed_link_put(&again, KEY, purpose, &link);
    MUST(str_eq(buf_str(&again), text));
    buf_clear(&again);
}

/* What is no tag of a link stays: without our links the HTML is as long as it was. */
static void check_html(str html)
{
    struct tracking t = {
        .key = KEY, .public_url = S("https://m.shop"), .clicks = true, .opens = true};
    struct buf b;
    buf_init(&b, 16 << 20);
    track_html(&t, html, &b);
    MUST(!b.full || html.n > 4096);
    MUST(str_find(buf_str(&b), S("https://m.shop/o/")) >= 0 || b.full);
    t.clicks = t.opens = false;
    buf_reset(&b);
    track_html(&t, html, &b);
    MUST(str_eq(buf_str(&b), html));
    buf_clear(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str all = {(const char *)data, size};
    struct arena *arena = arena_new();
    struct form_body *form = arena_alloc(arena, sizeof *form);
    for (u32 p = SIGNED_CLICK; p < SIGNED_COUNT; p++) check_token(all, (signed_purpose)p, arena);
    if (form_body_read(all, arena, form) == ERR_OK)
        for (u32 i = 0; i < form->count; i++) {
            MUST(str_is_utf8(form->pairs[i].name) && str_is_utf8(form->pairs[i].value));
            MUST(form_has(form, form->pairs[i].name, form->pairs[i].value));
        }
    check_html(all);
    arena_free(arena);
    return 0;
}
