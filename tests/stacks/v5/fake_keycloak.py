"""A stand-in for Keycloak: the few endpoints that vantage6 5.0.3's HQ, node and client call.

Usage: fake_keycloak.py PORT. Runs in the stack's own container; knows nobody but its tests.
"""

import base64
import json
import sys
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PORT, REALM = int(sys.argv[1]), "vantage6"
BASE = f"http://127.0.0.1:{PORT}"
ADMIN = f"/admin/realms/{REALM}/"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
FORMAT = serialization.PublicFormat.SubjectPublicKeyInfo
DER = KEY.public_key().public_bytes(serialization.Encoding.DER, FORMAT)
USERS: dict[str, dict] = {}
CLIENTS: dict[str, dict] = {}


def add_user(name, password=None, attributes=None):
    key = str(uuid.uuid4())
    USERS[key] = {"id": key, "username": name, "password": password}
    USERS[key] |= {"attributes": attributes or {}, "email": f"{name}@x"}
    return key


def add_client(name, secret=None, kind="user"):
    key = str(uuid.uuid4())
    account = add_user(f"service-account-{name}")
    CLIENTS[key] = {"id": key, "clientId": name, "secret": secret or uuid.uuid4().hex}
    CLIENTS[key] |= {"kind": kind, "account": account}
    return key


def token(user, kind, client):
    now = int(time.time())
    claims = {"sub": user, "vantage6_client_type": kind, "azp": client, "aud": "account"}
    claims |= {"iss": f"{BASE}/realms/{REALM}", "iat": now, "exp": now + 3600, "typ": "Bearer"}
    claims |= {"jti": str(uuid.uuid4()), "preferred_username": USERS[user]["username"]}
    text = jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "k"})
    return {"access_token": text, "refresh_token": text, "expires_in": 3600, "token_type": "Bearer"}


def grant(form):
    """Answer a request for a token: (status, body)."""
    if form.get("grant_type") == "client_credentials":
        for one in CLIENTS.values():
            if (one["clientId"], one["secret"]) == (form.get("client_id"), form["client_secret"]):
                return 200, token(one["account"], one["kind"], one["clientId"])
    if form.get("grant_type") == "password":
        for one in USERS.values():
            if (one["username"], one["password"]) == (form.get("username"), form.get("password")):
                return 200, token(one["id"], "user", form.get("client_id"))
    return 401, {"error": "invalid_grant"}


def users(method, rest, query, body):
    """Answer the admin about users: (status, body, location)."""
    if not rest and method == "GET":
        wanted = query.get("username")
        return 200, [u for u in USERS.values() if wanted in (None, u["username"])], None
    if not rest and method == "POST":
        given = json.loads(body)
        password = (given.get("credentials") or [{}])[0].get("value")
        key = add_user(given["username"], password, given.get("attributes"))
        return 201, None, f"{BASE}{ADMIN}users/{key}"
    if method == "PUT":
        USERS[rest[0]].update(json.loads(body))
    elif method == "DELETE":
        USERS.pop(rest[0], None)
    elif rest[0] in USERS:
        return 200, USERS[rest[0]], None
    return (404 if method == "GET" else 204), None, None


def clients(method, rest, query, body):
    """Answer the admin about clients: (status, body, location)."""
    if not rest and method == "GET":
        wanted = query.get("clientId")
        return 200, [c for c in CLIENTS.values() if wanted in (None, c["clientId"])], None
    if not rest and method == "POST":
        given = json.loads(body)
        kind = given["protocolMappers"][0]["config"]["claim.value"]
        return 201, None, f"{BASE}{ADMIN}clients/{add_client(given['clientId'], kind=kind)}"
    if rest[1:] == ["client-secret"]:
        return 200, {"type": "secret", "value": CLIENTS[rest[0]]["secret"]}, None
    CLIENTS.pop(rest[0], None)
    return 204, None, None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=None, location=None):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(data)

    def handle_any(self):
        path = urlparse(self.path)
        query = {name: values[0] for name, values in parse_qs(path.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        openid = f"{BASE}/realms/{REALM}/protocol/openid-connect"
        if path.path == f"/realms/{REALM}":
            key = base64.b64encode(DER).decode()
            return self.reply(200, {"realm": REALM, "public_key": key})
        if path.path.endswith("/.well-known/openid-configuration"):
            ends = {"issuer": f"{BASE}/realms/{REALM}", "token_endpoint": f"{openid}/token"}
            ends |= {"authorization_endpoint": f"{openid}/auth", "jwks_uri": f"{openid}/certs"}
            return self.reply(200, ends)
        if path.path.endswith("/token"):
            return self.reply(*grant(self.form(body)))
        if path.path.startswith(ADMIN):
            kind, *rest = path.path[len(ADMIN) :].strip("/").split("/")
            view = {"users": users, "clients": clients}.get(kind)
            if view:
                return self.reply(*view(self.command, rest, query, body))
        return self.reply(404, {"error": "not found"})

    def form(self, body):
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        basic = self.headers.get("Authorization", "")
        if basic.startswith("Basic "):
            name, secret = base64.b64decode(basic[6:]).decode().split(":", 1)
            form = {"client_id": name, "client_secret": secret} | form
        return form

    do_GET = do_POST = do_PUT = do_DELETE = handle_any


add_user("admin", "admin")
add_client("backend-admin-client", "admin-client-of-the-tests")
ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
