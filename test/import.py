#!/usr/bin/env python3
"""import.py: imports by the API and the command line, from outside.

 - a list of customers with everything wrong that lists have: counts, errors, preview, what came of it
 - a body in chunks, a form without a file, a wrong key
 - an import that is killed after its first chunks, again and again, ends as one that was not
 - so does the command, which reads by several threads, when a server goes on with what it left
 - taking back: what it brought goes, also while the process is killed; who was there before is as before
 - the CDNOW log, where it is: its repurchase rate by preview, by the API and by the command line
"""
import gzip, http.client, json, os, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BINARY = os.environ.get("BECKON", os.path.join(ROOT, "build/release/beckon"))
passed = failed = skipped = 0


def check(what, good, *more):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print("FAILED:", what, *more)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, dir, kill=None):
        self.dir, self.port = dir, free_port()
        self.key = json.loads(subprocess.run([BINARY, "key", "create", "--data", dir, "--name", "t", "--json"],
                                             capture_output=True, check=True).stdout)["key"]
        env = dict(os.environ)
        if kill:
            env["BECKON_KILL_AT"] = kill
        self.process = subprocess.Popen([BINARY, "serve", "--data", dir, "--listen", f"127.0.0.1:{self.port}"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
        for _ in range(600):
            if self.process.poll() is not None:
                return
            try:
                if self.call("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise SystemExit("the server does not get ready")

    def call(self, method, path, body=None, headers=None, key=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        h = {"Authorization": "Bearer " + (key or self.key)}
        h.update(headers or {})
        c.request(method, path, body, h)
        r = c.getresponse()
        text = r.read()
        c.close()
        try:
            return r.status, json.loads(text)
        except ValueError:
            return r.status, text

    def api(self, method, path, body=None):
        data = None if body is None else json.dumps(body)
        return self.call(method, "/api/v1" + path, data, {"Content-Type": "application/json"})

    def upload(self, name, content, key=None, chunked=False, **fields):
        edge = "edge-of-parts"
        parts = []
        for k, v in fields.items():
            v = v if isinstance(v, str) else json.dumps(v)
            parts.append(f'--{edge}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode())
        if content is not None:
            parts.append(f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
                         f'Content-Type: text/csv\r\n\r\n'.encode() + content + b"\r\n")
        body = b"".join(parts) + f"--{edge}--\r\n".encode()
        if chunked:
            whole = body
            body = (whole[i:i + 1000] for i in range(0, len(whole), 1000))
        return self.call("POST", "/api/v1/imports", body, {"Content-Type": f"multipart/form-data; boundary={edge}"},
                         key=key)

    def wait(self, id):
        for _ in range(1200):
            status, job = self.api("GET", "/imports/" + id)
            if job["rows"] != job["accepted"] + job["rejected"]:
                raise SystemExit("rows are not accepted + rejected")
            if job["status"] in ("done", "failed"):
                return job
            time.sleep(0.05)
        raise SystemExit("an import does not end")

    def run(self, name, content, **fields):
        status, job = self.upload(name, content, **fields)
        return self.wait(job["id"]) if status == 202 else (status, job)

    def count(self, predicate):
        return self.api("POST", "/segments/preview", {"predicate": predicate})[1]["count"]

    def customer(self, ref):
        return self.api("GET", "/customers/" + urllib.parse.quote(ref, safe=""))

    def timeline(self, ref):
        return self.api("GET", "/customers/" + urllib.parse.quote(ref, safe="") + "/timeline?limit=1000")[1]["items"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def died(self):
        self.process.wait(60)


def seen(items):
    """A timeline without what differs from one directory to the next."""
    return sorted(json.dumps([i["event"], i["occurred_at"], i["properties"]], sort_keys=True) for i in items)


def customers_list(dir):
    s = Server(dir)
    content = ("手机号,邮箱,姓名,生日,标签,consent:sms,积分\n"
               "13800138000,LI@Example.com,李雷,1990/2/3,VIP;新客,是,12\n"
               "13800138001,bad,韩梅梅,1991-02-28,,否,7\n"
               ",,nobody,,,,1\n"
               "13800138002,x@example.com,\"two\nlines\",,,vielleicht,1\n").encode()
    job = s.run("c.csv", content, kind="customers", dry_run="true")
    check("a dry run counts", (job["rows"], job["accepted"], job["rejected"]) == (4, 2, 2), job)
    check("a dry run shows", job["preview"]["columns"][0] == "手机号" and job["preview"]["rows"][3][2] == "two\nlines")
    check("a dry run guesses", job["mapping"]["生日"] == "attribute:birthday" and job["mapping"]["手机号"] == "phone")
    check("a dry run brings nothing", s.customer("phone:+8613800138000")[0] == 404)
    job = s.run("c.csv", content, kind="customers", chunked=True)
    check("counts", (job["status"], job["rows"], job["accepted"], job["rejected"], job["warnings"]) ==
          ("done", 4, 2, 2, 1), job)
    status, li = s.customer("email:li@example.com")
    check("a customer", status == 200 and li["attributes"] == {"name": "李雷", "birthday": "1990-02-03", "积分": 12} and
          sorted(li["tags"]) == ["VIP", "新客"] and li["consent"] == {"sms": True}, li)
    status, text = s.call("GET", f"/api/v1/imports/{job['id']}/errors")
    check("errors", text.decode().splitlines()[1] == "3,,there is no identifier,,,nobody,,,,1", text)
    s.run("agreed.csv", "手机号\n13800138001\n13800138009\n".encode(), kind="customers", options={"consent": ["sms"]})
    check("a list in which everybody agreed overrules nobody's no",
          s.customer("phone:+8613800138001")[1]["consent"] == {"sms": False} and
          s.customer("phone:+8613800138009")[1]["consent"] == {"sms": True})
    check("gb18030", s.run("g.csv", content.decode().encode("gb18030"), kind="customers")["accepted"] == 2)
    check("utf-16", s.run("u.csv", content.decode().encode("utf-16"), kind="customers")["accepted"] == 2)
    line = json.dumps({"user_id": "n1", "city": "Paris", "n": 5, "list": [1, 2]}) + "\n{broken\n"
    job = s.run("x.ndjson", line.encode(), kind="customers")
    check("ndjson", (job["accepted"], job["rejected"]) == (1, 1) and
          s.customer("user_id:n1")[1]["attributes"] == {"city": "Paris", "n": 5, "list": [1, 2]}, job)
    check("no file", s.upload("x", None, kind="customers")[0] == 422)
    check("no kind", s.upload("x", b"a\n")[0] == 422)
    check("products", s.upload("x", b"a\n", kind="products")[0] == 422)
    check("a wrong key", s.upload("x", b"a\n", kind="customers", key="bk_live_nonsense")[0] == 401)
    left = [n for n in os.listdir(os.path.join(s.dir, "imports")) if n.startswith("imp_") and "." not in n and
            not os.path.exists(os.path.join(s.dir, "imports", n + ".json"))]
    check("what is refused leaves nothing behind", left == [], left)
    check("no form", s.call("POST", "/api/v1/imports", b"a,b\n", {"Content-Type": "text/csv"})[0] == 400)
    check("a mapping of nothing", s.run("x.csv", b"a,b\n1,2\n", kind="customers",
                                        mapping={"z": "email"})["status"] == "failed")
    check("uploads go", not any(f.endswith(".upload") for _, _, files in os.walk(os.path.join(s.dir, "imports")) for f in files))
    s.stop()


def rows_of(n, note="-"):
    out = ["user_id,event,occurred_at,value,city,note"]
    for i in range(n):
        bad = "" if i % 997 == 5 else "Page Viewed"
        out.append(f"u{i % 500},{bad},{1767225600 + i},{i},c{i % 7},{note}")
    return ("\n".join(out) + "\n").encode()


def orders_of(n):
    out = ["order_id,user_id,date,quantity,price"]
    for i in range(n):
        out.append(f"o{i * 7919 % n // 3},u{i * 7919 % n // 3 % 400},2026-01-{1 + i * 7919 % n // 3 % 28:02},{1 + i % 3},{i % 50}.25")
    return ("\n".join(out) + "\n").encode()


def parts_of(dir):
    return [f for at, _, files in os.walk(os.path.join(dir, "imports")) for f in files if f.startswith("part-")]


def killed(base, kind, content, kills):
    plain = Server(os.path.join(base, "plain-" + kind))
    want = plain.run("f.csv", content, kind=kind)
    dir = os.path.join(base, "killed-" + kind)
    s = Server(dir, kill=f"import.chunk:{kills[0]}")
    status, job = s.upload("f.csv", content, kind=kind)
    check("taken before the kill", status == 202)
    s.died()
    for n in kills[1:]:
        s = Server(dir, kill=f"import.chunk:{n}")
        s.died()
    s = Server(dir)
    have = s.wait(job["id"])
    check(f"{kind}: nothing half sorted is left", parts_of(dir) == [] and parts_of(plain.dir) == [])
    same = ("status", "rows", "accepted", "rejected", "warnings")
    check(f"{kind}: counts after kills", [have[k] for k in same] == [want[k] for k in same], have, want)
    check(f"{kind}: errors after kills", s.call("GET", f"/api/v1/imports/{job['id']}/errors")[1] ==
          plain.call("GET", f"/api/v1/imports/{want['id']}/errors")[1])
    for u in ("u0", "u7", "u123", "u399"):
        check(f"{kind}: {u} after kills", seen(s.timeline("user_id:" + u)) == seen(plain.timeline("user_id:" + u)))
    plain.stop()
    s.stop()
    doctor = json.loads(subprocess.run([BINARY, "doctor", "--data", dir, "--json"], capture_output=True).stdout)
    check("replay gives the same state", doctor["ok"] and doctor["state_hash"] == doctor.get("replay_hash"), doctor)


def killed_command(base, content):
    """The command reads by all threads; whoever goes on with it, by one, finds the same place."""
    file = os.path.join(base, "events.csv")
    with open(file, "wb") as f:
        f.write(content)
    plain = Server(os.path.join(base, "plain-command"))
    want = plain.run("f.csv", content, kind="events")
    for n in (1, 4, 6, 8):
        dir = os.path.join(base, f"command-{n}")
        run = subprocess.run([BINARY, "import", file, "--kind", "events", "--data", dir], capture_output=True,
                             env=dict(os.environ, BECKON_KILL_AT=f"import.chunk:{n}"))
        check(f"command: killed at {n}", run.returncode == -signal.SIGKILL, run)
        s = Server(dir)
        have = s.wait(s.api("GET", "/imports")[1]["items"][0]["id"])
        same = ("status", "rows", "accepted", "rejected", "warnings")
        check(f"command: counts after {n}", [have[k] for k in same] == [want[k] for k in same], have, want)
        for u in ("u0", "u7", "u123", "u399"):
            check(f"command: {u} after {n}", seen(s.timeline("user_id:" + u)) == seen(plain.timeline("user_id:" + u)))
        s.stop()
    plain.stop()


def undone(dir):
    s = Server(dir)
    s.api("POST", "/segments", {"id": "seen", "if": {"did": "Page Viewed"}})
    s.api("POST", "/customers", {"identifiers": {"user_id": "u1"}, "attributes": {"city": "Lyon", "n": 1}})
    s.api("POST", "/customers", {"identifiers": {"email": "two@example.com"}})
    before = [s.customer("user_id:u1")[1], seen(s.timeline("user_id:u1"))]
    job = s.run("c.csv", b"user_id,email,city,n,tags\nu1,one@example.com,Rome,2,T\nu2,two@example.com,Oslo,3,\n"
                         b"u3,three@example.com,Bonn,4,\n", kind="customers")
    more = s.run("e.csv", rows_of(5000), kind="events")
    after = s.customer("user_id:u1")[1]
    check("it came", after["attributes"]["city"] == "Rome" and after["tags"] == ["T"] and "seen" in after["segments"])
    check("everybody is there", s.count({"did": "Page Viewed"}) == 500)
    status, gone = s.api("POST", f"/imports/{more['id']}/undo")
    check("events went", status in (200, 202) and s.wait(more["id"])["undone"])
    check("nobody has seen", s.count({"did": "Page Viewed"}) == 0)
    check("who was only in events is gone", s.customer("user_id:u77")[0] == 404)
    check("who was in the other file is there", s.customer("user_id:u3")[0] == 200)
    check("rules are asked again", "seen" not in s.customer("user_id:u1")[1]["segments"])
    s.stop()
    s = Server(dir, kill="import.undo:1")
    try:
        s.api("POST", f"/imports/{job['id']}/undo")
    except (OSError, http.client.HTTPException):
        pass
    s.died()
    s = Server(dir)
    check("goes on after a kill", s.wait(job["id"])["undone"])
    now = [s.customer("user_id:u1")[1], seen(s.timeline("user_id:u1"))]
    for k in ("identifiers", "attributes", "tags", "segments", "consent"):
        check(f"as before: {k}", now[0][k] == before[0][k], now[0][k], before[0][k])
    check("the timeline as before", [x for x in now[1] if "Segment" not in x] == before[1], now[1], before[1])
    check("whom nobody else knows is gone", s.customer("user_id:u3")[0] == 404 and s.customer("user_id:u2")[0] == 404)
    check("whom somebody knows is there", s.customer("email:two@example.com")[0] == 200)
    check("once is enough", s.api("POST", f"/imports/{job['id']}/undo")[0] == 200)
    check("of nothing", s.api("POST", "/imports/imp_0/undo")[0] == 404)
    s.stop()
    doctor = json.loads(subprocess.run([BINARY, "doctor", "--data", dir, "--json"], capture_output=True).stdout)
    check("replay gives the same state", doctor["ok"] and doctor["state_hash"] == doctor.get("replay_hash"), doctor)


def repurchase(base):
    global skipped
    path = os.path.join(ROOT, "../shared/data/cdnow/CDNOW_master.txt.gz")
    if not os.path.exists(path):
        skipped += 1
        return print("skipped cdnow: it is not there")
    text = gzip.open(path).read()
    s = Server(os.path.join(base, "cdnow-api"))
    job = s.run("CDNOW_master.txt", text, kind="orders")
    check("cdnow's rows", (job["rows"], job["accepted"]) == (69659, 69659), job)
    file = os.path.join(base, "cdnow.txt")
    open(file, "wb").write(text)
    dir = os.path.join(base, "cdnow-cli")
    out = subprocess.run([BINARY, "import", file, "--kind", "orders", "--data", dir, "--json"], capture_output=True)
    check("by the command line", out.returncode == 0 and json.loads(out.stdout)["accepted"] == 69659, out)
    for server in (s, Server(dir)):
        once = server.count({"did": "Order Completed"})
        again = server.count({"did": "Order Completed", "count": {"op": ">=", "value": 2}})
        money = server.count({"did": "Order Completed", "aggregate": {"sum": "total", "op": ">=", "value": 0}})
        check("repurchase rate", (once, again, round(again / once, 6)) == (23570, 11516, 0.488587), once, again)
        check("everybody paid", money == 23570)
        out = subprocess.run([BINARY, "import", file, "--kind", "orders", "--data", server.dir, "--dry-run"],
                             capture_output=True)
        check("by the server that has it", out.returncode == 0 and b"69659 rows" in out.stdout, out)
        server.stop()


base = tempfile.mkdtemp(prefix="beckon-import-")
try:
    customers_list(os.path.join(base, "list"))
    # Thirteen steps deal the events out by customer, thirteen bring them: kills in both.
    killed(base, "events", rows_of(25000, "x" * 200), (2, 1, 16, 17, 1))
    killed_command(base, rows_of(200000, "x" * 100))
    killed(base, "orders", orders_of(20000), (2, 1, 2, 1))
    undone(os.path.join(base, "undone"))
    repurchase(base)
finally:
    shutil.rmtree(base, ignore_errors=True)
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(failed > 0)
