"""BibTeX of TransNAS-Bench-101 and of what its table was read from."""

TRANSNAS_BIBTEX = """@inproceedings{duan2021transnasbench101,
  title = {TransNAS-Bench-101: Improving Transferability and Generalizability of Cross-Task
           Neural Architecture Search},
  author = {Duan, Yawen and Chen, Xin and Xu, Hang and Chen, Zewei and Liang, Xiaodan
            and Zhang, Tong and Li, Zhenguo},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  year = {2021}
}"""
NASLIB_BIBTEX = """@misc{naslib,
  title = {NASLib: A Modular and Flexible Neural Architecture Search Library},
  author = {Ruchte, Michael and Zela, Arber and Siems, Julien and Grabocka, Josif
            and Hutter, Frank},
  howpublished = {https://github.com/automl/NASLib},
  year = {2020}
}"""
"""The library whose repository carries the numbers."""
