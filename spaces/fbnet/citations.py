"""BibTeX of the space, and of those who published its latencies."""

FBNET_BIBTEX = """@inproceedings{wu2019fbnet,
  title = {{FBNet}: Hardware-Aware Efficient {ConvNet} Design via Differentiable Neural Architecture Search},
  author = {Wu, Bichen and Dai, Xiaoliang and Zhang, Peizhao and Wang, Yanghan and Sun, Fei and Wu, Yiming and Tian, Yuandong and Vajda, Peter and Jia, Yangqing and Keutzer, Kurt},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  year = {2019}
}"""  # noqa: E501
HELP_BIBTEX = """@inproceedings{lee2021help,
  title = {HELP: Hardware-Adaptive Efficient Latency Prediction for NAS via Meta-Learning},
  author = {Lee, Hayeon and Lee, Sewoong and Chong, Song and Hwang, Sung Ju},
  booktitle = {Advances in Neural Information Processing Systems},
  year = {2021}
}"""
