"""Every pure step from an API answer to a resource, in one import."""

from inventory.sources.decode import AnswerError
from inventory.sources.docker.containers import container, container_from_list
from inventory.sources.docker.engines import engine
from inventory.sources.docker.images import history, image, image_from_list, image_unread
from inventory.sources.docker.networks import network, volume
from inventory.sources.docker.services import service
from inventory.sources.docker.swarms import config, node, scrub, secret, swarm, task

__all__ = [
    "AnswerError", "config", "container", "container_from_list", "engine", "history", "image", "image_from_list",
    "image_unread", "network", "node", "scrub", "secret", "service", "swarm", "task", "volume",
]  # fmt: skip
