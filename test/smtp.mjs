// smtp.mjs — mails through a mail server that others wrote, read by a parser that others wrote.
//
//   node test/smtp.mjs [path of the binary]
//
// The server (npm smtp-server) wants STARTTLS and a password. It puts one recipient off, knows another one not,
// and refuses a third one's mail after its end. What arrives is read by mailparser and compared with the template;
// the connections it sees are counted against the channel's setting.
import assert from "node:assert/strict";
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SMTPServer } from "smtp-server";
import { simpleParser } from "mailparser";

const binary = process.argv[2] ?? new URL("../build/release/beckon", import.meta.url).pathname;
const CONNECTIONS = 3, PEOPLE = 60;

// ---- the mail server ----

const taken = [], seen = { open: 0, most: 0, all: 0, logins: 0, plain: 0 };

function refusal(code, text) {
  return Object.assign(new Error(text), { responseCode: code });
}

const mail = new SMTPServer({
  authMethods: ["PLAIN", "LOGIN"],
  logger: false,
  onConnect(session, done) {
    seen.all++;
    seen.most = Math.max(seen.most, ++seen.open);
    done();
  },
  onClose() {
    seen.open--;
  },
  onAuth(auth, session, done) {
    seen.logins++;
    if (!session.secure) seen.plain++;
    done(auth.password === "pässword" ? null : refusal(535, "5.7.8 wrong"), { user: auth.username });
  },
  onRcptTo(to, session, done) {
    if (to.address === "later@example.com") return done(refusal(451, "4.7.1 greylisted"));
    if (to.address === "nobody@example.com") return done(refusal(550, "5.1.1 no such user"));
    done();
  },
  onData(stream, session, done) {
    const chunks = [];
    stream.on("data", (c) => chunks.push(c));
    stream.on("end", async () => {
      const raw = Buffer.concat(chunks);
      const to = session.envelope.rcptTo[0].address;
      if (to === "spam@example.com") return done(refusal(554, "5.6.0 looks like spam"));
      taken.push({ to, from: session.envelope.mailFrom.address, raw, parsed: await simpleParser(raw) });
      done(null, "queued");
    });
  },
});
mail.on("error", () => {}); // a connection that ends without QUIT

// ---- the program ----

const free = () =>
  new Promise((ok) => {
    const s = createServer().listen(0, "127.0.0.1", () => {
      const { port } = s.address();
      s.close(() => ok(port));
    });
  });

const folder = mkdtempSync(join(tmpdir(), "beckon-smtp-"));
const port = await free();
const base = `http://127.0.0.1:${port}`;
const key = JSON.parse(execFileSync(binary, ["key", "create", "--data", folder, "--name", "test", "--json"])).key;

