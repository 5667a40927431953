#!/usr/bin/env python3
"""kill.py: a shop's load against the real binary, which is killed again and again.

The oracle is this process: it knows which events were answered with 200 and which message ids the mail
server took. After every death the server is started again; in the end
  - every answered event is on its customer's timeline once,
  - no message id reached the mail server twice,
  - every message is settled, or counted as unknown; planned is their sum,
  - who was erased is not found, and no file has a byte of her address; the others' events are all there,
  - a segment, published anew again and again, has the members that counting everybody gives,
  - the state after replay has the hash of the live one (beckon doctor), before anybody is erased: an emptied
    record replays to another state.
Kills are set at every point of src/env/kill_points.h (--points; a point that is never passed fails the run),
then come at random moments (--kills N). kill -9 does not show a missing sync: the log's and the simulator's tests
on the simulated disk do, with a disk that lies as their control.
"""
import argparse, base64, http.client, json, os, random, re, shutil, signal, socket, socketserver
import subprocess, sys, tempfile, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Sink(socketserver.StreamRequestHandler):
    """A mail server that takes everything, and remembers the Message-ID of what it took."""
    taken = {}
    lock = threading.Lock()

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        try:
            self.serve()
        except (ConnectionError, ValueError):
            pass

    def serve(self):
        self.say("220 sink")
        while True:
            line = self.rfile.readline()
            if not line:
                return
            word = line[:4].upper()
            if word in (b"EHLO", b"HELO"):
                self.say("250 sink")
            elif word == b"DATA":
                self.say("354 go on")
                self.data()
            elif word == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def data(self):
        body = b""
        while True:
            line = self.rfile.readline()
            if not line:
                raise ConnectionError
            if line == b".\r\n":
                break
            body += line
        ident = re.search(rb"^Message-ID:\s*<([^@>]+)@", body, re.I | re.M).group(1).decode()
        with Sink.lock:
            Sink.taken[ident] = Sink.taken.get(ident, 0) + 1
        self.say("250 taken")


