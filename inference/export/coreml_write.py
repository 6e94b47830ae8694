"""The only module that knows coremltools. It is run in a process of its own: see inference.export.coreml.

coremltools takes half a second to import, gigabytes to convert a large network, and cannot be stopped.
"""

import errno
import json
import logging
import os
import shutil
import stat
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.errors import ExportFailed
from inference.export.prepare import CONFIDENCE, COORDINATES, IMAGE, PICTURE, PROBABILITIES

log = logging.getLogger(__name__)

LABEL, LABEL_PROBABILITIES = "classLabel", "classLabelProbs"
# Passes of coremltools 9.0 that change what is computed: the first makes a batch normalisation of a multiplication and
# an addition and divides by sqrt(1 + 1e-5); the others multiply by a rounded 1 / y, which moves what is rounded next.
INEXACT = {"common::fuse_elementwise_to_batchnorm", "common::divide_to_multiply", "common::fuse_conv_scale"}
LITTLE = 1 << 20          # bytes left on a disk that is full
SMALL = 512               # weights of fewer numbers stay as they are
IOU, LEAST = 0.45, 0.25   # thresholds of the pipeline form, unless the app says otherwise


@dataclass(frozen=True, slots=True)
class Job:
    """One package to write."""

    network: Path                  # the prepared ONNX file
    target: Path                   # the package: a folder, or one file for "mlmodel"
    order: str                     # of colours: RGB, BGR or GRAY
    labels: tuple[str, ...]        # unique
    classifier: bool
    precision: str                 # of inference.export.settings.PRECISIONS
    deployment: str                # of TARGETS
    format: str                    # of FORMATS
    pipeline: bool                 # suppression inside
    described: dict[str, str]      # author, license, short_description, version
    metadata: dict[str, str]       # user-defined


def write(job: Job) -> None:
    """Convert and save.

    Raises:
        ExportFailed: the network cannot be converted; unknown operators are named, all at once.
    """
    with _quiet():
        import coremltools as ct

        program = _program(job, ct)
        try:
            model = _compressed(job, _converted(job, program, ct), ct)
            if job.pipeline:
                model = _with_suppression(job, model, ct)
            for key, value in job.described.items():
                setattr(model, key, value)
            model.user_defined_metadata.update(job.metadata)
            model.save(str(job.target))
            _repeatable(job.target, ct)
        except OSError:
            raise
        except Exception as error:   # the boundary to a library that raises whatever its parts raise
            if shutil.disk_usage(job.target.parent).free < LITTLE:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
            log.debug("%s", job.target, exc_info=True)
            raise ExportFailed(
                f"coremltools cannot write it as {job.format}, {job.deployment}, {job.precision}: {_first(error)}.",
                "Try another --format, --target or --precision.",
            ) from error
    _readable(job.target)


def _first(error: BaseException) -> str:
    """The beginning of what a library says, on one line."""
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the libraries have to say about parts that Linux has not, and about their progress."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    os.environ["TQDM_DISABLE"] = "1"
    try:
        with warnings.catch_warnings(), open(os.devnull, "w") as nothing, redirect_stdout(nothing):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _program(job: Job, ct: Any) -> Any:
    """The network as a MIL program."""
    import onnx
    from onnx2coreml import Converter
    from onnx2coreml.errors import Onnx2CoreMLError, UnsupportedOpError

    from inference.export.lowerings import register

    converter = Converter()
    register(converter)
    deployment = "iOS15" if job.format == "mlmodel" else job.deployment
    try:
        return converter.to_mil(onnx.load(str(job.network)), target=getattr(ct.target, deployment))
    except UnsupportedOpError as error:
        names = ", ".join(sorted(error.missing))
        raise ExportFailed(
            f"Core ML has no form for these operators here: {names}.", "Export another form of the network."
        ) from error
    except Onnx2CoreMLError as error:
        raise ExportFailed(f"The network cannot be written for Core ML: {_first(error)}.") from error


