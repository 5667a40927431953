#!/usr/bin/env python3
"""mail.py — a broadcast of personal 10 kB mails: segment → render → SMTP sink, everything on this machine.

  bench/mail.py [CUSTOMERS] [CONNECTIONS] [none|rsa|ed25519]

Beckon (build/release) with a segment of CUSTOMERS and a journey whose schedule comes two seconds later; the sink
(bench/smtp_sink.c) counts. The rate is mails between the first and the last that the sink took. Claims and answers
are durable as always. Peers beside it: smtp-source to smtp-sink of Postfix, where that is installed."""
import base64, json, os, shutil, signal, subprocess, sys, tempfile, time, urllib.request
from datetime import datetime, timedelta, timezone

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
out = os.environ.get('OUT', os.path.join(root, 'build/release'))
customers = int(sys.argv[1]) if len(sys.argv) > 1 else 50000
connections = int(sys.argv[2]) if len(sys.argv) > 2 else 32
sign = sys.argv[3] if len(sys.argv) > 3 else 'none'
port, mail_port = 18091, 18026

def call(method, path, body=None, key=None, basic=None):
    head = {'content-type': 'application/json'}
    if key: head['authorization'] = 'Bearer ' + key
    if basic: head['authorization'] = 'Basic ' + base64.b64encode((basic + ':').encode()).decode()
    q = urllib.request.Request(f'http://127.0.0.1:{port}{path}', method=method, headers=head,
                               data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(q) as r:
        return json.loads(r.read() or b'null')

def cpu_of(pid):
    fields = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

def mail_template():
    row = ('<tr><td style="padding:8px 16px;border-bottom:1px solid #eee"><b>{{ customer.first_name | default: "friend" }}</b>, '
           'this one is for {{ customer.city | upcase }}: number %d of our list, and it costs less than you think.</td></tr>\n')
    filler = '<p style="font-family:Helvetica,Arial,sans-serif;font-size:14px;line-height:1.5;color:#333333">' + \
             'The quick brown fox jumps over the lazy dog. ' * 12 + '</p>\n'
    html = '<!doctype html><html><body><table>' + ''.join(row % i for i in range(12)) + '</table>' + filler * 12 + \
           '<a href="https://shop.example/offer?c={{ customer.user_id }}">see the offer</a></body></html>'
    return html

def main():
    for target in ('beckon', 'bench-smtp_sink'):
        subprocess.run(['make', '-s', os.path.join('build/release', target)], cwd=root, check=True) if 'OUT' not in os.environ else None
    folder = tempfile.mkdtemp(prefix='beckon-bench-mail-')
    sink = subprocess.Popen([os.path.join(out, 'bench-smtp_sink'), str(mail_port)], stdout=subprocess.PIPE, text=True)
    key = subprocess.check_output([os.path.join(out, 'beckon'), 'key', 'create', '--data', folder, '--name', 'bench'], text=True).strip()
    server = subprocess.Popen([os.path.join(out, 'beckon'), 'serve', '--data', folder, '--listen', f'127.0.0.1:{port}'],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try: call('GET', '/readyz'); break
            except Exception: time.sleep(0.1)
        write = call('POST', '/api/v1/sources', {'name': 'shop', 'kind': 'server'}, key)['write_key']
        call('PUT', '/api/v1/policies', {'caps': [], 'quiet': []}, key)
        call('POST', '/api/v1/channels', {'id': 'email', 'channel': 'email', 'provider': 'smtp', 'settings': {
            'host': '127.0.0.1', 'port': mail_port, 'security': 'none', 'from': 'Shop <shop@shop.test>', 'connections': connections}}, key)
        if sign != 'none':
            call('POST', '/api/v1/channels/email/dkim', {'domain': 'shop.test', 'selector': 's1', 'algorithm': sign}, key)
        html = mail_template()
        call('POST', '/api/v1/templates', {'id': 'offer', 'channel': 'email', 'subject': 'For {{ customer.first_name }}', 'html': html}, key)
        for first in range(0, customers, 1000):
            call('POST', '/v1/batch', {'batch': [{'type': 'identify', 'userId': f'u{i}', 'traits': {
                'email': f'u{i}@x.test', 'first_name': f'Name {i}', 'city': 'Bern' if i % 2 else 'Basel', 'consent': {'email': True}}}
                for i in range(first, min(first + 1000, customers))]}, basic=write)
        call('POST', '/api/v1/segments', {'id': 'all', 'if': {'attribute': 'city', 'op': 'exists'}}, key)
        at = (datetime.now(timezone.utc) + timedelta(seconds=3)).strftime('%Y-%m-%dT%H:%M:%S.000Z')
        call('POST', '/api/v1/journeys', {'id': 'offer', 'trigger': {'schedule': {'at': at}, 'audience': {'segment': 'all'}},
             'steps': [{'id': 'm1', 'send': {'channel': 'email', 'template': 'offer'}}]}, key)
        call('POST', '/api/v1/journeys/offer/publish', {}, key)
        time.sleep(2.5)
        began, end = cpu_of(server.pid), time.time() + 300
        if 'PROFILE' in os.environ:
            subprocess.Popen(['perf', 'record', '-F', '499', '-g', '-o', os.environ['PROFILE'], '-p', str(server.pid),
                              '--', 'sleep', '6'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while time.time() < end:
            time.sleep(0.5)
            r = call('GET', '/api/v1/journeys/offer/report', key=key)
            messages = r.get('messages', {})
            if messages.get('sent', 0) == customers: break
        spent, takes = cpu_of(server.pid) - began, cpu_of(sink.pid)
        sink.send_signal(signal.SIGTERM)
        mails, size, first, last = map(int, sink.communicate()[0].split())
        seconds = (last - first) / 1e9
        print(f'{mails} mails of {size // max(mails, 1)} bytes, {connections} connections, dkim {sign}: '
              f'{mails / seconds:.0f} a second, CPU a mail: server {spent / mails * 1e6:.0f} µs, sink {takes / mails * 1e6:.0f} µs')
        if mails != customers: sys.exit(f'{customers} were to come: {json.dumps(r)[:400]}')
    finally:
        server.terminate(); server.wait()
        if sink.poll() is None: sink.kill()
        shutil.rmtree(folder, ignore_errors=True)
    if shutil.which('smtp-source') and shutil.which('smtp-sink'):
        peer = subprocess.Popen(['smtp-sink', '-u', 'nobody', f'127.0.0.1:{mail_port}', '1000'])
        time.sleep(0.5)
        began = time.time()
        subprocess.run(['smtp-source', '-s', str(connections), '-l', '10240', '-m', str(customers), '-f', 'a@x.test', '-t', 'b@x.test',
                        f'127.0.0.1:{mail_port}'], check=True)
        print(f'smtp-source to smtp-sink, {connections} connections: {customers / (time.time() - began):.0f} a second')
        peer.terminate()

main()
