/* body.h — a JSON body as value bytes: the one place that knows the JSON library.
 *
 *   {"batch": [ item, item, … ], "sentAt": …, "context": …}
 *          │                        └─► on_outer(MAP of all but the batch), first
 *          └─► on_item(MAP) for each, in order; a broken one with the reason instead
 *
 * Numbers become INT, FIXED or NUMBER, texts TEXT; nothing is interpreted further. Views are good during
 * the call they are given to. */
#pragma once
#include "base/value.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    BODY_DEPTH_MAX = 32,      /* containers inside each other, the item is the first */
    BODY_MEMBERS_MAX = 1000,  /* of one object */
    BODY_KEY_MAX = 128,       /* bytes */
    BODY_TEXT_MAX = 32 << 10, /* bytes */
};

struct body;
struct body *body_new(void);
void body_free(struct body *b);

struct body_item {
    str text;           /* as sent */
    value map;          /* MISSING if broken */
    const char *broken; /* NULL, or what is wrong, as the end of a sentence */
};

struct body_reader {
    void (*on_outer)(void *ctx, value map);
    err (*on_item)(void *ctx, const struct body_item *item); /* an error stops and is passed on */
    void *ctx;
};

/* Reads a batch; `array` names the member with the items. A broken item does not take others with it as
 * long as brackets and quotes close: the body is then cut by them and each item read by itself.
 * ERR_INVALID: no JSON object, or no such array in it. */
MUST_USE err body_read_batch(struct body *b, str text, str array, const struct body_reader *r,
                             struct diag *why);
/* Reads a body that is one item; on_outer is not called. ERR_INVALID if it is no JSON object. */
MUST_USE err body_read_item(struct body *b, str text, const struct body_reader *r, struct diag *why);

#ifdef __cplusplus
}
#endif
