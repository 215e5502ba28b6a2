"""Batch-norm and sign of a layer in training, forward and backward, eight columns at a time.

Ioffe and Szegedy 2015 (arXiv 1502.03167), statistics in float64 from exact integer sums; the sign and its
straight-through estimator by Courbariaux et al. 2016. Rows are images, or places of maps. Sums come as two runs of
int32, of which (first + second) half is meant: what was dropped counts as +1 in one and as -1 in the other, which is 0;
without dropout both are the same run.
"""

from __future__ import annotations

from llvmlite import ir

from engine.jit.emit import F32, F64, I8, I32, PTR, Emitter, Value, const, vector
from engine.jit.training.panels import OCTET
from engine.jit.training.shape import PANEL

OF_SUMS = ("kernel", "first_sums", "second_sums", "sum_step", "rows", "first", "last", "mean", "inverse", "factor",
           "shift", "kept", "kept_step", "settings")  # fmt: skip
"""Sums int32 [rows], sum_step bytes apart. first, last: of the octets of columns. mean, inverse, factor and shift:
float32 [columns], of this batch: y = (x - mean) factor + shift, where factor = gamma inverse. kept: u8
[columns / 8][kept_step], which outputs are not dropped on their way on.
"""

FORWARD = (*OF_SUMS, "gamma", "beta", "running_mean", "running_variance", "first_octets", "second_octets",
           "octet_step", "first_words", "second_words", "word_step")  # fmt: skip
"""Running statistics float32 [columns], moved. Signs are given twice, as +1 and as -1 where they are dropped: octets u8
[columns / 8][octet_step] (eight columns of a row) and words, word_step bytes a row.
"""
FORWARD_SETTINGS = ("half", "epsilon", "share", "unbiased")
"""half: what the sum of both runs is times. epsilon: added to the variance. share: of the batch in the running
statistics. unbiased: rows / (rows - 1).
"""

VALUES = (*OF_SUMS, "target", "target_step")
"""target: float32 rows, target_step bytes apart: y. Settings are those of FORWARD."""

BACKWARD = (*OF_SUMS, "gradients", "gradient_step", "target", "target_step", "sums", "scales", "largest", "of_gamma",
            "of_beta")  # fmt: skip
"""gradients: float32 panels, gradient_step bytes apart, of [rows to a whole GROUP][PANEL]: of what comes out, and in
their place then of the sums. target: the same by output as int8 (or int16), target_step bytes an output, with their
sums int32 and what they are multiples of, float32 [columns]. largest: float32 [rows][8], raised to the largest of a
row's in each place of an octet.
"""
BACKWARD_SETTINGS = ("half", "mean_of", "slope", "bend", "window", "scale")
"""mean_of: 1 / rows, or 0 where statistics are no function of the rows. The slope of the sign is slope + bend |y| where
|y| <= window. scale: of the layer's inputs, which dropout makes larger.
"""

_POINTERS = ("first_sums", "second_sums", "mean", "inverse", "factor", "shift", "kept", "settings")
LIMIT = 127
"""Largest int8."""
TINY = 1e-30
"""What the largest of a column is at least, so that it can be divided by."""


class _Columns:
    """What both directions read of an octet of columns."""

    def __init__(self, e: Emitter, f: dict[str, Value], octet: Value, half: Value) -> None:
        self.e, self.b, self.f, self.octet, self._half = e, e.b, f, octet, half
        self.first = e.b.mul(octet, const(OCTET))

    def load(self, name: str) -> Value:
        return self.e.load(self.f[name], self.first, _floats(), align=32, of=F32)

    def store(self, values: Value, name: str) -> None:
        kind = values.type.element
        self.e.store(values, self.f[name], self.first, kind, align=32)

    def sums(self, row: Value) -> Value:
        """Both runs of a row together, int32."""
        e, b = self.e, self.b
        place = b.mul(row, self.f["sum_step"])
        runs = (e.at(self.f[name], place, I8) for name in ("first_sums", "second_sums"))
        one, two = (e.load(run, self.first, ir.VectorType(I32, OCTET), align=32, of=I32) for run in runs)
        return b.add(one, two)

    def centred(self, row: Value, mean: Value) -> Value:
        return self.b.fsub(self.b.fmul(self.b.sitofp(self.sums(row), _floats()), self._half), mean)

    def kept(self, row: Value) -> Value:
        """Which of a row's outputs are not dropped, u8."""
        return self.e.load(self.e.at(self.f["kept"], self.b.mul(self.octet, self.f["kept_step"]), I8), row, I8, align=1)


