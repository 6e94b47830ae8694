"""A comparison as one page of HTML that needs no network. Texts of models and names of files are data: escaped."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape

from inference.lab.agreement import words
from inference.lab.agreement.report import Report
from inference.places import RESOURCES
from models.texts import plain

CSS = RESOURCES / "report.css"
TITLE = "How often networks agree"


def page(report: Report) -> str:
    """The page."""
    called = [plain(name, 200) for name in words.names(report)]
    here = f"{report.machine['cpu']}, {report.machine['cores']} cores, {report.machine['os']}"
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        f"<title>{TITLE}</title><style>{CSS.read_text(encoding='utf-8')}</style></head><body>",
        f"<h1>{TITLE}</h1><p class='soft'>On {escape(words.span_text(report))}. {escape(here)}."
        "</p>",
        *(f"<p class='warn-text'>{escape(plain(line))}</p>" for line in report.troubles),
        *_matrices(report, called), _alone(report, called), _flicker(report, called), _apart(report, called),
        "</body></html>",
    ]  # fmt: skip
    return "\n".join(filter(None, parts)) + "\n"


def _matrices(report: Report, called: Sequence[str]) -> list[str]:
    parts = []
    for task, about in (("classify", words.LABELS), ("detect", words.BOXES)):
        places = [i for i, one in enumerate(report.networks) if one.task == task]
        if len(places) < 2:
            continue
        head = "".join(f"<th class='n'>{escape(called[j])}</th>" for j in places)
        rows = []
        for i in places:
            cells = []
            for j in places:
                pair = report.pair(i, j) if i != j else None
                share = pair.agreement if pair else None
                shade = f" style='background: rgba(47,111,222,{0.6 * share:.2f})'" if share is not None else ""
                cells.append(f"<td class='n'{shade}>{words.cell(pair) if i != j else ''}</td>")
            rows.append(f"<tr><td>{escape(called[i])}</td>{''.join(cells)}</tr>")
        parts.append(f"<h2>{'Best label' if task == 'classify' else 'Boxes'}</h2><p>{about}</p>")
        parts.append(f"<div class='wide'><table><tr><th></th>{head}</tr>{''.join(rows)}</table></div>")
        parts.append(_pairs(report, called, places))
    return parts


def _pairs(report: Report, called: Sequence[str], places: Sequence[int]) -> str:
    rows: list[tuple[str, ...]] = []
    heads: tuple[str, ...] = ()
    for pair in report.pairs:
        if pair.first not in places or pair.second not in places:
            continue
        both = f"{called[pair.first]} – {called[pair.second]}"
        if pair.labels and pair.interval:
            heads = ("Pair", "Same", "with 95 % between", "Of the best five", "Gap of scores", "Ranks", "Labels")
            low, high = pair.interval
            between = f"{100 * low:.1f} – {100 * high:.1f} %"
            rows.append((both, words.cell(pair), between, *words.label_facts(pair.labels), pair.how))
        elif pair.boxes:
            heads = ("Pair", "With a partner", "Boxes", "Overlap", "Most without", "Labels")
            worst = ", ".join(f"{label} {f[0]} of {f[1]} and {f[2]}" for label, f in words.worst_classes(pair.boxes))
            rows.append((both, words.cell(pair), *words.box_facts(pair.boxes), worst, pair.how))
    if not rows:
        return ""
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(plain(text, 400))}</td>" for text in row) + "</tr>" for row in rows)
    return f"<div class='wide'><table class='figures'><tr>{head}</tr>{body}</table></div>"


def _alone(report: Report, called: Sequence[str]) -> str:
    return "".join(f"<p class='soft'>{escape(plain(told, 400))}</p>" for told in words.not_compared(report, called))


def _flicker(report: Report, called: Sequence[str]) -> str:
    rows = [
        f"<tr><td>{escape(name)}</td><td class='n'>{one.flicker:.2f}</td></tr>"
        for name, one in zip(called, report.networks, strict=True) if one.flicker is not None
    ]  # fmt: skip
    if not rows:
        return ""
    return (
        f"<h2>Changes a second</h2><p>{words.flicker_about(report)}</p>"
        f"<table><tr><th>Network</th><th class='n'>Changes a second</th></tr>{''.join(rows)}</table>"
    )


def _apart(report: Report, called: Sequence[str]) -> str:
    if not report.apart:
        return ""
    shown = []
    for one in report.apart:
        picture = b64encode(one.picture).decode()
        said = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(plain(text, 200))}</td></tr>"
            for name, text in zip(called, one.said, strict=True)
        )
        shown.append(
            f"<div class='picture'><h3><span>{escape(plain(words.moment(one), 200))}</span><span>{one.apart:.2f}</span>"
            f"</h3><img alt='' src='data:image/jpeg;base64,{picture}'><table class='figures'>{said}</table></div>"
        )
    return f"<h2>They differ most on</h2><div class='pictures'>{''.join(shown)}</div>"
