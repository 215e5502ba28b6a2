"""A training run as a generator of events; knows nothing of pipes, clocks or windows."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace

import numpy as np

from engine.bits import Words, popcount
from engine.config import LIVE, RunConfig
from engine.datasets import Dataset
from engine.errors import UnknownName
from engine.inference.network import Metadata, Network
from engine.training import schedules, steppers
from engine.training.batches import Batches, Order
from engine.training.evaluation import Score, deploy, evaluate, finish
from engine.training.models import depth, layer_name
from engine.training.parallel import ALONE, World
from engine.training.reestimate import Evaluating, sample
from engine.training.steppers import Arrays, Key, StepResult


@dataclass(frozen=True)
class StepDone:
    """One step is complete. step: how many are; epoch: fractional; rate: its learning rate; images: its batch."""

    step: int
    epoch: float
    rate: float
    images: int
    result: StepResult


@dataclass(frozen=True)
class Scored:
    """An evaluation is complete."""

    step: int
    epoch: float
    score: Score


@dataclass(frozen=True)
class EpochEnd:
    """An epoch is complete, the `epoch`-th. flip_ratio: per layer, share of signs that differ from one epoch before."""

    epoch: int
    flip_ratio: tuple[float, ...]


@dataclass(frozen=True)
class Diverged:
    """The numbers of the run are no longer numbers, and no step is made of them. why: where it began, for people."""

    step: int
    why: str


@dataclass(frozen=True)
class Finished:
    """The budget is spent."""


AHEAD = 3
"""Batches that are made ahead of their steps."""
ROUNDING = 1e-6
"""Of an evaluation: by so little a third of three epochs may miss a whole one."""

LoopEvent = StepDone | Evaluating | Scored | EpochEnd | Diverged | Finished


@dataclass(frozen=True)
class Place:
    """How far a run is: steps made, epochs complete, and images seen of the present epoch."""

    step: int = 0
    epoch: int = 0
    position: int = 0


class Loop:
    """Drives a stepper over a data set.

    Args:
        arrays: canonical state to go on from, with the signs at the last epoch's end where `place` is inside a run.
        elapsed: seconds spent so far, for a budget of time.
        metadata: what a folded network says of itself; epochs is filled in.
        world: the processes that make the same steps, of which the first alone evaluates.

    The position is counted in images, so that the batch size may change in mid-epoch. Everything random is drawn from
    (seed, epoch, step), so that a resumed run goes on exactly as an unbroken one.
    """

    def __init__(
        self,
        config: RunConfig,
        data: Dataset,
        arrays: Arrays,
        elapsed: Callable[[], float],
        metadata: Metadata,
        place: Place | None = None,
        world: World = ALONE,
    ) -> None:
        self.config = config
        self.data = data
        self.choice = steppers.chosen(config, world.size)
        self.stepper = self.choice.stepper(config, arrays, world)
        self._place = place or Place()
        self._elapsed = elapsed
        self._seconds = elapsed()
        self._world = world
        self._metadata = metadata
        self._sample = sample(data.train_images, config.seed)
        self._layers = depth(arrays)
        self._weights = [arrays[f"layer{i}.latent"].size for i in range(self._layers)]
        self._epoch_signs = [arrays.get(f"epoch_signs{i}", self.stepper.signs(i)).copy() for i in range(self._layers)]
        self._batches = Batches(data)
        self._scored: Scored | None = None
        self._flip_ratio: tuple[float, ...] = ()
        self.diverged = False

    # ------------------------------------------------------------ where it is

    @property
    def place(self) -> Place:
        return self._place

    @property
    def epoch(self) -> float:
        """Epochs so far, with the part of the present one."""
        return self._epoch(self._place)

    def _epoch(self, place: Place) -> float:
        return place.epoch + place.position / len(self.data.train_images)

    @property
    def spent(self) -> float:
        """Share of the budget of epochs, or of time, spent when the last step began; 1 and above is the end."""
        return self._spent(self._place)

    def _spent(self, place: Place) -> float:
        """Of epochs, at a place; of time, wherever that is."""
        limit = self.config.time_limit
        return self._epoch(place) / self.config.epochs if limit is None else self._seconds / limit

    @property
    def rate(self) -> float:
        """Learning rate of the next step."""
        by_epoch = self._place.epoch / self.config.epochs if self.config.time_limit is None else self.spent
        return schedules.rate(self.config, self.spent, by_epoch, self._place.epoch)

    def state(self) -> Arrays:
        """All arrays that `Loop` needs to go on from here."""
        signs: Arrays = {f"epoch_signs{i}": words for i, words in enumerate(self._epoch_signs)}
        return self.stepper.state() | signs

    def tune(self, key: str, value: object) -> RunConfig:
        """Change a live setting from the next step on. Raises UnknownName, BadInput."""
        changed = self.config.changed(key, value)
        if key not in LIVE:
            raise UnknownName("live setting", key, LIVE)
        self.config = changed
        self._settle_stepper()
        return changed

    def _settle_stepper(self) -> None:
        """Hand the state over where another stepper is now the best that can: as if the run had been resumed."""
        before, self.choice = self.choice, steppers.chosen(self.config, self._world.size)
        if self.choice.stepper is not before.stepper:
            self.stepper = self.choice.stepper(self.config, self.stepper.state(), self._world)

    # ------------------------------------------------------------ the run

    def events(self) -> Iterator[LoopEvent]:
        """Train until the budget is spent; ends on a fresh score. Each `next` makes at most one step or slice."""
        with self._batches:
            yield from self._steps()
        if not self.fresh_score:
            yield from self._evaluate()
        yield Finished()

    def _steps(self) -> Iterator[LoopEvent]:
        while self._goes_on():
            before = self._place
            done = self._step()
            if self.diverged:
                yield Diverged(before.step, self._where_not_finite())
                continue
            yield done
            if self._evaluation_due(before):
                yield from self._evaluate()
            if self._place.epoch > before.epoch:
                yield EpochEnd(self._place.epoch, self._flip_ratio)

    def _goes_on(self) -> bool:
        """Look at the clock, that of the first process, for all that the next step asks of the budget."""
        if self.config.time_limit is not None:
            self._seconds = self._world.of_first(self._elapsed())
        return self.spent < 1

    @property
    def fresh_score(self) -> bool:
        """Whether the last score is of the weights as they are."""
        return self._scored is not None and self._scored.step == self._place.step

    def score(self) -> Score | None:
        """Score the weights as they are, without a pause; None where they are no longer numbers."""
        scored = [event.score for event in self._evaluate() if isinstance(event, Scored)]
        return scored[0] if scored else None

    def network(self) -> Network:
        """The network as it would be deployed now. Raises BadInput where its numbers are not finite."""
        if self._scored is not None and self.fresh_score:
            return self._scored.score.network
        return finish(self._deploy(self.stepper.state()))

    def _deploy(self, arrays: Arrays) -> Generator[Evaluating, None, Network]:
        return deploy(arrays, self.config, self._sample, replace(self._metadata, epochs=self.epoch))

    def _step(self) -> StepDone:
        order = self._order(self._place)
        batch = self._batches.take(order, self._expected(order))
        rate = self.rate
        result = self.stepper.step(batch.images, batch.labels, rate, self.config, order.key)
        self.diverged = not math.isfinite(result.loss)
        if not self.diverged:
            before, self._place = self._place, self._after(self._place, order)
            if self._place.epoch > before.epoch:
                self._flip_ratio = self._compare_with_last_epoch()
        return StepDone(self._place.step, self.epoch, rate, len(batch.labels), result)

    def _order(self, place: Place) -> Order:
        """The batch at a place, by the settings as they are."""
        count, end = len(self.data.train_images), place.position + self.config.batch_size
        if count - end < 2:  # batch-norm cannot do with a single image
            end = count
        changed = self._spent(place) < self.config.augment_until
        key = Key(self.config.seed, place.epoch, place.step)
        return Order(key, place.position, end, self.config.augmentation if changed else "none")

    def _after(self, place: Place, order: Order) -> Place:
        """Where a batch leads to."""
        over = order.last == len(self.data.train_images)
        return Place(place.step + 1, place.epoch + over, 0 if over else order.last)

    def _expected(self, order: Order) -> Iterator[Order]:
        """The batches after this one that another core makes meanwhile, where steps leave one idle.

        Where they use every core there is nothing to gain, and an image changed meanwhile is waited for by all of them.
        Those that are but a choice of images are made as quickly as they are asked for.
        """
        place, idle = self._place, self.config.threads - self.stepper.workers(order.last - order.first)
        for _ in range(AHEAD if idle > 0 else 0):
            place = self._after(place, order)
            order = self._order(place)
            if order.augmentation == "none" or self._spent(place) >= 1:
                return
            yield order

    def _evaluation_due(self, before: Place) -> bool:
        """Whether the last step crossed one of the points that divide an epoch, or several together, evenly."""
        return self._evaluations(self._place) > self._evaluations(before)

    def _evaluations(self, place: Place) -> int:
        """How many are due up to a place."""
        return math.floor(self._epoch(place) * self.config.evaluations_per_epoch + ROUNDING)

    def _evaluate(self) -> Iterator[LoopEvent]:
        if not self._world.leads:
            return
        arrays = self.stepper.state()
        wrong = _not_finite(arrays)
        if wrong is not None:
            self.diverged = True
            yield Diverged(self._place.step, wrong)
            return
        network = yield from self._deploy(arrays)
        score = yield from evaluate(network, self.config, self.data)
        self._scored = Scored(self._place.step, self.epoch, score)
        yield self._scored

    def _compare_with_last_epoch(self) -> tuple[float, ...]:
        ratios = []
        for i in range(self._layers):
            now: Words = self.stepper.signs(i).copy()
            ratios.append(popcount(now ^ self._epoch_signs[i]) / self._weights[i])
            self._epoch_signs[i] = now
        return tuple(ratios)

    def _where_not_finite(self) -> str:
        """Names the first layer whose arrays, or else whose outputs, are no longer numbers."""
        wrong = _not_finite(self.stepper.state())
        if wrong is not None:
            return wrong
        for i in range(self._layers):
            if not np.all(np.isfinite(self.stepper.preactivations(i))):
                return f"the outputs of layer '{layer_name(i, self._layers)}'"
        return "the loss itself"


def _not_finite(arrays: Arrays) -> str | None:
    """The first array that is no longer made of numbers, by name and layer."""
    layers = depth(arrays)
    for i in range(layers):
        for name, array in arrays.items():
            if name.startswith(f"layer{i}.") and not np.all(np.isfinite(array)):
                return f"'{name.removeprefix(f'layer{i}.')}' of layer '{layer_name(i, layers)}'"
    return None
