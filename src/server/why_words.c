/* why_words.c — the tables. Every reason of SEMANTICS has its line; server_test looks for each. */
#include "server/why_words.h"

static const struct why_words ENTRY[] = {
    {"late", "触发的事件到得太晚，因此没有进入旅程。",
     "The event that would have started it came in too late.", "事件要在发生后的允许时间内送达",
     "the event has to arrive within the time allowed after it happened"},
    {"paused", "那时旅程已暂停，暂停期间不补发。",
     "The journey was paused then; what it missed is not made up for.", "旅程要在运行中",
     "the journey has to be running"},
    {"inactive", "那时旅程不在有效期内，或已停止。",
     "The journey was stopped then, or outside its active dates.", "旅程要在有效期内",
     "it has to happen within the journey's active dates"},
    {"no_key", "触发事件里缺少旅程所用的标识（例如购物车编号）。",
     "The triggering event lacks the key of the journey, for example the number of the cart.",
     "事件要带上这个属性", "the event has to carry that property"},
    {"running", "这位客户已经在这个旅程中，同一件事不会重复进入。",
     "The customer was under way in this journey already.", "要等前一次结束",
     "the one under way has to end first"},
    {"again", "按照重复进入的规则，这位客户不能再次进入。",
     "By the rule for entering again, the customer may not enter once more.",
     "要满足重复进入的规则", "the rule for entering again has to allow it"},
    {"entry_if", "当时不满足进入条件。", "The entry condition was not met then.", "要满足进入条件",
     "the entry condition has to be met"},
    {"holdout", "这位客户属于对照组，从不进入，用来衡量真实效果。",
     "Kept out on purpose, so that the true gain can be measured.", "要取消或调小对照组",
     "the hold-out has to be made smaller"},
    {"gray", "旅程只放量给一部分人，这位客户不在其中。",
     "The journey is released to a part of the customers only, and this one is not among them.",
     "要扩大放量比例", "the release has to be widened"},
    {"loop", "旅程自己的动作（或它经过的别的旅程）一天内已让这位客户进入三次，为防止绕圈被拦下。",
     "What journeys did had already begun it three times within a day for this customer; it is "
     "stopped there, so that journeys do not go round for ever.",
     "24 小时内由旅程触发的进入少于三次",
     "fewer than three entries begun by journeys within 24 hours"},
};

static const struct why_words MESSAGE[] = {
    {"epoch", "程序刚刚重启，这次发送被取消。", "The program had just restarted.", NULL, NULL},
    {"stopped", "旅程已经停止，未发出的消息被取消。",
     "The journey was stopped, and what was not sent was cancelled.", "旅程要在运行中",
     "the journey has to be running"},
    {"exit", "发出之前已离开旅程。", "The customer had left the journey before it was sent.",
     "不能先满足退出条件", "no exit condition may be met before"},
    {"send_if", "当时不满足这一步的发送条件。", "The condition of this step was not met then.",
     "要满足发送条件", "the condition of the step has to be met"},
    {"suppressed", "这个地址已被禁用（退信、投诉或名单）。",
     "The address must not be used: it bounced, complained or is on the list.",
     "要有一个可用的地址", "there has to be an address that may be used"},
    {"consent", "这位客户没有同意通过这个渠道接收此类消息。",
     "The customer has not agreed to such messages on this channel.", "客户要同意接收",
     "the customer has to agree to them"},
    {"no_address", "没有这位客户在这个渠道的地址。", "There is no address for this channel.",
     "要补充联系方式", "an address has to be known"},
    {"duplicate", "同样的内容刚刚发给过这个地址。",
     "The same content went to this address a short while ago.", "要过了防重复的时间",
     "the time without duplicates has to pass"},
    {"quiet", "当时是免打扰时间。", "It was within the quiet hours.", "要在免打扰时间之外",
     "it has to be outside the quiet hours"},
    {"capped", "收到的消息已达上限。", "The customer had as many messages as the cap allows.",
     "要等频次上限空出来", "the cap has to have room again"},
    {"budget", "预算已用完。", "The budget was used up.", "要增加预算",
     "the budget has to be raised"},
    {"expired", "等得太久，消息已过期。", "It waited for too long.", "要在有效期内发出",
     "it has to be sent before it expires"},
    {"no_channel", "这个渠道还没有接通供应商，消息在等待。",
     "No provider is connected for this channel; the message waits.", "要接通这个渠道",
     "the channel has to be connected"},
    {"held", "所有发送都已暂停，消息在等待。", "All sending is on hold; the message waits.",
     "要恢复发送", "sending has to be released"},
    {"all_paused", "所有营销发送都已暂停，消息在等待。",
     "All promotional sending is paused; the message waits.", "要恢复营销发送",
     "promotional sending has to go on"},
    {"retry", "供应商请我们稍后再试。", "The provider asked to try again later.", NULL, NULL},
};

