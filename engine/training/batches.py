"""The batches of a run, and how they are made ahead: on a thread of their own, while steps are made of those before."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import takewhile
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.datasets import Dataset
from engine.training import augment
from engine.training.steppers import Key


@dataclass(frozen=True)
class Order:
    """All that a batch is made of. first, last: of the images in its epoch's order; augmentation: how, or "none"."""

    key: Key
    first: int
    last: int
    augmentation: str


@dataclass(frozen=True)
class Batch:
    """Images u8 [B, H, W, C] and labels int64 [B]."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


class Batches:
    """Makes the batches of a data set; leave it as a context, so that no thread stays behind.

    A batch depends on its order alone. What was made ahead is taken where it was made to the very order that is asked
    for, and else thrown away: settings may change at any time, and an error is raised where its batch is asked for.
    """

    def __init__(self, data: Dataset) -> None:
        self._data = data
        self._shuffled: tuple[tuple[int, int], NDArray[np.int64]] | None = None
        self._ahead: deque[tuple[Order, Future[Batch]]] = deque()
        self._maker: ThreadPoolExecutor | None = None

    def take(self, order: Order, following: Iterable[Order] = ()) -> Batch:
        """The batch of an order. following: the orders that are expected next, which are made ahead."""
        self._drop_until(order)
        made = self._ahead.popleft()[1] if self._ahead else None
        self._expect(following)
        return self._make(order) if made is None else made.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ahead.clear()
        if self._maker is not None:
            self._maker.shutdown(cancel_futures=True)
            self._maker = None

    def _drop_until(self, order: Order) -> None:
        while self._ahead and self._ahead[0][0] != order:
            self._ahead.popleft()[1].cancel()

    def _expect(self, following: Iterable[Order]) -> None:
        orders = list(following)
        pairs = zip(orders, self._ahead, strict=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1][0], pairs))
        while len(self._ahead) > same:
            self._ahead.pop()[1].cancel()
        for order in orders[same:]:
            self._maker = self._maker or ThreadPoolExecutor(1, "batches")
            self._ahead.append((order, self._maker.submit(self._make, order)))

    def _make(self, order: Order) -> Batch:
        chosen = self._order(order.key)[order.first : order.last]
        images = self._data.train_images[chosen]
        if order.augmentation != "none":
            images = augment.augment(order.augmentation, images, order.key.stream("augmentation"))
        return Batch(images, self._data.train_labels[chosen])

    def _order(self, key: Key) -> NDArray[np.int64]:
        """The images in the order of an epoch. Two threads that ask at once draw the same."""
        epoch, known = (key.seed, key.epoch), self._shuffled
        if known is None or known[0] != epoch:
            stream = Key(*epoch, 0).stream("shuffle")
            known = self._shuffled = (epoch, stream.permutation(len(self._data.train_images)))
        return known[1]
