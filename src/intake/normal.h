/* normal.h — the normal form of what identifies people, and recognising dates.
 *
 * Each answers a view: of what was sent where that is normal already, else of `room`. Empty means
 * that it is not what it should be. Nothing is allocated. */
#pragma once
#include "base/value.h"
#include "base/zone.h"

enum { NORMAL_BYTES_MAX = 256 };

/* Trimmed, lower case, NFC: one @ with something before it and a domain behind it, no blanks or
 * control characters, at most 254 bytes. Whether a mailbox exists is the provider's to say. */
str normal_email(str sent, char room[NORMAL_BYTES_MAX]);
/* E.164 ("+8613800138000") if it names its country (+ or 00) or fits `country` ("CN"; empty: none);
 * else its digits alone. Blanks, hyphens, dots, slashes and brackets are dropped, full-width digits
 * taken. Empty with any other character, or other than 3 to 15 digits. */
str normal_phone(str sent, str country, char room[NORMAL_BYTES_MAX]);
/* A country whose numbers are read, by its name ("CN"), and that in which a time zone lies: "CN"
 * for Asia/Shanghai, and for a zone of no place (UTC). Constants; empty: there is none. */
str phone_country_named(str country);
str phone_country_of_zone(str zone);
/* Every other identifier: trimmed, NFC, at most 256 bytes, case kept. */
str normal_id(str sent, char room[NORMAL_BYTES_MAX]);

/* A TEXT that is an ISO date or time becomes DATE or TIME with that text; others stay as they are.
 */
value normal_time(value v, const struct zone *zone);
/* The moment a timestamp means: ISO text, or seconds or milliseconds since 1970 as a number or its
 * text. False if it is none of these, or outside the years 1 to 9999. */
bool normal_moment(value v, const struct zone *zone, i64 *ms);
