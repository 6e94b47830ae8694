"""How often a network said what the others said, remembered for the chart of the talk."""

from collections.abc import Mapping
from hashlib import sha256

from inference.lab.accuracy.measured import AGREEMENT, network_key, remember
from inference.lab.agreement.report import Report
from inference.lab.agreement.words import span_text
from models.card import ModelCard
from models.store import Store


def remember_agreement(store: Store, report: Report, cards: Mapping[str, ModelCard]) -> None:
    """Keep for each classifier on how many pictures its best label was that of another one, over all the others.

    A network beside itself on another engine does not count, and it counts as often as there are other networks.
    """
    found: dict[str, tuple[int, int]] = {}
    for i, network in enumerate(report.networks):
        if network.model not in cards:
            continue
        counts = [
            (pair.labels.same, pair.labels.pictures) for pair in report.pairs
            if pair.labels and i in (pair.first, pair.second)
            and report.networks[pair.first].model != report.networks[pair.second].model
        ]  # fmt: skip
        if total := sum(count for _, count in counts):
            found.setdefault(network_key(cards[network.model], store), (sum(same for same, _ in counts), total))
    if found:
        names = "\0".join(sorted(network.model for network in report.networks))
        digest = sha256(f"{report.source}\0{report.pictures}\0{names}".encode()).hexdigest()
        title = f"{span_text(report)}, with {len(found) - 1} other networks"
        remember(store, AGREEMENT, title, digest, found)
