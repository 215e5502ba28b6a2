"""Adam against torch's own optimizer, its state, and the clip."""

import numpy as np
import torch

from engine.config import RunConfig
from engine.training import models, optim


def parameters(arrays):
    return {name: torch.tensor(a) for name, a in arrays.items() if f"{name}.m" in arrays}


def gradients(tensors, step):
    stream = np.random.default_rng(step)
    return [torch.from_numpy(stream.standard_normal(t.shape).astype(np.float32)) for t in tensors.values()]


def test_equals_torch_adam_and_resumes_exactly():
    arrays = models.initial(RunConfig(model="mlp-8x2"), (2, 3, 1), 3)
    ours, theirs = parameters(arrays), parameters(arrays)
    reference = torch.optim.Adam([t.requires_grad_() for t in theirs.values()], lr=1.0)
    adam = optim.Adam(ours, arrays)
    for step in range(8):
        rate = 0.01 / (1 + step)
        if step == 4:
            adam = optim.Adam(ours, adam.state())
        adam.step(gradients(ours, step), rate)
        for tensor, gradient in zip(theirs.values(), gradients(ours, step), strict=True):
            tensor.grad = gradient
        reference.param_groups[0]["lr"] = rate
        reference.step()
    assert adam.state()["adam.t"].tolist() == [8]
    for name in ours:
        torch.testing.assert_close(ours[name], theirs[name].detach(), rtol=1e-5, atol=1e-6)


def test_clip_keeps_latents_within_one():
    latents = torch.tensor([-3.0, -1.0, 0.25, 1.0, 1.5])
    optim.clip(latents)
    assert latents.tolist() == [-1, -1, 0.25, 1, 1]
