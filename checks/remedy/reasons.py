"""Why an option of the container does not fix a finding."""

from __future__ import annotations

from collections.abc import Mapping

from checks.check import Domain
from checks.result import Result
from checks.verdict import Outcome

_REASONS: Mapping[str, str] = {
    "RUN-011": "an option of the engine: userns-remap, or a rootless engine",
    "RUN-018": "whether the profile is narrow enough has to be read in it",
    "RUN-035": "its log says why it ends",
    "RUN-036": "the limit has to fit its real use",
    "RUN-037": "its log says why it ended",
    "RUN-038": "its health check says why",
    "RUN-039": "only its owner knows what tells that it is healthy: --health-cmd COMMAND",
    "RUN-044": "give the secret as a file (a secret of Compose or Swarm, or a mount) and its path in the variable",
    "RUN-047": "the image has to be built without it",
    "RUN-048": "find out who started it; the image may have to be built anew",
    "RUN-050": "give the secret as a file; a command line is readable by everybody on the host",
    "RUN-051": "which containers belong together their owner decides",
    "RUN-058": "remove it if nobody needs it",
    "RUN-059": "an engine inside needs these rights: build elsewhere, or rootless",
    "RUN-062": "put it into a Compose project, a unit or give it an owner label",
    "NET-003": "do not publish it at all: containers reach it over their network; on loopback it is less bad",
    "NET-002": "the port below 1024 is part of its address; a reverse proxy can take it over",
    "IMG-002": "the image has no digest in this engine: it was built or loaded here",
    "IMG-003": "the image has no digest in this engine: it was built or loaded here",
    "IMG-004": "whether to trust the registry is for the policy to say",
    "IMG-008": "whoever builds the image has to sign it",
    "IMG-010": "scan the image",
    "IMG-019": "build the image anew, or pull a newer one",
    "IMG-024": "re-create it from what the tag means now, after a look at what changed",
    "IMG-037": "the image has to be pulled or built again",
    "IMG-038": "whether it is the one that was meant has to be looked up",
    "IMG-041": "pull the image from where its name says, or give it another name",
    "IMG-042": "pull the image anew by its digest, and find out what changed it",
    "IMG-047": "the image has no digest in this engine: it was built or loaded here",
    "IMG-048": "whoever builds the image has to attach it",
    "MON-023": "the log receiver has to speak TLS",
    "MON-024": "whether losing lines is better than waiting its owner decides: --log-opt mode=non-blocking",
    "CMB-005": "change the secret wherever it is used",
}
_PREFIXES: Mapping[str, str] = {
    "IMG": "the image has to be built anew",
    "NET": "this is about the network, not about this container alone",
    "MON": "this is a matter of the monitoring of the host",
    "CMB": "it goes when the findings that it is made of go",
    "HOST": "an option of the host",
    "DMN": "an option of the engine",
}


def reason(result: Result) -> str:
    """Why nothing is done here about this result."""
    if result.outcome is Outcome.WAIVED and result.waiver is not None:
        return f"accepted: {result.waiver.reason}"
    found = _REASONS.get(result.check.id) or _PREFIXES.get(result.check.id.partition("-")[0])
    if found:
        return found
    if result.outcome is Outcome.MANUAL:
        return "a person has to decide first"
    return "an option of the host" if result.check.domain is Domain.HOST else "no option of the container decides it"
