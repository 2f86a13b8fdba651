"""BibTeX of the space and of the benchmark on it."""

MNASNET_BIBTEX = """@inproceedings{tan2019mnasnet,
  title = {MnasNet: Platform-Aware Neural Architecture Search for Mobile},
  author = {Tan, Mingxing and Chen, Bo and Pang, Ruoming and Vasudevan, Vijay and Sandler, Mark and Howard, Andrew and Le, Quoc V.},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  year = {2019}
}"""  # noqa: E501
ACCEL_BIBTEX = """@inproceedings{ahmad2024accelnasbench,
  title = {Accel-NASBench: Sustainable Benchmarking for Accelerator-Aware NAS},
  author = {Ahmad, Afzal and Du, Linfeng and Xie, Zhiyao and Zhang, Wei},
  booktitle = {ACM/IEEE Design Automation Conference},
  year = {2024}
}"""
