/* events.h — the system events are known from the log's layer up, because journeys and messages
 * write them too: see log/events.h. */
#pragma once
#include "log/events.h"
