/* import.c — a file's way into the log, a chunk at a time. */
#include "intake/import_inside.h"

#include "base/hash.h"

#include <stdio.h>

enum {
    ZONE_BYTES = 64 << 10,
    ROW_BYTES = 256 << 10,
    TOTALS_SEEN = 1 << 16,
    ROWS_AT_ONCE = 256,
    BUFS_MAX = 64 << 20 /* cells that pieces refused come together */,
};

/* ---- what was asked for ---- */

static str text_of(const struct json *j, const char *name)
{
    return json_get_str(j, name, (str){0});
}

MUST_USE static err read_kind(const struct json *j, struct import_request *out, struct diag *why)
{
    str kind = text_of(j, "kind"), mode = json_get_str(j, "mode", S("history"));
    if (str_eq(kind, S("customers"))) out->kind = IMPORT_CUSTOMERS;
    if (str_eq(kind, S("events"))) out->kind = IMPORT_EVENTS;
    if (str_eq(kind, S("orders"))) out->kind = IMPORT_ORDERS;
    if (str_eq(kind, S("products")))
        return diag_at(why, ERR_REFUSED, S("/kind"),
                       "this version keeps no list of products yet; products come with the items "
                       "of orders");
    if (!out->kind)
        return diag_at(why, ERR_REFUSED, S("/kind"), "kind is customers, events or orders");
    if (!str_eq(mode, S("history")) && !str_eq(mode, S("live")))
        return diag_at(why, ERR_REFUSED, S("/mode"), "mode is history or live");
    out->live = str_eq(mode, S("live"));
    return ERR_OK;
}

/* options.consent: ["email"]: whoever put the file together asked them all. */
static err read_consent(const struct json *options, struct import_request *out, struct diag *why)
{
    const struct json *list = json_get(options, "consent");
    u32 n = 0;
    if (!list || list->type == JSON_NULL) return ERR_OK;
    bool fits = list->type == JSON_ARRAY && out->kind == IMPORT_CUSTOMERS;
    for (const struct json *c = fits ? list->child : NULL; c; c = c->next)
        fits &= json_is(c, JSON_STRING) && c->text.n && c->text.n <= NAME_BYTES_MAX &&
                ++n <= IMPORT_AGREED_MAX;
    if (!fits)
        return diag_at(why, ERR_REFUSED, S("/options/consent"),
                       "consent is a list of up to %d channels, of an import of customers",
                       IMPORT_AGREED_MAX);
    out->consent = list;
    return ERR_OK;
}

err import_request_read(const struct json *j, struct import_request *out, struct diag *why)
{
    const struct json *options = json_get(j, "options"), *mapping = json_get(j, "mapping");
    *out = (struct import_request){.id = text_of(j, "id"), .file_name = text_of(j, "file_name")};
    TRY(read_kind(j, out, why));
    out->dry_run = json_get_bool(j, "dry_run", false);
    if (json_get(j, "created_at_ms") &&
        json_to_i64(json_get(j, "created_at_ms"), &out->created_ms) != ERR_OK)
        return diag_at(why, ERR_REFUSED, S("/created_at_ms"), "this is no time");
    if (mapping && mapping->type != JSON_NULL && mapping->type != JSON_OBJECT)
        return diag_at(why, ERR_REFUSED, S("/mapping"), "mapping is an object {column: target}");
    if (options && options->type != JSON_NULL && options->type != JSON_OBJECT)
        return diag_at(why, ERR_REFUSED, S("/options"), "options is an object");
    out->mapping = json_is(mapping, JSON_OBJECT) ? mapping : NULL;
    const struct json *sheet = json_get(options, "sheet");
    out->rows = (struct rows_options){
        .name = out->file_name,
        .delimiter = text_of(options, "delimiter"),
        .encoding = text_of(options, "encoding"),
        .sheet = json_is(sheet, JSON_NUMBER) ? sheet->text : text_of(options, "sheet"),
    };
    const struct json *header = json_get(options, "header");
    if (json_is(header, JSON_BOOL)) out->rows.header = header->boolean ? 1 : -1;
    out->zone = text_of(options, "zone");
    out->date_format = text_of(options, "date_format");
    out->event = text_of(options, "event");
    TRY(read_consent(options, out, why));
    if (out->date_format.n && when_order_of(out->date_format) == DATES_UNSURE)
        return diag_at(why, ERR_REFUSED, S("/options/date_format"),
                       "a format of dates names day, month and year, such as DD/MM/YYYY");
    return ERR_OK;
}

