/* assets.h — pictures for mails: taken in, kept under the hash of their bytes, served for ever.
 *
 *   DIR/assets/HASH.png   the bytes          office.db, drafts "asset"   {id, name, type, bytes, …}
 *
 * Only what a browser shows as a picture and nothing else: PNG, JPEG, GIF, WebP, told by their
 * first bytes and not by what somebody calls them; no SVG, which can hold scripts. */
#pragma once
#include "server/call.h"

enum { ASSET_BYTES_MAX = 5 << 20, ASSET_SIDE_MAX = 10000, ASSETS_MAX = 10000 };

struct picture {
    const char *type, *extension; /* "image/png", "png" */
    u32 width, height;
};
/* False: none of the four, or cut off before its size. */
bool picture_read(str bytes, struct picture *out);
/* Is this the request that brings one, whose body is no JSON? */
bool assets_takes(const struct http_request *req);
