"""Shows progress on standard error: a moving line on a terminal, one line a piece of work elsewhere."""

import threading
from types import TracebackType

from rich.console import Console
from rich.markup import escape

from podium.progress import Progress, listen


class Terminal:
    """Shows what is being worked on until it is closed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = console.status("starting") if console.is_terminal else None
        self._last = ""
        self._lock = threading.Lock()

    def __enter__(self) -> "Terminal":
        self._stop = listen(self.show)
        if self._status:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        if self._status:
            self._status.stop()

    def show(self, step: Progress) -> None:
        """Show one step of work."""
        count = f" {step.done}/{step.total}" if step.total else ""
        with self._lock:
            if self._status:
                self._status.update(f"{step.work}{count} [dim]{escape(step.detail)}[/dim]")
            elif step.work != self._last or step.done == step.total > 0:
                self._last = step.work
                self._console.print(f"{step.work}{count}", highlight=False, markup=False)