static const struct why_words OUTCOME[] = {
    {"never_triggered", "这位客户没有做过会开始这个旅程的事。",
     "Nothing the customer did has started this journey.", "触发条件要发生",
     "its trigger has to happen"},
    {"waiting", "正在旅程中，还没有走到这一步。",
     "The customer is under way and has not come to this step yet.", NULL, NULL},
    {"not_reached", "走过了旅程，但没有经过这一步。",
     "The customer went through the journey by another branch and did not pass this step.",
     "分支条件要选中这一步", "a branch has to lead to this step"},
    {"exited", "在这一步之前离开了旅程。", "The customer left the journey before this step.", NULL,
     NULL},
    {"planned", "消息已排好，马上发出。", "The message is planned and goes out next.", NULL, NULL},
    {"deferred", "消息被推迟，稍后再发。", "The message was put off and goes out later.", NULL,
     NULL},
    {"claimed", "消息正在交给供应商。", "The message is being handed to the provider.", NULL, NULL},
    {"sent", "消息已发出，供应商已接受。", "It was sent; the provider took it.", NULL, NULL},
    {"delivered", "消息已送达。", "It was delivered.", NULL, NULL},
    {"opened", "客户打开了消息。", "The customer opened it.", NULL, NULL},
    {"clicked", "客户点击了消息。", "The customer clicked it.", NULL, NULL},
    {"replied", "客户回复了消息。", "The customer replied to it.", NULL, NULL},
    {"rejected", "供应商拒绝了这条消息。", "The provider rejected it.", NULL, NULL},
    {"bounced", "地址无效，消息被退回。", "It bounced: the address does not work.", NULL, NULL},
    {"complained", "客户投诉了这条消息。", "The customer complained about it.", NULL, NULL},
    {"unsubscribed", "客户看到消息后退订了。", "The customer unsubscribed by it.", NULL, NULL},
    {"unknown", "不确定供应商是否收到（当时中断），不会自动重发。",
     "Nobody knows whether the provider took it (the connection broke); it is not sent again by "
     "itself.",
     NULL, NULL},
    {"expired", "等得太久，消息已过期。", "It waited for too long and expired.", NULL, NULL},
    {"cancelled", "消息在发出之前被取消。", "It was cancelled before it was sent.", NULL, NULL},
    {"refused", "消息没有发出。", "It was not sent.", NULL, NULL},
    {"not_entered", "这位客户没有进入旅程。", "The customer did not enter the journey.", NULL,
     NULL},
};

static const struct why_words *find(const struct why_words *list, size_t n, str code)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(code, str_of(list[i].code))) return &list[i];
    return NULL;
}

const struct why_words *why_reason(str code, bool entry)
{
    return entry ? find(ENTRY, COUNT_OF(ENTRY), code) : find(MESSAGE, COUNT_OF(MESSAGE), code);
}

const struct why_words *why_outcome(str code)
{
    return find(OUTCOME, COUNT_OF(OUTCOME), code);
}
