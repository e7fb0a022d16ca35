"""Fills the lab's registry: images pushed by the engine, and what lies beside them, signed with keys made here."""

from __future__ import annotations

import base64
import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, urlsplit

from lab import namespace, plan
from lab.client import EngineClient, EngineError
from lab.engine import Lab, LabError
from lab.images import ImageSpec
from lab.signing import OCI_MANIFEST, Artifacts, bundle, digest, new_key, public_pem, referring, tagged

KEY = "release"
"""Whose signatures count in the lab; any other name in the inventory is a stranger's."""
WORKERS = 4
_NO_CREDENTIALS = base64.urlsafe_b64encode(json.dumps({}).encode()).decode()
_MANIFESTS = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIGURATION = f"""\
# Whom a site that runs this lab trusts. The private keys were thrown away once everything was signed.
[trust]
registries = ["docker.io/*/*"]

[[trust.rule]]
match = ["127.0.0.1:5000/team/*"]
require = ["signature"]
signed_by = [{{ key = "{KEY}.pub" }}]

[[trust.rule]]
match = ["127.0.0.1:5000/team/api"]
require = ["signature", "sbom", "provenance"]
signed_by = [{{ key = "{KEY}.pub" }}]
"""


def fill(lab: Lab) -> None:
    """Push what the inventory marks, sign it as it says, and write a configuration by which that can be judged."""
    pushed = [image for image in plan.images() if image.push]
    with ThreadPoolExecutor(WORKERS) as pool:
        for _ in pool.map(lambda image: _push(lab.client, image), pushed):
            pass
    keys = {name: new_key() for name in {KEY, *(image.signed_by for image in pushed)} - {""}}
    holder = lab.holder
    if holder is None:
        raise LabError(f"no lab in {lab.paths.root}; start one first")

    def sign() -> None:
        for image in pushed:
            _beside(lab.client, image, keys)

    namespace.within(holder, sign)
    (lab.paths.root / f"{KEY}.pub").write_bytes(public_pem(keys[KEY]))
    lab.paths.configuration.write_text(_CONFIGURATION)


def _push(client: EngineClient, image: ImageSpec) -> None:
    """So that the engine learns the repository's digest."""
    repository, _, tag = image.name.rpartition(":")
    deadline = time.monotonic() + 15
    answer = b""
    while time.monotonic() < deadline:
        path = f"/images/{quote(repository)}/push?tag={tag}"
        status, answer = client.raw("POST", path, b"", {"X-Registry-Auth": _NO_CREDENTIALS})
        if status == http.client.OK and b"errorDetail" not in answer:
            return
        time.sleep(0.3)
    raise EngineError(500, "POST", f"/images/{image.name}/push", answer.decode(errors="replace").strip()[-300:])


def _beside(client: EngineClient, image: ImageSpec, keys: dict[str, Any]) -> None:
    if not image.signed_by:
        return
    repository = image.name.rpartition(":")[0]
    host, _, path = repository.partition("/")
    listed = client.get(f"/images/{quote(image.name)}/json")["RepoDigests"]
    subject = next((one.partition("@")[2] for one in listed if one.startswith(f"{repository}@")), "")
    if not subject:
        raise LabError(f"{image.name} was pushed, and the engine knows no digest of it")
    registry, key = Registry(host, path), keys[image.signed_by]
    if not image.states:
        registry.put(tagged(repository, subject, [key]))
        return
    statements = [bundle(key, subject, *_predicate(name, image)) for name in image.states]
    registry.put(referring(subject, registry.size(subject), [bundle(key, subject), *statements]))


def _predicate(name: str, image: ImageSpec) -> tuple[str, object]:
    """The type and content of a statement about an image."""
    repository, _, version = image.name.rpartition(":")
    if name == "sbom":
        about = {"component": {"type": "container", "name": repository, "version": version}}
        components = [{"type": "application", "name": "busybox", "purl": "pkg:generic/busybox"}]
        return "https://cyclonedx.org/bom", {
            "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "metadata": about, "components": components,
        }  # fmt: skip
    labels = image.config["Labels"]
    source = labels["org.opencontainers.image.source"]
    commit = {"gitCommit": labels["org.opencontainers.image.revision"]}
    return "https://slsa.dev/provenance/v1", {
        "buildDefinition": {
            "buildType": "https://ci.example/container@v1",
            "externalParameters": {"source": source},
            "resolvedDependencies": [{"uri": f"git+{source}", "digest": commit}],
        },
        "runDetails": {"builder": {"id": "https://ci.example/builders/container@v1"}},
    }


class Registry:
    """One repository of the registry, as a client that pushes sees it. To be used where the registry listens."""

    def __init__(self, host: str, path: str) -> None:
        self._host = host
        self._base = f"/v2/{path}"

    def put(self, found: Artifacts) -> None:
        """Blobs before the manifests that name them."""
        for blob in found.blobs:
            self._blob(blob)
        for reference, content in found.manifests.items():
            kind = {"Content-Type": json.loads(content)["mediaType"]}
            self._ask("PUT", f"{self._base}/manifests/{reference}", content, kind)

    def size(self, reference: str) -> int:
        """Of a manifest, in bytes."""
        accept = {"Accept": f"{_MANIFESTS}, {OCI_MANIFEST}"}
        return len(self._ask("GET", f"{self._base}/manifests/{reference}", b"", accept)[1])

    def _blob(self, content: bytes) -> None:
        begun, _ = self._ask("POST", f"{self._base}/blobs/uploads/", b"", {})
        place = urlsplit(begun)
        query = f"{place.query}&digest={quote(digest(content))}".lstrip("&")
        self._ask("PUT", f"{place.path}?{query}", content, {"Content-Type": "application/octet-stream"})

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[str, bytes]:
        """The place that the answer names, and its body."""
        connection = http.client.HTTPConnection(self._host, timeout=10)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= http.client.BAD_REQUEST:
            said = content.decode(errors="replace").strip()[-300:]
            raise LabError(f"the lab's registry: {method} {path}: {answer.status} {said}")
        return answer.headers.get("Location", ""), content
