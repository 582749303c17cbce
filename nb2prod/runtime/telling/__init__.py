"""What is seen of steps and said of runs, without a line in the user's code."""
