"""A stand-in for the Kubernetes API: the dozen calls of vantage6-node 5.0.3.

Usage: fake_kubernetes.py PORT CERTIFICATE KEY PREFIX. A job's pod is a container of the local
Docker engine, started with the image, environment and mounts that the node asked for; names
begin with PREFIX.
"""

import base64
import json
import ssl
import subprocess
import sys
import threading
import time
import uuid
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

PORT, CERTIFICATE, KEY, PREFIX = int(sys.argv[1]), *sys.argv[2:5]
NAMESPACES: set[str] = set()
PODS: dict = {}
SECRETS: dict = {}
JOBS: dict = {}
CHANGED = threading.Condition()
VERSION = [1]


def touch(thing):
    VERSION[0] += 1
    thing["metadata"]["resourceVersion"] = str(VERSION[0])
    CHANGED.notify_all()


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def docker(*words):
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=False)


def stamp(thing, namespace):
    data = thing.setdefault("metadata", {})
    data.setdefault("namespace", namespace)
    data |= {"uid": str(uuid.uuid4()), "creationTimestamp": now()}
    return data


def container(pod):
    """Return the status of the pod's one container."""
    name = pod["spec"]["containers"][0]
    return {"name": name["name"], "image": name["image"], "imageID": "x", "restartCount": 0}


def command(pod):
    """Return the words of `docker run` for a pod."""
    spec = pod["spec"]
    one = spec["containers"][0]
    environment = {}
    for source in one.get("envFrom") or []:
        key = (pod["metadata"]["namespace"], source["secretRef"]["name"])
        environment |= SECRETS.get(key, {})
    environment |= {e["name"]: e.get("value", "") for e in one.get("env") or []}
    paths = {v["name"]: v["hostPath"]["path"] for v in spec.get("volumes") or []}
    words = ["run", "--detach", "--name", PREFIX + pod["metadata"]["name"]]
    words += ["--tty"] if one.get("tty") else []
    for name, value in environment.items():
        words += ["--env", f"{name}={value}"]
    for mount in one.get("volumeMounts") or []:
        mode = ":ro" if mount.get("readOnly") else ""
        words += ["--volume", f"{paths[mount['name']]}:{mount['mountPath']}{mode}"]
    return [*words, one["image"], *(one.get("command") or [])]


def run_pod(pod, job):
    started = docker(*command(pod))
    state = container(pod)
    with CHANGED:
        if started.returncode:
            print(started.stderr, flush=True)
            why = {"reason": "ErrImagePull", "message": started.stderr}
            state |= {"ready": False, "state": {"waiting": why}}
            pod["status"] = {"phase": "Pending", "containerStatuses": [state]}
            return touch(pod)
        state |= {"ready": True, "state": {"running": {"startedAt": now()}}}
        pod["status"] = {"phase": "Running", "startTime": now(), "containerStatuses": [state]}
        touch(pod)
    waited = docker("wait", PREFIX + pod["metadata"]["name"])
    code = int(waited.stdout.strip() or "1")
    with CHANGED:
        end = {"exitCode": code, "reason": "Error" if code else "Completed", "finishedAt": now()}
        pod["status"]["phase"] = "Failed" if code else "Succeeded"
        pod["status"]["containerStatuses"][0]["state"] = {"terminated": end}
        touch(pod)
        job["status"]["failed" if code else "succeeded"] = 1
        touch(job)
    return None


def probe(pod):
    """Answer the node's own test of network isolation: the network is cut."""
    state = container(pod) | {"ready": False, "state": {"terminated": {"exitCode": 6}}}
    pod["status"] = {"phase": "Failed", "containerStatuses": [state]}


def selected(thing, selector):
    labels = thing["metadata"].get("labels") or {}
    return all(labels.get(p.split("=")[0]) == p.split("=")[1] for p in selector.split(",") if p)


