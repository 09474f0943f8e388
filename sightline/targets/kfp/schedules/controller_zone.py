"""An expression in the user's time zone, for Kubeflow's controller, which has one of its own.

robfig/cron 1.2.0 in the controller knows no `TZ=` prefix, so that the fields themselves have to be
moved. That is exact as long as both zones always differ by the same time.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sightline.ground.errors import UserError
from sightline.schedules.cron import Cron
from sightline.schedules.zones import clock_changes_of, offset_at
from sightline.targets.kfp.schedules.robfig import next_kubeflow_fire

CONTROLLER_ZONE = ZoneInfo("UTC")
"""What the controller uses unless its cronScheduleTimezone says otherwise."""
_AHEAD = timedelta(days=5 * 365)


def cron_for_controller(cron: Cron, zone: ZoneInfo, controller: ZoneInfo, now: datetime) -> Cron:
    """Return the expression that makes the controller fire at these times of another zone.

    Raises:
        UserError: no expression can do that; says what to do instead.
    """
    shifts = {timedelta()} if zone.key == controller.key else _shifts(zone, controller, now)
    if len(shifts) > 1:
        raise _refusal(cron, zone, controller, f"{zone.key} is {_said(shifts)}")
    moved = _move(cron, shifts.pop())
    if moved is None:
        raise _refusal(cron, zone, controller, "one expression cannot say its fires there")
    if next_kubeflow_fire(moved, controller, now) is None:
        raise UserError(
            f"Cron expression {cron.text!r}: expected a fire within five years, the furthest that "
            "Kubeflow looks ahead; received none. Restrict its days less."
        )
    return moved


def six_fields(cron: Cron) -> str:
    """Write an expression as Kubeflow takes it, seconds first."""
    return f"0 {cron.expression}"


def _shifts(zone: ZoneInfo, controller: ZoneInfo, now: datetime) -> set[timedelta]:
    end = now + _AHEAD
    changes = [c.instant for z in (zone, controller) for c in clock_changes_of(z, now, end)]
    return {offset_at(controller, moment) - offset_at(zone, moment) for moment in (now, *changes)}


def _move(cron: Cron, shift: timedelta) -> Cron | None:
    if not shift:
        return cron
    times = [
        hour * 60 + minute + shift // timedelta(minutes=1)
        for hour in cron.hour.values
        for minute in cron.minute.values
    ]
    minutes, hours = {time % 60 for time in times}, {time // 60 % 24 for time in times}
    weekdays = _moved_weekdays(cron, {time // (24 * 60) for time in times})
    # 00:00, 00:45, 01:00 and 01:45, half an hour earlier, are no minutes times hours.
    if weekdays is None or len(minutes) * len(hours) != len(times):
        return None
    fields = (_listed(minutes), _listed(hours), cron.day.text, cron.month.text, weekdays)
    return Cron.parse(" ".join(fields))


def _moved_weekdays(cron: Cron, days: set[int]) -> str | None:
    """Return the weekdays when fires move by whole days; none when no field can say that."""
    if days == {0} or (cron.day.text, cron.month.text, cron.weekday.text) == ("*", "*", "*"):
        return cron.weekday.text
    if len(days) > 1 or (cron.day.text, cron.month.text) != ("*", "*"):
        return None
    (by,) = days
    return _listed({(weekday + by) % 7 for weekday in cron.weekday.values})


def _listed(values: set[int]) -> str:
    return ",".join(str(value) for value in sorted(values))


def _refusal(cron: Cron, zone: ZoneInfo, controller: ZoneInfo, reason: str) -> UserError:
    return UserError(
        f"Cron expression {cron.text!r} in {zone.key}: expected times that Kubeflow's controller "
        f"can follow; it runs in {controller.key}, and {reason}. Set cronScheduleTimezone "
        f"in the ConfigMap pipeline-install-config to {zone.key} and `time_zone` of the target to "
        f"the same (docs/clusters-reference.md, Time zone); or give times in the controller's zone "
        f"with --time-zone {controller.key}."
    )


def _said(shifts: set[timedelta]) -> str:
    hours = sorted((-shift / timedelta(hours=1) for shift in shifts), key=abs)
    if all(hour >= 0 for hour in hours):
        return f"{' or '.join(f'{hour:g}' for hour in hours)} hours ahead of it"
    if all(hour <= 0 for hour in hours):
        return f"{' or '.join(f'{-hour:g}' for hour in hours)} hours behind it"
    return f"{' or '.join(f'{hour:+g}' for hour in hours)} hours ahead of it"
