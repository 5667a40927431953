/* version.h — the version of this binary. */
#pragma once

#define BECKON_VERSION "0.1.0"