/* ---- opening ---- */

static bool is_namespace(void *ctx, str name)
{
    const struct import *im = ctx;
    return name.n && name.n <= NAME_BYTES_MAX && names_find(im->world.names, NAME_SPACE, name);
}

static void put_preview_row(struct import *im, const struct row *row)
{
    json_put_comma(&im->preview);
    buf_byte(&im->preview, '[');
    for (u32 i = 0; i < row->count; i++) {
        json_put_comma(&im->preview);
        json_put_str(&im->preview, str_slice(row->cells[i].text, 0, 1000));
    }
    buf_byte(&im->preview, ']');
}

/* The first rows, for what people see and for what columns mean. */
MUST_USE static err look(struct import *im, struct diag *why)
{
    struct row row;
    err e = ERR_OK;
    for (u32 i = 0; i < MAPPING_SAMPLE && e == ERR_OK; i++) {
        e = rows_next(im->rows, &row, why);
        if (e != ERR_OK) break;
        if (i < PREVIEW_ROWS && !row.problem) put_preview_row(im, &row);
        if (!row.problem) mapping_look(im->mapping, &row);
    }
    if (e != ERR_OK && e != ERR_NOT_FOUND) return e;
    return mapping_decide(im->mapping, im->rows, im->request.mapping, why);
}

/* Codes that all rows share. */
MUST_USE static err set_codes(struct import *im, struct diag *why)
{
    for (u32 i = 0; i < im->mapping->count; i++) {
        struct column *c = &im->mapping->columns[i];
        ptrdiff_t slash = str_index(c->arg, '/');
        switch (c->target) {
        case TARGET_IDENTIFIER: c->code = names_find(im->world.names, NAME_SPACE, c->arg); break;
        case TARGET_ATTRIBUTE: c->code = import_name(im, NAME_ATTRIBUTE, c->arg); break;
        case TARGET_PROPERTY: c->code = import_name(im, NAME_PROPERTY, c->arg); break;
        case TARGET_CONSENT:
            c->code = import_name(im, NAME_CHANNEL,
                                  str_slice(c->arg, 0, slash < 0 ? c->arg.n : (size_t)slash));
            if (slash >= 0)
                c->topic =
                    import_name(im, NAME_TOPIC, str_slice(c->arg, (size_t)slash + 1, c->arg.n));
            break;
        default: break;
        }
    }
    for (const struct json *a = im->request.consent ? im->request.consent->child : NULL; a;
         a = a->next)
        im->agreed[im->agreed_count++] = import_name(im, NAME_CHANNEL, a->text);
    im->props[PROP_ORDER] = PROPERTY_ORDER;
    if (im->request.kind == IMPORT_ORDERS) {
        im->order_event = import_name(im, NAME_EVENT, S("Order Completed"));
        im->refund_event = import_name(im, NAME_EVENT, S("Order Refunded"));
        im->props[PROP_TOTAL] = import_name(im, NAME_PROPERTY, S("total"));
        im->props[PROP_PRODUCTS] = import_name(im, NAME_PROPERTY, S("products"));
    }
    struct buf b;
    buf_init(&b, 256);
    buf_put(&b, S("import:"));
    buf_put(&b, im->request.id);
    im->source = import_name(im, NAME_SOURCE, buf_str(&b));
    buf_clear(&b);
    im->progress = (struct import_record){.source = im->source, .state = IMPORT_RUNNING};
    item_plan(im);
    return im->trouble == ERR_OK ? ERR_OK : diag_set(why, im->trouble, "its names cannot be kept");
}

