"use strict";
// The plain page: an address, a key, and what happens live. It calls only the API everybody has.

const $ = (id) => document.getElementById(id);
const state = {
  language: localStorage.getItem("language") || (navigator.language.startsWith("zh") ? "zh" : "en"),
  csrf: "", setup: null, address: location.origin, connected: "waiting",
  sources: [], events: [], messages: [], counters: null, rejected: null, channels: null,
  snippet: "curl", seen: new Set(), arrivals: [], adding: false, gate: false,
};

function text(key, values = {}) {
  const s = TEXTS[state.language][key] ?? TEXTS.en[key] ?? key;
  return s.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

function make(tag, className, content) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (content !== undefined) e.textContent = content;
  return e;
}

// ---- asking the server ----

async function call(method, path, body) {
  const answer = await fetch(path, {
    method, cache: "no-store", headers: { "X-CSRF-Token": state.csrf },
    body: body && JSON.stringify(body),
  });
  const isJson = (answer.headers.get("Content-Type") || "").includes("json");
  const value = isJson ? await answer.json() : null;
  if (!answer.ok)
    throw Object.assign(new Error(value?.detail || answer.statusText), { status: answer.status, path: value?.errors?.[0]?.path });
  return value;
}

async function enter() {
  state.setup = await call("GET", "/api/v1/setup");
  if (!state.setup.signed_in) return false;
  const session = await call("GET", "/api/v1/session");
  state.address = session.public_url || state.address;
  state.csrf = session.csrf;
  const list = await call("GET", "/api/v1/sources");
  state.sources = list.items;
  return true;
}

async function refresh() {
  const [messages, rejected, channels] = await Promise.all([
    call("GET", "/api/v1/messages?limit=8"), call("GET", "/api/v1/events/rejected?limit=1000"), call("GET", "/api/v1/channels"),
  ]);
  state.messages = messages.items;
  state.rejected = rejected.items;
  state.channels = channels.items;
}

// ---- live: server-sent events over fetch, so that the key goes in a header ----

function receive(kind, data) {
  if (kind === "counters") {
    const before = state.counters?.messages.total;
    state.counters = data;
    if (data.messages.total !== before || Object.keys(data.messages).some((k) => k === "planned" || k === "claimed"))
      refresh().then(draw).catch(() => {});
  } else if (kind === "event") {
    remember(data);
  }
}

// The newest forty, each once: some come both with the first list and live.
function remember(event) {
  if (state.seen.has(event.id)) return;
  state.seen.add(event.id);
  state.arrivals.push(new Date(event.received_at).getTime());
  state.events.unshift(event);
  for (const old of state.events.splice(40)) state.seen.delete(old.id);
}

function receiveBlock(block) {
  let kind = "", data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) kind = line.slice(7);
    if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (kind && data) receive(kind, JSON.parse(data));
}

