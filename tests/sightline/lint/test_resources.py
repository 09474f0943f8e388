import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.lint.resources import Quantity
from tests.sightline.lint.packages import container, documents, linted, only


@pytest.mark.parametrize("target", ["kfp", "vertex"])
@pytest.mark.parametrize("text", ["8GB", "lots", "-1G"])
def test_memory_that_cannot_be_read_is_a_problem(target: str, text: str) -> None:
    package = documents(target)
    container(package, "train")["resources"]["resourceMemoryLimit"] = text

    found = only(linted(target, package))

    assert (found.rule, found.severity, found.where) == ("resources", "problem", "train")
    assert f"expected a memory limit that can be read; received '{text}'" in found.message
    assert "resources.train.memory such as 4G or 512Mi" in found.remedy


def test_the_kilobyte_that_kfp_takes_and_kubernetes_does_not_is_explained() -> None:
    package = documents("kfp")
    container(package, "train")["resources"]["resourceMemoryLimit"] = "8000000K"

    assert "k and Ki, not K" in only(linted("kfp", package)).remedy


def test_the_kilobyte_of_vertex_is_read() -> None:
    package = documents("vertex")
    container(package, "train")["resources"]["resourceMemoryLimit"] = "8000000K"

    assert linted("vertex", package) == []


@pytest.mark.parametrize("field", ["resourceCpuLimit", "resourceMemoryLimit"])
def test_nothing_at_all_is_a_problem(field: str) -> None:
    package = documents("kfp")
    container(package, "evaluate")["resources"] = {field: "0"}

    assert "above 0; received 0" in only(linted("kfp", package)).message


def test_a_few_bytes_of_memory_are_a_warning() -> None:
    package = documents("kfp")
    container(package, "evaluate")["resources"] = {"resourceMemoryLimit": "8"}

    found = only(linted("kfp", package))

    assert found.severity == "warning"
    assert "the memory limit 8 is 8 bytes" in found.message


def test_a_request_above_its_limit_is_a_problem() -> None:
    package = documents("kfp")
    container(package, "evaluate")["resources"] = {
        "resourceCpuLimit": "500m",
        "resourceCpuRequest": "1",
    }

    found = only(linted("kfp", package))

    assert "a cpu request up to its limit 500m; received 1" in found.message


def test_the_older_fields_are_read_too() -> None:
    package = documents("vertex")
    container(package, "evaluate")["resources"] = {"cpuLimit": 200.0, "memoryLimit": 900.0}

    found = linted("vertex", package)

    assert [finding.message for finding in found] == [
        "expected a cpu limit up to 96 cores; received 200.0",
        "expected a memory limit up to 624 GB; received 900.0G",
    ]


def test_the_largest_machine_of_vertex_is_no_limit_on_kubeflow() -> None:
    package = documents("kfp")
    container(package, "evaluate")["resources"] = {"resourceCpuLimit": "128"}

    assert linted("kfp", package) == []


def test_requests_have_no_effect_on_vertex() -> None:
    package = documents("vertex")
    container(package, "evaluate")["resources"] = {"resourceMemoryRequest": "4G"}

    found = only(linted("vertex", package))

    assert found.severity == "warning"
    assert "memory request" in found.message


@given(number=st.integers(1, 10**6), unit=st.sampled_from(["", "k", "M", "G", "T"]))
def test_a_quantity_grows_by_a_thousand_with_each_unit(number: int, unit: str) -> None:
    power = ["", "k", "M", "G", "T"].index(unit)

    amount = Quantity("memory limit", f"{number}{unit}").amount

    assert amount == pytest.approx(number * 1000.0**power)


@pytest.mark.parametrize(("text", "amount"), [("1Ki", 1024), ("1.5Gi", 1.5 * 2**30), ("500m", 0.5)])
def test_quantities_are_read_as_kubernetes_reads_them(text: str, amount: float) -> None:
    assert Quantity("cpu limit", text).amount == amount
