from pathlib import Path

from components.balance.settings import BalanceSettings
from components.balance.stage import balance


def test_balanced_images_are_images_of_the_dataset(tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    dataset.mkdir()
    (dataset / "part-0.parquet").write_bytes(b"images")

    facts = balance(
        dataset=dataset, balanced=tmp_path / "balanced", settings=BalanceSettings(max_ratio=2)
    )

    assert (tmp_path / "balanced" / "part-0.parquet").read_bytes() == b"images"
    assert facts == {"balanced": {"max_ratio": 2}}
