"""BM25 over a few dozen documents, whose words may be weighed by where they stand (BM25F).

In plain Python: at this size it takes less time than importing a library for it does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Bm25"]

# Common values of Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009.
_SATURATION, _LENGTH = 1.2, 0.5


class Bm25:
    """An index of documents, each a count (weighed, if need be) by word."""

    def __init__(self, documents: Sequence[Mapping[str, float]]) -> None:
        lengths = [sum(counts.values()) for counts in documents]
        mean = sum(lengths) / len(lengths) if any(lengths) else 1.0
        self._documents = documents
        self._slack = [_SATURATION * (1 - _LENGTH + _LENGTH * length / mean) for length in lengths]
        within: dict[str, int] = {}
        for counts in documents:
            for word in counts:
                within[word] = within.get(word, 0) + 1
        self._rarity = {word: math.log(1 + (len(documents) - n + 0.5) / (n + 0.5)) for word, n in within.items()}

    def scores(self, query: Iterable[str]) -> list[float]:
        """How well each document matches; a word counts once however often the query says it, since logs repeat themselves."""
        known = sorted({word for word in query if word in self._rarity})
        return [
            sum(self._rarity[w] * counts[w] * (_SATURATION + 1) / (counts[w] + slack) for w in known if w in counts)
            for counts, slack in zip(self._documents, self._slack, strict=True)
        ]