def listing(kind, store, namespace, selector):
    items = [t for (n, _), t in store.items() if n == namespace and selected(t, selector)]
    return {"kind": kind, "metadata": {"resourceVersion": str(VERSION[0])}, "items": items}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body, kind="application/json"):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def missing(self):
        self.reply(404, {"kind": "Status", "status": "Failure", "code": 404, "reason": "NotFound"})

    def begin(self, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def watch(self, namespace, selector, seconds):
        self.begin("application/json")
        seen, end = {}, time.time() + seconds
        while time.time() < end:
            with CHANGED:
                pods = listing("PodList", PODS, namespace, selector)["items"]
                new = [
                    (p["metadata"]["name"], p["metadata"]["resourceVersion"], json.dumps(p))
                    for p in pods
                    if seen.get(p["metadata"]["name"]) != p["metadata"]["resourceVersion"]
                ]
                if not new:
                    CHANGED.wait(1)
            for name, version, pod in new:
                kind = "MODIFIED" if name in seen else "ADDED"
                seen[name] = version
                self.chunk(f'{{"type": "{kind}", "object": {pod}}}\n'.encode())
        self.chunk(b"")

    def logs(self, name, follow):
        if not follow:
            done = docker("logs", PREFIX + name)
            return self.reply(200, done.stdout + done.stderr, "text/plain")
        self.begin("text/plain")
        words = ["docker", "logs", "--follow", PREFIX + name]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for line in process.stdout:
            self.chunk(line)
        return self.chunk(b"")

    def handle_any(self):
        with suppress(OSError):  # the node hung up
            self.route()

    def route(self):
        path = urlparse(self.path)
        query = {name: values[0] for name, values in parse_qs(path.query).items()}
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        parts = path.path.strip("/").split("/")
        if parts[:3] == ["api", "v1", "namespaces"]:
            return self.core(parts[3:], query, body)
        if parts[:4] == ["apis", "batch", "v1", "namespaces"]:
            return self.batch(parts[4:], query, body)
        return self.missing()

    def core(self, parts, query, body):
        if not parts:
            NAMESPACES.add(body["metadata"]["name"])
            return self.reply(201, body)
        namespace, *rest = parts
        if not rest:
            known = {"kind": "Namespace", "metadata": {"name": namespace}}
            return self.reply(200, known) if namespace in NAMESPACES else self.missing()
        if rest[0] == "secrets":
            return self.secrets(namespace, rest[1:], body)
        return self.pods(namespace, rest[1:], query, body)

    def secrets(self, namespace, rest, body):
        if not rest:
            coded = {k: base64.b64decode(v).decode() for k, v in (body.get("data") or {}).items()}
            name = stamp(body, namespace)["name"]
            SECRETS[namespace, name] = {**(body.get("stringData") or {}), **coded}
            return self.reply(201, body)
        found = SECRETS.get((namespace, rest[0]))
        if self.command == "DELETE":
            SECRETS.pop((namespace, rest[0]), None)
        return self.reply(200, {"kind": "Status"}) if found is not None else self.missing()

    def pods(self, namespace, rest, query, body):
        if not rest and self.command == "POST":
            with CHANGED:
                body["status"] = {"phase": "Pending"}
                PODS[namespace, stamp(body, namespace)["name"]] = body
                probe(body)  # the only pod that a node starts without a job
                touch(body)
            return self.reply(201, body)
        selector = query.get("labelSelector", "")
        if not rest and query.get("watch", "").lower() == "true":
            return self.watch(namespace, selector, float(query.get("timeoutSeconds", 120)))
        if not rest:
            with CHANGED:
                return self.reply(200, listing("PodList", PODS, namespace, selector))
        if rest[1:] == ["log"]:
            return self.logs(rest[0], query.get("follow") == "true")
        found = PODS.get((namespace, rest[0]))
        if found is None:
            return self.missing()
        if self.command == "DELETE":
            PODS.pop((namespace, rest[0]))
            docker("rm", "--force", PREFIX + rest[0])
        return self.reply(200, found)

    def batch(self, parts, query, body):
        namespace, _, *rest = parts
        if not rest and self.command == "POST":
            return self.job(namespace, body)
        if not rest:
            selector = query.get("labelSelector", "")
            with CHANGED:
                return self.reply(200, listing("JobList", JOBS, namespace, selector))
        found = JOBS.get((namespace, rest[0]))
        if found is None:
            return self.missing()
        if self.command == "DELETE":
            JOBS.pop((namespace, rest[0]))
        return self.reply(200, found)

    def job(self, namespace, body):
        name = stamp(body, namespace)["name"]
        template = body["spec"]["template"]
        labels = {**(template["metadata"].get("labels") or {}), "job-name": name}
        data = {"name": f"{name}-{uuid.uuid4().hex[:5]}", "labels": labels}
        pod = {"kind": "Pod", "apiVersion": "v1", "metadata": data, "spec": template["spec"]}
        pod["status"] = {"phase": "Pending"}
        with CHANGED:
            body["status"] = {}
            JOBS[namespace, name] = body
            stamp(pod, namespace)
            PODS[namespace, data["name"]] = pod
            touch(body)
            touch(pod)
        threading.Thread(target=run_pod, args=(pod, body), daemon=True).start()
        return self.reply(201, body)

    do_GET = do_POST = do_DELETE = do_PATCH = handle_any


server = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERTIFICATE, KEY)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