MUST_USE static err check_mapping(struct import *im, struct diag *why)
{
    const struct mapping *m = im->mapping;
    if (m->count == 0) return diag_set(why, ERR_REFUSED, "the file has no columns; is it empty?");
    if (mapping_find(m, TARGET_IDENTIFIER) == ROWS_COLUMNS_MAX)
        return diag_at(why, ERR_REFUSED, S("/mapping"),
                       "no column says whose rows these are; map one to user_id, email, phone or "
                       "another namespace");
    if (im->request.kind == IMPORT_EVENTS && mapping_find(m, TARGET_EVENT) == ROWS_COLUMNS_MAX &&
        !im->request.event.n)
        return diag_at(why, ERR_REFUSED, S("/mapping"),
                       "no column has the names of the events; map one to event, or give one name "
                       "for all as options.event");
    return ERR_OK;
}

MUST_USE static err open_errors(struct import *im, struct diag *why)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/errors.csv", im->world.dir);
    err e = env_open(im->world.env, path, FILE_CREATE, &im->errors);
    return e == ERR_OK ? ERR_OK : diag_set(why, e, "%s cannot be written", path);
}

/* From the start again; the encoding is known now, and not looked for in the whole file. */
MUST_USE static err reopen(struct import *im, struct diag *why)
{
    if (im->rows->encoding) im->request.rows.encoding = str_of(im->rows->encoding);
    rows_close(im->rows);
    im->rows = NULL;
    return rows_open(im->world.env, im->path, &im->request.rows, &im->rows, why);
}

/* Whether rows of one order, among the first, have totals that differ: then each is its row's, in
 * the whole file. */
MUST_USE static err look_at_totals(struct import *im, struct diag *why)
{
    u32 order = mapping_find(im->mapping, TARGET_ORDER),
        total = mapping_find(im->mapping, TARGET_TOTAL);
    struct row row;
    struct {
        u64 order, total;
    } * seen;
    if (im->request.kind != IMPORT_ORDERS || order == ROWS_COLUMNS_MAX || total == ROWS_COLUMNS_MAX)
        return ERR_OK;
    TRY(reopen(im, why));
    seen = mem_zalloc(TOTALS_SEEN * sizeof *seen);
    for (u32 i = 0; i < MAPPING_SAMPLE && rows_next(im->rows, &row, NULL) == ERR_OK; i++) {
        if (row.problem || order >= row.count || total >= row.count) continue;
        str amount = str_trim(row.cells[total].text);
        if (!amount.n || str_starts(amount, S("-"))) continue;
        u64 key = hash_xxh64(str_trim(row.cells[order].text)) | 1, said = hash_xxh64(amount);
        u64 at = key >> 40;
        while (seen[at % TOTALS_SEEN].order && seen[at % TOTALS_SEEN].order != key) at++;
        at %= TOTALS_SEEN;
        im->line_totals |= seen[at].order && seen[at].total != said;
        seen[at].order = key;
        seen[at].total = said;
    }
    free(seen);
    return ERR_OK;
}

