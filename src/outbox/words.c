/* words.c — values of a message, kept and given again. */
#include "outbox/words.h"

#include "outbox/notice.h"

#include <string.h>

enum { PART_MAX = 280, NAME_MAX_ = 2 * PART_MAX + 2 };

void words_begin(struct words *s)
{
    s->count = 0;
    buf_init(&s->keys, 64 << 10);
    buf_init(&s->members, CLAIM_VALUES_MAX);
}

void words_end(struct words *s)
{
    buf_clear(&s->keys);
    buf_clear(&s->members);
}

static str name_of_value(str root, str member, char room[NAME_MAX_])
{
    size_t n = min_size(root.n, PART_MAX), more = min_size(member.n, PART_MAX);
    if (n) memcpy(room, root.p, n);
    if (!more) return (str){room, n};
    room[n] = '.';
    memcpy(room + n + 1, member.p, more);
    return (str){room, n + 1 + more};
}

static bool is_kept(const struct words *s, str name)
{
    struct reader r = reader_of(buf_str(&s->keys));
    while (r.p < r.end)
        if (str_eq(read_str_varint(&r), name)) return true;
    return false;
}

void words_keep(struct words *s, str root, str member, value v)
{
    char room[NAME_MAX_];
    str name = name_of_value(root, member, room);
    bool link = str_eq(root, S("unsubscribe_url")) || str_eq(root, S("preferences_url"));
    if (v.type == VALUE_MISSING || link || is_kept(s, name)) return;
    buf_str_varint(&s->keys, name);
    buf_str_varint(&s->members, name);
    value_put(&s->members, v);
    s->count++;
}

str words_values(const struct words *s, struct arena *arena)
{
    struct buf b;
    if (!s->count || s->members.full || s->keys.full) return (str){0};
    buf_init(&b, CLAIM_VALUES_MAX);
    value_put(&b, (value){.type = VALUE_MAP, .count = s->count, .text = buf_str(&s->members)});
    str out = b.full ? (str){0} : arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return out;
}

/* ---- given again ---- */

static value again(void *ctx, str root, str member)
{
    char room[NAME_MAX_];
    const value *all = ctx;
    if (str_eq(root, S("unsubscribe_url")) || str_eq(root, S("preferences_url")))
        return value_text(S("#"));
    return value_member(*all, name_of_value(root, member, room));
}

MUST_USE static err render_again(struct engine *e, const struct message_story *story,
                                 const value *all, struct arena *arena, struct rendered *out,
                                 struct diag *why)
{
    const struct json *source;
    struct template *t;
    str text = engine_object_version(e, OBJECT_TEMPLATE, story->template_id, story->content);
    if (!text.n)
        return diag_set(why, ERR_NOT_FOUND, "version %u of the template is not kept any more",
                        story->content);
    value zone = value_member(*all, S(WORDS_ZONE));
    const struct zone *own = zone.type == VALUE_TEXT ? engine_zone_named(e, zone.text) : NULL;
    value given = *all;
    struct liquid_values values = {.lookup = again,
                                   .ctx = &given,
                                   .now_ms = value_member(*all, S(WORDS_NOW)).n,
                                   .zone = own ? own : engine_zone(e),
                                   .language = value_member(*all, S(WORDS_LANGUAGE)).text,
                                   .currency = value_member(*all, S(WORDS_CURRENCY)).text};
    TRY(json_parse(arena_str(arena, text), arena, &source, why));
    TRY(template_compile(source, arena, &t, why));
    return template_render(t, &values, arena, out, why);
}

err outbox_again(struct engine *e, const struct message_story *story, struct arena *arena,
                 struct rendered *out, struct diag *why)
{
    value all = {.type = VALUE_MAP};
    struct reader r = reader_of(story->values);
    struct notice notice;
    *out = (struct rendered){0};
    while (r.p < r.end && !r.bad) { /* the members, counted */
        (void)read_str_varint(&r);
        (void)value_read(&r);
        all.count += !r.bad;
    }
    all.text = story->values;
    bool to_staff = notice_kept(all, &notice);
    if (!story->content && !to_staff)
        return diag_set(why, ERR_NOT_FOUND, "what this message said was not written down");
    if (story->content) TRY(render_again(e, story, &all, arena, out, why));
    if (to_staff) notice_write(&notice, arena, out);
    return ERR_OK;
}
