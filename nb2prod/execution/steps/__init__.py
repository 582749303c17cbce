"""Step executors: each carries out calls of the runner (runtime/steps/calls.py) in fresh processes under a keeper.

StepCall --fork server of the project (server.py)--> keeper --> step --> what it starts
  whoever asked holds a Leash to the keeper: when it is let go, everything below the keeper is killed
"""
