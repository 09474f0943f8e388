"""What the stages warned of, from the heads of their report pages in the store."""

from collections.abc import Callable, Iterator, Mapping

from components.notify.store import Store, words_of
from sightline.ground.outcome import EXIT_TASK, Warned
from sightline.stage.report.warned import MOST_BYTES, warnings_of


def warnings_in(
    store: Store, reports: Mapping[str, str], miss: Callable[[str], None]
) -> Iterator[Warned]:
    """Yield what the pages at these addresses warn of; a page that cannot be read is missed."""
    for stage, address in reports.items():
        if stage == EXIT_TASK:
            continue
        try:
            page = store.read_start(address, MOST_BYTES)
        except Exception as error:
            miss(f"{stage}: its page could not be read ({words_of(error)}).")
            continue
        for text in warnings_of(page):
            yield Warned(task=stage, text=text)
