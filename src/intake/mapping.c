/* mapping.c — names and contents to targets. */
#include "intake/mapping.h"

#include <ctype.h>
#include <stdlib.h>

static const char *const TARGET_TEXTS[] = {
#define X(name, text) text,
    TARGETS(X)
#undef X
};

enum { CUSTOMERS = 1, EVENTS = 2, ORDERS = 4, ALL = 7 };

/* Names as people write them, without blanks, signs and case. The first that fits counts. */
static const struct {
    u32 kinds; /* where it means that */
    const char *target;
    const char *names; /* parted by spaces */
} KNOWN[] = {
    {ALL, "email",
     "email mail emailaddress customeremail useremail buyeremail 邮箱 电子邮箱 邮件 "
     "电子邮件 邮箱地址 电邮 e-mail"},
    {ALL, "phone",
     "phone mobile phonenumber mobilenumber mobilephone cellphone tel telephone "
     "customerphone buyerphone 手机 手机号 手机号码 电话 联系电话 电话号码 联系方式 "
     "移动电话 收货人手机 买家手机"},
    {ALL, "member_no",
     "memberno membernumber memberid membercard cardno loyaltyid 会员号 会员卡号 "
     "会员编号 会员id 卡号"},
    {ALL, "user_id",
     "userid user customerid customer uid customerno customernumber clientid "
     "buyerid accountid masterid 用户id 用户编号 客户id 客户编号 客户号 用户 "
     "买家id 顾客编号 买家会员名"},
    {CUSTOMERS, "user_id", "id 编号"},
    {ALL, "anonymous_id", "anonymousid deviceid visitorid cookieid 设备id 匿名id"},
    {ALL, "wechat_openid", "openid wechatopenid 微信openid"},
    {ALL, "wechat_unionid", "unionid wechatunionid 微信unionid"},
    {ORDERS, "order_id",
     "orderid orderno ordernumber order invoiceno invoice invoiceid "
     "transactionid basketid receiptno id name 订单号 订单编号 订单id 单号 "
     "交易号 流水号 小票号 发票号"},
    {EVENTS, "event",
     "event eventname eventtype action behavior behavior behaviour behaviortype "
     "activity 事件 事件名 事件名称 行为 行为类型 动作"},
    {EVENTS, "message_id", "messageid eventid msgid 消息id 事件id"},
    {EVENTS | ORDERS, "occurred_at",
     "occurredat timestamp time ts datetime date eventtime createdat createtime orderdate "
     "ordertime orderedat purchasedate purchasedat paidat paymenttime invoicedate "
     "transactiontimestamp transactiondate day 时间 日期 下单时间 下单日期 订单时间 订单创建时间 "
     "创建时间 付款时间 支付时间 成交时间 交易时间 发生时间 购买日期 购买时间 消费时间 事件时间"},
    {ORDERS, "total",
     "total amount ordertotal totalamount totalprice grandtotal revenue sales "
     "salesvalue value dollars dollarvalue paid subtotal 金额 订单金额 总金额 "
     "实付金额 实付 支付金额 总价 销售额 成交金额 消费金额 合计"},
    {ORDERS, "quantity",
     "quantity qty count units numberofitems numberofcds cds lineitemquantity "
     "数量 件数 购买数量 商品数量"},
    {ORDERS, "price", "price unitprice itemprice lineitemprice 单价 价格 商品单价 售价"},
    {ORDERS, "product_id",
     "productid sku itemid stockcode variantid lineitemsku productcode "
     "商品id 商品编号 商品编码 货号 sku编码 商品货号"},
    {ORDERS, "product_name",
     "productname product item itemname title description lineitemname "
     "商品 商品名 商品名称 产品 产品名称 宝贝标题"},
    {ORDERS, "category", "category productcategory department 类目 品类 分类 商品分类 商品类目"},
    {ORDERS, "kind", "kind type ordertype 类型 订单类型 交易类型"},
    {CUSTOMERS, "tag", "tag tags label labels 标签 用户标签 客户标签"},
    {CUSTOMERS, "attribute:name", "name fullname customername 姓名 名字 客户姓名 客户名称"},
    {CUSTOMERS, "attribute:first_name", "firstname givenname 名"},
    {CUSTOMERS, "attribute:last_name", "lastname surname familyname 姓 姓氏"},
    {CUSTOMERS, "attribute:birthday", "birthday birthdate dateofbirth dob 生日 出生日期"},
    {CUSTOMERS, "attribute:gender", "gender sex 性别"},
    {CUSTOMERS, "attribute:city", "city town 城市 所在城市"},
    {CUSTOMERS, "attribute:province", "province state region 省 省份"},
    {CUSTOMERS, "attribute:country", "country 国家"},
    {CUSTOMERS, "attribute:address", "address 地址 收货地址"},
    {CUSTOMERS, "attribute:age", "age 年龄"},
    {CUSTOMERS, "attribute:timezone", "timezone 时区"},
    {CUSTOMERS, "attribute:created_at",
     "createdat registeredat registrationdate registrationtime signupdate signedupat joined "
     "joinedat "
     "joindate membersince customersince 注册时间 注册日期 入会时间 入会日期 加入时间 加入日期"},
    {CUSTOMERS, "attribute:tier",
     "tier memberlevel membershiplevel membershiptier loyaltytier 会员等级 会员级别 客户等级"},
    {CUSTOMERS, "attribute:expires_on",
     "expireson expirydate expirationdate expires validuntil renewaldate renewson membershipends "
     "到期日 到期日期 到期时间 会员到期日 会员到期时间 会员有效期 有效期至 续费日期 过期日期"},
    {CUSTOMERS, "attribute:owner",
     "owner adviser advisor salesperson accountmanager 专属导购 导购 顾问 专属顾问 负责顾问 "
     "客户经理 负责人 所属员工"},
    {CUSTOMERS, "attribute:language", "language locale 语言"},
    {CUSTOMERS, "consent:email",
     "acceptsmarketing acceptsemailmarketing emailmarketingconsent emailconsent emailoptin "
     "newsletter newslettersubscribed emailsubscribed 邮件订阅 同意接收邮件 同意邮件 接收邮件 "
     "订阅邮件"},
    {CUSTOMERS, "consent:sms",
     "smsmarketingconsent acceptssmsmarketing smsconsent smsoptin 短信订阅 同意接收短信 "
     "同意短信 接收短信"},
};

