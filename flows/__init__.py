"""The flows of Podium: each reads as its story, and holds no arithmetic of its own."""
