"""BibTeX of the papers that methods are written from; what the sources do not tell is left out."""

DARTS_BIBTEX = """@inproceedings{liu2019darts,
  title = {DARTS: Differentiable Architecture Search},
  author = {Liu, Hanxiao and Simonyan, Karen and Yang, Yiming},
  booktitle = {International Conference on Learning Representations},
  year = {2019},
  eprint = {1806.09055},
  archiveprefix = {arXiv}
}"""
DRNAS_BIBTEX = """@inproceedings{chen2021drnas,
  title = {DrNAS: Dirichlet Neural Architecture Search},
  author = {Chen, Xiangning and Wang, Ruochen and Cheng, Minhao and Tang, Xiaocheng
            and Hsieh, Cho-Jui},
  booktitle = {International Conference on Learning Representations},
  year = {2021},
  eprint = {2006.10355},
  archiveprefix = {arXiv}
}"""
UNAS_BIBTEX = """@inproceedings{vahdat2020unas,
  title = {UNAS: Differentiable Architecture Search Meets Reinforcement Learning},
  author = {Vahdat, Arash and Mallya, Arun and Liu, Ming-Yu and Kautz, Jan},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  year = {2020},
  eprint = {1912.07651},
  archiveprefix = {arXiv}
}"""
EDAS_BIBTEX = """@article{hong2019edas,
  title = {EDAS: Efficient and Differentiable Architecture Search},
  author = {Hong and Ahn and Kim},
  journal = {arXiv preprint arXiv:1912.01237},
  year = {2019}
}"""
GDAS_BIBTEX = """@inproceedings{dong2019gdas,
  title = {Searching for a Robust Neural Architecture in Four GPU Hours},
  author = {Dong, Xuanyi and Yang, Yi},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  year = {2019},
  eprint = {1910.04465},
  archiveprefix = {arXiv}
}"""
REINMAX_BIBTEX = """@inproceedings{liu2023reinmax,
  title = {Bridging Discrete and Backpropagation: Straight-Through and Beyond},
  author = {Liu, Liyuan and Dong, Chengyu and Liu, Xiaodong and Yu, Bin and Gao, Jianfeng},
  booktitle = {Advances in Neural Information Processing Systems},
  year = {2023},
  eprint = {2304.08612},
  archiveprefix = {arXiv}
}"""
SNAS_BIBTEX = """@inproceedings{xie2019snas,
  title = {SNAS: Stochastic Neural Architecture Search},
  author = {Xie, Sirui and Zheng, Hehui and Liu, Chunxiao and Lin, Liang},
  booktitle = {International Conference on Learning Representations},
  year = {2019},
  eprint = {1812.09926},
  archiveprefix = {arXiv}
}"""
RANDOM_BIBTEX = """@inproceedings{li2019random,
  title = {Random Search and Reproducibility for Neural Architecture Search},
  author = {Li, Liam and Talwalkar, Ameet},
  booktitle = {Conference on Uncertainty in Artificial Intelligence},
  year = {2019},
  eprint = {1902.07638},
  archiveprefix = {arXiv}
}"""
REA_BIBTEX = """@inproceedings{real2019regularized,
  title = {Regularized Evolution for Image Classifier Architecture Search},
  author = {Real, Esteban and Aggarwal, Alok and Huang, Yanping and Le, Quoc V.},
  booktitle = {AAAI Conference on Artificial Intelligence},
  year = {2019},
  eprint = {1802.01548},
  archiveprefix = {arXiv}
}"""
REINFORCE_BIBTEX = """@article{williams1992simple,
  title = {Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement
           Learning},
  author = {Williams, Ronald J.},
  journal = {Machine Learning},
  year = {1992}
}"""
