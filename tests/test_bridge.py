"""Many wake-ups from many threads become few signals without payload."""

from threading import Thread

from gui.bridge import Bridge


def test_a_wake_up_arrives(qtbot):
    bridge = Bridge()
    with qtbot.waitSignal(bridge.changed, timeout=2000):
        bridge.wake()


def test_a_thousand_wake_ups_while_the_window_is_busy_are_one(qtbot):
    bridge = Bridge()
    seen = []
    bridge.changed.connect(lambda: seen.append(1))
    threads = [Thread(target=lambda: [bridge.wake() for _ in range(250)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == []                      # nothing ran in another thread
    qtbot.waitUntil(lambda: bool(seen), timeout=2000)
    qtbot.wait(1)
    assert 1 <= len(seen) <= len(threads)  # as many as may have seen the flag at the same moment


def test_what_comes_after_the_look_wakes_again(qtbot):
    bridge = Bridge()
    seen = []
    bridge.changed.connect(lambda: seen.append(1))
    bridge.wake()
    qtbot.waitUntil(lambda: len(seen) == 1, timeout=2000)
    bridge.wake()
    qtbot.waitUntil(lambda: len(seen) == 2, timeout=2000)


def test_after_the_end_nothing_arrives(qtbot):
    """A window that is closed must not be told of what its session's threads did last."""
    bridge = Bridge()
    seen = []
    bridge.changed.connect(lambda: seen.append(1))
    bridge.wake()
    qtbot.waitUntil(lambda: len(seen) == 1, timeout=2000)
    bridge.wake()   # it waits for the rest to be over
    bridge.stop()
    bridge.wake()
    qtbot.wait(3 * bridge.rest_ms)
    assert len(seen) == 1
