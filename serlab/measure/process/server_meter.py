"""CPU time and memory of the server's process, read from outside; nothing where its process is not on this machine."""

from __future__ import annotations

from pathlib import Path

import psutil


class ServerMeter:
    """Reads what a server spends between two moments. All readings are None without a ``pid`` or a readable process."""

    def __init__(self, pid: int | None) -> None:
        try:
            self._process = psutil.Process(pid) if pid else None
        except psutil.Error:
            self._process = None

    def cpu_s(self) -> float | None:
        """CPU seconds of all the server's threads so far, user and system."""
        try:
            times = self._process.cpu_times() if self._process else None
        except psutil.Error:
            return None
        return times.user + times.system if times else None

    def rss_bytes(self) -> int | None:
        """Resident memory right now."""
        try:
            return int(self._process.memory_info().rss) if self._process else None
        except psutil.Error:
            return None

    def reset_peak(self) -> None:
        """Let the kernel's high-water mark start again from here (proc(5): 5 to clear_refs), where it can be done."""
        if self._process:
            try:
                Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")
            except OSError:
                return

    def peak_rss_bytes(self) -> int | None:
        """Highest resident memory since the last reset: VmHWM on Linux, the present value elsewhere."""
        if not self._process:
            return None
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return self.rss_bytes()
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        return self.rss_bytes()
