/* record_fuzz.c — decoders of every record kind, on any bytes: no read outside, and what an item's
 * decoder takes comes back from its encoder. First byte: the kind; second: the number of
 * identifiers. */
#include "engine/record.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void item(str payload, u32 id_count)
{
    struct item first, again;
    struct buf b;
    if (!item_read(payload, id_count, &first)) return;
    item_valid(&first);
    buf_init(&b, 1 << 20);
    item_put(&b, &first, id_count);
    MUST(item_read(buf_str(&b), id_count, &again));
    MUST(again.what == first.what && again.event == first.event);
    MUST(str_eq(again.message_id, first.message_id) && str_eq(again.props, first.props));
    MUST(str_eq(again.traits, first.traits) && str_eq(again.consents, first.consents));
    MUST(str_eq(again.tags, first.tags));
    for (u32 i = 0; i < id_count; i++)
        MUST(str_eq(again.values[i], first.values[i]) && str_eq(again.raws[i], first.raws[i]));
    buf_clear(&b);
}

/* What is read is written as it was, up to where it is damaged. */
static void bulk(str payload)
{
    struct bulk_record first, again;
    struct bulk_row row, same;
    struct buf b;
    i64 before = 5;
    u32 rows = 0;
    if (!bulk_read(payload, 5, &first)) return;
    buf_init(&b, 4 << 20);
    bulk_put(&b, first.value, first.raw);
    for (; bulk_next(&first, &row); before = row.occurred_ms, rows++)
        bulk_row_put(&b, &row, before);
    MUST(!b.full && bulk_read(payload, 5, &first) && bulk_read(buf_str(&b), 5, &again));
    MUST(str_eq(first.value, again.value) && str_eq(first.raw, again.raw));
    for (; rows; rows--) {
        MUST(bulk_next(&first, &row) && bulk_next(&again, &same));
        MUST(row.event == same.event && row.occurred_ms == same.occurred_ms);
        MUST(hash128_eq(row.dedupe, same.dedupe) && str_eq(row.message_id, same.message_id));
        MUST(str_eq(row.props, same.props));
    }
    MUST(again.rows.p == again.rows.end);
    buf_clear(&b);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    union {
        struct sip_key key;
        struct zone_record zone;
        struct start_record start;
        struct setting_record setting;
        struct publish_record publish;
        struct operate_record operate;
        struct claim_record claim;
        struct answer_record answer;
        struct slice_record slice;
        struct job_record job;
        struct suppress_record suppress;
        struct codes_record codes;
        struct list_record list;
        struct task_record task;
        struct task_open_record task_open;
    } out;
    if (size < 2) return 0;
    str payload = {(const char *)data + 2, size - 2};
    switch (data[0]) {
    case RECORD_KEY_: key_read(payload, &out.key); break;
    case RECORD_ZONE_: zone_read(payload, &out.zone); break;
    case RECORD_START_: start_read(payload, &out.start); break;
    case RECORD_SETTING_: setting_read(payload, &out.setting); break;
    case RECORD_PUBLISH_: publish_read(payload, &out.publish); break;
    case RECORD_OPERATE_: operate_read(payload, &out.operate); break;
    case RECORD_CLAIM_: claim_read(payload, &out.claim); break;
    case RECORD_ANSWER_: answer_read(payload, &out.answer); break;
    case RECORD_SLICE_: slice_read(payload, &out.slice); break;
    case RECORD_JOB_: job_read(payload, &out.job); break;
    case RECORD_LIST_: list_read(payload, &out.list); break;
    case RECORD_CODES_: codes_read(payload, &out.codes); break;
    case RECORD_SUPPRESS_: suppress_read(payload, &out.suppress); break;
    case RECORD_BULK_: bulk(payload); break;
    case RECORD_TASK_: task_read(payload, &out.task); break;
    case RECORD_GIVE_: task_open_read(payload, &out.task_open); break;
    default: item(payload, data[1] % (RECORD_IDS_MAX + 2));
    }
    return 0;
}
