"""A report as one page of HTML that needs no network: the plots are plotly's, whose code lies in the page.

Texts of models are data: they are escaped, for HTML and for plotly, which reads some HTML in its labels.
"""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from inference.lab.bench import words
from inference.lab.bench.report import Contender, Report, Spread, Stages
from inference.places import RESOURCES
from inference.words import size_text
from models.texts import plain

CSS = RESOURCES / "report.css"
# Okabe and Ito's colours in an order that tells neighbours apart; the first nine lanes have the like.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#8a7a00", "#5b5bff", "#8a8a8a")
SHORTEST = 60   # letters of a name in a plot
STAGES = ("preprocess", "infer", "postprocess", "latency", "cpu")
# The plots take the page's colours, also in the dark.
INK = """<script>for (const plot of document.querySelectorAll(".plotly-graph-div")) {
  const ink = getComputedStyle(document.body).color, grid = "rgba(128,128,128,0.25)";
  Plotly.relayout(plot, {"font.color": ink, "xaxis.gridcolor": grid, "yaxis.gridcolor": grid,
    "xaxis.linecolor": grid, "yaxis.linecolor": grid});
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(d => d.open = true));
</script>"""


def page(report: Report) -> str:
    """The page; about 5 MB, nearly all of it plotly."""
    from plotly.offline import get_plotlyjs  # half a second, and only for this

    called = [plain(name, 200) for name in words.names(report)]
    title = "Which network is how many times as fast"
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        f"<title>{title}</title><style>{CSS.read_text(encoding='utf-8')}</style>",
        f"<script>{get_plotlyjs()}</script></head><body>",
        f"<h1>{title}</h1><p class='soft'>{escape(words.machine_line(report))}. {escape(report.made_at)}, "
        f"{report.seconds:.0f} s.</p>",
        _verdict(report, called), _troubles(report),
        "<h2>Time for one answer</h2>", _bars(report, called), _figures(report, called), _kinds(report),
        *_ratios(report, called), *_together(report, called),
        "<h2>Round by round</h2>", _course(report, called),
        "<p class='soft'>Each point is a median of one round's warm runs. What rises and falls for all networks at "
        "once is the machine.</p>",
        "<h2>Every stage</h2>", _stages(report, called), "<h2>How it was measured</h2>",
        f"<p>{escape(report.protocol.words)}</p><p>{escape(words.rounds_line(report))}</p>", _pictures(report),
        _machine(report), "<p>To measure the same again: <code>python app.py bench --models "
        f"{escape(','.join(one.name for one in report.contenders))} --rounds {report.protocol.rounds} "
        f"--seed {report.protocol.seed}</code></p>", INK, "</body></html>",
    ]  # fmt: skip
    return "\n".join(filter(None, parts)) + "\n"


# --- words and tables ---------------------------------------------------------------------------------------------


def _verdict(report: Report, called: Sequence[str]) -> str:
    """The first thing to read: from fastest to slowest, each step as far as it may be said."""
    order = _fastest_first(report)
    known = {frozenset((v.faster, v.slower)): v for v in words.verdicts(report)}
    lines = [words.verdict_text(known[frozenset(pair)], called) for pair in pairwise(order)
             if frozenset(pair) in known]   # fmt: skip
    if not lines:
        lines = [f"{called[i]}: {words.number(_p50(report.contenders[i]))} ms." for i in order]
    quiet = not any(one.busy for one in report.counted) and not report.cancelled
    return (
        f"<div class='verdict{'' if quiet else ' warn'}'><b>{'<br>'.join(map(escape, lines))}</b>"
        f"<p>{escape(words.rounds_line(report))}</p></div>"
    )


def _troubles(report: Report) -> str:
    told = "".join(f"<li>{escape(plain(line))}</li>" for line in (*words.troubles(report), *words.cautions(report)))
    return f"<ul class='warn-text'>{told}</ul>" if told else ""


def _fastest_first(report: Report) -> list[int]:
    """The places of those that were measured."""
    return sorted((i for i, one in enumerate(report.contenders) if one.warm), key=lambda i: _p50(report.contenders[i]))


def _p50(one: Contender) -> float:
    return one.warm.latency.p50.value if one.warm else 0.0


def _figures(report: Report, called: Sequence[str]) -> str:
    head = ("Network", "Warm, ms", "Interval", "p90", "p95", "p99", "Cold, ms", "First run, ms", "Loading, ms",
            "Answers/s", "Cores", "Threads", "Precision", "Memory")   # fmt: skip
    rows = [words.row(one, name) for one, name in zip(report.contenders, called, strict=True)]
    return _table(head, rows, left=(0, 2, 12))


def _kinds(report: Report) -> str:
    return (
        "<p class='soft'>Warm: right after itself, as in a program with one network. Cold: right after the others, "
        "whose weights are in the caches now, as one among several. "
        f"Intervals: {report.protocol.confidence:.0%}. Memory: what a process needs more at its peak than before it "
        "opened the network. First run: of a network just opened.</p>"
    )


