"""`deckwatch verify`: who signed images, by the policy or by a key that is named here."""

from __future__ import annotations

import os
import time
from argparse import Action, ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tui.cli.lean import load_msgspec
from tui.cli.output import emit, narrate
from tui.cli.parser import Once, one_of
from tui.cli.problem import Exit, Problem
from tui.cli.sources import load_settings
from tui.options import SourceOptions

if TYPE_CHECKING:
    from inventory.signatures.gpg import Gpgv
    from inventory.signatures.model import Provenance
    from inventory.signatures.policy import Authority, TrustPolicy
    from inventory.sources.registry.access import Access
    from inventory.sources.registry.layout import Layout
    from inventory.sources.registry.named import Elsewhere, Host
    from tui.cli.verified import Verified

EPILOG = """An image that an engine has is verified by the digest that runs here; it must lead to that very image.
Any other is asked of its registry, by what its tag means there now. Registries are asked with the
credentials of ~/.docker/config.json or Podman's auth.json, the CAs of certs.d, and over plain HTTP
only where the engine, the policy or --allow-http-registry says so. Nothing is pulled or run.

exit status:
  0  every image is verified
  1  at least one is not: NOT VERIFIED or UNSIGNED
  2  wrong usage or configuration
  3  neither: at least one could not be judged (UNKNOWN)

examples:
  deckwatch verify web                          the image of the container or of that name
  deckwatch verify --key release.pub registry.example.com/app:1.4
  deckwatch verify --certificate-identity 'https://git.example.com/org/*' \\
      --certificate-oidc-issuer https://token.example.com registry.example.com/app@sha256:...
  deckwatch verify --layout ./saved --key release.pub                     its only image; else name it
  deckwatch verify --layout ./saved --key release.pub registry.example.com/app:1.4"""
_WORKERS = 4  # images at the same time, and so registries


class _Pairs(Action):
    """NAME=VALUE, repeatable."""

    def __call__(
        self, parser: ArgumentParser, namespace: Namespace, values: object, option_string: str | None = None
    ) -> None:
        name, equals, value = str(values).partition("=")
        if not name or not equals:
            parser.error(f"{option_string}: {values!r} is not NAME=VALUE")
        setattr(namespace, self.dest, (*getattr(namespace, self.dest), (name, value)))