MUST_USE static err set_zone(struct import *im, struct diag *why)
{
    str name = im->request.zone;
    const char *folder = im->world.zoneinfo ? im->world.zoneinfo : "/usr/share/zoneinfo";
    struct file *f = NULL;
    size_t n = 0;
    im->zone = im->world.zone;
    if (!name.n) return ERR_OK;
    char *bytes = arena_alloc(im->arena, ZONE_BYTES);
    err e = zone_name_valid(name) ? ERR_OK : ERR_INVALID;
    if (e == ERR_OK)
        e = env_open(im->world.env, arena_printf(im->arena, "%s/%.*s", folder, STR_ARG(name)).p,
                     FILE_READ, &f);
    if (e == ERR_OK) e = file_read(f, 0, bytes, ZONE_BYTES, &n);
    file_close(f);
    if (e == ERR_OK) im->zone = zone_parse((str){bytes, n}, im->arena);
    if (e == ERR_OK && im->zone) return ERR_OK;
    return diag_at(why, ERR_REFUSED, S("/options/zone"), "there is no time zone \"%.*s\" here",
                   (int)min_size(name.n, 60), name.p);
}

MUST_USE static err open_all(struct import *im, struct diag *why)
{
    TRY(set_zone(im, why));
    im->mapping->kind = im->request.kind;
    im->mapping->dates = when_order_of(im->request.date_format);
    im->mapping->is_namespace = is_namespace;
    im->mapping->ctx = im;
    im->mapping->arena = im->arena;
    TRY(rows_open(im->world.env, im->path, &im->request.rows, &im->rows, why));
    TRY(look(im, why));
    TRY(check_mapping(im, why));
    TRY(set_codes(im, why));
    TRY(look_at_totals(im, why));
    TRY(open_errors(im, why));
    TRY(reopen(im, why));
    if (!deal_fits(im)) return ERR_OK;
    TRY(deal_open(im, &im->dealt, why));
    im->cutter = cutter_new(im);
    if (im->cutter && deal_parts(im->dealt) > 1) cutter_sample(im->cutter);
    return ERR_OK;
}

static struct buf *const *bufs(struct import *im, struct buf *out[10])
{
    struct buf *all[] = {&im->traits,  &im->prop_list, &im->consents,   &im->tags,   &im->payload,
                         &im->product, &im->products,  &im->error_text, &im->preview};
    memcpy(out, all, sizeof all);
    out[COUNT_OF(all)] = NULL;
    return out;
}

err import_open(const struct import_world *w, const struct import_request *r, const char *path,
                struct import **out, struct diag *why)
{
    struct import *im = mem_zalloc(sizeof *im);
    struct buf *all[10];
    im->world = *w;
    im->request = *r;
    if (!im->world.chunk_rows) im->world.chunk_rows = IMPORT_CHUNK_ROWS;
    im->arena = arena_new();
    im->mapping = mem_zalloc(sizeof *im->mapping);
    im->path = mem_alloc(strlen(path) + 1);
    memcpy(im->path, path, strlen(path) + 1);
    im->world.dir = arena_printf(im->arena, "%s", w->dir ? w->dir : "").p; /* used to the end */
    for (struct buf *const *b = bufs(im, all); *b; b++) buf_init(*b, BUFS_MAX);
    err e = open_all(im, why);
    if (r->kind == IMPORT_EVENTS && !r->live && !im->dealt) im->bulk = bulk_new();
    if (e != ERR_OK) {
        import_close(im);
        return diag_set(why, e, "the file cannot be imported");
    }
    *out = im;
    return ERR_OK;
}

void import_close(struct import *im)
{
    struct buf *all[10];
    if (!im) return;
    orders_close(im->orders);
    bulk_free(im->bulk);
    cutter_free(im->cutter);
    deal_close(im->dealt);
    rows_close(im->rows);
    file_close(im->errors);
    for (struct buf *const *b = bufs(im, all); *b; b++) buf_clear(*b);
    arena_free(im->arena);
    free(im->mapping);
    free(im->who);
    free(im->path);
    free(im);
}

const struct import_record *import_progress(const struct import *im)
{
    return &im->progress;
}

u32 import_source(const struct import *im)
{
    return im->source;
}

str import_describe(const struct import *im)
{
    return rows_describe(im->rows);
}