/* ---- names ---- */

/* Lower case, without blanks and signs, up to a bracket. */
static str plain(str name, char room[128])
{
    size_t n = 0;
    for (size_t i = 0; i < name.n && n < 127; i++) {
        char c = name.p[i];
        if (c == '(' || (i && str_starts(str_slice(name, i, name.n), S("（")))) break;
        if (isalnum((u8)c) || (c & 0x80)) room[n++] = (char)tolower((u8)c);
    }
    return (str){room, n};
}

static bool has_word(const char *list, str word)
{
    for (const char *p = list; *p;) {
        size_t n = strcspn(p, " ");
        if (n == word.n && memcmp(p, word.p, n) == 0) return true;
        p += n + (p[n] == ' ');
    }
    return false;
}

/* ---- targets ---- */

static bool set_target(struct mapping *m, struct column *c, str text)
{
    if (text.n == 0 || str_eq(text, S("tags"))) text = text.n ? S("tag") : S("-");
    for (u32 t = 0; t < TARGET_COUNT; t++) {
        str form = str_of(TARGET_TEXTS[t]);
        bool prefix = str_ends(form, S(":"));
        if (form.n == 0 || !(prefix ? str_starts(text, form) : str_eq(text, form))) continue;
        str arg = str_trim(str_slice(text, form.n, text.n));
        if (prefix && arg.n == 0) return false;
        if (prefix && arg.n > 255) return false;
        c->target = (target)t;
        c->arg = arena_str(m->arena, arg);
        return true;
    }
    str name = str_starts(text, S("identifier:")) ? str_slice(text, 11, text.n) : text;
    if (!m->is_namespace(m->ctx, name)) return false;
    c->target = TARGET_IDENTIFIER;
    c->arg = arena_str(m->arena, name);
    return true;
}