async function call(method, path, body, auth = `Bearer ${key}`) {
  const r = await fetch(base + path, {
    method,
    headers: { authorization: auth, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const text = await r.text();
  assert.ok(r.ok, `${method} ${path}: ${r.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

async function until(what, seconds, holds) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(50)) if (await holds()) return;
  assert.fail(`in ${seconds} s not: ${what}`);
}

const ready = () => fetch(base + "/readyz").then((r) => r.ok, () => false);

async function setUp(mailPort) {
  await call("POST", "/api/v1/channels", {
    id: "mail", channel: "email", provider: "smtp",
    settings: {
      host: "127.0.0.1", port: mailPort, security: "starttls", verify: false, connections: CONNECTIONS,
      username: "ünser", password: "pässword", from: "小店 <shop@example.com>",
      track_clicks: false, track_opens: false, // the HTML is compared to the byte
    },
  });
  await call("POST", "/api/v1/templates", {
    id: "cart", channel: "email", subject: "{{ customer.name }}，你的购物车还在等你 — {{ event.total }}",
    html: "<p>Hi {{ customer.name }}</p>\n<p>.{{ event.note }}</p><a href=\"https://shop.example/?a=1&amp;b=2\">Go</a>\n",
  });
  await call("POST", "/api/v1/journeys", {
    id: "cart", trigger: { event: "Cart" }, entry: { again: "always" },
    policy: { category: "service", quiet: "ignore" },
    steps: [{ id: "m", send: { channel: "email", template: "cart" } }, { id: "w", wait: { for: "30d" } }],
  });
  await call("POST", "/api/v1/journeys/cart/publish", {});
  return (await call("POST", "/api/v1/sources", { name: "shop", kind: "server" })).write_key;
}

const NAMES = ["Ada", "李小龙", "\"Bob\" <x@y.z>", "a\r\nBcc: all@example.com", "Ω≈ç√∫", "<b>&amp;</b>", "x".repeat(900)];
const NOTE = "first\n.\n..dot\nlast é " + "long ".repeat(400);

function events(writeKey) {
  const names = [...Array(PEOPLE).keys()].map((i) => `p${i}`).concat("later", "nobody", "spam");
  const batch = names.flatMap((userId, i) => [
    { type: "identify", userId, messageId: `i${userId}`, traits: { email: `${userId}@example.com`, name: NAMES[i % NAMES.length] } },
    { type: "track", event: "Cart", userId, messageId: `c${userId}`, properties: { total: 129.5, note: NOTE } },
  ]);
  return call("POST", "/v1/batch", { batch }, "Basic " + Buffer.from(writeKey + ":").toString("base64"));
}

const messages = async (status) => (await call("GET", `/api/v1/messages?status=${status}&limit=1000`)).items;

// ---- what must be ----

function checkMail(m) {
  const i = Number(m.to.slice(1).split("@")[0]), name = NAMES[i % NAMES.length], p = m.parsed;
  assert.equal(m.from, "shop@example.com");
  assert.equal(p.from.value[0].address, "shop@example.com");
  assert.equal(p.from.value[0].name, "小店");
  assert.deepEqual(p.to.value.map((v) => v.address), [m.to]);
  assert.equal(p.bcc, undefined);
  const flat = (s) => s.replace(/[\s]+/g, " ").trim();
  assert.equal(flat(p.subject), flat(`${name}，你的购物车还在等你 — 129.5`));
  const escape = (s) => s.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
  const lines = (s) => s.replace(/\r\n?/g, "\n").trim();
  assert.equal(lines(p.html), lines(
    `<p>Hi ${escape(name)}</p>\n<p>.${escape(NOTE)}</p><a href="https://shop.example/?a=1&amp;b=2">Go</a>\n`));
  assert.match(p.text, /Go \(https:\/\/shop\.example\/\?a=1&b=2\)/);
  for (const line of m.raw.toString("latin1").split("\r\n")) assert.ok(line.length <= 998 && !/[\r\n]/.test(line));
}

const program = spawn(binary, ["serve", "--data", folder, "--listen", `127.0.0.1:${port}`], { stdio: "ignore" });
try {
  await new Promise((ok) => mail.listen(0, "127.0.0.1", ok));
  await until("ready", 30, ready);
  await events(await setUp(mail.server.address().port));
  await until(`${PEOPLE} mails`, 30, () => taken.length >= PEOPLE);
  await until("all others settled", 10, async () => (await messages("planned")).length + (await messages("claimed")).length === 0);
  taken.forEach(checkMail);
  assert.equal(taken.length, PEOPLE);
  assert.equal(new Set(taken.map((m) => m.parsed.messageId)).size, PEOPLE);
  assert.equal((await messages("sent")).length, PEOPLE);
  assert.deepEqual((await messages("deferred")).map((m) => m.to), ["later@example.com"]);
  assert.deepEqual((await messages("bounced")).map((m) => m.to), ["nobody@example.com"]);
  assert.deepEqual((await messages("rejected")).map((m) => m.to), ["spam@example.com"]);
  assert.ok(seen.most <= CONNECTIONS, `${seen.most} connections at once`);
  assert.ok(seen.all <= CONNECTIONS + 2, `${seen.all} connections in all for ${PEOPLE} mails`);
  assert.equal(seen.logins, seen.all);
  assert.equal(seen.plain, 0);
  console.log(`smtp: ${PEOPLE} mails over ${seen.all} connections, ${seen.most} at once`);
} finally {
  program.kill("SIGTERM");
  mail.close();
  await sleep(300);
  program.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
