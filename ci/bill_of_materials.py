"""Write the bill of materials of an image: bill_of_materials.py IMAGE FILE [NAME@DIGEST].

CycloneDX 1.6 in JSON: what the image itself says it holds, that is its Python, its Python
packages with their licences, and its Debian packages.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

# Run in the image: kind, name, version and licence, one package a line.
PYTHON = """
import importlib.metadata as m, platform
print("generic", "python", platform.python_version(), "PSF-2.0", sep="\\t")
for one in m.distributions():
    head = one.metadata
    licence = head.get("License-Expression") or head.get("License") or ""
    print("pypi", head["Name"], one.version, licence.strip().split("\\n")[0], sep="\\t")
"""
DEBIAN = r"dpkg-query --show --showformat 'deb\t${Package}\t${Version}\t\n'"


def bill(image: str, reference: str) -> Bom:
    """Return the bill of materials of an image.

    Parameters
    ----------
    image
        A name that the Docker engine knows.
    reference
        ``NAME@sha256:...``, as a node pulls it; empty if the image was not pushed.
    """
    (about,) = json.loads(_docker("image", "inspect", image))
    name, _, digest = reference.partition("@sha256:")
    made = Bom(components=packages(image))
    made.metadata.component = Component(
        type=ComponentType.CONTAINER,
        name=name or image,
        version=about["Config"]["Labels"]["org.opencontainers.image.version"],
        licenses=[LicenseFactory().make_from_string("Apache-2.0")],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)] if digest else [],
    )
    made.register_dependency(made.metadata.component, made.components)
    return made


def packages(image: str) -> Iterator[Component]:
    """List the packages in an image."""
    inside = ("run", "--rm", "--network", "none", image)
    listed = _docker(*inside, "python", "-c", PYTHON) + _docker(*inside, "sh", "-c", DEBIAN)
    for line in listed.splitlines():
        kind, name, version, licence = line.split("\t")
        namespace = "debian" if kind == "deb" else None
        url = PackageURL(kind, namespace, name, version)
        yield Component(
            name=name,
            version=version,
            bom_ref=url.to_string(),
            purl=url,
            licenses=[LicenseFactory().make_from_string(licence)] if licence else [],
        )


def _docker(*words: str) -> str:
    command = ["docker", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603


if __name__ == "__main__":
    written = make_outputter(
        bill(sys.argv[1], "".join(sys.argv[3:])), OutputFormat.JSON, SchemaVersion.V1_6
    )
    Path(sys.argv[2]).write_text(written.output_as_string(indent=1) + "\n")
