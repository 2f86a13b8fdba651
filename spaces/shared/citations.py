"""BibTeX of what several spaces have numbers from."""

HELP_BIBTEX = """@inproceedings{lee2021help,
  title = {HELP: Hardware-Adaptive Efficient Latency Prediction for NAS via Meta-Learning},
  author = {Lee, Hayeon and Lee, Sewoong and Chong, Song and Hwang, Sung Ju},
  booktitle = {Advances in Neural Information Processing Systems},
  year = {2021}
}"""
