"""What an export is to be like. Imports nothing heavy: the command line reads its choices here."""

from dataclasses import dataclass

from inference.options import WrongUse

PRECISIONS = ("fp32", "fp16", "int8", "palette6", "palette4")
TARGETS = ("iOS15", "iOS16", "iOS17", "iOS18")
FORMATS = ("mlpackage", "mlmodel")
NMS = ("none", "pipeline")
OF_FORMAT = {"mlpackage": PRECISIONS, "mlmodel": ("fp32", "fp16", "int8")}
COMPRESSED = ("int8", "palette6", "palette4")   # weights that are unpacked on the device: from iOS 16 on
# What fewer bits cost in answers, in words; docs/coreml.md and every report have the figures of each network.
COST = {
    "fp32": "Exactly the network of the lab.",
    "fp16": "Half the size; the answers stay, but for near ties.",
    "int8": "A quarter of the size; of ten pictures about one may get another answer.",
    "palette6": "A fifth of the size; small networks lose some answers.",
    "palette4": "An eighth of the size; most small networks lose most answers. Experimental.",
}
BITS = {"fp32": 32, "fp16": 16, "int8": 8, "palette6": 6, "palette4": 4}   # of a weight
EXPERIMENTAL = ("palette4",)                    # loses answers of most networks


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """One export."""

    precisions: tuple[str, ...] = ("fp16",)
    target: str = "iOS16"
    format: str = "mlpackage"
    nms: str = "none"            # "pipeline": Core ML suppresses overlapping boxes itself

    @classmethod
    def chosen(cls, precision: str | None, every: bool, target: str, format: str, nms: str) -> "ExportSettings":   # noqa: A002
        """From the words of the command line; every precision that target and format can hold."""
        one = (precision or "fp16",)
        many = OF_FORMAT[format]
        if format == "mlpackage" and target == "iOS15":
            many = tuple(p for p in many if p not in COMPRESSED)
        return cls(many if every else one, target, format, nms)

    def check(self) -> None:
        """Whether these go together.

        Raises:
            WrongUse: they do not; says which.
        """
        for precision in self.precisions:
            if precision not in OF_FORMAT[self.format]:
                raise WrongUse(
                    f"A .{self.format} cannot hold {precision}.", f"It can hold {', '.join(OF_FORMAT[self.format])}."
                )
        if self.format == "mlpackage" and self.target == "iOS15" and (set(self.precisions) & set(COMPRESSED)):
            raise WrongUse("Compressed weights need iOS 16 or later.", "Choose --target iOS16, or fp16.")
        if self.format == "mlmodel" and self.nms == "pipeline":
            raise WrongUse("The pipeline form is written as .mlpackage only.", "Leave --format away.")