/* Targets that one column has; others may have several. */
static bool is_single(target t)
{
    return t >= TARGET_EVENT;
}

static bool is_taken(const struct mapping *m, const struct column *c, const bool *settled)
{
    for (u32 i = 0; i < m->count; i++) {
        const struct column *x = &m->columns[i];
        if (x == c || !settled[i] || x->target != c->target) continue;
        if (is_single(c->target)) return true;
        if (c->target == TARGET_IDENTIFIER && str_eq(x->arg, c->arg)) return true;
        if (c->target == TARGET_ATTRIBUTE && str_eq(x->arg, c->arg)) return true;
    }
    return false;
}

static void set_default(struct mapping *m, struct column *c)
{
    c->target = m->kind == IMPORT_CUSTOMERS ? TARGET_ATTRIBUTE : TARGET_PROPERTY;
    c->arg = c->name;
}

/* Order targets mean nothing in a list of customers. */
static bool fits_kind(const struct mapping *m, target t)
{
    if (m->kind == IMPORT_CUSTOMERS)
        return (t <= TARGET_TAG && t != TARGET_PROPERTY) || t == TARGET_AT;
    if (m->kind == IMPORT_EVENTS) return t <= TARGET_AT || t == TARGET_MESSAGE;
    return t != TARGET_EVENT && t != TARGET_MESSAGE;
}

/* ---- guessing ---- */

static void guess_exact(struct mapping *m, bool *settled)
{
    for (u32 i = 0; i < m->count; i++) {
        struct column *c = &m->columns[i];
        if (settled[i]) continue;
        bool named = set_target(m, c, c->name) && fits_kind(m, c->target);
        settled[i] = named && !is_taken(m, c, settled);
    }
}

static void guess_by_name(struct mapping *m, bool *settled)
{
    u32 kind = m->kind == IMPORT_CUSTOMERS ? CUSTOMERS : m->kind == IMPORT_EVENTS ? EVENTS : ORDERS;
    char room[128];
    for (u32 k = 0; k < COUNT_OF(KNOWN); k++) {
        if (!(KNOWN[k].kinds & kind)) continue;
        for (u32 i = 0; i < m->count; i++) {
            struct column *c = &m->columns[i];
            if (settled[i] || !has_word(KNOWN[k].names, plain(c->name, room))) continue;
            set_target(m, c, str_of(KNOWN[k].target));
            settled[i] = !is_taken(m, c, settled);
        }
    }
}

static void guess_one(struct mapping *m, bool *settled, u32 i, const char *meaning)
{
    struct column *c = &m->columns[i];
    set_target(m, c, str_of(meaning));
    settled[i] = !is_taken(m, c, settled);
}

static bool has_identifier(const struct mapping *m, const bool *settled)
{
    for (u32 i = 0; i < m->count; i++)
        if (settled[i] && m->columns[i].target == TARGET_IDENTIFIER) return true;
    return false;
}

/* "Agrees to offers", by no channel of its own: by mail where the file has such addresses, else by
 * SMS. Names that may mean another consent (to terms, to data) are left alone. */
static void guess_consent(struct mapping *m, bool *settled)
{
    static const char NAMES[] =
        "marketingconsent marketingoptin optin optedin subscribed 是否同意接收 同意接收 "
        "是否同意营销 同意营销 营销同意 是否接收营销 接收营销信息";
    bool mail = false, phone = false;
    char room[128];
    if (m->kind != IMPORT_CUSTOMERS) return;
    for (u32 i = 0; i < m->count; i++) {
        const struct column *c = &m->columns[i];
        if (!settled[i] || c->target != TARGET_IDENTIFIER) continue;
        mail |= str_eq(c->arg, S("email"));
        phone |= str_eq(c->arg, S("phone"));
    }
    for (u32 i = 0; i < m->count && (mail || phone); i++)
        if (!settled[i] && has_word(NAMES, plain(m->columns[i].name, room)))
            guess_one(m, settled, i, mail ? "consent:email" : "consent:sms");
}

