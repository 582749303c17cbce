"""Kernels for jobs: forked from warm servers, each under a keeper that ends all that it started.

Order --fork server of that environment (zygote)--> keeper --> kernel --> what cells start
  our process holds a Leash to the keeper: when it is let go, everything below the keeper is killed
"""
