"""Plots as SVG that stands in a page: lines over days, and bars.

They have no words of their own, and no colours: the page's stylesheet has those, and its words are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count, pairwise

from markupsafe import Markup, escape

WIDTH, HEIGHT = 780, 380
RIGHT, TOP, BOTTOM = 246, 14, 34

LINES = 7
"""Lines that can be told apart, each with a colour and dashes of its own."""

_LABEL_HEIGHT = 19
_BAR = 30
_NAMES = 190
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Axis:
    """How values become places: `value` at 0 stands at `start`, and `most` at `end`."""

    most: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Give the place of a value, in pixels."""
        return round(self.start + (self.end - self.start) * value / self.most, 1)


def ticks(most: float, steps: int = 5) -> list[int]:
    """Give round numbers from 0 to the first that is not below `most`, about `steps` of them."""
    rough = max(1.0, most / steps)
    power = 10 ** (len(str(int(rough))) - 1)
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return list(range(0, -(-int(most + 0.999) // step) * step + 1, step)) if most > 0 else [0, 1]


def lines(
    series: Sequence[tuple[str, Mapping[date, int]]],
    days: Sequence[date],
    *,
    title: str,
    number: Callable[[float], str],
    day: Callable[[date], str],
) -> Markup:
    """Draw one line for each series, named at its end; a day that is missing in all of `days` is a gap."""
    marks = ticks(max((max(values.values(), default=0) for _, values in series), default=0))
    left = 16 + 8.5 * max(len(number(mark)) for mark in marks)
    span = max(1, (days[-1] - days[0]).days)
    x = Axis(span, left, WIDTH - RIGHT)
    y = Axis(marks[-1], HEIGHT - BOTTOM, TOP)
    parts = [_start(HEIGHT, title)]
    for mark in marks:
        parts.append(f'<path class="grid" d="M{left} {y.at(mark)}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text class="mark end" x="{left - 8}" y="{y.at(mark) + 5}">{escape(number(mark))}</text>')
    for offset in _spread(span):
        place = x.at(offset)
        parts.append(f'<path class="grid" d="M{place} {HEIGHT - BOTTOM}v5"/>')
        label = escape(day(days[0] + timedelta(days=offset)))
        parts.append(f'<text class="mark middle" x="{place}" y="{HEIGHT - 8}">{label}</text>')
    ends = []
    for at, (name, values) in enumerate(series):
        points = [(x.at((each - days[0]).days), y.at(values.get(each, 0))) for each in days]
        parts.append(f'<path class="line s{at}" d="{_path(days, points)}"/>')
        for (px, py), each in zip(points, days, strict=True):
            if not {each - _DAY, each + _DAY} & set(days):  # no line leads to it
                parts.append(f'<circle class="dot s{at}" cx="{px}" cy="{py}" r="4"/>')
        ends.append((points[-1][1], at, name))
    for (_, at, name), place in zip(sorted(ends), _apart([end[0] for end in sorted(ends)]), strict=True):
        parts.append(f'<path class="line s{at}" d="M{WIDTH - RIGHT + 8} {place}h22"/>')
        parts.append(
            f'<text class="name" x="{WIDTH - RIGHT + 36}" y="{round(place + 5, 1)}">{escape(_cut(name, 27))}</text>'
        )
    return Markup("".join([*parts, "</svg>"]))


def bars(values: Sequence[tuple[str, float]], *, title: str, number: Callable[[float], str]) -> Markup:
    """Draw one bar for each value, with its name before it and the number behind."""
    height = _BAR * len(values) + 4
    x = Axis(max([*(value for _, value in values), 1]), _NAMES, WIDTH - 90)
    parts = [_start(height, title)]
    for at, (name, value) in enumerate(values):
        top = at * _BAR + 2
        width = max(1, round(x.at(value) - _NAMES, 1))
        parts.append(f'<text class="name end" x="{_NAMES - 10}" y="{top + 19}">{escape(_cut(name, 22))}</text>')
        parts.append(f'<rect class="bar" x="{_NAMES}" y="{top + 3}" width="{width}" height="{_BAR - 8}" rx="3"/>')
        parts.append(f'<text class="mark" x="{x.at(value) + 8}" y="{top + 19}">{escape(number(value))}</text>')
    return Markup("".join([*parts, "</svg>"]))


def _start(height: int, title: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'


def _path(days: Sequence[date], points: Sequence[tuple[float, float]]) -> str:
    parts = [f"M{points[0][0]} {points[0][1]}"]
    for (before, each), (px, py) in zip(pairwise(days), points[1:], strict=True):
        parts.append(f"{'L' if (each - before).days == 1 else 'M'}{px} {py}")
    return "".join(parts)


def _spread(span: int) -> range:
    """Give the offsets of days that have room for a label."""
    step = next(step for step in count(1) if span / step <= 5)
    return range(0, span + 1, step)


def _apart(places: Sequence[float]) -> list[float]:
    """Move labels so far apart, from the top to the bottom, that none lies on another."""
    found: list[float] = []
    for place in places:
        found.append(max(place, found[-1] + _LABEL_HEIGHT) if found else place)
    below: float = HEIGHT - BOTTOM
    for at in reversed(range(len(found))):
        found[at] = min(found[at], below)
        below = found[at] - _LABEL_HEIGHT
    return found


def _cut(name: str, length: int) -> str:
    return name if len(name) <= length else name[: length - 1] + "…"
