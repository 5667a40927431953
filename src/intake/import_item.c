/* import_item.c — the cells of a row, by what their columns mean, become an item. */
#include "intake/import_inside.h"

#include "base/bytes.h"
#include "customer/customer.h"

/* ---- names ---- */

/* A dry run gives no codes: 1 stands for all of them, and nothing is written. */
u32 import_name(struct import *im, name_kind kind, str text)
{
    u32 code = names_find(im->world.names, kind, text);
    if (code || im->request.dry_run) return code ? code : 1;
    if (im->by) return im->trouble = ERR_AGAIN, 0u; /* in the order of the file, by its reader */
    err e = names_code(im->world.names, kind, text, &code);
    if (e != ERR_OK && e != ERR_LIMIT && e != ERR_INVALID && im->trouble == ERR_OK) im->trouble = e;
    return e == ERR_OK ? code : 0;
}

bool import_refuse(struct taking *t, u32 column, const char *reason)
{
    if (!t->reason) t->column = column, t->reason = reason;
    return false;
}

static u32 slot_of(str name)
{
    if (!name.n) return 0;
    u32 first = (u8)name.p[0], middle = (u8)name.p[name.n / 2], last = (u8)name.p[name.n - 1];
    return (first * 7 + middle * 3 + last + (u32)name.n) % CODES_KEPT;
}

u32 import_event_known(const struct import *im, str name)
{
    const struct known_code *k = &im->events[slot_of(name)];
    return k->n == name.n && k->text && import_same(k->text, name.p, name.n) ? k->code : 0;
}

u32 import_event(struct taking *t, u32 column, str name)
{
    struct import *im = t->im;
    struct known_code *k = &im->events[slot_of(name)];
    if (k->text && k->n == name.n && import_same(k->text, name.p, name.n)) return k->code;
    if (name.n == 0) return import_refuse(t, column, "there is no name of an event"), 0u;
    u32 code = name.n <= NAME_BYTES_MAX ? import_name(im, NAME_EVENT, name) : 0;
    if (!code) return import_refuse(t, column, "this name of an event cannot be taken"), 0u;
    u32 known = names_find(im->world.names, NAME_EVENT, name);
    if (known && known < EVENT_FIXED_END && !event_for_clients(known))
        return import_refuse(t, column, "the event's name belongs to Beckon's own events"), 0u;
    str kept = known ? names_text(im->world.names, NAME_EVENT, known) : arena_str(im->arena, name);
    *k = (struct known_code){kept.p, (u32)kept.n, code};
    return code;
}

/* ---- cells ---- */

/* Without blanks at either end: most cells have none. */
static inline str trimmed(str s)
{
    bool is_plain = s.n && (u8)s.p[0] > ' ' && (u8)s.p[s.n - 1] > ' ';
    return is_plain ? s : str_trim(s);
}

str cell_of(const struct taking *t, target what, u32 *column)
{
    *column = mapping_find(t->im->mapping, what);
    if (*column >= t->row->count) return (str){0};
    return trimmed(t->row->cells[*column].text);
}

/* "¥1,234.50", "1.234,50 €", "12,5". */
bool import_money(str text, fixed *out)
{
    char room[48];
    size_t n = 0;
    ptrdiff_t comma = -1, dot = -1;
    bool minus = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == ',') comma = (ptrdiff_t)i;
        if (c == '.') dot = (ptrdiff_t)i;
    }
    bool decimal_comma = comma > dot && (dot >= 0 || text.n - (size_t)comma <= 3);
    for (size_t i = 0; i < text.n && n + 1 < sizeof room; i++) {
        char c = text.p[i];
        if (c >= '0' && c <= '9')
            room[n++] = c;
        else if (c == (decimal_comma ? ',' : '.'))
            room[n++] = '.';
        else if (c == '-' || c == '(')
            minus = true;
        else if ((c == 'e' || c == 'E') && n)
            return fixed_parse(text, out) == ERR_OK;
        else if (c >= 'A' && c <= 'z' && i > 2 && i + 3 < text.n)
            return false;
    }
    str digits = {room, n};
    if (n == 0) return false;
    /* Money has at most four places here; what a program adds behind them is rounding. */
    ptrdiff_t point = str_index(digits, '.');
    if (point == 0 || (point > 0 && (size_t)point + 1 == n)) digits.n = n - 1;
    if (point > 0 && n - (size_t)point > 5) digits.n = (size_t)point + 5;
    size_t zeros = 0;
    while (zeros + 1 < digits.n && digits.p[zeros] == '0' && digits.p[zeros + 1] != '.') zeros++;
    if (fixed_parse(str_slice(digits, zeros, digits.n), out) != ERR_OK) return false;
    if (minus) *out = -*out;
    return true;
}

