"""A request of the verification lab carried out: the input found, the question put, the answers told."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from engine import datasets, digits
from engine import messages as m
from engine.bits import unpack
from engine.errors import BadInput, Unsupported
from engine.inference import deploy, modelfile, pictures
from engine.inference.network import PackedNetwork
from engine.inference.rules import taken
from engine.labs import Source
from engine.labs.verify import Explanation, LargestRadius, RunVerify, SweepCurve, Verdict
from engine.verify import bdd, diagrams, queries, sat
from engine.verify.answers import Answer, Budget, OutOfBudget
from engine.verify.constraints import Bits
from engine.verify.described import read
from engine.verify.queries import Verifier
from engine.verify.region import Region
from engine.worker import Run

MOST_SHOWN = 10
"""Curves of one network that a sweep tells of in a second, at most."""


def asked(request: RunVerify) -> Run:
    """See engine.labs.verify. Yields Progress, None and its results. Raises FlipscopeError."""
    yield m.Progress("job", "Reading the network")
    network = read(request.imported) if request.imported else packed(request.model)
    if request.index is not None or request.picture or request.image is not None:
        with _verifier(request, network) as verifier:
            yield from _about_one(request, verifier, bits_of(network, _image(request, network)))
    if request.sweep:
        networks = [network, packed(request.other)] if request.other else [network]
        for order, one in enumerate(networks):
            with _verifier(request, one) as verifier:
                yield from _swept(request, verifier, order)


def _about_one(request: RunVerify, verifier: Verifier, centre: Bits) -> Run:
    yield from _verdict(request, verifier, centre)
    if request.tolerance is not None:
        yield from _largest(request, verifier, centre)
    if request.explain:
        yield from _explained(request, verifier, centre)


def _verifier(request: RunVerify, network: PackedNetwork) -> Verifier:
    return Verifier(network, Budget(request.seconds, request.nodes))


def packed(source: Source) -> PackedNetwork:
    """The binarized network of a model. Raises BadFile, Unsupported."""
    network = modelfile.load(source)
    if not isinstance(network, PackedNetwork):
        what = f"'{network.metadata.name}' has float weights, which cannot be verified."
        raise Unsupported(what, "Use one of the verify recipes.")
    return network


def bits_of(network: PackedNetwork, image: m.Image) -> Bits:
    """An image u8 [H, W, C] as the bits bool [inputs] that the network takes. Raises BadInput."""
    if image.shape != network.metadata.input_shape:
        raise BadInput(f"The image is {image.shape}.", f"This network takes {network.metadata.input_shape}.")
    return unpack(taken(network, image[np.newaxis])[0].view(np.uint64), network.metadata.inputs)


def _image(request: RunVerify, network: PackedNetwork) -> m.Image:
    if request.image is not None:
        return _fitted(request.image, network)
    if request.picture:
        image, blank = pictures.prepare(pictures.read(request.picture), network.metadata)
        if blank:
            raise BadInput(f"There is nothing on '{request.picture}'.", "Choose a picture with a digit on it.")
        return image
    dataset = _dataset(network)
    assert request.index is not None
    if not 0 <= request.index < len(dataset.test_images):
        raise BadInput(f"There is no test image {request.index}.", f"Choose 0 to {len(dataset.test_images) - 1:,}.")
    chosen: m.Image = dataset.test_images[request.index]
    return chosen


def _fitted(image: m.Image, network: PackedNetwork) -> m.Image:
    """What another model saw of a drawing, as this one would where both prepare it alike, but for its size."""
    height, width, channels = network.metadata.input_shape
    if network.metadata.preparation != digits.BITS or image.shape != (digits.SIDE, digits.SIDE, channels):
        return image
    return digits.in_bits(image[..., 0], height, width)[..., np.newaxis]


def _dataset(network: PackedNetwork) -> datasets.Dataset:
    if not network.metadata.dataset:
        raise BadInput("This network names no data set.", "Give a picture, or name its data in the description.")
    return deploy.fitted(network, datasets.load(network.metadata.dataset))


def _verdict(request: RunVerify, verifier: Verifier, centre: Bits) -> Run:
    region = Region.ball(centre, request.radius)
    choice = verifier.choose(region)
    engine, why = (choice.engine, choice.why) if request.engine == "auto" else (request.engine, "")
    yield m.Progress("job", f"{region.size:,} inputs, by {engine}")
    verifier.warm(engine)
    began = time.perf_counter()
    for found in verifier.ask(region, engine):
        if isinstance(found, Answer):
            yield _told(request, verifier, centre, found, why, time.perf_counter() - began)
        else:
            yield m.Progress("job", f"{region.size:,} inputs, by {engine}", found)


def _told(request: RunVerify, verifier: Verifier, centre: Bits, answer: Answer, why: str, seconds: float) -> Verdict:
    about = verifier.network.metadata
    shape = about.input_shape[0], about.input_shape[1] * about.input_shape[2]
    other = answer.counterexample
    return Verdict(
        model=about.name,
        class_names=about.class_names,
        centre=centre.reshape(shape),
        radius=request.radius,
        status=answer.status,
        label=about.class_names[answer.label],
        region_size=answer.size,
        robust=answer.robust,
        per_class=answer.counts,
        counterexample=None if other is None else other.reshape(shape),
        counterclass=None if answer.counterclass is None else about.class_names[answer.counterclass],
        engine=answer.engine,
        why=why,
        nodes=answer.nodes,
        library=diagrams.library() if answer.engine == bdd.NAME else "",
        seconds=seconds,
        note=answer.note,
    )


def _largest(request: RunVerify, verifier: Verifier, centre: Bits) -> Run:
    assert request.tolerance is not None
    most, largest, note = min(request.radius, len(centre)), 0, ""
    for radius, answer in enumerate(verifier.largest_radius(centre, most, request.tolerance, request.engine), 1):
        if queries.holds(answer, request.tolerance):
            largest = radius
        note = answer.note
        if answer.status == "refuted" and answer.engine == sat.NAME and request.tolerance:
            note = f"At radius {radius} {answer.engine} finds one that fails and does not count: enumerate or bdd do."
        yield m.Progress("job", "The largest radius", radius / most)
    yield LargestRadius(request.tolerance, largest, note)


def _explained(request: RunVerify, verifier: Verifier, centre: Bits) -> Run:
    began, region, doing = time.perf_counter(), Region.ball(centre, request.radius), "Which bits force the class"
    kept: Bits | None = None
    tried, note = 0, ""
    try:
        for found in verifier.forcing(region, request.engine):
            if isinstance(found, float):
                yield m.Progress("job", doing, found)
                continue
            kept, tried = found, tried + 1
            yield m.Progress("job", doing, tried / len(region.free))
    except (OutOfBudget, Unsupported) as spent:
        note = str(spent)
    yield Explanation(
        radius=region.radius,
        forcing=None if kept is None else np.flatnonzero(kept),
        minimal=not note,
        essential=verifier.essential(region),
        seconds=time.perf_counter() - began,
        note=note,
    )


def _swept(request: RunVerify, verifier: Verifier, order: int) -> Run:
    """Each test image until it fails or is not found out at some radius; larger ones then go the same way."""
    network = verifier.network
    dataset, name = _dataset(network), network.metadata.name
    images = dataset.test_images[: request.sweep]
    robust, unknown = np.zeros((2, request.radius + 1), np.int64)
    told = time.perf_counter()
    for number, (image, label) in enumerate(zip(images, dataset.test_labels, strict=False), 1):
        for radius, known in enumerate(_until_it_fails(verifier, bits_of(network, image), int(label), request)):
            robust[radius] += known is True
            unknown[radius:] += known is None
            yield None
        now = time.perf_counter()
        if now - told > 1 / MOST_SHOWN or number == len(images):
            told = now
            yield SweepCurve(order, name, number, robust.copy(), unknown.copy())
        yield m.Progress("job", f"{name}, test image {number}", number / len(images))


def _until_it_fails(verifier: Verifier, centre: Bits, label: int, request: RunVerify) -> Iterator[bool | None]:
    """For radius 0, 1, …: whether an input is right and stays so; None where that is not found out, the last then."""
    right = verifier.label(centre) == label
    yield right
    for radius in range(1, request.radius + 1) if right else ():
        status = verifier.answer(Region.ball(centre, min(radius, len(centre))), request.engine).status
        yield None if status == "out of budget" else status == "proved"
        if status != "proved":
            return
