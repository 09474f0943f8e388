"""The schedules of this machine and their runs, in one SQLite file that several processes share.

APScheduler's own job store is not used: it keeps pickles, drops a job that it cannot unpickle
after an update, and may not be changed by a second process while a scheduler runs.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import (
    JSON,
    Connection,
    Dialect,
    Engine,
    ForeignKey,
    NullPool,
    String,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from sightline.platform.schedules.cron import Cron
from sightline.platform.schedules.local_clock import Fires

FILE_NAME = "schedules.sqlite"
_WAIT_SECONDS = 30
RunState = Literal["waiting", "running", "succeeded", "failed", "cancelled", "interrupted"]
UNDER_WAY: tuple[RunState, ...] = ("waiting", "running")


class _Moment(TypeDecorator[datetime]):
    """A moment in UTC, as text: SQLite keeps no time zones."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return value.astimezone(UTC).isoformat() if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return datetime.fromisoformat(value) if value else None


class _Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    type_annotation_map = {datetime: _Moment, list[str]: JSON, RunState: String}  # noqa: RUF012


class StoredSchedule(_Base):
    """A schedule of this machine."""

    __tablename__ = "schedules"

    name: Mapped[str] = mapped_column(primary_key=True)
    expression: Mapped[str]
    zone_name: Mapped[str]
    settings_file: Mapped[str]
    folder: Mapped[str]
    """Working folder of its runs: relative paths in `overrides` start there."""
    overrides: Mapped[list[str]]
    catch_up: Mapped[bool]
    start: Mapped[datetime | None]
    end: Mapped[datetime | None]
    created: Mapped[datetime]
    considered: Mapped[datetime]
    """Fires up to here have been run, or counted as missed."""
    paused: Mapped[bool] = mapped_column(default=False)
    num_missed: Mapped[int] = mapped_column(default=0)

    @property
    def cron(self) -> Cron:
        """Return when it fires."""
        return Cron.parse(self.expression)

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone of its expression."""
        return ZoneInfo(self.zone_name)

    def planned(self, after: datetime, fires: Fires) -> Iterator[datetime]:
        """Yield its fires after a moment, between its start and its end."""
        if self.start is not None:
            after = max(after, self.start - timedelta(seconds=1))
        end = self.end or datetime.max.replace(tzinfo=UTC)
        return takewhile(lambda moment: moment <= end, fires(self.cron, self.zone, after))


class StoredRun(_Base):
    """A run that a schedule of this machine started, or is about to."""

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    schedule: Mapped[str] = mapped_column(ForeignKey("schedules.name"), index=True)
    fire: Mapped[datetime]
    scheduler: Mapped[str]
    """Which start of the scheduler it belongs to."""
    state: Mapped[RunState] = mapped_column(default="waiting")
    started: Mapped[datetime | None] = mapped_column(default=None)
    finished: Mapped[datetime | None] = mapped_column(default=None)
    process: Mapped[int | None] = mapped_column(default=None)
    exit_code: Mapped[int | None] = mapped_column(default=None)
    run_id: Mapped[str | None] = mapped_column(default=None)
    log: Mapped[str | None] = mapped_column(default=None)


class Store:
    """Reads and changes the file, each time in a transaction of its own."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        # No pool: a scheduler holds the file open for milliseconds, so that it can be backed up.
        self._engine = create_engine(
            f"sqlite:///{root / FILE_NAME}",
            poolclass=NullPool,
            connect_args={"timeout": _WAIT_SECONDS},
        )
        _lock_from_the_start(self._engine)
        _Base.metadata.create_all(self._engine)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Change rows; nobody else does until it is over."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    def schedules(self) -> Sequence[StoredSchedule]:
        """Return all schedules, by name."""
        with self.transaction() as session:
            return session.scalars(select(StoredSchedule).order_by(StoredSchedule.name)).all()

    def under_way(self) -> Sequence[StoredRun]:
        """Return the runs of all schedules that are not known to have ended."""
        with self.transaction() as session:
            return session.scalars(select(StoredRun).where(StoredRun.state.in_(UNDER_WAY))).all()

    def newest_run(self, schedule: str) -> StoredRun | None:
        """Return the run that a schedule started last."""
        newest = select(StoredRun).where(StoredRun.schedule == schedule)
        with self.transaction() as session:
            return session.scalars(newest.order_by(StoredRun.id.desc()).limit(1)).first()

    def num_runs(self, schedule: str) -> int:
        """Count the runs of a schedule."""
        with self.transaction() as session:
            count = select(func.count()).where(StoredRun.schedule == schedule)
            return session.scalar(count) or 0

    def write(self, run: StoredRun) -> None:
        """Keep what is known about a run, unless its schedule was deleted meanwhile."""
        with self.transaction() as session:
            if session.get(StoredRun, run.id) is not None:
                session.merge(run)


def _lock_from_the_start(engine: Engine) -> None:
    # A transaction that reads first and writes later fails at once if another wrote in between;
    # `begin immediate` waits its turn instead.
    @event.listens_for(engine, "connect")
    def leave_begin_to_us(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