def _ratios(report: Report, called: Sequence[str]) -> Iterable[str]:
    if not report.ratios:
        return
    told = {(v.faster, v.slower): v for v in words.verdicts(report)}
    cold = {frozenset((v.faster, v.slower)): v for v in words.verdicts(report, cold=True)}
    rows = []
    for (faster, slower), verdict in told.items():
        other = cold.get(frozenset((faster, slower)))
        turned = other and (words.inverse(other.times) if other.faster != faster else other.times)
        rows.append((
            words.verdict_text(verdict, called), f"{verdict.times.value:.3f}", words.range_text(verdict.times),
            f"{turned.value:.3f}" if turned else "", words.range_text(turned) if turned else "",
        ))  # fmt: skip
    yield "<h2>Pair by pair</h2>"
    yield _table(("", "Warm", "Interval", "Cold", "Interval"), rows, left=(0, 2, 4))


def _together(report: Report, called: Sequence[str]) -> Iterable[str]:
    if not report.together:
        return
    yield "<h2>Together</h2>"
    yield (
        "<p>The contention tax: how many times as long an answer takes while others run at the same time, each on its "
        "share of the cores, as alone.</p>"
    )
    yield _taxes(report, called)
    rows = [
        (called[lane], " + ".join(called[i] for i in one.lanes if i != lane), str(one.threads[at]),
         words.number(one.p50[at]), words.number(one.throughput[at]), f"{one.tax[at].value:.2f}",
         words.range_text(one.tax[at]))
        for one in report.together for at, lane in enumerate(one.lanes)
    ]  # fmt: skip
    head = ("Network", "Beside", "Threads", "ms", "Answers/s", "Tax", "Of all repeats")
    yield f"<details><summary>All figures</summary>{_table(head, rows, left=(0, 1, 6))}</details>"


def _stages(report: Report, called: Sequence[str]) -> str:
    head = ("Network", "Runs", "Stage", "n", "Least", "Mean", "p50", "Interval", "p90", "p95", "p99", "Most",
            "Deviation")   # fmt: skip
    rows: list[tuple[str, ...]] = []
    for one, name in zip(report.contenders, called, strict=True):
        for kind, stages in (("warm", one.warm), ("cold", one.cold)):
            rows += _stage_rows(name, kind, stages) if stages else []
    return f"<details><summary>All stages, ms</summary>{_table(head, rows, left=(0, 1, 2, 7))}</details>"


def _stage_rows(name: str, kind: str, stages: Stages) -> Iterable[tuple[str, ...]]:
    for stage in STAGES:
        s: Spread = getattr(stages, stage)
        yield (name, kind, stage, str(s.n), *map(words.number, (s.min, s.mean, s.p50.value)), words.range_text(s.p50),
               *map(words.number, (s.p90.value, s.p95.value, s.p99.value, s.max, s.deviation)))   # fmt: skip


def _pictures(report: Report) -> str:
    each = [
        f"<li>{escape(plain(name))}, {width} × {height} px</li>"
        for name, (height, width) in zip(report.protocol.pictures, report.protocol.picture_size, strict=True)
    ]  # fmt: skip
    return f"<details><summary>The pictures, {len(each)}</summary><ul>{''.join(each)}</ul></details>"


def _machine(report: Report) -> str:
    here = report.machine
    rows = [
        ("Processor", here.cpu), ("Cores that may be used", str(here.cores)),
        *((f"Cache {name}", words.size_text_binary(size)) for name, size in here.caches.items()),
        ("Memory", size_text(here.memory)),
        ("Clock", f"{here.frequency_mhz:.0f} MHz" if here.frequency_mhz else "not told"),
        ("Governor", here.governor or "not told"), ("Power", here.power or "not told"),
        ("System", here.os), ("Python", here.python), ("Lineup", here.lineup), *here.packages.items(),
        *((f"{one.title}", f"{one.backend}, {one.provider}, {one.threads} threads, {one.precision}, {one.sha256}")
          for one in report.contenders),
    ]  # fmt: skip
    rows = [(plain(name), plain(text)) for name, text in rows]
    return f"<details><summary>The machine and the files</summary>{_table(('', ''), rows, left=(0, 1))}</details>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[int]) -> str:
    """A table; columns that are not in `left` are set to the right."""

    def line(kind: str, cells: Sequence[str]) -> str:
        return "".join(
            f"<{kind}{'' if i in left else ' class=n'}>{escape(cell)}</{kind}>" for i, cell in enumerate(cells)
        )

    body = "".join(f"<tr>{line('td', row)}</tr>" for row in rows)
    return f"<div class='wide'><table class='figures'><tr>{line('th', head)}</tr>{body}</table></div>"


