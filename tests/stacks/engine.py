"""Containers, processes and images of a stack: started by name, stopped by id, whatever happens."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

# Run by vantage6's own Python; the arguments are the files to write.
NEW_KEYS = (
    "import sys, pathlib; from vantage6.common.encryption import RSACryptor; "
    "[RSACryptor.create_new_rsa_key(pathlib.Path(p)) for p in sys.argv[1:]]"
)


def docker(*words: str, check: bool = True, timeout: float = 300) -> str:
    """Run the Docker command line and return what it printed."""
    done = subprocess.run(
        ["docker", *words], capture_output=True, text=True, check=False, timeout=timeout
    )
    if check and done.returncode:
        raise RuntimeError(f"docker {words[0]}: {done.stderr.strip()[-2000:]}")
    return done.stdout.strip()


def start(cleanup: ExitStack, image: str, command: list[str], *options: str) -> str:
    """Start a container in the background; it is removed with the stack. Returns its id."""
    container = docker("run", "--detach", *options, image, *command)
    cleanup.callback(docker, "rm", "--force", "--volumes", container, check=False)
    return container


def wait_until(what: str, ready: Callable[[], object], seconds: float = 120) -> None:
    """Ask twice a second until the answer is yes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if ready():
                return
        except OSError:
            pass
        time.sleep(0.5)
    raise TimeoutError(f"{what}: not within {seconds:.0f} s")


def answers(url: str) -> bool:
    """Tell whether something answers at a loopback address, whatever it says."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    return True


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def bridge() -> str:
    """Return the host's address on Docker's bridge, which containers reach and outsiders do not."""
    found = json.loads(docker("network", "inspect", "bridge"))
    return str(found[0]["IPAM"]["Config"][0].get("Gateway", "172.17.0.1"))


def registry(cleanup: ExitStack, folder: Path) -> str:
    """Start Debian's docker-registry on loopback and return its address."""
    program = shutil.which("docker-registry")
    if program is None:
        raise RuntimeError("docker-registry is not installed: ci/stacks installs it")
    port = free_port()
    config = folder / "registry.yml"
    config.write_text(
        "version: 0.1\n"
        f"storage:\n  filesystem:\n    rootdirectory: {folder / 'registry'}\n"
        f"http:\n  addr: 127.0.0.1:{port}\n"
    )
    with (folder / "registry.log").open("w") as log:
        process = subprocess.Popen([program, "serve", str(config)], stdout=log, stderr=log)
    cleanup.callback(process.wait)
    cleanup.callback(process.terminate)
    wait_until("registry", lambda: answers(f"http://127.0.0.1:{port}/v2/"))
    return f"127.0.0.1:{port}"


def publish(image: str, address: str) -> str:
    """Push an image to a registry, forget the local name, and return name@digest."""
    name = f"{address}/{image}"
    docker("tag", image, name)
    docker("push", "--quiet", name)
    known = docker("inspect", "--format", '{{join .RepoDigests "\\n"}}', name).splitlines()
    (digest,) = [one for one in known if one.startswith(f"{address}/")]
    docker("rmi", name)
    return f"{name}@{digest.split('@')[1]}"


def stack_image(major: int) -> str:
    """Return the name of the image with vantage6's own programs, which ci/stacks builds."""
    return os.environ.get(f"STACK_IMAGE_{major}", f"v6c-stack:v{major}")


def beside_client(folder: Path) -> list[str]:
    """Return `docker run`'s options that let a program import what stands beside the client.

    That is a stack's folder, the one above it, and the project's packages.
    """
    ours = [folder.parents[2] / name for name in ("common", "algorithms")]
    mounts = [word for path in (folder.parent, *ours) for word in ("--volume", f"{path}:{path}:ro")]
    return [*mounts, "--env", f"PYTHONPATH={':'.join(map(str, (folder, folder.parent, *ours)))}"]


def things() -> set[str]:
    """Name every container, network, volume and image name that the engine knows."""
    image = "image {{.Repository}}:{{.Tag}}@{{.Digest}}"
    return {
        *docker("ps", "--all", "--format", "container {{.Names}}").splitlines(),
        *docker("network", "ls", "--format", "network {{.Name}}").splitlines(),
        *docker("volume", "ls", "--format", "volume {{.Name}}").splitlines(),
        *docker("image", "ls", "--digests", "--format", image).splitlines(),
    }


def log_of(container: str, lines: int = 60) -> str:
    """Return the end of a container's log, for a failure's report."""
    done: Any = subprocess.run(
        ["docker", "logs", "--tail", str(lines), container],
        capture_output=True,
        text=True,
        check=False,
    )
    return str(done.stdout + done.stderr)
