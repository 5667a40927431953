/* compile.c — a coupon's JSON to its terms. Bytes: u8 format (1), zigzag ms, varint months, u8
 * flags, value, value (least purchase; MISSING is NULL), text pattern. */
#include "offer/coupon.h"

enum { FORMAT = 1, FLAG_POOL = 1, FLAG_PERCENT = 2 };

MUST_USE static err check_members(const struct json *j, const char *path, struct diag *why,
                                  const char *const *names, size_t count)
{
    for (const struct json *m = j->child; m; m = m->next) {
        bool known = false;
        for (size_t i = 0; i < count; i++) known |= str_eq(m->key, str_of(names[i]));
        if (!known)
            return diag_at(why, ERR_REFUSED, str_of(path), "\"%.*s\" has no meaning here",
                           STR_ARG(str_slice(m->key, 0, 40)));
    }
    return ERR_OK;
}

MUST_USE static err money(const struct json *j, const char *path, bool percent, value *out,
                          struct diag *why)
{
    fixed f = 0;
    bool good = json_is(j, JSON_NUMBER) && fixed_parse(j->text, &f) == ERR_OK && f > 0 &&
                (!percent || f <= 100 * FIXED_ONE);
    *out = f % FIXED_ONE ? value_fixed(f) : value_int(f / FIXED_ONE);
    if (good) return ERR_OK;
    return diag_at(why, ERR_REFUSED, str_of(path),
                   percent ? "a percentage is above 0 and at most 100"
                           : "an amount is above 0, with at most four decimal places");
}

MUST_USE static err worth(const struct json *v, struct terms *t, struct diag *why)
{
    static const char *const MEMBERS[] = {"amount", "percent", "min"};
    const struct json *amount = json_get(v, "amount"), *percent = json_get(v, "percent"),
                      *min = json_get(v, "min");
    if (!json_is(v, JSON_OBJECT) || !amount == !percent)
        return diag_at(why, ERR_REFUSED, S("/value"),
                       "say what it is worth: {\"amount\":10} or {\"percent\":15}, with \"min\" if "
                       "it takes a purchase of some size");
    TRY(check_members(v, "/value", why, MEMBERS, COUNT_OF(MEMBERS)));
    t->percent = percent != NULL;
    t->min.type = VALUE_NULL;
    if (min) TRY(money(min, "/value/min", false, &t->min, why));
    return percent ? money(percent, "/value/percent", true, &t->value, why)
                   : money(amount, "/value/amount", false, &t->value, why);
}

bool code_is_fixed(str pattern)
{
    return str_index(pattern, '#') < 0;
}

MUST_USE static err pattern(const struct json *j, struct terms *t, struct diag *why)
{
    u32 marks = 0;
    bool good = json_is(j, JSON_STRING) && j->text.n > 0 && j->text.n <= OFFER_CODE_MAX;
    t->pattern = S("########");
    if (!j) return ERR_OK;
    for (size_t i = 0; good && i < j->text.n; i++) {
        good = (u8)j->text.p[i] > ' ' && j->text.p[i] != 0x7f;
        marks += j->text.p[i] == '#';
    }
    if (good && (marks == 0 || (marks >= OFFER_RANDOM_MIN && marks <= OFFER_RANDOM_MAX))) {
        t->pattern = j->text;
        return ERR_OK;
    }
    return diag_at(why, ERR_REFUSED, S("/code"),
                   "a code is 1 to %d characters without spaces; each # becomes a letter or digit "
                   "(\"SPRING-######\": %d to %d of them), without # all get the same",
                   OFFER_CODE_MAX, OFFER_RANDOM_MIN, OFFER_RANDOM_MAX);
}

err offer_compile(const struct json *source, struct buf *compiled, struct diag *why)
{
    static const char *const MEMBERS[] = {"id", "name", "value", "valid", "pool", "code"};
    struct terms t = {0};
    const struct json *valid = json_get(source, "valid"), *pool = json_get(source, "pool");
    if (!json_is(source, JSON_OBJECT))
        return diag_set(why, ERR_REFUSED, "a coupon is an object, {…}");
    TRY(check_members(source, "", why, MEMBERS, COUNT_OF(MEMBERS)));
    TRY(worth(json_get(source, "value"), &t, why));
    if (!json_is(valid, JSON_STRING) || duration_parse(valid->text, &t.valid) != ERR_OK ||
        (t.valid.ms == 0 && t.valid.months == 0))
        return diag_at(why, ERR_REFUSED, S("/valid"),
                       "say how long it is good for: \"24h\", \"7d\", \"1mo\"");
    if (pool && pool->type != JSON_BOOL)
        return diag_at(why, ERR_REFUSED, S("/pool"), "true: its codes are brought; false: made");
    t.pool = pool && pool->boolean;
    if (t.pool && json_get(source, "code"))
        return diag_at(why, ERR_REFUSED, S("/code"), "codes of a pool are brought, not made");
    TRY(pattern(json_get(source, "code"), &t, why));
    buf_byte(compiled, FORMAT);
    buf_zigzag(compiled, t.valid.ms);
    buf_varint(compiled, t.valid.months);
    buf_byte(compiled, (u8)((t.pool ? FLAG_POOL : 0) | (t.percent ? FLAG_PERCENT : 0)));
    value_put(compiled, t.value);
    value_put(compiled, t.min);
    buf_str_varint(compiled, t.pattern);
    return ERR_OK;
}

bool terms_read(str compiled, struct terms *out)
{
    struct reader r = reader_of(compiled);
    *out = (struct terms){0};
    if (read_byte(&r) != FORMAT) return false;
    out->valid.ms = read_zigzag(&r);
    out->valid.months = (u32)read_varint(&r);
    u8 flags = read_byte(&r);
    out->pool = flags & FLAG_POOL;
    out->percent = flags & FLAG_PERCENT;
    out->value = value_read(&r);
    out->min = value_read(&r);
    out->pattern = read_str_varint(&r);
    return !r.bad && r.p == r.end && out->pattern.n > 0 && out->pattern.n <= OFFER_CODE_MAX;
}
