# RetinaNet on the pictures of example/pictures.py: a few steps, to see that all parts are there, no more
_base_ = "small_run.py"
default_scope = "mmdet"
work_dir = "work/mmdetection"
model = {
    "type": "RetinaNet",
    "data_preprocessor": {
        "type": "DetDataPreprocessor",
        "mean": [0, 0, 0],
        "std": [255, 255, 255],
        "pad_size_divisor": 32,
    },
    "backbone": {"type": "ResNet", "depth": 18, "num_stages": 4, "out_indices": (0, 1, 2, 3)},
    "neck": {"type": "FPN", "in_channels": [64, 128, 256, 512], "out_channels": 32, "start_level": 1, "num_outs": 3},
    "bbox_head": {
        "type": "RetinaHead",
        "num_classes": 1,
        "in_channels": 32,
        "feat_channels": 32,
        "stacked_convs": 1,
        "anchor_generator": {
            "type": "AnchorGenerator",
            "octave_base_scale": 4,
            "scales_per_octave": 3,
            "ratios": [1.0],
            "strides": [8, 16, 32],
        },
        "loss_cls": {"type": "FocalLoss", "use_sigmoid": True},
        "loss_bbox": {"type": "L1Loss"},
    },
    "train_cfg": {
        "assigner": {"type": "MaxIoUAssigner", "pos_iou_thr": 0.5, "neg_iou_thr": 0.4, "min_pos_iou": 0},
        "sampler": {"type": "PseudoSampler"},
        "allowed_border": -1,
        "pos_weight": -1,
    },
    "test_cfg": {"nms_pre": 100, "score_thr": 0.05, "nms": {"type": "nms", "iou_threshold": 0.5}, "max_per_img": 10},
}
train_dataloader = {
    "batch_size": 2,
    "num_workers": 0,
    "sampler": {"type": "InfiniteSampler"},
    "dataset": {
        "type": "CocoDataset",
        "data_root": "data/squares",
        "ann_file": "boxes.json",
        "data_prefix": {"img": "img"},
        "metainfo": {"classes": ("square",)},
        "pipeline": [
            {"type": "LoadImageFromFile"},
            {"type": "LoadAnnotations", "with_bbox": True},
            {"type": "PackDetInputs", "meta_keys": ("img_id", "img_path", "ori_shape", "img_shape")},
        ],
    },
}
