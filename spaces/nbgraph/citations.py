"""BibTeX of NAS-Bench-Graph."""

NBGRAPH_BIBTEX = """@inproceedings{qin2022nasbenchgraph,
  title = {{NAS-Bench-Graph}: Benchmarking Graph Neural Architecture Search},
  author = {Qin, Yijian and Zhang, Ziwei and Wang, Xin and Zhang, Zeyang and Zhu, Wenwu},
  booktitle = {Advances in Neural Information Processing Systems, Datasets and Benchmarks Track},
  year = {2022}
}"""
