/* sms.h — short messages: how long one is, of how many parts, and what has to stand in it.
 *
 *   text ─► 【sign】 text 拒收请回复R ─► GSM-7 160/153, UCS-2 70/67 ─► parts × price
 *
 * Mainland China counts every character as one of 70. A character of two units (an extension of
 * GSM-7, a surrogate pair) is not split between parts, so parts are filled one after the other. */
#pragma once
#include "base/buf.h"

enum { SMS_PARTS_MAX = 10 };

typedef enum { SMS_GSM7, SMS_UCS2 } sms_encoding;
struct sms_count {
    sms_encoding encoding;
    u32 length; /* septets (an extension character takes two), or UTF-16 units */
    u32 parts;  /* 0 for an empty text */
};
/* `mainland`: sent to a number of mainland China. */
struct sms_count sms_count(str text, bool mainland);
str sms_encoding_text(sms_encoding e); /* "gsm7", "ucs2" */
/* Is this number (E.164) one of mainland China? */
bool sms_is_mainland(str number);

/* What is sent: the sign in 【】 in front unless the text has one there already, and for promotion
 * to mainland numbers the way out, unless the text offers one. */
struct sms_wrap {
    str sign; /* without brackets; empty: none */
    bool promotion, mainland;
};
void sms_compose(str text, const struct sms_wrap *w, struct buf *out);

/* A reply that means "no more": R, TD, T, 退订, STOP, UNSUBSCRIBE, CANCEL, END, QUIT, STOPALL, in
 * any case, with blanks, punctuation and full-width letters around. */
bool sms_is_stop(str text);
