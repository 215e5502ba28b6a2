"""Digits written otherwise: strokes thinner or thicker, then an affine warp, from bytes to bytes in one pass.

For any processor: nothing here asks for more than vectors.
"""

from __future__ import annotations

from llvmlite import ir

from engine.jit.emit import F32, I8, I16, I32, PTR, Emitter, Value, const, vector

FIELDS = ("kernel", "source", "target", "numbers", "raw", "blended", "images", "height", "width", "pitch")
"""source, target: u8 [images][height][width]; LANES bytes behind their ends are read, and written. numbers: float32
[images][NUMBERS]. raw: u8 [height + 2][pitch] and blended: u16 [height + 3][pitch], scratch, 0 at first; pitch: at
least the width to whole LANES and LANES more.
"""

NUMBERS = ("stroke", "first_x", "across_x", "down_x", "first_y", "across_y", "down_y")
"""Of one image: how far it goes towards its dilation by 3 x 3, below 0 towards its erosion; where its first pixel is
taken from, and how much further that is for every next pixel across and down; in pixels, 1 at the first's own place.
"""

LANES = 16
"""Pixels that are blended at once; half as many are taken from elsewhere at once."""
HALF = LANES // 2
ONE = 16
"""Bits of what a blend is counted in: a stroke of 1."""
POINT = 8
"""Bits behind the point of a blended pixel."""

BYTES, NUMERALS = ir.VectorType(I8, LANES), ir.VectorType(I32, LANES)
FLOATS, PLACES = ir.VectorType(F32, HALF), ir.VectorType(I32, HALF)


def emit_warp(module: ir.Module, name: str) -> None:
    """`void name(int64 *record)`."""
    _Writer(module, name).write()


