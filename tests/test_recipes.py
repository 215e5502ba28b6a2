"""Recipes: every shipped one is whole, and a wrong one is refused by what is wrong with it."""

import contextlib
import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import recipes
from engine.config import RunConfig
from engine.errors import BadFile, UnknownName

RUN = """title = "A title"
about = "A sentence."
[run]
data = "mnist"
model = "mlp-32x2"
kind = "binary"
batch_size = 64
optimizer = "adam"
learning_rate = 1e-3
schedule = "cosine"
augmentation = "none"
epochs = 3
seed = 7
threads = 2
"""
RESULT = """[result]
test_accuracy = 0.9
seeds = [0, 1, 2]
seconds = 60
machine = "a machine"
date = 2026-01-02
"""


def written(folder, content):
    (folder / "mine.toml").write_text(content)
    return str(folder / "mine.toml")


@pytest.mark.parametrize("name", recipes.names())
def test_shipped_recipes_are_whole(name):
    recipe = recipes.load(name)
    assert recipe.title
    assert recipe.about.endswith(".")
    assert recipe.run.time_limit is None, "a budget in epochs repeats exactly, whatever the machine"


def test_a_recipe_is_its_settings_and_its_result(tmp_path):
    recipe = recipes.load(written(tmp_path, RUN + RESULT))
    assert (recipe.name, recipe.title, recipe.about) == ("mine", "A title", "A sentence.")
    assert recipe.run == RunConfig(model="mlp-32x2", batch_size=64, learning_rate=1e-3, epochs=3, seed=7, threads=2)
    assert recipe.result == recipes.Result(0.9, (0, 1, 2), 60.0, "a machine", datetime.date(2026, 1, 2))
    assert recipe.to_json()["result"]["date"] == "2026-01-02"
    assert recipes.load(written(tmp_path, RUN)).to_json()["result"] is None


def test_an_unknown_name_brings_the_nearest():
    with pytest.raises(UnknownName, match="Did you mean 'mnist-mlp'"):
        recipes.load("mnist-mpl")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("epochs = 3", "epoch = 3", "no setting 'epoch'. Did you mean 'epochs'"),
        ("epochs = 3", "", "does not name epochs"),
        ("epochs = 3", 'epochs = "many"', "epochs is 'many'"),
        ("epochs = 3", "epochs = 0", "epochs is 0"),
        ('"cosine"', '"cosinus"', "no schedule 'cosinus'. Did you mean 'cosine'"),
        ('title = "A title"', "", "does not name title"),
        ('title = "A title"', "title = 3", "title is 3"),
        ("[run]", "[runs]", "no part 'runs'. Did you mean 'run'"),
        ("test_accuracy = 0.9", "test_accuracy = 98", "test_accuracy is 98"),
        ("test_accuracy = 0.9", "accuracy = 0.9", "no part of a result 'accuracy'. Did you mean 'test_accuracy'"),
        ("seeds = [0, 1, 2]", "seeds = [0.5]", "seeds is 0.5"),
        ("date = 2026-01-02", 'date = "today"', "date is 'today'"),
        ("epochs = 3", "epochs = ", "no TOML"),
    ],
)
def test_what_is_wrong_is_told(old, new, what, tmp_path):
    with pytest.raises(BadFile) as refused:
        recipes.load(written(tmp_path, (RUN + RESULT).replace(old, new)))
    assert what in str(refused.value)
    assert "'mine'" in str(refused.value)


@given(content=st.binary(max_size=40), place=st.integers(0, len(RUN)))
@settings(max_examples=100, deadline=None)
def test_damage_is_refused_or_changes_a_value(content, place, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "damaged.toml"
    path.write_bytes(RUN.encode()[:place] + content + RUN.encode()[place:])
    with contextlib.suppress(BadFile):
        assert isinstance(recipes.load(str(path)).run, RunConfig)


def test_a_file_that_is_missing_or_large_is_refused(tmp_path):
    with pytest.raises(BadFile, match="There is no file"):
        recipes.load(str(tmp_path / "gone.toml"))
    with pytest.raises(BadFile, match="not read"):
        recipes.load(written(tmp_path, "#" * (recipes.MOST_BYTES + 1)))
