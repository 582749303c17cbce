"""What runs in the environment of a kernel: by that environment's Python, which need not have nb2prod.

Of the standard library alone (and ipykernel, where kernels are forked), for Python 3.9 and newer. The folder is run by
its path: `python FOLDER zygote ...` or `python FOLDER keep`; its name is one that no notebook imports.
"""
