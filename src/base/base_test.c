/* base_test.c — text, buffers, maps, decimals, values, JSON. */
#include "base/hash.h"
#include "base/json.h"
#include "base/map.h"
#include "base/test.h"
#include "base/value.h"

#include <math.h>
#include <stdlib.h>

TEST("a whole number is read to its last digit, and refused one past it")
{
    i64 v;
    CHECK_OK(str_to_i64(S("9223372036854775807"), &v));
    CHECK_EQ(v, INT64_MAX);
    CHECK_OK(str_to_i64(S("-9223372036854775808"), &v));
    CHECK_EQ(v, INT64_MIN);
    CHECK_EQ(str_to_i64(S("9223372036854775808"), &v), ERR_INVALID);
    CHECK_EQ(str_to_i64(S("-"), &v), ERR_INVALID);
    CHECK_EQ(str_to_i64(S("1 "), &v), ERR_INVALID);
}

TEST("UTF-8 is accepted as Unicode has it: no overlong forms, no surrogates, nothing past U+10FFFF")
{
    CHECK(str_is_utf8(S("a\xC2\x80\xE0\xA0\x80\xF0\x90\x80\x80\xF4\x8F\xBF\xBF")));
    CHECK(!str_is_utf8(S("\xC0\x80")));
    CHECK(!str_is_utf8(S("\xED\xA0\x80")));
    CHECK(!str_is_utf8(S("\xF4\x90\x80\x80")));
    CHECK(!str_is_utf8(S("\xE4\xB8")));
}

TEST("a buffer stops at its limit and says so")
{
    struct buf b;
    buf_init(&b, 8);
    buf_put(&b, S("12345678"));
    CHECK(!b.full);
    buf_byte(&b, '9');
    CHECK(b.full);
    CHECK_STR(buf_str(&b), S("12345678"));
    buf_clear(&b);
}

TEST("every varint comes back, and a cut one is bad")
{
    static const i64 V[] = {0, 1, -1, 63, 64, -64, -65, INT64_MAX, INT64_MIN, 1 << 20};
    struct buf b;
    buf_init(&b, 4096);
    for (size_t i = 0; i < COUNT_OF(V); i++) buf_zigzag(&b, V[i]);
    struct reader r = reader_of(buf_str(&b));
    for (size_t i = 0; i < COUNT_OF(V); i++) CHECK_EQ(read_zigzag(&r), V[i]);
    CHECK(!r.bad);
    read_byte(&r);
    CHECK(r.bad);
    struct reader cut = reader_of(S("\x80\x80"));
    read_varint(&cut);
    CHECK(cut.bad);
    buf_clear(&b);
}

TEST("a map finds what was put and not taken, through growth and deletion, as a slow twin does")
{
    enum { N = 40000 };
    struct map m;
    map_init(&m);
    struct rng rng = {test_seed()};
    hash128 *keys = mem_alloc(N * sizeof *keys);
    bool *in = mem_zalloc(N * sizeof *in);
    for (u32 i = 1; i < N; i++) keys[i] = (hash128){rng_next(&rng), rng_next(&rng)};
    u64 count = 0;
    for (u32 step = 0; step < N * 4; step++) {
        u32 i = 1 + (u32)rng_below(&rng, N - 1);
        if (rng_percent(&rng, step < N * 2 ? 80 : 40)) {
            if (!in[i]) map_put(&m, keys[i], i), in[i] = true, count++;
        } else {
            CHECK_EQ(map_remove(&m, keys[i], i), in[i]);
            count -= in[i];
            in[i] = false;
        }
    }
    CHECK_EQ(m.count, count);
    for (u32 i = 1; i < N; i++) {
        struct map_cursor at;
        bool found = false;
        for (u32 row = map_first(&m, keys[i], &at); row; row = map_next(&m, keys[i], &at))
            found |= row == i;
        CHECK_EQ(found, in[i]);
    }
    map_clear(&m);
    free(keys);
    free(in);
}

