#include "server/channel_words.h"

#include "base/json.h"

/* The first whose needle is found, in any case, tells. */
static const struct {
    const char *needle;
    struct wording said;
} CAUSES[] = {
    {"535",
     {"用户名或密码不对。到渠道设置里重新填写。",
      "The user name or the password is wrong. Enter them again in the channel's settings."}},
    {"534",
     {"邮箱服务商要求使用授权码（应用专用密码），不是登录密码。",
      "The mail provider wants an app password, not the one you sign in with."}},
    {"530",
     {"邮件服务器要求先登录。请填写用户名和密码。",
      "The mail server wants a user name and a password."}},
    {"authentication",
     {"用户名或密码不对。到渠道设置里重新填写。",
      "The user name or the password is wrong. Enter them again in the channel's settings."}},
    {"5.7.515",
     {"收件方要求你的域名设置 SPF、DKIM 和 DMARC。到渠道设置里按提示添加 DNS 记录。",
      "The receiver wants SPF, DKIM and DMARC of your domain. Add the DNS records that the "
      "channel's settings show."}},
    {"5.7.",
     {"收件方的规则拒绝了这封邮件。常见原因：发件域名没有设置 SPF 或 DKIM。",
      "The receiver's policy refused it; often the sender's domain lacks SPF or DKIM."}},
    {"553",
     {"发件人地址不被允许。发件人要和登录的邮箱一致。",
      "This sender is not allowed: it has to be the mailbox you sign in with."}},
    {"550",
     {"收件地址不存在，或被对方拒收。换一个地址试试。",
      "The address does not exist or refuses mail. Try another one."}},
    {"552", {"对方邮箱已满，或邮件太大。", "The mailbox is full, or the mail is too large."}},
    {"certificate",
     {"服务器的证书不可信。检查服务器地址，或联系服务商。",
      "The server's certificate is not trusted. Check its address, or ask the provider."}},
    {"starttls",
     {"服务器不支持 STARTTLS。把加密方式改成 TLS（端口 465）试试。",
      "The server does not offer STARTTLS. Try TLS with port 465."}},
    {"does not speak SMTP",
     {"这个地址和端口不是邮件服务器。检查服务器地址、端口和加密方式。",
      "This is no mail server. Check host, port and security."}},
    {"refused",
     {"连不上服务器：对方拒绝连接。检查地址和端口，以及防火墙。",
      "The server refuses the connection. Check host and port, and the firewall."}},
    {"resolve",
     {"找不到这个服务器地址。检查有没有写错。",
      "There is no server of this name. Check the spelling."}},
    {"connect",
     {"连不上服务器，或连接中断。检查地址和端口；有些云主机封了 25 端口，换 465 或 587。",
      "The server cannot be reached, or hung up. Check host and port; many clouds block port 25, "
      "use 465 or 587."}},
    {"in time",
     {"服务器没有及时回答。稍后再试；如果一直这样，检查地址和端口。",
      "The server did not answer in time. Try again; if it stays so, check host and port."}},
    {"within 30 seconds",
     {"30 秒内没有回答。检查地址和端口。",
      "There was no answer within 30 seconds. Check host and port."}},
    {"balance",
     {"账户余额不足。到服务商那里充值。",
      "The account is out of money. Top it up at the provider."}},
    {"余额",
     {"账户余额不足。到服务商那里充值。",
      "The account is out of money. Top it up at the provider."}},
    {"signature",
     {"短信签名没有通过审核，或填写不一致。",
      "The signature is not approved, or is not written as it was."}},
    {"template",
     {"短信模板没有通过审核，或内容和模板不一致。",
      "The template is not approved, or the words differ from it."}},
    {"no phone number", {"这不是一个手机号。", "This is no phone number."}},
    {"no mail address", {"这不是一个邮箱地址。", "This is no mail address."}},
};

static const struct {
    const char *status;
    struct wording said;
} STATUSES[] = {
    {"sent",
     {"已发出，服务商已接收。去收件箱看看，也看看垃圾邮件箱。",
      "Sent: the provider took it. Look into the inbox, and into the junk folder."}},
    {"rejected", {"服务商拒绝了这条消息。", "The provider rejected it."}},
    {"bounced", {"收件地址不能用。", "The address cannot be used."}},
    {"retry", {"服务商请我们稍后再试。", "The provider asked to try again later."}},
    {"held",
     {"渠道现在不能用，它会自己恢复或需要你修改设置。",
      "The channel cannot be used now; it recovers by itself, or its settings need a change."}},
    {"paused", {"渠道暂停发送。", "The channel is resting."}},
    {"unconnected",
     {"渠道没有接通。重新保存一次设置。",
      "The channel is not connected. Save its settings again."}},
    {"timeout",
     {"30 秒内没有回答。检查地址和端口。",
      "There was no answer within 30 seconds. Check host and port."}},
    {"unknown",
     {"消息可能已经发出，但没有收到确认。", "It may have gone out; no confirmation came."}},
};

static char low(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

static bool holds(str text, str needle)
{
    for (size_t at = 0; at + needle.n <= text.n; at++) {
        size_t i = 0;
        while (i < needle.n && low(text.p[at + i]) == low(needle.p[i])) i++;
        if (i == needle.n) return true;
    }
    return false;
}

struct wording channel_words(const char *status, str detail)
{
    if (strcmp(status, "sent") != 0 && strcmp(status, "ok") != 0)
        for (size_t i = 0; i < COUNT_OF(CAUSES); i++)
            if (holds(detail, str_of(CAUSES[i].needle))) return CAUSES[i].said;
    for (size_t i = 0; i < COUNT_OF(STATUSES); i++)
        if (strcmp(status, STATUSES[i].status) == 0) return STATUSES[i].said;
    return (struct wording){"", ""};
}

void wording_put(struct buf *b, str key, struct wording s)
{
    if (key.n) json_put_key(b, key);
    buf_byte(b, '{');
    json_put_kv_str(b, S("zh"), str_of(s.zh));
    json_put_kv_str(b, S("en"), str_of(s.en));
    buf_byte(b, '}');
}
