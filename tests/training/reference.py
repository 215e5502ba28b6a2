"""One training step of a multilayer perceptron by every method, written out in numpy float64 from the papers."""

import numpy as np

from engine.faults.masks import failing

EPSILON = 1e-5


def signs(x):
    return np.where(x >= 0, 1.0, -1.0)


def nearest_power(x):
    with np.errstate(divide="ignore"):
        return np.where(x == 0, 0.0, np.sign(x) * 2.0 ** np.round(np.log2(np.abs(x))))


class Plain:
    """Batch-norm of one layer, kept for its way back."""

    def __init__(self, s, gamma, beta):
        self.mean, self.deviation, self.gamma = s.mean(0), np.sqrt(s.var(0) + EPSILON), gamma
        self.statistics = {"mean": 0.1 * self.mean, "var": 0.9 + 0.1 * s.var(0, ddof=1)}
        self.centred = (s - self.mean) / self.deviation
        self.outputs = self.centred * gamma + beta

    def back(self, g):
        """Gradients of gamma, of beta and of the sums."""
        through = g * self.gamma
        along = self.centred * (through * self.centred).mean(0)
        return (g * self.centred).sum(0), g.sum(0), (through - through.mean(0) - along) / self.deviation


class ShiftBased:
    """The same by shifts."""

    def __init__(self, s, gamma, beta):
        centred = s - s.mean(0)
        self.power, self.factor = nearest_power(centred), nearest_power(gamma)
        inverse = 1 / np.sqrt((centred * self.power).mean(0) + EPSILON)
        self.shift = nearest_power(inverse)
        self.statistics = {"mean": 0.125 * s.mean(0), "inverse_std": 0.875 + 0.125 * inverse}
        self.outputs = self.factor * (centred * self.shift) + beta

    def back(self, g):
        along = self.power * self.shift**2 * (self.power * g).mean(0)
        through = self.factor * self.shift * (g - g.mean(0) - along)
        return (g * self.power * self.shift).sum(0), g.sum(0), through


def loss_slope(scores, labels, name):
    """Gradient of the mean loss with respect to the scores."""
    hot = np.eye(scores.shape[1])[labels]
    if name == "cross-entropy":
        exponent = np.exp(scores - scores.max(1, keepdims=True))
        return (exponent / exponent.sum(1, keepdims=True) - hot) / len(labels)
    targets = 2 * hot - 1
    return -2 * targets * np.maximum(0, 1 - targets * scores) / scores.size


def draw(x, noise, rounding):
    return signs(x) if rounding == "deterministic" else np.where(noise < (x + 1) / 2, 1.0, -1.0)


class Step:
    """Gradients and running statistics by canonical name, after one step from fresh statistics."""

    def __init__(self, run, arrays, images, labels, key):
        self._run, self._key = run, key
        self._arrays = {name: array.astype(float) for name, array in arrays.items()}
        self._layers = sum(name.endswith(".latent") for name in arrays)
        self.gradients, self.statistics, self._kept = {}, {}, []
        x = images.reshape(len(images), -1) / (1 if run.kind == "binary" else 255)
        for i in range(self._layers):
            x = self._forward(i, x)
        g = loss_slope(self._kept[-1]["norm"].outputs, labels, run.loss)
        for i in reversed(range(self._layers)):
            g = self._back(i, g)

    def _noise(self, purpose, layer, shape):
        return self._key.stream(purpose, layer).random(shape, np.float32)

    def _forward(self, i, x):
        run, a = (
            self._run,
            {n.removeprefix(f"layer{i}."): v for n, v in self._arrays.items() if n.startswith(f"layer{i}.")},
        )
        chance = run.dropout_hidden if i else run.dropout_input
        keep = (self._noise("dropout", i, x.shape) >= chance) / (1 - chance)
        w = a["latent"]
        if run.kind != "float":
            w = draw(w, self._noise("weights", i, w.shape), run.weights)
            w.flat[failing(self._key.stream("faults", i), w.size, run.weight_faults)] *= -1
        alpha = np.abs(a["latent"]).mean(1) if run.scaling == "xnor-net" else 1.0
        sums = (x * keep) @ w.T
        norm = {"plain": Plain, "shift-based": ShiftBased}[run.batch_norm](sums * alpha, a["gamma"], a["beta"])
        self.statistics |= {f"layer{i}.{name}": value for name, value in norm.statistics.items()}
        edge = norm.outputs - a.get("threshold", 0)
        self._kept.append(
            {"x": x * keep, "keep": keep, "w": w, "alpha": alpha, "sums": sums, "norm": norm, "edge": edge}
        )
        if run.kind != "binary":
            return np.maximum(edge, 0)
        return draw(edge, self._noise("activations", i, edge.shape), run.activations)

    def _back(self, i, g):
        """From the gradient of a layer's outputs to that of what comes out of the layer before."""
        k, name = self._kept[i], f"layer{i}."
        if i < self._layers - 1:
            g = g * self._slope(k["edge"])
            if name + "threshold" in self._arrays:
                self.gradients[name + "threshold"] = -g.sum(0)
        of_gamma, of_beta, g = k["norm"].back(g)
        of_weights = (g * k["alpha"]).T @ k["x"]
        if self._run.scaling == "xnor-net":
            latent = self._arrays[name + "latent"]
            of_weights += signs(latent) * ((g * k["sums"]).sum(0) / latent.shape[1])[:, np.newaxis]
        self.gradients |= {name + "latent": of_weights, name + "gamma": of_gamma, name + "beta": of_beta}
        return (g * k["alpha"]) @ k["w"] * k["keep"]

    def _slope(self, x):
        if self._run.kind != "binary":
            return x > 0
        return (np.abs(x) <= 1) * (1.0 if self._run.estimator == "straight-through" else 2 - 2 * np.abs(x))
