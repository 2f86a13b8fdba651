"""BibTeX of the DARTS space."""

DARTS_SPACE_BIBTEX = """@inproceedings{liu2019darts,
  title = {DARTS: Differentiable Architecture Search},
  author = {Liu, Hanxiao and Simonyan, Karen and Yang, Yiming},
  booktitle = {International Conference on Learning Representations},
  year = {2019},
  eprint = {1806.09055},
  archiveprefix = {arXiv}
}"""