async function listen() {
  for (;;) {
    try {
      const answer = await fetch("/api/v1/live", { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.statusText);
      state.connected = "live";
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ""; ;) {
        const { value, done } = await reader.read();
        if (done) break;
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop();
        blocks.forEach(receiveBlock);
        draw();
      }
    } catch { /* told by the mark in the bar; tried again below */ }
    state.connected = "lost";
    draw();
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

// ---- drawing ----

function drawTexts() {
  document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
  for (const e of document.querySelectorAll("[data-text]")) e.textContent = text(e.dataset.text);
  $("language").textContent = text("language.other");
  $("language").title = text("language.other.name");
  $("source-name").placeholder = text("source.example");
}

function drawGate() {
  const first = state.setup?.needed;
  $("gate").querySelector("h2").textContent = text(first ? "gate.first" : "gate.title");
  $("gate").querySelector("p").textContent = text(first ? "gate.first.why" : "gate.why");
  $("gate-email").placeholder = text("gate.email");
  $("gate-password").placeholder = text("gate.password");
  $("gate-code").placeholder = text(first ? "gate.token" : "gate.code");
  $("gate-code").hidden = !state.setup?.token_needed;
}

function drawHead() {
  const mode = state.gate ? "gate" : state.counters?.sending_held ? "held"
    : state.sources.length === 0 ? "first" : state.events.length === 0 ? "waiting" : "running";
  $("headline").textContent = text("head." + mode);
  $("subline").textContent = mode === "held" ? text("sub.held") : text("sub.address", { url: state.address });
  $("link").textContent = text("link." + state.connected);
  $("link").className = "env is-" + state.connected;
  $("link").hidden = state.gate;
}

function snippetText() {
  const key = state.sources.at(-1)?.write_key ?? "", event = text("snippet.event"), name = text("snippet.name");
  if (state.snippet === "curl")
    return `curl ${state.address}/v1/track \\\n  -u ${key}: \\\n  -d '{"event": "${event}", "userId": "u1",\n       "properties": {"name": "${name}", "price": 39.5}}'`;
  if (state.snippet === "node")
    return `import { Analytics } from '@segment/analytics-node'\n\nconst analytics = new Analytics({\n  writeKey: '${key}',\n  host: '${state.address}',\n})\nanalytics.track({\n  userId: 'u1',\n  event: '${event}',\n  properties: { name: '${name}', price: 39.5 },\n})`;
  const [protocol, host] = state.address.split("://");
  return `import { AnalyticsBrowser } from '@segment/analytics-next'\n\nconst analytics = AnalyticsBrowser.load(\n  { writeKey: '${key}', cdnURL: '${state.address}' },\n  { integrations: { 'Segment.io': {\n    apiHost: '${host}/v1', protocol: '${protocol}' } } },\n)\nanalytics.track('${event}', { name: '${name}', price: 39.5 })`;
}

function drawSources() {
  const none = state.sources.length === 0, ran = state.events.length > 0;
  $("first").hidden = !(none || state.adding);
  $("try").hidden = none;
  $("waiting").hidden = ran;
  $("try").classList.toggle("later", ran);
  $("sources").hidden = none;
  if (!none) $("snippet").textContent = snippetText();
  for (const tab of document.querySelectorAll("[data-snippet]"))
    tab.setAttribute("aria-selected", String(tab.dataset.snippet === state.snippet));
  $("source-list").replaceChildren(...state.sources.map((source) => {
    const li = make("li"), left = make("div"), button = make("button", "btn sm", text("key.show"));
    left.append(make("div", "name", source.name), make("div", "kind", text("kind." + source.kind)));
    button.type = "button";
    button.addEventListener("click", () => copy(button, source.write_key, "key.show"));
    li.append(left, button);
    return li;
  }));
}

const time = (iso) => new Date(iso).toLocaleTimeString(state.language === "zh" ? "zh-CN" : "en-GB");

function short(properties) {
  return Object.entries(properties)
    .filter(([k]) => k !== "message_id")
    .map(([k, v]) => `${k}: ${typeof v === "string" ? v : JSON.stringify(v)}`).join(" · ");
}

// The engine's own events have names in both languages; clients' are shown as they were sent.
function eventName(name) {
  const key = "event." + name, named = text(key);
  return named === key ? name : named;
}

let newest = "";
function drawTail() {
  const minute = Date.now() - 60000;
  state.arrivals = state.arrivals.filter((t) => t > minute);
  $("tail").hidden = state.sources.length === 0 && state.events.length === 0;
  $("tail-empty").hidden = state.events.length > 0;
  $("rate").textContent = state.events.length ? text("tail.rate", { n: state.arrivals.length }) : "";
  $("events").replaceChildren(...state.events.map((event, i) => {
    const system = event.source === "beckon", li = make("li", system ? "system" : "");
    if (i === 0 && event.id !== newest) li.classList.add("new");
    li.append(make("time", "", time(event.received_at)), make("span", "what", eventName(event.event)),
      make("span", "who", event.customer.slice(0, 8)));
    const props = short(event.properties);
    if (props) li.append(make("span", "props", props));
    return li;
  }));
  newest = state.events[0]?.id ?? "";
  const refused = state.rejected?.length ?? 0;
  $("refused").hidden = refused === 0;
  if (refused) $("refused").textContent = text("tail.refused", { n: refused, why: state.rejected[0].reason });
}

function statusClass(status) {
  if (["sent", "delivered", "opened", "clicked", "replied"].includes(status)) return "st done";
  if (["rejected", "bounced", "complained", "unknown"].includes(status)) return "st wrong";
  return ["refused", "deferred", "expired"].includes(status) ? "st held" : "st";
}

function drawMessages() {
  const number = (n) => (n === undefined ? "–" : n.toLocaleString(state.language));
  $("customers").textContent = number(state.counters?.customers);
  $("event-count").textContent = number(state.counters?.events);
  $("message-count").textContent = number(state.counters?.messages.total);
  const testing = state.channels?.some((c) => c.provider === "outbox"), any = (state.channels?.length ?? 0) > 0;
  const note = testing ? (state.messages.length ? "outbox.connected" : "outbox.quiet") : any ? "" : "outbox.none";
  $("outbox-empty").textContent = note ? text(note) : "";
  $("outbox-empty").hidden = !note;
  $("outbox-connect").hidden = any || state.channels === null;
  $("messages").replaceChildren(...state.messages.map((m) => {
    const li = make("li"), why = m.reason ? " · " + text("reason." + m.reason).replace(/^reason\./, "") : "";
    li.append(make("span", "to", m.to || m.customer.slice(0, 8)), make("span", statusClass(m.status), text("status." + m.status) + why),
      make("span", "what", [m.journey, m.template].filter(Boolean).join(" · ")), make("span", "when", time(m.history?.at(-1)?.at ?? m.at)));
    if (m.history?.some((h) => h.status === "claimed")) {
      const show = make("button", "link small", text("outbox.show"));
      show.type = "button";
      show.addEventListener("click", () => showMessage(m));
      li.append(show);
    }
    return li;
  }));
}

// What she got, rendered again: in a frame that may do nothing, so that no mail is more than a picture of itself.
async function showMessage(m) {
  let words;
  try {
    words = await call("GET", `/api/v1/messages/${m.id}/content`);
  } catch (error) {
    words = { subject: "", text: text("error", { why: error.message }) };
  }
  const escaped = (words.text || "").replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);
  const page = new Blob(["<!doctype html><meta charset=utf-8>", words.html || `<pre>${escaped}</pre>`], { type: "text/html" });
  const frame = $("shown-frame");
  URL.revokeObjectURL(frame.src);
  frame.src = URL.createObjectURL(page);
  $("shown-subject").textContent = words.subject || words.template || "";
  $("shown-to").textContent = words.to || "";
  $("shown").showModal();
}

function draw() {
  $("gate").hidden = !state.gate;
  $("content").hidden = state.gate;
  drawHead();
  if (state.gate) return;
  drawSources();
  drawTail();
  drawMessages();
}

// ---- acting ----

async function copy(button, what, label) {
  await navigator.clipboard.writeText(what);
  button.textContent = text("copied");
  setTimeout(() => (button.textContent = text(label)), 1500);
}

async function start() {
  drawTexts();
  try {
    state.gate = !(await enter());
  } catch (e) {
    if (e.status !== 401 && e.status !== 403) { state.connected = "lost"; draw(); setTimeout(start, 2000); return; }
    state.gate = true;
  }
  if (state.gate) { drawGate(); draw(); $("gate-email").focus(); return; }
  await refresh().catch(() => {});
  const latest = await call("GET", "/api/v1/events?limit=40").catch(() => ({ items: [] }));
  for (const event of latest.items.reverse()) remember(event);
  draw();
  listen();
}

$("language").addEventListener("click", () => {
  state.language = state.language === "zh" ? "en" : "zh";
  localStorage.setItem("language", state.language);
  drawTexts();
  draw();
});
$("gate-form").addEventListener("submit", (e) => {
  e.preventDefault();
  const who = { email: $("gate-email").value.trim(), password: $("gate-password").value };
  const more = $("gate-code").value.trim();
  $("gate-error").textContent = "";
  const asked = state.setup?.needed ? call("POST", "/api/v1/setup", { ...who, token: more || undefined })
    : call("POST", "/api/v1/session", { ...who, code: more || undefined });
  asked.then(start).catch((error) => {
    if (error.path === "/code" || error.path === "/token") $("gate-code").hidden = false;
    $("gate-error").textContent = error.message;
  });
});
$("source-form").addEventListener("submit", async (e) => {
  e.preventDefault();
  try {
    state.sources.push(await call("POST", "/api/v1/sources", { name: $("source-name").value, kind: $("source-kind").value }));
    state.adding = false;
    $("source-name").value = $("source-error").textContent = "";
    if ($("source-kind").value === "browser") state.snippet = "browser";
  } catch (error) {
    $("source-error").textContent = text("error", { why: error.message });
  }
  draw();
});
$("source-more").addEventListener("click", () => { state.adding = true; draw(); $("source-name").focus(); });
$("outbox-connect").addEventListener("click", async () => {
  try {
    await call("POST", "/api/v1/channels", { id: "email", channel: "email", provider: "outbox", settings: {} });
    await refresh();
  } catch (error) {
    $("outbox-empty").textContent = text("error", { why: error.message });
    return;
  }
  draw();
});
$("shown-close").addEventListener("click", () => $("shown").close());
$("copy-snippet").addEventListener("click", () => copy($("copy-snippet"), snippetText(), "copy"));
for (const tab of document.querySelectorAll("[data-snippet]"))
  tab.addEventListener("click", () => { state.snippet = tab.dataset.snippet; draw(); });

start();
