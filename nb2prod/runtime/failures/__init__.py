"""What goes wrong: what is worth another try, who is told, and how it is looked at again."""
