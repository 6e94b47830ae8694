"""What kind of network it is, and which decoder reads it.

First what the file says is believed: metadata, and the names that exporters give their outputs. Then what the outputs
are: their shapes together with the values they had on a dark, a grey and some real pictures. A shape alone decides
nothing that another form has too. The conventions stand at the decoders in inference.decode.
"""

from inference.errors import LabError
from inference.intake.forms import chosen, classifiers, maps, tables
from inference.intake.forms.evidence import Evidence, Form, Outputs, first_form

__all__ = ["Evidence", "Form", "Outputs", "output_form"]

# In this order: what is told by names, what has been chosen, then every box that was considered.
RULES = (
    chosen.named, chosen.separate, classifiers.vector, chosen.caffe, maps.levels, tables.pair, chosen.rows,
    tables.table, maps.scales, maps.one_map,
)  # fmt: skip
# What people bring that is none of these, told by its only output (1, channels, h, w).
LEAST_PICTURE = 8   # px a side


def output_form(evidence: Evidence) -> Form:
    """How the outputs are read.

    Raises:
        LabError: they have no known form; or are of a kind that is not shown here, which the message names.
    """
    if form := first_form(RULES, evidence):
        return form
    shapes = evidence.shapes
    told = ", ".join("×".join(map(str, s)) or "a number" for s in shapes[:8])
    if any(len(s) == 4 and min(s[2:]) >= LEAST_PICTURE and s[1] > 0 for s in shapes) and len(shapes) == 1:
        raise LabError(
            f"{evidence.title} answers with a picture or a map ({told}), as for segmentation, depth or style.",
            "Such networks are not shown here: choose a classifier or a detector.",
        )
    raise LabError(
        f"The outputs of {evidence.title} ({told}) have no form that is known here.",
        "Export it with one output a class, or with boxes as YOLO, SSD or YOLOX have them.",
    )
