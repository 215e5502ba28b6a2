"""A network written by a format, as a command writes it."""

from engine import export


def written(network, form, folder, name="digits"):
    """Where it lies; what was promised of its size is held to."""
    path = folder / f"{name}{export.FORMATS[form].suffix}"
    writing, size = export.write(network, form, path), None
    while size is None:
        try:
            next(writing)
        except StopIteration as end:
            size = end.value
    files = [path] if path.is_file() else list(path.iterdir())
    assert size == sum(file.stat().st_size for file in files)
    return path