TEST("decimals are exact to four places, and what is finer is refused")
{
    fixed f;
    CHECK_OK(fixed_parse(S("129.5"), &f));
    CHECK_EQ(f, 1295000);
    CHECK_OK(fixed_parse(S("-0.0001"), &f));
    CHECK_EQ(f, -1);
    CHECK_OK(fixed_parse(S("1.50000000"), &f));
    CHECK_EQ(f, 15000);
    CHECK_OK(fixed_parse(S("12e2"), &f));
    CHECK_EQ(f, 12000000);
    CHECK_EQ(fixed_parse(S("0.00001"), &f), ERR_LIMIT);
    CHECK_EQ(fixed_parse(S("922337203685477.5808"), &f), ERR_LIMIT);
    CHECK_EQ(fixed_parse(S("01"), &f), ERR_INVALID);
    CHECK_EQ(fixed_parse(S("1."), &f), ERR_INVALID);
    CHECK_EQ(fixed_parse(S("1e400"), &f), ERR_LIMIT);
    CHECK_OK(fixed_mul(15000, -25000, &f));
    CHECK_EQ(f, -37500);
    CHECK_OK(fixed_div(10000, 30000, &f));
    CHECK_EQ(f, 3333);
}

TEST("SipHash-128 gives the reference's first vectors")
{
    struct sip_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    hash128 h = hash_sip(key, S(""));
    CHECK_EQ(h.lo, 0xe6a825ba047f81a3);
    CHECK_EQ(h.hi, 0x930255c71472f66d);
    h = hash_sip(key, S("\x00"));
    CHECK_EQ(h.lo, 0x44af996bd8c187da);
    CHECK_EQ(h.hi, 0x45fc229b11597634);
}

TEST("CRC32C gives RFC 3720's answer for 32 zeros")
{
    char zeros[32] = {0};
    CHECK_EQ(hash_crc32c(0, zeros, 32), 0x8a9136aa);
}

TEST("JSON comes back as it was written, numbers digit for digit")
{
    const struct json *j;
    struct diag why = {0};
    str text = S("{\"a\":[1,-2.50,1e400,true,null,\"\\u00e9\\n\"],\"b\":{},\"c\":[]}");
    CHECK_OK(json_parse(text, arena, &j, &why));
    struct buf b;
    buf_init(&b, 4096);
    json_put(&b, j);
    CHECK_STR(buf_str(&b),
              S("{\"a\":[1,-2.50,1e400,true,null,\"\xC3\xA9\\n\"],\"b\":{},\"c\":[]}"));
    buf_clear(&b);
}

TEST("broken JSON is refused with a sentence")
{
    static const char *BAD[] = {"",     "{",   "[1,]", "{\"a\":01}",   "[1 2]",
                                "{} x", "nul", "[1.]", "[\"\\ud800\"]"};
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        const struct json *j;
        struct diag why = {0};
        if (json_parse(str_of(BAD[i]), arena, &j, &why) == ERR_OK) fail_msg("taken: %s", BAD[i]);
        CHECK(why.message[0]);
    }
}

TEST("a JSON text that is no UTF-8 is written repaired")
{
    struct buf b;
    buf_init(&b, 64);
    json_put_str(&b, S("a\xFF\"\x01\xE4\xB8\xAD"));
    CHECK_STR(buf_str(&b), S("\"a\xEF\xBF\xBD\\\"\\u0001\xE4\xB8\xAD\""));
    buf_clear(&b);
}

TEST("values nest, come back, and compare within their kind only")
{
    struct buf b, inner;
    buf_init(&b, 4096);
    buf_init(&inner, 4096);
    value_put(&inner, value_int(-7));
    value_put(&inner, value_text(S("x")));
    value_put(&b, (value){.type = VALUE_LIST, .count = 2, .text = buf_str(&inner)});
    CHECK(value_valid(buf_str(&b), 1));
    CHECK(!value_valid(buf_str(&b), 0));
    struct reader r = reader_of(buf_str(&b));
    value list = value_read(&r);
    CHECK_EQ(value_element(list, 0).n, -7);
    CHECK_STR(value_element(list, 1).text, S("x"));
    CHECK_EQ(value_element(list, 2).type, VALUE_MISSING);
    CHECK(value_eq(value_int(2), value_fixed(20000)));
    CHECK(!value_eq(value_int(2), value_text(S("2"))));
    int order;
    CHECK_EQ(value_cmp(value_int(1), value_text(S("1")), &order), ERR_INVALID);
    CHECK_OK(value_cmp((value){.type = VALUE_NUMBER, .text = S("1e400")}, value_int(1), &order));
    CHECK_EQ(order, 1);
    buf_clear(&b);
    buf_clear(&inner);
}

TEST("cut or wild bytes are never a value")
{
    struct rng rng = {test_seed()};
    for (int round = 0; round < 20000; round++) {
        char bytes[24];
        size_t n = rng_below(&rng, sizeof bytes);
        for (size_t i = 0; i < n; i++) bytes[i] = (char)rng_below(&rng, 14);
        value_valid((str){bytes, n}, 4);
    }
}
