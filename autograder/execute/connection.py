"""What Jupyter needs to start a kernel and to talk to it, as far as it differs from Jupyter's own."""

from __future__ import annotations

from typing import Any

import traitlets
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.session import Session

from autograder.execute.border import Border
from autograder.execute.warm import Start, Template


class OneKernelSpec(KernelSpecManager):  # type: ignore[misc]
    """Offers exactly one kernel: the one with the given command line and provisioner."""

    def __init__(self, argv: list[str], provisioner: str) -> None:
        super().__init__()
        self._argv = argv
        self._provisioner = provisioner

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the only kernel there is, under any name."""
        # The process is the sandbox, so a signal would not reach the kernel: interrupt it by message.
        return KernelSpec(
            argv=self._argv,
            display_name=kernel_name,
            language="python",
            interrupt_mode="message",
            metadata={"kernel_provisioner": {"provisioner_name": self._provisioner}},
        )


class _CountingSession(Session):  # type: ignore[misc]
    """Tells the border which messages were read."""

    border = traitlets.Instance(Border)  # a trait, so that the clients' copies of the session have it too

    def feed_identities(self, msg_list: Any, copy: bool = True) -> Any:  # noqa: FBT001, FBT002 (Jupyter's)
        self.border.has_read(msg_list)
        return super().feed_identities(msg_list, copy)


class Manager(AsyncKernelManager):  # type: ignore[misc]
    """Also knows how to fork a kernel; see `WarmProvisioner`."""

    template: Template | None = None
    start: Start | None = None

    def _session_default(self) -> Session:
        return _CountingSession(parent=self)


class Connection(AsyncKernelClient):  # type: ignore[misc]
    """Does without a heartbeat: the manager sees the process itself."""

    def start_channels(self, *args: Any, **kwargs: Any) -> None:
        """Start all channels but the heartbeat."""
        super().start_channels(*args, **{**kwargs, "hb": False})
