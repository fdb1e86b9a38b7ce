"""All predictions held in memory, by id and by account in order of creation; the oldest go when there are too many."""

from collections import defaultdict, deque
from collections.abc import Iterator

from darkroom_sandbox.replicate.prediction import Prediction

PREDICTIONS_KEPT = 200_000


class Board:
    """Where predictions are found again."""

    def __init__(self, kept: int = PREDICTIONS_KEPT) -> None:
        self._kept = kept
        self._by_id: dict[str, Prediction] = {}
        self._by_account: defaultdict[str, deque[Prediction]] = defaultdict(deque)
        self._last_number = 0

    def add(self, prediction: Prediction) -> None:
        """Holds a new prediction; beyond the bound the oldest of all is dropped."""
        self._last_number += 1
        prediction.number = self._last_number
        self._by_id[prediction.id] = prediction
        self._by_account[prediction.account].append(prediction)
        if len(self._by_id) > self._kept:
            oldest = self._by_id.pop(next(iter(self._by_id)))
            # The oldest of all is also the oldest of its account.
            assert self._by_account[oldest.account].popleft() is oldest

    def get(self, prediction_id: str) -> Prediction | None:
        """The prediction of that id, whosever it is."""
        return self._by_id.get(prediction_id)

    def under_way(self) -> list[Prediction]:
        """Those that have not ended, oldest first."""
        return [prediction for prediction in self._by_id.values() if not prediction.ended]

    def newest_first(self, account: str) -> Iterator[Prediction]:
        """The account's predictions, newest first."""
        return reversed(tuple(self._by_account.get(account, ())))