def add_arguments(parser: ArgumentParser) -> None:
    """The images, whose signature counts, and where to look."""
    parser.epilog = EPILOG
    parser.add_argument(
        "images",
        nargs="*",
        metavar="IMAGE",
        help="name, name:tag, name@digest, image id, or the name of a container",
    )
    whose = parser.add_argument_group(
        "whose signature counts",
        "Without any of these: what [[trust.rule]] of the configuration says of the image; and, where it says "
        'use_host_policy = "keys", policy.json of the machine that has the image, else of this user.',
    )
    whose.add_argument(
        "--key", action="append", type=Path, default=[], metavar="FILE", help="a PEM public key (repeatable)"
    )
    whose.add_argument(
        "--certificate-identity",
        action=Once,
        metavar="ID",
        help="keyless: whom the certificate names; * is anything",
    )
    whose.add_argument("--certificate-oidc-issuer", action=Once, metavar="URL", help="keyless: who vouched for it")
    whose.add_argument(
        "--trusted-root",
        action=Once,
        type=Path,
        metavar="FILE",
        help="keyless: a sigstore trusted_root.json",
    )
    whose.add_argument(
        "-a", "--annotations", action=_Pairs, default=(), metavar="NAME=VALUE", help="the signature must say this"
    )
    whose.add_argument("--config", type=Path, metavar="FILE", help="instead of deckwatch.toml here or of the user")
    where = parser.add_argument_group("where to look")
    where.add_argument(
        "--host", action="append", default=[], metavar="URL|CONTEXT", help="an engine: see 'deckwatch --help'"
    )
    where.add_argument("--no-docker", action="store_true", help="ask no engine, only registries")
    where.add_argument(
        "--layout", action=Once, type=Path, metavar="DIR", help="an OCI image layout instead of engine and registry"
    )
    where.add_argument(
        "--platform", action=Once, metavar="OS/ARCH", help="of an index that no engine has (default: this machine's)"
    )
    where.add_argument(
        "--allow-http-registry", action="store_true", help="registries may be asked, and logged in to, over plain HTTP"
    )
    parser.add_argument(
        "--format", type=one_of("text", "json"), default="text", metavar="F", help="text (default) or json"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of to standard output")


def run(args: Namespace) -> int:
    """Look and judge; the exit status says whether all are verified, one is not, or one is not known."""
    load_msgspec()
    from tui.cli import verified

    _check(args)
    policy, said = _policy(args)
    found = _layout_images(args, policy) if args.layout else _images(args, policy)
    if said:
        found = [one.told_by(said) for one in found]
    render = verified.as_json if args.format == "json" else verified.as_text
    emit(render(found), args.output)
    return _status(found)


def _status(found: list[Verified]) -> Exit:
    from inventory.signatures.model import Mark

    marks = {one.provenance.mark for one in found}
    if marks <= {Mark.VERIFIED}:
        return Exit.OK
    return Exit.FOUND if marks & {Mark.FAILED, Mark.UNSIGNED} else Exit.NO_SOURCE


def _check(args: Namespace) -> None:
    if not args.images and not args.layout:
        raise Problem("which image? deckwatch verify IMAGE ... (see 'deckwatch verify --help')")
    if (args.certificate_identity is None) != (args.certificate_oidc_issuer is None):
        raise Problem("--certificate-identity and --certificate-oidc-issuer go together: a subject means nothing alone")
    if args.trusted_root and args.certificate_identity is None:
        raise Problem("--trusted-root is for keyless signatures: name --certificate-identity too")
    if args.key and args.config:
        raise Problem("--key and --config cannot be combined; choose one of them")
    if args.annotations and not args.key and args.certificate_identity is None:
        raise Problem("--annotations goes with --key or --certificate-identity; the configuration has its own")
    if args.host and args.no_docker:
        raise Problem("--host and --no-docker cannot be combined; choose one of them")
    for text in args.images:
        if not text.strip() or len(text) > 1024 or not text.isprintable():
            raise Problem(f"{text[:80]!r} is not the name of an image")
    if args.layout and not os.path.isdir(args.layout):
        raise Problem(f"--layout {args.layout} is no directory")
    _platform(args.platform)


def _platform(text: str | None) -> tuple[str, str, str]:
    if text is None:
        machine = os.uname().machine
        known = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386"}
        if machine in {"armv6l", "armv7l"}:
            return "linux", "arm", machine[3:5]
        return "linux", known.get(machine, machine), ""
    parts = text.split("/")
    if not 2 <= len(parts) <= 3 or not all(parts):
        raise Problem(f"--platform {text!r}: expected OS/ARCH or OS/ARCH/VARIANT, such as linux/arm64")
    return parts[0], parts[1], parts[2] if len(parts) > 2 else ""


def _policy(args: Namespace) -> tuple[TrustPolicy, str]:
    """What to judge by: of the command line (and how to call that), else of the configuration."""
    from inventory.signatures.policy import Identity, Rule, TrustPolicy

    authorities: list[Authority] = [_key(path) for path in args.key]
    words = [f"--key {path}" for path in args.key]
    if args.certificate_identity is not None:
        authorities.append(Identity(args.certificate_oidc_issuer, args.certificate_identity))
        words.append(f"--certificate-identity {args.certificate_identity}")
    if authorities:
        root = _bytes("--trusted-root", args.trusted_root) if args.trusted_root else b""
        rule = Rule(
            match=("**",), require=("signature",), signed_by=tuple(authorities), annotations=args.annotations,
            signed_as="repository" if args.images else "any",
        )  # fmt: skip
        return TrustPolicy(rules=(rule,), root=root, root_name=str(args.trusted_root or "")), " ".join(words)
    return load_settings(args).policy.trust, ""


def _key(path: Path) -> Authority:
    from inventory.signatures.key_files import public_key_mistake
    from inventory.signatures.policy import PublicKey

    content = _bytes("--key", path)
    mistake = public_key_mistake(content)
    if mistake:
        raise Problem(f"--key {path} {mistake}")
    return PublicKey(str(path), content)


def _bytes(option: str, path: Path) -> bytes:
    limit = 4 << 20
    try:
        if not path.is_file() and path.stat():
            raise Problem(f"{option} {path} is not a regular file")
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise Problem(f"{option} {path} cannot be read: {error.strerror}") from None
    if len(content) > limit:
        raise Problem(f"{option} {path} is larger than {limit >> 20} MiB")
    return content


def _hosts(args: Namespace) -> list[Host]:
    """The engines; that there is none is no fault unless one was named."""
    from inventory.sources.docker.transport import ApiError
    from inventory.sources.registry.named import open_host
    from tui.collect import targets

    if args.no_docker:
        return []
    try:
        found = targets(SourceOptions(hosts=tuple(args.host)))
    except Problem as problem:
        if args.host or problem.status is not Exit.NO_SOURCE:
            raise
        narrate("no container engine found: registries are asked")
        return []
    hosts: list[Host] = []
    for target in found:
        try:
            hosts.append(open_host(target.name, target.endpoint))
        except ApiError as error:
            if args.host:
                raise Problem(f"{target.endpoint.url}: {error.message}", Exit.NO_SOURCE) from None
            narrate(f"{target.endpoint.url}: {error.message}; registries are asked")
    return hosts


def _images(args: Namespace, policy: TrustPolicy) -> list[Verified]:
    from inventory.signatures.model import Provenance
    from inventory.sources.docker.workers import run_all
    from inventory.sources.registry.access import Limits
    from tui.cli.host_keys import of_engine, of_this_machine
    from tui.cli.verified import Verified

    hosts = [(host, of_engine(policy, host)) for host in _hosts(args)]
    wanted = list(dict.fromkeys(args.images))
    here = of_this_machine(policy)
    jobs = [partial(_one, text, hosts, here, args) for text in wanted]
    seconds = Limits().total * (1 + len(wanted) // _WORKERS) + 15
    results = run_all(jobs, _WORKERS, time.monotonic() + seconds)
    found: list[Verified] = []
    for text, result in zip(wanted, results, strict=True):
        if isinstance(result, Problem):
            raise result
        if isinstance(result, BaseException):
            missed = "not finished in time" if isinstance(result, TimeoutError) else type(result).__name__
            late = Provenance("", detail=missed, missed=(missed,), at=time.time())
            found.append(Verified(text, late))
        else:
            found.append(result)
    return found


def _one(text: str, hosts: list[tuple[Host, TrustPolicy]], policy: TrustPolicy, args: Namespace) -> Verified:
    from inventory.sources.docker.transport import ApiError
    from inventory.sources.registry.access import Access
    from inventory.sources.registry.named import elsewhere, held
    from inventory.sources.registry.provenance import provenance
    from tui.cli.verified import Verified

    for host, its_policy in hosts:
        try:
            known = held(host, text)
        except ApiError as error:
            narrate(f"{host.name}: {error.message}")
            continue
        if known is not None:
            access = Access.here(host.engine, fresh=True, plain_http=args.allow_http_registry)
            found = provenance(known.image, its_policy, access, time.time(), gpgv=_gpgv())
            return Verified(text, found, known.image, host.name, known.container)
    image = elsewhere(text)
    if image is None:
        raise Problem(f"{text!r} is no image or container of an engine here, and no name that a registry could know")
    if hosts and "/" not in text:
        narrate(f"{text}: no container or image of that name here; asking for {image.repository}")
    access = Access.here(hosts[0][0].engine if hosts else None, fresh=True, plain_http=args.allow_http_registry)
    return Verified(text, _of_registry(image, policy, access, args))


def _of_registry(image: Elsewhere, policy: TrustPolicy, access: Access, args: Namespace) -> Provenance:
    from inventory.signatures.model import Provenance
    from inventory.signatures.rules import rule_for
    from inventory.sources.registry.faults import Cause, RegistryError
    from inventory.sources.registry.named import digest_of
    from inventory.sources.registry.provenance import of_digest

    repository = image.repository
    rule = rule_for(policy, repository)
    plain = rule is not None and rule.plain_http
    try:
        digest = digest_of(image, access, plain_http=plain)
    except RegistryError as error:
        looked = (f"{repository}:{image.reference}: none",) if error.cause is Cause.ABSENT else ()
        return Provenance(
            "", repository, reason=error.cause.value, detail=error.message, rule=str(rule or ""), looked=looked,
            missed=(error.message,), at=time.time(),
        )  # fmt: skip
    return of_digest(
        repository, (digest,), policy, access, time.time(), platform=_platform(args.platform), gpgv=_gpgv()
    )


def _layout_images(args: Namespace, policy: TrustPolicy) -> list[Verified]:
    from inventory.sources.registry.access import Access
    from inventory.sources.registry.faults import RegistryError
    from inventory.sources.registry.layout import Layout, is_layout
    from tui.cli.host_keys import of_this_machine
    from tui.cli.verified import Verified

    if not is_layout(args.layout):
        raise Problem(f"--layout {args.layout} is no OCI image layout: it has no oci-layout and index.json")
    found = []
    policy = of_this_machine(policy)
    access = Access.here(fresh=True)
    for text in args.images or ("",):
        layout = Layout(args.layout, access.limits)
        try:
            found.append(Verified(text or str(args.layout), _of_layout(text, layout, policy, access, args)))
        except RegistryError as error:
            raise Problem(error.message, Exit.NO_SOURCE) from None
    return found


def _of_layout(text: str, layout: Layout, policy: TrustPolicy, access: Access, args: Namespace) -> Provenance:
    from inventory.sources.registry.named import elsewhere
    from inventory.sources.registry.names import is_digest
    from inventory.sources.registry.provenance import of_digest

    image = None if not text or is_digest(text) else elsewhere(text)
    wanted = text if is_digest(text) else image.reference if image else ""
    if image is not None and not text.endswith(f":{image.reference}") and not is_digest(image.reference):
        wanted = "" if len(layout.images()) == 1 else wanted
    repository = image.repository if image else ""
    digest = layout.chosen(wanted, repository)
    nameless = policy.rules[0] if args.key or args.certificate_identity is not None else None
    return of_digest(
        repository, (digest,), policy, access, time.time(),
        platform=_platform(args.platform), layout=layout, rule=None if repository else nameless, gpgv=_gpgv(),
    )  # fmt: skip


def _gpgv() -> Gpgv | None:
    from inventory.sources.gpgv import find
    from tui.data_home import cache_home

    return find(cache_home())
