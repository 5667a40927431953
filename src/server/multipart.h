/* multipart.h — multipart/form-data (RFC 7578) as it comes in, piece by piece: what a part holds is
 * passed on at once, so that a file of any size takes no memory. Knows no socket. */
#pragma once
#include "base/buf.h"

enum { MULTIPART_BOUNDARY_MAX = 70, MULTIPART_HEAD_MAX = 16 << 10, MULTIPART_PARTS_MAX = 64 };

struct multipart_part {
    str name, file_name; /* as sent, without quotes; file_name empty: a field */
    bool is_file;
};

struct multipart_handler {
    void *ctx;
    void (*on_part)(void *ctx, const struct multipart_part *part);
    void (*on_data)(void *ctx, str data);
};

struct multipart {
    struct multipart_handler handler;
    char boundary[MULTIPART_BOUNDARY_MAX + 8]; /* with CR LF -- before it */
    size_t boundary_n;
    struct buf pending;
    u32 parts;
    enum {
        MULTIPART_PREAMBLE,
        MULTIPART_AFTER,
        MULTIPART_HEAD,
        MULTIPART_DATA,
        MULTIPART_END
    } state;
    const char *problem; /* NULL, or what is wrong: the end of a sentence */
};

/* Reads the boundary from a Content-Type; false if it is no multipart/form-data. */
bool multipart_begin(struct multipart *m, str content_type, const struct multipart_handler *h);
void multipart_clear(struct multipart *m);
/* Takes the next piece; false once something was wrong. */
bool multipart_feed(struct multipart *m, str piece);
/* Whether the closing boundary has come. */
bool multipart_is_whole(const struct multipart *m);
