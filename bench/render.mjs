// render.mjs DIR [SECONDS] — the mail of bench/render.c by liquidjs (DIR/node_modules), compiled once, on one
// core; checks that its bytes are those that `bench-render --print` wrote to standard input.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const { Liquid } = createRequire(resolve(process.argv[2]) + "/")("liquidjs");
const limit = Number(process.argv[3] ?? 3);
const data = JSON.parse(readFileSync("bench/mail.json", "utf8"));
const engine = new Liquid({ outputEscape: "escape", timezoneOffset: 0 });
engine.registerFilter("money", (n) => "$" + (Math.round(n * 100) / 100).toFixed(2));
const template = engine.parse(readFileSync("bench/mail.liquid", "utf8"));
const made = engine.renderSync(template, data).replaceAll("&#34;", "&quot;"); // the same mark, written otherwise
const ours = readFileSync(0, "utf8");
if (made !== ours) {
  let at = 0;
  while (made[at] === ours[at]) at++;
  console.error(`not the same from byte ${at}:\n${made.slice(at, at + 80)}\n${ours.slice(at, at + 80)}`);
  process.exit(1);
}
for (let i = 0; i < 500; i++) engine.renderSync(template, data);
// Seconds of the processor, as bench/render.c counts them: others may be at work on this machine.
const used = () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6;
let n = 0;
const from = used();
while (used() - from < limit) for (let i = 0; i < 50; i++, n++) engine.renderSync(template, data);
console.log(`liquidjs: ${Math.round(n / (used() - from))} renders/s, ${Buffer.byteLength(made)} bytes each`);
