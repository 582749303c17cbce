"""From a notebook that works to a production ML pipeline that provably computes the same."""
