/* filter_date.h — dates as people write them: "March 14, 2016", "14 Mar 2016 10:20 pm +0800". */
#pragma once
#include "content/liquid.h"

/* False for what is no such date. A part that is missing is that of `now_ms` (the year), else 1 or
 * 0; without a year and a moment there is none. */
bool date_read(str text, i64 now_ms, iso_time *out);
