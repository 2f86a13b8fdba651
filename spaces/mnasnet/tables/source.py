"""Where the measurements of Accel-NASBench are published."""

from nasbench_harness.tables.pinned import PinnedFile

ARCHIVE = PinnedFile(
    file="anb_dataset_jsons.tar.gz",
    repository="afzalxo/Accel-NASBench",
    commit="42603572d530310e6bac7191d00cf45625a6b197",
    path="anb_dataset/anb_dataset_jsons.tar.gz",
    bytes=1_173_570,
    sha256="3520992d42e368b7c08c99fc3f6612855b5b366bf98668a7f19d49f3131aa4ae",
)