void import_put_preview(const struct import *im, struct buf *out)
{
    json_put_key(out, S("preview"));
    buf_put(out, S("{\"columns\":["));
    for (u32 i = 0; i < im->mapping->count; i++) {
        json_put_comma(out);
        json_put_str(out, im->mapping->columns[i].name);
    }
    buf_put(out, S("],\"rows\":["));
    buf_put(out, buf_str(&im->preview));
    buf_put(out, S("]}"));
    json_put_key(out, S("mapping"));
    mapping_put(im->mapping, out);
}

/* ---- rows ---- */

static void put_cell(struct buf *b, str text)
{
    bool plain = true;
    for (size_t i = 0; i < text.n; i++) plain &= !strchr(",\"\r\n", text.p[i]) || !text.p[i];
    if (plain) {
        buf_put(b, text);
        return;
    }
    buf_byte(b, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"') buf_byte(b, '"');
        buf_byte(b, (u8)text.p[i]);
    }
    buf_byte(b, '"');
}

static void put_error_head(struct import *im)
{
    struct buf *b = &im->error_text;
    buf_put(b, S("row,column,reason"));
    for (u32 i = 0; i < im->mapping->count; i++) {
        buf_byte(b, ',');
        put_cell(b, im->mapping->columns[i].name);
    }
    buf_put(b, S("\r\n"));
}

static void put_error(const struct taking *t)
{
    struct import *im = t->im;
    struct buf *b = &im->error_text;
    if (!im->progress.error_bytes && !b->n) put_error_head(im);
    buf_printf(b, "%llu,", (unsigned long long)t->row->number);
    if (t->column < im->mapping->count) put_cell(b, im->mapping->columns[t->column].name);
    buf_byte(b, ',');
    put_cell(b, str_of(t->reason));
    for (u32 i = 0; i < t->row->count; i++) {
        buf_byte(b, ',');
        put_cell(b, t->row->cells[i].text);
    }
    buf_put(b, S("\r\n"));
}

void import_settle_row(struct taking *t)
{
    struct import *im = t->im;
    if (t->row->problem) t->reason = t->row->problem, t->column = ROWS_COLUMNS_MAX;
    if (im->dealt && !deal_counts(im->dealt)) return;
    if (t->reason) {
        im->progress.position++;
        im->progress.rejected++;
        put_error(t);
        return;
    }
    im->progress.warnings += t->warned;
    if (!im->dealt) im->progress.position++, im->progress.accepted++;
}

/* A row in one cell was quoted whole; cells behind the last column have lost theirs. */
bool import_fits(struct taking *t)
{
    u32 wide = t->im->mapping->count;
    if (t->row->count == 1 && wide > 2)
        return import_refuse(t, ROWS_COLUMNS_MAX, "the row has one cell; is it quoted as a whole?");
    for (u32 i = wide; UNLIKELY(i < t->row->count); i++)
        if (str_trim(t->row->cells[i].text).n)
            return import_refuse(t, ROWS_COLUMNS_MAX,
                                 "the row has more cells than there are columns");
    size_t bytes = 0;
    for (u32 i = 0; i < t->row->count; i++) bytes += t->row->cells[i].text.n;
    if (bytes > ROW_BYTES)
        return import_refuse(t, ROWS_COLUMNS_MAX, "the row is larger than 256 KiB");
    t->warned = t->row->count < wide && t->row->count;
    return true;
}

static void take_customer(struct taking *t, struct buf *records, u32 *count)
{
    i64 at;
    if (!item_take_who(t) || !item_take_time(t, t->im->request.created_ms, &at)) return;
    item_end(t->im, ITEM_IDENTIFY, 0, at, records);
    ++*count;
}

