"""What is tested, tuned, kept and told, and what is chosen after it; the faults and speeds of a card are given."""

import pytest

from gpu import autotune, nvrtc, selftest, verdict
from gpu.choice import Work, able
from gpu.driver import Gpu
from gpu.source import CONVS, FEW, GEMMS, MODULES, PACK, PIXELS, PLANES, POOL, TENSOR_CONVS, TENSORS
from gpu.trial import Fault
from gpu.verdict import Verdict, runnable
from gpu.workloads import WORKLOADS
from tests.gpu.card import GPU

HERE = runnable(GPU.capability)
BIG = WORKLOADS[1].work


class Device:
    capability, processors = GPU.capability, 46


class Trial:
    """Stands where gpu.trial.Trial stands. Every check and every timing takes a second of its own clock."""

    def __init__(self, faults=None, seconds=None, dies_timing=()):
        self.faults, self.speeds, self.dies_timing = faults or {}, seconds or {}, dies_timing
        self.checked, self.timed, self.now = [], [], 0.0

    def clock(self):
        return self.now

    def check(self, module):
        self.checked.append(module)
        if module in self.faults:
            raise Fault(self.faults[module])

    def seconds(self, module, workload):
        self.timed.append((module, workload))
        self.now += 1.0
        if module in self.dies_timing:
            raise Fault("A helper process did not answer within 60 s.")
        return self.speeds.get(module, 1.0)


def tuned(trial, budget=1e9, workloads=WORKLOADS):
    found = selftest.examine(trial, HERE)
    autotune.tune(trial, found, GPU.capability, budget, workloads, trial.clock)
    return found


def test_every_module_that_the_card_can_run_is_checked():
    trial, said = Trial(), []
    found = selftest.examine(trial, HERE, said.append)
    assert trial.checked == HERE
    assert (found.undone(), found.note()) == ("", "")
    assert said[0] == f"Checking 1 of {len(HERE)}: {HERE[0]}"


def test_modules_of_other_architectures_are_not_run():
    for capability in ((7, 5), (8, 6), (9, 0), (12, 0)):
        number = 10 * capability[0] + capability[1]
        assert all(module.oldest <= number <= module.newest for module in runnable(capability))
        assert {PACK, POOL, *FEW} <= set(runnable(capability))


def carried(modules):
    return [module for module in modules if dict(module.defines).get("CARRY_SAVE")]


@pytest.mark.parametrize(("kind", "tensors", "others"), [("gemm", TENSORS, GEMMS), ("conv", TENSOR_CONVS, CONVS)])
def test_each_kind_that_fails_falls_back_to_the_next_one(kind, tensors, others):
    """Tensor cores, then carry-save, then plain; with none left, the CPU."""
    here = [module for module in (*tensors, *others) if module in HERE]
    tensor, carry = [module for module in here if module in tensors], carried(here)
    plain = [module for module in here if module not in tensor + carry]
    work = Work(kind, 4096, 4096, 128)
    for failing, left in (([], tensor), (tensor, carry), (tensor + carry, plain)):
        found = selftest.examine(Trial(dict.fromkeys(failing, "with (131, 197, 257), 3 values are wrong.")), HERE)
        assert found.chooser(Device)(work) in left
        assert found.undone() == ""
        assert not failing or "3 values are wrong" in found.note()
    found = selftest.examine(Trial(dict.fromkeys(here, "It ended with exit code -11.")), HERE)
    assert "passed the self-test: It ended with exit code -11." in found.undone()


@pytest.mark.parametrize("modules", [(PACK,), (POOL,), PIXELS])
def test_whatever_a_network_may_need_and_nothing_can_do_leaves_it_to_the_cpu(modules):
    found = selftest.examine(Trial(dict.fromkeys(modules, "wrong")), HERE)
    assert "passed the self-test: wrong" in found.undone()


@pytest.mark.parametrize("kind", ["gemm", "pixels"])
def test_kernels_for_few_rows_can_be_done_without(kind):
    found = selftest.examine(Trial(dict.fromkeys((*FEW, PLANES), "wrong")), HERE)
    assert found.undone() == ""
    assert found.chooser(Device)(Work(kind, 1, 1024, 32)) not in (*FEW, PLANES)


def test_the_fastest_is_chosen_for_products_of_about_that_size():
    slow = tuned(Trial(), workloads=())
    usual = slow.chooser(Device)(BIG)
    other = next(module for module in reversed(able(BIG, GPU.capability)) if module is not usual)
    choose = tuned(Trial(seconds={other: 0.1})).chooser(Device)
    assert choose(BIG) is other
    assert choose(Work("gemm", BIG.rows // 2, BIG.columns, BIG.words * 2)) is other
    assert choose(Work("conv", *(BIG.rows, BIG.columns, BIG.words))) in TENSOR_CONVS
    far = Work("gemm", 300, 17, 1)
    assert choose(far) is slow.chooser(Device)(far)


def test_what_failed_is_never_timed_nor_chosen():
    first, second = able(BIG, GPU.capability)[:2]
    trial = Trial({first: "wrong"}, {first: 0.01, second: 0.1})
    assert tuned(trial).chooser(Device)(BIG) is second
    assert first not in {module for module, _ in trial.timed}


def test_what_fails_while_it_is_timed_has_failed():
    first, second = able(BIG, GPU.capability)[:2]
    trial = Trial(seconds={first: 0.01, second: 0.1}, dies_timing=(first,))
    found = tuned(trial)
    assert found.chooser(Device)(BIG) is second
    assert sum(module is first for module, _ in trial.timed) == 1
    assert "did not answer" in found.note()


@pytest.mark.parametrize("budget", [0.0, 1.0, 7.0, 30.0])
def test_nothing_begins_after_the_budget_and_half_a_workload_is_not_written_down(budget):
    trial = Trial()
    found = tuned(trial, budget)
    assert len(trial.timed) == budget
    whole = [workload for workload in WORKLOADS if len(able(workload.work, GPU.capability)) <= budget]
    assert len(found.tuned) <= len(whole)
    for each in found.tuned:
        assert set(each.seconds) == {str(module) for module in able(each.work, GPU.capability)}


def test_a_verdict_is_kept_and_a_damaged_one_is_none(home):
    name, found = verdict.key(GPU, None), tuned(Trial({PLANES: "wrong"}))
    assert verdict.load(name) is None
    verdict.store(name, found)
    assert verdict.load(name) == found
    (path,) = (home / "cache" / "kernels").iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    assert verdict.load(name) is None


def test_card_driver_compiler_sources_and_version_make_another_verdict(monkeypatch):
    compilers = [None, *(nvrtc.Nvrtc("", "", version) for version in ((12, 9), (13, 0)))]
    cards = [GPU, *(Gpu(*changed) for changed in _changed(GPU))]
    names = {verdict.key(card, compiler) for card in cards for compiler in compilers}
    assert len(names) == len(cards) * len(compilers)
    for what, other in (("MODULES", MODULES[1:]), ("__version__", "0")):
        with monkeypatch.context() as patch:
            patch.setattr(verdict, what, other)
            assert verdict.key(GPU, None) not in names


def _changed(gpu):
    whole = (gpu.name, gpu.capability, gpu.cuda, gpu.driver)
    for at, other in enumerate(("Another GPU", (8, 9), (13, 0), "560.1")):
        yield (*whole[:at], other, *whole[at + 1 :])


def test_a_verdict_that_tried_nothing_leaves_everything_undone():
    assert "none was tried" in Verdict().undone()