class _Writer:
    """Writes the kernel: an image into `raw`, blended into `blended`, taken from there into the target."""

    def __init__(self, module: ir.Module, name: str) -> None:
        self.e = Emitter(module, name, [PTR])
        self.b = self.e.b
        self.f = self.e.fields(FIELDS, ("source", "target", "numbers", "raw", "blended"))

    def write(self) -> None:
        e, b, f = self.e, self.b, self.f
        with e.loop(const(0), f["images"], const(1)) as image:
            first = b.mul(image.index, const(len(NUMBERS)))
            numbers = {
                number: e.load(f["numbers"], b.add(first, const(place)), F32, align=4)
                for place, number in enumerate(NUMBERS)
            }
            start = b.mul(image.index, b.mul(f["height"], f["width"]))
            thinner = b.fcmp_ordered("<", numbers["stroke"], ir.Constant(F32, 0))
            inverted = e.splat(b.sext(thinner, I8), LANES)
            self._copy(e.at(f["source"], start, I8), inverted)
            self._blend(numbers["stroke"], inverted)
            self._take(e.at(f["target"], start, I8), numbers)
        e.ret()

    # ------------------------------------------------------------ strokes

    def _copy(self, source: Value, inverted: Value) -> None:
        """The image, of which an erosion is wanted inverted, with 0 around it."""
        e, b, f = self.e, self.b, self.f
        with e.loop(const(0), f["height"], const(1)) as row, e.loop(const(0), f["width"], const(LANES)) as column:
            pixels = e.load(source, b.add(b.mul(row.index, f["width"]), column.index), BYTES, align=1, of=I8)
            pixels = b.select(self._inside(column.index), b.xor(pixels, inverted), vector(I8, LANES))
            e.store(pixels, f["raw"], self._at(row.index, column.index, 1, 1), I8, align=1)

    def _blend(self, stroke: Value, inverted: Value) -> None:
        """Each pixel, and as much of its largest neighbour's lead as the stroke says; inverted back."""
        e, b, f = self.e, self.b, self.f
        size = e.intrinsic("llvm.fabs.f32", F32, stroke)
        share = e.splat(b.fptosi(b.fmul(size, ir.Constant(F32, 1 << ONE)), I32), LANES)
        with e.loop(const(0), f["height"], const(1)) as row, e.loop(const(0), f["width"], const(LANES)) as column:
            near = [
                e.load(f["raw"], self._at(row.index, column.index, down, across), BYTES, align=1, of=I8)
                for down in range(3)
                for across in range(3)
            ]
            largest = near[0]
            for pixels in near[1:]:
                largest = b.select(b.icmp_unsigned(">", pixels, largest), pixels, largest)
            own, other = (b.zext(b.xor(pixels, inverted), NUMERALS) for pixels in (near[4], largest))
            lead = b.mul(b.sub(other, own), share)
            lead = b.ashr(b.add(lead, vector(I32, LANES, 1 << (ONE - POINT - 1))), vector(I32, LANES, ONE - POINT))
            mixed = b.trunc(b.add(b.shl(own, vector(I32, LANES, POINT)), lead), ir.VectorType(I16, LANES))
            mixed = b.select(self._inside(column.index), mixed, vector(I16, LANES))
            e.store(mixed, f["blended"], self._at(row.index, column.index, 1, 1), I16, align=2)

    def _inside(self, column: Value) -> Value:
        """Which of LANES columns from this one on are the image's."""
        b = self.b
        places = b.add(self.e.splat(b.trunc(column, I32), LANES), ir.Constant(NUMERALS, list(range(LANES))))
        return b.icmp_signed("<", places, self.e.splat(b.trunc(self.f["width"], I32), LANES))

    def _at(self, row: Value, column: Value, down: int, across: int) -> Value:
        return self.b.add(self.b.mul(self.b.add(row, const(down)), self.f["pitch"]), self.b.add(column, const(across)))

    # ------------------------------------------------------------ warp

    def _take(self, target: Value, numbers: dict[str, Value]) -> None:
        e, b, f = self.e, self.b, self.f
        steps = ir.Constant(FLOATS, [float(lane) for lane in range(HALF)])
        with e.loop(const(0), f["height"], const(1)) as row, e.loop(const(0), f["width"], const(HALF)) as column:
            columns = b.fadd(e.splat(b.sitofp(column.index, F32), HALF), steps)
            x = self._place(numbers, "x", row.index, columns, f["width"])
            y = self._place(numbers, "y", row.index, columns, f["height"])
            levels = b.fmul(self._between(x, y), vector(F32, HALF, 2.0**-POINT))
            rounded = b.fptosi(b.fadd(levels, vector(F32, HALF, 0.5)), PLACES)
            where = b.add(b.mul(row.index, f["width"]), column.index)
            # beyond the row's end: written over by the next row
            e.store(b.trunc(rounded, ir.VectorType(I8, HALF)), target, where, I8, align=1)

    def _place(self, numbers: dict[str, Value], axis: str, row: Value, columns: Value, side: Value) -> Value:
        """Where pixels of a row are taken from along an axis, held to what is 0 around the image."""
        e, b = self.e, self.b
        first = b.fadd(numbers[f"first_{axis}"], b.fmul(b.sitofp(row, F32), numbers[f"down_{axis}"]))
        place = b.fadd(e.splat(first, HALF), b.fmul(columns, e.splat(numbers[f"across_{axis}"], HALF)))
        most = e.splat(b.sitofp(b.add(side, const(1)), F32), HALF)
        place = b.select(b.fcmp_ordered(">", place, vector(F32, HALF, 0)), place, vector(F32, HALF, 0))
        return b.select(b.fcmp_ordered("<", place, most), place, most)

    def _between(self, x: Value, y: Value) -> Value:
        """What lies there, bilinear."""
        e, b, f = self.e, self.b, self.f
        whole_x, whole_y = b.fptosi(x, PLACES), b.fptosi(y, PLACES)
        part_x, part_y = b.fsub(x, b.sitofp(whole_x, FLOATS)), b.fsub(y, b.sitofp(whole_y, FLOATS))
        pitch = b.trunc(f["pitch"], I32)
        first = b.add(b.mul(whole_y, e.splat(pitch, HALF)), whole_x)
        rows = []
        for place in (first, b.add(first, e.splat(pitch, HALF))):
            pairs = self._gathered(f["blended"], place)
            left, right = b.and_(pairs, vector(I32, HALF, 0xFFFF)), b.lshr(pairs, vector(I32, HALF, 16))
            rows.append(self._mixed(b.sitofp(left, FLOATS), b.sitofp(right, FLOATS), part_x))
        return self._mixed(rows[0], rows[1], part_y)

    def _mixed(self, before: Value, after: Value, part: Value) -> Value:
        return self.b.fadd(before, self.b.fmul(self.b.fsub(after, before), part))

    def _gathered(self, base: Value, places: Value) -> Value:
        """Two neighbours at each of these places, 16 bits each, the left one low."""
        e, b = self.e, self.b
        found: Value = ir.Constant(PLACES, ir.Undefined)
        for lane in range(HALF):
            place = b.extract_element(places, ir.Constant(I32, lane))
            pair = e.load(base, b.zext(place, const(0).type), I32, align=2, of=I16)
            found = b.insert_element(found, pair, ir.Constant(I32, lane))
        return found
