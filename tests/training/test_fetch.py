"""Fetching, and torchvision's own classes on what came: tiny files in the official layouts that lie on this disk."""

import gzip
import hashlib
import io
import pickle
import tarfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import numpy as np
import pytest
import scipy.io
import torchvision

from engine import datasets
from engine import messages as m
from engine.datasets import catalogue, cifar10, fashion_mnist, svhn
from engine.datasets.fetched import NotFetched
from engine.errors import BadFile, BadInput, FlipscopeError, UnknownName
from engine.training.fetch import fetch

STREAM = np.random.default_rng(0)
TRAIN, TEST = 6, 4


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A cache of its own; torchvision finds what it looks for, and never asks the net itself."""
    monkeypatch.setattr(torchvision.datasets.utils, "_get_redirect_url", None)
    monkeypatch.setenv("FLIPSCOPE_HOME", str(tmp_path / "home"))


def pixels(count, *shape):
    return STREAM.integers(0, 256, (count, *shape), np.uint8)


def labels(count):
    return np.arange(count) % 3


def md5(content):
    return hashlib.md5(content).hexdigest()


def publish(folder, name, content):
    """Where a download is in these tests, and its checksum."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return (folder / name).as_uri(), md5(content)


def small(monkeypatch, module, urls):
    """The data set as if the small one had been published. urls: where its downloads are."""
    published = [
        (file, url, Path(url2pathname(urlparse(url).path)).read_bytes())
        for file, url in zip(module.FETCHED.downloads, urls, strict=True)
    ]
    downloads = tuple(replace(file, size=len(content), url=url, md5=md5(content)) for file, url, content in published)
    monkeypatch.setattr(module, "FETCHED", replace(module.FETCHED, counts=(TRAIN, TEST), downloads=downloads))
    monkeypatch.setattr(module, "load", module.FETCHED.load)
    return module.FETCHED


@pytest.fixture
def fashion(tmp_path, monkeypatch):
    arrays, resources, urls = {}, [], []
    for part, count in (("train", TRAIN), ("t10k", TEST)):
        for kind, array in (("images-idx3", pixels(count, 28, 28)), ("labels-idx1", labels(count).astype(np.uint8))):
            header = bytes((0, 0, 8, array.ndim)) + np.array(array.shape, ">u4").tobytes()
            name = f"{part}-{kind}-ubyte.gz"
            url, checksum = publish(tmp_path / "web", name, gzip.compress(header + array.tobytes(), mtime=0))
            resources.append((name, checksum))
            urls.append(url)
            arrays[f"{part}-{kind}"] = array
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "resources", resources)
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "mirrors", [(tmp_path / "web").as_uri() + "/"])
    small(monkeypatch, fashion_mnist, urls)
    return arrays["train-images-idx3"][..., np.newaxis]


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    rows, members = pixels(TRAIN, 3072), {}
    meta = pickle.dumps({"label_names": list("0123456789")})
    batches = {f"data_batch_{i + 1}": rows[i : i + 1 + (i == 4)] for i in range(5)} | {"test_batch": pixels(TEST, 3072)}
    members = {
        name: pickle.dumps({"data": data, "labels": labels(len(data)).tolist()}) for name, data in batches.items()
    }
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, content in (members | {"batches.meta": meta}).items():
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    url, checksum = publish(tmp_path / "web", "cifar-10-python.tar.gz", archive.getvalue())
    kind = torchvision.datasets.CIFAR10
    monkeypatch.setattr(kind, "url", url)
    monkeypatch.setattr(kind, "tgz_md5", checksum)
    monkeypatch.setattr(kind, "train_list", [[name, md5(members[name])] for name in batches if name != "test_batch"])
    monkeypatch.setattr(kind, "test_list", [["test_batch", md5(members["test_batch"])]])
    monkeypatch.setattr(kind, "meta", kind.meta | {"md5": md5(meta)})
    small(monkeypatch, cifar10, [url])
    return np.moveaxis(rows.reshape(-1, 3, 32, 32), 1, 3)


