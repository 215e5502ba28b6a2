"""The ONNX graph, run by onnxruntime with all of its optimizations: the oracle's scores, bit for bit."""

import numpy as np
import pytest

from engine.errors import Unsupported
from engine.export import onnx_graph, protobuf
from tests.conformance.oracle import assert_same_value
from tests.export.cases import CASES, case
from tests.inference import builders

onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def run(content, images):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    (given,), (made,) = session.get_inputs(), session.get_outputs()
    assert (given.name, made.name) == ("images", "scores")
    assert given.shape == ["N", *images.shape[1:]]
    return session.run(None, {"images": images})[0]


@pytest.mark.parametrize("name", CASES)
def test_scores(name):
    network, images, wanted = case(name)
    content = onnx_graph.model(network)
    for count in (len(images), 1):
        assert_same_value(run(content, images[:count]), wanted[:count])


def test_sums_that_float32_cannot_count_are_refused():
    wide = builders.packed(np.random.default_rng(0), (300, 300, 1), (2,))
    with pytest.raises(Unsupported, match="float32 counts to"):
        onnx_graph.model(wide)


@pytest.mark.parametrize(
    ("value", "encoded"), [(0, "0800"), (1, "0801"), (300, "08ac02"), (-1, "08ffffffffffffffffff01")]
)
def test_integers_are_encoded_as_protocol_buffers_have_it(value, encoded):
    assert protobuf.integer(1, value).hex() == encoded
