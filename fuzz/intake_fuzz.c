/* intake_fuzz.c — any bytes as a body: nothing is read outside, what is accepted is a valid item,
 * and the counts add up. First byte: the call, whether it is packed, whether a browser's key. */
#include "engine/record.h"
#include "env/env.h"
#include "intake/intake.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static struct intake_result result;

static void check(err e, str records, const struct diag *why)
{
    struct record r;
    struct item item;
    u32 count = 0;
    struct reader bytes = reader_of(records);
    for (; record_next(&bytes, &r); count++)
        MUST(item_read(r.payload, r.id_count, &item) && item_valid(&item) && r.id_count > 0);
    MUST(!bytes.bad && count == (e == ERR_OK ? result.accepted : 0));
    MUST(result.kept <= result.rejected);
    MUST(e == ERR_OK || why->message[0]);
}

static void take(struct intake *in, u8 how, str body)
{
    struct intake_source from = {1, how & 16};
    struct buf records, unpacked;
    struct diag why = {0};
    err e = ERR_OK;
    buf_init(&records, APPEND_BYTES_MAX);
    buf_init(&unpacked, 4 << 20);
    if (how & 8) {
        e = intake_inflate(body, &unpacked, &why);
        body = buf_str(&unpacked);
    }
    result = (struct intake_result){0};
    if (e == ERR_OK)
        e = intake_batch(in, &from, (intake_call)(how & 7), body, 1780315200000, &records, &result,
                         &why);
    check(e, buf_str(&records), &why);
    buf_clear(&records), buf_clear(&unpacked);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    if (size == 0) return 0;
    struct env *env = env_sim(1);
    struct names *names = names_new(NULL);
    record_fixed_names(names);
    struct intake *in =
        intake_new(&(struct intake_options){.env = env, .names = names, .phone_country = S("CN")});
    /* An exact copy, so that a look past the end is seen. */
    char *copy = mem_alloc(size);
    memcpy(copy, data + 1, size - 1);
    take(in, data[0], (str){copy, size - 1});
    free(copy);
    intake_free(in);
    names_free(names);
    env_free(env);
    return 0;
}
