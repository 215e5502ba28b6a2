"""Graph networks on bits: graphs, their data sets, GCN and GraphSAGE in float and binarized, codes and layouts."""
