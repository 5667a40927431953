/* body.h — a JSON body cut into items and turned into value bytes: the one place that knows the
 * JSON library.
 *
 *   {"batch": [ item, item, … ], "sentAt": …, "context": …}
 *          │                        └─► on_outer(all but the batch), first
 *          └─► on_item for each, in order; a broken one with the reason instead
 *
 * Nothing is interpreted: limits and the forms of numbers and texts are in encode.h. An item's
 * views are good during its call, those of the outer members until the body is read. */
#pragma once
#include "base/buf.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { BODY_ITEMS_MAX = 1 << 16 };

struct body;
struct body *body_new(void);
void body_free(struct body *b);

/* The members of an object: the inside of a value MAP. */
struct body_map {
    u32 count;
    str members;
};

struct body_item {
    str text; /* as sent */
    struct body_map map;
    const char *broken; /* NULL, or what is wrong, as the end of a sentence; then there is no map */
};

struct body_reader {
    void (*on_outer)(void *ctx, const struct body_map *map);
    err (*on_item)(void *ctx, const struct body_item *item); /* an error stops and is passed on */
    void *ctx;
};

/* Reads a batch; `array` names the member with the items. A broken item does not take others with
 * it as long as brackets and quotes close: the body is then cut by them and each item read by
 * itself. ERR_INVALID: no JSON object, or no such array in it; ERR_TOO_LARGE: more than
 * BODY_ITEMS_MAX items. */
MUST_USE err body_read_batch(struct body *b, str text, str array, const struct body_reader *r,
                             struct diag *why);
/* Reads a body that is one item; on_outer is not called. ERR_INVALID if it is no JSON. */
MUST_USE err body_read_item(struct body *b, str text, const struct body_reader *r,
                            struct diag *why);

#ifdef __cplusplus
}
#endif