/* A whole number of up to 18 digits, which is what most are. */
static bool put_digits(struct buf *list, u32 code, str text)
{
    bool minus = text.n && text.p[0] == '-';
    u64 n = 0;
    if (text.n == minus || text.n > 18) return false;
    for (size_t i = minus; i < text.n; i++) {
        u32 digit = (u32)((u8)text.p[i] - '0');
        if (digit > 9) return false;
        n = n * 10 + digit;
    }
    u8 *p = (u8 *)buf_room(list, 1 + 2 * BYTES_VARINT_MAX);
    if (!p) return true;
    p = bytes_put_varint(p, code);
    *p++ = VALUE_INT;
    p = bytes_put_zigzag(p, minus ? -(i64)n : (i64)n);
    list->n = (size_t)((char *)p - list->p);
    return true;
}

static void put_text(struct buf *list, u32 code, str text)
{
    u8 *p = (u8 *)buf_room(list, 1 + 2 * BYTES_VARINT_MAX + text.n);
    if (!p) return;
    p = bytes_put_varint(p, code);
    *p++ = VALUE_TEXT;
    list->n = (size_t)((char *)bytes_put_str(p, text) - list->p);
}

static void put_number(struct buf *list, u32 code, str text)
{
    if (put_digits(list, code, text)) return;
    fixed f;
    i64 n;
    value v = {.type = VALUE_NUMBER, .text = text};
    if (str_to_i64(text, &n) == ERR_OK)
        v = value_int(n);
    else if (fixed_parse(text, &f) == ERR_OK)
        v = value_fixed(f);
    props_put(list, code, v);
}

/* Dates are kept in ISO form, whatever the file writes. */
static bool put_date(struct import *im, struct buf *list, const struct column *c, str text)
{
    struct when w;
    i64 ms;
    struct buf b;
    if (!when_parse(text, c->dates, &w) || !when_ms(&w, im->zone, &ms)) return false;
    buf_init(&b, 64);
    value v = {.type = VALUE_TIME, .n = ms};
    if (!w.is_moment && !w.iso.timed) {
        v = (value){.type = VALUE_DATE, .n = days_of_ms(civil_ms(w.iso.local))};
        iso_put_date(&b, v.n);
    } else {
        iso_put(&b, ms);
    }
    v.text = buf_str(&b);
    props_put(list, c->code, v);
    buf_clear(&b);
    return true;
}

/* A cell under its column's code: as the file says types, else as its column looks. */
static void put_cell(struct import *im, struct buf *list, const struct column *c,
                     const struct cell *cell)
{
    str text = cell->text;
    if (!c->code) return;
    if (cell->bytes.n) {
        struct reader r = reader_of(cell->bytes);
        props_put(list, c->code, normal_time(value_read(&r), im->zone));
    } else if (c->type == CELLS_NUMBERS) {
        put_number(list, c->code, trimmed(text));
    } else if (c->type == CELLS_BOOLS) {
        props_put(list, c->code, value_bool(str_eq_nocase(str_trim(text), S("true"))));
    } else if (c->type != CELLS_DATES || !put_date(im, list, c, text)) {
        put_text(list, c->code, text);
    }
}

/* ---- who ---- */

static bool take_identifier(struct taking *t, u32 i, const struct column *c)
{
    struct import *im = t->im;
    struct record *r = &im->record;
    str sent = str_trim(t->row->cells[i].text);
    if (r->id_count == IDS_MAX) return true;
    char *room = im->rooms[r->id_count];
    str normal = c->code == SPACE_EMAIL   ? normal_email(sent, room)
                 : c->code == SPACE_PHONE ? normal_phone(sent, im->world.phone_country, room)
                                          : normal_id(sent, room);
    if (normal.n == 0) {
        t->column = i;
        return false;
    }
    im->item.values[r->id_count] = normal;
    im->item.raws[r->id_count] = str_eq(sent, normal) ? (str){0} : sent;
    struct record_id *id = &r->ids[r->id_count++];
    *id = (struct record_id){.space = c->code};
    /* Rows that are dealt out first get theirs together, once for each customer. */
    if (!im->dealt) id->hash = identifier_hash(im->world.key, c->code, normal);
    return true;
}

static bool says(str text, const char *words)
{
    char room[64];
    if (text.n == 0 || text.n > 32) return false;
    size_t n = 0;
    room[n++] = ' ';
    for (size_t i = 0; i < text.n; i++)
        room[n++] = text.p[i] >= 'A' && text.p[i] <= 'Z' ? (char)(text.p[i] | 32) : text.p[i];
    room[n++] = ' ';
    return str_find(str_of(words), (str){room, n}) >= 0;
}

