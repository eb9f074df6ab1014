"""What runs in CI: previews of promotions on pull requests, releases on merge."""
