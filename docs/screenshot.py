"""Makes docs/stage.png, grid.png, table.png, bench.png, chart.png and digits.png: the views, and some panes.

Run by `make screenshot`.
"""

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
SETTLE_S = 16   # until the plot has something to show
FIRST_S = 3     # into the first picture of the reel, which every network knows
AGAIN_S = 1     # until a view that was just chosen has painted all


def main() -> int:
    """Open the window, wait until every network answers, save what each view shows."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LINEUP_CONFIG"] = folder   # not with the settings of whoever runs it
        from PySide6.QtCore import QTimer

        from gui.main import application, build
        from gui.settings import Settings
        from gui.stage.views import VIEWS
        from inference.options import Options
        from models import load_catalog

        app = application()
        window = build(Options(source="reel"), load_catalog(), Settings())
        window.resize(1600, 1000)
        window.show()
        left = list(VIEWS)

        def save() -> None:
            answers = [lane.latest.prediction.labels if lane.latest else () for lane in window.desk.session.lanes]
            if not all(answers):   # the detector has found something, too
                QTimer.singleShot(200, save)
                return
            window.grab().save(str(HERE / f"{left.pop(0)}.png"))
            if left:
                window.show_view(left[0])
                QTimer.singleShot(AGAIN_S * 1000, save)
            else:
                window.show_view("stage")
                window.show_pane("bench")
                QTimer.singleShot(AGAIN_S * 1000, measure)

        def measure() -> None:
            pane = window.deck.pane
            pane.memory.setChecked(False)
            pane.benching.ended.connect(lambda: QTimer.singleShot(AGAIN_S * 1000, chart))
            pane.measure()

        def chart() -> None:
            window.grab().save(str(HERE / "bench.png"))
            window.show_pane("chart")
            QTimer.singleShot(FIRST_S * 1000, digits)

        def digits() -> None:
            window.grab().save(str(HERE / "chart.png"))
            window.desk.show_line_up("digits")
            window.desk.open_source("digits")
            window.show_pane("digits")
            QTimer.singleShot(FIRST_S * 1000, lambda: window.deck.pane.take())
            QTimer.singleShot((FIRST_S + AGAIN_S) * 1000, last)

        def last() -> None:
            window.grab().save(str(HERE / "digits.png"))
            window.close()
            app.quit()

        def begin_anew() -> None:
            window.desk.open_source("reel")
            QTimer.singleShot(FIRST_S * 1000, save)

        QTimer.singleShot(SETTLE_S * 1000, begin_anew)
        return app.exec()


if __name__ == "__main__":
    sys.exit(main())
