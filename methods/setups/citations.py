"""BibTeX of the papers that methods and proxies are written from.

Authors, titles, venues and years are those of the authors' own pages and of listings of the venues;
what could not be found there is left out.
"""

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
  author = {Hong, Hyeong Gwon and Ahn, Pyunghwan and Kim, Junmo},
  journal = {arXiv preprint arXiv:1912.01237},
  year = {2019}
}"""
GDAS_BIBTEX = """@inproceedings{dong2019gdas,
  title = {Searching for A Robust Neural Architecture in Four {GPU} Hours},
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
ZERO_COST_BIBTEX = """@inproceedings{abdelfattah2021zerocost,
  title = {Zero-Cost Proxies for Lightweight {NAS}},
  author = {Abdelfattah, Mohamed S. and Mehrotra, Abhinav and Dudziak, {\\L}ukasz
            and Lane, Nicholas D.},
  booktitle = {International Conference on Learning Representations},
  year = {2021},
  eprint = {2101.08134},
  archiveprefix = {arXiv}
}"""
SUITE_ZERO_BIBTEX = """@inproceedings{krishnakumar2022suitezero,
  title = {{NAS-Bench-Suite-Zero}: Accelerating Research on Zero Cost Proxies},
  author = {Krishnakumar, Arjun and White, Colin and Zela, Arber and Tu, Renbo and Safari, Mahmoud
            and Hutter, Frank},
  booktitle = {Advances in Neural Information Processing Systems, Datasets and Benchmarks},
  year = {2022},
  eprint = {2210.03230},
  archiveprefix = {arXiv}
}"""
SYNFLOW_BIBTEX = """@inproceedings{tanaka2020synflow,
  title = {Pruning Neural Networks without any Data by Iteratively Conserving Synaptic Flow},
  author = {Tanaka, Hidenori and Kunin, Daniel and Yamins, Daniel L. K. and Ganguli, Surya},
  booktitle = {Advances in Neural Information Processing Systems},
  year = {2020},
  eprint = {2006.05467},
  archiveprefix = {arXiv}
}"""
SNIP_BIBTEX = """@inproceedings{lee2019snip,
  title = {{SNIP}: Single-Shot Network Pruning Based on Connection Sensitivity},
  author = {Lee, Namhoon and Ajanthan, Thalaiyasingam and Torr, Philip H. S.},
  booktitle = {International Conference on Learning Representations},
  year = {2019},
  eprint = {1810.02340},
  archiveprefix = {arXiv}
}"""
GRASP_BIBTEX = """@inproceedings{wang2020grasp,
  title = {Picking Winning Tickets Before Training by Preserving Gradient Flow},
  author = {Wang, Chaoqi and Zhang, Guodong and Grosse, Roger},
  booktitle = {International Conference on Learning Representations},
  year = {2020},
  eprint = {2002.07376},
  archiveprefix = {arXiv}
}"""
FISHER_BIBTEX = """@inproceedings{turner2020blockswap,
  title = {{BlockSwap}: Fisher-guided Block Substitution for Network Compression on a Budget},
  author = {Turner, Jack and Crowley, Elliot J. and O'Boyle, Michael and Storkey, Amos
            and Gray, Gavin},
  booktitle = {International Conference on Learning Representations},
  year = {2020},
  eprint = {1906.04113},
  archiveprefix = {arXiv}
}"""
NASWOT_BIBTEX = """@inproceedings{mellor2021naswot,
  title = {Neural Architecture Search without Training},
  author = {Mellor, Joe and Turner, Jack and Storkey, Amos and Crowley, Elliot J.},
  booktitle = {International Conference on Machine Learning},
  year = {2021},
  eprint = {2006.04647},
  archiveprefix = {arXiv}
}"""
EPE_NAS_BIBTEX = """@inproceedings{lopes2021epenas,
  title = {{EPE-NAS}: Efficient Performance Estimation Without Training for Neural Architecture
           Search},
  author = {Lopes, Vasco and Alirezazadeh, Saeid and Alexandre, Lu{\\'i}s A.},
  booktitle = {International Conference on Artificial Neural Networks},
  year = {2021},
  eprint = {2102.08099},
  archiveprefix = {arXiv}
}"""
ZEN_BIBTEX = """@inproceedings{lin2021zennas,
  title = {{Zen-NAS}: A Zero-Shot {NAS} for High-Performance Image Recognition},
  author = {Lin, Ming and Wang, Pichao and Sun, Zhenhong and Chen, Hesen and Sun, Xiuyu
            and Qian, Qi and Li, Hao and Jin, Rong},
  booktitle = {IEEE/CVF International Conference on Computer Vision},
  year = {2021},
  eprint = {2102.01063},
  archiveprefix = {arXiv}
}"""
FREEDARTS_BIBTEX = """@article{zhang2021freedarts,
  title = {Differentiable Architecture Search Without Training Nor Labels: A Pruning Perspective},
  author = {Zhang, Miao and Su, Steven and Pan, Shirui and Chang, Xiaojun and Huang, Wei
            and Haffari, Gholamreza},
  journal = {arXiv preprint arXiv:2106.11542},
  year = {2021}
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
DARTSPT_BIBTEX = """@inproceedings{wang2021dartspt,
  title = {Rethinking Architecture Selection in Differentiable {NAS}},
  author = {Wang, Ruochen and Cheng, Minhao and Chen, Xiangning and Tang, Xiaocheng
            and Hsieh, Cho-Jui},
  booktitle = {International Conference on Learning Representations},
  year = {2021},
  eprint = {2108.04392},
  archiveprefix = {arXiv}
}"""
ZEROCOSTPT_BIBTEX = """@article{xiang2022zerocostpt,
  title = {Zero-Cost Operation Scoring in Differentiable Architecture Search},
  author = {Xiang, Lichuan and Dudziak, {\\L}ukasz and Abdelfattah, Mohamed S. and Chau, Thomas
            and Lane, Nicholas D. and Wen, Hongkai},
  journal = {arXiv preprint arXiv:2106.06799},
  year = {2022}
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
OLES_BIBTEX = """@inproceedings{jiang2023oles,
  title = {Operation-Level Early Stopping for Robustifying Differentiable {NAS}},
  author = {Jiang, Shen and Ji, Zipeng and Zhu, Guanghui and Yuan, Chunfeng and Huang, Yihua},
  booktitle = {Advances in Neural Information Processing Systems},
  year = {2023}
}"""
LAMBDADARTS_BIBTEX = """@inproceedings{movahedi2023lambda,
  title = {$\\Lambda$-{DARTS}: Mitigating Performance Collapse by Harmonizing Operation Selection
           among Cells},
  author = {Movahedi, Sajad and Adabinejad, Melika and Imani, Ayyoob and Keshavarz, Arezou
            and Dehghani, Mostafa and Shakery, Azadeh and Araabi, Babak N.},
  booktitle = {International Conference on Learning Representations},
  year = {2023},
  eprint = {2210.07998},
  archiveprefix = {arXiv}
}"""
MONAS_BIBTEX = """@article{hsu2018monas,
  title = {MONAS: Multi-Objective Neural Architecture Search using Reinforcement Learning},
  author = {Hsu, Chi-Hung and Chang, Shu-Huan and Liang, Jhao-Hong and Chou, Hsin-Ping
            and Liu, Chun-Hao and Chang, Shih-Chieh and Pan, Jia-Yu and Chen, Yu-Ting and Wei, Wei
            and Juan, Da-Cheng},
  journal = {arXiv preprint arXiv:1806.10332},
  year = {2018}
}"""
RADARS_BIBTEX = """@article{yan2021radars,
  title = {RADARS: Memory Efficient Reinforcement Learning Aided Differentiable Neural
           Architecture Search},
  author = {Yan, Zheyu and Jiang, Weiwen and Hu, Xiaobo Sharon and Shi, Yiyu},
  journal = {arXiv preprint arXiv:2109.05691},
  year = {2021}
}"""
TWOTEMP_BIBTEX = """@article{colombo2021pruning,
  title = {Differentiable Architecture Pruning for Transfer Learning},
  author = {Colombo, Nicolo and Gao, Yang},
  journal = {arXiv preprint arXiv:2107.03375},
  year = {2021}
}"""
