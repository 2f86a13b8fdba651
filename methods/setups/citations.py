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
PCDARTS_BIBTEX = """@inproceedings{xu2020pcdarts,
  title = {PC-DARTS: Partial Channel Connections for Memory-Efficient Architecture Search},
  author = {Xu, Yuhui and Xie, Lingxi and Zhang, Xiaopeng and Chen, Xin and Qi, Guo-Jun
            and Tian, Qi and Xiong, Hongkai},
  booktitle = {International Conference on Learning Representations},
  year = {2020},
  eprint = {1907.05737},
  archiveprefix = {arXiv}
}"""
SDARTS_BIBTEX = """@inproceedings{chen2020sdarts,
  title = {Stabilizing Differentiable Architecture Search via Perturbation-based Regularization},
  author = {Chen, Xiangning and Hsieh, Cho-Jui},
  booktitle = {International Conference on Machine Learning},
  year = {2020},
  eprint = {2002.05283},
  archiveprefix = {arXiv}
}"""
FAIRDARTS_BIBTEX = """@inproceedings{chu2020fairdarts,
  title = {Fair DARTS: Eliminating Unfair Advantages in Differentiable Architecture Search},
  author = {Chu, Xiangxiang and Zhou, Tianbao and Zhang, Bo and Li, Jixiang},
  booktitle = {European Conference on Computer Vision},
  year = {2020},
  eprint = {1911.12126},
  archiveprefix = {arXiv}
}"""
BETADARTS_BIBTEX = """@inproceedings{ye2022betadarts,
  title = {b-DARTS: Beta-Decay Regularization for Differentiable Architecture Search},
  author = {Ye, Peng and Li, Baopu and Li, Yikang and Chen, Tao and Fan, Jiayuan
            and Ouyang, Wanli},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  year = {2022},
  eprint = {2203.01665},
  archiveprefix = {arXiv}
}"""
DARTSMINUS_BIBTEX = """@inproceedings{chu2021dartsminus,
  title = {DARTS-: Robustly Stepping out of Performance Collapse Without Indicators},
  author = {Chu, Xiangxiang and Wang, Xiaoxing and Zhang, Bo and Lu, Shun and Wei, Xiaolin
            and Yan, Junchi},
  booktitle = {International Conference on Learning Representations},
  year = {2021},
  eprint = {2009.01027},
  archiveprefix = {arXiv}
}"""
