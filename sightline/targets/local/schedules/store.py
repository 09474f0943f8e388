"""The schedules of this machine and their runs, in one SQLite file that several processes share.

APScheduler's own job store is not used: it keeps pickles, drops a job that it cannot unpickle
after an update, and may not be changed by a second process while a scheduler runs.
"""

import json
import sqlite3
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
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
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    Mapper,
    Session,
    mapped_column,
)
from sqlalchemy.types import TypeDecorator

from sightline.ground.run_states import UNDER_WAY, RunStatus
from sightline.ground.storage.digests import text_digest
from sightline.project.choice import TRAINING
from sightline.schedules.clock import Fires
from sightline.schedules.cron import Cron
from sightline.schedules.window import Window
from sightline.targets.local.schedules.store_problems import StoreProblem, clear_store_errors

Row = TypeVar("Row", bound="_Base")

FILE_NAME = "schedules.sqlite"
_WAIT_SECONDS = 30
SEAL = "seal"
ANEW = "Move it away, and create the schedules again."
NEW_COLUMNS = (("schedules", "pipeline", TRAINING), ("schedules", SEAL, ""), ("runs", SEAL, ""))
"""Table, column and value of what files of earlier versions lack, whose schedules train."""


class _Moment(TypeDecorator[datetime]):
    """A moment in UTC, as text: SQLite keeps no time zones."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return value.astimezone(UTC).isoformat() if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return datetime.fromisoformat(value) if value else None


class _Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    type_annotation_map = {datetime: _Moment, list[str]: JSON, RunStatus: String}  # noqa: RUF012

    seal: Mapped[str] = mapped_column(default="", server_default="", init=False, repr=False)
    """Checksum of all else in the row; empty in rows that an earlier version wrote."""

    @property
    def is_whole(self) -> bool:
        """Whether the row is what was written."""
        return not self.seal or self.seal == self.checksum()

    def checksum(self) -> str:
        """Return the checksum of all values but itself."""
        names = [column.key for column in inspect(type(self)).column_attrs if column.key != SEAL]
        return text_digest(json.dumps([_as_text(getattr(self, name)) for name in sorted(names)]))


def _as_text(value: object) -> object:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


@event.listens_for(_Base, "after_insert", propagate=True)
@event.listens_for(_Base, "after_update", propagate=True)
def _put_seal(mapper: Mapper[_Base], connection: Connection, row: _Base) -> None:
    # Afterwards: only then a new run has its number.
    key = zip(mapper.primary_key, mapper.primary_key_from_instance(row), strict=True)
    change = update(type(row)).where(*(column == value for column, value in key))
    connection.execute(change.values({SEAL: row.checksum()}))


class StoredSchedule(_Base):
    """A schedule of this machine."""

    __tablename__ = "schedules"

    name: Mapped[str] = mapped_column(primary_key=True)
    expression: Mapped[str]
    zone_name: Mapped[str]
    settings_file: Mapped[str]
    target: Mapped[str]
    """Name of the target of its runs, a local one."""
    pipeline: Mapped[str] = mapped_column(server_default=TRAINING)
    """Name of the pipeline of its runs."""
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
        cron, zone = self.cron, self.zone
        window = Window(self.start, self.end)
        return window.fires(lambda moment: fires(cron, zone, moment), after, start_is_inside=True)


class StoredRun(_Base):
    """A run that a schedule of this machine started, or is about to."""

    __tablename__ = "runs"
    # An id is never given again: a run that goes on although its schedule was deleted has one.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    schedule: Mapped[str] = mapped_column(ForeignKey("schedules.name"), index=True)
    fire: Mapped[datetime]
    owner: Mapped[str] = mapped_column("scheduler")
    """Which fire, of which start of the scheduler, handles it."""
    state: Mapped[RunStatus] = mapped_column(default="waiting")
    started: Mapped[datetime | None] = mapped_column(default=None)
    finished: Mapped[datetime | None] = mapped_column(default=None)
    process: Mapped[int | None] = mapped_column(default=None)
    exit_code: Mapped[int | None] = mapped_column(default=None)
    run_id: Mapped[str | None] = mapped_column(default=None)
    log: Mapped[str | None] = mapped_column(default=None)


class Store:
    """Reads and changes the file, each time in a transaction of its own.

    Every method raises StoreProblem where the file is damaged, locked, read-only or not there.
    """

    def __init__(self, root: Path, *, wait_seconds: float = _WAIT_SECONDS) -> None:
        """Open the file, and make it where there is none.

        Args:
            root: the folder of the file.
            wait_seconds: how long to wait for other processes that change it.
        """
        self._path = root / FILE_NAME
        # No pool: a scheduler holds the file open for milliseconds, so that it can be backed up.
        self._engine = create_engine(
            f"sqlite:///{self._path}",
            poolclass=NullPool,
            connect_args={"timeout": wait_seconds},
        )
        _lock_from_the_start(self._engine)
        with clear_store_errors(self._path):
            root.mkdir(parents=True, exist_ok=True)
            _Base.metadata.create_all(self._engine)
            _add_new_columns(self._engine)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Change rows; nobody else does until it is over."""
        with (
            clear_store_errors(self._path),
            Session(self._engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def schedules(self) -> Sequence[StoredSchedule]:
        """Return all schedules, by name.

        Raises:
            StoreProblem: one of them is not what was written: it would fire at another time.
        """
        found = self._rows(StoredSchedule)
        if damaged := next((one for one in found if not one.is_whole), None):
            raise StoreProblem(
                f"{self._path}: schedule {damaged.name!r} is not what was written. Delete it "
                "(sightline schedule delete), and create it again."
            )
        return found

    def damage(self) -> Iterator[str]:
        """Yield a line for all in the file that is not what was written.

        SQLite itself looks for broken pages only, so rows carry a checksum.
        """
        try:
            self.schedules()
            runs = self._rows(StoredRun)
            with self.transaction() as session:
                answer = session.execute(text("PRAGMA integrity_check")).scalar()
        except StoreProblem as error:
            yield str(error)
            return
        if answer != "ok":
            yield f"{self._path}: {answer}. {ANEW}"
        for run in runs:
            if not run.is_whole:
                yield f"{self._path}: run {run.id} of {run.schedule} is not what was written."

    def _rows(self, kind: type[Row]) -> Sequence[Row]:
        try:
            with self.transaction() as session:
                return session.scalars(select(kind).order_by(*inspect(kind).primary_key)).all()
        except ValueError as error:  # a moment that is none, a list that is no JSON
            raise StoreProblem(f"{self._path}: it is damaged ({error}). {ANEW}") from error

    def under_way(self, *, but_not_of: Container[str] = ()) -> Sequence[StoredRun]:
        """Return the runs of all schedules that are not known to have ended.

        Owners are compared within the transaction, so that none of them ends a run meanwhile.
        """
        with self.transaction() as session:
            runs = session.scalars(select(StoredRun).where(StoredRun.state.in_(UNDER_WAY))).all()
            return [run for run in runs if run.owner not in but_not_of]

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

    def claim(self, run: StoredRun) -> str:
        """Note that a run starts now, or say what was done to its schedule, so that it may not.

        It is noted before the run has a process: whatever fails then, no one starts it again.
        """
        with self.transaction() as session:
            schedule = session.get(StoredSchedule, run.schedule)
            if schedule is None or session.get(StoredRun, run.id) is None:
                return "deleted"
            if schedule.paused:
                return "paused"
            run.state = "running"
            session.merge(run)
            return ""

    def write(self, run: StoredRun) -> None:
        """Keep what is known about a run, unless its schedule was deleted meanwhile."""
        with self.transaction() as session:
            if session.get(StoredRun, run.id) is not None:
                session.merge(run)


def _add_new_columns(engine: Engine) -> None:
    """Bring a file of an earlier version up to date."""
    with engine.begin() as connection:
        for table, name, default in NEW_COLUMNS:
            known = {column["name"] for column in inspect(connection).get_columns(table)}
            if name not in known:
                column = f"{name} VARCHAR DEFAULT '{default}' NOT NULL"
                connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {column}"))


def _lock_from_the_start(engine: Engine) -> None:
    # A transaction that reads first and writes later fails at once if another wrote in between;
    # `begin immediate` waits its turn instead.
    @event.listens_for(engine, "connect")
    def leave_begin_to_us(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
