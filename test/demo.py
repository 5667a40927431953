#!/usr/bin/env python3
"""demo.py: beckon demo fills a directory, every playbook is ready, and --remove leaves nobody."""
import json, os, shutil, subprocess, tempfile, time, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BINARY = os.environ.get("BECKON", os.path.join(ROOT, "build/release/beckon"))
passed = failed = 0


def check(what, good, *more):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAILED:", what, *more)


def beckon(*words):
    return subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=120)


def state(folder):
    doctor = json.loads(beckon("doctor", "--data", folder, "--json").stdout)
    check("the log replays to the same state", doctor["ok"] and doctor["state_hash"] == doctor["replay_hash"], doctor)
    return doctor["state"]


class Server:
    def __init__(self, folder):
        self.key = json.loads(beckon("key", "create", "--data", folder, "--name", "t", "--json").stdout)["key"]
        self.process = subprocess.Popen([BINARY, "serve", "--data", folder, "--listen", "127.0.0.1:0"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = next(w for w in self.process.stdout.readline().split() if w.startswith("http"))

    def get(self, path):
        ask = urllib.request.Request(self.url + path, headers={"Authorization": "Bearer " + self.key})
        return json.load(urllib.request.urlopen(ask, timeout=30))

    def end(self):
        self.process.terminate()
        check("it ends cleanly", self.process.wait(30) == 0)


def look(server):
    books = server.get("/api/v1/playbooks")["items"]
    check("all six playbooks are ready", len(books) == 6 and all(b["ready"] for b in books), [b["missing"] for b in books])
    journeys = server.get("/api/v1/journeys")["items"]
    check("they are drafts", len(journeys) == 6 and all(j["status"] == "draft" for j in journeys), journeys)
    settings = server.get("/api/v1/settings")
    check("zone and currency are set", settings["zone"] == "Asia/Shanghai" and settings["currency"] == "CNY", settings)
    check("some are regulars", server.get("/api/v1/customers?segment=demo-regulars&limit=5")["items"])
    check("nothing was planned", server.get("/api/v1/messages?limit=5")["items"] == [])
    one = server.get("/api/v1/customers/user_id:demo1")
    check("a customer has what playbooks ask for", {"birthday", "expires_on", "owner", "city"} <= one["attributes"].keys(), one)


folder = tempfile.mkdtemp(prefix="beckon-demo-")
began = time.monotonic()
made = beckon("demo", "--data", folder)
took = time.monotonic() - began
check("a directory is filled", made.returncode == 0, made.stderr)
check("within ten seconds", took < 10 or os.environ.get("BECKON"), took)
check("it says what to do next", "beckon serve --data " + folder in made.stdout, made.stdout)
full = state(folder)
check("5,000 customers and ninety days", full["customers"] == 5000 and full["events"] > 50000 and full["messages_planned"] == 0, full)
check("a second one is refused", beckon("demo", "--data", folder).returncode == 1)
server = Server(folder)
look(server)
gone = beckon("demo", "--remove", "--data", folder)
check("it is taken out of a server that runs", gone.returncode == 0 and "gone" in gone.stdout, gone.stderr)
for kind in ("customers", "journeys", "segments", "templates", "coupons"):
    check("no %s is left" % kind, server.get("/api/v1/" + kind)["items"] == [])
check("to remove it twice is refused", beckon("demo", "--remove", "--data", folder).returncode == 1)
check("and put into one that runs", beckon("demo", "--data", folder).returncode == 0)
look(server)
server.end()
check("and taken out of one that does not", beckon("demo", "--remove", "--data", folder).returncode == 0)
check("nobody is left", state(folder)["customers"] == 0)
shutil.rmtree(folder)
print(f"{passed} passed, {failed} failed")
raise SystemExit(failed > 0)
