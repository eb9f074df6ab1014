"""Looks whether there is an address to tell at for each channel of the configuration; nothing is sent."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from configs.alerts import AlertsSection, ChannelSection
from deployments.doctor.asking import LOOK, get, prefect_headers, read
from podium.errors import first_line
from podium.health import Health
from tasks.effects.bounded import within

TRY = "podium alerts test sends to it"


def channels(section: AlertsSection, api: str | None) -> list[Health]:
    """Look at every channel. Blocks are asked for at the Prefect server ``api``."""
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(_channel, f"alerts {name}", channel, api) for name, channel in section.channels.items()]
        return [one.result() for one in asked]


def _channel(name: str, channel: ChannelSection, api: str | None) -> Health:
    if channel.block:
        return _block(name, channel.block, api)
    variable = channel.url_env or ""
    try:
        problem = within(LOOK, lambda: _problem(channel))
    except Exception as error:
        problem = first_line(error)
    if problem:
        mend = f"set {variable} to an address of docs/alerts.md for whatever is to tell: podium up, a worker, a command"
        return Health(name, "fail", f"nobody is told: {problem}", mend)
    return Health(name, "pass", f"{variable} holds an address; {TRY}")


def _problem(channel: ChannelSection) -> str:
    # What sends to services is a library that takes long to import.
    from tasks.effects.delivery import deliver

    return deliver(channel, None).problem or ""


def _block(name: str, reference: str, api: str | None) -> Health:
    """Look for a block, where commands would find it."""
    if api is None:
        said = f"the block {reference} is not looked for: no Prefect server runs that would keep it"
        return Health(name, "warn", said, f"none needed if it is there: {TRY}")
    kind, _, own = reference.partition("/")
    where = f"{api.rstrip('/')}/block_types/slug/{quote(kind)}/block_documents/name/{quote(own)}"
    found = get(where, prefect_headers())
    if found.status == 200 and "id" in read(found.body):
        return Health(name, "pass", f"Prefect's server has the block {reference}; {TRY}")
    if found.status == 404:
        said = f"nobody is told: Prefect's server has no block {reference}"
        return Health(name, "fail", said, "make it as docs/alerts.md shows, or mend its name")
    return Health(name, "fail", f"the block {reference} is not read: {found.problem or found.status}", "see prefect")
