"""Functions that read what the cells made"""
