"""Orders of customers"""
