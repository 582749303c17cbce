"""What steps gave: how it is bundled, where it is kept, and when it is used again."""
