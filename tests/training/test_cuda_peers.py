"""torch on a CUDA device, as far as that can be seen without one: on the CPU, with a clock that counts calls."""

import pytest
import torch

from engine import messages as m
from engine import turns
from engine.errors import Unsupported
from engine.training import cuda_peers, peers

COMMANDS = [m.PeerProduct(method, 1, (24, 16, 64)) for method in (*cuda_peers.CUDA_FLOATS, cuda_peers.CUDA_INT8)]
COMMANDS += [m.PeerNetwork(method, 1, (20, 8, 3), 2) for method in cuda_peers.CUDA_FLOATS]
COMMANDS += [m.PeerConv(method, 1, 4, 5, 6, 2) for method in cuda_peers.CUDA_FLOATS]


class Event:
    """A millisecond passes from each mark to the next."""

    marks = 0

    def __init__(self, enable_timing):
        assert enable_timing

    def record(self):
        Event.marks += 1
        self.at = Event.marks

    def synchronize(self):
        return

    def elapsed_time(self, last):
        return float(last.at - self.at)


class Graph:
    """What is recorded runs while it is, and a replay is a call like any other."""

    recorded = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return

    def replay(self):
        Graph.recorded += 1


@pytest.fixture
def cuda(monkeypatch):
    """The CPU in a CUDA device's place."""
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", lambda graph: graph)
    monkeypatch.setattr(cuda_peers, "DEVICE", "cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(turns, "DEVICE_WARM", 0.002)
    yield
    peers._turns.cache_clear()
    cuda_peers.set_precision("torch")


@pytest.mark.usefixtures("cuda")
@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: f"{type(each).__name__} {each.method}")
def test_every_method_is_timed_by_events(command):
    (said,) = peers.take_turn(command)
    assert said.method == command.method
    assert 0 < said.seconds <= 1e-3


@pytest.mark.usefixtures("cuda")
def test_short_work_is_timed_as_a_graph_and_what_cannot_be_one_is_told(monkeypatch):
    before = Graph.recorded
    monkeypatch.setattr(turns, "SHORT", 1.0)
    list(peers.take_turn(COMMANDS[0]))
    assert Graph.recorded > before
    peers._turns.cache_clear()

    def refuse(_):
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    monkeypatch.setattr(torch.cuda, "graph", refuse)
    with pytest.raises(Unsupported, match="in a CUDA graph: operation not permitted when stream is capturing"):
        list(peers.take_turn(COMMANDS[0]))


@pytest.mark.usefixtures("cuda")
def test_float32_is_rounded_to_tf32_where_that_is_asked_for_and_nowhere_else():
    for command in COMMANDS[:3]:
        list(peers.take_turn(command))
        rounded = command.method == "cuda-tf32"
        assert (torch.get_float32_matmul_precision() == "high") is rounded
        assert torch.backends.cudnn.allow_tf32 is rounded


def test_dtypes_and_layouts(monkeypatch):
    monkeypatch.setattr(cuda_peers, "DEVICE", "cpu")
    maps = torch.zeros(2, 3, 4, 5)
    for method, dtype, together in (
        ("cuda-float32", torch.float32, False),
        ("cuda-tf32", torch.float32, True),
        ("cuda-float16", torch.float16, True),
    ):
        placed = cuda_peers.layout(method)(maps)
        assert placed.dtype == dtype
        assert placed.is_contiguous(memory_format=torch.channels_last) is together


def test_without_a_device_it_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(Unsupported, match="no CUDA device"):
        list(peers.take_turn(COMMANDS[0]))


@pytest.mark.usefixtures("cuda")
def test_what_torch_refuses_is_told_with_its_words(monkeypatch):
    def refuse(*_):
        raise RuntimeError("self.size(0) needs to be greater than 16, but got 3\nmore")

    monkeypatch.setattr(torch, "_int_mm", refuse)
    with pytest.raises(Unsupported, match="greater than 16") as caught:
        list(peers.take_turn(m.PeerProduct("cuda-int8", 1, (3, 5, 70))))
    assert "more" not in str(caught.value)
