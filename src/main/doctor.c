/* doctor.c — beckon doctor: looks at a directory without changing it: the state as a start would
 * find it, and as replay of the whole log alone gives it. Both must have one hash. */
#include "base/json.h"
#include "engine/engine.h"
#include "main/commands.h"

#include <stdio.h>

static void put_hash(struct buf *b, str key, hash128 h)
{
    char hex[33];
    hash128_hex(h, hex);
    json_put_kv_str(b, key, str_of(hex));
}

/* The hash that the log alone leads to; nothing where its beginning was released already, or where
 * an erasure emptied records of it. */
static err put_replayed(struct buf *b, const char *dir, hash128 hash, struct diag *why)
{
    struct engine_options eo = {.dir = dir, .inspect = true, .from_log_alone = true};
    struct engine *e = NULL;
    err r = engine_open(env_real(), &eo, &e, why);
    bool whole = r == ERR_OK && !engine_is_blanked(e);
    hash128 replayed = whole ? engine_hash(e) : hash;
    if (whole) put_hash(b, S("replay_hash"), replayed);
    engine_close(e);
    if (r == ERR_NOT_FOUND) r = ERR_OK;
    bool same = hash128_eq(hash, replayed);
    if (r == ERR_OK && !same)
        r = diag_set(why, ERR_CORRUPT, "replay of the log leads to another state than was kept");
    json_put_kv_bool(b, S("ok"), r == ERR_OK);
    if (r != ERR_OK) json_put_kv_str(b, S("why"), str_of(why->message));
    return r;
}

static void put_report(struct buf *b, struct engine *e, hash128 hash)
{
    struct engine_stats st = engine_stats(e);
    json_put_key(b, S("log"));
    buf_byte(b, '{');
    json_put_kv_i64(b, S("first"), (i64)log_start(engine_log(e)));
    json_put_kv_i64(b, S("last"), (i64)st.applied);
    json_put_kv_i64(b, S("bytes"), (i64)st.log_bytes);
    json_put_kv_i64(b, S("replayed_batches"), (i64)st.replayed);
    json_put_kv_i64(b, S("replay_ms"), st.replay_ms);
    buf_put(b, S("},\"state\":{"));
    json_put_kv_i64(b, S("customers"), (i64)st.customers);
    json_put_kv_i64(b, S("events"), (i64)st.events);
    json_put_kv_i64(b, S("messages_planned"), (i64)st.messages_planned);
    buf_byte(b, '}');
    put_hash(b, S("state_hash"), hash);
}

int command_doctor(struct options *o)
{
    const char *dir = option_text(o, "data");
    bool json = option_flag(o, "json");
    struct engine_options eo = {.dir = dir ? dir : "data", .inspect = true};
    struct engine *e = NULL;
    struct diag why = {0};
    struct buf b;
    if (!options_done(o)) return 2;
    err r = engine_open(env_real(), &eo, &e, &why);
    buf_init(&b, 1 << 16);
    buf_byte(&b, '{');
    if (r == ERR_OK) {
        hash128 hash = engine_hash(e);
        put_report(&b, e, hash);
        engine_close(e);
        e = NULL;
        r = put_replayed(&b, eo.dir, hash, &why);
    } else {
        json_put_kv_bool(&b, S("ok"), false);
        json_put_kv_str(&b, S("why"), str_of(why.message));
    }
    buf_byte(&b, '}');
    if (json || r == ERR_OK) printf("%.*s\n", STR_ARG(buf_str(&b)));
    buf_clear(&b);
    engine_close(e);
    if (r != ERR_OK && !json) return failure(r, &why);
    return r == ERR_OK ? 0 : 1;
}
