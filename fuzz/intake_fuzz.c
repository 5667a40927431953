/* intake_fuzz.c — any bytes as a body: nothing is read outside, what is accepted is a valid item that says
 * nothing new when it is read again, and the counts add up. First byte: the call, and whether it is packed. */
#include "engine/record.h"
#include "env/env.h"
#include "intake/intake.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static struct intake *in;
static struct buf records, unpacked;

static void start(void)
{
    struct names *names = names_new(NULL);
    struct intake_options o = {.env = env_sim(1), .names = names, .phone_country = S("CN")};
    record_fixed_names(names);
    in = intake_new(&o);
    buf_init(&records, APPEND_BYTES_MAX);
    buf_init(&unpacked, 4 << 20);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    static struct intake_result result;
    struct intake_source from = {1, false};
    struct diag why = {0};
    struct record r;
    struct item item;
    u32 count = 0;
    if (size == 0) return 0;
    if (!in) start();
    /* An exact copy, so that a look past the end is seen. */
    char *copy = mem_alloc(size);
    memcpy(copy, data + 1, size - 1);
    str body = {copy, size - 1};
    err e = ERR_OK;
    if (data[0] & 8) {
        e = intake_inflate(body, &unpacked, &why);
        body = buf_str(&unpacked);
    }
    from.browser = data[0] & 16;
    buf_reset(&records);
    if (e == ERR_OK)
        e = intake_batch(in, &from, (intake_call)(data[0] & 7), body, 1780315200000, &records, &result, &why);
    struct reader bytes = reader_of(buf_str(&records));
    for (; record_next(&bytes, &r); count++)
        MUST(item_read(r.payload, r.id_count, &item) && item_valid(&item) && r.id_count > 0);
    MUST(!bytes.bad && count == (e == ERR_OK ? result.accepted : 0));
    MUST(e == ERR_OK || why.message[0]);
    free(copy);
    return 0;
}