static void take_event(struct taking *t, struct buf *records, u32 *count)
{
    struct import *im = t->im;
    u32 column, id_column;
    i64 at;
    str name = cell_of(t, TARGET_EVENT, &column);
    if (!name.n) name = im->request.event;
    u32 event = import_event(t, column, name);
    if (!event || !item_take_who(t) || !item_take_time(t, im->request.created_ms, &at)) return;
    item_take_properties(t);
    str id = cell_of(t, TARGET_MESSAGE, &id_column);
    if (id.n > 256) {
        import_refuse(t, id_column, "it is longer than 256 bytes");
        return;
    }
    im->item.message_id = id;
    if (id.n) im->record.dedupe = hash_sip(im->world.key, id);
    if (im->dealt) {
        deal_add(im, event, at);
        return;
    }
    if (bulk_add(im, event, at)) return;
    bulk_flush(im, records, count);
    item_end(im, ITEM_TRACK, event, at, records);
    ++*count;
}

void import_take_row(struct taking *t, struct buf *records, u32 *count)
{
    item_begin(t->im);
    if (t->row->problem || !import_fits(t)) return;
    if (t->im->request.kind == IMPORT_CUSTOMERS)
        take_customer(t, records, count);
    else
        take_event(t, records, count);
}

static void take_row(struct import *im, const struct row *row, struct buf *records, u32 *count)
{
    struct taking t = {.im = im, .row = row, .column = ROWS_COLUMNS_MAX};
    import_take_row(&t, records, count);
    import_settle_row(&t);
}

/* NDJSON brings columns as it goes. */
static void meet_columns(struct import *im)
{
    for (u32 i = im->mapping->count; i < rows_columns(im->rows); i++) {
        mapping_add(im->mapping, rows_column(im->rows, i));
        struct column *c = &im->mapping->columns[i];
        c->code =
            import_name(im, c->target == TARGET_ATTRIBUTE ? NAME_ATTRIBUTE : NAME_PROPERTY, c->arg);
    }
    item_plan(im);
}

/* ---- chunks ---- */

/* Parts that are to hold near identifiers came out far too uneven: from the first row again. */
MUST_USE static err deal_anew(struct import *im, struct diag *why)
{
    TRY(deal_again(im->dealt, why));
    TRY(reopen(im, why));
    cutter_free(im->cutter);
    im->cutter = cutter_new(im);
    if (!deal_counts(im->dealt)) return ERR_OK;
    im->progress = (struct import_record){.source = im->source, .state = IMPORT_RUNNING};
    buf_reset(&im->error_text);
    im->began = false;
    return ERR_OK;
}

/* Pieces as long as the rows are plain, else some rows by themselves. */
MUST_USE static err deal_rows(struct import *im, struct buf *records, u32 *count, struct diag *why)
{
    struct row row;
    bool took = false;
    if (deal_is_uneven(im->dealt)) return deal_anew(im, why);
    if (im->cutter) TRY(cutter_take(im->cutter, &took, why));
    if (took) return ERR_OK;
    for (u32 i = 0; i < ROWS_AT_ONCE && (!i || !im->cutter || cutter_waits(im->cutter)); i++) {
        err e = rows_next(im->rows, &row, why);
        if (e == ERR_NOT_FOUND) return deal_end(im->dealt, why);
        if (e != ERR_OK) return e;
        if (im->mapping->count < rows_columns(im->rows)) meet_columns(im);
        take_row(im, &row, records, count);
        TRY(deal_took(im->dealt, why));
    }
    return ERR_OK;
}

/* Pass 1, some rows; then pass 2, a record. */
MUST_USE static err next_dealt(struct import *im, struct buf *records, u32 *count, struct diag *why)
{
    u32 n;
    if (!deal_is_over(im->dealt)) return deal_rows(im, records, count, why);
    TRY(deal_next(im->dealt, records, &n, why));
    im->progress.position += n;
    im->progress.accepted += n;
    *count += n > 0;
    return ERR_OK;
}

