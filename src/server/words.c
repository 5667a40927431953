#include "server/words.h"

static const struct word {
    words_kind kind;
    const char *name, *zh, *en;
} WORDS[] = {
    {WORDS_EVENT, "Order Completed", "下单", "placed an order"},
    {WORDS_EVENT, "Order Refunded", "退款", "got a refund"},
    {WORDS_EVENT, "Order Cancelled", "取消订单", "cancelled an order"},
    {WORDS_EVENT, "Product Viewed", "浏览商品", "viewed a product"},
    {WORDS_EVENT, "Product Added", "加入购物车", "added something to the cart"},
    {WORDS_EVENT, "Product Removed", "移出购物车", "removed something from the cart"},
    {WORDS_EVENT, "Cart Viewed", "查看购物车", "viewed the cart"},
    {WORDS_EVENT, "Checkout Started", "开始结算", "started to check out"},
    {WORDS_EVENT, "Coupon Applied", "使用优惠券", "used a coupon"},
    {WORDS_EVENT, "Coupon Used", "核销优惠券", "redeemed a coupon"},
    {WORDS_EVENT, "Coupon Given", "得到优惠券", "got a coupon"},
    {WORDS_EVENT, "Signed Up", "注册", "signed up"},
    {WORDS_EVENT, "Logged In", "登录", "logged in"},
    {WORDS_EVENT, "Page Viewed", "浏览页面", "viewed a page"},
    {WORDS_EVENT, "Form Submitted", "提交表单", "sent a form"},
    {WORDS_EVENT, "Message Sent", "收到消息", "was sent a message"},
    {WORDS_EVENT, "Message Opened", "打开消息", "opened a message"},
    {WORDS_EVENT, "Message Clicked", "点击消息", "clicked a message"},
    {WORDS_ATTRIBUTE, "name", "姓名", "name"},
    {WORDS_ATTRIBUTE, "first_name", "名字", "first name"},
    {WORDS_ATTRIBUTE, "last_name", "姓", "last name"},
    {WORDS_ATTRIBUTE, "email", "邮箱", "email"},
    {WORDS_ATTRIBUTE, "phone", "手机号", "phone"},
    {WORDS_ATTRIBUTE, "user_id", "用户编号", "user id"},
    {WORDS_ATTRIBUTE, "birthday", "生日", "birthday"},
    {WORDS_ATTRIBUTE, "city", "城市", "city"},
    {WORDS_ATTRIBUTE, "country", "国家", "country"},
    {WORDS_ATTRIBUTE, "gender", "性别", "gender"},
    {WORDS_ATTRIBUTE, "tier", "会员等级", "member level"},
    {WORDS_ATTRIBUTE, "language", "语言", "language"},
    {WORDS_ATTRIBUTE, "timezone", "时区", "time zone"},
    {WORDS_ATTRIBUTE, "created_at", "注册时间", "joined at"},
    {WORDS_ATTRIBUTE, "expires_on", "到期日", "day of expiry"},
    {WORDS_ATTRIBUTE, "owner", "负责顾问", "adviser"},
    {WORDS_ATTRIBUTE, "points", "积分", "points"},
    {WORDS_PROPERTY, "total", "金额", "total"},
    {WORDS_PROPERTY, "order_id", "订单号", "order number"},
    {WORDS_PROPERTY, "cart_id", "购物车编号", "cart number"},
    {WORDS_PROPERTY, "product_id", "商品编号", "product number"},
    {WORDS_PROPERTY, "name", "名称", "name"},
    {WORDS_PROPERTY, "product_name", "商品名", "product name"},
    {WORDS_PROPERTY, "price", "价格", "price"},
    {WORDS_PROPERTY, "quantity", "数量", "quantity"},
    {WORDS_PROPERTY, "category", "类目", "category"},
    {WORDS_PROPERTY, "currency", "币种", "currency"},
    {WORDS_PROPERTY, "products", "商品", "products"},
    {WORDS_PROPERTY, "coupon", "优惠券", "coupon"},
    {WORDS_CHANNEL, "email", "邮件", "Email"},
    {WORDS_CHANNEL, "sms", "短信", "SMS"},
    {WORDS_CHANNEL, "push", "App 推送", "App push"},
    {WORDS_CHANNEL, "wechat", "微信", "WeChat"},
    {WORDS_CHANNEL, "wecom", "企业微信", "WeCom"},
    {WORDS_CHANNEL, "webhook", "网络回调", "Webhook"},
};

struct name_words words_of(words_kind kind, str name)
{
    for (u32 i = 0; i < COUNT_OF(WORDS); i++)
        if (WORDS[i].kind == kind && str_eq(name, str_of(WORDS[i].name)))
            return (struct name_words){str_of(WORDS[i].zh), str_of(WORDS[i].en)};
    return (struct name_words){name, name};
}
