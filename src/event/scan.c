/* scan.c — opening a scan: who is whose, and where slices are cut. */
#include "event/scan_inside.h"

#include <stdlib.h>

static void copy_want(struct event_scan *s, const struct scan_want *want)
{
    s->want = *want;
    MUST(want->property_count <= SCAN_PROPERTIES_MAX);
    s->properties = mem_alloc((want->property_count + 1) * sizeof *s->properties);
    if (want->property_count)
        memcpy(s->properties, want->properties, want->property_count * sizeof *s->properties);
    s->want.properties = s->properties;
    if (!s->want.bytes_max) s->want.bytes_max = (size_t)256 << 20;
}

/* The file with the most rows says where the customers lie. */
static const struct sealed *largest(const struct event_view *v)
{
    const struct sealed *best = NULL;
    for (u32 i = 0; i < v->catalog->count; i++)
        if (!best || v->catalog->files[i]->head.rows > best->head.rows) best = v->catalog->files[i];
    return best;
}

/* The head at which slice i of n begins. */
static event_persona cut(const struct event_scan *s, u32 i, u32 n)
{
    const struct sealed *file = largest(s->view);
    if (i == 0) return 0;
    if (i == n) return UINT32_MAX;
    if (!file) {
        if (!s->crowd->tail_count) return UINT32_MAX;
        return s->crowd->tail[(u64)s->crowd->tail_count * i / n].key;
    }
    struct sealed_keys heads = sealed_heads(file);
    u32 row = (u32)((u64)file->head.rows * i / n), low = 0, high = heads.count;
    while (high - low > 1) {
        u32 middle = low + (high - low) / 2;
        if (heads.keys[middle].value <= row)
            low = middle;
        else
            high = middle;
    }
    return heads.keys[low].key;
}

struct event_crowd *event_crowd_new(const struct event_view *v, const struct scan_want *widest,
                                    event_persona (*head_of)(void *ctx, event_persona p), void *ctx)
{
    struct event_crowd *c = mem_zalloc(sizeof *c);
    c->crowd = (struct crowd){.view = v,
                              .head_of = head_of,
                              .ctx = ctx,
                              .heads = widest->heads,
                              .heads_end = widest->heads ? widest->heads_end : 0,
                              .stayed = widest->heads ? widest->stayed : NULL,
                              .from = widest->from,
                              .to = widest->to,
                              .marks = widest->marks};
    crowd_open(&c->crowd);
    return c;
}

void event_crowd_free(struct event_crowd *c)
{
    if (!c) return;
    crowd_close(&c->crowd);
    free(c);
}

static struct event_scan *scan_new(const struct event_crowd *crowd, const struct scan_want *want,
                                   u32 slices)
{
    struct event_scan *s = mem_zalloc(sizeof *s);
    MUST(slices >= 1 && slices <= SCAN_SLICES_MAX);
    s->view = crowd->crowd.view;
    s->crowd = &crowd->crowd;
    copy_want(s, want);
    s->words = words_new();
    s->slice_count = slices;
    s->slices = mem_zalloc(slices * sizeof *s->slices);
    return s;
}

struct event_scan *event_scan_of(const struct event_crowd *crowd, const struct scan_want *want,
                                 event_persona from, event_persona to)
{
    struct event_scan *s = scan_new(crowd, want, 1);
    scan_slice_open(&s->slices[0], s, from, to);
    return s;
}

struct event_scan *event_scan_new(const struct event_view *v, const struct scan_want *want,
                                  event_persona (*head_of)(void *ctx, event_persona p), void *ctx,
                                  u32 slices)
{
    struct event_crowd *crowd = event_crowd_new(v, want, head_of, ctx);
    struct event_scan *s = scan_new(crowd, want, slices);
    s->own_crowd = crowd;
    for (u32 i = 0; i < slices; i++)
        scan_slice_open(&s->slices[i], s, cut(s, i, slices), cut(s, i + 1, slices));
    return s;
}

void event_scan_free(struct event_scan *s)
{
    if (!s) return;
    for (u32 i = 0; i < s->slice_count; i++) scan_slice_close(&s->slices[i]);
    free(s->slices);
    words_free(s->words);
    event_crowd_free(s->own_crowd);
    free(s->properties);
    free(s);
}

u32 event_scan_slices(const struct event_scan *s)
{
    return s->slice_count;
}

err event_scan_next(struct event_scan *s, u32 slice, struct scan_batch *out)
{
    MUST(slice < s->slice_count);
    return scan_slice_next(&s->slices[slice], out);
}

str event_scan_text(const struct event_scan *s, u32 word)
{
    return words_text(s->words, word);
}

u32 event_scan_word(struct event_scan *s, str text)
{
    return words_code(s->words, text);
}

u32 event_scan_words(const struct event_scan *s)
{
    return words_count(s->words);
}