MUST_USE static err next_rows(struct import *im, struct buf *records, u32 *count, struct diag *why)
{
    const struct row *rows;
    struct row row;
    u32 n;
    if (im->dealt) return next_dealt(im, records, count, why);
    if (im->request.kind == IMPORT_ORDERS) {
        if (!im->orders) TRY(orders_open(im, &im->orders, why));
        TRY(orders_next(im->orders, &rows, &n, why));
        orders_take(im, rows, n, records, count);
    } else {
        TRY(rows_next(im->rows, &row, why));
        if (im->mapping->count < rows_columns(im->rows)) meet_columns(im);
        take_row(im, &row, records, count);
    }
    return ERR_OK;
}

static void put_progress(struct import *im, struct buf *records, u32 *count)
{
    struct buf b;
    buf_init(&b, 256);
    import_put(&b, &im->progress);
    struct record r = {.kind = RECORD_IMPORT_,
                       .level = ENGINE_LEVEL,
                       .occurred_ms = NEVER,
                       .payload = buf_str(&b)};
    record_put(records, &r);
    buf_clear(&b);
    ++*count;
}

MUST_USE static err write_errors(struct import *im)
{
    struct buf *b = &im->error_text;
    if (!im->began) TRY(file_resize(im->errors, im->progress.error_bytes));
    im->began = true;
    if (!b->n) return ERR_OK;
    TRY(file_write(im->errors, im->progress.error_bytes, b->p, b->n));
    TRY(file_sync(im->errors));
    im->progress.error_bytes += b->n;
    buf_reset(b);
    b->full = false;
    return ERR_OK;
}

/* Rows that were looked at or brought, whichever goes on. */
static u64 rows_done(const struct import *im)
{
    return im->progress.position + (im->dealt ? deal_read(im->dealt) : 0);
}

err import_step(struct import *im, struct buf *records, u32 *count, struct diag *why)
{
    err e = ERR_OK;
    u64 from = rows_done(im);
    bool deals = im->dealt && !deal_is_over(im->dealt);
    *count = 0;
    buf_reset(records);
    if (im->ended) return ERR_NOT_FOUND;
    while (e == ERR_OK && rows_done(im) - from < im->world.chunk_rows &&
           records->n + (im->bulk ? bulk_bytes(im->bulk) : 0) < IMPORT_CHUNK_BYTES &&
           im->error_text.n < IMPORT_CHUNK_BYTES &&
           deals == (im->dealt && !deal_is_over(im->dealt)))
        e = next_rows(im, records, count, why);
    if (e != ERR_OK && e != ERR_NOT_FOUND) return diag_set(why, e, "the file cannot be read on");
    bulk_flush(im, records, count);
    im->ended = e == ERR_NOT_FOUND;
    if (im->trouble != ERR_OK) return diag_set(why, im->trouble, "its names cannot be kept");
    e = write_errors(im);
    if (e != ERR_OK) return diag_set(why, e, "the file of errors cannot be written");
    if (im->ended) im->progress.state = IMPORT_DONE;
    if (im->request.dry_run || deals) {
        buf_reset(records);
        *count = 0;
    } else {
        put_progress(im, records, count);
    }
    return records->full ? diag_set(why, ERR_TOO_LARGE, "an order is too large") : ERR_OK;
}

err import_resume(struct import *im, const struct import_record *at, struct diag *why)
{
    const struct row *rows;
    struct row row;
    u32 n = 1;
    err e = ERR_OK;
    if (im->request.kind == IMPORT_ORDERS) TRY(orders_open(im, &im->orders, why));
    if (im->dealt) deal_resume(im->dealt, at->accepted);
    for (u64 done = 0; done < at->position && !im->dealt; done += n) {
        e = im->orders ? orders_next(im->orders, &rows, &n, why) : rows_next(im->rows, &row, why);
        if (e != ERR_OK) return diag_set(why, ERR_CONFLICT, "the file is not the one it was");
        if (!im->orders && im->mapping->count < rows_columns(im->rows)) meet_columns(im);
    }
    im->progress = *at;
    im->progress.state = IMPORT_RUNNING;
    return ERR_OK;
}
