"""State that no argument shows"""
