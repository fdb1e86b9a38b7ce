"""The `notification` frame: the inbox has something new. Pure.

The tenant's stream is one for all its people, so the frame carries no words; a page asks for them in its reader's language.
"""

from darkroom_contracts.event import Event
from darkroom_servicekit.stages import Received

from darkroom_notifier.frames import Frame
from darkroom_notifier.inbox.kinds import notification_of


def notification_frames(received: Received[Event]) -> tuple[Frame, ...]:
    """The frame of an event's notification, if it has one."""
    found = notification_of(received)
    if found is None:
        return ()
    job = {} if found.job_id is None else {"jobId": found.job_id}
    return (Frame("notification", {"id": str(found.id), "kind": found.told.kind, "data": found.told.data} | job),)
