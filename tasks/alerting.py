"""Tries the channels of a configuration: each gets a test message, whatever it was told before."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.alerts import ChannelSection
from podium.alerts import Message
from podium.receipts import Delivery
from tasks.effects.delivery import deliver


@task(cache_policy=NO_CACHE)
def send_test(name: str, channel: ChannelSection, message: Message, dry_run: bool = False) -> Delivery:
    """Send a test message and return whether it arrived; in a dry run only see whether there is an address to use."""
    source = f"block {channel.block}" if channel.block else f"variable {channel.url_env}"
    return Delivery(name, source, channel.minimum, deliver(channel, None if dry_run else message).problem)
