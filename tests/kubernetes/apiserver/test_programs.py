"""Real clients take it for a real server: kubectl and the Python client."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kubernetes.apiserver import ApiServer

Kubectl = Callable[..., "subprocess.CompletedProcess[str]"]
needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    with ApiServer() as running:
        yield running


@pytest.fixture(scope="module")
def config(server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return server.kubeconfig(tmp_path_factory.mktemp("kube") / "config")


@pytest.fixture
def kubectl(config: Path) -> Kubectl:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(_command(config, *arguments), capture_output=True, text=True, timeout=60, check=False)

    return run


def _command(config: Path, *arguments: str) -> list[str]:
    return ["kubectl", f"--kubeconfig={config}", f"--cache-dir={config.parent}/cache", *arguments]


@needs_kubectl
def test_kubectl_gets_lists_in_pages(server: ApiServer, kubectl: Kubectl) -> None:
    got = kubectl("get", "pods", "-A", "--chunk-size=10", "--no-headers")
    assert len(got.stdout.splitlines()) == len(server.cluster.names("pods"))
    assert "CrashLoopBackOff" in got.stdout
    assert kubectl("get", "gateways.gateway.networking.k8s.io", "-A").returncode == 0


@needs_kubectl
def test_kubectl_is_told_what_an_account_may(kubectl: Kubectl) -> None:
    assert 'cannot list resource "secrets"' in kubectl("--context=viewer", "get", "secrets", "-A").stderr
    assert kubectl("--context=viewer", "auth", "can-i", "list", "pods").stdout == "yes\n"
    assert kubectl("--context=viewer", "auth", "can-i", "list", "nodes").stdout.startswith("no")
    assert "rolebindings" in kubectl("--context=namespace-only", "auth", "can-i", "--list").stdout
    assert "Unauthorized" in kubectl("--context=bad-token", "get", "pods").stderr
    assert kubectl("--context=namespace-only", "get", "pods").returncode == 0
    assert "kubernetes-admin" in kubectl("auth", "whoami").stdout


@needs_kubectl
def test_kubectl_reads_logs(kubectl: Kubectl) -> None:
    pod = "checkout-api-78dfbdd85c-2j5l7"
    assert len(kubectl("logs", "-n", "prod", pod, "--tail=7").stdout.splitlines()) == 7
    assert "fatal" in kubectl("logs", "-n", "prod", "payments-7d89c76d5-jglnm", "--previous").stdout
    assert "waiting to start" in kubectl("logs", "-n", "prod", "image-resizer-6646997678-chqpr").stderr


@needs_kubectl
def test_kubectl_watches(server: ApiServer, config: Path) -> None:
    command = _command(config, "get", "pods", "-n", "staging", "--watch-only", "--no-headers")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        deadline = time.monotonic() + 20
        while not server.watching("staging/pods") and time.monotonic() < deadline:
            time.sleep(0.05)
        server.cluster.touch("pods", "staging/sidecar-app-6c7b576875-52mbg")
        line = running.stdout.readline()
        running.terminate()
    assert line.startswith("sidecar-app-6c7b576875-52mbg")


def test_the_python_client_lists_and_watches(server: ApiServer, config: Path) -> None:
    client: Any = pytest.importorskip("kubernetes.client")
    configuration: Any = pytest.importorskip("kubernetes.config")
    watch: Any = pytest.importorskip("kubernetes.watch")
    api = client.CoreV1Api(configuration.new_client_from_config(str(config), context="viewer"))
    pods = api.list_pod_for_all_namespaces(limit=30)
    assert len(pods.items) == 30
    with pytest.raises(client.ApiException) as refused:
        api.list_node()
    assert refused.value.status == 403
    threading.Timer(0.3, server.cluster.touch, ("pods", "prod/redis-0")).start()
    newest = str(server.cluster.version)
    stream = watch.Watch().stream(api.list_pod_for_all_namespaces, resource_version=newest, timeout_seconds=20)
    assert next(iter(stream))["object"].metadata.name == "redis-0"
    api.api_client.close()
