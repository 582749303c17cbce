"""Magics, and what becomes of them"""
