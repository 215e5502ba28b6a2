"""The protocol of the inference worker: backends, models, and what they say of images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words
from engine.messages.base import Command, Event, Image


@dataclass(frozen=True)
class ListBackends(Command):
    """Probe every backend; answered by BackendList."""


@dataclass(frozen=True)
class SettleBackends(Command):
    """Make ready what takes long (a GPU's self-test); BackendList tells of each when it is. Everything else goes first.

    Those backends are left out from ListBackends on until then.
    """

    lane: ClassVar[str | None] = "settle"
    urgency: ClassVar[int] = 9


@dataclass(frozen=True)
class LeaveOut(Command):
    """Use a backend no more in this process; what is told of it instead."""

    backend: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class Readmit(Command):
    """Ask a backend that was left out itself again; ListBackends and SettleBackends tell the rest."""

    backend: str


@dataclass(frozen=True)
class LoadModel(Command):
    """Keep a model under `key`: from a file, or from the bytes of one; answered by ModelLoaded or Failed."""

    key: str
    path: str = ""
    data: bytes = b""


@dataclass(frozen=True)
class Prepare(Command):
    """Read a picture file and bring it to the input of model `key`; answered by Prepared or Failed.

    again: it is shown already, as it was prepared for another model.
    """

    lane: ClassVar[str | None] = "prepare"
    urgency: ClassVar[int] = 1
    request: int
    path: str
    key: str
    again: bool = False


@dataclass(frozen=True)
class Predict(Command):
    """Score one prepared image u8 [H, W, C] with every ready backend; a newer request replaces an older one.

    passing: the pen is still moving, and the next image is worth more than what the slow ones (oracles) say of this.
    """

    lane: ClassVar[str | None] = "predict"
    urgency: ClassVar[int] = 0
    request: int
    key: str
    image: Image
    passing: bool = False


@dataclass(frozen=True)
class Wear(Command):
    """Predict with this share of every packed model's weight bits broken from now on; Evaluate does without.

    Always the same bits, and at a higher rate those of a lower one as well. Answered by Worn, which shows one layer of
    model `key`.
    """

    lane: ClassVar[str | None] = "wear"
    urgency: ClassVar[int] = 1
    key: str
    rate: float
    layer: int = 0


@dataclass(frozen=True)
class Evaluate(Command):
    """Score the test set with model `key` by each named backend; how many agree with the first."""

    lane: ClassVar[str | None] = "evaluate"
    urgency: ClassVar[int] = 6
    key: str
    backends: tuple[str, ...]
    limit: int | None = None


@dataclass(frozen=True)
class EvaluateTwin(Evaluate):
    """The same for the comparison model, in a lane of its own."""

    lane: ClassVar[str | None] = "twin"
    urgency: ClassVar[int] = 7


@dataclass(frozen=True)
class Export(Command):
    """Write model `key` for other tools, in a form of engine.export.FORMATS; answered by Exported or Failed."""

    lane: ClassVar[str | None] = "export"
    urgency: ClassVar[int] = 4
    key: str
    form: str
    path: str


@dataclass(frozen=True)
class Exported(Event):
    """A model was written: bytes in all."""

    path: str
    bytes: int


@dataclass(frozen=True)
class BackendInfo:
    """One backend for people: ready on `device`, or not and why and what to do.

    note: what to know of a ready one. device_in_use: it works on a device beside the CPU, or is being made ready on
    one, and may take the worker along.
    """

    name: str
    kind: str
    rank: int
    ready: bool
    device: str = ""
    reason: str = ""
    remedy: str = ""
    note: str = ""
    device_in_use: bool = False


@dataclass(frozen=True)
class BackendList(Event):
    rows: tuple[BackendInfo, ...]


@dataclass(frozen=True)
class BackendLost(Event):
    """A backend failed in the middle and is of no use in this child, which ends after this."""

    backend: str
    what: str
    remedy: str


@dataclass(frozen=True)
class ModelInfo:
    """What the pages know of a loaded model.

    form: "packed" or "float". layers: (outputs, inputs) of each layer with weights; of a convolution all values of
    its map, and the terms of one sum.
    float_bytes: what the same weights take in float32.
    """

    key: str
    form: Literal["packed", "float"]
    name: str
    architecture: str
    input_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    preparation: str
    dataset: str
    accuracy: float | None
    layers: tuple[tuple[int, int], ...]
    weight_count: int
    weight_bytes: int
    float_bytes: int


@dataclass(frozen=True)
class ModelLoaded(Event):
    info: ModelInfo


@dataclass(frozen=True)
class Prepared(Event):
    """A picture brought to a model's input: u8 [H, W, C]; `blank` where there is nothing on it.

    picture: the picture itself in grey for showing, u8 [h, w], ink bright, at most 512 a side.
    path, again: as they were asked. fits: preparation and input of the models that this is right for.
    """

    request: int
    image: Image
    picture: Image
    blank: bool
    path: str = ""
    again: bool = False
    fits: tuple[str, tuple[int, int, int]] | None = None


@dataclass(frozen=True)
class Vote:
    """What one backend said of one image; `scores` is None where it could not (see reason).

    seconds: median of a few timed calls of this one image; of a slow backend, while a pen moves, of one.
    """

    backend: str
    kind: str
    device: str
    scores: NDArray[np.float32] | None
    seconds: float
    reason: str = ""


@dataclass(frozen=True)
class LayerSigns:
    """One hidden layer on one image: int32 sums [outputs] before the sign, bits uint64 [words], outputs.

    A map is told flat, in the order (row, column, channel). value: float32 [outputs], what the signs are of where
    that is not a sum and its threshold but the network's value, shortcuts added.
    """

    sums: NDArray[np.int32]
    bits: Words
    outputs: int
    value: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Prediction(Event):
    """The answer to Predict. identical: all backends that answered gave the same scores, bit for bit.

    complete: False where the slow ones (oracles) are still to answer, in a further Prediction of the same request.
    """

    request: int
    key: str
    votes: tuple[Vote, ...]
    layers: tuple[LayerSigns, ...]
    identical: bool
    complete: bool = True


@dataclass(frozen=True)
class Worn(Event):
    """What is broken of a packed model. counts: bits broken, and bits, of each layer.

    weights, broken: one layer's sound weights and which of them are flipped, uint64 [outputs, W], without padding
    within a row. shape: of a row as a picture (height, width, channels).
    """

    key: str
    rate: float
    layer: int
    weights: Words
    broken: Words
    shape: tuple[int, int, int]
    counts: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class BackendScore:
    """One backend over the test set; counts are against the first backend asked for.

    seconds: total for `images` in batches of `batch`.
    """

    backend: str
    kind: str
    device: str
    accuracy: float
    seconds: float
    identical_predictions: int
    identical_scores: int


@dataclass(frozen=True)
class Evaluation(Event):
    """The answer to Evaluate, whole: every image was scored by every backend named."""

    key: str
    images: int
    batch: int
    rows: tuple[BackendScore, ...]
    confusion: NDArray[np.int64]
    weight_bytes: int
    float_bytes: int


@dataclass(frozen=True)
class ReadDrawings(Command):
    """Read drawings from a file or folder (engine.drawings); answered by DrawingsRead or Failed.

    own: it is the file that Draw keeps its drawings in. Where there is none that is well; one that cannot be read is
    moved beside, so that nothing is written over it.
    """

    urgency: ClassVar[int] = 3
    path: str
    own: bool = False


@dataclass(frozen=True)
class DrawingsRead(Event):
    """images: u8 [N, 28, 28]; labels: int64 [N]; test: bool [N], which are for the test alone, None: nobody said.

    blank: pictures with nothing on them, which were left out.
    """

    path: str
    own: bool
    images: Image
    labels: NDArray[np.int64]
    test: NDArray[np.bool_] | None
    blank: int


@dataclass(frozen=True)
class DrawingChanges:
    """What a window did to its drawings since the file was last read or written for it, by engine.drawings.name."""

    new: frozenset[bytes]
    gone: frozenset[bytes]


@dataclass(frozen=True)
class KeepDrawings(Command):
    """Write drawings to a file, at once, so that an end of the child does not lose them; answered by DrawingsKept.

    changes: where another window may write the file, too, so that what it holds now is read first and these are made
    to it (engine.drawings.merged); None: the file is to hold these drawings and no others.
    """

    path: str
    images: Image
    labels: NDArray[np.int64]
    test: NDArray[np.bool_]
    request: int = 0
    changes: DrawingChanges | None = None


@dataclass(frozen=True)
class DrawingsKept(Event):
    """So many drawings are on the disk."""

    path: str
    count: int
    request: int = 0


@dataclass(frozen=True)
class Recognise(Command):
    """Have each of these models, (key, file), read drawings u8 [N, 28, 28]; each is answered by a Recognised."""

    lane: ClassVar[str | None] = "recognise"
    urgency: ClassVar[int] = 3
    request: int
    models: tuple[tuple[str, str], ...]
    images: Image


@dataclass(frozen=True)
class Recognised(Event):
    """What a model reads in the drawings: int64 [N], digits; None where it cannot, and why.

    name: what the model calls itself. accuracy: 0..1, of its data set's test images, where its file tells it.
    """

    request: int
    key: str
    labels: NDArray[np.int64] | None
    why: str = ""
    name: str = ""
    accuracy: float | None = None
