/* filter_item.h — what filters of lists share: an element's property. */
#pragma once
#include "content/liquid.h"

/* item[property]: a map's member; of a text the property itself if it is part of it. `none` is set
 * for what has no properties at all (nil, true, 1.5), and the caller's filter gives nil.
 * ERR_INVALID for a number, and for a text's property that is neither text nor number. */
MUST_USE err item_property(struct render *r, const value *item, const datum *property, value *out,
                           bool *none);
