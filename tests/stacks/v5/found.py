"""Create organisations, collaboration, nodes and an analyst at HQ.

Usage: found.py HQ KEYCLOAK RESULT.json ENCRYPTED, the first two with their ports and paths, the
last "yes" or "no".
"""

import json
import sys

import requests
from keycloak import KeycloakOpenID

HQ, KEYCLOAK, RESULT, ENCRYPTED = sys.argv[1:]
NODES = 3


def main():
    open_id = KeycloakOpenID(KEYCLOAK, realm_name="vantage6", client_id="public_client")
    head = {"Authorization": "Bearer " + open_id.token("admin", "admin")["access_token"]}

    def post(path, body):
        answer = requests.post(f"{HQ}/{path}", json=body, headers=head, timeout=60)
        if not answer.ok:
            raise SystemExit(f"{path}: {answer.status_code} {answer.text[:500]}")
        return answer.json()

    organizations = [post("organization", {"name": f"org{k}"})["id"] for k in range(NODES)]
    body = {"name": "demo", "organization_ids": organizations, "encrypted": ENCRYPTED == "yes"}
    collaboration = post("collaboration", body | {"session_restrict_to_same_image": False})["id"]
    nodes = []
    for k, organization in enumerate(organizations):
        node = {"name": f"node{k}", "organization_id": organization}
        nodes.append(post("node", node | {"collaboration_id": collaboration}))
    roles = requests.get(f"{HQ}/role", headers=head, params={"per_page": 50}, timeout=60).json()
    admin = [r["id"] for r in roles["data"] if r["name"].lower().startswith("collaboration admin")]
    user = {"username": "analyst", "password": "Passw0rd!23", "organization_id": organizations[0]}
    post("user", user | {"roles": admin, "is_service_account": False})
    keys = [{"name": node["name"], "api_key": node["api_key"]} for node in nodes]
    found = {"organizations": organizations, "collaboration": collaboration, "nodes": keys}
    with open(RESULT, "w") as file:
        json.dump(found, file)


main()
