"""Makes docs/window.png: the window at work on the sample reel, as README shows it. Run by `make screenshot`."""

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
SETTLE_S = 16   # until the plot has something to show
FIRST_S = 3     # into the first picture of the reel, which every network knows


def main() -> int:
    """Open the window, wait until every network answers, save what it shows."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LINEUP_CONFIG"] = folder   # not with the settings of whoever runs it
        from PySide6.QtCore import QTimer

        from gui.main import application, build
        from gui.settings import Settings
        from inference.options import Options
        from models import load_catalog

        app = application()
        window = build(Options(source="reel"), load_catalog(), Settings())
        window.resize(1600, 1000)
        window.show()

        def save() -> None:
            answers = [lane.latest.prediction.labels if lane.latest else () for lane in window.desk.session.lanes]
            if all(answers):   # the detector has found something, too
                window.grab().save(str(HERE / "window.png"))
                window.close()
                app.quit()
            else:
                QTimer.singleShot(200, save)

        def begin_anew() -> None:
            window.desk.open_source("reel")
            QTimer.singleShot(FIRST_S * 1000, save)

        QTimer.singleShot(SETTLE_S * 1000, begin_anew)
        return app.exec()


if __name__ == "__main__":
    sys.exit(main())
