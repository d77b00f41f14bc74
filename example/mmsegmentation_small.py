# PSPNet on the pictures of example/pictures.py: a few steps, to see that all parts are there, no more
_base_ = "small_run.py"
default_scope = "mmseg"
work_dir = "work/mmsegmentation"
model = {
    "type": "EncoderDecoder",
    "data_preprocessor": {
        "type": "SegDataPreProcessor",
        "mean": [0, 0, 0],
        "std": [255, 255, 255],
        "size": (64, 64),
        "seg_pad_val": 255,
    },
    "backbone": {"type": "ResNetV1c", "depth": 18, "norm_cfg": {"type": "BN"}},
    "decode_head": {
        "type": "PSPHead",
        "in_channels": 512,
        "in_index": 3,
        "channels": 32,
        "num_classes": 2,
        "norm_cfg": {"type": "BN"},
        "loss_decode": {"type": "CrossEntropyLoss"},
    },
    "test_cfg": {"mode": "whole"},
}
train_dataloader = {
    "batch_size": 2,
    "num_workers": 0,
    "sampler": {"type": "InfiniteSampler"},
    "dataset": {
        "type": "BaseSegDataset",
        "data_root": "data/squares",
        "data_prefix": {"img_path": "img", "seg_map_path": "ann"},
        "img_suffix": ".png",
        "metainfo": {"classes": ("ground", "square"), "palette": [[0, 0, 0], [255, 255, 255]]},
        "pipeline": [{"type": "LoadImageFromFile"}, {"type": "LoadAnnotations"}, {"type": "PackSegInputs"}],
    },
}
