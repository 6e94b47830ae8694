"""The fair clock: networks measured one beside the other, so that a ratio of two of them holds up.

`run.Bench` does it, by a `plan.Plan`; what it gives is `report.Report`, which `words` says in text, `page` as HTML,
and `compare` holds beside another one. `METHOD` says in words what is done.
"""
