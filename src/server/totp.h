/* totp.h — the second factor: six digits of the time (RFC 6238: HMAC-SHA-1, 30 seconds). */
#pragma once
#include "base/buf.h"

enum { TOTP_SECRET = 20, TOTP_STEP_MS = 30000, TOTP_DIGITS = 6 };

/* The code of a step of time (Unix time ÷ 30 s), of `digits` digits. */
u32 totp_code(str secret, i64 step, int digits);
/* Whether it is the code of now, or of one step before or after, and later than `last`; `*step`
 * gets whose it is. In constant time. */
bool totp_fits(str secret, str code, i64 now_ms, i64 last, i64 *step);
void base32_put(struct buf *b, str bytes); /* without padding */
/* otpauth://totp/ISSUER:ACCOUNT?secret=…&issuer=… */
void totp_url(struct buf *b, str issuer, str account, str secret);
