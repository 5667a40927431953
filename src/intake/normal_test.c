/* normal_test.c — normal forms of addresses, numbers and times. */
#include "intake/normal.h"

#include "base/test.h"

static char room[NORMAL_BYTES_MAX];

#define EMAIL(sent, normal) CHECK_STR(normal_email(S(sent), room), S(normal))
#define PHONE(sent, country, normal) CHECK_STR(normal_phone(S(sent), S(country), room), S(normal))
#define ID(sent, normal) CHECK_STR(normal_id(S(sent), room), S(normal))

TEST("e-mail addresses are trimmed, lower case and composed")
{
    EMAIL("a@example.com", "a@example.com");
    EMAIL("  Ada.L+x@Example.COM\n", "ada.l+x@example.com");
    EMAIL("\xC3\x89lan@EXAMPLE.com", "\xC3\xA9lan@example.com");
    EMAIL("E\xCC\x81lan@x.test", "\xC3\xA9lan@x.test");
    EMAIL("\xE5\xBC\xA0@\xE4\xBE\x8B\xE5\xAD\x90.\xE6\xB5\x8B\xE8\xAF\x95",
          "\xE5\xBC\xA0@\xE4\xBE\x8B\xE5\xAD\x90.\xE6\xB5\x8B\xE8\xAF\x95");
    EMAIL("a@localhost", "a@localhost");
}

TEST("what cannot be an e-mail address is none")
{
    EMAIL("", "");
    EMAIL("a", "");
    EMAIL("@x.test", "");
    EMAIL("a@", "");
    EMAIL("a@b@c", "");
    EMAIL("a b@c.test", "");
    EMAIL("a@c\x01.test", "");
    EMAIL("a@.test", "");
    EMAIL("a@test.", "");
    char text[300];
    memset(text, 'a', sizeof text);
    text[100] = '@';
    CHECK_EQ(normal_email((str){text, 254}, room).n, 254);
    CHECK_EQ(normal_email((str){text, 255}, room).n, 0);
}

TEST("phone numbers become E.164 where their country is said or fits")
{
    PHONE("+86 138-0013-8000", "", "+8613800138000");
    PHONE("0086 13800138000", "", "+8613800138000");
    PHONE("13800138000", "CN", "+8613800138000");
    PHONE("8613800138000", "cn", "+8613800138000");
    PHONE("0755-8888 1234", "CN", "+8675588881234");
    PHONE("(010) 6552.9988", "CN", "+861065529988");
    PHONE("\xEF\xBC\x8B\xEF\xBC\x98\xEF\xBC\x96"
          "13800138000",
          "", "+8613800138000");
    PHONE("4008123123", "CN", "4008123123");
    PHONE("13800138000", "", "13800138000");
    PHONE("(212) 555-1234", "US", "+12125551234");
    PHONE("1 212 555 1234", "US", "+12125551234");
    PHONE("06 12 34 56 78", "FR", "+33612345678");
    PHONE("33612345678", "FR", "+33612345678");
    PHONE("9123 4567", "SG", "+6591234567");
    PHONE("10086", "CN", "10086");
}

TEST("what cannot be a phone number is none")
{
    PHONE("", "CN", "");
    PHONE("ask me", "CN", "");
    PHONE("12", "CN", "");
    PHONE("+123456", "", "");
    PHONE("+1234567", "", "+1234567");
    PHONE("+123456789012345", "", "+123456789012345");
    PHONE("+1234567890123456", "", "");
    PHONE("+0123456789", "", "");
    PHONE("1234567890123456", "CN", "");
    PHONE("138+00138000", "CN", "");
    PHONE("13800138000 x12", "CN", "");
    PHONE("\xEF\xBC\x9A", "CN", "");
    PHONE("111111111111111111111111111111111111111111111", "", "");
}

TEST("other identifiers keep their case, and end at 256 bytes")
{
    ID(" Abc ", "Abc");
    ID("", "");
    ID("APP:o6_bmjrPTlm6_2sgVt7hMZOPfL2M", "APP:o6_bmjrPTlm6_2sgVt7hMZOPfL2M");
    ID("e\xCC\x81", "\xC3\xA9");
    ID("\xEA\xB0\x80\xE1\x86\xA8", "\xEA\xB0\x81");
    char text[2000];
    memset(text, 'a', sizeof text);
    CHECK_EQ(normal_id((str){text, 256}, room).n, 256);
    CHECK_EQ(normal_id((str){text, 257}, room).n, 0);
    memcpy(text, "\xC3\xA9", 2);
    CHECK_EQ(normal_id((str){text, 256}, room).n, 256);
    CHECK_EQ(normal_id((str){text, 257}, room).n, 0);
    CHECK_EQ(normal_id((str){text, 1999}, room).n, 0);
}

TEST("a moment is ISO text or a number since 1970, in the years 1 to 9999")
{
    i64 ms;
    CHECK(normal_moment(value_text(S(" 2026-06-01T12:00:00Z ")), NULL, &ms) && ms == 1780315200000);
    CHECK(normal_moment(value_int(1780315200), NULL, &ms) && ms == 1780315200000);
    CHECK(normal_moment(value_int(1780315200123), NULL, &ms) && ms == 1780315200123);
    CHECK(normal_moment(value_text(S("1780315200123")), NULL, &ms) && ms == 1780315200123);
    CHECK(normal_moment(value_fixed(17803152001235), NULL, &ms) && ms == 1780315200123);
    CHECK(normal_moment(value_int(99999999999), NULL, &ms) && ms == 99999999999000);
    CHECK(normal_moment(value_int(100000000000), NULL, &ms) && ms == 100000000000);
    CHECK(!normal_moment(value_int(INT64_MAX), NULL, &ms));
    CHECK(!normal_moment(value_int(INT64_MIN), NULL, &ms));
    CHECK(!normal_moment(value_text(S("0000-12-31")), NULL, &ms));
    CHECK(normal_moment(value_text(S("9999-12-31T23:59:59.999Z")), NULL, &ms));
    CHECK(!normal_moment(value_text(S("")), NULL, &ms) &&
          !normal_moment(value_bool(true), NULL, &ms));
    CHECK(!normal_moment(value_missing(), NULL, &ms));
}