/* A consent must not get lost in silence: what cannot be understood refuses the row. */
static bool take_consent(struct taking *t, u32 i, const struct column *c)
{
    static const char YES[] = " true yes y 1 on t 是 同意 已同意 已订阅 订阅 subscribed opted_in ";
    static const char NO[] =
        " false no n 0 off f 否 不同意 拒绝 未订阅 退订 已退订 unsubscribed opted_out ";
    static const char NOTHING[] = " null unknown 未知 - ";
    struct import *im = t->im;
    str text = str_trim(t->row->cells[i].text);
    bool yes = says(text, YES), no = says(text, NO);
    if (says(text, NOTHING)) return true;
    if (!yes && !no)
        return import_refuse(t, i, "a consent is yes or no (true, false, 1, 0, 是, 否)");
    buf_varint(&im->consents, c->code);
    buf_varint(&im->consents, c->topic);
    buf_byte(&im->consents, yes);
    return true;
}

/* What holds for everybody in the file, unless the row itself says yes or no, or the customer said
 * no before. */
static void take_agreed(struct taking *t)
{
    struct import *im = t->im;
    for (u32 k = 0; k < im->agreed_count; k++) {
        bool said = false;
        for (u32 i = 0; i < t->row->count && i < im->mapping->count; i++) {
            const struct column *c = &im->mapping->columns[i];
            said |= c->target == TARGET_CONSENT && c->code == im->agreed[k] && !c->topic &&
                    str_trim(t->row->cells[i].text).n;
        }
        if (said) continue;
        buf_varint(&im->consents, im->agreed[k]);
        buf_varint(&im->consents, 0);
        buf_byte(&im->consents, CONSENT_UNLESS_NO);
    }
}

static void take_tags(struct import *im, str text)
{
    for (str rest = text; rest.n;) {
        size_t end = 0;
        while (end < rest.n && rest.p[end] != ';' &&
               !str_starts(str_slice(rest, end, rest.n), S("；")))
            end++;
        str tag = str_trim(str_slice(rest, 0, end));
        size_t skip = end < rest.n && rest.p[end] != ';' ? 3 : 1;
        rest = str_slice(rest, end + skip, rest.n);
        bool off = str_starts(tag, S("-"));
        if (off) tag = str_slice(tag, 1, tag.n);
        u32 code = tag.n && tag.n <= NAME_BYTES_MAX ? import_name(im, NAME_TAG, tag) : 0;
        if (!code) continue;
        buf_varint(&im->tags, code);
        buf_byte(&im->tags, !off);
        buf_zigzag(&im->tags, NEVER);
    }
}

/* What is no identifier after all is kept as an attribute, with a warning, if another one says who
 * it is. */
static void keep_misfit(struct taking *t, u32 i, u32 *misfits, u32 *count)
{
    if (*count < IDS_MAX) misfits[(*count)++] = i;
    t->warned = true;
}

static void put_misfits(struct taking *t, const u32 *misfits, u32 count)
{
    for (u32 k = 0; k < count; k++) {
        u32 code = import_name(t->im, NAME_ATTRIBUTE, t->im->mapping->columns[misfits[k]].name);
        if (code) props_put(&t->im->traits, code, value_text(t->row->cells[misfits[k]].text));
    }
}

bool item_take_who(struct taking *t)
{
    struct import *im = t->im;
    u32 misfits[IDS_MAX], misfit_count = 0;
    for (u32 k = 0; k < im->who_count && im->who[k] < t->row->count; k++) {
        u32 i = im->who[k];
        const struct column *c = &im->mapping->columns[i];
        const struct cell *cell = &t->row->cells[i];
        if (!trimmed(cell->text).n) continue;
        switch (c->target) {
        case TARGET_IDENTIFIER:
            if (!take_identifier(t, i, c)) keep_misfit(t, i, misfits, &misfit_count);
            break;
        case TARGET_ATTRIBUTE:
            if (c->code == ATTRIBUTE_TIMEZONE && im->world.on_zone && !im->request.dry_run)
                im->world.on_zone(im->world.ctx, str_trim(cell->text));
            put_cell(im, &im->traits, c, cell);
            break;
        case TARGET_CONSENT:
            if (!take_consent(t, i, c)) return false;
            break;
        case TARGET_TAG: take_tags(im, cell->text); break;
        default: break;
        }
    }
    if (im->record.id_count == 0)
        return import_refuse(t, misfit_count ? misfits[0] : ROWS_COLUMNS_MAX,
                             misfit_count ? "this is no identifier of its kind"
                                          : "there is no identifier");
    put_misfits(t, misfits, misfit_count);
    take_agreed(t);
    return true;
}

