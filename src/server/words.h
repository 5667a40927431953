/* words.h — what marketers call the names of the usual shop data, in Chinese and English. */
#pragma once
#include "base/base.h"

typedef enum { WORDS_EVENT, WORDS_ATTRIBUTE, WORDS_PROPERTY, WORDS_CHANNEL } words_kind;
struct name_words {
    str zh, en;
};
/* The name itself where nobody has a better word. */
struct name_words words_of(words_kind kind, str name);
