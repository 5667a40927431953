/* journey_words.h — a journey in words: a line for each of its parts, with the part's place.
 *
 *   {"trigger", "entry", "steps", "goal", "exit", "policy"} ─► [{path, step?, kind, depth, text}]
 *
 * Made from the JSON, so that a draft has them too; the same JSON gives the same words. */
#pragma once
#include "base/json.h"

/* One language of a text that is being made. */
struct said {
    struct buf zh, en;
};
void said_init(struct said *s);
void said_clear(struct said *s);
void said_reset(struct said *s);
void say_both(struct said *s, const char *zh, const char *en);
void say_text(struct said *s, str text);
void say_words(struct said *s, str zh, str en);
void said_put(const struct said *s, struct buf *b, const char *key);

/* "3d" as "3 天" and "3 days"; what is no duration stays as it is. */
void say_duration(struct said *s, str text);
/* "-3d" as "提前 3 天" and "3 days before", "0d" as "当天" and "on the day". */
void say_offset(struct said *s, str text);
/* A name of the configuration: plain, or {"zh", "en"}; else its id. */
void say_name(struct said *s, const struct json *name, str id);

/* "lines": […], and with `text` everything as one paragraph under "text". */
void journey_lines_put(struct buf *b, const struct json *journey, bool text);
/* What starts it, without a full stop. */
void say_trigger(struct said *s, const struct json *trigger);

/* Every send of the steps, in their order: `after` says how long after the beginning by the waits
 * ahead of it (the longest way). False from `each` ends it. */
struct send_place {
    const struct json *step; /* the whole step */
    i64 after_ms;
    bool open; /* a wait ahead of it ends at an event or a day */
};
void journey_sends(const struct json *journey, bool (*each)(void *ctx, const struct send_place *p),
                   void *ctx);