def _converted(job: Job, program: Any, ct: Any) -> Any:
    shape = tuple(program.functions["main"].inputs[IMAGE].shape)
    layout = {"RGB": ct.colorlayout.RGB, "BGR": ct.colorlayout.BGR, "GRAY": ct.colorlayout.GRAYSCALE}[job.order]
    given: dict[str, Any] = {
        "inputs": [ct.ImageType(name=IMAGE, shape=shape, color_layout=layout)], "skip_model_load": True,
    }  # fmt: skip
    if job.classifier:
        given["classifier_config"] = ct.ClassifierConfig(
            list(job.labels), predicted_feature_name=LABEL, predicted_probabilities_output=PROBABILITIES
        )
    if job.format == "mlmodel":
        given["convert_to"] = "neuralnetwork"
    else:
        exact = job.precision == "fp32"
        given |= {
            "convert_to": "mlprogram", "minimum_deployment_target": getattr(ct.target, job.deployment),
            "compute_precision": ct.precision.FLOAT32 if exact else _half(ct),
        }  # fmt: skip
        if not job.classifier:   # from iOS 16 on they would be half precision, which suppression does not take
            import numpy as np

            given["outputs"] = [ct.TensorType(name=name, dtype=np.float32) for name in (COORDINATES, CONFIDENCE)]
    given["pass_pipeline"] = ct.PassPipeline.DEFAULT
    given["pass_pipeline"].remove_passes(INEXACT)
    return ct.convert(program, **given)


def _half(ct: Any) -> Any:
    """Half precision but for the picture itself: a mean of 104.006 would be 104 there."""
    return ct.transform.FP16ComputePrecision(op_selector=lambda op: not op.name.startswith(PICTURE))


def _compressed(job: Job, model: Any, ct: Any) -> Any:
    """Weights in fewer bits, where asked for."""
    if job.format == "mlmodel":
        from coremltools.models.neural_network import quantization_utils

        bits = {"fp16": 16, "int8": 8}.get(job.precision)
        if bits is None:
            return model
        made = quantization_utils.quantize_weights(model, nbits=bits, selector=_weights_only(quantization_utils))
        return made if hasattr(made, "save") else ct.models.MLModel(made, skip_model_load=True)
    if job.precision in ("fp32", "fp16"):
        return model
    from coremltools.optimize import coreml as smaller

    if job.precision == "int8":
        linear = smaller.OpLinearQuantizerConfig(mode="linear_symmetric", weight_threshold=SMALL)
        return smaller.linear_quantize_weights(model, smaller.OptimizationConfig(op_type_configs=_products(linear)))
    from inference.export.palette import nearest_of

    bits = int(job.precision.removeprefix("palette"))
    table = smaller.OpPalettizerConfig(mode="custom", lut_function=nearest_of(bits), weight_threshold=SMALL)
    return smaller.palettize_weights(model, smaller.OptimizationConfig(op_type_configs=_products(table)))


def _products(how: Any) -> dict[str, Any]:
    """Only weights of products are made smaller: means, deviations and anchors keep their precision."""
    return dict.fromkeys(("conv", "conv_transpose", "linear", "matmul"), how)


def _weights_only(utils: Any) -> Any:
    """Convolutions and inner products: means, deviations and anchors keep their precision."""

    class Selector(utils.QuantizedLayerSelector):   # type: ignore[misc]
        def do_quantize(self, layer: Any, **more: Any) -> bool:
            if layer.WhichOneof("layer") not in ("convolution", "innerProduct", "batchedMatmul"):
                return False
            return bool(super().do_quantize(layer, **more))

    return Selector()


