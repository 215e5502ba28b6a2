"""Verification: what a binarized network says to every input of a region, counted or proved.

Y. Zhang, Z. Zhao, G. Chen, F. Song and T. Chen, "BDD4BNN: A BDD-based quantitative analysis framework for binarized
neural networks", CAV 2021. Inputs are bits; an input that is set counts +1 in every sum.
"""
