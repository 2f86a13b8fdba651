"""BibTeX of NAS-Bench-201 and of what its tables are put together from."""

NB201_BIBTEX = """@inproceedings{dong2020nasbench201,
  title = {NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search},
  author = {Dong, Xuanyi and Yang, Yi},
  booktitle = {International Conference on Learning Representations},
  year = {2020}
}"""
NATS_BIBTEX = """@article{dong2021nats,
  title = {NATS-Bench: Benchmarking NAS Algorithms for Architecture Topology and Size},
  author = {Dong, Xuanyi and Liu, Lu and Musial, Katarzyna and Gabrys, Bogdan},
  journal = {IEEE Transactions on Pattern Analysis and Machine Intelligence},
  year = {2021}
}"""
HWNAS_BIBTEX = """@inproceedings{li2021hwnasbench,
  title = {HW-NAS-Bench: Hardware-Aware Neural Architecture Search Benchmark},
  author = {Li, Chaojian and Yu, Zhongzhi and Fu, Yonggan and Zhang, Yongan and Zhao, Yang
            and You, Haoran and Yu, Qixuan and Wang, Yue and Hao, Cong and Lin, Yingyan},
  booktitle = {International Conference on Learning Representations},
  year = {2021}
}"""
JUNG_BIBTEX = """@inproceedings{jung2023robustness,
  title = {Neural Architecture Design and Robustness: A Dataset},
  author = {Jung, Steffen and Lukasik, Jovita and Keuper, Margret},
  booktitle = {International Conference on Learning Representations},
  year = {2023}
}"""
FREEREA_BIBTEX = """@inproceedings{cavagnero2023freerea,
  title = {FreeREA: Training-Free Evolution-based Architecture Search},
  author = {Cavagnero, Niccol{\\`o} and Robbiano, Luca and Caputo, Barbara and Averta, Giuseppe},
  booktitle = {IEEE/CVF Winter Conference on Applications of Computer Vision},
  year = {2023}
}"""
ANALOG_BIBTEX = """@misc{analognasbench,
  title = {AnalogNAS-Bench: A NAS Benchmark for Analog In-Memory Computing},
  howpublished = {Python package analog-nasbench, version 0.1.3}
}"""
"""Its package and its README name neither authors nor a paper."""
