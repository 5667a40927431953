/* encode.h — JSON tokens to value bytes (base/value.h), as the walk over a body meets them.
 *
 * Whoever walks says where a container begins and ends; texts and numbers are read here, from their
 * raw tokens. Anything that cannot be kept sets `problem` once, and the call gives false. */
#pragma once
#include "base/buf.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    ENCODE_DEPTH_MAX = 32,     /* containers inside each other; the item itself is the first */
    ENCODE_MEMBERS_MAX = 1000, /* of one object */
    ENCODE_KEY_MAX = 128,      /* bytes */
    ENCODE_TEXT_MAX = 32 << 10 /* bytes */
};

struct encoder {
    u8 *p;               /* where the next byte goes */
    struct buf *text;    /* room for texts with escapes */
    const char *problem; /* NULL, or what is wrong: the end of a sentence */
    bool broken;         /* it is no JSON, so a parser cannot go on behind it */
};

/* The bytes that `n` characters of JSON become at most: a caller gives an encoder that much room,
 * and nothing is checked afterwards. ("1e9" is the worst: 8 bytes for 3.) */
static inline size_t encode_room(size_t n)
{
    return 3 * n + 128;
}

/* Notes a problem, the first one; always false. */
bool encode_fail(struct encoder *e, const char *problem, bool broken);
/* A token from its first character on, blanks may follow: "text", number, true, false, null. 16
 * bytes behind it may be read. */
bool encode_scalar(struct encoder *e, str token);
/* A member's key, from behind its opening quote; the closing one is known to be there, and 16 bytes
 * behind it may be read. */
bool encode_key(struct encoder *e, const char *raw);
/* The member or element number `count` of a container is about to come. */
bool encode_count(struct encoder *e, bool is_map, u32 count);
/* A container: `at` remembers where; `depth` is how deep it stands. */
bool encode_open(struct encoder *e, bool is_map, u32 depth, u8 **at);
void encode_close(struct encoder *e, u8 *at, u32 count);

#ifdef __cplusplus
}
#endif
