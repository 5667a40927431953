/* multipart_fuzz.c — a form reads the same however its bytes are cut.
 *
 * The first byte says where the cut is; the rest is a body under a fixed boundary. */
#include "server/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_part(void *ctx, const struct multipart_part *part)
{
    buf_put(ctx, S("<"));
    buf_put(ctx, part->name);
    buf_put(ctx, S("|"));
    buf_put(ctx, part->file_name);
    buf_put(ctx, S(">"));
}

static void on_data(void *ctx, str data)
{
    buf_put(ctx, data);
}

static bool read_form(str body, size_t cut, struct buf *out)
{
    struct multipart m;
    struct multipart_handler h = {out, on_part, on_data};
    buf_init(out, 8 << 20);
    MUST(multipart_begin(&m, S("multipart/form-data; boundary=\"b\""), &h));
    if (multipart_feed(&m, str_slice(body, 0, cut)))
        multipart_feed(&m, str_slice(body, cut, body.n));
    bool whole = multipart_is_whole(&m);
    multipart_clear(&m);
    return whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf a, b;
    if (!size) return 0;
    str body = {(const char *)data + 1, size - 1};
    bool x = read_form(body, body.n, &a), y = read_form(body, body.n * data[0] / 256, &b);
    MUST(x == y);
    if (x) MUST(str_eq(buf_str(&a), buf_str(&b)));
    buf_clear(&a);
    buf_clear(&b);
    return 0;
}
