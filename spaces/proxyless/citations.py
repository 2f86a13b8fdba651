"""BibTeX of the space, and of the search that it is taken from."""

PROXYLESS_BIBTEX = """@inproceedings{cai2019proxylessnas,
  title = {{ProxylessNAS}: Direct Neural Architecture Search on Target Task and Hardware},
  author = {Cai, Han and Zhu, Ligeng and Han, Song},
  booktitle = {International Conference on Learning Representations},
  year = {2019}
}

@inproceedings{vahdat2020unas,
  title = {UNAS: Differentiable Architecture Search Meets Reinforcement Learning},
  author = {Vahdat, Arash and Mallya, Arun and Liu, Ming-Yu and Kautz, Jan},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  year = {2020},
  eprint = {1912.07651},
  archiveprefix = {arXiv}
}"""