static inline u8 *room_of(struct buf *b, size_t n)
{
    if (LIKELY(!b->full && b->p && n <= b->cap - b->n)) return (u8 *)b->p + b->n;
    return (u8 *)buf_room(b, n);
}

/* What most cells are, a text or a number of a few digits, in the room there is; NULL: it is not.
 */
static inline u8 *put_plain(u8 *p, const struct column *c, const struct cell *cell)
{
    str text = cell->text;
    u64 n = 0;
    if (cell->bytes.n || !c->code) return NULL;
    p = bytes_put_varint(p, c->code);
    if (c->type == CELLS_TEXT) {
        *p++ = VALUE_TEXT;
        return bytes_put_str(p, text);
    }
    if (c->type != CELLS_NUMBERS || text.n > 9) return NULL;
    for (size_t i = 0; i < text.n; i++) {
        u32 digit = (u32)((u8)text.p[i] - '0');
        if (digit > 9) return NULL;
        n = n * 10 + digit;
    }
    *p++ = VALUE_INT;
    return bytes_put_zigzag(p, (i64)n);
}

void item_take_properties(struct taking *t)
{
    struct import *im = t->im;
    struct buf *list = &im->prop_list;
    for (u32 k = 0; k < im->property_count && im->properties[k] < t->row->count; k++) {
        const struct column *c = &im->mapping->columns[im->properties[k]];
        const struct cell *cell = &t->row->cells[im->properties[k]];
        if (!trimmed(cell->text).n) continue;
        u8 *room = room_of(list, 1 + 2 * BYTES_VARINT_MAX + cell->text.n + BYTES_SLACK);
        u8 *end = room ? put_plain(room, c, cell) : NULL;
        if (end)
            list->n += (size_t)(end - room);
        else
            put_cell(im, list, c, cell);
    }
}

void item_plan(struct import *im)
{
    const struct mapping *m = im->mapping;
    im->who = mem_realloc(im->who, 2 * ((size_t)m->count + 1) * sizeof *im->who);
    im->properties = im->who + m->count + 1;
    im->who_count = im->property_count = 0;
    for (u32 i = 0; i < m->count; i++) {
        target what = m->columns[i].target;
        if (what == TARGET_PROPERTY)
            im->properties[im->property_count++] = i;
        else if (what >= TARGET_IDENTIFIER && what <= TARGET_TAG)
            im->who[im->who_count++] = i;
    }
}

bool item_take_time(struct taking *t, i64 otherwise, i64 *ms)
{
    u32 column;
    struct when w;
    str text = cell_of(t, TARGET_AT, &column);
    *ms = otherwise;
    if (column == ROWS_COLUMNS_MAX) return true;
    if (!text.n) return import_refuse(t, column, "there is no time");
    if (!when_parse(text, t->im->mapping->columns[column].dates, &w) ||
        !when_ms(&w, t->im->zone, ms))
        return import_refuse(t, column, "this is no date or time");
    return true;
}

/* ---- the record ---- */

void item_begin(struct import *im)
{
    buf_reset(&im->traits), buf_reset(&im->prop_list), buf_reset(&im->consents);
    buf_reset(&im->tags);
    im->item.what = 0; /* its identifiers are as many as the record has */
    im->item.event = 0;
    im->item.message_id = im->item.props = im->item.traits = (str){0};
    im->item.consents = im->item.tags = (str){0};
    im->record.id_count = 0;
    im->record.dedupe = (hash128){0};
}

void item_end(struct import *im, item_what what, u32 event, i64 at, struct buf *records)
{
    struct record *r = &im->record;
    im->item.what = what;
    im->item.event = event;
    im->item.props = buf_str(&im->prop_list);
    im->item.traits = buf_str(&im->traits);
    im->item.consents = buf_str(&im->consents);
    im->item.tags = buf_str(&im->tags);
    buf_reset(&im->payload);
    item_put(&im->payload, &im->item, r->id_count);
    r->kind = RECORD_ITEM_;
    r->level = ENGINE_LEVEL;
    r->source = im->source;
    r->flags = (u16)(RECORD_IMPORT | RECORD_FILE | (im->request.live ? 0 : RECORD_HISTORY));
    r->occurred_ms = at;
    r->payload = buf_str(&im->payload);
    record_put(records, r);
}
