"""Draws rows as a bar chart (SVG): each ratio, or our cost, as a share of its maximum."""

from __future__ import annotations

import html
from pathlib import Path

from programs import Row

WIDTH, LABEL, VALUE, LINE, MOST = 900, 430, 110, 26, 3.0
"""Pixels: the chart's width, where bars begin, the width of figures, and the height of a line.
Last, the largest multiple of a goal that fits.
"""

STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #1c2733 } .bar { fill: #1a7f6b } .missed { fill: #b4491f }
.goal { stroke: #1c2733; stroke-dasharray: 4 3 } .ground { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .ground { fill: #0d1117 } .goal { stroke: #e6edf3 }
  .bar { fill: #3fb79c } .missed { fill: #e07a4f }
}
"""


def write(rows: list[Row], file: Path) -> None:
    """Write the chart of rows with a goal; a bar that ends before the dashed line meets its goal."""
    rows_with_goal = [row for row in rows if row.maximum]
    height = LINE * (len(rows_with_goal) + 2)
    scale = (WIDTH - LABEL - VALUE) / MOST
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        "<title>How each ratio compares with what is wanted of it</title>",
        f'<style>{STYLE}</style><rect class="ground" width="{WIDTH}" height="{height}"/>',
        f'<text x="{LABEL + scale}" y="18" text-anchor="middle">at most</text>',
        f'<line class="goal" x1="{LABEL + scale}" x2="{LABEL + scale}" y1="26" y2="{height - 12}"/>',
    ]
    for number, row in enumerate(rows_with_goal):
        share, y = row.share, LINE * (number + 1) + 6
        length = min(share, MOST) * scale
        label, kind = html.escape(f"{row.what} · {row.against}"), "missed" if row.is_missed else "bar"
        lines += [
            f'<text x="{LABEL - 10}" y="{y + 15}" text-anchor="end">{label}</text>',
            f'<rect class="{kind}" x="{LABEL}" y="{y + 3}" width="{length:.1f}" height="16"/>',
            f'<text x="{WIDTH - 10}" y="{y + 15}" text-anchor="end">{row.value} of {row.maximum}</text>',
        ]
    file.write_text("\n".join([*lines, "</svg>\n"]), encoding="utf-8")
