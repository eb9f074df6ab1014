"""What pickles write of a time zone: an attribute of its class, called with a name. It is noted, and never made.

``zoneinfo`` pickles a zone as ``getattr(ZoneInfo, "_unpickle")(key, from_cache)``, which would read the file of a time
zone. No answer needs one, so neither is called: both are stood in for, and must have just this form.
"""

import re
from typing import Any

from podium.stand_ins import Made, Name
from podium.streams import SuspectError

ATTRIBUTE, ZONE, MAKER = "builtins.getattr", "zoneinfo.ZoneInfo", "_unpickle"
KEY = re.compile(r"[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,3}")
"""The name of a zone, such as ``America/Argentina/Buenos_Aires``: no path leads out of a folder by it."""


def makes_zones(made: Any) -> bool:
    """Whether something that a pickle makes is the attribute that makes time zones, which was judged when asked for."""
    known = isinstance(made, Made) and isinstance(made.by, Name) and made.by.full == ATTRIBUTE
    return known and isinstance(made.given[0], Name)


def require_maker(owner: str, given: Any) -> None:
    """Return if an attribute is asked for as of a time zone. ``owner`` is the full name of the first of ``given``.

    Raises:
        SuspectError: it is of anything else.
    """
    told = isinstance(given, tuple) and len(given) == 2 and type(given[1]) is str
    if not (told and owner == ZONE and given[1] == MAKER):
        raise SuspectError(f"it calls {ATTRIBUTE}, which models do for time zones and for a method of their own")


def require_zone(given: Any) -> None:
    """Return if a time zone is made of its name, and of whether it is one of those that are remembered.

    Raises:
        SuspectError: it is made of anything else.
    """
    told = isinstance(given, tuple) and len(given) == 2 and type(given[0]) is str and type(given[1]) in {bool, int}
    if not (told and KEY.fullmatch(given[0])):
        raise SuspectError("it makes a time zone of something else than its name")