def emit_forward(module: ir.Module, name: str) -> None:
    """`void name(int64 *record)` of FORWARD: statistics of the batch, and the signs of what comes out."""
    e = Emitter(module, name, [PTR])
    more = ("gamma", "beta", "running_mean", "running_variance", "first_octets", "second_octets", "first_words",
            "second_words")  # fmt: skip
    f = e.fields(FORWARD, (*_POINTERS, *more))
    s = _settings(e, f, FORWARD_SETTINGS)
    with e.loop(f["first"], f["last"], const(1)) as octet:
        columns = _Columns(e, f, octet.index, e.splat(s["half"], OCTET))
        _take_statistics(e, columns, s)
        mean, factor, shift = (columns.load(name) for name in ("mean", "factor", "shift"))
        with e.loop(const(0), f["rows"], const(1)) as row:
            y = e.fused(columns.centred(row.index, mean), factor, shift)
            _store_signs(e, f, columns, row.index, e.b.bitcast(e.b.fcmp_ordered(">=", y, vector(F32, OCTET)), I8))
    e.ret()


def _take_statistics(e: Emitter, columns: _Columns, s: dict[str, Value]) -> None:
    b, f = e.b, columns.f
    wide = ir.VectorType(F64, OCTET)
    with e.loop(const(0), f["rows"], const(1), [vector(F64, OCTET)] * 2) as row:
        x = b.sitofp(columns.sums(row.index), wide)
        total, squares = row.carried
        row.following = [b.fadd(total, x), e.fused(x, x, squares)]
    half = e.splat(b.fpext(s["half"], F64), OCTET)
    per_row = e.splat(b.fdiv(ir.Constant(F64, 1.0), b.sitofp(f["rows"], F64)), OCTET)
    mean = b.fmul(b.fmul(row.carried[0], per_row), half)
    square = b.fmul(b.fmul(b.fmul(row.carried[1], per_row), half), half)
    variance = b.fsub(square, b.fmul(mean, mean))
    variance = b.select(b.fcmp_ordered(">", variance, vector(F64, OCTET)), variance, vector(F64, OCTET))
    epsilon = e.splat(b.fpext(s["epsilon"], F64), OCTET)
    root = e.intrinsic(f"llvm.sqrt.v{OCTET}f64", wide, b.fadd(variance, epsilon))
    inverse = b.fptrunc(b.fdiv(vector(F64, OCTET, 1), root), _floats())
    narrow = b.fptrunc(mean, _floats())
    columns.store(narrow, "mean")
    columns.store(inverse, "inverse")
    columns.store(b.fmul(columns.load("gamma"), inverse), "factor")
    columns.store(columns.load("beta"), "shift")
    spread = b.fmul(b.fptrunc(variance, _floats()), e.splat(s["unbiased"], OCTET))
    for name, value in (("running_mean", narrow), ("running_variance", spread)):
        before = columns.load(name)
        columns.store(e.fused(e.splat(s["share"], OCTET), b.fsub(value, before), before), name)


def _store_signs(e: Emitter, f: dict[str, Value], columns: _Columns, row: Value, signs: Value) -> None:
    b, kept = e.b, columns.kept(row)
    for which, bits in (("first", b.or_(signs, b.not_(kept))), ("second", b.and_(signs, kept))):
        octets = e.at(f[f"{which}_octets"], b.mul(columns.octet, f["octet_step"]), I8)
        e.store(bits, octets, row, I8, align=1)
        e.store(bits, e.at(f[f"{which}_words"], b.mul(row, f["word_step"]), I8), columns.octet, I8, align=1)


