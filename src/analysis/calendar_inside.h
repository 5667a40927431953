/* calendar_inside.h — what the two ways of telling units many at a time share. */
#pragma once
#include "analysis/calendar.h"

/* unit = floor((moment [+ offset] + plus) ÷ each), and less the multiples of `wrap` where it is not
 * 0. */
struct rule {
    bool local;
    i64 plus, each;
    u32 wrap;
};

/* The first day of 1970 was a Thursday: its hour 72 when weeks begin on Monday. */
#define CLOCK_WEEK_HOURS                                                                           \
    {                                                                                              \
        true, 72 * HOUR, HOUR, 168                                                                 \
    }

/* The rule of a clock's units; false: they have none. */
bool clock_rule(const struct clock *k, struct rule *out);
/* Makes the region hold [least, most] as well as the moments before. False: it has too many
 * changes. */
bool clock_widen(struct clock *k, i64 least, i64 most);
/* Room for so many units, and some more. */
void clock_make_room(struct clock *k, u32 n);
