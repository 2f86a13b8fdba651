"""BibTeX of NAS-Bench-Macro."""

NBMACRO_BIBTEX = """@inproceedings{su2021prioritized,
  title = {Prioritized Architecture Sampling with Monto-Carlo Tree Search},
  author = {Su, Xiu and Huang, Tao and Li, Yanxi and You, Shan and Wang, Fei and Qian, Chen
            and Zhang, Changshui and Xu, Chang},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  year = {2021}
}"""
"""With the title as it was printed."""
