"""Read a pickle as data, without Python's own machine for it, which would call whatever the file names.

A pickle is a small program. This reader knows the instructions that build numbers, texts, lists, tables and the
calls of a few named makers that the caller allows; anything else is refused by name. Nothing is imported, no
instruction takes more memory than the file is long, and keys of tables are plain texts and numbers.
"""

import pickletools
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Protocol, runtime_checkable

from inference.errors import ImportFailed

Maker = Callable[..., Any]

# What a broken file makes of the instructions below and of the makers. Warnings only where they are errors.
BROKEN = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, EOFError, Warning)

REFUSED = "Do not use this file: a file of weights has no need for it."

VALUES = frozenset(
    [
        "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
        "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
        "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
    ]
)  # fmt: skip
CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


@runtime_checkable
class Buildable(Protocol):
    """Something made by a maker that gets its contents afterwards."""

    def build(self, state: Any) -> None:
        """Take the contents."""
        ...


def read_pickle(
    file: BinaryIO, what: str, makers: Mapping[str, Maker], persistent: Maker | None = None
) -> Any:
    """The value of the pickle that starts at the file's position; afterwards the file stands behind it.

    Args:
        file: in memory: a length stated in the file may be absurd.
        what: the file's name, for messages.
        makers: "module name" as the pickle has it → what is called instead.
        persistent: called with the id of a value that lies outside of the pickle.

    Raises:
        ImportFailed: it is broken, or names something that is not allowed.
    """
    try:
        return _Machine(what, makers, persistent).run(file)
    except BROKEN as error:
        raise ImportFailed(
            f"{what} is broken, or no file of weights: {_short(error)}.", "Fetch the file again."
        ) from error


class _Machine:
    """The stack, the marks and the memory of one pickle."""

    def __init__(self, what: str, makers: Mapping[str, Maker], persistent: Maker | None) -> None:
        self._what, self._makers, self._persistent = what, makers, persistent
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []      # the stacks under the marks
        self._memory: dict[int, Any] = {}

    def run(self, file: BinaryIO) -> Any:
        for opcode, argument, _ in pickletools.genops(file):
            name = opcode.name
            if name == "STOP":
                break
            if name in VALUES:
                self._stack.append(argument)
            elif name in CONSTANTS:
                self._stack.append(CONSTANTS[name])
            elif name in TUPLES:
                self._stack.append(tuple(self._take(TUPLES[name])))
            else:
                step = STEPS.get(name)
                if step is None:
                    raise ImportFailed(f"{self._what} holds the pickle instruction {name}, which is refused.", REFUSED)
                step(self, argument)
        (value,) = self._stack
        return value

    def _take(self, count: int) -> list[Any]:
        if len(self._stack) < count:
            raise ValueError("a value is missing")
        taken = self._stack[-count:]
        del self._stack[-count:]
        return taken

    def _marked(self) -> list[Any]:
        """What lies above the last mark."""
        taken, self._stack = self._stack, self._below.pop()
        return taken

    def mark(self, _: Any) -> None:
        self._below.append(self._stack)
        self._stack = []

    def nothing(self, _: Any) -> None:
        pass

    def put(self, index: Any) -> None:
        self._memory[int(index)] = self._stack[-1]

    def memoize(self, _: Any) -> None:
        self._memory[len(self._memory)] = self._stack[-1]

    def get(self, index: Any) -> None:
        self._stack.append(self._memory[int(index)])

    def new_list(self, _: Any) -> None:
        self._stack.append([])

    def new_dict(self, _: Any) -> None:
        self._stack.append({})

    def close_tuple(self, _: Any) -> None:
        items = self._marked()
        self._stack.append(tuple(items))

    def append(self, _: Any) -> None:
        (item,) = self._take(1)
        self._list().append(item)

    def appends(self, _: Any) -> None:
        items = self._marked()
        self._list().extend(items)

    def set_item(self, _: Any) -> None:
        self._fill(self._take(2))

    def set_items(self, _: Any) -> None:
        self._fill(self._marked())

    def _list(self) -> list[Any]:
        target = self._stack[-1]
        if not isinstance(target, list):
            raise TypeError("an item without its list")
        return target

    def _fill(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, dict):
            raise TypeError("an entry without its table")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, str | int):   # the hash of a deeply nested tuple never ends
                raise TypeError("a key of a table is neither a text nor a number")
            target[key] = value

    def find(self, name: Any) -> None:
        if name not in self._makers:
            raise ImportFailed(f"{self._what} asks for {_plain(name)}, which is refused.", REFUSED)
        self._stack.append(_Callee(self._makers[name]))

    def find_on_stack(self, _: Any) -> None:
        module, name = self._take(2)
        self.find(f"{module if isinstance(module, str) else '?'} {name if isinstance(name, str) else '?'}")

    def reduce(self, _: Any) -> None:
        callee, arguments = self._take(2)
        if not isinstance(callee, _Callee) or not isinstance(arguments, tuple):
            raise TypeError("a call of something that cannot be called")
        self._stack.append(callee.maker(*arguments))

    def build(self, _: Any) -> None:
        (state,) = self._take(1)
        target = self._stack[-1]
        if isinstance(target, Buildable):
            target.build(state)
        elif not isinstance(target, dict):   # attributes of an ordered table: of no use here
            raise TypeError("contents for something that takes none")

    def outside(self, _: Any) -> None:
        (identity,) = self._take(1)
        if self._persistent is None:
            raise ValueError("a value outside of the pickle")
        self._stack.append(self._persistent(identity))


class _Callee:
    """A maker on the stack; wrapped, so that no text or table of the file is ever taken for one."""

    def __init__(self, maker: Maker) -> None:
        self.maker = maker


STEPS: dict[str, Callable[[_Machine, Any], None]] = {
    "PROTO": _Machine.nothing,
    "FRAME": _Machine.nothing,
    "MARK": _Machine.mark,
    "PUT": _Machine.put,
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": _Machine.memoize,
    "GET": _Machine.get,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "EMPTY_LIST": _Machine.new_list,
    "EMPTY_DICT": _Machine.new_dict,
    "TUPLE": _Machine.close_tuple,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "GLOBAL": _Machine.find,
    "STACK_GLOBAL": _Machine.find_on_stack,
    "REDUCE": _Machine.reduce,
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.outside,
}


def _plain(name: object) -> str:
    """A name out of a file, safe to show: "module name" as module.name, control characters escaped."""
    return repr(str(name)[:80].replace(" ", "."))


def _short(error: BaseException) -> str:
    """The reason of an error of the standard library, at most a line."""
    text = str(error).strip().splitlines()[0][:120].rstrip(".") if str(error).strip() else ""
    return text or "it ends too early"