# --- plots --------------------------------------------------------------------------------------------------------


def _bars(report: Report, called: Sequence[str]) -> str:
    """Warm and cold medians with their intervals, the fastest on top."""
    import plotly.graph_objects as go

    order = list(reversed(_fastest_first(report)))
    figure = go.Figure()
    for kind, colour in (("cold", COLOURS[1]), ("warm", COLOURS[0])):   # the last one is drawn on top
        each = [(i, getattr(report.contenders[i], kind)) for i in order]
        spreads = [(i, stages.latency) for i, stages in each if stages]
        if not spreads:
            continue
        ends = [_ends(spread) for _, spread in spreads]
        figure.add_bar(
            orientation="h", name=kind, marker_color=colour, y=[_label(called[i]) for i, _ in spreads],
            x=[spread.p50.value for _, spread in spreads],
            error_x={"type": "data", "color": "#8a8f98", "symmetric": False, "array": [up for _, up in ends],
                     "arrayminus": [down for down, _ in ends]},
            customdata=[[spread.p95.value, spread.p99.value, spread.n] for _, spread in spreads],
            hovertemplate="%{y}<br>p50 %{x:.3g} ms, p95 %{customdata[0]:.3g}, p99 %{customdata[1]:.3g}, "
                          f"n %{{customdata[2]}}<extra>{kind}</extra>",
        )  # fmt: skip
    figure.update_layout(barmode="group", xaxis_title="ms, median", legend_traceorder="reversed", bargap=0.25)
    return _plot(figure, 120 + 62 * len(order))


def _course(report: Report, called: Sequence[str]) -> str:
    import plotly.graph_objects as go

    figure = go.Figure()
    for i, one in enumerate(report.contenders):
        if one.warm:
            figure.add_scatter(
                name=_label(called[i]), y=list(one.warm.rounds), x=list(range(1, len(one.warm.rounds) + 1)),
                mode="lines+markers", marker={"size": 5, "color": COLOURS[i % len(COLOURS)]},
                hovertemplate="round %{x}: %{y:.3g} ms",
            )  # fmt: skip
    figure.update_layout(xaxis_title="round", yaxis_title="ms", hovermode="x unified")
    figure.update_yaxes(type="log", dtick="D2")
    return _plot(figure, 420)


def _taxes(report: Report, called: Sequence[str]) -> str:
    """A field for each network and each that ran beside it."""
    import plotly.graph_objects as go

    lanes = sorted({lane for one in report.together for lane in one.lanes})
    columns: dict[Any, str] = {lane: _label(called[lane]) for lane in lanes}
    every = next((one for one in report.together if len(one.lanes) == len(lanes) > 2), None)
    taxes: dict[tuple[int, Any], float] = {}
    for one in report.together:
        for at, lane in enumerate(one.lanes):
            if len(one.lanes) == 2:
                taxes[lane, one.lanes[1 - at]] = one.tax[at].value
    if every:
        columns["all"] = "all at once"
        taxes |= {(lane, "all"): every.tax[at].value for at, lane in enumerate(every.lanes)}
    values = [[taxes.get((lane, column)) for column in columns] for lane in reversed(lanes)]
    figure = go.Figure(go.Heatmap(
        z=values, x=[f"beside {name}" if key != "all" else name for key, name in columns.items()],
        y=[_label(called[lane]) for lane in reversed(lanes)], colorscale=[[0, "#dcebf7"], [1, COLOURS[4]]], zmin=1,
        text=[["" if value is None else f"{value:.2f} ×" for value in row] for row in values],
        texttemplate="%{text}", textfont={"color": "#12161c", "size": 15}, showscale=False, xgap=3, ygap=3,
        hovertemplate="%{y}, %{x}: %{z:.2f} times as long as alone<extra></extra>",
    ))  # fmt: skip
    return _plot(figure, 150 + 56 * len(lanes))


def _ends(spread: Spread) -> tuple[float, float]:
    """How far the interval reaches below and above the value."""
    one = spread.p50
    return (0.0, 0.0) if one.low is None or one.high is None else (one.value - one.low, one.high - one.value)


def _label(name: str) -> str:
    """A name for plotly, which reads tags in its labels."""
    return escape(plain(name, SHORTEST), quote=False)


def _plot(figure: Any, height: int) -> str:
    figure.update_layout(
        height=height, margin={"l": 10, "r": 20, "t": 30, "b": 10}, paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)", font={"size": 14, "family": "Inter, sans-serif"}, template="none",
        xaxis={"automargin": True}, yaxis={"automargin": True},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    inside: str = figure.to_html(
        full_html=False, include_plotlyjs=False, default_height=f"{height}px",
        config={"displayModeBar": False, "responsive": True},   # a double click shows all again
    )  # fmt: skip
    return f"<div class='plot'>{inside}</div>"
