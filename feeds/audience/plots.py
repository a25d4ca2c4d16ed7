"""SVG plots to embed in a page: lines over days, and bars.

They contain no text or colours of their own: texts are arguments, and the page's stylesheet has the colours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count, pairwise

from markupsafe import Markup, escape

WIDTH, HEIGHT = 780, 380
RIGHT_MARGIN, TOP_MARGIN, BOTTOM_MARGIN = 246, 14, 34

MAX_LINES = 7
"""Maximum number of lines that can be told apart, each with its own colour and dash pattern."""

_LABEL_HEIGHT = 19
_BAR_HEIGHT = 30
_NAME_WIDTH = 190
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Axis:
    """A linear scale in pixels: 0 is at `start`, and `maximum` at `end`."""

    maximum: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the position of a value in pixels."""
        return round(self.start + (self.end - self.start) * value / self.maximum, 1)


def ticks(maximum: float, steps: int = 5) -> list[int]:
    """Return about `steps` round numbers, from 0 to the first that is at least `maximum`."""
    rough = max(1.0, maximum / steps)
    power = 10 ** (len(str(int(rough))) - 1)
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return list(range(0, -(-int(maximum + 0.999) // step) * step + 1, step)) if maximum > 0 else [0, 1]


def lines(
    series: Sequence[tuple[str, Mapping[date, int]]],
    days: Sequence[date],
    *,
    title: str,
    format_number: Callable[[float], str],
    format_day: Callable[[date], str],
) -> Markup:
    """Draw one line per series, labelled at its end. Days missing from `days` are gaps."""
    marks = ticks(max((max(values.values(), default=0) for _, values in series), default=0))
    left = 16 + 8.5 * max(len(format_number(mark)) for mark in marks)
    span = max(1, (days[-1] - days[0]).days)
    x = Axis(span, left, WIDTH - RIGHT_MARGIN)
    y = Axis(marks[-1], HEIGHT - BOTTOM_MARGIN, TOP_MARGIN)
    parts = [_svg_start(HEIGHT, title)]
    for mark in marks:
        parts.append(f'<path class="grid" d="M{left} {y.at(mark)}H{WIDTH - RIGHT_MARGIN}"/>')
        parts.append(f'<text class="mark end" x="{left - 8}" y="{y.at(mark) + 5}">{escape(format_number(mark))}</text>')
    for offset in _label_offsets(span):
        position = x.at(offset)
        parts.append(f'<path class="grid" d="M{position} {HEIGHT - BOTTOM_MARGIN}v5"/>')
        label = escape(format_day(days[0] + timedelta(days=offset)))
        parts.append(f'<text class="mark middle" x="{position}" y="{HEIGHT - 8}">{label}</text>')
    ends = []
    for index, (name, values) in enumerate(series):
        points = [(x.at((day - days[0]).days), y.at(values.get(day, 0))) for day in days]
        parts.append(f'<path class="line s{index}" d="{_path_data(days, points)}"/>')
        for (px, py), day in zip(points, days, strict=True):
            if not {day - _ONE_DAY, day + _ONE_DAY} & set(days):  # a single day has no line
                parts.append(f'<circle class="dot s{index}" cx="{px}" cy="{py}" r="4"/>')
        ends.append((points[-1][1], index, name))
    for (_, index, name), position in zip(sorted(ends), _spread_labels([end[0] for end in sorted(ends)]), strict=True):
        parts.append(f'<path class="line s{index}" d="M{WIDTH - RIGHT_MARGIN + 8} {position}h22"/>')
        label = escape(_shorten(name, 27))
        parts.append(f'<text class="name" x="{WIDTH - RIGHT_MARGIN + 36}" y="{round(position + 5, 1)}">{label}</text>')
    return Markup("".join([*parts, "</svg>"]))


def bars(values: Sequence[tuple[str, float]], *, title: str, format_number: Callable[[float], str]) -> Markup:
    """Draw one bar per value, with its name before it and its number after it."""
    height = _BAR_HEIGHT * len(values) + 4
    x = Axis(max([*(value for _, value in values), 1]), _NAME_WIDTH, WIDTH - 90)
    parts = [_svg_start(height, title)]
    for index, (name, value) in enumerate(values):
        top = index * _BAR_HEIGHT + 2
        width = max(1, round(x.at(value) - _NAME_WIDTH, 1))
        parts.append(
            f'<text class="name end" x="{_NAME_WIDTH - 10}" y="{top + 19}">{escape(_shorten(name, 22))}</text>'
        )
        parts.append(
            f'<rect class="bar" x="{_NAME_WIDTH}" y="{top + 3}" width="{width}" height="{_BAR_HEIGHT - 8}" rx="3"/>'
        )
        parts.append(f'<text class="mark" x="{x.at(value) + 8}" y="{top + 19}">{escape(format_number(value))}</text>')
    return Markup("".join([*parts, "</svg>"]))


def _svg_start(height: int, title: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'


def _path_data(days: Sequence[date], points: Sequence[tuple[float, float]]) -> str:
    parts = [f"M{points[0][0]} {points[0][1]}"]
    for (previous, day), (px, py) in zip(pairwise(days), points[1:], strict=True):
        parts.append(f"{'L' if (day - previous).days == 1 else 'M'}{px} {py}")
    return "".join(parts)


def _label_offsets(span: int) -> range:
    """Return the offsets, in days, of the days that have room for a label."""
    step = next(step for step in count(1) if span / step <= 5)
    return range(0, span + 1, step)


def _spread_labels(places: Sequence[float]) -> list[float]:
    """Return the positions of labels, moved apart so that none overlap, from top to bottom."""
    label_positions: list[float] = []
    for position in places:
        label_positions.append(max(position, label_positions[-1] + _LABEL_HEIGHT) if label_positions else position)
    limit: float = HEIGHT - BOTTOM_MARGIN
    for index in reversed(range(len(label_positions))):
        label_positions[index] = min(label_positions[index], limit)
        limit = label_positions[index] - _LABEL_HEIGHT
    return label_positions


def _shorten(name: str, length: int) -> str:
    return name if len(name) <= length else name[: length - 1] + "…"