@pytest.fixture
def house_numbers(tmp_path, monkeypatch):
    images, parts, urls = pixels(TRAIN, 32, 32, 3), {}, []
    for part, array in (("train", images), ("test", pixels(TEST, 32, 32, 3))):
        content, tens = io.BytesIO(), labels(len(array))[:, np.newaxis].astype(np.uint8)
        scipy.io.savemat(content, {"X": np.moveaxis(array, 0, 3), "y": np.where(tens == 0, 10, tens)})
        url, checksum = publish(tmp_path / "web", f"{part}_32x32.mat", content.getvalue())
        parts[part] = [url, f"{part}_32x32.mat", checksum]
        urls.append(url)
    monkeypatch.setattr(torchvision.datasets.SVHN, "split_list", parts)
    small(monkeypatch, svhn, urls)
    return images


@pytest.mark.parametrize(
    ("name", "published"), [("fashion-mnist", "fashion"), ("cifar10", "cifar"), ("svhn", "house_numbers")]
)
def test_what_is_published_arrives_and_is_kept(name, published, request):
    images = request.getfixturevalue(published)
    with pytest.raises(NotFetched, match=f"data fetch {name}"):
        datasets.load(name)
    events = list(fetch(name))
    one = catalogue.fetchable(name)
    assert events[-1] == m.DataFetched(name, str(one.path))
    assert all(event.lane == "job" and one.title in event.doing for event in events[:-1])
    data = datasets.load(name)
    np.testing.assert_array_equal(data.train_images, images)
    np.testing.assert_array_equal(data.test_labels, labels(TEST))
    assert (data.input_shape, len(data.class_names)) == (one.input_shape, 10)
    assert not one.folder.exists()
    assert list(fetch(name)) == events[-1:]
    assert next(state for state in catalogue.states() if state.name == name).ready


def test_without_the_net_it_says_what_to_do_and_a_file_put_there_is_taken(cifar, tmp_path):
    one = catalogue.fetchable("cifar10")
    archive = (tmp_path / "web" / "cifar-10-python.tar.gz").rename(tmp_path / "brought.tar.gz")
    with pytest.raises(FlipscopeError) as refused:
        list(fetch("cifar10"))
    assert str(one.folder) in refused.value.remedy
    assert one.downloads[0].url in refused.value.remedy
    archive.rename(one.folder / "cifar-10-python.tar.gz")
    assert isinstance(list(fetch("cifar10"))[-1], m.DataFetched)
    assert len(datasets.load("cifar10").train_images) == len(cifar)


def test_what_arrives_damaged_is_refused_and_fetched_again(fashion, tmp_path):
    file = tmp_path / "web" / "train-images-idx3-ubyte.gz"
    sound = file.read_bytes()
    file.write_bytes(sound[:-3])
    with pytest.raises(FlipscopeError, match="could not be fetched"):
        list(fetch("fashion-mnist"))
    assert not catalogue.fetchable("fashion-mnist").path.exists()
    file.write_bytes(sound)
    list(fetch("fashion-mnist"))
    np.testing.assert_array_equal(datasets.load("fashion-mnist").train_images, fashion)


def test_what_was_unpacked_before_an_interruption_is_not_believed(fashion):
    raw = catalogue.fetchable("fashion-mnist").folder / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        for kind in ("images-idx3", "labels-idx1"):
            (raw / f"{part}-{kind}-ubyte").write_bytes(b"half of it")
    list(fetch("fashion-mnist"))
    np.testing.assert_array_equal(datasets.load("fashion-mnist").train_images, fashion)


def test_what_is_kept_and_damaged_says_so(fashion):
    list(fetch("fashion-mnist"))
    path = catalogue.fetchable("fashion-mnist").path
    np.savez(path, train_images=fashion[:2], train_labels=[0, 1], test_images=fashion[:2], test_labels=[0, 1])
    with pytest.raises(BadFile, match="fetch it again"):
        datasets.load("fashion-mnist")
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(BadFile):
        datasets.load("fashion-mnist")


def test_what_cannot_be_fetched():
    with pytest.raises(BadInput, match="comes with Flipscope"):
        next(fetch("mnist"))
    with pytest.raises(UnknownName, match="Did you mean 'svhn'"):
        next(fetch("svnh"))


def test_checksums_are_those_that_torchvision_has():
    known = {*(md5 for _, md5 in torchvision.datasets.FashionMNIST.resources), torchvision.datasets.CIFAR10.tgz_md5}
    known |= {md5 for _, _, md5 in torchvision.datasets.SVHN.split_list.values()}
    ours = [file.md5 for module in (cifar10, fashion_mnist, svhn) for file in module.FETCHED.downloads]
    assert len({*ours} & known) == len(ours) == 7
