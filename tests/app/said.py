"""What a window's children say, for tests of the session: a model, a run, its frames, backends, an answer."""

import numpy as np

from engine import messages as m
from engine.config import RunConfig

XNOR = m.BackendInfo("numpy-xnor", "xnor", 10, True, "CPU")
BLAS = m.BackendInfo("float-blas", "float", 10, True, "CPU")
CUPY = m.BackendInfo("cupy-xnor", "xnor", 90, False, "", "No CUDA driver was found.", "Install one.")
GPU = m.BackendInfo("cupy-xnor", "xnor", 90, True, "H100", device_in_use=True)
IMAGE = np.zeros((28, 28, 1), np.uint8)


def info(key, form="packed"):
    return m.ModelInfo(
        key, form, "net", "mlp-512x2", (28, 28, 1), tuple("0123456789"), "mnist", "mnist", 0.98, ((512, 784),), 1, 1, 32
    )


def started(run="r1", step=0, **config):
    return m.RunStarted(run, "folder", RunConfig(**config), (("dense 1", 512, 784),), step, 468, 60_000, "torch")


def frame(seq, step, run="r1"):
    none = np.zeros(0, np.float32)
    scalars = m.Scalars(np.zeros(0, np.int64), none, none, np.zeros((0, 1), np.float32))
    return m.Frame(run, seq, step, step / 468, 1.0, scalars, (), None, 0.005, 100.0, 0.01)


def prediction(request, key):
    return m.Prediction(request, key, (), (), True)
