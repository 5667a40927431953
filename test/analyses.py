#!/usr/bin/env python3
"""analyses.py: analyses from outside, on data and answers that others published.

 - CDNOW: repurchase by day, cohorts by month, months' turnover, RFM by ntile
 - a clickstream of 600 users: events, funnels with and without a window
 - The Complete Journey: what campaigns' coupons brought, by campaign; turnover
 - lists kept of the customers behind a figure; refusals

Each is skipped where ../shared (or $SHARED) is not there.
"""
import csv, gzip, http.client, io, json, os, shutil, socket, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BINARY = os.environ.get("BECKON", os.path.join(ROOT, "build/release/beckon"))
SHARED = os.path.join(os.environ.get("SHARED", os.path.join(ROOT, "..", "shared")), "data")
passed = failed = skipped = 0


def check(what, have, want):
    global passed, failed
    if have == want:
        passed += 1
        return
    failed += 1
    print("FAILED:", what, "is", str(have)[:300], "not", str(want)[:300])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A directory with rows of events imported as history, and the server on it."""

    def __init__(self, columns, rows, mapping):
        self.dir = tempfile.mkdtemp(prefix="beckon-analyses-")
        text = io.StringIO()
        out = csv.writer(text)
        out.writerow(columns)
        out.writerows(rows)
        file = os.path.join(self.dir, "events.csv")
        with open(file, "w") as f:
            f.write(text.getvalue())
        data = os.path.join(self.dir, "data")
        subprocess.run([BINARY, "import", file, "--kind", "events", "--mapping", json.dumps(mapping), "--data", data],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.key = json.loads(subprocess.run([BINARY, "key", "create", "--data", data, "--name", "t", "--json"],
                                             capture_output=True, check=True).stdout)["key"]
        self.port = free_port()
        self.process = subprocess.Popen([BINARY, "serve", "--data", data, "--listen", f"127.0.0.1:{self.port}"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                if self.call("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("the server does not get ready")

    def call(self, method, path, body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        c.request(method, path, None if body is None else json.dumps(body),
                  {"Authorization": "Bearer " + self.key, "Content-Type": "application/json"})
        r = c.getresponse()
        text = r.read()
        c.close()
        return r.status, json.loads(text) if text[:1] == b"{" else text

    def ask(self, name, **body):
        status, answer = self.call("POST", "/api/v1/analyses/" + name, body)
        if status >= 300:
            print("FAILED:", name, status, answer)
            raise SystemExit(1)
        return answer

    def end(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.dir)


def reference(folder):
    with open(os.path.join(SHARED, folder, "reference.json")) as f:
        return json.load(f)


def unpacked(path):
    with gzip.open(os.path.join(SHARED, path), "rt") as f:
        return f.read()


def cdnow():
    want = reference("cdnow")
    rows = []
    for line in unpacked("cdnow/CDNOW_master.txt.gz").splitlines()[1:]:
        who, day, count, money = line.split()
        rows.append([who, "buy", f"{day[:4]}-{day[4:6]}-{day[6:]}T00:00:00Z", money])
    s = Server(["user", "event", "at", "amount"], rows,
               {"user": "user_id", "event": "event", "at": "occurred_at", "amount": "property:amount"})
    zone = {"zone": "UTC"}
    days = [7, 30, 60, 90, 180, 365]
    a = s.ask("repurchase", event="buy", unit="day", within=[f"{d}d" for d in days], **zone)
    r = want["repurchase"]
    check("customers", a["customers"], r["customers"])
    check("who bought again", a["repeat_customers"], r["with_repurchase"])
    check("rate", round(a["rate"], 6), r["repurchase_rate"])
    check("within", {str(d): a["within"][f"{d}d"] for d in days}, r["first_to_second_gap_days"]["within"])
    check("gaps", a["gaps"]["count"], r["gap_days_all_consecutive"]["n"])
    check("mean gap", round(a["gaps"]["sum_s"] / 86400 / a["gaps"]["count"], 3), r["gap_days_all_consecutive"]["mean"])
    check("median gap", a["gaps"]["percentiles"]["50"] / 86400, r["gap_days_all_consecutive"]["median"])
    check("the n-th order", {f"{n['order']}->{n['order'] + 1}": [n["customers"], n["next"]] for n in a["nth"][:5]},
          {k: [v["from"], v["to"]] for k, v in r["nth_to_next"].items()})
    a = s.ask("trend", event="buy", interval="month", property="amount", **zone)
    check("months", {x["at"][:7]: [x["customers"], x["sum"]] for x in a["rows"]},
          {k: [v["customers"], v["amount"]] for k, v in want["monthly"].items()})
    check("all months", [a["total"]["events"], a["total"]["customers"], a["total"]["sum"]],
          [want["master"]["rows"], want["master"]["customers"], want["master"]["dollars"]])
    a = s.ask("retention", first={"did": "buy"}, unit="month", periods=17, **zone)
    have = {c: [0] * 18 for c in want["cohort_active_customers_by_month_offset"]}
    for x in a["rows"]:
        have[x["cohort"]][x["period"]] = x["customers"]
    check("cohorts", have, want["cohort_active_customers_by_month_offset"])
    rfm = dict(event="buy", amount="amount", as_of="1998-07-01T00:00:00Z", unit="day", method="ntile", groups=5, **zone)
    a = s.ask("rfm", **rfm)
    check("RFM cells", {f"{c['r']}{c['f']}{c['m']}": c["customers"] for c in a["cells"]}, want["rfm"]["cells_RFM"])
    best = s.ask("rfm", drill={"r": 5, "f": 5, "m": 5}, save_as={"id": "best", "name": "Best"}, **rfm)
    check("the best", best["count"], want["rfm"]["cells_RFM"]["555"])
    check("kept as a list", s.call("GET", "/api/v1/segments/best")[1]["members"], best["count"])
    inside = s.ask("rfm", predicate={"segment": "best"}, **{**rfm, "method": "value"})
    check("the list's customers alone", inside["total"]["customers"], best["count"])
    status, problem = s.call("POST", "/api/v1/analyses/rfm", {"group": 5})
    check("a member that is not there", [status, problem["errors"][0]["path"]], [422, "/group"])
    check("a question that is not there", s.call("POST", "/api/v1/analyses/why", {})[0], 404)
    s.end()


def clickstream():
    want = reference("clickstream")
    rows = list(csv.reader(io.StringIO(unpacked("clickstream/retentioneering_ecom.csv.gz"))))
    s = Server(rows[0], rows[1:], {"user_id": "user_id", "session_id": "property:session", "event": "event",
                                   "timestamp": "occurred_at", "platform": "property:platform",
                                   "acquisition_channel": "property:channel", "user_cohort": "-", "user_lifecycle": "-"})
    for name, count in want["event_counts"].items():
        total = s.ask("trend", event=name, interval="month")["total"]
        check(name, [total["events"], total["customers"]], [count, want["event_unique_users"][name]])
    steps = [{"did": n} for n in want["funnel_steps"]]

    def funnel(**more):
        return {x["name"]: x["customers"] for x in s.ask("funnel", steps=steps, **more)["steps"]}

    check("a funnel without a window", funnel(), want["funnel_users_ordered_no_window_first_start"]["counts"])
    for window in "1h", "1d", "7d":
        check("a funnel of " + window, funnel(window=window.replace("1d", "24h")),
              want[f"funnel_users_ordered_window_{window}_from_start_best_of_any_start"])
    a = s.ask("trend", event="purchase", interval="month", by={"property": "platform"})
    check("purchases by platform", sum(g["total"]["events"] for g in a["groups"]), want["event_counts"]["purchase"])
    lost = s.ask("funnel", steps=steps, window="7d", drill={"step": 2, "lost": True})
    f = want["funnel_users_ordered_window_7d_from_start_best_of_any_start"]
    check("who was lost", lost["count"], f["product_view"] - f["add_to_cart"])
    s.end()


def journey():
    want = reference("completejourney")
    folder = os.path.join(SHARED, "completejourney")
    rows = []
    with open(os.path.join(folder, "coupon_redemptions.csv")) as f:
        for x in csv.DictReader(f):
            rows.append([x["household_id"], "redeemed", x["redemption_date"] + "T12:00:00Z", x["campaign_id"], ""])
    starts = {k: v["start"] for k, v in want["campaigns"].items()}
    with open(os.path.join(folder, "campaigns.csv")) as f:
        for x in csv.DictReader(f):
            rows.append([x["household_id"], "targeted", starts[x["campaign_id"]] + "T00:00:00Z", x["campaign_id"], ""])
    for x in csv.DictReader(io.StringIO(unpacked("completejourney/transactions_sample.csv.gz"))):
        rows.append([x["household_id"], "line", x["transaction_timestamp"].replace(" ", "T") + "Z", "", x["sales_value"]])
    s = Server(["household", "event", "at", "campaign", "amount"], rows,
               {"household": "user_id", "event": "event", "at": "occurred_at", "campaign": "property:campaign",
                "amount": "property:amount"})
    ever = {"interval": "month", "zone": "UTC", "by": {"property": "campaign", "limit": 50}}
    for event, members in ("targeted", ["targeted"]), ("redeemed", ["redemptions", "redeeming_households"]):
        a = s.ask("trend", event=event, **ever)
        have = {g["group"]: [g["total"]["events"], g["total"]["customers"]][:len(members)] for g in a["groups"] if g["group"]}
        check(event, have, {k: [v[m] for m in members] for k, v in want["campaigns"].items() if v[members[0]]})
    total = s.ask("trend", event="line", interval="month", property="amount", zone="UTC")["total"]
    check("turnover", [total["events"], total["customers"], total["sum"]],
          [want["rows"]["transactions_sample"], want["households_in_sample"], want["sales_value"]])
    a = s.ask("funnel", steps=[{"did": "targeted", "where": {"property": "campaign", "op": "=", "value": 18}},
                               {"did": "redeemed", "where": {"property": "campaign", "op": "=", "value": 18}}])
    check("campaign 18", [x["customers"] for x in a["steps"]],
          [want["campaigns"]["18"]["targeted"], want["campaigns"]["18"]["redeeming_and_targeted"]])
    s.end()


for folder, test in ("cdnow", cdnow), ("clickstream", clickstream), ("completejourney", journey):
    if len(sys.argv) > 1 and folder not in sys.argv[1:]:
        continue
    if os.path.isdir(os.path.join(SHARED, folder)):
        test()
    else:
        skipped += 1
        print("skipped:", folder, "is not there")
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(failed > 0)
