/* search.h — GET /customers: everybody, or who fits a segment, a text and a condition at once.
 *
 *   filter ─► crew: blocks of answers on an epoch ─┐
 *                ▲                                 ▼
 *                └── next blocks ◄── engine: segment and text among those, shown newest first
 *
 * Who is found by an exact identifier comes first, then everybody whose name, e-mail, phone or user
 * id begins with the text. The engine's thread looks at a few thousand customers at a time and lets
 * others in between. */
#pragma once
#include "server/call.h"

/* Engine thread. */
err customers_list(struct call *c);
