"""The figures that Podium claims, each as a command that compares two things side by side in one run."""
