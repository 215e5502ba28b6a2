"""Tensor trains of weight matrices in numpy: shapes, cores, decompositions, the paper's arithmetic. Never torch."""
