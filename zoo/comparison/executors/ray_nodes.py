"""The nodes of a cluster: what each has, which are of one kind, which cannot be used and why."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from zoo.comparison.executors.node_facts import bare_facts, data_here
from zoo.comparison.executors.working_set import WorkingSet
from zoo.errors import UsageError
from zoo.formatting import listed

ANSWER_SECONDS = 120.0
"""How long nodes have to tell what they have; the first worker process of a node takes seconds."""
GONE_SECONDS = 30.0
"""How long Ray may take until it says that a node has died."""
NAMED = 3
"""Nodes that a message names; of a thousand all have the same fault."""


@dataclass(frozen=True)
class Node:
    """A node that runs can go to.

    Attributes:
        id: Ray's.
        name: the host's, or the one it was given.
        cpus, gpus: what Ray lends of it.
        memory: bytes that Ray lends of it.
    """

    id: str
    name: str
    cpus: int
    gpus: float
    memory: int
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def kind(self) -> tuple[Any, ...]:
        """What a timing depends on: processor, cores, GPUs."""
        facts = self.facts
        return (facts.get("processor"), facts.get("cores"), tuple(facts.get("gpus", ())))

    @property
    def kind_in_words(self) -> str:
        """`AMD EPYC, 2 cores`"""
        processor, cores, gpus = self.kind
        return ", ".join([str(processor), f"{cores} cores", *gpus])

    def room(self, cpus: int, gpus: float) -> int:
        """How many runs with so many CPUs and GPUs it has room for."""
        by_gpu = int(self.gpus / gpus + 1e-9) if gpus else self.cpus
        return min(self.cpus // cpus, by_gpu)


def alive(ray: Any) -> list[Node]:
    """The nodes that live and lend CPUs."""
    found = []
    for each in ray.nodes():
        lent = each.get("Resources", {})
        if each["Alive"] and lent.get("CPU", 0) >= 1:
            host, address = each.get("NodeManagerHostname", ""), each["NodeManagerAddress"]
            name = each.get("NodeName") or address
            found.append(
                Node(
                    each["NodeID"],
                    host if name == address and host else name,
                    int(lent["CPU"]),
                    float(lent.get("GPU", 0)),
                    int(lent.get("memory", 0)),
                )
            )
    return sorted(found, key=lambda node: (node.name, node.id))


def with_facts(
    ray: Any, nodes: Iterable[Node], backend: str, plugins: Iterable[str]
) -> tuple[list[Node], dict[str, str]]:
    """The nodes with what they tell of themselves; and why others tell nothing, by their names."""
    told, silent = _on_each(ray, nodes, bare_facts(), (backend, list(plugins)))
    made = [
        Node(node.id, node.name, node.cpus, node.gpus, node.memory, facts) for node, facts in told
    ]
    return made, silent


def still_there(ray: Any, silent: Mapping[str, str]) -> dict[str, str]:
    """Of nodes that tell nothing those that live: of others Ray finds out after a while."""
    end, left = time.monotonic() + GONE_SECONDS, dict(silent)
    while left and time.monotonic() < end:
        time.sleep(1)
        live = {node.name for node in alive(ray)}
        left = {name: fault for name, fault in left.items() if name in live}
    return left


def _on_each(
    ray: Any, nodes: Iterable[Node], function: Any, arguments: tuple[Any, ...]
) -> tuple[list[tuple[Node, Any]], dict[str, str]]:
    """What a function returns on each node; and what went wrong, by the node's name."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    remote, asked = ray.remote(function), {}
    for node in nodes:
        there = NodeAffinitySchedulingStrategy(node_id=node.id, soft=False)
        options = {"num_cpus": 0, "max_retries": 0, "scheduling_strategy": there}
        asked[remote.options(**options).remote(*arguments)] = node
    ready, _ = ray.wait(list(asked), num_returns=len(asked), timeout=ANSWER_SECONDS)
    told, silent = [], {asked[each].name: "does not answer" for each in asked if each not in ready}
    for each in ready:
        try:
            told.append((asked[each], ray.get(each)))
        except ray.exceptions.RayError as error:
            silent[asked[each].name] = _in_a_line(error)
    return told, silent


def _in_a_line(error: BaseException) -> str:
    cause = getattr(error, "cause", None) or error
    lines = [line for line in str(cause).splitlines() if line.strip()]
    return f"{type(cause).__name__}: {lines[-1] if lines else ''}"[:300]


def unlike(node: Node, here: Mapping[str, Any], plugins: Mapping[str, str], ships: bool) -> str:
    """What a node has in other versions than this machine, or not at all; empty: nothing.

    Args:
        here: what this machine tells of itself.
        plugins: the versions of the plugins that are needed.
        ships: whether archzoo's sources are sent, so that those of the node do not matter.
    """
    there = node.facts
    wanted = {"python": here["python"], **here["versions"], **plugins}
    has = {"python": there["python"], **there["versions"]}
    found = [
        f"{name} {has[name]}, here {version}" if has.get(name) else f"no {name}, here {version}"
        for name, version in wanted.items()
        if has.get(name) != version
    ]
    if not found and not ships and there["source"] != here["source"]:
        found = [f"archzoo {wanted['archzoo']} with other sources"]
    return "; ".join(found)


def check(faults: Mapping[str, str], then: str) -> None:
    """Refuse nodes that have a fault.

    Raises:
        UsageError: there are some; the first are named.
    """
    if not faults:
        return
    named = [f"node {name}: {fault}" for name, fault in list(faults.items())[:NAMED]]
    rest = len(faults) - len(named)
    more = f"; and {rest} other node{'s' * (rest != 1)}" if rest else ""
    raise UsageError(f"{'. '.join(named)}{more}. {then}")


def lacks_data(
    ray: Any, nodes: Iterable[Node], working_set: WorkingSet, found_data_dir: str | None
) -> dict[str, str]:
    """Which nodes cannot load a dataset, and why."""
    faults: dict[str, str] = {}
    for name, settings in working_set.datasets:
        arguments = (name, dict(settings), working_set.data_dir, found_data_dir)
        told, silent = _on_each(ray, nodes, data_here, arguments)
        faults |= silent | {node.name: fault for node, fault in told if fault}
    return faults


def one_kind(nodes: Iterable[Node]) -> tuple[list[Node], list[Node]]:
    """The nodes of the kind that lends the most CPUs, and the others."""
    kinds: dict[tuple[Any, ...], list[Node]] = {}
    for node in nodes:
        kinds.setdefault(node.kind, []).append(node)
    groups = sorted(kinds.values(), key=lambda group: -sum(node.cpus for node in group))
    return groups[0], [node for group in groups[1:] for node in group]


def names(nodes: Iterable[Node]) -> str:
    """The names of nodes, in words."""
    return listed([node.name for node in nodes])