/* By what stands in it: nine of ten cells. */
static void guess_by_content(struct mapping *m, bool *settled)
{
    for (u32 i = 0; i < m->count; i++) {
        const struct column_facts *f = &m->facts[i];
        if (settled[i] || f->cells == 0) continue;
        if (f->emails * 10 >= f->cells * 9)
            guess_one(m, settled, i, "email");
        else if (f->mobiles * 10 >= f->cells * 9)
            guess_one(m, settled, i, "phone");
        else if (m->kind != IMPORT_CUSTOMERS && f->moments * 10 >= f->cells * 9)
            guess_one(m, settled, i, "occurred_at");
    }
    char room[128];
    for (u32 i = 0; i < m->count && !has_identifier(m, settled); i++) {
        str name = plain(m->columns[i].name, room);
        if (settled[i] || !str_ends(name, S("id"))) continue;
        if (str_find(name, S("product")) >= 0 || str_find(name, S("session")) >= 0) continue;
        guess_one(m, settled, i, "user_id");
    }
    /* A table without names: who it is stands first. */
    if (m->count && !has_identifier(m, settled) && str_starts(m->columns[0].name, S("column_")))
        guess_one(m, settled, 0, "user_id");
}

/* ---- facts ---- */

static bool is_number(str s)
{
    size_t i = str_starts(s, S("-")), digits = 0;
    if (i + 1 < s.n && s.p[i] == '0' && isdigit((u8)s.p[i + 1])) return false;
    for (; i < s.n && isdigit((u8)s.p[i]); i++) digits++;
    if (!digits || digits > 15) return false;
    if (i == s.n) return true;
    if (s.p[i++] != '.' || i == s.n) return false;
    for (; i < s.n; i++)
        if (!isdigit((u8)s.p[i])) return false;
    return true;
}

static bool is_bool(str s)
{
    return str_eq_nocase(s, S("true")) || str_eq_nocase(s, S("false"));
}

static bool is_email(str s)
{
    ptrdiff_t at = str_index(s, '@');
    return at > 0 && str_index(str_slice(s, (size_t)at, s.n), '.') > 1 && str_index(s, ' ') < 0;
}

/* China's mobiles, and what is written with a country. */
static bool is_mobile(str s)
{
    size_t digits = 0;
    for (size_t i = 0; i < s.n; i++)
        if (isdigit((u8)s.p[i]))
            digits++;
        else if (!strchr("+ -()", s.p[i]))
            return false;
    if (str_starts(s, S("+"))) return digits >= 8 && digits <= 15;
    return s.n == 11 && digits == 11 && s.p[0] == '1' && s.p[1] >= '3';
}

void mapping_look(struct mapping *m, const struct row *row)
{
    for (u32 i = 0; i < row->count && i < ROWS_COLUMNS_MAX; i++) {
        str s = str_trim(row->cells[i].text);
        struct column_facts *f = &m->facts[i];
        if (s.n == 0) continue;
        f->cells++;
        f->numbers += is_number(s);
        f->bools += is_bool(s);
        f->emails += is_email(s);
        f->mobiles += is_mobile(s);
        if (!isdigit((u8)*s.p) && !isalpha((u8)*s.p)) continue;
        bool dated = s.n >= 6 && s.n <= 40 && when_is_plain(s);
        f->dates += dated;
        f->moments += dated;
        date_order order = dated ? when_evidence(s) : DATES_UNSURE;
        f->month_first += order == DATES_MDY;
        f->day_first += order == DATES_DMY;
        f->year_first += order == DATES_YMD;
    }
}

