/* fixed.h — decimal numbers with four places in an i64: money, scores, rates. Exact, so that sums
 * do not depend on their order. Range ±922,337,203,685,477.5807. */
#pragma once
#include "base/buf.h"

typedef i64 fixed;

#define FIXED_ONE ((fixed)10000)

/* A JSON number's text: ERR_INVALID if it is none, ERR_LIMIT if it has more than four decimal
 * places (trailing zeros aside) or does not fit. Exponents are taken. */
MUST_USE err fixed_parse(str text, fixed *out);
/* Shortest decimal form: "129.5", "-3". */
void fixed_put(struct buf *b, fixed v);
/* a·b and a÷b, rounded half away from zero; ERR_LIMIT on overflow or a zero divisor. */
MUST_USE err fixed_mul(fixed a, fixed b, fixed *out);
MUST_USE err fixed_div(fixed a, fixed b, fixed *out);