def emit_values(module: ir.Module, name: str) -> None:
    """`void name(int64 *record)` of VALUES: what comes out before its sign is taken, by the statistics as they are."""
    e = Emitter(module, name, [PTR])
    f = e.fields(VALUES, (*_POINTERS, "target"))
    s = _settings(e, f, FORWARD_SETTINGS)
    with e.loop(f["first"], f["last"], const(1)) as octet:
        columns = _Columns(e, f, octet.index, e.splat(s["half"], OCTET))
        mean, factor, shift = (columns.load(name) for name in ("mean", "factor", "shift"))
        with e.loop(const(0), f["rows"], const(1)) as row:
            y = e.fused(columns.centred(row.index, mean), factor, shift)
            target = e.at(f["target"], e.b.mul(row.index, f["target_step"]), I8)
            e.store(y, target, columns.first, F32, align=32)
    e.ret()


def emit_backward(module: ir.Module, name: str, *, group: int, signs: bool) -> None:
    """`void name(int64 *record)` of BACKWARD: from the gradients of what came out to those of the sums, in int8.

    group: rows that share 32 bits of the target: GROUP int8, or 2 int16. signs: whether bits came in, which count twice
    in the products; nothing is to be subtracted from those with pixels.
    """
    e = Emitter(module, name, [PTR])
    f = e.fields(BACKWARD, (*_POINTERS, "gradients", "target", "sums", "scales", "largest", "of_gamma", "of_beta"))
    s = {name: e.splat(value, OCTET) for name, value in _settings(e, f, BACKWARD_SETTINGS).items()}
    with e.loop(f["first"], f["last"], const(1)) as octet:
        columns = _Columns(e, f, octet.index, s["half"])
        panel = e.at(f["gradients"], e.b.mul(e.b.udiv(octet.index, const(PANEL // OCTET)), f["gradient_step"]), I8)
        base = e.at(panel, e.b.mul(e.b.urem(octet.index, const(PANEL // OCTET)), const(OCTET)), F32)
        _through_the_sign(e, columns, base, s)
        largest = _through_the_norm(e, columns, base, s)
        _quantized(e, columns, base, largest, s["scale"], group, signs)
    e.ret()


def _through_the_sign(e: Emitter, columns: _Columns, base: Value, s: dict[str, Value]) -> None:
    """Gradients of what the sign is taken of, in place, with those of gamma and beta."""
    b, f = e.b, columns.f
    mean, inverse, factor, shift = (columns.load(name) for name in ("mean", "inverse", "factor", "shift"))
    with e.loop(const(0), f["rows"], const(1), [vector(F32, OCTET)] * 2) as row:
        centred = columns.centred(row.index, mean)
        size = e.intrinsic(f"llvm.fabs.v{OCTET}f32", _floats(), e.fused(centred, factor, shift))
        slope = e.fused(s["bend"], size, s["slope"])
        passes = b.and_(
            b.fcmp_ordered("<=", size, s["window"]),
            b.bitcast(columns.kept(row.index), ir.VectorType(ir.IntType(1), OCTET)),
        )
        gradient = b.select(passes, b.fmul(_gradient(e, base, row.index), slope), vector(F32, OCTET))
        _store_gradient(e, base, row.index, gradient)
        of_gamma, of_beta = row.carried
        row.following = [e.fused(gradient, centred, of_gamma), b.fadd(of_beta, gradient)]
    columns.store(b.fmul(row.carried[0], inverse), "of_gamma")
    columns.store(row.carried[1], "of_beta")


def _through_the_norm(e: Emitter, columns: _Columns, base: Value, s: dict[str, Value]) -> Value:
    """Gradients of the sums, in place; the largest of each column."""
    b, f = e.b, columns.f
    mean, inverse, factor = (columns.load(name) for name in ("mean", "inverse", "factor"))
    along_mean = b.fmul(columns.load("of_beta"), s["mean_of"])
    along_spread = b.fmul(b.fmul(columns.load("of_gamma"), s["mean_of"]), inverse)
    with e.loop(const(0), f["rows"], const(1), [vector(F32, OCTET)]) as row:
        centred = columns.centred(row.index, mean)
        left = b.fsub(b.fsub(_gradient(e, base, row.index), along_mean), b.fmul(centred, along_spread))
        gradient = b.fmul(left, factor)
        _store_gradient(e, base, row.index, gradient)
        size = e.intrinsic(f"llvm.fabs.v{OCTET}f32", _floats(), gradient)
        place = b.mul(row.index, const(OCTET))
        widest = _larger(e, e.load(f["largest"], place, _floats(), align=32, of=F32), size)
        e.store(widest, f["largest"], place, F32, align=32)
        row.following = [_larger(e, row.carried[0], size)]
    return row.carried[0]


def _quantized(
    e: Emitter, columns: _Columns, base: Value, largest: Value, scale: Value, group: int, signs: bool
) -> None:
    """By output, as whole multiples of a 127th of its largest, `group` rows to a 32-bit lane."""
    b, f = e.b, columns.f
    unit, by = quantizer(e, largest)
    columns.store(b.fmul(unit, scale), "scales")
    bits = 32 // group
    groups = b.sdiv(b.add(f["rows"], const(group - 1)), const(group))
    with e.loop(const(0), groups, const(1), [vector(I32, OCTET)]) as taken:
        total, packed = taken.carried[0], None
        for part in range(group):
            row = b.add(b.mul(taken.index, const(group)), const(part))
            value = rounded(e, b.fmul(_gradient(e, base, row), by))
            total = b.add(total, value)
            field = b.and_(value, vector(I32, OCTET, (1 << bits) - 1))
            placed = b.shl(field, vector(I32, OCTET, bits * part))
            packed = placed if packed is None else b.or_(packed, placed)
        for lane in range(OCTET):
            output = b.add(columns.first, const(lane))
            target = e.at(f["target"], b.mul(output, f["target_step"]), I8)
            e.store(b.extract_element(packed, ir.Constant(I32, lane)), target, taken.index, I32, align=4)
        taken.following = [total]
    columns.store(taken.carried[0] if signs else vector(I32, OCTET), "sums")


def quantizer(e: Emitter, largest: Value) -> tuple[Value, Value]:
    """What int8 are multiples of where no value is larger than that, and its inverse."""
    b, lanes = e.b, largest.type.count
    most = _larger(e, largest, vector(F32, lanes, TINY))
    limit = vector(F32, lanes, LIMIT)
    return b.fmul(most, vector(F32, lanes, 1 / LIMIT)), b.fdiv(limit, most)


def rounded(e: Emitter, values: Value) -> Value:
    """Eight float32 to the nearest int32."""
    return e.intrinsic("llvm.x86.avx.cvt.ps2dq.256", ir.VectorType(I32, OCTET), values)


def _larger(e: Emitter, x: Value, y: Value) -> Value:
    return e.b.select(e.b.fcmp_ordered(">", x, y), x, y)


def _gradient(e: Emitter, base: Value, row: Value) -> Value:
    return e.load(base, e.b.mul(row, const(PANEL)), _floats(), align=32, of=F32)


def _store_gradient(e: Emitter, base: Value, row: Value, values: Value) -> None:
    e.store(values, base, e.b.mul(row, const(PANEL)), F32, align=32)


def _settings(e: Emitter, f: dict[str, Value], names: tuple[str, ...]) -> dict[str, Value]:
    return {name: e.load(f["settings"], const(place), F32, align=4) for place, name in enumerate(names)}


def _floats() -> ir.Type:
    return ir.VectorType(F32, OCTET)
