"""The notification block that automations tell, and what to say while there is none: it needs no Prefect."""

BLOCK = "podium-alerts"
"""Name of the block, of whatever kind."""
UNTOLD = "Prefect tells nobody of failed, crashed, late and stuck runs, of degradation, drift and a broken chain"
MEND = (
    f"save a notification block named {BLOCK} and register again (docs/alerts.md), "
    "PREFECT_API_URL being this server's: "
    'python -c "from getpass import getpass; from prefect.blocks.notifications import SlackWebhook; '
    f"SlackWebhook(url=getpass('address: ')).save('{BLOCK}')\""
)
