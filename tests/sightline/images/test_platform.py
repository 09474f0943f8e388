import pytest

from sightline.ground.errors import UserError
from sightline.images.platform import PLATFORMS, check_platform


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_known_platform_is_taken(platform: str) -> None:
    assert check_platform(platform) == platform


def test_an_unknown_platform_names_its_nearest_neighbour() -> None:
    with pytest.raises(UserError, match=r"received linux/amd46\. Did you mean linux/amd64\?"):
        check_platform("linux/amd46")


def test_a_platform_that_resembles_none_lists_them() -> None:
    with pytest.raises(UserError, match=r"expected --platform linux/amd64 or linux/arm64"):
        check_platform("z/os")