class Threaded(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Server:
    def __init__(self, binary, folder, args):
        self.binary, self.folder, self.args = binary, folder, args
        self.port = free_port()
        self.process = None
        self.key = None

    def start(self, kill_at=None):
        env = dict(os.environ, **({"BECKON_KILL_AT": kill_at} if kill_at else {}))
        self.log = open(self.folder + ".log", "ab")
        self.process = subprocess.Popen(
            [self.binary, "serve", "--data", self.folder, "--listen", "127.0.0.1:%d" % self.port] + self.args,
            stdout=self.log, stderr=self.log, env=env)
        began = time.monotonic()
        while time.monotonic() - began < 60:
            if self.process.poll() is not None:
                return False
            try:
                if self.call("GET", "/readyz")[0] == 200:
                    return True
            except OSError:
                pass
            time.sleep(0.01)
        raise SystemExit("kill: the server is not ready after a minute, see " + self.log.name)

    def call(self, method, path, body=None, auth=None, timeout=10):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = {}
        if auth:
            headers["Authorization"] = auth
        elif self.key:
            headers["Authorization"] = "Bearer " + self.key
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            c.request(method, path, json.dumps(body) if body is not None else None, headers)
            r = c.getresponse()
            text = r.read()
            return r.status, json.loads(text) if text[:1] in (b"{", b"[") else text
        except http.client.HTTPException as e:
            raise ConnectionError(str(e))
        finally:
            c.close()

    def must(self, method, path, body=None):
        status, answer = self.call(method, path, body)
        if status >= 300:
            raise SystemExit("kill: %s %s: %s %s" % (method, path, status, answer))
        return answer

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Load:
    """Threads that send what a shop sends, and remember what was answered."""

    def __init__(self, server, write_key, seed):
        self.server, self.seed = server, seed
        self.auth = "Basic " + base64.b64encode((write_key + ":").encode()).decode()
        self.answered = {}  # message id -> user
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.count = 0

    def batch(self, rng):
        items = []
        for _ in range(rng.randint(1, 5)):
            with self.lock:
                self.count += 1
                number = self.count
            user = "u%d" % (number // 4000 * 40 + rng.randint(1, 40))  # a long run has new customers
            item = {"userId": user, "messageId": "m-%d-%d" % (self.seed, number)}
            if rng.random() < 0.2:
                item.update(type="identify", traits={"email": user + "@shop.test", "first_name": "N" + str(number),
                                                     "consent": {"email": True}})
            else:
                item.update(type="track", event=rng.choice(["Product Added", "Page Read", "Order Completed"]),
                            properties={"cart_id": "c%d" % rng.randint(1, 5), "price": number / 4})
            items.append(item)
        return items

    def run(self, which):
        rng = random.Random(self.seed * 100 + which)
        while not self.stop.wait(0.005):
            items = self.batch(rng)
            for attempt in range(3):  # as an SDK does: the same ids again
                try:
                    status, _ = self.server.call("POST", "/v1/batch", {"batch": items}, self.auth, 5)
                except OSError:
                    time.sleep(0.02)
                    continue
                if status == 200:
                    with self.lock:
                        for item in items:
                            self.answered[item["messageId"]] = item["userId"]
                    break

    def during(self, seconds, process, *others):
        self.stop.clear()
        threads = [threading.Thread(target=self.run, args=(i,), daemon=True) for i in range(4)]
        threads += [threading.Thread(target=o.run, args=(self.stop,), daemon=True) for o in others]
        for t in threads:
            t.start()
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            pass
        self.stop.set()
        for t in threads:
            t.join()


class Leavers:
    """Customers who come, do something and ask to be forgotten, one after the other."""

    def __init__(self, server, load):
        self.server, self.load = server, load
        self.gone, self.count = [], 0
        self.here, self.is_known = None, False

    def come(self):
        name = self.here
        items = [{"type": "identify", "userId": name, "messageId": "i-" + name,
                  "traits": {"email": name + "@forget.test", "first_name": "Forget" + name}}]
        items += [{"type": "track", "userId": name, "messageId": "t-%s-%d" % (name, i), "event": "Page Read",
                   "properties": {"note": "by " + name + "@forget.test"}} for i in range(3)]
        return self.server.call("POST", "/v1/batch", {"batch": items}, self.load.auth, 5)[0] == 200

    def go(self):
        status, _ = self.server.call("POST", "/api/v1/customers/user_id:%s/erase" % self.here)
        return status in (200, 404)  # 404: an answer that was lost had done it

    def step(self):
        if self.here is None:
            self.count += 1
            self.here, self.is_known = "gone%d" % self.count, False
        if not self.is_known:
            self.is_known = self.come()  # not answered: it may have come to pass, so it is sent again
        elif self.go():
            self.gone.append(self.here)
            self.here = None

    def run(self, stop):
        while not stop.wait(0.1):
            try:
                self.step()
            except OSError:
                pass


class Publisher:
    """One segment whose rule is edited over and over."""

    def __init__(self, server):
        self.server, self.count = server, 0
        self.rule = None

    def run(self, stop):
        while not stop.wait(0.15):
            self.count += 1
            rule = {"attribute": "first_name", "op": "<" if self.count % 2 else ">=", "value": "N%d" % (self.count % 10)}
            try:
                self.server.call("PUT", "/api/v1/segments/some", {"name": "some", "if": rule})
            except OSError:
                pass


def set_up(server, mail_port):
    server.must("PUT", "/api/v1/policies", {"caps": [], "quiet": []})  # messages are sent whatever the hour
    server.must("POST", "/api/v1/channels", {"id": "email", "channel": "email", "provider": "smtp", "settings": {
        "host": "127.0.0.1", "port": mail_port, "security": "none", "from": "shop@shop.test", "verify": False}})
    server.must("POST", "/api/v1/templates", {"id": "hello", "channel": "email", "subject": "Hello",
                                              "text": "Hi {{ customer.first_name | default: \"friend\" }}"})
    server.must("POST", "/api/v1/journeys", {
        "id": "cart", "trigger": {"event": "Product Added", "key": "cart_id"},
        "entry": {"again": "always", "running": "parallel"}, "exit": [],
        "steps": [{"id": "w", "wait": {"for": "1s"}}, {"id": "m", "send": {"channel": "email", "template": "hello"}}]})
    server.must("POST", "/api/v1/journeys/cart/publish", {})
    return server.must("POST", "/api/v1/sources", {"name": "shop", "kind": "server"})["write_key"]


def timeline(server, user):
    ids, cursor = [], ""
    while True:
        page = server.must("GET", "/api/v1/customers/user_id:%s/timeline?limit=1000%s" % (user, cursor))
        ids += [e.get("message_id") for e in page["items"]]
        if not page.get("next"):
            return ids
        cursor = "&cursor=" + page["next"]


def check_events(server, load):
    by_user, faults = {}, 0
    for ident, user in load.answered.items():
        by_user.setdefault(user, []).append(ident)
    for user, idents in by_user.items():
        seen = {}
        for ident in timeline(server, user):
            seen[ident] = seen.get(ident, 0) + 1
        lost = [i for i in idents if i not in seen]
        twice = [i for i in idents if seen.get(i, 0) > 1]
        faults += len(lost) + len(twice)
        if lost:
            print("lost of %s: %s" % (user, lost[:5]))
        if twice:
            print("twice for %s: %s" % (user, twice[:5]))
    return faults


def messages(server, status):
    found, cursor = [], ""
    while True:
        page = server.must("GET", "/api/v1/messages?limit=1000&status=%s%s" % (status, cursor))
        found += page["items"]
        if not page.get("next"):
            return found
        cursor = "&cursor=" + page["next"]


def check_messages(server):
    deadline = time.monotonic() + 60
    time.sleep(2.5)  # the journey's wait is one second
    while time.monotonic() < deadline and (messages(server, "planned") or messages(server, "claimed")):
        time.sleep(0.1)
    waiting = messages(server, "planned") + messages(server, "claimed")
    sent, unknown = messages(server, "sent"), messages(server, "unknown")
    faults = len(waiting)
    if waiting:
        print("still waiting: %d messages" % len(waiting))
    twice = [i for i, n in Sink.taken.items() if n > 1]
    if twice:
        print("handed over twice: %s" % twice[:5])
    known = {m["id"] for m in sent + unknown}
    missing = [m["id"] for m in sent if m["id"] not in Sink.taken]
    strange = [i for i in Sink.taken if i not in known]
    if missing:
        print("sent, but the mail server has none: %s" % missing[:5])
    if strange:
        print("at the mail server, but neither sent nor unknown: %s" % strange[:5])
    print("messages: %d sent, %d unknown; the mail server took %d" % (len(sent), len(unknown), len(Sink.taken)))
    return faults + len(twice) + len(missing) + len(strange)


def files_with(folder, text):
    found = []
    for path, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(path, name), "rb") as f:
                if text in f.read():
                    found.append(os.path.join(path, name))
    return found


def check_erased(server, leavers):
    """After a last one has left, the disk is rid of all of them within a minute."""
    while leavers.here or not leavers.gone:
        leavers.step()
    deadline = time.monotonic() + 60
    while server.must("GET", "/api/v1/erasures")["items"] and time.monotonic() < deadline:
        time.sleep(0.1)
    faults = 0
    for name in leavers.gone:
        if server.call("GET", "/api/v1/customers/user_id:" + name)[0] != 404:
            print("still there: " + name)
            faults += 1
    left = files_with(server.folder, b"@forget.test")
    if left:
        print("the erased are still in " + ", ".join(left))
    print("erased: %d customers" % len(leavers.gone))
    return faults + len(left)


def check_segment(server):
    source = server.must("GET", "/api/v1/segments/some")
    deadline = time.monotonic() + 20
    while not source["complete"] and time.monotonic() < deadline:
        time.sleep(0.05)
        source = server.must("GET", "/api/v1/segments/some")
    count = server.must("POST", "/api/v1/segments/preview", {"predicate": source["if"]})["count"]
    if source["complete"] and source["members"] == count:
        return 0
    print("the segment has %s members, counting gives %d" % (source["members"], count))
    return 1


def doctor(server, replays):
    """Asks what a start would find; `replays`: the log alone has to give the same state."""
    out = subprocess.run([server.binary, "doctor", "--data", server.folder, "--json"], capture_output=True, text=True)
    try:
        answer = json.loads(out.stdout)
    except ValueError:
        print("doctor: " + out.stdout + out.stderr)
        return 1
    replayed = answer.get("replay_hash", None if replays else answer.get("state_hash"))
    if answer["ok"] and answer["state_hash"] == replayed:
        return 0
    print("doctor: %s" % answer)
    return 1


def kill_points():
    text = open(os.path.join(ROOT, "src/env/kill_points.h")).read()
    return re.findall(r'X\("([^"]+)"\)', text)


# Points that a phase of some seconds passes once, or not at all: they get more time.
RARE = ("log.new_file", "log.blanked", "merge.written")
PATIENCE = 20


class Run:
    def __init__(self, server, load, rng):
        self.server, self.load, self.rng = server, load, rng
        self.kills, self.reached, self.recoveries, self.never = 0, 0, [], []

    def start(self, at=None):
        """True if it died on the way to being ready; then it was started once more."""
        began = time.monotonic()
        early = not self.server.start(at)
        if early and not self.server.start():
            raise SystemExit("kill: the server does not start again, see " + self.server.log.name)
        self.recoveries.append(time.monotonic() - began)
        return early

    def kill(self, name, others):
        """Ends what runs, and lets the next process end at this point (None: at any moment)."""
        self.server.kill()
        early = self.start("%s:%d" % (name, 1 if name in RARE else self.rng.randint(1, 3)) if name else None)
        patience = PATIENCE if name and not early else self.rng.uniform(0.05, 0.6)
        self.load.during(patience, self.server.process, *others)
        died = early or self.server.process.poll() is not None
        self.kills += 1
        self.reached += died
        if name and not died:
            self.never.append(name)

    def end(self, replays):
        """Stops it as an operator does."""
        faults = 0
        self.server.process.send_signal(signal.SIGTERM)
        if self.server.process.wait(timeout=20) != 0:
            print("the server did not end cleanly")
            faults += 1
        return faults + doctor(self.server, replays)

    def check(self):
        return check_events(self.server, self.load) + check_messages(self.server) + check_segment(self.server)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--binary", default=os.path.join(ROOT, "build/release/beckon"))
    p.add_argument("--kills", type=int, default=20)
    p.add_argument("--points", action="store_true")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--keep", action="store_true")
    o = p.parse_args()
    folder = tempfile.mkdtemp(prefix="beckon-kill-")
    mail = Threaded(("127.0.0.1", 0), Sink)
    threading.Thread(target=mail.serve_forever, daemon=True).start()
    server = Server(o.binary, folder + "/data", ["--tail-bytes", "12k", "--snapshot-records", "500"])
    server.key = json.loads(subprocess.check_output(
        [o.binary, "key", "create", "--data", server.folder, "--name", "kill", "--json"]))["key"]
    server.start()
    load = Load(server, set_up(server, mail.server_address[1]), o.seed)
    run = Run(server, load, random.Random(o.seed))
    publisher, leavers = Publisher(server), Leavers(server, load)
    load.during(0.5, server.process, publisher)
    # First nobody is erased, so that the whole log can be replayed and compared; then many are.
    for name in [k for k in kill_points() if o.points and k != "log.blanked" and not k.startswith("import.")] + [None] * (o.kills // 2):
        run.kill(name, [publisher])
    server.kill()
    run.start()
    faults = run.check() + run.end(replays=True)
    run.start()
    for name in ["log.blanked"] * o.points + [None] * (o.kills - o.kills // 2):
        run.kill(name, [publisher, leavers])
    server.kill()
    run.start()
    faults += run.check() + check_erased(server, leavers) + run.end(replays=False)
    if run.never:
        print("never passed: " + ", ".join(run.never))
        faults += len(run.never)
    worst = sorted(run.recoveries)
    print("kills: %d (%d at a named point), answered events: %d, ready again: p50 %.2f s, worst %.2f s" %
          (run.kills, run.reached, len(load.answered), worst[len(worst) // 2], worst[-1]))
    if not o.keep and not faults:
        shutil.rmtree(folder)
    elif faults:
        print("kept: " + folder)
    print("%d passed, %d failed" % (6 if not faults else 0, 1 if faults else 0))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