def _with_suppression(job: Job, model: Any, ct: Any) -> Any:
    """A pipeline that ends in Core ML's own suppression, for VNRecognizedObjectObservation."""
    network = model.get_spec()
    sizes = {out.name: list(out.type.multiArrayType.shape) for out in network.description.output}
    boxes, classes = sizes[COORDINATES][0], len(job.labels)
    spec = ct.proto.Model_pb2.Model()
    spec.specificationVersion = max(5, network.specificationVersion)
    spec.description.input.extend(network.description.input)
    for name, usual in (("iouThreshold", IOU), ("confidenceThreshold", LEAST)):
        value = spec.description.input.add()
        value.name, value.shortDescription = name, f"{usual} unless given"
        value.type.doubleType.SetInParent()
        value.type.isOptional = True
    nms = ct.proto.Model_pb2.Model()
    nms.specificationVersion = 5
    for name, width in ((CONFIDENCE, classes), (COORDINATES, 4)):
        given = nms.description.input.add()
        given.name = f"raw_{name}"
        given.type.multiArrayType.dataType = ct.proto.FeatureTypes_pb2.ArrayFeatureType.FLOAT32
        given.type.multiArrayType.shape.extend([boxes, width])
        for out in (nms.description.output.add(), spec.description.output.add()):
            out.name = name
            out.type.multiArrayType.dataType = ct.proto.FeatureTypes_pb2.ArrayFeatureType.FLOAT32
            for low, high in ((0, -1), (width, width)):
                size = out.type.multiArrayType.shapeRange.sizeRanges.add()
                size.lowerBound, size.upperBound = low, high
    for name in ("iouThreshold", "confidenceThreshold"):
        given = nms.description.input.add()
        given.name = name
        given.type.doubleType.SetInParent()
        given.type.isOptional = True
    rule = nms.nonMaximumSuppression
    rule.confidenceInputFeatureName, rule.coordinatesInputFeatureName = f"raw_{CONFIDENCE}", f"raw_{COORDINATES}"
    rule.confidenceOutputFeatureName, rule.coordinatesOutputFeatureName = CONFIDENCE, COORDINATES
    rule.iouThresholdInputFeatureName, rule.confidenceThresholdInputFeatureName = "iouThreshold", "confidenceThreshold"
    rule.iouThreshold, rule.confidenceThreshold = IOU, LEAST
    rule.pickTop.perClass = True
    rule.stringClassLabels.vector.extend(job.labels)
    for old in (CONFIDENCE, COORDINATES):
        ct.utils.rename_feature(network, old, f"raw_{old}", rename_inputs=False)
    spec.pipeline.models.extend([network, nms])
    spec.pipeline.names.extend(["network", "suppression"])
    return ct.models.MLModel(spec, weights_dir=model.weights_dir, skip_model_load=True)


def _repeatable(target: Path, ct: Any) -> None:
    """The same bytes whenever the same network is written: maps in order, no random identifiers."""
    data = target / "Data" / "com.apple.CoreML"
    path = data / "model.mlmodel" if target.is_dir() else target
    spec = ct.proto.Model_pb2.Model()
    spec.ParseFromString(path.read_bytes())
    path.write_bytes(spec.SerializeToString(deterministic=True))
    if target.is_dir():
        manifest = target / "Manifest.json"
        about = json.loads(manifest.read_text("utf-8"))
        items = about["itemInfoEntries"]
        names = {old: str(uuid.uuid5(uuid.NAMESPACE_URL, item["path"])) for old, item in items.items()}
        about["rootModelIdentifier"] = names[about["rootModelIdentifier"]]
        about["itemInfoEntries"] = {names[old]: item for old, item in items.items()}
        manifest.write_text(json.dumps(about, indent=4, sort_keys=True) + "\n", encoding="utf-8")


def _readable(target: Path) -> None:
    """Saved files are 0600, which no build system and no colleague can read."""
    for path in [target, *target.rglob("*")] if target.is_dir() else [target]:
        path.chmod(path.stat().st_mode | stat.S_IRGRP | stat.S_IROTH | (stat.S_IXGRP | stat.S_IXOTH) * path.is_dir())
