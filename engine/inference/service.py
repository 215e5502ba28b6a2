"""What the inference world does for the window: backends, models, pictures, predictions, evaluations, benchmarks."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version

import numpy as np
import threadpoolctl

from engine import datasets, export, labs, runservice
from engine import messages as m
from engine.errors import BadInput, UnknownName
from engine.faults import wear
from engine.faults.broken import broken
from engine.faults.masks import check_rate
from engine.inference import bench, deploy, modelfile, pictures, predict, recognise, settling
from engine.inference.backend import (
    Backend,
    Program,
    Ready,
    Unavailable,
    UnderWay,
    backend,
    backends,
    leave_out,
    readmit,
    state_of,
)
from engine.inference.network import FloatNetwork, Network, PackedNetwork
from engine.inference.rules import stages, taken
from engine.messages import runs as r
from engine.worker import Run

REPORT_EVERY = 0.1
"""Seconds between two Progress events."""


@dataclass
class _Model:
    """A loaded network with the programs made of it so far."""

    network: Network
    programs: dict[str, Program] = field(default_factory=dict)
    worn: tuple[float, _Model] | None = None

    def at(self, rate: float) -> _Model:
        """The model with this share of its weight bits broken, made once; itself where there are none."""
        if not rate or not isinstance(self.network, PackedNetwork):
            return self
        if self.worn is None or self.worn[0] != rate:
            self.worn = (rate, _Model(broken(self.network, wear.cells(self.network, rate))))
        return self.worn[1]

    def program(self, one: Backend) -> Program:
        if one.name not in self.programs:
            self.programs[one.name] = one.load(self.network)
        return self.programs[one.name]


class InferenceService:
    """Holds the loaded models by key; every long command is a generator of slices."""

    def __init__(self) -> None:
        self._models: dict[str, _Model] = {}
        self._chores: dict[Backend, settling.Chore] = {}
        self._wear = 0.0
        self._limits = threadpoolctl.threadpool_limits(1)

    def versions(self) -> dict[str, str]:
        """Versions of what this world imported."""
        return {name: version(name) for name in ("numpy", "safetensors", "pillow")}

    def carry_out(self, command: m.Command) -> Run | None:
        """Give the generator that carries a command out. Raises BadInput for one of the other world."""
        match command:
            case m.ListBackends():
                return self._list()
            case m.SettleBackends():
                return self._settle()
            case m.LeaveOut():
                leave_out(command.backend, Unavailable(command.reason, command.remedy))
                return None
            case m.Readmit():
                readmit(command.backend)
                return None
            case m.LoadModel():
                return self._load(command)
            case m.Prepare():
                return self._prepare(command)
            case m.Predict():
                return self._predict(command)
            case m.Wear():
                check_rate(command.rate)
                self._wear = command.rate
                return self._tell_wear(command)
            case m.Evaluate():
                return self._evaluate(command)
            case m.Recognise():
                loaded = {key: model.network for key, model in self._models.items()}
                return recognise.recognise(command, loaded)
            case m.ReadDrawings():
                return recognise.read(command)
            case m.KeepDrawings():
                return recognise.keep(command)
            case m.Export():
                return self._export(command)
            case r.ListRuns() | r.RunCommand():
                return runservice.carry_out(command)
            case m.BenchGemm():
                return bench.gemm(command.shapes, command.threads, quick=command.quick)
            case m.BenchNet():
                return bench.net(command.cases, command.threads, quick=command.quick)
            case m.BenchConv():
                return bench.conv(command.cases, command.threads, quick=command.quick)
            case m.RunLab():
                return labs.run(command)
            case _:
                raise BadInput(f"The inference worker does not know {type(command).__name__}.", "Ask the trainer.")

    def at_rest(self, lane: str) -> Iterator[m.Event]:  # noqa: ARG002 - the contract
        """Nothing is to be sent when a lane of this world rests."""
        return iter(())

    def close(self) -> None:
        """Let go of the models."""
        self._models.clear()
        self._limits.restore_original_limits()

    def _model(self, key: str) -> _Model:
        if key not in self._models:
            raise UnknownName("loaded model", key, self._models)
        return self._models[key]

    def _list(self) -> Run:
        self._chores |= settling.begin()
        yield m.BackendList(backend_rows())

    def _settle(self) -> Run:
        chores, self._chores = self._chores, {}
        for settled in settling.settle(chores):
            yield None if settled is None else m.BackendList(backend_rows())

    def _load(self, command: m.LoadModel) -> Run:
        network = modelfile.load(command.data or command.path)
        self._models[command.key] = _Model(network)
        yield m.ModelLoaded(model_info(command.key, network))

    def _prepare(self, command: m.Prepare) -> Run:
        metadata = self._model(command.key).network.metadata
        picture = pictures.read(command.path)
        yield None
        image, blank = pictures.prepare(picture, metadata)
        fits = metadata.preparation, metadata.input_shape
        yield m.Prepared(
            command.request, image, pictures.shown(picture), blank, command.path, again=command.again, fits=fits
        )

    def _predict(self, command: m.Predict) -> Run:
        model = self._model(command.key).at(self._wear)
        programs = yield from _programs(model, ("all",))
        (image,) = taken(model.network, command.image[np.newaxis])
        slow = {name: program for name, program in programs.items() if backend(name).kind == "oracle"}
        said: list[m.Vote] = []
        quick = {name: each for name, each in programs.items() if name not in slow}
        for vote in predict.votes(quick, image, hasty=command.passing):
            said.append(vote)
            yield None
        if command.passing:
            slow = {}
        layers: tuple[m.LayerSigns, ...] = ()
        able = {vote.backend: programs[vote.backend] for vote in said if vote.scores is not None}
        if isinstance(model.network, PackedNetwork) and any(backend(name).kind == "xnor" for name in able):
            layers = predict.layer_signs(_preferred(able), image)
        yield _prediction(command, said, layers, complete=not slow)
        if slow:
            said += predict.votes(slow, image)
            yield _prediction(command, said, layers, complete=True)

    def _tell_wear(self, command: m.Wear) -> Run:
        network = self._model(command.key).network
        if isinstance(network, PackedNetwork):
            yield wear.told(command, network)

    def _evaluate(self, command: m.Evaluate) -> Run:
        model = self._model(command.key)
        dataset = deploy.fitted(model.network, datasets.load(model.network.metadata.dataset))
        programs = yield from _programs(model, command.backends)
        images, labels = dataset.test_images[: command.limit], dataset.test_labels[: command.limit]
        began = reported = time.perf_counter()
        for board in deploy.score(model.network, programs, images, labels):
            now = time.perf_counter()
            share = board.images / max(1, len(images))
            if now - reported >= REPORT_EVERY:
                reported = now
                left = (now - began) * (1 - share) / share if share else None
                yield m.Progress(command.lane or "", "Scoring the test set", share, left)
            else:
                yield None
        yield _evaluation(command.key, model.network, board)

    def _export(self, command: m.Export) -> Run:
        size = yield from export.write(self._model(command.key).network, command.form, command.path)
        yield m.Exported(command.path, size)


def open_service() -> InferenceService:
    """What engine.worker runs in the inference world."""
    return InferenceService()


def backend_rows() -> tuple[m.BackendInfo, ...]:
    """Every backend for people: ready, or not and why and what to do."""
    rows = []
    for one in backends().values():
        state = state_of(one)
        ready, in_use = isinstance(state, Ready), one.offloads and isinstance(state, Ready | UnderWay)
        rows.append(m.BackendInfo(one.name, one.kind, one.rank, ready, **asdict(state), device_in_use=in_use))
    return tuple(rows)


def model_info(key: str, network: Network) -> m.ModelInfo:
    """What the pages know of a model."""
    about = network.metadata
    return m.ModelInfo(
        key=key,
        form="float" if isinstance(network, FloatNetwork) else "packed",
        name=about.name,
        architecture=about.architecture,
        input_shape=about.input_shape,
        class_names=about.class_names,
        preparation=about.preparation,
        dataset=about.dataset,
        accuracy=about.accuracy,
        layers=_layers(network),
        weight_count=network.weight_count,
        weight_bytes=network.weight_bytes,
        float_bytes=network.weight_count * np.dtype(np.float32).itemsize,
    )


def _layers(network: Network) -> tuple[tuple[int, int], ...]:
    """(outputs, terms of one sum) of each layer with weights; of a map every value is an output."""
    if isinstance(network, FloatNetwork):
        steps = zip(network.operations, network.shapes(), strict=True)
        return tuple((math.prod(gives), layer.inputs) for layer, (_, gives) in steps)
    return tuple((math.prod(stage.gives), stage.product.inputs) for stage in stages(network))


def _programs(model: _Model, wanted: Sequence[str]) -> Generator[None, None, dict[str, Program]]:
    """Make a model ready on each of these backends, one a slice; gives the programs by name."""
    programs: dict[str, Program] = {}
    for one in deploy.able(model.network, wanted):
        programs[one.name] = model.program(one)
        yield None
    return programs


def _preferred(programs: dict[str, Program]) -> Program:
    """The one of the XNOR backend that is preferred among those that a packed network was made ready on."""
    able = [backend(name) for name in programs]
    return programs[max((one for one in able if one.kind == "xnor"), key=lambda one: one.rank).name]


def _prediction(
    command: m.Predict, said: list[m.Vote], layers: tuple[m.LayerSigns, ...], *, complete: bool
) -> m.Prediction:
    return m.Prediction(command.request, command.key, tuple(said), layers, predict.identical(said), complete)


def _evaluation(key: str, network: Network, board: deploy.Scoreboard) -> m.Evaluation:
    kinds = {row.name: row for row in backend_rows()}
    rows = tuple(
        m.BackendScore(
            backend=name,
            kind=kinds[name].kind,
            device=kinds[name].device,
            accuracy=board.accuracy(name),
            seconds=tally.seconds,
            identical_predictions=tally.identical_predictions,
            identical_scores=tally.identical_scores,
        )
        for name, tally in board.tallies.items()
    )
    weights, floats = network.weight_bytes, network.weight_count * np.dtype(np.float32).itemsize
    return m.Evaluation(key, board.images, board.batch, rows, board.confusion, weights, floats)