static void set_type(struct mapping *m, u32 i)
{
    const struct column_facts *f = &m->facts[i];
    struct column *c = &m->columns[i];
    c->type = !f->cells                ? CELLS_TEXT
              : f->numbers == f->cells ? CELLS_NUMBERS
              : f->bools == f->cells   ? CELLS_BOOLS
              : f->dates == f->cells   ? CELLS_DATES
                                       : CELLS_TEXT;
    c->dates = m->dates                        ? m->dates
               : f->day_first > f->month_first ? DATES_DMY
               : f->month_first                ? DATES_MDY
               : f->year_first                 ? DATES_YMD
                                               : DATES_UNSURE;
}

/* ---- deciding ---- */

MUST_USE static err take_said(struct mapping *m, const struct json *said, bool *settled,
                              struct diag *why)
{
    for (const struct json *j = said ? said->child : NULL; j; j = j->next) {
        char path[160];
        struct buf b;
        u32 i = 0;
        buf_init(&b, sizeof path);
        buf_put(&b, S("/mapping/"));
        buf_put(&b, str_slice(j->key, 0, 100));
        str where = arena_str(m->arena, buf_str(&b));
        buf_clear(&b);
        while (i < m->count && !str_eq(m->columns[i].name, str_trim(j->key))) i++;
        if (i == m->count)
            return diag_at(why, ERR_REFUSED, where, "the file has no column \"%.*s\"",
                           (int)min_size(j->key.n, 100), j->key.p);
        if (j->type != JSON_STRING && j->type != JSON_NULL)
            return diag_at(why, ERR_REFUSED, where,
                           "a target is a text, such as \"email\" or \"-\"");
        if (!set_target(m, &m->columns[i], str_trim(j->text)))
            return diag_at(why, ERR_REFUSED, where,
                           "\"%.*s\" is no target; write a namespace, attribute:NAME, "
                           "property:NAME, tag, consent:CHANNEL, occurred_at, order_id … or -",
                           (int)min_size(j->text.n, 60), j->text.p);
        if (!fits_kind(m, m->columns[i].target))
            return diag_at(why, ERR_REFUSED, where,
                           "\"%.*s\" has no meaning in this kind of import",
                           (int)min_size(j->text.n, 60), j->text.p);
        settled[i] = true;
    }
    return ERR_OK;
}

err mapping_decide(struct mapping *m, const struct rows *rows, const struct json *said,
                   struct diag *why)
{
    bool *settled = arena_zalloc(m->arena, ROWS_COLUMNS_MAX);
    m->count = rows_columns(rows);
    for (u32 i = 0; i < m->count; i++)
        m->columns[i] = (struct column){.name = arena_str(m->arena, rows_column(rows, i))};
    TRY(take_said(m, said, settled, why));
    guess_exact(m, settled);
    guess_by_name(m, settled);
    guess_by_content(m, settled);
    guess_consent(m, settled);
    for (u32 i = 0; i < m->count; i++) {
        if (!settled[i]) set_default(m, &m->columns[i]);
        set_type(m, i);
    }
    for (u32 t = 0; t < TARGET_COUNT; t++) m->first[t] = ROWS_COLUMNS_MAX;
    for (u32 i = m->count; i-- > 0;) m->first[m->columns[i].target] = i;
    return ERR_OK;
}

void mapping_add(struct mapping *m, str name)
{
    if (m->count == ROWS_COLUMNS_MAX) return;
    struct column *c = &m->columns[m->count++];
    *c = (struct column){.name = arena_str(m->arena, name), .dates = m->dates};
    set_default(m, c);
}

void mapping_put(const struct mapping *m, struct buf *out)
{
    buf_byte(out, '{');
    for (u32 i = 0; i < m->count; i++) {
        const struct column *c = &m->columns[i];
        struct buf b;
        buf_init(&b, 1024);
        buf_put(&b, str_of(TARGET_TEXTS[c->target]));
        buf_put(&b, c->arg);
        json_put_kv_str(out, c->name, buf_str(&b));
        buf_clear(&b);
    }
    buf_byte(out, '}');
}
